//! The nodes of a plan with what is to be said of each.
//!
//! PostgreSQL: `ExplainNode` in `commands/explain.c`.

use super::super::ast::{ExplainOptions, SetKind};
use super::super::bound::{Bound, CteBody, Query, Statement, SubKind, Wait};
use super::super::exec::Actual;
use super::super::plan::{Cost, CtePlan, LoopSpec, Op, Plan, Planned};
use super::Run;
use super::deparse;
use super::names::{Around, Fill, View};
use super::queries::find_subquery;
use crate::catalog::Table;
use std::rc::Rc;

/// A node as it is shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// What it is: `Hash Left Join`, `Index Scan using i on t a`.
    pub title: String,
    /// The kind alone: `Hash Join`.
    pub kind: String,
    /// How it belongs to the node above: `Outer`, `InitPlan`; and the name that it goes by there.
    pub relation: &'static str,
    /// Its name there.
    pub name: Option<String>,
    /// What distinguishes it: `Join Type`, `Relation Name`; for formats other than text.
    pub facts: Vec<(&'static str, Value)>,
    /// What it is thought to cost.
    pub cost: Cost,
    /// What it has done.
    pub actual: Option<Actual>,
    /// Its conditions, keys and so on.
    pub properties: Vec<(&'static str, Value)>,
    /// Those below.
    pub inputs: Vec<Shown>,
}

impl Shown {
    /// Its kind, which says all.
    pub fn call(&mut self, kind: &str) {
        self.kind = kind.into();
        self.title = kind.into();
    }
}

/// What a property says.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A text.
    Text(String),
    /// Several.
    List(Vec<String>),
    /// A number.
    Number(i64),
    /// Whether.
    Bool(bool),
}

/// Going over a plan.
pub struct Walk<'a> {
    pub planned: &'a Planned,
    pub bound: &'a Bound,
    pub options: &'a ExplainOptions,
    pub run: Option<&'a Run<'a>>,
    /// The names of all items: by query and slot.
    pub references: Vec<((usize, usize), String)>,
    /// How many items there are.
    pub items: usize,
    /// The rows that an UPDATE or DELETE changes, as a query.
    pub changed: &'a Query,
}

