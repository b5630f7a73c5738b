//! From FROM and WHERE to relations and clauses: each condition goes down as far as all that it speaks of is there.
//!
//! Past an outer join goes only what is about the side that keeps all its rows; of its own conditions, only what is about the
//! other side. An outer join whose added rows a condition above refuses is an inner one.
//!
//! PostgreSQL: `initsplan.c` (`deconstruct_recurse`, `distribute_qual_to_rels`, `make_outerjoininfo`),
//! `prepjointree.c` (`reduce_outer_joins`).

use super::super::bound::{Exprs, FromNode, JoinKind, JoinNode, Query, Scalar};
use super::clause::Clause;
use super::from::slots;
use super::level::{Level, OuterJoin, is_once};
use super::path::Relids;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

/// Items of FROM whose joins may be done in any order that the outer joins allow.
pub enum Item {
    /// One.
    Base(usize),
    /// Some that are joined by themselves: the sides of a FULL JOIN, or more than are weighed at once.
    List(Vec<Item>),
}

/// What is known of a part of FROM.
struct Part {
    relids: Relids,
    /// Those that only inner joins have to do with.
    inner: Relids,
    items: Vec<Item>,
}

/// Where a condition stands.
#[derive(Clone, Copy)]
struct Scope {
    /// The relations that it can see.
    relids: Relids,
    /// Of an outer join's: those that it joins, and those whose rows it keeps.
    joined: Option<Relids>,
    kept: Relids,
    /// Whether it is below an outer join that may fill its rows up with NULLs.
    below: bool,
}

impl<'a> Level<'a> {
    /// Takes FROM and WHERE apart.
    pub fn deconstruct(&mut self) -> Vec<Item> {
        let filter = flat(self.planner, &self.query.filter);
        let Some(from) = &self.query.from else {
            self.once = filter;
            return Vec::new();
        };
        let part = self.part(from, &filter, false);
        let scope = Scope { relids: part.relids, joined: None, kept: 0, below: false };
        for exprs in filter {
            self.place_condition(exprs, scope, JoinKind::Inner);
        }
        self.imply_on_bases();
        self.need_targets();
        for at in 0..self.bases.len() {
            self.note_lateral(at);
        }
        part.items
    }

    /// What a lateral item uses of others is needed there.
    fn note_lateral(&mut self, at: usize) {
        let item = self.bases[at].item;
        self.rels[at].lateral = self.lateral(item);
        for (_, scalar) in super::from::lateral(item) {
            self.need_all(&Exprs::of(scalar.clone()), 1 << at);
        }
    }

    fn part(&mut self, from: &'a FromNode, above: &[Exprs], below: bool) -> Part {
        let FromNode::Join(join) = from else {
            let at = self.add_base(from);
            return Part { relids: 1 << at, inner: 1 << at, items: vec![Item::Base(at)] };
        };
        let kind = reduced(join, above, self.query);
        let on = flat(self.planner, &join.on);
        match kind {
            JoinKind::Inner => self.inner_join(join, on, above, below),
            kind => self.outer_join(join, kind, on, above, below),
        }
    }

    fn inner_join(&mut self, join: &'a JoinNode, on: Vec<Exprs>, above: &[Exprs], below: bool) -> Part {
        let strict: Vec<Exprs> = above.iter().chain(&on).cloned().collect();
        let left = self.part(&join.left, &strict, below);
        let right = self.part(&join.right, &strict, below);
        let relids = left.relids | right.relids;
        let inner = left.inner | right.inner;
        for exprs in on {
            self.place_condition(exprs, Scope { relids, joined: None, kept: 0, below }, JoinKind::Inner);
        }
        Part { relids, inner, items: self.collapsed(left.items, right.items) }
    }

    /// One list of two, unless it would be too long.
    fn collapsed(&self, left: Vec<Item>, right: Vec<Item>) -> Vec<Item> {
        if left.len() + right.len() <= self.costs.collapse {
            return left.into_iter().chain(right).collect();
        }
        let single = |mut items: Vec<Item>| match items.len() {
            1 => items.remove(0),
            _ => Item::List(items),
        };
        vec![single(left), single(right)]
    }

