//! Pins: a page stays in its buffer as long as somebody has it pinned. A process that pins a buffer twice counts once.

use std::cell::Ref;
use std::rc::Rc;

use super::BM_MAX_USAGE_COUNT;
use super::pool::{BufferPool, BufferState, BufferTag, page_of, page_of_mut};
use super::ring::Ring;
use crate::ids::{BlockNumber, BufferId, Pid};
use crate::storage::PageBytes;
use crate::trace::Event;
use crate::world::{Cx, LwGuard, LwMode};

impl BufferPool {
    /// `PinBuffer`: the first pin of a process raises the usage count; through a ring to 1 only, so that a page does not
    /// come to look wanted by being read once.
    pub(super) fn pin(self: &Rc<Self>, pid: Pid, index: usize, ring: Option<&Ring>) -> Pin {
        let most = if ring.is_some() { 1 } else { BM_MAX_USAGE_COUNT };
        let pin = self.pin_quietly(pid, index);
        if pin.count() == 1 {
            let raised = |state: &mut BufferState| state.usage_count.max((state.usage_count + 1).min(most));
            self.buffers[index].update(|state| state.usage_count = raised(state));
        }
        pin
    }

    /// A pin that does not raise the usage count, for whoever only writes.
    pub(super) fn pin_quietly(self: &Rc<Self>, pid: Pid, index: usize) -> Pin {
        let buffer = &self.buffers[index];
        let pinners = &mut *buffer.pinners.borrow_mut();
        match pinners.iter_mut().find(|(own, _)| *own == pid) {
            Some((_, count)) => *count += 1,
            None => {
                pinners.push((pid, 1));
                buffer.update(|state| state.pins += 1);
            }
        }
        Pin { pool: self.clone(), index, pid }
    }
}

/// A pinned buffer; dropping it unpins.
pub struct Pin {
    pool: Rc<BufferPool>,
    index: usize,
    pid: Pid,
}

impl Pin {
    /// Which buffer, as pg_buffercache counts.
    pub fn id(&self) -> BufferId {
        self.pool.id(self.index)
    }

    /// Which page. A pinned buffer keeps its page.
    pub fn tag(&self) -> BufferTag {
        self.pool.state(self.index).tag.unwrap_or_else(|| panic!("a pinned buffer holds no page"))
    }

    /// Which page of its fork.
    pub fn block(&self) -> BlockNumber {
        self.tag().block
    }

    /// Looks at the page, in an atomic section.
    #[inline]
    pub fn read<T>(&self, look: impl FnOnce(&PageBytes) -> T) -> T {
        look(page_of(&self.pool.buffers[self.index].page.borrow()))
    }

    /// The page, to look at several at once in an atomic section.
    #[inline]
    pub fn bytes(&self) -> Ref<'_, PageBytes> {
        Ref::map(self.pool.buffers[self.index].page.borrow(), page_of)
    }

    /// Changes the page, in an atomic section; the caller marks the buffer dirty.
    #[inline]
    pub fn modify<T>(&self, change: impl FnOnce(&mut PageBytes) -> T) -> T {
        change(page_of_mut(&mut self.pool.buffers[self.index].page.borrow_mut()))
    }

    /// Takes the content lock.
    pub async fn lock(&self, cx: &Cx, mode: LwMode) -> LwGuard {
        self.pool.buffers[self.index].content.acquire(cx, mode).await
    }

    /// Takes the content lock if it is free.
    pub fn try_lock(&self, cx: &Cx, mode: LwMode) -> Option<LwGuard> {
        self.pool.buffers[self.index].content.try_acquire(cx, mode)
    }

    /// How many pins the process has on the buffer.
    fn count(&self) -> u32 {
        let pinners = self.pool.buffers[self.index].pinners.borrow();
        pinners.iter().find(|(pid, _)| *pid == self.pid).map_or(0, |(_, count)| *count)
    }

    /// Whether nobody has the buffer pinned but for this once: what pruning asks before it moves tuples about.
    pub fn is_only_pin(&self) -> bool {
        self.pool.state(self.index).pins == 1 && self.count() == 1
    }

    /// Whether the buffer is newer than the file.
    pub fn is_dirty(&self) -> bool {
        self.pool.state(self.index).dirty
    }

    /// `MarkBufferDirty`, also for hints: without checksums a hint needs no record.
    pub fn mark_dirty(&self, cx: &Cx) {
        let was = self.pool.buffers[self.index].update(|state| {
            state.just_dirtied = true;
            std::mem::replace(&mut state.dirty, true)
        });
        if !was {
            self.pool.count_for(cx.pid(), |usage| usage.dirtied += 1);
            let BufferTag { rel, fork, block } = self.tag();
            cx.emit(Event::BufferDirty { buffer: self.id(), rel, fork, block });
        }
    }
}

impl Clone for Pin {
    fn clone(&self) -> Pin {
        self.pool.pin_quietly(self.pid, self.index)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let buffer = &self.pool.buffers[self.index];
        let pinners = &mut *buffer.pinners.borrow_mut();
        let Some(at) = pinners.iter().position(|(pid, _)| *pid == self.pid) else { return };
        pinners[at].1 -= 1;
        if pinners[at].1 == 0 {
            pinners.swap_remove(at);
            buffer.update(|state| state.pins -= 1);
        }
    }
}
