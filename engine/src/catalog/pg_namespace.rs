//! The rows of `pg_namespace`: the schemas. Those of initdb are known without a look, and those of sessions with temporary
//! tables, whose object ids follow from the sessions' numbers; what CREATE SCHEMA makes is read (`schema.rs`).

use std::borrow::Cow;

use crate::ids::Oid;
use crate::types::Datum;

/// `pg_catalog`: the catalogs; searched before all others.
pub const PG_CATALOG: Oid = Oid(11);
/// `pg_toast`
pub const PG_TOAST: Oid = Oid(99);
/// `public`: everybody's.
pub const PUBLIC: Oid = Oid(2200);

/// `information_schema`: the catalogs as the standard has them.
const INFORMATION_SCHEMA: Oid = Oid(13_207);

/// The role that stands for the owner of the database.
const PG_DATABASE_OWNER: Oid = Oid(6171);

/// The schemas: oid, name, owner.
const NAMESPACES: [(Oid, &str, Oid); 4] = [
    (PG_TOAST, "pg_toast", super::SUPERUSER),
    (PG_CATALOG, "pg_catalog", super::SUPERUSER),
    (PUBLIC, "public", PG_DATABASE_OWNER),
    (INFORMATION_SCHEMA, "information_schema", super::SUPERUSER),
];

/// The object id of `pg_temp_0`, of which there is none; that of `pg_toast_temp_0` is the next one, and so on.
const FIRST_TEMPORARY: u32 = 15_000;
/// How many sessions can have such schemas.
const MOST_TEMPORARY: u32 = 600;

/// `pg_temp_3`: the schema of a session's temporary tables.
pub fn temp_namespace(backend: u32) -> Oid {
    Oid(FIRST_TEMPORARY + 2 * backend)
}

/// `pg_toast_temp_3`
pub fn temp_toast_namespace(backend: u32) -> Oid {
    Oid(temp_namespace(backend).0 + 1)
}

/// The session whose schema it is, for temporary tables or for their long values; none if it is none of these.
pub fn backend_of(namespace: Oid) -> Option<u32> {
    namespace.0.checked_sub(FIRST_TEMPORARY).map(|place| place / 2).filter(|backend| *backend < MOST_TEMPORARY)
}

/// The rows of a session's schemas.
pub(super) fn temp_rows(backend: u32) -> [Vec<Datum>; 2] {
    [temp_namespace(backend), temp_toast_namespace(backend)]
        .map(|oid| row(oid, &built_in_name(oid).unwrap_or_default(), super::SUPERUSER))
}

/// The schema of this name, of those that are known without a look.
pub(super) fn built_in(name: &str) -> Option<Oid> {
    let of_session = |prefix: &str, oid: fn(u32) -> Oid| {
        let number = name.strip_prefix(prefix)?.parse().ok()?;
        (1..MOST_TEMPORARY).contains(&number).then(|| oid(number))
    };
    let known = NAMESPACES.iter().find(|(_, own, _)| *own == name).map(|(oid, ..)| *oid);
    known.or(of_session("pg_temp_", temp_namespace)).or(of_session("pg_toast_temp_", temp_toast_namespace))
}

/// The name of a schema, of those that are known without a look.
pub(super) fn built_in_name(oid: Oid) -> Option<Cow<'static, str>> {
    if let Some(backend) = backend_of(oid) {
        let kind = if oid == temp_namespace(backend) { "temp" } else { "toast_temp" };
        return Some(format!("pg_{kind}_{backend}").into());
    }
    NAMESPACES.iter().find(|(own, ..)| *own == oid).map(|(_, name, _)| (*name).into())
}

/// All rows: oid, nspname, nspowner, nspacl.
pub(super) fn rows() -> Vec<Vec<Datum>> {
    NAMESPACES.iter().map(|(oid, name, owner)| row(*oid, name, *owner)).collect()
}

/// A row.
pub(super) fn row(oid: Oid, name: &str, owner: Oid) -> Vec<Datum> {
    vec![Datum::Oid(oid), Datum::name(name), Datum::Oid(owner), Datum::Null]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_of_sessions_have_numbers() {
        let own = built_in("pg_temp_3").unwrap();
        assert_eq!((own, backend_of(own)), (temp_namespace(3), Some(3)));
        assert_eq!(built_in_name(temp_toast_namespace(3)).unwrap(), "pg_toast_temp_3");
        assert_eq!((built_in("pg_temp_x"), backend_of(PUBLIC), backend_of(Oid(16384))), (None, None, None));
    }
}
