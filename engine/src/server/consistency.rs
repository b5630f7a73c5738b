//! From when on a standby may be read.
//!
//! ```text
//!    redo point                     minRecoveryPoint               end of the log on disk
//!  ──────┼──────────────────────────────────┼──────────────────────────────┼─────────►
//!        │ pages on disk are of any moment  │ what is read is of one moment
//!        │ up to here; nobody may look      │ from here on, consistent         │ the door opens,
//!        │                                  │                                  │ if it is known who runs
//! ```
//!
//! A server that starts from a base backup must besides replay the record of the backup's end, of which its own redo
//! point is the other side: only then does the log make up for all that was copied while it changed.
//!
//! Who runs on the primary is told by the first list of running transactions. One that had overflowed lacks parts of
//! transactions: then the door stays shut until a whole list has come, or all that ran at its time have ended.
//!
//! PostgreSQL opens the door at minRecoveryPoint already. Here what lies on the disk is replayed first: otherwise a
//! reader after a restart might miss a commit of which the standby had said, before, that it can be seen
//! (`remote_apply`).
//!
//! PostgreSQL: `CheckRecoveryConsistency` in `access/transam/xlogrecovery.c`.

use super::base_backup::{LABEL, LABEL_OLD};
use super::shared::ServerState;
use super::startup::Startup;
use crate::ids::{Lsn, Result};
use crate::settings::Setting;
use crate::storage::control::{CheckPoint, DbState};
use crate::trace::Event;
use crate::wal::DecodedRecord;
use crate::wal::xlog_records::XlogRecord;

/// What a standby waits for, and what it has reached.
#[derive(Default)]
pub(super) struct Consistency {
    /// How far replay must come.
    min_recovery_point: Lsn,
    /// The redo point of the base backup whose end must come; invalid if none must.
    backup_start: Lsn,
    /// Pages on the disk are of one moment.
    reached: bool,
    /// All that was on the disk is replayed.
    pub(super) all_replayed: bool,
    /// The door is open.
    open: bool,
}

impl Startup<'_> {
    /// Replay on a standby begins at this checkpoint; of a base backup, if it was one's label that said so.
    pub(super) async fn begin_following(&mut self, at: Lsn, checkpoint: &CheckPoint, labelled: bool) -> Result<()> {
        let control = &self.server.control;
        let begun = control.update(self.cx, |control| {
            control.state = DbState::InArchiveRecovery;
            (control.checkpoint, control.checkpoint_copy) = (at, *checkpoint);
            if control.min_recovery_point < checkpoint.redo {
                control.min_recovery_point = checkpoint.redo;
                control.min_recovery_point_tli = checkpoint.this_timeline;
            }
            if labelled {
                (control.backup_start_point, control.backup_end_required) = (checkpoint.redo, true);
            }
        });
        begun.await?;
        if labelled {
            self.server.spec.disk.rename(LABEL, LABEL_OLD)?;
        }
        let said = control.borrow();
        self.consistency.min_recovery_point = said.min_recovery_point;
        self.consistency.backup_start = said.backup_start_point;
        Ok(())
    }

    /// A record was replayed: was it the end of the base backup?
    pub(super) async fn note_backup_end(&mut self, record: &DecodedRecord) -> Result<()> {
        let start = self.consistency.backup_start;
        if start.is_valid()
            && let XlogRecord::BackupEnd(of) = XlogRecord::decode(record)?
            && of == start
        {
            self.consistency.backup_start = Lsn::INVALID;
            let (end, timeline) = (record.end_lsn, self.server.timeline());
            let ended = self.server.control.update(self.cx, |control| {
                if control.min_recovery_point < end {
                    (control.min_recovery_point, control.min_recovery_point_tli) = (end, timeline);
                }
                (control.backup_start_point, control.backup_end_required) = (Lsn::INVALID, false);
            });
            ended.await?;
        }
        Ok(())
    }

    /// `CheckRecoveryConsistency`: opens the door as soon as it may be open. Replay has come to `replayed`.
    pub(super) async fn check_consistency(&mut self, replayed: Lsn) -> Result<()> {
        let (server, state) = (self.server, &mut self.consistency);
        if !self.standby || state.open {
            return Ok(());
        }
        let hot = server.spec.settings.borrow().on(Setting::hot_standby);
        if !state.reached && !state.backup_start.is_valid() && state.min_recovery_point <= replayed {
            state.reached = true;
            self.log(format!("consistent recovery state reached at {replayed}"));
        }
        let state = &mut self.consistency;
        if state.reached && state.all_replayed && (!hot || server.txns.procs.knows_who_runs()) {
            state.open = true;
            server.state.set(if hot { ServerState::HotStandby } else { ServerState::WarmStandby });
            if hot {
                self.log("database system is ready to accept read-only connections");
            }
            server.spec.port.postmaster().into_iter().for_each(|pid| self.cx.world().wake(pid));
            self.cx.point(Event::ServerReady).await;
        }
        Ok(())
    }
}
