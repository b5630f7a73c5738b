//! A record in words, as PostgreSQL's own tools print it, so that what the page shows can be compared with a real
//! server's.
//!
//! Two tools print WAL, and not quite alike: `pg_get_wal_records_info` prints times as the server does and block
//! references at length, `pg_waldump` the reverse.
//!
//! ```text
//!   rmgr: Heap  len (rec/tot):  65/ 265, tx: 727, lsn: 0/006329A0, prev 0/00632928,
//!   desc: HOT_UPDATE off 1 xmax 727 flags 0x20 ; new off 4 xmax 0, blkref #0: rel 1663/5/16384 blk 0 FPW
//!         `- record_type       `- description                      `- block_ref
//! ```
//!
//! PostgreSQL: `access/rmgrdesc/*.c`, `XLogRecGetBlockRefInfo`.

use std::fmt::{self, Write};

use super::btree_records::{self as btree, BtreeRecord};
use super::clog_records::{self as clog, ClogRecord};
use super::decode::DecodedRecord;
use super::heap_records::*;
use super::heap2_records::*;
use super::invalidation::Invalidation;
use super::multixact_records::{self as multixact, MultiXactRecord};
use super::record::XLR_RMGR_INFO_MASK;
use super::seq_records::{SeqLog, XLOG_SEQ_LOG};
use super::standby_records::{self as standby, RunningXacts, StandbyRecord};
use super::storage_records::{self as storage, StorageRecord};
use super::xact_records::{self as xact, *};
use super::xlog_records::{self as xlog, XlogRecord};
use crate::ids::{Fork, FullXid, Lsn, RelFile, Result, RmgrId, TimestampTz};
use crate::storage::control::{CheckPoint, WalLevel};
use crate::types::datetime::utc_out;

/// Who prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// `pg_get_wal_records_info`, in a session with `TimeZone` UTC.
    Server,
    /// `pg_waldump`, run in UTC.
    Waldump,
}

/// The kind of the record: `record_type`.
pub fn record_type(record: &DecodedRecord) -> String {
    let info = record.info & XLR_RMGR_INFO_MASK;
    let name = match record.rmid {
        RmgrId::Xlog => xlog_type(info),
        RmgrId::Transaction => match info & XLOG_XACT_OPMASK {
            xact::XLOG_XACT_COMMIT => "COMMIT",
            xact::XLOG_XACT_ABORT => "ABORT",
            xact::XLOG_XACT_ASSIGNMENT => "ASSIGNMENT",
            _ => "",
        },
        RmgrId::Storage => match info {
            storage::XLOG_SMGR_CREATE => "CREATE",
            storage::XLOG_SMGR_TRUNCATE => "TRUNCATE",
            _ => "",
        },
        RmgrId::Clog => match info {
            clog::CLOG_ZEROPAGE => "ZEROPAGE",
            clog::CLOG_TRUNCATE => "TRUNCATE",
            _ => "",
        },
        RmgrId::MultiXact => match info {
            multixact::XLOG_MULTIXACT_ZERO_OFF_PAGE => "ZERO_OFF_PAGE",
            multixact::XLOG_MULTIXACT_ZERO_MEM_PAGE => "ZERO_MEM_PAGE",
            multixact::XLOG_MULTIXACT_CREATE_ID => "CREATE_ID",
            multixact::XLOG_MULTIXACT_TRUNCATE_ID => "TRUNCATE_ID",
            _ => "",
        },
        RmgrId::Standby => match info {
            standby::XLOG_STANDBY_LOCK => "LOCK",
            standby::XLOG_RUNNING_XACTS => "RUNNING_XACTS",
            standby::XLOG_INVALIDATIONS => "INVALIDATIONS",
            _ => "",
        },
        RmgrId::Heap => heap_type(info),
        RmgrId::Heap2 => heap2_type(info),
        RmgrId::Btree => btree::name(info),
        RmgrId::Sequence if info == XLOG_SEQ_LOG => "LOG",
        _ => "",
    };
    if name.is_empty() { format!("UNKNOWN ({info:x})") } else { name.into() }
}

