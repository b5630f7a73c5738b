//! Reading a table page by page, or by an index.
//!
//! The values that an index is asked for are computed when the scan begins. What cannot be computed, or is of another type,
//! bounds nothing: then the conditions are asked again of each row, and an error is one only if there is a row.
//!
//! A map of rows (`access/bitmap.rs`) is made from one index or several, within `work_mem`, before the first row is read:
//!
//! ```text
//!   WHERE a = 1 OR b IN (2, 3)      index on a ─┐
//!                                               ├─ Or ──► rows by page ──► the table, each page once
//!                                   index on b ─┘
//! ```
//!
//! PostgreSQL: `nodeIndexscan.c`, `nodeIndexonlyscan.c`, `nodeBitmapIndexscan.c`, `nodeBitmapAnd.c`, `nodeBitmapOr.c`.

use super::super::plan::{BitmapUse, IndexKey, IndexUse, ScanSpec};
use super::ExecCx;
use super::sieve::Sieve;
use crate::access::{BitmapScan, Index, IndexScan, Rel, Scan, ScanKey, Strategy, TidBitmap, TidScan, TupleBatch};
use crate::catalog::Table;
use crate::ids::Result;
use crate::settings::Setting;
use crate::small;
use crate::trace::Event;
use crate::txn::{Env, MemoryId, MemoryPurpose};
use crate::types::index_key::values_of_key;
use crate::types::{Attr, Datum, TypeId, compare};
use std::cmp::Ordering;
use std::future::Future;
use std::pin::Pin;

/// A scan of a table: page by page, by an index, or by a map of rows.
pub(super) enum Source {
    Seq(Scan),
    Index(Box<IndexScan>),
    Each(Box<EachScan>),
    Bitmap(Box<BitmapScan>, MemoryId),
    /// No row can be meant.
    Nothing,
}

/// A scan by an index for one value of an array after the other.
pub(super) struct EachScan {
    index: Index,
    heap: Rel,
    keys: Vec<ScanKey>,
    /// Which of the keys changes, and what comes there.
    place: usize,
    left: std::vec::IntoIter<Datum>,
    backward: bool,
    keys_only: bool,
    scan: Option<IndexScan>,
}

/// The keys of a scan by an index.
struct Asked {
    keys: Vec<ScanKey>,
    /// Of which of the keys there are several values: all of them, in order.
    each: Option<(usize, Vec<Datum>)>,
    /// Whether they decide all that the index was asked.
    decided: bool,
}

impl Source {
    /// Begins; and whether what was asked is decided by that, or else has to be asked of each row.
    pub async fn begin(cx: &ExecCx<'_>, spec: &ScanSpec) -> Result<(Source, bool)> {
        let (env, snapshot, table) = (&cx.fx.env, cx.snapshot.clone(), &spec.table);
        if let Some(used) = &spec.bitmap {
            let memory = env.settings.borrow().int(Setting::work_mem) * 1024;
            let id = env.memory.begin(MemoryPurpose::Bitmap, memory as u64);
            let map = bitmap(cx, table, used, memory).await?;
            env.memory.note(id, map.bytes(), 0, 0);
            let (pages, lossy) = map.counts();
            env.cx.emit(Event::BitmapMade { rel: table.rel.file, pages, lossy });
            return Ok((Source::Bitmap(Box::new(BitmapScan::begin(env, &table.rel, snapshot, map)), id), true));
        }
        let Some(used) = &spec.index else { return Ok((Source::Seq(Scan::begin(env, &table.rel, snapshot)), true)) };
        let index = &table.rel.indexes[used.index];
        let Some(Asked { keys, each, decided }) = scan_keys(cx, used, table, index) else {
            return Ok((Source::Nothing, true));
        };
        let (backward, keys_only) = (used.backward, used.keys_only);
        if let Some((place, mut values)) = each {
            if backward != index.keys[keys[place].column].descending {
                values.reverse();
            }
            let (index, heap, left) = (index.clone(), table.rel.clone(), values.into_iter());
            let scan = EachScan { index, heap, keys, place, left, backward, keys_only, scan: None };
            return Ok((Source::Each(Box::new(scan)), decided));
        }
        let scan = IndexScan::begin(index, &table.rel, snapshot, &keys, backward, keys_only)?;
        Ok((Source::Index(Box::new(scan)), decided))
    }

    /// The next rows; `false` at the end. A sequential scan gives those of a page, without those that a sieve refuses.
    pub async fn next(
        &mut self,
        cx: &ExecCx<'_>,
        max: usize,
        sieve: Option<&Sieve>,
        batch: &mut TupleBatch,
    ) -> Result<bool> {
        let env = &cx.fx.env;
        match self {
            Source::Seq(scan) => match sieve {
                Some(sieve) => scan.next_wanted(env, batch, &|tuple| sieve.sift(tuple)).await,
                None => scan.next_page(env, batch).await,
            },
            Source::Index(scan) => scan.next(env, max, batch).await,
            Source::Each(scan) => scan.next(cx, max, batch).await,
            Source::Bitmap(scan, _) => scan.next_page(env, batch).await,
            Source::Nothing => Ok(false),
        }
    }

