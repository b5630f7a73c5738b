//! FOR UPDATE and its like: which tables' rows are locked, and how.

use super::super::ast::{self, Locking};
use super::super::bound::{FromNode, JoinKind, Query, RowMark, Scalar};
use super::level::Level;
use crate::ids::{Error, Result, sqlstate};

/// `transformLockingClause`: notes the tables whose rows are to be locked. The projected row gets the whole row of FROM
/// behind it, so that the lock can be taken when it is known which rows are wanted.
pub(super) fn bind(locking: &[Locking], select: &ast::Select, query: &mut Query, level: &mut Level) -> Result<()> {
    for clause in locking {
        refuse(clause, select, query)?;
        for (name, pos) in &clause.of {
            let Some(item) = level.scope.items.iter().find(|item| item.name == *name) else {
                let message = format!("relation \"{name}\" in {} clause not found in FROM clause", clause.name());
                return Err(Error::new(sqlstate::UNDEFINED_TABLE, message).at(pos.0));
            };
            if item.table.is_none() {
                let message = format!("{} cannot be applied to a function", clause.name());
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(pos.0));
            }
        }
        let mut marks = Vec::new();
        if let Some(from) = &mut query.from {
            mark(from, clause, level, false, &mut marks)?;
        }
        marks.into_iter().for_each(|mark| add(&mut query.locks, mark));
    }
    if !query.locks.is_empty() {
        query.targets.scalars.extend((0..level.scope.width).map(Scalar::Column));
    }
    Ok(())
}

/// `CheckSelectLocking`: what rows cannot be told apart behind.
fn refuse(clause: &Locking, select: &ast::Select, query: &Query) -> Result<()> {
    let reasons = [
        (select.distinct || !select.distinct_on.is_empty(), "DISTINCT clause"),
        (!select.group_by.is_empty(), "GROUP BY clause"),
        (select.having.is_some(), "HAVING clause"),
        (query.grouping.is_some(), "aggregate functions"),
        (!query.windows.is_empty(), "window functions"),
        (!query.sets.is_empty(), "set-returning functions in the target list"),
    ];
    match reasons.iter().find(|(there, _)| *there) {
        None => Ok(()),
        Some((_, what)) => {
            let message = format!("{} is not allowed with {what}", clause.name());
            Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message))
        }
    }
}

/// Marks the tables of an item that the clause is about; `nullable`: the item is on the right of a LEFT JOIN.
fn mark(from: &mut FromNode, clause: &Locking, level: &Level, nullable: bool, marks: &mut Vec<RowMark>) -> Result<()> {
    match from {
        FromNode::Table(table, base, system) => {
            let own = Some(*base + table.desc.natts());
            let item = level.scope.items.iter().find(|item| item.system == own);
            if !item.is_some_and(|item| clause.applies_to(&item.name)) {
                return Ok(());
            }
            if nullable {
                let message = format!("{} cannot be applied to the nullable side of an outer join", clause.name());
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
            }
            *system = true;
            marks.push(RowMark { table: table.clone(), base: *base, mode: clause.mode, wait: clause.wait });
            Ok(())
        }
        FromNode::Function(..) | FromNode::Cte(..) => Ok(()),
        FromNode::Subquery(..) => Err(Error::unsupported(format!("{} of a subquery in FROM", clause.name()))),
        FromNode::Join(join) => {
            let (left, right) = (&mut join.left, &mut join.right);
            mark(left, clause, level, nullable || matches!(join.kind, JoinKind::Right | JoinKind::Full), marks)?;
            mark(right, clause, level, nullable || matches!(join.kind, JoinKind::Left | JoinKind::Full), marks)
        }
    }
}

/// Of several clauses about a table the strongest counts, and the most impatient.
fn add(locks: &mut Vec<RowMark>, mark: RowMark) {
    match locks.iter_mut().find(|lock| lock.base == mark.base) {
        Some(lock) => (lock.mode, lock.wait) = (lock.mode.max(mark.mode), lock.wait.max(mark.wait)),
        None => locks.push(mark),
    }
}
