//! Cutting off the end of a table that has become empty.
//!
//! It needs AccessExclusiveLock for a moment, which is asked for without getting into anybody's way, and given up after
//! five seconds. Standbys must know of the lock, so that VACUUM becomes a transaction with an id here.

use super::Vacuum;
use crate::access::truncate;
use crate::ids::{BlockNumber, Fork, LockMode, Result, WaitEvent};
use crate::storage::page;
use crate::world::LwMode;

/// `REL_TRUNCATE_MINIMUM`: so many empty pages are worth it in any table,
const TRUNCATE_MINIMUM: u32 = 1000;
/// `REL_TRUNCATE_FRACTION`: or this part of it.
const TRUNCATE_FRACTION: u32 = 16;
/// Between two attempts to get the lock, in microseconds, and how many there are.
const LOCK_WAIT: u64 = 50_000;
const LOCK_ATTEMPTS: u32 = 100;

impl Vacuum<'_> {
    /// `should_attempt_truncation`
    pub(super) fn should_shorten(&self) -> bool {
        let empty = self.pages.0 - self.nonempty_pages.0;
        self.options.truncate && empty > 0 && (empty >= TRUNCATE_MINIMUM || empty >= self.pages.0 / TRUNCATE_FRACTION)
    }

    /// `lazy_truncate_heap`
    pub(super) async fn shorten(&mut self) -> Result<()> {
        if !self.lock_alone().await? {
            return Ok(());
        }
        let done = self.shorten_locked().await;
        self.env.unlock_relation(self.rel.oid, LockMode::AccessExclusive);
        done
    }

    async fn lock_alone(&self) -> Result<bool> {
        for _ in 0..LOCK_ATTEMPTS {
            if self.env.try_lock_relation(self.rel.oid, LockMode::AccessExclusive).await? {
                return Ok(true);
            }
            self.env.cx.check_for_interrupts()?;
            self.env.cx.sleep(WaitEvent::VacuumTruncate, LOCK_WAIT).await;
        }
        Ok(false)
    }

    async fn shorten_locked(&mut self) -> Result<()> {
        // Whoever has lengthened the table meanwhile has put something there.
        if self.rel.blocks(self.env, Fork::Main) != self.pages {
            return Ok(());
        }
        let keep = self.nonempty_now().await?;
        if keep < self.pages {
            truncate::truncate(self.env, self.rel, keep).await?;
            self.stats.removed_pages = self.pages.0 - keep.0;
            self.pages = keep;
        }
        Ok(())
    }

    /// `count_nondeletable_pages`: looks at the end again, now that nobody can add anything to it.
    async fn nonempty_now(&self) -> Result<BlockNumber> {
        let mut keep = self.pages;
        while keep > self.nonempty_pages {
            let last = BlockNumber(keep.0 - 1);
            let pin = self.rel.page_by(self.env, last, Some(&self.ring)).await?;
            let guard = pin.lock(&self.env.cx, LwMode::Shared).await;
            let used = pin.read(|bytes| page::offsets(bytes).any(|o| page::item_id(bytes, o).is_used()));
            drop(guard);
            if used {
                break;
            }
            keep = last;
        }
        Ok(keep)
    }
}
