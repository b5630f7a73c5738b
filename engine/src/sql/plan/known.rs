//! What is known of tables: rows of `pg_statistic`, kept by each backend until something changes.

use super::super::bound::{Bound, CteBody, FromNode, Query, Statement};
use super::super::functions::FnCtx;
use crate::catalog::{Table, pg_statistic};
use crate::ids::{Oid, Result};
use crate::types::TypeId;
use crate::types::column_stats::ColumnStats;
use std::rc::Rc;

/// The statistics of a table's columns.
#[derive(Default)]
pub struct TableStats {
    pub columns: Vec<Option<Rc<ColumnStats>>>,
}

/// Under which number the cache keeps them.
const PLACE: u8 = u8::MAX;

impl TableStats {
    pub fn column(&self, column: usize) -> Option<&Rc<ColumnStats>> {
        self.columns.get(column)?.as_ref()
    }

    /// `get_attavgwidth`, or what its type makes of it.
    pub fn width(&self, table: &Table, column: usize) -> i32 {
        let Some(attr) = table.desc.attrs.get(column) else {
            return super::super::bound::SYSTEM_COLUMNS
                .get(column - table.desc.natts())
                .map_or(4, |(_, _, ty)| i32::from(ty.typlen()));
        };
        if attr.dropped {
            return 0;
        }
        match self.column(column) {
            Some(stats) if stats.width > 0 => stats.width,
            _ => average_width(attr.type_id, attr.typmod),
        }
    }
}

/// `get_typavgwidth`
pub fn average_width(ty: TypeId, typmod: i32) -> i32 {
    let length = i32::from(ty.typlen());
    if length > 0 {
        return length;
    }
    let most = match ty {
        // Characters have up to four bytes.
        TypeId::Bpchar | TypeId::Varchar if typmod > 4 => (typmod - 4) * 4 + 4,
        TypeId::Numeric if typmod > 4 => numeric_width(typmod),
        _ => return 32,
    };
    match most {
        _ if ty == TypeId::Bpchar => most,
        0..=32 => most,
        33..1000 => 32 + (most - 32) / 2,
        _ => 32 + (1000 - 32) / 2,
    }
}

/// `numeric_maximum_size`
fn numeric_width(typmod: i32) -> i32 {
    let precision = (typmod - 4) >> 16 & 0xffff;
    (precision + 2 * (4 - 1)) / 4 * 2 + 8
}

/// Reads what is not known yet of the tables of a statement.
pub async fn load(fx: &FnCtx, bound: &Bound) -> Result<()> {
    let mut tables: Vec<Rc<Table>> = Vec::new();
    let mut note = |table: &Rc<Table>| {
        if table.class.tuples >= 0.0 && !tables.iter().any(|known| known.oid == table.oid) {
            tables.push(table.clone());
        }
    };
    of_statement(&bound.statement, &mut note);
    bound.subqueries.iter().for_each(|query| of_query(query, &mut note));
    for cte in &bound.ctes {
        match &cte.body {
            CteBody::Query(query) => of_query(query, &mut note),
            CteBody::Recursive(both, _) => {
                of_query(&both.0, &mut note);
                of_query(&both.1, &mut note);
            }
            CteBody::Change(statement) => of_statement(statement, &mut note),
        }
    }
    for table in tables {
        if fx.catalog.plan::<TableStats>((table.oid, PLACE)).is_some() {
            continue;
        }
        let mut stats = TableStats { columns: vec![None; table.desc.natts()] };
        for (_, column, found) in pg_statistic::read(&fx.env, Some(table.oid)).await? {
            if let Some(place) = stats.columns.get_mut(column) {
                *place = Some(Rc::new(found));
            }
        }
        fx.catalog.keep_plan((table.oid, PLACE), Rc::new(stats));
    }
    Ok(())
}

/// What is known of a table.
pub fn of_table(fx: &FnCtx, table: Oid) -> Rc<TableStats> {
    fx.catalog.plan::<TableStats>((table, PLACE)).unwrap_or_default()
}

type Note<'a> = &'a mut dyn FnMut(&Rc<Table>);

fn of_statement(statement: &Statement, note: Note) {
    match statement {
        Statement::Query(query) => of_query(query, note),
        Statement::Insert(insert) => insert.source.iter().for_each(|query| of_query(query, note)),
        Statement::Update(update) => {
            note(&update.table);
            update.from.iter().for_each(|query| of_query(query, note));
        }
        Statement::Delete(delete) => {
            note(&delete.table);
            delete.using.iter().for_each(|query| of_query(query, note));
        }
    }
}

fn of_query(query: &Query, note: Note) {
    query.from.iter().for_each(|from| of_from(from, note));
    if let Some(operation) = &query.set_operation {
        operation.sides.iter().for_each(|(side, _)| of_query(side, note));
    }
}

fn of_from(from: &FromNode, note: Note) {
    match from {
        FromNode::Table(table, ..) => note(table),
        FromNode::Subquery(query, ..) => of_query(query, note),
        FromNode::Join(join) => {
            of_from(&join.left, note);
            of_from(&join.right, note);
        }
        FromNode::Function(_) | FromNode::Cte(..) => {}
    }
}
