//! What single panels ask for, each by its file; here what is short: checkpoints, files, system views.

use super::look::{Look, Tables};
use super::shape_panel::*;
use super::shape_server::*;
use super::sql;
use super::view::{Letters, Room};
use super::{view_bytes, view_dead, view_locks, view_tree};
use crate::ids::{BLCKSZ, Fork, HostId, Pid};
use crate::server::{Activity, Server};
use crate::settings::{Setting, Settings};
use crate::txn::{MemoryUse, TempFile};
use crate::types::{Datum, TypeId, output};
use crate::wal::page::XLOG_BLCKSZ;

/// The size of an `ItemPointerData`.
const SIZE_OF_TID: u64 = 6;

/// What is known of the host that a panel speaks of.
pub(super) struct Site<'a> {
    pub(super) look: Look<'a>,
    pub(super) tables: &'a Tables,
    pub(super) letters: &'a Letters,
}

/// The answer to a panel's request.
pub(super) fn panel_view(room: &Room, letters: &Letters, request: &PanelRequest) -> PanelView {
    let Some(spec) = room.hosts.get(usize::from(host_of(request).0)) else { return PanelView::Nothing };
    let running = spec.running.borrow().clone();
    let look = Look::at(spec, running.as_deref());
    let tables = look.tables();
    let site = Site { look, tables: &tables, letters };
    answer(&site, request).unwrap_or(PanelView::Nothing)
}

fn host_of(request: &PanelRequest) -> HostId {
    use PanelRequest::*;
    let (Table { host, .. }
    | Bytes { host, .. }
    | Tree { host, .. }
    | Locks { host }
    | Dead { host }
    | Checkpoint { host }
    | Files { host }
    | Memory { host }) = request;
    HostId(*host)
}

fn answer(site: &Site, request: &PanelRequest) -> Option<PanelView> {
    let server = site.look.server;
    Some(match request {
        PanelRequest::Table { name, .. } => PanelView::Table(table_view(server?, name)?),
        PanelRequest::Bytes { relation, fork, block, disk, .. } => {
            PanelView::Bytes(view_bytes::bytes_view(site, relation, fork, *block, *disk)?)
        }
        PanelRequest::Tree { index, search, .. } => {
            PanelView::Tree(view_tree::tree_view(site, index, search.as_deref())?)
        }
        PanelRequest::Locks { .. } => PanelView::Locks(view_locks::locks_view(site, server?)),
        PanelRequest::Dead { .. } => PanelView::Dead(view_dead::dead_view(site, server?)),
        PanelRequest::Checkpoint { .. } => PanelView::Checkpoint(checkpoint_view(server?)),
        PanelRequest::Files { .. } => PanelView::Files(files_view(site)),
        PanelRequest::Memory { .. } => PanelView::Memory(memory_view(site, server?)),
    })
}

/// A system view, every value as SQL prints it.
fn table_view(server: &Server, name: &str) -> Option<TableView> {
    let (columns, rows) = sql::system_view(server, name)?;
    let text = |value: &Datum, type_id: TypeId| (*value != Datum::Null).then(|| output(value, type_id));
    let row = |row: Vec<Datum>| row.iter().zip(columns).map(|(value, (_, type_id))| text(value, *type_id)).collect();
    Some(TableView {
        name: name.to_string(),
        columns: columns.iter().map(|(name, _)| name.to_string()).collect(),
        rows: rows.into_iter().map(row).collect(),
    })
}

fn checkpoint_view(server: &Server) -> CheckpointView {
    let buffers = &server.buffers;
    let count = |which: fn(&crate::buffer::BufferState) -> bool| {
        (0..buffers.len()).filter(|index| which(&buffers.state(*index))).count() as u32
    };
    let settings = server.spec.settings.borrow();
    let control = server.control.borrow();
    let redo = server.wal.redo().max(control.checkpoint_copy.redo);
    CheckpointView {
        running: server.checkpoint_runs(),
        redo: redo.0,
        control_redo: control.checkpoint_copy.redo.0,
        control_record: control.checkpoint.0,
        control_time: control.checkpoint_copy.time as u64,
        to_write: count(|state| state.is_checkpoint_needed()),
        dirty: count(|state| state.dirty),
        buffers: buffers.len() as u32,
        log: server.wal.insert_lsn().0.saturating_sub(redo.0),
        max_wal_size: (settings.int(Setting::max_wal_size) as u64) << 20,
        checkpoint_timeout: settings.int(Setting::checkpoint_timeout) as u32,
        completion_target: settings.int(Setting::checkpoint_completion_target) as u32,
    }
}

fn files_view(site: &Site) -> FilesView {
    let relations: Vec<(String, &str)> = site.tables.files().collect();
    let relname = |path: &str| {
        let of_fork =
            |file: &str| (0..4).filter_map(Fork::from_number).any(|fork| path == format!("{file}{}", fork.suffix()));
        relations
            .iter()
            .find(|(file, _)| path.starts_with(file.as_str()) && of_fork(file))
            .map(|(_, name)| name.to_string())
    };
    let file = |(path, len, synced): (String, u64, bool)| FileView { relname: relname(&path), path, len, synced };
    FilesView { files: site.look.files().into_iter().map(file).collect() }
}

/// What VACUUM remembers of dead row versions: a list that has its size from the beginning.
fn dead_tids(server: &Server, pid: Pid) -> Option<MemoryUse> {
    let vacuums = server.txns.vacuums.borrow();
    let progress = vacuums.get(&pid)?;
    let bytes = |tids: u64| tids * SIZE_OF_TID;
    Some(MemoryUse {
        purpose: MemoryPurpose::DeadTids,
        used: bytes(progress.num_dead_tuples),
        peak: bytes(progress.num_dead_tuples),
        budget: bytes(progress.max_dead_tuples),
        disk: 0,
        rounds: progress.index_vacuum_count,
    })
}

fn memory_view(site: &Site, server: &Server) -> MemoryView {
    let settings = server.spec.settings.borrow();
    let kilobytes = |settings: &Settings, setting: Setting| (settings.int(setting) as u64) << 10;
    let process = |(pid, activity): (&Pid, &Activity)| {
        let env = activity.env.as_ref()?;
        let local = env.temp_tables.buffers();
        let file = |(file, len): (TempFile, u64)| TempFileView { path: file.path(*pid), len };
        Some(WorkerMemory {
            pid: pid.0,
            letter: site.letters.of_process(*pid),
            work_mem: kilobytes(&env.settings.borrow(), Setting::work_mem),
            local_buffers: local.map_or(0, |pool| pool.len() as u32),
            local_pages: local.map_or(0, |pool| pool.in_memory() as u32),
            uses: env.memory.uses().into_iter().chain(dead_tids(server, *pid)).collect(),
            files: env.temp_files.open().into_iter().map(file).collect(),
        })
    };
    MemoryView {
        shared_buffers: (server.buffers.len() * BLCKSZ) as u64,
        wal_buffers: (server.wal.config().buffers * XLOG_BLCKSZ) as u64,
        maintenance_work_mem: kilobytes(&settings, Setting::maintenance_work_mem),
        processes: server.activity.borrow().iter().filter_map(process).collect(),
    }
}
