//! Locks and transactions, and signals to backends.

use super::{Columns, Functions, int4, text};
use crate::ids::{Error, Pid, Result, Severity, XidStatus, sqlstate};
use crate::server::Server;
use crate::sql::bound::Row;
use crate::sql::functions::FnCtx;
use crate::txn::{LockInfo, LockTag};
use crate::types::TypeId::{self, *};
use crate::types::{self, Datum};
use crate::world::Interrupt;

const LOCKS: Columns = &[
    ("locktype", Text),
    ("database", TypeId::Oid),
    ("relation", TypeId::Oid),
    ("page", Int4),
    ("tuple", Int2),
    ("virtualxid", Text),
    ("transactionid", Xid),
    ("classid", TypeId::Oid),
    ("objid", TypeId::Oid),
    ("objsubid", Int2),
    ("virtualtransaction", Text),
    ("pid", Int4),
    ("mode", Text),
    ("granted", Bool),
    ("fastpath", Bool),
    ("waitstart", TimestampTz),
];

pub(super) fn add(functions: &mut Functions) {
    functions.view("pg_locks", LOCKS, |_, server| server.txns.locks.list().iter().map(lock_row).collect());
    functions.value("pg_blocking_pids", &[Int4], Int4Array, |_, server, args| {
        let pids = server.txns.locks.blocking_pids(pid_of(&args[0])?);
        Ok(Datum::array(Int4, pids.into_iter().map(|pid| int4(pid.0)).collect::<Vec<_>>()))
    });
    functions
        .value("pg_cancel_backend", &[Int4], Bool, |cx, server, args| signal(cx, server, &args[0], Interrupt::Cancel));
    functions.value("pg_terminate_backend", &[Int4], Bool, |cx, server, args| {
        signal(cx, server, &args[0], Interrupt::Terminate)
    });
    functions.value("pg_xact_status", &[Xid], Text, |_, server, args| {
        xact_status(server, types::output(&args[0], Xid).parse().unwrap_or(0))
    });
    functions.value("txid_status", &[Int8], Text, |_, server, args| xact_status(server, args[0].as_int()? as u64));
    for name in ["pg_current_snapshot", "txid_current_snapshot"] {
        functions.value(name, &[], Text, |cx, server, _| {
            let held = cx.env.xact.borrow().snapshot.clone();
            let now = || server.txns.procs.peek(cx.env.cx.pid(), Default::default()).to_string();
            Ok(text(held.map_or_else(now, |snapshot| snapshot.to_string())))
        });
    }
}

fn lock_row(lock: &LockInfo) -> Row {
    let (database, relation, tid, xid) = match lock.tag {
        LockTag::Relation { db, rel } => (Datum::Oid(db), Datum::Oid(rel), None, Datum::Null),
        LockTag::Tuple { db, rel, tid } => (Datum::Oid(db), Datum::Oid(rel), Some(tid), Datum::Null),
        LockTag::Transaction(xid) => (Datum::Null, Datum::Null, None, Datum::Xid(xid)),
    };
    vec![
        text(lock.tag.type_name()),
        database,
        relation,
        tid.map_or(Datum::Null, |tid| int4(tid.block.0)),
        tid.map_or(Datum::Null, |tid| Datum::Int2(tid.offset as i16)),
        Datum::Null,
        xid,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        int4(lock.pid.0),
        text(lock.mode.name()),
        Datum::Bool(lock.granted),
        Datum::Bool(false),
        Datum::Null,
    ]
}

fn pid_of(value: &Datum) -> Result<Pid> {
    // A negative number is no process at all.
    Ok(Pid(u32::try_from(value.as_int()?).unwrap_or(0)))
}

/// Tells a backend something; whether there is such a backend.
fn signal(cx: &FnCtx, server: &Server, pid: &Datum, interrupt: Interrupt) -> Result<Datum> {
    let is_backend = server.txns.procs.entries().iter().any(|entry| Ok(entry.pid) == pid_of(pid));
    if is_backend {
        server.spec.world.interrupt(pid_of(pid)?, interrupt);
    } else {
        let message = format!("PID {} is not a PostgreSQL backend process", pid.as_int()?);
        cx.env.notice(Error::new(sqlstate::WARNING, message).severity(Severity::Warning));
    }
    Ok(Datum::Bool(is_backend))
}

/// What has become of a transaction: in progress, committed, aborted.
fn xact_status(server: &Server, full: u64) -> Result<Datum> {
    let next = server.txns.procs.next_xid();
    if full >= next.0 {
        let message = format!("transaction ID {full} is in the future");
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
    }
    let xid = crate::ids::FullXid(full).xid();
    if !xid.is_valid() {
        return Ok(Datum::Null);
    }
    if server.txns.procs.is_running(xid) {
        return Ok(text("in progress"));
    }
    let status = super::super::look::Look::at(&server.spec, Some(server)).status(xid);
    Ok(text(if status == XidStatus::Committed { "committed" } else { "aborted" }))
}
