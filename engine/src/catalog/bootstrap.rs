//! initdb: the files of a new cluster, written before there is any process.
//!
//! ```text
//!   PG_VERSION                      15
//!   global/pg_control               where the log ends: with a shutdown checkpoint, so there is nothing to replay
//!   global/1262                     pg_database, shared by all databases
//!   base/5/PG_VERSION               the database postgres
//!   base/5/1259, 1249, 1247 ...     the catalogs, each with a visibility map: all rows are visible to everyone
//!   pg_xact/0000                    the transactions of initdb itself, all committed
//!   pg_subtrans/0000, pg_multixact/ whose part a transaction is, and who locks a row together: nobody as yet
//!   pg_wal/000000010000000000000001 the log, with that one checkpoint record
//! ```
//!
//! The ids go on where those of a fresh cluster of version 15 do, though the objects that took the first ones are not
//! all built: the first transaction of a user is 724, the first table 16384. The rows were written by transaction 1,
//! which counts as committed for ever.

use super::layout::{Filed, SYSTEM_TABLES, SystemTable};
use super::pg_class::ClassRow;
use super::{pg_am, pg_attribute, pg_database, pg_namespace, pg_type};
use crate::ids::{
    BlockNumber, Error, Fork, FullXid, Lsn, Oid, Result, RmgrId, TimeLineId, TimestampTz, USECS_PER_SEC, WalSegSize,
    WalSegment, Xid, XidStatus,
};
use crate::settings::{Setting, Settings, file};
use crate::storage::control::{CheckPoint, ControlFileData, DbState, WalLevel};
use crate::storage::page::{self, Place};
use crate::storage::tuple::{self, HEAP_XMAX_INVALID, HEAP_XMIN_COMMITTED};
use crate::storage::{PageBytes, bytes, clog, vm};
use crate::types::{Datum, form_tuple};
use crate::wal::page::{LONG_HEADER, PageHeader, XLOG_BLCKSZ};
use crate::wal::{RecordBuilder, xlog_records};
use crate::world::Disk;

/// The next transaction id of a fresh cluster of 15.
pub const FIRST_XID: FullXid = FullXid(724);
/// The next object id: the first use of it skips to 16384.
const NEXT_OID: Oid = Oid(13573);
/// The oldest transaction that may stand unfrozen in a table.
const OLDEST_XID: Xid = Xid(716);
/// The LSN of pages that initdb writes without a log.
const BOOTSTRAP_LSN: Lsn = Lsn(LONG_HEADER as u64);
/// The first segment of the log; there is none with the number 0.
const FIRST_SEGMENT: WalSegment = WalSegment(1);

/// What initdb is told.
#[derive(Clone, Debug)]
pub struct InitSpec {
    /// Which cluster this will be.
    pub system_id: u64,
    /// The size of a WAL segment.
    pub seg: WalSegSize,
    /// When it happens.
    pub now: TimestampTz,
    /// Random bytes for authentication that fails early.
    pub nonce: [u8; 32],
    /// What `postgresql.conf` is to say; pg_control keeps a copy of some.
    pub settings: Settings,
}

/// Writes both configuration files.
pub fn write_configuration(disk: &Disk, settings: &Settings) -> Result<()> {
    let head =
        "# What this server is told at its start and at each reload; ALTER SYSTEM writes postgresql.auto.conf.\n";
    write_file(disk, file::MAIN, settings.file_text(head).as_bytes())?;
    write_file(disk, file::AUTO, file::render_auto(&[]).as_bytes())
}

/// Writes the files of a new cluster and syncs them.
pub fn initdb(disk: &Disk, spec: &InitSpec) -> Result<()> {
    write_file(disk, "PG_VERSION", b"15\n")?;
    write_configuration(disk, &spec.settings)?;
    write_file(disk, "base/5/PG_VERSION", b"15\n")?;
    write_file(disk, "base/5/pg_filenode.map", &filenode_map(Filed::Mapped))?;
    write_file(disk, "global/pg_filenode.map", &filenode_map(Filed::Shared))?;
    write_catalogs(disk)?;
    write_file(disk, &clog::file_of(0).0, &first_clog_page()[..])?;
    for folder in ["pg_subtrans", "pg_multixact/offsets", "pg_multixact/members"] {
        write_file(disk, &format!("{folder}/0000"), &[0; crate::ids::BLCKSZ])?;
    }
    let redo = spec.seg.start_of(FIRST_SEGMENT) + LONG_HEADER as u64;
    let checkpoint = checkpoint(spec, redo);
    write_segment(disk, spec, &checkpoint)?;
    write_file(disk, "global/pg_control", &control(spec, checkpoint).encode()[..])
}

