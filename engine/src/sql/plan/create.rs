//! From the best path to the plan: each node's expressions are written for the rows that it sees.
//!
//! What the inner side of a loop is told of the outer side's row comes in exec parameters: they are made where a scan wants
//! them, and handed up to the loop that has the row.
//!
//! PostgreSQL: `optimizer/plan/createplan.c`, `setrefs.c`.

use super::super::bound::{Exprs, FromNode, Scalar, slot};
use super::clause::Clause;
use super::costs::Grouped;
use super::costs::clamp_rows;
use super::layout::Layout;
use super::level::Level;
use super::path::{Asked, IndexWay, Key, Path, Relids, Way};
use super::tree::{
    BitmapUse, GroupSpec, IndexKey, IndexUse, LimitSpec, MapPart, Op, Plan, ScanSpec, SortSpec, WindowSpec,
};
use crate::sql::bound::SortKey;
use std::cell::RefCell;
use std::rc::Rc;

/// A plan that is being made.
pub struct Making<'l, 'a> {
    pub level: &'l mut Level<'a>,
    /// What scans want to be told: exec parameters and slots of relations further out.
    pub told: RefCell<Vec<(usize, Scalar)>>,
}

impl<'l, 'a> Making<'l, 'a> {
    pub fn new(level: &'l mut Level<'a>) -> Making<'l, 'a> {
        Making { level, told: RefCell::default() }
    }

    pub fn plan(&mut self, path: &Path) -> Plan {
        let mut plan = self.node(path);
        plan.cost = path.cost;
        plan
    }

    fn node(&mut self, path: &Path) -> Plan {
        match &path.way {
            Way::Nothing => self.gated(nothing(), path),
            Way::Scan => {
                let plan = self.scan(path, None, None);
                self.gated(plan, path)
            }
            Way::Index(way) => {
                let plan = self.scan(path, Some(way), None);
                self.gated(plan, path)
            }
            Way::Join(way) => {
                let plan = self.join(path, way);
                self.gated(plan, path)
            }
            Way::SetOperation => {
                let made = self.level.made.borrow_mut().take().unwrap_or_else(nothing);
                self.gated(made, path)
            }
            Way::Bitmap(map) => {
                let plan = self.scan(path, None, Some(map));
                self.gated(plan, path)
            }
            Way::BitmapAnd(_) | Way::BitmapOr(_) => nothing(),
            Way::Material(input) => self.plan(input).under(Op::Material),
            Way::Sort(input) => {
                let plan = self.plan(input);
                self.sorted(plan, &path.keys)
            }
            Way::Project(input) => {
                let plan = self.plan(input);
                let query = self.level.query;
                let same = |(at, own): (usize, &Scalar)| matches!(own, Scalar::Column(slot) if *slot == at);
                let whole = query.targets.scalars.len() == plan.layout.width();
                if query.from.is_none() && whole && query.targets.scalars.iter().enumerate().all(same) {
                    return plan;
                }
                let target = self.level.planner.folded_all(&query.targets);
                plan.projected(&target, (0..query.targets.scalars.len()).collect())
            }
            Way::Group(input, how) => {
                let plan = self.plan(input);
                self.grouped(plan, *how)
            }
            Way::Window(input, at) => {
                let plan = self.plan(input);
                windowed(plan, &self.level.query.windows[*at])
            }
            Way::Sets(input) => {
                let plan = self.plan(input);
                self.sets(plan)
            }
            Way::Distinct(input, hashed) => self.distinct(input, *hashed),
            Way::Lock(input) => self.locked(input),
            Way::Limit(input) => {
                let plan = self.plan(input);
                let query = self.level.query;
                let ties = if query.with_ties { query.order_by.clone() } else { Vec::new() };
                plan.under(Op::Limit(Rc::new(LimitSpec {
                    limit: query.limit.clone(),
                    offset: query.offset.clone(),
                    ties,
                })))
            }
        }
    }

