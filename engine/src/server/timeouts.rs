//! The time limits of a session: one alarm at a time, for the statement that runs or for the pause between two.

use super::session::Session;
use crate::settings::Setting;
use crate::txn::BlockState;
use crate::world::Timeout;

impl Session {
    /// A statement begins: `statement_timeout` counts from here, unless it counts already.
    pub(super) fn start_timing(&mut self) {
        if !self.timing {
            self.timing = self.set_alarm(Setting::statement_timeout, Timeout::Statement);
        }
    }

    /// The statement is over.
    pub(super) fn stop_timing(&mut self) {
        if std::mem::take(&mut self.timing) {
            self.env.cx.set_alarm(None);
        }
    }

    /// The client has the word: how long it may take for the next one.
    pub(super) fn time_the_client(&self) {
        match self.block() {
            BlockState::Idle | BlockState::Implicit => self.set_alarm(Setting::idle_session_timeout, Timeout::Idle),
            _ => self.set_alarm(Setting::idle_in_transaction_session_timeout, Timeout::IdleInTransaction),
        };
    }

    /// Has an alarm ring after the setting's milliseconds; whether there is one.
    fn set_alarm(&self, setting: Setting, timeout: Timeout) -> bool {
        let limit = self.env.settings.borrow().int(setting) as u64;
        let alarm = (limit > 0).then(|| (self.env.cx.now() + limit * 1_000, timeout));
        self.env.cx.set_alarm(alarm);
        alarm.is_some()
    }
}