    fn outer_join(&mut self, join: &'a JoinNode, kind: JoinKind, on: Vec<Exprs>, above: &[Exprs], below: bool) -> Part {
        // A RIGHT JOIN is a LEFT JOIN of the sides the other way round.
        let (kind, first, second) = match kind {
            JoinKind::Right => (JoinKind::Left, &join.right, &join.left),
            kind => (kind, &join.left, &join.right),
        };
        let full = kind == JoinKind::Full;
        let semi = kind == JoinKind::Semi;
        let strict_inner: Vec<Exprs> = if semi { above.iter().chain(&on).cloned().collect() } else { on.clone() };
        let (above_left, above_right): (&[Exprs], &[Exprs]) =
            if full { (&[], &[]) } else { (if semi { &strict_inner } else { above }, &strict_inner) };
        // The sides are numbered in the order in which they are written.
        let (left, right) = if std::ptr::eq(first, &join.left) {
            let left = self.part(first, above_left, below || full);
            (left, self.part(second, above_right, below || !semi))
        } else {
            let right = self.part(second, above_right, true);
            (self.part(first, above_left, below), right)
        };
        let relids = left.relids | right.relids;
        let inner = if semi { left.inner | right.inner } else { left.inner };
        let info = self.outer_info(&left, &right, left.inner | right.inner, kind, &on);
        let joined = if semi { None } else { Some(info.min_left | info.min_right) };
        let joined = if full { Some(relids) } else { joined };
        let kept = match kind {
            JoinKind::Semi => 0,
            JoinKind::Full => relids,
            _ => left.relids,
        };
        self.outer.push(info);
        let place = self.outer.len() - 1;
        // The join itself does not delay its own conditions.
        let own = self.outer.remove(place);
        for exprs in on {
            self.place_condition(exprs, Scope { relids, joined, kept, below }, kind);
        }
        self.outer.push(own);
        let items = if full {
            vec![Item::List(vec![Item::List(left.items), Item::List(right.items)])]
        } else {
            self.collapsed(left.items, right.items)
        };
        Part { relids, inner, items }
    }

    /// `make_outerjoininfo`
    fn outer_info(&self, left: &Part, right: &Part, inner: Relids, kind: JoinKind, on: &[Exprs]) -> OuterJoin {
        let mut info = OuterJoin {
            kind,
            min_left: left.relids,
            min_right: right.relids,
            left: left.relids,
            right: right.relids,
            strict: false,
            delays: false,
        };
        if kind == JoinKind::Full {
            return info;
        }
        let clause = on.iter().fold(0, |relids, exprs| relids | self.relids_of(exprs));
        let strict = on.iter().fold(0, |relids, exprs| relids | self.strict_relids(exprs));
        info.strict = strict & left.relids != 0;
        let mut min_left = clause & left.relids;
        let mut min_right = (clause | inner) & right.relids;
        let half = |kind: JoinKind| matches!(kind, JoinKind::Semi | JoinKind::Anti);
        for other in &self.outer {
            let both = other.left | other.right;
            if other.kind == JoinKind::Full {
                if left.relids & both != 0 {
                    min_left |= both;
                }
                if right.relids & both != 0 {
                    min_right |= both;
                }
                continue;
            }
            let asks = clause & other.right != 0;
            if left.relids & other.right != 0 && asks && (half(kind) || strict & other.min_right == 0) {
                min_left |= both;
            }
            let stays =
                asks || clause & other.min_left == 0 || half(kind) || half(other.kind) || !other.strict || other.delays;
            if right.relids & other.right != 0 && stays {
                min_right |= both;
            }
        }
        info.min_left = if min_left == 0 { left.relids } else { min_left };
        info.min_right = if min_right == 0 { right.relids } else { min_right };
        info
    }

    /// The relations whose NULLs a condition refuses.
    fn strict_relids(&self, exprs: &Exprs) -> Relids {
        if !exprs.waits.is_empty() {
            return 0;
        }
        let mut relids = 0;
        for (at, base) in self.bases.iter().enumerate() {
            if exprs.scalars.iter().any(|scalar| refuses_null(scalar, &base.slots)) {
                relids |= 1 << at;
            }
        }
        relids
    }

    /// `distribute_qual_to_rels`
    fn place_condition(&mut self, exprs: Exprs, scope: Scope, kind: JoinKind) {
        let own = self.relids_of(&exprs);
        let mut relids = own;
        if own == 0 {
            if scope.joined.is_none() && is_once(&exprs) && !scope.below {
                self.once.push(exprs);
                return;
            }
            relids = scope.joined.unwrap_or(scope.relids);
        }
        let at_join = relids & scope.kept != 0;
        let (delayed, nullable) = self.delay(&mut relids, !at_join);
        let mut required = relids;
        if let (true, Some(joined)) = (at_join, scope.joined) {
            required = joined;
        }
        if delayed && !at_join && self.is_redundant_null_test(&exprs) {
            return;
        }
        let clause = self.make(exprs, (own, required), nullable, !at_join, if at_join { scope.kept } else { 0 }, None);
        if required.count_ones() > 1 {
            let exprs = clause.exprs.clone();
            self.need_all(&exprs, required);
        }
        if clause.equal {
            let may_equate = !at_join && !delayed && scope.kept == 0 && !scope.below
                || kind == JoinKind::Semi && !scope.below && !delayed;
            if may_equate && self.equate(&clause) {
                return;
            }
            self.name_classes(&clause);
        }
        self.distribute(clause);
    }

