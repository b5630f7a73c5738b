//! The WAL writer: flushes, every `wal_writer_delay`, what nobody has waited for.
//!
//! A commit flushes for itself. What is left are asynchronous commits, which lose at most three such delays in a
//! crash, and whole pages of WAL of transactions that are still running.

use std::rc::Rc;

use super::shared::Server;
use crate::ids::WaitEvent;
use crate::settings::Setting;
use crate::world::Cx;

/// Rounds without work before it sleeps longer.
const LOOPS_UNTIL_HIBERNATE: u32 = 50;
/// How many times as long it then sleeps.
const HIBERNATE_FACTOR: u64 = 25;

/// The process.
pub(super) async fn main(cx: Cx, server: Rc<Server>) {
    let mut idle_rounds = 0;
    loop {
        let worked = server.wal.background_flush(&cx).await;
        idle_rounds = if matches!(worked, Ok(true)) { 0 } else { idle_rounds + 1 };
        let delay = server.setting(Setting::wal_writer_delay) as u64 * 1_000;
        let factor = if idle_rounds < LOOPS_UNTIL_HIBERNATE { 1 } else { HIBERNATE_FACTOR };
        cx.sleep(WaitEvent::WalWriterMain, delay * factor).await;
        if cx.check_for_interrupts().is_err() {
            return;
        }
    }
}
