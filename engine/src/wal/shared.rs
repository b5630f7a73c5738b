//! The log as shared memory: three positions, the WAL buffers, and the files behind them.
//!
//! ```text
//!        flush            write                       insert
//!   ───────┼────────────────┼───────────────────────────┼──────────►
//!    durable   with the        only in the WAL buffers      the next
//!              kernel          (a ring of pages)            record
//! ```
//!
//! **Inserting** copies a record into the buffers and moves `insert`. That is a plain function: whoever changes a
//! page changes it, inserts the record and notes the record's end in the page, all in one atomic section. Before
//! it the caller makes room ([`Wal::make_room`]), which may have to write the oldest buffered page first.
//!
//! **Writing** hands pages to the kernel, whole ones, again and again as the last one fills. **Flushing** syncs the
//! files. A commit flushes up to its record; since it flushes whatever else is there, one sync serves all that
//! committed meanwhile (group commit). A data page may reach the disk only when `flush` has passed its LSN.
//!
//! PostgreSQL: `XLogInsertRecord`, `XLogFlush`, `XLogBackgroundFlush` in `access/transam/xlog.c`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::control::ControlFile;
use super::page::{self, PageHeader, WalPage, XLOG_BLCKSZ};
use super::record::{HEADER_SIZE, RecordBuilder};
use super::standby_records::XLOG_INVALIDATIONS;
use super::xlog_records::XLOG_SWITCH;
use crate::ids::{Lsn, Result, RmgrId, TimeLineId, WaitEvent, WalSegSize, WalSegment};
use crate::trace::Event;
use crate::world::{Cx, Disk, LwLock, WaitList};

/// What `pg_stat_wal` counts.
#[derive(Clone, Copy, Default, Debug)]
pub struct WalStats {
    /// Records inserted.
    pub records: u64,
    /// Full-page images in them.
    pub fpi: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Times that a full ring had to be written to make room.
    pub buffers_full: u64,
    /// Writes to the kernel.
    pub writes: u64,
    /// Syncs.
    pub syncs: u64,
}

/// What is fixed when the log is opened.
#[derive(Clone, Debug)]
pub struct WalConfig {
    /// The size of a segment.
    pub seg: WalSegSize,
    /// The cluster's `system_identifier`.
    pub system_id: u64,
    /// The timeline that is written.
    pub timeline: TimeLineId,
    /// Pages in the ring.
    pub buffers: usize,
}

/// The shared state of the log.
pub struct Wal {
    pub(super) config: WalConfig,
    pub(super) disk: Disk,
    /// Page `p` of the log, if it is buffered, lies at `p % len`.
    pub(super) ring: RefCell<Vec<WalPage>>,
    /// The first byte of the page each place of the ring holds; invalid if none.
    held: RefCell<Vec<Lsn>>,
    /// How many places there are: `wal_buffers`, more only for a record that is longer than that.
    places: Cell<usize>,
    pub(super) insert: Cell<Lsn>,
    prev: Cell<Lsn>,
    /// Where the last record begins that a checkpoint would be worth while for.
    last_important: Cell<Lsn>,
    pub(super) write: Cell<Lsn>,
    pub(super) flush: Cell<Lsn>,
    /// `RedoRecPtr`: the redo point of the last checkpoint; a page older than this gets an image.
    redo: Cell<Lsn>,
    full_page_writes: Cell<bool>,
    /// The end of the newest asynchronous commit, which the WAL writer has to flush.
    pub(super) async_commit: Cell<Lsn>,
    /// How many base backups want every first change of a page logged whole.
    backups: Cell<u32>,
    pub(super) write_lock: LwLock,
    /// Those who wait for the log to be flushed further: walsenders.
    pub(super) flushed: WaitList,
    /// Those who want to know when a segment is full: the checkpointer, which counts them.
    pub(super) segment_filled: WaitList,
    /// Segments before this one have been removed.
    pub(super) removed_upto: Cell<u64>,
    /// In recovery the log is read, not written: what is replayed is on disk already.
    pub(super) recovering: Cell<bool>,
    /// The control file, while another server's log is replayed: see [`Wal::update_min_recovery_point`].
    pub(super) followed: RefCell<Option<Rc<ControlFile>>>,
    timeline: Cell<TimeLineId>,
    stats: Cell<WalStats>,
}

