//! `vitrine-split`: cuts the engine's module in two, so that a page fetches what its first answer needs, and the rest
//! while its reader reads.
//!
//! What the first answer needs is not guessed but seen: `mark` makes a module that reports each place it comes to
//! (`places.rs`), the build lets it live through the opening (`web/tool/opening.mjs`), and `cut` takes the list of those
//! that ran. Functions that ran in part are divided before (`outline.rs`). The store alone goes whole into the first half:
//! it needs a browser.
//!
//! ```text
//!                    ┌── first.wasm ──────────────┐          ┌── rest.wasm ───────────────┐
//!   JavaScript ────► │ functions that ran         │ exports  │ functions that did not run │
//!                    │ memory, tables, globals    ├─────────►│                            │
//!                    │ a stub for each function   │          │                            │
//!                    │ of the rest that is called │◄─────────┤ fills the table `later`    │
//!                    └────────────────────────────┘          └────────────────────────────┘
//! ```
//!
//! A stub calls its function through the table `later`. Before the first such call it asks JavaScript for the rest, by
//! the import `vitrine.load`, which has to instantiate it before it returns. So nothing has to know where the cut is:
//! whatever is called is there, at worst after a wait. Binaryen's `wasm-split` works in the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::{env, fs, process::ExitCode};

use walrus::ir::UnaryOp;
use walrus::{
    ConstExpr, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind, GlobalKind,
    ImportKind, ImportedFunction, Module, ModuleConfig, RefType, Result, ValType,
};

mod liveness;
mod outline;
mod places;

use outline::outline;
use places::places;

/// The module name that both halves import from.
const VITRINE: &str = "vitrine";

/// Parts of the names of functions that are in the first half without having been seen.
const ALWAYS: [&str; 2] = ["vitrine_wasm::store", "wasm_bindgen_futures"];

/// Function names are kept for a profiler if this is in the environment.
const KEEP_NAMES: &str = "KEEP_NAMES";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["mark", input, output] => mark(input, output),
        ["cut", input, seen, first, rest] => cut(input, seen, first, rest),
        _ => {
            eprintln!(
                "usage: vitrine-split mark IN.wasm OUT.wasm\n       vitrine-split cut IN.wasm SEEN FIRST.wasm REST.wasm"
            );
            return ExitCode::FAILURE;
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("vitrine-split: {e:#}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &str) -> Result<Module> {
    let mut config = ModuleConfig::new();
    config.generate_producers_section(false).generate_name_section(env::var_os(KEEP_NAMES).is_some());
    config.parse(&fs::read(path)?)
}

/// The module's own functions. A function's number is its place in this list, in either command.
fn local_functions(module: &Module) -> Vec<FunctionId> {
    module.funcs.iter_local().map(|(id, _)| id).collect()
}

/// Puts a call of `vitrine.seen(its number)` at every place of every function.
fn mark(input: &str, output: &str) -> Result<()> {
    let mut module = read(input)?;
    let functions = local_functions(&module);
    let ty = module.types.add(&[ValType::I32], &[]);
    let (seen, _) = module.add_import_func(VITRINE, "seen", ty);
    let mut number = 0;
    for id in functions {
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let places = places(function);
        // From the last to the first: what stands before a place keeps its position.
        for (nth, place) in places.iter().enumerate().rev() {
            let value = walrus::ir::Value::I32(i32::try_from(number + nth)?);
            let mut body = function.builder_mut().instr_seq(place.sequence);
            body.instr_at(place.at, walrus::ir::Const { value });
            body.instr_at(place.at + 1, walrus::ir::Call { func: seen });
        }
        number += places.len();
    }
    module.emit_wasm_file(output)
}

/// Cuts the module. `seen` is a file with the numbers of the places that ran, one a line.
fn cut(input: &str, seen: &str, first: &str, rest: &str) -> Result<()> {
    let seen = fs::read_to_string(seen)?.lines().map(str::parse).collect::<Result<_, _>>()?;
    let whole = Whole { input, seen };
    let later = called_later(&whole)?;
    let wanted = make_rest(&whole, &later, rest)?;
    make_first(&whole, &later, &wanted, first)
}

/// The module that is cut, and which of its places ran.
struct Whole<'a> {
    input: &'a str,
    seen: BTreeSet<usize>,
}

