//! Locks and transactions, and signals to backends.

use super::{Columns, Functions, int4, or_null, text};
use crate::ids::{Error, LockMode, MultiXactId, Oid, Pid, Result, Severity, WaitEvent, XidStatus, sqlstate};
use crate::server::Server;
use crate::sql::bound::Row;
use crate::sql::functions::FnCtx;
use crate::txn::{LockInfo, LockTag, ProcEntry};
use crate::types::TypeId::{self, *};
use crate::types::{self, Datum};
use crate::world::Interrupt;

/// How often `pg_terminate_backend` looks again, in microseconds.
const TERMINATION_CHECK: u64 = 100_000;

const MEMBERS: Columns = &[("xid", Xid), ("mode", Text)];

pub(super) const LOCKS: Columns = &[
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
    functions.view("pg_locks", LOCKS, |_, server| locks(server));
    functions.registry.rows("pg_get_multixact_members", &[Xid], MEMBERS, |cx, args| Box::pin(members(cx, args)));
    functions.value("pg_blocking_pids", &[Int4], Int4Array, |_, server, args| {
        let pids = server.txns.locks.blocking_pids(pid_of(&args[0])?);
        Ok(Datum::array(Int4, pids.into_iter().map(|pid| int4(pid.0)).collect::<Vec<_>>()))
    });
    functions
        .value("pg_cancel_backend", &[Int4], Bool, |cx, server, args| signal(cx, server, &args[0], Interrupt::Cancel));
    functions.value("pg_terminate_backend", &[Int4], Bool, |cx, server, args| {
        signal(cx, server, &args[0], Interrupt::Terminate)
    });
    let server = functions.server.clone();
    functions.registry.waiting("pg_terminate_backend", &[Int4, Int8], Bool, move |cx, args| {
        let server = server.clone();
        Box::pin(async move { terminate(cx, &*super::alive(&server)?, args).await })
    });
    functions.value("pg_xact_status", &[Xid], Text, |_, server, args| {
        xact_status(server, types::output(&args[0], Xid).parse().unwrap_or(0))
    });
    functions.value("age", &[Xid], Int4, |cx, server, args| {
        let (xid, own) = (crate::ids::Xid(args[0].as_u32()?), cx.env.xact.borrow().xid);
        // To itself a transaction that writes is the youngest there is.
        let now = if own.is_valid() { own } else { server.next_xid().xid() };
        Ok(Datum::Int4(if xid.is_normal() { now.0.wrapping_sub(xid.0) as i32 } else { i32::MAX }))
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

/// The members of a multixact: who, and how.
async fn members(cx: &FnCtx, args: &[Datum]) -> Result<Vec<Row>> {
    let multi = MultiXactId(types::output(&args[0], Xid).parse().unwrap_or(0));
    let multis = &cx.env.txns.multis;
    if multi.precedes(MultiXactId::FIRST) {
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("invalid MultiXactId: {multi}")));
    }
    let (next, _) = multis.next();
    if !multi.precedes(next) {
        let message = format!("MultiXactId {multi} has not been created yet -- apparent wraparound");
        return Err(Error::internal(message));
    }
    let members = cx.env.txns.ask(&cx.env.cx, || multis.members(multi)).await?;
    Ok(members.iter().map(|member| vec![Datum::Xid(member.xid), text(member.status.name())]).collect())
}

/// All locks: with each process's virtual transaction, on which it has an exclusive lock as well.
pub(super) fn locks(server: &Server) -> Vec<Row> {
    let entries = server.txns.procs.entries();
    let row = |lock: &LockInfo| lock_row(lock, entries.iter().find(|entry| entry.pid == lock.pid));
    let mut rows: Vec<Row> = server.txns.locks.list().iter().map(row).collect();
    rows.extend(entries.iter().filter(|entry| entry.lxid > 0).map(virtual_row));
    rows
}

fn virtual_id(entry: Option<&ProcEntry>) -> Datum {
    text(entry.map_or("-1/0".into(), |entry| format!("{}/{}", entry.backend, entry.lxid)))
}

/// Of each process the lock on its own virtual transaction id: nobody waits for it, so it stands in no table.
fn virtual_row(entry: &ProcEntry) -> Row {
    let mut row = vec![Datum::Null; LOCKS.len()];
    (row[0], row[5], row[10]) = (text("virtualxid"), virtual_id(Some(entry)), virtual_id(Some(entry)));
    (row[11], row[12]) = (int4(entry.pid.0), text(LockMode::Exclusive.name()));
    (row[13], row[14]) = (Datum::Bool(true), Datum::Bool(true));
    row
}

fn lock_row(lock: &LockInfo, entry: Option<&ProcEntry>) -> Row {
    let mut row = vec![Datum::Null; LOCKS.len()];
    row[0] = text(lock.tag.type_name());
    match lock.tag {
        LockTag::Relation { db, rel } => (row[1], row[2]) = (Datum::Oid(db), Datum::Oid(rel)),
        LockTag::Tuple { db, rel, tid } => {
            (row[1], row[2]) = (Datum::Oid(db), Datum::Oid(rel));
            (row[3], row[4]) = (int4(tid.block.0), Datum::Int2(tid.offset as i16));
        }
        LockTag::Transaction(xid) => row[6] = Datum::Xid(xid),
        LockTag::SpeculativeToken { xid, token } => (row[6], row[8]) = (Datum::Xid(xid), Datum::Oid(Oid(token))),
        LockTag::Advisory { db, high, low, pair } => {
            (row[1], row[7], row[8]) = (Datum::Oid(db), Datum::Oid(Oid(high)), Datum::Oid(Oid(low)));
            row[9] = Datum::Int2(1 + i16::from(pair));
        }
    }
    (row[10], row[11], row[12]) = (virtual_id(entry), int4(lock.pid.0), text(lock.mode.name()));
    (row[13], row[14]) = (Datum::Bool(lock.granted), Datum::Bool(lock.fast));
    row[15] = or_null(lock.wait_start, Datum::TimestampTz);
    row
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

/// `pg_terminate_backend` with a time limit: waits until the backend is gone.
async fn terminate(cx: &FnCtx, server: &Server, args: &[Datum]) -> Result<Datum> {
    let (pid, limit) = (pid_of(&args[0])?, args[1].as_int()?);
    if limit < 0 {
        return Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "\"timeout\" must not be negative"));
    }
    let sent = signal(cx, server, &args[0], Interrupt::Terminate)?;
    if limit == 0 || sent == Datum::Bool(false) {
        return Ok(sent);
    }
    let until = cx.env.cx.now() + limit as u64 * 1_000;
    while server.spec.world.is_alive(pid) {
        if cx.env.cx.now() >= until {
            let message = format!("backend with PID {pid} did not terminate within {limit} milliseconds");
            cx.env.notice(Error::new(sqlstate::WARNING, message).severity(Severity::Warning));
            return Ok(Datum::Bool(false));
        }
        cx.env.cx.check_for_interrupts()?;
        cx.env.cx.sleep(WaitEvent::BackendTermination, TERMINATION_CHECK).await;
    }
    Ok(Datum::Bool(true))
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
