//! Which index a table is read by.
//!
//! ```text
//!   WHERE id = 7 AND owner > $1       conditions of the form column, operator, something known before the scan
//!     │ index on (id)          unique, and all of its key is fixed: one row at most
//!     │ index on (id, owner)   one column fixed, the next one bounded
//!     │ index on (owner)       bounded
//!     ▼ the first of these that there is; without a condition on a first column, none
//! ```
//!
//! There are no costs. An index that fits is taken, and of several the one whose key is fixed farthest. Where ORDER BY asks for
//! an index's order, forward or backward, the rows need not be sorted; and if there is a LIMIT besides, that alone is
//! reason to take the index. All conditions are asked again of each row, so an index decides only how many rows are read.
//!
//! If an index has all columns that are wanted, the rows are not fetched but where the visibility map sends for them.
//!
//! PostgreSQL: `optimizer/path/indxpath.c`, and `pathkeys.c` for the order.

use super::super::bound::{Exprs, Scalar};
use super::super::exec::{Fitted, fitted};
use super::tree::{BitmapUse, IndexKey, IndexUse};
use crate::access::{Index, Strategy};
use crate::catalog::Table;
use crate::txn::Snapshot;
use crate::types::{Datum, TypeId};

/// An index and what it is asked.
pub struct Path {
    /// Its place among the table's.
    pub index: usize,
    /// What is asked of its columns, as far as the values are known before the scan.
    pub keys: Vec<IndexKey>,
    pub backward: bool,
    /// Whether the rows themselves are not needed.
    pub keys_only: bool,
    /// One row at most.
    pub one: bool,
    /// How many of its first columns are fixed.
    pub fixed: usize,
    /// The rows come in the order that was asked for.
    pub ordered: bool,
}

/// A column to sort by, from 0: DESC, NULLS FIRST.
pub type OrderBy = (usize, bool, bool);

/// What is wanted of a table.
pub struct Wanted<'a> {
    pub table: &'a Table,
    /// The slot of its first column.
    pub base: usize,
    /// The conditions that its rows have to meet.
    pub conditions: &'a [Exprs],
    pub order: &'a [OrderBy],
    /// Whether not all rows in that order may be needed.
    pub limit: bool,
    /// Whether a column is needed; none if the rows themselves are.
    pub columns: Option<&'a dyn Fn(usize) -> bool>,
}

/// A condition that an index may serve.
struct Qual<'a> {
    column: usize,
    strategy: Strategy,
    value: &'a Scalar,
    /// `= ANY`: the value is an array.
    any: bool,
}

/// How well an index fits: one row at most, columns fixed, the next one bounded, rows in order.
type Fit = (bool, usize, bool, bool);

// --- choosing ------------------------------------------------------------------------------------------------

/// The index by which to read a table; none for a sequential scan.
pub fn choose(snapshot: &Snapshot, wanted: &Wanted<'_>) -> Option<Path> {
    let table = wanted.table;
    if table.indexes.is_empty() {
        return None;
    }
    let mut quals = Vec::new();
    for exprs in wanted.conditions.iter().filter(|exprs| exprs.waits.is_empty()) {
        exprs.scalars.iter().for_each(|scalar| collect(wanted, scalar, &mut quals));
    }
    let mut best: Option<(Fit, Path)> = None;
    for (at, (index, known)) in table.rel.indexes.iter().zip(&table.indexes).enumerate() {
        if known.after.is_some_and(|xid| !xid.precedes(snapshot.xmin)) {
            continue;
        }
        let found = path(at, index, wanted, &quals);
        best = match (best, found) {
            (Some(best), Some(found)) if best.0 >= found.0 => Some(best),
            (best, found) => found.or(best),
        };
    }
    best.map(|(_, path)| path)
}

/// By which indexes a table is read where one condition has alternatives and there is an index for each of them.
pub fn choose_bitmap(snapshot: &Snapshot, wanted: &Wanted<'_>) -> Option<BitmapUse> {
    let conditions = wanted.conditions.iter().filter(|exprs| exprs.waits.is_empty());
    let of_one = |scalar: &Scalar| {
        let conditions = [Exprs::of(scalar.clone())];
        let one = Wanted { conditions: &conditions, order: &[], limit: false, columns: None, ..*wanted };
        let Path { index, keys, .. } = choose(snapshot, &one)?;
        Some(BitmapUse::Index(IndexUse { index, keys, backward: false, keys_only: false }))
    };
    // Conditions that several indexes serve are looked up in each of them.
    let of_several = |scalar: &Scalar| match scalar {
        Scalar::And(args) => {
            let mut parts: Vec<BitmapUse> = args.iter().filter_map(of_one).collect();
            if parts.len() > 1 { Some(BitmapUse::And(parts)) } else { parts.pop() }
        }
        _ => of_one(scalar),
    };
    let all = |alternatives: &Vec<Scalar>| alternatives.iter().map(of_several).collect::<Option<Vec<_>>>();
    conditions.flat_map(|exprs| &exprs.scalars).find_map(|scalar| match scalar {
        Scalar::Or(alternatives) => all(alternatives).map(BitmapUse::Or),
        _ => None,
    })
}