    /// Whether the last rows are not sure to be meant.
    pub fn recheck(&self) -> bool {
        matches!(self, Source::Bitmap(scan, _) if scan.recheck())
    }

    /// Gives back the memory.
    pub fn end(&self, env: &Env) {
        if let Source::Bitmap(_, id) = self {
            env.memory.end(*id);
        }
    }
}

impl EachScan {
    async fn next(&mut self, cx: &ExecCx<'_>, max: usize, batch: &mut TupleBatch) -> Result<bool> {
        loop {
            if let Some(scan) = &mut self.scan
                && scan.next(&cx.fx.env, max, batch).await?
            {
                return Ok(true);
            }
            let Some(value) = self.left.next() else { return Ok(false) };
            self.keys[self.place].value = value;
            let snapshot = cx.snapshot.clone();
            let scan = IndexScan::begin(&self.index, &self.heap, snapshot, &self.keys, self.backward, self.keys_only)?;
            self.scan = Some(scan);
        }
    }
}

/// Gathers the rows that indexes lead to; of those that these do not decide the conditions have to be asked again.
fn bitmap<'a>(
    cx: &'a ExecCx<'_>,
    table: &'a Table,
    used: &'a BitmapUse,
    memory: i64,
) -> Pin<Box<dyn Future<Output = Result<TidBitmap>> + 'a>> {
    Box::pin(async move {
        match used {
            BitmapUse::Index(used, _) => bitmap_of_index(cx, table, used, memory).await,
            BitmapUse::And(parts) => {
                let mut all: Option<TidBitmap> = None;
                for part in parts {
                    let map = bitmap(cx, table, part, memory).await?;
                    match &mut all {
                        Some(all) => all.intersect(&map),
                        None => all = Some(map),
                    }
                    if all.as_ref().is_some_and(TidBitmap::is_empty) {
                        break;
                    }
                }
                Ok(all.unwrap_or_default())
            }
            BitmapUse::Or(parts) => {
                let mut all = TidBitmap::new(memory);
                for part in parts {
                    all.unite(&bitmap(cx, table, part, memory).await?);
                }
                Ok(all)
            }
        }
    })
}

async fn bitmap_of_index(cx: &ExecCx<'_>, table: &Table, used: &IndexUse, memory: i64) -> Result<TidBitmap> {
    let (env, index, mut map) = (&cx.fx.env, &table.rel.indexes[used.index], TidBitmap::new(memory));
    let Some(Asked { mut keys, each, decided }) = scan_keys(cx, used, table, index) else { return Ok(map) };
    let mut tids = Vec::new();
    let (place, values) = each.map_or((0, vec![None]), |(place, all)| (place, all.into_iter().map(Some).collect()));
    for value in values {
        if let Some(value) = value {
            keys[place].value = value;
        }
        let mut scan = TidScan::begin(index, &table.rel, &keys)?;
        while scan.next(env, &mut tids).await? {
            map.add(&tids, !decided);
            tids.clear();
        }
    }
    Ok(map)
}

/// The keys of a scan by an index; none if no row can meet them.
fn scan_keys(cx: &ExecCx<'_>, used: &IndexUse, table: &Table, index: &Index) -> Option<Asked> {
    let mut asked = Asked { keys: Vec::with_capacity(used.keys.len()), each: None, decided: true };
    for IndexKey { column, strategy, value } in &used.keys {
        let Ok(value) = value.eval(&cx.eval(&[], 0, &[])) else {
            asked.decided = false;
            continue;
        };
        let attr = &table.desc.attrs[index.keys[*column].column];
        let key = |value| ScanKey { column: *column, strategy: *strategy, value };
        if let (Datum::Array(array), Strategy::Equal, false) = (&value, strategy, attr.type_id.is_array()) {
            match elements(attr, &array.items) {
                Some(values) if values.is_empty() => return None,
                Some(values) if asked.each.is_none() => {
                    asked.each = Some((asked.keys.len(), values));
                    asked.keys.push(key(Datum::Null));
                }
                _ => asked.decided = false,
            }
            continue;
        }
        match fitted(attr, value) {
            Fitted::Value(value) => asked.keys.push(key(value)),
            Fitted::Beyond(greater) => match (strategy, greater) {
                (Strategy::Less | Strategy::LessEqual, true) | (Strategy::Greater | Strategy::GreaterEqual, false) => {
                    asked.decided = false;
                }
                _ => return None,
            },
            Fitted::Other => asked.decided = false,
        }
    }
    Some(asked)
}

/// `_bt_sort_array_elements`: the values of an array by which an index can be asked, in order, each once; none if one of them
/// is of another type.
fn elements(attr: &Attr, items: &[Datum]) -> Option<Vec<Datum>> {
    let mut values = Vec::new();
    for item in items.iter().filter(|item| !item.is_null()) {
        match fitted(attr, item.clone()) {
            Fitted::Value(value) => values.push(value),
            Fitted::Beyond(_) => {}
            Fitted::Other => return None,
        }
    }
    small::sort_by(&mut values, |a, b| compare(a, b).unwrap_or(Ordering::Equal));
    values.dedup_by(|a, b| compare(a, b).is_ok_and(Ordering::is_eq));
    Some(values)
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
