//! Reading the log record by record, and saying where and why it ends.
//!
//! A log has no end mark. Behind the last record come zeros, or, in a segment file that was used before, old records
//! whose positions no longer fit. So the end is wherever something does not fit: a length of 0, a page that says it
//! belongs elsewhere, a link back to another record than the one just read, a wrong checksum. Whoever reads must
//! take that for the end, and PostgreSQL's messages about it are the normal last words of a recovery.
//!
//! The reader never waits. It asks a [`WalSource`] for pages; if one is not there yet (a standby is ahead of what it has
//! received, or the page is still on disk) it returns [`ReadError::NotYet`] with its state unchanged, and the
//! caller fetches and asks again.
//!
//! PostgreSQL: `XLogReadRecord` and `XLogReaderValidatePageHeader` in `access/transam/xlogreader.c`.

use super::bytes::Take;
use super::decode::{DecodedRecord, Header, decode_record};
use super::page::{self, PageHeader, WalPage, XLOG_BLCKSZ, XLOG_PAGE_MAGIC};
use super::record::{HEADER_SIZE, XLR_RMGR_INFO_MASK, checksum};
use super::xlog_records::XLOG_SWITCH;
use crate::ids::{Lsn, RmgrId, TimeLineId, WalSegSize};

/// Where pages come from.
pub trait WalSource {
    /// The page that begins at `page`, if its first `len` bytes are valid; what follows them may be anything.
    fn page(&mut self, page: Lsn, len: usize) -> Option<&WalPage>;
}

impl<F: FnMut(Lsn, usize) -> Option<WalPage>> WalSource for Closure<F> {
    fn page(&mut self, page: Lsn, len: usize) -> Option<&WalPage> {
        self.1 = self.0(page, len)?;
        Some(&self.1)
    }
}

/// A [`WalSource`] made of a function.
pub struct Closure<F>(F, WalPage);

/// A [`WalSource`] that asks a function for a copy of each page.
pub fn source<F: FnMut(Lsn, usize) -> Option<WalPage>>(pages: F) -> Closure<F> {
    Closure(pages, [0; XLOG_BLCKSZ])
}

/// Why there is no next record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadError {
    /// The source has not got the log up to this position.
    NotYet(Lsn),
    /// There is no valid record: PostgreSQL's message that says why.
    Invalid(String),
}

/// A place in the log, moving from record to record.
#[derive(Clone, Debug)]
pub struct WalReader {
    seg: WalSegSize,
    tli: TimeLineId,
    system_id: Option<u64>,
    next: Lsn,
    /// The record just read, which the next one must link to; none at the beginning.
    prev: Option<Lsn>,
    /// The youngest page seen and its timeline: timelines never go back.
    latest: Option<(Lsn, TimeLineId)>,
}

impl WalReader {
    /// A reader that begins with the record at `start`. `tli` is the timeline in the name of the files that are read;
    /// with a system id, files of other clusters are refused.
    pub fn new(seg: WalSegSize, tli: TimeLineId, system_id: Option<u64>, start: Lsn) -> WalReader {
        WalReader { seg, tli, system_id, next: start, prev: None, latest: None }
    }

    /// Where the next record is looked for. The source must still have the pages from here on.
    pub fn position(&self) -> Lsn {
        self.next
    }

    /// Goes on in files of another timeline.
    pub fn set_timeline(&mut self, tli: TimeLineId) {
        self.tli = tli;
    }

    /// The next record. After an error the reader stands where it stood.
    pub fn next(&mut self, source: &mut impl WalSource) -> Result<DecodedRecord, ReadError> {
        let lsn = self.check_start(source)?;
        let (bytes, after) = self.gather(lsn, source)?;
        if Header::take(Take(&bytes)).is_ok_and(|header| header.crc != checksum(&bytes)) {
            return invalid(format!("incorrect resource manager data checksum in record at {lsn}"));
        }
        let record = decode_record(lsn, after, &bytes).map_err(ReadError::Invalid)?;
        self.prev = Some(lsn);
        self.next = if record.rmid == RmgrId::Xlog && record.info & XLR_RMGR_INFO_MASK == XLOG_SWITCH {
            self.seg.start_of(self.seg.segment_of(after + (self.seg.bytes() - 1)))
        } else {
            after
        };
        Ok(DecodedRecord { end_lsn: self.next, ..record })
    }

    /// Moves to the first record that begins at or after `from`, past the rest of an earlier one, and stands there:
    /// `XLogFindNextRecord`.
    pub fn find_next(&mut self, from: Lsn, source: &mut impl WalSource) -> Result<Lsn, ReadError> {
        let mut page = page::page_of(from);
        let mut at = loop {
            let header = self.page_header(page, source)?;
            let size = header.size() as u64;
            if header.info & page::XLP_FIRST_IS_CONTRECORD == 0 {
                break page + size;
            }
            let rest = u64::from(header.rem_len).next_multiple_of(8);
            if size + rest < XLOG_BLCKSZ as u64 {
                break page + size + rest;
            }
            page = page + XLOG_BLCKSZ as u64;
        };
        let mut probe = WalReader { next: at, prev: None, ..self.clone() };
        while at < from {
            probe.next(source)?;
            at = page::skip_header(self.seg, probe.next);
        }
        *self = WalReader { next: at, prev: None, ..probe };
        Ok(at)
    }

    /// Where exactly the next record begins, once its page is known to be good.
    fn check_start(&mut self, source: &mut impl WalSource) -> Result<Lsn, ReadError> {
        let lsn = page::skip_header(self.seg, self.next);
        let header = self.page_header(page::page_of(lsn), source)?;
        let offset = (lsn - page::page_of(lsn)) as usize;
        if offset < header.size() {
            return invalid(format!("invalid record offset at {lsn}"));
        }
        if header.info & page::XLP_FIRST_IS_CONTRECORD != 0 && offset == header.size() {
            return invalid(format!("contrecord is requested by {lsn}"));
        }
        Ok(lsn)
    }

