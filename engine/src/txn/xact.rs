//! A backend's own view of its transaction: nothing here is shared.

use std::rc::{Rc, Weak};

use super::deferred::Deferred;
use super::snapshot::Snapshot;
use crate::ids::{CommandId, Lsn, MultiXactId, Oid, RelFile, TimestampTz, Xid};
use crate::storage::multixact::Member;
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

/// The transaction, or a part of it from a savepoint on; `TransactionStateData`.
#[derive(Clone, Default, Debug)]
pub struct Level {
    /// The savepoint's name; none for the transaction itself.
    pub name: Option<Rc<str>>,
    /// Its id, once it has written.
    pub xid: Xid,
    /// Parts of it that have been released, and theirs, ascending.
    pub children: Vec<Xid>,
    /// It has failed: it waits for being rolled back, and counts no more.
    pub failed: bool,
    /// How many files had been made when it began.
    pub created: usize,
    /// How many files were to be removed then.
    pub dropped: usize,
    /// How many tables were to be gone.
    pub forgotten: usize,
    /// How many invalidations there were then.
    pub invalidated: usize,
    /// How many changes waited for being checked then.
    pub events: usize,
    /// How often SET CONSTRAINTS had been said then.
    pub modes: usize,
    /// Whether the transaction might only read then.
    pub read_only: bool,
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
    /// The transaction itself, then the savepoints in it, each around the next.
    pub levels: Vec<Level>,
    /// The id of the innermost of these, once it has written.
    pub xid: Xid,
    /// Ids of its parts of which standbys have not been told to whom they belong.
    pub unreported: Vec<Xid>,
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
    /// Snapshots that are in use past their statements: those of cursors.
    pub held: Vec<Weak<Snapshot>>,
    /// The last snapshot taken, also after its end: for pictures.
    pub last_snapshot: Option<Rc<Snapshot>>,
    /// When it began; `now()`.
    pub started: TimestampTz,
    /// When its statement began.
    pub statement_started: TimestampTz,
    /// The multixacts that it has made, to be used again.
    pub multis: Vec<(MultiXactId, Vec<Member>)>,
    /// Pairs of command ids.
    pub combo: ComboCids,
    /// Files that it has made, to be removed if it aborts.
    pub created: Vec<RelFile>,
    /// Files to be removed if it commits.
    pub dropped: Vec<RelFile>,
    /// Tables that are gone then, and with them what was counted of them.
    pub forgotten: Vec<Oid>,
    /// What it has changed that other backends may have cached.
    pub invalidated: Vec<Invalidation>,
    /// Changes of rows that are checked at its end.
    pub deferred: Deferred,
    /// Whether it has locked a table against everybody, of which standbys are told.
    pub locked_exclusively: bool,
    /// The token under which its session has last added a row on approval.
    pub token: u32,
    /// The end of the last record it wrote.
    pub last_record_end: Lsn,
    /// What it has written into the log.
    pub wal_usage: WalUsage,
}

impl Xact {
    /// How deep its savepoints are nested; 1 outside of all.
    pub fn level(&self) -> usize {
        self.levels.len().max(1)
    }

    /// The id of the whole.
    pub fn top_xid(&self) -> Xid {
        self.levels.first().map_or(Xid::INVALID, |level| level.xid)
    }

    /// `TransactionIdIsCurrentTransactionId`: whether this is the id of the transaction or of a part of it that counts.
    pub fn is_current(&self, xid: Xid) -> bool {
        xid.is_normal()
            && (xid == self.xid
                || self.levels.iter().any(|level| {
                    // Ascending on the circle, which begins at the level's own id.
                    let place = |child: &Xid| child.0.wrapping_sub(level.xid.0);
                    level.xid == xid || level.children.binary_search_by_key(&place(&xid), place).is_ok()
                }))
    }

    /// Forgets everything of the transaction but its last snapshot, and what is counted for the session.
    pub fn clear(&mut self) {
        let (last_snapshot, statement_started, token) = (self.last_snapshot.take(), self.statement_started, self.token);
        *self = Xact { last_snapshot, statement_started, token, ..Xact::default() };
    }

    /// The token for another row on approval; 0 is none.
    pub fn next_token(&mut self) -> u32 {
        self.token = self.token.checked_add(1).unwrap_or(1);
        self.token
    }

    /// `CommandCounterIncrement`: what was changed so far becomes visible to the commands that follow.
    pub fn next_command(&mut self) {
        if std::mem::take(&mut self.cid_used) {
            self.cid = CommandId(self.cid.0 + 1);
        }
    }
}