impl Wal {
    /// A log that goes on at `insert`, whose last record begins at `prev`. `tail` is the page that holds `insert`, if
    /// records already lie on it.
    pub fn open(config: WalConfig, disk: Disk, insert: Lsn, prev: Lsn, tail: Option<&WalPage>) -> Wal {
        let config_timeline = config.timeline;
        let wal = Wal {
            ring: RefCell::new(vec![[0; XLOG_BLCKSZ]; config.buffers]),
            held: RefCell::new(vec![Lsn::INVALID; config.buffers]),
            places: Cell::new(config.buffers),
            timeline: Cell::new(config.timeline),
            config,
            disk,
            insert: Cell::new(insert),
            prev: Cell::new(prev),
            last_important: Cell::new(prev),
            write: Cell::new(insert),
            flush: Cell::new(insert),
            redo: Cell::new(Lsn::INVALID),
            full_page_writes: Cell::new(true),
            async_commit: Cell::new(Lsn::INVALID),
            backups: Cell::new(0),
            write_lock: LwLock::new(WaitEvent::WalWriteLock),
            flushed: WaitList::default(),
            segment_filled: WaitList::default(),
            removed_upto: Cell::new(0),
            recovering: Cell::new(false),
            followed: RefCell::default(),
            stats: Cell::default(),
        };
        wal.resume(config_timeline, insert, prev, tail);
        wal
    }

    /// Recovery begins: nothing is written until [`Wal::resume`]. `followed` is the control file of a standby.
    pub fn begin_recovery(&self, followed: Option<Rc<ControlFile>>) {
        self.recovering.set(true);
        *self.followed.borrow_mut() = followed;
    }

    /// Whether the log is being replayed.
    pub fn is_recovering(&self) -> bool {
        self.recovering.get()
    }

    /// Recovery has replayed up to `end`, which is on disk.
    pub fn note_replayed(&self, end: Lsn) {
        for position in [&self.insert, &self.write, &self.flush] {
            position.set(end);
        }
    }

    /// Goes on writing at `insert` on a timeline, as after [`Wal::open`].
    pub fn resume(&self, timeline: TimeLineId, insert: Lsn, prev: Lsn, tail: Option<&WalPage>) {
        self.recovering.set(false);
        *self.followed.borrow_mut() = None;
        self.timeline.set(timeline);
        self.note_replayed(insert);
        self.prev.set(prev);
        self.last_important.set(prev);
        self.held.borrow_mut().fill(Lsn::INVALID);
        let used = (insert.0 % XLOG_BLCKSZ as u64) as usize;
        if let Some(tail) = tail.filter(|_| used > 0) {
            let at = self.place(page::page_of(insert));
            let held = &mut self.ring.borrow_mut()[at];
            held.fill(0);
            held[..used].copy_from_slice(&tail[..used]);
            self.held.borrow_mut()[at] = page::page_of(insert);
        }
    }

    /// The timeline that is written, or replayed.
    pub fn timeline(&self) -> TimeLineId {
        self.timeline.get()
    }

    // --- where things stand ----------------------------------------------------------------------------------

    /// What is fixed.
    pub fn config(&self) -> &WalConfig {
        &self.config
    }

    /// The size of a segment.
    pub fn seg(&self) -> WalSegSize {
        self.config.seg
    }

    /// Where the next record will begin; `pg_current_wal_insert_lsn`.
    pub fn insert_lsn(&self) -> Lsn {
        self.insert.get()
    }

    /// Up to where the kernel has it; `pg_current_wal_lsn`.
    pub fn write_lsn(&self) -> Lsn {
        self.write.get()
    }

    /// Up to where it is durable; `pg_current_wal_flush_lsn`.
    pub fn flush_lsn(&self) -> Lsn {
        self.flush.get()
    }

    /// Where the last record begins.
    pub fn prev_lsn(&self) -> Lsn {
        self.prev.get()
    }

    /// `GetLastImportantRecPtr`: where the last record begins that says more than which transactions run.
    pub fn last_important(&self) -> Lsn {
        self.last_important.get()
    }

    /// The redo point of the last checkpoint that was begun.
    pub fn redo(&self) -> Lsn {
        self.redo.get()
    }

    /// A checkpoint begins: from now on pages older than `redo` are logged whole at their first change.
    pub fn set_redo(&self, redo: Lsn) {
        self.redo.set(redo);
    }

    /// Whether first changes are logged whole now.
    pub fn full_page_writes(&self) -> bool {
        self.full_page_writes.get() || self.backups.get() > 0
    }

    /// The setting of that name, as it is in force.
    pub fn full_page_writes_setting(&self) -> bool {
        self.full_page_writes.get()
    }

    /// The setting of that name.
    pub fn set_full_page_writes(&self, on: bool) {
        self.full_page_writes.set(on);
    }

    /// A base backup begins or ends.
    pub fn count_backup(&self, begins: bool) {
        self.backups.set(if begins { self.backups.get() + 1 } else { self.backups.get() - 1 });
    }

    /// What `pg_stat_wal` shows.
    pub fn stats(&self) -> WalStats {
        self.stats.get()
    }

    /// The path of a segment's file below the data directory.
    pub fn path(&self, segment: WalSegment) -> String {
        format!("pg_wal/{}", self.config.seg.file_name(self.timeline.get(), segment))
    }

