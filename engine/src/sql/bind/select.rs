//! Queries: SELECT and VALUES with ORDER BY and LIMIT.

use super::super::ast::{self, Expr, ExprKind, Ident, Pos, QualName, QueryBody, SortBy, Target};
use super::super::bound::{Exprs, FromNode, Grouping, OutColumn, Query, Scalar, SortKey};
use super::Binder;
use super::call::is_aggregate_call;
use super::coerce::Typed;
use super::level::Level;
use super::locking;
use super::names::column_name;
use super::scope::Item;
use crate::ids::{Error, Oid, Result, sqlstate};
use crate::types::{CastContext, TypeId};
use std::mem::take;

/// The columns of a result while it is bound: their names as well as their expressions.
pub(super) struct Targets {
    pub columns: Vec<OutColumn>,
    pub values: Vec<Typed>,
    /// Each as it was written; none for those that a star stands for.
    pub written: Vec<Option<Expr>>,
}

impl Binder<'_> {
    /// Binds a query. Literals whose type nothing decides become texts, unless the caller is to decide it.
    pub fn query(&mut self, query: &ast::Query, decide: bool) -> Result<Query> {
        let with = match &query.with {
            Some(with) => self.begin_with(with)?,
            None => Vec::new(),
        };
        let mut bound = match &query.body {
            QueryBody::Select(select) => self.select(select, query, decide)?,
            QueryBody::Values(rows) => self.values(rows, query, decide)?,
            QueryBody::SetOperation(operation) => self.set_operation(operation, query)?,
        };
        let count = |binder: &mut Self, value: &Option<Expr>, clause: &'static str| {
            value.as_ref().map(|value| binder.row_count(value, clause)).transpose()
        };
        bound.limit = count(self, &query.limit, if query.with_ties { "FETCH FIRST" } else { "LIMIT" })?;
        bound.offset = count(self, &query.offset, "OFFSET")?;
        bound.with_ties = query.with_ties;
        if query.with_ties && query.order_by.is_empty() {
            let message = "WITH TIES cannot be specified without ORDER BY clause";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message));
        }
        self.end_with(&with);
        bound.ctes = with;
        Ok(bound)
    }

    /// The argument of LIMIT or OFFSET.
    fn row_count(&mut self, value: &Expr, clause: &'static str) -> Result<Exprs> {
        if value.any(&|part| matches!(part.kind, ExprKind::Column(_))) {
            let message = format!("argument of {clause} must not contain variables");
            return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message).at(value.pos.0));
        }
        let mut level = Level::new(clause);
        let bound = self.expr(value, &mut level)?;
        let (ty, pos) = (bound.ty, bound.pos);
        let Some(bound) = self.coerce(bound, TypeId::Int8, CastContext::Assignment)? else {
            let message = format!("argument of {clause} must be type bigint, not type {ty}");
            return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message).at(pos.0));
        };
        Ok(level.exprs(vec![bound.scalar]))
    }

    fn select(&mut self, select: &ast::Select, query: &ast::Query, decide: bool) -> Result<Query> {
        let entered = self.enter_from(&select.from)?;
        let bound = self.select_over(select, query, decide)?;
        self.from_items -= entered;
        Ok(bound)
    }

    fn select_over(&mut self, select: &ast::Select, query: &ast::Query, decide: bool) -> Result<Query> {
        let mut level = Level::new("FROM");
        let mut from = self.from(&select.from, &mut level)?;
        let filter = self.filter(select.filter.as_ref(), &mut level)?;
        if is_grouped(select, &query.order_by) {
            let mut groups = self.groups(select, &mut level)?;
            groups.waits = take(&mut level.waits);
            level.groups = Some(groups);
        }
        self.named_windows(&select.windows, &mut level)?;
        level.clause = "SELECT";
        level.sets_allowed = true;
        level.windows_allowed = true;
        let mut targets = self.targets(&select.targets, &mut level)?;
        if decide {
            self.decide(&mut targets)?;
        }
        let width = targets.values.len();
        level.clause = "ORDER BY";
        let mut order_by = self.order_by(&query.order_by, &mut targets, select.distinct, &mut level)?;
        let distinct_on = self.distinct_on(&select.distinct_on, &mut targets, &mut order_by, width, &mut level)?;
        let having = self.having(select.having.as_ref(), &mut level)?;
        if select.distinct {
            for column in &targets.columns[..width] {
                self.comparable(column.ty)?;
            }
        }
        let scalars = targets.values.into_iter().map(|value| value.scalar).collect();
        let projected = level.exprs(scalars);
        if let Some(from) = &mut from {
            mark_system(from, &level.scope.items);
        }
        targets.columns.truncate(width);
        let mut bound = Query {
            columns: targets.columns,
            from,
            filter,
            sets: take(&mut level.sets).into_iter().map(|(_, call, base)| (call, base)).collect(),
            windows: take(&mut level.windows).into_iter().map(|(_, window)| window).collect(),
            grouping: level.groups.take().map(|groups| Grouping {
                keys: groups.keys.into_iter().map(|(_, key)| key.scalar).collect(),
                sets: groups.sets,
                calls: groups.calls,
                waits: groups.waits,
                having,
            }),
            targets: projected,
            distinct: select.distinct,
            distinct_on,
            order_by,
            range: take(&mut level.range),
            ..Query::default()
        };
        locking::bind(&query.locking, select, &mut bound, &mut level)?;
        Ok(bound)
    }

    /// DISTINCT needs equality.
    fn comparable(&self, ty: TypeId) -> Result<()> {
        match crate::types::binary_op("=", ty, ty) {
            Ok(_) => Ok(()),
            Err(_) => {
                let message = format!("could not identify an equality operator for type {ty}");
                Err(Error::new(sqlstate::UNDEFINED_FUNCTION, message))
            }
        }
    }

    /// DISTINCT ON: places in the projected row. ORDER BY begins with them, in any order, or is made to.
    fn distinct_on(
        &mut self,
        exprs: &[Expr],
        targets: &mut Targets,
        order_by: &mut Vec<SortKey>,
        selected: usize,
        level: &mut Level,
    ) -> Result<Vec<usize>> {
        let mut places = Vec::with_capacity(exprs.len());
        for expr in exprs {
            let slot = self.sort_slot(expr, targets, selected, "DISTINCT ON", level)?;
            if !places.contains(&slot) {
                places.push(slot);
            }
        }
        let leading = order_by.iter().take_while(|key| places.contains(&key.slot)).count();
        let missing: Vec<_> =
            places.iter().filter(|slot| !order_by[..leading].iter().any(|key| key.slot == **slot)).copied().collect();
        if !missing.is_empty() && leading < order_by.len() {
            let message = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions";
            return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message).at(exprs[0].pos.0));
        }
        order_by.extend(missing.into_iter().map(|slot| SortKey { slot, descending: false, nulls_first: false }));
        Ok(places)
    }

    /// The conjuncts of WHERE, each with what it waits for.
    pub fn filter(&mut self, filter: Option<&Expr>, level: &mut Level) -> Result<Vec<Exprs>> {
        level.clause = "WHERE";
        let conjuncts = match filter {
            None => return Ok(Vec::new()),
            Some(Expr { kind: ExprKind::And(args), .. }) => args.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        let clause = if conjuncts.len() > 1 { "AND" } else { "WHERE" };
        let mut filter = Vec::with_capacity(conjuncts.len());
        for conjunct in conjuncts {
            let condition = self.expr(conjunct, level)?;
            let condition = self.condition(condition, clause)?;
            filter.push(level.exprs(vec![condition]));
        }
        Ok(filter)
    }

    fn having(&mut self, having: Option<&Expr>, level: &mut Level) -> Result<Option<Exprs>> {
        let Some(having) = having else { return Ok(None) };
        level.clause = "HAVING";
        level.sets_allowed = false;
        level.windows_allowed = false;
        let targets = take(&mut level.waits);
        let condition = self.expr(having, level)?;
        let condition = self.condition(condition, "HAVING")?;
        let exprs = level.exprs(vec![condition]);
        level.waits = targets;
        Ok(Some(exprs))
    }

    /// Binds a target list, also that of RETURNING.
    pub fn targets(&mut self, list: &[Target], level: &mut Level) -> Result<Targets> {
        let mut targets = Targets { columns: Vec::new(), values: Vec::new(), written: Vec::new() };
        for target in list {
            match target {
                Target::Star(pos) => {
                    if level.scope.items.is_empty() {
                        let message = "SELECT * with no tables specified is not valid";
                        return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(pos.0));
                    }
                    for at in level.first..level.scope.items.len() {
                        let mut item = level.scope.items[at].clone();
                        item.columns.retain(|column| !column.hidden);
                        self.all_columns(&item, *pos, level, &mut targets)?;
                    }
                }
                Target::TableStar(QualName { schema, name, pos }) => {
                    let at = level.scope.item(schema.as_ref(), name, level.first, *pos)?;
                    let item = level.scope.items[at].clone();
                    self.all_columns(&item, *pos, level, &mut targets)?;
                }
                Target::Expr(Expr { kind: ExprKind::Field(arg, None), pos }, None) => {
                    let (function, base) = self.row_function(arg, *pos, level)?;
                    for (at, (name, ty)) in function.columns.iter().enumerate() {
                        let value = Typed::new(Scalar::Column(base + at), *ty, *pos);
                        targets.push((*name).into(), value, (Oid(0), 0), None);
                    }
                }
                Target::Expr(expr, alias) => {
                    let value = self.expr(expr, level)?;
                    let name = alias.clone().unwrap_or_else(|| column_name(expr));
                    let source = source_of(&value, level);
                    targets.push(name, value, source, Some(expr.clone()));
                }
            }
        }
        Ok(targets)
    }

    fn all_columns(&mut self, item: &Item, pos: Pos, level: &mut Level, targets: &mut Targets) -> Result<()> {
        if let Some(notes) = &mut self.notes {
            notes.star(&level.scope, &item.columns, pos);
        }
        for column in &item.columns {
            let value = self.grouped(column.clone(), pos, level, false)?;
            let source = source_of(&value, level);
            targets.push(column.name.clone(), value, source, None);
        }
        Ok(())
    }

    /// Literals of a target list become texts.
    pub fn decide(&mut self, targets: &mut Targets) -> Result<()> {
        for (value, column) in targets.values.iter_mut().zip(&mut targets.columns) {
            if value.ty == TypeId::Unknown {
                *value = self.known(value.clone())?;
                column.ty = value.ty;
            }
        }
        Ok(())
    }

    /// ORDER BY: each key is a column of the projected row, which grows where it is not selected.
    pub fn order_by(
        &mut self,
        order_by: &[SortBy],
        targets: &mut Targets,
        distinct: bool,
        level: &mut Level,
    ) -> Result<Vec<SortKey>> {
        let selected = targets.values.len();
        let mut keys = Vec::with_capacity(order_by.len());
        for sort in order_by {
            let slot = self.sort_slot(&sort.expr, targets, selected, "ORDER BY", level)?;
            if distinct && slot >= selected {
                let message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list";
                return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message).at(sort.expr.pos.0));
            }
            self.sortable(targets.values[slot].ty, sort.expr.pos)?;
            let nulls_first = sort.nulls_first.unwrap_or(sort.descending);
            keys.push(SortKey { slot, descending: sort.descending, nulls_first });
        }
        Ok(keys)
    }

    /// The place in the projected row that an item of ORDER BY or DISTINCT ON means.
    fn sort_slot(
        &mut self,
        expr: &Expr,
        targets: &mut Targets,
        selected: usize,
        clause: &str,
        level: &mut Level,
    ) -> Result<usize> {
        if let Some(slot) = targets.find(expr, selected, clause)? {
            return Ok(slot);
        }
        let value = self.expr(expr, level)?;
        let value = self.known(value)?;
        Ok(targets.same_column(&value, selected).unwrap_or_else(|| {
            targets.push("?column?".into(), value, (Oid(0), 0), Some(expr.clone()));
            targets.values.len() - 1
        }))
    }

    pub fn sortable(&self, ty: TypeId, pos: Pos) -> Result<()> {
        match crate::types::binary_op("<", ty, ty) {
            Ok(_) => Ok(()),
            Err(_) => {
                let message = format!("could not identify an ordering operator for type {ty}");
                Err(Error::new(sqlstate::UNDEFINED_FUNCTION, message)
                    .hint("Use an explicit ordering operator or modify the query.")
                    .at(pos.0))
            }
        }
    }

    fn values(&mut self, rows: &[Vec<Expr>], query: &ast::Query, decide: bool) -> Result<Query> {
        if let Some(clause) = query.locking.first() {
            let message = format!("{} cannot be applied to VALUES", clause.name());
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
        }
        let mut level = Level::new("VALUES");
        let mut bound: Vec<Vec<Typed>> = Vec::with_capacity(rows.len());
        let mut waits = Vec::with_capacity(rows.len());
        for row in rows {
            bound.push(row.iter().map(|value| self.expr(value, &mut level)).collect::<Result<_>>()?);
            waits.push(take(&mut level.waits));
        }
        let width = rows.first().map_or(0, Vec::len);
        let mut columns = Vec::with_capacity(width);
        for at in 0..width {
            let mut ty = bound.first().map_or(TypeId::Unknown, |row| row[at].ty);
            if decide || bound.len() > 1 && bound.iter().any(|row| row[at].ty != ty) {
                let column = bound.iter().map(|row| row[at].clone()).collect();
                let (scalars, common) = self.common(column, "VALUES")?;
                ty = common;
                for (row, scalar) in bound.iter_mut().zip(scalars) {
                    row[at] = Typed::new(scalar, ty, row[at].pos);
                }
            }
            columns.push(OutColumn { name: format!("column{}", at + 1).into(), ty, typmod: -1, source: (Oid(0), 0) });
        }
        let slots = columns.iter().enumerate().map(|(at, column)| Typed::new(Scalar::Column(at), column.ty, Pos(0)));
        let mut targets = Targets { written: vec![None; width], values: slots.collect(), columns };
        let order_by = self.order_by(&query.order_by, &mut targets, false, &mut level)?;
        targets.columns.truncate(width);
        let scalars = |row: Vec<Typed>| row.into_iter().map(|value| value.scalar).collect();
        let rows = bound.into_iter().zip(waits).map(|(row, waits)| Exprs { waits, scalars: scalars(row) });
        Ok(Query {
            columns: targets.columns,
            values: Some(rows.collect()),
            targets: level.exprs(targets.values.into_iter().map(|value| value.scalar).collect()),
            order_by,
            ..Query::default()
        })
    }
}