fn xlog_type(info: u8) -> &'static str {
    match info {
        xlog::XLOG_CHECKPOINT_SHUTDOWN => "CHECKPOINT_SHUTDOWN",
        xlog::XLOG_CHECKPOINT_ONLINE => "CHECKPOINT_ONLINE",
        xlog::XLOG_NOOP => "NOOP",
        xlog::XLOG_NEXTOID => "NEXTOID",
        xlog::XLOG_SWITCH => "SWITCH",
        xlog::XLOG_BACKUP_END => "BACKUP_END",
        xlog::XLOG_PARAMETER_CHANGE => "PARAMETER_CHANGE",
        xlog::XLOG_RESTORE_POINT => "RESTORE_POINT",
        xlog::XLOG_FPW_CHANGE => "FPW_CHANGE",
        xlog::XLOG_END_OF_RECOVERY => "END_OF_RECOVERY",
        xlog::XLOG_FPI_FOR_HINT => "FPI_FOR_HINT",
        xlog::XLOG_FPI => "FPI",
        xlog::XLOG_OVERWRITE_CONTRECORD => "OVERWRITE_CONTRECORD",
        _ => "",
    }
}

fn heap_type(info: u8) -> &'static str {
    const INSERT_INIT: u8 = XLOG_HEAP_INSERT | XLOG_HEAP_INIT_PAGE;
    const UPDATE_INIT: u8 = XLOG_HEAP_UPDATE | XLOG_HEAP_INIT_PAGE;
    const HOT_UPDATE_INIT: u8 = XLOG_HEAP_HOT_UPDATE | XLOG_HEAP_INIT_PAGE;
    match info {
        XLOG_HEAP_INSERT => "INSERT",
        INSERT_INIT => "INSERT+INIT",
        XLOG_HEAP_DELETE => "DELETE",
        XLOG_HEAP_UPDATE => "UPDATE",
        UPDATE_INIT => "UPDATE+INIT",
        XLOG_HEAP_HOT_UPDATE => "HOT_UPDATE",
        HOT_UPDATE_INIT => "HOT_UPDATE+INIT",
        XLOG_HEAP_TRUNCATE => "TRUNCATE",
        XLOG_HEAP_CONFIRM => "HEAP_CONFIRM",
        XLOG_HEAP_LOCK => "LOCK",
        XLOG_HEAP_INPLACE => "INPLACE",
        _ => "",
    }
}

fn heap2_type(info: u8) -> &'static str {
    const MULTI_INSERT_INIT: u8 = XLOG_HEAP2_MULTI_INSERT | XLOG_HEAP_INIT_PAGE;
    match info {
        XLOG_HEAP2_PRUNE => "PRUNE",
        XLOG_HEAP2_VACUUM => "VACUUM",
        XLOG_HEAP2_FREEZE_PAGE => "FREEZE_PAGE",
        XLOG_HEAP2_VISIBLE => "VISIBLE",
        XLOG_HEAP2_MULTI_INSERT => "MULTI_INSERT",
        MULTI_INSERT_INIT => "MULTI_INSERT+INIT",
        XLOG_HEAP2_LOCK_UPDATED => "LOCK_UPDATED",
        _ => "",
    }
}

