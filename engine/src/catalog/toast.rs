//! Which tables have a second one for values too long for a page (TOAST: the oversized-attribute storage technique), and
//! what the catalogs say of that. It is made with the table, and with an index over what a chunk is found by.

use super::pg_class::ClassRow;
use crate::access::toast::{TOAST_TUPLE_THRESHOLD, chunk_desc};
use crate::ids::{Oid, Xid};
use crate::storage::max_align;
use crate::storage::tuple::{SIZE_OF_HEAP_TUPLE_HEADER, bitmap_len};
use crate::types::{Attr, TypeId, align_bytes, numeric};

/// The bytes of a long varlena header.
const VARHDRSZ: usize = 4;
/// The most bytes that a character takes in UTF8.
const MAX_CHARACTER: usize = 4;

/// `type_maximum_size`: the most bytes that a value of a type of variable length can take, if there is a limit.
fn maximum_size(attr: &Attr) -> Option<usize> {
    match attr.type_id {
        TypeId::Varchar if attr.typmod >= VARHDRSZ as i32 => {
            Some((attr.typmod as usize - VARHDRSZ) * MAX_CHARACTER + VARHDRSZ)
        }
        TypeId::Numeric if attr.typmod >= VARHDRSZ as i32 => {
            // Digits are kept four together; the first and the last group may be filled in part only.
            let (precision, _) = numeric::typmod_parts(attr.typmod);
            Some(8 + (precision as usize + 6) / 4 * 2)
        }
        _ => None,
    }
}

/// `needs_toast_table`: whether a row of these columns may become too long.
pub(super) fn is_needed(columns: &[Attr]) -> bool {
    let can_move = |attr: &&Attr| attr.attlen < 0 && attr.attstorage != b'p';
    if !columns.iter().any(|attr| can_move(&attr)) {
        return false;
    }
    let mut length = 0usize;
    for attr in columns {
        length = length.next_multiple_of(align_bytes(attr.attalign));
        length += match attr.attlen {
            fixed if fixed > 0 => fixed as usize,
            _ => match maximum_size(attr) {
                Some(limit) => limit,
                None => return true,
            },
        };
    }
    let header = max_align(SIZE_OF_HEAP_TUPLE_HEADER + bitmap_len(columns.len()));
    header + max_align(length) > TOAST_TUPLE_THRESHOLD
}

/// The columns of every such table: which value, which part of it, its bytes.
pub(super) fn columns() -> Vec<Attr> {
    chunk_desc().attrs
}

/// The row of `pg_class` of the table `oid`, for the long values of the table `of`. It has no type for its rows.
pub(super) fn class_row(of: Oid, oid: Oid, namespace: Oid, frozen_xid: Xid) -> ClassRow {
    let name = format!("pg_toast_{of}");
    let row = ClassRow::of_new_table(oid, &name, namespace, Oid::INVALID, columns().len(), frozen_xid);
    ClassRow { kind: b't', replica_identity: b'n', ..row }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(columns: &[(TypeId, i32)]) -> bool {
        let attr = |(type_id, typmod): &(TypeId, i32)| Attr::new("c", *type_id).with_typmod(*typmod);
        is_needed(&columns.iter().map(attr).collect::<Vec<_>>())
    }

    #[test]
    fn tables_with_values_of_any_length_need_it() {
        // As reltoastrelid of 15.20 is 0 or not for such tables; 501 characters of varchar are 2004 bytes.
        assert!(!needed(&[(TypeId::Int4, -1), (TypeId::Int8, -1)]));
        assert!(needed(&[(TypeId::Text, -1)]) && needed(&[(TypeId::Numeric, -1)]));
        assert!(!needed(&[(TypeId::Int4, -1), (TypeId::Numeric, 655_366)]));
        assert!(!needed(&[(TypeId::Varchar, 4 + 500)]));
        assert!(needed(&[(TypeId::Varchar, 4 + 502)]));
    }
}
