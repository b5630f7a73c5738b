//! How far the standbys are, and the commits that wait for them.
//!
//! A commit is durable here before it waits. What it waits for is the report of a standby that is named in
//! `synchronous_standby_names`: that its kernel has the commit record (`remote_write`), that its disk has it (`on`),
//! or that its queries see it (`remote_apply`). A cancelled wait does not undo anything: the transaction has
//! committed, and the client is told what is not known.

use crate::small;
use std::cell::RefCell;

use super::env::Env;
use crate::ids::{Error, Lsn, Pid, Result, Severity, TimestampTz, WaitEvent, sqlstate};
use crate::settings::{Setting, Settings, StandbyNames};
use crate::trace::Event;
use crate::world::World;

/// What a walsender knows of its standby: a row of `pg_stat_replication`.
#[derive(Clone, Debug)]
pub struct StandbyProgress {
    /// The walsender.
    pub pid: Pid,
    /// The standby's `application_name`.
    pub name: String,
    /// `startup`, `backup`, `catchup` or `streaming`.
    pub state: &'static str,
    /// Sent.
    pub sent: Lsn,
    /// Written there, as last heard.
    pub write: Lsn,
    /// Flushed there, as last heard.
    pub flush: Lsn,
    /// Replayed there, as last heard.
    pub apply: Lsn,
    /// How long writing, flushing and replaying took there, in microseconds, where that is known.
    pub lag: [Option<u64>; 3],
    /// When the last report came.
    pub reply_time: TimestampTz,
}

/// What a commit waits for; the order is that of strength.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SyncWait {
    /// `remote_write`
    Write,
    /// `on`
    Flush,
    /// `remote_apply`
    Apply,
}

impl SyncWait {
    /// What `synchronous_commit` asks for beyond the local flush.
    fn of(settings: &Settings) -> Option<SyncWait> {
        match settings.word(Setting::synchronous_commit) {
            "remote_write" => Some(SyncWait::Write),
            "on" => Some(SyncWait::Flush),
            "remote_apply" => Some(SyncWait::Apply),
            _ => None,
        }
    }

    fn reached(self, standby: &StandbyProgress) -> Lsn {
        match self {
            SyncWait::Write => standby.write,
            SyncWait::Flush => standby.flush,
            SyncWait::Apply => standby.apply,
        }
    }
}

/// The standby's place in the list, from 1; 0 if it is not named.
fn priority(names: &StandbyNames, standby: &StandbyProgress) -> usize {
    let named = |name: &String| name == "*" || name.eq_ignore_ascii_case(&standby.name);
    names.names.iter().position(named).map_or(0, |at| at + 1)
}

/// Up to where enough standbys have come; nothing if there are not enough.
fn released(names: &StandbyNames, standbys: &[StandbyProgress], wait: SyncWait) -> Option<Lsn> {
    let counts = |standby: &&StandbyProgress| standby.state == "streaming" && priority(names, standby) > 0;
    let mut candidates: Vec<&StandbyProgress> = standbys.iter().filter(counts).collect();
    if candidates.len() < names.count {
        return None;
    }
    if !names.any {
        small::sort_by_key(&mut candidates, |standby| priority(names, standby));
        candidates.truncate(names.count);
    }
    let mut reached: Vec<Lsn> = candidates.iter().map(|standby| wait.reached(standby)).collect();
    small::sort_by(&mut reached, |a, b| b.cmp(a));
    reached.get(names.count - 1).copied()
}

/// The shared state of synchronous replication.
#[derive(Default)]
pub struct SyncRep {
    /// `synchronous_standby_names`
    names: RefCell<Option<StandbyNames>>,
    standbys: RefCell<Vec<StandbyProgress>>,
    waiters: RefCell<Vec<Pid>>,
}

impl SyncRep {
    /// All standbys: `pg_stat_replication`.
    pub fn standbys(&self) -> Vec<StandbyProgress> {
        self.standbys.borrow().clone()
    }

    /// `pg_stat_replication.sync_state` and `sync_priority`.
    pub fn sync_state(&self, standby: &StandbyProgress) -> (&'static str, usize) {
        let names = self.names.borrow();
        let Some(names) = &*names else { return ("async", 0) };
        let place = priority(names, standby);
        let standbys = self.standbys.borrow();
        let before = standbys.iter().filter(|other| (1..place).contains(&priority(names, other))).count();
        match (place, names.any) {
            (0, _) => ("async", 0),
            (_, true) => ("quorum", 1),
            (_, false) if before < names.count => ("sync", place),
            (_, false) => ("potential", place),
        }
    }

