//! The ways to join two relations, and what they cost.
//!
//! ```text
//!   loop     outer rows once, the inner side for each of them: cheap if that is an index, or kept in memory
//!   hash     a table of the inner side, once; then a look into it for each outer row
//!   merge    both sides in order: sorted for it, or read so from an index
//! ```
//!
//! PostgreSQL: `optimizer/path/joinpath.c`; `initial_cost_nestloop` and its like in `costsize.c`.

use super::super::bound::{JoinKind, Scalar};
use super::clause::Clause;
use super::costs::clamp_rows;
use super::level::{Level, OuterJoin};
use super::path::{JoinWay, Key, Method, Path, Relids, Way};
use super::scan_paths::clauses_cost;
use super::selectivity::Asking;
use super::tree::Cost;
use std::rc::Rc;

/// A join of two relations, whose ways are looked for.
pub struct Joining<'j> {
    pub rel: usize,
    pub outer: usize,
    pub inner: usize,
    pub kind: JoinKind,
    pub join: &'j OuterJoin,
    pub clauses: &'j Rc<[Rc<Clause>]>,
    /// Whether an outer row has one partner at most.
    pub unique: bool,
    /// If so, or of half joins: which part of the outer rows has one, and how many there are for each.
    pub matches: (f64, f64),
    /// From where a path may be told values.
    sources: Relids,
}

impl Joining<'_> {
    /// Whether no more than one partner is looked for.
    pub fn stops_early(&self) -> bool {
        self.unique || matches!(self.kind, JoinKind::Semi | JoinKind::Anti)
    }

    /// From where a path may be told values.
    pub fn sources(&self) -> Relids {
        self.sources
    }

    pub fn is_outer(&self) -> bool {
        matches!(self.kind, JoinKind::Left | JoinKind::Right | JoinKind::Full | JoinKind::Anti)
    }
}

