//! The nodes of a plan with what is to be said of each.
//!
//! PostgreSQL: `ExplainNode` in `commands/explain.c`.

use super::super::ast::{ExplainOptions, SetKind};
use super::super::bound::{Bound, CteBody, Exprs, FromNode, JoinKind, Query, Statement, SubKind, Wait};
use super::super::exec::Actual;
use super::super::plan::{BitmapUse, Cost, CtePlan, Grouped, LoopSpec, Op, Plan, Planned, ScanSpec, slots};
use super::Run;
use super::deparse;
use super::names::{Around, Fill, View};
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
    items: usize,
    /// The rows that an UPDATE or DELETE changes, as a query.
    changed: &'a Query,
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

    // --- names -----------------------------------------------------------------------------------------------

    /// `select_rtable_names_for_explain`: each name once; the next of it has a number.
    fn name_all(&mut self) {
        let mut queries = Vec::new();
        queries.push(self.changed);
        of_statement(&self.bound.statement, &mut queries);
        self.bound.subqueries.iter().for_each(|query| of_query(query, &mut queries));
        for cte in &self.bound.ctes {
            match &cte.body {
                CteBody::Query(query) => of_query(query, &mut queries),
                CteBody::Recursive(both, _) => {
                    of_query(&both.0, &mut queries);
                    of_query(&both.1, &mut queries);
                }
                CteBody::Change(statement) => of_statement(statement, &mut queries),
            }
        }
        for query in queries {
            for range in &query.range {
                let mut name = range.name.to_string();
                let mut number = 0;
                while self.references.iter().any(|(_, known)| *known == name) {
                    number += 1;
                    name = format!("{}_{number}", range.name);
                }
                self.references.push(((std::ptr::from_ref(query) as usize, range.base), name));
                self.items += 1;
            }
            self.items += query.from.as_ref().map_or(0, joins);
        }
    }

    fn prefix(&self) -> bool {
        self.items > 1 || self.options.verbose
    }

    pub fn init_number(&self, query: usize) -> usize {
        let before = |link: &&super::super::bound::SubLink| {
            link.query < query && link.constant && !matches!(link.kind, SubKind::Any(_))
        };
        self.links().into_iter().filter(before).count()
    }

    /// The number by which a subquery goes: queries of WITH come first.
    pub fn sub_number(&self, query: usize) -> usize {
        let ctes = self.planned.ctes.iter().filter(|cte| !matches!(***cte, CtePlan::Inlined)).count();
        ctes + query + 1
    }

    fn links(&self) -> Vec<&'a super::super::bound::SubLink> {
        let mut links = Vec::new();
        let mut queries: Vec<&'a Query> = Vec::new();
        of_statement(&self.bound.statement, &mut queries);
        self.bound.subqueries.iter().for_each(|query| of_query(query, &mut queries));
        for query in queries {
            super::super::plan::each_wait(query, &mut |wait| {
                if let Wait::Sub(link) = wait {
                    links.push(&**link);
                }
            });
        }
        links
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

    fn table_name(&self, table: &Table, alias: Option<&str>) -> String {
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
        let simple = |shown: &mut Shown, kind: &str| {
            shown.kind = kind.into();
            shown.title = kind.into();
        };
        match &plan.op {
            Op::Result(once) => {
                simple(shown, "Result");
                if !once.is_empty() {
                    let view = View { walk: self, around, plan, inputs: true, prefix: self.prefix() };
                    let text = deparse::all(&view, &once.iter().collect::<Vec<_>>());
                    shown.properties.push(("One-Time Filter", Value::Text(text)));
                }
            }
            Op::Scan(spec) => self.scan(plan, spec, around, shown),
            Op::Function(calls, _) => self.named(plan, around, shown, "Function Scan", Some(calls[0].0.name)),
            Op::Values(rows) if rows.len() == 1 => simple(shown, "Result"),
            Op::Values(_) => {
                simple(shown, "Values Scan");
                shown.title = "Values Scan on \"*VALUES*\"".into();
            }
            Op::Subquery => self.named(plan, around, shown, "Subquery Scan", None),
            Op::CteScan(id, _) => self.with_scan(plan, around, shown, "CTE Scan", *id),
            Op::WorkScan(id, _) => self.with_scan(plan, around, shown, "WorkTable Scan", *id),
            Op::Material => simple(shown, "Materialize"),
            Op::NestLoop(spec) => {
                joined(shown, "Nested Loop", spec.kind, "Nested Loop");
                self.condition(shown, "Join Filter", &spec.on, plan, around, true);
            }
            Op::MergeJoin(spec) => {
                joined(shown, "Merge Join", spec.kind, "Merge");
                self.pairs(shown, "Merge Cond", (&spec.left_keys, &spec.right_keys), plan, around);
                self.condition(shown, "Join Filter", &spec.on, plan, around, true);
            }
            Op::HashJoin(spec) => {
                joined(shown, "Hash Join", spec.kind, "Hash");
                self.pairs(shown, "Hash Cond", (&spec.left_keys, &spec.right_keys), plan, around);
                self.condition(shown, "Join Filter", &spec.on, plan, around, true);
            }
            Op::Aggregate(spec, how) => {
                let name = match how {
                    Grouped::Plain => "Aggregate",
                    Grouped::Sorted if spec.calls.is_empty() => "Group",
                    Grouped::Sorted => "GroupAggregate",
                    Grouped::Hashed => "HashAggregate",
                };
                simple(shown, name);
                let view = View { walk: self, around, plan, inputs: true, prefix: self.prefix() };
                let below = plan.inputs.first().is_some_and(|input| matches!(input.op, Op::Sort(_)));
                let keys = spec.keys.iter().map(|key| {
                    let text = deparse::text(&view, key, &spec.waits);
                    let plain = matches!(key, super::super::bound::Scalar::Column(_));
                    if below && !plain { format!("({text})") } else { text }
                });
                let keys: Vec<String> = keys.collect();
                if !keys.is_empty() {
                    shown.properties.push(("Group Key", Value::List(keys)));
                }
            }
            Op::Window(_) => simple(shown, "WindowAgg"),
            Op::ProjectSet(_) => simple(shown, "ProjectSet"),
            Op::Append => simple(shown, "Append"),
            Op::Intersect(kind, all) => {
                let word = match (kind, all) {
                    (SetKind::Except, true) => "Except All",
                    (SetKind::Except, false) => "Except",
                    (_, true) => "Intersect All",
                    (_, false) => "Intersect",
                };
                simple(shown, "SetOp");
                shown.title = format!("HashSetOp {word}");
            }
            Op::Unique(true) => {
                simple(shown, "HashAggregate");
                let keys = (0..plan.layout.0.len()).map(|at| self.input_text(around, plan, at)).collect();
                shown.properties.push(("Group Key", Value::List(keys)));
            }
            Op::Unique(false) | Op::DistinctOn(_) => simple(shown, "Unique"),
            Op::Sort(spec) => {
                simple(shown, "Sort");
                let keys = spec.keys.iter().map(|key| {
                    let (text, _) = self.input(around, plan, key.slot, self.prefix());
                    text + deparse::order(key.descending, key.nulls_first)
                });
                shown.properties.push(("Sort Key", Value::List(keys.collect())));
            }
            Op::Limit(_) => simple(shown, "Limit"),
            Op::LockRows(..) => simple(shown, "LockRows"),
        }
        let prefix = matches!(plan.op, Op::Subquery) || !is_scan(plan) && self.prefix() || self.options.verbose;
        if !plan.filter.is_empty() {
            let view = View { walk: self, around, plan, inputs: false, prefix };
            let text = deparse::all(&view, &plan.filter.iter().collect::<Vec<_>>());
            shown.properties.push(("Filter", Value::Text(text)));
        }
    }

    /// What a join compares, pair by pair.
    fn pairs(
        &self,
        shown: &mut Shown,
        label: &'static str,
        (left, right): (&'a Exprs, &'a Exprs),
        plan: &'a Plan,
        around: &Around<'a>,
    ) {
        use super::super::bound::Scalar;
        let view = View { walk: self, around, plan, inputs: true, prefix: self.prefix() };
        let left_width = plan.inputs.first().map_or(0, |input| input.layout.0.len());
        let pairs = left.scalars.iter().zip(&right.scalars).map(|(left, right)| {
            let mut right = right.clone();
            right.each_mut(&mut |part| {
                if let Scalar::Column(at) = part {
                    *at += left_width;
                }
            });
            let equal = Scalar::Binary("=".into(), crate::types::arith::eq, Box::new([left.clone(), right]));
            deparse::text(&view, &equal, &[])
        });
        let pairs: Vec<String> = pairs.collect();
        let text = if pairs.len() == 1 { pairs.concat() } else { format!("({})", pairs.join(" AND ")) };
        if !pairs.is_empty() {
            shown.properties.push((label, Value::Text(text)));
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

    fn condition(
        &self,
        shown: &mut Shown,
        label: &'static str,
        conditions: &'a [Exprs],
        plan: &'a Plan,
        around: &Around<'a>,
        inputs: bool,
    ) {
        if conditions.is_empty() {
            return;
        }
        let view = View { walk: self, around, plan, inputs, prefix: self.prefix() };
        shown.properties.push((label, Value::Text(deparse::all(&view, &conditions.iter().collect::<Vec<_>>()))));
    }

    fn scan(&self, plan: &'a Plan, spec: &'a ScanSpec, around: &Around<'a>, shown: &mut Shown) {
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
    fn map(&self, plan: &'a Plan, spec: &'a ScanSpec, map: &'a BitmapUse, around: &Around<'a>) -> Shown {
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
    fn named(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown, kind: &str, of: Option<&str>) {
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

    fn with_scan(&self, plan: &'a Plan, around: &Around<'a>, shown: &mut Shown, kind: &str, id: usize) {
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

fn joined(shown: &mut Shown, kind: &str, join: JoinKind, short: &str) {
    let word = match join {
        JoinKind::Inner => "Inner",
        JoinKind::Left => "Left",
        JoinKind::Right => "Right",
        JoinKind::Full => "Full",
        JoinKind::Semi => "Semi",
        JoinKind::Anti => "Anti",
    };
    shown.kind = kind.into();
    shown.title = if join == JoinKind::Inner { kind.into() } else { format!("{short} {word} Join") };
    shown.facts.push(("Join Type", Value::Text(word.into())));
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

fn joins(from: &FromNode) -> usize {
    match from {
        FromNode::Join(join) => 1 + joins(&join.left) + joins(&join.right),
        _ => 0,
    }
}

fn base_of(from: &FromNode, at: usize) -> Option<usize> {
    match from {
        FromNode::Join(join) => base_of(&join.left, at).or_else(|| base_of(&join.right, at)),
        item => slots(item).contains(&at).then(|| slots(item).start),
    }
}

fn find_subquery<'a>(from: &'a FromNode, at: usize, bound: &'a Bound, found: &mut Option<&'a Query>) {
    match from {
        FromNode::Join(join) => {
            find_subquery(&join.left, at, bound, found);
            find_subquery(&join.right, at, bound, found);
        }
        FromNode::Subquery(query, base, _) if slots(from).contains(&at) || *base == at => *found = Some(query),
        FromNode::Cte(id, ..) if slots(from).contains(&at) => {
            if let CteBody::Query(query) = &bound.ctes[*id].body {
                *found = Some(query);
            }
        }
        _ => {}
    }
}

/// The rows that an UPDATE or a DELETE changes, as a query.
pub fn changed(bound: &Bound) -> Query {
    let table = match &bound.statement {
        Statement::Update(update) if update.from.is_none() => &update.table,
        Statement::Delete(delete) if delete.using.is_none() => &delete.table,
        _ => return Query::default(),
    };
    let range =
        super::super::bound::RangeName { base: 0, name: table.name.clone(), columns: Vec::new(), aliased: false };
    Query { from: Some(FromNode::Table(table.clone(), 0, true)), range: vec![range], ..Query::default() }
}

fn of_statement<'a>(statement: &'a Statement, queries: &mut Vec<&'a Query>) {
    match statement {
        Statement::Query(query) => of_query(query, queries),
        Statement::Insert(insert) => insert.source.iter().for_each(|query| of_query(query, queries)),
        Statement::Update(update) => update.from.iter().for_each(|query| of_query(query, queries)),
        Statement::Delete(delete) => delete.using.iter().for_each(|query| of_query(query, queries)),
    }
}

fn of_query<'a>(query: &'a Query, queries: &mut Vec<&'a Query>) {
    queries.push(query);
    query.from.iter().for_each(|from| of_from(from, queries));
    if let Some(operation) = &query.set_operation {
        operation.sides.iter().for_each(|(side, _)| of_query(side, queries));
    }
}

fn of_from<'a>(from: &'a FromNode, queries: &mut Vec<&'a Query>) {
    match from {
        FromNode::Join(join) => {
            of_from(&join.left, queries);
            of_from(&join.right, queries);
        }
        FromNode::Subquery(query, ..) => of_query(query, queries),
        _ => {}
    }
}
