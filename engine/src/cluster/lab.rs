//! The world with its servers, driven from outside.

use std::cell::RefCell;
use std::rc::Rc;

use super::input::{Input, Recorded};
use super::standby;
use crate::catalog::{self, InitSpec};
use crate::ids::{Error, HostId, Instant, Pid, Result, TimestampTz, WalSegSize};
use crate::server::protocol::{BackendMessage, CancelRequest, FrontendMessage, Startup};
use crate::server::{self, Answer, AnswerBox, Client, ClientSender, Incoming, Port, Server, ServerSpec};
use crate::settings::{self, Settings, Source};
use crate::sql::functions::Registry;
use crate::world::{DiskOp, Limit, Link, Mode, Random, Sender, Stop, SyncedBatch, World, channel};

/// One way between primary and standby in the lab, in microseconds.
const LINK_LATENCY: u64 = 400;
/// The events that a lab keeps.
const KEPT_EVENTS: usize = 1 << 16;
/// The host that has the standby.
const STANDBY: u8 = 1;

/// How a world begins.
#[derive(Clone, Debug)]
pub struct LabSpec {
    /// What all chance depends on.
    pub seed: u64,
    /// To be looked at, or a plain database.
    pub mode: Mode,
    /// What the hosts' clocks say at the beginning.
    pub epoch: TimestampTz,
    /// Whether there is a standby.
    pub standby: bool,
    /// `postgresql.conf` of all servers: names and values.
    pub settings: Vec<(String, String)>,
    /// Whether somebody keeps what is synced.
    pub keep_synced: bool,
    /// The disks that somebody has kept: opening them is starting after a power failure.
    pub stored: Vec<SyncedBatch>,
}

impl LabSpec {
    /// The lab: a primary and a standby, 32 buffers, segments of 1 MB. Autovacuum is off: in so small a room its visits
    /// would move what is being looked at, and VACUUM is part of the story. ALTER SYSTEM turns it on.
    pub fn lab(seed: u64) -> LabSpec {
        let settings = [
            ("autovacuum", "off"),
            ("shared_buffers", "32"),
            ("wal_keep_size", "16"),
            ("max_wal_size", "64"),
            ("min_wal_size", "2"),
        ];
        LabSpec {
            seed,
            mode: Mode::Lab,
            // 2026-01-01 00:00 UTC: a lab's clock is part of its story.
            epoch: TimestampTz::from_unix_micros(1_767_225_600_000_000),
            standby: true,
            settings: settings.map(|(name, value)| (name.to_string(), value.to_string())).to_vec(),
            keep_synced: false,
            stored: Vec::new(),
        }
    }

    /// A plain database: one server with 16,384 buffers, nothing costs time, nothing is kept.
    pub fn plain(seed: u64, epoch: TimestampTz) -> LabSpec {
        let settings = [("shared_buffers", "16384")];
        LabSpec {
            mode: Mode::Plain,
            epoch,
            standby: false,
            settings: settings.map(|(name, value)| (name.to_string(), value.to_string())).to_vec(),
            ..LabSpec::lab(seed)
        }
    }
}

/// A client's session, from the client's side.
pub struct Session {
    /// Its number, from 0: A is 0.
    pub id: u32,
    /// The host it is connected to.
    pub host: HostId,
    /// Its backend, once it has said who it is.
    pub pid: Option<Pid>,
    key: i32,
    to_backend: Option<Sender<FrontendMessage>>,
}

/// A world with its servers.
pub struct Lab {
    spec: LabSpec,
    world: World,
    hosts: Vec<Rc<ServerSpec>>,
    /// Between primary and standby.
    link: Link,
    /// Between clients and servers.
    client_link: Link,
    sessions: Vec<Session>,
    answers: Rc<AnswerBox>,
    recorded: Vec<Recorded>,
    functions: fn(&Rc<Server>) -> Registry,
}

