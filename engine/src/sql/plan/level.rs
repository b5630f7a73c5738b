//! One query, as the planner looks at it: its relations, what is asked of them, which expressions are equal.
//!
//! ```text
//!   FROM a JOIN b ON a.x = b.x LEFT JOIN c ON c.y = b.y WHERE a.x = 7
//!
//!   relations   a (1)  b (2)  c (4)           a bit for each; a set of them is a join
//!   classes     {a.x, b.x, 7}                 so a.x = 7 and b.x = 7 are asked where a and b are read
//!   clauses     c.y = b.y, kept 2             the condition of an outer join
//!   outer       {b} LEFT {c}                  c joins whatever has b in it
//! ```
//!
//! PostgreSQL: `PlannerInfo`; `optimizer/plan/initsplan.c`.

use super::super::bound::{CteBody, Exprs, FromNode, JoinKind, Query, SYSTEM_COLUMNS, Scalar, Wait, slot};
use super::Planner;
use super::classes::Class;
use super::clause::Clause;
use super::costs::Costs;
use super::from::{lateral, slots};
use super::known::TableStats;
use super::path::{ABOVE, Key, Paths, Relids};
use super::tree::Plan;
use crate::catalog::Table;
use crate::ids::Fork;
use crate::types::TypeId;
use crate::types::column_stats::ColumnStats;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

/// A query that is being planned.
pub struct Level<'a> {
    pub planner: &'a Planner<'a>,
    pub query: &'a Query,
    pub costs: Costs,
    /// The items of FROM that are no joins.
    pub bases: Vec<Base<'a>>,
    /// They, and what was joined so far.
    pub rels: Vec<Rel>,
    pub classes: Vec<Class>,
    pub outer: Vec<OuterJoin>,
    /// Which slots are used, and by which relations or above all.
    pub needed: Vec<(usize, Relids)>,
    /// Conditions that are the same for all rows.
    pub once: Vec<Exprs>,
    /// Which part of the rows is wanted: 0 all, below 1 a part, else so many.
    pub fraction: f64,
    /// How many rows a sort need give at most.
    pub limit: Option<f64>,
    /// In which order the rows are wanted.
    pub wanted: Vec<Key>,
    /// The pages of all tables.
    pub all_pages: f64,
    /// A plan that is made already: VALUES, UNION and its like.
    pub made: RefCell<Option<Plan>>,
}

/// An item of FROM that is no join.
pub struct Base<'a> {
    pub item: &'a FromNode,
    pub slots: Range<usize>,
    pub table: Option<Rc<Table>>,
    pub stats: Rc<TableStats>,
    /// The plan of a subquery, and what is known of its columns.
    pub inner: RefCell<Option<Plan>>,
    pub columns: Vec<Option<Known>>,
    /// Rows and pages, and which part of them is all visible.
    pub tuples: f64,
    pub pages: f64,
    pub visible: f64,
    pub clauses: Vec<Rc<Clause>>,
    pub joins: Vec<Rc<Clause>>,
    pub indexes: Vec<IndexSize>,
}

/// What is known of a column that is that of a table further in.
#[derive(Clone)]
pub struct Known {
    pub stats: Option<Rc<ColumnStats>>,
    pub unique: bool,
}

/// How large an index is.
#[derive(Clone, Copy, Debug)]
pub struct IndexSize {
    pub at: usize,
    pub pages: f64,
    pub tuples: f64,
    pub height: u32,
}

/// A relation: an item of FROM, or a join of some.
pub struct Rel {
    pub relids: Relids,
    pub rows: f64,
    pub width: i32,
    /// Those whose rows it depends on.
    pub lateral: Relids,
    pub paths: Paths,
}

