//! Functions: which there are, how a call finds the one that it means, and what they may use.
//!
//! SQL knows its own few (`builtin.rs`); rooms above it add theirs when a server starts, such as `heap_page_items` and
//! the views of statistics. There are three kinds, and besides them the aggregates of `types::aggregate`:
//!
//! ```text
//!   scalar     a plain fn over values                      upper(text)          most of them rows of `table`
//!   waiting    a scalar that may read or wait: a future    get_raw_page(text, int4)
//!   rows       a future that gives rows, for FROM          heap_page_items(bytea)
//! ```

mod array;
mod builtin;
mod catalog;
mod datetime;
mod definition;
mod encode;
mod format;
mod json;
mod math;
mod regexp;
mod resolve;
mod sequence;
mod string;
mod system;
mod table;
mod to_char;
mod waiting;

use super::bound::Row;
use crate::access::Env;
use crate::catalog::Catalog;
use crate::ids::Result;
use crate::small;
use crate::types::{Datum, TypeId};
pub use catalog::{load_relations, made_catalog};
pub use definition::view_text;
pub use resolve::{Found, resolve};
pub use sequence::SessionSequences;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

/// What functions know of the session besides its transaction.
pub trait SessionEnv {
    /// The database's name.
    fn database(&self) -> Rc<str>;
    /// The user's name.
    fn user(&self) -> Rc<str>;
    /// The rows of `pg_prepared_statements`.
    fn prepared_statements(&self) -> Vec<Row>;
    /// The rows of `pg_cursors`.
    fn cursors(&self) -> Vec<Row>;
}

/// What a function may use.
#[derive(Clone)]
pub struct FnCtx {
    /// The process and its transaction.
    pub env: Env,
    /// The session.
    pub session: Rc<dyn SessionEnv>,
    /// What it remembers of the catalogs.
    pub catalog: Rc<Catalog>,
    /// The functions that there are.
    pub registry: Rc<Registry>,
    /// What it remembers of sequences.
    pub sequences: Rc<SessionSequences>,
}

/// A function that is computed at once.
pub type ScalarFn = fn(&FnCtx, &[Datum]) -> Result<Datum>;
/// What a function that waits returns.
pub type FnFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;
/// A function that waits for its value.
pub type WaitingFn = Rc<dyn for<'a> Fn(&'a FnCtx, &'a [Datum]) -> FnFuture<'a, Datum>>;
/// Rows that are made one after the other.
pub type RowIter = Box<dyn Iterator<Item = Result<Row>>>;
/// A function that gives its rows one after the other, without waiting.
pub type SeriesFn = fn(&[Datum]) -> Result<RowIter>;
/// A function that waits for its rows.
pub type RowsFn = Rc<dyn for<'a> Fn(&'a FnCtx, &'a [Datum]) -> FnFuture<'a, Vec<Row>>>;

/// The type of an argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgType {
    /// This one.
    Is(TypeId),
    /// Any, as in `pg_typeof("any")`; the last may stand for many.
    Any,
}

/// What a function does.
#[derive(Clone)]
pub enum Body {
    /// A plain function.
    Scalar(ScalarFn),
    /// `pg_typeof`, which is known when the call is bound.
    TypeOf,
    /// One that waits.
    Waiting(WaitingFn),
    /// One that gives rows.
    Rows(RowsFn),
    /// One that gives rows without waiting, as many as are wanted.
    Series(SeriesFn),
}

/// A function.
#[derive(Clone)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its arguments: names, empty where they have none, and types.
    pub args: Vec<(&'static str, ArgType)>,
    /// Whether the last argument may come any number of times.
    pub variadic: bool,
    /// What the last arguments are where a call leaves them out.
    pub defaults: Vec<Datum>,
    /// Whether a NULL argument makes the result NULL, or gives no rows, without a call.
    pub strict: bool,
    /// The columns of its rows, or one for a value.
    pub columns: Vec<(&'static str, TypeId)>,
    /// What it does.
    pub body: Body,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.args.len())
    }
}

impl Function {
    /// A strict function of a fixed number of arguments.
    pub fn new(name: &'static str, args: &[TypeId], result: TypeId, body: Body) -> Function {
        Function {
            name,
            args: args.iter().map(|ty| ("", ArgType::Is(*ty))).collect(),
            variadic: false,
            defaults: Vec::new(),
            strict: true,
            columns: vec![(name, result)],
            body,
        }
    }

    /// The same, called also with NULLs.
    pub fn not_strict(self) -> Function {
        Function { strict: false, ..self }
    }

