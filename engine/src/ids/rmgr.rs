//! Resource managers: which part of the server wrote a WAL record and can replay it.

/// A resource manager of PostgreSQL 15, in the order of `rmgrlist.h`; its number is in every WAL record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
#[repr(u8)]
pub enum RmgrId {
    /// Checkpoints, full-page images, segment switches.
    Xlog = 0,
    /// Commit and abort.
    Transaction = 1,
    /// Creation and truncation of files.
    Storage = 2,
    /// Pages of pg_xact.
    Clog = 3,
    /// CREATE DATABASE.
    Database = 4,
    /// Tablespaces.
    Tablespace = 5,
    /// Multixacts.
    MultiXact = 6,
    /// Catalogs whose files are found by a map.
    RelMap = 7,
    /// What a hot standby must know of running transactions and locks.
    Standby = 8,
    /// Heap, what vacuum does, and rows inserted many at a time.
    Heap2 = 9,
    /// Heap.
    Heap = 10,
    /// B-tree indexes.
    Btree = 11,
    /// Sequences.
    Sequence = 15,
}

impl RmgrId {
    /// From the number in a record; `None` for those that this engine never writes.
    pub fn from_number(n: u8) -> Option<RmgrId> {
        use RmgrId::*;
        if n == Sequence as u8 {
            return Some(Sequence);
        }
        [Xlog, Transaction, Storage, Clog, Database, Tablespace, MultiXact, RelMap, Standby, Heap2, Heap, Btree]
            .get(usize::from(n))
            .copied()
    }

    /// As pg_waldump and `pg_get_wal_records_info` name it.
    pub fn name(self) -> &'static str {
        match self {
            RmgrId::Xlog => "XLOG",
            RmgrId::Transaction => "Transaction",
            RmgrId::Storage => "Storage",
            RmgrId::Clog => "CLOG",
            RmgrId::Database => "Database",
            RmgrId::Tablespace => "Tablespace",
            RmgrId::MultiXact => "MultiXact",
            RmgrId::RelMap => "RelMap",
            RmgrId::Standby => "Standby",
            RmgrId::Heap2 => "Heap2",
            RmgrId::Heap => "Heap",
            RmgrId::Btree => "Btree",
            RmgrId::Sequence => "Sequence",
        }
    }
}
