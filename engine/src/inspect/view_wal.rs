//! The log in a view: its newest records, also those that have not left the WAL buffers.
//!
//! Each record names the one before it, so the newest are found from the last one backwards, however long the log is:
//!
//! ```text
//!            xl_prev       xl_prev        xl_prev
//!   ... ◄── record ◄────── record ◄────── record ◄── the server knows where its last record begins
//! ```
//!
//! A server that replays knows the last record that it has replayed; from there on what has arrived is read forwards, a
//! few records and no more: a standby may be far behind.

use super::look::Tables;
use super::shape::{BlockRefView, RecordView, WalView};
use super::shape_page::RecordRef;
use super::view::Letters;
use crate::ids::Lsn;
use crate::server::Server;
use crate::wal::Wal;
use crate::wal::decode::{DecodedBlock, DecodedRecord};
use crate::wal::describe::{self, Tool};
use crate::wal::page::{WalPage, XLOG_BLCKSZ};
use crate::wal::reader::{WalReader, WalSource};

/// The newest records of a log, ascending.
#[derive(Default)]
pub(super) struct Tape(pub(super) Vec<DecodedRecord>);

impl Tape {
    /// At most `count` records.
    pub(super) fn newest(server: &Server, count: usize) -> Tape {
        let recovering = server.txns.procs.in_recovery();
        let last = if recovering { server.receiver.last_record.get() } else { server.wal.prev_lsn() };
        let limit = end_of_log(server);
        let anchor = if last.is_valid() { last } else { server.control.borrow().checkpoint };
        let mut pages = Pages::upto(&server.wal, limit);
        let mut records = forwards(server, anchor, &mut pages, count);
        let mut earlier = Vec::new();
        let mut prev = records.first().map_or(Lsn::INVALID, |record| record.prev);
        while prev.is_valid() && earlier.len() + records.len() < count {
            let mut reader = WalReader::new(server.seg(), server.timeline(), None, prev);
            let Ok(record) = reader.next(&mut pages) else { break };
            prev = record.prev;
            earlier.push(record);
        }
        earlier.reverse();
        earlier.append(&mut records);
        Tape(earlier.split_off(earlier.len().saturating_sub(count)))
    }
}

/// The records from one on, at most so many.
fn forwards(server: &Server, from: Lsn, pages: &mut Pages, count: usize) -> Vec<DecodedRecord> {
    let mut reader = WalReader::new(server.seg(), server.timeline(), None, from);
    std::iter::from_fn(|| reader.next(pages).ok()).take(count).collect()
}

/// Up to where there is log: inserted, or arrived.
fn end_of_log(server: &Server) -> Lsn {
    server.wal.insert_lsn().max(server.receiver.write.get())
}

/// The pages of a log, each taken once.
pub(super) struct Pages<'a> {
    wal: &'a Wal,
    limit: Lsn,
    held: Vec<(Lsn, Box<WalPage>)>,
}

impl<'a> Pages<'a> {
    /// The pages up to a position.
    pub(super) fn upto(wal: &'a Wal, limit: Lsn) -> Pages<'a> {
        Pages { wal, limit, held: Vec::new() }
    }

    /// Lets go of the pages that end before a position.
    pub(super) fn forget_before(&mut self, lsn: Lsn) {
        self.held.retain(|(address, _)| *address + XLOG_BLCKSZ as u64 >= lsn);
    }
}

impl WalSource for Pages<'_> {
    fn page(&mut self, page: Lsn, len: usize) -> Option<&WalPage> {
        if page + len as u64 > self.limit {
            return None;
        }
        let known = self.held.iter().position(|(address, _)| *address == page);
        let at = match known {
            Some(at) => at,
            None => {
                self.held.push((page, self.wal.peek(page)?));
                self.held.len() - 1
            }
        };
        Some(&self.held[at].1)
    }
}

/// The log of a host, with the newest `count` records.
pub(super) fn wal_view(server: &Server, tape: &Tape, count: usize, tables: &Tables, letters: &Letters) -> WalView {
    let (wal, receiver) = (&server.wal, &server.receiver);
    let recovering = server.txns.procs.in_recovery();
    let (standby, end) = (recovering && server.is_standby(), end_of_log(server));
    let newest = &tape.0[tape.0.len().saturating_sub(count)..];
    let position = |of_standby: Lsn, own: Lsn| if standby { of_standby.max(own).0 } else { own.0 };
    WalView {
        records: newest.iter().map(|record| record_view(record, tables, letters)).collect(),
        insert: end.0,
        write: position(receiver.write.get(), wal.write_lsn()),
        flush: position(receiver.flush.get(), wal.flush_lsn()),
        redo: server.control.borrow().checkpoint_copy.redo.0,
        replay: recovering.then(|| receiver.replay.get().0),
        received: standby.then(|| receiver.received.get().max(end).0),
        file: server.seg().file_name(server.timeline(), server.seg().segment_of(Lsn(end.0.saturating_sub(1)))),
    }
}

fn record_view(record: &DecodedRecord, tables: &Tables, letters: &Letters) -> RecordView {
    let block = |block: &DecodedBlock| BlockRefView {
        relfilenode: block.rel.rel.0,
        relname: tables.name_of(block.rel),
        fork: block.fork.name().to_string(),
        block: block.block.0,
        fpi: block.image.is_some(),
    };
    RecordView {
        start_lsn: record.lsn.0,
        end_lsn: record.end_lsn.0,
        prev_lsn: record.prev.0,
        xid: record.xid.0,
        letter: letters.of_transaction(record.xid),
        rmgr: record.rmid.name().to_string(),
        record_type: describe::record_type(record),
        record_length: record.total_len,
        main_data_length: record.main_data.len() as u32,
        fpi_length: record.fpi_len() as u32,
        // What cannot be decoded is shown without words.
        description: describe::description(record, Tool::Server).unwrap_or_default(),
        blocks: record.blocks.iter().flatten().map(block).collect(),
    }
}

/// A record, pointed to.
pub(super) fn record_ref(record: &DecodedRecord) -> RecordRef {
    RecordRef {
        start_lsn: record.lsn.0,
        rmgr: record.rmid.name().to_string(),
        record_type: describe::record_type(record),
        record_length: record.total_len,
        fpi_length: record.fpi_len() as u32,
    }
}
