//! Who is there and what they do.

use super::{Columns, Functions, int4, int8, or_null, text, text_or_null, xid_or_null};
use crate::catalog::SUPERUSER;
use crate::ids::{BackendType, Lsn, Oid, Pid, WaitEvent};
use crate::server::{Activity, Server};
use crate::sql::bound::Row;
use crate::txn::{ProcEntry, StandbyProgress, VacuumProgress};
use crate::types::TypeId::{self, *};
use crate::types::{Datum, Interval as Span};

pub(super) const ACTIVITY: Columns = &[
    ("datid", TypeId::Oid),
    ("datname", Name),
    ("pid", Int4),
    ("leader_pid", Int4),
    ("usesysid", TypeId::Oid),
    ("usename", Name),
    ("application_name", Text),
    ("client_addr", Text),
    ("client_hostname", Text),
    ("client_port", Int4),
    ("backend_start", TimestampTz),
    ("xact_start", TimestampTz),
    ("query_start", TimestampTz),
    ("state_change", TimestampTz),
    ("wait_event_type", Text),
    ("wait_event", Text),
    ("state", Text),
    ("backend_xid", Xid),
    ("backend_xmin", Xid),
    ("query_id", Int8),
    ("query", Text),
    ("backend_type", Text),
];

pub(super) const REPLICATION: Columns = &[
    ("pid", Int4),
    ("usesysid", TypeId::Oid),
    ("usename", Name),
    ("application_name", Text),
    ("client_addr", Text),
    ("client_hostname", Text),
    ("client_port", Int4),
    ("backend_start", TimestampTz),
    ("backend_xmin", Xid),
    ("state", Text),
    ("sent_lsn", PgLsn),
    ("write_lsn", PgLsn),
    ("flush_lsn", PgLsn),
    ("replay_lsn", PgLsn),
    ("write_lag", Interval),
    ("flush_lag", Interval),
    ("replay_lag", Interval),
    ("sync_priority", Int4),
    ("sync_state", Text),
    ("reply_time", TimestampTz),
];

pub(super) const WAL_RECEIVER: Columns = &[
    ("pid", Int4),
    ("status", Text),
    ("receive_start_lsn", PgLsn),
    ("receive_start_tli", Int4),
    ("written_lsn", PgLsn),
    ("flushed_lsn", PgLsn),
    ("received_tli", Int4),
    ("last_msg_send_time", TimestampTz),
    ("last_msg_receipt_time", TimestampTz),
    ("latest_end_lsn", PgLsn),
    ("latest_end_time", TimestampTz),
    ("slot_name", Text),
    ("sender_host", Text),
    ("sender_port", Int4),
    ("conninfo", Text),
];

pub(super) const PROGRESS_VACUUM: Columns = &[
    ("pid", Int4),
    ("datid", TypeId::Oid),
    ("datname", Name),
    ("relid", TypeId::Oid),
    ("phase", Text),
    ("heap_blks_total", Int8),
    ("heap_blks_scanned", Int8),
    ("heap_blks_vacuumed", Int8),
    ("index_vacuum_count", Int8),
    ("max_dead_tuples", Int8),
    ("num_dead_tuples", Int8),
];

pub(super) fn add(functions: &mut Functions) {
    functions.view("pg_stat_progress_vacuum", PROGRESS_VACUUM, |_, server| progress_vacuum(server));
    functions.view("pg_stat_activity", ACTIVITY, |_, server| activity(server));
    functions.view("pg_stat_replication", REPLICATION, |_, server| replication(server));
    functions.view("pg_stat_wal_receiver", WAL_RECEIVER, |_, server| wal_receiver(server));
    functions
        .value("pg_postmaster_start_time", &[], TimestampTz, |_, server, _| Ok(Datum::TimestampTz(server.started)));
}

// --- pg_stat_activity ----------------------------------------------------------------------------------------

pub(super) fn activity(server: &Server) -> Vec<Row> {
    let processes = server.spec.world.processes();
    let entries = server.txns.procs.entries();
    let activity = server.activity.borrow();
    // Who was killed has a row until the postmaster has noticed.
    let alive = activity.values().filter_map(|row| Some((row, processes.iter().find(|p| p.pid == row.pid)?)));
    let shown = alive.filter(|(row, _)| row.backend_type != BackendType::Postmaster);
    let entry = |pid: Pid| entries.iter().find(|entry| entry.pid == pid);
    shown.map(|(row, process)| activity_row(row, process.wait_event(), entry(row.pid))).collect()
}