    /// Conditions that are the same for all rows stand above all joins.
    fn gated(&mut self, mut plan: Plan, path: &Path) -> Plan {
        plan.cost = path.cost;
        if path.relids != self.level.everything() || self.level.once.is_empty() {
            return plan;
        }
        let once = std::mem::take(&mut self.level.once);
        if plan.inputs.is_empty() && matches!(&plan.op, Op::Result(own) if own.is_empty()) {
            plan.op = Op::Result(once);
            return plan;
        }
        plan.under(Op::Result(once))
    }

    // --- scans -----------------------------------------------------------------------------------------------

    fn scan(&mut self, path: &Path, way: Option<&IndexWay>, map: Option<&Path>) -> Plan {
        let at = path.relids.trailing_zeros() as usize;
        let item = self.level.bases[at].item;
        for (param, scalar) in super::from::lateral(item) {
            self.told.borrow_mut().push((*param, scalar.clone()));
        }
        let clauses = self.level.bases[at].clauses.clone();
        let start = self.level.bases[at].slots.start;
        match item {
            FromNode::Table(table, _, _) => self.table(path, at, table, (way, map), clauses),
            FromNode::Function(item) => {
                let op = Op::Function(Rc::new(item.calls.clone()), item.ordinality);
                let layout = Layout((item.base..item.base + item.width()).collect());
                Plan::new(op, Vec::new(), layout).filtered(&self.conditions(&clauses))
            }
            FromNode::Subquery(query, ..) => self.inner(at, start, query.columns.len(), &clauses),
            FromNode::Cte(id, _, width) => {
                if self.level.bases[at].inner.borrow().is_some() {
                    return self.inner(at, start, *width, &clauses);
                }
                let op = match self.level.planner.recursing.borrow().contains(id) {
                    true => Op::WorkScan(*id, *width),
                    false => Op::CteScan(*id, *width),
                };
                let layout = Layout((start..start + width).collect());
                Plan::new(op, Vec::new(), layout).filtered(&self.conditions(&clauses))
            }
            FromNode::Join(_) => nothing(),
        }
    }

    fn conditions(&self, clauses: &[Rc<Clause>]) -> Vec<Exprs> {
        clauses.iter().map(|clause| clause.exprs.clone()).collect()
    }

    /// The rows of a query in FROM, whose columns begin at a slot.
    fn inner(&mut self, at: usize, start: usize, columns: usize, clauses: &[Rc<Clause>]) -> Plan {
        let Some(inner) = self.level.bases[at].inner.borrow_mut().take() else {
            return nothing();
        };
        // Behind the columns of the result are those that only the sorting needs: nobody asks for them.
        let slot = |at| if at < columns { start + at } else { usize::MAX - at };
        let layout = Layout((0..inner.layout.width()).map(slot).collect());
        Plan::new(Op::Subquery, vec![inner], layout).filtered(&self.conditions(clauses))
    }

