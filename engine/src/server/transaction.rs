//! When transactions begin and end for a session: the block state machine.
//!
//! ```text
//!             BEGIN                    error
//!   Idle ──────────────► InBlock ──────────────► Failed
//!    ▲ │ any statement       │ COMMIT, ROLLBACK    │ ROLLBACK, or COMMIT, which is one then
//!    │ ▼                     ▼                     ▼
//!   Implicit ── its end ──► Idle ◄─────────────────┘
//! ```
//!
//! A statement outside of a block is a transaction of its own; several in one query string are one together.

use super::session::Session;
use crate::catalog::temporary;
use crate::ids::{Error, Result, Severity, sqlstate};
use crate::settings::Setting;
use crate::sql::ast::{IsolationLevel, TransactionModes};
use crate::sql::exec::fire_deferred;
use crate::trace::Event;
use crate::txn::{BlockState, Isolation, abort, commit};

impl Session {
    /// Where the session stands.
    pub(super) fn block(&self) -> BlockState {
        self.env.xact.borrow().block
    }

    fn set_block(&self, block: BlockState) {
        self.env.xact.borrow_mut().block = block;
    }

    /// A statement is about to run: begins a transaction if there is none.
    pub(super) fn start_command(&mut self) -> Result<()> {
        let now = self.env.cx.timestamp();
        self.env.xact.borrow_mut().statement_started = now;
        if self.block() == BlockState::Idle {
            self.begin_xact()?;
            self.set_block(BlockState::Implicit);
        }
        super::style::install(&self.env);
        self.start_timing();
        Ok(())
    }

    fn begin_xact(&mut self) -> Result<()> {
        let settings = self.env.settings.borrow();
        let isolation = isolation_of(settings.word(Setting::default_transaction_isolation))?;
        let standby = self.env.txns.procs.in_recovery();
        let read_only = standby || settings.on(Setting::default_transaction_read_only);
        drop(settings);
        self.env.txns.procs.begin(self.env.cx.pid());
        let mut xact = self.env.xact.borrow_mut();
        (xact.isolation, xact.read_only) = (isolation, read_only);
        xact.started = xact.statement_started;
        Ok(())
    }

    /// A statement has run: what it changed is visible to the next one, and its snapshot is forgotten.
    pub(super) fn end_statement(&self) {
        self.env.drop_snapshot();
        self.env.xact.borrow_mut().next_command();
    }

    /// The end of a query string: an implicit transaction commits.
    pub(super) async fn finish_command(&mut self) -> Result<()> {
        if self.block() == BlockState::Implicit {
            self.commit().await?;
        }
        Ok(())
    }

    /// BEGIN.
    pub(super) fn begin_block(&mut self, modes: &TransactionModes) -> Result<()> {
        if self.block() == BlockState::InBlock {
            let message = "there is already a transaction in progress";
            self.env.notice(Error::new(sqlstate::ACTIVE_SQL_TRANSACTION, message).severity(Severity::Warning));
            return Ok(());
        }
        self.set_block(BlockState::InBlock);
        self.env.cx.emit(Event::XactBegin);
        self.set_modes(modes)
    }

    /// SET TRANSACTION, and the modes of BEGIN.
    pub(super) fn set_modes(&mut self, modes: &TransactionModes) -> Result<()> {
        if let Some(level) = modes.isolation {
            let taken = self.env.xact.borrow().snapshot.is_some() || self.statements_in_block > 0;
            if taken {
                let message = "SET TRANSACTION ISOLATION LEVEL must be called before any query";
                return Err(Error::new(sqlstate::ACTIVE_SQL_TRANSACTION, message));
            }
            if self.env.xact.borrow().level() > 1 {
                let message = "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction";
                return Err(Error::new(sqlstate::ACTIVE_SQL_TRANSACTION, message));
            }
            self.env.xact.borrow_mut().isolation = isolation(level)?;
        }
        if let Some(read_only) = modes.read_only {
            let standby = self.env.txns.procs.in_recovery();
            if standby && !read_only {
                let message = "cannot set transaction read-write mode during recovery";
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
            }
            let inside = self.env.xact.borrow().level() > 1;
            if inside && !read_only && self.env.xact.borrow().read_only {
                let message = "cannot set transaction read-write mode inside a read-only transaction";
                return Err(Error::new(sqlstate::ACTIVE_SQL_TRANSACTION, message));
            }
            self.env.xact.borrow_mut().read_only = read_only;
        }
        Ok(())
    }

