//! What bytes say about themselves, valid or not: as much as can be read.

use crate::text;
use serde::Serialize;
use std::collections::HashMap;
use wasmparser::*;

#[derive(Serialize, PartialEq, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Unknown,
    Core,
    Component,
}

/// See `Description` in reading.go.
#[derive(Serialize, Default)]
pub struct Description {
    pub kind: Kind,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    pub memories: Vec<Memory>,
    pub tables: Vec<Table>,
    pub sections: Vec<Section>,
    pub producers: Vec<Producer>,
    /// Core modules in a component.
    pub modules: Vec<Module>,
    /// Whether a core module carries component types, and so can be wrapped.
    pub wrappable: bool,
    /// Locals of all functions together.
    pub locals: u64,
    /// Which of the contract's exports the runtime takes for real ones, and which for stubs.
    pub real: Vec<&'static str>,
    pub stubs: Vec<&'static str>,
}

#[derive(Serialize, Default)]
pub struct Import {
    pub module: String,
    pub name: String,
    pub kind: &'static str,
    #[serde(rename = "type")]
    pub ty: String,
}

#[derive(Serialize, Default)]
pub struct Export {
    pub name: String,
    pub kind: &'static str,
    #[serde(rename = "type")]
    pub ty: String,
}

#[derive(Serialize)]
pub struct Memory {
    pub min: u64,
    pub max: Option<u64>,
    pub imported: bool,
    pub shared: bool,
    pub module: usize,
}

#[derive(Serialize)]
pub struct Table {
    pub min: u64,
    pub imported: bool,
    pub module: usize,
}

#[derive(Serialize)]
pub struct Section {
    pub name: String,
    pub bytes: u64,
}

#[derive(Serialize, PartialEq)]
pub struct Producer {
    pub field: String,
    pub name: String,
    pub version: String,
}

#[derive(Serialize, Default)]
pub struct Module {
    pub start: usize,
    pub end: usize,
    /// Whether it exports what an adapter for WASI calls to allocate.
    pub realloc: bool,
}

/// Reads bytes as far as they can be read.
pub fn describe(bytes: &[u8]) -> Description {
    let mut walk = Walk::default();
    if bytes.starts_with(b"\0asm") && bytes.len() >= 8 {
        walk.out.kind = match &bytes[4..8] {
            [1, 0, 0, 0] => Kind::Core,
            [_, _, 1, 0] => Kind::Component,
            _ => Kind::Unknown,
        };
        let mut parser = Parser::new(0);
        parser.set_features(WasmFeatures::all());
        for payload in parser.parse_all(bytes) {
            // An error is validation's to tell; here the rest is not known.
            if payload.and_then(|p| walk.payload(p)).is_err() {
                break;
            }
        }
    }
    for name in CONTRACT {
        match lifecycle(name, bytes) {
            Some(true) => walk.out.real.push(name),
            Some(false) => walk.out.stubs.push(name),
            None => {}
        }
    }
    walk.finish()
}

const CONTRACT: [&str; 4] = ["astrid-hook-trigger", "run", "astrid-install", "astrid-upgrade"];

