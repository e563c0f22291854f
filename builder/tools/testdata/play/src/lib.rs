//! Tools of every kind: that answer, fail, trap, run without end, hoard memory, store, write,
//! ask the web, people and programs.

use astrid_sdk::prelude::*;
use astrid_sdk::schemars::{self, JsonSchema};
use astrid_sdk::{approval, env, fs, http, ipc, log, net, process, runtime};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Play {
    count: u64,
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// Whom to greet.
#[derive(Deserialize, JsonSchema)]
struct Greeting {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
enum Rounding {
    Down,
    Up,
}

/// What to add.
#[derive(Deserialize, JsonSchema)]
struct Sum {
    numbers: Vec<i64>,
    factor: Option<f64>,
    negate: Option<bool>,
    round: Option<Rounding>,
}

#[derive(Serialize)]
struct Total {
    total: f64,
    of: usize,
}

#[derive(Deserialize, JsonSchema)]
struct Text {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Note {
    path: String,
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Url {
    url: String,
}

/// Whom to say what.
#[derive(Deserialize, JsonSchema)]
struct Talk {
    host: String,
    port: u16,
    text: String,
}

#[capsule]
impl Play {
    /// Greets somebody by name.
    #[astrid::tool("greet")]
    fn greet(&self, to: Greeting) -> Result<String, SysError> {
        log::info(format!("greeting {}", to.name));
        Ok(format!("Hello, {}!", to.name))
    }

    /// Adds numbers.
    #[astrid::tool("add")]
    fn add(&self, sum: Sum) -> Result<Total, SysError> {
        let mut total = sum.numbers.iter().sum::<i64>() as f64 * sum.factor.unwrap_or(1.0);
        if sum.negate == Some(true) {
            total = -total;
        }
        total = match sum.round {
            Some(Rounding::Down) => total.floor(),
            Some(Rounding::Up) => total.ceil(),
            None => total,
        };
        Ok(Total { total, of: sum.numbers.len() })
    }

    /// Fails with a sentence.
    #[astrid::tool("wrong")]
    fn wrong(&self, _: Nothing) -> Result<String, SysError> {
        Err(SysError::ApiError("this never works".into()))
    }

    /// Panics.
    #[astrid::tool("panic")]
    fn panic(&self, _: Nothing) -> Result<String, SysError> {
        panic!("something is very wrong")
    }

    /// Never ends.
    #[astrid::tool("endless")]
    fn endless(&self, _: Nothing) -> Result<String, SysError> {
        let mut n = 0u64;
        loop {
            n = std::hint::black_box(n.wrapping_add(1));
        }
    }

    /// Takes memory until there is none.
    #[astrid::tool("hoard")]
    fn hoard(&self, _: Nothing) -> Result<String, SysError> {
        let mut all = Vec::new();
        loop {
            all.push(vec![1u8; 1 << 20]);
            std::hint::black_box(&all);
        }
    }

    /// Writes a file and reads it again.
    #[astrid::tool("note")]
    fn note(&self, note: Note) -> Result<String, SysError> {
        if let Some((folder, _)) = note.path.rsplit_once('/') {
            fs::create_dir_all(folder)?;
        }
        let before = fs::read_to_string(&note.path).unwrap_or_default();
        fs::write(&note.path, format!("{before}{}", note.text).as_bytes())?;
        fs::read_to_string(&note.path)
    }

    /// Counts its calls.
    #[astrid::tool("count")]
    fn count(&mut self, _: Nothing) -> Result<u64, SysError> {
        self.count += 1;
        Ok(self.count)
    }

    /// Gets a page of the web.
    #[astrid::tool("fetch")]
    fn fetch(&self, page: Url) -> Result<String, SysError> {
        let response = http::send(&http::Request::get(page.url))?;
        Ok(format!("{} {}", response.status(), response.text()?))
    }

    /// Publishes a text on two topics, of which one is not declared.
    #[astrid::tool("say")]
    fn say(&self, of: Text) -> Result<String, SysError> {
        ipc::publish_json("play.v1.said", &of.text)?;
        ipc::publish_json("play.v1.undeclared", &of.text)?;
        Ok("said".into())
    }

    /// Asks for approval.
    #[astrid::tool("ask")]
    fn ask(&self, of: Text) -> Result<String, SysError> {
        Ok(format!("{}", approval::request(&of.text, &of.text)?))
    }

    /// Tells what it sees of the world.
    #[astrid::tool("world")]
    fn world(&self, _: Nothing) -> Result<String, SysError> {
        let caller = runtime::caller()?;
        let now = astrid_sdk::time::now()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let mut bytes = [0u8; 8];
        bytes.copy_from_slice(&runtime::random_bytes(8)?);
        Ok(format!(
            "mood {} token {} caller {:?} now {} random {:016x}",
            env::var("MOOD")?, env::var("TOKEN")?.len(), caller.principal, now.as_secs(), u64::from_le_bytes(bytes)
        ))
    }

    /// Runs a program.
    #[astrid::tool("echo")]
    fn echo(&self, of: Text) -> Result<String, SysError> {
        let done = process::spawn("echo", &[&of.text])?;
        Ok(done.stdout.clone())
    }

    /// Says a text to somebody in the network, and tells all that comes back.
    #[astrid::tool("talk")]
    fn talk(&self, to: Talk) -> Result<String, SysError> {
        let found = net::lookup_host(&to.host).map(|list| list.len());
        let stream = match net::connect(&to.host, to.port) {
            Ok(stream) => stream,
            Err(e) => return Ok(format!("nobody: {e}")),
        };
        let (mut rest, mut heard) = (to.text.as_bytes(), Vec::new());
        while !rest.is_empty() {
            let sent = stream.write_bytes(rest)?;
            rest = &rest[sent as usize..];
        }
        loop {
            let b = stream.read_bytes(7)?;
            if b.is_empty() {
                return Ok(format!("{} of {:?}", String::from_utf8_lossy(&heard), found.ok()));
            }
            heard.extend(b);
        }
    }

    /// Leaves programs running.
    #[astrid::tool("job")]
    fn job(&self, of: Text) -> Result<String, SysError> {
        let command = || process::Command::new("sh").args(["-c", &of.text]);
        let kept = command().spawn_persistent()?;
        let logs = kept.wait(std::time::Duration::from_secs(1)).and_then(|_| kept.read_logs()).map(|l| l.stdout);
        let held = command().spawn_background()?;
        let pid = held.os_pid()?;
        std::mem::forget(held);
        Ok(format!("{pid} and {logs:?}"))
    }
}
