//! The files behind the pool: reading, writing, lengthening and removing the forks of relations.
//!
//! PostgreSQL cuts a relation into files of 1 GB; here a fork is one file.

use crate::ids::{BLCKSZ, BlockNumber, Error, Fork, RelFile, Result, WaitEvent, sqlstate};
use crate::storage::PageBytes;
use crate::world::{Cx, Disk};

use super::pool::BufferTag;

/// How many pages a fork has; none if it does not exist. The kernel knows: this does not wait.
pub fn block_count(disk: &Disk, rel: RelFile, fork: Fork) -> Option<BlockNumber> {
    let len = disk.len(&rel.path(fork))?;
    Some(BlockNumber((len / BLCKSZ as u64) as u32))
}

fn offset(block: BlockNumber) -> u64 {
    u64::from(block.0) * BLCKSZ as u64
}

pub(super) async fn read(disk: &Disk, cx: &Cx, tag: BufferTag) -> Result<Box<PageBytes>> {
    let mut page = Box::new([0; BLCKSZ]);
    let path = tag.rel.path(tag.fork);
    let n = disk.read(cx, WaitEvent::DataFileRead, &path, offset(tag.block), &mut page[..]).await?;
    if n < BLCKSZ {
        let message = format!("could not read block {} in file \"{path}\": read only {n} of {BLCKSZ} bytes", tag.block);
        return Err(Error::corrupt(message));
    }
    if crate::storage::page::verify(&page, tag.block, false).is_err() {
        if tag.fork == Fork::Main {
            let message = format!("invalid page in block {} of relation {path}", tag.block);
            return Err(Error::new(sqlstate::DATA_CORRUPTED, message));
        }
        // A map is only a hint: a torn page of one is as good as an empty one.
        page.fill(0);
    }
    Ok(page)
}

pub(super) async fn write(disk: &Disk, cx: &Cx, tag: BufferTag, page: &PageBytes) -> Result<()> {
    disk.write(cx, WaitEvent::DataFileWrite, &tag.rel.path(tag.fork), offset(tag.block), page).await
}

/// Adds a page of zeros at `block`.
pub(super) async fn extend(disk: &Disk, cx: &Cx, tag: BufferTag) -> Result<()> {
    let path = tag.rel.path(tag.fork);
    disk.create(&path);
    disk.write(cx, WaitEvent::DataFileExtend, &path, offset(tag.block), &[0; BLCKSZ]).await
}