fn write_file(disk: &Disk, path: &str, content: &[u8]) -> Result<()> {
    disk.create(path);
    disk.write_now(path, 0, content)?;
    disk.sync_now(path)?;
    Ok(())
}

// --- the catalogs --------------------------------------------------------------------------------------------

/// The rows of all catalogs but pg_class, whose rows tell how long the others are.
fn rows_of(table: &SystemTable) -> Vec<Vec<Datum>> {
    match table.name {
        "pg_attribute" => {
            SYSTEM_TABLES.iter().flat_map(|of| pg_attribute::rows(of.oid, &of.desc().attrs, true)).collect()
        }
        "pg_type" => {
            let types_of = |of: &&SystemTable| {
                let array_name = format!("_{}", of.name);
                let (row_type, array_type) = ((of.row_type, of.name), (of.array_type, array_name.as_str()));
                pg_type::rows_of_table(of.oid, pg_namespace::PG_CATALOG, row_type, array_type)
            };
            pg_type::built_in_rows().into_iter().chain(SYSTEM_TABLES.iter().flat_map(types_of)).collect()
        }
        "pg_namespace" => pg_namespace::rows(),
        "pg_database" => pg_database::rows(OLDEST_XID),
        "pg_am" => pg_am::rows(),
        _ => Vec::new(),
    }
}

fn write_catalogs(disk: &Disk) -> Result<()> {
    let mut class_rows = Vec::new();
    for table in SYSTEM_TABLES.into_iter().filter(|table| table.name != "pg_class") {
        let rows = rows_of(table);
        let pages = pages_of(table, &rows)?;
        class_rows.push(ClassRow::of_catalog(table, pages.len(), rows.len(), OLDEST_XID).values());
        write_relation(disk, table, &pages)?;
    }
    // The few rows of pg_class itself fit on one page.
    let pg_class = SYSTEM_TABLES[0];
    class_rows.push(ClassRow::of_catalog(pg_class, 1, class_rows.len() + 1, OLDEST_XID).values());
    write_relation(disk, pg_class, &pages_of(pg_class, &class_rows)?)
}

/// Heap pages with these rows, all of transaction 1.
fn pages_of(table: &SystemTable, rows: &[Vec<Datum>]) -> Result<Vec<Box<PageBytes>>> {
    let desc = table.desc();
    let mut pages: Vec<Box<PageBytes>> = Vec::new();
    for values in rows {
        let mut row = form_tuple(&desc, values)?;
        tuple::set_xmin(&mut row, Xid::BOOTSTRAP);
        let infomask = tuple::infomask(&row) | HEAP_XMIN_COMMITTED | HEAP_XMAX_INVALID;
        tuple::set_infomask(&mut row, infomask);
        if pages.last().is_none_or(|page| page::heap_free_space(page) < row.len()) {
            pages.push(empty_page());
        }
        let block = BlockNumber(pages.len() as u32 - 1);
        let Some(page) = pages.last_mut() else { continue };
        let added = page::add_item(page, &row, Place::Anywhere, true)?;
        let offset = added.ok_or_else(|| Error::internal(format!("a row of {} does not fit a page", table.name)))?;
        if let Some(stored) = page::heap_tuple_mut(page, offset) {
            tuple::set_ctid(stored, crate::ids::Tid::new(block, offset));
        }
    }
    Ok(pages)
}

fn empty_page() -> Box<PageBytes> {
    let mut page = Box::new([0; crate::ids::BLCKSZ]);
    page::init(&mut page, 0);
    page::set_lsn(&mut page, BOOTSTRAP_LSN);
    page::set_flag(&mut page, page::PD_ALL_VISIBLE, true);
    page
}

/// The pages, and a visibility map that says that all of them are visible and frozen.
fn write_relation(disk: &Disk, table: &SystemTable, pages: &[Box<PageBytes>]) -> Result<()> {
    let content: Vec<u8> = pages.iter().flat_map(|page| page.iter().copied()).collect();
    write_file(disk, &table.file().path(Fork::Main), &content)?;
    let mut map = empty_page();
    page::set_flag(&mut map, page::PD_ALL_VISIBLE, false);
    for block in 0..pages.len() as u32 {
        vm::set(&mut map, BlockNumber(block), vm::VISIBILITYMAP_VALID_BITS);
    }
    write_file(disk, &table.file().path(Fork::Vm), &map[..])
}

