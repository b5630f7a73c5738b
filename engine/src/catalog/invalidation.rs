//! The messages that a change of a catalog's row sends to the caches of other backends, and of standbys.
//!
//! PostgreSQL caches rows of catalogs by their keys, each kind of key in a cache of its own with a number. A message
//! does not name the key but its hash: whoever has a row under that hash forgets it. Here a backend forgets everything
//! at any message; the messages themselves are in the log as a real server would write them.
//!
//! The hash of an integer is MurmurHash3's finalizer, that of a name Bob Jenkins's lookup3; those of several keys are
//! rotated and combined.

use super::pg_class::ClassRow;
use crate::ids::{Oid, Result};
use crate::types::Datum;
use crate::wal::{Invalidation, NAMESPACEOID};

/// `ATTNAME`: columns by table and name.
const ATTNAME: u8 = 6;
/// `ATTNUM`: columns by table and number.
const ATTNUM: u8 = 7;
/// `INDEXRELID`: indexes by their oid.
const INDEXRELID: u8 = 32;
/// `NAMESPACENAME`: schemas by their name.
const NAMESPACENAME: u8 = 35;
/// `CONSTROID`: constraints by their oid.
const CONSTROID: u8 = 19;
/// `TYPENAMENSP`: types by name and schema.
const TYPENAMENSP: u8 = 79;
/// `TYPEOID`: types by their oid.
const TYPEOID: u8 = 80;
/// `RELOID`: tables by their oid.
const RELOID: u8 = 55;
/// `RELNAMENSP`: tables by name and schema.
const RELNAMENSP: u8 = 54;

/// What changing a table's row of `pg_class` sends.
pub(super) fn of_class(db: Oid, class: &ClassRow) -> [Invalidation; 2] {
    let by_name = hash_name(&class.name) ^ hash_int(class.namespace.0).rotate_left(8);
    [
        Invalidation::Catcache { id: RELOID, db, hash: hash_int(class.oid.0) },
        Invalidation::Catcache { id: RELNAMENSP, db, hash: by_name },
    ]
}

/// What changing a schema's row of `pg_namespace` sends.
pub(super) fn of_schema(db: Oid, schema: Oid, name: &str) -> [Invalidation; 2] {
    [
        Invalidation::Catcache { id: NAMESPACEOID, db, hash: hash_int(schema.0) },
        Invalidation::Catcache { id: NAMESPACENAME, db, hash: hash_name(name) },
    ]
}

/// What changing a row of `pg_index` sends.
pub(super) fn of_index(db: Oid, index: Oid) -> Invalidation {
    Invalidation::Catcache { id: INDEXRELID, db, hash: hash_int(index.0) }
}

/// What changing a row of `pg_constraint` sends.
pub(super) fn of_constraint(db: Oid, constraint: Oid) -> Invalidation {
    Invalidation::Catcache { id: CONSTROID, db, hash: hash_int(constraint.0) }
}

/// What changing a row of `pg_type` sends.
pub(super) fn of_type(db: Oid, values: &[Datum]) -> Result<[Invalidation; 2]> {
    let (oid, name, namespace) = (values[0].as_u32()?, values[1].as_str()?, values[2].as_u32()?);
    let by_name = hash_name(name) ^ hash_int(namespace).rotate_left(8);
    Ok([
        Invalidation::Catcache { id: TYPEOID, db, hash: hash_int(oid) },
        Invalidation::Catcache { id: TYPENAMENSP, db, hash: by_name },
    ])
}

/// What changing a row of `pg_attribute` sends.
pub(super) fn of_attribute(db: Oid, values: &[Datum]) -> Result<[Invalidation; 2]> {
    const ATTNUM_AT: usize = 5;
    let (relation, name, number) = (values[0].as_u32()?, values[1].as_str()?, values[ATTNUM_AT].as_int()?);
    let keyed_by = |second: u32| hash_int(relation) ^ second.rotate_left(8);
    Ok([
        Invalidation::Catcache { id: ATTNUM, db, hash: keyed_by(hash_int(number as u32)) },
        Invalidation::Catcache { id: ATTNAME, db, hash: keyed_by(hash_name(name)) },
    ])
}

/// `murmurhash32`
fn hash_int(value: u32) -> u32 {
    let mut h = value;
    h = (h ^ h >> 16).wrapping_mul(0x85EB_CA6B);
    h = (h ^ h >> 13).wrapping_mul(0xC2B2_AE35);
    h ^ h >> 16
}