    /// A walsender begins or reports; commits that have got enough go on.
    pub fn report(&self, world: &World, progress: StandbyProgress) {
        let mut standbys = self.standbys.borrow_mut();
        match standbys.iter_mut().find(|standby| standby.pid == progress.pid) {
            Some(standby) => *standby = progress,
            None => standbys.push(progress),
        }
        drop(standbys);
        self.waiters.borrow().iter().for_each(|pid| world.wake(*pid));
    }

    /// `SyncRepUpdateSyncStandbysDefined`: the setting has been read again; who waited for no good reason goes on.
    pub fn set_names(&self, world: &World, names: &str) {
        *self.names.borrow_mut() = StandbyNames::parse(names).unwrap_or_default();
        self.waiters.borrow().iter().for_each(|pid| world.wake(*pid));
    }

    /// A walsender has ended.
    pub fn remove(&self, pid: Pid) {
        self.standbys.borrow_mut().retain(|standby| standby.pid != pid);
    }

    /// `SyncRepWaitForLSN`: returns when enough standbys have come to `lsn`, or when the wait is cancelled. An error ends
    /// the session; what it has committed stays committed.
    pub async fn wait(&self, env: &Env, lsn: Lsn) -> Result<()> {
        let Some(wait) = SyncWait::of(&env.settings.borrow()) else { return Ok(()) };
        // Without names, also when they are taken back meanwhile, nobody waits.
        let enough = |sync: &SyncRep| match &*sync.names.borrow() {
            Some(names) => released(names, &sync.standbys.borrow(), wait).is_some_and(|at| at >= lsn),
            None => true,
        };
        if enough(self) {
            return Ok(());
        }
        let mut ended = Ok(());
        env.cx.emit(Event::SyncRepWait { lsn });
        self.waiters.borrow_mut().push(env.cx.pid());
        while !enough(self) {
            if let Err(error) = env.cx.check_for_interrupts() {
                let by_user = error.code() == sqlstate::QUERY_CANCELED;
                env.notice(cancelled(by_user));
                ended = if by_user { Ok(()) } else { Err(error) };
                break;
            }
            env.cx.wait(WaitEvent::SyncRep, None).await;
        }
        self.waiters.borrow_mut().retain(|pid| *pid != env.cx.pid());
        ended
    }
}

fn cancelled(by_user: bool) -> Error {
    let why = if by_user { "due to user request" } else { "and terminating connection due to administrator command" };
    let wait = if by_user { "wait" } else { "the wait" };
    let code = if by_user { sqlstate::WARNING } else { sqlstate::ADMIN_SHUTDOWN };
    let detail = "The transaction has already committed locally, but might not have been replicated to the standby.";
    Error::new(code, format!("canceling {wait} for synchronous replication {why}"))
        .severity(Severity::Warning)
        .detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standby(name: &str, flush: u64) -> StandbyProgress {
        let lsn = Lsn(flush);
        let (name, time) = (name.to_string(), TimestampTz(0));
        StandbyProgress {
            pid: Pid(1),
            name,
            state: "streaming",
            sent: lsn,
            write: lsn,
            flush: lsn,
            apply: lsn,
            lag: [None; 3],
            reply_time: time,
        }
    }

    #[test]
    fn first_waits_for_the_first_named_and_any_for_the_fastest() {
        let standbys = [standby("a", 100), standby("b", 300), standby("c", 200)];
        let parse = |names: &str| StandbyNames::parse(names).unwrap().unwrap();
        let released = |names: &str| released(&parse(names), &standbys, SyncWait::Flush);
        assert_eq!(released("a, b"), Some(Lsn(100)));
        assert_eq!(released("FIRST 2 (b, c, a)"), Some(Lsn(200)));
        assert_eq!(released("ANY 1 (*)"), Some(Lsn(300)));
        assert_eq!(released("ANY 2 (a, b, c)"), Some(Lsn(200)));
        assert_eq!(released("2 (a, z)"), None);
    }
}
