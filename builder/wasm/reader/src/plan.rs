//! The plan by which a module or component is brought to life, as wasmtime-environ makes
//! it: which core instances in which order, what each import is, what the host provides.
//! Every core module comes prepared for the sandbox.

use crate::prepare::{Target, prepare, providers};
use crate::text::{Types, planned_signature, signature};
use crate::{Request, memory};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use wasmparser::{ElementItems, ElementKind, Operator, Parser, Payload, TypeRef, WasmFeatures};
use wasmtime_environ::component::*;
use wasmtime_environ::{EntityIndex, PrimaryMap, StaticModuleIndex};

/// Keys of what is no core instance.
const HOST: &str = "host";
const GLOBALS: &str = "globals";
const PROVIDERS: &str = "providers";

/// See `Plan` in plan.go, which carries it out.
#[derive(Serialize, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Functions of the host, by number.
    pub host: Vec<HostFunction>,
    /// What a component imports, with types in canonical text.
    pub imports: Vec<Item>,
    /// What a component exports at its root.
    pub exports: Vec<Item>,
    /// Functions of the root that can be called.
    pub functions: Vec<Lifted>,
    /// Core instances of the component's own modules.
    pub instances: usize,
    /// What the codes mean with which an adapter calls `trap`; empty when none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traps: Vec<String>,
}

/// One thing to do. Which fields count is decided by `op`.
#[derive(Serialize, Default)]
pub struct Step {
    /// `instantiate`, `memory`, `realloc`, `post`, `callback` or `destructor`.
    pub op: &'static str,
    pub index: u32,
    /// Of the instance that is made: others find it by this key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Where the prepared module lies in the answer's tail.
    #[serde(skip_serializing_if = "is_zero")]
    pub start: usize,
    #[serde(skip_serializing_if = "is_zero")]
    pub end: usize,
    /// Number of the core module in the file, for messages; absent for what the reader made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<u32>,
    /// What is to be remembered under `index`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<Place>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// An export of an instance.
#[derive(Serialize, Clone)]
pub struct Place {
    pub key: String,
    pub name: String,
}

impl From<Target> for Place {
    fn from(t: Target) -> Place {
        Place { key: t.key, name: t.name }
    }
}

/// A function that the host provides.
#[derive(Serialize, Default)]
pub struct HostFunction {
    /// `lower`, `transcode`, `resource-new`, ... or `stub` for a core module's import.
    pub op: String,
    pub name: String,
    pub params: Vec<String>,
    pub results: Vec<String>,
    /// For `lower` and `stub`: the interface or module it is imported from, and its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub module: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub function: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Options>,
    /// Bytes of the area that results are written to; its address is the last parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<u32>,
    /// Whether the parameters lie in memory, at the address in the first parameter.
    pub spilled: bool,
    /// For resources: the number among those that the component defines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<u32>,
    /// For `transcode`: the memories.
    pub from: u32,
    pub to: u32,
    /// For the transfer of a lent resource: tables of the component that defines it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<u32>,
}

#[derive(Serialize, Clone, Default)]
pub struct Options {
    pub encoding: &'static str,
    pub is_async: bool,
    pub memory: Option<u32>,
    pub realloc: Option<u32>,
    pub post: Option<u32>,
    pub callback: Option<u32>,
}

/// An import or export: for an instance with what is in it.
#[derive(Serialize, Default)]
pub struct Item {
    pub name: String,
    /// `func`, `instance`, `resource`, `type`, `core module` or `component`.
    pub kind: &'static str,
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub ty: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
}

/// A function of the root.
#[derive(Serialize)]
pub struct Lifted {
    pub name: String,
    pub place: Place,
    pub options: Options,
    #[serde(rename = "type")]
    pub ty: String,
}

/// The plan of a core module: what it imports is provided, then it starts.
pub fn core(request: &Request, module: &[u8], tail: &mut Vec<u8>) -> Result<Plan, String> {
    let mut plan = Plan { instances: 1, ..Default::default() };
    let mut types = Vec::new();
    let mut targets = Vec::new();
    let mut provided = Vec::new();
    let mut tables = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(|e| e.to_string())? {
            Payload::TypeSection(s) => {
                for group in s {
                    types.extend(group.map_err(|e| e.to_string())?.into_types().map(|t| t.composite_type.inner));
                }
            }
            Payload::ImportSection(s) => {
                for (i, import) in s.into_imports().enumerate() {
                    let import = import.map_err(|e| e.to_string())?;
                    let TypeRef::Func(index) = import.ty else {
                        provided.push((i, import.ty));
                        targets.push(Target::new(PROVIDERS, i.to_string()));
                        continue;
                    };
                    let wasmparser::CompositeInnerType::Func(ty) = &types[index as usize] else {
                        return Err("an imported function without a function's type".into());
                    };
                    let offered = request.offered.get(&format!("{}\0{}", import.module, import.name));
                    if offered == Some(&signature(ty)) {
                        targets.push(Target::new(import.module, import.name));
                        continue;
                    }
                    targets.push(Target::new(HOST, plan.host.len().to_string()));
                    plan.host.push(HostFunction {
                        op: "stub".into(),
                        name: plan.host.len().to_string(),
                        params: ty.params().iter().map(crate::text::value).collect(),
                        results: ty.results().iter().map(crate::text::value).collect(),
                        module: import.module.into(),
                        function: import.name.into(),
                        ..Default::default()
                    });
                }
            }
            Payload::TableSection(s) => tables += s.count() as u64,
            _ => {}
        }
    }
    if !provided.is_empty() {
        let (room, seats) = wants(module);
        let bytes = providers(&provided, room, seats)?;
        plan.steps.push(made(PROVIDERS.into(), None, &bytes, tail));
    }
    let growth = request.tables / 2 / tables.max(1);
    let bytes = prepare(module, &targets, growth)?;
    plan.steps.push(made("0".into(), Some(0), &bytes, tail));
    Ok(plan)
}

