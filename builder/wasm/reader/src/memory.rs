//! Adapter modules that import several memories, for an engine that knows one.
//!
//! Wasmtime joins two components by a module of its own that reads one memory and writes
//! another. wazero has no multi-memory, so each memory but the first becomes functions:
//! a helper module that imports it offers a load and a store of each kind.

use crate::prepare::Target;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::*;
use wasmparser::{FunctionBody, Operator, Parser, Payload, TypeRef};

/// The accesses that Wasmtime's adapters make, by the name of the helper's export.
#[derive(Clone, Copy)]
enum Access {
    Load(&'static str, ValType, fn(MemArg) -> Instruction<'static>),
    Store(&'static str, ValType, fn(MemArg) -> Instruction<'static>),
    Size,
}

const ACCESSES: [Access; 15] = [
    Access::Load("i32.load8_u", ValType::I32, Instruction::I32Load8U),
    Access::Load("i32.load8_s", ValType::I32, Instruction::I32Load8S),
    Access::Load("i32.load16_u", ValType::I32, Instruction::I32Load16U),
    Access::Load("i32.load16_s", ValType::I32, Instruction::I32Load16S),
    Access::Load("i32.load", ValType::I32, Instruction::I32Load),
    Access::Load("i64.load", ValType::I64, Instruction::I64Load),
    Access::Load("f32.load", ValType::F32, Instruction::F32Load),
    Access::Load("f64.load", ValType::F64, Instruction::F64Load),
    Access::Store("i32.store8", ValType::I32, Instruction::I32Store8),
    Access::Store("i32.store16", ValType::I32, Instruction::I32Store16),
    Access::Store("i32.store", ValType::I32, Instruction::I32Store),
    Access::Store("i64.store", ValType::I64, Instruction::I64Store),
    Access::Store("f32.store", ValType::F32, Instruction::F32Store),
    Access::Store("f64.store", ValType::F64, Instruction::F64Store),
    Access::Size,
];

impl Access {
    fn name(self) -> &'static str {
        match self {
            Access::Load(name, ..) | Access::Store(name, ..) => name,
            Access::Size => "memory.size",
        }
    }

    /// Parameters and results of the helper: an address, a value to store, the offset.
    fn signature(self) -> (Vec<ValType>, Vec<ValType>) {
        match self {
            Access::Load(_, ty, _) => (vec![ValType::I32, ValType::I32], vec![ty]),
            Access::Store(_, ty, _) => (vec![ValType::I32, ty, ValType::I32], vec![]),
            Access::Size => (vec![], vec![ValType::I32]),
        }
    }
}

/// What an instruction does to a memory: which one, how, and at what offset.
fn access(op: &Operator) -> Option<(u32, usize, u64)> {
    let (number, arg) = match op {
        Operator::I32Load8U { memarg } => (0, memarg),
        Operator::I32Load8S { memarg } => (1, memarg),
        Operator::I32Load16U { memarg } => (2, memarg),
        Operator::I32Load16S { memarg } => (3, memarg),
        Operator::I32Load { memarg } => (4, memarg),
        Operator::I64Load { memarg } => (5, memarg),
        Operator::F32Load { memarg } => (6, memarg),
        Operator::F64Load { memarg } => (7, memarg),
        Operator::I32Store8 { memarg } => (8, memarg),
        Operator::I32Store16 { memarg } => (9, memarg),
        Operator::I32Store { memarg } => (10, memarg),
        Operator::I64Store { memarg } => (11, memarg),
        Operator::F32Store { memarg } => (12, memarg),
        Operator::F64Store { memarg } => (13, memarg),
        Operator::MemorySize { mem } => return Some((*mem, 14, 0)),
        _ => return None,
    };
    Some((arg.memory, number, arg.offset))
}

/// An adapter with one memory, where its imports are found, and the memories for which
/// a helper has to be made: its key and the memory itself.
pub struct Single {
    pub module: Vec<u8>,
    pub targets: Vec<Target>,
    pub helpers: Vec<(String, Target)>,
}

