//! Making a row short enough: which of its values are compressed, which are moved out, and in which order.
//!
//! ```text
//!   round 1    compress the longest value (EXTENDED); if it alone is still too long, move it out     EXTENDED, EXTERNAL
//!   round 2    move the longest value out                                                            EXTENDED, EXTERNAL
//!   round 3    compress the longest value                                                            MAIN
//!   round 4    move the longest value out, as long as the row does not fit on a page                 MAIN
//! ```
//!
//! Each round goes on until the row has 2032 bytes or nothing is left to do. Values of 24 bytes or less are let alone: a
//! pointer would be no shorter. PLAIN ones always are.

use super::fetch::{fetch, unpack};
use super::{TOAST_TUPLE_THRESHOLD, Toast, store};
use crate::access::{Env, Rel};
use crate::ids::Result;
use crate::storage::max_align;
use crate::storage::tuple::{self, HEAP_HASEXTERNAL, HEAP_HASNULL, SIZE_OF_HEAP_TUPLE_HEADER, bitmap_len, null_bitmap};
use crate::storage::varlena::{self, TOAST_POINTER_SIZE};
use crate::types::tuple::column_ranges;
use crate::types::{TupleDesc, align_bytes};

/// `TOAST_TUPLE_TARGET_MAIN`: values of storage MAIN stay until a row does not fit on a page.
const TOAST_TUPLE_TARGET_MAIN: usize = 8160;

/// Whether a new version has to be looked at: it is long, or it or its predecessor has values elsewhere.
pub(in crate::access) fn is_needed(rel: &Rel, new: &[u8], old: Option<&[u8]>) -> bool {
    let has_external = |row: &[u8]| tuple::infomask(row) & HEAP_HASEXTERNAL != 0;
    rel.toast.is_some() && (new.len() > TOAST_TUPLE_THRESHOLD || has_external(new) || old.is_some_and(has_external))
}

/// `heap_toast_insert_or_update`: makes a row that is about to be written short enough, and takes away the values of its
/// predecessor that it does not have any more.
pub(in crate::access) async fn shorten(env: &Env, rel: &Rel, new: &mut Vec<u8>, old: Option<&[u8]>) -> Result<()> {
    let Some(toast) = rel.toast.clone().filter(|_| is_needed(rel, new, old)) else { return Ok(()) };
    let mut row = Row::of(env, &toast, new, old).await?;
    let target = TOAST_TUPLE_THRESHOLD - row.header_size();
    while row.size() > target {
        let Some(at) = row.longest(true, false) else { break };
        if toast.table.attrs[at].attstorage == b'x' {
            row.compress(at);
        } else {
            row.columns[at].incompressible = true;
        }
        if row.columns[at].len() > target {
            row.move_out(env, &toast, at).await?;
        }
    }
    while row.size() > target {
        let Some(at) = row.longest(false, false) else { break };
        row.move_out(env, &toast, at).await?;
    }
    while row.size() > target {
        let Some(at) = row.longest(true, true) else { break };
        row.compress(at);
    }
    while row.size() > TOAST_TUPLE_TARGET_MAIN - row.header_size() {
        let Some(at) = row.longest(false, true) else { break };
        row.move_out(env, &toast, at).await?;
    }
    let values: Vec<Option<Vec<u8>>> = row.columns.into_iter().map(|column| column.value).collect();
    *new = form(&toast.table, new, &values)?;
    for value in row.abandoned {
        store::delete(env, &toast, &value).await?;
    }
    Ok(())
}

/// A column of a row that is being shortened; `ToastAttrInfo`.
struct Column {
    /// As it would lie in the row, header and all.
    value: Option<Vec<u8>>,
    /// The pointer by which it came.
    before: Option<Vec<u8>>,
    /// Not of variable length, or PLAIN, or unchanged elsewhere.
    ignored: bool,
    incompressible: bool,
}

impl Column {
    fn len(&self) -> usize {
        self.value.as_ref().map_or(0, Vec::len)
    }
}

struct Row<'a> {
    table: &'a TupleDesc,
    columns: Vec<Column>,
    /// Values elsewhere that only the old version has.
    abandoned: Vec<Vec<u8>>,
}

