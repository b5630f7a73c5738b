//! What columns and parameters are called, seen from a node.
//!
//! A column of a row is a slot of the query; what was computed by a node below is shown as that expression, in parentheses.
//! A parameter that a loop fills is the outer side's column; one of a subquery that is run once is `$0`, `$1` and so on.

use super::super::bound::{CteBody, FromNode, Query, SYSTEM_COLUMNS, Scalar, SubKind, SubLink, Wait, slot};
use super::super::plan::{Op, Plan, slots};
use super::deparse::{self, Names};
use super::node::Walk;
use crate::types::TypeId;
use crate::types::quote::quote_ident;
use std::rc::Rc;

/// A query whose nodes are shown, and what is around it.
#[derive(Clone)]
pub struct Around<'a> {
    pub query: &'a Query,
    /// The loops and subqueries around, from the outside in: what they fill into parameters, over rows of such a plan.
    pub fills: Rc<Vec<Fill<'a>>>,
}

/// Parameters that are filled with the values of a row.
#[derive(Clone)]
pub struct Fill<'a> {
    pub params: &'a [(usize, Scalar)],
    /// The node whose rows they are, or below whose target they are computed.
    pub plan: &'a Plan,
    pub inputs: bool,
    pub query: &'a Query,
}

/// Names as a node sees them.
pub struct View<'w, 'a> {
    pub walk: &'w Walk<'a>,
    pub around: &'w Around<'a>,
    /// The rows that the expression is over: those of a node's inputs, or the node's own before its target.
    pub plan: &'a Plan,
    pub inputs: bool,
    pub prefix: bool,
}

impl<'a> Walk<'a> {
    /// The text of a slot of a query's FROM: with the name of its item, if wanted.
    pub fn slot_text(&self, query: &'a Query, at: usize, prefix: bool) -> Option<(String, TypeId)> {
        let item = find_item(query.from.as_ref()?, at)?;
        let base = slots(item).start;
        let range = query.range.iter().find(|range| range.base == base);
        let column = at - base;
        let (name, ty) = match item {
            FromNode::Table(table, ..) => match table.desc.attrs.get(column) {
                Some(attr) => (attr.name.clone(), attr.type_id),
                None => {
                    let (name, _, ty) = SYSTEM_COLUMNS[column - table.desc.natts()];
                    (name.into(), ty)
                }
            },
            FromNode::Function(item) => {
                let mut columns = item.calls.iter().flat_map(|(function, _)| &function.columns);
                columns.nth(column).map_or(("ordinality".into(), TypeId::Int8), |(name, ty)| ((*name).into(), *ty))
            }
            FromNode::Subquery(query, ..) => {
                query.columns.get(column).map(|column| (column.name.clone(), column.ty))?
            }
            FromNode::Cte(id, ..) => self.cte_column(*id, column)?,
            FromNode::Join(_) => return None,
        };
        let name = range.and_then(|range| range.columns.get(column)).cloned().unwrap_or(name);
        let name = quote_ident(&name);
        if !prefix {
            return Some((name, ty));
        }
        Some((format!("{}.{name}", self.reference(query, base)), ty))
    }

    fn cte_column(&self, id: usize, column: usize) -> Option<(Rc<str>, TypeId)> {
        let of_query = |query: &Query| query.columns.get(column).map(|column| (column.name.clone(), column.ty));
        match &self.bound.ctes.get(id)?.body {
            CteBody::Query(query) => of_query(query),
            CteBody::Recursive(both, _) => of_query(&both.0),
            CteBody::Change(statement) => {
                statement.columns()?.get(column).map(|column| (column.name.clone(), column.ty))
            }
        }
    }

    /// The name of an item: its alias; a second one of that name in the statement has a number.
    pub fn reference(&self, query: &Query, base: usize) -> String {
        let key = (std::ptr::from_ref(query) as usize, base);
        let known = self.references.iter().find(|(own, _)| *own == key);
        known.map_or_else(String::new, |(_, name)| quote_ident(name))
    }

    /// What an output column of a plan is, as seen from above: a column's name, or an expression in parentheses.
    pub fn output(&self, around: &Around<'a>, plan: &'a Plan, at: usize, prefix: bool, own: bool) -> (String, TypeId) {
        let wrap = |(text, ty): (String, TypeId)| if own { (text, ty) } else { (format!("({text})"), ty) };
        if let Some(target) = &plan.target {
            let Some(scalar) = target.scalars.get(at) else { return unknown() };
            let view = View { walk: self, around, plan, inputs: false, prefix };
            if let Scalar::Column(place) = scalar {
                return view.column_of(*place, own);
            }
            return wrap((deparse::text(&view, scalar, &target.waits), TypeId::Unknown));
        }
        self.raw(around, plan, at, prefix, own)
    }

