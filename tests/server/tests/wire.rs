//! The wire, with an engine of a few lines behind it: what reaches the engine, and what the client sees. Then the
//! database itself, kept busy.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;

use vitrine_engine::ids::{Error, Pid, TimestampTz, sqlstate};
use vitrine_engine::server::protocol::{BackendMessage, CancelRequest, FrontendMessage, Startup, TransactionStatus};
use vitrine_server::connection;
use vitrine_server::dispatch::{Engine, SessionId, serve};
use vitrine_server::lab::Database;

/// Answers each query with its own text, and 'sleep' only when it is cancelled.
#[derive(Default)]
struct Parrot {
    answers: Vec<(SessionId, BackendMessage)>,
    asleep: BTreeMap<SessionId, i32>,
}

impl Parrot {
    fn say(&mut self, session: SessionId, messages: impl IntoIterator<Item = BackendMessage>) {
        self.answers.extend(messages.into_iter().map(|message| (session, message)));
    }
}

const READY: BackendMessage = BackendMessage::ReadyForQuery(TransactionStatus::Idle);

impl Engine for Parrot {
    fn connect(&mut self, _: u64, session: SessionId, startup: Startup) {
        let value = startup.database().unwrap_or_default().to_string();
        let status = BackendMessage::ParameterStatus { name: "database".into(), value };
        let key = BackendMessage::BackendKeyData { pid: Pid(session.0 as u32), key: 77 };
        self.say(session, [BackendMessage::AuthenticationOk, status, key, READY]);
    }

    fn message(&mut self, _: u64, session: SessionId, message: FrontendMessage) {
        match message {
            FrontendMessage::Query(text) if text == "sleep" => drop(self.asleep.insert(session, 77)),
            FrontendMessage::Query(text) => self.say(session, [BackendMessage::CommandComplete(text), READY]),
            other => self.say(session, [BackendMessage::CommandComplete(format!("{other:?}"))]),
        }
    }

    fn cancel(&mut self, _: u64, request: CancelRequest) {
        let session = SessionId(request.pid.0.into());
        if self.asleep.get(&session) == Some(&request.key) {
            self.asleep.remove(&session);
            let error = Error::new(sqlstate::QUERY_CANCELED, "canceling statement due to user request");
            self.say(session, [BackendMessage::ErrorResponse(error), READY]);
        }
    }

    fn disconnect(&mut self, _: u64, session: SessionId) {
        self.asleep.remove(&session);
    }

    fn run(&mut self, _: u64) -> Vec<(SessionId, BackendMessage)> {
        std::mem::take(&mut self.answers)
    }

    fn next_deadline(&self) -> Option<u64> {
        None
    }
}

/// Starts a server of its own on a free port.
fn start() -> SocketAddr {
    start_with(Parrot::default)
}

fn start_with<E: Engine>(engine: impl FnOnce() -> E + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (requests, taken) = channel();
    thread::spawn(move || connection::accept(&listener, &requests));
    thread::spawn(move || serve(&mut engine(), &taken));
    address
}

/// A connection whose session is up.
fn session(address: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(&startup(3 << 16, b"user\0ann\0\0")).unwrap();
    assert_eq!(&read_until_ready(&mut client)[9..25], b"S\0\0\0\x11database\0ann\0"[..16].as_ref());
    client
}

fn startup(version: u32, parameters: &[u8]) -> Vec<u8> {
    [&(parameters.len() as u32 + 8).to_be_bytes()[..], &version.to_be_bytes(), parameters].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &(body.len() as u32 + 4).to_be_bytes()[..], body].concat()
}

/// Everything up to and with ReadyForQuery.
fn read_until_ready(client: &mut TcpStream) -> Vec<u8> {
    let mut all = vec![];
    while !all.ends_with(b"Z\0\0\0\x05I") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        all.push(byte[0]);
    }
    all
}

fn read_to_end(mut client: TcpStream) -> String {
    let mut all = vec![];
    client.read_to_end(&mut all).unwrap();
    String::from_utf8_lossy(&all).into_owned()
}

#[test]
fn encryption_is_declined_and_the_session_goes_on() {
    let mut client = TcpStream::connect(start()).unwrap();
    for code in [80_877_103_u32, 80_877_104] {
        client.write_all(&startup(code, b"")).unwrap();
        let mut answer = [0];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, *b"N");
    }
    client.write_all(&startup(3 << 16, b"user\0ann\0database\0bank\0\0")).unwrap();
    assert!(String::from_utf8_lossy(&read_until_ready(&mut client)).contains("bank"));
}