/// Rewrites an adapter module; None when it has at most one memory.
pub fn single(module: &[u8], targets: &[Target]) -> Result<Option<Single>, String> {
    let mut kept = Vec::new();
    let mut memories = Vec::new();
    let (mut functions, mut types) = (0, 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(text)? {
            Payload::TypeSection(s) => types = s.count(),
            Payload::ImportSection(s) => {
                for (import, target) in s.into_imports().zip(targets) {
                    match import.map_err(text)?.ty {
                        TypeRef::Memory(_) => {
                            memories.push(target.clone());
                            if memories.len() > 1 {
                                continue;
                            }
                        }
                        TypeRef::Func(_) => functions += 1,
                        _ => {}
                    }
                    kept.push(target.clone());
                }
            }
            _ => {}
        }
    }
    if memories.len() < 2 {
        return Ok(None);
    }
    let helpers: Vec<_> = memories[1..].iter().map(|m| (format!("memory {} {}", m.key, m.name), m.clone())).collect();
    for (key, _) in &helpers {
        kept.extend(ACCESSES.iter().map(|a| Target::new(key, a.name())));
    }
    let mut out = Module::new();
    let mut rewrite = Rewrite { functions, types, helpers: helpers.len() as u32 };
    rewrite.parse_core_module(&mut out, Parser::new(0), module).map_err(text)?;
    Ok(Some(Single { module: out.finish(), targets: kept, helpers }))
}

fn text(error: impl std::fmt::Display) -> String {
    format!("preparing an adapter: {error}")
}

/// Writes a module again without its second and later memories. `functions` and `types`
/// count what the module had: imported functions, types.
struct Rewrite {
    functions: u32,
    types: u32,
    helpers: u32,
}

impl Rewrite {
    fn helper(&self, memory: u32, access: usize) -> u32 {
        self.functions + (memory - 1) * ACCESSES.len() as u32 + access as u32
    }
}

impl Reencode for Rewrite {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, func: u32) -> Result<u32, Error> {
        let added = self.helpers * ACCESSES.len() as u32;
        Ok(if func < self.functions { func } else { func + added })
    }

    fn parse_type_section(
        &mut self,
        out: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, out, section)?;
        for access in ACCESSES {
            let (params, results) = access.signature();
            out.ty().function(params, results);
        }
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        out: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        let mut memories = 0;
        for import in section.into_imports() {
            let import = import?;
            if let TypeRef::Memory(_) = import.ty {
                memories += 1;
                if memories > 1 {
                    continue;
                }
            }
            let ty = self.entity_type(import.ty)?;
            out.import(import.module, import.name, ty);
        }
        for helper in 0..self.helpers {
            for (i, access) in ACCESSES.iter().enumerate() {
                let ty = EntityType::Function(self.types + i as u32);
                out.import(&format!("memory{helper}"), access.name(), ty);
            }
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        let mut out = self.new_function_with_parsed_locals(&body)?;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let op = reader.read()?;
            match access(&op) {
                Some((memory, number, offset)) if memory > 0 => {
                    if !matches!(ACCESSES[number], Access::Size) {
                        out.instruction(&Instruction::I32Const(offset as u32 as i32));
                    }
                    out.instruction(&Instruction::Call(self.helper(memory, number)));
                }
                _ => {
                    let instruction = self.instruction(op)?;
                    out.instruction(&instruction);
                }
            }
        }
        code.function(&out);
        Ok(())
    }
}

/// A module that imports one memory from a target and offers every access to it. An
/// address that overflows with its offset traps, as it would in the adapter.
pub fn helper(memory: &Target) -> Vec<u8> {
    let mut types = TypeSection::new();
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for (i, access) in ACCESSES.iter().enumerate() {
        let (params, results) = access.signature();
        let last = params.len() as u32;
        types.ty().function(params, results);
        functions.function(i as u32);
        exports.export(access.name(), ExportKind::Func, i as u32);
        let mut body = Function::new([]);
        match access {
            Access::Load(_, _, op) => {
                address(&mut body, last - 1);
                body.instruction(&op(plain()));
            }
            Access::Store(_, _, op) => {
                address(&mut body, last - 1);
                body.instruction(&Instruction::LocalGet(1));
                body.instruction(&op(plain()));
            }
            Access::Size => {
                body.instruction(&Instruction::MemorySize(0));
            }
        }
        body.instruction(&Instruction::End);
        code.function(&body);
    }
    let mut imports = ImportSection::new();
    let any = MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };
    imports.import(&memory.key, &memory.name, EntityType::Memory(any));
    let mut out = Module::new();
    out.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    out.finish()
}

fn plain() -> MemArg {
    MemArg { offset: 0, align: 0, memory_index: 0 }
}

/// Pushes parameter 0 plus the offset in parameter `offset`; traps on overflow.
fn address(body: &mut Function, offset: u32) {
    for instruction in [
        Instruction::LocalGet(0),
        Instruction::I32Const(-1),
        Instruction::LocalGet(offset),
        Instruction::I32Sub,
        Instruction::I32GtU,
        Instruction::If(BlockType::Empty),
        Instruction::Unreachable,
        Instruction::End,
        Instruction::LocalGet(0),
        Instruction::LocalGet(offset),
        Instruction::I32Add,
    ] {
        body.instruction(&instruction);
    }
}
