//! One client: a thread that reads and a thread that writes.
//!
//! ```text
//!   client                                          server
//!     SSLRequest or GSSENCRequest ────────────────▶
//!     ◀──────────────────────────────────────────── 'N', one byte: not here, go on in the clear
//!     CancelRequest ──────────────────────────────▶ to the engine; the connection closes unanswered
//!     Startup, protocol 3.x ──────────────────────▶ a session begins
//!     ◀──────────────────────────────────────────── [NegotiateProtocolVersion if more than 3.0 was asked]
//!     messages ───────────────────────────────────▶
//!     ◀──────────────────────────────────────────── answers
//! ```

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use bytes::BytesMut;
use pgwire::messages::cancel::CancelRequest as WireCancel;
use pgwire::messages::startup::{GssEncRequest, NegotiateProtocolVersion, SslRequest, Startup as WireStartup};
use pgwire::messages::{Message, PgWireBackendMessage};
use vitrine_engine::ids::{Error, Pid, Result, Severity, SqlState, sqlstate};
use vitrine_engine::server::protocol::{BackendMessage, CancelRequest, FrontendMessage, Startup};

use crate::dispatch::{Request, SessionId, ends_session};
use crate::frame::{next_message, next_startup, violation};
use crate::wire;

/// The protocol that is spoken: 3.0, as a number of the wire.
const PROTOCOL_3_0: i32 = 3 << 16;
/// `28000`; the engine itself never refuses a role.
const INVALID_AUTHORIZATION_SPECIFICATION: SqlState = SqlState(*b"28000");

/// `PQ_SEND_BUFFER_SIZE`: so much is gathered before it is sent.
const SEND_BUFFER: usize = 8192;

/// What is sent at once, whatever is to follow: the client has to know of it, or is asked for something.
fn is_urgent(message: &BackendMessage) -> bool {
    matches!(
        message,
        BackendMessage::ErrorResponse(_) | BackendMessage::NoticeResponse(_) | BackendMessage::CopyInResponse { .. }
    )
}

/// Takes connections for ever, each on threads of its own.
pub fn accept(listener: &TcpListener, engine: &Sender<Request>) {
    for (number, stream) in (1..).zip(listener.incoming()) {
        // A connection that failed while it was being made is the client's to retry.
        let Ok(stream) = stream else { continue };
        let engine = engine.clone();
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        thread::spawn(move || serve(stream, SessionId(number), &engine));
    }
}

/// Serves one connection to its end.
pub fn serve(mut stream: TcpStream, session: SessionId, engine: &Sender<Request>) {
    let mut buffer = BytesMut::with_capacity(8192);
    let startup = match negotiate(&mut stream, &mut buffer) {
        Ok(Some(First::Session(startup))) => startup,
        Ok(Some(First::Cancel(request))) => {
            // An engine that is gone cancels nothing any more.
            let _ = engine.send(Request::Cancel(request));
            return;
        }
        Ok(None) => return,
        Err(refusal) => return refuse(&mut stream, refusal),
    };
    let (answers, to_write) = channel();
    let Ok(writing) = stream.try_clone() else { return };
    let asked = Arc::new(AtomicBool::new(false));
    let gathers = asked.clone();
    let writer = thread::spawn(move || write(writing, &to_write, &gathers));
    if engine.send(Request::Connect(session, startup, answers.clone())).is_ok() {
        let end = read(&mut stream, &mut buffer, session, engine, &asked);
        if let Err(error) = end {
            // The writer may be gone already, and the client with it.
            let _ = answers.send(vec![BackendMessage::ErrorResponse(error)]);
        }
        let _ = engine.send(Request::Disconnect(session));
    }
    drop(answers);
    // A panic of the writer has been printed by its thread.
    let _ = writer.join();
}

/// What a connection is for.
enum First {
    Session(Startup),
    Cancel(CancelRequest),
}

/// Reads startup packets until it is clear what the client wants; `None` if it went away.
fn negotiate(stream: &mut TcpStream, buffer: &mut BytesMut) -> Result<Option<First>> {
    loop {
        let Some(mut packet) = next_startup(buffer)? else {
            if receive(stream, buffer) { continue } else { return Ok(None) }
        };
        if SslRequest::is_ssl_request_packet(&packet) || GssEncRequest::is_gss_enc_request_packet(&packet) {
            if stream.write_all(b"N").is_err() {
                return Ok(None);
            }
        } else if WireCancel::is_cancel_request_packet(&packet) {
            return cancel(&mut packet).map(|request| Some(First::Cancel(request)));
        } else {
            let (startup, minor) = startup(&mut packet)?;
            if !offer_3_0(stream, &startup, minor) {
                return Ok(None);
            }
            return Ok(Some(First::Session(startup)));
        }
    }
}

