//! The verdict of wasmparser, with the place of a fault.

use serde::Serialize;
use wasmparser::{
    BinaryReaderError, FuncValidatorAllocations, KnownCustom, Name, Parser, Payload, ValidPayload,
    Validator, WasmFeatures,
};

/// Why bytes are not valid.
#[derive(Serialize, Debug)]
pub struct Fault {
    pub message: String,
    /// Of the byte in the file.
    pub offset: usize,
    /// Name of the function it lies in, where a name section tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Whether the file ends too early.
    pub truncated: bool,
}

/// Tells whether bytes are valid with a set of features.
pub fn validate(bytes: &[u8], features: WasmFeatures) -> Result<(), Fault> {
    check(bytes, features).map_err(|error| Fault {
        message: error.message().to_string(),
        offset: error.offset(),
        function: function_at(bytes, error.offset()),
        truncated: ends_early(bytes, &error),
    })
}

/// The same, with wasmparser's own error.
pub fn check(bytes: &[u8], features: WasmFeatures) -> Result<(), BinaryReaderError> {
    check_others(bytes, features, &|_| false)
}

/// The same, but for the bodies of functions of which `known` says, by where they begin, that
/// they are valid.
pub fn check_others(
    bytes: &[u8],
    features: WasmFeatures,
    known: &dyn Fn(usize) -> bool,
) -> Result<(), BinaryReaderError> {
    let mut validator = Validator::new_with_features(features);
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut bodies = Vec::new();
    for payload in parser.parse_all(bytes) {
        if let ValidPayload::Func(function, body) = validator.payload(&payload?)?
            && !known(body.range().start)
        {
            bodies.push((function, body));
        }
    }
    let mut allocations = FuncValidatorAllocations::default();
    for (function, body) in bodies {
        let mut function = function.into_validator(allocations);
        function.validate(&body)?;
        allocations = function.into_allocations();
    }
    Ok(())
}

fn ends_early(bytes: &[u8], error: &BinaryReaderError) -> bool {
    error.message().starts_with("unexpected end") && announces_more(bytes)
}

/// Tells whether the last section at the top says that it is longer than what is there.
fn announces_more(bytes: &[u8]) -> bool {
    let mut at = 8;
    while at < bytes.len() {
        let mut reader = wasmparser::BinaryReader::new(&bytes[at + 1..], at + 1);
        let Ok(size) = reader.read_var_u32() else {
            return true;
        };
        at = reader.original_position() + size as usize;
    }
    at > bytes.len() || bytes.len() < 8
}

/// The name of the function whose body holds the byte at `offset`, if the module tells it.
fn function_at(bytes: &[u8], offset: usize) -> Option<String> {
    let mut imported = 0u32;
    let mut defined = 0u32;
    let mut wanted = None;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::Version { .. } if wanted.is_none() => (imported, defined) = (0, 0),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if matches!(import.ok()?.ty, wasmparser::TypeRef::Func(_)) {
                        imported += 1;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                if body.range().contains(&offset) {
                    wanted = Some(imported + defined);
                }
                defined += 1;
            }
            Payload::CustomSection(section) => {
                if let (Some(index), KnownCustom::Name(names)) = (wanted, section.as_known()) {
                    return name_of(names, index);
                }
            }
            Payload::End(_) if wanted.is_some() => return None,
            _ => {}
        }
    }
    None
}

fn name_of(names: wasmparser::NameSectionReader, index: u32) -> Option<String> {
    for name in names {
        if let Name::Function(map) = name.ok()? {
            for naming in map {
                let naming = naming.ok()?;
                if naming.index == index {
                    return Some(naming.name.to_string());
                }
            }
        }
    }
    None
}
