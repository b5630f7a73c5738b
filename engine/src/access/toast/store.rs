//! Moving values out, and taking away those that no row has any more.

use std::borrow::Cow;

use super::fetch::{chunks, detoast};
use super::{TOAST_MAX_CHUNK_SIZE, Toast, corrupt};
use crate::access::{Env, ModifyOutcome, Rel, modify};
use crate::ids::{Error, LockMode, Result};
use crate::storage::tuple::{self, HEAP_HASEXTERNAL};
use crate::storage::varlena::{self, ToastPointer};
use crate::txn::new_oid;
use crate::types::tuple::column_ranges;
use crate::types::{Attr, Datum, TupleDesc, TypeId, form_tuple};

/// The columns of every table of chunks.
pub fn chunk_desc() -> TupleDesc {
    let plain = |name, type_id| Attr { attstorage: b'p', ..Attr::new(name, type_id) };
    TupleDesc::new(vec![
        plain("chunk_id", TypeId::Oid),
        plain("chunk_seq", TypeId::Int4),
        plain("chunk_data", TypeId::Bytea),
    ])
}

/// The table of chunks and its index, to be changed.
async fn lock(env: &Env, toast: &Toast) -> Result<()> {
    toast.rel.lock(env, LockMode::RowExclusive).await?;
    for index in toast.rel.indexes.iter() {
        index.rel.lock(env, LockMode::RowExclusive).await?;
    }
    Ok(())
}

/// `toast_save_datum`: stores a value; what comes back is the pointer to it. `before` is the pointer that it came by.
pub(super) async fn save(env: &Env, toast: &Toast, value: &[u8], before: Option<&[u8]>) -> Result<Vec<u8>> {
    lock(env, toast).await?;
    let (pointer, stored) = ToastPointer::of(value);
    let before = before.filter(|_| toast.rewriting).and_then(ToastPointer::read);
    let id = match before.filter(|before| before.table == toast.rel.oid) {
        Some(before) => before.value,
        None => new_oid(env).await?,
    };
    let pointer = ToastPointer { value: id, table: toast.rel.oid, ..pointer };
    // Another version of the row has brought it.
    if before.is_some() && !chunks(env, &toast.rel, id).await?.is_empty() {
        return Ok(pointer.encode());
    }
    let desc = chunk_desc();
    for (seq, chunk) in stored.chunks(TOAST_MAX_CHUNK_SIZE).enumerate() {
        env.cx.check_for_interrupts()?;
        let values = [Datum::Oid(pointer.value), Datum::Int4(seq as i32), Datum::Bytea(chunk.into())];
        let mut row = form_tuple(&desc, &values)?;
        // Rows of chunks are never shortened themselves.
        Box::pin(modify::insert(env, &toast.rel, &mut row)).await?;
    }
    Ok(pointer.encode())
}

/// `toast_delete_datum`: deletes the chunks of a value.
pub(super) async fn delete(env: &Env, toast: &Toast, value: &[u8]) -> Result<()> {
    let pointer = ToastPointer::read(value).ok_or_else(corrupt)?;
    lock(env, toast).await?;
    for chunk in chunks(env, &toast.rel, pointer.value).await? {
        match Box::pin(modify::delete(env, &toast.rel, chunk.tid)).await? {
            ModifyOutcome::Done(_) => {}
            _ => return Err(Error::internal("tuple concurrently updated")),
        }
    }
    Ok(())
}

/// `heap_toast_delete`: deletes the values that a row version had elsewhere.
pub(in crate::access) async fn delete_of(env: &Env, rel: &Rel, row: &[u8]) -> Result<()> {
    let Some(toast) = rel.toast.as_ref().filter(|_| tuple::infomask(row) & HEAP_HASEXTERNAL != 0) else {
        return Ok(());
    };
    for (attr, range) in toast.table.attrs.iter().zip(column_ranges(&toast.table, row)?) {
        let value = range.map(|range| &row[range]).filter(|value| attr.attlen == -1 && varlena::is_external(value));
        if let Some(value) = value {
            delete(env, toast, value).await?;
        }
    }
    Ok(())
}

/// A row as indexes want it: with its values in it, and uncompressed.
pub(in crate::access) async fn flat<'a>(env: &Env, rel: &Rel, row: &'a [u8]) -> Result<Cow<'a, [u8]>> {
    let Some(toast) = &rel.toast else { return Ok(Cow::Borrowed(row)) };
    let long =
        |attr: &Attr, value: &[u8]| attr.attlen == -1 && (varlena::is_external(value) || varlena::is_compressed(value));
    let ranges = column_ranges(&toast.table, row)?;
    let mut changed = false;
    let mut values = Vec::with_capacity(ranges.len());
    for (attr, range) in toast.table.attrs.iter().zip(ranges) {
        let value = range.map(|range| row[range].to_vec());
        values.push(match value {
            Some(value) if long(attr, &value) => {
                changed = true;
                Some(detoast(env, &value).await?)
            }
            value => value,
        });
    }
    Ok(if changed { Cow::Owned(super::shorten::form(&toast.table, row, &values)?) } else { Cow::Borrowed(row) })
}
