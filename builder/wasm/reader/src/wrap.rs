//! A component of a core module that carries its world, as the ecosystem's own builder makes it.

use serde::Serialize;

#[derive(Serialize)]
pub struct Wrapped {
    /// Why there is none; the component is the answer's tail otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Wraps a core module. The component is not validated here: who loads it does that.
pub fn wrap(module: &[u8], tail: &mut Vec<u8>) -> Wrapped {
    let made = wit_component::ComponentEncoder::default()
        .validate(false)
        .module(module)
        .and_then(|mut encoder| encoder.encode());
    match made {
        Ok(component) => {
            *tail = component;
            Wrapped { fault: None }
        }
        Err(error) => Wrapped { fault: Some(format!("{error:#}")) },
    }
}
