//! A query from beginning to end: taken apart, its ways weighed, the best one made into a plan.

use super::super::ast::SetKind;
use super::super::bound::{Cte, CteBody, Exprs, FromNode, Query, Scalar, SetOperation, SortKey, Statement, Wait};
use super::Planner;
use super::costs::{Calls, Grouped};
use super::create::Making;
use super::known;
use super::layout::Layout;
use super::level::{Known, Level};
use super::path::{Path, Paths, Way};
use super::tree::{Cost, CtePlan, Op, Plan, SortSpec};
use crate::catalog::Table;
use std::rc::Rc;

impl Planner<'_> {
    /// The plan of a query, of the rows of an INSERT, or of those to be changed.
    pub fn source_of(&self, statement: &Statement) -> Option<Plan> {
        match statement {
            Statement::Query(query) => Some(self.query(query, 0.0)),
            Statement::Insert(insert) => insert.source.as_ref().map(|source| self.query(source, 0.0)),
            Statement::Update(update) => Some(match &update.from {
                Some(from) => self.query(from, 0.0),
                None => {
                    let set = update.values.scalars.iter().enumerate();
                    let set = set.filter(|(at, value)| !matches!(value, Scalar::Column(slot) if slot == at));
                    let widths = set.map(|(at, _)| known::of_table(self.fx, update.table.oid).width(&update.table, at));
                    self.changed(&update.table, &update.filter, widths.sum())
                }
            }),
            Statement::Delete(delete) => Some(match &delete.using {
                Some(using) => self.query(using, 0.0),
                None => self.changed(&delete.table, &delete.filter, 0),
            }),
        }
    }

    /// The rows of a table that are to be changed; who changes them looks at the conditions.
    fn changed(&self, table: &Rc<Table>, filter: &[Exprs], width: i32) -> Plan {
        let natts = table.desc.natts();
        let columns = (0..natts + super::super::bound::SYSTEM_COLUMNS.len()).map(Scalar::Column);
        let query = Query {
            from: Some(FromNode::Table(table.clone(), 0, true)),
            filter: filter.to_vec(),
            targets: Exprs { waits: Vec::new(), scalars: columns.collect() },
            ..Query::default()
        };
        let mut plan = self.query(&query, 0.0);
        // PostgreSQL hands up the new values, and where the old row is.
        plan.cost.width = width + 6;
        plan
    }

    /// How the rows of a query of WITH are made.
    pub fn cte(&self, id: usize) -> CtePlan {
        match &self.bound.ctes[id].body {
            CteBody::Query(_) if self.is_inlined(id) => CtePlan::Inlined,
            CteBody::Query(query) => CtePlan::Query(self.query(query, 0.0)),
            CteBody::Recursive(both, all) => {
                let (left, right) = &**both;
                let left = self.query(left, 0.0);
                self.recursing.borrow_mut().push(id);
                self.recursive.borrow_mut().push((id, left.cost.rows));
                let right = self.query(right, 0.0);
                self.recursing.borrow_mut().pop();
                CtePlan::Recursive(left, right, *all)
            }
            CteBody::Change(statement) => CtePlan::Change(Rc::new((**statement).clone()), self.source_of(statement)),
        }
    }

    /// Whether a query of WITH is planned where it is referred to: there is one reference, and it gives the same
    /// there. As in PostgreSQL from version 12 on.
    pub fn is_inlined(&self, id: usize) -> bool {
        let Cte { body, references, materialized, .. } = &self.bound.ctes[id];
        let CteBody::Query(query) = body else { return false };
        let wanted = *materialized == Some(false) || materialized.is_none() && *references == 1;
        wanted && !is_volatile(query) && query.locks.is_empty()
    }

    /// The plan of a query of which such a part is wanted.
    pub fn query(&self, query: &Query, fraction: f64) -> Plan {
        self.sub_level(query, fraction).0
    }

    /// The same, and what is known of its columns.
    pub fn sub_level(&self, query: &Query, fraction: f64) -> (Plan, Vec<Option<Known>>) {
        let mut level = Level::new(self, query);
        let counts = level.read_limit(fraction);
        let items = level.deconstruct();
        let orders = level.find_orders();
        let paths = if items.is_empty() {
            level.plain_paths()
        } else {
            level.scan_all();
            let rel = level.join_items(&items);
            match level.is_empty() {
                true => level.no_paths(),
                false => level.rels[rel].paths.clone(),
            }
        };
        let best = level.finish(paths, &orders, counts);
        let known = level.known_columns();
        let order = level.result_order(&best);
        let widths = query.targets.scalars.iter().map(|scalar| level.scalar_width(scalar)).collect();
        let distinct = distinct_columns(query);
        let mut plan = Making::new(&mut level).plan(&best);
        (plan.widths, plan.order, plan.distinct) = (widths, order, distinct);
        plan.ctes = query.ctes.iter().copied().filter(|id| !self.bound.ctes[*id].constant).collect();
        let charged = self.charges(query);
        plan.cost.startup += charged;
        plan.cost.total += charged;
        (plan, known)
    }

    /// `SS_charge_for_initplans`: what is run once before is part of what the query costs.
    fn charges(&self, query: &Query) -> f64 {
        let mut sum = 0.0;
        each_wait(query, &mut |wait| {
            if let Wait::Sub(link) = wait
                && link.constant
                && !matches!(link.kind, super::super::bound::SubKind::Any(_))
            {
                sum += self.with_sub(link.query, |plan| plan.cost.total);
            }
        });
        for id in &query.ctes {
            if !self.is_inlined(*id) {
                sum += self.cte_cost(*id);
            }
        }
        sum
    }
}

