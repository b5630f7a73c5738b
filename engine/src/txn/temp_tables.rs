//! What a session has of its own for temporary tables: buffers that nobody else sees, and what is to be done at each commit.
//!
//! Nobody else may look at these tables, so their pages need no shared memory, and as they are gone after a crash, no log. A
//! session gets `temp_buffers` pages when it first touches such a table; they have a clock hand of their own, and what they
//! cannot hold goes to files whose names say whose they are (`t3_16384`), never synced.
//!
//! PostgreSQL: `storage/buffer/localbuf.c`, `catalog/namespace.c`, `commands/tablecmds.c` (`register_on_commit_action`).

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use super::env::Env;
use super::temp_files::is_number;
use crate::buffer::BufferPool;
use crate::ids::{Oid, RelFile};
use crate::settings::Setting;
use crate::world::Disk;

/// ON COMMIT, where something is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnCommit {
    /// DELETE ROWS
    DeleteRows,
    /// DROP
    Drop,
}

/// A session's temporary tables.
#[derive(Default)]
pub struct TempTables {
    pool: OnceCell<Rc<BufferPool>>,
    /// The session has a schema for them.
    pub has_schema: Cell<bool>,
    /// The transaction has touched one.
    pub touched: Cell<bool>,
    /// What is to be done at commits, in the order in which the tables were made.
    pub on_commit: RefCell<Vec<(Oid, OnCommit)>>,
}

impl TempTables {
    /// The session's own buffers, once it has some.
    pub fn buffers(&self) -> Option<&Rc<BufferPool>> {
        self.pool.get()
    }
}

impl Env {
    /// The buffers in which the pages of a relation are.
    #[inline]
    pub fn pool(&self, rel: RelFile) -> &Rc<BufferPool> {
        if rel.is_temporary() { self.local_buffers() } else { &self.buffers }
    }

    fn local_buffers(&self) -> &Rc<BufferPool> {
        self.temp_tables.touched.set(true);
        self.temp_tables.pool.get_or_init(|| {
            let count = self.settings.borrow().int(Setting::temp_buffers) as usize;
            BufferPool::local(count, self.disk.clone(), self.wal.clone())
        })
    }

    /// The number of this session among those that are connected; `MyBackendId`.
    pub fn backend_number(&self) -> u32 {
        self.txns.procs.place_of(self.cx.pid())
    }

    /// Whether a relation is another session's temporary one, of which only that session knows what is in it.
    pub fn is_other_temp(&self, rel: RelFile) -> bool {
        let own = |backend| self.temp_tables.has_schema.get() && backend == self.backend_number();
        rel.backend().is_some_and(|backend| !own(backend))
    }
}

/// `RemovePgTempRelationFiles`: the files of temporary tables of sessions that are no more.
pub(super) fn remove_left_over(disk: &Disk) {
    disk.list("base/").iter().filter(|path| is_temp_relation(path)).for_each(|path| disk.discard(path));
}

/// `looks_like_temp_rel_name`: `t3_16384`, `t3_16384_fsm`.
pub fn is_temp_relation(path: &str) -> bool {
    let Some(name) = path.strip_prefix("base/").and_then(|path| path.rsplit('/').next()) else { return false };
    let mut parts = name.splitn(3, '_');
    let of_session = parts.next().and_then(|first| first.strip_prefix('t')).is_some_and(is_number);
    let of_file = parts.next().is_some_and(is_number);
    of_session && of_file && parts.next().is_none_or(|fork| matches!(fork, "fsm" | "vm" | "init"))
}

#[cfg(test)]
mod tests {
    use super::is_temp_relation;

    #[test]
    fn files_of_temporary_tables_are_known_by_their_names() {
        let names = ["base/5/t3_16384", "base/5/t12_16384_vm", "base/5/16384", "base/5/t3_", "base/5/t_1", "t3_16384"];
        assert_eq!(names.map(is_temp_relation), [true, true, false, false, false, false]);
    }
}
