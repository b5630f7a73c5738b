//! The whole view: the world, its hosts, its sessions, its links.

use crate::small;
use std::rc::Rc;

use super::look::Look;
use super::shape::*;
use super::view_host::host_view;
use super::view_panel::panel_view;
use crate::cluster::{Lab, Session};
use crate::ids::{CommandId, HostId, Pid, WalSegSize, Xid};
use crate::server::{self, Activity, Server, ServerSpec};
use crate::settings::Setting;
use crate::trace::Event;
use crate::txn::{BlockState, Env, Isolation, Snapshot};
use crate::wal::page::XLOG_BLCKSZ;
use crate::world::{Link, ProcessInfo, World};

/// A session of the room, as its driver knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SessionRef {
    /// Its letter.
    pub(super) letter: String,
    /// The host it is connected to.
    pub(super) host: HostId,
    /// Its backend.
    pub(super) pid: Option<Pid>,
}

/// What is looked at.
pub(super) struct Room<'a> {
    /// The world.
    pub(super) world: &'a World,
    /// Its hosts.
    pub(super) hosts: &'a [Rc<ServerSpec>],
    /// The sessions, by letter.
    pub(super) sessions: Vec<SessionRef>,
    /// The link between the first two hosts.
    pub(super) link: Option<&'a Link>,
}

/// The lab, as it is at this moment. Whoever knows of steps beyond it puts them into `last_step`.
pub fn view(lab: &Lab, request: &ViewRequest) -> LabView {
    let session = |session: &Session| SessionRef { letter: letter(session.id), host: session.host, pid: session.pid };
    let room = Room {
        world: lab.world(),
        hosts: lab.hosts(),
        sessions: lab.sessions().iter().map(session).collect(),
        link: lab.link(),
    };
    room_view(&room, request)
}

/// The letter of a session: A to Z, then A1 and so on.
pub fn letter(session: u32) -> String {
    let letter = char::from(b'A' + (session % 26) as u8);
    if session < 26 { letter.to_string() } else { format!("{letter}{}", session / 26) }
}

fn room_view(room: &Room, request: &ViewRequest) -> LabView {
    let world = room.world;
    let processes = world.processes();
    let letters = Letters::of(room);
    let hosts = room.hosts.iter().map(|spec| host_view(room, spec, &processes, &letters, request)).collect();
    LabView {
        now: world.now().0,
        step: world.steps(),
        last_step: world.steps(),
        hash: format!("{:016x}", world.hash()),
        seed: world.seed(),
        scale: scale(room),
        hosts,
        sessions: room.sessions.iter().map(|session| session_view(room, session, &processes)).collect(),
        links: room.link.into_iter().map(|link| link_view(link, world)).collect(),
        panels: request.panels.iter().map(|panel| panel_view(room, &letters, panel)).collect(),
    }
}

/// Sizes are those of the primary; while it is off nobody has any WAL buffers.
fn scale(room: &Room) -> ScaleView {
    let primary = room.hosts.first();
    let running = primary.and_then(|spec| spec.running.borrow().clone());
    let buffers = primary.map_or(0, |spec| spec.settings.borrow().int(Setting::shared_buffers));
    ScaleView {
        shared_buffers: buffers as u32,
        wal_segment_size: running.as_ref().map_or(WalSegSize::ONE_MB, |server| server.seg()).bytes() as u32,
        wal_buffers: running.as_ref().map_or(0, |server| server.wal.config().buffers * XLOG_BLCKSZ) as u32,
    }
}

fn link_view(link: &Link, world: &World) -> LinkView {
    let in_flight = link.in_flight(world.now()) as u32;
    LinkView { from: 0, to: 1, latency: link.latency(), cut: link.is_cut(), in_flight }
}

/// How many of the newest events are looked through for whose transactions there were.
const EVENTS_FOR_LETTERS: u64 = 1 << 14;

/// Whose process, whose transaction.
pub(super) struct Letters {
    processes: small::Map<Pid, String>,
    transactions: small::Map<Xid, String>,
}

impl Letters {
    /// From the sessions, and from the newest events.
    fn of(room: &Room) -> Letters {
        let processes: small::Map<Pid, String> =
            room.sessions.iter().filter_map(|session| Some((session.pid?, session.letter.clone()))).collect();
        let mut transactions = small::Map::new();
        room.world.with_trace(|trace| {
            for (_, entry) in trace.since(trace.count().saturating_sub(EVENTS_FOR_LETTERS)) {
                if let Event::XidAssigned { xid } = entry.event
                    && let Some(letter) = processes.get(&entry.pid)
                {
                    transactions.insert(xid, letter.clone());
                }
            }
        });
        Letters { processes, transactions }
    }

    pub(super) fn of_process(&self, pid: Pid) -> Option<String> {
        self.processes.get(&pid).cloned()
    }

