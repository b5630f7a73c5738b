//! The messages that a change of a catalog's row sends to the caches of other backends, and of standbys.
//!
//! PostgreSQL caches rows of catalogs by their keys, each kind of key in a cache of its own with a number. A message
//! does not name the key but its hash: whoever has a row under that hash forgets it. Here a backend forgets everything
//! at any message; the messages themselves are in the log as a real server would write them.
//!
//! The hash of an integer is MurmurHash3's finalizer, that of a name Bob Jenkins's lookup3; those of several keys are
//! rotated and combined.

use super::pg_class::ClassRow;
use crate::ids::Oid;
use crate::wal::Invalidation;

/// `RELOID`: tables by their oid.
const RELOID: u8 = 55;
/// `RELNAMENSP`: tables by name and schema.
const RELNAMENSP: u8 = 54;

/// What changing a table's row of `pg_class` sends.
pub(super) fn of_class(db: Oid, class: &ClassRow) -> Vec<Invalidation> {
    let by_name = hash_name(&class.name) ^ hash_int(class.namespace.0).rotate_left(8);
    vec![
        Invalidation::Catcache { id: RELOID, db, hash: hash_int(class.oid.0) },
        Invalidation::Catcache { id: RELNAMENSP, db, hash: by_name },
        Invalidation::Relcache { db, rel: class.oid },
    ]
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
    use crate::ids::Xid;

    #[test]
    fn hashes_are_those_of_a_real_server() {
        // From the INVALIDATIONS that VACUUM of the opening scene's table and of its TOAST table wrote, 15.20.
        let row = |oid, name, namespace| ClassRow::of_new_table(Oid(oid), name, namespace, Oid(0), 0, Xid(3));
        let hashes = |class: &ClassRow| -> Vec<u32> {
            let messages = of_class(Oid::POSTGRES_DB, class).into_iter();
            messages
                .filter_map(|m| if let Invalidation::Catcache { hash, .. } = m { Some(hash) } else { None })
                .collect()
        };
        assert_eq!(hashes(&row(16384, "accounts", PUBLIC)), [0x5308_5746, 0x1F25_E7A6]);
        assert_eq!(hashes(&row(16387, "pg_toast_16384", PG_TOAST)), [0xC3AF_D00A, 0x0BEE_75EA]);
    }
}