    fn table(
        &mut self,
        path: &Path,
        at: usize,
        table: &Rc<crate::catalog::Table>,
        (way, map): (Option<&IndexWay>, Option<&Path>),
        clauses: Vec<Rc<Clause>>,
    ) -> Plan {
        let start = self.level.bases[at].slots.start;
        let asked: &[Asked] = way.map_or(&[], |way| &way.asked);
        // An index decides a condition, and a map those of which it is no mere part.
        let mut decided: Vec<Rc<Clause>> = asked.iter().map(|own| own.clause.clone()).collect();
        let mut whole: Vec<Exprs> = Vec::new();
        if let Some(map) = map {
            decided = super::bitmap_paths::map_clauses(map);
            whole = rechecks(map);
        }
        let is_asked = |clause: &Rc<Clause>| {
            decided.iter().any(|own| Rc::ptr_eq(own, clause) || own.class.is_some() && own.class == clause.class)
                || clause.scalar().is_some_and(|scalar| {
                    matches!(scalar, Scalar::Or(_))
                        && whole.iter().any(|own| super::same::same(&own.scalars[0], scalar))
                })
        };
        let told = if path.outer == 0 { Vec::new() } else { self.level.told_clauses(at, path.outer) };
        let filter: Vec<Exprs> = clauses
            .iter()
            .chain(&told)
            .filter(|clause| !is_asked(clause))
            .map(|clause| self.with_params(&clause.exprs, path.relids))
            .collect();
        let bounds = match map {
            Some(_) => whole.iter().map(|own| self.with_params(own, path.relids)).collect(),
            None => self.bounds(asked, path.relids),
        };
        let mut slots = self.level.outputs(path.relids);
        for exprs in filter.iter().chain(&bounds) {
            exprs.each(&mut |part| {
                if let Scalar::Column(slot) = part
                    && !slots.contains(slot)
                {
                    slots.push(*slot);
                }
            });
        }
        slots.sort_unstable();
        let columns: Vec<usize> = slots.iter().map(|slot| slot - start).collect();
        let plain = columns.iter().take_while(|column| **column < table.desc.natts()).count();
        let layout = Layout(slots);
        let index = way
            .map(|way| IndexUse { keys_only: way.only && plain == columns.len(), ..self.index_use(way, path.relids) });
        let bitmap = map.map(|map| self.bitmap_use(map, path.relids, &layout));
        let index_conditions = layout.all(&bounds);
        let mut conditions = layout.all(&filter);
        crate::small::sort_by_key(&mut conditions, |exprs| !exprs.waits.is_empty());
        let spec = ScanSpec { table: table.clone(), start, columns, plain, index, bitmap, index_conditions };
        Plan { filter: conditions, ..Plan::new(Op::Scan(Rc::new(spec)), Vec::new(), layout) }
    }

    fn bounds(&self, asked: &[Asked], own: Relids) -> Vec<Exprs> {
        let mut bounds: Vec<Exprs> = Vec::with_capacity(asked.len());
        for (at, asked_here) in asked.iter().enumerate() {
            if !asked[..at].iter().any(|before| Rc::ptr_eq(&before.clause, &asked_here.clause)) {
                bounds.push(self.with_params(&asked_here.clause.exprs, own));
            }
        }
        bounds
    }

    fn index_use(&self, way: &IndexWay, own: Relids) -> IndexUse {
        let keys = way.asked.iter().map(|asked| {
            let exprs = self.with_params(&Exprs::of(asked.value.clone()), own);
            let value = exprs.scalars.into_iter().next().unwrap_or(Scalar::Const(crate::types::Datum::Null));
            IndexKey { column: asked.column, strategy: asked.strategy, value }
        });
        IndexUse { index: way.index, keys: keys.collect(), backward: way.backward, keys_only: false }
    }

    /// A map of rows, and how it is made.
    fn bitmap_use(&self, map: &Path, own: Relids, layout: &Layout) -> BitmapUse {
        let all = |maps: &[Rc<Path>]| maps.iter().map(|map| self.bitmap_use(map, own, layout)).collect();
        match &map.way {
            Way::BitmapAnd(maps) => BitmapUse::And(all(maps)),
            Way::BitmapOr(maps) => BitmapUse::Or(all(maps)),
            Way::Index(way) => BitmapUse::Index(
                self.index_use(way, own),
                MapPart {
                    conditions: layout.all(&self.bounds(&way.asked, own)),
                    total: way.total,
                    rows: clamp_rows(way.selectivity * self.level.bases[own.trailing_zeros() as usize].tuples),
                },
            ),
            _ => BitmapUse::And(Vec::new()),
        }
    }

    /// Expressions in which what is not these relations' own comes in exec parameters.
    pub fn with_params(&self, exprs: &Exprs, own: Relids) -> Exprs {
        let mut out = exprs.clone();
        out.each_mut(&mut |scalar| {
            let Scalar::Column(slot) = *scalar else { return };
            let is_own = self.level.place(slot).is_none_or(|place| own >> place.base & 1 == 1);
            if is_own {
                return;
            }
            let mut told = self.told.borrow_mut();
            let known = told.iter().find(|(_, known)| matches!(known, Scalar::Column(own) if *own == slot));
            let param = match known {
                Some((param, _)) => *param,
                None => {
                    let param = self.level.planner.new_exec();
                    told.push((param, Scalar::Column(slot)));
                    param
                }
            };
            *scalar = Scalar::Exec(param);
        });
        out
    }

