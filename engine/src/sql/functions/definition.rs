//! What the catalogs keep as SQL, for somebody to see: defaults, checks, keys, views.
//!
//! PostgreSQL: `utils/adt/ruleutils.c`.

use super::super::deparse::{Shown, shown_expr, shown_query};
use super::super::parse::{parse_expression, parse_query};
use super::{FnCtx, FnFuture, Registry, load_relations};
use crate::catalog::Table;
use crate::catalog::pg_constraint::{ConstraintRow, FkAction, ForeignKey};
use crate::catalog::{constraint, view};
use crate::ids::{Error, Oid, Result, sqlstate};
use crate::types::quote::quote_ident;
use crate::types::session::{relation_named, split_name};
use crate::types::{Datum, TypeId};
use TypeId::{Bool, PgNodeTree, Text};
use std::rc::Rc;

pub(super) fn add(registry: &mut Registry) {
    let oid = TypeId::Oid;
    for args in [&[PgNodeTree, oid][..], &[PgNodeTree, oid, Bool], &[Text, oid], &[Text, oid, Bool]] {
        registry.waiting("pg_get_expr", args, Text, |cx, args| {
            Box::pin(async {
                load_relations(&cx.env, &cx.catalog).await?;
                let shown = Shown { pretty: is_true(args.get(2)), table: None, regclass: true };
                Ok(Datum::text(shown_expr(&parse_expression(args[0].as_str()?)?, shown)))
            })
        });
    }
    for args in [&[oid][..], &[oid, Bool]] {
        registry.waiting("pg_get_constraintdef", args, Text, |cx, args| Box::pin(constraintdef(cx, args)));
    }
    for args in [&[oid][..], &[oid, Bool]] {
        registry.waiting("pg_get_ruledef", args, Text, |cx, args| Box::pin(ruledef(cx, args)));
    }
    for args in [&[oid][..], &[oid, Bool], &[oid, TypeId::Int4]] {
        registry.waiting("pg_get_viewdef", args, Text, |cx, args| {
            let pretty = args.get(1).is_some_and(|arg| *arg != Datum::Bool(false));
            viewdef(cx, args[0].as_u32().map(Oid), pretty)
        });
    }
    for args in [&[Text][..], &[Text, Bool]] {
        registry.waiting("pg_get_viewdef", args, Text, |cx, args| {
            Box::pin(async {
                load_relations(&cx.env, &cx.catalog).await?;
                let name = args[0].as_str()?;
                let missing = || {
                    let message = format!("relation \"{}\" does not exist", split_name(name).join("."));
                    Error::new(sqlstate::UNDEFINED_TABLE, message)
                };
                viewdef(cx, relation_named(name).ok_or_else(missing), is_true(args.get(1))).await
            })
        });
    }
}

/// The rule of a view as the statement that would make it; NULL if there is none.
async fn ruledef(cx: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let Some(view) = view::of_rule(&cx.env, Oid(args[0].as_u32()?)).await? else { return Ok(Datum::Null) };
    let Some(view) = cx.catalog.table_by_oid(&cx.env, view).await? else { return Ok(Datum::Null) };
    let pretty = is_true(args.get(1));
    let name = match pretty {
        true => cx.catalog.shown(&cx.env, &view).await?,
        false => format!("{}.{}", quote_ident(&view.schema), quote_ident(&view.name)),
    };
    load_relations(&cx.env, &cx.catalog).await?;
    let text = view_text(view.view.as_deref().unwrap_or_default(), pretty)?;
    Ok(Datum::text(format!("CREATE RULE \"_RETURN\" AS\n    ON SELECT TO {name} DO INSTEAD {text};")))
}

fn is_true(arg: Option<&Datum>) -> bool {
    arg == Some(&Datum::Bool(true))
}

// --- views ---------------------------------------------------------------------------------------------------

/// The query of a view; NULL if there is none.
fn viewdef(cx: &FnCtx, view: Result<Oid>, pretty: bool) -> FnFuture<'_, Datum> {
    Box::pin(async move {
        let Some(text) = cx.catalog.table_by_oid(&cx.env, view?).await?.and_then(|table| table.view.clone()) else {
            return Ok(Datum::Null);
        };
        load_relations(&cx.env, &cx.catalog).await?;
        Ok(Datum::text(view_text(&text, pretty)? + ";"))
    })
}

/// A view's query as it is shown: tables with their schemas where they would not be found without.
pub fn view_text(text: &str, pretty: bool) -> Result<String> {
    let table = |schema: &str, name: &str| {
        let qualified = format!("{}.{}", quote_ident(schema), quote_ident(name));
        // What is found by its name alone is written so; views of the system always are.
        match (relation_named(&quote_ident(name)), relation_named(&qualified)) {
            (Some(found), Some(meant)) if found == meant => quote_ident(name),
            (None, None) if schema == "pg_catalog" => quote_ident(name),
            _ => qualified,
        }
    };
    Ok(shown_query(&parse_query(text)?, Shown { pretty, table: Some(&table), regclass: true }))
}

// --- constraints ---------------------------------------------------------------------------------------------

/// `pg_get_constraintdef_worker`
async fn constraintdef(cx: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let oid = Oid(args[0].as_u32()?);
    let Some(row) = constraint::by_oid(&cx.env, oid).await? else { return Ok(Datum::Null) };
    let Some(table) = cx.catalog.table_by_oid(&cx.env, row.table).await? else { return Ok(Datum::Null) };
    let mut text = match &row.foreign {
        Some(key) => foreign_key(cx, &table, &row, key).await?,
        None if row.is_key() => {
            let word = if row.kind == b'p' { "PRIMARY KEY" } else { "UNIQUE" };
            format!("{word} ({})", names(&table, &row.columns))
        }
        None => {
            let shown = Shown { pretty: is_true(args.get(1)), table: None, regclass: true };
            load_relations(&cx.env, &cx.catalog).await?;
            let condition = parse_expression(row.condition.as_deref().unwrap_or("true"))?;
            format!("CHECK ({})", shown_expr(&condition, shown))
        }
    };
    for (is, words) in
        [(row.deferrable, " DEFERRABLE"), (row.deferred, " INITIALLY DEFERRED"), (!row.validated, " NOT VALID")]
    {
        text += if is { words } else { "" };
    }
    Ok(Datum::text(text))
}

async fn foreign_key(cx: &FnCtx, table: &Rc<Table>, row: &ConstraintRow, key: &ForeignKey) -> Result<String> {
    let missing = || Error::internal(format!("cache lookup failed for relation {}", key.table));
    let referred = cx.catalog.table_by_oid(&cx.env, key.table).await?.ok_or_else(missing)?;
    let shown = cx.catalog.shown(&cx.env, &referred).await?;
    let mut text =
        format!("FOREIGN KEY ({}) REFERENCES {shown}({})", names(table, &row.columns), names(&referred, &key.columns));
    text += if key.full { " MATCH FULL" } else { "" };
    for (event, action) in [("UPDATE", key.on_update), ("DELETE", key.on_delete)] {
        if action != FkAction::NoAction {
            text += &format!(" ON {event} {}", action.name());
        }
    }
    if !key.set_columns.is_empty() {
        text += &format!(" ({})", names(table, &key.set_columns));
    }
    Ok(text)
}

/// Names of columns, by their places.
fn names(table: &Table, columns: &[usize]) -> String {
    let names: Vec<String> = columns.iter().map(|at| quote_ident(&table.desc.attrs[*at].name)).collect();
    names.join(", ")
}
