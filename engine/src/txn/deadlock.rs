//! Looking for a circle among those who wait, and for a way out: a function of who holds and awaits what.
//!
//! ```text
//!   holds A, awaits B ──hard──► holds B, awaits A        the only way out is that one gives up
//!   awaits A, 2nd in its queue ──soft──► awaits A, 1st   if this closes a circle, the two can change places
//! ```
//!
//! Somebody waits for those who hold what keeps it out (a *hard* edge), and for those who want such a thing too and stand
//! before it (a *soft* edge). A circle with a soft edge in it is broken by letting the later one go first; if every such
//! reordering only makes another circle, the deadlock is hard, and whoever looked dies: the one whose
//! `deadlock_timeout` ended first, not the one who closed the circle.
//!
//! PostgreSQL: `storage/lmgr/deadlock.c` and its README.

use std::fmt;

use super::locks::{Lock, LockTag, Locks, Waiter};
use crate::ids::{Error, LockMode, Pid, sqlstate};

/// How many reorderings are tried together before the deadlock counts as hard: `maxCurConstraints` of 100 backends.
const MAX_CONSTRAINTS: usize = 100;

/// A process waits for a lock that another holds or is to get first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    /// Who waits.
    pub pid: Pid,
    /// For what.
    pub tag: LockTag,
    /// How it wants it.
    pub mode: LockMode,
}

/// One of a queue stands in another's way only because it came earlier. As a constraint: `waiter` shall go first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Soft {
    tag: LockTag,
    waiter: Pid,
    blocker: Pid,
}

/// An order for a queue.
pub(super) type NewOrder = (LockTag, Vec<Pid>);

/// What the search has found.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// No circle.
    None,
    /// A circle that these orders break.
    Soft(Vec<NewOrder>),
    /// A circle that only an end breaks: its waits, from the one who looked on.
    Hard(Vec<Wait>),
}

/// The error of a deadlock: each waits for the next, the last for the first.
pub(super) fn error(circle: &[Wait]) -> Error {
    let line = |(n, wait): (usize, &Wait)| Line(*wait, circle[(n + 1) % circle.len()].pid).to_string();
    let lines: Vec<String> = circle.iter().enumerate().map(line).collect();
    Error::new(sqlstate::DEADLOCK_DETECTED, "deadlock detected")
        .detail(lines.join("\n"))
        .hint("See server log for query details.")
}

/// A line of the DETAIL: a wait, and who is in its way.
struct Line(Wait, Pid);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line(Wait { pid, tag, mode }, blocker) = self;
        write!(f, "Process {pid} waits for {} on {tag}; blocked by process {blocker}.", mode.name())
    }
}

/// `DeadLockCheck`: whether `start` waits for itself in the end, and what can be done.
pub(super) fn check(locks: &Locks, start: Pid) -> Verdict {
    let mut search = Search { locks, constraints: Vec::new(), orders: Vec::new(), visited: Vec::new() };
    if !search.is_hard(start) {
        let orders = std::mem::take(&mut search.orders);
        return if orders.is_empty() { Verdict::None } else { Verdict::Soft(orders) };
    }
    // Once more as things are, for the words.
    search.orders.clear();
    Verdict::Hard(search.circle(start).map(|circle| circle.waits).unwrap_or_default())
}

struct Search<'a> {
    locks: &'a Locks,
    /// The reorderings that are tried together.
    constraints: Vec<Soft>,
    /// What they make of the queues.
    orders: Vec<NewOrder>,
    /// Who has been seen on the way.
    visited: Vec<Pid>,
}

/// A circle: its waits and its soft edges, innermost first.
#[derive(Default)]
struct Circle {
    waits: Vec<Wait>,
    soft: Vec<Soft>,
}

