//! In which order relations are joined: all orders that make sense are weighed.
//!
//! ```text
//!   1   {a}  {b}  {c}
//!   2   {a,b}  {b,c}                 two that a condition links; a product only where there is nothing else
//!   3   {a,b,c}                      of {a,b} and {c}, of {a} and {b,c}: the cheapest ways of each are kept
//! ```
//!
//! A join that is no inner one is made only of what its conditions speak of, in that order.
//!
//! PostgreSQL: `standard_join_search`, `optimizer/path/joinrels.c`.

use super::super::bound::JoinKind;
use super::clause::Clause;
use super::costs::clamp_rows;
use super::jointree::Item;
use super::level::{Level, OuterJoin, Rel};
use super::path::{Paths, Relids};
use super::selectivity::Asking;
use std::rc::Rc;

/// A number so large that products of relations are not weighed by the planner's own patience.
const MOST: usize = 12;

impl Level<'_> {
    /// Joins items; the place of what comes of it.
    pub fn join_items(&mut self, items: &[Item]) -> usize {
        let first: Vec<usize> = items
            .iter()
            .map(|item| match item {
                Item::Base(at) => *at,
                Item::List(list) => self.join_items(list),
            })
            .collect();
        if first.len() > MOST {
            return self.join_greedily(first);
        }
        let count = first.len();
        let mut levels: Vec<Vec<usize>> = vec![Vec::new(), first];
        for level in 2..=count {
            let before = self.rels.len();
            self.join_level(&levels, level);
            let made: Vec<usize> = (before..self.rels.len()).collect();
            for at in &made {
                self.rels[*at].paths.settle();
            }
            levels.push(made);
        }
        levels[count].first().copied().unwrap_or(0)
    }

    /// More than can be weighed: each step joins the two whose join is smallest, of those that belong together.
    fn join_greedily(&mut self, mut parts: Vec<usize>) -> usize {
        while parts.len() > 1 {
            let mut best: Option<(bool, f64, usize, usize, usize)> = None;
            for a in 0..parts.len() {
                for b in a + 1..parts.len() {
                    let linked = self.linked(parts[a], parts[b]);
                    if best.is_some_and(|best| best.0 && !linked) {
                        continue;
                    }
                    let Some(made) = self.make_join(parts[a], parts[b]) else { continue };
                    let rows = self.rels[made].rows;
                    if best.is_none_or(|best| (linked && !best.0) || linked == best.0 && rows < best.1) {
                        best = Some((linked, rows, a, b, made));
                    }
                }
            }
            let Some((_, _, a, b, made)) = best else { break };
            self.rels[made].paths.settle();
            parts.remove(b);
            parts[a] = made;
        }
        parts.first().copied().unwrap_or(0)
    }

    /// `join_search_one_level`
    fn join_level(&mut self, levels: &[Vec<usize>], level: usize) {
        let before = self.rels.len();
        for (n, old) in levels[level - 1].iter().enumerate() {
            let others = if level == 2 { &levels[1][n + 1..] } else { &levels[1][..] };
            if self.has_links(*old) {
                for other in others {
                    if self.apart(*old, *other) && self.linked(*old, *other) {
                        self.make_join(*old, *other);
                    }
                }
            } else {
                self.join_with_all(*old, &levels[1]);
            }
        }
        for k in 2..=level / 2 {
            let other_level = level - k;
            if k > other_level {
                break;
            }
            for (n, old) in levels[k].iter().enumerate() {
                if !self.has_links(*old) {
                    continue;
                }
                let others = if k == other_level { &levels[k][n + 1..] } else { &levels[other_level][..] };
                for other in others {
                    if self.apart(*old, *other) && self.linked(*old, *other) {
                        self.make_join(*old, *other);
                    }
                }
            }
        }
        if self.rels.len() == before {
            for old in &levels[level - 1] {
                self.join_with_all(*old, &levels[1]);
            }
        }
    }

    fn join_with_all(&mut self, old: usize, others: &[usize]) {
        for other in others {
            if self.apart(old, *other) {
                self.make_join(old, *other);
            }
        }
    }

    fn apart(&self, a: usize, b: usize) -> bool {
        self.rels[a].relids & self.rels[b].relids == 0
    }

    /// Whether a relation has conditions with others.
    fn has_links(&self, at: usize) -> bool {
        let own = self.rels[at].relids;
        let others = self.everything() & !own;
        self.joins_of(own).any(|clause| clause.required & others != 0)
            || self.linked_by_class(own, others)
            || self.outer.iter().any(|join| {
                join.kind != JoinKind::Full
                    && (join.min_left & own != 0 || join.min_right & own != 0)
                    && (join.min_left | join.min_right) & !own != 0
            })
            || self.rels[at].lateral != 0
            || self.rels.iter().any(|rel| rel.lateral & own != 0)
    }

    /// The conditions between items of which one is in the relation.
    fn joins_of(&self, relids: Relids) -> impl Iterator<Item = &Rc<Clause>> {
        let within = (0..self.bases.len()).filter(move |at| relids >> at & 1 == 1);
        within.flat_map(|at| &self.bases[at].joins)
    }

    /// `have_relevant_joinclause`, `have_join_order_restriction`
    fn linked(&self, a: usize, b: usize) -> bool {
        let (left, right) = (self.rels[a].relids, self.rels[b].relids);
        if self.joins_of(left).any(|clause| clause.required & right != 0) || self.linked_by_class(left, right) {
            return true;
        }
        if self.rels[a].lateral & right != 0 || self.rels[b].lateral & left != 0 {
            return true;
        }
        let within = |part: Relids, whole: Relids| part & !whole == 0;
        self.outer.iter().any(|join| {
            if join.kind == JoinKind::Full {
                return false;
            }
            let meets = within(join.min_left, left) && within(join.min_right, right)
                || within(join.min_left, right) && within(join.min_right, left);
            let overlaps = |side: Relids| side & left != 0 && side & right != 0;
            meets || overlaps(join.min_right) || overlaps(join.min_left)
        })
    }

    /// `make_join_rel`: joins two in every way; the place of the join, if they may be joined.
    pub fn make_join(&mut self, a: usize, b: usize) -> Option<usize> {
        let (left, right) = (self.rels[a].relids, self.rels[b].relids);
        let both = left | right;
        let (join, turned) = self.is_legal(left, right)?;
        let (lateral_a, lateral_b) = (self.rels[a].lateral & right != 0, self.rels[b].lateral & left != 0);
        if lateral_a && lateral_b {
            return None;
        }
        let (a, b) = if turned { (b, a) } else { (a, b) };
        let (left, right) = (self.rels[a].relids, self.rels[b].relids);
        let join = join.unwrap_or(OuterJoin {
            kind: JoinKind::Inner,
            min_left: left,
            min_right: right,
            left,
            right,
            strict: false,
            delays: false,
        });
        let clauses = self.conditions(left, right);
        let at = match self.rels.iter().position(|rel| rel.relids == both) {
            Some(at) => at,
            None => self.add_join(a, b, &join, &clauses),
        };
        match join.kind {
            JoinKind::Inner => {
                self.join_paths(at, (a, b), JoinKind::Inner, &join, &clauses);
                self.join_paths(at, (b, a), JoinKind::Inner, &join, &clauses);
            }
            JoinKind::Left => {
                self.join_paths(at, (a, b), JoinKind::Left, &join, &clauses);
                self.join_paths(at, (b, a), JoinKind::Right, &join, &clauses);
            }
            JoinKind::Full => {
                self.join_paths(at, (a, b), JoinKind::Full, &join, &clauses);
                self.join_paths(at, (b, a), JoinKind::Full, &join, &clauses);
            }
            kind => self.join_paths(at, (a, b), kind, &join, &clauses),
        }
        Some(at)
    }

    /// `join_is_legal`: the outer join that this one is, if any, and whether the sides are the other way round.
    fn is_legal(&self, a: Relids, b: Relids) -> Option<(Option<OuterJoin>, bool)> {
        let both = a | b;
        let within = |part: Relids, whole: Relids| part & !whole == 0;
        let mut found: Option<(OuterJoin, bool)> = None;
        let mut must_be_left = false;
        for join in &self.outer {
            let (left, right) = (join.min_left, join.min_right);
            let done = |side: Relids| within(left | right, side);
            if right & both == 0 || within(both, right) || done(a) || done(b) {
                continue;
            }
            if join.kind == JoinKind::Semi && [a, b].iter().any(|side| within(join.right, *side) && join.right != *side)
            {
                continue;
            }
            let turned = match () {
                () if within(left, a) && within(right, b) => false,
                () if within(left, b) && within(right, a) => true,
                () => {
                    if a & right != 0 && b & right != 0 {
                        continue;
                    }
                    if join.kind != JoinKind::Left || both & left != 0 {
                        return None;
                    }
                    must_be_left = true;
                    continue;
                }
            };
            if found.replace((*join, turned)).is_some() {
                return None;
            }
        }
        let is_left = found.is_some_and(|(join, _)| join.kind == JoinKind::Left && join.strict);
        if must_be_left && !is_left {
            return None;
        }
        Some((found.map(|(join, _)| join), found.is_some_and(|(_, turned)| turned)))
    }

    /// The conditions that can be asked at a join and no sooner.
    fn conditions(&mut self, a: Relids, b: Relids) -> Vec<Rc<Clause>> {
        let both = a | b;
        let mut clauses: Vec<Rc<Clause>> = Vec::new();
        let applies =
            |clause: &Clause| clause.required & !both == 0 && clause.required & !a != 0 && clause.required & !b != 0;
        for clause in self.joins_of(both) {
            if applies(clause) && !clauses.iter().any(|own| Rc::ptr_eq(own, clause)) {
                clauses.push(clause.clone());
            }
        }
        clauses.extend(self.implied(a, b));
        clauses
    }

    /// `build_join_rel`
    fn add_join(&mut self, a: usize, b: usize, join: &OuterJoin, clauses: &[Rc<Clause>]) -> usize {
        let relids = self.rels[a].relids | self.rels[b].relids;
        let rows = self.join_rows(self.rels[a].rows, self.rels[b].rows, join, clauses);
        let lateral = (self.rels[a].lateral | self.rels[b].lateral) & !relids;
        let width = self.width(relids);
        let paths = Paths { hurried: self.fraction > 0.0, ..Paths::default() };
        self.rels.push(Rel { relids, rows, width, lateral, paths });
        self.rels.len() - 1
    }

    /// `calc_joinrel_size_estimate`
    pub fn join_rows(&self, outer: f64, inner: f64, join: &OuterJoin, clauses: &[Rc<Clause>]) -> f64 {
        let asking = Asking { only: 0, join: Some(join), kind: join.kind };
        let is_outer = matches!(join.kind, JoinKind::Left | JoinKind::Full | JoinKind::Anti);
        let (own, above): (Vec<_>, Vec<_>) = clauses.iter().cloned().partition(|clause| !is_outer || !clause.above);
        let part = self.selectivity(&own, asking);
        let rest = self.selectivity(&above, asking);
        let rows = match join.kind {
            JoinKind::Inner | JoinKind::Right => outer * inner * part,
            JoinKind::Left => (outer * inner * part).max(outer) * rest,
            JoinKind::Full => (outer * inner * part).max(outer).max(inner) * rest,
            JoinKind::Semi => outer * part,
            JoinKind::Anti => outer * (1.0 - part) * rest,
        };
        clamp_rows(rows)
    }
}
