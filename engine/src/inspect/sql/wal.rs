//! The log: positions, records, segment files, the last checkpoint; what pg_walinspect shows, and the built-in functions.

use super::super::view_wal::Pages;
use super::{Columns, Functions, alive, int4, or_null, text};
use crate::ids::{Error, Lsn, Result, TimestampTz, WalSegment, sqlstate};
use crate::server::{Pause, Server};
use crate::sql::bound::Row;
use crate::storage::control::{CATALOG_VERSION_NO, PG_CONTROL_VERSION};
use crate::types::Datum;
use crate::types::TypeId::{self, *};
use crate::types::{self};
use crate::wal::describe::{self, Tool};
use crate::wal::{DecodedRecord, WalReader};

const RECORD: Columns = &[
    ("start_lsn", PgLsn),
    ("end_lsn", PgLsn),
    ("prev_lsn", PgLsn),
    ("xid", Xid),
    ("resource_manager", Text),
    ("record_type", Text),
    ("record_length", Int4),
    ("main_data_length", Int4),
    ("fpi_length", Int4),
    ("description", Text),
    ("block_ref", Text),
];

pub(super) const CONTROL_CHECKPOINT: Columns = &[
    ("checkpoint_lsn", PgLsn),
    ("redo_lsn", PgLsn),
    ("redo_wal_file", Text),
    ("timeline_id", Int4),
    ("prev_timeline_id", Int4),
    ("full_page_writes", Bool),
    ("next_xid", Text),
    ("next_oid", TypeId::Oid),
    ("next_multixact_id", Xid),
    ("next_multi_offset", Xid),
    ("oldest_xid", Xid),
    ("oldest_xid_dbid", TypeId::Oid),
    ("oldest_active_xid", Xid),
    ("oldest_multi_xid", Xid),
    ("oldest_multi_dbid", TypeId::Oid),
    ("oldest_commit_ts_xid", Xid),
    ("newest_commit_ts_xid", Xid),
    ("checkpoint_time", TypeId::TimestampTz),
];

const CONTROL_SYSTEM: Columns = &[
    ("pg_control_version", Int4),
    ("catalog_version_no", Int4),
    ("system_identifier", Int8),
    ("pg_control_last_modified", TypeId::TimestampTz),
];

pub(super) fn add(functions: &mut Functions) {
    positions(functions);
    segments(functions);
    functions.rows("pg_get_wal_records_info", &[PgLsn, PgLsn], RECORD, |_, server, args| {
        records_between(server, lsn(&args[0])?, lsn(&args[1])?)
    });
    functions.rows("pg_get_wal_records_info_till_end_of_wal", &[PgLsn], RECORD, |_, server, args| {
        records_from(server, lsn(&args[0])?, last_known(server), usize::MAX)
    });
    functions.rows("pg_get_wal_record_info", &[PgLsn], RECORD, |_, server, args| {
        let (at, end) = (lsn(&args[0])?, last_known(server));
        if at >= end {
            return Err(future("input", end));
        }
        records_from(server, at, end, 1)
    });
    functions.rows("pg_control_checkpoint", &[], CONTROL_CHECKPOINT, |_, server, _| Ok(vec![checkpoint(server)]));
    functions.rows("pg_control_system", &[], CONTROL_SYSTEM, |_, server, _| {
        let control = server.control.borrow();
        let time = TimestampTz::from_unix_micros(control.time * 1_000_000);
        let system = Datum::Int8(control.system_identifier as i64);
        Ok(vec![vec![int4(PG_CONTROL_VERSION), int4(CATALOG_VERSION_NO), system, Datum::TimestampTz(time)]])
    });
}

fn lsn(value: &Datum) -> Result<Lsn> {
    match value {
        Datum::PgLsn(lsn) => Ok(*lsn),
        other => Err(other.unexpected("pg_lsn")),
    }
}

// --- positions -----------------------------------------------------------------------------------------------

/// The same of functions about names of files.
fn not_in_recovery_for(server: &Server, name: &str) -> Result<()> {
    not_in_recovery(server).map_err(|error| error.hint(format!("{name}() cannot be executed during recovery.")))
}

