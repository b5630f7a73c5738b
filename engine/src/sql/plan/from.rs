//! How the items of a FROM are read: tables page by page or by an index, functions, queries, joins.
//!
//! A condition of WHERE goes down as far as all that it speaks of is there: to the scan of a table, where it may be a reason
//! to read it by an index (`index.rs`), else to the join that brings its tables together. Past an outer join only what
//! is about the side that keeps all its rows.
//!
//! PostgreSQL: `initsplan.c` (`distribute_qual_to_rels`), `prepjointree.c` (`reduce_outer_joins`).

use super::super::bound::{CteBody, Exprs, FromNode, JoinKind, JoinNode, Query, SYSTEM_COLUMNS, Scalar, Wait};
use super::Planner;
use super::index::{self, OrderBy, Wanted};
use super::layout::Layout;
use super::tree::{IndexUse, LoopSpec, Op, Plan, ScanSpec};
use crate::catalog::Table;
use crate::ids::Fork;
use std::ops::Range;
use std::rc::Rc;

/// A part of a plan: what its rows are, and a guess how many there are.
pub struct Part {
    pub plan: Plan,
    pub rows: f64,
}

impl Part {
    /// One row without columns.
    pub fn nothing() -> Part {
        Part { plan: Plan::new(Op::Result(Vec::new()), Vec::new(), Layout::default()), rows: 1.0 }
    }
}

/// A table of a FROM: its first slot, and whether it has system columns.
pub type TableItem<'q> = (&'q Rc<Table>, usize, bool);

