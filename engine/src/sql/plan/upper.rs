//! What is done with the rows of FROM and WHERE: grouped, computed over windows, made distinct, sorted, cut.
//!
//! ```text
//!   rows of the joins ─ GROUP BY ─ windows ─ DISTINCT ─ ORDER BY ─ FOR UPDATE ─ LIMIT
//!        each way that is     hashed,            hashed,      sorted, if the
//!        worth keeping        or sorted          or sorted    order is not there
//! ```
//!
//! PostgreSQL: `grouping_planner` in `optimizer/plan/planner.c`.

use super::super::bound::{Exprs, Grouping, Scalar, slot};
use super::costs::{Calls, Grouped, clamp_rows};
use super::level::Level;
use super::path::{Key, Path, Paths, Way, by_total, contains};
use super::selectivity::Asking;
use super::tree::Cost;
use crate::types::Datum;
use std::rc::Rc;

/// Slots that stand for places of the projected row.
pub const TARGET: usize = 0x7000_0000;

/// The orders that the parts of a query ask for.
#[derive(Default)]
pub struct Orders {
    pub group: Vec<Key>,
    pub windows: Vec<Vec<Key>>,
    pub distinct: Vec<Key>,
    pub sort: Vec<Key>,
}

/// What LIMIT and OFFSET are known to be: a number, or something that will be known.
pub enum Count {
    None,
    Unknown,
    Rows(f64),
}

