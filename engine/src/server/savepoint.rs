//! SAVEPOINT, RELEASE and ROLLBACK TO.
//!
//! ```text
//!   InBlock ──error──► Failed            at the outermost level only ROLLBACK helps;
//!      ▲                 │               inside a savepoint also:
//!      └── ROLLBACK TO ──┘
//! ```
//!
//! An error rolls back the innermost savepoint at once; ROLLBACK TO those around it up to the one that is named, and
//! begins that one anew. Settings go back to what they were.

use std::rc::Rc;

use super::protocol::BackendMessage;
use super::session::{REPORTED, Session};
use crate::ids::{Error, Result, sqlstate};
use crate::settings::Settings;
use crate::txn::{BlockState, abort_sub, commit_sub, start_sub};

/// The settings as they were at a savepoint.
pub(super) struct SavedSettings {
    values: Settings,
    /// How many SET LOCAL had been made.
    local: usize,
}

impl Session {
    /// SAVEPOINT.
    pub(super) fn savepoint(&mut self, name: &Rc<str>) -> Result<()> {
        self.need_block("SAVEPOINT")?;
        start_sub(&self.env, name.clone());
        let values = self.env.settings.borrow().clone();
        self.saved.push(SavedSettings { values, local: self.local_settings.len() });
        Ok(())
    }

    /// The place of a savepoint among the levels; the innermost, if there are several of the name.
    fn find_savepoint(&self, name: &str) -> Result<usize> {
        let xact = self.env.xact.borrow();
        xact.levels.iter().rposition(|level| level.name.as_deref() == Some(name)).ok_or_else(|| {
            let message = format!("savepoint \"{name}\" does not exist");
            Error::new(sqlstate::INVALID_SAVEPOINT_SPECIFICATION, message)
        })
    }

    /// RELEASE SAVEPOINT: what was done since belongs to what is around it.
    pub(super) fn release_savepoint(&mut self, name: &str) -> Result<()> {
        self.need_block("RELEASE SAVEPOINT")?;
        let at = self.find_savepoint(name)?;
        while self.env.xact.borrow().levels.len() > at {
            commit_sub(&self.env);
        }
        self.saved.truncate(at.saturating_sub(1));
        self.portals.values_mut().for_each(|portal| portal.level = portal.level.min(at));
        Ok(())
    }

    /// ROLLBACK TO SAVEPOINT.
    pub(super) async fn rollback_to(&mut self, name: &Rc<str>) -> Result<()> {
        self.need_block("ROLLBACK TO SAVEPOINT")?;
        let at = self.find_savepoint(name)?;
        while self.env.xact.borrow().levels.len() > at {
            self.fail_savepoint().await?;
            self.env.pop_failed();
            self.saved.pop();
        }
        self.env.xact.borrow_mut().block = BlockState::InBlock;
        self.savepoint(name)
    }

    /// The innermost savepoint's part is rolled back, if it has not been already.
    pub(super) async fn fail_savepoint(&mut self) -> Result<()> {
        abort_sub(&self.env).await?;
        let level = self.env.xact.borrow().levels.len();
        self.portals.retain(|_, portal| portal.level < level);
        if let Some(saved) = self.saved.last() {
            let now = std::mem::replace(&mut *self.env.settings.borrow_mut(), saved.values.clone());
            self.local_settings.truncate(saved.local);
            self.report_changes(&now);
        }
        Ok(())
    }

    /// Tells the client which of the settings that it wants to know of have gone back.
    fn report_changes(&self, before: &Settings) {
        for setting in REPORTED {
            let (name, value) = self.parameter(setting);
            if before.show(setting) != value {
                self.send(BackendMessage::ParameterStatus { name, value });
            }
        }
    }
}