impl Level<'_> {
    /// The rows of a query without FROM: VALUES, a UNION and its like, or a single row.
    fn plain_paths(&mut self) -> Paths {
        let mut paths = Paths { hurried: self.fraction > 0.0, ..Paths::default() };
        let query = self.query;
        let path = match (&query.values, &query.set_operation) {
            (Some(rows), _) => {
                let (startup, each) = self.all_cost(rows.iter());
                let count = rows.len() as f64;
                // A single row is a row of constants, and no scan.
                let run = match rows.len() {
                    1 => self.costs.tuple + each,
                    _ => (self.costs.operator + self.costs.tuple) * count,
                };
                let width = match query.columns.is_empty() {
                    true => rows[0].scalars.iter().map(|scalar| self.scalar_width(scalar)).sum(),
                    false => (0..query.columns.len()).map(|at| self.slot_width(at)).sum(),
                };
                let cost = Cost { startup, total: startup + run, rows: count, width };
                let layout = Layout((0..rows.first().map_or(0, |row| row.scalars.len())).collect());
                let rows: Vec<Exprs> = rows.iter().map(|row| self.planner.folded_all(row)).collect();
                let plan = Plan { cost, ..Plan::new(Op::Values(Rc::new(rows)), Vec::new(), layout) };
                self.made(plan)
            }
            (None, Some(operation)) => {
                let plan = self.planner.set_operation(operation, self.fraction);
                self.made(plan)
            }
            (None, None) => Path::clone(&self.nothing()),
        };
        paths.add(path);
        paths.settle();
        paths
    }

    /// Whether WHERE is known to be false.
    fn is_empty(&self) -> bool {
        let never = |exprs: &Exprs| {
            matches!(&exprs.scalars[..], [Scalar::Const(crate::types::Datum::Bool(false) | crate::types::Datum::Null)])
        };
        self.query.filter.iter().any(|exprs| never(&self.planner.folded_all(exprs)))
    }

    /// No rows at all.
    fn no_paths(&mut self) -> Paths {
        let slots: Vec<usize> = self.needed.iter().map(|(slot, _)| *slot).collect();
        let once = std::mem::take(&mut self.once);
        let none = Scalar::Const(crate::types::Datum::Null);
        let target = Exprs { waits: Vec::new(), scalars: slots.iter().map(|_| none.clone()).collect() };
        let never = Exprs::of(Scalar::Const(crate::types::Datum::Bool(false)));
        drop(once);
        let mut plan = Plan::new(Op::Result(vec![never]), Vec::new(), Layout::default()).projected(&target, slots);
        plan.cost = Cost::default();
        let path = self.made(plan);
        let mut paths = Paths { hurried: self.fraction > 0.0, ..Paths::default() };
        paths.add(path);
        paths.settle();
        paths
    }

    /// A path that is a plan already.
    fn made(&mut self, plan: Plan) -> Path {
        let cost = plan.cost;
        *self.made.borrow_mut() = Some(plan);
        Path { way: Way::SetOperation, relids: 0, cost, keys: Rc::default(), outer: 0 }
    }

    /// What is known of the columns of the result: those that are columns of tables further in, and stay what they are.
    fn known_columns(&self) -> Vec<Option<Known>> {
        let query = self.query;
        let plain = query.grouping.is_none() && query.set_operation.is_none() && query.windows.is_empty();
        let single = query.columns.len() == 1 && query.distinct;
        let own = |at: usize, scalar: &Scalar| {
            if !plain || !matches!(scalar, Scalar::Column(_)) {
                return None;
            }
            let variable = self.variable(scalar, 0);
            let unique = single && at == 0;
            let stats = if query.distinct { None } else { variable.stats };
            (stats.is_some() || unique).then_some(Known { stats, unique })
        };
        query.targets.scalars.iter().enumerate().map(|(at, scalar)| own(at, scalar)).collect()
    }

    /// In which of its columns the result is in order.
    fn result_order(&self, path: &Path) -> Vec<SortKey> {
        let targets = &self.query.targets.scalars;
        let mut order = Vec::new();
        for key in path.keys.iter() {
            let members = &self.classes[key.class].members;
            let place = targets
                .iter()
                .position(|target| members.iter().any(|member| super::same::same(&member.scalar, target)));
            match place {
                Some(slot) if slot < self.query.columns.len() => {
                    order.push(SortKey { slot, descending: key.descending, nulls_first: key.nulls_first });
                }
                _ => break,
            }
        }
        order
    }
}

