//! How far a VACUUM has come, for others to see: `pg_stat_progress_vacuum`.

use crate::ids::Oid;

/// `PROGRESS_VACUUM_PHASE`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum VacuumPhase {
    /// Has not begun to read.
    #[default]
    Initializing,
    /// Reads the table, prunes, freezes, and notes dead line pointers.
    ScanningHeap,
    /// Takes entries that lead to those out of the indexes.
    VacuumingIndexes,
    /// Frees the line pointers.
    VacuumingHeap,
    /// Has a last look at each index.
    CleaningUpIndexes,
    /// Cuts off the empty end.
    TruncatingHeap,
    /// Brings maps and statistics up to date.
    FinalCleanup,
}

impl VacuumPhase {
    /// As the view calls it.
    pub fn name(self) -> &'static str {
        match self {
            VacuumPhase::Initializing => "initializing",
            VacuumPhase::ScanningHeap => "scanning heap",
            VacuumPhase::VacuumingIndexes => "vacuuming indexes",
            VacuumPhase::VacuumingHeap => "vacuuming heap",
            VacuumPhase::CleaningUpIndexes => "cleaning up indexes",
            VacuumPhase::TruncatingHeap => "truncating heap",
            VacuumPhase::FinalCleanup => "performing final cleanup",
        }
    }
}

/// A VACUUM as its row in the view shows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct VacuumProgress {
    /// Of which table.
    pub relation: Oid,
    /// What it is at.
    pub phase: VacuumPhase,
    /// Pages that the table had at the beginning.
    pub heap_blks_total: u32,
    /// Pages read or skipped.
    pub heap_blks_scanned: u32,
    /// Pages of which nothing is left to do.
    pub heap_blks_vacuumed: u32,
    /// Rounds over the indexes.
    pub index_vacuum_count: u32,
    /// Dead line pointers that it can note before the indexes must be cleaned.
    pub max_dead_tuples: u64,
    /// Those noted since they were last cleaned.
    pub num_dead_tuples: u64,
}