/// `SpecialJoinInfo`: a join that is no inner one, and which relations must be there on either side.
#[derive(Clone, Copy, Debug)]
pub struct OuterJoin {
    pub kind: JoinKind,
    pub min_left: Relids,
    pub min_right: Relids,
    pub left: Relids,
    pub right: Relids,
    /// Whether NULLs on the left have no partner.
    pub strict: bool,
    /// Whether a condition above asks both sides.
    pub delays: bool,
}

/// A column: which item, and which of its columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub base: usize,
    pub column: usize,
}

impl<'a> Level<'a> {
    pub fn new(planner: &'a Planner<'a>, query: &'a Query) -> Level<'a> {
        Level {
            planner,
            query,
            costs: planner.costs,
            bases: Vec::new(),
            rels: Vec::new(),
            classes: Vec::new(),
            outer: Vec::new(),
            needed: Vec::new(),
            once: Vec::new(),
            fraction: 0.0,
            limit: None,
            wanted: Vec::new(),
            all_pages: 0.0,
            made: RefCell::default(),
        }
    }

    /// Adds an item of FROM; its number.
    pub fn add_base(&mut self, item: &'a FromNode) -> usize {
        let at = self.bases.len();
        let (mut table, mut stats) = (None, Rc::default());
        if let FromNode::Table(found, ..) = item {
            table = Some(found.clone());
            stats = self.planner.stats_of(found.oid);
        }
        let base = Base {
            item,
            slots: slots(item),
            table,
            stats,
            inner: RefCell::default(),
            columns: Vec::new(),
            tuples: 0.0,
            pages: 0.0,
            visible: 0.0,
            clauses: Vec::new(),
            joins: Vec::new(),
            indexes: Vec::new(),
        };
        self.bases.push(base);
        let hurried = self.fraction > 0.0;
        let paths = Paths { hurried, ..Paths::default() };
        self.rels.push(Rel { relids: 1 << at, rows: 1.0, width: 0, lateral: 0, paths });
        if self.bases[at].table.is_some() {
            self.measure(at);
        }
        at
    }

    /// `estimate_rel_size`, `get_relation_info`: how large a table is by now, if its rows lie as densely as they did when they
    /// were last counted.
    fn measure(&mut self, at: usize) {
        let env = &self.planner.fx.env;
        let base = &mut self.bases[at];
        let Some(table) = &base.table else { return };
        let mut pages = f64::from(table.rel.blocks(env, Fork::Main).0);
        let (known_pages, known_tuples) = (f64::from(table.class.pages), f64::from(table.class.tuples));
        // A table that was never looked at is thought to grow soon.
        if pages < 10.0 && known_tuples < 0.0 {
            pages = 10.0;
        }
        base.pages = pages;
        if pages > 0.0 {
            let density = if known_tuples >= 0.0 && known_pages > 0.0 {
                known_tuples / known_pages
            } else {
                let width: i32 = (0..table.desc.natts()).map(|column| base.stats.width(table, column)).sum();
                ((8192.0 - 24.0) / (f64::from(width) + 24.0 + 4.0)).floor()
            };
            base.tuples = (density * pages).round_ties_even();
            let visible = f64::from(table.class.all_visible);
            base.visible = if visible <= 0.0 || pages <= 0.0 { 0.0 } else { (visible / pages).min(1.0) };
        }
        let snapshot = &self.planner.snapshot;
        // The youngest comes first: of two that cost the same it is taken.
        for (place, (index, known)) in table.rel.indexes.iter().zip(&table.indexes).enumerate().rev() {
            if known.after.is_some_and(|xid| !xid.precedes(snapshot.xmin)) {
                continue;
            }
            let (pages, height) = (f64::from(index.rel.blocks(env, Fork::Main).0), index.height(env));
            base.indexes.push(IndexSize { at: place, pages, tuples: base.tuples, height });
        }
        self.all_pages += pages;
    }

    /// All relations.
    pub fn everything(&self) -> Relids {
        (1 << self.bases.len()) - 1
    }

    /// Where a slot's column is.
    pub fn place(&self, slot: usize) -> Option<Place> {
        let base = self.bases.iter().position(|base| base.slots.contains(&slot))?;
        Some(Place { base, column: slot - self.bases[base].slots.start })
    }

    /// The relations that an expression speaks of.
    pub fn relids(&self, scalar: &Scalar) -> Relids {
        let mut relids = 0;
        scalar.each(&mut |part| {
            if let Scalar::Column(slot) = part
                && let Some(place) = self.place(*slot)
            {
                relids |= 1 << place.base;
            }
        });
        relids
    }

    /// Those that expressions and what they wait for speak of.
    pub fn relids_of(&self, exprs: &Exprs) -> Relids {
        let found = Cell::new(0);
        exprs.each(&mut |part| {
            if let Scalar::Column(slot) = part
                && let Some(place) = self.place(*slot)
            {
                found.set(found.get() | 1 << place.base);
            }
        });
        found.get()
    }

    /// Notes that a slot is used there.
    pub fn need(&mut self, slot: usize, relids: Relids) {
        match self.needed.iter_mut().find(|(own, _)| *own == slot) {
            Some((_, known)) => *known |= relids,
            None => self.needed.push((slot, relids)),
        }
    }

    /// Notes that the slots of expressions are used there.
    pub fn need_all(&mut self, exprs: &Exprs, relids: Relids) {
        let mut used = Vec::new();
        exprs.each(&mut |part| {
            if let Scalar::Column(slot) = part {
                used.push(*slot);
            }
        });
        used.into_iter().for_each(|slot| self.need(slot, relids));
    }

    /// The slots of such relations that are used outside of them.
    pub fn outputs(&self, relids: Relids) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for (slot, needed) in &self.needed {
            let own = self.place(*slot).is_some_and(|place| relids >> place.base & 1 == 1);
            if own && needed & !relids != 0 {
                found.push(*slot);
            }
        }
        found.sort_unstable();
        found
    }