    /// A column of a node's row before its target.
    pub fn raw(&self, around: &Around<'a>, plan: &'a Plan, at: usize, prefix: bool, own: bool) -> (String, TypeId) {
        let Some(slot) = plan.layout_below(at) else { return unknown() };
        let wrap = |text: String, ty| if own { (text, ty) } else { (format!("({text})"), ty) };
        match &plan.op {
            Op::Aggregate(spec, _) => {
                let Some(input) = plan.inputs.first() else { return unknown() };
                let view = View { walk: self, around, plan: input, inputs: false, prefix };
                let view = View { inputs: true, plan, ..view };
                if let Some(call) = slot.checked_sub(slot::CALL).and_then(|at| spec.calls.get(at)) {
                    return wrap(deparse::aggregate(&view, call, &spec.waits), call.result());
                }
                match spec.keys.get(slot.wrapping_sub(slot::KEY)) {
                    Some(Scalar::Column(place)) => view.column_of(*place, false),
                    // The key is computed below, in PostgreSQL.
                    Some(key) => (format!("({})", deparse::text(&view, key, &spec.waits)), TypeId::Unknown),
                    None => unknown(),
                }
            }
            Op::Window(spec) => {
                let width = plan.inputs.first().map_or(0, |input| input.layout.0.len());
                match at.checked_sub(width).and_then(|at| spec.calls.get(at)) {
                    Some(call) => {
                        let view = View { walk: self, around, plan, inputs: true, prefix };
                        wrap(deparse::window_call(&view, call, &spec.waits), TypeId::Unknown)
                    }
                    None => self.input(around, plan, at, prefix),
                }
            }
            Op::ProjectSet(calls) => {
                let width = plan.inputs.first().map_or(0, |input| input.layout.0.len());
                let Some(at) = at.checked_sub(width) else { return self.input(around, plan, at, prefix) };
                let view = View { walk: self, around, plan, inputs: true, prefix };
                let mut call = calls.iter().flat_map(|call| call.0.columns.iter().map(move |_| call));
                call.nth(at).map_or_else(unknown, |(function, args)| {
                    let args: Vec<String> =
                        args.scalars.iter().map(|arg| deparse::text(&view, arg, &args.waits)).collect();
                    wrap(format!("{}({})", function.name, args.join(", ")), function.result())
                })
            }
            Op::Scan(_) | Op::Function(..) | Op::CteScan(..) | Op::WorkScan(..) | Op::Subquery => {
                self.slot_text(around.query, slot, prefix).unwrap_or_else(unknown)
            }
            Op::Values(_) => (format!("\"*VALUES*\".column{}", at + 1), TypeId::Unknown),
            _ => self.input(around, plan, at, prefix),
        }
    }

    /// A column of what a node's inputs give.
    pub fn input(&self, around: &Around<'a>, plan: &'a Plan, at: usize, prefix: bool) -> (String, TypeId) {
        let mut at = at;
        for input in &plan.inputs {
            if at < input.layout.0.len() {
                return self.output(around, input, at, prefix, false);
            }
            at -= input.layout.0.len();
        }
        unknown()
    }
}

impl<'a> View<'_, 'a> {
    fn column_of(&self, at: usize, own: bool) -> (String, TypeId) {
        match self.inputs {
            true => self.walk.input(self.around, self.plan, at, self.prefix),
            false => self.walk.raw(self.around, self.plan, at, self.prefix, own),
        }
    }
}

impl Names for View<'_, '_> {
    fn column(&self, at: usize) -> (String, TypeId) {
        self.column_of(at, true)
    }

    fn exec(&self, at: usize) -> (String, TypeId) {
        for (depth, fill) in self.around.fills.iter().enumerate().rev() {
            let Some((_, scalar)) = fill.params.iter().find(|(param, _)| *param == at) else { continue };
            let around = Around { query: fill.query, fills: Rc::new(self.around.fills[..depth].to_vec()) };
            let view = View { walk: self.walk, around: &around, plan: fill.plan, inputs: fill.inputs, prefix: true };
            return match scalar {
                Scalar::Column(place) => view.column_of(*place, true),
                other => (deparse::text(&view, other, &[]), TypeId::Unknown),
            };
        }
        (format!("${at}"), TypeId::Unknown)
    }

    fn sub(&self, query: usize, kind: &SubKind, constant: bool, waits: &[Wait]) -> String {
        let is = |wait: &&Wait| matches!(wait, Wait::Sub(link) if link.query == query);
        let link = waits.iter().find(is);
        if constant && !matches!(kind, SubKind::Any(_)) {
            return format!("${}", self.walk.init_number(query));
        }
        let name = format!("SubPlan {}", self.walk.sub_number(query));
        match (kind, link) {
            (SubKind::Any(_), Some(Wait::Sub(link))) if self.walk.is_hashed(link) => format!("(hashed {name})"),
            _ => format!("({name})"),
        }
    }
}

impl Walk<'_> {
    /// Whether the rows of a subquery are put into a table.
    pub fn is_hashed(&self, link: &SubLink) -> bool {
        matches!(&link.kind, SubKind::Any(test) if test.equal.is_some() && link.constant)
    }
}

/// The item of FROM that has a slot.
fn find_item(from: &FromNode, at: usize) -> Option<&FromNode> {
    match from {
        FromNode::Join(join) => find_item(&join.left, at).or_else(|| find_item(&join.right, at)),
        item => slots(item).contains(&at).then_some(item),
    }
}

/// What cannot be told.
fn unknown() -> (String, TypeId) {
    (String::new(), TypeId::Unknown)
}
