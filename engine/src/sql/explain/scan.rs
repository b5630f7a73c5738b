//! What is said of a scan.

use super::super::bound::{Exprs, FromNode};
use super::super::plan::{BitmapUse, Cost, Plan, ScanSpec, slots};
use super::deparse;
use super::names::{Around, View};
use super::node::{Shown, Value, Walk};
use crate::catalog::Table;

impl<'a> Walk<'a> {
    pub fn scan(&self, plan: &'a Plan, spec: &'a ScanSpec, around: &Around<'a>, shown: &mut Shown) {
        let start = plan.layout_start(spec);
        let alias = self.alias(around, start, &spec.table);
        let table = self.table_name(&spec.table, alias.as_deref());
        let kind = match &spec.index {
            None if spec.bitmap.is_some() => "Bitmap Heap Scan",
            None => "Seq Scan",
            Some(index) if index.keys_only => "Index Only Scan",
            Some(_) => "Index Scan",
        };
        shown.kind = kind.into();
        shown.title = match &spec.index {
            None => format!("{kind} on {table}"),
            Some(index) => {
                let name = crate::types::quote::quote_ident(&spec.table.rel.indexes[index.index].name);
                let backward = if index.backward { " Backward" } else { "" };
                shown
                    .facts
                    .push(("Scan Direction", Value::Text(if index.backward { "Backward" } else { "Forward" }.into())));
                shown.facts.push(("Index Name", Value::Text(name.clone())));
                format!("{kind}{backward} using {name} on {table}")
            }
        };
        shown.facts.push(("Relation Name", Value::Text(spec.table.name.to_string())));
        if self.options.verbose {
            shown.facts.push(("Schema", Value::Text(spec.table.schema.to_string())));
        }
        shown.facts.push(("Alias", Value::Text(alias.unwrap_or_else(|| spec.table.name.to_string()))));
        if !spec.index_conditions.is_empty() {
            let view = View { walk: self, around, plan, inputs: false, prefix: self.options.verbose };
            let conditions: Vec<Exprs> = spec.index_conditions.iter().map(turned).collect();
            let text = deparse::all(&view, &conditions.iter().collect::<Vec<_>>());
            let label = if spec.bitmap.is_some() { "Recheck Cond" } else { "Index Cond" };
            shown.properties.push((label, Value::Text(text)));
        }
    }

    /// How a map of rows is made.
    pub fn map(&self, plan: &'a Plan, spec: &'a ScanSpec, map: &'a BitmapUse, around: &Around<'a>) -> Shown {
        let joined = |kind: &str, maps: &'a [BitmapUse]| {
            let inputs: Vec<Shown> =
                maps.iter().map(|map| Shown { relation: "Member", ..self.map(plan, spec, map, around) }).collect();
            let cost: f64 = inputs.iter().map(|input| input.cost.total).sum();
            let cost = Cost { startup: cost, total: cost, rows: 0.0, width: 0 };
            Shown { title: kind.into(), kind: kind.into(), relation: "Outer", cost, inputs, ..Shown::default() }
        };
        match map {
            BitmapUse::And(maps) => joined("BitmapAnd", maps),
            BitmapUse::Or(maps) => joined("BitmapOr", maps),
            BitmapUse::Index(index, part) => {
                let name = crate::types::quote::quote_ident(&spec.table.rel.indexes[index.index].name);
                let view = View { walk: self, around, plan, inputs: false, prefix: self.options.verbose };
                let conditions: Vec<Exprs> = part.conditions.iter().map(turned).collect();
                let mut shown = Shown {
                    title: format!("Bitmap Index Scan on {name}"),
                    kind: "Bitmap Index Scan".into(),
                    relation: "Outer",
                    cost: Cost { startup: 0.0, total: part.total, rows: part.rows, width: 0 },
                    ..Shown::default()
                };
                shown.facts.push(("Index Name", Value::Text(name.to_string())));
                if !conditions.is_empty() {
                    let text = deparse::all(&view, &conditions.iter().collect::<Vec<_>>());
                    shown.properties.push(("Index Cond", Value::Text(text)));
                }
                shown
            }
        }
    }

    fn alias(&self, around: &Around<'a>, start: usize, table: &Table) -> Option<String> {
        let name = self.reference(around.query, start);
        if name.is_empty() { Some(table.name.to_string()) } else { Some(name) }
    }

    /// A scan of what has only an alias.
    pub fn named(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown, kind: &str, of: Option<&str>) {
        let first = plan.layout.0.first().copied().unwrap_or(0);
        let base = around.query.from.as_ref().and_then(|from| base_of(from, first)).unwrap_or(first);
        let alias = self.reference(around.query, base);
        shown.kind = kind.into();
        shown.title = match of {
            Some(name) if name != alias => {
                format!("{kind} on {}{name} {alias}", if self.options.verbose { "pg_catalog." } else { "" })
            }
            Some(name) if self.options.verbose => format!("{kind} on pg_catalog.{name}"),
            _ => format!("{kind} on {alias}"),
        };
        shown.facts.push(("Alias", Value::Text(alias)));
    }

    pub fn with_scan(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown, kind: &str, id: usize) {
        let name = self.bound.ctes.get(id).map_or("", |cte| &*cte.name);
        let first = plan.layout.0.first().copied().unwrap_or(0);
        let alias = self.reference(around.query, first);
        shown.kind = kind.into();
        let name = crate::types::quote::quote_ident(name);
        shown.title = if alias == name || alias.is_empty() {
            format!("{kind} on {name}")
        } else {
            format!("{kind} on {name} {alias}")
        };
        shown.facts.push(("CTE Name", Value::Text(name)));
        shown.facts.push(("Alias", Value::Text(alias)));
    }
}

/// `column operator value`, the column first.
fn turned(exprs: &Exprs) -> Exprs {
    use super::super::bound::Scalar;
    let mut own = exprs.clone();
    if let [Scalar::Binary(op, _, args)] = &mut own.scalars[..]
        && !matches!(args[0], Scalar::Column(_))
        && matches!(args[1], Scalar::Column(_))
    {
        args.swap(0, 1);
        let turned = match &**op {
            "<" => ">",
            "<=" => ">=",
            ">" => "<",
            ">=" => "<=",
            other => other,
        };
        *op = turned.into();
    }
    own
}

fn base_of(from: &FromNode, at: usize) -> Option<usize> {
    match from {
        FromNode::Join(join) => base_of(&join.left, at).or_else(|| base_of(&join.right, at)),
        item => slots(item).contains(&at).then(|| slots(item).start),
    }
}
