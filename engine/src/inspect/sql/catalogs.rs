//! Catalogs of what there is in every database and cannot be changed, and of what there is none of: they are made when they
//! are asked for, so that initdb need not write them.
//!
//! ```text
//!   always the same   pg_collation, pg_language, pg_tablespace, pg_authid, pg_roles, pg_auth_members ...
//!   without rows      pg_policy, pg_trigger, pg_inherits, pg_publication, pg_statistic_ext, pg_foreign_table ...
//! ```
//!
//! Their columns are those of 15.18, and so are their rows. The views of `information_schema` are queries over the catalogs.

use super::{Columns, Functions};
use crate::catalog::pg_authid::ROLES;
use crate::sql::bound::Row;
use crate::types::Datum;
use crate::types::TypeId::*;

const AUTH_MEMBERS: Columns = &[("roleid", Oid), ("member", Oid), ("grantor", Oid), ("admin_option", Bool)];
const COLLATION: Columns = &[
    ("oid", Oid),
    ("collname", Name),
    ("collnamespace", Oid),
    ("collowner", Oid),
    ("collprovider", Char),
    ("collisdeterministic", Bool),
    ("collencoding", Int4),
    ("collcollate", Text),
    ("collctype", Text),
    ("colliculocale", Text),
    ("collversion", Text),
];
const AUTHID: Columns = &[
    ("oid", Oid),
    ("rolname", Name),
    ("rolsuper", Bool),
    ("rolinherit", Bool),
    ("rolcreaterole", Bool),
    ("rolcreatedb", Bool),
    ("rolcanlogin", Bool),
    ("rolreplication", Bool),
    ("rolbypassrls", Bool),
    ("rolconnlimit", Int4),
    ("rolpassword", Text),
    ("rolvaliduntil", TimestampTz),
];
const ROLES_COLUMNS: Columns = &[
    ("rolname", Name),
    ("rolsuper", Bool),
    ("rolinherit", Bool),
    ("rolcreaterole", Bool),
    ("rolcreatedb", Bool),
    ("rolcanlogin", Bool),
    ("rolreplication", Bool),
    ("rolconnlimit", Int4),
    ("rolpassword", Text),
    ("rolvaliduntil", TimestampTz),
    ("rolbypassrls", Bool),
    ("rolconfig", TextArray),
    ("oid", Oid),
];
const USER: Columns = &[
    ("usename", Name),
    ("usesysid", Oid),
    ("usecreatedb", Bool),
    ("usesuper", Bool),
    ("userepl", Bool),
    ("usebypassrls", Bool),
    ("passwd", Text),
    ("valuntil", TimestampTz),
    ("useconfig", TextArray),
];
const TABLESPACE: Columns =
    &[("oid", Oid), ("spcname", Name), ("spcowner", Oid), ("spcacl", AclItemArray), ("spcoptions", TextArray)];
const LANGUAGE: Columns = &[
    ("oid", Oid),
    ("lanname", Name),
    ("lanowner", Oid),
    ("lanispl", Bool),
    ("lanpltrusted", Bool),
    ("lanplcallfoid", Oid),
    ("laninline", Oid),
    ("lanvalidator", Oid),
    ("lanacl", AclItemArray),
];

/// The views of the standard, each behind its name.
static INFORMATION_SCHEMA: &str = include_str!("information_schema.sql");

