//! FROM: tables, views, functions and queries side by side.

use super::super::ast::{Alias, FromItem, FunctionFrom, Ident, QualName};
use super::super::bound::{Exprs, FromNode, JoinKind, JoinNode, RangeName, SYSTEM_COLUMNS, Table};
use super::super::functions::Function;
use super::Binder;
use super::level::Level;
use super::scope::{Column, Item};
use crate::ids::{Error, Oid, Result, sqlstate};
use crate::types::TypeId;
use std::rc::Rc;

/// How many items of FROM may stand together, those of the queries around a query among them: a join calls what it
/// joins, and there is only so much stack.
const MAX_ITEMS: usize = 40;

impl Binder<'_> {
    /// Binds the items between the commas of a FROM; each is joined to those before.
    pub fn from(&mut self, items: &[FromItem], level: &mut Level) -> Result<Option<FromNode>> {
        let mut joined: Option<FromNode> = None;
        for item in items {
            let node = self.item(item, level)?;
            joined = Some(match joined {
                Some(left) => pair(left, node, JoinKind::Inner, Vec::new()),
                None => node,
            });
        }
        Ok(joined)
    }

    /// Notes the items of a FROM before what is within them, or within their query, is bound; says how many they are.
    pub fn enter_from(&mut self, items: &[FromItem]) -> Result<usize> {
        let count = items.iter().map(leaves).sum();
        self.from_items += count;
        if self.from_items > MAX_ITEMS {
            return Err(Error::new(sqlstate::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded")
                .hint("The statement joins too much at once; split it."));
        }
        Ok(count)
    }

    pub fn item(&mut self, item: &FromItem, level: &mut Level) -> Result<FromNode> {
        match item {
            FromItem::Table(name, alias) => self.table_item(name, alias.as_ref(), level),
            FromItem::Function(function) => self.function_item(function, level),
            FromItem::Subquery(query, pos, alias, lateral) => {
                let Some(alias) = alias else {
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, "subquery in FROM must have an alias")
                        .hint("For example, FROM (SELECT ...) [AS] foo.")
                        .at(pos.0));
                };
                let nested = self.nested(level, !lateral, |binder| binder.query(query, true))?;
                let base = level.scope.width;
                let columns = nested.bound.columns.iter().map(|column| (column.name.clone(), column.ty, column.typmod));
                self.add_item(alias.name.clone(), Some(alias), columns.collect(), level)?;
                Ok(FromNode::Subquery(Box::new(nested.bound), base, nested.args))
            }
            FromItem::Join(join) => self.join(join, level),
            FromItem::Aliased(item, alias) => {
                let first = level.scope.items.len();
                let node = self.item(item, level)?;
                self.rename_join(first, alias, level)?;
                Ok(node)
            }
        }
    }

    fn table_item(&mut self, name: &QualName, alias: Option<&Alias>, level: &mut Level) -> Result<FromNode> {
        let base = level.scope.width;
        if let Some(cte) = self.find_cte(&name.name).filter(|_| name.schema.is_none()) {
            let Some(columns) = cte.columns else {
                let message = format!("WITH query \"{}\" does not have a RETURNING clause", name.name);
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(name.pos.0));
            };
            let width = columns.len();
            let columns = columns.into_iter().map(|column| (column.name, column.ty, column.typmod)).collect();
            let own = alias.map_or(name.name.clone(), |alias| alias.name.clone());
            self.add_item(own, alias, columns, level)?;
            self.ctes[cte.id].references += 1;
            return Ok(FromNode::Cte(cte.id, base, width));
        }
        if let Some(view) = self.registry.find_view(name.schema.as_deref(), &name.name) {
            if let Some(notes) = &mut self.notes {
                notes.tables.push((name.pos, "pg_catalog".into()));
            }
            self.add_functions(&[(&view, name.name.clone())], false, alias, level)?;
            return Ok(self.function_node(vec![(view, Exprs::default())], base, false));
        }
        if let Some(query) = self.registry.find_query(name.schema.as_deref(), &name.name) {
            return self.query_view(&name.name, query, alias, level);
        }
        let table = self.table(name)?;
        if let Some(notes) = &mut self.notes {
            notes.tables.push((name.pos, table.schema.clone()));
            notes.uses.push((table.oid, 0));
        }
        if table.class.kind == b'v' {
            return self.view_item(&table, alias, level);
        }
        self.add_table(&table, alias, level)?;
        Ok(FromNode::Table(table, base, false))
    }

    /// The table of a name, or the error that there is none.
    pub fn table(&self, name: &QualName) -> Result<Rc<Table>> {
        let found = self.catalog.table(name.schema.as_deref(), &name.name)?;
        found.ok_or_else(|| {
            Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")).at(name.pos.0)
        })
    }

    /// Adds a table with its system columns to the scope.
    pub fn add_table(&mut self, table: &Rc<Table>, alias: Option<&Alias>, level: &mut Level) -> Result<()> {
        let base = level.scope.width;
        let oid = table.rel.oid;
        let live = table.desc.attrs.iter().enumerate().filter(|(_, attr)| !attr.dropped);
        let mut columns: Vec<_> = live
            .map(|(at, attr)| Column {
                name: attr.name.clone(),
                ty: attr.type_id,
                typmod: attr.typmod,
                slot: base + at,
                merged: None,
                hidden: false,
                source: (oid, at as i16 + 1),
            })
            .collect();
        let name = alias.map_or(table.name.clone(), |alias| alias.name.clone());
        rename(&mut columns, alias, &name)?;
        let renamed = alias.is_some_and(|alias| !alias.columns.is_empty());
        let own = |at: usize| columns.iter().find(|column| column.slot == base + at).map(|column| column.name.clone());
        let names = (0..table.desc.natts()).filter(|_| renamed).map(|at| own(at).unwrap_or_default());
        let range = RangeName { base, name: name.clone(), columns: names.collect(), aliased: alias.is_some() };
        level.range.push(range);
        level.scope.width += table.desc.natts() + SYSTEM_COLUMNS.len();
        let item = Item {
            name,
            table: Some((table.schema.clone(), table.name.clone(), oid)),
            aliased: alias.is_some(),
            columns,
            system: Some(base + table.desc.natts()),
            system_used: false,
            key: primary_key(table).iter().map(|column| base + column).collect(),
            unnamed: false,
        };
        level.scope.add(item)
    }

    fn function_item(&mut self, from: &FunctionFrom, level: &mut Level) -> Result<FromNode> {
        let base = level.scope.width;
        let clause = std::mem::replace(&mut level.clause, "functions in FROM");
        let mut calls = Vec::with_capacity(from.calls.len());
        let mut named = Vec::with_capacity(from.calls.len());
        for (call, pos) in &from.calls {
            let (found, args) = self.resolve_call(call, *pos, level)?;
            calls.push((found.function, level.exprs(args)));
            named.push(call.name.name.clone());
        }
        level.clause = clause;
        let functions: Vec<_> = calls.iter().map(|(function, _)| function).zip(named).collect();
        self.add_functions(&functions, from.ordinality, from.alias.as_ref(), level)?;
        if let (Some(notes), Some(item), Some((_, pos))) =
            (&mut self.notes, level.scope.items.last(), from.calls.first())
        {
            let columns = item.columns.iter().map(|column| column.name.clone()).collect();
            notes.functions.push((*pos, Alias { name: item.name.clone(), columns }));
        }
        Ok(self.function_node(calls, base, from.ordinality))
    }

    /// Adds functions, each with the name by which it was called.
    fn add_functions(
        &mut self,
        functions: &[(&Rc<Function>, Ident)],
        ordinality: bool,
        alias: Option<&Alias>,
        level: &mut Level,
    ) -> Result<()> {
        let single = functions.len() == 1;
        let mut columns: Vec<(Ident, TypeId, i32)> = Vec::new();
        for (function, name) in functions {
            let first = columns.len();
            columns.extend(function.columns.iter().map(|(name, ty)| ((*name).into(), *ty, -1)));
            // A function of one value names its column, unless it is called by another name here.
            if let ([(own, _)], [column]) = (function.columns.as_slice(), &mut columns[first..])
                && *own == function.name
            {
                column.0 = alias.filter(|_| single).map_or(name.clone(), |alias| alias.name.clone());
            }
        }
        if ordinality {
            columns.push(("ordinality".into(), TypeId::Int8, -1));
        }
        let own = functions.first().map_or_else(|| "".into(), |(_, name)| name.clone());
        let name = alias.map_or(own, |alias| alias.name.clone());
        self.add_item(name, alias, columns, level)
    }

    pub fn add_item(
        &mut self,
        name: Ident,
        alias: Option<&Alias>,
        columns: Vec<(Ident, TypeId, i32)>,
        level: &mut Level,
    ) -> Result<()> {
        let base = level.scope.width;
        level.scope.width += columns.len();
        let source = (Oid(0), 0);
        let mut columns: Vec<_> = columns
            .into_iter()
            .enumerate()
            .map(|(at, (name, ty, typmod))| {
                let slot = base + at;
                Column { name, ty, typmod, slot, merged: None, hidden: false, source }
            })
            .collect();
        rename(&mut columns, alias, &name)?;
        let names = columns.iter().map(|column| column.name.clone()).collect();
        level.range.push(RangeName { base, name: name.clone(), columns: names, aliased: alias.is_some() });
        level.scope.add(Item::of_columns(name, alias.is_some(), columns))
    }
}