/// `RecoveryInProgress`: a standby has no positions of its own.
fn not_in_recovery(server: &Server) -> Result<()> {
    if !server.txns.procs.in_recovery() {
        return Ok(());
    }
    Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, "recovery is in progress")
        .hint("WAL control functions cannot be executed during recovery."))
}

fn positions(functions: &mut Functions) {
    functions.value("pg_current_wal_insert_lsn", &[], PgLsn, |_, server, _| {
        not_in_recovery(server).map(|()| Datum::PgLsn(server.wal.insert_lsn()))
    });
    functions.value("pg_current_wal_lsn", &[], PgLsn, |_, server, _| {
        not_in_recovery(server).map(|()| Datum::PgLsn(server.wal.write_lsn()))
    });
    functions.value("pg_current_wal_flush_lsn", &[], PgLsn, |_, server, _| {
        not_in_recovery(server).map(|()| Datum::PgLsn(server.wal.flush_lsn()))
    });
    functions.value("pg_last_wal_receive_lsn", &[], PgLsn, |_, server, _| {
        Ok(or_null(Some(server.receiver.flush.get()).filter(|lsn| lsn.is_valid()), Datum::PgLsn))
    });
    functions.value("pg_last_wal_replay_lsn", &[], PgLsn, |_, server, _| {
        Ok(or_null(Some(server.receiver.replay.get()).filter(|lsn| lsn.is_valid()), Datum::PgLsn))
    });
    recovery(functions);
    functions.registry.scalar("pg_wal_lsn_diff", &[PgLsn, PgLsn], Numeric, |_, args| {
        types::binary_op("-", PgLsn, PgLsn).and_then(|op| (op.eval)(&args[0], &args[1]))
    });
}

/// What can be done with replay on a standby.
fn recovery(functions: &mut Functions) {
    functions.value("pg_last_xact_replay_timestamp", &[], TypeId::TimestampTz, |_, server, _| {
        Ok(or_null(server.last_xact_replayed(), Datum::TimestampTz))
    });
    functions.value("pg_wal_replay_pause", &[], Void, |_, server, _| server.pause_replay(true).map(|()| text("")));
    functions.value("pg_wal_replay_resume", &[], Void, |_, server, _| server.pause_replay(false).map(|()| text("")));
    functions.value("pg_is_wal_replay_paused", &[], Bool, |_, server, _| {
        server.pause_state().map(|state| Datum::Bool(state != Pause::NotPaused))
    });
    functions.value("pg_get_wal_replay_pause_state", &[], Text, |_, server, _| {
        Ok(text(match server.pause_state()? {
            Pause::NotPaused => "not paused",
            Pause::Requested => "pause requested",
            Pause::Paused => "paused",
        }))
    });
    for args in [&[][..], &[Bool], &[Bool, Int4]] {
        let server = functions.server.clone();
        functions.registry.waiting("pg_promote", args, Bool, move |cx, args| {
            let server = alive(&server);
            Box::pin(async move {
                let seconds = args.get(1).map_or(Ok(60), Datum::as_int)?.max(0) as u64;
                let wait = args.first() != Some(&Datum::Bool(false));
                server?.promote(&cx.env.cx, Some(seconds).filter(|_| wait || seconds == 0)).await.map(Datum::Bool)
            })
        });
    }
}

// --- segments ------------------------------------------------------------------------------------------------

fn segments(functions: &mut Functions) {
    functions.value("pg_walfile_name", &[PgLsn], Text, |_, server, args| {
        not_in_recovery_for(server, "pg_walfile_name")?;
        Ok(text(file_before(server, lsn(&args[0])?)))
    });
    let place: Columns = &[("file_name", Text), ("file_offset", Int4)];
    functions.rows("pg_walfile_name_offset", &[PgLsn], place, |_, server, args| {
        not_in_recovery_for(server, "pg_walfile_name_offset")?;
        let at = lsn(&args[0])?;
        Ok(vec![vec![text(file_before(server, at)), int4(server.seg().offset_of(at))]])
    });
    let server = functions.server.clone();
    functions.registry.waiting("pg_switch_wal", &[], PgLsn, move |cx, _| {
        let server = alive(&server);
        Box::pin(async move {
            let server = server?;
            not_in_recovery(&server)?;
            server.wal.switch_segment(&cx.env.cx).await.map(Datum::PgLsn)
        })
    });
}