fn activity_row(row: &Activity, wait: Option<WaitEvent>, entry: Option<&ProcEntry>) -> Row {
    let client = row.backend_type == BackendType::ClientBackend;
    let worker = row.backend_type == BackendType::AutovacuumWorker;
    // A background process is of no database and no user, and has no queries; an autovacuum worker is of no user.
    let of_client = |datum: Datum| if client || worker { datum } else { Datum::Null };
    let has_state = client || worker || row.backend_type == BackendType::WalSender;
    let has_user = has_state && !worker;
    let time = |at: Option<crate::ids::TimestampTz>| or_null(at, Datum::TimestampTz);
    vec![
        of_client(Datum::Oid(Oid::POSTGRES_DB)),
        of_client(Datum::name(&row.database)),
        int4(row.pid.0),
        Datum::Null,
        if has_user { Datum::Oid(SUPERUSER) } else { Datum::Null },
        if has_user { Datum::name(user(row)) } else { Datum::Null },
        text(&row.application_name),
        Datum::Null,
        Datum::Null,
        if has_user { int4(-1) } else { Datum::Null },
        Datum::TimestampTz(row.backend_start),
        time(row.xact_start),
        time(row.query_start),
        if has_state { Datum::TimestampTz(row.state_change) } else { Datum::Null },
        or_null(wait, |event| text(event.kind().name())),
        or_null(wait, |event| text(event.name())),
        if has_state { text(row.state.name()) } else { Datum::Null },
        or_null(entry, |entry| xid_or_null(entry.xid)),
        or_null(entry, |entry| xid_or_null(entry.xmin)),
        Datum::Null,
        text(&row.query),
        text(row.backend_type.name()),
    ]
}

/// The role; a walsender's is the superuser, whose connection it is.
fn user(row: &Activity) -> &str {
    if row.user.is_empty() { "postgres" } else { &row.user }
}

pub(super) fn progress_vacuum(server: &Server) -> Vec<Row> {
    let row = |(pid, progress): (&Pid, &VacuumProgress)| {
        vec![
            int4(pid.0),
            Datum::Oid(Oid::POSTGRES_DB),
            Datum::name("postgres"),
            Datum::Oid(progress.relation),
            text(progress.phase.name()),
            int8(progress.heap_blks_total.into()),
            int8(progress.heap_blks_scanned.into()),
            int8(progress.heap_blks_vacuumed.into()),
            int8(progress.index_vacuum_count.into()),
            int8(progress.max_dead_tuples),
            int8(progress.num_dead_tuples),
        ]
    };
    server.txns.vacuums.borrow().iter().map(row).collect()
}

// --- replication ---------------------------------------------------------------------------------------------

pub(super) fn replication(server: &Server) -> Vec<Row> {
    let activity = server.activity.borrow();
    let entries = server.txns.procs.entries();
    let row = |standby: &StandbyProgress| {
        let (state, priority) = server.txns.sync_rep.sync_state(standby);
        let lsn = |lsn: Lsn| if lsn.is_valid() { Datum::PgLsn(lsn) } else { Datum::Null };
        let lag = |n: usize| or_null(standby.lag[n], |micros| Datum::Interval(Span::of_micros(micros as i64)));
        let sender = activity.get(&standby.pid);
        let entry = entries.iter().find(|entry| entry.pid == standby.pid);
        vec![
            int4(standby.pid.0),
            Datum::Oid(SUPERUSER),
            Datum::name(sender.map_or("postgres", user)),
            text(&standby.name),
            Datum::Null,
            Datum::Null,
            int4(-1),
            or_null(sender, |row| Datum::TimestampTz(row.backend_start)),
            or_null(entry, |entry| xid_or_null(entry.xmin)),
            text(standby.state),
            lsn(standby.sent),
            lsn(standby.write),
            lsn(standby.flush),
            lsn(standby.apply),
            lag(0),
            lag(1),
            lag(2),
            int4(priority),
            text(state),
            Datum::TimestampTz(standby.reply_time),
        ]
    };
    server.txns.sync_rep.standbys().iter().map(row).collect()
}

/// One row while there is a walreceiver.
pub(super) fn wal_receiver(server: &Server) -> Vec<Row> {
    let receiver = &server.receiver;
    let Some(pid) = receiver.pid.get() else { return Vec::new() };
    let timeline = int4(server.timeline().0);
    vec![vec![
        int4(pid.0),
        text("streaming"),
        Datum::Null,
        timeline.clone(),
        Datum::PgLsn(receiver.write.get()),
        Datum::PgLsn(receiver.flush.get()),
        timeline,
        Datum::Null,
        Datum::Null,
        Datum::PgLsn(receiver.received.get()),
        Datum::Null,
        Datum::Null,
        text("primary"),
        Datum::Null,
        text_or_null(&format!("host=primary application_name={}", server.spec.name)),
    ]]
}
