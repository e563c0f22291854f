//! A tool, a command and a word in the log.

use astrid_sdk::ipc;
use astrid_sdk::log;
use astrid_sdk::prelude::*;
use astrid_sdk::schemars;
use serde::Deserialize;

#[derive(Default)]
struct Speaker;

/// Whom to greet.
#[derive(Deserialize, schemars::JsonSchema)]
struct Greeting {
    name: String,
}

/// What the runtime hands on of a command.
#[derive(Deserialize)]
struct Run {
    req_id: String,
    args: Vec<String>,
}

#[capsule]
impl Speaker {
    /// Greets somebody by name.
    #[astrid::tool("greet")]
    fn greet(&self, to: Greeting) -> Result<String, SysError> {
        Ok(format!("Hello, {}!", to.name))
    }

    #[astrid::interceptor("command")]
    fn command(&self, run: Run) -> Result<(), SysError> {
        let words = run.args.join(" ");
        log::info(format!("asked to say {words}"));
        ipc::publish_json(
            &format!("cli.v1.command.result.{}", run.req_id),
            &serde_json::json!({"req_id": run.req_id, "exit_code": 0, "output": words.to_uppercase()}),
        )
    }
}
