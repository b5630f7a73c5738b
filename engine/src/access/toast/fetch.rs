//! Bringing values back.

use super::corrupt;
use crate::access::{Env, Rel, prune};
use crate::ids::{BlockNumber, Error, Fork, LockMode, OffsetNumber, Oid, RelFile, Result, Tid, sqlstate};
use crate::storage::bytes::{get_i32, get_u32};
use crate::storage::varlena::{self, ToastPointer};
use crate::storage::{PageBytes, page, pglz, tuple};
use crate::world::LwMode;

/// A chunk: where its row lies, its place in the value, its bytes.
pub(super) struct Chunk {
    pub(super) tid: Tid,
    pub(super) seq: i32,
    pub(super) bytes: Vec<u8>,
}

/// All chunks of a value, in order. Whatever transaction has made or ended them: no id is given to two values, and who
/// has the pointer has seen a row with it (`SnapshotToast`). The table is read from its first page on; a page that has
/// some is pruned in passing.
pub(super) async fn chunks(env: &Env, toast: &Rel, value: Oid) -> Result<Vec<Chunk>> {
    let mut found: Vec<Chunk> = Vec::new();
    for block in (0..toast.blocks(env, Fork::Main).0).map(BlockNumber) {
        env.cx.check_for_interrupts()?;
        let pin = toast.page(env, Fork::Main, block).await?;
        if pin.read(|bytes| page::offsets(bytes).all(|offset| chunk_of(bytes, offset, value).is_none())) {
            continue;
        }
        prune::prune_opt(env, toast, &pin).await?;
        let guard = pin.lock(&env.cx, LwMode::Shared).await;
        pin.read(|bytes| {
            for offset in page::offsets(bytes) {
                let Some(data) = chunk_of(bytes, offset, value) else { continue };
                let size = varlena::size(&data[8..]).unwrap_or_default();
                let bytes = varlena::payload(&data[8..8 + size]).to_vec();
                found.push(Chunk { tid: Tid::new(block, offset), seq: get_i32(data, 4), bytes });
            }
        });
        drop(guard);
        env.cx.end_step().await;
    }
    crate::small::sort_by_key(&mut found, |chunk| chunk.seq);
    Ok(found)
}

/// The columns of a row, if it is a chunk of the value: two fixed ones, and one of storage PLAIN, with a long header.
fn chunk_of(bytes: &PageBytes, offset: OffsetNumber, value: Oid) -> Option<&[u8]> {
    let data = tuple::data(page::heap_tuple(bytes, offset)?)?;
    (data.len() > 12 && Oid(get_u32(data, 0)) == value).then_some(data)
}

/// `detoast_external_attr`: the value behind a pointer, compressed if it is stored so. The files of a table of chunks are
/// named by its id.
pub(super) async fn fetch(env: &Env, value: &[u8]) -> Result<Vec<u8>> {
    let pointer = ToastPointer::read(value).ok_or_else(corrupt)?;
    let file = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: env.database, rel: pointer.table };
    let toast = Rel::new(pointer.table, file);
    toast.lock(env, LockMode::AccessShare).await?;
    let chunks = chunks(env, &toast, pointer.value).await?;
    let missing = |seq: usize| {
        let message = format!("missing chunk number {seq} for toast value {} in pg_toast_{}", pointer.value, toast.oid);
        Error::new(sqlstate::DATA_CORRUPTED, message)
    };
    if let Some((seq, _)) = chunks.iter().enumerate().find(|(at, chunk)| chunk.seq != *at as i32) {
        return Err(missing(seq));
    }
    let stored: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.bytes.iter().copied()).collect();
    if stored.len() != pointer.stored_size() {
        return Err(missing(chunks.len()));
    }
    Ok(pointer.value_of(&stored))
}

/// Takes a value out of its compression, if it is compressed.
pub(super) fn unpack(value: Vec<u8>) -> Result<Vec<u8>> {
    if !varlena::is_compressed(&value) {
        return Ok(value);
    }
    if varlena::method(&value) != 0 {
        return Err(Error::unsupported("compression method lz4"));
    }
    let raw = pglz::decompress(&value[varlena::VARHDRSZ_COMPRESSED..], varlena::raw_size(&value));
    raw.map(|raw| varlena::long(&raw)).ok_or_else(corrupt)
}

/// `detoast_attr`: the value as it was before it was shortened, with a long header.
pub async fn detoast(env: &Env, value: &[u8]) -> Result<Vec<u8>> {
    let value = if varlena::is_external(value) { fetch(env, value).await? } else { value.to_vec() };
    unpack(value)
}