impl Planner<'_> {
    /// An item of FROM. Conditions that it can see to are taken out of `filter`.
    pub fn from(&self, from: &FromNode, filter: &mut Vec<Exprs>, used: &Rc<Vec<usize>>) -> Part {
        match from {
            FromNode::Table(table, base, system) => self.table((table, *base, *system), filter, used, &[], false).0,
            FromNode::Function(item) => {
                let op = Op::Function(Rc::new(item.calls.clone()), item.ordinality);
                let layout = Layout((item.base..item.base + item.width()).collect());
                own_filter(Part { plan: Plan::new(op, Vec::new(), layout), rows: 1000.0 }, filter)
            }
            FromNode::Subquery(query, base, _) => own_filter(self.subquery(query, *base), filter),
            FromNode::Cte(id, base, width) => {
                let layout = Layout((*base..base + width).collect());
                let part = match &self.ctes[*id].body {
                    CteBody::Query(query) if self.is_inlined(*id) => self.subquery(query, *base),
                    _ if self.recursing.borrow().contains(id) => {
                        Part { plan: Plan::new(Op::WorkScan(*id, *width), Vec::new(), layout), rows: 100.0 }
                    }
                    _ => Part { plan: Plan::new(Op::CteScan(*id, *width), Vec::new(), layout), rows: 1000.0 },
                };
                own_filter(part, filter)
            }
            FromNode::Join(join) => match reduced(join, filter) {
                JoinKind::Inner => self.inner_joins(from, filter, used),
                kind => self.outer_join(join, kind, filter, used),
            },
        }
    }

    /// A query in FROM, whose columns begin at a slot.
    fn subquery(&self, query: &Query, base: usize) -> Part {
        // Behind the columns of the result are those that only the sorting needs: nobody asks for them.
        let slot = |at| if at < query.columns.len() { base + at } else { usize::MAX - at };
        let inner = self.query(query);
        let layout = Layout((0..inner.layout.width()).map(slot).collect());
        Part { plan: Plan::new(Op::Subquery, vec![inner], layout), rows: 1000.0 }
    }

    /// The scan of a table, and whether its rows come in the order that is asked for.
    pub fn table(
        &self,
        (table, base, system): TableItem,
        filter: &mut Vec<Exprs>,
        used: &Rc<Vec<usize>>,
        order: &[OrderBy],
        limit: bool,
    ) -> (Part, bool) {
        let slots = base..base + table.desc.natts() + SYSTEM_COLUMNS.len();
        let conditions: Vec<_> = filter.extract_if(.., |exprs| within(exprs, &slots)).collect();
        let mut needed: Vec<usize> = slots.filter(|slot| used.binary_search(slot).is_ok()).collect();
        for exprs in &conditions {
            exprs.each(&mut |scalar| match scalar {
                Scalar::Column(slot) if !needed.contains(slot) => needed.push(*slot),
                _ => {}
            });
        }
        needed.sort_unstable();
        let columns: Vec<usize> = needed.iter().map(|slot| slot - base).collect();
        let plain = columns.iter().take_while(|column| **column < table.desc.natts()).count();
        let has = |column: usize| columns.contains(&column);
        let wants: Option<&dyn Fn(usize) -> bool> = if system || plain < columns.len() { None } else { Some(&has) };
        let wanted = Wanted { table, base, conditions: &conditions, order, limit, columns: wants };
        let path = index::choose(self.snapshot, &wanted);
        let bitmap = if path.is_none() { index::choose_bitmap(self.snapshot, &wanted) } else { None };
        let ordered = path.as_ref().is_some_and(|path| path.ordered);
        let rows = match &path {
            Some(path) if path.one => 1.0,
            path => self.estimate(table, path.as_ref().map_or(0, |path| path.fixed), conditions.len()),
        };
        let layout = Layout(needed);
        let mut conditions = layout.all(&conditions);
        // What waits is asked last.
        crate::small::sort_by_key(&mut conditions, |exprs| !exprs.waits.is_empty());
        let index = path.map(|index::Path { index, keys, backward, keys_only, .. }| IndexUse {
            index,
            keys,
            backward,
            keys_only,
        });
        let spec = ScanSpec { table: table.clone(), columns, plain, index, bitmap, index_conditions: Vec::new() };
        let plan = Plan { filter: conditions, ..Plan::new(Op::Scan(Rc::new(spec)), Vec::new(), layout) };
        (Part { plan, rows }, ordered)
    }

    /// About how many rows a table has that pass so many conditions, of which an index fixes columns.
    fn estimate(&self, table: &Table, fixed: usize, conditions: usize) -> f64 {
        let selected = match (fixed, conditions) {
            (0, 0) => 1.0,
            (0, n) => 0.3_f64.powi(n.min(3) as i32),
            _ => 0.005,
        };
        (self.all_rows(table) * selected).max(1.0)
    }

    /// About how many rows a table has.
    pub fn all_rows(&self, table: &Table) -> f64 {
        let blocks = table.rel.blocks(self.env, Fork::Main).0;
        f64::from(blocks) * 60.0
    }

    /// A join by nested loops; `params` are what the right side uses of the left's slots.
    pub fn nest_loop(
        &self,
        left: Part,
        right: Part,
        kind: JoinKind,
        on: Vec<Exprs>,
        params: &[(usize, Scalar)],
    ) -> Part {
        let (left_layout, right_layout) = (&left.plan.layout, &right.plan.layout);
        let both = left_layout.joined(right_layout);
        let params: Vec<_> = params.iter().map(|(param, scalar)| (*param, left_layout.scalar(scalar))).collect();
        let spec = LoopSpec {
            kind,
            on: both.all(&on),
            lateral: !params.is_empty(),
            params,
            left_width: left_layout.width(),
            right_width: right_layout.width(),
        };
        let rows = joined_rows(kind, left.rows, right.rows);
        let layout = if matches!(kind, JoinKind::Semi | JoinKind::Anti) { left_layout.clone() } else { both };
        Part { plan: Plan::new(Op::NestLoop(Rc::new(spec)), vec![left.plan, right.plan], layout), rows }
    }
}

/// A guess how many rows a join has.
pub fn joined_rows(kind: JoinKind, left: f64, right: f64) -> f64 {
    match kind {
        JoinKind::Semi | JoinKind::Anti => left,
        JoinKind::Full => left + right,
        JoinKind::Right => right.max(left),
        _ => left.max(right),
    }
}