    // --- above the joins -------------------------------------------------------------------------------------

    /// Rows sorted by the expressions of these classes, which are computed first where they are not columns.
    pub fn sorted(&mut self, plan: Plan, keys: &[Key]) -> Plan {
        let query = self.level.query;
        let (plan, places) = self.places_of(plan, keys);
        let keys: Vec<SortKey> = keys
            .iter()
            .zip(places)
            .map(|(key, slot)| SortKey { slot, descending: key.descending, nulls_first: key.nulls_first })
            .collect();
        let single = match (&query.columns[..], plan.layout.width(), query.locks.is_empty()) {
            ([only, ..], 1, true) if plan.target.is_some() && only.ty.typbyval() => Some(only.ty),
            _ => None,
        };
        plan.under(Op::Sort(Rc::new(SortSpec { keys: keys.into(), single })))
    }

    /// Where the expressions of classes stand in a row; they are put there if they do not.
    fn places_of(&mut self, plan: Plan, keys: &[Key]) -> (Plan, Vec<usize>) {
        let mut places = Vec::with_capacity(keys.len());
        let mut missing = Vec::new();
        for key in keys {
            match self.place_of(&plan, key) {
                Some(place) => places.push(place),
                None => {
                    places.push(plan.layout.width() + missing.len());
                    missing.push(self.computable(&plan.layout, key));
                }
            }
        }
        if missing.is_empty() {
            return (plan, places);
        }
        let mut scalars: Vec<Scalar> = plan.layout.0.iter().map(|slot| Scalar::Column(*slot)).collect();
        scalars.extend(missing);
        let mut slots = plan.layout.0.clone();
        slots.extend((plan.layout.width()..scalars.len()).map(|at| usize::MAX - at));
        (plan.projected(&Exprs { waits: Vec::new(), scalars }, slots), places)
    }

    fn computable(&self, layout: &Layout, key: &Key) -> Scalar {
        let members = &self.level.classes[key.class].members;
        let found = members.iter().find(|member| !member.scalar.any_column(&|slot| !layout.has(slot)));
        found.map_or(Scalar::Const(crate::types::Datum::Null), |member| member.scalar.clone())
    }

    /// The place of a column of a class.
    fn place_of(&self, plan: &Plan, key: &Key) -> Option<usize> {
        let query = self.level.query;
        let projected = plan.layout.0.first() == Some(&0) && self.is_projected(plan);
        for member in &self.level.classes[key.class].members {
            if projected {
                let found = (0..query.targets.scalars.len())
                    .find(|at| super::same::same(&self.level.target(*at), &member.scalar));
                if found.is_some() {
                    return found;
                }
                continue;
            }
            if let Scalar::Column(slot) = member.scalar
                && let Some(place) = plan.layout.0.iter().position(|own| *own == slot)
            {
                return Some(place);
            }
            if let Some(grouping) = &query.grouping {
                let key = grouping.keys.iter().position(|key| super::same::same(key, &member.scalar));
                if let Some(at) = key
                    && let Some(place) = plan.layout.0.iter().position(|own| *own == slot::KEY + at)
                {
                    return Some(place);
                }
            }
        }
        None
    }

    /// Whether a plan's rows are those that SELECT makes.
    fn is_projected(&self, plan: &Plan) -> bool {
        if plan.target.is_some() {
            return true;
        }
        let passes = matches!(plan.op, Op::Sort(_) | Op::Unique(_) | Op::DistinctOn(_) | Op::Limit(_));
        passes && plan.inputs.first().is_some_and(|input| self.is_projected(input))
    }