    pub(super) fn of_transaction(&self, xid: Xid) -> Option<String> {
        self.transactions.get(&xid).cloned()
    }
}

// --- sessions ------------------------------------------------------------------------------------------------

/// A session that somebody serves, at the moment.
pub(super) struct Asker {
    pub(super) letter: String,
    pub(super) env: Env,
    /// What its next statement would see.
    pub(super) snapshot: Snapshot,
}

/// The sessions of a host that could ask something.
pub(super) fn askers(room: &Room, look: &Look, host: HostId) -> Vec<Asker> {
    let Some(server) = look.server else { return Vec::new() };
    let activity = server.activity.borrow();
    let here = room.sessions.iter().filter(|session| session.host == host);
    here.filter_map(|session| {
        let env = activity.get(&session.pid?)?.env.clone()?;
        let snapshot = next_snapshot(server, &env);
        Some(Asker { letter: session.letter.clone(), env, snapshot })
    })
    .collect()
}

/// The snapshot that the session's next statement would have: the one it holds, or a new one.
fn next_snapshot(server: &Server, env: &Env) -> Snapshot {
    let xact = env.xact.borrow();
    let curcid = if xact.cid_used { CommandId(xact.cid.0 + 1) } else { xact.cid };
    match &xact.snapshot {
        Some(held) if xact.isolation == Isolation::RepeatableRead => {
            Snapshot { own: xact.xid, curcid, ..(**held).clone() }
        }
        _ => server.txns.procs.peek(env.cx.pid(), curcid),
    }
}

fn session_view(room: &Room, session: &SessionRef, processes: &[ProcessInfo]) -> SessionView {
    let process = processes.iter().find(|process| Some(process.pid) == session.pid);
    let spec = room.hosts.get(usize::from(session.host.0));
    let server = spec.and_then(|spec| spec.running.borrow().clone());
    let view = gone(session);
    let (Some(process), Some(server)) = (process, server) else { return view };
    let activity = server.activity.borrow();
    let Some(activity) = activity.get(&process.pid) else { return view };
    let view = SessionView {
        state: state_of(activity.state),
        database: activity.database.clone(),
        query: Some(activity.query.clone()).filter(|query| !query.is_empty()),
        wait_event_type: process.wait_event().map(|event| event.kind().name().to_string()),
        wait_event: process.wait_event().map(|event| event.name().to_string()),
        ..view
    };
    with_transaction(view, activity, &server)
}

/// What is known of a session that nobody serves.
fn gone(session: &SessionRef) -> SessionView {
    SessionView {
        letter: session.letter.clone(),
        pid: session.pid.map_or(0, |pid| pid.0),
        host: session.host.0,
        database: String::new(),
        superuser: true,
        state: SessionState::Gone,
        tx: "I".into(),
        query: None,
        isolation: "read committed".into(),
        backend_xid: None,
        backend_xmin: None,
        snapshot: None,
        snapshot_held: false,
        wait_event_type: None,
        wait_event: None,
    }
}

fn with_transaction(view: SessionView, activity: &Activity, server: &Server) -> SessionView {
    let Some(env) = &activity.env else { return view };
    let xact = env.xact.borrow();
    let entry = server.txns.procs.entries().into_iter().find(|entry| entry.pid == activity.pid);
    let valid = |xid: Xid| xid.is_valid().then_some(xid.0);
    let isolation = match xact.block {
        BlockState::Idle => env.settings.borrow().word(Setting::default_transaction_isolation).to_string(),
        _ if xact.isolation == Isolation::RepeatableRead => "repeatable read".into(),
        _ => "read committed".into(),
    };
    SessionView {
        tx: char::from(xact.block.status() as u8).to_string(),
        isolation,
        backend_xid: entry.as_ref().and_then(|entry| valid(entry.xid)),
        backend_xmin: entry.as_ref().and_then(|entry| valid(entry.xmin)),
        snapshot: xact.last_snapshot.as_deref().map(snapshot_view),
        snapshot_held: xact.isolation == Isolation::RepeatableRead && xact.snapshot.is_some(),
        ..view
    }
}

fn snapshot_view(snapshot: &Snapshot) -> SnapshotView {
    let xip = snapshot.xip.iter().map(|xid| xid.0).collect();
    SnapshotView { xmin: snapshot.xmin.0, xmax: snapshot.xmax.0, xip }
}

fn state_of(state: server::SessionState) -> SessionState {
    match state {
        server::SessionState::Idle | server::SessionState::Disabled => SessionState::Idle,
        server::SessionState::Active => SessionState::Active,
        server::SessionState::IdleInTransaction => SessionState::IdleInTransaction,
        server::SessionState::IdleInTransactionAborted => SessionState::IdleInTransactionAborted,
    }
}
