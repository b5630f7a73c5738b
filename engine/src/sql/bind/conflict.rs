//! ON CONFLICT of an INSERT: which indexes it means, and what DO UPDATE sets.
//!
//! ```text
//!   INSERT INTO t AS x ... ON CONFLICT (id) DO UPDATE SET n = x.n + excluded.n
//!                                      │                      │     └── the row that was to be inserted
//!                                      │                      └──────── the row that has its key
//!                                      └─ the unique index over just these columns
//! ```
//!
//! PostgreSQL: `transformOnConflictClause`, `infer_arbiter_indexes` in `optimizer/util/plancat.c`.

use super::super::ast::{self, ConflictTarget, Ident, Pos};
use super::super::bound::{ConflictUpdate, OnConflict, Table};
use super::Binder;
use super::level::Level;
use super::scope::{Column, Item, Scope};
use crate::access::RowLock;
use crate::ids::{Error, Oid, Result, sqlstate};

impl Binder<'_> {
    /// Binds the clause. `scope` has the table in sight.
    pub fn on_conflict(&mut self, clause: &ast::OnConflict, table: &Table, scope: &Scope) -> Result<OnConflict> {
        if clause.target.is_none() && clause.update.is_some() {
            let message = "ON CONFLICT DO UPDATE requires inference specification or constraint name";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message)
                .hint("For example, ON CONFLICT (column_name).")
                .at(clause.pos.0));
        }
        let named = match &clause.target {
            Some(ConflictTarget::Columns(columns)) => {
                columns.iter().map(|(name, pos)| column(table, name, *pos)).collect()
            }
            _ => Ok(Vec::new()),
        }?;
        if let Some(ConflictTarget::Constraint(name)) = &clause.target
            && !table.constraints.iter().any(|constraint| constraint.name == *name)
        {
            let message = format!("constraint \"{name}\" for table \"{}\" does not exist", table.name);
            return Err(Error::new(sqlstate::UNDEFINED_OBJECT, message));
        }
        let update = clause.update.as_ref().map(|update| self.conflict_update(update, table, scope)).transpose()?;
        let arbiters = arbiters(table, clause.target.as_ref(), &named)?;
        Ok(OnConflict { arbiters, update })
    }

    fn conflict_update(
        &mut self,
        update: &ast::ConflictUpdate,
        table: &Table,
        scope: &Scope,
    ) -> Result<ConflictUpdate> {
        let mut level = Level { scope: scope.clone(), ..Level::new("UPDATE") };
        level.scope.items.push(excluded(table, level.scope.width));
        level.scope.width += table.desc.natts();
        let (values, set) = self.assignments(table, &update.set, &mut level)?;
        let values = level.exprs(values);
        let filter = self.filter(update.filter.as_ref(), &mut level)?;
        let is_key = |column: &usize| {
            table.rel.indexes.iter().any(|index| index.unique && index.keys.iter().any(|key| key.column == *column))
        };
        let strength = if set.iter().any(is_key) { RowLock::Update } else { RowLock::NoKeyUpdate };
        Ok(ConflictUpdate { filter, values, strength })
    }
}

/// The row that was to be inserted, as a table without system columns.
pub(super) fn excluded(table: &Table, base: usize) -> Item {
    let live = table.desc.attrs.iter().enumerate().filter(|(_, attr)| !attr.dropped);
    let columns = live.map(|(at, attr)| Column {
        name: attr.name.clone(),
        ty: attr.type_id,
        typmod: attr.typmod,
        slot: base + at,
        source: (Oid(0), 0),
    });
    let columns = columns.collect();
    Item { name: "excluded".into(), table: None, aliased: true, columns, system: None, system_used: false }
}

fn column(table: &Table, name: &Ident, pos: Pos) -> Result<usize> {
    table.desc.position(name).ok_or_else(|| {
        let message = format!("column \"{name}\" does not exist");
        Error::new(sqlstate::UNDEFINED_COLUMN, message).at(pos.0)
    })
}

/// `infer_arbiter_indexes`: the indexes that are meant; all unique ones where nothing is said.
fn arbiters(table: &Table, target: Option<&ConflictTarget>, named: &[usize]) -> Result<Vec<usize>> {
    let behind = |name: &Ident| {
        let constraint = table.constraints.iter().find(|constraint| constraint.name == *name);
        constraint.filter(|constraint| constraint.is_key()).map_or(Oid::INVALID, |constraint| constraint.index)
    };
    let is_meant = |at: &usize| {
        let index = &table.rel.indexes[*at];
        let over = |column: &usize| index.keys.iter().any(|key| key.column == *column);
        let only = || index.keys.iter().all(|key| named.contains(&key.column));
        match target {
            _ if !index.unique => false,
            None => true,
            Some(ConflictTarget::Constraint(name)) => table.indexes[*at].row.oid == behind(name),
            Some(ConflictTarget::Columns(_)) => named.iter().all(over) && only(),
        }
    };
    let found: Vec<usize> = (0..table.rel.indexes.len()).filter(is_meant).collect();
    if target.is_some() && found.is_empty() {
        let message = "there is no unique or exclusion constraint matching the ON CONFLICT specification";
        return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message));
    }
    Ok(found)
}
