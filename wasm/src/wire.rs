//! The protocol's bytes, for clients that speak PostgreSQL's protocol, version 3, with the engine: the library.
//!
//! ```text
//!   library ── send(session, bytes) ──► messages ──► the session's backend
//!           ◄─ received(session) ─────── bytes ◄──── what it says, gathered until it is fetched
//! ```
//!
//! Bytes and not objects, since a result of a thousand rows then crosses the border to JavaScript once. Chapter 55.7 of the
//! manual lists the formats; `tests/server` has the same for clients outside, over TCP.

use vitrine_engine::cluster::Input;
use vitrine_engine::ids::{Error, Instant, Oid, Severity, sqlstate};
use vitrine_engine::server::protocol::{BackendMessage, Bind, FieldDescription, Format, FrontendMessage, Target};
use wasm_bindgen::prelude::*;

use crate::lab::{refusal, with};

/// What a session has said and nobody has fetched.
#[derive(Default)]
pub struct Received {
    bytes: Vec<u8>,
    /// How many answers are complete in it.
    pub ready: usize,
}

impl Received {
    /// The backend says something.
    pub fn hear(&mut self, message: &BackendMessage) {
        self.ready += usize::from(ends_answer(message));
        encode(message, &mut self.bytes);
    }
}

fn ends_answer(message: &BackendMessage) -> bool {
    match message {
        BackendMessage::ReadyForQuery(_) => true,
        BackendMessage::ErrorResponse(error) => error.report().severity >= Severity::Fatal,
        _ => false,
    }
}

/// Sends the messages in these bytes, at an instant in microseconds that has come meanwhile, or (NaN) now. From now on what
/// the session says is kept for [`received`].
#[wasm_bindgen]
pub fn send(session: u32, bytes: &[u8], at: f64) -> Result<(), JsError> {
    let messages = decode(bytes).map_err(refusal)?;
    with(|world| {
        let at = if at.is_nan() { world.lab.world().now() } else { Instant(at as u64) };
        world.received.entry(session).or_default();
        for message in messages {
            world.lab.input_at(at, Input::Message { session, message }).map_err(refusal)?;
        }
        world.hear();
        Ok(())
    })
}

/// How many complete answers of a session have not been fetched.
#[wasm_bindgen]
pub fn ready(session: u32) -> Result<u32, JsError> {
    with(|world| Ok(world.received.get(&session).map_or(0, |received| received.ready as u32)))
}

/// What a session has said since the last call.
#[wasm_bindgen]
pub fn received(session: u32) -> Result<Vec<u8>, JsError> {
    with(|world| Ok(world.received.get_mut(&session).map(std::mem::take).unwrap_or_default().bytes))
}

// --- from bytes ------------------------------------------------------------------------------------------------

fn violation(message: &str) -> Error {
    Error::new(sqlstate::PROTOCOL_VIOLATION, message).severity(Severity::Fatal)
}

/// The messages in these bytes; whatever is not one is an error, before anything is sent.
fn decode(mut bytes: &[u8]) -> Result<Vec<FrontendMessage>, Error> {
    let mut messages = Vec::new();
    while let Some((&kind, rest)) = bytes.split_first() {
        let mut rest = Body(rest);
        let length = (rest.int()? as usize).checked_sub(4).ok_or_else(|| violation("invalid message length"))?;
        let mut body = Body(rest.take(length)?);
        messages.push(message(kind, &mut body)?);
        if !body.0.is_empty() {
            return Err(violation("invalid message format"));
        }
        bytes = rest.0;
    }
    Ok(messages)
}

fn message(kind: u8, body: &mut Body) -> Result<FrontendMessage, Error> {
    Ok(match kind {
        b'Q' => FrontendMessage::Query(body.text()?),
        b'P' => FrontendMessage::Parse {
            name: body.text()?,
            query: body.text()?,
            parameter_types: body.many(|body| Ok(Oid(body.int()?)))?,
        },
        b'B' => FrontendMessage::Bind(Bind {
            portal: body.text()?,
            statement: body.text()?,
            parameter_formats: body.many(Body::format)?,
            parameters: body.many(Body::value)?,
            result_formats: body.many(Body::format)?,
        }),
        b'D' => FrontendMessage::Describe(body.target()?),
        b'E' => FrontendMessage::Execute { portal: body.text()?, max_rows: body.int()? },
        b'C' => FrontendMessage::Close(body.target()?),
        b'S' => FrontendMessage::Sync,
        b'H' => FrontendMessage::Flush,
        b'd' => FrontendMessage::CopyData(std::mem::take(&mut body.0).to_vec()),
        b'c' => FrontendMessage::CopyDone,
        b'f' => FrontendMessage::CopyFail(body.text()?),
        b'X' => FrontendMessage::Terminate,
        _ => return Err(violation(&format!("invalid frontend message type {kind}"))),
    })
}

