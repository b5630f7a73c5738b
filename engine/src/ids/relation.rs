//! What a relation is called inside, where its bytes lie, and places within it.

use std::fmt;

/// The size of a page in bytes, in shared buffers and on disk.
pub const BLCKSZ: usize = 8192;

/// The first object id that initdb leaves for users.
pub const FIRST_NORMAL_OID: Oid = Oid(16384);

/// An object id: the primary key of most system catalogs.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct Oid(pub u32);

impl Oid {
    /// No object.
    pub const INVALID: Oid = Oid(0);
    /// The tablespace `pg_default`, directory `base/`.
    pub const DEFAULT_TABLESPACE: Oid = Oid(1663);
    /// The tablespace `pg_global`, directory `global/`.
    pub const GLOBAL_TABLESPACE: Oid = Oid(1664);
    /// The database `postgres` as initdb of version 15 makes it.
    pub const POSTGRES_DB: Oid = Oid(5);

    /// Whether this names an object at all.
    pub fn is_valid(self) -> bool {
        self != Oid::INVALID
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a relation's files lie: tablespace, database, file number. PostgreSQL 15's `RelFileNode`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct RelFile {
    /// `spcNode`
    pub spc: Oid,
    /// `dbNode`; invalid for shared relations.
    pub db: Oid,
    /// `relNode`
    pub rel: Oid,
}

/// Temporary relations lie in the default tablespace, but each session has its own: here it is as if it had a tablespace, from
/// this number on. PostgreSQL keeps the session's number beside (`RelFileNodeBackend`).
const TEMPORARY: u32 = 0xFFFF_0000;

impl RelFile {
    /// The files of a temporary relation of the session with this number.
    pub fn temporary(backend: u32, db: Oid, rel: Oid) -> RelFile {
        RelFile { spc: Oid(TEMPORARY | backend & !TEMPORARY), db, rel }
    }

    /// The session whose temporary relation it is; none if it is none.
    pub fn backend(self) -> Option<u32> {
        self.is_temporary().then_some(self.spc.0 & !TEMPORARY)
    }

    /// Whether it is a temporary relation.
    #[inline]
    pub fn is_temporary(self) -> bool {
        self.spc.0 >= TEMPORARY
    }

    /// Whether all databases share it.
    pub fn is_shared(self) -> bool {
        self.spc == Oid::GLOBAL_TABLESPACE
    }

    /// The file of one fork below the data directory, as PostgreSQL names it.
    pub fn path(self, fork: Fork) -> String {
        format!("{self}{}", fork.suffix())
    }
}

impl fmt::Display for RelFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.spc {
            Oid::GLOBAL_TABLESPACE => write!(f, "global/{}", self.rel),
            Oid::DEFAULT_TABLESPACE => write!(f, "base/{}/{}", self.db, self.rel),
            Oid(spc) if spc >= TEMPORARY => write!(f, "base/{}/t{}_{}", self.db, spc & !TEMPORARY, self.rel),
            spc => write!(f, "pg_tblspc/{spc}/PG_15_202209061/{}/{}", self.db, self.rel),
        }
    }
}

/// One of the files of a relation; `ForkNumber`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
#[repr(u8)]
pub enum Fork {
    /// The rows themselves.
    Main = 0,
    /// The free space map.
    Fsm = 1,
    /// The visibility map.
    Vm = 2,
    /// What an unlogged relation is reset to.
    Init = 3,
}

impl Fork {
    /// From a fork number on disk or in a WAL record.
    pub fn from_number(n: u8) -> Option<Fork> {
        [Fork::Main, Fork::Fsm, Fork::Vm, Fork::Init].get(usize::from(n)).copied()
    }

    /// What is appended to the file's name.
    pub fn suffix(self) -> &'static str {
        match self {
            Fork::Main => "",
            Fork::Fsm => "_fsm",
            Fork::Vm => "_vm",
            Fork::Init => "_init",
        }
    }

    /// As SQL functions and pg_waldump name it.
    pub fn name(self) -> &'static str {
        match self {
            Fork::Main => "main",
            Fork::Fsm => "fsm",
            Fork::Vm => "vm",
            Fork::Init => "init",
        }
    }
}

/// The number of a page within a fork.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct BlockNumber(pub u32);

impl BlockNumber {
    /// No page.
    pub const INVALID: BlockNumber = BlockNumber(u32::MAX);
}

impl fmt::Display for BlockNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The number of a line pointer within a page, counted from 1.
pub type OffsetNumber = u16;

/// A place in a table: block and line pointer; `ItemPointerData` and the SQL type `tid`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct Tid {
    /// Which page.
    pub block: BlockNumber,
    /// Which line pointer, from 1; 0 is no place.
    pub offset: OffsetNumber,
}

impl Tid {
    /// A place from its two numbers.
    pub fn new(block: BlockNumber, offset: OffsetNumber) -> Tid {
        Tid { block, offset }
    }
}

impl fmt::Display for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({},{})", self.block, self.offset)
    }
}

/// A shared buffer, counted from 1 as pg_buffercache counts; or one of a session's own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct BufferId(pub u32);

impl BufferId {
    /// A session's own buffer, counted from 1. PostgreSQL gives these negative numbers.
    pub fn local(number: u32) -> BufferId {
        BufferId(1 << 31 | number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_postgresql_names_them() {
        let rel = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: FIRST_NORMAL_OID };
        assert_eq!(rel.path(Fork::Main), "base/5/16384");
        assert_eq!(rel.path(Fork::Vm), "base/5/16384_vm");
        let temporary = RelFile::temporary(3, rel.db, rel.rel);
        assert_eq!((temporary.path(Fork::Fsm).as_str(), temporary.backend()), ("base/5/t3_16384_fsm", Some(3)));
    }
}
