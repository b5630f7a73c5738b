//! The tree that the planner makes: what is to be done, and what that is thought to cost.
//!
//! ```text
//!   Limit  cost=.. rows=10                 each node has its inputs, what it keeps of their rows (filter), and what it
//!     Sort  cost=.. rows=900               makes of them (target); its layout says which slot stands where in its rows
//!       HashJoin  cost=.. rows=900
//!         Scan a    Scan b
//! ```
//!
//! A tree is never changed once it is made, and holds nothing of a run: it may be kept, shown and run again. From it the
//! executor makes its operators (`exec/build.rs`). Its nodes are those of PostgreSQL (`nodes/plannodes.h`), so that
//! EXPLAIN is a walk over it.

use super::super::ast::SetKind;
use super::super::bound::{
    AggCall, Exprs, FunctionCall, JoinKind, OrderKey, Query, Scalar, SortKey, Statement, Wait, WindowCall, WindowFrame,
};
use super::costs::Grouped;
use super::layout::Layout;
use crate::access::Strategy;
use crate::catalog::Table;
use crate::types::TypeId;
use std::rc::Rc;

/// The plan of a statement.
#[derive(Default)]
pub struct Planned {
    /// That of a query, of the rows of an INSERT, or of the rows to be changed.
    pub root: Option<Rc<Plan>>,
    /// Those of the subqueries within expressions.
    pub subs: Vec<Rc<Plan>>,
    /// Those of the queries of WITH.
    pub ctes: Vec<Rc<CtePlan>>,
    /// How many exec parameters there are.
    pub execs: usize,
}

/// How the rows of a query of WITH come to be.
#[allow(clippy::large_enum_variant)]
pub enum CtePlan {
    /// A query.
    Query(Plan),
    /// The first rows, what is made of the last ones, and whether rows may come twice.
    Recursive(Plan, Plan, bool),
    /// A statement that changes rows, and the source of an INSERT or the rows to be changed.
    Change(Rc<Statement>, Option<Plan>),
    /// It stands where it is referred to.
    Inlined,
}

/// A node of a plan, with those below it.
pub struct Plan {
    /// What it does.
    pub op: Op,
    /// Where its rows come from: the outer side of a join first.
    pub inputs: Vec<Plan>,
    /// What the rows have to meet, over the row that the node makes of its inputs.
    pub filter: Vec<Exprs>,
    /// What is made of such a row; if nothing, it is given as it is.
    pub target: Option<Rc<Exprs>>,
    /// The slots of its rows before that.
    pub below: Option<Layout>,
    /// The slots of the rows that it gives.
    pub layout: Layout,
    /// The queries of WITH that begin again whenever the node does.
    pub ctes: Vec<usize>,
    /// How wide the columns of a query's result are, in which of them its rows are in order, and by which they differ.
    pub widths: Vec<i32>,
    pub order: Vec<SortKey>,
    pub distinct: Vec<usize>,
    /// Of a join: whether a row of the outer side has one partner at most.
    pub unique: bool,
    /// What it is thought to cost, and to give.
    pub cost: Cost,
}

/// What the planner thinks of a node.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct Cost {
    /// Before the first row.
    pub startup: f64,
    /// To the last row.
    pub total: f64,
    /// How many rows.
    pub rows: f64,
    /// How many bytes a row has.
    pub width: i32,
}

/// What a node does.
pub enum Op {
    /// One row without columns; or, with an input, its rows if conditions that are the same for all rows hold.
    Result(Vec<Exprs>),
    /// A table.
    Scan(Rc<ScanSpec>),
    /// Functions, and whether WITH ORDINALITY.
    Function(Rc<Vec<FunctionCall>>, bool),
    /// The rows of VALUES.
    Values(Rc<Vec<Exprs>>),
    /// The rows of a query in FROM.
    Subquery,
    /// The rows of a query of WITH: which, and how many columns.
    CteScan(usize, usize),
    /// The last round of a recursive one.
    WorkScan(usize, usize),
    /// Rows that are kept, to be read again.
    Material,
    /// A join by nested loops.
    NestLoop(Rc<LoopSpec>),
    /// A join by hashes.
    HashJoin(Rc<HashSpec>),
    /// A join of sides that come in order.
    MergeJoin(Rc<MergeSpec>),
    /// Groups, and how they are made.
    Aggregate(Rc<GroupSpec>, Grouped),
    /// Functions over a window.
    Window(Rc<WindowSpec>),
    /// Functions in the target list that give rows.
    ProjectSet(Rc<Vec<FunctionCall>>),
    /// The rows of one input after those of the other.
    Append,
    /// INTERSECT or EXCEPT, and whether ALL.
    Intersect(SetKind, bool),
    /// Each row once, and whether by hashes.
    Unique(bool),
    /// The first of sorted rows that are alike in these places.
    DistinctOn(Vec<usize>),
    /// All rows in order.
    Sort(Rc<SortSpec>),
    /// OFFSET and LIMIT.
    Limit(Rc<LimitSpec>),
    /// Rows that are locked, and how wide they are before the row of FROM.
    LockRows(Rc<Query>, usize),
}

