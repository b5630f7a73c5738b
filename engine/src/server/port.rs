//! The door of a server: where clients and standbys knock, whether anybody is at home or not.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::base_backup::BackupMessage;
use super::protocol::{BackendMessage, CancelRequest, FrontendMessage, Startup};
use crate::ids::{Instant, Lsn, Pid, Severity, TimestampTz, Xid};
use crate::world::{Receiver, Sender, World};

/// A client that wants a session.
pub struct Client {
    /// Who wants which database.
    pub startup: Startup,
    /// What it says.
    pub incoming: Receiver<FrontendMessage>,
    /// What it is told.
    pub outgoing: ClientSender,
}

/// A message to a client, with the circumstances of its sending.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Which session of the room, from 0.
    pub session: u32,
    /// The step in which it was sent.
    pub step: u64,
    /// When.
    pub at: Instant,
    /// How many syncs came before it: a host that keeps the disks holds the answer back until these are safe.
    pub synced: u64,
    /// What is said.
    pub message: BackendMessage,
}

/// Messages on their way out of the room, and whose last word the driver waits for.
#[derive(Default)]
pub struct AnswerBox {
    /// The messages, in order.
    pub answers: RefCell<Vec<Answer>>,
    /// The session whose next ReadyForQuery ends the run.
    pub awaited: Cell<Option<u32>>,
}

/// Where a backend puts what its client is to be told.
#[derive(Clone)]
pub struct ClientSender {
    /// Which session of the room.
    pub session: u32,
    /// Where the messages go.
    pub outbox: Rc<AnswerBox>,
}

impl ClientSender {
    /// Sends.
    pub fn send(&self, world: &World, message: BackendMessage) {
        let ends = match &message {
            BackendMessage::ReadyForQuery(_) => true,
            BackendMessage::ErrorResponse(error) => error.report().severity == Severity::Fatal,
            _ => false,
        };
        let (session, step, at, synced) = (self.session, world.steps(), world.now(), world.synced_count());
        self.outbox.answers.borrow_mut().push(Answer { session, step, at, synced, message });
        if ends && self.outbox.awaited.get() == Some(session) {
            self.outbox.awaited.set(None);
            world.ask_stop();
        }
    }
}

/// What a standby's walreceiver and its walsender tell each other.
#[derive(Clone, Debug)]
pub enum ReplicationMessage {
    /// `START_REPLICATION`: the log from here on, please.
    Start {
        /// From where.
        from: Lsn,
        /// The standby's `application_name`.
        name: String,
        /// The slot that it uses.
        slot: Option<String>,
    },
    /// `BASE_BACKUP`: all files, and from where to replay.
    BaseBackup,
    /// Part of the answer to it.
    Backup(BackupMessage),
    /// `w`: a piece of the log.
    Wal {
        /// Where it begins.
        start: Lsn,
        /// The end of the log on the primary.
        end: Lsn,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// `k`: still here.
    KeepAlive {
        /// The end of the log on the primary.
        end: Lsn,
        /// An answer is wanted.
        reply: bool,
    },
    /// `r`: how far the standby is.
    Reply {
        /// Written.
        write: Lsn,
        /// Flushed.
        flush: Lsn,
        /// Replayed.
        apply: Lsn,
        /// When it says so.
        time: TimestampTz,
        /// An answer is wanted.
        reply: bool,
    },
    /// `h`: what the standby's queries may still see.
    Feedback {
        /// The oldest transaction that they need; invalid if the primary shall not mind.
        xmin: Xid,
    },
    /// All of the log is sent: the primary shuts down.
    End,
    /// The log cannot be sent, and why.
    Refused(String),
    /// The walsender cannot go on.
    Error(String),
}

/// A standby that wants the log.
pub struct Replication {
    /// What it says.
    pub incoming: Receiver<ReplicationMessage>,
    /// What it is told.
    pub outgoing: Sender<ReplicationMessage>,
}

/// Somebody at the door.
pub enum Incoming {
    /// A client.
    Client(Client),
    /// A client that wants another one's statement cancelled.
    Cancel(CancelRequest),
    /// A standby.
    Replication(Replication),
}

/// The door. It belongs to the host: whoever knocks while no server runs is refused by the kernel.
#[derive(Default)]
pub struct Port {
    waiting: RefCell<VecDeque<Incoming>>,
    postmaster: Cell<Option<Pid>>,
}

impl Port {
    /// Knocks. `false` if nobody listens: connection refused.
    pub fn connect(&self, world: &World, incoming: Incoming) -> bool {
        let Some(pid) = self.postmaster.get().filter(|pid| world.is_alive(*pid)) else { return false };
        self.waiting.borrow_mut().push_back(incoming);
        world.wake(pid);
        true
    }

    /// The postmaster begins to listen.
    pub(super) fn listen(&self, pid: Pid) {
        self.waiting.borrow_mut().clear();
        self.postmaster.set(Some(pid));
    }

    /// The next at the door.
    pub(super) fn accept(&self) -> Option<Incoming> {
        self.waiting.borrow_mut().pop_front()
    }

    /// The postmaster, if it lives.
    pub fn postmaster(&self) -> Option<Pid> {
        self.postmaster.get()
    }
}