impl<'a> Row<'a> {
    /// `toast_tuple_init`: a value elsewhere that is not the old version's own is brought back, to be stored anew.
    async fn of(env: &Env, toast: &'a Toast, new: &[u8], old: Option<&[u8]>) -> Result<Row<'a>> {
        let table = &*toast.table;
        let values_of = |row: &[u8]| -> Result<Vec<Option<Vec<u8>>>> {
            Ok(column_ranges(table, row)?.into_iter().map(|range| range.map(|range| row[range].to_vec())).collect())
        };
        let before = old.map(values_of).transpose()?.unwrap_or_default();
        let mut row = Row { table, columns: Vec::with_capacity(table.natts()), abandoned: Vec::new() };
        for (at, value) in values_of(new)?.into_iter().enumerate() {
            let attr = &table.attrs[at];
            let mut column = Column { value, before: None, ignored: attr.attlen != -1, incompressible: false };
            if column.ignored {
                row.columns.push(column);
                continue;
            }
            if let Some(Some(old)) = before.get(at).filter(|old| old.as_deref().is_some_and(varlena::is_external)) {
                column.ignored = column.value.as_ref() == Some(old);
                if !column.ignored {
                    row.abandoned.push(old.clone());
                }
            }
            if let Some(value) = column.value.as_ref().filter(|value| !column.ignored && varlena::is_external(value)) {
                let fetched = fetch(env, value).await?;
                column.before = column.value.replace(fetched);
            }
            if attr.attstorage == b'p' {
                column.ignored = true;
                column.value = column.value.map(unpack).transpose()?;
            }
            row.columns.push(column);
        }
        Ok(row)
    }

    fn header_size(&self) -> usize {
        let nulls = self.columns.iter().any(|column| column.value.is_none());
        max_align(SIZE_OF_HEAP_TUPLE_HEADER + if nulls { bitmap_len(self.columns.len()) } else { 0 })
    }

    /// `heap_compute_data_size`
    fn size(&self) -> usize {
        let values = self.columns.iter().map(|column| column.value.as_deref());
        values.zip(&self.table.attrs).fold(0, |size, (value, attr)| {
            let Some(value) = value else { return size };
            let packable = attr.attlen == -1 && attr.attstorage != b'p' && !varlena::is_compressed(value);
            if packable && !varlena::is_unaligned(value) && value.len() - 3 <= varlena::VARATT_SHORT_MAX {
                return size + value.len() - 3;
            }
            let unaligned = attr.attlen == -1 && varlena::is_unaligned(value);
            (if unaligned { size } else { size.next_multiple_of(align_bytes(attr.attalign)) }) + value.len()
        })
    }

    /// `toast_tuple_find_biggest_attribute`
    fn longest(&self, to_compress: bool, main: bool) -> Option<usize> {
        let mut longest = (None, max_align(TOAST_POINTER_SIZE));
        for (at, column) in self.columns.iter().enumerate() {
            let Some(value) = &column.value else { continue };
            let done = to_compress && (column.incompressible || varlena::is_compressed(value));
            let storage = self.table.attrs[at].attstorage;
            let of_round = if main { storage == b'm' } else { storage == b'x' || storage == b'e' };
            if !column.ignored && !done && of_round && !varlena::is_external(value) && value.len() > longest.1 {
                longest = (Some(at), value.len());
            }
        }
        longest.0
    }

    /// `toast_tuple_try_compression`
    fn compress(&mut self, at: usize) {
        let column = &mut self.columns[at];
        match column.value.as_deref().and_then(varlena::compress) {
            Some(value) => column.value = Some(value),
            None => column.incompressible = true,
        }
    }

    /// `toast_tuple_externalize`
    async fn move_out(&mut self, env: &Env, toast: &Toast, at: usize) -> Result<()> {
        let column = &mut self.columns[at];
        if let Some(value) = &column.value {
            column.value = Some(store::save(env, toast, value, column.before.as_deref()).await?);
        }
        Ok(())
    }
}

/// A row with these values and the header of another.
pub(super) fn form(table: &TupleDesc, like: &[u8], values: &[Option<Vec<u8>>]) -> Result<Vec<u8>> {
    let nulls = null_bitmap(like).is_some() || values.iter().any(Option::is_none);
    let hoff = max_align(SIZE_OF_HEAP_TUPLE_HEADER + if nulls { bitmap_len(values.len()) } else { 0 });
    let mut row = like[..SIZE_OF_HEAP_TUPLE_HEADER].to_vec();
    row.resize(hoff, 0);
    row[SIZE_OF_HEAP_TUPLE_HEADER - 1] = hoff as u8;
    let mut infomask =
        tuple::infomask(like) & !(HEAP_HASEXTERNAL | HEAP_HASNULL) | if nulls { HEAP_HASNULL } else { 0 };
    for (at, (value, attr)) in values.iter().zip(&table.attrs).enumerate() {
        let Some(value) = value else { continue };
        if nulls {
            row[SIZE_OF_HEAP_TUPLE_HEADER + at / 8] |= 1 << (at % 8);
        }
        let packable = attr.attlen == -1 && attr.attstorage != b'p';
        let value = if packable { varlena::packed(value.clone()) } else { value.clone() };
        if packable && varlena::is_external(&value) {
            infomask |= HEAP_HASEXTERNAL;
        }
        if attr.attlen != -1 || !varlena::is_unaligned(&value) {
            row.resize(hoff + (row.len() - hoff).next_multiple_of(align_bytes(attr.attalign)), 0);
        }
        row.extend_from_slice(&value);
    }
    tuple::set_infomask(&mut row, infomask);
    Ok(row)
}
