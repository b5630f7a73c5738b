//! Replication slots: made, dropped, shown.

use super::{Columns, Functions, alive, int4, or_null, text};
use crate::ids::Lsn;
use crate::server::{Server, Slot};
use crate::sql::bound::Row;
use crate::types::Datum;
use crate::types::TypeId::{self, *};

pub(super) const SLOTS: Columns = &[
    ("slot_name", Name),
    ("plugin", Name),
    ("slot_type", Text),
    ("datoid", TypeId::Oid),
    ("database", Name),
    ("temporary", Bool),
    ("active", Bool),
    ("active_pid", Int4),
    ("xmin", Xid),
    ("catalog_xmin", Xid),
    ("restart_lsn", PgLsn),
    ("confirmed_flush_lsn", PgLsn),
    ("wal_status", Text),
    ("safe_wal_size", Int8),
    ("two_phase", Bool),
];

pub(super) fn add(functions: &mut Functions) {
    functions.view("pg_replication_slots", SLOTS, |_, server| slots(server));
    let made: Columns = &[("slot_name", Name), ("lsn", PgLsn)];
    for args in [&[Name][..], &[Name, Bool], &[Name, Bool, Bool]] {
        let server = functions.server.clone();
        functions.registry.rows("pg_create_physical_replication_slot", args, made, move |cx, args| {
            let server = alive(&server);
            Box::pin(async move {
                let (server, name) = (server?, args[0].as_str()?);
                let flag = |at: usize| args.get(at) == Some(&Datum::Bool(true));
                let lsn = server.create_slot(&cx.env.cx, name, flag(1), flag(2)).await?;
                Ok(vec![vec![Datum::name(name), position(lsn)]])
            })
        });
    }
    let server = functions.server.clone();
    functions.registry.waiting("pg_drop_replication_slot", &[Name], Void, move |cx, args| {
        let server = alive(&server);
        Box::pin(async move {
            server?.drop_slot(&cx.env.cx, args[0].as_str()?).await?;
            Ok(text(""))
        })
    });
}

pub(super) fn slots(server: &Server) -> Vec<Row> {
    server.slots.all().iter().map(|slot| row(server, slot)).collect()
}

fn position(lsn: Lsn) -> Datum {
    or_null(Some(lsn).filter(|lsn| lsn.is_valid()), Datum::PgLsn)
}

fn row(server: &Server, slot: &Slot) -> Row {
    let status = server.slot_status(slot);
    vec![
        Datum::name(&slot.name),
        Datum::Null,
        text("physical"),
        Datum::Null,
        Datum::Null,
        Datum::Bool(slot.temporary),
        Datum::Bool(slot.active.is_some()),
        or_null(slot.active, |pid| int4(pid.0)),
        or_null(Some(slot.xmin).filter(|xmin| xmin.is_valid()), Datum::Xid),
        Datum::Null,
        position(slot.restart_lsn),
        Datum::Null,
        or_null(status, |(status, _)| text(status.name())),
        or_null(status.and_then(|(_, safe)| safe), Datum::Int8),
        Datum::Bool(false),
    ]
}
