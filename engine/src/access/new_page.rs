//! Pages that are made whole, outside of what anybody reads so far: of an index that is built, of a table that is written
//! anew. Each is logged once, as an image.

use super::{Env, Rel};
use crate::ids::{BLCKSZ, BlockNumber, Fork, Result, RmgrId};
use crate::storage::{PageBytes, page};
use crate::wal::record::{REGBUF_FORCE_IMAGE, REGBUF_STANDARD};
use crate::wal::xlog_records::XLOG_FPI;
use crate::wal::{BlockRef, RecordBuilder};
use crate::world::LwMode;

/// `log_newpage`: puts a page into its place, behind or among those that there are.
pub(super) async fn write(env: &Env, rel: &Rel, block: BlockNumber, page: &PageBytes) -> Result<()> {
    env.pool(rel.file).extend_to(&env.cx, rel.file, Fork::Main, block).await?;
    let pin = rel.page(env, Fork::Main, block).await?;
    let guard = pin.lock(&env.cx, LwMode::Exclusive).await;
    env.wal.make_room(&env.cx, BLCKSZ + 256).await?;
    pin.modify(|bytes| *bytes = *page);
    let flags = REGBUF_FORCE_IMAGE | REGBUF_STANDARD;
    let image = BlockRef { id: 0, rel: rel.file, fork: Fork::Main, block, page: Some(page), flags, data: &[] };
    let xid = env.xact.borrow().xid;
    let end = env.log(&RecordBuilder::new(RmgrId::Xlog, XLOG_FPI).xid(xid).block(image));
    pin.mark_dirty(&env.cx);
    pin.modify(|bytes| page::set_lsn(bytes, end));
    drop(guard);
    env.cx.end_step().await;
    Ok(())
}
