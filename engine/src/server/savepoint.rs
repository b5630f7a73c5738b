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

use super::session::Session;
use crate::ids::{Error, Result, sqlstate};
use crate::txn::{BlockState, abort_sub, commit_sub, start_sub};

impl Session {
    /// SAVEPOINT.
    pub(super) fn savepoint(&mut self, name: &Rc<str>) -> Result<()> {
        self.need_block("SAVEPOINT")?;
        start_sub(&self.env, name.clone());
        let mark = self.env.settings.borrow().mark();
        self.saved.push(mark);
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
        self.cursors.borrow_mut().values_mut().for_each(|cursor| cursor.level = cursor.level.min(at));
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
        let level = self.env.xact.borrow().levels.len();
        self.close_cursors(level);
        abort_sub(&self.env).await?;
        if let Some(mark) = self.saved.last() {
            self.env.settings.borrow_mut().undo_to(*mark);
        }
        Ok(())
    }
}