    /// How wide rows of such relations are.
    pub fn width(&self, relids: Relids) -> i32 {
        self.outputs(relids).into_iter().map(|slot| self.slot_width(slot)).sum()
    }

    // --- columns ---------------------------------------------------------------------------------------------

    /// The type of a slot, and its modifier.
    pub fn slot_type(&self, at: usize) -> (TypeId, i32) {
        let query = self.query;
        match at {
            _ if !(slot::KEY..slot::PULLED).contains(&at) => match self.place(at) {
                Some(place) => self.column_type(place),
                // The columns of VALUES, and of UNION and its like.
                None => match (query.columns.get(at), &query.values) {
                    (Some(column), _) => (column.ty, column.typmod),
                    (None, Some(rows)) => {
                        rows[0].scalars.get(at).map_or((TypeId::Unknown, -1), |scalar| self.type_of(scalar))
                    }
                    (None, None) => (TypeId::Unknown, -1),
                },
            },
            _ if at >= slot::WINDOW => {
                let calls = query.windows.iter().flat_map(|window| &window.calls);
                let found = calls.into_iter().find(|(own, _)| *own == at);
                found.map_or((TypeId::Int8, -1), |(_, call)| (self.window_type(call), -1))
            }
            _ if at >= slot::SET => {
                for ((function, _), base) in &query.sets {
                    if (*base..base + function.columns.len()).contains(&at) {
                        return (function.columns[at - base].1, -1);
                    }
                }
                (TypeId::Unknown, -1)
            }
            _ => match &query.grouping {
                Some(grouping) if at >= slot::CALL => {
                    grouping.calls.get(at - slot::CALL).map_or((TypeId::Unknown, -1), |call| (call.result(), -1))
                }
                Some(grouping) => {
                    grouping.keys.get(at - slot::KEY).map_or((TypeId::Unknown, -1), |key| self.type_of(key))
                }
                None => (TypeId::Unknown, -1),
            },
        }
    }