    /// The bytes of the record at `lsn`, gathered from as many pages as it covers, and the position after it.
    fn gather(&mut self, lsn: Lsn, source: &mut impl WalSource) -> Result<(Vec<u8>, Lsn), ReadError> {
        let mut page = page::page_of(lsn);
        let offset = (lsn - page) as usize;
        // A record begins at a multiple of 8, so that its length at least is on its first page.
        let seen = (offset + HEADER_SIZE).min(XLOG_BLCKSZ);
        let first = fetch(source, page, seen)?;
        let mut head = Take(&first[offset..]);
        let total = head.u32().unwrap_or(0) as usize;
        if total < HEADER_SIZE {
            return invalid(format!("invalid record length at {lsn}: wanted {HEADER_SIZE}, got {total}"));
        }
        let mut bytes = first[offset..seen].to_vec();
        let mut checked = bytes.len() == HEADER_SIZE;
        if checked {
            self.check_header(lsn, &bytes)?;
        }
        let end = (offset + total).min(XLOG_BLCKSZ);
        bytes = fetch(source, page, end)?[offset..end].to_vec();

        let mut after = lsn + (total as u64).next_multiple_of(8);
        while bytes.len() < total {
            page = page + XLOG_BLCKSZ as u64;
            let part = self.continuation(lsn, page, total - bytes.len(), source)?;
            bytes.extend_from_slice(&part);
            after = page + page::header_size(self.seg, page) as u64 + (part.len() as u64).next_multiple_of(8);
            if !checked && bytes.len() >= HEADER_SIZE {
                self.check_header(lsn, &bytes)?;
                checked = true;
            }
        }
        Ok((bytes, after))
    }

    /// The part on `page` of the record at `lsn`, of which `left` bytes are missing.
    fn continuation(
        &mut self,
        lsn: Lsn,
        page: Lsn,
        left: usize,
        source: &mut impl WalSource,
    ) -> Result<Vec<u8>, ReadError> {
        let header = self.page_header(page, source)?;
        if header.info & page::XLP_FIRST_IS_CONTRECORD == 0 {
            return invalid(format!("there is no contrecord flag at {lsn}"));
        }
        if header.rem_len as usize != left {
            return invalid(format!("invalid contrecord length {} (expected {left}) at {lsn}", header.rem_len));
        }
        let end = (header.size() + left).min(XLOG_BLCKSZ);
        Ok(fetch(source, page, end)?[header.size()..end].to_vec())
    }

    /// `ValidXLogRecordHeader`, but for the length.
    fn check_header(&self, lsn: Lsn, bytes: &[u8]) -> Result<(), ReadError> {
        let Ok(header) = Header::take(Take(bytes)) else {
            return invalid(format!("record with invalid length at {lsn}"));
        };
        if RmgrId::from_number(header.rmid).is_none() {
            return invalid(format!("invalid resource manager ID {} at {lsn}", header.rmid));
        }
        let linked = match self.prev {
            Some(prev) => header.prev == prev,
            // The first record read may link to anything before it.
            None => header.prev < lsn,
        };
        if !linked {
            return invalid(format!("record with incorrect prev-link {} at {lsn}", header.prev));
        }
        Ok(())
    }

    /// The header of a page, after all checks of `XLogReaderValidatePageHeader`.
    fn page_header(&mut self, page: Lsn, source: &mut impl WalSource) -> Result<PageHeader, ReadError> {
        let header = PageHeader::decode(fetch(source, page, page::header_size(self.seg, page))?);
        let place = format!(
            "in log segment {}, offset {}",
            self.seg.file_name(self.tli, self.seg.segment_of(page)),
            self.seg.offset_of(page)
        );
        if header.magic != XLOG_PAGE_MAGIC {
            return invalid(format!("invalid magic number {:04X} {place}", header.magic));
        }
        let wants_long = self.seg.offset_of(page) == 0;
        if header.info & !page::XLP_ALL_FLAGS != 0 || (wants_long && header.long.is_none()) {
            return invalid(format!("invalid info bits {:04X} {place}", header.info));
        }
        self.check_long(&header)?;
        if header.address != page {
            return invalid(format!("unexpected pageaddr {} {place}", header.address));
        }
        match self.latest {
            Some((latest, tli)) if page > latest && header.tli < tli => {
                return invalid(format!("out-of-sequence timeline ID {} (after {tli}) {place}", header.tli));
            }
            _ => self.latest = Some((page, header.tli)),
        }
        Ok(header)
    }

    /// Whether a long header is of this cluster.
    fn check_long(&self, header: &PageHeader) -> Result<(), ReadError> {
        let Some(long) = header.long else { return Ok(()) };
        let flaw = match self.system_id {
            Some(ours) if ours != long.system_id => format!(
                "WAL file database system identifier is {}, pg_control database system identifier is {ours}",
                long.system_id
            ),
            _ if u64::from(long.seg_size) != self.seg.bytes() => "incorrect segment size in page header".into(),
            _ if long.page_size as usize != XLOG_BLCKSZ => "incorrect XLOG_BLCKSZ in page header".into(),
            _ => return Ok(()),
        };
        invalid(format!("WAL file is from different database system: {flaw}"))
    }
}

fn fetch(source: &mut impl WalSource, page: Lsn, len: usize) -> Result<&WalPage, ReadError> {
    source.page(page, len).ok_or(ReadError::NotYet(page + len as u64))
}

fn invalid<T>(message: String) -> Result<T, ReadError> {
    Err(ReadError::Invalid(message))
}
