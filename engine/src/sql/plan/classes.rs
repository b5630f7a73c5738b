//! Classes of expressions that are equal wherever their rows are joined.
//!
//! ```text
//!   a.x = b.x AND b.x = c.x          {a.x, b.x, c.x}     any two of them may be compared to join
//!   a.x = b.x AND a.x = 7            {a.x, b.x, 7}       each is compared with 7 where it is read, and no more
//!   ORDER BY a.x                     {a.x ...}           who has b.x in order has a.x in order too
//! ```
//!
//! PostgreSQL: `optimizer/path/equivclass.c`, `pathkeys.c`.

use super::super::bound::{Exprs, Scalar};
use super::clause::Clause;
use super::level::Level;
use super::path::{Key, Relids};
use super::same::same;
use crate::types::arith;
use std::rc::Rc;

/// Expressions that are equal.
#[derive(Default)]
pub struct Class {
    pub members: Vec<Member>,
    pub relids: Relids,
    pub constant: bool,
    /// The conditions that say so.
    pub sources: Vec<Rc<Clause>>,
    /// Those that follow.
    pub derived: Vec<(usize, usize, Rc<Clause>)>,
    /// The class into which this one was taken.
    pub merged: Option<usize>,
}

/// An expression of a class.
pub struct Member {
    pub scalar: Scalar,
    pub relids: Relids,
    pub nullable: Relids,
}

