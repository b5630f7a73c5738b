//! Reading and changing the rows of a catalog. Catalogs have no indexes here: to find a row is to scan.

use std::rc::Rc;

use super::layout::SystemTable;
use crate::access::{self, ModifyOutcome, Scan, TupleBatch};
use crate::ids::{Error, Fork, Pid, Result, Tid, Xid};
use crate::storage::page;
use crate::storage::tuple::HeapTupleHeader;
use crate::txn::{Env, Snapshot, Txns};
use crate::types::{Datum, deform_into, deform_tuple, form_tuple};

/// A snapshot for one look at a catalog. Catalogs are read as they are now and not as the statement's snapshot sees
/// them; while it is in use, it holds back the removal of what it may see.
struct CatalogSnapshot {
    snapshot: Rc<Snapshot>,
    txns: Rc<Txns>,
    pid: Pid,
    held: Xid,
}

impl CatalogSnapshot {
    fn take(env: &Env) -> CatalogSnapshot {
        let (procs, pid) = (&env.txns.procs, env.cx.pid());
        let held = procs.entries().into_iter().find(|entry| entry.pid == pid).map_or(Xid::INVALID, |entry| entry.xmin);
        let snapshot = Rc::new(procs.snapshot(pid, env.xact.borrow().cid));
        CatalogSnapshot { snapshot, txns: env.txns.clone(), pid, held }
    }
}

impl Drop for CatalogSnapshot {
    fn drop(&mut self) {
        self.txns.procs.update(self.pid, |entry| entry.xmin = self.held);
    }
}

/// The rows of which the first `keys` columns are those that are looked for, and where they lie.
pub(super) async fn find(
    env: &Env,
    table: &SystemTable,
    keys: usize,
    wanted: impl Fn(&[Datum]) -> bool,
) -> Result<Vec<(Tid, Vec<Datum>)>> {
    let (desc, rel) = (table.desc(), table.rel());
    let taken = CatalogSnapshot::take(env);
    let mut scan = Scan::begin(env, &rel, taken.snapshot.clone());
    let (mut batch, mut first, mut found) = (TupleBatch::default(), Vec::new(), Vec::new());
    while scan.next_page(env, &mut batch).await? {
        for (tid, tuple) in batch.iter() {
            deform_into(&desc, tuple, keys, &mut first)?;
            if wanted(&first) {
                found.push((tid, deform_tuple(&desc, tuple)?));
            }
        }
    }
    Ok(found)
}

/// The transaction that made a row.
pub(super) async fn xmin(env: &Env, table: &SystemTable, tid: Tid) -> Result<Xid> {
    let pin = table.rel().page(env, Fork::Main, tid.block).await?;
    let header = pin.read(|bytes| page::heap_tuple(bytes, tid.offset).and_then(HeapTupleHeader::read));
    header.map(|header| header.xmin).ok_or_else(|| Error::corrupt(format!("no row of {} at {tid}", table.name)))
}

/// Adds a row.
pub(super) async fn insert(env: &Env, table: &SystemTable, values: &[Datum]) -> Result<Tid> {
    let mut tuple = form_tuple(&table.desc(), values)?;
    access::insert(env, &table.rel(), &mut tuple).await
}

/// Gives a row other values; the caller holds a lock that keeps others from changing it.
pub(super) async fn update(env: &Env, table: &SystemTable, tid: Tid, values: &[Datum]) -> Result<()> {
    let mut tuple = form_tuple(&table.desc(), values)?;
    settled(access::update(env, &table.rel(), tid, &mut tuple).await?.0)
}

/// Removes a row. The caller holds a lock on what it describes, so nobody else changes it.
pub(super) async fn delete(env: &Env, table: &SystemTable, tid: Tid) -> Result<()> {
    settled(access::delete(env, &table.rel(), tid).await?)
}

/// What `simple_heap_update` and its like say when a row was changed after all.
fn settled(outcome: ModifyOutcome) -> Result<()> {
    match outcome {
        ModifyOutcome::Done(_) => Ok(()),
        ModifyOutcome::Updated(_) => Err(Error::internal("tuple concurrently updated")),
        ModifyOutcome::Deleted => Err(Error::internal("tuple concurrently deleted")),
        ModifyOutcome::SelfModified => Err(Error::internal("tuple already updated by self")),
    }
}
