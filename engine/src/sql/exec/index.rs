//! Reading a table page by page, or by an index.
//!
//! The values that an index is asked for are computed when the scan begins. What cannot be computed, or is of another type,
//! bounds nothing: then the conditions are asked again of each row, and an error is one only if there is a row.
//!
//! PostgreSQL: `nodeIndexscan.c`, `nodeIndexonlyscan.c`.

use super::super::plan::{IndexKey, IndexUse};
use super::ExecCx;
use crate::access::{Index, IndexScan, Scan, ScanKey, Strategy, TupleBatch};
use crate::catalog::Table;
use crate::ids::Result;
use crate::txn::Env;
use crate::types::index_key::values_of_key;
use crate::types::{Attr, Datum, TypeId};

/// A scan of a table, page by page or by an index.
pub(super) enum Source {
    Seq(Scan),
    Index(Box<IndexScan>),
    /// No row can be meant.
    Nothing,
}

impl Source {
    /// Begins; and whether the index decides all that it was asked.
    pub fn begin(cx: &ExecCx<'_>, table: &Table, asked: Option<&IndexUse>) -> Result<(Source, bool)> {
        let (env, snapshot) = (&cx.fx.env, cx.snapshot.clone());
        let Some(asked) = asked else { return Ok((Source::Seq(Scan::begin(env, &table.rel, snapshot)), true)) };
        let index = &table.rel.indexes[asked.index];
        let Some((keys, decided)) = scan_keys(cx, asked, table, index) else { return Ok((Source::Nothing, true)) };
        let scan = IndexScan::begin(index, &table.rel, snapshot, &keys, asked.backward, asked.keys_only)?;
        Ok((Source::Index(Box::new(scan)), decided))
    }

    /// The next rows; `false` at the end. A sequential scan gives those of a page.
    pub async fn next(&mut self, env: &Env, max: usize, batch: &mut TupleBatch) -> Result<bool> {
        match self {
            Source::Seq(scan) => scan.next_page(env, batch).await,
            Source::Index(scan) => scan.next(env, max, batch).await,
            Source::Nothing => Ok(false),
        }
    }
}

/// The keys of a scan by an index, and whether they decide all that it was asked; none if no row can meet them.
fn scan_keys(cx: &ExecCx<'_>, asked: &IndexUse, table: &Table, index: &Index) -> Option<(Vec<ScanKey>, bool)> {
    let mut keys = Vec::with_capacity(asked.keys.len());
    let mut decided = true;
    for IndexKey { column, strategy, value } in &asked.keys {
        let Ok(value) = value.eval(&cx.eval(&[], 0, &[])) else {
            decided = false;
            continue;
        };
        let attr = &table.desc.attrs[index.keys[*column].column];
        match fitted(attr, value) {
            Fitted::Value(value) => keys.push(ScanKey { column: *column, strategy: *strategy, value }),
            Fitted::Beyond(greater) => match (strategy, greater) {
                (Strategy::Less | Strategy::LessEqual, true) | (Strategy::Greater | Strategy::GreaterEqual, false) => {
                    decided = false;
                }
                _ => return None,
            },
            Fitted::Other => decided = false,
        }
    }
    Some((keys, decided))
}

/// Appends columns of a table from a key of an index.
pub(super) fn read_key(
    asked: &IndexUse,
    table: &Table,
    tuple: &[u8],
    columns: &[usize],
    values: &mut Vec<Datum>,
) -> Result<()> {
    let index = &table.rel.indexes[asked.index];
    let keys = values_of_key(&index.desc, tuple, index.natts())?;
    for column in columns {
        let at = index.keys.iter().position(|key| key.column == *column);
        values.push(at.and_then(|at| keys.get(at).cloned()).unwrap_or_default());
    }
    Ok(())
}

/// A value as a key of an index.
pub enum Fitted {
    /// It is one of the column's type.
    Value(Datum),
    /// An integer beyond those of the column's type: it is greater than all of them, or less.
    Beyond(bool),
    /// It is of another type.
    Other,
}

/// The value as one of the column's type, if it is one. Integers of all lengths compare with each other.
pub fn fitted(attr: &Attr, value: Datum) -> Fitted {
    use Datum as D;
    use TypeId::*;
    match (attr.type_id, &value) {
        (Int2 | Int4 | Int8, D::Int2(_) | D::Int4(_) | D::Int8(_)) => {
            let n = value.as_int().unwrap_or_default();
            let fits = match attr.type_id {
                Int2 => n.try_into().ok().map(D::Int2),
                Int4 => n.try_into().ok().map(D::Int4),
                _ => Some(D::Int8(n)),
            };
            fits.map_or(Fitted::Beyond(n > 0), Fitted::Value)
        }
        (_, D::Null) => Fitted::Value(value),
        (ty, _) if kind_fits(ty, &value) => Fitted::Value(value),
        _ => Fitted::Other,
    }
}

/// Whether a value is one of this type.
fn kind_fits(ty: TypeId, value: &Datum) -> bool {
    use Datum as D;
    use TypeId::*;
    matches!(
        (ty, value),
        (Bool, D::Bool(_))
            | (Bytea, D::Bytea(_))
            | (Char, D::Char(_))
            | (Name, D::Name(_))
            | (Text | Varchar, D::Text(_))
            | (TypeId::Oid, D::Oid(_))
            | (TypeId::Tid, D::Tid(_))
            | (Float4, D::Float4(_))
            | (Float8, D::Float8(_))
            | (TimestampTz, D::TimestampTz(_))
            | (Interval, D::Interval(_))
            | (Numeric, D::Numeric(_))
            | (PgLsn, D::PgLsn(_))
    )
}