/// The file that holds the byte before a position: what ends at a segment's end belongs to it.
fn file_before(server: &Server, at: Lsn) -> String {
    let segment = WalSegment(at.0.saturating_sub(1) / server.seg().bytes());
    server.seg().file_name(server.timeline(), segment)
}

// --- records -------------------------------------------------------------------------------------------------

/// Up to where there is log to be shown: flushed, or on a standby replayed.
fn last_known(server: &Server) -> Lsn {
    if server.txns.procs.in_recovery() { server.receiver.replay.get() } else { server.wal.flush_lsn() }
}

fn future(which: &str, end: Lsn) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("cannot accept future {which} LSN"))
        .detail(format!("Last known WAL LSN on the database system is at {end}."))
}

fn records_between(server: &Server, from: Lsn, upto: Lsn) -> Result<Vec<Row>> {
    let end = last_known(server);
    if from > end {
        return Err(future("start", end));
    }
    if from >= upto {
        let message = "WAL start LSN must be less than end LSN";
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
    }
    if upto > end {
        return Err(future("end", end));
    }
    records_from(server, from, upto, usize::MAX)
}

/// At most `count` records that begin at or after `from` and end by `upto`.
fn records_from(server: &Server, from: Lsn, upto: Lsn, count: usize) -> Result<Vec<Row>> {
    let mut pages = Pages::upto(&server.wal, last_known(server));
    let mut reader = WalReader::new(server.seg(), server.timeline(), None, from);
    if reader.find_next(from, &mut pages).is_err() {
        let message = format!("could not find a valid record after {from}");
        return Err(Error::internal(message));
    }
    let mut rows = Vec::new();
    while rows.len() < count
        && let Ok(record) = reader.next(&mut pages)
        && record.end_lsn <= upto
    {
        rows.push(record_row(&record));
        pages.forget_before(record.end_lsn);
    }
    Ok(rows)
}

fn record_row(record: &DecodedRecord) -> Row {
    vec![
        Datum::PgLsn(record.lsn),
        Datum::PgLsn(record.end_lsn),
        Datum::PgLsn(record.prev),
        Datum::Xid(record.xid),
        text(record.rmid.name()),
        text(describe::record_type(record)),
        int4(record.total_len),
        int4(record.main_data.len()),
        int4(record.fpi_len()),
        text(describe::description(record, Tool::Server).unwrap_or_default()),
        text(describe::block_ref(record)),
    ]
}

// --- pg_control ----------------------------------------------------------------------------------------------

pub(super) fn checkpoint(server: &Server) -> Row {
    let control = server.control.borrow();
    let copy = &control.checkpoint_copy;
    let seg = server.seg();
    vec![
        Datum::PgLsn(control.checkpoint),
        Datum::PgLsn(copy.redo),
        text(seg.file_name(copy.this_timeline, seg.segment_of(copy.redo))),
        int4(copy.this_timeline.0),
        int4(copy.prev_timeline.0),
        Datum::Bool(copy.full_page_writes),
        text(format!("{}:{}", copy.next_xid.epoch(), copy.next_xid.xid())),
        Datum::Oid(copy.next_oid),
        Datum::Xid(crate::ids::Xid(copy.next_multi)),
        Datum::Xid(crate::ids::Xid(copy.next_multi_offset)),
        Datum::Xid(copy.oldest_xid),
        Datum::Oid(copy.oldest_xid_db),
        Datum::Xid(copy.oldest_active_xid),
        Datum::Xid(crate::ids::Xid(copy.oldest_multi)),
        Datum::Oid(copy.oldest_multi_db),
        Datum::Xid(copy.oldest_commit_ts_xid),
        Datum::Xid(copy.newest_commit_ts_xid),
        Datum::TimestampTz(TimestampTz::from_unix_micros(copy.time * 1_000_000)),
    ]
}
