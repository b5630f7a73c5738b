//! The engine's thread: takes what the connections ask, runs the engine, and hands out what it answers.
//!
//! ```text
//!   loop   wait for a request, or until the engine's next timer is due
//!          take all requests that have arrived, stamped with the wall clock
//!          run the engine until it is idle at this instant, or for a slice of what it has to do
//!          send each session its answers, in one piece
//! ```

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use vitrine_engine::ids::Severity;
use vitrine_engine::server::protocol::{BackendMessage, CancelRequest, FrontendMessage, Startup};

/// A connection, numbered from 1 in the order of arrival.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SessionId(pub u64);

/// What a connection asks of the engine's thread.
#[derive(Debug)]
pub enum Request {
    /// A new session; its answers go where it says.
    Connect(SessionId, Startup, Sender<Vec<BackendMessage>>),
    /// A message of a session.
    Message(SessionId, FrontendMessage),
    /// A cancel request, from a connection without a session.
    Cancel(CancelRequest),
    /// The client is gone.
    Disconnect(SessionId),
}

/// What drives the database. `now` is microseconds since the server started.
pub trait Engine {
    /// A client connects.
    fn connect(&mut self, now: u64, session: SessionId, startup: Startup);
    /// A client says something.
    fn message(&mut self, now: u64, session: SessionId, message: FrontendMessage);
    /// Somebody asks to cancel what a session is running.
    fn cancel(&mut self, now: u64, request: CancelRequest);
    /// A client has gone away.
    fn disconnect(&mut self, now: u64, session: SessionId);
    /// Runs until nothing is left to do at `now`, or for some milliseconds, so that a cancel request finds a busy
    /// statement; gives away what was answered, in order.
    fn run(&mut self, now: u64) -> Vec<(SessionId, BackendMessage)>;
    /// When the engine has something to do again by itself.
    fn next_deadline(&self) -> Option<u64>;
}

/// Serves until every connection and the listener are gone.
pub fn serve(engine: &mut dyn Engine, requests: &Receiver<Request>) {
    let start = Instant::now();
    let mut sessions = BTreeMap::new();
    loop {
        let now = start.elapsed().as_micros() as u64;
        let first = match engine.next_deadline() {
            Some(deadline) => requests.recv_timeout(Duration::from_micros(deadline.saturating_sub(now))),
            None => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let now = start.elapsed().as_micros() as u64;
        match first {
            Ok(request) => take(engine, &mut sessions, now, request),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while let Ok(request) = requests.try_recv() {
            take(engine, &mut sessions, now, request);
        }
        answer(engine.run(now), &mut sessions);
    }
}

/// The sessions that are up, and where their answers go.
type Sessions = BTreeMap<SessionId, Sender<Vec<BackendMessage>>>;

fn take(engine: &mut dyn Engine, sessions: &mut Sessions, now: u64, request: Request) {
    match request {
        Request::Connect(session, startup, answers) => {
            sessions.insert(session, answers);
            engine.connect(now, session, startup);
        }
        Request::Message(session, message) => engine.message(now, session, message),
        Request::Cancel(request) => engine.cancel(now, request),
        Request::Disconnect(session) => {
            // Dropping the sender ends the writer thread, and with it the connection.
            sessions.remove(&session);
            engine.disconnect(now, session);
        }
    }
}

/// Sends the answers, each session's in one piece; after a FATAL one the session is over.
fn answer(answers: Vec<(SessionId, BackendMessage)>, sessions: &mut Sessions) {
    let mut pieces: BTreeMap<SessionId, Vec<BackendMessage>> = BTreeMap::new();
    for (session, message) in answers {
        pieces.entry(session).or_default().push(message);
    }
    for (session, messages) in pieces {
        let over = messages.iter().any(ends_session);
        // A writer that is gone has nobody to tell; its reader says so by itself.
        let sent = sessions.get(&session).is_some_and(|answers| answers.send(messages).is_ok());
        if over || !sent {
            sessions.remove(&session);
        }
    }
}

/// Whether this is the last that a session hears.
pub fn ends_session(message: &BackendMessage) -> bool {
    matches!(message, BackendMessage::ErrorResponse(e) if matches!(e.report().severity, Severity::Fatal | Severity::Panic))
}
