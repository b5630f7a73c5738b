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

mod call;
mod coerce;
mod conflict;
mod expr;
mod from;
mod keys;
mod level;
mod locking;
mod modify;
mod names;
mod scope;
mod select;
mod stored;
#[cfg(test)]
mod tests;

use super::ast::{self, Pos};
use super::bound::{Bound, CatalogView, NewColumn, Scalar, Statement};
use super::deparse::Literals;
use super::functions::Registry;
use crate::ids::{Error, Result, sqlstate};
use crate::types::TypeId;
use coerce::Typed;
pub use keys::{key_places, new_keys};
pub use stored::{new_check, new_default};

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
    /// What was made of literals: for writing an expression down.
    literals: Literals,
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
    let mut binder = Binder { catalog, registry, params, literals: Vec::new() };
    let statement = match statement {
        ast::Statement::Query(query) => Statement::Query(Box::new(binder.query(query, true)?)),
        ast::Statement::Insert(insert) => Statement::Insert(Box::new(binder.insert(insert)?)),
        ast::Statement::Update(update) => Statement::Update(Box::new(binder.update(update)?)),
        ast::Statement::Delete(delete) => Statement::Delete(Box::new(binder.delete(delete)?)),
        _ => return Ok(None),
    };
    let mut types = Vec::new();
    for (at, ty) in binder.params.unwrap_or_default().into_iter().enumerate() {
        types.push(ty.ok_or_else(|| {
            let message = format!("could not determine data type of parameter ${}", at + 1);
            Error::new(sqlstate::INDETERMINATE_DATATYPE, message)
        })?);
    }
    Ok(Some(Bound { statement, params: types }))
}

/// The type that a name means, and its modifier: for PREPARE's list of types.
pub fn type_of(name: &ast::TypeName) -> Result<(TypeId, i32)> {
    coerce::resolve_type(name)
}

/// The columns of a CREATE TABLE.
pub fn new_columns(create: &ast::CreateTable) -> Result<Vec<NewColumn>> {
    let mut columns: Vec<NewColumn> = Vec::with_capacity(create.columns.len());
    for column in &create.columns {
        let (ty, typmod) = coerce::resolve_type(&column.ty)?;
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
        columns.push(NewColumn { name: column.name.clone(), ty, typmod, not_null: column.not_null });
    }
    if columns.len() > MAX_COLUMNS {
        let message = format!("tables can have at most {MAX_COLUMNS} columns");
        return Err(Error::new(sqlstate::TOO_MANY_COLUMNS, message));
    }
    Ok(columns)
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
