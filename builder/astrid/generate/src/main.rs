//! Writes what a release of Astrid's runtime offers to capsules, from its published crate.

use astrid_reader::{Request, read};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

type Failure = Box<dyn std::error::Error>;

#[derive(Serialize)]
struct Release {
    version: String,
    wasmtime: u32,
    features: Vec<&'static str>,
    /// Interface with version, then function, then its type.
    interfaces: BTreeMap<String, Interface>,
}

#[derive(Serialize, Default)]
struct Interface {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    functions: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<String>,
}

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [crate_folder, out] = args.as_slice() else {
        return Err("usage: astrid-releases CRATE_FOLDER OUT_FOLDER".into());
    };
    let release = release(Path::new(crate_folder))?;
    let name = format!("{}.json", release.version);
    let table = match same(&release, Path::new(out), &name)? {
        Some(like) => serde_json::to_string_pretty(&Like { version: &release.version, like })?,
        None => serde_json::to_string_pretty(&release)?,
    };
    std::fs::write(Path::new(out).join(&name), table + "\n")?;
    println!("{name}: {} interfaces", release.interfaces.len());
    Ok(())
}

/// A release that offers what another one does.
#[derive(Serialize)]
struct Like<'a> {
    version: &'a str,
    like: String,
}

/// The version of a table in the folder that differs in nothing but the version.
fn same(release: &Release, folder: &Path, name: &str) -> Result<Option<String>, Failure> {
    let mut wanted = serde_json::to_value(release)?;
    wanted["version"] = "".into();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let mut other: serde_json::Value = serde_json::from_slice(&std::fs::read(entry.path())?)?;
        let version = other["version"].as_str().unwrap_or_default().to_string();
        other["version"] = "".into();
        if entry.file_name() != *name && other == wanted {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

fn release(folder: &Path) -> Result<Release, Failure> {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml"))?;
    let version = value(&manifest, "[package]", "version")?;
    let wasmtime = value(&manifest, "dependencies.wasmtime]", "version")?;
    let wasmtime: u32 = wasmtime.split('.').next().unwrap_or_default().parse()?;
    let engine = std::fs::read_to_string(folder.join("src/engine/wasm/mod.rs"))?;
    let bindings = std::fs::read_to_string(folder.join("src/engine/wasm/bindings.rs"))?;
    let world = world(&bindings)?;
    let component = host(&folder.join("wit-staging"), &world)?;
    let mut interfaces = interfaces(&component)?;
    // An interface of types only leaves no trace in a component.
    for line in world.lines() {
        if let Some(name) = line.trim().strip_prefix("import ") {
            interfaces.entry(name.trim_end_matches(';').into()).or_default();
        }
    }
    Ok(Release { version, wasmtime, features: features(wasmtime, &engine)?, interfaces })
}

/// The first `key = "value"` after a heading.
fn value(manifest: &str, heading: &str, key: &str) -> Result<String, Failure> {
    let (_, rest) = manifest.split_once(heading).ok_or(format!("no {heading}"))?;
    let line = rest.lines().find(|l| l.starts_with(&format!("{key} = "))).ok_or(format!("no {key}"))?;
    Ok(line.split('"').nth(1).unwrap_or_default().into())
}

/// What wasmparser has to accept: Wasmtime's defaults for its crate's default features
/// (wasmtime, config.rs, `compiler_panicking_wasm_features` and `features`), with the
/// component model, less what the runtime switches off.
fn features(wasmtime: u32, engine: &str) -> Result<Vec<&'static str>, Failure> {
    let mut list = vec![
        "mutable_global", "saturating_float_to_int", "sign_extension", "reference_types", "multi_value",
        "bulk_memory", "simd", "relaxed_simd", "floats", "gc_types", "multi_memory", "tail_call",
        "extended_const", "memory64", "threads", "component_model",
    ];
    match wasmtime {
        45 => {}
        46 | 47 => list.push("cm_async"),
        48 => list.extend(["cm_async", "function_references", "gc", "exceptions"]),
        other => return Err(format!("Wasmtime {other} is not in the table: read its config.rs").into()),
    }
    let off = |call: &str| engine.contains(&format!(".{call}(false)"));
    if off("wasm_gc") {
        list.retain(|f| *f != "gc");
    }
    if off("wasm_exceptions") {
        list.retain(|f| *f != "exceptions");
    }
    list.sort();
    Ok(list)
}

/// The WIT text of the world `kernel`, which the bindings spell out.
fn world(bindings: &str) -> Result<String, Failure> {
    let (_, rest) = bindings.split_once("world kernel {").ok_or("no world kernel")?;
    let (body, _) = rest.split_once('}').ok_or("the world has no end")?;
    Ok(format!("package kernel:host;\nworld kernel {{{body}}}\n"))
}

/// A component that imports everything the host offers.
fn host(staging: &Path, world: &str) -> Result<Vec<u8>, Failure> {
    let mut resolve = Resolve::default();
    resolve.push_dir(staging)?;
    let package = resolve.push_str("kernel.wit", world)?;
    let world = resolve.select_world(&[package], Some("kernel"))?;
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    Ok(ComponentEncoder::default().validate(true).merge_imports_based_on_semver(false).module(&module)?.encode()?)
}

/// What a component imports, as the reader tells it.
fn interfaces(component: &[u8]) -> Result<BTreeMap<String, Interface>, Failure> {
    let everything = ["mutable_global", "saturating_float_to_int", "sign_extension", "reference_types", "multi_value",
        "bulk_memory", "simd", "floats", "gc_types", "component_model", "cm_async"];
    let request = Request {
        op: "read".into(),
        features: everything.map(String::from).to_vec(),
        sandbox: everything.map(String::from).to_vec(),
        plan: true,
        ..Default::default()
    };
    let reading = read(&request, component, &mut Vec::new());
    let plan = reading.plan.ok_or("the host's world gives no plan")?;
    let mut all = BTreeMap::new();
    for import in plan.imports {
        let mut interface = Interface::default();
        for item in import.items {
            match item.kind {
                "func" => drop(interface.functions.insert(item.name, item.ty)),
                "resource" => interface.resources.push(item.name),
                _ => {}
            }
        }
        interface.resources.sort();
        all.insert(import.name, interface);
    }
    Ok(all)
}