impl Planner<'_> {
    /// UNION, INTERSECT or EXCEPT.
    fn set_operation(&self, operation: &SetOperation, fraction: f64) -> Plan {
        let SetOperation { kind, all, sides } = operation;
        let side = |(query, casts): &(Query, Option<Exprs>)| {
            let plan = self.query(query, if *all { fraction } else { 0.0 });
            let width = query.columns.len();
            let cost = plan.cost;
            let scalars = (0..width).map(Scalar::Column).collect();
            let cut = Exprs { waits: Vec::new(), scalars };
            let mut plan = match casts {
                Some(casts) => plan.under(Op::Subquery).projected(casts, (0..width).collect()),
                // What only its sorting needed is taken off.
                None if query.targets.scalars.len() > width => {
                    plan.under(Op::Subquery).projected(&cut, (0..width).collect())
                }
                None => return plan,
            };
            plan.cost = cost;
            plan
        };
        let flat = is_union_all(operation);
        let inputs = vec![side(&sides[0]), side(&sides[1])];
        let (a, b) = (inputs[0].cost, inputs[1].cost);
        let layout = Layout((0..sides[0].0.columns.len()).collect());
        let rows = a.rows + b.rows;
        // Sides that are not simply put together are read as subqueries.
        let read = |query: &Query, cost: &Cost| match &query.set_operation {
            Some(inner) if *kind == SetKind::Union && inner.kind == *kind && inner.all == *all => 0.0,
            _ if flat => 0.0,
            _ => self.costs.tuple * cost.rows,
        };
        let total = a.total + read(&sides[0].0, &a) + b.total + read(&sides[1].0, &b) + self.costs.tuple * 0.5 * rows;
        let cost = Cost { startup: a.startup, total, rows, width: a.width };
        let keys = sides[0].0.columns.len();
        match (kind, all) {
            (SetKind::Union, true) => Plan { cost, ..Plan::new(Op::Append, inputs, layout) },
            (SetKind::Union, false) => {
                let append = Plan { cost, ..Plan::new(Op::Append, inputs, layout) };
                self.once_each(append, keys)
            }
            (kind, all) => {
                let groups = if *kind == SetKind::Except { a.rows } else { a.rows.min(b.rows) };
                let startup = total + self.costs.operator * rows * keys as f64;
                let cost = Cost { startup, total: startup + self.costs.tuple * groups, rows: groups, width: a.width };
                Plan { cost, ..Plan::new(Op::Intersect(*kind, *all), inputs, layout) }
            }
        }
    }

    /// `make_union_unique`: each row once, by hashes or sorted.
    fn once_each(&self, append: Plan, keys: usize) -> Plan {
        let cost = append.cost;
        let hashed = self.costs.grouped(&cost, Grouped::Hashed, keys, cost.rows, &Calls::default());
        let sort = self.costs.sorted(&cost, None);
        let total = sort.total + self.costs.operator * cost.rows * keys as f64;
        let unique = Cost { total, ..sort };
        if hashed.total <= unique.total {
            return Plan { cost: hashed, ..append.under(Op::Unique(true)) };
        }
        let by = (0..keys).map(|slot| SortKey { slot, descending: false, nulls_first: false });
        let spec = SortSpec { keys: by.collect(), single: None };
        let sorted = Plan { cost: sort, ..append.under(Op::Sort(Rc::new(spec))) };
        Plan { cost: unique, ..sorted.under(Op::Unique(false)) }
    }
}