/// A part with those conditions that are about it alone.
fn own_filter(part: Part, filter: &mut Vec<Exprs>) -> Part {
    let own: Vec<_> = filter.extract_if(.., |exprs| part.plan.layout.covers(exprs)).collect();
    Part { plan: part.plan.filtered(&own), ..part }
}

/// What an item uses of those to its left.
pub fn lateral(from: &FromNode) -> &[(usize, Scalar)] {
    match from {
        FromNode::Function(item) => &item.lateral,
        FromNode::Subquery(_, _, lateral) => lateral,
        FromNode::Table(..) | FromNode::Cte(..) | FromNode::Join(_) => &[],
    }
}

/// The slots of an item.
pub fn slots(from: &FromNode) -> Range<usize> {
    match from {
        FromNode::Table(table, base, _) => *base..base + table.desc.natts() + SYSTEM_COLUMNS.len(),
        FromNode::Function(item) => item.base..item.base + item.width(),
        FromNode::Subquery(query, base, _) => *base..base + query.columns.len(),
        FromNode::Cte(_, base, width) => *base..base + width,
        FromNode::Join(join) => slots(&join.left).start..slots(&join.right).end,
    }
}

/// Whether all columns that expressions use are these, and they use one at least.
pub fn within(exprs: &Exprs, slots: &Range<usize>) -> bool {
    exprs.any_column(&|_| true) && !exprs.any_column(&|slot| !slots.contains(&slot))
}

/// Whether a condition is the same for all rows, so that it need be asked once only.
pub fn is_once(exprs: &Exprs) -> bool {
    let constant = |wait: &Wait| matches!(wait, Wait::Sub(link) if link.constant && link.args.is_empty());
    let is_known = |scalar: &Scalar| match scalar {
        Scalar::Waited(_) => true,
        scalar => index::is_known(scalar),
    };
    exprs.waits.iter().all(constant) && exprs.scalars.iter().all(is_known)
}

/// The kind of a join, an inner one where a condition of WHERE would refuse the rows that an outer one adds.
pub fn reduced(join: &JoinNode, filter: &[Exprs]) -> JoinKind {
    let (left, right) = (slots(&join.left), slots(&join.right));
    let refuses = |slots: &Range<usize>| {
        let strict = |exprs: &Exprs| exprs.waits.is_empty() && exprs.scalars.iter().any(|s| refuses_null(s, slots));
        filter.iter().any(strict)
    };
    match join.kind {
        JoinKind::Left if refuses(&right) => JoinKind::Inner,
        JoinKind::Right if refuses(&left) => JoinKind::Inner,
        JoinKind::Full => match (refuses(&left), refuses(&right)) {
            (true, true) => JoinKind::Inner,
            (true, false) => JoinKind::Left,
            (false, true) => JoinKind::Right,
            (false, false) => JoinKind::Full,
        },
        kind => kind,
    }
}

/// Whether a condition cannot be true where all these slots are NULL.
fn refuses_null(condition: &Scalar, slots: &Range<usize>) -> bool {
    match condition {
        Scalar::And(args) => args.iter().any(|arg| refuses_null(arg, slots)),
        Scalar::IsNull(arg, true) => is_null_with(arg, slots),
        other => is_null_with(other, slots),
    }
}

/// Whether an expression is NULL where all these slots are.
fn is_null_with(scalar: &Scalar, slots: &Range<usize>) -> bool {
    match scalar {
        Scalar::Column(slot) => slots.contains(slot),
        Scalar::Unary(_, _, arg) | Scalar::Cast(_, _, arg) | Scalar::Typmod(arg, ..) | Scalar::Not(arg) => {
            is_null_with(arg, slots)
        }
        Scalar::Binary(_, _, args) => args.iter().any(|arg| is_null_with(arg, slots)),
        Scalar::Call(_, _, args, true) => args.iter().any(|arg| is_null_with(arg, slots)),
        _ => false,
    }
}
