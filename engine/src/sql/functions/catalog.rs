//! What SQL asks of the catalogs about names: the schemas of the path, and what is found without its schema.

use super::{FnCtx, Registry};
use crate::access::Env;
use crate::catalog::{Catalog, RelationName};
use crate::ids::{Oid, Result};
use crate::types::session::{Relation, set_relations};
use crate::types::{Datum, TypeId};
use TypeId::{Bool, Name, NameArray};

pub(super) fn add(registry: &mut Registry) {
    registry.waiting("current_schema", &[], Name, |cx, _| {
        Box::pin(async { Ok(schemas(cx, false).await?.into_iter().next().unwrap_or(Datum::Null)) })
    });
    registry.waiting("current_schemas", &[Bool], NameArray, |cx, args| {
        Box::pin(async { Ok(Datum::array(Name, schemas(cx, args[0].as_bool()?).await?)) })
    });
    registry.waiting("pg_table_is_visible", &[TypeId::Oid], Bool, |cx, args| Box::pin(table_is_visible(cx, args)));
}

/// Puts the names of all relations where a regclass is read and shown by them.
pub async fn load_relations(env: &Env, catalog: &Catalog) -> Result<()> {
    let names = catalog.relation_names(env).await?;
    let mut relations = Vec::with_capacity(names.len());
    for RelationName { oid, namespace, name, visible } in names.iter().cloned() {
        let schema = catalog.schema_name(env, namespace).await?;
        relations.push(Relation { oid, schema, name, visible });
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
