//! Binding: what the names and operators of a statement mean.
//!
//! ```text
//!   SELECT owner, balance * 2 FROM accounts WHERE id = '1'
//!            │        │             │             │  └─ a literal of no type yet: int4, as its neighbour
//!            │        │             │             └─ the slot of accounts.id
//!            │        │             └─ the catalog's table
//!            │        └─ numeric * numeric, the 2 cast from int4
//!            └─ slot 1 of the row
//! ```
//!
//! Types are decided from the leaves up. A literal in quotes has the type `unknown` until an operator, a function or
//! a column asks for one; a parameter whose type nobody has said takes the first that is asked of it. The rules of
//! choice are PostgreSQL's (manual, chapter 10), and so are the errors.
//!
//! Binding is a plain function: the tables that a statement names ([`super::ast::Statement::relations`]) are looked
//! up before, since that may have to read pages.

mod arguments;
mod call;
mod coerce;
mod conflict;
mod copy;
mod expr;
mod from;
mod group;
mod join;
mod keys;
mod level;
mod locking;
mod modify;
mod names;
mod notes;
mod scope;
mod select;
mod sequence;
mod set_operation;
mod stored;
mod subquery;
#[cfg(test)]
mod tests;
mod view;
mod window;
mod with;

use super::ast::{self, Pos};
use super::bound::{Bound, CatalogView, Cte, NewColumn, Query, Scalar, Statement};
use super::deparse::Literals;
use super::functions::Registry;
use crate::ids::{Error, Result, sqlstate};
use crate::types::TypeId;
pub use arguments::arguments;
use coerce::Typed;
pub use copy::copy_into;
pub use keys::{key_places, new_keys};
use level::Level;
use notes::Notes;
pub use sequence::sequence_row;
pub use stored::{new_check, new_default};
pub use view::{NewView, new_view, view_query};
use with::CteName;

/// Which parameters a statement may have.
#[derive(Clone, Copy, Debug)]
pub enum Params<'a> {
    /// None: it came as a simple query.
    None,
    /// As many as it names, of these types as far as they are said.
    Some(&'a [Option<TypeId>]),
}

struct Binder<'a> {
    catalog: &'a dyn CatalogView,
    registry: &'a Registry,
    /// The types of the parameters so far; `None` where there may be none.
    params: Option<Vec<Option<TypeId>>>,
    /// The subqueries within expressions so far.
    subqueries: Vec<Query>,
    /// How many exec parameters there are so far.
    execs: usize,
    /// The levels around the one that is being bound.
    outer: Vec<Level>,
    /// The queries that are being bound within others: how many levels are around each, and whether it has used none
    /// of them so far.
    frames: Vec<(usize, bool)>,
    /// How many items of FROM there are in the queries that are being bound.
    from_items: usize,
    /// The queries of WITH so far, and what is known of each that is in sight: its name and number, from the inside out.
    ctes: Vec<Cte>,
    with: Vec<CteName>,
    /// What was made of literals: for writing an expression down.
    literals: Literals,
    /// What is found out about a query that is to be kept.
    notes: Option<Box<Notes>>,
}

impl<'a> Binder<'a> {
    fn new(catalog: &'a dyn CatalogView, registry: &'a Registry, params: Option<Vec<Option<TypeId>>>) -> Binder<'a> {
        Binder {
            catalog,
            registry,
            params,
            subqueries: Vec::new(),
            execs: 0,
            outer: Vec::new(),
            frames: Vec::new(),
            from_items: 0,
            ctes: Vec::new(),
            with: Vec::new(),
            literals: Vec::new(),
            notes: None,
        }
    }
}

/// Binds a statement that the executor runs; `None` for every other.
pub fn bind(
    statement: &ast::Statement,
    catalog: &dyn CatalogView,
    registry: &Registry,
    params: Params,
) -> Result<Option<Bound>> {
    let params = match params {
        Params::None => None,
        Params::Some(types) => Some(types.to_vec()),
    };
    let mut binder = Binder::new(catalog, registry, params);
    let statement = match statement {
        ast::Statement::Query(query) => Statement::Query(Box::new(binder.query(query, true)?)),
        ast::Statement::Insert(_) | ast::Statement::Update(_) | ast::Statement::Delete(_) => {
            binder.change(statement)?
        }
        _ => return Ok(None),
    };
    let mut types = Vec::new();
    for (at, ty) in binder.params.unwrap_or_default().into_iter().enumerate() {
        types.push(ty.ok_or_else(|| {
            let message = format!("could not determine data type of parameter ${}", at + 1);
            Error::new(sqlstate::INDETERMINATE_DATATYPE, message)
        })?);
    }
    Ok(Some(Bound { statement, params: types, subqueries: binder.subqueries, ctes: binder.ctes, execs: binder.execs }))
}

