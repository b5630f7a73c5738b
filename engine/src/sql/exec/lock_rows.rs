//! SELECT ... FOR UPDATE and its like: locks each row that is wanted, one after the other.
//!
//! By then somebody else may have changed the row and committed. In READ COMMITTED its newest version is locked, the
//! conditions are looked at again with that version in the row's place, and the columns are computed anew
//! (`EvalPlanQual`); the order of the rows is not. In REPEATABLE READ it fails with 40001.
//!
//! PostgreSQL: `nodeLockRows.c`.

use super::super::bound::{FromNode, JoinKind, Query, Row, SYSTEM_COLUMNS};
use super::super::plan::slots;
use super::ExecCx;
use super::node::Node;
use super::rows::Rows;
use super::scan::table_row;
use crate::access;
use crate::ids::Result;
use crate::types::Datum;
use std::rc::Rc;

/// Rows of which parts are locked. What comes in has the row of FROM behind the columns.
#[derive(Clone)]
pub(super) struct LockRows {
    input: Node,
    query: Rc<Query>,
    /// How many columns come before the row of FROM.
    width: usize,
}

impl LockRows {
    pub fn new(input: Node, query: Rc<Query>, width: usize) -> LockRows {
        LockRows { input, query, width }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        out.clear(self.width);
        let mut rows = Rows::default();
        while out.len() < max {
            // No row is locked that nobody asked for.
            self.input.next(cx, 1, &mut rows).await?;
            if rows.is_empty() {
                break;
            }
            if let Some(row) = self.lock(cx, rows.row(0).to_vec()).await? {
                out.push(&row);
            }
        }
        Ok(())
    }

    /// Locks a row; nothing if it is gone, is passed over, or does not fit any more.
    async fn lock(&self, cx: &ExecCx<'_>, mut row: Row) -> Result<Option<Row>> {
        let mut from = row.split_off(self.width);
        let mut moved = false;
        for lock in &self.query.locks {
            let natts = lock.table.desc.natts();
            let Datum::Tid(tid) = from[lock.base + natts] else { continue };
            let (env, rel) = (&cx.fx.env, &lock.table.rel);
            let Some(locked) = access::lock_latest(env, rel, tid, lock.mode, lock.wait, true).await? else {
                return Ok(None);
            };
            if locked.moved {
                moved = true;
                let newest = table_row(cx, &lock.table, locked.tid, &locked.bytes, natts, true)?;
                from[lock.base..lock.base + natts + SYSTEM_COLUMNS.len()].clone_from_slice(&newest);
            }
        }
        if !moved {
            return Ok(Some(row));
        }
        if !still_joined(cx, &self.query, &mut from).await? {
            return Ok(None);
        }
        row = cx.values(&self.query.targets, &from, 0).await?;
        row.truncate(self.width);
        Ok(Some(row))
    }
}

/// Whether the row of a query's FROM, in which one table's row is another version now, is one that the query asks for:
/// its parts must still belong together. The right side of a LEFT JOIN that does not becomes NULL.
pub(super) async fn still_joined(cx: &ExecCx<'_>, query: &Query, row: &mut [Datum]) -> Result<bool> {
    let mut joins = Vec::new();
    let mut nodes: Vec<&FromNode> = query.from.iter().collect();
    while let Some(node) = nodes.pop() {
        if let FromNode::Join(join) = node {
            joins.push(join);
            nodes.extend([&join.left, &join.right]);
        }
    }
    // Inner joins first: they stand behind those around them.
    for join in joins.into_iter().rev() {
        if cx.holds(&join.on, row, 0).await? {
            continue;
        }
        match join.kind {
            JoinKind::Left => row[slots(&join.right)].fill(Datum::Null),
            JoinKind::Right => row[slots(&join.left)].fill(Datum::Null),
            _ => return Ok(false),
        }
    }
    cx.holds(&query.filter, row, 0).await
}