/// The scan of a table.
pub struct ScanSpec {
    /// Which.
    pub table: Rc<Table>,
    /// The slot of its first column.
    pub start: usize,
    /// The columns that are wanted, from 0 and ascending; system columns count on from the last.
    pub columns: Vec<usize>,
    /// How many of these are no system columns.
    pub plain: usize,
    /// By which index, if not page by page.
    pub index: Option<IndexUse>,
    /// Or by a map of rows that indexes make before.
    pub bitmap: Option<BitmapUse>,
    /// What has been asked of the index, over these columns: asked again where the index did not decide it.
    pub index_conditions: Vec<Exprs>,
}

impl ScanSpec {
    /// Whether the rows themselves are not needed.
    pub fn is_index_only(&self) -> bool {
        self.index.as_ref().is_some_and(|index| index.keys_only)
    }
}

/// A map of rows, and how it is made.
pub enum BitmapUse {
    /// What an index leads to: Bitmap Index Scan.
    Index(IndexUse, MapPart),
    /// What is in all of these maps.
    And(Vec<BitmapUse>),
    /// What is in one of them.
    Or(Vec<BitmapUse>),
}

/// What is thought of a part of a map.
pub struct MapPart {
    /// What the index is asked, over the columns of the scan.
    pub conditions: Vec<Exprs>,
    /// What it costs in all.
    pub total: f64,
    /// How many rows it leads to.
    pub rows: f64,
}

/// An index and what it is asked.
pub struct IndexUse {
    /// Its place among the table's.
    pub index: usize,
    /// What is asked of its columns, as far as the values are known before the scan.
    pub keys: Vec<IndexKey>,
    /// From its end to its beginning.
    pub backward: bool,
    /// Whether the rows themselves are not needed.
    pub keys_only: bool,
}

/// What is asked of a column of an index.
#[derive(Clone)]
pub struct IndexKey {
    /// Which of the index.
    pub column: usize,
    /// How it is compared.
    pub strategy: Strategy,
    /// An expression without columns. If it gives an array, and the column has none, `=` means `= ANY`: the index is asked for
    /// each element, in the index's order.
    pub value: Scalar,
}

/// A join by nested loops.
pub struct LoopSpec {
    /// Inner, Left, Semi or Anti.
    pub kind: JoinKind,
    /// The condition, over a row of the left and one of the right.
    pub on: Vec<Exprs>,
    /// What the right side uses of the left's row.
    pub params: Vec<(usize, Scalar)>,
    /// Whether the right side is to begin again for each row of the left.
    pub lateral: bool,
    /// How many values a row of the left has.
    pub left_width: usize,
    /// How many values a row of the right has.
    pub right_width: usize,
}

/// A join by hashes.
pub struct HashSpec {
    /// What happens to rows without a partner.
    pub kind: JoinKind,
    /// What is compared, over the rows of the left.
    pub left_keys: Exprs,
    /// What is compared, over the rows of the right.
    pub right_keys: Exprs,
    /// What else must hold, over a row of the left and one of the right.
    pub on: Vec<Exprs>,
    /// How many values a row of the left has.
    pub left_width: usize,
    /// How many values a row of the right has.
    pub right_width: usize,
}

/// A join of sides that come in the order of what is compared.
pub struct MergeSpec {
    /// What happens to rows without a partner.
    pub kind: JoinKind,
    /// What is compared, over the rows of the left.
    pub left_keys: Exprs,
    /// What is compared, over the rows of the right.
    pub right_keys: Exprs,
    /// In which order both sides come, for each key: DESC, NULLS FIRST.
    pub order: Vec<(bool, bool)>,
    /// What else must hold, over a row of the left and one of the right.
    pub on: Vec<Exprs>,
    /// How many values a row of the left has.
    pub left_width: usize,
    /// How many values a row of the right has.
    pub right_width: usize,
}

