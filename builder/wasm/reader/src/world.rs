//! The world of a component, or of a core module that carries one, as WIT text.

use serde::Serialize;
use wit_component::{DecodedWasm, WitPrinter};

#[derive(Serialize)]
pub struct World {
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Prints the world.
pub fn world(bytes: &[u8]) -> World {
    match print(bytes) {
        Ok(text) => World { text, fault: None },
        Err(error) => World { text: String::new(), fault: Some(error.to_string()) },
    }
}

fn print(bytes: &[u8]) -> Result<String, Box<dyn std::error::Error>> {
    let decoded = if wasmparser::Parser::is_component(bytes) {
        wit_component::decode(bytes)?
    } else {
        let (_, bindgen) = wit_component::metadata::decode(bytes)?;
        DecodedWasm::Component(bindgen.resolve, bindgen.world)
    };
    let resolve = decoded.resolve();
    let own = decoded.package();
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != own).collect();
    let mut printer = WitPrinter::default();
    printer.print(resolve, own, &others)?;
    Ok(printer.output.to_string())
}
