//! The background writer: round after round, it keeps the buffers ahead of the clock hand clean.
//!
//! Every fifteen seconds it also logs which transactions are running, if anything has happened, so that a standby need
//! not wait for a checkpoint to know.

use std::rc::Rc;

use super::shared::Server;
use crate::buffer::BackgroundWriterState;
use crate::ids::{Instant, Lsn, WaitEvent};
use crate::settings::Setting;
use crate::world::Cx;

/// How often running transactions are logged, in microseconds.
const LOG_SNAPSHOT_INTERVAL: u64 = 15_000_000;

/// The process.
pub(super) async fn main(cx: Cx, server: Rc<Server>) {
    let env = server.system_env(&cx);
    let mut state = BackgroundWriterState::default();
    let mut last_snapshot: (Instant, Lsn) = (cx.now(), Lsn::INVALID);
    loop {
        let max_pages = server.setting(Setting::bgwriter_lru_maxpages) as usize;
        let multiplier = server.setting(Setting::bgwriter_lru_multiplier) as f64 / 1000.0;
        let written = server.buffers.background_round(&cx, &mut state, max_pages, multiplier).await;
        let due = cx.now() - last_snapshot.0 >= LOG_SNAPSHOT_INTERVAL && last_snapshot.1 <= server.wal.last_important();
        if due
            && !server.txns.procs.in_recovery()
            && let Ok((_, end)) = super::checkpointer::log_running_xacts(&env).await
        {
            last_snapshot = (cx.now(), end);
        }
        // With nothing to do it sleeps fifty times as long; PostgreSQL wakes it when a buffer is wanted.
        let delay = server.setting(Setting::bgwriter_delay) as u64 * 1_000;
        let idle = matches!(written, Ok(0)) && server.txns.procs.entries().is_empty();
        let (event, delay) =
            if idle { (WaitEvent::BgWriterHibernate, delay * 50) } else { (WaitEvent::BgWriterMain, delay) };
        cx.sleep(event, delay).await;
        if cx.check_for_interrupts().is_err() {
            return;
        }
    }
}