impl Level<'_> {
    /// `add_paths_to_joinrel`
    pub fn join_paths(
        &mut self,
        rel: usize,
        (outer, inner): (usize, usize),
        kind: JoinKind,
        join: &OuterJoin,
        clauses: &[Rc<Clause>],
    ) {
        // Rows that depend on others come behind those.
        if self.rels[outer].lateral & self.rels[inner].relids != 0 {
            return;
        }
        let clauses: Rc<[Rc<Clause>]> = clauses.into();
        let half = matches!(kind, JoinKind::Semi | JoinKind::Anti);
        let mut joining = Joining {
            rel,
            outer,
            inner,
            kind,
            join,
            clauses: &clauses,
            unique: !half && self.is_unique(outer, inner, kind, &clauses),
            matches: (1.0, 1.0),
            sources: self.sources(rel),
        };
        if joining.stops_early() {
            joining.matches = self.match_factors(&joining);
        }
        self.merge_sorted(&joining);
        self.loops_and_merges(&joining);
        self.hash_paths(&joining);
    }

    /// From where a path of a join may be told values: only over an outer join, or for lateral items.
    fn sources(&self, rel: usize) -> Relids {
        let own = self.rels[rel].relids;
        let all = self.everything();
        let mut sources = self.rels[rel].lateral;
        for join in &self.outer {
            if own & join.min_right != 0 && own & join.min_left == 0 {
                sources |= all & !join.min_right;
            }
            if join.kind == JoinKind::Full && own & join.min_left != 0 && own & join.min_right == 0 {
                sources |= all & !join.min_left;
            }
        }
        sources
    }

    /// `innerrel_is_unique`: a unique index of the inner side, all of whose columns are fixed.
    fn is_unique(&self, outer: usize, inner: usize, kind: JoinKind, clauses: &[Rc<Clause>]) -> bool {
        if inner >= self.bases.len() {
            return false;
        }
        let (outer, own) = (self.rels[outer].relids, self.rels[inner].relids);
        let base = &self.bases[inner];
        let is_outer = matches!(kind, JoinKind::Left | JoinKind::Right | JoinKind::Full);
        let mut fixed: Vec<usize> = Vec::new();
        for clause in clauses.iter().filter(|clause| clause.equal && !(is_outer && clause.above)) {
            let (Some(turned), Some((_, left, right))) = (clause.joins(outer, own), clause.operands()) else {
                continue;
            };
            if let Scalar::Column(slot) = if turned { left } else { right } {
                fixed.push(*slot);
            }
        }
        for clause in base.clauses.iter().filter(|clause| clause.equal) {
            let Some((_, left, right)) = clause.operands() else { continue };
            for (side, other) in [(left, right), (right, left)] {
                if let (Scalar::Column(slot), 0) = (side, self.relids(other)) {
                    fixed.push(*slot);
                }
            }
        }
        let start = base.slots.start;
        match &base.table {
            Some(table) => table
                .rel
                .indexes
                .iter()
                .any(|index| index.unique && index.keys.iter().all(|key| fixed.contains(&(start + key.column)))),
            None => base.inner.borrow().as_ref().is_some_and(|plan| {
                !plan.distinct.is_empty() && plan.distinct.iter().all(|column| fixed.contains(&(start + column)))
            }),
        }
    }

    /// `compute_semi_anti_join_factors`
    fn match_factors(&self, joining: &Joining) -> (f64, f64) {
        let own: Vec<Rc<Clause>> =
            joining.clauses.iter().filter(|clause| !joining.is_outer() || !clause.above).cloned().collect();
        let (outer, inner) = (&self.rels[joining.outer], &self.rels[joining.inner]);
        let kind = if joining.kind == JoinKind::Anti { JoinKind::Anti } else { JoinKind::Semi };
        let semi = self.selectivity(&own, Asking { only: 0, join: Some(joining.join), kind });
        let normal = as_inner(joining.join, outer.relids, inner.relids);
        let all = self.selectivity(&own, Asking { only: 0, join: Some(&normal), kind: JoinKind::Inner });
        let each = if semi > 0.0 { (all * inner.rows / semi).max(1.0) } else { 1.0 };
        (semi, each)
    }

    // --- loops -----------------------------------------------------------------------------------------------

    fn loops_and_merges(&mut self, joining: &Joining) {
        let loops = !matches!(joining.kind, JoinKind::Right | JoinKind::Full);
        let outer_relids = self.rels[joining.outer].relids;
        let total = self.rels[joining.inner].paths.total.clone().filter(|path| path.outer & outer_relids == 0);
        let kept = total.as_ref().filter(|path| loops && self.costs.material && !materializes(path)).map(|path| {
            let cost = self.costs.kept(&path.cost);
            Rc::new(Path { way: Way::Material(path.clone()), cost, ..Path::clone(path) })
        });
        let inner_relids = self.rels[joining.inner].relids;
        for outer in self.rels[joining.outer].paths.all.clone() {
            if outer.outer & inner_relids != 0 {
                continue;
            }
            let keys = self.join_order(joining, &outer.keys);
            if loops {
                for inner in self.rels[joining.inner].paths.told.clone() {
                    self.try_loop(joining, &outer, &inner, &keys);
                }
                if let Some(kept) = &kept {
                    self.try_loop(joining, &outer, kept, &keys);
                }
            }
            if let Some(total) = &total {
                self.merge_with(joining, &outer, total);
            }
        }
    }

    /// `build_join_pathkeys`: the outer side's order, unless NULLs come in between.
    pub fn join_order(&self, joining: &Joining, keys: &[Key]) -> Rc<[Key]> {
        if matches!(joining.kind, JoinKind::Right | JoinKind::Full) {
            return Rc::default();
        }
        let relids = self.rels[joining.rel].relids;
        let useful = keys.iter().take_while(|key| self.is_useful(relids, key)).count();
        let ordering = if !self.wanted.is_empty() && keys.starts_with(&self.wanted) { self.wanted.len() } else { 0 };
        keys[..useful.max(ordering)].into()
    }

    /// Whether an order by this class helps to merge with what is not joined yet.
    fn is_useful(&self, relids: Relids, key: &Key) -> bool {
        let wanted = self.wanted.iter().find(|wanted| wanted.class == key.class);
        if wanted.map_or(key.descending, |wanted| wanted.descending != key.descending) {
            return false;
        }
        let class = &self.classes[key.class];
        let rest = self.everything() & !relids;
        let joins = !class.constant && class.members.len() > 1 && class.relids & rest != 0;
        joins
            || (0..self.bases.len()).filter(|at| relids >> at & 1 == 1).flat_map(|at| &self.bases[at].joins).any(
                |clause| {
                    clause.equal
                        && clause.required & rest != 0
                        && clause
                            .classes
                            .get()
                            .is_some_and(|(a, b)| self.class(a) == key.class || self.class(b) == key.class)
                },
            )
    }

    /// `try_nestloop_path`, `create_nestloop_path`, `final_cost_nestloop`
    fn try_loop(&mut self, joining: &Joining, outer: &Rc<Path>, inner: &Rc<Path>, keys: &Rc<[Key]>) {
        let (outer_relids, inner_relids) = (self.rels[joining.outer].relids, self.rels[joining.inner].relids);
        let told = (outer.outer | inner.outer) & !(outer_relids | inner_relids);
        let star = inner.outer & outer_relids != 0 && inner.outer & !outer_relids != 0;
        if told != 0 && told & joining.sources == 0 && !star {
            return;
        }
        // Only the scan of a table asks what it can be told; others leave it to the join.
        let is_table = self.bases.get(joining.inner).is_some_and(|base| base.table.is_some());
        let clauses: Rc<[Rc<Clause>]> = if inner.outer & outer_relids != 0 && is_table {
            let known = inner_relids | inner.outer;
            joining.clauses.iter().filter(|clause| !self.can_move(clause, inner_relids, known)).cloned().collect()
        } else {
            joining.clauses.clone()
        };
        let cost = self.loop_cost(joining, outer, inner, &clauses, told);
        let way = JoinWay {
            method: Method::Loop,
            kind: joining.kind,
            outer: outer.clone(),
            inner: inner.clone(),
            clauses,
            by: Vec::new(),
            order: Vec::new(),
            inner_order: Vec::new(),
            sorts: (false, false),
            keeps: false,
            unique: joining.unique,
        };
        let relids = outer_relids | inner_relids;
        let path = Path { way: Way::Join(Rc::new(way)), relids, cost, keys: keys.clone(), outer: told };
        self.rels[joining.rel].paths.add(path);
    }

    fn loop_cost(
        &mut self,
        joining: &Joining,
        outer: &Path,
        inner: &Rc<Path>,
        clauses: &Rc<[Rc<Clause>]>,
        told: Relids,
    ) -> Cost {
        let rows = self.path_rows(joining, outer, inner, told);
        let (outer_rows, inner_rows) = (outer.cost.rows.max(1.0), inner.cost.rows.max(1.0));
        let again = self.rescan(inner);
        let mut startup = outer.cost.startup + inner.cost.startup + self.costs.unless(self.costs.nestloop);
        let mut run = outer.cost.total - outer.cost.startup;
        if outer.cost.rows > 1.0 {
            run += (outer.cost.rows - 1.0) * again.0;
        }
        let first = inner.cost.total - inner.cost.startup;
        let next = again.1 - again.0;
        let pairs = if joining.stops_early() {
            let matched = (outer_rows * joining.matches.0).round_ties_even();
            let unmatched = outer_rows - matched;
            let part = 2.0 / (joining.matches.1 + 1.0);
            let mut pairs = matched * inner_rows * part;
            if self.is_indexed(clauses, inner) {
                run += first * part;
                if matched > 1.0 {
                    run += (matched - 1.0) * next * part;
                }
                run += unmatched * next / inner_rows;
            } else {
                pairs += unmatched * inner_rows;
                run += first;
                let (mut matched, mut unmatched) = (matched, unmatched);
                if unmatched >= 1.0 {
                    unmatched -= 1.0;
                } else {
                    matched -= 1.0;
                }
                run += matched.max(0.0) * next * part + unmatched.max(0.0) * next;
            }
            pairs
        } else {
            run += first;
            if outer.cost.rows > 1.0 {
                run += (outer.cost.rows - 1.0) * next;
            }
            outer_rows * inner_rows
        };
        let quals = clauses_cost(clauses.iter());
        startup += quals.0;
        run += (self.costs.tuple + quals.1) * pairs;
        Cost { startup, total: startup + run, rows, width: self.rels[joining.rel].width }
    }

    /// How many rows a path gives: fewer than others if it is told something.
    pub fn path_rows(&self, joining: &Joining, outer: &Path, inner: &Path, told: Relids) -> f64 {
        let all = self.rels[joining.rel].rows;
        if told == 0 {
            return all;
        }
        self.join_rows(outer.cost.rows, inner.cost.rows, joining.join, joining.clauses).min(all)
    }

    /// `has_indexed_join_quals`: whether the index of the inner side decides all.
    fn is_indexed(&mut self, clauses: &[Rc<Clause>], inner: &Path) -> bool {
        let Way::Index(way) = &inner.way else { return false };
        if !clauses.is_empty() || inner.outer == 0 {
            return false;
        }
        let at = inner.relids.trailing_zeros() as usize;
        let told = self.told_clauses(at, inner.outer);
        !told.is_empty()
            && told.iter().all(|clause| {
                way.asked.iter().any(|asked| {
                    Rc::ptr_eq(&asked.clause, clause) || clause.class.is_some() && asked.clause.class == clause.class
                })
            })
    }

    /// `cost_rescan`: what it costs to read a path again.
    fn rescan(&self, path: &Path) -> (f64, f64) {
        let cost = path.cost;
        match &path.way {
            Way::Scan => {
                let base = &self.bases[path.relids.trailing_zeros() as usize];
                match base.item {
                    super::super::bound::FromNode::Function(_) => (0.0, cost.total - cost.startup),
                    super::super::bound::FromNode::Cte(..) if base.inner.borrow().is_none() => {
                        (0.0, self.costs.reread(self.costs.tuple, &cost))
                    }
                    _ => (cost.startup, cost.total),
                }
            }
            Way::Material(_) => (0.0, self.costs.reread(self.costs.operator, &cost)),
            Way::Join(join) if join.method == Method::Hash => {
                let inner = &join.inner.cost;
                match self.costs.hash_table(inner.rows, inner.width).1 {
                    1.0 => (0.0, cost.total - cost.startup),
                    _ => (cost.startup, cost.total),
                }
            }
            _ => (cost.startup, cost.total),
        }
    }

    /// `approx_tuple_count`: how many pairs meet these conditions.
    pub fn pairs(&self, joining: &Joining, outer: &Path, inner: &Path, by: &[Rc<Clause>]) -> f64 {
        let normal = as_inner(joining.join, outer.relids, inner.relids);
        let asking = Asking { only: 0, join: Some(&normal), kind: JoinKind::Inner };
        let part: f64 = by.iter().map(|clause| self.clause_selectivity(clause, asking)).product();
        clamp_rows(part * outer.cost.rows * inner.cost.rows)
    }
}

/// `ExecMaterializesOutput`: whether a path keeps its rows anyway.
fn materializes(path: &Path) -> bool {
    matches!(path.way, Way::Material(_))
}

/// Whether a path can be read from a place before again: `ExecSupportsMarkRestore`.
pub fn can_go_back(path: &Path) -> bool {
    matches!(path.way, Way::Index(_) | Way::Material(_))
}

/// The join as it were if rows without a partner were lost: for the share of all pairs that meets.
fn as_inner(join: &OuterJoin, left: Relids, right: Relids) -> OuterJoin {
    OuterJoin { kind: JoinKind::Inner, min_left: left, min_right: right, left, right, ..*join }
}
