//! Views: their queries, when they are made and when they are used.
//!
//! A view that is used is a query in FROM, bound from the tree that was kept. It sees nothing of the query around it.

use super::super::ast::{Alias, Ident, Query};
use super::super::bound::{self, CatalogView, FromNode, NewColumn, Table};
use super::super::deparse::query_text;
use super::super::functions::Registry;
use super::super::parse::parse_query;
use super::Binder;
use super::level::{Level, Nested};
use super::notes::{Notes, Rewrite};
use crate::ids::{Error, Oid, Result, sqlstate};
use crate::types::TypeId;
use std::cell::RefCell;
use std::mem::take;
use std::rc::Rc;

/// A view to be made.
pub struct NewView {
    /// Its query, with nothing left open.
    pub text: String,
    /// Its columns.
    pub columns: Vec<NewColumn>,
    /// The columns of relations that the query uses, by number; 0 for a relation as a whole.
    pub uses: Vec<(Oid, i16)>,
    /// Whether it uses a temporary relation.
    pub temporary: bool,
}

/// The query of a view, and the names that are given to its columns.
pub fn new_view(query: &Query, names: &[Ident], catalog: &dyn CatalogView, registry: &Registry) -> Result<NewView> {
    let mut binder = Binder::new(catalog, registry, None);
    binder.notes = Some(Box::default());
    let bound = binder.query(query, true)?;
    let width = bound.columns.len();
    if names.len() > width {
        return Err(Error::new(sqlstate::SYNTAX_ERROR, "CREATE VIEW specifies more column names than columns"));
    }
    let mut columns: Vec<NewColumn> = Vec::with_capacity(width);
    for (at, column) in bound.columns.iter().enumerate() {
        let name = names.get(at).unwrap_or(&column.name).clone();
        if columns.iter().any(|known| known.name == name) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
        }
        if column.ty.is_pseudo() && column.ty != TypeId::Unknown {
            let message = format!("column \"{name}\" has pseudo-type {}", column.ty);
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message));
        }
        let (ty, typmod) = (column.ty, column.typmod);
        columns.push(NewColumn { name, ty, typmod, not_null: false, identity: 0, serial: false });
    }
    let notes = binder.notes.take().unwrap_or_default();
    let mut written = query.clone();
    let own: Vec<Ident> = columns.iter().map(|column| column.name.clone()).collect();
    Rewrite { notes: &notes, literals: &binder.literals, keys: RefCell::default() }.query(&mut written, Some(&own))?;
    let temporary = notes.tables.iter().any(|(_, schema)| schema.starts_with("pg_temp"));
    Ok(NewView { text: query_text(&written), columns, uses: notes.uses(), temporary })
}

/// The query of a view, parsed once.
pub fn view_query(view: &Table) -> Result<Rc<Query>> {
    if let Some(known) = view.derived.get().and_then(|known| known.clone().downcast::<Query>().ok()) {
        return Ok(known);
    }
    let text = view.view.as_deref().ok_or_else(|| Error::internal(format!("\"{}\" is not a view", view.name)))?;
    let query = Rc::new(parse_query(text)?);
    let _ = view.derived.set(query.clone());
    Ok(query)
}

impl Binder<'_> {
    /// The query of a view, which sees nothing of the query around it.
    fn apart(&mut self, query: &Query, level: &mut Level) -> Result<Nested<bound::Query>> {
        let (notes, with): (Option<Box<Notes>>, _) = (self.notes.take(), take(&mut self.with));
        let nested = self.nested(level, true, |binder| binder.query(query, true));
        (self.notes, self.with) = (notes, with);
        // Its places are not in the text at hand.
        nested.map_err(|error| error.at(0))
    }

    /// A view of the system that is a query.
    pub fn query_view(
        &mut self,
        name: &Ident,
        query: &str,
        alias: Option<&Alias>,
        level: &mut Level,
    ) -> Result<FromNode> {
        let nested = self.apart(&parse_query(query)?, level)?;
        let base = level.scope.width;
        let columns = nested.bound.columns.iter().map(|column| (column.name.clone(), column.ty, column.typmod));
        let name = alias.map_or(name.clone(), |alias| alias.name.clone());
        self.add_item(name, alias, columns.collect(), level)?;
        Ok(FromNode::Subquery(Box::new(nested.bound), base, nested.args))
    }

    /// A view in FROM.
    pub fn view_item(&mut self, view: &Rc<Table>, alias: Option<&Alias>, level: &mut Level) -> Result<FromNode> {
        let nested = self.apart(&*view_query(view)?, level)?;
        let base = level.scope.width;
        let names = view.desc.attrs.iter().map(|attr| &attr.name);
        let columns = names.zip(&nested.bound.columns).map(|(name, column)| (name.clone(), column.ty, column.typmod));
        let name = alias.map_or(view.name.clone(), |alias| alias.name.clone());
        self.add_item(name, alias, columns.collect(), level)?;
        if let Some(item) = level.scope.items.last_mut() {
            item.table = Some((view.schema.clone(), view.name.clone(), view.oid));
            for (at, column) in item.columns.iter_mut().enumerate() {
                column.source = (view.oid, at as i16 + 1);
            }
        }
        Ok(FromNode::Subquery(Box::new(nested.bound), base, nested.args))
    }
}
