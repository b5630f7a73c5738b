//! Messages that tell other sessions, and sessions of a standby, which cached catalog rows are out of date.
//!
//! Each is 16 bytes: a type in the first (0 and above: a catalog cache, whose number it is), then ids from byte 4 on.
//!
//! PostgreSQL: `storage/sinval.h`.

use super::bytes::{Put, Take};
use crate::ids::{Oid, RelFile, Result};

/// `SharedInvalidationMessage`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Invalidation {
    /// A row in a catalog cache.
    Catcache {
        /// Which cache, a number that follows from the names of the caches.
        id: u8,
        /// The database; invalid for a shared catalog.
        db: Oid,
        /// The hash of the row's key.
        hash: u32,
    },
    /// All rows of a catalog.
    Catalog {
        /// The database; invalid for a shared catalog.
        db: Oid,
        /// The catalog.
        catalog: Oid,
    },
    /// What is cached of a relation.
    Relcache {
        /// The database; invalid for a shared relation.
        db: Oid,
        /// The relation; invalid for all.
        rel: Oid,
    },
    /// Open files of a relation.
    Smgr {
        /// The backend whose temporary relation it is: high and low part; -1 for none.
        backend: (i8, u16),
        /// The files.
        rel: RelFile,
    },
    /// Which files the mapped catalogs have.
    Relmap {
        /// The database; invalid for shared catalogs.
        db: Oid,
    },
    /// Snapshots kept for reading a catalog.
    Snapshot {
        /// The database; invalid for a shared relation.
        db: Oid,
        /// The catalog.
        rel: Oid,
    },
    /// A message of no known kind.
    Unknown(i8),
}

/// `NAMESPACEOID`: schemas by their oid.
pub const NAMESPACEOID: u8 = 36;

impl Invalidation {
    /// Whether it is about a schema.
    pub fn is_of_schema(&self) -> bool {
        matches!(self, Invalidation::Catcache { id: NAMESPACEOID, .. })
    }

    pub(super) fn take(from: &mut Take) -> Result<Invalidation> {
        let bytes = from.array::<16>()?;
        let id = bytes[0] as i8;
        let mut ids = Take(&bytes[4..]);
        let (db, second) = (ids.oid()?, ids.u32()?);
        Ok(match id {
            0.. => Invalidation::Catcache { id: id as u8, db, hash: second },
            -1 => Invalidation::Catalog { db, catalog: Oid(second) },
            -2 => Invalidation::Relcache { db, rel: Oid(second) },
            -3 => {
                let backend = (bytes[1] as i8, u16::from_le_bytes([bytes[2], bytes[3]]));
                Invalidation::Smgr { backend, rel: Take(&bytes[4..]).rel_file()? }
            }
            -4 => Invalidation::Relmap { db },
            -5 => Invalidation::Snapshot { db, rel: Oid(second) },
            _ => Invalidation::Unknown(id),
        })
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let (id, db, second) = match *self {
            Invalidation::Catcache { id, db, hash } => (id as i8, db, hash),
            Invalidation::Catalog { db, catalog } => (-1, db, catalog.0),
            Invalidation::Relcache { db, rel } => (-2, db, rel.0),
            Invalidation::Smgr { backend, rel } => {
                out.put(&[-3i8 as u8, backend.0 as u8]);
                out.put_u16(backend.1);
                return out.put_rel_file(rel);
            }
            Invalidation::Relmap { db } => (-4, db, 0),
            Invalidation::Snapshot { db, rel } => (-5, db, rel.0),
            Invalidation::Unknown(id) => (id, Oid::INVALID, 0),
        };
        out.put(&[id as u8, 0, 0, 0]);
        out.put_u32(db.0);
        out.put_u32(second);
        out.put_u32(0);
    }
}
