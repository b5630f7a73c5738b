//! Positions in the write-ahead log, and how a position becomes the name of a file.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

/// A byte position in the write-ahead log; PostgreSQL's `XLogRecPtr` and the SQL type `pg_lsn`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), ts(type = "number"))]
pub struct Lsn(pub u64);

impl Lsn {
    /// `InvalidXLogRecPtr`: no position.
    pub const INVALID: Lsn = Lsn(0);

    /// Whether this is a position at all.
    pub fn is_valid(self) -> bool {
        self.0 != 0
    }

    /// The position rounded up to `MAXALIGN`, where the next record may begin.
    pub fn align8(self) -> Lsn {
        Lsn((self.0 + 7) & !7)
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 as u32)
    }
}

impl FromStr for Lsn {
    type Err = ();

    /// Reads `pg_lsn`'s text form: one to eight hexadecimal digits, a slash, one to eight more.
    fn from_str(text: &str) -> Result<Lsn, ()> {
        let (high, low) = text.split_once('/').ok_or(())?;
        let part = |s: &str| {
            let hex = (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_hexdigit());
            if hex { u64::from_str_radix(s, 16).map_err(|_| ()) } else { Err(()) }
        };
        Ok(Lsn(part(high)? << 32 | part(low)?))
    }
}

impl Add<u64> for Lsn {
    type Output = Lsn;
    fn add(self, bytes: u64) -> Lsn {
        Lsn(self.0 + bytes)
    }
}

impl Sub for Lsn {
    type Output = u64;
    /// The bytes from `earlier` to here.
    fn sub(self, earlier: Lsn) -> u64 {
        self.0 - earlier.0
    }
}

/// A timeline: a history of the log, split off at each promotion.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct TimeLineId(pub u32);

impl fmt::Display for TimeLineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The size of a WAL segment file in bytes: a power of two from 1 MB to 1 GB, fixed by initdb.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalSegSize(u32);

impl WalSegSize {
    /// One megabyte: the smallest legal choice, and the lab's default.
    pub const ONE_MB: WalSegSize = WalSegSize(1 << 20);

    /// `None` unless `bytes` is a legal choice of initdb's `--wal-segsize`.
    pub fn new(bytes: u32) -> Option<WalSegSize> {
        (bytes.is_power_of_two() && (1 << 20..=1 << 30).contains(&bytes)).then_some(WalSegSize(bytes))
    }

    /// In bytes.
    pub fn bytes(self) -> u64 {
        u64::from(self.0)
    }

    /// How many segments make 4 GB, the span of a file name's middle part.
    fn per_4gb(self) -> u64 {
        (1 << 32) / self.bytes()
    }

    /// The segment that holds the byte at `lsn`.
    pub fn segment_of(self, lsn: Lsn) -> WalSegment {
        WalSegment(lsn.0 / self.bytes())
    }

    /// Where `lsn` lies in its segment, in bytes.
    pub fn offset_of(self, lsn: Lsn) -> u64 {
        lsn.0 % self.bytes()
    }

    /// The first byte of a segment.
    pub fn start_of(self, segment: WalSegment) -> Lsn {
        Lsn(segment.0 * self.bytes())
    }

    /// The file name of a segment: timeline, high part, low part, each as eight hexadecimal digits.
    pub fn file_name(self, tli: TimeLineId, segment: WalSegment) -> String {
        format!("{:08X}{:08X}{:08X}", tli.0, segment.0 / self.per_4gb(), segment.0 % self.per_4gb())
    }

    /// The inverse of [`WalSegSize::file_name`]; `None` for any other name.
    pub fn parse_file_name(self, name: &str) -> Option<(TimeLineId, WalSegment)> {
        if name.len() != 24 || !name.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)) {
            return None;
        }
        let part = |at: usize| u64::from_str_radix(&name[at..at + 8], 16).ok();
        let (tli, high, low) = (part(0)?, part(8)?, part(16)?);
        (low < self.per_4gb()).then_some((TimeLineId(tli as u32), WalSegment(high * self.per_4gb() + low)))
    }
}

/// The number of a WAL segment, counted from the log's beginning; `XLogSegNo`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WalSegment(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_names_its_file() {
        // pg_walfile_name('4/DF75D0E0') on PostgreSQL 15 with 16 MB segments.
        let size = WalSegSize::new(16 << 20).unwrap();
        let lsn: Lsn = "4/DF75D0E0".parse().unwrap();
        let name = size.file_name(TimeLineId(1), size.segment_of(lsn));
        assert_eq!(name, "0000000100000004000000DF");
        assert_eq!(size.parse_file_name(&name), Some((TimeLineId(1), size.segment_of(lsn))));
        assert_eq!(lsn.to_string(), "4/DF75D0E0");
    }

    #[test]
    fn one_megabyte_segments_count_to_4095() {
        let size = WalSegSize::ONE_MB;
        assert_eq!(size.file_name(TimeLineId(1), WalSegment(4095)), "000000010000000000000FFF");
        assert_eq!(size.file_name(TimeLineId(1), WalSegment(4096)), "000000010000000100000000");
        assert_eq!(size.parse_file_name("000000010000000000001000"), None);
    }
}
