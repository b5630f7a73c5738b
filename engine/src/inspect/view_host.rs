//! A host in a view: its processes, buffers, transactions, lock waits, standbys.

use std::rc::Rc;

use super::look::{Look, Tables};
use super::shape::*;
use super::view::{Letters, Room, askers};
use super::view_page::page_view;
use super::view_wal::{Tape, wal_view};
use crate::buffer::{BufferState, Ring};
use crate::ids::{BackendType, HostId, Instant, Pid, RelFile, Xid};
use crate::server::{LogLine, Server, ServerSpec, ServerState};
use crate::small;
use crate::txn::{LockInfo, LockTag};
use crate::world::{ProcessInfo, RunState, World};

/// Records looked at to find the one that made a row version; by somebody in a hurry, who asks for a few records, only
/// those: reading the log back, with its checksums, is most of what a view costs.
const RECORDS_FOR_VERSIONS: usize = 128;
const A_FEW: usize = 32;
/// Lines of the server log in a view.
const LOG_LINES: usize = 24;

/// A host.
pub(super) fn host_view(
    room: &Room,
    spec: &Rc<ServerSpec>,
    processes: &[ProcessInfo],
    letters: &Letters,
    request: &ViewRequest,
) -> HostView {
    let running = spec.running.borrow().clone();
    let server = running.as_deref();
    let look = Look::at(spec, server);
    let tables = look.tables();
    let wanted = request.wal_records as usize;
    let back = if wanted < A_FEW { wanted } else { wanted.max(RECORDS_FOR_VERSIONS) };
    let tape = server.map(|server| Tape::newest(server, back)).unwrap_or_default();
    let askers = askers(room, &look, spec.host);
    let here: Vec<&ProcessInfo> = processes.iter().filter(|process| process.host == spec.host).collect();
    HostView {
        host: spec.host.0,
        name: spec.name.clone(),
        role: if spec.is_standby() { Role::Standby } else { Role::Primary },
        state: host_state(server, &here),
        timeline: server.map_or(1, |server| server.timeline().0),
        processes: process_views(room.world, &here, letters),
        buffers: server.map_or_else(PoolView::default, |server| pool_view(server, &tables)),
        next_victim: server.map_or(0, |server| server.buffers.hand() as u32),
        rings: server.map_or_else(Vec::new, |server| ring_views(server, letters)),
        page: page_view(&look, &tables, request, &tape, letters, &askers),
        xact: xact_view(&look, letters, request.xacts),
        lock_waits: server.map_or_else(Vec::new, |server| lock_waits(server, &tables, letters)),
        wal: server.map_or_else(WalView::default, |server| wal_view(server, &tape, wanted, &tables, letters)),
        replication: server.map_or_else(Vec::new, replication),
        log: log(spec),
    }
}

fn log(spec: &ServerSpec) -> Vec<LogLineView> {
    let lines = spec.log.lines();
    let view =
        |line: &LogLine| LogLineView { pid: line.pid.0, level: line.level.name().to_string(), text: line.text.clone() };
    lines[lines.len().saturating_sub(LOG_LINES)..].iter().map(view).collect()
}

fn host_state(server: Option<&Server>, processes: &[&ProcessInfo]) -> HostState {
    match server.map(|server| server.state.get()) {
        None if processes.is_empty() => HostState::Off,
        None | Some(ServerState::Starting) => HostState::Starting,
        Some(ServerState::Recovering) => HostState::Recovering,
        Some(ServerState::HotStandby | ServerState::WarmStandby | ServerState::Running) => HostState::Running,
        Some(ServerState::Crashed | ServerState::Stopping) => HostState::Stopping,
    }
}

// --- processes -----------------------------------------------------------------------------------------------

fn process_views(world: &World, processes: &[&ProcessInfo], letters: &Letters) -> Vec<ProcessView> {
    let last = world.with_trace(|trace| trace.since(trace.count().saturating_sub(1)).last().map(|(_, e)| e.pid));
    let view = |process: &&ProcessInfo| ProcessView {
        pid: process.pid.0,
        backend_type: process.backend_type.name().to_string(),
        letter: letters.of_process(process.pid),
        state: process_state(process, last),
        wait_event_type: process.wait_event().map(|event| event.kind().name().to_string()),
        wait_event: process.wait_event().map(|event| event.name().to_string()),
        wakes_at: match process.state {
            RunState::Waiting { timer, .. } => timer.filter(|at| *at < Instant::NEVER).map(|at| at.0),
            RunState::Ready { .. } => None,
        },
    };
    processes
        .iter()
        .filter(|process| process.backend_type != BackendType::BaseBackup || process.host != HostId(0))
        .map(view)
        .collect()
}

fn process_state(process: &ProcessInfo, last: Option<Pid>) -> ProcessState {
    match process.state {
        _ if process.frozen => ProcessState::Frozen,
        RunState::Waiting { .. } | RunState::Ready { io: Some(_), .. } => ProcessState::Waiting,
        RunState::Ready { .. } if last == Some(process.pid) => ProcessState::Running,
        RunState::Ready { .. } => ProcessState::Runnable,
    }
}