/// What the record does: `description`, trailing blanks and all. Empty for resource managers whose records this engine
/// does not write.
pub fn description(record: &DecodedRecord, tool: Tool) -> Result<String> {
    Ok(match record.rmid {
        RmgrId::Xlog => xlog_description(&XlogRecord::decode(record)?, tool),
        RmgrId::Transaction => xact_description(&XactRecord::decode(record)?, record.origin, tool),
        RmgrId::Storage => match StorageRecord::decode(record)? {
            StorageRecord::Create { rel, fork } => rel.path(fork),
            StorageRecord::Truncate { blocks, rel, flags } => {
                format!("{} to {blocks} blocks flags {flags}", rel.path(Fork::Main))
            }
        },
        RmgrId::Clog => match ClogRecord::decode(record)? {
            ClogRecord::ZeroPage(page) => format!("page {page}"),
            ClogRecord::Truncate { page, oldest_xact, .. } => format!("page {page}; oldestXact {oldest_xact}"),
        },
        RmgrId::MultiXact => MultiXactRecord::decode(record)?.description(),
        RmgrId::Standby => standby_description(&StandbyRecord::decode(record)?),
        RmgrId::Heap => heap_description(&HeapRecord::decode(record)?),
        RmgrId::Heap2 => heap2_description(&Heap2Record::decode(record)?),
        RmgrId::Btree => btree_description(record)?,
        RmgrId::Sequence => {
            let RelFile { spc, db, rel } = SeqLog::decode(record)?.rel;
            format!("rel {spc}/{db}/{rel}")
        }
        _ => String::new(),
    })
}

fn xlog_description(record: &XlogRecord, tool: Tool) -> String {
    match record {
        XlogRecord::CheckpointShutdown(checkpoint) => checkpoint_description(checkpoint, "shutdown"),
        XlogRecord::CheckpointOnline(checkpoint) => checkpoint_description(checkpoint, "online"),
        XlogRecord::Noop | XlogRecord::Switch | XlogRecord::Fpi | XlogRecord::FpiForHint => String::new(),
        XlogRecord::NextOid(oid) => oid.to_string(),
        XlogRecord::BackupEnd(start) => start.to_string(),
        XlogRecord::ParameterChange(p) => format!(
            "max_connections={} max_worker_processes={} max_wal_senders={} max_prepared_xacts={} \
             max_locks_per_xact={} wal_level={} wal_log_hints={} track_commit_timestamp={}",
            p.max_connections,
            p.max_worker_processes,
            p.max_wal_senders,
            p.max_prepared_xacts,
            p.max_locks_per_xact,
            match p.wal_level {
                WalLevel::Minimal => "minimal",
                WalLevel::Replica => "replica",
                WalLevel::Logical => "logical",
            },
            if p.wal_log_hints { "on" } else { "off" },
            if p.track_commit_timestamp { "on" } else { "off" },
        ),
        XlogRecord::RestorePoint { name, .. } => name.clone(),
        XlogRecord::FpwChange(on) => on.to_string(),
        XlogRecord::EndOfRecovery(end) => {
            format!("tli {}; prev tli {}; time {}", end.tli, end.prev_tli, time(end.time, tool))
        }
        XlogRecord::OverwriteContrecord { overwritten, time: at } => {
            format!("lsn {overwritten}; time {}", time(*at, tool))
        }
    }
}

fn checkpoint_description(c: &CheckPoint, kind: &str) -> String {
    format!(
        "redo {}; tli {}; prev tli {}; fpw {}; xid {}:{}; oid {}; multi {}; offset {}; oldest xid {} in DB {}; \
         oldest multi {} in DB {}; oldest/newest commit timestamp xid: {}/{}; oldest running xid {}; {kind}",
        c.redo,
        c.this_timeline,
        c.prev_timeline,
        c.full_page_writes,
        c.next_xid.epoch(),
        c.next_xid.xid(),
        c.next_oid,
        c.next_multi,
        c.next_multi_offset,
        c.oldest_xid,
        c.oldest_xid_db,
        c.oldest_multi,
        c.oldest_multi_db,
        c.oldest_commit_ts_xid,
        c.newest_commit_ts_xid,
        c.oldest_active_xid,
    )
}

