//! A run loop: it remembers what it is told, and repeats it when it is asked.

use astrid_sdk::prelude::*;
use astrid_sdk::{ipc, runtime};
use serde_json::{Value, json};

#[derive(Default)]
struct Clerk;

#[capsule]
impl Clerk {
    #[astrid::run]
    fn run(&self) -> Result<(), SysError> {
        let told = ipc::subscribe("clerk.v1.remember")?;
        let asked = ipc::subscribe("clerk.v1.what")?;
        let counted = ipc::subscribe("tally.v1.counted")?;
        runtime::signal_ready()?;
        let mut all: Vec<Value> = Vec::new();
        loop {
            for message in told.recv(200)?.messages {
                let what: Value = serde_json::from_str(&message.payload)?;
                all.push(what["text"].clone());
                ipc::publish_json("clerk.v1.reminder", &json!({ "number": all.len(), "text": what["text"] }))?;
            }
            for message in counted.recv(200)?.messages {
                all.push(serde_json::from_str(&message.payload)?);
            }
            for _ in asked.recv(200)?.messages {
                ipc::publish_json("clerk.v1.list", &json!({ "all": all }))?;
            }
        }
    }
}