/// How far a module's own segments with constant offsets reach: bytes of memory, and
/// elements of a table.
fn wants(module: &[u8]) -> (u64, u64) {
    let constant = |expr: &wasmparser::ConstExpr| match expr.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => u64::from(value as u32),
        _ => 0,
    };
    let (mut room, mut seats) = (0, 0);
    for payload in Parser::new(0).parse_all(module).map_while(|p| p.ok()) {
        match payload {
            Payload::DataSection(s) => {
                for data in s.into_iter().map_while(|d| d.ok()) {
                    if let wasmparser::DataKind::Active { offset_expr, .. } = &data.kind {
                        room = room.max(constant(offset_expr) + data.data.len() as u64);
                    }
                }
            }
            Payload::ElementSection(s) => {
                for element in s.into_iter().map_while(|e| e.ok()) {
                    if let ElementKind::Active { offset_expr, .. } = &element.kind {
                        let length = match &element.items {
                            ElementItems::Functions(list) => list.count(),
                            ElementItems::Expressions(_, list) => list.count(),
                        };
                        seats = seats.max(constant(offset_expr) + u64::from(length));
                    }
                }
            }
            _ => {}
        }
    }
    (room, seats)
}

/// The step that instantiates bytes, which go to the tail.
fn made(key: String, module: Option<u32>, bytes: &[u8], tail: &mut Vec<u8>) -> Step {
    let start = tail.len();
    tail.extend_from_slice(bytes);
    Step { op: "instantiate", key, start, end: tail.len(), module, ..Default::default() }
}

/// The plan of a component. Without `run` the core modules are left out, and only what
/// is imported and exported is told.
pub fn component(
    request: &Request,
    bytes: &[u8],
    features: WasmFeatures,
    run: bool,
    tail: &mut Vec<u8>,
) -> Result<Plan, String> {
    let tunables = wasmtime_environ::Tunables::default_u32();
    let mut validator = wasmparser::Validator::new_with_features(features);
    let mut builder = ComponentTypesBuilder::new(&validator);
    let scope = wasmtime_environ::ScopeVec::new();
    let translator = Translator::new(&tunables, &mut validator, &mut builder, &scope);
    let (translation, modules) = translator.translate(bytes).map_err(|e| format!("{e:#}"))?;
    let tables = builder.num_resource_tables();
    let (types, _) = builder.finish(&translation.component);
    let resources = resource_names(&translation.component);
    let mut planner = Planner {
        component: &translation.component,
        trampolines: &translation.trampolines,
        modules: &modules,
        text: Types { types: &types, resources },
        tables,
        instances: Vec::new(),
        helpers: HashSet::new(),
        plan: Plan::default(),
        growth: request.tables,
    };
    planner.world();
    if run {
        planner.host();
        planner.steps(tail)?;
        planner.functions()?;
    }
    Ok(planner.plan)
}

