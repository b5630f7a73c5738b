//! Joins by a table of the inner side's rows.
//!
//! PostgreSQL: `hash_inner_and_outer` in `optimizer/path/joinpath.c`, `final_cost_hashjoin`, `estimate_hash_bucket_stats`.

use super::super::bound::JoinKind;
use super::clause::Clause;
use super::costs::{bytes, clamp_rows, pages};
use super::join_paths::Joining;
use super::level::Level;
use super::path::{JoinWay, Method, Path, Relids, Way};
use super::scan_paths::clauses_cost;
use super::tree::Cost;
use std::rc::Rc;

impl Level<'_> {
    /// `hash_inner_and_outer`
    pub fn hash_paths(&mut self, joining: &Joining) {
        let full = joining.kind == JoinKind::Full;
        if !self.costs.hashjoin && !full {
            return;
        }
        let (outer_relids, inner_relids) = (self.rels[joining.outer].relids, self.rels[joining.inner].relids);
        let by: Vec<Rc<Clause>> = joining
            .clauses
            .iter()
            .filter(|clause| clause.equal && !(joining.is_outer() && clause.above))
            .filter(|clause| clause.joins(outer_relids, inner_relids).is_some())
            .cloned()
            .collect();
        if by.is_empty() && !full {
            return;
        }
        let paths = |rel: usize| self.rels[rel].paths.clone();
        let (outers, inners) = (paths(joining.outer), paths(joining.inner));
        let (Some(outer), Some(inner)) = (&outers.total, &inners.total) else { return };
        if outer.outer & inner_relids != 0 || inner.outer & outer_relids != 0 {
            return;
        }
        if let Some(startup) = &outers.startup {
            self.try_hash(joining, startup, inner, &by);
        }
        let same = outers.startup.as_ref().is_some_and(|startup| Rc::ptr_eq(startup, outer));
        if !same {
            self.try_hash(joining, outer, inner, &by);
        }
    }

    fn try_hash(&mut self, joining: &Joining, outer: &Rc<Path>, inner: &Rc<Path>, by: &[Rc<Clause>]) {
        let told = outer.outer | inner.outer;
        if told != 0 && told & joining.sources() == 0 {
            return;
        }
        let cost = self.hash_cost(joining, outer, inner, by, told);
        let way = JoinWay {
            method: Method::Hash,
            kind: joining.kind,
            outer: outer.clone(),
            inner: inner.clone(),
            clauses: joining.clauses.clone(),
            by: by.to_vec(),
            order: Vec::new(),
            inner_order: Vec::new(),
            sorts: (false, false),
            keeps: false,
            unique: joining.unique,
        };
        let relids = outer.relids | inner.relids;
        let path = Path { way: Way::Join(Rc::new(way)), relids, cost, keys: Rc::default(), outer: told };
        self.rels[joining.rel].paths.add(path);
    }

    /// `initial_cost_hashjoin`, `final_cost_hashjoin`
    fn hash_cost(&self, joining: &Joining, outer: &Path, inner: &Path, by: &[Rc<Clause>], told: Relids) -> Cost {
        let costs = &self.costs;
        let rows = self.path_rows(joining, outer, inner, told);
        let (outer_rows, inner_rows) = (outer.cost.rows, inner.cost.rows);
        let count = by.len() as f64;
        let mut startup = outer.cost.startup
            + inner.cost.total
            + (costs.operator * count + costs.tuple) * inner_rows
            + costs.unless(costs.hashjoin);
        let mut run = outer.cost.total - outer.cost.startup + costs.operator * count * outer_rows;
        let (buckets, batches) = costs.hash_table(inner_rows, inner.cost.width);
        if batches > 1.0 {
            let (outer_pages, inner_pages) = (pages(outer_rows, outer.cost.width), pages(inner_rows, inner.cost.width));
            startup += costs.seq_page * inner_pages;
            run += costs.seq_page * (inner_pages + 2.0 * outer_pages);
        }
        let virtual_buckets = buckets * batches;
        let (mut bucket, mut common) = (1.0, 1.0);
        for clause in by {
            let Some((own, most)) = self.bucket(clause, inner.relids, virtual_buckets) else { continue };
            bucket = f64::min(bucket, own);
            common = f64::min(common, most);
        }
        if bytes(clamp_rows(inner_rows * common), inner.cost.width) > costs.hash_mem {
            startup += costs.unless(false);
        }
        let hash = clauses_cost(by.iter());
        let all = clauses_cost(joining.clauses.iter());
        startup += hash.0;
        let pairs = if joining.stops_early() {
            let matched = (outer_rows * joining.matches.0).round_ties_even();
            let part = 2.0 / (joining.matches.1 + 1.0);
            run += hash.1 * matched * clamp_rows(inner_rows * bucket * part) * 0.5;
            run += hash.1 * (outer_rows - matched) * clamp_rows(inner_rows / virtual_buckets) * 0.05;
            if joining.kind == JoinKind::Anti { outer_rows - matched } else { matched }
        } else {
            run += hash.1 * outer_rows * clamp_rows(inner_rows * bucket) * 0.5;
            self.pairs(joining, outer, inner, by)
        };
        startup += all.0 - hash.0;
        run += (costs.tuple + all.1 - hash.1) * pairs;
        Cost { startup, total: startup + run, rows, width: self.rels[joining.rel].width }
    }

    /// `estimate_hash_bucket_stats`: which part of the table a bucket has, and the part of the most common value.
    fn bucket(&self, clause: &Clause, inner: Relids, buckets: f64) -> Option<(f64, f64)> {
        let (left, _) = clause.sides?;
        let right = left & !inner != 0;
        let cell = &clause.buckets[usize::from(right)];
        if let Some(known) = cell.get() {
            return Some(known);
        }
        let (_, a, b) = clause.operands()?;
        let variable = self.variable(if right { b } else { a }, 0);
        let stats = variable.stats.as_deref();
        let common = stats.and_then(|stats| stats.common.first()).map_or(0.0, |(_, part)| f64::from(*part));
        let (mut distinct, default) = self.distinct(&variable);
        let found = if default {
            (common.max(0.1), common)
        } else {
            let nulls = stats.map_or(0.0, |stats| f64::from(stats.null_frac));
            let average = (1.0 - nulls) / distinct;
            if let Some(base) = variable.base.filter(|base| self.bases[*base].tuples > 0.0) {
                distinct = clamp_rows(distinct * self.rels[base].rows / self.bases[base].tuples);
            }
            let mut part = if distinct > buckets { 1.0 / buckets } else { 1.0 / distinct };
            if average > 0.0 && common > average {
                part *= common / average;
            }
            (part.clamp(1.0e-6, 1.0), common)
        };
        cell.set(Some(found));
        Some(found)
    }
}
