//! A core module as the sandbox gives it to its engine.
//!
//! Every import asks for the instance and export that the plan names, so that any graph
//! of instances can be linked one import at a time. Tables without a maximum get one. Of
//! the custom sections only a readable name section is left. Element segments that might
//! not fit are written at start by code, because wazero passes over them where the
//! specification traps.

use std::borrow::Cow;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ElementSection, ElementSegment, Elements, Encode, ExportSection, Function,
    FunctionSection, ImportSection, Instruction, RawSection, StartSection, TableSection, TypeSection,
};
use wasmparser::{
    ElementItems, ElementKind, KnownCustom, Operator, Parser, Payload, TableInit, TableType, TypeRef,
};

/// Where an import is found: the key of an instance, and the name of its export.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub key: String,
    pub name: String,
}

impl Target {
    pub fn new(key: impl Into<String>, name: impl Into<String>) -> Target {
        Target { key: key.into(), name: name.into() }
    }
}

/// Why a module cannot be prepared. It was validated, so this is the reader's own fault.
type Fault = String;

fn fault(error: impl std::fmt::Display) -> Fault {
    format!("preparing a core module: {error}")
}

/// A section to be written: where it belongs, its id, and its content.
struct Part<'a> {
    rank: usize,
    id: u8,
    content: Cow<'a, [u8]>,
}

/// The order in which the format wants sections; custom sections go last.
fn rank(id: u8) -> usize {
    const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
    ORDER.iter().position(|other| *other == id).unwrap_or(ORDER.len())
}

/// What has to be known of the whole module before its start function can be written.
#[derive(Default)]
struct Counts {
    types: u32,
    functions: u32, // imported ones too
    tables: Vec<TableType>,
    imported_tables: usize,
    start: Option<u32>,
}

/// Returns the module with its i-th import at `targets[i]`, and every table without a
/// maximum bounded to `growth` elements.
pub fn prepare(module: &[u8], targets: &[Target], growth: u64) -> Result<Vec<u8>, Fault> {
    let mut parts = Vec::new();
    let mut counts = Counts::default();
    let mut late = Vec::new(); // element segments that the start function writes
    let mut names = false;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(fault)?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        let mut content = Cow::Borrowed(&module[range.clone()]);
        match payload {
            Payload::TypeSection(s) => {
                counts.types = s.into_iter().map_while(|g| g.ok()).map(|g| g.types().len() as u32).sum();
            }
            Payload::ImportSection(s) => content = Cow::Owned(imports(s, targets, &mut counts)?),
            Payload::FunctionSection(s) => counts.functions += s.count(),
            Payload::TableSection(s) => content = Cow::Owned(tables(s, growth, &mut counts)?),
            Payload::StartSection { func, .. } => counts.start = Some(func),
            Payload::ElementSection(s) => content = Cow::Owned(elements(s, &counts, &mut late)?),
            Payload::CustomSection(s) => {
                let KnownCustom::Name(reader) = s.as_known() else {
                    continue;
                };
                if names || !readable(reader) {
                    continue;
                }
                names = true;
            }
            _ => {}
        }
        parts.push(Part { rank: rank(id), id, content });
    }
    if !late.is_empty() {
        add_start(&mut parts, &counts, &late)?;
    }
    parts.sort_by_key(|p| p.rank);
    let mut out = wasm_encoder::Module::new();
    for part in &parts {
        out.section(&RawSection { id: part.id, data: &part.content });
    }
    Ok(out.finish())
}

/// Whether a name section can be read to its end, as wazero reads it.
fn readable(reader: wasmparser::NameSectionReader) -> bool {
    use wasmparser::Name;
    reader.into_iter().all(|name| match name {
        Ok(Name::Function(map)) => map.into_iter().all(|n| n.is_ok()),
        Ok(Name::Local(map)) => map
            .into_iter()
            .all(|f| f.is_ok_and(|f| f.names.into_iter().all(|n| n.is_ok()))),
        Ok(_) => true,
        Err(_) => false,
    })
}

/// The content of a section that an encoder wrote.
fn content(section: &impl Encode) -> Vec<u8> {
    let mut bytes = Vec::new();
    section.encode(&mut bytes);
    // An encoder writes the size first.
    let head = bytes.iter().position(|b| b & 0x80 == 0).map_or(0, |i| i + 1);
    bytes.split_off(head)
}

