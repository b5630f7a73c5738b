//! ORDER BY: all rows in order, within `work_mem` and beyond it on disk.

use super::super::bound::SortKey;
use super::super::plan::SortSpec;
use super::node::{Fresh, Node};
use super::rows::Rows;
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
use std::rc::Rc;

/// All rows in order, within `work_mem`.
#[derive(Clone)]
pub(super) struct Sort {
    input: Node,
    spec: Rc<SortSpec>,
    /// The node of the plan.
    plan: usize,
    /// No more rows than these are wanted.
    bound: Option<usize>,
    sorted: Fresh<RowSort>,
    /// A sort whose result is wanted no more.
    stale: Fresh<RowSort>,
}

/// Rows that are sorted.
pub(super) struct RowSort {
    sort: Tuplesort<'static>,
    rows: Rc<RowOrder>,
    /// How many values a row has.
    width: usize,
    bytes: Vec<u8>,
}

/// How rows are written, and how they compare.
struct RowOrder {
    shape: RefCell<RowShape>,
    keys: Rc<[SortKey]>,
    single: Option<TypeId>,
}

impl Sort {
    pub fn new(input: Node, spec: Rc<SortSpec>, plan: usize) -> Sort {
        Sort { input, spec, plan, bound: None, sorted: Fresh(None), stale: Fresh(None) }
    }

    /// No more rows than these will be asked for.
    pub fn set_bound(&mut self, rows: u64) {
        self.bound = usize::try_from(rows).ok().filter(|rows| *rows <= i32::MAX as usize / 2);
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.stale.0 = self.sorted.0.take().or(self.stale.0.take());
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        if let Some(stale) = self.stale.0.take() {
            stale.end(cx);
        }
        if self.sorted.0.is_none() {
            self.sorted.0 = Some(self.sort(cx).await?);
        }
        match &mut self.sorted.0 {
            Some(sorted) => sorted.next(cx, max, out).await,
            None => Ok(()),
        }
    }

    async fn sort(&mut self, cx: &ExecCx<'_>) -> Result<RowSort> {
        let mut sort = RowSort::begin(cx, self.spec.keys.clone(), self.spec.single, self.bound);
        let mut batch = Rows::default();
        loop {
            self.input.next(cx, BATCH, &mut batch).await?;
            if batch.is_empty() {
                break;
            }
            cx.breathe(batch.len()).await?;
            sort.put(cx, &mut batch).await?;
        }
        sort.finish(cx).await?;
        let stats = sort.sort.stats();
        let on_disk = stats.space_type() == "Disk";
        cx.note(self.plan, |actual| {
            actual.sort = Some((stats.method.name().into(), stats.kilobytes as i64, on_disk));
        });
        Ok(sort)
    }
}

impl RowSort {
    /// Begins. `single` is the only column, if it is one whose values need no tuple around them; with a bound no more rows
    /// than that will be asked for.
    pub fn begin(cx: &ExecCx<'_>, keys: Rc<[SortKey]>, single: Option<TypeId>, bound: Option<usize>) -> RowSort {
        let env = &cx.fx.env;
        let rows = Rc::new(RowOrder { shape: RefCell::default(), keys, single });
        let memory = env.settings.borrow().int(Setting::work_mem);
        let sort = Tuplesort::begin(env, MemoryPurpose::Sort, Box::new(rows.clone()), memory, bound);
        RowSort { sort, rows, width: 0, bytes: Vec::new() }
    }

    /// Adds rows.
    pub async fn put(&mut self, cx: &ExecCx<'_>, batch: &mut Rows) -> Result<()> {
        self.width = batch.width();
        for at in 0..batch.len() {
            let wanted = |slot| self.rows.keys.iter().any(|key| key.slot == slot);
            cx.bring_back(batch.row_mut(at), wanted).await?;
            self.rows.write(batch.row(at), &mut self.bytes)?;
            self.sort.put(&self.bytes)?;
        }
        self.sort.settle(&cx.fx.env).await
    }

    /// All rows are there.
    pub async fn finish(&mut self, cx: &ExecCx<'_>) -> Result<()> {
        self.sort.finish(&cx.fx.env).await
    }

    /// The next rows in order, up to `max`; none at the end.
    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        out.clear(self.width);
        while out.len() < max {
            match self.sort.try_next(&mut self.bytes)? {
                Found::Tuple => {
                    self.rows.read(&self.bytes, out.open())?;
                    out.close();
                }
                Found::Blocked => self.sort.read_on(&cx.fx.env).await?,
                Found::End => break,
            }
        }
        Ok(())
    }

    /// Gives back memory and file.
    pub fn end(self, cx: &ExecCx<'_>) {
        self.sort.end(&cx.fx.env);
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

    /// Appends the values of a row.
    fn read(&self, bytes: &[u8], values: &mut Vec<Datum>) -> Result<()> {
        let shape = self.shape.borrow();
        if self.single.is_none() {
            return shape.decode_into(bytes, values);
        }
        values.push(shape.decode_single(bytes)?);
        Ok(())
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