// --- shared memory -------------------------------------------------------------------------------------------

fn pool_view(server: &Server, tables: &Tables) -> PoolView {
    let buffers = &server.buffers;
    let mut cells = vec![0; buffers.len() * POOL_CELL];
    let mut files: small::Set<RelFile> = small::Set::default();
    let mut last = None;
    for (index, cell) in cells.chunks_exact_mut(POOL_CELL).enumerate() {
        let state = buffers.state(index);
        let Some(tag) = state.tag else { continue };
        // Neighbours are mostly of one file.
        if last != Some(tag.rel) {
            files.insert(tag.rel);
            last = Some(tag.rel);
        }
        cell[..4].copy_from_slice(&tag.rel.rel.0.to_le_bytes());
        cell[4..8].copy_from_slice(&tag.block.0.to_le_bytes());
        cell[8..12].copy_from_slice(&state.pins.to_le_bytes());
        cell[12..15].copy_from_slice(&[tag.fork as u8, state.usage_count, flags_of(&state)]);
    }
    let name = |file: &RelFile| Some(FileName { relfilenode: file.rel.0, relname: tables.name_of(*file)? });
    PoolView { count: buffers.len() as u32, cells, files: files.iter().filter_map(name).collect() }
}

fn flags_of(state: &BufferState) -> u8 {
    let flag = |on: bool, flag: u8| if on { flag } else { 0 };
    flag(state.dirty, POOL_DIRTY) | flag(state.is_checkpoint_needed(), POOL_CHECKPOINT)
}

fn ring_views(server: &Server, letters: &Letters) -> Vec<RingView> {
    let view = |ring: &Rc<Ring>| {
        let (slots, current) = ring.slots();
        RingView {
            pid: ring.pid.0,
            letter: letters.of_process(ring.pid),
            ring: ring.kind.name().to_string(),
            buffers: slots.into_iter().map(|slot| slot.map_or(0, |buffer| buffer.0)).collect(),
            current: current as u32,
        }
    };
    server.buffers.rings().iter().map(view).collect()
}

fn xact_view(look: &Look, letters: &Letters, newest: u32) -> XactView {
    let Some(server) = look.server else {
        return XactView { next_xid: 0, latest_completed_xid: 0, running: Vec::new(), entries: Vec::new() };
    };
    let procs = &server.txns.procs;
    let (next, running) = (procs.next_xid().xid(), procs.running());
    let mut entries: Vec<XactEntry> = Vec::new();
    let mut xid = next;
    while entries.len() < newest as usize && xid.0 > Xid::FIRST_NORMAL.0 {
        xid = xid.previous();
        let (bits, running) = (look.status(xid) as u8, running.contains(&xid));
        entries.push(XactEntry { xid: xid.0, bits, running, letter: letters.of_transaction(xid) });
    }
    entries.reverse();
    XactView {
        next_xid: next.0,
        latest_completed_xid: procs.latest_completed().0,
        running: running.iter().map(|xid| xid.0).collect(),
        entries,
    }
}

fn lock_waits(server: &Server, tables: &Tables, letters: &Letters) -> Vec<LockWaitView> {
    let locks = &server.txns.locks;
    let blocker = |pid: Pid| BlockerView { pid: pid.0, letter: letters.of_process(pid) };
    let view = |lock: LockInfo| LockWaitView {
        pid: lock.pid.0,
        letter: letters.of_process(lock.pid),
        locktype: lock.tag.type_name().to_string(),
        what: what(lock.tag, tables),
        mode: lock.mode.name().to_string(),
        blocked_by: locks.blocking_pids(lock.pid).into_iter().map(blocker).collect(),
    };
    locks.list().into_iter().filter(|lock| !lock.granted).map(view).collect()
}

pub(super) fn what(tag: LockTag, tables: &Tables) -> String {
    let name = |rel| tables.name_of_oid(rel).map_or_else(|| rel.to_string(), str::to_string);
    match tag {
        LockTag::Relation { rel, .. } => format!("relation {}", name(rel)),
        LockTag::Tuple { rel, tid, .. } => format!("tuple {tid} of {}", name(rel)),
        LockTag::Transaction(xid) => format!("transactionid {xid}"),
        LockTag::SpeculativeToken { .. } | LockTag::Advisory { .. } => tag.to_string(),
    }
}

fn replication(server: &Server) -> Vec<ReplicationView> {
    let standbys = server.txns.sync_rep.standbys();
    let view = |standby: &crate::txn::StandbyProgress| ReplicationView {
        pid: standby.pid.0,
        application_name: standby.name.clone(),
        state: standby.state.to_string(),
        sync_state: server.txns.sync_rep.sync_state(standby).0.to_string(),
        sent_lsn: standby.sent.0,
        write_lsn: standby.write.0,
        flush_lsn: standby.flush.0,
        replay_lsn: standby.apply.0,
    };
    standbys.iter().map(view).collect()
}