/// The path of each resource: imported ones by where they come from.
fn resource_names(component: &Component) -> Vec<String> {
    let mut names = Vec::new();
    for (_, import) in component.imported_resources.iter() {
        let (index, path) = &component.imports[*import];
        let (name, _) = &component.import_types[*index];
        let interface = name.split('@').next().unwrap_or(name);
        names.push([&[interface.to_string()], path.as_slice()].concat().join("/"));
    }
    for (index, _) in component.defined_resource_instances.iter() {
        names.push(format!("local/{}", index.as_u32()));
    }
    names
}

struct Planner<'a, 'data> {
    component: &'a Component,
    trampolines: &'a PrimaryMap<TrampolineIndex, Trampoline>,
    modules: &'a PrimaryMap<StaticModuleIndex, wasmtime_environ::ModuleTranslation<'data>>,
    text: Types<'a>,
    tables: usize, // resource tables of all components
    instances: Vec<StaticModuleIndex>, // the module of each core instance
    helpers: HashSet<String>,          // memories that have one
    plan: Plan,
    growth: u64, // elements that tables may still be promised
}

impl Planner<'_, '_> {
    fn world(&mut self) {
        for (_, (name, import)) in self.component.import_types.iter() {
            let item = self.item(name, &import.ty, 0);
            self.plan.imports.push(item);
        }
        for (name, (index, _)) in self.component.exports.raw_iter() {
            let mut item = Item { name: name.to_string(), ..Default::default() };
            match &self.component.export_items[*index] {
                Export::LiftedFunction { ty, .. } => {
                    item.kind = "func";
                    item.ty = self.text.function(*ty);
                }
                Export::ModuleStatic { .. } | Export::ModuleImport { .. } => item.kind = "core module",
                Export::Instance { ty, .. } => item = self.item(name, &TypeDef::ComponentInstance(*ty), 0),
                Export::Type(ty) => item = self.item(name, ty, 0),
            }
            self.plan.exports.push(item);
        }
    }

    /// Describes one import, at most as deep as components nest.
    fn item(&self, name: &str, ty: &TypeDef, depth: usize) -> Item {
        let mut item = Item { name: name.to_string(), ..Default::default() };
        match ty {
            TypeDef::ComponentFunc(index) => {
                item.kind = "func";
                item.ty = self.text.function(*index);
            }
            TypeDef::ComponentInstance(index) => {
                item.kind = "instance";
                if depth < 100 {
                    let exports = self.text.types[*index].exports.iter();
                    item.items = exports.map(|(name, e)| self.item(name, &e.ty, depth + 1)).collect();
                }
            }
            TypeDef::Resource(_) => item.kind = "resource",
            TypeDef::Interface(ty) => {
                item.kind = "type";
                self.text.value(&mut item.ty, ty);
            }
            TypeDef::Module(_) => item.kind = "core module",
            TypeDef::Component(_) => item.kind = "component",
            TypeDef::CoreFunc(_) => item.kind = "core func",
        }
        item
    }

    /// The functions that the host provides, one for each trampoline.
    fn host(&mut self) {
        let mut lowered = HashMap::new();
        for initializer in &self.component.initializers {
            if let GlobalInitializer::LowerImport { index, import } = initializer {
                lowered.insert(*index, *import);
            }
        }
        for (index, trampoline) in self.trampolines.iter() {
            let ty = &self.component.trampolines[index];
            let module_types = self.text.types.module_types();
            let (params, results) = planned_signature(module_types[*ty].unwrap_func());
            let mut function = HostFunction {
                op: trampoline.symbol_name(),
                name: index.as_u32().to_string(),
                params,
                results,
                ..Default::default()
            };
            self.detail(&mut function, trampoline, &lowered);
            if matches!(trampoline, Trampoline::Trap) {
                let name = |code| wasmtime_environ::Trap::from_u8(code).map(|t| t.to_string());
                self.plan.traps = (0..=u8::MAX).map_while(name).collect();
            }
            self.plan.host.push(function);
        }
    }