impl Level<'_> {
    /// The class that a class has become part of.
    pub fn class(&self, mut at: usize) -> usize {
        while let Some(next) = self.classes[at].merged {
            at = next;
        }
        at
    }

    fn find_member(&self, scalar: &Scalar, nullable: Relids) -> Option<(usize, usize)> {
        for (at, class) in self.classes.iter().enumerate().filter(|(_, class)| class.merged.is_none()) {
            let found =
                class.members.iter().position(|member| member.nullable == nullable && same(&member.scalar, scalar));
            if let Some(member) = found {
                return Some((at, member));
            }
        }
        None
    }

    fn add_member(&mut self, class: usize, scalar: &Scalar, nullable: Relids) {
        let relids = self.relids(scalar);
        let own = &mut self.classes[class];
        own.constant |= relids == 0 && !scalar.any_column(&|_| true);
        own.relids |= relids;
        own.members.push(Member { scalar: scalar.clone(), relids, nullable });
    }

    /// The class of an expression, a new one if need be: `get_eclass_for_sort_expr`.
    pub fn class_of(&mut self, scalar: &Scalar, nullable: Relids) -> usize {
        if let Some((class, _)) = self.find_member(scalar, nullable) {
            return class;
        }
        self.classes.push(Class::default());
        let class = self.classes.len() - 1;
        self.add_member(class, scalar, nullable);
        class
    }

    /// `process_equivalence`: takes an equality up into the classes; `false` if it is none for them.
    pub fn equate(&mut self, clause: &Rc<Clause>) -> bool {
        let Some((_, left, right)) = clause.operands() else { return false };
        if same(left, right) {
            return false;
        }
        let nullable = |relids: Relids| clause.nullable & relids;
        let (left_null, right_null) = (nullable(self.relids(left)), nullable(self.relids(right)));
        let (a, b) = (self.find_member(left, left_null), self.find_member(right, right_null));
        let class = match (a, b) {
            (Some((a, _)), Some((b, _))) if a == b => a,
            (Some((a, _)), Some((b, _))) => {
                let taken = std::mem::take(&mut self.classes[b]);
                self.classes[b].merged = Some(a);
                let own = &mut self.classes[a];
                own.members.extend(taken.members);
                own.relids |= taken.relids;
                own.constant |= taken.constant;
                own.sources.extend(taken.sources);
                a
            }
            (Some((a, _)), None) => {
                self.add_member(a, right, right_null);
                a
            }
            (None, Some((b, _))) => {
                self.add_member(b, left, left_null);
                b
            }
            (None, None) => {
                self.classes.push(Class::default());
                let class = self.classes.len() - 1;
                self.add_member(class, left, left_null);
                self.add_member(class, right, right_null);
                class
            }
        };
        self.classes[class].sources.push(clause.clone());
        clause.classes.set(Some((class, class)));
        true
    }

    /// `generate_base_implied_equalities`: what the classes say of single relations.
    pub fn imply_on_bases(&mut self) {
        for at in 0..self.classes.len() {
            let class = &self.classes[at];
            if class.merged.is_some() || class.members.len() < 2 {
                continue;
            }
            if class.constant {
                self.imply_constants(at);
            } else {
                self.imply_within(at);
            }
            if !self.classes[at].constant {
                let (relids, members) = (self.classes[at].relids, self.classes[at].members.len());
                for member in 0..members {
                    let exprs = Exprs::of(self.classes[at].members[member].scalar.clone());
                    self.need_all(&exprs, relids);
                }
            }
        }
    }

    /// Each member is compared with the constant.
    fn imply_constants(&mut self, at: usize) {
        let class = &self.classes[at];
        if let ([_, _], [source]) = (&class.members[..], &class.sources[..]) {
            let source = source.clone();
            self.distribute(source);
            return;
        }
        let Some(constant) = class.members.iter().position(|member| member.relids == 0) else { return };
        for member in 0..self.classes[at].members.len() {
            let relids = self.classes[at].members[member].relids;
            if member == constant {
                continue;
            }
            let clause = self.equality(at, member, constant, None);
            if relids == 0 {
                self.once.push(clause.exprs.clone());
            } else {
                self.distribute(clause);
            }
        }
    }

    /// Members of the same relation are compared with each other.
    fn imply_within(&mut self, at: usize) {
        let mut last: Vec<(Relids, usize)> = Vec::new();
        for member in 0..self.classes[at].members.len() {
            let relids = self.classes[at].members[member].relids;
            if relids.count_ones() != 1 {
                continue;
            }
            match last.iter_mut().find(|(own, _)| *own == relids) {
                Some((_, before)) => {
                    let from = std::mem::replace(before, member);
                    let clause = self.equality(at, from, member, None);
                    self.distribute(clause);
                }
                None => last.push((relids, member)),
            }
        }
    }

    /// `left = right`, of two members.
    fn equality(&mut self, at: usize, left: usize, right: usize, parent: Option<usize>) -> Rc<Clause> {
        let class = &self.classes[at];
        let (a, b) = (&class.members[left], &class.members[right]);
        if let (Some(_), Some((.., known))) = (parent, class.derived.iter().find(|(l, r, _)| (*l, *r) == (left, right)))
        {
            return known.clone();
        }
        let mut scalar = Scalar::Binary("=".into(), arith::eq, Box::new([a.scalar.clone(), b.scalar.clone()]));
        self.planner.fold(&mut scalar);
        let nullable = a.nullable | b.nullable;
        let clause = self.clause(Exprs::of(scalar), nullable, true, 0, parent);
        if parent.is_some() {
            self.classes[at].derived.push((left, right, clause.clone()));
        }
        clause.classes.set(Some((at, at)));
        clause
    }

    /// `generate_join_implied_equalities`: what the classes ask of a join of these two.
    pub fn implied(&mut self, outer: Relids, inner: Relids) -> Vec<Rc<Clause>> {
        let mut clauses = Vec::new();
        for at in 0..self.classes.len() {
            let class = &self.classes[at];
            let applies = class.merged.is_none() && !class.constant && class.members.len() > 1;
            if applies && class.relids & outer != 0 && class.relids & inner != 0 {
                self.implied_by(at, outer, inner, &mut clauses);
            }
        }
        clauses
    }

    fn implied_by(&mut self, at: usize, outer: Relids, inner: Relids, clauses: &mut Vec<Rc<Clause>>) {
        let (mut outers, mut inners, mut news) = (Vec::new(), Vec::new(), Vec::new());
        for (n, member) in self.classes[at].members.iter().enumerate() {
            match member.relids {
                relids if relids & !(outer | inner) != 0 => {}
                relids if relids & !outer == 0 => outers.push(n),
                relids if relids & !inner == 0 => inners.push(n),
                _ => news.push(n),
            }
        }
        let is_column = |n: usize| matches!(self.classes[at].members[n].scalar, Scalar::Column(_));
        let mut best: Option<(u32, usize, usize)> = None;
        for a in &outers {
            for b in &inners {
                let score = u32::from(is_column(*a)) + u32::from(is_column(*b));
                if best.is_none_or(|best| score > best.0) {
                    best = Some((score, *a, *b));
                }
            }
        }
        if let Some((_, a, b)) = best {
            clauses.push(self.equality(at, a, b, Some(at)));
        }
        if news.is_empty() {
            return;
        }
        news.extend(outers.first().or(inners.first()));
        for pair in news.windows(2) {
            clauses.push(self.equality(at, pair[0], pair[1], Some(at)));
        }
    }

    /// `generate_implied_equalities_for_column`: equalities of a column's expression with what other relations have.
    pub fn implied_for(&mut self, base: usize, fits: &dyn Fn(&Scalar) -> bool) -> Vec<Rc<Clause>> {
        let own: Relids = 1 << base;
        let mut clauses = Vec::new();
        for at in 0..self.classes.len() {
            let class = &self.classes[at];
            if class.merged.is_some() || class.constant || class.members.len() < 2 || class.relids & own == 0 {
                continue;
            }
            let found = class.members.iter().position(|member| member.relids == own && fits(&member.scalar));
            let Some(found) = found else { continue };
            for other in 0..self.classes[at].members.len() {
                let relids = self.classes[at].members[other].relids;
                if other != found && relids & own == 0 && relids != 0 {
                    clauses.push(self.equality(at, found, other, Some(at)));
                }
            }
        }
        clauses
    }

    /// `have_relevant_eclass_joinclause`
    pub fn linked_by_class(&self, a: Relids, b: Relids) -> bool {
        self.classes.iter().any(|class| {
            class.merged.is_none()
                && !class.constant
                && class.members.len() > 1
                && class.relids & a != 0
                && class.relids & b != 0
        })
    }

    // --- orders ----------------------------------------------------------------------------------------------

    /// Adds a key to an order, if it says something new: all rows of a class with a constant are alike.
    pub fn push_key(&self, keys: &mut Vec<Key>, key: Key) {
        let key = Key { class: self.class(key.class), ..key };
        let class = &self.classes[key.class];
        let redundant = class.constant || keys.iter().any(|own| own.class == key.class);
        if !redundant {
            keys.push(key);
        }
    }

    /// The order by these expressions: each with DESC and NULLS FIRST.
    pub fn order_of(&mut self, by: &[(Scalar, bool, bool)]) -> Vec<Key> {
        let mut keys = Vec::with_capacity(by.len());
        for (scalar, descending, nulls_first) in by {
            let nullable = self.nullable_below(self.relids(scalar));
            let class = self.class_of(scalar, nullable);
            self.push_key(&mut keys, Key { class, descending: *descending, nulls_first: *nulls_first });
        }
        keys
    }
}
