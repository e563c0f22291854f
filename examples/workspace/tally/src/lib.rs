//! A count of what others write. It is state: the SDK keeps it under the key __state.

use astrid_sdk::ipc;
use astrid_sdk::prelude::*;
use astrid_sdk::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Default, Serialize, Deserialize)]
struct Tally {
    total: u64,
    bytes: u64,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[capsule]
impl Tally {
    /// How many were counted.
    #[astrid::tool("total")]
    fn total(&self, _: Nothing) -> Result<u64, SysError> {
        Ok(self.total)
    }

    #[astrid::interceptor("count")]
    #[astrid::mutable]
    fn count(&mut self, written: Value) -> Result<(), SysError> {
        self.total += 1;
        self.bytes += written["bytes"].as_u64().unwrap_or(0);
        ipc::publish_json("tally.v1.counted", &json!({ "total": self.total, "bytes": self.bytes }))
    }

    #[astrid::interceptor("tell")]
    fn tell(&self, question: Value) -> Result<(), SysError> {
        let id = question["correlation_id"].as_str().unwrap_or("nobody");
        ipc::publish_json(&format!("notes.v1.total.{id}"), &json!({ "total": self.total }))
    }
}