impl Search<'_> {
    /// `DeadLockCheckRecurse`: whether no further reordering helps.
    fn is_hard(&mut self, start: Pid) -> bool {
        let Some(soft) = self.try_constraints(start) else { return true };
        if soft.is_empty() {
            return false;
        }
        if self.constraints.len() >= MAX_CONSTRAINTS {
            return true;
        }
        for edge in soft {
            self.constraints.push(edge);
            if !self.is_hard(start) {
                return false;
            }
            self.constraints.pop();
        }
        true
    }

    /// `TestConfiguration`: the soft edges of a circle that is left; none if no circle is left; `None` if it is hard, or
    /// if the constraints contradict each other.
    fn try_constraints(&mut self, start: Pid) -> Option<Vec<Soft>> {
        self.orders = self.expand()?;
        let mut found = Vec::new();
        let ends = self.constraints.iter().flat_map(|edge| [edge.waiter, edge.blocker]);
        for pid in ends.chain([start]).collect::<Vec<_>>() {
            if let Some(circle) = self.circle(pid) {
                if circle.soft.is_empty() {
                    return None;
                }
                found = circle.soft;
            }
        }
        Some(found)
    }

    /// `FindLockCycle`
    fn circle(&mut self, start: Pid) -> Option<Circle> {
        self.visited.clear();
        let mut circle = Circle::default();
        self.walk(start, &mut circle).then(|| {
            circle.waits.reverse();
            circle
        })
    }

    fn walk(&mut self, at: Pid, circle: &mut Circle) -> bool {
        if self.visited.contains(&at) {
            return self.visited[0] == at;
        }
        self.visited.push(at);
        let Some((tag, lock, mode)) = waits_for(self.locks, at) else { return false };
        let wait = Wait { pid: at, tag, mode };
        let hard: Vec<Pid> = lock.holders_against(at, mode).collect();
        for blocker in hard {
            if self.walk(blocker, circle) {
                circle.waits.push(wait);
                return true;
            }
        }
        for blocker in self.ahead(tag, lock, at, mode) {
            if self.walk(blocker, circle) {
                circle.waits.push(wait);
                circle.soft.push(Soft { tag, waiter: at, blocker });
                return true;
            }
        }
        false
    }

    /// Those in the queue before `at` that want what keeps it out; in the order that is being tried.
    fn ahead(&self, tag: LockTag, lock: &Lock, at: Pid, mode: LockMode) -> Vec<Pid> {
        let order = match self.orders.iter().find(|(of, _)| *of == tag) {
            Some((_, order)) => order.clone(),
            None => lock.queue.iter().map(|waiter| waiter.pid).collect(),
        };
        let wants = |pid: &Pid| lock.queue.iter().any(|w| w.pid == *pid && w.mode.conflicts_with(mode));
        order.into_iter().take_while(|pid| *pid != at).filter(wants).collect()
    }

    /// `ExpandConstraints`: the orders that the constraints ask for; `None` if they contradict each other.
    fn expand(&self) -> Option<Vec<NewOrder>> {
        let mut orders: Vec<NewOrder> = Vec::new();
        for edge in self.constraints.iter().rev() {
            if orders.iter().all(|(tag, _)| *tag != edge.tag) {
                let queue: Vec<Pid> = self.locks.get(&edge.tag)?.queue.iter().map(|waiter| waiter.pid).collect();
                orders.push((edge.tag, self.sorted(edge.tag, queue)?));
            }
        }
        Some(orders)
    }

    /// `TopoSort`: the order next to the present one in which each constraint holds, filled from its end.
    fn sorted(&self, tag: LockTag, mut queue: Vec<Pid>) -> Option<Vec<Pid>> {
        let mut order = Vec::with_capacity(queue.len());
        while !queue.is_empty() {
            let must_precede = |pid: &Pid| {
                self.constraints.iter().any(|c| c.tag == tag && c.waiter == *pid && queue.contains(&c.blocker))
            };
            let last = queue.iter().rposition(|pid| !must_precede(pid))?;
            order.push(queue.remove(last));
        }
        order.reverse();
        Some(order)
    }
}

/// What a process waits for.
fn waits_for(locks: &Locks, pid: Pid) -> Option<(LockTag, &Lock, LockMode)> {
    let waiting = |lock: &Lock| lock.queue.iter().find(|waiter: &&Waiter| waiter.pid == pid).map(|waiter| waiter.mode);
    locks.iter().find_map(|(tag, lock)| waiting(lock).map(|mode| (*tag, lock, mode)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{LockMode::*, Oid, TimestampTz};

    fn tag(rel: u32) -> LockTag {
        LockTag::Relation { db: Oid(5), rel: Oid(rel) }
    }

    /// A lock with its holders and its queue.
    fn lock(locks: &mut Locks, rel: u32, held: &[(u32, LockMode)], queue: &[(u32, LockMode)]) {
        let lock = locks.or_default(tag(rel));
        held.iter().for_each(|(pid, mode)| lock.grant(Pid(*pid), *mode, false));
        let since = TimestampTz(0);
        lock.queue.extend(queue.iter().map(|(pid, mode)| Waiter { pid: Pid(*pid), mode: *mode, since }));
    }

    #[test]
    fn a_hard_circle_is_told_from_the_one_who_looks_on() {
        let mut locks = Locks::default();
        lock(&mut locks, 1, &[(1, AccessExclusive)], &[(2, AccessShare)]);
        assert_eq!(check(&locks, Pid(2)), Verdict::None, "a queue is no circle");
        lock(&mut locks, 2, &[(2, AccessExclusive)], &[(1, RowShare)]);
        let Verdict::Hard(circle) = check(&locks, Pid(2)) else { panic!("no hard circle") };
        // The DETAIL of PostgreSQL 15.
        assert_eq!(
            error(&circle).report().detail.as_deref(),
            Some(
                "Process 2 waits for AccessShareLock on relation 1 of database 5; blocked by process 1.\n\
                 Process 1 waits for RowShareLock on relation 2 of database 5; blocked by process 2."
            )
        );
        lock(&mut locks, 3, &[(1, Share)], &[(3, Exclusive)]);
        assert_eq!(check(&locks, Pid(3)), Verdict::None, "a circle of others is theirs to find");
    }

    #[test]
    fn a_soft_circle_is_broken_by_changing_places() {
        // 3 holds a share; 1, before 2, wants it all; 2 wants a share, and holds what 3 waits for.
        let mut locks = Locks::default();
        lock(&mut locks, 1, &[(3, AccessShare)], &[(1, AccessExclusive), (2, AccessShare)]);
        lock(&mut locks, 2, &[(2, AccessExclusive)], &[(3, AccessShare)]);
        for pid in [1, 2, 3] {
            assert_eq!(check(&locks, Pid(pid)), Verdict::Soft(vec![(tag(1), vec![Pid(2), Pid(1)])]));
        }
    }
}
