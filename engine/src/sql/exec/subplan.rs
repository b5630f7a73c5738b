//! Subqueries within expressions: EXISTS, IN, ANY, ALL, ARRAY, and those that stand for a value or a row.
//!
//! What a subquery uses of the row around it is put into exec parameters, and its plan is begun again. One whose rows
//! are always the same is run once; if IN asks for equality, its rows are found by a hash from then on.
//!
//! PostgreSQL: `nodeSubplan.c`.

use super::super::bound::{AnyTest, Scalar, SubKind, SubLink};
use super::build::build;
use super::hash::{HashTable, hash_row, same_row};
use super::node::Node;
use super::rows::Rows;
use super::{BATCH, ExecCx};
use crate::ids::{Error, Result, sqlstate};
use crate::types::Datum;
use std::cell::RefCell;
use std::rc::Rc;

/// What is kept of a subquery while its statement runs.
#[derive(Default)]
pub(super) struct SubState {
    /// Its operators, while they do not run.
    node: RefCell<Option<Node>>,
    /// All rows, where they are always the same.
    kept: RefCell<Option<Rc<Kept>>>,
}

/// The rows of a subquery.
struct Kept {
    rows: Rows,
    /// By their values where IN asks for equality, and whether one of these is NULL.
    by_value: Option<(HashTable, Rows, bool)>,
}