/// The type that a name means, and its modifier: for PREPARE's list of types.
pub fn type_of(name: &ast::TypeName) -> Result<(TypeId, i32)> {
    coerce::resolve_type(name)
}

/// The columns of a CREATE TABLE.
pub fn new_columns(create: &ast::CreateTable) -> Result<Vec<NewColumn>> {
    let mut columns: Vec<NewColumn> = Vec::with_capacity(create.columns.len());
    for column in &create.columns {
        let serial = serial_type(&column.ty);
        let (ty, typmod) = serial.map_or_else(|| coerce::resolve_type(&column.ty), |ty| Ok((ty, -1)))?;
        check_numbering(create, column, ty, serial.is_some())?;
        if columns.iter().any(|other| other.name == column.name) {
            let message = format!("column \"{}\" specified more than once", column.name);
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
        }
        if super::bound::SYSTEM_COLUMNS.iter().any(|(name, ..)| *name == &*column.name) {
            let message = format!("column name \"{}\" conflicts with a system column name", column.name);
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
        }
        if ty.is_pseudo() || ty == TypeId::Unknown {
            let message = format!("column \"{}\" has pseudo-type {ty}", column.name);
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message));
        }
        let identity = column.identity.as_ref().map_or(0, |identity| if identity.always { b'a' } else { b'd' });
        let not_null = column.not_null || serial.is_some() || identity != 0;
        columns.push(NewColumn { name: column.name.clone(), ty, typmod, not_null, identity, serial: serial.is_some() });
    }
    if columns.len() > MAX_COLUMNS {
        let message = format!("tables can have at most {MAX_COLUMNS} columns");
        return Err(Error::new(sqlstate::TOO_MANY_COLUMNS, message));
    }
    Ok(columns)
}

/// The type that `serial` and its like stand for.
fn serial_type(name: &ast::TypeName) -> Option<TypeId> {
    let plain = name.name.schema.is_none() && !name.array && name.typmods.is_empty();
    match &*name.name.name {
        "serial" | "serial4" if plain => Some(TypeId::Int4),
        "bigserial" | "serial8" if plain => Some(TypeId::Int8),
        "smallserial" | "serial2" if plain => Some(TypeId::Int2),
        _ => None,
    }
}

/// A column has one source of numbers at most, and of numbers only.
fn check_numbering(create: &ast::CreateTable, column: &ast::ColumnDef, ty: TypeId, serial: bool) -> Result<()> {
    let (name, table) = (&column.name, &create.name.name);
    let both = |what: &str| {
        let message = format!("both default and identity specified for column \"{name}\" of table \"{table}\"");
        let several = format!("multiple default values specified for column \"{name}\" of table \"{table}\"");
        Error::new(sqlstate::SYNTAX_ERROR, if what == "identity" { message } else { several }).at(column.pos.0)
    };
    if column.identity.is_some() {
        if column.default.is_some() || serial {
            return Err(both("identity"));
        }
        if !matches!(ty, TypeId::Int2 | TypeId::Int4 | TypeId::Int8) {
            let message = "identity column type must be smallint, integer, or bigint";
            return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
        }
    }
    if serial && column.default.is_some() {
        return Err(both("serial"));
    }
    Ok(())
}

/// `MaxHeapAttributeNumber`
const MAX_COLUMNS: usize = 1600;

impl Binder<'_> {
    /// `$n`: of its type, or unknown if that is still open.
    fn param(&mut self, n: u32, pos: Pos) -> Result<Typed> {
        let Some(params) = &mut self.params else {
            return Err(Error::new(sqlstate::UNDEFINED_PARAMETER, format!("there is no parameter ${n}")).at(pos.0));
        };
        let at = n as usize - 1;
        if params.len() <= at {
            params.resize(at + 1, None);
        }
        Ok(Typed::new(Scalar::Param(at), params[at].unwrap_or(TypeId::Unknown), pos))
    }

    /// A parameter is asked for as this type.
    fn decide_param(&mut self, at: usize, ty: TypeId, pos: Pos) -> Result<()> {
        let Some(param) = self.params.as_mut().and_then(|params| params.get_mut(at)) else { return Ok(()) };
        match param.replace(ty) {
            Some(before) if before != ty => {
                let message = format!("inconsistent types deduced for parameter ${}", at + 1);
                Err(Error::new(sqlstate::AMBIGUOUS_PARAMETER, message)
                    .detail(format!("{before} versus {ty}"))
                    .at(pos.0))
            }
            _ => Ok(()),
        }
    }
}
