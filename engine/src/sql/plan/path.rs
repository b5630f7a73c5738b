//! Paths: the ways in which the rows of a relation can be got, weighed against each other.
//!
//! ```text
//!   rows of {a, b}:   HashJoin(Seq a, Seq b)              100.. 900   no order
//!                     MergeJoin(Index a, Index b)           1..1200   ordered by a.x       kept: it has an order
//!                     NestLoop(Seq a, Seq b)                0..9000   no order             dropped: dearer, no better
//! ```
//!
//! A path is kept if no other is better in every respect: its cost before the first row and in all, the order of its rows,
//! and what it has to be told by other relations. Costs that differ by less than a hundredth are the same.
//!
//! PostgreSQL: `add_path`, `set_cheapest` in `optimizer/util/pathnode.c`.

use super::clause::Clause;
use super::costs::Grouped;
use super::tree::Cost;
use crate::access::Strategy;
use crate::sql::bound::{JoinKind, Scalar};
use std::rc::Rc;

/// A set of the relations of a query, a bit for each.
pub type Relids = u128;

/// What stands for whoever uses the rows in the end, among relations that use a column.
pub const ABOVE: Relids = 1 << 127;

/// A key by which rows are in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    /// The class of the expressions that are equal to it.
    pub class: usize,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
}

/// A way to get rows.
#[derive(Clone)]
pub struct Path {
    /// How.
    pub way: Way,
    /// Of which relations.
    pub relids: Relids,
    /// What it costs, and gives.
    pub cost: Cost,
    /// In which order.
    pub keys: Rc<[Key]>,
    /// From which relations it has to be told values, row by row.
    pub outer: Relids,
}

/// How rows are got.
#[derive(Clone)]
pub enum Way {
    /// A table, page by page, or an item of FROM that is no table.
    Scan,
    /// One row without columns.
    Nothing,
    /// A table by an index.
    Index(Rc<IndexWay>),
    /// A table by a map of rows that indexes have made.
    Bitmap(Rc<Path>),
    /// Such maps, of which only what is in all counts.
    BitmapAnd(Rc<[Rc<Path>]>),
    /// Such maps, of which all counts.
    BitmapOr(Rc<[Rc<Path>]>),
    /// A join.
    Join(Rc<JoinWay>),
    /// Rows that are kept, to be read again.
    Material(Rc<Path>),
    /// Rows brought into their order.
    Sort(Rc<Path>),
    /// What SELECT makes of rows.
    Project(Rc<Path>),
    /// Groups.
    Group(Rc<Path>, Grouped),
    /// The functions of a window, by its number.
    Window(Rc<Path>, usize),
    /// Functions that give rows.
    Sets(Rc<Path>),
    /// Each row once; by hashes, or of sorted rows.
    Distinct(Rc<Path>, bool),
    /// UNION and its like.
    SetOperation,
    /// Rows that are locked.
    Lock(Rc<Path>),
    /// OFFSET and LIMIT.
    Limit(Rc<Path>),
}

/// An index and what is asked of it.
pub struct IndexWay {
    /// Its place among the table's.
    pub index: usize,
    /// What is asked: in the order of its columns.
    pub asked: Vec<Asked>,
    /// From its end to its beginning.
    pub backward: bool,
    /// Whether the rows themselves are not needed.
    pub only: bool,
    /// What the index costs in all, without the table.
    pub total: f64,
    /// Which part of the table it leads to.
    pub selectivity: f64,
    /// How many rows.
    pub rows: f64,
}

/// What is asked of a column of an index.
#[derive(Clone)]
pub struct Asked {
    /// Which of the index.
    pub column: usize,
    /// How it is compared.
    pub strategy: Strategy,
    /// With what; the column's own side is left out.
    pub value: Scalar,
    /// The condition of which this is a part or a consequence.
    pub clause: Rc<Clause>,
}

/// How two sides are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// For each row of the outer side the rows of the inner.
    Loop,
    /// Both sides in order, side by side.
    Merge,
    /// By a table of the inner side's rows.
    Hash,
}

/// A join.
pub struct JoinWay {
    /// How.
    pub method: Method,
    /// What happens to rows without a partner.
    pub kind: JoinKind,
    /// The outer side.
    pub outer: Rc<Path>,
    /// The inner side.
    pub inner: Rc<Path>,
    /// All conditions.
    pub clauses: Rc<[Rc<Clause>]>,
    /// Those by which the method works.
    pub by: Vec<Rc<Clause>>,
    /// Merge: in which order the outer side must come.
    pub order: Vec<Key>,
    /// The same of the inner side.
    pub inner_order: Vec<Key>,
    /// Merge: whether the outer side has to be sorted for that, and the inner.
    pub sorts: (bool, bool),
    /// Merge: whether the inner side's rows are kept.
    pub keeps: bool,
    /// Whether a row of the outer side has one partner at most.
    pub unique: bool,
}

/// The paths of a relation.
#[derive(Clone, Default)]
pub struct Paths {
    /// By their total costs.
    pub all: Vec<Rc<Path>>,
    /// The cheapest before the first row, and in all, of those that need not be told anything.
    pub startup: Option<Rc<Path>>,
    pub total: Option<Rc<Path>>,
    /// The cheapest for what they must be told; the one above first.
    pub told: Vec<Rc<Path>>,
    /// Whether the cost before the first row counts: there is a LIMIT; or for paths that are told something.
    pub hurried: bool,
    pub told_hurried: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Versus {
    Same,
    First,
    Second,
    Neither,
}

impl Paths {
    fn counts_startup(&self, path: &Path) -> bool {
        if path.outer == 0 { self.hurried } else { self.told_hurried }
    }