fn imports(
    section: wasmparser::ImportSectionReader,
    targets: &[Target],
    counts: &mut Counts,
) -> Result<Vec<u8>, Fault> {
    let mut out = ImportSection::new();
    for (i, import) in section.into_imports().enumerate() {
        let import = import.map_err(fault)?;
        match import.ty {
            TypeRef::Func(_) | TypeRef::FuncExact(_) => counts.functions += 1,
            TypeRef::Table(ty) => {
                counts.tables.push(ty);
                counts.imported_tables += 1;
            }
            _ => {}
        }
        let target = targets.get(i).ok_or_else(|| fault("an import without a target"))?;
        let ty = RoundtripReencoder.entity_type(import.ty).map_err(fault)?;
        out.import(&target.key, &target.name, ty);
    }
    Ok(content(&out))
}

fn tables(
    section: wasmparser::TableSectionReader,
    growth: u64,
    counts: &mut Counts,
) -> Result<Vec<u8>, Fault> {
    let mut out = TableSection::new();
    for table in section {
        let mut table = table.map_err(fault)?;
        let ceiling = table.ty.initial.max(growth);
        table.ty.maximum = Some(table.ty.maximum.map_or(ceiling, |m| m.min(ceiling)));
        counts.tables.push(table.ty);
        let ty = RoundtripReencoder.table_type(table.ty).map_err(fault)?;
        match table.init {
            TableInit::RefNull => out.table(ty),
            TableInit::Expr(expr) => {
                out.table_with_init(ty, &RoundtripReencoder.const_expr(expr).map_err(fault)?)
            }
        };
    }
    Ok(content(&out))
}

/// A segment that the start function writes: `table.init` of it at an offset.
struct Late<'a> {
    segment: u32,
    table: u32,
    offset: wasmparser::ConstExpr<'a>,
    length: u32,
}

/// Writes the section again: from the first segment that might not fit on, active
/// segments become passive ones.
fn elements<'a>(
    section: wasmparser::ElementSectionReader<'a>,
    counts: &Counts,
    late: &mut Vec<Late<'a>>,
) -> Result<Vec<u8>, Fault> {
    let mut out = ElementSection::new();
    for (i, element) in section.into_iter().enumerate() {
        let element = element.map_err(fault)?;
        let length = match &element.items {
            ElementItems::Functions(list) => list.count(),
            ElementItems::Expressions(_, list) => list.count(),
        };
        if let ElementKind::Active { table_index, offset_expr } = &element.kind {
            let table = table_index.unwrap_or(0);
            if !late.is_empty() || !fits(counts, table, offset_expr, length) {
                let offset = offset_expr.clone();
                late.push(Late { segment: i as u32, table, offset, length });
                out.segment(ElementSegment {
                    mode: wasm_encoder::ElementMode::Passive,
                    elements: items(element.items)?,
                });
                continue;
            }
        }
        RoundtripReencoder.parse_element(&mut out, element).map_err(fault)?;
    }
    Ok(content(&out))
}

fn items<'a>(items: ElementItems<'a>) -> Result<Elements<'a>, Fault> {
    RoundtripReencoder.element_items(items).map_err(fault)
}

/// Whether a segment surely lies within its table: one of the module's own, at a constant.
fn fits(counts: &Counts, table: u32, offset: &wasmparser::ConstExpr, length: u32) -> bool {
    let mut ops = offset.get_operators_reader();
    let (Ok(Operator::I32Const { value }), Ok(Operator::End)) = (ops.read(), ops.read()) else {
        return false;
    };
    let own = table as usize >= counts.imported_tables;
    let size = counts.tables.get(table as usize).map_or(0, |t| t.initial);
    own && u64::from(value as u32) + u64::from(length) <= size
}