    fn detail(
        &self,
        function: &mut HostFunction,
        trampoline: &Trampoline,
        lowered: &HashMap<LoweredIndex, RuntimeImportIndex>,
    ) {
        match trampoline {
            Trampoline::LowerImport { index, lower_ty, options } => {
                let (import, path) = &self.component.imports[lowered[index]];
                let (name, _) = &self.component.import_types[*import];
                function.op = "lower".into();
                (function.module, function.function) = match path.split_last() {
                    Some((last, rest)) => ([&[name.clone()], rest].concat().join("/"), last.clone()),
                    None => (String::new(), name.clone()),
                };
                let options = self.options(*options);
                self.areas(function, *lower_ty, options.is_async);
                function.options = Some(options);
            }
            Trampoline::Transcoder { op, from, to, .. } => {
                function.op = "transcode".into();
                function.function = op.desc().into();
                (function.from, function.to) = (from.as_u32(), to.as_u32());
            }
            Trampoline::ResourceNew { ty, .. } => self.resource(function, "resource-new", *ty),
            Trampoline::ResourceRep { ty, .. } => self.resource(function, "resource-rep", *ty),
            Trampoline::ResourceDrop { ty, .. } => self.resource(function, "resource-drop", *ty),
            Trampoline::ResourceTransferBorrow => {
                function.own = (0..self.tables as u32).filter(|t| self.defines(*t)).collect();
            }
            Trampoline::TaskReturn { options, .. } => function.options = Some(self.options(*options)),
            Trampoline::ErrorContextDebugMessage { options, .. } => {
                function.options = Some(self.options(*options));
            }
            _ => {}
        }
    }

    /// Whether a table belongs to the component that defines its resource.
    fn defines(&self, table: u32) -> bool {
        match self.text.types[TypeResourceTableIndex::from_u32(table)] {
            TypeResourceTable::Concrete { ty, instance } => {
                let defined = self.component.defined_resource_index(ty);
                defined.is_some_and(|d| self.component.defined_resource_instances[d] == instance)
            }
            TypeResourceTable::Abstract(_) => false,
        }
    }

    /// A resource by its number among those that the component defines.
    fn resource(&self, function: &mut HostFunction, op: &str, ty: TypeResourceTableIndex) {
        function.op = op.into();
        if let TypeResourceTable::Concrete { ty, .. } = &self.text.types[ty] {
            function.resource = self.component.defined_resource_index(*ty).map(|d| d.as_u32());
        }
    }

    /// How parameters and results of a lowered function are passed: the canonical ABI's limits.
    fn areas(&self, function: &mut HostFunction, ty: TypeFuncIndex, is_async: bool) {
        let ty = &self.text.types[ty];
        let params = &self.text.types[ty.params].abi;
        let results = &self.text.types[ty.results].abi;
        let most = if is_async { 4 } else { 16 };
        function.spilled = params.flat_count.is_none_or(|n| usize::from(n) > most);
        let flat = results.flat_count.map_or(usize::MAX, usize::from);
        if flat > 1 || (is_async && flat > 0) {
            function.area = Some(results.size32);
        }
    }

    fn options(&self, index: OptionsIndex) -> Options {
        let options = &self.component.options[index];
        let (memory, realloc) = match options.data_model {
            CanonicalOptionsDataModel::Gc {} => (None, None),
            CanonicalOptionsDataModel::LinearMemory(m) => (m.memory, m.realloc),
        };
        Options {
            encoding: match options.string_encoding {
                StringEncoding::Utf8 => "utf8",
                StringEncoding::Utf16 => "utf16",
                StringEncoding::CompactUtf16 => "latin1+utf16",
            },
            is_async: options.async_,
            memory: memory.map(|i| i.as_u32()),
            realloc: realloc.map(|i| i.as_u32()),
            post: options.post_return.map(|i| i.as_u32()),
            callback: options.callback.map(|i| i.as_u32()),
        }
    }

    fn steps(&mut self, tail: &mut Vec<u8>) -> Result<(), String> {
        let globals = self.globals();
        self.plan.steps.push(made(GLOBALS.into(), None, &globals, tail));
        for initializer in &self.component.initializers {
            let (op, index, item) = match initializer {
                GlobalInitializer::InstantiateModule(InstantiateModule::Static(module, args), _) => {
                    self.instantiate(*module, args, tail)?;
                    continue;
                }
                GlobalInitializer::InstantiateModule(InstantiateModule::Import(..), _) => {
                    return Err("it instantiates a core module that it imports, which no host provides".into());
                }
                GlobalInitializer::LowerImport { .. } | GlobalInitializer::ExtractTable(_) => continue,
                GlobalInitializer::ExtractMemory(m) => {
                    let def = CoreDef::from(m.export.clone());
                    ("memory", m.index.as_u32(), self.target(&def)?)
                }
                GlobalInitializer::ExtractRealloc(r) => ("realloc", r.index.as_u32(), self.target(&r.def)?),
                GlobalInitializer::ExtractCallback(c) => ("callback", c.index.as_u32(), self.target(&c.def)?),
                GlobalInitializer::ExtractPostReturn(p) => ("post", p.index.as_u32(), self.target(&p.def)?),
                GlobalInitializer::Resource(r) => match &r.dtor {
                    Some(def) => ("destructor", r.index.as_u32(), self.target(def)?),
                    None => continue,
                },
            };
            self.plan.steps.push(Step { op, index, item: Some(item.into()), ..Default::default() });
        }
        Ok(())
    }