/// Catalogs of what there is none of.
const EMPTY: &[(&str, Columns)] = &[
    (
        "pg_policy",
        &[
            ("oid", Oid),
            ("polname", Name),
            ("polrelid", Oid),
            ("polcmd", Char),
            ("polpermissive", Bool),
            ("polroles", OidArray),
            ("polqual", PgNodeTree),
            ("polwithcheck", PgNodeTree),
        ],
    ),
    (
        "pg_statistic_ext",
        &[
            ("oid", Oid),
            ("stxrelid", Oid),
            ("stxname", Name),
            ("stxnamespace", Oid),
            ("stxowner", Oid),
            ("stxstattarget", Int4),
            ("stxkeys", Int2Vector),
            ("stxkind", CharArray),
            ("stxexprs", PgNodeTree),
        ],
    ),
    (
        "pg_publication",
        &[
            ("oid", Oid),
            ("pubname", Name),
            ("pubowner", Oid),
            ("puballtables", Bool),
            ("pubinsert", Bool),
            ("pubupdate", Bool),
            ("pubdelete", Bool),
            ("pubtruncate", Bool),
            ("pubviaroot", Bool),
        ],
    ),
    ("pg_publication_namespace", &[("oid", Oid), ("pnpubid", Oid), ("pnnspid", Oid)]),
    (
        "pg_publication_rel",
        &[("oid", Oid), ("prpubid", Oid), ("prrelid", Oid), ("prqual", PgNodeTree), ("prattrs", Int2Vector)],
    ),
    ("pg_inherits", &[("inhrelid", Oid), ("inhparent", Oid), ("inhseqno", Int4), ("inhdetachpending", Bool)]),
    (
        "pg_partitioned_table",
        &[
            ("partrelid", Oid),
            ("partstrat", Char),
            ("partnatts", Int2),
            ("partdefid", Oid),
            ("partattrs", Int2Vector),
            ("partclass", OidVector),
            ("partcollation", OidVector),
            ("partexprs", PgNodeTree),
        ],
    ),
    (
        "pg_trigger",
        &[
            ("oid", Oid),
            ("tgrelid", Oid),
            ("tgparentid", Oid),
            ("tgname", Name),
            ("tgfoid", Oid),
            ("tgtype", Int2),
            ("tgenabled", Char),
            ("tgisinternal", Bool),
            ("tgconstrrelid", Oid),
            ("tgconstrindid", Oid),
            ("tgconstraint", Oid),
            ("tgdeferrable", Bool),
            ("tginitdeferred", Bool),
            ("tgnargs", Int2),
            ("tgattr", Int2Vector),
            ("tgargs", Bytea),
            ("tgqual", PgNodeTree),
            ("tgoldtable", Name),
            ("tgnewtable", Name),
        ],
    ),
    ("pg_foreign_table", &[("ftrelid", Oid), ("ftserver", Oid), ("ftoptions", TextArray)]),
    (
        "pg_foreign_server",
        &[
            ("oid", Oid),
            ("srvname", Name),
            ("srvowner", Oid),
            ("srvfdw", Oid),
            ("srvtype", Text),
            ("srvversion", Text),
            ("srvacl", AclItemArray),
            ("srvoptions", TextArray),
        ],
    ),
    (
        "pg_foreign_data_wrapper",
        &[
            ("oid", Oid),
            ("fdwname", Name),
            ("fdwowner", Oid),
            ("fdwhandler", Oid),
            ("fdwvalidator", Oid),
            ("fdwacl", AclItemArray),
            ("fdwoptions", TextArray),
        ],
    ),
    ("pg_user_mapping", &[("oid", Oid), ("umuser", Oid), ("umserver", Oid), ("umoptions", TextArray)]),
    ("pg_shdescription", &[("objoid", Oid), ("classoid", Oid), ("description", Text)]),
    (
        "pg_subscription",
        &[
            ("oid", Oid),
            ("subdbid", Oid),
            ("subskiplsn", PgLsn),
            ("subname", Name),
            ("subowner", Oid),
            ("subenabled", Bool),
            ("subbinary", Bool),
            ("substream", Bool),
            ("subtwophasestate", Char),
            ("subdisableonerr", Bool),
            ("subconninfo", Text),
            ("subslotname", Name),
            ("subsynccommit", Text),
            ("subpublications", TextArray),
        ],
    ),
    (
        "pg_event_trigger",
        &[
            ("oid", Oid),
            ("evtname", Name),
            ("evtevent", Name),
            ("evtowner", Oid),
            ("evtfoid", Oid),
            ("evtenabled", Char),
            ("evttags", TextArray),
        ],
    ),
    (
        "pg_default_acl",
        &[
            ("oid", Oid),
            ("defaclrole", Oid),
            ("defaclnamespace", Oid),
            ("defaclobjtype", Char),
            ("defaclacl", AclItemArray),
        ],
    ),
    ("pg_largeobject_metadata", &[("oid", Oid), ("lomowner", Oid), ("lomacl", AclItemArray)]),
    ("pg_enum", &[("oid", Oid), ("enumtypid", Oid), ("enumsortorder", Float4), ("enumlabel", Name)]),
    ("pg_db_role_setting", &[("setdatabase", Oid), ("setrole", Oid), ("setconfig", TextArray)]),
    ("pg_seclabel", &[("objoid", Oid), ("classoid", Oid), ("objsubid", Int4), ("provider", Text), ("label", Text)]),
    ("pg_shseclabel", &[("objoid", Oid), ("classoid", Oid), ("provider", Text), ("label", Text)]),
    (
        "pg_publication_tables",
        &[("pubname", Name), ("schemaname", Name), ("tablename", Name), ("attnames", NameArray), ("rowfilter", Text)],
    ),
];

