//! Ways to read a table by maps of its rows, which indexes make.
//!
//! ```text
//!   a = 1 OR b = 2      BitmapOr ── Bitmap Index Scan on a, one on b        the table is then read page by page,
//!   a = 1 AND b = 2     BitmapAnd ── the same, if it is worth it            in the order of the file
//! ```
//!
//! PostgreSQL: `choose_bitmap_and`, `generate_bitmap_or_paths`, `cost_bitmap_heap_scan`.

use super::super::bound::{Exprs, Scalar};
use super::clause::Clause;
use super::costs::clamp_rows;
use super::level::Level;
use super::path::{Path, Relids, Way};
use super::scan_paths::clauses_cost;
use super::tree::Cost;
use std::rc::Rc;

impl Level<'_> {
    /// The best way by maps that need nothing of other relations, and for each set of others the best that is told by them.
    pub fn bitmap_paths(&mut self, at: usize, mut maps: Vec<Rc<Path>>, told: &[Rc<Path>]) {
        maps.extend(self.or_maps(at));
        if !maps.is_empty() {
            let best = self.best_map(at, &maps);
            let path = self.bitmap_path(at, best);
            self.rels[at].paths.add(path);
        }
        let mut sets: Vec<Relids> = Vec::new();
        for map in told {
            if !sets.contains(&map.outer) {
                sets.push(map.outer);
            }
        }
        for set in sets {
            let own = told.iter().filter(|map| map.outer & !set == 0).chain(&maps);
            let own: Vec<Rc<Path>> = own.cloned().collect();
            let best = self.best_map(at, &own);
            let path = self.bitmap_path(at, best);
            self.rels[at].paths.add(path);
        }
    }

    /// What making a map costs, and which part of the table is in it: `cost_bitmap_tree_node`.
    fn map_cost(&self, path: &Path) -> (f64, f64) {
        match &path.way {
            Way::Index(way) => (way.total + 0.1 * self.costs.operator * way.rows, way.selectivity),
            Way::BitmapAnd(maps) => {
                let (mut cost, mut part) = (0.0, 1.0);
                for (n, map) in maps.iter().enumerate() {
                    let own = self.map_cost(map);
                    cost += own.0 + if n > 0 { 100.0 * self.costs.operator } else { 0.0 };
                    part *= own.1;
                }
                (cost, part)
            }
            Way::BitmapOr(maps) => {
                let (mut cost, mut part) = (0.0, 0.0);
                for (n, map) in maps.iter().enumerate() {
                    let own = self.map_cost(map);
                    let joined = n > 0 && !matches!(map.way, Way::Index(_));
                    cost += own.0 + if joined { 100.0 * self.costs.operator } else { 0.0 };
                    part += own.1;
                }
                (cost, f64::min(part, 1.0))
            }
            _ => (path.cost.total, 1.0),
        }
    }

    /// `choose_bitmap_and`: the cheapest map, and others along with it as long as they make it cheaper.
    fn best_map(&self, at: usize, maps: &[Rc<Path>]) -> Rc<Path> {
        let mut known: Vec<Rc<Path>> = Vec::new();
        for map in maps {
            // Of maps by the same conditions the cheaper one.
            match known.iter_mut().find(|own| conditions(own) == conditions(map)) {
                Some(own) if self.map_cost(map).0 < self.map_cost(own).0 => *own = map.clone(),
                Some(_) => {}
                None => known.push(map.clone()),
            }
        }
        crate::small::sort_by(&mut known, |a, b| {
            let (a, b) = (self.map_cost(a), self.map_cost(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let mut best: Option<(Rc<Path>, f64)> = None;
        for first in 0..known.len() {
            let mut parts = vec![known[first].clone()];
            let mut cost = self.bitmap_cost(at, &known[first]).total;
            let mut asked = conditions(&known[first]);
            for other in &known[first + 1..] {
                let own = conditions(other);
                if own.iter().any(|clause| asked.contains(clause)) {
                    continue;
                }
                parts.push(other.clone());
                let both = self.and_map(at, &parts);
                let new = self.bitmap_cost(at, &both).total;
                if new < cost {
                    cost = new;
                    asked.extend(own);
                } else {
                    parts.pop();
                }
            }
            if best.as_ref().is_none_or(|(_, least)| cost < *least) {
                let path = if parts.len() == 1 { parts.remove(0) } else { Rc::new(self.and_map(at, &parts)) };
                best = Some((path, cost));
            }
        }
        best.map_or_else(|| maps[0].clone(), |(path, _)| path)
    }

    fn and_map(&self, at: usize, maps: &[Rc<Path>]) -> Path {
        let outer = maps.iter().fold(0, |outer, map| outer | map.outer);
        self.map(at, Way::BitmapAnd(maps.into()), outer)
    }

    /// A map of maps; its own cost is that of making it, and it has no rows.
    fn map(&self, at: usize, way: Way, outer: Relids) -> Path {
        let mut path = Path { way, relids: 1 << at, cost: Cost::default(), keys: Rc::default(), outer };
        let cost = self.map_cost(&path).0;
        path.cost = Cost { startup: cost, total: cost, rows: 0.0, width: 0 };
        path
    }

    fn bitmap_path(&mut self, at: usize, map: Rc<Path>) -> Path {
        let mut cost = self.bitmap_cost(at, &map);
        let outer = map.outer | self.rels[at].lateral;
        if outer != 0 {
            let told = self.told_clauses(at, outer);
            cost.rows = self.told_rows(at, &told);
        }
        Path { way: Way::Bitmap(map), relids: 1 << at, cost, keys: Rc::default(), outer }
    }

    /// `cost_bitmap_heap_scan`
    fn bitmap_cost(&self, at: usize, map: &Path) -> Cost {
        let base = &self.bases[at];
        let costs = &self.costs;
        let (index, part) = self.map_cost(map);
        let loops = self.loops(map.outer);
        let fetched = clamp_rows(part * base.tuples);
        let t = base.pages.max(1.0);
        let mut pages = 2.0 * t * fetched / (2.0 * t + fetched);
        if loops > 1.0 {
            let index_pages = self.map_pages(at, map);
            pages = costs.pages_fetched(fetched * loops, base.pages, index_pages, self.all_pages) / loops;
        }
        let pages = if pages >= t { t } else { pages.ceil() };
        let each = match pages >= 2.0 {
            true => costs.random_page - (costs.random_page - costs.seq_page) * libm::sqrt(pages / t),
            false => costs.random_page,
        };
        let mut quals = clauses_cost(base.clauses.iter());
        if map.outer != 0 {
            let told = clauses_cost(map_clauses(map).iter().filter(|clause| clause.relids & map.outer != 0));
            quals = (quals.0 + told.0, quals.1 + told.1);
        }
        let startup = index + quals.0 + costs.unless(costs.bitmapscan);
        let total = startup + pages * each + (costs.tuple + quals.1) * fetched;
        Cost { startup, total, rows: self.rels[at].rows, width: self.rels[at].width }
    }

    fn map_pages(&self, at: usize, map: &Path) -> f64 {
        match &map.way {
            Way::Index(way) => {
                self.bases[at].indexes.iter().find(|size| size.at == way.index).map_or(0.0, |size| size.pages)
            }
            Way::BitmapAnd(maps) | Way::BitmapOr(maps) => maps.iter().map(|map| self.map_pages(at, map)).sum(),
            _ => 0.0,
        }
    }

    /// `generate_bitmap_or_paths`: a map of each part of an OR, if all have one.
    fn or_maps(&mut self, at: usize) -> Vec<Rc<Path>> {
        let mut found = Vec::new();
        for clause in self.bases[at].clauses.clone() {
            let Some(Scalar::Or(parts)) = clause.scalar() else { continue };
            let mut maps = Vec::with_capacity(parts.len());
            for part in parts {
                let asked: Vec<Rc<Clause>> = match part {
                    Scalar::And(args) => args.iter().map(|arg| self.part_clause(arg)).collect(),
                    one => vec![self.part_clause(one)],
                };
                let own = self.maps_of(at, &asked);
                if own.is_empty() {
                    maps.clear();
                    break;
                }
                maps.push(self.best_map(at, &own));
            }
            if !maps.is_empty() {
                found.push(Rc::new(self.map(at, Way::BitmapOr(maps.into()), 0)));
            }
        }
        found
    }

    fn part_clause(&self, scalar: &Scalar) -> Rc<Clause> {
        self.clause(Exprs::of(scalar.clone()), 0, true, 0, None)
    }
}

/// The conditions that a map asks.
pub fn map_clauses(map: &Path) -> Vec<Rc<Clause>> {
    match &map.way {
        Way::Index(way) => {
            let mut clauses: Vec<Rc<Clause>> = Vec::new();
            for asked in &way.asked {
                if !clauses.iter().any(|own| Rc::ptr_eq(own, &asked.clause)) {
                    clauses.push(asked.clause.clone());
                }
            }
            clauses
        }
        Way::BitmapAnd(maps) | Way::BitmapOr(maps) => maps.iter().flat_map(|map| map_clauses(map)).collect(),
        _ => Vec::new(),
    }
}

/// What tells conditions of maps apart.
fn conditions(map: &Path) -> Vec<usize> {
    let mut found: Vec<usize> = map_clauses(map).iter().map(|clause| Rc::as_ptr(clause) as usize).collect();
    found.sort_unstable();
    found
}