impl Whole<'_> {
    /// The module with its cold pieces in functions of their own; its functions, and the numbers of those that ran.
    fn read(&self) -> Result<(Module, Vec<FunctionId>, BTreeSet<usize>)> {
        let mut module = read(self.input)?;
        let mut ran = BTreeSet::new();
        let mut number = 0;
        for (nth, id) in local_functions(&module).into_iter().enumerate() {
            let function = module.funcs.get(id);
            let always = ALWAYS.iter().any(|part| function.name.as_deref().unwrap_or_default().contains(part));
            let places = places(function.kind.unwrap_local()).len();
            let seen: Vec<bool> = (number..number + places).map(|place| self.seen.contains(&place)).collect();
            number += places;
            if seen[0] {
                outline(&mut module, id, &seen);
            }
            if seen[0] || always {
                ran.insert(nth);
            }
        }
        let functions = local_functions(&module);
        Ok((module, functions, ran))
    }
}

/// The functions of the rest for which the first half needs a stub: those that it calls, puts into a table or exports.
fn called_later(whole: &Whole) -> Result<Vec<usize>> {
    let (mut module, functions, ran) = whole.read()?;
    for (number, &id) in functions.iter().enumerate().filter(|(number, _)| !ran.contains(number)) {
        let (params, results) = signature(&module, id);
        let mut stub = FunctionBuilder::new(&mut module.types, &params, &results);
        stub.func_body().i32_const(i32::try_from(number)?).drop().unreachable();
        let args = params.iter().map(|&ty| module.locals.add(ty)).collect();
        module.funcs.get_mut(id).kind = FunctionKind::Local(stub.local_func(args));
    }
    walrus::passes::gc::run(&mut module);
    let left: BTreeSet<FunctionId> = module.funcs.iter().map(|function| function.id()).collect();
    Ok((0..functions.len()).filter(|number| !ran.contains(number) && left.contains(&functions[*number])).collect())
}

fn signature(module: &Module, id: FunctionId) -> (Vec<ValType>, Vec<ValType>) {
    let ty = module.types.get(module.funcs.get(id).ty());
    (ty.params().to_vec(), ty.results().to_vec())
}

/// Writes the rest. Returns what it wants of the first half: names and things.
fn make_rest(whole: &Whole, later: &[usize], output: &str) -> Result<Wanted> {
    let (mut module, functions, ran) = whole.read()?;
    let exports: Vec<_> = module.exports.iter().map(|export| export.id()).collect();
    exports.into_iter().for_each(|id| module.exports.delete(id));
    let elements: Vec<_> = module.elements.iter().map(|element| element.id()).collect();
    elements.into_iter().for_each(|id| module.elements.delete(id));
    let data: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    data.into_iter().for_each(|id| module.data.delete(id));
    module.start = None;
    import_everything(&mut module, &functions, &ran);

    let slots = later.len() as u64;
    let (table, _) = module.add_import_table(VITRINE, "later", false, slots, Some(slots), RefType::FUNCREF);
    let items = ElementItems::Functions(later.iter().map(|&number| functions[number]).collect());
    let offset = ConstExpr::Value(walrus::ir::Value::I32(0));
    let element = module.elements.add(ElementKind::Active { table, offset }, items);
    module.tables.get_mut(table).elem_segments.insert(element);

    walrus::passes::gc::run(&mut module);
    module.emit_wasm_file(output)?;
    Ok(module.imports.iter().map(|import| import.name.clone()).collect())
}

/// The names under which the rest imports.
type Wanted = BTreeSet<String>;