impl Targets {
    pub fn push(&mut self, name: Ident, value: Typed, source: (Oid, i16), written: Option<Expr>) {
        self.columns.push(OutColumn { name, ty: value.ty, typmod: value.typmod, source });
        self.values.push(value);
        self.written.push(written);
    }

    /// The selected column that an item of ORDER BY means by its position, its name or by being the same expression.
    fn find(&self, expr: &Expr, selected: usize, clause: &str) -> Result<Option<usize>> {
        match &expr.kind {
            ExprKind::Int4(n) if (1..=selected as i64).contains(&i64::from(*n)) => return Ok(Some(*n as usize - 1)),
            ExprKind::Int4(n) => return Err(no_position(*n, clause, expr.pos)),
            ExprKind::Int8(_) | ExprKind::Numeric(_) | ExprKind::String(_) | ExprKind::Null | ExprKind::Bool(_) => {
                let message = format!("non-integer constant in {clause}");
                return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(expr.pos.0));
            }
            ExprKind::Column(path) => {
                if let [name] = &path[..] {
                    let mut named = (0..selected).filter(|at| self.columns[*at].name == *name);
                    if let Some(first) = named.next() {
                        if named.any(|other| !self.alike(first, other)) {
                            let message = format!("{clause} \"{name}\" is ambiguous");
                            return Err(Error::new(sqlstate::AMBIGUOUS_COLUMN, message).at(expr.pos.0));
                        }
                        return Ok(Some(first));
                    }
                }
            }
            _ => {}
        }
        Ok(self.written.iter().position(|written| written.as_ref() == Some(expr)))
    }

    /// Whether two columns are the same expression.
    fn alike(&self, a: usize, b: usize) -> bool {
        match (&self.values[a].scalar, &self.values[b].scalar) {
            (Scalar::Column(a), Scalar::Column(b)) => a == b,
            _ => self.written[a].is_some() && self.written[a] == self.written[b],
        }
    }

    /// The selected column that is the same slot.
    fn same_column(&self, value: &Typed, selected: usize) -> Option<usize> {
        let Scalar::Column(slot) = value.scalar else { return None };
        self.values[..selected].iter().position(|own| matches!(own.scalar, Scalar::Column(own) if own == slot))
    }
}

