//! What SQL asks of the catalogs about names: the schemas of the path, and what is found without its schema.

use super::{FnCtx, Registry};
use crate::access::Env;
use crate::catalog::{Catalog, RelationName, Table};
use crate::ids::{Oid, Result};
use crate::types::session::{Relation, set_relations};
use crate::types::{Datum, TypeId};
use TypeId::{Bool, Name, NameArray};
use std::rc::Rc;

pub(super) fn add(registry: &mut Registry) {
    registry.waiting("current_schema", &[], Name, |cx, _| {
        Box::pin(async { Ok(schemas(cx, false).await?.into_iter().next().unwrap_or(Datum::Null)) })
    });
    registry.waiting("current_schemas", &[Bool], NameArray, |cx, args| {
        Box::pin(async { Ok(Datum::array(Name, schemas(cx, args[0].as_bool()?).await?)) })
    });
    registry.waiting("pg_relation_is_publishable", &[TypeId::Regclass], Bool, |cx, args| {
        Box::pin(is_publishable(cx, args))
    });
    registry.scalar("pg_collation_is_visible", &[TypeId::Oid], Bool, |_, _| Ok(Datum::Bool(true)));
    registry.waiting("pg_table_is_visible", &[TypeId::Oid], Bool, |cx, args| Box::pin(table_is_visible(cx, args)));
}

/// Catalogs that are made when they are asked for, and the object ids that they have: for whoever names one as a regclass.
const MADE: [(&str, u32); 29] = [
    ("pg_auth_members", 1261),
    ("pg_authid", 1260),
    ("pg_collation", 3456),
    ("pg_db_role_setting", 2964),
    ("pg_default_acl", 826),
    ("pg_description", 2609),
    ("pg_enum", 3501),
    ("pg_event_trigger", 3466),
    ("pg_extension", 3079),
    ("pg_foreign_data_wrapper", 2328),
    ("pg_foreign_server", 1417),
    ("pg_foreign_table", 3118),
    ("pg_inherits", 2611),
    ("pg_language", 2612),
    ("pg_largeobject_metadata", 2995),
    ("pg_partitioned_table", 3350),
    ("pg_policy", 3256),
    ("pg_proc", 1255),
    ("pg_publication", 6104),
    ("pg_publication_namespace", 6237),
    ("pg_publication_rel", 6106),
    ("pg_seclabel", 3596),
    ("pg_shdescription", 2396),
    ("pg_shseclabel", 3592),
    ("pg_statistic_ext", 3381),
    ("pg_subscription", 6100),
    ("pg_tablespace", 1213),
    ("pg_trigger", 2620),
    ("pg_user_mapping", 1418),
];

/// The object id of a catalog that is made when it is asked for.
pub fn made_catalog(schema: Option<&str>, name: &str) -> Option<Oid> {
    let found = MADE.iter().find(|(own, _)| *own == name && matches!(schema, None | Some("pg_catalog")));
    found.map(|(_, oid)| Oid(*oid))
}

/// Whether the rows of a relation may be told to others: it is a table of somebody's; NULL if there is none.
async fn is_publishable(cx: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let table = cx.catalog.table_by_oid(&cx.env, Oid(args[0].as_u32()?)).await?;
    let is = |table: &Rc<Table>| table.class.kind == b'r' && !table.is_catalog && !table.class.is_temporary();
    Ok(table.as_ref().map_or(Datum::Null, |table| Datum::Bool(is(table))))
}

/// Puts the names of all relations where a regclass is read and shown by them.
pub async fn load_relations(env: &Env, catalog: &Catalog) -> Result<()> {
    let names = catalog.relation_names(env).await?;
    let mut relations = Vec::with_capacity(names.len());
    for RelationName { oid, namespace, name, visible } in names.iter().cloned() {
        let schema = catalog.schema_name(env, namespace).await?;
        relations.push(Relation { oid, schema, name, visible });
    }
    for (name, oid) in MADE {
        let relation = Relation { oid: Oid(oid), schema: "pg_catalog".into(), name: name.into(), visible: true };
        relations.push(relation);
    }
    set_relations(relations.into());
    Ok(())
}

/// The names of the schemas of the path, with those that nobody has named or without.
async fn schemas(cx: &FnCtx, implicit: bool) -> Result<Vec<Datum>> {
    let path = cx.catalog.search_path(&cx.env).await?;
    let mut names = Vec::new();
    for schema in path.schemas.iter().skip(if implicit { 0 } else { path.implicit }) {
        names.push(Datum::Name(cx.catalog.schema_name(&cx.env, *schema).await?));
    }
    Ok(names)
}

/// Whether the name of a relation alone means this one; NULL if there is none.
async fn table_is_visible(cx: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let oid = Oid(args[0].as_u32()?);
    let names = cx.catalog.relation_names(&cx.env).await?;
    let known = names.iter().find(|known| known.oid == oid);
    Ok(known.map_or(Datum::Null, |known| Datum::Bool(known.visible)))
}
