//! A backend's own view of its transaction: nothing here is shared.

use std::rc::Rc;

use super::snapshot::Snapshot;
use crate::ids::{CommandId, Lsn, RelFile, TimestampTz, Xid};
use crate::trace::TxStatus;
use crate::wal::Invalidation;

/// Where a session stands with respect to BEGIN and COMMIT; PostgreSQL's `TBlockState`, as far as it is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BlockState {
    /// No transaction.
    #[default]
    Idle,
    /// A transaction of one statement, or of one query string.
    Implicit,
    /// After BEGIN.
    InBlock,
    /// After BEGIN and an error: only ROLLBACK and COMMIT are heard.
    Failed,
}

impl BlockState {
    /// What ReadyForQuery says of it.
    pub fn status(self) -> TxStatus {
        match self {
            BlockState::Idle | BlockState::Implicit => TxStatus::Idle,
            BlockState::InBlock => TxStatus::InBlock,
            BlockState::Failed => TxStatus::Failed,
        }
    }
}

/// The isolation levels that are built. READ UNCOMMITTED behaves as READ COMMITTED, as in PostgreSQL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Isolation {
    /// A snapshot for each statement.
    #[default]
    ReadCommitted,
    /// One snapshot for the transaction, taken by its first statement.
    RepeatableRead,
}

/// Pairs of command ids: when a transaction ends a row version that it has made itself, the header has room for
/// one number only, which then stands for such a pair. Nobody else can see the version, so the pairs stay here.
#[derive(Default, Clone, Debug)]
pub struct ComboCids(Vec<(CommandId, CommandId)>);

impl ComboCids {
    /// The number that stands for the pair.
    pub fn number_of(&mut self, cmin: CommandId, cmax: CommandId) -> CommandId {
        let at = self.0.iter().position(|pair| *pair == (cmin, cmax)).unwrap_or_else(|| {
            self.0.push((cmin, cmax));
            self.0.len() - 1
        });
        CommandId(at as u32)
    }

    /// The pair that a number stands for.
    pub fn pair(&self, combo: CommandId) -> Option<(CommandId, CommandId)> {
        self.0.get(combo.0 as usize).copied()
    }
}

/// What a transaction has written into the log; PostgreSQL's `WalUsage`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct WalUsage {
    /// Records.
    pub records: u64,
    /// Full-page images in them.
    pub fpi: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The transaction of a backend.
#[derive(Default, Debug)]
pub struct Xact {
    /// Where the session stands.
    pub block: BlockState,
    /// The transaction's id, once it has written.
    pub xid: Xid,
    /// The command that runs.
    pub cid: CommandId,
    /// Whether that command has changed something, so that the next one needs a number of its own.
    pub cid_used: bool,
    /// Its isolation level.
    pub isolation: Isolation,
    /// Whether it may only read.
    pub read_only: bool,
    /// The snapshot in use; in REPEATABLE READ it is kept to the end.
    pub snapshot: Option<Rc<Snapshot>>,
    /// The last snapshot taken, also after its end: for pictures.
    pub last_snapshot: Option<Rc<Snapshot>>,
    /// When it began; `now()`.
    pub started: TimestampTz,
    /// When its statement began.
    pub statement_started: TimestampTz,
    /// Pairs of command ids.
    pub combo: ComboCids,
    /// Files that it has made, to be removed if it aborts.
    pub created: Vec<RelFile>,
    /// Files to be removed if it commits.
    pub dropped: Vec<RelFile>,
    /// What it has changed that other backends may have cached.
    pub invalidated: Vec<Invalidation>,
    /// Whether it has locked a table against everybody, of which standbys are told.
    pub locked_exclusively: bool,
    /// The end of the last record it wrote.
    pub last_record_end: Lsn,
    /// What it has written into the log.
    pub wal_usage: WalUsage,
}

impl Xact {
    /// How deep its savepoints are nested; 1 outside of all.
    pub fn level(&self) -> usize {
        1
    }

    /// Forgets everything of the transaction but its last snapshot.
    pub fn clear(&mut self) {
        let (last_snapshot, statement_started) = (self.last_snapshot.take(), self.statement_started);
        *self = Xact { last_snapshot, statement_started, ..Xact::default() };
    }

    /// `CommandCounterIncrement`: what was changed so far becomes visible to the commands that follow.
    pub fn next_command(&mut self) {
        if std::mem::take(&mut self.cid_used) {
            self.cid = CommandId(self.cid.0 + 1);
        }
    }
}