fn xact_description(record: &XactRecord, origin: Option<u16>, tool: Tool) -> String {
    let end = match record {
        XactRecord::Commit(end) | XactRecord::Abort(end) => end,
        XactRecord::Assignment(assignment) => {
            return format!("xtop {}: subxacts:{}", assignment.top, each(&assignment.subxacts));
        }
    };
    let mut out = end.twophase.map(|xid| format!("{xid}: ")).unwrap_or_default();
    out += &time(end.time, tool);
    if !end.rels.is_empty() {
        out += &format!("; rels:{}", each(end.rels.iter().map(|rel: &RelFile| rel.path(Fork::Main))));
    }
    if !end.subxacts.is_empty() {
        out += &format!("; subxacts:{}", each(&end.subxacts));
    }
    if !end.stats.is_empty() {
        let item = |item: &StatsItem| format!("{}/{}/{}", item.kind, item.db, item.object);
        out += &format!("; dropped stats:{}", each(end.stats.iter().map(item)));
    }
    if end.completion & XACT_COMPLETION_UPDATE_RELCACHE_FILE != 0
        && let (Some((db, tablespace)), false) = (end.db, end.invals.is_empty())
    {
        out += &format!("; relcache init file inval dbid {db} tsid {tablespace}");
    }
    out += &invalidations(&end.invals);
    if end.completion & XACT_COMPLETION_FORCE_SYNC_COMMIT != 0 {
        out += "; sync";
    }
    if let Some((lsn, at)) = end.origin {
        out += &format!("; origin: node {}, lsn {lsn}, at {}", origin.unwrap_or(0), time(at, tool));
    }
    out
}

fn invalidations(messages: &[Invalidation]) -> String {
    let one = |message: &Invalidation| match message {
        Invalidation::Catcache { id, .. } => format!("catcache {id}"),
        Invalidation::Catalog { catalog, .. } => format!("catalog {catalog}"),
        Invalidation::Relcache { rel, .. } => format!("relcache {rel}"),
        Invalidation::Smgr { .. } => "smgr".into(),
        Invalidation::Relmap { db } => format!("relmap db {db}"),
        Invalidation::Snapshot { rel, .. } => format!("snapshot {rel}"),
        Invalidation::Unknown(id) => format!("unrecognized id {id}"),
    };
    if messages.is_empty() { String::new() } else { format!("; inval msgs:{}", each(messages.iter().map(one))) }
}

fn standby_description(record: &StandbyRecord) -> String {
    match record {
        StandbyRecord::Lock(locks) => {
            locks.iter().map(|lock| format!("xid {} db {} rel {} ", lock.xid, lock.db, lock.rel)).collect()
        }
        StandbyRecord::RunningXacts(running) => running_xacts_description(running),
        StandbyRecord::Invalidations(it) => {
            let mut out = String::new();
            if it.relcache_init_file && !it.messages.is_empty() {
                out = format!("; relcache init file inval dbid {} tsid {}", it.db, it.tablespace);
            }
            out + &invalidations(&it.messages)
        }
    }
}

fn running_xacts_description(running: &RunningXacts) -> String {
    let mut out = format!(
        "nextXid {} latestCompletedXid {} oldestRunningXid {}",
        running.next_xid, running.latest_completed_xid, running.oldest_running_xid
    );
    if !running.xids.is_empty() {
        out += &format!("; {} xacts:{}", running.xids.len(), each(&running.xids));
    }
    if running.subxid_overflow {
        out += "; subxid ovf";
    }
    out
}