    /// The classes of both sides, for merging.
    fn name_classes(&mut self, clause: &Rc<Clause>) {
        let Some((_, left, right)) = clause.operands() else { return };
        let (left, right) = (left.clone(), right.clone());
        let nullable = clause.nullable;
        let (a, b) = (self.relids(&left) & nullable, self.relids(&right) & nullable);
        let classes = (self.class_of(&left, a), self.class_of(&right, b));
        clause.classes.set(Some(classes));
    }

    /// `check_outerjoin_delay`: whether outer joins below must be done before; and which relations they fill up.
    fn delay(&mut self, relids: &mut Relids, above: bool) -> (bool, Relids) {
        let own = *relids;
        let (mut delayed, mut nullable) = (false, 0);
        loop {
            let before = *relids;
            for join in &mut self.outer {
                if matches!(join.kind, JoinKind::Semi) {
                    continue;
                }
                let full = join.kind == JoinKind::Full;
                if *relids & join.min_right == 0 && !(full && *relids & join.min_left != 0) {
                    continue;
                }
                let both = join.min_left | join.min_right;
                if both & !*relids != 0 {
                    *relids |= both;
                    delayed = true;
                }
                nullable |= if full { both } else { join.min_right };
                if above && !full && *relids & join.min_left != 0 {
                    join.delays = true;
                }
            }
            if *relids == before {
                return (delayed, nullable & own);
            }
        }
    }

    /// The relations among these that an outer join fills up.
    pub fn nullable_below(&self, relids: Relids) -> Relids {
        self.outer.iter().fold(0, |nullable, join| match join.kind {
            JoinKind::Semi => nullable,
            JoinKind::Full => nullable | (join.min_left | join.min_right) & relids,
            _ => nullable | join.min_right & relids,
        })
    }

    /// An IS NULL that only says that the join is one for rows without a partner.
    fn is_redundant_null_test(&self, exprs: &Exprs) -> bool {
        let [Scalar::IsNull(arg, false)] = &exprs.scalars[..] else { return false };
        let relids = self.relids(arg);
        self.outer.iter().any(|join| join.kind == JoinKind::Anti && relids & join.right == relids)
    }

    /// A clause that follows from others.
    pub fn clause(
        &self,
        exprs: Exprs,
        nullable: Relids,
        above: bool,
        kept: Relids,
        class: Option<usize>,
    ) -> Rc<Clause> {
        let relids = self.relids_of(&exprs);
        self.make(exprs, (relids, relids), nullable, above, kept, class)
    }

    /// `make_restrictinfo`
    fn make(
        &self,
        exprs: Exprs,
        (relids, required): (Relids, Relids),
        nullable: Relids,
        above: bool,
        kept: Relids,
        class: Option<usize>,
    ) -> Rc<Clause> {
        let (mut sides, mut equal) = (None, false);
        if let (true, [Scalar::Binary(op, _, args)]) = (exprs.waits.is_empty(), &exprs.scalars[..]) {
            let (left, right) = (self.relids(&args[0]), self.relids(&args[1]));
            if left & right == 0 && left != 0 && right != 0 {
                sides = Some((left, right));
            }
            let volatile = super::fold::is_volatile(&args[0]) || super::fold::is_volatile(&args[1]);
            equal = &**op == "=" && !volatile && self.is_sortable(&args[0]);
        }
        let cost = self.exprs_cost(&exprs);
        Rc::new(Clause {
            exprs,
            relids,
            required,
            nullable,
            kept,
            above,
            sides,
            equal,
            classes: Cell::default(),
            class,
            selectivity: Default::default(),
            buckets: Default::default(),
            ranges: RefCell::default(),
            cost,
        })
    }

    fn is_sortable(&self, scalar: &Scalar) -> bool {
        use crate::types::TypeId::{Cid, Json, Xid};
        !matches!(self.type_of(scalar).0, Xid | Cid | Json)
    }

    /// `distribute_restrictinfo_to_rels`
    pub fn distribute(&mut self, clause: Rc<Clause>) {
        if clause.required.count_ones() == 1 {
            let at = clause.required.trailing_zeros() as usize;
            self.bases[at].clauses.push(clause);
            return;
        }
        for at in (0..self.bases.len()).filter(|at| clause.required >> at & 1 == 1) {
            self.bases[at].joins.push(clause.clone());
        }
    }
}

