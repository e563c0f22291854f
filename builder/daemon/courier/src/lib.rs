//! Carries a question of astrid-dev to the capsules of a private runtime, and the answer back: the
//! runtime lets a client call no tool, but run a command, and a capsule may publish what it
//! declares.

use astrid_sdk::ipc;
use astrid_sdk::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Default)]
struct Courier;

/// What is to be carried, as package daemon writes it.
#[derive(Deserialize)]
struct Question {
    req_id: String,
    topic: String,
    payload: Value,
    /// The topic of the answer, and the capsule that is to give it; empty: any.
    answer: String,
    from: String,
    /// Whether a handler that does not end well is an answer.
    receipt: bool,
    wait_ms: u64,
}

impl Question {
    fn among(&self, came: &ipc::PollResult) -> Option<Value> {
        let mut fit = came.messages.iter().filter(|m| self.from.is_empty() || m.source_id == self.from);
        fit.next().map(|m| json!({ "answer": m.payload }))
    }
}

/// The runtime tells on a topic below this one that a handler did not end well.
const FAILURE: &str = "astrid.v1.delivery.failure";

/// How long the answer is waited for until it is asked whether the handler failed.
const LOOK_MS: u64 = 20;

#[capsule]
impl Courier {
    #[astrid::interceptor("carry")]
    fn carry(&self, q: Question) -> Result<(), SysError> {
        let reply = match ask(&q) {
            Ok(reply) => reply,
            Err(e) => json!({ "refused": e.to_string() }),
        };
        ipc::publish_json(&format!("cli.v1.command.result.{}", q.req_id), &reply)
    }
}

/// Asks, and waits for the first answer that counts. It says which of all came: answer, failed or neither.
fn ask(q: &Question) -> Result<Value, SysError> {
    let answers = ipc::subscribe(&q.answer)?;
    let failures = ipc::subscribe(&format!("{FAILURE}.{}", q.req_id))?;
    let mut payload = q.payload.clone();
    if q.receipt {
        payload["_astrid_delivery_id"] = json!(q.req_id);
    }
    ipc::publish_json(&q.topic, &payload)?;
    let mut waited = 0;
    loop {
        if let Some(answer) = q.among(&answers.recv(LOOK_MS)?) {
            return Ok(answer);
        }
        if let Some(m) = failures.poll()?.messages.first() {
            // What was published before the handler failed is an answer all the same.
            if let Some(answer) = q.among(&answers.poll()?) {
                return Ok(answer);
            }
            let told: Value = serde_json::from_str(&m.payload)?;
            return Ok(json!({ "failed": told["reason"] }));
        }
        waited += LOOK_MS;
        if waited >= q.wait_ms {
            return Ok(json!({ "silent": true }));
        }
    }
}