pub(super) fn no_position(n: i32, clause: &str, pos: Pos) -> Error {
    Error::new(sqlstate::INVALID_COLUMN_REFERENCE, format!("{clause} position {n} is not in select list")).at(pos.0)
}

/// Whether a query speaks of groups: it has GROUP BY or HAVING, or calls an aggregate.
fn is_grouped(select: &ast::Select, order_by: &[SortBy]) -> bool {
    let aggregates = |expr: &Expr| expr.any(&is_aggregate_call);
    let target = |target: &Target| matches!(target, Target::Expr(expr, _) if aggregates(expr));
    !select.group_by.is_empty()
        || select.having.is_some()
        || select.targets.iter().any(target)
        || order_by.iter().any(|sort| aggregates(&sort.expr))
}

/// The table and column that a value is taken from unchanged.
fn source_of(value: &Typed, level: &Level) -> (Oid, i16) {
    let Scalar::Column(slot) = value.scalar else { return (Oid(0), 0) };
    if level.groups.is_some() {
        return (Oid(0), 0);
    }
    let columns = level.scope.items.iter().flat_map(|item| &item.columns);
    columns.clone().find(|column| column.slot == slot).map_or((Oid(0), 0), |column| column.source)
}

/// Notes at the tables whose system columns are asked for.
pub(super) fn mark_system(node: &mut FromNode, items: &[Item]) {
    match node {
        FromNode::Table(table, base, system) => {
            let own = Some(*base + table.desc.natts());
            *system = items.iter().any(|item| item.system == own && item.system_used);
        }
        FromNode::Join(join) => {
            mark_system(&mut join.left, items);
            mark_system(&mut join.right, items);
        }
        FromNode::Function(..) | FromNode::Subquery(..) | FromNode::Cte(..) => {}
    }
}
