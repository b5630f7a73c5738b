//! Finding a buffer for a page that is in none: an empty one, one of the ring, or the one at which the clock sweep stops.

use std::rc::Rc;

use super::BM_MAX_USAGE_COUNT;
use super::pool::{BufferPool, BufferTag};
use super::ring::Ring;
use crate::ids::{Error, Result, sqlstate};
use crate::storage::page;
use crate::trace::Event;
use crate::world::Cx;

impl BufferPool {
    /// `StrategyGetBuffer` and what follows: finds a buffer, in the ring or by the clock sweep, and empties it, writing
    /// its page first if that is dirty.
    pub(super) async fn victim(self: &Rc<Self>, cx: &Cx, ring: Option<&Ring>) -> Result<usize> {
        loop {
            let index = match ring.and_then(|ring| ring.next(self)) {
                Some(index) => index,
                None => self.unused()?,
            };
            let state = self.state(index);
            if state.dirty && ring.is_some_and(|ring| self.needs_flush(index) && ring.rejects(cx, index)) {
                continue;
            }
            if state.dirty {
                self.write_buffer(cx, index).await?;
                self.count(|stats| stats.backend_writes += 1);
            }
            let now = self.state(index);
            if now.pins > 0 || now.dirty || now.tag != state.tag {
                continue;
            }
            if let Some(ring) = ring {
                ring.put(index);
                ring.announce(cx, index);
            }
            if let Some(BufferTag { rel, fork, block }) = now.tag {
                cx.emit(Event::BufferEvict { buffer: self.id(index), rel, fork, block });
            }
            self.forget(index);
            return Ok(index);
        }
    }

    /// `XLogNeedsFlush`: whether the log must be flushed before the page may be written.
    fn needs_flush(&self, index: usize) -> bool {
        !self.wal.is_recovering() && self.peek(index, page::lsn) > self.wal.flush_lsn()
    }

    /// A buffer that holds nothing, or else the one that the clock sweep finds.
    fn unused(&self) -> Result<usize> {
        let empty = self.free.borrow_mut().pop();
        empty.map_or_else(|| self.sweep(), Ok)
    }

    /// Moves the hand until it stands on an unpinned buffer without usage count.
    fn sweep(&self) -> Result<usize> {
        for _ in 0..=self.buffers.len() * (usize::from(BM_MAX_USAGE_COUNT) + 1) {
            let index = self.hand.get();
            let next = (index + 1) % self.buffers.len();
            self.hand.set(next);
            if next == 0 {
                self.rounds.set(self.rounds.get() + 1);
            }
            let taken = self.buffers[index].update(|state| {
                if state.pins > 0 {
                    return false;
                }
                let free = state.usage_count == 0;
                state.usage_count = state.usage_count.saturating_sub(1);
                free
            });
            if taken {
                return Ok(index);
            }
        }
        Err(Error::new(sqlstate::OUT_OF_MEMORY, "no unpinned buffers available"))
    }
}
