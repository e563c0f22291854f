//! The reader of WebAssembly that astrid-dev embeds.
//!
//! It is the front end of the runtime's own engine: wasmparser validates,
//! wit-component wraps, wasmtime-environ plans. Bytes in, JSON (and bytes) out; no
//! imports, no clock, no memory between two calls.
//!
//! The calling convention, for the Go side in `reader.go`:
//!
//!  - `alloc(n)` gives the address of n bytes for a request.
//!  - `call(address, n)` carries it out.
//!  - `answer_address()` and `answer_length()` tell where the answer's JSON lies, or the
//!    message of the panic that ended the call; `tail_address()` and `tail_length()` the
//!    bytes that the JSON speaks of.
//!
//! A request is the length of its JSON in four bytes, little endian, the JSON, and the
//! bytes it is about.

mod beyond;
mod describe;
mod difference;
mod features;
mod memory;
mod plan;
mod prepare;
mod text;
mod validate;
mod world;
mod wrap;

use serde::{Deserialize, Serialize};
use std::cell::RefCell;

pub use describe::Description;
pub use plan::Plan;

/// What is asked. `op` decides which of the other fields count.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {
    /// `read`, `wrap`, `difference` or `world`.
    pub op: String,
    /// Names of the features of the release that judges.
    pub features: Vec<String>,
    /// Names of the features that the sandbox can run.
    pub sandbox: Vec<String>,
    /// Whether the description is all that is wanted.
    pub describe: bool,
    /// Whether a plan is wanted.
    pub plan: bool,
    /// Elements that tables without a maximum may grow to, all together.
    pub tables: u64,
    /// Host functions that the sandbox has for core modules: `module\0name` to the type's text.
    pub offered: std::collections::BTreeMap<String, String>,
    /// Where bodies of functions begin that are known to be valid with these features, in order.
    pub known: Vec<usize>,
    /// Whether all of them are.
    pub checked: bool,
    /// For `difference`: how many of the bytes are the first module.
    pub split: usize,
}

/// The answer to `read`.
#[derive(Serialize)]
pub struct Reading {
    #[serde(flatten)]
    pub description: Description,
    /// Why the release refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<validate::Fault>,
    /// Features that the release lacks and that would make it valid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// Features that it uses and the sandbox lacks; empty unless it is valid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beyond: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Why there is no plan, although it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_fault: Option<String>,
}

/// Carries out one request on bytes.
pub fn answer(request: &Request, bytes: &[u8]) -> (String, Vec<u8>) {
    let mut tail = Vec::new();
    let json = match request.op.as_str() {
        "read" => to_json(&read(request, bytes, &mut tail)),
        "wrap" => to_json(&wrap::wrap(bytes, &mut tail)),
        "difference" => {
            let split = request.split.min(bytes.len());
            to_json(&difference::first(&bytes[..split], &bytes[split..]))
        }
        "world" => to_json(&world::world(bytes)),
        other => panic!("the reader knows no operation {other:?}"),
    };
    (json, tail)
}

fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data")
}

/// Describes bytes, judges them by the release's features, and plans their start.
pub fn read(request: &Request, bytes: &[u8], tail: &mut Vec<u8>) -> Reading {
    let mut reading = Reading {
        description: describe::describe(bytes),
        fault: None,
        lacks: Vec::new(),
        beyond: Vec::new(),
        plan: None,
        plan_fault: None,
    };
    if request.describe {
        return reading;
    }
    let release = features::set(&request.features);
    let sandbox = features::set(&request.sandbox);
    // What is valid with less is valid with more, so that nearly every module is validated once.
    let known = |body: usize| request.checked || request.known.binary_search(&body).is_ok();
    let within = request.plan && validate::check_others(bytes, beyond::common(release, sandbox), &known).is_ok();
    if !within && let Err(fault) = validate::validate(bytes, release) {
        reading.lacks = beyond::needed(bytes, release);
        reading.fault = Some(fault);
        return reading;
    }
    if !request.plan {
        return reading;
    }
    if !within {
        reading.beyond = beyond::unsupported(bytes, release, sandbox);
    }
    let made = if reading.description.kind == describe::Kind::Component {
        plan::component(request, bytes, release, reading.beyond.is_empty(), tail)
    } else if reading.beyond.is_empty() {
        plan::core(request, bytes, tail)
    } else {
        return reading;
    };
    match made {
        Ok(plan) => reading.plan = Some(plan),
        Err(message) => reading.plan_fault = Some(message),
    }
    reading
}

thread_local! {
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static TAIL: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Gives the address of `n` bytes for a request; `call` takes them back.
#[unsafe(no_mangle)]
pub extern "C" fn alloc(n: usize) -> *mut u8 {
    let mut room = Vec::<u8>::with_capacity(n);
    let address = room.as_mut_ptr();
    std::mem::forget(room);
    address
}

/// Where the JSON of the last answer lies, or the message of the panic that ended the last call.
#[unsafe(no_mangle)]
pub extern "C" fn answer_address() -> *const u8 {
    ANSWER.with(|a| a.borrow().as_ptr())
}

/// How many bytes lie there.
#[unsafe(no_mangle)]
pub extern "C" fn answer_length() -> usize {
    ANSWER.with(|a| a.borrow().len())
}

/// Where the bytes of the last answer lie.
#[unsafe(no_mangle)]
pub extern "C" fn tail_address() -> *const u8 {
    TAIL.with(|t| t.borrow().as_ptr())
}

/// How many they are.
#[unsafe(no_mangle)]
pub extern "C" fn tail_length() -> usize {
    TAIL.with(|t| t.borrow().len())
}

/// Carries out the request of `n` bytes at `address`.
///
/// # Safety
/// `address` and `n` are those of one call of `alloc`, all bytes written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn call(address: *mut u8, n: usize) {
    std::panic::set_hook(Box::new(|info| {
        let message = info.to_string().into_bytes();
        ANSWER.with(|a| *a.borrow_mut() = message);
    }));
    // SAFETY: the caller gives back what alloc gave, with its length as capacity.
    let packet = unsafe { Vec::from_raw_parts(address, n, n) };
    let (head, rest) = packet.split_at(4);
    let size = u32::from_le_bytes(head.try_into().expect("four bytes")) as usize;
    let request: Request = serde_json::from_slice(&rest[..size]).expect("a request");
    let (json, tail) = answer(&request, &rest[size..]);
    ANSWER.with(|a| *a.borrow_mut() = json.into_bytes());
    TAIL.with(|t| *t.borrow_mut() = tail);
}