/// Conditions with constants computed, and ANDs taken apart.
fn flat(planner: &super::Planner, list: &[Exprs]) -> Vec<Exprs> {
    let mut out = Vec::with_capacity(list.len());
    for exprs in list {
        let folded = planner.folded_all(exprs);
        match (&folded.waits[..], &folded.scalars[..]) {
            ([], [Scalar::And(args)]) => out.extend(args.iter().cloned().map(Exprs::of)),
            ([], [Scalar::Const(crate::types::Datum::Bool(true))]) => {}
            _ => out.push(folded),
        }
    }
    out
}

/// The kind of a join, an inner one where a condition above would refuse the rows that an outer one adds; or one for rows
/// without a partner, where only these are wanted.
fn reduced(join: &JoinNode, above: &[Exprs], query: &Query) -> JoinKind {
    let (left, right) = (slots(&join.left), slots(&join.right));
    let refuses = |slots: &Range<usize>| {
        let strict = |exprs: &Exprs| exprs.waits.is_empty() && exprs.scalars.iter().any(|s| refuses_null(s, slots));
        above.iter().any(strict)
    };
    match join.kind {
        JoinKind::Left if refuses(&right) => JoinKind::Inner,
        JoinKind::Left if wants_none(join, above, &right) && !is_used(query, above, &right) => JoinKind::Anti,
        JoinKind::Right if refuses(&left) => JoinKind::Inner,
        JoinKind::Full => match (refuses(&left), refuses(&right)) {
            (true, true) => JoinKind::Inner,
            (true, false) => JoinKind::Left,
            (false, true) => JoinKind::Right,
            (false, false) => JoinKind::Full,
        },
        kind => kind,
    }
}

/// Whether anything but one condition uses these slots above the join.
fn is_used(query: &Query, above: &[Exprs], slots: &Range<usize>) -> bool {
    let uses = |exprs: &Exprs| exprs.any_column(&|slot| slots.contains(&slot));
    let mut used = above.iter().filter(|exprs| uses(exprs)).count() > 1 || uses(&query.targets);
    let mut note = |scalar: &Scalar| used |= matches!(scalar, Scalar::Column(slot) if slots.contains(slot));
    if let Some(grouping) = &query.grouping {
        grouping.keys.iter().for_each(|key| key.each(&mut note));
        grouping.calls.iter().flat_map(|call| call.scalars()).for_each(|scalar| scalar.each(&mut note));
        grouping.waits.iter().for_each(|wait| wait.each(&mut note));
    }
    query.windows.iter().for_each(|window| window.each(&mut note));
    query.sets.iter().for_each(|((_, args), _)| args.each(&mut note));
    used || !query.locks.is_empty()
}

/// Whether a column of the right side must be NULL above that the join itself does not let be NULL.
fn wants_none(join: &JoinNode, above: &[Exprs], right: &Range<usize>) -> bool {
    above.iter().any(|exprs| match &exprs.scalars[..] {
        [Scalar::IsNull(arg, false)] => match **arg {
            Scalar::Column(slot) if right.contains(&slot) => {
                let own = slot..slot + 1;
                join.on.iter().any(|on| on.waits.is_empty() && on.scalars.iter().any(|s| refuses_null(s, &own)))
            }
            _ => false,
        },
        _ => false,
    })
}

/// Whether a condition cannot be true where all these slots are NULL.
fn refuses_null(condition: &Scalar, slots: &Range<usize>) -> bool {
    match condition {
        Scalar::And(args) => args.iter().any(|arg| refuses_null(arg, slots)),
        Scalar::Or(args) => args.iter().all(|arg| refuses_null(arg, slots)),
        Scalar::IsNull(arg, true) => is_null_with(arg, slots),
        other => is_null_with(other, slots),
    }
}

/// Whether an expression is NULL where all these slots are.
fn is_null_with(scalar: &Scalar, slots: &Range<usize>) -> bool {
    match scalar {
        Scalar::Column(slot) => slots.contains(slot),
        Scalar::Unary(_, _, arg) | Scalar::Cast(_, _, arg) | Scalar::Typmod(arg, ..) | Scalar::Not(arg) => {
            is_null_with(arg, slots)
        }
        Scalar::Binary(_, _, args) => args.iter().any(|arg| is_null_with(arg, slots)),
        Scalar::Each(_, _, _, args) => is_null_with(&args[0], slots),
        Scalar::Call(_, _, args, true) => args.iter().any(|arg| is_null_with(arg, slots)),
        _ => false,
    }
}