/// What is left of a message.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) =
            self.0.split_at_checked(length).ok_or_else(|| violation("insufficient data left in message"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn short(&mut self) -> Result<u16, Error> {
        Ok(self.take(2)?.iter().fold(0, |number, &byte| number << 8 | u16::from(byte)))
    }

    fn int(&mut self) -> Result<u32, Error> {
        Ok(self.take(4)?.iter().fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    /// A string that ends with a zero.
    fn text(&mut self) -> Result<String, Error> {
        let end = self.0.iter().position(|&byte| byte == 0).ok_or_else(|| violation("invalid string in message"))?;
        let bytes = self.take(end)?;
        self.take(1)?;
        String::from_utf8(bytes.to_vec()).map_err(|bad| {
            let byte = bytes[bad.utf8_error().valid_up_to()];
            let message = format!("invalid byte sequence for encoding \"UTF8\": 0x{byte:02x}");
            Error::new(sqlstate::CHARACTER_NOT_IN_REPERTOIRE, message)
        })
    }

    /// A count, and so many items.
    fn many<T>(&mut self, item: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        (0..self.short()?).map(|_| item(self)).collect()
    }

    fn format(&mut self) -> Result<Format, Error> {
        let code = self.short()? as i16;
        Format::from_code(code).ok_or_else(|| violation(&format!("unsupported format code: {code}")))
    }

    /// A value behind its length; -1 is NULL.
    fn value(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match self.int()? {
            u32::MAX => Ok(None),
            length => Ok(Some(self.take(length as usize)?.to_vec())),
        }
    }

    fn target(&mut self) -> Result<Target, Error> {
        match self.take(1)? {
            b"S" => Ok(Target::Statement(self.text()?)),
            b"P" => Ok(Target::Portal(self.text()?)),
            _ => Err(violation("invalid message format")),
        }
    }
}

// --- to bytes --------------------------------------------------------------------------------------------------

/// Appends a message: its kind, its length, its body.
fn encode(message: &BackendMessage, out: &mut Vec<u8>) {
    out.push(kind(message));
    let begin = out.len();
    out.extend([0; 4]);
    body(message, out);
    let length = (out.len() - begin) as u32;
    out[begin..begin + 4].copy_from_slice(&length.to_be_bytes());
}

fn kind(message: &BackendMessage) -> u8 {
    match message {
        BackendMessage::AuthenticationOk => b'R',
        BackendMessage::ParameterStatus { .. } => b'S',
        BackendMessage::BackendKeyData { .. } => b'K',
        BackendMessage::RowDescription(_) => b'T',
        BackendMessage::DataRow(_) => b'D',
        BackendMessage::CommandComplete(_) => b'C',
        BackendMessage::EmptyQueryResponse => b'I',
        BackendMessage::ErrorResponse(_) => b'E',
        BackendMessage::NoticeResponse(_) => b'N',
        BackendMessage::ParseComplete => b'1',
        BackendMessage::BindComplete => b'2',
        BackendMessage::CloseComplete => b'3',
        BackendMessage::NoData => b'n',
        BackendMessage::ParameterDescription(_) => b't',
        BackendMessage::PortalSuspended => b's',
        BackendMessage::CopyInResponse { .. } => b'G',
        BackendMessage::CopyOutResponse { .. } => b'H',
        BackendMessage::CopyData(_) => b'd',
        BackendMessage::CopyDone => b'c',
        BackendMessage::ReadyForQuery(_) => b'Z',
    }
}

fn body(message: &BackendMessage, out: &mut Vec<u8>) {
    match message {
        BackendMessage::AuthenticationOk => out.extend([0; 4]),
        BackendMessage::ParameterStatus { name, value } => [name, value].into_iter().for_each(|text| put(out, text)),
        BackendMessage::BackendKeyData { pid, key } => {
            out.extend(pid.0.to_be_bytes());
            out.extend(key.to_be_bytes());
        }
        BackendMessage::RowDescription(fields) => {
            out.extend((fields.len() as u16).to_be_bytes());
            fields.iter().for_each(|field| column(field, out));
        }
        BackendMessage::DataRow(values) => {
            out.extend((values.len() as u16).to_be_bytes());
            for value in values {
                let length = value.as_ref().map_or(-1, |bytes| bytes.len() as i32);
                out.extend(length.to_be_bytes());
                out.extend(value.iter().flatten());
            }
        }
        BackendMessage::CommandComplete(tag) => put(out, tag),
        BackendMessage::ErrorResponse(error) | BackendMessage::NoticeResponse(error) => report(error, out),
        BackendMessage::ParameterDescription(types) => {
            out.extend((types.len() as u16).to_be_bytes());
            types.iter().for_each(|oid| out.extend(oid.0.to_be_bytes()));
        }
        BackendMessage::ReadyForQuery(status) => out.push(status.letter()),
        BackendMessage::CopyInResponse { format, columns } | BackendMessage::CopyOutResponse { format, columns } => {
            out.push(format.code() as u8);
            out.extend((columns.len() as u16).to_be_bytes());
            columns.iter().for_each(|format| out.extend(format.code().to_be_bytes()));
        }
        BackendMessage::CopyData(data) => out.extend(data),
        BackendMessage::EmptyQueryResponse
        | BackendMessage::ParseComplete
        | BackendMessage::BindComplete
        | BackendMessage::CloseComplete
        | BackendMessage::NoData
        | BackendMessage::CopyDone
        | BackendMessage::PortalSuspended => {}
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes());
    out.push(0);
}

fn column(field: &FieldDescription, out: &mut Vec<u8>) {
    put(out, &field.name);
    out.extend(field.table.0.to_be_bytes());
    out.extend(field.attnum.to_be_bytes());
    out.extend(field.type_oid.0.to_be_bytes());
    out.extend(field.typlen.to_be_bytes());
    out.extend(field.typmod.to_be_bytes());
    out.extend(field.format.code().to_be_bytes());
}

/// The fields of an error or a notice, each behind its letter.
fn report(error: &Error, out: &mut Vec<u8>) {
    let report = error.report();
    let severity = report.severity.name();
    let mut field = |letter: u8, text: &str| {
        out.push(letter);
        put(out, text);
    };
    for (letter, text) in [(b'S', severity), (b'V', severity), (b'C', report.code.as_str()), (b'M', &report.message)] {
        field(letter, text);
    }
    for (letter, text) in [(b'D', &report.detail), (b'H', &report.hint), (b'W', &report.context)] {
        text.iter().for_each(|text| field(letter, text));
    }
    report.position.iter().for_each(|position| field(b'P', &position.to_string()));
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
    }

    #[test]
    fn several_messages_are_read_or_none() {
        let both = [framed(b'Q', b"select 1\0"), framed(b'S', b"")].concat();
        let read = decode(&both).expect("well formed");
        assert_eq!(read, [FrontendMessage::Query("select 1".into()), FrontendMessage::Sync]);
        for end in (1..both.len()).filter(|&end| end != both.len() - 5) {
            assert!(decode(&both[..end]).is_err(), "{end} bytes");
        }
    }

    #[test]
    fn a_body_that_lies_about_its_lengths_is_refused() {
        let bad: [(u8, &[u8]); 6] = [
            (b'Q', b"no end"),
            (b'Q', b"select 1\0more"),
            (b'Q', b"caf\xe9\0"),
            (b'B', b"\0\0\0\0\0\x01\0\0\x10\0"),
            (b'E', b"\0\0\0"),
            (b'Z', b""),
        ];
        for (kind, body) in bad {
            assert!(decode(&framed(kind, body)).is_err(), "{} {body:?}", kind as char);
        }
        assert!(decode(b"Q\0\0\0\x03").is_err());
    }

    #[test]
    fn rows_carry_lengths_and_nulls() {
        let mut out = Vec::new();
        encode(&BackendMessage::DataRow(vec![Some(b"90".to_vec()), None, Some(vec![])]), &mut out);
        assert_eq!(out, b"D\0\0\0\x14\0\x03\0\0\0\x0290\xff\xff\xff\xff\0\0\0\0");
    }
}
