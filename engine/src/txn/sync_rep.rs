//! How far the standbys are, and the commits that wait for them.
//!
//! A commit is durable here before it waits. What it waits for is the report of a standby that is named in
//! `synchronous_standby_names`: that its kernel has the commit record (`remote_write`), that its disk has it (`on`),
//! or that its queries see it (`remote_apply`). A cancelled wait does not undo anything: the transaction has
//! committed, and the client is told what is not known.

use crate::small;
use std::cell::RefCell;

use super::env::Env;
use crate::ids::{Error, Lsn, Pid, Severity, TimestampTz, WaitEvent, sqlstate};
use crate::settings::{Setting, Settings};
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

/// `synchronous_standby_names`: how many of which.
#[derive(Clone, PartialEq, Eq, Debug)]
struct SyncNames {
    any: bool,
    count: usize,
    names: Vec<String>,
}

impl SyncNames {
    /// Reads `a, b`, `FIRST 2 (a, b)`, `ANY 1 (*)` or `2 (a, b)`; `None` if empty.
    fn parse(text: &str) -> Option<SyncNames> {
        let (head, list) = match text.split_once('(') {
            Some((head, list)) => (head.trim(), list.trim_end().trim_end_matches(')')),
            None => ("", text),
        };
        let mut words = head.split_whitespace().peekable();
        let any = words.next_if(|word| word.eq_ignore_ascii_case("any")).is_some();
        if !any {
            words.next_if(|word| word.eq_ignore_ascii_case("first"));
        }
        let count = words.next().and_then(|n| n.parse().ok()).unwrap_or(1);
        let name = |name: &str| name.trim().trim_matches('"').to_string();
        let names: Vec<String> = list.split(',').map(name).filter(|name| !name.is_empty()).collect();
        (!names.is_empty()).then_some(SyncNames { any, count, names })
    }

    /// The standby's place in the list, from 1; 0 if it is not named.
    fn priority(&self, standby: &StandbyProgress) -> usize {
        let named = |name: &String| name == "*" || name.eq_ignore_ascii_case(&standby.name);
        self.names.iter().position(named).map_or(0, |at| at + 1)
    }

    /// Up to where enough standbys have come; nothing if there are not enough.
    fn released(&self, standbys: &[StandbyProgress], wait: SyncWait) -> Option<Lsn> {
        let mut candidates: Vec<&StandbyProgress> =
            standbys.iter().filter(|standby| standby.state == "streaming" && self.priority(standby) > 0).collect();
        if candidates.len() < self.count {
            return None;
        }
        if !self.any {
            small::sort_by_key(&mut candidates, |standby| self.priority(standby));
            candidates.truncate(self.count);
        }
        let mut reached: Vec<Lsn> = candidates.iter().map(|standby| wait.reached(standby)).collect();
        small::sort_by(&mut reached, |a, b| b.cmp(a));
        reached.get(self.count - 1).copied()
    }
}

/// The shared state of synchronous replication.
#[derive(Default)]
pub struct SyncRep {
    standbys: RefCell<Vec<StandbyProgress>>,
    waiters: RefCell<Vec<Pid>>,
}

impl SyncRep {
    /// All standbys: `pg_stat_replication`.
    pub fn standbys(&self) -> Vec<StandbyProgress> {
        self.standbys.borrow().clone()
    }

    /// `pg_stat_replication.sync_state` and `sync_priority`.
    pub fn sync_state(&self, standby: &StandbyProgress, settings: &Settings) -> (&'static str, usize) {
        let Some(names) = SyncNames::parse(settings.text(Setting::synchronous_standby_names)) else {
            return ("async", 0);
        };
        let priority = names.priority(standby);
        let standbys = self.standbys.borrow();
        let before = standbys.iter().filter(|other| (1..priority).contains(&names.priority(other))).count();
        match (priority, names.any) {
            (0, _) => ("async", 0),
            (_, true) => ("quorum", 1),
            (_, false) if before < names.count => ("sync", priority),
            (_, false) => ("potential", priority),
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

    /// A walsender has ended.
    pub fn remove(&self, pid: Pid) {
        self.standbys.borrow_mut().retain(|standby| standby.pid != pid);
    }

    /// `SyncRepWaitForLSN`: returns when enough standbys have come to `lsn`, or when the wait is cancelled.
    pub async fn wait(&self, env: &Env, lsn: Lsn) {
        let wait = SyncWait::of(&env.settings.borrow());
        let names = SyncNames::parse(env.settings.borrow().text(Setting::synchronous_standby_names));
        let (Some(wait), Some(names)) = (wait, names) else { return };
        let enough = |sync: &SyncRep| names.released(&sync.standbys.borrow(), wait).is_some_and(|at| at >= lsn);
        if enough(self) {
            return;
        }
        env.cx.emit(Event::SyncRepWait { lsn });
        self.waiters.borrow_mut().push(env.cx.pid());
        while !enough(self) {
            if let Err(error) = env.cx.check_for_interrupts() {
                env.notice(cancelled(error.code() == sqlstate::QUERY_CANCELED));
                break;
            }
            env.cx.wait(WaitEvent::SyncRep, None).await;
        }
        self.waiters.borrow_mut().retain(|pid| *pid != env.cx.pid());
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
            reply_time: time,
        }
    }

    #[test]
    fn first_waits_for_the_first_named_and_any_for_the_fastest() {
        let standbys = [standby("a", 100), standby("b", 300), standby("c", 200)];
        let released = |names: &str| SyncNames::parse(names).unwrap().released(&standbys, SyncWait::Flush);
        assert_eq!(released("a, b"), Some(Lsn(100)));
        assert_eq!(released("FIRST 2 (b, c, a)"), Some(Lsn(200)));
        assert_eq!(released("ANY 1 (*)"), Some(Lsn(300)));
        assert_eq!(released("ANY 2 (a, b, c)"), Some(Lsn(200)));
        assert_eq!(released("2 (a, z)"), None);
        assert_eq!(SyncNames::parse(" "), None);
    }
}