/// Whether sides are only put together, one after the other.
fn is_union_all(operation: &SetOperation) -> bool {
    operation.kind == SetKind::Union
        && operation.all
        && operation.sides.iter().all(|(query, _)| query.set_operation.as_ref().is_none_or(|inner| is_union_all(inner)))
}

/// The columns by which the rows of a query differ, if it sees to that.
fn distinct_columns(query: &Query) -> Vec<usize> {
    let all = (0..query.columns.len()).collect();
    match &query.grouping {
        _ if query.distinct => all,
        Some(grouping) if grouping.sets.is_none() && query.windows.is_empty() && query.sets.is_empty() => {
            let place = |at: usize| {
                let slot = super::super::bound::slot::KEY + at;
                query.targets.scalars.iter().position(|own| matches!(own, Scalar::Column(column) if *column == slot))
            };
            (0..grouping.keys.len()).map(place).collect::<Option<_>>().unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Whether a query may give something else each time it runs, or does something.
fn is_volatile(query: &Query) -> bool {
    let mut volatile = !query.sets.is_empty();
    query.each(&mut |scalar| volatile |= matches!(scalar, Scalar::Call(..)) && super::fold::is_volatile(scalar));
    let waits = query.filter.iter().chain([&query.targets]).flat_map(|exprs| &exprs.waits);
    volatile || waits.into_iter().any(|wait| matches!(wait, Wait::Call(..)))
}

/// Calls `f` for each thing that the expressions of a query wait for.
pub fn each_wait<'q>(query: &'q Query, f: &mut dyn FnMut(&'q Wait)) {
    query.targets.waits.iter().for_each(&mut *f);
    query.filter.iter().flat_map(|exprs| &exprs.waits).for_each(&mut *f);
    query.from.iter().for_each(|from| each_wait_of(from, f));
    if let Some(grouping) = &query.grouping {
        grouping.waits.iter().for_each(&mut *f);
        grouping.having.iter().flat_map(|having| &having.waits).for_each(&mut *f);
    }
    query.windows.iter().flat_map(|window| &window.waits).for_each(&mut *f);
    query.values.iter().flatten().flat_map(|row| &row.waits).for_each(&mut *f);
    query.limit.iter().chain(&query.offset).flat_map(|exprs| &exprs.waits).for_each(f);
}

fn each_wait_of<'q>(from: &'q FromNode, f: &mut dyn FnMut(&'q Wait)) {
    match from {
        FromNode::Join(join) => {
            each_wait_of(&join.left, f);
            each_wait_of(&join.right, f);
            join.on.iter().flat_map(|on| &on.waits).for_each(f);
        }
        FromNode::Function(item) => item.calls.iter().flat_map(|(_, args)| &args.waits).for_each(f),
        _ => {}
    }
}