    /// The module of the globals that adapters look at: whether an instance may be left,
    /// and whether the task may block.
    fn globals(&self) -> Vec<u8> {
        use wasm_encoder::*;
        let mut globals = GlobalSection::new();
        let mut exports = ExportSection::new();
        let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        for i in 0..=self.component.num_runtime_component_instances {
            let last = i == self.component.num_runtime_component_instances;
            let name = if last { "may-block".to_string() } else { i.to_string() };
            exports.export(&name, ExportKind::Global, i);
            globals.global(ty, &ConstExpr::i32_const(1));
        }
        let mut module = Module::new();
        module.section(&globals).section(&exports);
        module.finish()
    }

    fn instantiate(&mut self, index: StaticModuleIndex, args: &[CoreDef], tail: &mut Vec<u8>) -> Result<(), String> {
        let translation = &self.modules[index];
        let mut targets = args.iter().map(|a| self.target(a)).collect::<Result<Vec<_>, _>>()?;
        let mut module = std::borrow::Cow::Borrowed(translation.wasm);
        let own = translation.wasm_module_offset > 0;
        if !own && let Some(single) = memory::single(translation.wasm, &targets)? {
            for (key, memory) in single.helpers {
                if self.helpers.insert(key.clone()) {
                    let bytes = memory::helper(&memory);
                    self.plan.steps.push(made(key, None, &bytes, tail));
                }
            }
            module = std::borrow::Cow::Owned(single.module);
            targets = single.targets;
        }
        let tables = translation.module.num_defined_tables() as u64;
        let growth = if tables == 0 { 0 } else { self.growth / 2 / tables };
        self.growth -= growth * tables;
        let bytes = prepare(&module, &targets, growth)?;
        let key = self.instances.len().to_string();
        let number = own.then_some(index.as_u32());
        self.plan.steps.push(made(key, number, &bytes, tail));
        self.plan.instances += usize::from(own);
        self.instances.push(index);
        Ok(())
    }

    /// Where a definition is found.
    fn target(&self, def: &CoreDef) -> Result<Target, String> {
        Ok(match def {
            CoreDef::Export(export) => {
                let instance = export.instance.as_u32();
                Target::new(instance.to_string(), self.export_name(export)?)
            }
            CoreDef::Trampoline(index) => Target::new(HOST, index.as_u32().to_string()),
            CoreDef::InstanceFlags(index) => Target::new(GLOBALS, index.as_u32().to_string()),
            CoreDef::TaskMayBlock => Target::new(GLOBALS, "may-block"),
            CoreDef::UnsafeIntrinsic(intrinsic) => Target::new("intrinsic", intrinsic.name()),
        })
    }

    fn export_name(&self, export: &CoreExport<EntityIndex>) -> Result<String, String> {
        let index = match &export.item {
            ExportItem::Name(name) => return Ok(name.clone()),
            ExportItem::Index(index) => *index,
        };
        let module = &self.modules[self.instances[export.instance.as_u32() as usize]].module;
        let found = module.exports.iter().find(|(_, other)| **other == index);
        let (name, _) = found.ok_or("an item that its instance does not export")?;
        Ok(module.strings[*name].to_string())
    }

    fn functions(&mut self) -> Result<(), String> {
        for (name, (index, _)) in self.component.exports.raw_iter() {
            let Export::LiftedFunction { ty, func, options } = &self.component.export_items[*index] else {
                continue;
            };
            let place = self.target(func)?;
            self.plan.functions.push(Lifted {
                name: name.to_string(),
                place: place.into(),
                options: self.options(*options),
                ty: self.text.function(*ty),
            });
        }
        Ok(())
    }
}

