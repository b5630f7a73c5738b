//! A host's memory in a view.

use super::shape_memory::*;
use super::view::Letters;
use crate::ids::{BLCKSZ, Pid};
use crate::server::Server;
use crate::txn::{Env, MemoryPurpose, MemoryUse, VacuumProgress};
use crate::wal::page::XLOG_BLCKSZ;

/// The size of an `ItemPointerData`, of which VACUUM's list consists.
const SIZE_OF_TID: u64 = 6;

pub(super) fn memory_view(server: &Server, letters: &Letters) -> MemoryView {
    let activity = server.activity.borrow();
    let processes = activity.values().filter_map(|row| row.env.as_ref().map(|env| (row.pid, env)));
    MemoryView {
        shared: shared(server),
        locks: server.txns.locks.list().len() as u32,
        processes: processes.filter_map(|(pid, env)| process(server, pid, env, letters)).collect(),
    }
}

fn shared(server: &Server) -> Vec<SharedMemoryView> {
    let piece = |name: &str, setting: &str, used: u64, size: u64| SharedMemoryView {
        name: name.to_string(),
        setting: setting.to_string(),
        used,
        size,
    };
    let buffers = &server.buffers;
    let pages = (0..buffers.len()).filter(|index| buffers.state(*index).is_valid()).count();
    let log = (server.wal.config().buffers * XLOG_BLCKSZ) as u64;
    let waiting = server.wal.insert_lsn().0.saturating_sub(server.wal.write_lsn().0);
    let bytes = |pages: usize| (pages * BLCKSZ) as u64;
    vec![
        piece("Buffer Blocks", "shared_buffers", bytes(pages), bytes(buffers.len())),
        piece("XLOG Ctl", "wal_buffers", waiting.min(log), log),
    ]
}

/// What a process has of its own; none if that is nothing.
fn process(server: &Server, pid: Pid, env: &Env, letters: &Letters) -> Option<ProcessMemoryView> {
    let local = env.temp_tables.buffers();
    let mut work: Vec<WorkMemoryView> = env.memory.uses().into_iter().map(work_view).collect();
    work.extend(server.txns.vacuums.borrow().get(&pid).map(dead_tids));
    let file = |(file, size): (crate::txn::TempFile, u64)| TempFileView { path: file.path(pid), size };
    let view = ProcessMemoryView {
        pid: pid.0,
        letter: letters.of_process(pid),
        local_pages: local.map_or(0, |pool| pool.in_memory() as u32),
        local_buffers: local.map_or(0, |pool| pool.len() as u32),
        work,
        temp_files: env.temp_files.open().into_iter().map(file).collect(),
    };
    let any = view.local_buffers > 0 || !view.work.is_empty() || !view.temp_files.is_empty();
    any.then_some(view)
}

fn work_view(MemoryUse { purpose, used, peak, budget, disk, rounds }: MemoryUse) -> WorkMemoryView {
    WorkMemoryView { purpose, used, peak, budget, disk, rounds }
}

/// VACUUM's list of dead row versions has its size from the beginning.
fn dead_tids(progress: &VacuumProgress) -> WorkMemoryView {
    let used = progress.num_dead_tuples * SIZE_OF_TID;
    WorkMemoryView {
        purpose: MemoryPurpose::DeadTids,
        used,
        peak: used,
        budget: progress.max_dead_tuples * SIZE_OF_TID,
        disk: 0,
        rounds: progress.index_vacuum_count,
    }
}