    /// The file that holds a segment, on this timeline or on one that led to it.
    pub fn existing_path(&self, segment: WalSegment) -> Option<String> {
        let name = |tli| format!("pg_wal/{}", self.config.seg.file_name(TimeLineId(tli), segment));
        (1..=self.timeline.get().0).rev().map(name).find(|path| self.disk.exists(path))
    }

    /// Recovery follows the log to this timeline.
    pub fn set_timeline(&self, timeline: TimeLineId) {
        self.timeline.set(timeline);
    }

    pub(super) fn place(&self, page: Lsn) -> usize {
        (page.0 / XLOG_BLCKSZ as u64) as usize % self.places.get()
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut WalStats)) {
        let mut stats = self.stats.get();
        change(&mut stats);
        self.stats.set(stats);
    }

    // --- inserting -------------------------------------------------------------------------------------------

    /// Waits until `bytes` of records fit into the buffers, images and headers included. Nothing runs between the
    /// return and the caller's next await, so the room is still there when the record is inserted.
    ///
    /// PostgreSQL writes pages out while it copies a record in, so that a record may be longer than all buffers. Here a
    /// record is inserted in one atomic section: for such a one the ring is lengthened, once all before it is written.
    pub async fn make_room(&self, cx: &Cx, bytes: usize) -> Result<()> {
        let span = bytes + bytes / 64 + 2 * XLOG_BLCKSZ;
        let wanted = self.config.buffers.max(span.div_ceil(XLOG_BLCKSZ));
        loop {
            let (insert, write) = (self.insert.get(), self.write.get());
            if wanted != self.places.get() && write == insert {
                self.change_places(wanted);
            }
            let ring = (self.places.get() * XLOG_BLCKSZ) as u64;
            let longer = wanted > self.places.get();
            if !longer && page::page_of(insert) + span as u64 <= page::page_of(write) + ring {
                return Ok(());
            }
            self.count(|stats| stats.buffers_full += 1);
            // The oldest page goes; the rest of the pages that are full go with it.
            let upto = if longer { insert } else { page::page_of(insert).max(write + 1) };
            self.write_through(cx, upto, false).await?;
        }
    }

    /// The ring gets another length. All is written: what is kept is the page on which the log goes on.
    fn change_places(&self, places: usize) {
        let here = page::page_of(self.insert.get());
        let tail = Some(self.place(here)).filter(|at| self.held.borrow()[*at] == here);
        let tail = tail.map(|at| self.ring.borrow()[at]);
        self.places.set(places);
        *self.ring.borrow_mut() = vec![[0; XLOG_BLCKSZ]; places];
        *self.held.borrow_mut() = vec![Lsn::INVALID; places];
        if let Some(tail) = tail {
            self.ring.borrow_mut()[self.place(here)] = tail;
            self.held.borrow_mut()[self.place(here)] = here;
        }
    }

    /// Puts a record into the buffers and returns its end, which becomes the LSN of the pages that it changes.
    /// The caller has made room.
    pub fn insert(&self, cx: &Cx, record: &RecordBuilder) -> Lsn {
        let mut assembled = record.assemble(self.redo.get(), self.full_page_writes());
        let seg = self.config.seg;
        let start = page::skip_header(seg, self.insert.get());
        assembled.finish(self.prev.get());
        let bytes = &assembled.bytes;
        let end = page::end_of(seg, start, bytes.len());
        for chunk in page::layout(seg, start, bytes.len()) {
            self.prepare_page(chunk.page);
            let held = &mut self.ring.borrow_mut()[self.place(chunk.page)];
            if let Some(rem_len) = chunk.rem_len {
                page::mark_continuation(held, rem_len);
            }
            held[chunk.offset..chunk.offset + chunk.bytes.len()].copy_from_slice(&bytes[chunk.bytes]);
        }
        self.insert.set(end);
        self.prev.set(start);
        self.count(|stats| {
            stats.records += 1;
            stats.fpi += u64::from(assembled.fpi_count);
            stats.bytes += bytes.len() as u64;
        });
        let (info, rmgr) = (bytes[16], RmgrId::from_number(bytes[17]).unwrap_or(RmgrId::Xlog));
        if rmgr != RmgrId::Standby || info == XLOG_INVALIDATIONS {
            self.last_important.set(start);
        }
        cx.emit(Event::WalInsert { start, end, rmgr, info });
        end
    }

    /// Has the ring hold a page, fresh if it does not hold it yet.
    fn prepare_page(&self, address: Lsn) {
        let at = self.place(address);
        if self.held.borrow()[at] == address {
            return;
        }
        let evicted = self.held.borrow()[at];
        assert!(
            !evicted.is_valid() || evicted + XLOG_BLCKSZ as u64 <= self.write.get(),
            "the WAL page at {evicted} would be lost"
        );
        let ring = &mut self.ring.borrow_mut()[at];
        ring.fill(0);
        let Wal { config, .. } = self;
        PageHeader::fresh(config.seg, self.timeline.get(), address, config.system_id, self.backups.get() > 0)
            .encode(ring);
        self.held.borrow_mut()[at] = address;
    }

    /// Ends the segment here: `pg_switch_wal`. Returns the end of the switch record; the next record begins in
    /// the next segment. Does nothing at the very beginning of one.
    pub async fn switch_segment(&self, cx: &Cx) -> Result<Lsn> {
        let seg = self.config.seg;
        let here = self.insert.get();
        if seg.offset_of(here) == 0 || here == page::skip_header(seg, seg.start_of(seg.segment_of(here))) {
            return Ok(here);
        }
        self.make_room(cx, HEADER_SIZE).await?;
        let end = self.insert(cx, &RecordBuilder::new(RmgrId::Xlog, XLOG_SWITCH));
        self.flush(cx, end).await?;
        if self.insert.get() == end {
            let next = seg.start_of(WalSegment(seg.segment_of(end + (seg.bytes() - 1)).0));
            self.insert.set(next);
            self.write.set(next);
            self.flush.set(next);
            self.flushed.wake_all(cx.world());
        }
        Ok(end)
    }

    // --- reading ---------------------------------------------------------------------------------------------

    /// Who is woken whenever the log is flushed further.
    pub fn flushed(&self) -> &WaitList {
        &self.flushed
    }

    /// Who is woken whenever a segment is full.
    pub fn segment_filled(&self) -> &WaitList {
        &self.segment_filled
    }

    /// A page as it is now, in the buffers or as the kernel has it: for pictures and for `pg_get_wal_records_info`.
    pub fn peek(&self, address: Lsn) -> Option<Box<WalPage>> {
        let at = self.place(address);
        if self.held.borrow()[at] == address {
            return Some(Box::new(self.ring.borrow()[at]));
        }
        let seg = self.config.seg;
        let path = self.existing_path(seg.segment_of(address))?;
        let bytes = self.disk.peek(&path, seg.offset_of(address), XLOG_BLCKSZ)?;
        <WalPage>::try_from(bytes.as_slice()).ok().map(Box::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{BackendType, TimestampTz};
    use crate::wal::{ReadError, WalReader, reader};
    use crate::world::{Disk, Limit, Mode, World};
    use std::rc::Rc;

    const SEG: WalSegSize = WalSegSize::ONE_MB;

    fn open(disk: &Disk) -> Rc<Wal> {
        let config = WalConfig { seg: SEG, system_id: 42, timeline: TimeLineId(1), buffers: 4 };
        Rc::new(Wal::open(config, disk.clone(), Lsn(0x100000), Lsn::INVALID, None))
    }

    #[test]
    fn records_of_two_writers_are_read_back_across_pages_and_segments() {
        let world = World::new(5, Mode::Lab, TimestampTz(0), 0);
        let (host, disk) = world.add_host();
        let wal = open(&disk);
        for n in 0..2u8 {
            let wal = wal.clone();
            world.spawn(host, BackendType::ClientBackend, move |cx| async move {
                for round in 0..400usize {
                    // Now and then one that is longer than all buffers.
                    let data = vec![n; 1 + round * 7 % 5000 + if round % 90 == 0 { 70_000 } else { 0 }];
                    wal.make_room(&cx, data.len() + 100).await.unwrap();
                    let end = wal.insert(&cx, &RecordBuilder::new(RmgrId::Xlog, 0xA0).main(&data));
                    if round % 10 == 0 {
                        wal.flush(&cx, end).await.unwrap();
                        assert!(wal.flush_lsn() >= end);
                    }
                }
                wal.flush(&cx, wal.insert_lsn()).await.unwrap();
            });
        }
        world.run(Limit::IDLE);
        assert_eq!(wal.flush_lsn(), wal.insert_lsn());
        let mut reader = WalReader::new(SEG, TimeLineId(1), Some(42), Lsn(0x100028));
        let mut source = reader::source(|lsn: Lsn, _| {
            let bytes = disk.peek(&wal.path(SEG.segment_of(lsn)), SEG.offset_of(lsn), XLOG_BLCKSZ)?;
            <WalPage>::try_from(bytes.as_slice()).ok()
        });
        let mut records = 0;
        let end = loop {
            match reader.next(&mut source) {
                Ok(_) => records += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(records, 800, "{end:?}");
        assert!(matches!(end, ReadError::Invalid(message) if message.contains("wanted 24, got 0")));
        assert!(disk.list("pg_wal/").len() >= 2);
    }
}