    fn column_type(&self, Place { base, column }: Place) -> (TypeId, i32) {
        let of_query = |query: &Query| query.columns.get(column).map_or((TypeId::Unknown, -1), |c| (c.ty, c.typmod));
        match self.bases[base].item {
            FromNode::Table(table, ..) => match table.desc.attrs.get(column) {
                Some(attr) => (attr.type_id, attr.typmod),
                None => (SYSTEM_COLUMNS[column - table.desc.natts()].2, -1),
            },
            FromNode::Function(item) => {
                let mut columns = item.calls.iter().flat_map(|(function, _)| &function.columns);
                (columns.nth(column).map_or(TypeId::Int8, |column| column.1), -1)
            }
            FromNode::Subquery(query, ..) => of_query(query),
            FromNode::Cte(id, ..) => match &self.planner.bound.ctes[*id].body {
                CteBody::Query(query) => of_query(query),
                CteBody::Recursive(both, _) => of_query(&both.0),
                CteBody::Change(statement) => {
                    let column = statement.columns().and_then(|columns| columns.get(column));
                    column.map_or((TypeId::Unknown, -1), |column| (column.ty, column.typmod))
                }
            },
            FromNode::Join(_) => (TypeId::Unknown, -1),
        }
    }

    /// How wide a slot is on average.
    pub fn slot_width(&self, at: usize) -> i32 {
        if let Some(Place { base, column }) = self.place(at) {
            let base = &self.bases[base];
            if let Some(table) = &base.table {
                return base.stats.width(table, column);
            }
            if let Some(plan) = base.inner.borrow().as_ref()
                && let Some(width) = plan.widths.get(column)
            {
                return *width;
            }
        }
        let key = self.query.grouping.as_ref().and_then(|grouping| grouping.keys.get(at.wrapping_sub(slot::KEY)));
        if let Some(key) = key {
            return self.scalar_width(key);
        }
        let (ty, typmod) = self.slot_type(at);
        super::known::average_width(ty, typmod)
    }

    /// How wide the value of an expression is.
    pub fn scalar_width(&self, scalar: &Scalar) -> i32 {
        match scalar {
            Scalar::Column(slot) => self.slot_width(*slot),
            _ => {
                let (ty, typmod) = self.type_of(scalar);
                super::known::average_width(ty, typmod)
            }
        }
    }

    // --- FROM ------------------------------------------------------------------------------------------------

    /// The items that one depends on.
    pub fn lateral(&self, item: &FromNode) -> Relids {
        lateral(item).iter().fold(0, |relids, (_, scalar)| relids | self.relids(scalar))
    }

    /// Notes what is used above all joins.
    pub fn need_targets(&mut self) {
        let mut used = Vec::new();
        let mut note = |scalar: &Scalar| {
            if let Scalar::Column(slot) = scalar {
                used.push(*slot);
            }
        };
        let query = self.query;
        if let Some(grouping) = &query.grouping {
            grouping.keys.iter().for_each(|key| key.each(&mut note));
            grouping.calls.iter().flat_map(|call| call.scalars()).for_each(|scalar| scalar.each(&mut note));
            grouping.waits.iter().for_each(|wait| wait.each(&mut note));
            grouping.having.iter().for_each(|having| having.each(&mut note));
        }
        query.windows.iter().for_each(|window| window.each(&mut note));
        query.sets.iter().for_each(|((_, args), _)| args.each(&mut note));
        query.targets.each(&mut note);
        for slot in used {
            if self.place(slot).is_some() {
                self.need(slot, ABOVE);
            }
        }
    }
}

/// Whether a condition is the same for all rows, so that it need be asked once only.
pub fn is_once(exprs: &Exprs) -> bool {
    let constant = |wait: &Wait| matches!(wait, Wait::Sub(link) if link.constant && link.args.is_empty());
    exprs.waits.iter().all(constant) && !exprs.any_column(&|_| true) && exprs.scalars.iter().all(super::fold::is_stable)
}