impl Lab {
    /// Opens a world. A new one gets a data directory and power, and runs until its servers are up. A stored one stands
    /// where power has just come back to its primary and nothing has run: what follows is recovery, and the standby
    /// gets its power by an input like any other. `functions` makes what SQL can call on a server, from the rooms above
    /// this one.
    pub fn open(spec: LabSpec, functions: fn(&Rc<Server>) -> Registry) -> Result<Lab> {
        let mut lab = Lab::without_power(spec, functions)?;
        let stored = !lab.spec.stored.is_empty();
        lab.fill_disks()?;
        if stored {
            lab.power_on(0);
            return Ok(lab);
        }
        for host in 0..lab.hosts.len() {
            lab.power_on(host as u8);
            lab.run(Limit::IDLE);
        }
        Ok(lab)
    }

    /// A room of its own in which the power of all hosts has failed here and now: copies of this room's disks, of which
    /// another seed has chosen what is found of the writes that were not synced. This room goes on, so that one run can
    /// be crashed at each of its steps. The other room's clock goes on from this one's.
    pub fn power_failed(&self, seed: u64) -> Result<Lab> {
        let epoch = self.world.timestamp();
        let lab = Lab::without_power(LabSpec { seed, epoch, ..self.spec.clone() }, self.functions)?;
        for (host, of) in lab.hosts.iter().zip(&self.hosts) {
            host.disk.copy(&of.disk);
            lab.world.power_fail(host.host);
        }
        Ok(lab)
    }

    /// A world with its hosts, their disks empty.
    fn without_power(spec: LabSpec, functions: fn(&Rc<Server>) -> Registry) -> Result<Lab> {
        let kept = if spec.mode == Mode::Lab { KEPT_EVENTS } else { 0 };
        let world = World::new(spec.seed, spec.mode, spec.epoch, kept);
        if spec.keep_synced {
            world.keep_synced();
        }
        let mut settings = Settings::default();
        for (name, value) in &spec.settings {
            settings.set(Settings::find(name)?, value, Source::File)?;
        }
        let link = Link::new(if spec.mode == Mode::Lab { LINK_LATENCY } else { 0 });
        let mut lab = Lab {
            world: world.clone(),
            hosts: Vec::new(),
            link,
            client_link: Link::new(0),
            sessions: Vec::new(),
            answers: Rc::default(),
            recorded: Vec::new(),
            functions,
            spec,
        };
        lab.add_host("primary", settings.clone());
        if lab.spec.standby {
            lab.add_host("standby", settings);
            let primary = (lab.link.clone(), lab.hosts[0].port.clone());
            *lab.hosts[usize::from(STANDBY)].primary.borrow_mut() = Some(primary);
        }
        Ok(lab)
    }

    fn add_host(&mut self, name: &str, settings: Settings) {
        let (host, disk) = self.world.add_host();
        self.hosts.push(Rc::new(ServerSpec {
            world: self.world.clone(),
            host,
            name: name.to_string(),
            disk,
            settings: RefCell::new(settings),
            log: Default::default(),
            port: Rc::new(Port::default()),
            primary: RefCell::new(None),
            functions: self.functions,
            running: RefCell::new(None),
        }));
    }

    fn fill_disks(&mut self) -> Result<()> {
        for batch in std::mem::take(&mut self.spec.stored) {
            let host = self.host(batch.host.0)?;
            host.disk.restore(&batch.ops)?;
        }
        let primary = &self.hosts[0];
        if primary.disk.list("").is_empty() {
            let mut nonce = [0; 32];
            nonce.chunks_mut(8).for_each(|bytes| bytes.copy_from_slice(&self.world.random().to_le_bytes()));
            let init = InitSpec {
                system_id: self.world.random(),
                seg: WalSegSize::ONE_MB,
                now: self.spec.epoch,
                nonce,
                settings: primary.settings.borrow().clone(),
            };
            catalog::initdb(&primary.disk, &init)?;
            self.world.sync_whole(primary.host);
        }
        // A disk that was kept before servers read their configuration from it.
        for host in
            self.hosts.iter().filter(|host| host.disk.exists("PG_VERSION") && !host.disk.exists(settings::file::MAIN))
        {
            catalog::write_configuration(&host.disk, &host.settings.borrow())?;
        }
        Ok(())
    }

    fn host(&self, host: u8) -> Result<&Rc<ServerSpec>> {
        let missing = || Error::internal(format!("there is no host {host}"));
        self.hosts.get(usize::from(host)).ok_or_else(missing)
    }