impl Level<'_> {
    /// `preprocess_limit`: which part of the rows is wanted; and the numbers themselves.
    pub fn read_limit(&mut self, outside: f64) -> (Count, Count) {
        let number = |level: &Level, exprs: &Option<Exprs>, least: f64| match exprs {
            None => Count::None,
            Some(exprs) => match exprs.scalars.first().and_then(|scalar| {
                let mut own = scalar.clone();
                level.planner.fold(&mut own);
                level.value_of(&own)
            }) {
                Some(Datum::Null) => Count::None,
                Some(value) => value.as_int().map_or(Count::Unknown, |n| Count::Rows((n as f64).max(least))),
                None => Count::Unknown,
            },
        };
        let limit = number(self, &self.query.limit, 1.0);
        let offset = number(self, &self.query.offset, 0.0);
        let wanted = match (&limit, &offset) {
            (Count::None, Count::None | Count::Rows(0.0)) => 0.0,
            (Count::None, _) => outside,
            (Count::Rows(limit), Count::Rows(offset)) => {
                self.limit = Some(limit + offset);
                limit + offset
            }
            (Count::Rows(limit), Count::None) => {
                self.limit = Some(*limit);
                *limit
            }
            _ => 0.1,
        };
        self.fraction = match () {
            () if wanted == 0.0 => outside,
            () if outside >= 1.0 && wanted >= 1.0 => outside.min(wanted),
            () if outside >= 1.0 || outside == 0.0 => wanted,
            () if wanted >= 1.0 => wanted,
            () => outside.min(wanted),
        };
        (limit, offset)
    }

    /// In which orders the query would have its rows: `standard_qp_callback`.
    pub fn find_orders(&mut self) -> Orders {
        let query = self.query;
        let mut orders = Orders::default();
        if let Some(grouping) = &query.grouping
            && grouping.sets.is_none()
        {
            let by: Vec<_> = self.group_order(grouping).into_iter().map(|(key, d, n)| (key.clone(), d, n)).collect();
            orders.group = self.order_of(&by);
        }
        let top = |key: &super::super::bound::SortKey| (self.target(key.slot), key.descending, key.nulls_first);
        let sort: Vec<_> = query.order_by.iter().map(top).collect();
        orders.sort = self.order_of(&sort);
        for window in &query.windows {
            let parts = window.partition.iter().map(|scalar| (self.below(scalar), false, false));
            let keys = window.order_by.iter().map(|key| (self.below(&key.scalar), key.descending, key.nulls_first));
            let by: Vec<_> = parts.chain(keys).collect();
            let order = self.order_of(&by);
            orders.windows.push(order);
        }
        if query.distinct {
            let mut by: Vec<_> = sort.clone();
            for at in 0..query.columns.len() {
                let own = self.target(at);
                if !by.iter().any(|(known, ..)| super::same::same(known, &own)) {
                    by.push((own, false, false));
                }
            }
            orders.distinct = self.order_of(&by);
        } else if !query.distinct_on.is_empty() {
            orders.distinct = orders.sort[..query.distinct_on.len().min(orders.sort.len())].to_vec();
        }
        let first = [&orders.group, orders.windows.first().unwrap_or(&orders.sort)];
        self.wanted = match first {
            [group, _] if !group.is_empty() => group.clone(),
            [_, window] if !query.windows.is_empty() && !window.is_empty() => window.clone(),
            _ if orders.distinct.len() > orders.sort.len() => orders.distinct.clone(),
            _ => orders.sort.clone(),
        };
        if query.grouping.is_some() && orders.group.is_empty() {
            self.wanted.clear();
        }
        orders
    }

    /// What stands at a place of the projected row. Of what waits there is no telling what it is: the place stands for it.
    pub fn target(&self, at: usize) -> Scalar {
        let Some(scalar) = self.query.targets.scalars.get(at) else { return Scalar::Const(Datum::Null) };
        let mut waits = false;
        scalar.each(&mut |part| waits |= matches!(part, Scalar::Waited(_)));
        if waits { Scalar::Column(TARGET + at) } else { self.below(scalar) }
    }

    /// An expression over groups as one over the rows that are grouped, where it is a key.
    pub fn below(&self, scalar: &Scalar) -> Scalar {
        let mut own = scalar.clone();
        if let Some(grouping) = &self.query.grouping {
            own.each_mut(&mut |part| {
                if let Scalar::Column(at) = part
                    && let Some(key) = at.checked_sub(slot::KEY).and_then(|at| grouping.keys.get(at))
                {
                    *part = key.clone();
                }
            });
        }
        own
    }

    /// `preprocess_groupclause`: the keys in the order of ORDER BY, as far as that begins with them.
    fn group_order<'g>(&self, grouping: &'g Grouping) -> Vec<(&'g Scalar, bool, bool)> {
        let mut left: Vec<usize> = (0..grouping.keys.len()).collect();
        let mut order = Vec::with_capacity(left.len());
        for key in &self.query.order_by {
            let found = match self.query.targets.scalars.get(key.slot) {
                Some(Scalar::Column(at)) => left.iter().position(|own| slot::KEY + own == *at),
                _ => None,
            };
            let Some(found) = found else { break };
            order.push((&grouping.keys[left.remove(found)], key.descending, key.nulls_first));
        }
        // In part is not enough, unless the rest can follow.
        order.extend(left.into_iter().map(|at| (&grouping.keys[at], false, false)));
        order
    }

    // --- the ways --------------------------------------------------------------------------------------------

    /// All that is done with the rows of `rel`; the best way.
    pub fn finish(&mut self, paths: Paths, orders: &Orders, counts: (Count, Count)) -> Rc<Path> {
        let query = self.query;
        let mut paths = match (&query.grouping, query.windows.is_empty() && query.sets.is_empty()) {
            (Some(grouping), plain) => {
                let grouped = self.group(paths, grouping, orders);
                if plain { self.projected(grouped) } else { grouped }
            }
            (None, true) => self.projected(paths),
            (None, false) => paths,
        };
        if !query.windows.is_empty() {
            paths = self.windows(paths, orders);
        }
        if !query.sets.is_empty() {
            paths = self.sets(paths);
        }
        if !query.windows.is_empty() || !query.sets.is_empty() {
            paths = self.projected(paths);
            let width = self.window_keys_width();
            for path in paths.all.iter_mut().filter(|_| width > 0) {
                let mut own = Path::clone(path);
                own.cost.width += width;
                *path = Rc::new(own);
            }
            paths.settle();
        }
        if query.distinct || !query.distinct_on.is_empty() {
            paths = self.distinct_paths(paths, orders);
        }
        if !query.order_by.is_empty() {
            paths = self.ordered(paths, orders);
        }
        if !query.locks.is_empty() {
            paths = self.each(paths, |level, path| {
                let cost = Cost { total: path.cost.total + level.costs.tuple * path.cost.rows, ..path.cost };
                Path { way: Way::Lock(path.clone()), cost, ..Path::clone(path) }
            });
        }
        if query.limit.is_some() || query.offset.is_some() {
            paths = self.each(paths, |_, path| {
                let cost = limited(path.cost, &counts);
                Path { way: Way::Limit(path.clone()), cost, ..Path::clone(path) }
            });
        }
        self.best(&paths)
    }

    pub fn upper(&self) -> Paths {
        Paths { hurried: self.fraction > 0.0, ..Paths::default() }
    }

    pub fn each(&self, paths: Paths, make: impl Fn(&Level, &Rc<Path>) -> Path) -> Paths {
        let mut made = self.upper();
        paths.all.iter().for_each(|path| made.add(make(self, path)));
        made.settle();
        made
    }

    /// `get_cheapest_fractional_path`
    fn best(&self, paths: &Paths) -> Rc<Path> {
        let Some(total) = &paths.total else { return self.nothing() };
        if self.fraction <= 0.0 {
            return total.clone();
        }
        let rows = total.cost.rows;
        let part = if self.fraction >= 1.0 && rows > 0.0 { self.fraction / rows } else { self.fraction };
        let cost = |path: &Path| path.cost.startup + part * (path.cost.total - path.cost.startup);
        let mut best = total;
        for path in paths.all.iter().filter(|path| path.outer == 0) {
            let order = match part {
                part if part <= 0.0 || part >= 1.0 => by_total(path, best),
                _ => cost(path).total_cmp(&cost(best)),
            };
            if !Rc::ptr_eq(path, best) && order.is_lt() {
                best = path;
            }
        }
        best.clone()
    }

    /// One row without columns.
    pub fn nothing(&self) -> Rc<Path> {
        let cost = Cost { startup: 0.0, total: self.costs.tuple, rows: 1.0, width: 0 };
        Rc::new(Path { way: Way::Nothing, relids: 0, cost, keys: Rc::default(), outer: 0 })
    }

    /// What SELECT makes of rows: the list itself costs, and is as wide as its parts.
    fn projected(&self, paths: Paths) -> Paths {
        let (startup, each) = self.targets_cost();
        let width = self.target_width();
        self.each(paths, |_, path| {
            let cost = Cost {
                startup: path.cost.startup + startup,
                total: path.cost.total + startup + each * path.cost.rows,
                rows: path.cost.rows,
                width,
            };
            Path { way: Way::Project(path.clone()), cost, ..Path::clone(path) }
        })
    }

    /// How wide the projected row is. Of a row that is locked PostgreSQL keeps but its place.
    fn target_width(&self) -> i32 {
        let query = self.query;
        let targets = &query.targets.scalars;
        let wanted = if query.locks.is_empty() { targets.len() } else { query.columns.len() };
        let own: i32 = targets[..wanted].iter().map(|scalar| self.scalar_width(scalar)).sum();
        own + 6 * query.locks.len() as i32
    }

    fn targets_cost(&self) -> (f64, f64) {
        self.exprs_cost(&self.query.targets)
    }

    pub fn sort_path(&self, path: &Rc<Path>, keys: &[Key], limit: Option<f64>) -> Rc<Path> {
        let cost = self.costs.sorted(&path.cost, limit);
        let way = Way::Sort(path.clone());
        Rc::new(Path { way, relids: path.relids, cost, keys: keys.into(), outer: path.outer })
    }

    /// `create_grouping_paths`
    fn group(&mut self, mut paths: Paths, grouping: &Grouping, orders: &Orders) -> Paths {
        let calls = self.calls_of(grouping);
        let width = self.group_input_width(grouping);
        for path in &mut paths.all {
            let mut own = Path::clone(path);
            let (startup, each) = self.keys_cost(grouping);
            own.cost.startup += startup;
            own.cost.total += startup + each * own.cost.rows;
            own.cost.width = width;
            *path = Rc::new(own);
        }
        paths.settle();
        let Some(total) = paths.total.clone() else { return paths };
        let mut made = self.upper();
        let having = grouping.having.as_ref();
        let keys = grouping.keys.len();
        let groups = self.groups_of(grouping, total.cost.rows);
        let add = |level: &Level, made: &mut Paths, path: &Rc<Path>, how: Grouped| {
            let mut cost = level.costs.grouped(&path.cost, how, keys, groups, &calls);
            if grouping.calls.is_empty() && how == Grouped::Sorted {
                // Group: nothing is computed.
                cost.total = path.cost.total + level.costs.operator * path.cost.rows * keys as f64;
            }
            if let Some(having) = having {
                let (startup, each) = level.exprs_cost(having);
                cost.startup += startup;
                cost.total += startup + cost.rows * each;
                cost.rows = clamp_rows(cost.rows * level.exprs_selectivity(having, Asking::ROWS));
            }
            let order = if how == Grouped::Sorted { path.keys.clone() } else { Rc::default() };
            let way = Way::Group(path.clone(), how);
            made.add(Path { way, relids: path.relids, cost, keys: order, outer: 0 });
        };
        if keys == 0 && grouping.sets.is_none() {
            add(self, &mut made, &total, Grouped::Plain);
        } else if grouping.sets.is_some() {
            add(self, &mut made, &total, Grouped::Hashed);
        } else {
            for path in paths.all.clone() {
                let sorted = contains(&orders.group, &path.keys);
                if !sorted && !Rc::ptr_eq(&path, &total) {
                    continue;
                }
                let path = if sorted { path } else { self.sort_path(&path, &orders.group, None) };
                add(self, &mut made, &path, Grouped::Sorted);
            }
            if !calls_are_sorted(grouping) {
                add(self, &mut made, &total, Grouped::Hashed);
            }
        }
        made.settle();
        made
    }

    /// What it costs to compute the keys before they are grouped.
    fn keys_cost(&self, grouping: &Grouping) -> (f64, f64) {
        let each = grouping.keys.iter().map(|key| self.scalar_cost(key)).sum();
        (0.0, each)
    }

    /// The rows that are grouped have the keys, and the columns that aggregates use.
    fn group_input_width(&self, grouping: &Grouping) -> i32 {
        let mut slots: Vec<usize> = Vec::new();
        let mut width = 0;
        for key in &grouping.keys {
            match key {
                Scalar::Column(slot) => slots.push(*slot),
                other => width += self.scalar_width(other),
            }
        }
        for scalar in grouping.calls.iter().flat_map(|call| call.scalars()) {
            scalar.each(&mut |part| {
                if let Scalar::Column(slot) = part {
                    slots.push(*slot);
                }
            });
        }
        slots.sort_unstable();
        slots.dedup();
        width + slots.into_iter().map(|slot| self.slot_width(slot)).sum::<i32>()
    }

    /// `get_agg_clause_costs`
    fn calls_of(&self, grouping: &Grouping) -> Calls {
        let mut calls = Calls::default();
        let mut seen: Vec<&super::super::bound::AggCall> = Vec::new();
        for call in &grouping.calls {
            let super::super::bound::AggKind::Aggregate(aggregate) = &call.kind else { continue };
            let alike = |own: &&super::super::bound::AggCall| {
                own.kind == call.kind
                    && own.distinct == call.distinct
                    && own.order_by.is_empty()
                    && call.order_by.is_empty()
                    && own.filter.is_none()
                    && call.filter.is_none()
                    && own.args.len() == call.args.len()
                    && own.args.iter().zip(&call.args).all(|(a, b)| super::same::same(a, b))
            };
            if seen.iter().any(alike) {
                continue;
            }
            seen.push(call);
            calls.count += 1;
            let args: f64 = call.args.iter().map(|arg| self.scalar_cost(arg)).sum();
            let filter = call.filter.as_ref().map_or(0.0, |filter| self.scalar_cost(filter));
            let (trans, last, space) = super::expr_cost::effort(aggregate);
            calls.trans += trans * self.costs.operator + args + filter;
            calls.last += last * self.costs.operator;
            calls.space += space;
        }
        calls
    }

    /// `get_number_of_groups`
    fn groups_of(&self, grouping: &Grouping, rows: f64) -> f64 {
        match &grouping.sets {
            None => self.number_of_groups(&grouping.keys.iter().collect::<Vec<_>>(), rows),
            Some(sets) => sets
                .iter()
                .map(|set| {
                    let keys: Vec<&Scalar> = set.iter().map(|at| &grouping.keys[*at]).collect();
                    self.number_of_groups(&keys, rows)
                })
                .sum(),
        }
    }

    /// `create_ordered_paths`
    fn ordered(&self, paths: Paths, orders: &Orders) -> Paths {
        let mut made = self.upper();
        let Some(total) = paths.total.clone() else { return paths };
        for path in &paths.all {
            if contains(&orders.sort, &path.keys) {
                made.add(Path::clone(path));
            } else if Rc::ptr_eq(path, &total) {
                made.add(Path::clone(&self.sort_path(path, &orders.sort, self.limit)));
            }
        }
        made.settle();
        made
    }
}