impl<'a> Walk<'a> {
    pub fn new(
        planned: &'a Planned,
        bound: &'a Bound,
        options: &'a ExplainOptions,
        run: Option<&'a Run<'a>>,
        changed: &'a Query,
    ) -> Walk<'a> {
        let mut walk = Walk { planned, bound, options, run, references: Vec::new(), items: 0, changed };
        walk.name_all();
        walk
    }

    pub fn prefix(&self) -> bool {
        self.items > 1 || self.options.verbose
    }

    // --- nodes -----------------------------------------------------------------------------------------------

    pub fn root(&self) -> Shown {
        let (table, word) = match &self.bound.statement {
            Statement::Query(query) => {
                return self.planned.root.as_ref().map_or_else(Shown::default, |plan| {
                    let around = Around { query, fills: Rc::default() };
                    self.node(plan, &around, "Outer")
                });
            }
            Statement::Insert(insert) => (&insert.table, "Insert"),
            Statement::Update(update) => (&update.table, "Update"),
            Statement::Delete(delete) => (&delete.table, "Delete"),
        };
        let mut shown = Shown {
            title: format!("{word} on {}", self.table_name(table, None)),
            kind: "ModifyTable".into(),
            ..Shown::default()
        };
        shown.facts.push(("Operation", Value::Text(word.into())));
        shown.facts.push(("Relation Name", Value::Text(table.name.to_string())));
        shown.facts.push(("Alias", Value::Text(table.name.to_string())));
        if let Some(run) = self.run {
            shown.actual = Some(run.measured.whole());
        }
        let query = match &self.bound.statement {
            Statement::Insert(insert) => insert.source.as_ref().unwrap_or(self.changed),
            Statement::Update(update) => update.from.as_deref().unwrap_or(self.changed),
            Statement::Delete(delete) => delete.using.as_deref().unwrap_or(self.changed),
            Statement::Query(_) => self.changed,
        };
        if let Some(plan) = &self.planned.root {
            shown.cost = Cost { rows: 0.0, width: 0, ..plan.cost };
            let around = Around { query, fills: Rc::default() };
            shown.inputs.push(self.node(plan, &around, "Outer"));
        }
        shown
    }

    pub fn table_name(&self, table: &Table, alias: Option<&str>) -> String {
        let name = crate::types::quote::quote_ident(&table.name);
        let name = if self.options.verbose {
            format!("{}.{name}", crate::types::quote::quote_ident(&table.schema))
        } else {
            name
        };
        match alias.filter(|alias| **alias != *table.name) {
            Some(alias) => format!("{name} {}", crate::types::quote::quote_ident(alias)),
            None => name,
        }
    }

    /// A node with all below it.
    fn node(&self, plan: &'a Plan, around: &Around<'a>, relation: &'static str) -> Shown {
        // What only passes rows on is not shown.
        if matches!(plan.op, Op::Subquery) && plan.filter.is_empty() && plan.target.is_none()
            || matches!(&plan.op, Op::Result(once) if once.is_empty() && !plan.inputs.is_empty()
                && (plan.target.is_none() || is_empty(&plan.inputs[0])))
        {
            return self.passed(plan, around, relation);
        }
        let mut shown = Shown { relation, cost: plan.cost, ..Shown::default() };
        if let Some(run) = self.run {
            shown.actual = Some(run.measured.of(plan));
        }
        self.describe(plan, around, &mut shown);
        if self.options.verbose {
            let output = (0..plan.layout.0.len()).map(|at| self.output(around, plan, at, self.items > 1, true).0);
            let output: Vec<String> = output.filter(|text| !text.is_empty()).collect();
            if !output.is_empty() {
                shown.properties.insert(0, ("Output", Value::List(output)));
            }
            if plan.unique {
                shown.properties.insert(1, ("Inner Unique", Value::Bool(true)));
            }
        }
        self.inputs(plan, around, &mut shown);
        self.initial(plan, around, &mut shown);
        shown
    }

    fn passed(&self, plan: &'a Plan, around: &Around<'a>, relation: &'static str) -> Shown {
        let Some(input) = plan.inputs.first() else { return Shown::default() };
        let inner = match plan.op {
            Op::Subquery => self.inner_query(around, plan),
            _ => around.clone(),
        };
        self.node(input, &inner, relation)
    }

    /// The query in FROM that a node reads.
    fn inner_query(&self, around: &Around<'a>, plan: &'a Plan) -> Around<'a> {
        let first = plan.layout.0.first().copied().unwrap_or(usize::MAX);
        let mut found = None;
        if let Some(from) = &around.query.from {
            find_subquery(from, first, self.bound, &mut found);
        }
        if let Some(operation) = &around.query.set_operation
            && found.is_none()
        {
            let at = usize::from(self.is_second(around, plan));
            found = Some(&operation.sides[at].0);
        }
        Around { query: found.unwrap_or(around.query), fills: around.fills.clone() }
    }

    fn is_second(&self, _around: &Around<'a>, _plan: &Plan) -> bool {
        false
    }

    /// Those below.
    fn inputs(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown) {
        match &plan.op {
            Op::NestLoop(spec) => {
                let [left, right] = &plan.inputs[..] else { return };
                shown.inputs.push(self.node(left, around, "Outer"));
                let inner = self.filled(around, spec, left);
                shown.inputs.push(self.node(right, &inner, "Inner"));
            }
            Op::HashJoin(spec) => {
                let [left, right] = &plan.inputs[..] else { return };
                shown.inputs.push(self.node(left, around, "Outer"));
                let inner = self.node(right, around, "Outer");
                let startup = right.cost.total;
                let hash = Shown {
                    title: "Hash".into(),
                    kind: "Hash".into(),
                    relation: "Inner",
                    cost: Cost { startup, total: right.cost.total, ..right.cost },
                    actual: self.run.map(|run| run.measured.hash_of(right, spec)),
                    inputs: vec![inner],
                    ..Shown::default()
                };
                shown.inputs.push(hash);
            }
            Op::Scan(spec) => {
                shown.inputs.extend(spec.bitmap.iter().map(|map| self.map(plan, spec, map, around)));
            }
            Op::Append | Op::Intersect(..) => self.sides(plan, around, shown),
            Op::Subquery => {
                let inner = self.inner_query(around, plan);
                shown.inputs.extend(plan.inputs.iter().map(|input| self.node(input, &inner, "Subquery")));
            }
            _ => shown.inputs.extend(plan.inputs.iter().map(|input| self.node(input, around, "Outer"))),
        }
    }

    fn filled(&self, around: &Around<'a>, spec: &'a LoopSpec, left: &'a Plan) -> Around<'a> {
        let mut fills = (*around.fills).clone();
        fills.push(Fill { params: &spec.params, plan: left, inputs: false, query: around.query });
        // The outer side's rows are its own output.
        Around { query: around.query, fills: Rc::new(fills) }
    }

    /// The sides of a UNION and its like.
    fn sides(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown) {
        let Some(operation) = &around.query.set_operation else { return };
        for (side, input) in operation.sides.iter().zip(&plan.inputs) {
            let inner = Around { query: &side.0, fills: around.fills.clone() };
            let input = match &input.op {
                Op::Subquery => input.inputs.first().unwrap_or(input),
                _ => input,
            };
            let node = self.node(input, &inner, "Member");
            // A UNION within one is part of it.
            let nested = node.kind == "Append" && shown.kind == "Append";
            if nested { shown.inputs.extend(node.inputs) } else { shown.inputs.push(node) }
        }
    }

    /// Queries of WITH and subqueries, below the node that uses them.
    fn initial(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown) {
        let mut first = Vec::new();
        let is_root = self.planned.root.as_ref().is_some_and(|root| std::ptr::eq(&**root, plan))
            && matches!(self.bound.statement, Statement::Query(_));
        if is_root {
            self.with_queries(&mut first);
        }
        let mut last = Vec::new();
        for wait in waits_of(plan) {
            let Wait::Sub(link) = wait else { continue };
            let Some(sub) = self.planned.subs.get(link.query) else { continue };
            let Some(query) = self.bound.subqueries.get(link.query) else { continue };
            let once = link.constant && !matches!(link.kind, SubKind::Any(_));
            let mut fills = (*around.fills).clone();
            fills.push(Fill { params: &link.args, plan, inputs: false, query: around.query });
            let inner = Around { query, fills: Rc::new(fills) };
            let number = self.sub_number(link.query);
            let mut node = self.node(sub, &inner, if once { "InitPlan" } else { "SubPlan" });
            node.name = Some(match once {
                true => format!("InitPlan {number} (returns ${})", self.init_number(link.query)),
                false => format!("SubPlan {number}"),
            });
            if once { first.push(node) } else { last.push(node) }
        }
        let inputs = std::mem::take(&mut shown.inputs);
        shown.inputs = first.into_iter().chain(inputs).chain(last).collect();
    }

    fn with_queries(&self, nodes: &mut Vec<Shown>) {
        for (cte, plan) in self.bound.ctes.iter().zip(&self.planned.ctes) {
            let name = format!("CTE {}", crate::types::quote::quote_ident(&cte.name));
            let node = match (&**plan, &cte.body) {
                (CtePlan::Query(plan), CteBody::Query(query)) => {
                    self.node(plan, &Around { query, fills: Rc::default() }, "InitPlan")
                }
                (CtePlan::Recursive(left, right, _), CteBody::Recursive(both, _)) => {
                    let rows = left.cost.rows + 10.0 * right.cost.rows;
                    let cost = Cost {
                        startup: left.cost.startup,
                        total: left.cost.total + 10.0 * right.cost.total + 0.01 * rows,
                        rows,
                        width: left.cost.width.max(right.cost.width),
                    };
                    let left = self.node(left, &Around { query: &both.0, fills: Rc::default() }, "Outer");
                    let right = self.node(right, &Around { query: &both.1, fills: Rc::default() }, "Inner");
                    Shown {
                        title: "Recursive Union".into(),
                        kind: "Recursive Union".into(),
                        relation: "InitPlan",
                        cost,
                        inputs: vec![left, right],
                        ..Shown::default()
                    }
                }
                _ => continue,
            };
            nodes.push(Shown { name: Some(name), ..node });
        }
    }

    // --- what is said of each --------------------------------------------------------------------------------

    fn describe(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown) {
        match &plan.op {
            Op::Result(once) => {
                shown.call("Result");
                if !once.is_empty() {
                    let view = View { walk: self, around, plan, inputs: true, prefix: self.prefix() };
                    let text = deparse::all(&view, &once.iter().collect::<Vec<_>>());
                    shown.properties.push(("One-Time Filter", Value::Text(text)));
                }
            }
            Op::Scan(spec) => self.scan(plan, spec, around, shown),
            Op::Function(calls, _) => self.named(plan, around, shown, "Function Scan", Some(calls[0].0.name)),
            Op::Values(rows) if rows.len() == 1 => shown.call("Result"),
            Op::Values(_) => {
                shown.call("Values Scan");
                shown.title = "Values Scan on \"*VALUES*\"".into();
            }
            Op::Subquery => self.named(plan, around, shown, "Subquery Scan", None),
            Op::CteScan(id, _) => self.with_scan(plan, around, shown, "CTE Scan", *id),
            Op::WorkScan(id, _) => self.with_scan(plan, around, shown, "WorkTable Scan", *id),
            Op::Material => shown.call("Materialize"),
            Op::NestLoop(_) | Op::MergeJoin(_) | Op::HashJoin(_) => self.join(plan, around, shown),
            Op::Aggregate(..) => self.groups(plan, around, shown),
            Op::Window(_) => shown.call("WindowAgg"),
            Op::ProjectSet(_) => shown.call("ProjectSet"),
            Op::Append => shown.call("Append"),
            Op::Intersect(kind, all) => {
                let word = match (kind, all) {
                    (SetKind::Except, true) => "Except All",
                    (SetKind::Except, false) => "Except",
                    (_, true) => "Intersect All",
                    (_, false) => "Intersect",
                };
                shown.call("SetOp");
                shown.title = format!("HashSetOp {word}");
            }
            Op::Unique(true) => {
                shown.call("HashAggregate");
                let keys = (0..plan.layout.0.len()).map(|at| self.input_text(around, plan, at)).collect();
                shown.properties.push(("Group Key", Value::List(keys)));
            }
            Op::Unique(false) | Op::DistinctOn(_) => shown.call("Unique"),
            Op::Sort(spec) => {
                shown.call("Sort");
                let keys = spec.keys.iter().map(|key| {
                    let (text, _) = self.input(around, plan, key.slot, self.prefix());
                    text + deparse::order(key.descending, key.nulls_first)
                });
                shown.properties.push(("Sort Key", Value::List(keys.collect())));
            }
            Op::Limit(_) => shown.call("Limit"),
            Op::LockRows(..) => shown.call("LockRows"),
        }
        let prefix = matches!(plan.op, Op::Subquery) || !is_scan(plan) && self.prefix() || self.options.verbose;
        if !plan.filter.is_empty() {
            let view = View { walk: self, around, plan, inputs: false, prefix };
            let text = deparse::all(&view, &plan.filter.iter().collect::<Vec<_>>());
            shown.properties.push(("Filter", Value::Text(text)));
        }
    }

    fn input_text(&self, around: &Around<'a>, plan: &'a Plan, at: usize) -> String {
        match plan.inputs.first() {
            Some(input) if matches!(input.op, Op::Append) => self.append_text(around, input, at),
            Some(input) => self.output(around, input, at, self.prefix(), true).0,
            None => String::new(),
        }
    }

    /// A column of a UNION is that of its first side.
    fn append_text(&self, around: &Around<'a>, plan: &'a Plan, at: usize) -> String {
        let (Some(operation), Some(input)) = (&around.query.set_operation, plan.inputs.first()) else {
            return String::new();
        };
        let inner = Around { query: &operation.sides[0].0, fills: around.fills.clone() };
        match &input.op {
            Op::Append => self.append_text(&inner, input, at),
            _ => self.output(&inner, input, at, self.prefix(), false).0,
        }
    }
}

