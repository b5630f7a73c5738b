//! Looking for a circle among those who wait: a pure function of who waits for whom.

use std::fmt;

use super::locks::LockTag;
use crate::ids::{LockMode, Pid};

/// A process waits for a lock that another holds or is to get first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    /// Who waits.
    pub pid: Pid,
    /// For what.
    pub tag: LockTag,
    /// How it wants it.
    pub mode: LockMode,
    /// Who stands in the way.
    pub blocker: Pid,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wait { pid, tag, mode, blocker } = self;
        write!(f, "Process {pid} waits for {} on {tag}; blocked by process {blocker}.", mode.name())
    }
}

/// The waits that lead from `start` back to itself, if there are such.
pub(super) fn find_cycle(waits: &[Wait], start: Pid) -> Option<Vec<Wait>> {
    let mut path = Vec::new();
    let mut dead_ends = Vec::new();
    search(waits, start, start, &mut path, &mut dead_ends).then_some(path)
}

fn search(waits: &[Wait], at: Pid, start: Pid, path: &mut Vec<Wait>, dead_ends: &mut Vec<Pid>) -> bool {
    for wait in waits.iter().filter(|wait| wait.pid == at) {
        path.push(*wait);
        if wait.blocker == start {
            return true;
        }
        let seen = dead_ends.contains(&wait.blocker) || path.iter().any(|earlier| earlier.pid == wait.blocker);
        if !seen && search(waits, wait.blocker, start, path, dead_ends) {
            return true;
        }
        path.pop();
    }
    dead_ends.push(at);
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Xid;

    fn wait(pid: u32, blocker: u32) -> Wait {
        Wait {
            pid: Pid(pid),
            tag: LockTag::Transaction(Xid(700 + blocker)),
            mode: LockMode::Share,
            blocker: Pid(blocker),
        }
    }

    #[test]
    fn a_circle_is_found_and_a_queue_is_none() {
        assert_eq!(find_cycle(&[wait(1, 2), wait(2, 3)], Pid(1)), None);
        let circle = [wait(1, 4), wait(1, 2), wait(2, 3), wait(3, 1)];
        let found = find_cycle(&circle, Pid(1)).unwrap();
        assert_eq!(found, circle[1..]);
        // The DETAIL of PostgreSQL 15.
        assert_eq!(found[0].to_string(), "Process 1 waits for ShareLock on transaction 702; blocked by process 2.");
        assert_eq!(find_cycle(&[wait(1, 2), wait(2, 3), wait(3, 2)], Pid(1)), None, "a circle of others");
    }
}
