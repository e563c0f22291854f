//! Features by name: the constants of wasmparser's `WasmFeatures`, in lower case.

use wasmparser::WasmFeatures;

/// The set of the named features. A name that this reader does not know is an error of
/// the table it came from, and stops the call.
pub fn set(names: &[String]) -> WasmFeatures {
    let mut all = WasmFeatures::empty();
    for name in names {
        let one = WasmFeatures::from_name(&name.to_uppercase());
        all |= one.unwrap_or_else(|| panic!("there is no feature {name:?}"));
    }
    all
}

/// The name of one feature, as its proposal is called.
pub fn name(feature: WasmFeatures) -> String {
    feature
        .iter_names()
        .last()
        .map(|(name, _)| name.to_lowercase())
        .unwrap_or_default()
}
