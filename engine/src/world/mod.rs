//! The simulated computer room: a virtual clock, processes, disks, network links, and the faults of all of them.
//!
//! PostgreSQL is a family of sequential programs over shared memory. Here each of them is an `async fn`, run by an
//! executor of our own on one thread: no thread, no wall clock, no wake-up from outside.
//!
//! ```text
//!    Ready at 412 µs   ─┐                             ┌─► runs to its next point, wait or end
//!    Ready at 415 µs    ├─► the earliest, ties by seed ┤
//!    waits until 600 µs ─┘        (or the user's)      └─► becomes Ready later, waits, or is gone
//! ```
//!
//! **What is atomic.** A plain `fn` cannot be interrupted; an `.await` means that another process may run here.
//! A process has two verbs for what it does: [`Cx::emit`] notes an event inside an atomic section,
//! [`Cx::point`] notes one and ends a *step*: the unit of stepping, of the time cursor and of a crash.
//!
//! **Who runs next** is a pure function of the world's state: the least (moment, tie-break, pid), where the
//! tie-break is drawn from the seed at each point. A process that is still the least after its point goes on
//! without being suspended, so running costs little; stepping suspends it there and finds the same process
//! again. Hence the same seed and inputs give the same history however the world is driven.
//!
//! **Time.** A point costs a little virtual time, a disk or a link costs more (see [`Costs`]). Work in progress
//! (a write, a message on its way) is told apart from a timer (`bgwriter_delay`, `pg_sleep`): running to an idle
//! world finishes the work and leaves the timers standing, so that a lock wait stays a wait.
//!
//! **Faults.** [`World::kill`] drops a process, [`World::power_fail`] drops all of a host and what its disk had
//! not synced; [`Link::set_cut`] holds messages back.
//!
//! Further reading: section 6 of the PostgreSQL manual's chapter 30 (WAL internals) for what must survive;
//! Tigerbeetle's and FoundationDB's papers for the idea of a whole system on one seeded thread.

mod disk;
mod executor;
mod link;
mod process;
mod random;
mod sync;

pub use disk::{Disk, DiskOp, SyncedBatch};
pub use executor::{Costs, Limit, Mode, Stop, World};
pub use link::{Link, Receiver, Sender, channel};
pub use process::{Conflict, Cx, Interrupt, ProcessInfo, RunState, Timeout, Woke};
pub use random::Random;
pub use sync::{LwGuard, LwLock, LwMode, WaitList};

#[cfg(test)]
mod tests;
