//! Joins of sides that come in order.
//!
//! ```text
//!   a.x    1 2 2 5 9 │ 12 15         nobody looks behind 9: all that is left of the other side is greater, so of the
//!   b.y    2 2 3 9 │                 first only a part is read, as the histograms of both tell
//! ```
//!
//! PostgreSQL: `sort_inner_and_outer`, `generate_mergejoin_paths` in `optimizer/path/joinpath.c`; `mergejoinscansel`.

use super::super::bound::JoinKind;
use super::clause::Clause;
use super::costs::{bytes, clamp_rows};
use super::join_paths::{Joining, can_go_back};
use super::level::Level;
use super::path::{JoinWay, Key, Method, Path, Way, by_total, contains};
use super::scan_paths::clauses_cost;
use super::tree::Cost;
use super::variable::Variable;
use crate::types::{Datum, compare};
use std::rc::Rc;

/// From where to where each side is read: the outer's begin and end, the inner's.
type Ends = [f64; 4];

impl Level<'_> {
    /// The conditions by which two relations can be merged; none if they cannot.
    fn merge_clauses(&self, joining: &Joining) -> Vec<Rc<Clause>> {
        let (outer, inner) = (self.rels[joining.outer].relids, self.rels[joining.inner].relids);
        let is_outer = joining.is_outer();
        let own: Vec<Rc<Clause>> =
            joining.clauses.iter().filter(|clause| !(is_outer && clause.above)).cloned().collect();
        let fits = |clause: &&Rc<Clause>| {
            clause.equal && clause.classes.get().is_some() && clause.joins(outer, inner).is_some()
        };
        let found: Vec<Rc<Clause>> = own.iter().filter(fits).cloned().collect();
        // Rows of the inner side that are kept must meet all or nothing.
        let all = matches!(joining.kind, JoinKind::Right | JoinKind::Full);
        if all && found.len() < own.len() || !self.costs.mergejoin && joining.kind != JoinKind::Full {
            return Vec::new();
        }
        found
    }

    /// The classes of the outer and of the inner side of a condition.
    fn sides_of(&self, joining: &Joining, clause: &Clause) -> (usize, usize) {
        let (outer, inner) = (self.rels[joining.outer].relids, self.rels[joining.inner].relids);
        let (left, right) = clause.classes.get().unwrap_or_default();
        let (left, right) = (self.class(left), self.class(right));
        if clause.joins(outer, inner) == Some(true) { (right, left) } else { (left, right) }
    }

    /// `find_mergeclauses_for_outer_pathkeys`: those that an order serves, in that order.
    fn served(&self, joining: &Joining, clauses: &[Rc<Clause>], keys: &[Key]) -> Vec<Rc<Clause>> {
        let mut served = Vec::new();
        for key in keys {
            let own = clauses.iter().filter(|clause| self.sides_of(joining, clause).0 == key.class);
            let before = served.len();
            served.extend(own.cloned());
            if served.len() == before {
                break;
            }
        }
        served
    }

    /// `make_inner_pathkeys_for_merge`: the order of the inner side that goes with the outer's.
    fn inner_keys(&self, joining: &Joining, by: &[Rc<Clause>], outer: &[Key]) -> Vec<Key> {
        let mut keys = Vec::new();
        for clause in by {
            let (own, other) = self.sides_of(joining, clause);
            if let Some(key) = outer.iter().find(|key| key.class == own) {
                self.push_key(&mut keys, Key { class: other, ..*key });
            }
        }
        keys
    }

    /// Both sides sorted: `sort_inner_and_outer`.
    pub fn merge_sorted(&mut self, joining: &Joining) {
        let clauses = self.merge_clauses(joining);
        let (outers, inners) = (&self.rels[joining.outer].paths, &self.rels[joining.inner].paths);
        let (Some(outer), Some(inner)) = (outers.total.clone(), inners.total.clone()) else { return };
        if clauses.is_empty()
            || outer.outer & self.rels[joining.inner].relids != 0
            || inner.outer & self.rels[joining.outer].relids != 0
        {
            return;
        }
        let all = self.outer_keys(joining, &clauses);
        for first in 0..all.len() {
            let mut keys = all.clone();
            let front = keys.remove(first);
            keys.insert(0, front);
            let by = self.served(joining, &clauses, &keys);
            self.try_merge(joining, &outer, &inner, by, &keys);
        }
    }

    /// `select_outer_pathkeys_for_merge`
    fn outer_keys(&self, joining: &Joining, clauses: &[Rc<Clause>]) -> Vec<Key> {
        let relids = self.rels[joining.rel].relids;
        let mut scored: Vec<(usize, i64)> = Vec::new();
        for clause in clauses {
            let class = self.sides_of(joining, clause).0;
            if scored.iter().any(|(own, _)| *own == class) {
                continue;
            }
            let others = self.classes[class].members.iter().filter(|m| m.relids != 0 && m.relids & relids == 0);
            scored.push((class, others.count() as i64));
        }
        let mut keys: Vec<Key> = Vec::new();
        let is_merged = |key: &Key| scored.iter().any(|(class, _)| *class == key.class);
        if !self.wanted.is_empty() && self.wanted.iter().all(is_merged) {
            keys.extend(&self.wanted);
        }
        scored.retain(|(class, _)| !keys.iter().any(|key| key.class == *class));
        crate::small::sort_by(&mut scored, |a, b| b.1.cmp(&a.1));
        for (class, _) in scored {
            self.push_key(&mut keys, Key { class, descending: false, nulls_first: false });
        }
        keys
    }

    /// An outer side that has an order, and an inner one that is sorted for it or has the same.
    pub fn merge_with(&mut self, joining: &Joining, outer: &Rc<Path>, inner: &Rc<Path>) {
        let clauses = self.merge_clauses(joining);
        let by = self.served(joining, &clauses, &outer.keys);
        let all = matches!(joining.kind, JoinKind::Right | JoinKind::Full);
        if by.is_empty() || all && by.len() != clauses.len() {
            return;
        }
        let keys: Vec<Key> = outer.keys.to_vec();
        let inner_keys = self.inner_keys(joining, &by, &keys);
        self.try_merge(joining, outer, inner, by.clone(), &keys);
        let mut best = contains(&inner_keys, &inner.keys).then(|| inner.clone());
        for count in (1..=inner_keys.len()).rev() {
            if count < inner_keys.len() && all {
                break;
            }
            let wanted = &inner_keys[..count];
            let Some(found) = self.rels[joining.inner].paths.ordered(wanted) else { continue };
            if best.as_ref().is_some_and(|best| by_total(&found, best).is_ge()) {
                continue;
            }
            let by = by.iter().filter(|clause| wanted.iter().any(|key| key.class == self.sides_of(joining, clause).1));
            let by: Vec<Rc<Clause>> = by.cloned().collect();
            best = Some(found.clone());
            if !by.is_empty() {
                self.try_merge(joining, outer, &found, by, &keys);
            }
        }
    }

    fn try_merge(&mut self, joining: &Joining, outer: &Rc<Path>, inner: &Rc<Path>, by: Vec<Rc<Clause>>, keys: &[Key]) {
        let told = outer.outer | inner.outer;
        if told != 0 && told & joining.sources() == 0 || by.is_empty() {
            return;
        }
        let inner_keys = self.inner_keys(joining, &by, keys);
        let served = |key: &Key| by.iter().any(|clause| self.sides_of(joining, clause).0 == key.class);
        let outer_keys: Vec<Key> = keys.iter().copied().take_while(served).collect();
        let sorts = (!contains(&outer_keys, &outer.keys), !contains(&inner_keys, &inner.keys));
        // What is sorted is sorted by all keys.
        let order = self.join_order(joining, if sorts.0 { keys } else { &outer.keys });
        let (cost, keeps) = self.merge_cost(joining, outer, inner, &by, sorts, &outer_keys);
        let way = JoinWay {
            method: Method::Merge,
            kind: joining.kind,
            outer: outer.clone(),
            inner: inner.clone(),
            clauses: joining.clauses.clone(),
            by,
            order: outer_keys,
            inner_order: inner_keys,
            sorts,
            keeps,
            unique: joining.unique,
        };
        let relids = outer.relids | inner.relids;
        let path = Path { way: Way::Join(Rc::new(way)), relids, cost, keys: order, outer: told };
        self.rels[joining.rel].paths.add(path);
    }

    /// `initial_cost_mergejoin`, `final_cost_mergejoin`; and whether the inner side's rows are kept.
    fn merge_cost(
        &self,
        joining: &Joining,
        outer: &Path,
        inner: &Path,
        by: &[Rc<Clause>],
        sorts: (bool, bool),
        keys: &[Key],
    ) -> (Cost, bool) {
        let costs = &self.costs;
        let rows = self.path_rows(joining, outer, inner, outer.outer | inner.outer);
        let (all_outer, all_inner) = (outer.cost.rows.max(1.0), inner.cost.rows.max(1.0));
        let ends = self.merge_ends(joining, &by[0], keys.first());
        let skip = |rows: f64, part: f64| (rows * part).round_ties_even();
        let (outer_skip, inner_skip) = (skip(all_outer, ends[0]), skip(all_inner, ends[2]));
        let (outer_rows, inner_rows) = (clamp_rows(all_outer * ends[1]), clamp_rows(all_inner * ends[3]));
        let (outer_from, outer_to) = (outer_skip / all_outer, outer_rows / all_outer);
        let (inner_from, inner_to) = (inner_skip / all_inner, inner_rows / all_inner);
        let side = |path: &Path, sorts: bool| if sorts { costs.sorted(&path.cost, None) } else { path.cost };
        let (left, right) = (side(outer, sorts.0), side(inner, sorts.1));
        let mut startup = left.startup + (left.total - left.startup) * outer_from;
        let mut run = (left.total - left.startup) * (outer_to - outer_from);
        startup += right.startup + (right.total - right.startup) * inner_from;
        let inner_run = (right.total - right.startup) * (inner_to - inner_from);
        let merge = clauses_cost(by.iter());
        let quals = clauses_cost(joining.clauses.iter());
        let never_back = joining.stops_early() && joining.clauses.len() == by.len();
        let pairs = self.pairs(joining, outer, inner, by);
        let again = if never_back { 0.0 } else { (pairs - all_inner).max(0.0) };
        let ratio = 1.0 + again / inner_rows;
        let bare = inner_run * ratio;
        let kept = inner_run + costs.operator * inner_rows * ratio;
        let large = bytes(all_inner, inner.cost.width) > costs.work_mem;
        let keeps = !never_back
            && (costs.material && kept < bare || !sorts.1 && !can_go_back(inner) || costs.material && sorts.1 && large);
        run += if keeps { kept } else { bare };
        startup += merge.0 + merge.1 * (outer_skip + inner_skip * ratio);
        run += merge.1 * ((outer_rows - outer_skip) + (inner_rows - inner_skip) * ratio);
        startup += quals.0 - merge.0 + costs.unless(costs.mergejoin);
        run += (costs.tuple + quals.1 - merge.1) * pairs;
        let width = self.rels[joining.rel].width;
        (Cost { startup, total: startup + run, rows, width }, keeps)
    }

    /// Where reading begins and ends, as far as that matters to this kind of join.
    fn merge_ends(&self, joining: &Joining, clause: &Clause, key: Option<&Key>) -> Ends {
        if joining.kind == JoinKind::Full {
            return [0.0, 1.0, 0.0, 1.0];
        }
        let (descending, nulls_first) = key.map_or((false, false), |key| (key.descending, key.nulls_first));
        let [a, b, c, d] = self.scanned(clause, descending, nulls_first);
        let turned = clause.joins(self.rels[joining.outer].relids, self.rels[joining.inner].relids) == Some(true);
        let mut ends = if turned { [c, d, a, b] } else { [a, b, c, d] };
        match joining.kind {
            JoinKind::Left | JoinKind::Anti => (ends[0], ends[1]) = (0.0, 1.0),
            JoinKind::Right => (ends[2], ends[3]) = (0.0, 1.0),
            _ => {}
        }
        ends
    }

    /// `mergejoinscansel`: of the left side and of the right.
    fn scanned(&self, clause: &Clause, descending: bool, nulls_first: bool) -> Ends {
        let key = (descending, nulls_first);
        if let Some((_, known)) = clause.ranges.borrow().iter().find(|(own, _)| *own == key) {
            return *known;
        }
        let found = self.scan_ends(clause, descending, nulls_first).unwrap_or([0.0, 1.0, 0.0, 1.0]);
        clause.ranges.borrow_mut().push((key, found));
        found
    }

    fn scan_ends(&self, clause: &Clause, descending: bool, nulls_first: bool) -> Option<Ends> {
        let (_, left, right) = clause.operands()?;
        let (left, right) = (self.variable(left, 0), self.variable(right, 0));
        let ((left_low, left_high), (right_low, right_high)) = (range(&left)?, range(&right)?);
        let (left_min, left_max) = if descending { (left_high, left_low) } else { (left_low, left_high) };
        let (right_min, right_max) = if descending { (right_high, right_low) } else { (right_low, right_high) };
        let mut left_end = self.less_than(&left, descending, true, &right_max);
        let mut right_end = self.less_than(&right, descending, true, &left_max);
        // Only one side ends before the other.
        match left_end.total_cmp(&right_end) {
            std::cmp::Ordering::Greater => left_end = 1.0,
            std::cmp::Ordering::Less => right_end = 1.0,
            std::cmp::Ordering::Equal => (left_end, right_end) = (1.0, 1.0),
        }
        let mut left_start = self.less_than(&left, descending, false, &right_min);
        let mut right_start = self.less_than(&right, descending, false, &left_min);
        match left_start.total_cmp(&right_start) {
            std::cmp::Ordering::Less => left_start = 0.0,
            std::cmp::Ordering::Greater => right_start = 0.0,
            std::cmp::Ordering::Equal => (left_start, right_start) = (0.0, 0.0),
        }
        let nulls = |variable: &Variable| variable.stats.as_ref().map_or(0.0, |stats| f64::from(stats.null_frac));
        if nulls_first {
            left_start = (left_start + nulls(&left)).min(1.0);
            left_end = (left_end + nulls(&left)).min(1.0);
            right_start = (right_start + nulls(&right)).min(1.0);
            right_end = (right_end + nulls(&right)).min(1.0);
        }
        let sane = |start: f64, end: f64| if start >= end { (0.0, 1.0) } else { (start, end) };
        let ((a, b), (c, d)) = (sane(left_start, left_end), sane(right_start, right_end));
        Some([a, b, c, d])
    }
}

/// `get_variable_range`: the least and the greatest value that is known.
fn range(variable: &Variable) -> Option<(Datum, Datum)> {
    let stats = variable.stats.as_ref()?;
    let known = stats.histogram.first().into_iter().chain(stats.histogram.last());
    let known: Vec<&Datum> = known.chain(stats.common.iter().map(|(value, _)| value)).collect();
    let mut least = *known.first()?;
    let mut most = least;
    for value in known {
        if compare(value, least).is_ok_and(|order| order.is_lt()) {
            least = value;
        }
        if compare(value, most).is_ok_and(|order| order.is_gt()) {
            most = value;
        }
    }
    Some((least.clone(), most.clone()))
}