    fn power_on(&self, host: u8) {
        let spec = &self.hosts[usize::from(host)];
        // A copy that was not finished is made anew; a standby that was promoted has a history.
        let promoted = spec.disk.list("pg_wal/").iter().any(|path| path.ends_with(".history"));
        if host == STANDBY && !spec.is_standby() && !promoted {
            standby::create(spec);
        } else {
            server::start(spec);
        }
    }

    // --- looking ---------------------------------------------------------------------------------------------

    /// How it began.
    pub fn spec(&self) -> &LabSpec {
        &self.spec
    }

    /// The room.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The hosts: the primary, then the standby.
    pub fn hosts(&self) -> &[Rc<ServerSpec>] {
        &self.hosts
    }

    /// The link between primary and standby.
    pub fn link(&self) -> Option<&Link> {
        self.spec.standby.then_some(&self.link)
    }

    /// The sessions, in the order of their letters.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// What has happened from outside.
    pub fn recorded(&self) -> &[Recorded] {
        &self.recorded
    }

    // --- driving ---------------------------------------------------------------------------------------------

    /// Something happens from outside, now.
    pub fn input(&mut self, input: Input) -> Result<()> {
        if self.spec.mode == Mode::Lab {
            let recorded = Recorded { step: self.world.steps(), at: self.world.now().0, input: input.clone() };
            self.recorded.push(recorded);
        }
        self.apply(input)
    }

    /// The same at a moment that has come meanwhile.
    pub fn input_at(&mut self, at: Instant, input: Input) -> Result<()> {
        self.world.advance_to(at);
        self.input(input)
    }

    fn apply(&mut self, input: Input) -> Result<()> {
        match input {
            Input::Connect { host, parameters } => self.connect(host, parameters)?,
            Input::Query { session, text } => self.send(session, FrontendMessage::Query(text))?,
            Input::Message { session, message } => self.send(session, message)?,
            Input::Cancel { session } => {
                let (host, request) = self.cancel_request(session)?;
                self.knock(host, Incoming::Cancel(request))?;
            }
            Input::CancelKey { pid, key } => {
                self.knock(0, Incoming::Cancel(CancelRequest { pid: Pid(pid), key }))?;
            }
            Input::Disconnect { session } => {
                let _ = self.send(session, FrontendMessage::Terminate);
                self.session_mut(session)?.to_backend = None;
            }
            Input::Step { pid } => drop(self.world.step(Pid(pid))),
            Input::Freeze { pid, frozen } => self.world.set_frozen(Pid(pid), frozen),
            Input::Kill { pid } => self.world.kill(Pid(pid)),
            Input::PowerFail { host } => {
                let spec = self.host(host)?.clone();
                self.world.power_fail(spec.host);
                *spec.running.borrow_mut() = None;
            }
            Input::Tear { host, chance } => {
                let spec = self.host(host)?.clone();
                self.world.power_fail_by(spec.host, Random::new(0, u64::from(chance)));
                *spec.running.borrow_mut() = None;
            }
            Input::PowerOn { host } => {
                let listening = self.host(host)?.port.postmaster().is_some_and(|pid| self.world.is_alive(pid));
                if !listening {
                    self.power_on(host);
                }
            }
            Input::Shutdown { host, mode } => {
                let postmaster = self.host(host)?.port.postmaster();
                postmaster.into_iter().for_each(|pid| self.world.interrupt(pid, mode.signal()));
            }
            Input::Promote { host } => {
                if let Some(server) = &*self.host(host)?.running.borrow() {
                    server.request_promotion();
                }
            }
            Input::Cut { cut } => self.link.set_cut(&self.world, cut),
            Input::Latency { micros } => self.link.set_latency(u64::from(micros)),
        }
        Ok(())
    }

    fn connect(&mut self, host: u8, parameters: Vec<(String, String)>) -> Result<()> {
        let (id, host_id) = (self.sessions.len() as u32, self.host(host)?.host);
        let (to_backend, incoming) = channel(&self.world, &self.client_link);
        let outgoing = ClientSender { session: id, outbox: self.answers.clone() };
        let client = Client { startup: Startup { parameters }, incoming, outgoing: outgoing.clone() };
        self.sessions.push(Session { id, host: host_id, pid: None, key: 0, to_backend: Some(to_backend) });
        if !self.knock(host, Incoming::Client(client))? {
            outgoing.send(&self.world, BackendMessage::ErrorResponse(refused()));
        }
        Ok(())
    }

