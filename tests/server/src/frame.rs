//! Cutting a client's byte stream into messages, and refusing what is not one.
//!
//! `pgwire` decodes what it is given and trusts the counts and lengths inside. So a message is cut out whole first,
//! and its body is walked once with every length checked; only then is it decoded.
//!
//! ```text
//!   startup packets   [length u32][code u32][...]           length counts itself
//!   messages      [kind][length u32][body]                  length counts itself, not the kind
//! ```

use bytes::{Buf, BytesMut};
use vitrine_engine::ids::{Error, Result, Severity, sqlstate};

/// The longest startup packet that PostgreSQL accepts (`MAX_STARTUP_PACKET_LENGTH`).
const MAX_STARTUP: usize = 10_000;
/// The longest message (`PQ_LARGE_MESSAGE_LIMIT`).
const MAX_MESSAGE: usize = 0x3fff_ffff - 1;

/// A FATAL `08P01`: the session cannot go on, since nobody knows where the next message would begin.
pub fn violation(message: impl Into<String>) -> Error {
    Error::new(sqlstate::PROTOCOL_VIOLATION, message).severity(Severity::Fatal)
}

/// Cuts off the next startup packet, if all of it has arrived.
pub fn next_startup(buffer: &mut BytesMut) -> Result<Option<BytesMut>> {
    let Some(length) = buffer.first_chunk::<4>().map(|b| u32::from_be_bytes(*b) as usize) else { return Ok(None) };
    if !(8..=MAX_STARTUP).contains(&length) {
        return Err(violation("invalid length of startup packet"));
    }
    Ok((buffer.len() >= length).then(|| buffer.split_to(length)))
}

/// Cuts off the next message, if all of it has arrived and it is well formed.
pub fn next_message(buffer: &mut BytesMut) -> Result<Option<BytesMut>> {
    let Some(&[kind, a, b, c, d]) = buffer.first_chunk::<5>() else { return Ok(None) };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if !b"QPBDESCHXdcf".contains(&kind) {
        return Err(violation(format!("invalid frontend message type {kind}")));
    }
    if !(4..=MAX_MESSAGE).contains(&length) {
        return Err(violation("invalid message length"));
    }
    if buffer.len() < length + 1 {
        return Ok(None);
    }
    let message = buffer.split_to(length + 1);
    check(kind, &message[5..])?;
    Ok(Some(message))
}

/// Walks a body by its kind; all of it must be used up.
fn check(kind: u8, body: &[u8]) -> Result<()> {
    let mut walk = Walk(body);
    match kind {
        b'Q' => walk.text()?,
        b'P' => {
            walk.text()?;
            walk.text()?;
            walk.many(4)?;
        }
        b'B' => walk.bind()?,
        b'D' | b'C' => {
            walk.skip(1)?;
            walk.text()?;
        }
        b'E' => {
            walk.text()?;
            walk.skip(4)?;
        }
        // Sync, Flush and Terminate are empty; COPY data outside of a COPY is dropped unread.
        b'S' | b'H' | b'X' => {}
        _ => return Ok(()),
    }
    if walk.0.is_empty() { Ok(()) } else { Err(violation("invalid message format")) }
}

/// What is left of a body.
struct Walk<'a>(&'a [u8]);

impl Walk<'_> {
    fn skip(&mut self, n: usize) -> Result<()> {
        if n > self.0.len() {
            return Err(violation("insufficient data left in message"));
        }
        self.0.advance(n);
        Ok(())
    }

    /// A zero-terminated string in UTF-8, the only encoding that the engine speaks.
    fn text(&mut self) -> Result<()> {
        let end = self.0.iter().position(|&b| b == 0).ok_or_else(|| violation("invalid string in message"))?;
        if let Err(bad) = std::str::from_utf8(&self.0[..end]) {
            let byte = self.0[bad.valid_up_to()];
            let message = format!("invalid byte sequence for encoding \"UTF8\": 0x{byte:02x}");
            return Err(Error::new(sqlstate::CHARACTER_NOT_IN_REPERTOIRE, message).severity(Severity::Fatal));
        }
        self.skip(end + 1)
    }

    fn count(&mut self) -> Result<usize> {
        let bytes = self.0.first_chunk::<2>().copied();
        self.skip(2)?;
        Ok(bytes.map_or(0, u16::from_be_bytes).into())
    }

    /// A count, and so many items of `size` bytes.
    fn many(&mut self, size: usize) -> Result<()> {
        let count = self.count()?;
        self.skip(count * size)
    }

    fn bind(&mut self) -> Result<()> {
        self.text()?;
        self.text()?;
        self.many(2)?;
        for _ in 0..self.count()? {
            let length = self.0.first_chunk::<4>().copied().map_or(0, i32::from_be_bytes);
            self.skip(4)?;
            // -1 is NULL, which has no bytes.
            if length < -1 {
                return Err(violation("invalid message format"));
            }
            self.skip(length.max(0) as usize)?;
        }
        self.many(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> BytesMut {
        let mut out = BytesMut::from(&[kind][..]);
        out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        out.extend_from_slice(body);
        out
    }

    #[test]
    fn a_message_is_cut_only_when_complete() {
        let whole = message(b'Q', b"select 1\0");
        for end in 0..whole.len() {
            let mut part = BytesMut::from(&whole[..end]);
            assert_eq!(next_message(&mut part).unwrap(), None, "{end} bytes");
            assert_eq!(part.len(), end, "nothing is taken away");
        }
        let mut both = whole.clone();
        both.extend_from_slice(&message(b'S', b""));
        assert_eq!(next_message(&mut both).unwrap(), Some(whole));
        assert_eq!(next_message(&mut both).unwrap(), Some(message(b'S', b"")));
    }

    #[test]
    fn a_body_that_lies_about_its_lengths_is_refused() {
        let bad: [(u8, &[u8]); 8] = [
            (b'Q', b"no end"),
            (b'Q', b"select 1\0more"),
            (b'Q', b"caf\xe9\0"),
            (b'P', b"\0select $1\0\xff\xff\0\0\0\x17"),
            (b'B', b"\0\0\0\0\0\x01\0\0\x10\0"),
            (b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"),
            (b'E', b"\0\0\0"),
            (b'Z', b""),
        ];
        for (kind, body) in bad {
            let refused = next_message(&mut message(kind, body)).unwrap_err();
            assert_eq!(refused.report().severity, Severity::Fatal, "{} {body:?}", kind as char);
        }
    }

    #[test]
    fn a_bind_with_a_null_and_formats_is_well_formed() {
        let body = b"\0stmt\0\0\x01\0\x01\0\x02\xff\xff\xff\xff\0\0\0\x0212\0\x01\0\0";
        assert!(next_message(&mut message(b'B', body)).unwrap().is_some());
    }

    #[test]
    fn a_startup_packet_has_a_sensible_length() {
        assert_eq!(next_startup(&mut BytesMut::from(&[0, 0, 0][..])).unwrap(), None);
        assert!(next_startup(&mut BytesMut::from(&[0, 0, 0, 4][..])).is_err());
        assert!(next_startup(&mut BytesMut::from(&b"GET / HTTP/1.1"[..])).is_err());
    }
}