/// Makes all that the first half owns an import: memory, tables, globals, the functions that ran, and JavaScript's.
fn import_everything(module: &mut Module, functions: &[FunctionId], ran: &BTreeSet<usize>) {
    let names = names(module, functions);
    let foreign: Vec<_> = module.imports.iter().map(|import| import.id()).collect();
    foreign.into_iter().for_each(|id| module.imports.delete(id));
    let firsts: BTreeSet<FunctionId> =
        functions.iter().enumerate().filter(|(number, _)| ran.contains(number)).map(|(_, &id)| id).collect();
    for (name, item) in names {
        match item {
            ExportItem::Function(id) => {
                let function = module.funcs.get(id);
                if matches!(function.kind, FunctionKind::Local(_)) && !firsts.contains(&id) {
                    continue;
                }
                let ty = function.ty();
                let import = module.imports.add(VITRINE, &name, ImportKind::Function(id));
                module.funcs.get_mut(id).kind = FunctionKind::Import(ImportedFunction { import, ty });
            }
            ExportItem::Memory(id) => {
                let import = module.imports.add(VITRINE, &name, ImportKind::Memory(id));
                let memory = module.memories.get_mut(id);
                memory.import = Some(import);
                memory.data_segments.clear();
            }
            ExportItem::Table(id) => {
                let import = module.imports.add(VITRINE, &name, ImportKind::Table(id));
                let table = module.tables.get_mut(id);
                table.import = Some(import);
                table.elem_segments.clear();
            }
            ExportItem::Global(id) => {
                let import = module.imports.add(VITRINE, &name, ImportKind::Global(id));
                module.globals.get_mut(id).kind = GlobalKind::Import(import);
            }
            ExportItem::Tag(_) => {}
        }
    }
}

/// A short name for each thing that one half may have and the other want. The same in both, since both begin with the
/// same module.
fn names(module: &Module, functions: &[FunctionId]) -> Vec<(String, ExportItem)> {
    let foreign = module.imports.iter().filter_map(|import| match import.kind {
        ImportKind::Function(id) => Some(id),
        _ => None,
    });
    let functions = foreign.chain(functions.iter().copied()).map(ExportItem::Function);
    let memories = module.memories.iter().map(|memory| ExportItem::Memory(memory.id()));
    let tables = module.tables.iter().map(|table| ExportItem::Table(table.id()));
    let globals = module.globals.iter().map(|global| ExportItem::Global(global.id()));
    let all = functions.chain(memories).chain(tables).chain(globals);
    all.enumerate().map(|(number, item)| (format!("_{}", base36(number)), item)).collect()
}

fn base36(mut number: usize) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// Writes the first half: stubs in place of the rest, and the exports that the rest wants.
fn make_first(whole: &Whole, later: &[usize], wanted: &Wanted, output: &str) -> Result<()> {
    let (mut module, functions, ran) = whole.read()?;
    for (name, item) in names(&module, &functions) {
        if wanted.contains(&name) {
            module.exports.add(&name, item);
        }
    }
    let slots = later.len() as u64;
    let table = module.tables.add_local(false, slots, Some(slots), RefType::FUNCREF);
    module.exports.add("later", table);
    let nothing = module.types.add(&[], &[]);
    let (load, _) = module.add_import_func(VITRINE, "load", nothing);
    let zero = ConstExpr::Value(walrus::ir::Value::I32(0));
    let there = module.globals.add_local(ValType::I32, true, false, zero);

    let slot_of: BTreeMap<usize, usize> = later.iter().enumerate().map(|(slot, &number)| (number, slot)).collect();
    for (number, &id) in functions.iter().enumerate().filter(|(number, _)| !ran.contains(number)) {
        let Some(&slot) = slot_of.get(&number) else { continue };
        let (params, results) = signature(&module, id);
        let ty = module.types.add(&params, &results);
        let args: Vec<_> = params.iter().map(|&ty| module.locals.add(ty)).collect();
        let mut stub = FunctionBuilder::new(&mut module.types, &params, &results);
        let mut body = stub.func_body();
        body.global_get(there).unop(UnaryOp::I32Eqz).if_else(
            None,
            |then| {
                then.call(load).i32_const(1).global_set(there);
            },
            |_| {},
        );
        for &arg in &args {
            body.local_get(arg);
        }
        body.i32_const(i32::try_from(slot)?).call_indirect(ty, table);
        module.funcs.get_mut(id).kind = FunctionKind::Local(stub.local_func(args));
    }
    walrus::passes::gc::run(&mut module);
    module.emit_wasm_file(output)
}