    /// COMMIT. Returns the command's tag: of a failed transaction it is ROLLBACK.
    pub(super) async fn commit_block(&mut self) -> Result<&'static str> {
        match self.block() {
            BlockState::Failed => {
                self.abort().await?;
                return Ok("ROLLBACK");
            }
            BlockState::Idle | BlockState::Implicit => self.warn_no_transaction(),
            BlockState::InBlock => {}
        }
        self.commit().await?;
        Ok("COMMIT")
    }

    /// ROLLBACK.
    pub(super) async fn rollback_block(&mut self) -> Result<()> {
        if matches!(self.block(), BlockState::Idle | BlockState::Implicit) {
            self.warn_no_transaction();
        }
        self.abort().await
    }

    fn warn_no_transaction(&self) {
        let message = "there is no transaction in progress";
        self.env.notice(Error::new(sqlstate::NO_ACTIVE_SQL_TRANSACTION, message).severity(Severity::Warning));
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        let counts = self.counts();
        if let Err(error) = self.hold_cursors().await {
            self.abort().await?;
            return Err(error);
        }
        // What has waited to be checked is checked now; if it fails the transaction is over all the same.
        if let Err(error) = fire_deferred(&self.fx, None).await {
            self.abort().await?;
            return Err(error);
        }
        temporary::before_commit(&self.env, &self.catalog).await?;
        commit(&self.env).await?;
        self.leave_block(true, counts);
        Ok(())
    }

    pub(super) async fn abort(&mut self) -> Result<()> {
        let counts = self.counts();
        self.close_cursors(1);
        abort(&self.env).await?;
        self.leave_block(false, counts);
        Ok(())
    }

    /// `RemoveTempRelationsCallback`: the session is over, and its temporary tables with it.
    pub(super) async fn drop_temporary_tables(&mut self) -> Result<()> {
        if !self.env.temp_tables.has_schema.get() {
            return Ok(());
        }
        self.start_command()?;
        temporary::drop_all(&self.env, &self.catalog).await?;
        commit(&self.env).await
    }

    /// Whether the transaction is still to be counted: one that has failed was, then.
    fn counts(&self) -> bool {
        matches!(self.block(), BlockState::Implicit | BlockState::InBlock)
    }

    fn leave_block(&mut self, committed: bool, counts: bool) {
        if counts {
            self.env.stats.end_transaction(committed);
        }
        self.set_block(BlockState::Idle);
        self.statements_in_block = 0;
        self.saved.clear();
        self.env.settings.borrow_mut().end_transaction(committed);
    }

    /// A statement has failed: an implicit transaction is over, a block waits for its ROLLBACK.
    pub(super) async fn fail(&mut self) -> Result<()> {
        self.env.release_work();
        match self.block() {
            BlockState::Idle => Ok(()),
            BlockState::Implicit => self.abort().await,
            BlockState::InBlock | BlockState::Failed => {
                let inside = self.env.xact.borrow().levels.len() > 1;
                if self.block() == BlockState::InBlock && inside {
                    self.fail_savepoint().await?;
                } else if self.block() == BlockState::InBlock {
                    self.close_cursors(1);
                    abort(&self.env).await?;
                    self.env.stats.end_transaction(false);
                    self.env.settings.borrow_mut().end_transaction(false);
                }
                self.set_block(BlockState::Failed);
                Ok(())
            }
        }
    }
}

/// An isolation level as far as it is built.
fn isolation(level: IsolationLevel) -> Result<Isolation> {
    match level {
        IsolationLevel::ReadUncommitted | IsolationLevel::ReadCommitted => Ok(Isolation::ReadCommitted),
        IsolationLevel::RepeatableRead => Ok(Isolation::RepeatableRead),
        IsolationLevel::Serializable => Err(Error::unsupported("isolation level SERIALIZABLE")),
    }
}

pub(super) fn isolation_of(word: &str) -> Result<Isolation> {
    isolation(match word {
        "serializable" => IsolationLevel::Serializable,
        "repeatable read" => IsolationLevel::RepeatableRead,
        "read uncommitted" => IsolationLevel::ReadUncommitted,
        _ => IsolationLevel::ReadCommitted,
    })
}