fn cancel(packet: &mut BytesMut) -> Result<CancelRequest> {
    let request = WireCancel::decode(packet, &wire::context()).ok().flatten();
    let request = request.ok_or_else(|| violation("invalid length of startup packet"))?;
    let key = request.secret_key.as_i32().ok_or_else(|| violation("invalid length of startup packet"))?;
    Ok(CancelRequest { pid: Pid(request.pid as u32), key })
}

/// The session that a startup packet asks for, and the minor version of the protocol.
fn startup(packet: &mut BytesMut) -> Result<(Startup, u16)> {
    let major = u16::from_be_bytes([packet[4], packet[5]]);
    let minor = u16::from_be_bytes([packet[6], packet[7]]);
    if major != 3 {
        let message = format!("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.0");
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).severity(Severity::Fatal));
    }
    let layout = || violation("invalid startup packet layout: expected terminator as last byte");
    if packet.last() != Some(&0) {
        return Err(layout());
    }
    let decoded = WireStartup::decode(packet, &wire::context()).ok().flatten().ok_or_else(layout)?;
    let startup = Startup { parameters: decoded.parameters.into_iter().collect() };
    if startup.user().is_none_or(str::is_empty) {
        let message = "no PostgreSQL user name specified in startup packet";
        return Err(Error::new(INVALID_AUTHORIZATION_SPECIFICATION, message).severity(Severity::Fatal));
    }
    Ok((startup, minor))
}

/// Tells a client that asked for more than 3.0 what it gets; false if it cannot be told.
fn offer_3_0(stream: &mut TcpStream, startup: &Startup, minor: u16) -> bool {
    let extensions = startup.parameters.iter().map(|(name, _)| name).filter(|name| name.starts_with("_pq_."));
    let extensions: Vec<String> = extensions.cloned().collect();
    if minor == 0 && extensions.is_empty() {
        return true;
    }
    let mut out = BytesMut::new();
    let offer = NegotiateProtocolVersion::new(PROTOCOL_3_0, extensions);
    PgWireBackendMessage::NegotiateProtocolVersion(offer).encode(&mut out).is_ok() && stream.write_all(&out).is_ok()
}

/// Passes on what the client says until it goes; an error is the last thing it is told. Notes that a query string is
/// being answered.
fn read(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    session: SessionId,
    engine: &Sender<Request>,
    asked: &AtomicBool,
) -> Result<()> {
    let context = wire::context();
    loop {
        while let Some(message) = next_message(buffer)? {
            let Some(message) = wire::decode(message, &context)? else { continue };
            let last = message == FrontendMessage::Terminate;
            if let FrontendMessage::Query(_) = message {
                asked.store(true, Ordering::Relaxed);
            }
            if last || engine.send(Request::Message(session, message)).is_err() {
                return Ok(());
            }
        }
        if !receive(stream, buffer) {
            return Ok(());
        }
    }
}

/// Reads what has arrived; false when the connection is at its end.
fn receive(stream: &mut TcpStream, buffer: &mut BytesMut) -> bool {
    let mut chunk = [0; 8192];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return false,
            Ok(n) => {
                buffer.extend_from_slice(&chunk[..n]);
                return true;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}

/// Writes the answers until the session is over. Those to a query string are gathered as PostgreSQL gathers them, up to
/// its end or its buffer's: a client that has seen the first may think that the next is on its way, and wait for it alone
/// (isolationtester does).
fn write(mut stream: TcpStream, answers: &Receiver<Vec<BackendMessage>>, asked: &AtomicBool) {
    let mut out = BytesMut::new();
    for messages in answers {
        let over = messages.iter().any(ends_session);
        let ready = messages.iter().any(|message| matches!(message, BackendMessage::ReadyForQuery(_)));
        let urgent = messages.iter().any(is_urgent);
        if messages.into_iter().try_for_each(|message| wire::encode(message, &mut out)).is_err() {
            break;
        }
        if ready {
            asked.store(false, Ordering::Relaxed);
        }
        if asked.load(Ordering::Relaxed) && !urgent && !over && out.len() < SEND_BUFFER {
            continue;
        }
        if stream.write_all(&out).is_err() || over {
            break;
        }
        out.clear();
    }
    // Wakes the reader too, if the server is the one that ends the session.
    let _ = stream.shutdown(Shutdown::Both);
}

/// Tells a client why it gets no session.
fn refuse(stream: &mut TcpStream, refusal: Error) {
    let mut out = BytesMut::new();
    if wire::encode(BackendMessage::ErrorResponse(refusal), &mut out).is_ok() {
        // A client that is gone need not know.
        let _ = stream.write_all(&out);
    }
}