fn is_scan(plan: &Plan) -> bool {
    matches!(plan.op, Op::Scan(_) | Op::Function(..) | Op::Values(_) | Op::CteScan(..) | Op::WorkScan(..))
}

/// Whether a node is known to give nothing.
fn is_empty(plan: &Plan) -> bool {
    matches!(plan.op, Op::Result(_)) && plan.cost == Cost::default()
}

/// What the expressions of a node wait for.
fn waits_of(plan: &Plan) -> Vec<&Wait> {
    let mut waits: Vec<&Wait> = plan.target.iter().flat_map(|target| &target.waits).collect();
    waits.extend(plan.filter.iter().flat_map(|exprs| &exprs.waits));
    match &plan.op {
        Op::Result(once) => waits.extend(once.iter().flat_map(|exprs| &exprs.waits)),
        Op::NestLoop(spec) => waits.extend(spec.on.iter().flat_map(|exprs| &exprs.waits)),
        Op::HashJoin(spec) => waits.extend(spec.on.iter().flat_map(|exprs| &exprs.waits)),
        Op::MergeJoin(spec) => waits.extend(spec.on.iter().flat_map(|exprs| &exprs.waits)),
        Op::Aggregate(spec, _) => waits.extend(&spec.waits),
        Op::Window(spec) => waits.extend(&spec.waits),
        Op::Values(rows) => waits.extend(rows.iter().flat_map(|row| &row.waits)),
        Op::Limit(spec) => waits.extend(spec.limit.iter().chain(&spec.offset).flat_map(|exprs| &exprs.waits)),
        _ => {}
    }
    waits
}
