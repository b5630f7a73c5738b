//! The eight modes of a table lock and which of them exclude each other.

/// A lock mode of the lock manager, weakest first. Source: PostgreSQL's `lockdefs.h`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
#[repr(u8)]
pub enum LockMode {
    /// SELECT
    AccessShare = 1,
    /// SELECT ... FOR UPDATE
    RowShare = 2,
    /// INSERT, UPDATE, DELETE
    RowExclusive = 3,
    /// VACUUM, ANALYZE
    ShareUpdateExclusive = 4,
    /// CREATE INDEX
    Share = 5,
    /// CREATE TRIGGER
    ShareRowExclusive = 6,
    /// REFRESH MATERIALIZED VIEW CONCURRENTLY
    Exclusive = 7,
    /// DROP TABLE, TRUNCATE
    AccessExclusive = 8,
}

impl LockMode {
    /// All modes, weakest first.
    pub const ALL: [LockMode; 8] = [
        LockMode::AccessShare,
        LockMode::RowShare,
        LockMode::RowExclusive,
        LockMode::ShareUpdateExclusive,
        LockMode::Share,
        LockMode::ShareRowExclusive,
        LockMode::Exclusive,
        LockMode::AccessExclusive,
    ];

    /// Whether a lock in this mode keeps `other` out: table 13.2 of the manual.
    pub fn conflicts_with(self, other: LockMode) -> bool {
        use LockMode::*;
        // A lock excludes everything from this mode on ...
        let from = |mode: LockMode| match mode {
            AccessShare => AccessExclusive,
            RowShare => Exclusive,
            RowExclusive => Share,
            ShareUpdateExclusive => ShareUpdateExclusive,
            Share => ShareRowExclusive,
            ShareRowExclusive => ShareUpdateExclusive,
            Exclusive => RowShare,
            AccessExclusive => AccessShare,
        };
        // ... and the two that do not exclude themselves upwards exclude RowExclusive besides.
        let besides = |mode: LockMode| match mode {
            Share => &[RowExclusive, ShareUpdateExclusive][..],
            ShareRowExclusive => &[RowExclusive][..],
            _ => &[],
        };
        other >= from(self) || besides(self).contains(&other)
    }

    /// `pg_locks.mode`.
    pub fn name(self) -> &'static str {
        match self {
            LockMode::AccessShare => "AccessShareLock",
            LockMode::RowShare => "RowShareLock",
            LockMode::RowExclusive => "RowExclusiveLock",
            LockMode::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            LockMode::Share => "ShareLock",
            LockMode::ShareRowExclusive => "ShareRowExclusiveLock",
            LockMode::Exclusive => "ExclusiveLock",
            LockMode::AccessExclusive => "AccessExclusiveLock",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LockMode;

    #[test]
    fn conflicts_are_those_of_the_manual() {
        // Table 13.2 of the PostgreSQL 15 manual, row by row; x marks a conflict.
        let table = [".......x", "......xx", "....xxxx", "...xxxxx", "..xx.xxx", "..xxxxxx", ".xxxxxxx", "xxxxxxxx"];
        for (held, row) in LockMode::ALL.into_iter().zip(table) {
            for (wanted, mark) in LockMode::ALL.into_iter().zip(row.chars()) {
                assert_eq!(held.conflicts_with(wanted), mark == 'x', "{held:?} against {wanted:?}");
            }
        }
    }
}