    fn grouped(&mut self, plan: Plan, how: Grouped) -> Plan {
        let Some(grouping) = &self.level.query.grouping else { return plan };
        let layout = &plan.layout;
        let calls = grouping.calls.iter().map(|call| {
            let mut call = call.clone();
            call.scalars_mut().for_each(|scalar| *scalar = layout.scalar(scalar));
            call
        });
        let spec = GroupSpec {
            keys: grouping.keys.iter().map(|key| layout.scalar(key)).collect(),
            sets: grouping.sets.clone(),
            calls: calls.collect(),
            waits: layout.exprs(&Exprs { waits: grouping.waits.clone(), scalars: Vec::new() }).waits,
        };
        let keys = (0..grouping.keys.len()).map(|at| slot::KEY + at);
        let layout = Layout(keys.chain((0..grouping.calls.len()).map(|at| slot::CALL + at)).collect());
        let op = Op::Aggregate(Rc::new(spec), how);
        Plan::new(op, vec![plan], layout).filtered(grouping.having.as_slice())
    }

    /// Rows with those of functions in the target list behind. One whose arguments are another's rows comes after that.
    fn sets(&mut self, mut plan: Plan) -> Plan {
        let mut left: Vec<_> = self.level.query.sets.iter().collect();
        while !left.is_empty() {
            let (now, later): (Vec<_>, Vec<_>) =
                left.iter().copied().partition(|((_, args), _)| plan.layout.covers(args));
            if now.is_empty() {
                break;
            }
            let calls = now.iter().map(|((function, args), _)| (function.clone(), plan.layout.exprs(args))).collect();
            let slots = now.iter().flat_map(|((function, _), base)| *base..base + function.columns.len()).collect();
            let layout = plan.layout.joined(&Layout(slots));
            let cost = plan.cost;
            plan = Plan { cost, ..Plan::new(Op::ProjectSet(Rc::new(calls)), vec![plan], layout) };
            left = later;
        }
        plan
    }

    fn distinct(&mut self, input: &Path, hashed: bool) -> Plan {
        let query = self.level.query;
        let plan = self.plan(input);
        if query.distinct_on.is_empty() {
            return plan.under(Op::Unique(hashed));
        }
        plan.under(Op::DistinctOn(query.distinct_on.clone()))
    }

    fn locked(&mut self, input: &Path) -> Plan {
        let query = self.level.query;
        let plan = self.plan(input);
        let Some(from) = &query.from else { return plan };
        let width = query.targets.scalars.len() - super::from::slots(from).end;
        let layout = Layout(plan.layout.0[..width].to_vec());
        Plan { layout, ..plan.under(Op::LockRows(Rc::new(query.clone()), width)) }
    }
}

/// What a map of rows is asked of each row of a page of which it has forgotten the places.
fn rechecks(map: &Path) -> Vec<Exprs> {
    match &map.way {
        Way::BitmapAnd(maps) => maps.iter().flat_map(|map| rechecks(map)).collect(),
        Way::BitmapOr(maps) => {
            let parts = maps.iter().map(|map| {
                let mut all: Vec<Scalar> = rechecks(map).into_iter().flat_map(|exprs| exprs.scalars).collect();
                if all.len() == 1 { all.remove(0) } else { Scalar::And(all) }
            });
            vec![Exprs::of(Scalar::Or(parts.collect()))]
        }
        _ => super::bitmap_paths::map_clauses(map).iter().map(|clause| clause.exprs.clone()).collect(),
    }
}

/// One row without columns.
fn nothing() -> Plan {
    Plan::new(Op::Result(Vec::new()), Vec::new(), Layout::default())
}

/// Rows with the values of a window's functions behind.
fn windowed(plan: Plan, window: &super::super::bound::Window) -> Plan {
    let mut own = window.clone();
    own.each_mut(&mut |scalar| plan.layout.place(scalar));
    let (slots, calls): (Vec<_>, Vec<_>) = own.calls.into_iter().unzip();
    let spec =
        WindowSpec { partition: own.partition, order_by: own.order_by, frame: own.frame, calls, waits: own.waits };
    let layout = plan.layout.joined(&Layout(slots));
    Plan::new(Op::Window(Rc::new(spec)), vec![plan], layout)
}
