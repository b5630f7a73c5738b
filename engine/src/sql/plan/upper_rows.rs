//! Windows, functions that give rows, and DISTINCT.
//!
//! PostgreSQL: `create_window_paths`, `create_set_projection_path`, `create_distinct_paths`.

use super::super::bound::Scalar;
use super::costs::{Calls, Grouped};
use super::level::Level;
use super::path::{Path, Paths, Way, contains};
use super::tree::Cost;
use super::upper::Orders;
use std::rc::Rc;

impl Level<'_> {
    pub fn windows(&self, mut paths: Paths, orders: &Orders) -> Paths {
        for (at, window) in self.query.windows.iter().enumerate() {
            let order = &orders.windows[at];
            let mut made = self.upper();
            let (Some(total), all) = (paths.total.clone(), paths.all.clone()) else { break };
            let own: f64 = window.calls.iter().map(|(_, call)| self.window_cost(call)).sum();
            let columns = (window.partition.len() + window.order_by.len()) as f64;
            let width: i32 = window.calls.iter().map(|(slot, _)| self.slot_width(*slot)).sum();
            for path in all {
                let sorted = contains(order, &path.keys);
                if !sorted && !Rc::ptr_eq(&path, &total) {
                    continue;
                }
                let path = if sorted { path } else { self.sort_path(&path, order, None) };
                let rows = path.cost.rows;
                let total =
                    path.cost.total + own * rows + self.costs.operator * columns * rows + self.costs.tuple * rows;
                let cost = Cost { total, width: path.cost.width + width, ..path.cost };
                made.add(Path { way: Way::Window(path.clone(), at), cost, ..Path::clone(&path) });
            }
            made.settle();
            paths = made;
        }
        paths
    }

    /// What windows are parted and sorted by stands in the row too, behind the columns that are wanted.
    pub fn window_keys_width(&self) -> i32 {
        let mut known: Vec<&Scalar> = self.query.targets.scalars.iter().collect();
        let mut width = 0;
        for window in &self.query.windows {
            for key in window.partition.iter().chain(window.order_by.iter().map(|key| &key.scalar)) {
                if !known.iter().any(|own| super::same::same(own, key)) {
                    known.push(key);
                    width += self.scalar_width(key);
                }
            }
        }
        width
    }

    fn window_cost(&self, call: &super::super::bound::WindowCall) -> f64 {
        let args = match call {
            super::super::bound::WindowCall::Aggregate(call) => &call.args,
            super::super::bound::WindowCall::Function(_, args) => args,
        };
        self.costs.operator + args.iter().map(|arg| self.scalar_cost(arg)).sum::<f64>()
    }

    /// `create_set_projection_path`
    pub fn sets(&self, paths: Paths) -> Paths {
        let rows: f64 =
            self.query.sets.iter().map(|((function, args), _)| self.set_rows(function, args)).fold(1.0, f64::max);
        let (startup, each) = self.all_cost(self.query.sets.iter().map(|((_, args), _)| args));
        let each = each + self.costs.operator * self.query.sets.len() as f64;
        self.each(paths, |level, path| {
            let all = path.cost.rows * rows;
            let total = path.cost.total
                + startup
                + (level.costs.tuple + each) * path.cost.rows
                + (all - path.cost.rows) * level.costs.tuple / 2.0;
            let cost = Cost { startup: path.cost.startup + startup, total, rows: all, width: path.cost.width };
            Path { way: Way::Sets(path.clone()), cost, keys: Rc::default(), ..Path::clone(path) }
        })
    }

    /// `create_distinct_paths`
    pub fn distinct_paths(&mut self, paths: Paths, orders: &Orders) -> Paths {
        let query = self.query;
        let Some(total) = paths.total.clone() else { return paths };
        let on = !query.distinct_on.is_empty();
        let scalars: Vec<Scalar> = match on {
            true => query.distinct_on.iter().filter_map(|place| query.targets.scalars.get(*place).cloned()).collect(),
            false => query.targets.scalars.iter().take(query.columns.len()).cloned().collect(),
        };
        let keys = scalars.len();
        let rows = match query.grouping.is_some() {
            true => total.cost.rows,
            false => self.number_of_groups(&scalars.iter().collect::<Vec<_>>(), total.cost.rows),
        };
        let order = if on && orders.sort.len() > orders.distinct.len() { &orders.sort } else { &orders.distinct };
        let mut made = self.upper();
        for path in &paths.all {
            let sorted = contains(order, &path.keys);
            if !sorted && !Rc::ptr_eq(path, &total) {
                continue;
            }
            let path = if sorted { path.clone() } else { self.sort_path(path, order, None) };
            let total = path.cost.total + self.costs.operator * path.cost.rows * keys as f64;
            let cost = Cost { total, rows, ..path.cost };
            made.add(Path { way: Way::Distinct(path.clone(), false), cost, ..Path::clone(&path) });
        }
        if !on {
            let cost = self.costs.grouped(&total.cost, Grouped::Hashed, keys, rows, &Calls::default());
            let way = Way::Distinct(total.clone(), true);
            made.add(Path { way, relids: total.relids, cost, keys: Rc::default(), outer: 0 });
        }
        made.settle();
        made
    }
}
