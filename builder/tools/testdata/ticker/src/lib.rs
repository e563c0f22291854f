//! A run loop over the bindings themselves: it answers what it is asked, and ticks while it waits.

use astrid_sdk::astrid_sys::{self, CapsuleResult, Guest, astrid};
use astrid::ipc::host as ipc;
use astrid::sys::host as sys;
use serde_json::{Value, json};

struct Ticker;

fn answer(topic: &str, request: &Value, heard: u64) {
    if topic == "tool.v1.request.describe" {
        let tools = json!({"tools": [
            {"name": "heard", "description": "How many calls it has heard.", "input_schema": {"type": "object", "properties": {"add": {"type": "integer"}}}},
            {"name": "stop", "description": "Ends the loop.", "input_schema": {"type": "object"}},
        ], "description": ""});
        let _ = ipc::publish("tool.v1.response.describe.ticker", &tools.to_string());
        return;
    }
    let name = topic.rsplit('.').next().unwrap_or("");
    if name == "stop" {
        panic!("told to stop");
    }
    let total = heard as i64 + request["arguments"]["add"].as_i64().unwrap_or(0);
    let result = json!({"type": "tool_execute_result", "call_id": request["call_id"],
        "result": {"call_id": request["call_id"], "content": total.to_string(), "is_error": false}});
    let _ = ipc::publish(&format!("{topic}.result"), &result.to_string());
}

impl Guest for Ticker {
    fn astrid_hook_trigger(_: String, _: Vec<u8>) -> CapsuleResult {
        CapsuleResult { action: "deny".into(), data: None }
    }

    fn run() {
        let calls = ipc::subscribe("tool.v1.execute.*").expect("subscribed");
        let describe = ipc::subscribe("tool.v1.request.describe").expect("subscribed");
        sys::signal_ready();
        let mut heard = 0;
        loop {
            for s in [&calls, &describe] {
                let Ok(envelope) = s.recv(250) else { return };
                for m in envelope.messages {
                    if m.topic.ends_with(".result") {
                        continue; // its own
                    }
                    heard += u64::from(m.topic.starts_with("tool.v1.execute."));
                    answer(&m.topic, &serde_json::from_str(&m.payload).unwrap_or(Value::Null), heard);
                }
            }
            let _ = ipc::publish("ticker.v1.tick", "{}");
        }
    }

    fn astrid_install() {}
    fn astrid_upgrade() {}
}

astrid_sys::export!(Ticker with_types_in astrid_sys);