pub(super) fn add(functions: &mut Functions) {
    for (name, columns) in EMPTY {
        functions.view(name, columns, |_, _| Vec::new());
    }
    nothing(functions);
    for view in INFORMATION_SCHEMA.split("-- ").skip(1) {
        if let Some((name, query)) = view.split_once('\n') {
            functions.registry.query("information_schema", name, query);
        }
    }
    functions.view("pg_collation", COLLATION, |_, _| collations());
    functions.view("pg_authid", AUTHID, |_, _| ROLES.iter().map(authid).collect());
    functions.view("pg_roles", ROLES_COLUMNS, |_, _| ROLES.iter().map(role).collect());
    functions.view("pg_user", USER, |_, _| vec![user()]);
    functions.view("pg_auth_members", AUTH_MEMBERS, |_, _| {
        let member = |role: u32| vec![oid(role), oid(3373), oid(10), no()];
        [3374, 3375, 3377].map(member).to_vec()
    });
    functions.view("pg_tablespace", TABLESPACE, |_, _| {
        let row = |(id, name): (u32, &str)| vec![oid(id), Datum::name(name), oid(10), Datum::Null, Datum::Null];
        [(1663, "pg_default"), (1664, "pg_global")].map(row).to_vec()
    });
    functions.view("pg_language", LANGUAGE, |_, _| {
        let row = |(id, name, validator): (u32, &str, u32)| {
            let trusted = Datum::Bool(name == "sql");
            vec![oid(id), Datum::name(name), oid(10), no(), trusted, oid(0), oid(0), oid(validator), Datum::Null]
        };
        [(12, "internal", 2246), (13, "c", 2247), (14, "sql", 2248)].map(row).to_vec()
    });
}

/// What is asked about things that there are none of.
fn nothing(functions: &mut Functions) {
    for (name, args) in [
        ("pg_get_statisticsobjdef", &[Oid][..]),
        ("pg_get_statisticsobjdef_columns", &[Oid]),
        ("pg_get_triggerdef", &[Oid]),
        ("pg_get_triggerdef", &[Oid, Bool]),
        ("pg_get_partkeydef", &[Oid]),
        ("pg_get_partition_constraintdef", &[Oid]),
    ] {
        functions.registry.scalar(name, args, Text, |_, _| Ok(Datum::Null));
    }
    functions.rows("pg_partition_ancestors", &[Regclass], &[("relid", Regclass)], |_, _, _| Ok(Vec::new()));
    functions.registry.scalar("pg_tablespace_location", &[Oid], Text, |_, _| Ok(Datum::text("")));
    functions.registry.scalar("pg_char_to_encoding", &[Name], Int4, |_, args| {
        let known = matches!(args[0].as_str()?.to_ascii_lowercase().as_str(), "utf8" | "utf-8" | "unicode");
        Ok(Datum::Int4(if known { 6 } else { -1 }))
    });
}

fn oid(id: u32) -> Datum {
    Datum::Oid(crate::ids::Oid(id))
}

fn no() -> Datum {
    Datum::Bool(false)
}

/// What the one who may do all may do: super, inherit, create roles, create databases, log in, replicate.
fn rights(id: u32) -> [Datum; 6] {
    let own = Datum::Bool(id == 10);
    [own.clone(), Datum::Bool(true), own.clone(), own.clone(), own.clone(), own]
}

fn authid((id, name): &(u32, &str)) -> Row {
    let own = Datum::Bool(*id == 10);
    let tail = [own, Datum::Int4(-1), Datum::Null, Datum::Null];
    [oid(*id), Datum::name(name)].into_iter().chain(rights(*id)).chain(tail).collect()
}

fn role((id, name): &(u32, &str)) -> Row {
    let own = Datum::Bool(*id == 10);
    let tail = [Datum::Int4(-1), Datum::text("********"), Datum::Null, own, Datum::Null, oid(*id)];
    [Datum::name(name)].into_iter().chain(rights(*id)).chain(tail).collect()
}

fn user() -> Row {
    let yes = || Datum::Bool(true);
    let name = Datum::name("postgres");
    vec![name, oid(10), yes(), yes(), yes(), yes(), Datum::text("********"), Datum::Null, Datum::Null]
}

fn collations() -> Vec<Row> {
    let row = |(id, name, provider, encoding, locale): (u32, &str, u8, i32, Option<&str>)| {
        let locale = locale.map_or(Datum::Null, Datum::text);
        let (id, provider, encoding) = (oid(id), Datum::Char(provider), Datum::Int4(encoding));
        let head = [id, Datum::name(name), oid(11), oid(10), provider, Datum::Bool(true), encoding];
        head.into_iter().chain([locale.clone(), locale, Datum::Null, Datum::Null]).collect()
    };
    [
        (100, "default", b'd', -1, None),
        (950, "C", b'c', -1, Some("C")),
        (951, "POSIX", b'c', -1, Some("POSIX")),
        (12340, "ucs_basic", b'c', 6, Some("C")),
    ]
    .map(row)
    .to_vec()
}
