//! FROM: tables, views, functions and queries side by side.

use super::super::ast::{self, Alias, Call, FromItem, Ident, Join, Pos, QualName};
use super::super::bound::{Exprs, FromNode, JoinKind, JoinNode, SYSTEM_COLUMNS, Table};
use super::super::functions::Function;
use super::Binder;
use super::level::Level;
use super::scope::{Column, Item};
use crate::ids::{Error, Oid, Result, sqlstate};
use crate::types::TypeId;
use std::rc::Rc;

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

    fn item(&mut self, item: &FromItem, level: &mut Level) -> Result<FromNode> {
        match item {
            FromItem::Table(name, alias) => self.table_item(name, alias.as_ref(), level),
            FromItem::Function(call, pos, alias) => self.function_item(call, *pos, alias.as_ref(), level),
            FromItem::Subquery(query, pos, alias) => {
                let Some(alias) = alias else {
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, "subquery in FROM must have an alias")
                        .hint("For example, FROM (SELECT ...) [AS] foo.")
                        .at(pos.0));
                };
                let query = self.query(query, true)?;
                let base = level.scope.width;
                let columns = query.columns.iter().map(|column| (column.name.clone(), column.ty, column.typmod));
                self.add_item(alias.name.clone(), Some(alias), columns.collect(), level)?;
                Ok(FromNode::Subquery(Box::new(query), base, Vec::new()))
            }
            FromItem::Join(join) => self.join(join, level),
        }
    }

    fn join(&mut self, join: &Join, level: &mut Level) -> Result<FromNode> {
        let first = level.scope.items.len();
        let left = self.item(&join.left, level)?;
        let right = self.item(&join.right, level)?;
        let on = match &join.on {
            Some(on) => {
                let (before, clause) = (std::mem::replace(&mut level.first, first), level.clause);
                level.clause = "JOIN conditions";
                let on = self.expr(on, level)?;
                let on = self.condition(on, "JOIN/ON")?;
                (level.first, level.clause) = (before, clause);
                vec![level.exprs(vec![on])]
            }
            None => Vec::new(),
        };
        let kind = if join.kind == ast::JoinKind::Left { JoinKind::Left } else { JoinKind::Inner };
        Ok(pair(left, right, kind, on))
    }

    fn table_item(&mut self, name: &QualName, alias: Option<&Alias>, level: &mut Level) -> Result<FromNode> {
        let base = level.scope.width;
        if let Some(view) = self.registry.find_view(name.schema.as_deref(), &name.name) {
            self.add_function(&view, name.name.clone(), alias, level)?;
            return Ok(self.function_node(vec![(view, Exprs::default())], base, false));
        }
        let table = self.table(name)?;
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
                source: (oid, at as i16 + 1),
            })
            .collect();
        let name = alias.map_or(table.name.clone(), |alias| alias.name.clone());
        rename(&mut columns, alias, &name)?;
        level.scope.width += table.desc.natts() + SYSTEM_COLUMNS.len();
        let item = Item {
            name,
            table: Some((table.schema.clone(), table.name.clone(), oid)),
            aliased: alias.is_some(),
            columns,
            system: Some(base + table.desc.natts()),
            system_used: false,
        };
        level.scope.add(item)
    }

    fn function_item(&mut self, call: &Call, pos: Pos, alias: Option<&Alias>, level: &mut Level) -> Result<FromNode> {
        let clause = std::mem::replace(&mut level.clause, "functions in FROM");
        let (found, args) = self.resolve_call(call, pos, level)?;
        level.clause = clause;
        let base = level.scope.width;
        let exprs = level.exprs(args);
        self.add_function(&found.function, call.name.name.clone(), alias, level)?;
        Ok(self.function_node(vec![(found.function, exprs)], base, false))
    }

    fn add_function(
        &mut self,
        function: &Rc<Function>,
        name: Ident,
        alias: Option<&Alias>,
        level: &mut Level,
    ) -> Result<()> {
        let mut columns: Vec<(Ident, TypeId, i32)> =
            function.columns.iter().map(|(name, ty)| ((*name).into(), *ty, -1)).collect();
        // A function of one value names its column, unless it is called by another name here.
        if let ([(own, _)], [column]) = (function.columns.as_slice(), columns.as_mut_slice())
            && *own == function.name
        {
            column.0 = alias.map_or(name.clone(), |alias| alias.name.clone());
        }
        let name = alias.map_or(name, |alias| alias.name.clone());
        self.add_item(name, alias, columns, level)
    }

    fn add_item(
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
            .map(|(at, (name, ty, typmod))| Column { name, ty, typmod, slot: base + at, source })
            .collect();
        rename(&mut columns, alias, &name)?;
        let item = Item { name, table: None, aliased: alias.is_some(), columns, system: None, system_used: false };
        level.scope.add(item)
    }
}

fn pair(left: FromNode, right: FromNode, kind: JoinKind, on: Vec<Exprs>) -> FromNode {
    FromNode::Join(Box::new(JoinNode { left, right, kind, on }))
}

/// Gives the columns the names that an alias lists.
fn rename(columns: &mut [Column], alias: Option<&Alias>, table: &str) -> Result<()> {
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