    /// Knocks at a host's door; whether anybody listens.
    fn knock(&self, host: u8, incoming: Incoming) -> Result<bool> {
        Ok(self.host(host)?.port.connect(&self.world, incoming))
    }

    fn session_mut(&mut self, session: u32) -> Result<&mut Session> {
        let missing = || Error::internal(format!("there is no session {session}"));
        self.sessions.get_mut(session as usize).ok_or_else(missing)
    }

    fn send(&mut self, session: u32, message: FrontendMessage) -> Result<()> {
        let world = self.world.clone();
        let known = self.session_mut(session)?;
        let open = known.to_backend.as_ref().filter(|sender| !sender.is_closed());
        match open {
            Some(sender) => sender.send(&world, message),
            None => {
                let outgoing = ClientSender { session, outbox: self.answers.clone() };
                outgoing.send(&world, BackendMessage::ErrorResponse(lost()));
            }
        }
        Ok(())
    }

    fn cancel_request(&mut self, session: u32) -> Result<(u8, CancelRequest)> {
        let session = self.session_mut(session)?;
        let request = CancelRequest { pid: session.pid.unwrap_or(Pid(0)), key: session.key };
        Ok((session.host.0, request))
    }

    /// Runs as far as `limit` allows.
    pub fn run(&mut self, limit: Limit) -> Stop {
        let stop = self.world.run(limit);
        self.learn_backends();
        stop
    }

    /// Runs until a session has its next answer, or until no work is left: then it waits for something.
    pub fn run_to_answer(&mut self, session: u32) -> Stop {
        self.run_to_answer_within(session, Limit::IDLE)
    }

    /// The same, but no farther than `limit`.
    pub fn run_to_answer_within(&mut self, session: u32, limit: Limit) -> Stop {
        self.answers.awaited.set(Some(session));
        let stop = self.run(limit);
        self.answers.awaited.set(None);
        stop
    }

    /// Learns from the answers which backend serves which session.
    fn learn_backends(&mut self) {
        for answer in self.answers.answers.borrow().iter() {
            if let BackendMessage::BackendKeyData { pid, key } = answer.message
                && let Some(session) = self.sessions.get_mut(answer.session as usize)
            {
                (session.pid, session.key) = (Some(pid), key);
            }
        }
    }

    /// What the servers have said since the last call, in order.
    pub fn take_answers(&mut self) -> Vec<Answer> {
        self.learn_backends();
        std::mem::take(&mut *self.answers.answers.borrow_mut())
    }

    /// What was synced since the last call, in one sequence over all disks.
    pub fn take_synced(&mut self) -> Vec<SyncedBatch> {
        self.world.take_synced()
    }

    /// Everything on a host's disk as durable operations: for a download.
    pub fn disk_image(&self, host: u8) -> Result<Vec<DiskOp>> {
        Ok(self.host(host)?.disk.image())
    }

    /// Tells the story again, up to a step: the same spec, the same inputs at the same steps.
    pub fn replay(
        spec: LabSpec,
        functions: fn(&Rc<Server>) -> Registry,
        inputs: &[Recorded],
        steps: u64,
    ) -> Result<Lab> {
        let mut lab = Lab::open(spec, functions)?;
        for recorded in inputs.iter().take_while(|recorded| recorded.step <= steps) {
            lab.run(Limit::steps(recorded.step));
            lab.input_at(recorded.instant(), recorded.input.clone())?;
        }
        lab.run(Limit::steps(steps));
        Ok(lab)
    }
}

impl Drop for Lab {
    /// Processes hold the world and the world holds its processes: the circle is cut here.
    fn drop(&mut self) {
        self.world.halt();
    }
}

fn refused() -> Error {
    let message = "connection to server failed: Connection refused";
    Error::new(crate::ids::sqlstate::CONNECTION_FAILURE, message).severity(crate::ids::Severity::Fatal)
}

fn lost() -> Error {
    let message = "server closed the connection unexpectedly";
    Error::new(crate::ids::sqlstate::CONNECTION_FAILURE, message).severity(crate::ids::Severity::Fatal)
}