impl ExecCx<'_> {
    /// The value of a subquery, with these arguments.
    pub(super) async fn subquery(&self, link: &SubLink, args: Vec<Datum>) -> Result<Datum> {
        for ((param, _), value) in link.args.iter().zip(args) {
            self.set_exec(*param, value);
        }
        let state = &self.subs[link.query];
        if link.constant {
            let kept = state.kept.borrow().clone();
            let kept = match kept {
                Some(kept) => kept,
                None => self.keep(link, state).await?,
            };
            return self.answer(link, &kept);
        }
        let mut node = self.sub_node(link, state);
        let result = self.run_subquery(link, &mut node).await;
        *state.node.borrow_mut() = Some(node);
        result
    }

    /// Sets an exec parameter.
    pub(super) fn set_exec(&self, param: usize, value: Datum) {
        self.exec.borrow_mut()[param] = value;
    }

    fn sub_node(&self, link: &SubLink, state: &SubState) -> Node {
        let node = state.node.borrow_mut().take();
        match node {
            Some(mut node) => {
                node.rewind(self);
                node
            }
            None => build(&self.plan.subs[link.query], self.measured.is_some()),
        }
    }

    /// Runs it as far as the answer needs.
    async fn run_subquery(&self, link: &SubLink, node: &mut Node) -> Result<Datum> {
        let mut rows = Rows::default();
        match &link.kind {
            SubKind::Any(test) => {
                let mut truth = Truth::of(test);
                while !truth.decided() {
                    rows.clear(0);
                    node.next(self, BATCH, &mut rows).await?;
                    if rows.is_empty() {
                        break;
                    }
                    self.breathe(rows.len()).await?;
                    self.test_all(test, &rows, &mut truth)?;
                }
                Ok(truth.value())
            }
            SubKind::Array(_) => {
                let mut all = node.all(self).await?;
                self.bring_all_back(&mut all).await?;
                Ok(array(link, &all))
            }
            kind => {
                let max = if matches!(kind, SubKind::Exists) { 1 } else { 2 };
                node.some(self, max, &mut rows).await?;
                self.bring_all_back(&mut rows).await?;
                self.single(kind, &rows)
            }
        }
    }

    async fn keep(&self, link: &SubLink, state: &SubState) -> Result<Rc<Kept>> {
        let mut node = build(&self.plan.subs[link.query], self.measured.is_some());
        let mut rows = Rows::default();
        match link.kind {
            SubKind::Exists => node.some(self, 1, &mut rows).await?,
            SubKind::Value | SubKind::Row(..) => node.some(self, 2, &mut rows).await?,
            SubKind::Array(_) | SubKind::Any(_) => rows = node.all(self).await?,
        }
        self.bring_all_back(&mut rows).await?;
        let by_value = match &link.kind {
            SubKind::Any(test) => match &test.equal {
                Some((_, right)) => Some(self.by_value(test, right, &rows)?),
                None => None,
            },
            _ => None,
        };
        let kept = Rc::new(Kept { rows, by_value });
        *state.kept.borrow_mut() = Some(kept.clone());
        Ok(kept)
    }

    /// A hash table over what stands on the right of an equality.
    fn by_value(&self, test: &AnyTest, right: &[Scalar], rows: &Rows) -> Result<(HashTable, Rows, bool)> {
        let mut table = HashTable::default();
        let mut keys = Rows::new(right.len());
        let mut null = false;
        for row in rows.iter() {
            self.set_columns(&test.columns, row);
            for scalar in right {
                let value = scalar.eval(&self.eval(&[], 0, &[]))?;
                keys.open().push(value);
            }
            keys.close();
            null |= keys.last().iter().any(Datum::is_null);
            table.insert(hash_row(keys.last()));
        }
        Ok((table, keys, null))
    }

    fn set_columns(&self, columns: &[usize], row: &[Datum]) {
        let mut exec = self.exec.borrow_mut();
        for (param, value) in columns.iter().zip(row) {
            exec[*param] = value.clone();
        }
    }

    fn answer(&self, link: &SubLink, kept: &Kept) -> Result<Datum> {
        let SubKind::Any(test) = &link.kind else {
            return if let SubKind::Array(_) = link.kind {
                Ok(array(link, &kept.rows))
            } else {
                self.single(&link.kind, &kept.rows)
            };
        };
        if let (Some((left, _)), Some((table, keys, null))) = (&test.equal, &kept.by_value) {
            let cx = self.eval(&[], 0, &[]);
            let left = left.iter().map(|scalar| scalar.eval(&cx)).collect::<Result<Vec<_>>>()?;
            if !left.iter().any(Datum::is_null) {
                let found = table.find(hash_row(&left), |entry| same_row(keys.row(entry), &left)).is_some();
                if found || !null {
                    return Ok(Datum::Bool(found));
                }
            }
        }
        let mut truth = Truth::of(test);
        self.test_all(test, &kept.rows, &mut truth)?;
        Ok(truth.value())
    }

    fn test_all(&self, test: &AnyTest, rows: &Rows, truth: &mut Truth) -> Result<()> {
        for row in rows.iter() {
            if truth.decided() {
                break;
            }
            self.set_columns(&test.columns, row);
            truth.add(&test.test.eval(&self.eval(&[], 0, &[]))?)?;
        }
        Ok(())
    }

    /// The answer of a subquery of which only the first rows count.
    fn single(&self, kind: &SubKind, rows: &Rows) -> Result<Datum> {
        if let SubKind::Exists = kind {
            return Ok(Datum::Bool(!rows.is_empty()));
        }
        if rows.len() > 1 {
            let message = "more than one row returned by a subquery used as an expression";
            return Err(Error::new(sqlstate::CARDINALITY_VIOLATION, message));
        }
        match kind {
            _ if rows.is_empty() => Ok(Datum::Null),
            SubKind::Row(test, columns) => {
                self.set_columns(columns, rows.row(0));
                test.eval(&self.eval(&[], 0, &[]))
            }
            _ => Ok(rows.row(0)[0].clone()),
        }
    }
}

fn array(link: &SubLink, rows: &Rows) -> Datum {
    let SubKind::Array(elem) = link.kind else { return Datum::Null };
    Datum::array(elem, rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>())
}

/// What is known of an ANY or an ALL so far.
struct Truth {
    /// The result of one comparison that decides all: true for ANY, false for ALL.
    decides: bool,
    decided: bool,
    null: bool,
}

impl Truth {
    fn of(test: &AnyTest) -> Truth {
        Truth { decides: !test.all, decided: false, null: false }
    }

    fn decided(&self) -> bool {
        self.decided
    }

    fn add(&mut self, result: &Datum) -> Result<()> {
        match result {
            Datum::Null => self.null = true,
            result => self.decided |= result.as_bool()? == self.decides,
        }
        Ok(())
    }

    fn value(&self) -> Datum {
        match (self.decided, self.null) {
            (true, _) => Datum::Bool(self.decides),
            (false, true) => Datum::Null,
            (false, false) => Datum::Bool(!self.decides),
        }
    }
}