/// The columns of a table's primary key.
fn primary_key(table: &Table) -> Vec<usize> {
    let primary = table.indexes.iter().position(|index| index.row.primary);
    primary.map_or_else(Vec::new, |at| table.rel.indexes[at].keys.iter().map(|key| key.column).collect())
}

pub(super) fn pair(left: FromNode, right: FromNode, kind: JoinKind, on: Vec<Exprs>) -> FromNode {
    FromNode::Join(Box::new(JoinNode { left, right, kind, on }))
}

/// Gives the columns the names that an alias lists.
pub(super) fn rename(columns: &mut [Column], alias: Option<&Alias>, table: &str) -> Result<()> {
    let names = alias.map_or(&[][..], |alias| &alias.columns);
    if names.len() > columns.len() {
        let message =
            format!("table \"{table}\" has {} columns available but {} columns specified", columns.len(), names.len());
        return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message));
    }
    for (column, name) in columns.iter_mut().zip(names) {
        column.name = name.clone();
    }
    Ok(())
}

/// How many items that are no joins.
fn leaves(item: &FromItem) -> usize {
    match item {
        FromItem::Join(join) => leaves(&join.left) + leaves(&join.right),
        FromItem::Aliased(item, _) => leaves(item),
        FromItem::Table(..) | FromItem::Function(_) | FromItem::Subquery(..) => 1,
    }
}