    fn costs(&self, a: &Path, b: &Path, fuzz: f64) -> Versus {
        if a.cost.total > b.cost.total * fuzz {
            let differs = self.counts_startup(a) && b.cost.startup > a.cost.startup * fuzz;
            return if differs { Versus::Neither } else { Versus::Second };
        }
        if b.cost.total > a.cost.total * fuzz {
            let differs = self.counts_startup(b) && a.cost.startup > b.cost.startup * fuzz;
            return if differs { Versus::Neither } else { Versus::First };
        }
        match () {
            () if a.cost.startup > b.cost.startup * fuzz => Versus::Second,
            () if b.cost.startup > a.cost.startup * fuzz => Versus::First,
            () => Versus::Same,
        }
    }

    /// `add_path`
    pub fn add(&mut self, new: Path) {
        let mut place = 0;
        let mut at = 0;
        let mut welcome = true;
        while at < self.all.len() && welcome {
            let old = self.all[at].clone();
            let (drop_old, drop_new) = self.compare(&new, &old);
            welcome = !drop_new;
            if drop_old {
                self.all.remove(at);
                continue;
            }
            if new.cost.total >= old.cost.total {
                place = at + 1;
            }
            at += 1;
        }
        if welcome {
            self.all.insert(place, Rc::new(new));
        }
    }

    /// Whether the old path is of no use any more, or the new one.
    fn compare(&self, new: &Path, old: &Path) -> (bool, bool) {
        let costs = self.costs(new, old, 1.01);
        let order = |path: &Path| if path.outer == 0 { path.keys.clone() } else { Rc::default() };
        let keys = compare_keys(&order(new), &order(old));
        if costs == Versus::Neither || keys == Versus::Neither {
            return (false, false);
        }
        let (same, less, more) = (new.outer == old.outer, new.outer & !old.outer == 0, old.outer & !new.outer == 0);
        let (fewer, greater) = (new.cost.rows <= old.cost.rows, new.cost.rows >= old.cost.rows);
        match (costs, keys) {
            (Versus::Same, Versus::Same) if same => {
                if new.cost.rows != old.cost.rows {
                    return (new.cost.rows < old.cost.rows, new.cost.rows > old.cost.rows);
                }
                let better = self.costs(new, old, 1.000_000_000_1) == Versus::First;
                (better, !better)
            }
            (Versus::Same, Versus::Same) => (less && fewer, more && greater),
            (Versus::Same, Versus::First) | (Versus::First, Versus::Same | Versus::First) => (less && fewer, false),
            (Versus::Same, Versus::Second) | (Versus::Second, Versus::Same | Versus::Second) => {
                (false, more && greater)
            }
            _ => (false, false),
        }
    }

    /// `set_cheapest`
    pub fn settle(&mut self) {
        self.startup = None;
        self.total = None;
        let mut told: Vec<Rc<Path>> = Vec::new();
        let mut best_told: Option<Rc<Path>> = None;
        for path in &self.all {
            if path.outer != 0 {
                told.push(path.clone());
                best_told = match best_told {
                    None => Some(path.clone()),
                    Some(best) if path.outer == best.outer && by_total(path, &best).is_lt() => Some(path.clone()),
                    Some(best) if path.outer != best.outer && path.outer & !best.outer == 0 => Some(path.clone()),
                    best => best,
                };
                continue;
            }
            let better = |best: &Option<Rc<Path>>, startup: bool| match best {
                None => true,
                Some(best) => {
                    let by = if startup { by_startup(best, path) } else { by_total(best, path) };
                    by.is_gt() || by.is_eq() && compare_keys(&best.keys, &path.keys) == Versus::Second
                }
            };
            if better(&self.startup, true) {
                self.startup = Some(path.clone());
            }
            if better(&self.total, false) {
                self.total = Some(path.clone());
            }
        }
        match &self.total {
            Some(total) => told.insert(0, total.clone()),
            None => self.total = best_told,
        }
        self.told = told;
    }

    /// `get_cheapest_path_for_pathkeys`: the cheapest in such an order that is told nothing.
    pub fn ordered(&self, keys: &[Key]) -> Option<Rc<Path>> {
        let mut best: Option<&Rc<Path>> = None;
        for path in self.all.iter().filter(|path| path.outer == 0 && contains(keys, &path.keys)) {
            if best.is_none_or(|best| by_total(path, best).is_lt()) {
                best = Some(path);
            }
        }
        best.cloned()
    }
}

fn by(a: f64, b: f64, then: (f64, f64)) -> std::cmp::Ordering {
    a.total_cmp(&b).then(then.0.total_cmp(&then.1))
}

/// `compare_path_costs`
pub fn by_total(a: &Path, b: &Path) -> std::cmp::Ordering {
    by(a.cost.total, b.cost.total, (a.cost.startup, b.cost.startup))
}

pub fn by_startup(a: &Path, b: &Path) -> std::cmp::Ordering {
    by(a.cost.startup, b.cost.startup, (a.cost.total, b.cost.total))
}

/// `compare_pathkeys`: one is better if it goes on where the other ends.
fn compare_keys(a: &[Key], b: &[Key]) -> Versus {
    match () {
        () if a.iter().zip(b).any(|(a, b)| a != b) => Versus::Neither,
        () if a.len() > b.len() => Versus::First,
        () if a.len() < b.len() => Versus::Second,
        () => Versus::Same,
    }
}

/// `pathkeys_contained_in`: whether rows in this order are in that one.
pub fn contains(wanted: &[Key], order: &[Key]) -> bool {
    order.starts_with(wanted)
}
