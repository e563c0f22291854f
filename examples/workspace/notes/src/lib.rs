//! Notes, a file each, below cwd://notes. Whoever subscribes to it hears of each that is written.

use astrid_sdk::prelude::*;
use astrid_sdk::schemars::{self, JsonSchema};
use astrid_sdk::{fs, ipc};
use serde::{Deserialize, Serialize};

#[derive(Default)]
struct Notes;

/// A note to write.
#[derive(Deserialize, JsonSchema)]
struct Written {
    name: String,
    text: String,
}

/// Which note.
#[derive(Deserialize, JsonSchema)]
struct Named {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Serialize)]
struct Question {}

#[derive(Deserialize)]
struct Total {
    total: u64,
}

fn path(name: &str) -> String {
    format!("cwd://notes/{name}.txt")
}

#[capsule]
impl Notes {
    /// Writes a note, over what it said before.
    #[astrid::tool("write_note")]
    fn write_note(&self, note: Written) -> Result<String, SysError> {
        fs::create_dir_all("cwd://notes")?;
        fs::write(&path(&note.name), note.text.as_bytes())?;
        ipc::publish_json("notes.v1.written", &serde_json::json!({ "name": note.name, "bytes": note.text.len() }))?;
        Ok(format!("{} has {} bytes", note.name, note.text.len()))
    }

    /// Reads a note.
    #[astrid::tool("read_note")]
    fn read_note(&self, note: Named) -> Result<String, SysError> {
        fs::read_to_string(&path(&note.name)).map_err(|_| SysError::ApiError(format!("there is no note {}", note.name)))
    }

    /// Lists the names of all notes.
    #[astrid::tool("list_notes")]
    fn list_notes(&self, _: Nothing) -> Result<Vec<String>, SysError> {
        let mut names: Vec<String> = fs::read_dir("cwd://notes")?
            .filter_map(|entry| entry.file_name().strip_suffix(".txt").map(str::to_owned))
            .collect();
        names.sort();
        Ok(names)
    }

    /// Asks whoever counts how many notes were written; it waits for the answer.
    #[astrid::tool("count_notes")]
    fn count_notes(&self, _: Nothing) -> Result<u64, SysError> {
        let told: Total = ipc::request_response("tally.v1.request.total", "notes.v1.total", &Question {}, 1000)?;
        Ok(told.total)
    }
}