/// Whether the runtime takes an export for a real one: its own look at a file before it
/// loads it (crate astrid-capsule, engine/wasm/mod.rs, `wasm_exports_contain`). The first
/// export section with the name decides, a core module's too; among `run`,
/// `astrid-install` and `astrid-upgrade` those that are one function are stubs.
fn lifecycle(name: &str, bytes: &[u8]) -> Option<bool> {
    let decide = |exports: Vec<(&str, u32)>| {
        let index = exports.iter().rev().find(|(n, _)| *n == name)?.1;
        let prone = &CONTRACT[1..];
        let twin = |(n, i): &(&str, u32)| *n != name && prone.contains(n) && *i == index;
        Some(!(prone.contains(&name) && exports.iter().any(twin)))
    };
    for payload in Parser::new(0).parse_all(bytes) {
        let found = match payload.ok()? {
            Payload::ExportSection(s) => {
                let functions = s.into_iter().map_while(|e| e.ok());
                decide(functions.filter(|e| e.kind == ExternalKind::Func).map(|e| (e.name, e.index)).collect())
            }
            Payload::ComponentExportSection(s) => {
                let functions = s.into_iter().map_while(|e| e.ok());
                let functions = functions.filter(|e| e.kind == ComponentExternalKind::Func);
                decide(functions.map(|e| (e.name.name, e.index)).collect())
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// One module or component being read.
#[derive(Default)]
struct Frame {
    component: bool,
    types: Vec<Option<FuncType>>,
    functions: Vec<u32>,
    at: usize, // where the next section begins
    names: Vec<String>,
}

#[derive(Default)]
struct Walk {
    out: Description,
    frames: Vec<Frame>,
    sizes: HashMap<String, (usize, u64)>,
    core: usize, // core modules so far
}

impl Walk {
    fn payload(&mut self, payload: Payload) -> Result<()> {
        self.size(&payload);
        match payload {
            Payload::Version { encoding, range, .. } => self.enter(encoding, range),
            Payload::End(at) => self.leave(at),
            Payload::TypeSection(s) => self.types(s)?,
            Payload::ImportSection(s) => self.imports(s)?,
            Payload::FunctionSection(s) => {
                for index in s {
                    self.frame().functions.push(index?);
                }
            }
            Payload::TableSection(s) => {
                for table in s {
                    self.table(&table?.ty, false);
                }
            }
            Payload::MemorySection(s) => {
                for memory in s {
                    self.memory(&memory?, false);
                }
            }
            Payload::ExportSection(s) => self.exports(s)?,
            Payload::CodeSectionEntry(body) => self.locals(body)?,
            Payload::CustomSection(s) => self.custom(s),
            Payload::ComponentImportSection(s) if self.frames.len() == 1 => {
                for import in s {
                    let import = import?;
                    self.out.imports.push(Import {
                        module: import.name.name.to_string(),
                        kind: component_kind(import.ty.kind()),
                        ..Default::default()
                    });
                }
            }
            Payload::ComponentExportSection(s) if self.frames.len() == 1 => {
                for export in s {
                    let export = export?;
                    self.out.exports.push(Export {
                        name: export.name.name.to_string(),
                        kind: component_kind(export.kind),
                        ..Default::default()
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a header was read")
    }

    fn enter(&mut self, encoding: Encoding, range: std::ops::Range<usize>) {
        let component = encoding == Encoding::Component;
        self.frames.push(Frame { component, at: range.end, ..Default::default() });
        if !component {
            self.core += 1;
            if self.frames.len() > 1 {
                self.out.modules.push(Module { start: range.start, ..Default::default() });
            }
        }
    }

    fn leave(&mut self, at: usize) {
        let frame = self.frames.pop().expect("a header was read");
        if !frame.component
            && !self.frames.is_empty()
            && let Some(module) = self.out.modules.last_mut()
        {
            module.end = at;
            module.realloc = frame.names.iter().any(|n| n == "cabi_realloc");
        }
        if let Some(outer) = self.frames.last_mut() {
            outer.at = at;
        }
    }

    /// Adds a section, its head included, to the sum of those of its name.
    fn size(&mut self, payload: &Payload) {
        let Some((id, range)) = payload.as_section() else {
            return;
        };
        let nested = self.frames.len() > 1;
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let begin = std::mem::replace(&mut frame.at, range.end);
        let content = matches!(payload, Payload::ModuleSection { .. } | Payload::ComponentSection { .. });
        if content {
            return; // what they hold is counted by itself
        }
        let mut name = section_name(frame.component, id);
        if let Payload::CustomSection(s) = payload {
            name = format!("custom {}", s.name());
        }
        if nested && !frame.component {
            name = format!("core {name}");
        }
        let order = self.sizes.len();
        let entry = self.sizes.entry(name).or_insert((order, 0));
        entry.1 += (range.end - begin.min(range.end)) as u64;
    }

    fn types(&mut self, section: TypeSectionReader) -> Result<()> {
        for group in section {
            for ty in group?.into_types() {
                let function = match ty.composite_type.inner {
                    CompositeInnerType::Func(f) => Some(f),
                    _ => None,
                };
                self.frame().types.push(function);
            }
        }
        Ok(())
    }

    fn signature(&mut self, index: u32) -> String {
        let ty = self.frame().types.get(index as usize);
        ty.and_then(|t| t.as_ref()).map(text::signature).unwrap_or_default()
    }

    fn imports(&mut self, section: ImportSectionReader) -> Result<()> {
        for import in section.into_imports() {
            let import = import?;
            let mut ty = String::new();
            let kind = match import.ty {
                TypeRef::Func(index) | TypeRef::FuncExact(index) => {
                    self.frame().functions.push(index);
                    ty = self.signature(index);
                    "func"
                }
                TypeRef::Table(t) => {
                    self.table(&t, true);
                    "table"
                }
                TypeRef::Memory(m) => {
                    self.memory(&m, true);
                    "memory"
                }
                TypeRef::Global(_) => "global",
                TypeRef::Tag(_) => "tag",
            };
            if self.frames.len() == 1 {
                let (module, name) = (import.module.to_string(), import.name.to_string());
                self.out.imports.push(Import { module, name, kind, ty });
            }
        }
        Ok(())
    }

    fn exports(&mut self, section: ExportSectionReader) -> Result<()> {
        for export in section {
            let export = export?;
            let name = export.name.to_string();
            self.frame().names.push(name.clone());
            if self.frames.len() > 1 {
                continue;
            }
            let mut ty = String::new();
            let kind = match export.kind {
                ExternalKind::Func | ExternalKind::FuncExact => {
                    let index = self.frame().functions.get(export.index as usize).copied();
                    ty = index.map(|i| self.signature(i)).unwrap_or_default();
                    "func"
                }
                ExternalKind::Table => "table",
                ExternalKind::Memory => "memory",
                ExternalKind::Global => "global",
                ExternalKind::Tag => "tag",
            };
            self.out.exports.push(Export { name, kind, ty });
        }
        Ok(())
    }

    fn memory(&mut self, ty: &MemoryType, imported: bool) {
        let page = 1u64 << ty.page_size_log2.unwrap_or(16).min(16);
        self.out.memories.push(Memory {
            min: ty.initial.saturating_mul(page),
            max: ty.maximum.map(|m| m.saturating_mul(page)),
            imported,
            shared: ty.shared,
            module: self.core.saturating_sub(1),
        });
    }

    fn table(&mut self, ty: &TableType, imported: bool) {
        let module = self.core.saturating_sub(1);
        self.out.tables.push(Table { min: ty.initial, imported, module });
    }

    fn locals(&mut self, body: FunctionBody) -> Result<()> {
        for group in body.get_locals_reader()? {
            self.out.locals += u64::from(group?.0);
        }
        Ok(())
    }

    fn custom(&mut self, section: CustomSectionReader) {
        let top = self.frames.len() == 1 && !self.frame().component;
        self.out.wrappable |= top && section.name().starts_with("component-type");
        let KnownCustom::Producers(fields) = section.as_known() else {
            return;
        };
        // A section that cannot be read to its end gives what it has.
        for field in fields.into_iter().map_while(|f| f.ok()) {
            for value in field.values.into_iter().map_while(|v| v.ok()) {
                let producer = Producer {
                    field: field.name.to_string(),
                    name: value.name.to_string(),
                    version: value.version.to_string(),
                };
                if !self.out.producers.contains(&producer) {
                    self.out.producers.push(producer);
                }
            }
        }
    }

    fn finish(mut self) -> Description {
        let mut sizes: Vec<_> = self.sizes.into_iter().collect();
        sizes.sort_by(|(_, (a, n)), (_, (b, m))| m.cmp(n).then(a.cmp(b)));
        self.out.sections = sizes.into_iter().map(|(name, (_, bytes))| Section { name, bytes }).collect();
        self.out
    }
}

pub fn section_name(component: bool, id: u8) -> String {
    const CORE: [&str; 14] = [
        "custom", "type", "import", "function", "table", "memory", "global", "export", "start",
        "element", "code", "data", "data count", "tag",
    ];
    const COMPONENT: [&str; 13] = [
        "custom", "core module", "core instance", "core type", "component", "instance", "alias",
        "type", "canon", "start", "import", "export", "value",
    ];
    let names: &[&str] = if component { &COMPONENT } else { &CORE };
    match names.get(id as usize) {
        Some(name) => name.to_string(),
        None => format!("unknown ({id})"),
    }
}

fn component_kind(kind: ComponentExternalKind) -> &'static str {
    match kind {
        ComponentExternalKind::Module => "core module",
        ComponentExternalKind::Func => "func",
        ComponentExternalKind::Value => "value",
        ComponentExternalKind::Type => "type",
        ComponentExternalKind::Instance => "instance",
        ComponentExternalKind::Component => "component",
    }
}
