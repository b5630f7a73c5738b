//! What single processes do with buffers, for those that want to know: VACUUM VERBOSE. PostgreSQL: `BufferUsage` in
//! `executor/instrument.c`.

use super::pool::BufferPool;
use crate::ids::Pid;

/// Pages that a process has found in buffers, read, and been the first to change.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct BufferUsage {
    /// Found.
    pub hits: u64,
    /// Read.
    pub misses: u64,
    /// Made dirty.
    pub dirtied: u64,
}

impl BufferPool {
    /// From here on the pool counts what the process does.
    pub fn start_counting(&self, pid: Pid) {
        self.counted.borrow_mut().push((pid, BufferUsage::default()));
    }

    /// What the process has done so far since it began to count.
    pub fn usage(&self, pid: Pid) -> BufferUsage {
        let counted = self.counted.borrow();
        counted.iter().find(|(own, _)| *own == pid).map_or_else(BufferUsage::default, |(_, usage)| *usage)
    }

    /// What the process has done since it began to count.
    pub fn end_counting(&self, pid: Pid) -> BufferUsage {
        let counted = &mut *self.counted.borrow_mut();
        let at = counted.iter().position(|(own, _)| *own == pid);
        at.map_or_else(BufferUsage::default, |at| counted.swap_remove(at).1)
    }

    /// Counts something for a process, if it wants that.
    #[inline]
    pub(super) fn count_for(&self, pid: Pid, change: impl FnOnce(&mut BufferUsage)) {
        if let Some((_, usage)) = self.counted.borrow_mut().iter_mut().find(|(own, _)| *own == pid) {
            change(usage);
        }
    }
}
