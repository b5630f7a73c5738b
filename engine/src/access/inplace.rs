//! Overwriting a row where it lies, without a new version: only for facts that are true for everybody at once.
//!
//! VACUUM notes in `pg_class` how long a table is and how old its oldest row. That is no change of anybody's
//! transaction: it must not be undone by a ROLLBACK, and it needs no versions, so the bytes are simply replaced. The
//! new ones must be as long as the old.
//!
//! PostgreSQL: `heap_inplace_update` in `access/heap/heapam.c`.

use super::modify::{heap_block, record_room};
use super::{Env, Rel};
use crate::ids::{Error, Fork, Result, RmgrId, Tid};
use crate::storage::{PageBytes, page, tuple};
use crate::wal::RecordBuilder;
use crate::wal::heap_records::{HeapInplace, XLOG_HEAP_INPLACE};
use crate::world::LwMode;

/// Replaces the columns of the row at `tid` by those of `new`; its header stays.
pub async fn inplace_update(env: &Env, rel: &Rel, tid: Tid, new: &[u8]) -> Result<()> {
    let columns = tuple::data(new).ok_or_else(|| Error::internal("a tuple without columns"))?;
    let pin = rel.page(env, Fork::Main, tid.block).await?;
    let guard = pin.lock(&env.cx, LwMode::Exclusive).await;
    env.wal.make_room(&env.cx, record_room(1, columns.len())).await?;
    pin.modify(|bytes| overwrite(bytes, tid, columns))?;
    pin.mark_dirty(&env.cx);
    let xid = env.xact.borrow().xid;
    let end = pin.read(|bytes| {
        let main = HeapInplace { offnum: tid.offset }.encode();
        let block = heap_block(rel, &pin, 0, bytes, columns);
        env.log(&RecordBuilder::new(RmgrId::Heap, XLOG_HEAP_INPLACE).xid(xid).main(&main).block(block))
    });
    pin.modify(|bytes| page::set_lsn(bytes, end));
    drop(guard);
    env.cx.end_step().await;
    Ok(())
}

fn overwrite(bytes: &mut PageBytes, tid: Tid, columns: &[u8]) -> Result<()> {
    let old = page::heap_tuple_mut(bytes, tid.offset).ok_or_else(|| Error::internal("no row to overwrite"))?;
    if tuple::data(old).is_none_or(|data| data.len() != columns.len()) {
        return Err(Error::internal("wrong tuple length"));
    }
    let start = old.len() - columns.len();
    old[start..].copy_from_slice(columns);
    Ok(())
}
