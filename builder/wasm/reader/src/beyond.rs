//! Which features bytes need beyond a set.

use crate::{features, validate};
use wasmparser::{BinaryReaderError, WasmFeatures};

/// Features that a release lacks and that would make the bytes valid. Empty when no
/// feature helps: then they are simply wrong.
pub fn needed(bytes: &[u8], release: WasmFeatures) -> Vec<String> {
    let everything = WasmFeatures::all();
    if validate::check(bytes, everything).is_err() {
        return Vec::new();
    }
    missing(bytes, release, everything)
}

/// Features of a release that valid bytes need and the sandbox lacks.
pub fn unsupported(bytes: &[u8], release: WasmFeatures, sandbox: WasmFeatures) -> Vec<String> {
    // What is about components is the plan's business, not the core engine's.
    missing(bytes, sandbox | component_features(), release | component_features())
}

/// What a release and the sandbox both have; of components, what the release has.
pub fn common(release: WasmFeatures, sandbox: WasmFeatures) -> WasmFeatures {
    release & (sandbox | component_features())
}

fn component_features() -> WasmFeatures {
    let mut all = WasmFeatures::empty();
    for (name, flag) in WasmFeatures::all().iter_names() {
        if name.starts_with("CM_") || name == "COMPONENT_MODEL" {
            all |= flag;
        }
    }
    all
}

/// What has to be added to `have`, out of `all`, for the bytes to be valid: each error
/// names the feature it misses; where one does not, the features left are tried.
fn missing(bytes: &[u8], have: WasmFeatures, all: WasmFeatures) -> Vec<String> {
    let mut set = have & all | have;
    let mut names = Vec::new();
    while let Err(error) = validate::check(bytes, set) {
        let Some(feature) = next(bytes, set, all, &error) else {
            break;
        };
        set |= feature;
        names.push(features::name(feature));
    }
    names.sort();
    names.dedup();
    names
}

fn next(
    bytes: &[u8],
    set: WasmFeatures,
    all: WasmFeatures,
    error: &BinaryReaderError,
) -> Option<WasmFeatures> {
    if let Some(feature) = error.missing_wasm_feature() {
        return (all.contains(feature) && !set.contains(feature)).then_some(feature);
    }
    // The one whose help reaches furthest.
    let mut best = None;
    let mut reached = error.offset();
    for (_, feature) in all.difference(set).iter_names() {
        match validate::check(bytes, set | feature) {
            Ok(()) => return Some(feature),
            Err(e) if e.offset() > reached => (best, reached) = (Some(feature), e.offset()),
            Err(_) => {}
        }
    }
    best.or_else(|| all.difference(set).iter_names().next().map(|(_, f)| f))
}