fn heap_description(record: &HeapRecord) -> String {
    match record {
        HeapRecord::Insert(it) => format!("off {} flags 0x{:02X}", it.offnum, it.flags),
        HeapRecord::Delete(it) => format!("off {} flags 0x{:02X} {}", it.offnum, it.flags, infobits(it.infobits)),
        HeapRecord::Update(it) | HeapRecord::HotUpdate(it) => format!(
            "off {} xmax {} flags 0x{:02X} {}; new off {} xmax {}",
            it.old_offnum,
            it.old_xmax,
            it.flags,
            infobits(it.old_infobits),
            it.new_offnum,
            it.new_xmax
        ),
        HeapRecord::Truncate(it) => {
            let cascade = if it.flags & 1 != 0 { "cascade " } else { "" };
            let restart = if it.flags & 2 != 0 { "restart_seqs " } else { "" };
            format!("{cascade}{restart}nrelids {} relids{}", it.relids.len(), each(&it.relids))
        }
        HeapRecord::Confirm(it) => format!("off {}", it.offnum),
        HeapRecord::Lock(it) => {
            format!("off {}: xid {}: flags 0x{:02X} {}", it.offnum, it.locking_xid, it.flags, infobits(it.infobits))
        }
        HeapRecord::Inplace(it) => format!("off {}", it.offnum),
    }
}

fn heap2_description(record: &Heap2Record) -> String {
    match record {
        Heap2Record::Prune(it) => {
            format!("latestRemovedXid {} nredirected {} ndead {}", it.latest_removed_xid, it.nredirected, it.ndead)
        }
        Heap2Record::Vacuum(it) => format!("nunused {}", it.nunused),
        Heap2Record::FreezePage(it) => format!("cutoff xid {} ntuples {}", it.cutoff_xid, it.ntuples),
        Heap2Record::Visible(it) => format!("cutoff xid {} flags 0x{:02X}", it.cutoff_xid, it.flags),
        Heap2Record::MultiInsert(it) => format!("{} tuples flags 0x{:02X}", it.ntuples, it.flags),
        Heap2Record::LockUpdated(it) => {
            format!("off {}: xmax {}: flags 0x{:02X} {}", it.offnum, it.locking_xid, it.flags, infobits(it.infobits))
        }
    }
}

fn btree_description(record: &DecodedRecord) -> Result<String> {
    let safe = |xid: FullXid| format!("{}:{}", xid.epoch(), xid.xid());
    Ok(match BtreeRecord::decode(record)? {
        BtreeRecord::Insert(offset) => format!("off {offset}"),
        BtreeRecord::Split(it) => format!(
            "level {}, firstrightoff {}, newitemoff {}, postingoff {}",
            it.level, it.firstrightoff, it.newitemoff, it.postingoff
        ),
        BtreeRecord::Dedup(intervals) => format!("nintervals {intervals}"),
        BtreeRecord::Delete(xid, it) => {
            format!("latestRemovedXid {xid}; ndeleted {}; nupdated {}", it.deleted, it.updated)
        }
        BtreeRecord::Vacuum(it) => format!("ndeleted {}; nupdated {}", it.deleted, it.updated),
        BtreeRecord::MarkPageHalfDead(it) => {
            format!("topparent {}; leaf {}; left {}; right {}", it.topparent, it.leaf, it.left, it.right)
        }
        BtreeRecord::UnlinkPage(it) => format!(
            "left {}; right {}; level {}; safexid {}; leafleft {}; leafright {}; leaftopparent {}",
            it.left,
            it.right,
            it.level,
            safe(it.safexid),
            it.leaf_left,
            it.leaf_right,
            it.leaf_topparent
        ),
        BtreeRecord::NewRoot { level, .. } => format!("lev {level}"),
        BtreeRecord::ReusePage { rel: RelFile { spc, db, rel }, latest_removed, .. } => {
            format!("rel {spc}/{db}/{rel}; latestRemovedXid {}", safe(latest_removed))
        }
        BtreeRecord::MetaCleanup => {
            let meta = btree::decode_meta(&record.need_block(0)?.data)?;
            format!("last_cleanup_num_delpages {}", meta.last_cleanup_num_delpages)
        }
    })
}

