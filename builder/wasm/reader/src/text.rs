//! Types written as text: core types, and component types in the canonical form that a
//! release's table of host functions uses too, so that equal types are equal strings.

use std::fmt::Write;
use wasmparser::{FuncType, ValType};
use wasmtime_environ::component::*;
use wasmtime_environ::{WasmFuncType, WasmValType};

/// `(i32, i32) -> i32`
pub fn signature(ty: &FuncType) -> String {
    join(
        ty.params().iter().map(value).collect(),
        ty.results().iter().map(value).collect(),
    )
}

/// The same for a type that wasmtime-environ holds.
pub fn planned_signature(ty: &WasmFuncType) -> (Vec<String>, Vec<String>) {
    let names = |types: &[WasmValType]| types.iter().map(planned_value).collect::<Vec<_>>();
    (names(ty.params()), names(ty.results()))
}

fn join(params: Vec<String>, results: Vec<String>) -> String {
    let head = format!("({})", params.join(", "));
    match results.len() {
        0 => head,
        1 => format!("{head} -> {}", results[0]),
        _ => format!("{head} -> ({})", results.join(", ")),
    }
}

pub fn value(ty: &ValType) -> String {
    match *ty {
        ValType::I32 => "i32".into(),
        ValType::I64 => "i64".into(),
        ValType::F32 => "f32".into(),
        ValType::F64 => "f64".into(),
        ValType::V128 => "v128".into(),
        ValType::FUNCREF => "funcref".into(),
        ValType::EXTERNREF => "externref".into(),
        ValType::Ref(r) => format!("{r}"),
    }
}

fn planned_value(ty: &WasmValType) -> String {
    match ty {
        WasmValType::I32 => "i32".into(),
        WasmValType::I64 => "i64".into(),
        WasmValType::F32 => "f32".into(),
        WasmValType::F64 => "f64".into(),
        WasmValType::V128 => "v128".into(),
        WasmValType::Ref(r) if *r == wasmtime_environ::WasmRefType::FUNCREF => "funcref".into(),
        WasmValType::Ref(r) => format!("{r}"),
    }
}

/// Text longer than this is cut: a type that names itself twice a level grows without end.
const LONGEST: usize = 64 << 10;

/// Writes component types with every name expanded.
pub struct Types<'a> {
    pub types: &'a ComponentTypes,
    /// The path of each resource: `astrid:fs/host/file-handle`, or `local/N`.
    pub resources: Vec<String>,
}

impl Types<'_> {
    /// `func(a: u32) -> string`
    pub fn function(&self, index: TypeFuncIndex) -> String {
        let ty = &self.types[index];
        let mut out = String::from(if ty.async_ { "async func(" } else { "func(" });
        let params = &self.types[ty.params].types;
        for (i, (name, param)) in ty.param_names.iter().zip(params.iter()).enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            let _ = write!(out, "{comma}{name}: ");
            self.value(&mut out, param);
        }
        out.push(')');
        if let Some(result) = self.types[ty.results].types.first() {
            out.push_str(" -> ");
            self.value(&mut out, result);
        }
        out
    }

    /// One value type.
    pub fn value(&self, out: &mut String, ty: &InterfaceType) {
        use InterfaceType::*;
        if out.len() > LONGEST {
            if !out.ends_with('…') {
                out.push('…');
            }
            return;
        }
        match ty {
            Bool => out.push_str("bool"),
            S8 => out.push_str("s8"),
            U8 => out.push_str("u8"),
            S16 => out.push_str("s16"),
            U16 => out.push_str("u16"),
            S32 => out.push_str("s32"),
            U32 => out.push_str("u32"),
            S64 => out.push_str("s64"),
            U64 => out.push_str("u64"),
            Float32 => out.push_str("f32"),
            Float64 => out.push_str("f64"),
            Char => out.push_str("char"),
            String => out.push_str("string"),
            ErrorContext(_) => out.push_str("error-context"),
            Record(i) => {
                let fields = self.types[*i].fields.iter();
                self.named(out, "record{", fields.map(|f| (&f.name, Some(&f.ty))), ": ", "}");
            }
            Variant(i) => {
                let cases = self.types[*i].cases.iter();
                self.named(out, "variant{", cases.map(|(n, t)| (n, t.as_ref())), "(", "}");
            }
            Flags(i) => self.names(out, "flags{", self.types[*i].names.iter()),
            Enum(i) => self.names(out, "enum{", self.types[*i].names.iter()),
            Tuple(i) => self.several(out, "tuple<", &self.types[*i].types),
            List(i) => self.several(out, "list<", &[self.types[*i].element]),
            FixedLengthList(i) => {
                let list = &self.types[*i];
                out.push_str("list<");
                self.value(out, &list.element);
                let _ = write!(out, ", {}>", list.size);
            }
            Map(i) => self.several(out, "map<", &[self.types[*i].key, self.types[*i].value]),
            Option(i) => self.several(out, "option<", &[self.types[*i].ty]),
            Result(i) => self.result(out, self.types[*i].ok.as_ref(), self.types[*i].err.as_ref()),
            Own(i) => self.handle(out, "own", *i),
            Borrow(i) => self.handle(out, "borrow", *i),
            Future(i) => self.payload(out, "future", self.types[self.types[*i].ty].payload.as_ref()),
            Stream(i) => self.payload(out, "stream", self.types[self.types[*i].ty].payload.as_ref()),
        }
    }

    fn named<'b>(
        &self,
        out: &mut String,
        open: &str,
        items: impl Iterator<Item = (&'b String, Option<&'b InterfaceType>)>,
        between: &str,
        close: &str,
    ) {
        out.push_str(open);
        for (i, (name, ty)) in items.enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            let _ = write!(out, "{comma}{name}");
            if let Some(ty) = ty {
                out.push_str(between);
                self.value(out, ty);
                if between == "(" {
                    out.push(')');
                }
            }
        }
        out.push_str(close);
    }

    fn names<'b>(&self, out: &mut String, open: &str, names: impl Iterator<Item = &'b String>) {
        out.push_str(open);
        out.push_str(&names.cloned().collect::<Vec<_>>().join(", "));
        out.push('}');
    }

    fn several(&self, out: &mut String, open: &str, types: &[InterfaceType]) {
        out.push_str(open);
        for (i, ty) in types.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            self.value(out, ty);
        }
        out.push('>');
    }

    fn result(&self, out: &mut String, ok: Option<&InterfaceType>, err: Option<&InterfaceType>) {
        out.push_str("result");
        if ok.is_none() && err.is_none() {
            return;
        }
        out.push('<');
        match ok {
            Some(ty) => self.value(out, ty),
            None => out.push('_'),
        }
        if let Some(ty) = err {
            out.push_str(", ");
            self.value(out, ty);
        }
        out.push('>');
    }

    fn payload(&self, out: &mut String, what: &str, ty: Option<&InterfaceType>) {
        out.push_str(what);
        if let Some(ty) = ty {
            out.push('<');
            self.value(out, ty);
            out.push('>');
        }
    }

    fn handle(&self, out: &mut String, what: &str, index: TypeResourceTableIndex) {
        let path = match &self.types[index] {
            TypeResourceTable::Concrete { ty, .. } => self.resources.get(ty.as_u32() as usize),
            TypeResourceTable::Abstract(_) => None,
        };
        let _ = write!(out, "{what}<{}>", path.map_or("?", |p| p.as_str()));
    }
}