/// Appends a function that writes the late segments and then does what the start function did.
fn add_start(parts: &mut Vec<Part>, counts: &Counts, late: &[Late]) -> Result<(), Fault> {
    let mut body = Function::new([]);
    for segment in late {
        let mut ops = segment.offset.get_operators_reader();
        loop {
            match ops.read().map_err(fault)? {
                Operator::End => break,
                op => body.instruction(&RoundtripReencoder.instruction(op).map_err(fault)?),
            };
        }
        body.instruction(&Instruction::I32Const(0));
        body.instruction(&Instruction::I32Const(segment.length as i32));
        body.instruction(&Instruction::TableInit { elem_index: segment.segment, table: segment.table });
        body.instruction(&Instruction::ElemDrop(segment.segment));
    }
    if let Some(start) = counts.start {
        body.instruction(&Instruction::Call(start));
    }
    body.instruction(&Instruction::End);

    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(counts.types);
    let mut code = CodeSection::new();
    code.function(&body);
    append(parts, 1, content(&types))?;
    append(parts, 3, content(&functions))?;
    append(parts, 10, content(&code))?;
    parts.retain(|p| p.id != 8);
    let start = content(&StartSection { function_index: counts.functions });
    parts.push(Part { rank: rank(8), id: 8, content: Cow::Owned(start) });
    Ok(())
}

/// Appends the one item of `addition`, a section's content, to the section of that id.
fn append(parts: &mut Vec<Part>, id: u8, addition: Vec<u8>) -> Result<(), Fault> {
    let Some(part) = parts.iter_mut().find(|p| p.id == id) else {
        parts.push(Part { rank: rank(id), id, content: Cow::Owned(addition) });
        return Ok(());
    };
    let mut reader = wasmparser::BinaryReader::new(&part.content, 0);
    let count = reader.read_var_u32().map_err(fault)?;
    let mut whole = Vec::with_capacity(part.content.len() + addition.len());
    (count + 1).encode(&mut whole);
    whole.extend_from_slice(&part.content[reader.original_position()..]);
    whole.extend_from_slice(&addition[1..]); // its own count is one byte: one
    part.content = Cow::Owned(whole);
    Ok(())
}

/// A module that exports a memory, a table or a global for each given import, under its
/// number: what a host would provide, at its least size and zero. A memory is as large as
/// `room` says, a table as `seats`: what the module's own segments need.
pub fn providers(
    imports: &[(usize, TypeRef)],
    room: u64,
    seats: u64,
) -> Result<Vec<u8>, Fault> {
    let mut tables = TableSection::new();
    let mut memories = wasm_encoder::MemorySection::new();
    let mut globals = wasm_encoder::GlobalSection::new();
    let mut exports = ExportSection::new();
    for (number, ty) in imports {
        let name = number.to_string();
        match *ty {
            TypeRef::Table(mut table) => {
                table.initial = enough(table.initial, table.maximum, seats);
                exports.export(&name, wasm_encoder::ExportKind::Table, tables.len());
                tables.table(RoundtripReencoder.table_type(table).map_err(fault)?);
            }
            TypeRef::Memory(mut memory) => {
                memory.initial = enough(memory.initial, memory.maximum, room.div_ceil(64 << 10));
                exports.export(&name, wasm_encoder::ExportKind::Memory, memories.len());
                memories.memory(RoundtripReencoder.memory_type(memory).map_err(fault)?);
            }
            TypeRef::Global(global) => {
                exports.export(&name, wasm_encoder::ExportKind::Global, globals.len());
                let ty = RoundtripReencoder.global_type(global).map_err(fault)?;
                globals.global(ty, &zero(ty.val_type));
            }
            _ => return Err(fault("an import that no module can provide")),
        }
    }
    let mut out = wasm_encoder::Module::new();
    out.section(&tables).section(&memories).section(&globals).section(&exports);
    Ok(out.finish())
}

/// The least size that has room for what is wanted, as far as the maximum and 1,024 permit.
fn enough(min: u64, max: Option<u64>, wanted: u64) -> u64 {
    min.max(wanted.min(max.unwrap_or(u64::MAX)).min(1024))
}

fn zero(ty: wasm_encoder::ValType) -> wasm_encoder::ConstExpr {
    use wasm_encoder::{ConstExpr, ValType};
    match ty {
        ValType::I32 => ConstExpr::i32_const(0),
        ValType::I64 => ConstExpr::i64_const(0),
        ValType::F32 => ConstExpr::f32_const(0.0.into()),
        ValType::F64 => ConstExpr::f64_const(0.0.into()),
        ValType::V128 => ConstExpr::v128_const(0),
        ValType::Ref(r) => ConstExpr::ref_null(r.heap_type),
    }
}
