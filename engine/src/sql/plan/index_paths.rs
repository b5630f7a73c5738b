//! Ways to read a table by its indexes, and what they cost.
//!
//! ```text
//!   index on (a, b)     a = 7 AND b > 3         bounds: both; where a is not asked, the index is read from end to end
//!                       a = other.x             once other's row is known: for each of its rows
//!                       ORDER BY a, b           in order, forward or backward
//!                       only a and b are used   the rows themselves are not fetched
//! ```
//!
//! PostgreSQL: `optimizer/path/indxpath.c`, `btcostestimate` in `utils/adt/selfuncs.c`, `cost_index`.

use super::super::bound::Scalar;
use super::clause::Clause;
use super::costs::clamp_rows;
use super::fold::is_volatile;
use super::level::{IndexSize, Level};
use super::path::{Asked, IndexWay, Key, Path, Relids, Way};
use super::scan_paths::clauses_cost;
use super::selectivity::Asking;
use super::tree::Cost;
use crate::access::{Index, Strategy};
use crate::types::{Datum, TypeId};
use std::rc::Rc;

/// What can be asked of each column of an index.
type Columns = Vec<Vec<Asked>>;

impl Level<'_> {
    /// All ways to read a table by its indexes.
    pub fn index_paths(&mut self, at: usize) {
        let (mut maps, mut told) = (Vec::new(), Vec::new());
        for size in self.bases[at].indexes.clone() {
            let own = self.bases[at].clauses.clone();
            let columns = self.match_clauses(at, size.at, &own);
            for path in self.paths_of(at, size, &columns, &mut maps) {
                self.rels[at].paths.add(path);
            }
            self.told_paths(at, size, &columns, &mut told);
        }
        self.bitmap_paths(at, maps, &told);
    }

    /// The maps that indexes make of these conditions.
    pub fn maps_of(&mut self, at: usize, clauses: &[Rc<Clause>]) -> Vec<Rc<Path>> {
        let mut maps = Vec::new();
        for size in self.bases[at].indexes.clone() {
            let columns = self.match_clauses(at, size.at, clauses);
            if columns.iter().any(|column| !column.is_empty()) {
                self.paths_of(at, size, &columns, &mut maps);
            }
        }
        maps
    }

    fn index(&self, at: usize, place: usize) -> Option<&Index> {
        self.bases[at].table.as_ref()?.rel.indexes.get(place)
    }

    /// Which of these conditions an index can be asked, column by column.
    fn match_clauses(&self, at: usize, place: usize, clauses: &[Rc<Clause>]) -> Columns {
        let Some(index) = self.index(at, place) else { return Vec::new() };
        let mut columns: Columns = vec![Vec::new(); index.natts()];
        for clause in clauses {
            let Some(scalar) = clause.scalar() else { continue };
            for (column, key) in index.keys.iter().enumerate() {
                let slot = self.bases[at].slots.start + key.column;
                let found = self.asked(at, slot, column, scalar, clause);
                if !found.is_empty() {
                    columns[column].extend(found);
                    break;
                }
            }
        }
        columns
    }

    /// What a condition asks of a column: `match_clause_to_indexcol`.
    fn asked(&self, at: usize, slot: usize, column: usize, scalar: &Scalar, clause: &Rc<Clause>) -> Vec<Asked> {
        let is_column = |scalar: &Scalar| matches!(scalar, Scalar::Column(own) if *own == slot);
        let one = |strategy, value: Scalar| vec![Asked { column, strategy, value, clause: clause.clone() }];
        match scalar {
            Scalar::IsNull(arg, negated) if is_column(arg) => {
                one(if *negated { Strategy::IsNotNull } else { Strategy::IsNull }, Scalar::Const(Datum::Null))
            }
            Scalar::Binary(op, _, args) => {
                let (turned, value) = match () {
                    () if is_column(&args[0]) => (false, &args[1]),
                    () if is_column(&args[1]) => (true, &args[0]),
                    () => return Vec::new(),
                };
                let strategy = match (&**op, turned) {
                    ("=", _) => Strategy::Equal,
                    ("<", false) | (">", true) => Strategy::Less,
                    ("<=", false) | (">=", true) => Strategy::LessEqual,
                    (">=", false) | ("<=", true) => Strategy::GreaterEqual,
                    (">", false) | ("<", true) => Strategy::Greater,
                    _ => return Vec::new(),
                };
                let own = self.relids(value) >> at & 1 == 1;
                if own || is_volatile(value) || !self.fits(slot, value) {
                    Vec::new()
                } else {
                    one(strategy, value.clone())
                }
            }
            // `= ANY` of an array: the index is asked for each element.
            Scalar::Each(op, _, false, args) if &**op == "=" && is_column(&args[0]) && column == 0 => {
                let own = self.relids(&args[1]) >> at & 1 == 1;
                let elements = self.type_of(&args[1]).0.element();
                let fits = elements.is_some_and(|elem| self.fits_type(slot, elem));
                if own || is_volatile(&args[1]) || !fits { Vec::new() } else { one(Strategy::Equal, args[1].clone()) }
            }
            _ => Vec::new(),
        }
    }

    /// Whether a value is of a type that the index compares with.
    fn fits(&self, slot: usize, value: &Scalar) -> bool {
        let other = self.type_of(value).0;
        other == TypeId::Unknown || self.fits_type(slot, other)
    }

    fn fits_type(&self, slot: usize, other: TypeId) -> bool {
        use TypeId::{Int2, Int4, Int8, Text, Varchar};
        let own = self.slot_type(slot).0;
        let group = |ty: TypeId| match ty {
            Int2 | Int4 | Int8 => Int8,
            Varchar => Text,
            ty => ty,
        };
        group(own) == group(other)
    }

    /// `match_join_clauses_to_index`, `consider_index_join_clauses`: an index that is asked for each row of others.
    fn told_paths(&mut self, at: usize, size: IndexSize, own: &Columns, maps: &mut Vec<Rc<Path>>) {
        let own_bit: Relids = 1 << at;
        let joins: Vec<Rc<Clause>> = self.bases[at]
            .joins
            .iter()
            .filter(|clause| clause.kept & own_bit == 0 && clause.nullable & own_bit == 0)
            .cloned()
            .collect();
        let joined = self.match_clauses(at, size.at, &joins);
        let implied = self.implied_columns(at, size.at);
        let mut considered: Vec<Relids> = Vec::new();
        let count = joined.len();
        for column in 0..count {
            for asked in joined[column].iter().chain(&implied[column]).cloned().collect::<Vec<_>>() {
                let relids = asked.clause.relids;
                let before = considered.clone();
                for old in before {
                    let differ = relids & !old != 0 && old & !relids != 0;
                    let used = asked.clause.class.is_some_and(|class| {
                        implied[column]
                            .iter()
                            .any(|other| other.clause.class == Some(class) && other.clause.relids & !old == 0)
                    });
                    if differ && !used {
                        self.told_path(at, size, (own, &joined, &implied), relids | old, &mut considered, maps);
                    }
                }
                self.told_path(at, size, (own, &joined, &implied), relids, &mut considered, maps);
            }
        }
    }

    fn told_path(
        &mut self,
        at: usize,
        size: IndexSize,
        (own, joined, implied): (&Columns, &Columns, &Columns),
        relids: Relids,
        considered: &mut Vec<Relids>,
        maps: &mut Vec<Rc<Path>>,
    ) {
        if considered.contains(&relids) {
            return;
        }
        considered.push(relids);
        let within = |asked: &&Asked| asked.clause.relids & !relids == 0;
        let columns = (0..own.len()).map(|column| {
            let from_joins = joined[column].iter().filter(within);
            let from_classes = implied[column].iter().find(within);
            from_joins.chain(from_classes).chain(&own[column]).cloned().collect()
        });
        for path in self.paths_of(at, size, &columns.collect(), maps) {
            self.rels[at].paths.add(path);
        }
    }

    /// `match_eclass_clauses_to_index`
    fn implied_columns(&mut self, at: usize, place: usize) -> Columns {
        let Some(index) = self.index(at, place) else { return Vec::new() };
        let slots: Vec<usize> = index.keys.iter().map(|key| self.bases[at].slots.start + key.column).collect();
        let mut columns = Vec::with_capacity(slots.len());
        for (column, slot) in slots.into_iter().enumerate() {
            let clauses = self.implied_for(at, &|scalar| matches!(scalar, Scalar::Column(own) if *own == slot));
            let found = clauses.iter().filter_map(|clause| {
                let asked = self.asked(at, slot, column, clause.scalar()?, clause);
                asked.into_iter().next()
            });
            columns.push(found.collect());
        }
        columns
    }

    /// `build_index_paths`: by these columns, and in the orders that the index has.
    fn paths_of(&mut self, at: usize, size: IndexSize, columns: &Columns, maps: &mut Vec<Rc<Path>>) -> Vec<Path> {
        let mut paths = Vec::new();
        let asked: Vec<Asked> = columns.iter().flatten().cloned().collect();
        let own: Relids = 1 << at;
        let outer = asked.iter().fold(self.rels[at].lateral, |outer, asked| outer | asked.clause.relids) & !own;
        let forward = self.index_order(at, size.at, false);
        let only = self.is_index_only(at, size.at);
        if !asked.is_empty() || !forward.is_empty() || only {
            let path = self.index_path(at, size, &asked, outer, (forward, false), only);
            if let Way::Index(way) = &path.way
                && (path.keys.is_empty() || way.selectivity < 1.0)
            {
                maps.push(Rc::new(path.clone()));
            }
            paths.push(path);
        }
        let backward = self.index_order(at, size.at, true);
        if !backward.is_empty() {
            paths.push(self.index_path(at, size, &asked, outer, (backward, true), only));
        }
        paths
    }

    /// The order in which an index gives its rows, as far as somebody has use for it.
    fn index_order(&self, at: usize, place: usize, backward: bool) -> Vec<Key> {
        let Some(index) = self.index(at, place) else { return Vec::new() };
        let own: Relids = 1 << at;
        let joins = !self.bases[at].joins.is_empty() || self.linked_by_class(own, self.everything() & !own);
        if !joins && self.wanted.is_empty() {
            return Vec::new();
        }
        let mut keys: Vec<Key> = Vec::new();
        for key in index.keys.iter() {
            let column = Scalar::Column(self.bases[at].slots.start + key.column);
            let Some(class) = self.known_class(&column) else { break };
            let (descending, nulls_first) = (key.descending != backward, key.nulls_first != backward);
            self.push_key(&mut keys, Key { class, descending, nulls_first });
        }
        let useful = self.useful_for_merge(at, &keys).max(self.common_with_wanted(&keys));
        keys.truncate(useful);
        keys
    }

    /// The class that an expression is in already.
    pub fn known_class(&self, scalar: &Scalar) -> Option<usize> {
        (0..self.classes.len()).find(|at| {
            let class = &self.classes[*at];
            class.merged.is_none() && class.members.iter().any(|member| super::same::same(&member.scalar, scalar))
        })
    }

    /// How many keys the order has in common with the one that is wanted; all of them, since nothing is sorted in part.
    fn common_with_wanted(&self, keys: &[Key]) -> usize {
        let common = keys.iter().zip(&self.wanted).take_while(|(a, b)| a == b).count();
        if common == self.wanted.len() { common } else { 0 }
    }

    /// `pathkeys_useful_for_merging`
    fn useful_for_merge(&self, at: usize, keys: &[Key]) -> usize {
        let own: Relids = 1 << at;
        let useful = |key: &&Key| {
            let wanted = self.wanted.iter().find(|wanted| wanted.class == key.class);
            if wanted.map_or(key.descending, |wanted| wanted.descending != key.descending) {
                return false;
            }
            let class = &self.classes[key.class];
            let joins = !class.constant && class.members.len() > 1 && class.members.iter().any(|m| m.relids & own == 0);
            joins
                || self.bases[at].joins.iter().any(|clause| {
                    clause.equal
                        && clause
                            .classes
                            .get()
                            .is_some_and(|(a, b)| self.class(a) == key.class || self.class(b) == key.class)
                })
        };
        keys.iter().take_while(useful).count()
    }

    /// `check_index_only`: whether the index has all columns that are used.
    fn is_index_only(&self, at: usize, place: usize) -> bool {
        let Some(index) = self.index(at, place).filter(|_| self.costs.indexonlyscan) else { return false };
        let base = &self.bases[at];
        let start = base.slots.start;
        let mut used = self.outputs(1 << at);
        for clause in &base.clauses {
            clause.exprs.each(&mut |part| {
                if let Scalar::Column(slot) = part {
                    used.push(*slot);
                }
            });
        }
        used.iter().all(|slot| index.keys.iter().any(|key| start + key.column == *slot))
    }

    /// `get_loop_count`: how often an index is asked at least.
    pub fn loops(&self, outer: Relids) -> f64 {
        let others = (0..self.bases.len()).filter(|at| outer >> at & 1 == 1).map(|at| self.rels[at].rows);
        let least = others.fold(0.0, |least: f64, rows| if least == 0.0 { rows } else { least.min(rows) });
        if least > 0.0 { least } else { 1.0 }
    }

    // --- costs -----------------------------------------------------------------------------------------------

    /// A path and its cost: `cost_index`.
    fn index_path(
        &mut self,
        at: usize,
        size: IndexSize,
        asked: &[Asked],
        outer: Relids,
        (keys, backward): (Vec<Key>, bool),
        only: bool,
    ) -> Path {
        let loops = self.loops(outer);
        let told = if outer == 0 { Vec::new() } else { self.told_clauses(at, outer) };
        let rows = if outer == 0 { self.rels[at].rows } else { self.told_rows(at, &told) };
        let found = self.index_cost(at, size, asked, loops);
        let base = &self.bases[at];
        let costs = &self.costs;
        let fetched = clamp_rows(found.selectivity * base.tuples);
        let hidden = |pages: f64| if only { (pages * (1.0 - base.visible)).ceil() } else { pages };
        let pages = |n: f64| costs.pages_fetched(n, base.pages, size.pages, self.all_pages);
        let part = (found.selectivity * base.pages).ceil();
        let (most, least) = if loops > 1.0 {
            let most = hidden(pages(fetched * loops)) * costs.random_page / loops;
            (most, hidden(pages(part * loops)) * costs.random_page / loops)
        } else {
            let most = hidden(pages(fetched)) * costs.random_page;
            let part = hidden(part);
            let least = if part > 0.0 { costs.random_page + (part - 1.0).max(0.0) * costs.seq_page } else { 0.0 };
            (most, least)
        };
        let square = found.correlation * found.correlation;
        let mut run = found.total - found.startup + most + square * (least - most);
        let is_asked = |clause: &&Rc<Clause>| {
            asked.iter().any(|own| {
                Rc::ptr_eq(&own.clause, clause) || own.clause.class.is_some() && own.clause.class == clause.class
            })
        };
        let others = base.clauses.iter().chain(&told).filter(|clause| !is_asked(clause));
        let quals = clauses_cost(others);
        run += (costs.tuple + quals.1) * fetched;
        let startup = found.startup + quals.0 + costs.unless(costs.indexscan);
        let way = IndexWay {
            index: size.at,
            asked: asked.to_vec(),
            backward,
            only,
            total: found.total,
            selectivity: found.selectivity,
            rows,
        };
        let cost = Cost { startup, total: startup + run, rows, width: self.rels[at].width };
        Path { way: Way::Index(Rc::new(way)), relids: 1 << at, cost, keys: keys.into(), outer }
    }

    /// `btcostestimate`
    fn index_cost(&self, at: usize, size: IndexSize, asked: &[Asked], loops: f64) -> Found {
        let base = &self.bases[at];
        let Some(index) = self.index(at, size.at) else { return Found::default() };
        let asking = Asking { only: 1 << at, ..Asking::ROWS };
        let (bounds, fixes_all) = boundary(asked, index);
        // For each element of an array the index is searched anew.
        let searches: f64 = asked.iter().map(elements).product();
        let part = |asked: &[Asked]| {
            let clauses: Vec<Rc<Clause>> = asked.iter().map(|asked| asked.clause.clone()).collect();
            self.selectivity(&clauses, asking)
        };
        let wanted = if index.unique && fixes_all && !asked.iter().any(is_each) {
            1.0
        } else {
            (part(&asked[..bounds]) * base.tuples / searches).round_ties_even()
        };
        let selectivity = part(asked);
        let mut entries = if wanted <= 0.0 { (selectivity * base.tuples / searches).round_ties_even() } else { wanted };
        entries = entries.min(size.tuples).max(1.0);
        let leaves =
            if size.pages > 1.0 && size.tuples > 1.0 { (entries * size.pages / size.tuples).ceil() } else { 1.0 };
        let costs = &self.costs;
        let scans = searches * loops;
        let mut total = if scans > 1.0 {
            costs.pages_fetched(leaves * scans, size.pages, size.pages, self.all_pages) * costs.random_page / loops
        } else {
            leaves * costs.random_page
        };
        let args: f64 = asked.iter().map(|asked| self.scalar_cost(&asked.value)).sum();
        total += args + entries * searches * (costs.index_tuple + costs.operator * asked.len() as f64);
        let mut startup = args;
        let mut descent = (f64::from(size.height) + 1.0) * 50.0 * costs.operator;
        if size.tuples > 1.0 {
            descent += (libm::log(size.tuples) / libm::log(2.0)).ceil() * costs.operator;
        }
        startup += descent;
        total += searches * descent;
        let first = &index.keys[0];
        let known = base.stats.column(first.column).and_then(|stats| stats.correlation);
        let mut correlation = known.map_or(0.0, f64::from);
        if first.descending {
            correlation = -correlation;
        }
        if index.natts() > 1 {
            correlation *= 0.75;
        }
        Found { startup, total, selectivity, correlation }
    }
}