/// `hash_bytes` of a name: lookup3, with the last byte of each last block left to the length.
fn hash_name(name: &str) -> u32 {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    let start = 0x9E37_79B9u32.wrapping_add(name.len() as u32).wrapping_add(3_923_095);
    let mut state = [start; 3];
    let add = |state: &mut [u32; 3], words: [u32; 3]| {
        state.iter_mut().zip(words).for_each(|(part, word)| *part = part.wrapping_add(word));
    };
    let (blocks, rest) = name.as_bytes().as_chunks::<12>();
    for block in blocks {
        add(&mut state, [word(&block[0..4]), word(&block[4..8]), word(&block[8..12])]);
        mix(&mut state);
    }
    let mut last = [0; 12];
    last[..rest.len()].copy_from_slice(rest);
    add(&mut state, [word(&last[0..4]), word(&last[4..8]), word(&last[8..11]) << 8]);
    finish(state)
}

/// lookup3's mixing of a block: each part takes a turned neighbour off and is added to the other one.
fn mix(state: &mut [u32; 3]) {
    for (at, turn) in [4, 6, 8, 16, 19, 4].into_iter().enumerate() {
        let (this, next, previous) = (at % 3, (at + 1) % 3, (at + 2) % 3);
        state[this] = state[this].wrapping_sub(state[previous]) ^ state[previous].rotate_left(turn);
        state[previous] = state[previous].wrapping_add(state[next]);
    }
}

/// lookup3's end: the third part, after seven turns.
fn finish([a, b, c]: [u32; 3]) -> u32 {
    let mut state = [c, a, b];
    for (at, turn) in [14, 11, 25, 16, 4, 14, 24].into_iter().enumerate() {
        let (this, previous) = (at % 3, (at + 2) % 3);
        state[this] = (state[this] ^ state[previous]).wrapping_sub(state[previous].rotate_left(turn));
    }
    state[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::pg_namespace::{PG_TOAST, PUBLIC};
    use crate::catalog::{pg_attribute, pg_type};
    use crate::ids::Xid;
    use crate::types::{Attr, TypeId};

    fn hashes(messages: &[Invalidation]) -> Vec<(u8, u32)> {
        let parts = |message: &Invalidation| match message {
            Invalidation::Catcache { id, hash, .. } => Some((*id, *hash)),
            _ => None,
        };
        messages.iter().filter_map(parts).collect()
    }

    #[test]
    fn hashes_are_those_of_a_real_server() {
        // From the INVALIDATIONS that VACUUM of the opening scene's table and of its TOAST table wrote, 15.20.
        let of_class = |oid, name, namespace| {
            hashes(&of_class(Oid::POSTGRES_DB, &ClassRow::of_new_table(Oid(oid), name, namespace, Oid(0), 0, Xid(3))))
        };
        assert_eq!(of_class(16384, "accounts", PUBLIC), [(55, 0x5308_5746), (54, 0x1F25_E7A6)]);
        assert_eq!(of_class(16387, "pg_toast_16384", PG_TOAST), [(55, 0xC3AF_D00A), (54, 0x0BEE_75EA)]);
        // From the COMMIT of CREATE TABLE plain(id int, v int8), which got the oid 24581.
        let types = pg_type::rows_of_table(Oid(24581), PUBLIC, (Oid(24583), "plain"), (Oid(24582), "_plain"));
        let of_types: Vec<_> = types.iter().flat_map(|row| hashes(&of_type(Oid::POSTGRES_DB, row).unwrap())).collect();
        let wanted = [(80, 0x9414_118C), (79, 0xF674_9594), (80, 0x7988_4A0C), (79, 0x8EAE_80CE)];
        assert_eq!(of_types, wanted);
        let columns = pg_attribute::rows(Oid(24581), &[Attr::new("id", TypeId::Int4)], false);
        let of_column = |at: usize| hashes(&of_attribute(Oid::POSTGRES_DB, &columns[at]).unwrap());
        assert_eq!(of_column(0), [(7, 0x9851_0C33), (6, 0x9B5C_4F6F)]);
        assert_eq!(of_column(6), [(7, 0x96ED_73A0), (6, 0xA10C_BD26)], "tableoid, number -6");
    }
}
