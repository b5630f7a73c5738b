//! The rows of `pg_am`: how tables and indexes may be built. Those of PostgreSQL are all listed; `heap` and `btree` are
//! built here.

use super::{BTREE_AM, HEAP_AM};
use crate::ids::Oid;
use crate::types::Datum;

/// The access methods: oid, name, handler, `t` for tables or `i` for indexes. Source: pg_am of 15.18.
const METHODS: [(Oid, &str, u32, u8); 7] = [
    (HEAP_AM, "heap", 3, b't'),
    (BTREE_AM, "btree", 330, b'i'),
    (Oid(405), "hash", 331, b'i'),
    (Oid(783), "gist", 332, b'i'),
    (Oid(2742), "gin", 333, b'i'),
    (Oid(4000), "spgist", 334, b'i'),
    (Oid(3580), "brin", 335, b'i'),
];

/// All rows: oid, amname, amhandler, amtype.
pub(super) fn rows() -> Vec<Vec<Datum>> {
    let row = |(oid, name, handler, kind): &(Oid, &str, u32, u8)| {
        vec![Datum::Oid(*oid), Datum::name(name), Datum::Oid(Oid(*handler)), Datum::Char(*kind)]
    };
    METHODS.iter().map(row).collect()
}

/// Whether there is an access method for indexes of this name.
pub(super) fn is_index_method(name: &str) -> bool {
    METHODS.iter().any(|(_, own, _, kind)| *own == name && *kind == b'i')
}
