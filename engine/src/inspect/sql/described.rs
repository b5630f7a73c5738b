//! Views over the catalogs: the tables, the indexes, and what ANALYZE has found out about columns.

use super::btree::indexdef;
use super::{Columns, Functions};
use crate::catalog::pg_class::ClassRow;
use crate::catalog::{Catalog, pg_statistic};
use crate::ids::Result;
use crate::sql::bound::Row;
use crate::sql::functions::{FnCtx, load_relations, view_text};
use crate::types::TypeId::{self, *};
use crate::types::{Datum, column_stats::ColumnStats};

const STATS: Columns = &[
    ("schemaname", Name),
    ("tablename", Name),
    ("attname", Name),
    ("inherited", Bool),
    ("null_frac", Float4),
    ("avg_width", Int4),
    ("n_distinct", Float4),
    ("most_common_vals", AnyArray),
    ("most_common_freqs", Float4Array),
    ("histogram_bounds", AnyArray),
    ("correlation", Float4),
    ("most_common_elems", AnyArray),
    ("most_common_elem_freqs", Float4Array),
    ("elem_count_histogram", Float4Array),
];

const TABLES: Columns = &[
    ("schemaname", Name),
    ("tablename", Name),
    ("tableowner", Name),
    ("tablespace", Name),
    ("hasindexes", Bool),
    ("hasrules", Bool),
    ("hastriggers", Bool),
    ("rowsecurity", Bool),
];

const INDEXES: Columns =
    &[("schemaname", Name), ("tablename", Name), ("indexname", Name), ("tablespace", Name), ("indexdef", Text)];

const VIEWS: Columns = &[("schemaname", Name), ("viewname", Name), ("viewowner", Name), ("definition", Text)];

pub(super) fn add(functions: &mut Functions) {
    let registry = &mut *functions.registry;
    registry.view("pg_views", VIEWS, |cx, _| Box::pin(views(cx)));
    registry.view("pg_stats", STATS, |cx, _| Box::pin(stats(cx)));
    registry.view("pg_tables", TABLES, |cx, _| Box::pin(tables(cx)));
    registry.view("pg_indexes", INDEXES, |cx, _| Box::pin(indexes(cx)));
}

/// The name of the schema that something is in.
async fn schema(cx: &FnCtx, class: &ClassRow) -> Result<Datum> {
    Ok(Datum::Name(cx.catalog.schema_name(&cx.env, class.namespace).await?))
}

async fn tables(cx: &FnCtx) -> Result<Vec<Row>> {
    let classes = Catalog::new().all(&cx.env).await?;
    let mut rows = Vec::new();
    for class in classes.iter().filter(|class| class.kind == b'r') {
        rows.push(vec![
            schema(cx, class).await?,
            Datum::name(&class.name),
            Datum::name("postgres"),
            if class.shared { Datum::name("pg_global") } else { Datum::Null },
            Datum::Bool(class.has_index),
            Datum::Bool(class.has_rules),
            Datum::Bool(class.has_triggers),
            Datum::Bool(false),
        ]);
    }
    Ok(rows)
}

async fn views(cx: &FnCtx) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for class in cx.catalog.relations(&cx.env).await?.iter().filter(|class| class.kind == b'v') {
        let Some(view) = cx.catalog.table_by_oid(&cx.env, class.oid).await? else { continue };
        load_relations(&cx.env, &cx.catalog).await?;
        let text = view_text(view.view.as_deref().unwrap_or_default(), false)? + ";";
        rows.push(vec![
            Datum::Name(view.schema.clone()),
            Datum::name(&class.name),
            Datum::name("postgres"),
            Datum::text(text),
        ]);
    }
    Ok(rows)
}

async fn indexes(cx: &FnCtx) -> Result<Vec<Row>> {
    let catalog = Catalog::new();
    let mut rows = Vec::new();
    for class in catalog.all(&cx.env).await?.iter().filter(|class| class.kind == b'r') {
        let Some(table) = catalog.table_by_oid(&cx.env, class.oid).await? else { continue };
        for index in table.rel.indexes.iter() {
            let definition = indexdef(cx, index.rel.oid, 0, true).await?;
            let (schema, table) = (schema(cx, class).await?, Datum::name(&class.name));
            rows.push(vec![schema, table, Datum::name(&index.name), Datum::Null, definition]);
        }
    }
    Ok(rows)
}

async fn stats(cx: &FnCtx) -> Result<Vec<Row>> {
    let catalog = Catalog::new();
    let mut rows = Vec::new();
    for (oid, column, found) in pg_statistic::read(&cx.env, None).await? {
        let Some(table) = catalog.table_by_oid(&cx.env, oid).await? else { continue };
        let Some(attr) = table.desc.attrs.get(column).filter(|attr| !attr.dropped) else { continue };
        let mut row = vec![schema(cx, &table.class).await?, Datum::name(&table.name), Datum::Name(attr.name.clone())];
        row.extend(shown(attr.type_id, &found));
        rows.push(row);
    }
    Ok(rows)
}

/// What is known of a column of a type, NULL where nothing is.
fn shown(type_id: TypeId, found: &ColumnStats) -> Vec<Datum> {
    let array = |elem: TypeId, items: Vec<Datum>| {
        if items.is_empty() { Datum::Null } else { Datum::array(elem, items) }
    };
    let (common, parts): (Vec<Datum>, Vec<Datum>) =
        found.common.iter().map(|(value, part)| (value.clone(), Datum::Float4(*part))).unzip();
    vec![
        Datum::Bool(false),
        Datum::Float4(found.null_frac),
        Datum::Int4(found.width),
        Datum::Float4(found.distinct),
        array(type_id, common),
        array(Float4, parts),
        array(type_id, found.histogram.clone()),
        found.correlation.map_or(Datum::Null, Datum::Float4),
        Datum::Null,
        Datum::Null,
        Datum::Null,
    ]
}
