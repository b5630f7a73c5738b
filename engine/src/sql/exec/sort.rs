//! ORDER BY and DISTINCT.

use super::super::bound::{Row, SortKey};
use super::node::Node;
use super::{BATCH, ExecCx};
use crate::ids::Result;
use crate::settings::Setting;
use crate::sort::{Found, Leading, Order, Tuplesort};
use crate::txn::MemoryPurpose;
use crate::types::abbreviate::is_exact;
use crate::types::index_key::compare_stored;
use crate::types::minimal::{RowShape, minimal_size};
use crate::types::{Datum, TypeId};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;

/// All rows in order, within `work_mem`.
pub(super) struct Sort {
    input: Node,
    keys: Rc<[SortKey]>,
    /// The only column, if it is one whose values need no tuple around them.
    single: Option<TypeId>,
    /// No more rows than these are wanted.
    bound: Option<usize>,
    sorted: Option<Sorted>,
    /// A sort whose result is wanted no more.
    stale: Option<Sorted>,
}

/// A sort that is done, and how its rows are written.
struct Sorted {
    sort: Tuplesort<'static>,
    rows: Rc<RowOrder>,
}

/// How rows are written, and how they compare.
struct RowOrder {
    shape: RefCell<RowShape>,
    keys: Rc<[SortKey]>,
    single: Option<TypeId>,
}

impl Sort {
    /// A sort of rows of so many columns, the first of these types.
    pub fn new(input: Node, keys: Vec<SortKey>, width: usize, types: &[TypeId]) -> Sort {
        let single = types.first().copied().filter(|only| width == 1 && only.typbyval());
        Sort { input, keys: keys.into(), single, bound: None, sorted: None, stale: None }
    }

    /// No more rows than these will be asked for.
    pub fn set_bound(&mut self, rows: u64) {
        self.bound = usize::try_from(rows).ok().filter(|rows| *rows <= i32::MAX as usize / 2);
    }

    pub fn rewind(&mut self) {
        self.input.rewind();
        self.stale = self.sorted.take().or(self.stale.take());
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        if let Some(stale) = self.stale.take() {
            stale.sort.end(&cx.fx.env);
        }
        if self.sorted.is_none() {
            self.sorted = Some(self.sort(cx).await?);
        }
        let (mut found, mut bytes) = (Vec::new(), Vec::new());
        let Some(Sorted { sort, rows }) = &mut self.sorted else { return Ok(found) };
        while found.len() < max {
            match sort.try_next(&mut bytes)? {
                Found::Tuple => found.push(rows.read(&bytes)?),
                Found::Blocked => sort.read_on(&cx.fx.env).await?,
                Found::End => break,
            }
        }
        Ok(found)
    }

    async fn sort(&mut self, cx: &ExecCx<'_>) -> Result<Sorted> {
        let env = &cx.fx.env;
        let (keys, single) = (self.keys.clone(), self.single);
        let rows = Rc::new(RowOrder { shape: RefCell::default(), keys, single });
        let memory = env.settings.borrow().int(Setting::work_mem);
        let mut sort = Tuplesort::begin(env, MemoryPurpose::Sort, Box::new(rows.clone()), memory, self.bound);
        let mut bytes = Vec::new();
        loop {
            let batch = self.input.next(cx, &[], BATCH).await?;
            if batch.is_empty() {
                break;
            }
            cx.breathe(batch.len()).await?;
            for mut row in batch {
                cx.bring_back(&mut row, |slot| self.keys.iter().any(|key| key.slot == slot)).await?;
                rows.write(&row, &mut bytes)?;
                sort.put(&bytes)?;
            }
            sort.settle(env).await?;
        }
        sort.finish(env).await?;
        Ok(Sorted { sort, rows })
    }
}

impl RowOrder {
    /// A row as bytes. A single number stands for itself, and nothing for its NULL.
    fn write(&self, row: &[Datum], bytes: &mut Vec<u8>) -> Result<()> {
        bytes.clear();
        let shape = &mut *self.shape.borrow_mut();
        match (self.single, row) {
            (Some(_), [value]) => shape.encode_single(value, bytes),
            _ => shape.encode(row, bytes),
        }
    }

    fn read(&self, bytes: &[u8]) -> Result<Row> {
        let shape = self.shape.borrow();
        if self.single.is_some() { Ok(vec![shape.decode_single(bytes)?]) } else { shape.decode(bytes) }
    }
}

impl Order for Rc<RowOrder> {
    fn leading(&self, row: &[u8]) -> Result<Leading> {
        let Some(key) = self.keys.first() else { return Ok(Leading::default()) };
        let shape = self.shape.borrow();
        let (attr, value) = match self.single {
            Some(_) => shape.single(row),
            None => shape.column(row, key.slot)?,
        };
        Ok(Leading::of(attr.zip(value), key.descending, key.nulls_first))
    }

    fn compare(&self, a: &[u8], b: &[u8]) -> Result<Ordering> {
        if self.single.is_some() {
            return Ok(Ordering::Equal);
        }
        let shape = self.shape.borrow();
        for key in self.keys.iter() {
            let ((attr, a), (_, b)) = (shape.column(a, key.slot)?, shape.column(b, key.slot)?);
            let order = match (a, b) {
                (None, None) => Ordering::Equal,
                (None, _) => {
                    if key.nulls_first {
                        Ordering::Less
                    } else {
                        Ordering::Greater
                    }
                }
                (_, None) => {
                    if key.nulls_first {
                        Ordering::Greater
                    } else {
                        Ordering::Less
                    }
                }
                (Some(a), Some(b)) => match attr {
                    Some(attr) if key.descending => compare_stored(attr, b, a)?,
                    Some(attr) => compare_stored(attr, a, b)?,
                    None => Ordering::Equal,
                },
            };
            if order.is_ne() {
                return Ok(order);
            }
        }
        Ok(Ordering::Equal)
    }

    fn is_decided_by_leading(&self) -> bool {
        let exact = |key: &SortKey| self.shape.borrow().type_of(key.slot).is_none_or(is_exact);
        self.keys.len() == 1 && exact(&self.keys[0])
    }

    fn size(&self, row: &[u8]) -> usize {
        if self.single.is_some() { 0 } else { minimal_size(row) }
    }
}

/// Values as a key: they compare as their types do, and NULLs are alike.
#[derive(Clone, Debug)]
pub(super) struct Key(pub Vec<Datum>);

impl Key {
    fn order(&self, other: &Key) -> Ordering {
        let orders = self.0.iter().zip(&other.0).map(|(a, b)| {
            // Values of one column are of one type, and one that does not compare was refused by the binder.
            crate::types::compare_nulls_last(a, b).unwrap_or(Ordering::Equal)
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.order(other).is_eq()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        self.order(other)
    }
}

/// Each row once.
pub(super) struct Unique {
    input: Node,
    seen: BTreeSet<Key>,
}

impl Unique {
    pub fn new(input: Node) -> Unique {
        Unique { input, seen: BTreeSet::new() }
    }

    pub fn rewind(&mut self) {
        self.input.rewind();
        self.seen.clear();
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize) -> Result<Vec<Row>> {
        loop {
            let mut batch = self.input.next(cx, &[], max).await?;
            if batch.is_empty() {
                return Ok(batch);
            }
            for row in &mut batch {
                cx.bring_back(row, |_| true).await?;
            }
            let rows: Vec<_> = batch.into_iter().filter(|row| self.seen.insert(Key(row.clone()))).collect();
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
    }
}
