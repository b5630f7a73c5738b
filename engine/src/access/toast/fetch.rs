//! Bringing values back.

use std::rc::Rc;

use super::{chunk_desc, corrupt};
use crate::access::{Env, Index, KeyColumn, Rel, ScanKey, Strategy, TidScan, prune};
use crate::buffer::Pin;
use crate::ids::{Error, Fork, LockMode, Oid, Result, Tid, sqlstate};
use crate::storage::bytes::get_i32;
use crate::storage::tuple::HeapTupleHeader;
use crate::storage::varlena::{self, ToastPointer};
use crate::storage::{PageBytes, page, tuple};
use crate::txn::TableCounter;
use crate::types::Datum;
use crate::world::LwMode;

/// A chunk: where its row lies, its place in the value, its bytes.
pub(super) struct Chunk {
    pub(super) tid: Tid,
    pub(super) seq: i32,
    pub(super) bytes: Vec<u8>,
}

/// All chunks of a value, in order, by the index of their table.
pub(super) async fn chunks(env: &Env, toast: &Rel, value: Oid) -> Result<Vec<Chunk>> {
    let missing = || Error::corrupt(format!("no valid index found for toast relation with Oid {}", toast.oid));
    let index = toast.indexes.first().ok_or_else(missing)?;
    let key = ScanKey { column: 0, strategy: Strategy::Equal, value: Datum::Oid(value) };
    let mut scan = TidScan::begin(index, toast, &[key])?;
    let (mut tids, mut found, mut page) = (Vec::new(), Vec::new(), None::<Pin>);
    while scan.next(env, &mut tids).await? {
        for tid in tids.drain(..) {
            let pin = match page.take().filter(|pin| pin.block() == tid.block) {
                Some(pin) => pin,
                None => {
                    let pin = toast.page(env, Fork::Main, tid.block).await?;
                    prune::prune_opt(env, toast, &pin).await?;
                    pin
                }
            };
            let guard = pin.lock(&env.cx, LwMode::Shared).await;
            found.extend(pin.read(|bytes| chunk_at(bytes, tid)));
            drop(guard);
            page = Some(pin);
        }
        env.cx.end_step().await;
    }
    env.stats.count(toast.oid, TableCounter::IdxTupFetch, found.len() as i64);
    env.stats.count(index.rel.oid, TableCounter::IndexFetches, found.len() as i64);
    Ok(found)
}

/// The chunk at a place, whatever transaction has made or ended it, unless its maker is known to have failed: no id is
/// given to two values, and who has the pointer has seen a row with it (`SnapshotToast`). Of its columns two are fixed, and
/// one of storage PLAIN, with a long header.
fn chunk_at(bytes: &PageBytes, tid: Tid) -> Option<Chunk> {
    let row = page::heap_tuple(bytes, tid.offset)?;
    let data = tuple::data(row)?;
    if data.len() <= 12 || HeapTupleHeader::read(row)?.xmin_invalid() {
        return None;
    }
    let size = varlena::size(&data[8..])?;
    Some(Chunk { tid, seq: get_i32(data, 4), bytes: varlena::payload(&data[8..8 + size]).to_vec() })
}

/// The table of chunks with its index, as whoever opened the table of the row has noted them.
fn opened(env: &Env, oid: Oid) -> Result<Rel> {
    let known = env.toasts.borrow().get(&oid).copied();
    let files = known.ok_or_else(|| Error::internal(format!("could not open relation with OID {oid}")))?;
    let keys = vec![KeyColumn::ascending(0), KeyColumn::ascending(1)];
    let rel = Rel::new(files.index, files.index_file);
    let index = Index::new(rel, "", "", Rc::new(chunk_desc()), keys, true);
    Ok(Rel::new(oid, files.table).with_indexes(vec![index]))
}

/// `detoast_external_attr`: the value behind a pointer, compressed if it is stored so.
pub(super) async fn fetch(env: &Env, value: &[u8]) -> Result<Vec<u8>> {
    let pointer = ToastPointer::read(value).ok_or_else(corrupt)?;
    let toast = opened(env, pointer.table)?;
    toast.lock(env, LockMode::AccessShare).await?;
    for index in toast.indexes.iter() {
        index.rel.lock(env, LockMode::AccessShare).await?;
    }
    let chunks = chunks(env, &toast, pointer.value).await;
    toast.indexes.iter().for_each(|index| env.unlock_relation(index.rel.oid, LockMode::AccessShare));
    env.unlock_relation(toast.oid, LockMode::AccessShare);
    let chunks = chunks?;
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
    varlena::raw_payload(&value).map(|raw| varlena::long(&raw)).ok_or_else(corrupt)
}

/// `detoast_attr`: the value as it was before it was shortened, with a long header.
pub async fn detoast(env: &Env, value: &[u8]) -> Result<Vec<u8>> {
    let value = if varlena::is_external(value) { fetch(env, value).await? } else { value.to_vec() };
    unpack(value)
}
