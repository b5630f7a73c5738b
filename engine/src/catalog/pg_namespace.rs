//! The rows of `pg_namespace`: the schemas. There is no CREATE SCHEMA, so they are those of initdb.

use crate::ids::Oid;
use crate::types::Datum;

/// `pg_catalog`: the catalogs; searched before all others.
pub const PG_CATALOG: Oid = Oid(11);
/// `pg_toast`
pub const PG_TOAST: Oid = Oid(99);
/// `public`: everybody's.
pub const PUBLIC: Oid = Oid(2200);

/// The role that stands for the owner of the database.
const PG_DATABASE_OWNER: Oid = Oid(6171);

/// The schemas: oid, name, owner.
const NAMESPACES: [(Oid, &str, Oid); 3] = [
    (PG_TOAST, "pg_toast", super::SUPERUSER),
    (PG_CATALOG, "pg_catalog", super::SUPERUSER),
    (PUBLIC, "public", PG_DATABASE_OWNER),
];

/// The schema of this name.
pub fn find(name: &str) -> Option<Oid> {
    NAMESPACES.iter().find(|(_, own, _)| *own == name).map(|(oid, ..)| *oid)
}

/// The name of a schema.
pub fn name(oid: Oid) -> Option<&'static str> {
    NAMESPACES.iter().find(|(own, ..)| *own == oid).map(|(_, name, _)| *name)
}

/// The schemas that a setting `search_path` names and that exist.
fn named(setting: &str) -> impl Iterator<Item = Oid> {
    setting.split(',').filter_map(|word| find(word.trim().trim_matches('"')))
}

/// The schema in which tables are made that name none.
pub fn first_named(setting: &str) -> Option<Oid> {
    named(setting).next()
}

/// The schemas in which names are looked for: `pg_catalog` first unless it is named.
pub fn search_path(setting: &str) -> Vec<Oid> {
    let mut path: Vec<Oid> = named(setting).collect();
    if !path.contains(&PG_CATALOG) {
        path.insert(0, PG_CATALOG);
    }
    path
}

/// All rows: oid, nspname, nspowner, nspacl.
pub(super) fn rows() -> Vec<Vec<Datum>> {
    let row = |(oid, name, owner): &(Oid, &str, Oid)| {
        vec![Datum::Oid(*oid), Datum::name(name), Datum::Oid(*owner), Datum::Null]
    };
    NAMESPACES.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_for_in_the_catalogs_first() {
        assert_eq!(search_path("\"$user\", public"), [PG_CATALOG, PUBLIC]);
        assert_eq!(search_path("public, pg_catalog"), [PUBLIC, PG_CATALOG]);
        assert_eq!(search_path(""), [PG_CATALOG]);
    }
}