#[test]
fn sessions_are_apart_and_may_send_ahead() {
    let address = start();
    let (mut a, mut b) = (session(address), session(address));
    a.write_all(&[message(b'Q', b"one\0"), message(b'Q', b"two\0")].concat()).unwrap();
    b.write_all(&message(b'Q', b"three\0")).unwrap();
    assert_eq!(read_until_ready(&mut a), b"C\0\0\0\x08one\0Z\0\0\0\x05I");
    assert_eq!(read_until_ready(&mut a), b"C\0\0\0\x08two\0Z\0\0\0\x05I");
    assert_eq!(read_until_ready(&mut b), b"C\0\0\0\x0athree\0Z\0\0\0\x05I");
    a.write_all(&message(b'X', b"")).unwrap();
    assert_eq!(read_to_end(a), "");
}

#[test]
fn cancel_needs_the_key() {
    let address = start();
    let mut client = session(address);
    client.write_all(&message(b'Q', b"sleep\0")).unwrap();
    client.set_read_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
    for (key, answered) in [(76, false), (77, true)] {
        let body = [1_u32.to_be_bytes(), u32::to_be_bytes(key)].concat();
        let mut cancel = TcpStream::connect(address).unwrap();
        cancel.write_all(&startup(80_877_102, &body)).unwrap();
        assert_eq!(read_to_end(cancel), "");
        let mut byte = [0];
        assert_eq!(client.peek(&mut byte).is_ok(), answered);
    }
    assert!(String::from_utf8_lossy(&read_until_ready(&mut client)).contains("C57014"));
}

#[test]
fn what_is_no_message_ends_the_session_with_its_sqlstate() {
    let address = start();
    for (bytes, state) in [(message(b'?', b""), "C08P01"), (message(b'Q', b"\xff\0"), "C22021")] {
        let mut client = session(address);
        client.write_all(&bytes).unwrap();
        let told = read_to_end(client);
        assert!(told.contains("SFATAL") && told.contains(state), "{told:?}");
    }
    let mut old = TcpStream::connect(address).unwrap();
    old.write_all(&startup(2 << 16, b"user\0ann\0\0")).unwrap();
    assert!(read_to_end(old).contains("unsupported frontend protocol 2.0"));
}

#[test]
fn a_newer_client_is_told_what_is_spoken_here() {
    let mut client = TcpStream::connect(start()).unwrap();
    client.write_all(&startup(3 << 16 | 2, b"user\0ann\0_pq_.x\0on\0\0")).unwrap();
    let answer = read_until_ready(&mut client);
    assert_eq!(&answer[..20], b"v\0\0\0\x13\0\x03\0\0\0\0\0\x01_pq_.x\0");
}

#[test]
fn a_busy_statement_is_cancelled_and_keeps_nobody_waiting() {
    let address = start_with(|| Database::open(15, TimestampTz(0)).unwrap());
    let connect = || {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(&startup(3 << 16, b"user\0postgres\0\0")).unwrap();
        let hello = read_until_ready(&mut client);
        let key = hello.windows(5).position(|at| at == b"K\0\0\0\x0c").unwrap() + 5;
        (client, hello[key..key + 8].to_vec())
    };
    let ((mut busy, key), (mut other, _)) = (connect(), connect());
    busy.write_all(&message(b'Q', b"SELECT count(*) FROM generate_series(1, 2000000000)\0")).unwrap();
    other.write_all(&message(b'Q', b"SELECT 'served'\0")).unwrap();
    assert!(String::from_utf8_lossy(&read_until_ready(&mut other)).contains("served"));
    busy.set_nonblocking(true).unwrap();
    let said = busy.peek(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(said, Err(ErrorKind::WouldBlock), "the statement is still busy, and what it has said waits for its end");
    busy.set_nonblocking(false).unwrap();
    let mut cancel = TcpStream::connect(address).unwrap();
    cancel.write_all(&startup(80_877_102, &key)).unwrap();
    assert!(String::from_utf8_lossy(&read_until_ready(&mut busy)).contains("C57014"));
    busy.write_all(&message(b'Q', b"SELECT 'alive'\0")).unwrap();
    assert!(String::from_utf8_lossy(&read_until_ready(&mut busy)).contains("alive"));
}