    /// The same, with these names for its arguments.
    pub fn named(mut self, names: &[&'static str]) -> Function {
        for (arg, name) in self.args.iter_mut().zip(names) {
            arg.0 = name;
        }
        self
    }

    /// The type of its value.
    pub fn result(&self) -> TypeId {
        match self.columns.as_slice() {
            [(_, ty)] => *ty,
            _ => TypeId::Record,
        }
    }

    /// Whether it gives rows.
    pub fn returns_rows(&self) -> bool {
        matches!(self.body, Body::Rows(_) | Body::Series(_))
    }
}

/// All functions of a server, and the views that are functions without arguments.
pub struct Registry {
    functions: small::Map<&'static str, Vec<Rc<Function>>>,
    views: small::Map<&'static str, Rc<Function>>,
    /// Views that are queries, by schema and name.
    queries: small::Map<(&'static str, &'static str), &'static str>,
}

impl Default for Registry {
    fn default() -> Registry {
        Registry::new()
    }
}

impl Registry {
    /// SQL's own functions.
    pub fn new() -> Registry {
        let mut registry =
            Registry { functions: small::Map::new(), views: small::Map::new(), queries: small::Map::new() };
        builtin::add(&mut registry);
        waiting::add(&mut registry);
        sequence::add(&mut registry);
        catalog::add(&mut registry);
        definition::add(&mut registry);
        registry
    }

    /// Adds a function.
    pub fn add(&mut self, function: Function) {
        self.functions.or_default(function.name).push(Rc::new(function));
    }

    /// Adds a function that is computed at once.
    pub fn scalar(&mut self, name: &'static str, args: &[TypeId], result: TypeId, f: ScalarFn) {
        self.add(Function::new(name, args, result, Body::Scalar(f)));
    }

    /// Adds a function that waits for its value.
    pub fn waiting<F>(&mut self, name: &'static str, args: &[TypeId], result: TypeId, f: F)
    where
        F: for<'a> Fn(&'a FnCtx, &'a [Datum]) -> FnFuture<'a, Datum> + 'static,
    {
        self.add(Function::new(name, args, result, Body::Waiting(Rc::new(f))));
    }

    /// Adds a function that gives rows.
    pub fn rows<F>(&mut self, name: &'static str, args: &[TypeId], columns: &[(&'static str, TypeId)], f: F)
    where
        F: for<'a> Fn(&'a FnCtx, &'a [Datum]) -> FnFuture<'a, Vec<Row>> + 'static,
    {
        let function = Function::new(name, args, TypeId::Record, Body::Rows(Rc::new(f)));
        self.add(Function { columns: columns.to_vec(), ..function });
    }

    /// Adds a view of `pg_catalog`: a name that stands for rows.
    pub fn view<F>(&mut self, name: &'static str, columns: &[(&'static str, TypeId)], f: F)
    where
        F: for<'a> Fn(&'a FnCtx, &'a [Datum]) -> FnFuture<'a, Vec<Row>> + 'static,
    {
        let function = Function::new(name, &[], TypeId::Record, Body::Rows(Rc::new(f)));
        self.views.insert(name, Rc::new(Function { columns: columns.to_vec(), ..function }));
    }

    /// The view of this name, which may be qualified by its schema.
    pub fn find_view(&self, schema: Option<&str>, name: &str) -> Option<Rc<Function>> {
        if schema.is_some_and(|schema| schema != "pg_catalog") {
            return None;
        }
        self.views.get(name).cloned()
    }

    /// Adds a view of a schema of the system that is a query.
    pub fn query(&mut self, schema: &'static str, name: &'static str, query: &'static str) {
        self.queries.insert((schema, name), query);
    }

    /// The query of a view of a schema of the system.
    pub fn find_query(&self, schema: Option<&str>, name: &str) -> Option<&'static str> {
        let found = self.queries.iter().find(|((own, view), _)| Some(*own) == schema && *view == name);
        found.map(|(_, query)| *query)
    }

    /// All views, by name.
    pub fn views(&self) -> impl Iterator<Item = &Function> {
        self.views.values().map(|view| &**view)
    }

    /// The names of all functions.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let mut names: Vec<&'static str> = self.functions.keys().copied().chain(table::names()).collect();
        small::sort_by(&mut names, |a, b| a.cmp(b));
        names.dedup();
        names.into_iter()
    }

    /// The functions of this name.
    pub fn named(&self, name: &str) -> Vec<Rc<Function>> {
        let mut found = self.functions.get(name).map_or_else(Vec::new, |functions| functions.clone());
        found.extend(table::named(name).map(Rc::new));
        found
    }
}