/// Whether an aggregate wants its rows sorted, so that groups are not made by hashes.
fn calls_are_sorted(grouping: &Grouping) -> bool {
    grouping.calls.iter().any(|call| call.distinct || !call.order_by.is_empty())
}

/// `adjust_limit_rows_costs`
fn limited(mut cost: Cost, (limit, offset): &(Count, Count)) -> Cost {
    let (startup, total, rows) = (cost.startup, cost.total, cost.rows);
    let skipped = match offset {
        Count::None => None,
        Count::Unknown => Some(clamp_rows(rows * 0.1)),
        Count::Rows(n) => Some(*n),
    };
    if let Some(skipped) = skipped.filter(|n| *n > 0.0) {
        let skipped = skipped.min(cost.rows);
        if rows > 0.0 {
            cost.startup += (total - startup) * skipped / rows;
        }
        cost.rows = (cost.rows - skipped).max(1.0);
    }
    let wanted = match limit {
        Count::None => None,
        Count::Unknown => Some(clamp_rows(rows * 0.1)),
        Count::Rows(n) => Some(*n),
    };
    if let Some(wanted) = wanted {
        let wanted = wanted.min(cost.rows);
        if rows > 0.0 {
            cost.total = cost.startup + (total - startup) * wanted / rows;
        }
        cost.rows = wanted.max(1.0);
    }
    cost
}
