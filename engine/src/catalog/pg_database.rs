//! The rows of `pg_database`: the three databases that initdb makes, of which only `postgres` has tables here.

use crate::ids::{Oid, Xid};
use crate::types::Datum;

/// The number of the encoding UTF8.
const UTF8: i32 = 6;

/// The databases: oid, name, whether it is a template, whether one may connect to it.
pub const DATABASES: [(Oid, &str, bool, bool); 3] = [
    (Oid::POSTGRES_DB, "postgres", false, true),
    (TEMPLATE1, "template1", true, true),
    (Oid(4), "template0", true, false),
];

/// The database `template1`.
pub const TEMPLATE1: Oid = Oid(1);

/// All rows; no transaction before `frozen_xid` is left in them.
pub(super) fn rows(frozen_xid: Xid) -> Vec<Vec<Datum>> {
    let row = |(oid, name, template, connectable): &(Oid, &str, bool, bool)| {
        vec![
            Datum::Oid(*oid),
            Datum::name(name),
            Datum::Oid(super::SUPERUSER),
            Datum::Int4(UTF8),
            Datum::Char(b'c'), // datlocprovider: the C library
            Datum::Bool(*template),
            Datum::Bool(*connectable),
            Datum::Int4(-1), // datconnlimit
            Datum::Xid(frozen_xid),
            Datum::Xid(Xid::BOOTSTRAP), // datminmxid: the first multixact id
            Datum::Oid(Oid::DEFAULT_TABLESPACE),
            Datum::text("C"),
            Datum::text("C"),
            Datum::Null, // daticulocale
            Datum::Null, // datcollversion
            Datum::Null, // datacl
        ]
    };
    DATABASES.iter().map(row).collect()
}