fn path(at: usize, index: &Index, wanted: &Wanted<'_>, quals: &[Qual<'_>]) -> Option<(Fit, Path)> {
    let mut keys = Vec::new();
    let (mut fixed, mut bounded) = (0, false);
    for (column, key) in index.keys.iter().enumerate() {
        for qual in quals.iter().filter(|qual| qual.column == key.column) {
            // An array behind a column that is not fixed would break the order.
            if qual.any && fixed != column {
                continue;
            }
            bounded |= column == 0;
            let fixes = matches!(qual.strategy, Strategy::Equal | Strategy::IsNull) && !qual.any;
            if fixes && fixed == column {
                fixed += 1;
            }
            keys.push(IndexKey { column, strategy: qual.strategy, value: qual.value.clone() });
        }
    }
    let order = direction(index, fixed, wanted);
    if !bounded {
        keys.clear();
        order.filter(|_| wanted.limit)?;
    }
    let bounded = keys.iter().any(|key| key.column == fixed);
    let has = |column: usize| index.keys.iter().any(|key| key.column == column);
    let all = 0..wanted.table.desc.natts();
    let keys_only = wanted.columns.is_some_and(|needed| all.into_iter().all(|column| !needed(column) || has(column)));
    let one = index.unique && fixed == index.natts() && keys.iter().all(|key| key.strategy != Strategy::IsNull);
    let (ordered, backward) = (order.is_some(), order == Some(true));
    Some(((one, fixed, bounded, ordered), Path { index: at, keys, backward, keys_only, one, fixed, ordered }))
}

/// Whether the index, of which the first columns are fixed, has the order that is asked for: `true` if read backward.
fn direction(index: &Index, fixed: usize, wanted: &Wanted<'_>) -> Option<bool> {
    let mut at = 0;
    let mut backward = None;
    for (column, descending, nulls_first) in wanted.order {
        // All rows have the same value there.
        if index.keys[..fixed].iter().any(|key| key.column == *column) {
            continue;
        }
        at = at.max(fixed);
        let key = index.keys.get(at).filter(|key| key.column == *column)?;
        let turned = key.descending != *descending;
        let notnull = wanted.table.desc.attrs[*column].notnull;
        if !notnull && (key.nulls_first != *nulls_first) != turned {
            return None;
        }
        if backward.replace(turned).is_some_and(|before| before != turned) {
            return None;
        }
        at += 1;
    }
    if wanted.order.is_empty() { None } else { backward.or(Some(false)) }
}

// --- conditions ----------------------------------------------------------------------------------------------

/// Adds what a condition says of columns and of values that are known before the scan.
fn collect<'a>(wanted: &Wanted<'_>, condition: &'a Scalar, quals: &mut Vec<Qual<'a>>) {
    match condition {
        Scalar::And(args) => args.iter().for_each(|arg| collect(wanted, arg, quals)),
        Scalar::IsNull(arg, false) => quals.extend(column(wanted, arg).map(|column| Qual {
            column,
            strategy: Strategy::IsNull,
            value: &Scalar::Const(Datum::Null),
            any: false,
        })),
        Scalar::Each(operator, _, false, args) if &**operator == "=" && is_known(&args[1]) => {
            let column = column(wanted, &args[0]);
            quals.extend(column.map(|column| Qual { column, strategy: Strategy::Equal, value: &args[1], any: true }));
        }
        Scalar::Binary(operator, _, args) => {
            let [left, right] = &**args;
            quals.extend(qual(wanted, operator, left, right, false));
            quals.extend(qual(wanted, operator, right, left, true));
        }
        _ => {}
    }
}

/// `column operator value`, or `turned` the other way.
fn qual<'a>(wanted: &Wanted<'_>, operator: &str, of: &Scalar, value: &'a Scalar, turned: bool) -> Option<Qual<'a>> {
    let strategy = match (operator, turned) {
        ("=", _) => Strategy::Equal,
        ("<", false) | (">", true) => Strategy::Less,
        ("<=", false) | (">=", true) => Strategy::LessEqual,
        (">=", false) | ("<=", true) => Strategy::GreaterEqual,
        (">", false) | ("<", true) => Strategy::Greater,
        _ => return None,
    };
    let column = column(wanted, of)?;
    let fits = match value {
        Scalar::Const(value) => matches!(fitted(&wanted.table.desc.attrs[column], value.clone()), Fitted::Value(_)),
        value => is_known(value),
    };
    fits.then_some(Qual { column, strategy, value, any: false })
}

/// The column of the table that an expression is; a `varchar` is compared as the `text` that it is.
fn column(wanted: &Wanted<'_>, scalar: &Scalar) -> Option<usize> {
    match scalar {
        Scalar::Column(slot) => slot.checked_sub(wanted.base).filter(|column| *column < wanted.table.desc.natts()),
        Scalar::Cast(_, TypeId::Text, arg) => {
            column(wanted, arg).filter(|column| wanted.table.desc.attrs[*column].type_id == TypeId::Varchar)
        }
        _ => None,
    }
}

/// Whether a value is the same for all rows: constants and parameters, and what is made of them.
pub fn is_known(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Column(_) | Scalar::Waited(_) => false,
        Scalar::Call(name, ..) if !STABLE.contains(name) => false,
        _ => {
            let mut known = true;
            scalar.parts(&mut |part| known = known && is_known(part));
            known
        }
    }
}

/// Functions that give the same for the same arguments within a statement, and are used to look something up.
const STABLE: [&str; 8] =
    ["now", "transaction_timestamp", "statement_timestamp", "current_timestamp", "lower", "upper", "abs", "length"];
