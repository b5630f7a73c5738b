//! What a process knows of its own locks: how often it holds each, and on whose behalf.
//!
//! A lock belongs to the session, or to a level of the transaction: 1 is the transaction itself, 2 the first savepoint
//! in it, and so on. A level that is rolled back gives its locks back; one that is released leaves them to the level
//! around it. Whoever holds a lock already need not ask again: shared memory is told of the first and the last only.
//!
//! PostgreSQL: `LOCALLOCK` in `lock.c`, and `ResourceOwner`.

use crate::small::Map;

use super::locks::LockTag;
use crate::ids::LockMode;

/// On whose behalf a lock is held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LockOwner {
    /// The session, until it gives it back or ends.
    Session,
    /// A level of its transaction.
    Level(usize),
}

/// A process's own locks.
#[derive(Default)]
pub struct LocalLocks(Map<(LockTag, LockMode), Map<LockOwner, u32>>);

impl LocalLocks {
    /// Counts a lock once more; whether it was held.
    pub fn count(&mut self, tag: LockTag, mode: LockMode, owner: LockOwner) -> bool {
        let Some(owners) = self.0.get_mut(&(tag, mode)) else { return false };
        *owners.or_default(owner) += 1;
        true
    }

    /// Notes a lock that has been granted.
    pub fn note(&mut self, tag: LockTag, mode: LockMode, owner: LockOwner) {
        *self.0.or_default((tag, mode)).or_default(owner) += 1;
    }

    /// Counts a lock once less: `None` if this owner does not hold it, else whether that was the last.
    pub fn uncount(&mut self, tag: LockTag, mode: LockMode, owner: LockOwner) -> Option<bool> {
        let owners = self.0.get_mut(&(tag, mode))?;
        let count = owners.get_mut(&owner)?;
        *count -= 1;
        if *count == 0 {
            owners.remove(&owner);
        }
        let last = owners.is_empty();
        if last {
            self.0.remove(&(tag, mode));
        }
        Some(last)
    }

    /// Takes away what owners such as these hold, and returns what nobody holds any more.
    pub fn drop_owners(&mut self, gone: impl Fn(LockOwner) -> bool) -> Vec<(LockTag, LockMode)> {
        let mut free = Vec::new();
        self.0.retain(|lock, owners| {
            owners.retain(|owner, _| !gone(*owner));
            if owners.is_empty() {
                free.push(*lock);
            }
            !owners.is_empty()
        });
        free
    }

    /// A level is released: what it held the level around it holds.
    pub fn hand_up(&mut self, level: usize) {
        for owners in self.0.values_mut() {
            if let Some(count) = owners.remove(&LockOwner::Level(level)) {
                *owners.or_default(LockOwner::Level(level - 1)) += count;
            }
        }
    }

    /// The advisory locks of the session.
    pub fn session_advisory(&self) -> Vec<(LockTag, LockMode, u32)> {
        let advisory = self.0.iter().filter(|((tag, _), _)| matches!(tag, LockTag::Advisory { .. }));
        advisory.filter_map(|((tag, mode), owners)| Some((*tag, *mode, *owners.get(&LockOwner::Session)?))).collect()
    }
}