/// What is computed of each group.
pub struct GroupSpec {
    /// The expressions of GROUP BY.
    pub keys: Vec<Scalar>,
    /// GROUPING SETS, by the keys' numbers.
    pub sets: Option<Vec<Vec<usize>>>,
    /// The aggregates.
    pub calls: Vec<AggCall>,
    /// What keys and arguments wait for.
    pub waits: Vec<Wait>,
}

/// What is computed over a window.
pub struct WindowSpec {
    /// PARTITION BY
    pub partition: Vec<Scalar>,
    /// ORDER BY
    pub order_by: Vec<OrderKey>,
    /// The frame.
    pub frame: WindowFrame,
    /// The functions.
    pub calls: Vec<WindowCall>,
    /// What all these wait for.
    pub waits: Vec<Wait>,
}

/// A sort.
pub struct SortSpec {
    /// By which places of the row.
    pub keys: Rc<[SortKey]>,
    /// The only column, if it is one whose values need no tuple around them.
    pub single: Option<TypeId>,
}

/// OFFSET and LIMIT.
pub struct LimitSpec {
    /// LIMIT
    pub limit: Option<Exprs>,
    /// OFFSET
    pub offset: Option<Exprs>,
    /// WITH TIES: by what rows are alike.
    pub ties: Vec<SortKey>,
}

impl Plan {
    /// A node over these inputs, whose rows are such.
    pub fn new(op: Op, inputs: Vec<Plan>, layout: Layout) -> Plan {
        Plan {
            op,
            inputs,
            filter: Vec::new(),
            target: None,
            below: None,
            layout,
            ctes: Vec::new(),
            widths: Vec::new(),
            order: Vec::new(),
            distinct: Vec::new(),
            unique: false,
            cost: Cost::default(),
        }
    }

    /// The same with conditions, whose columns are slots.
    pub fn filtered(self, conditions: &[Exprs]) -> Plan {
        if conditions.is_empty() {
            return self;
        }
        let mut plan = if self.target.is_some() || !self.op.filters() { self.under(Op::Subquery) } else { self };
        plan.filter.extend(plan.layout.all(conditions));
        plan
    }

    /// The same with a projection, whose columns are slots; its results are such slots.
    pub fn projected(self, target: &Exprs, slots: Vec<usize>) -> Plan {
        let mut plan =
            if self.target.is_some() || !self.op.projects() { self.under(Op::Result(Vec::new())) } else { self };
        plan.target = Some(Rc::new(plan.layout.exprs(target)));
        plan.below = Some(std::mem::replace(&mut plan.layout, Layout(slots)));
        plan
    }

    /// The slot of a column of its row before its target.
    pub fn layout_below(&self, at: usize) -> Option<usize> {
        match (&self.target, &self.below) {
            (Some(_), Some(below)) => below.0.get(at).copied(),
            _ => self.layout.0.get(at).copied(),
        }
    }

    /// The first slot of the table that a scan reads.
    pub fn layout_start(&self, spec: &ScanSpec) -> usize {
        let layout = self.below.as_ref().unwrap_or(&self.layout);
        match (layout.0.first(), spec.columns.first()) {
            (Some(slot), Some(column)) => slot - column,
            _ => spec.start,
        }
    }

    /// A node above that gives the same rows, or some of them.
    pub fn under(self, op: Op) -> Plan {
        let (layout, cost) = (self.layout.clone(), self.cost);
        Plan { cost, ..Plan::new(op, vec![self], layout) }
    }
}

impl Op {
    /// Whether it can keep only some of its rows.
    fn filters(&self) -> bool {
        self.projects() && !matches!(self, Op::Result(_) | Op::Window(_))
    }

    /// `is_projection_capable_plan`: whether it can make something of its rows.
    fn projects(&self) -> bool {
        !matches!(
            self,
            Op::ProjectSet(_)
                | Op::Append
                | Op::Intersect(..)
                | Op::Unique(_)
                | Op::DistinctOn(_)
                | Op::Sort(_)
                | Op::Limit(_)
                | Op::LockRows(..)
        )
    }
}