fn is_each(asked: &Asked) -> bool {
    matches!(asked.clause.scalar(), Some(Scalar::Each(..)))
}

/// How many values an index is asked for.
fn elements(asked: &Asked) -> f64 {
    match (asked.clause.scalar(), &asked.value) {
        (Some(Scalar::Each(..)), Scalar::Const(Datum::Array(array))) => array.items.len().max(1) as f64,
        (Some(Scalar::Each(..)), Scalar::Array(_, items)) => items.len().max(1) as f64,
        (Some(Scalar::Each(..)), _) => 10.0,
        _ => 1.0,
    }
}

/// What an index costs, and where it leads.
#[derive(Default)]
struct Found {
    startup: f64,
    total: f64,
    selectivity: f64,
    correlation: f64,
}

/// How many conditions bound the part of the index that is read; and whether they fix all of its key.
fn boundary(asked: &[Asked], index: &Index) -> (usize, bool) {
    let (mut column, mut equal, mut nulls) = (0, false, false);
    for (at, own) in asked.iter().enumerate() {
        if own.column != column {
            if !equal || own.column != column + 1 {
                return (at, false);
            }
            (column, equal) = (own.column, false);
        }
        nulls |= own.strategy == Strategy::IsNull;
        equal |= matches!(own.strategy, Strategy::Equal | Strategy::IsNull);
    }
    (asked.len(), column + 1 == index.natts() && equal && !nulls)
}