/// `pg_filenode.map`: which file each mapped catalog has: magic, how many, up to 62 pairs, CRC.
fn filenode_map(filed: Filed) -> [u8; 512] {
    const RELMAPPER_FILEMAGIC: u32 = 0x0059_2717;
    const CRC_AT: usize = 504;
    let mut map = [0; 512];
    bytes::put_u32(&mut map, 0, RELMAPPER_FILEMAGIC);
    let mapped = SYSTEM_TABLES.iter().filter(|table| table.filed == filed);
    for (at, table) in mapped.enumerate() {
        bytes::put_u32(&mut map, 4, at as u32 + 1);
        bytes::put_u32(&mut map, 8 + 8 * at, table.oid.0);
        bytes::put_u32(&mut map, 12 + 8 * at, table.oid.0);
    }
    let crc = crate::storage::crc::crc32c(&map[..CRC_AT]);
    bytes::put_u32(&mut map, CRC_AT, crc);
    map
}

// --- transactions, log, control file -------------------------------------------------------------------------

fn first_clog_page() -> Box<PageBytes> {
    let mut page = Box::new([0; crate::ids::BLCKSZ]);
    for xid in Xid::FIRST_NORMAL.0..FIRST_XID.xid().0 {
        clog::set_status(&mut page, Xid(xid), XidStatus::Committed);
    }
    page
}

fn unix_seconds(time: TimestampTz) -> i64 {
    time.0.div_euclid(USECS_PER_SEC as i64) + TimestampTz::UNIX_EPOCH_OFFSET
}

fn checkpoint(spec: &InitSpec, redo: Lsn) -> CheckPoint {
    CheckPoint {
        redo,
        this_timeline: TimeLineId(1),
        prev_timeline: TimeLineId(1),
        full_page_writes: spec.settings.on(Setting::full_page_writes),
        next_xid: FIRST_XID,
        next_oid: NEXT_OID,
        next_multi: 1,
        next_multi_offset: 0,
        oldest_xid: OLDEST_XID,
        oldest_xid_db: pg_database::TEMPLATE1,
        oldest_multi: 1,
        oldest_multi_db: pg_database::TEMPLATE1,
        time: unix_seconds(spec.now),
        oldest_commit_ts_xid: Xid::INVALID,
        newest_commit_ts_xid: Xid::INVALID,
        oldest_active_xid: Xid::INVALID,
    }
}

/// The first segment: a page header, the checkpoint record, zeros.
fn write_segment(disk: &Disk, spec: &InitSpec, checkpoint: &CheckPoint) -> Result<()> {
    let start = spec.seg.start_of(FIRST_SEGMENT);
    let mut page = [0; XLOG_BLCKSZ];
    PageHeader::fresh(spec.seg, checkpoint.this_timeline, start, spec.system_id, false).encode(&mut page);
    let record = RecordBuilder::new(RmgrId::Xlog, xlog_records::XLOG_CHECKPOINT_SHUTDOWN).main(&checkpoint.encode());
    let mut record = record.assemble(Lsn::INVALID, false);
    record.finish(Lsn::INVALID);
    page[LONG_HEADER..LONG_HEADER + record.bytes.len()].copy_from_slice(&record.bytes);
    let path = format!("pg_wal/{}", spec.seg.file_name(checkpoint.this_timeline, FIRST_SEGMENT));
    disk.create(&path);
    disk.set_len(&path, spec.seg.bytes())?;
    write_file(disk, &path, &page)
}

fn control(spec: &InitSpec, checkpoint: CheckPoint) -> ControlFileData {
    /// `FirstNormalUnloggedLSN`
    const FIRST_UNLOGGED_LSN: Lsn = Lsn(1000);
    let settings = &spec.settings;
    ControlFileData {
        system_identifier: spec.system_id,
        state: DbState::Shutdowned,
        time: checkpoint.time,
        checkpoint: checkpoint.redo,
        checkpoint_copy: checkpoint,
        unlogged_lsn: FIRST_UNLOGGED_LSN,
        min_recovery_point: Lsn::INVALID,
        min_recovery_point_tli: TimeLineId(0),
        backup_start_point: Lsn::INVALID,
        backup_end_point: Lsn::INVALID,
        backup_end_required: false,
        wal_level: match settings.word(Setting::wal_level) {
            "minimal" => WalLevel::Minimal,
            "logical" => WalLevel::Logical,
            _ => WalLevel::Replica,
        },
        wal_log_hints: false,
        max_connections: settings.int(Setting::max_connections) as i32,
        max_worker_processes: 8,
        max_wal_senders: settings.int(Setting::max_wal_senders) as i32,
        max_prepared_xacts: 0,
        max_locks_per_xact: 64,
        track_commit_timestamp: false,
        xlog_seg_size: spec.seg,
        data_checksums: settings.on(Setting::data_checksums),
        mock_authentication_nonce: spec.nonce,
    }
}