fn infobits(bits: u8) -> String {
    const NAMES: [(u8, &str); 5] = [
        (XLHL_XMAX_IS_MULTI, "IS_MULTI "),
        (XLHL_XMAX_LOCK_ONLY, "LOCK_ONLY "),
        (XLHL_XMAX_EXCL_LOCK, "EXCL_LOCK "),
        (XLHL_XMAX_KEYSHR_LOCK, "KEYSHR_LOCK "),
        (XLHL_KEYS_UPDATED, "KEYS_UPDATED "),
    ];
    NAMES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect()
}

/// Each item with a blank before it.
fn each<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().fold(String::new(), |mut out, item| {
        let _ = write!(out, " {item}"); // writing to a string cannot fail
        out
    })
}

/// `timestamptz_to_str`, which each tool has in its own form.
fn time(at: TimestampTz, tool: Tool) -> String {
    let server = utc_out(at);
    match tool {
        Tool::Server => server,
        Tool::Waldump => {
            let plain = server.trim_end_matches("+00");
            let (seconds, fraction) = plain.split_once('.').unwrap_or((plain, ""));
            format!("{seconds}.{fraction:0<6} UTC")
        }
    }
}

/// The pages that the record changes: `block_ref`.
pub fn block_ref(record: &DecodedRecord) -> String {
    let one = |(id, block): (usize, &super::DecodedBlock)| {
        let RelFile { spc, db, rel } = block.rel;
        let mut out = format!("blkref #{id}: rel {spc}/{db}/{rel} fork {} blk {}", block.fork.name(), block.block);
        if let Some(image) = &block.image {
            let purpose = if image.apply { "" } else { " for WAL verification" };
            out += &format!(" (FPW{purpose}); hole: offset: {}, length: {}", image.hole_offset, image.hole_length);
        }
        out
    };
    let blocks = record.blocks.iter().enumerate().filter_map(|(id, block)| Some((id, block.as_ref()?)));
    blocks.map(one).collect::<Vec<_>>().join(" ")
}

/// The record's line in the output of `pg_waldump`.
pub fn waldump_line(record: &DecodedRecord) -> Result<String> {
    let padded = |lsn: Lsn| format!("{:X}/{:08X}", lsn.0 >> 32, lsn.0 as u32);
    let mut out = format!(
        "rmgr: {:<11} len (rec/tot): {:>6}/{:>6}, tx: {:>10}, lsn: {}, prev {}, desc: {} {}",
        record.rmid.name(),
        record.total_len as usize - record.fpi_len(),
        record.total_len,
        record.xid.0,
        padded(record.lsn),
        padded(record.prev),
        record_type(record),
        description(record, Tool::Waldump)?,
    );
    for (id, block) in record.blocks.iter().enumerate() {
        let Some(block) = block else { continue };
        let fork = if block.fork == Fork::Main { String::new() } else { format!(" fork {}", block.fork.name()) };
        let RelFile { spc, db, rel } = block.rel;
        out += &format!(", blkref #{id}: rel {spc}/{db}/{rel}{fork} blk {}", block.block);
        out += match &block.image {
            Some(image) if image.apply => " FPW",
            Some(_) => " FPW for WAL verification",
            None => "",
        };
    }
    Ok(out)
}

/// What an error in replaying the record says of where it was: `rm_redo_error_callback`.
pub fn redo_context(record: &DecodedRecord) -> String {
    let what = description(record, Tool::Server).unwrap_or_default();
    let mut out = format!("WAL redo at {} for {}/{}: {what}", record.lsn, record.rmid.name(), record_type(record));
    for (id, block) in record.blocks.iter().enumerate() {
        let Some(block) = block else { continue };
        let RelFile { spc, db, rel } = block.rel;
        let fork = if block.fork == Fork::Main { String::new() } else { format!(", fork {}", block.fork as u8) };
        let image = if block.image.is_some() { " FPW" } else { "" };
        out += &format!("; blkref #{id}: rel {spc}/{db}/{rel}{fork}, blk {}{image}", block.block);
    }
    out
}
