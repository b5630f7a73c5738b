//! The binary form of COPY: a signature, then for each row its values as the types send them.
//!
//! ```text
//!   PGCOPY\n\377\r\n\0   flags 0   extension 0 bytes      the header
//!   2   4 bytes 0001   -1                                 a row of two: an int4, a NULL
//!   -1                                                    the end
//! ```

use crate::ids::{Error, Result, sqlstate};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// The header of the data that we write: no flags, no extension.
pub(super) const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

fn bad(message: impl Into<String>) -> Error {
    Error::new(sqlstate::BAD_COPY_FILE_FORMAT, message.into())
}

/// The data so far.
#[derive(Default)]
pub(super) struct Tuples {
    data: Vec<u8>,
    at: usize,
    begun: bool,
    ended: bool,
}

/// The bytes of a row's values; `None` for NULL.
pub(super) type Values = Vec<Option<Vec<u8>>>;

impl Tuples {
    /// Further data.
    pub fn put(&mut self, data: &[u8]) {
        self.data.drain(..self.at);
        self.at = 0;
        self.data.extend_from_slice(data);
    }

    fn number<const N: usize>(&self, at: &mut usize) -> Option<[u8; N]> {
        let bytes = self.data.get(*at..*at + N)?;
        *at += N;
        bytes.try_into().ok()
    }

    /// The next row of so many columns; `None` if more data is wanted. With `last` there is no more.
    pub fn next(&mut self, columns: usize, last: bool) -> Result<Option<Values>> {
        if !self.begun && !self.header(last)? {
            return Ok(None);
        }
        if self.ended {
            return match self.at < self.data.len() {
                true => Err(bad("received copy data after EOF marker")),
                false => Ok(None),
            };
        }
        let mut at = self.at;
        let row = self.row(columns, &mut at)?;
        if row.is_none() && last {
            // Nothing at all is the end too.
            return if self.at == self.data.len() { Ok(None) } else { Err(bad("unexpected EOF in COPY data")) };
        }
        Ok(match row {
            Some(Some(values)) => {
                self.at = at;
                Some(values)
            }
            Some(None) => {
                (self.at, self.ended) = (at, true);
                None
            }
            None => None,
        })
    }

    fn header(&mut self, last: bool) -> Result<bool> {
        if self.data.len() < 19 {
            let known = &SIGNATURE[..self.data.len().min(11)];
            return match last || !self.data.starts_with(known) {
                true => Err(bad("COPY file signature not recognized")),
                false => Ok(false),
            };
        }
        if !self.data.starts_with(SIGNATURE) {
            return Err(bad("COPY file signature not recognized"));
        }
        let mut at = SIGNATURE.len();
        let flags = self.number::<4>(&mut at).map_or(0, i32::from_be_bytes);
        let extension = self.number::<4>(&mut at).map_or(0, i32::from_be_bytes);
        if flags & (1 << 16) != 0 {
            return Err(bad("invalid COPY file header (WITH OIDS)"));
        }
        if flags & !0xFFFF != 0 {
            return Err(bad("unrecognized critical flags in COPY file header"));
        }
        let end = usize::try_from(extension).ok().map(|len| at + len);
        let end = end.ok_or_else(|| bad("invalid COPY file header (missing length)"))?;
        if end > self.data.len() {
            return if last { Err(bad("invalid COPY file header (wrong length)")) } else { Ok(false) };
        }
        (self.at, self.begun) = (end, true);
        Ok(true)
    }

    /// A row, or the end; `None` if it is not all there.
    fn row(&self, columns: usize, at: &mut usize) -> Result<Option<Option<Values>>> {
        let Some(count) = self.number::<2>(at).map(i16::from_be_bytes) else { return Ok(None) };
        if count == -1 {
            return Ok(Some(None));
        }
        if count as usize != columns {
            return Err(bad(format!("row field count is {count}, expected {columns}")));
        }
        let mut values = Vec::with_capacity(columns);
        for _ in 0..columns {
            let Some(len) = self.number::<4>(at).map(i32::from_be_bytes) else { return Ok(None) };
            if len == -1 {
                values.push(None);
                continue;
            }
            let len = usize::try_from(len).map_err(|_| bad("invalid field size"))?;
            let Some(bytes) = self.data.get(*at..*at + len) else { return Ok(None) };
            *at += len;
            values.push(Some(bytes.to_vec()));
        }
        Ok(Some(Some(values)))
    }
}
