//! The rows of `pg_constraint`. NOT NULL has none in version 15; those that there are say that an index stands for a key.

use crate::ids::Oid;
use crate::types::{Datum, TypeId};

/// A PRIMARY KEY or UNIQUE constraint.
#[derive(Clone, Debug)]
pub(super) struct ConstraintRow<'a> {
    pub(super) oid: Oid,
    pub(super) name: &'a str,
    pub(super) namespace: Oid,
    /// `p` or `u`.
    pub(super) kind: u8,
    pub(super) table: Oid,
    pub(super) index: Oid,
    /// Its columns, from 0.
    pub(super) columns: Vec<usize>,
}

impl ConstraintRow<'_> {
    /// The values of all 26 columns.
    pub(super) fn values(&self) -> Vec<Datum> {
        let (yes, no) = (Datum::Bool(true), Datum::Bool(false));
        let none = Datum::Oid(Oid::INVALID);
        let blank = Datum::Char(b' ');
        let columns: Vec<Datum> = self.columns.iter().map(|column| Datum::Int2(*column as i16 + 1)).collect();
        let mut values = vec![
            Datum::Oid(self.oid),
            Datum::name(self.name),
            Datum::Oid(self.namespace),
            Datum::Char(self.kind),
            no.clone(),  // condeferrable
            no,          // condeferred
            yes.clone(), // convalidated
            Datum::Oid(self.table),
            none.clone(), // contypid
            Datum::Oid(self.index),
            none.clone(),  // conparentid
            none,          // confrelid
            blank.clone(), // confupdtype
            blank.clone(), // confdeltype
            blank,         // confmatchtype
            yes.clone(),   // conislocal
            Datum::Int4(0),
            yes, // connoinherit
            Datum::array(TypeId::Int2, columns),
        ];
        // What only other kinds of constraint have.
        values.resize(26, Datum::Null);
        values
    }
}

/// The places of `conname`, `connamespace`, `conrelid` and `conindid`, from 0.
const NAME: usize = 1;
const NAMESPACE: usize = 2;
const TABLE: usize = 7;
const INDEX: usize = 9;

/// Whether a row, of which the first columns are enough, is that of the constraint behind an index.
pub(super) fn is_behind(first: &[Datum], index: Oid) -> bool {
    first[INDEX] == Datum::Oid(index)
}

/// Whether a row, of which the first columns are enough, is that of a constraint of this table with this name.
pub(super) fn is_named(first: &[Datum], namespace: Oid, name: &str) -> bool {
    first[NAMESPACE] == Datum::Oid(namespace) && first[NAME].as_str().is_ok_and(|own| own == name)
}

/// Whether a row, of which the first columns are enough, is one of this table's.
pub(super) fn is_of(first: &[Datum], table: Oid) -> bool {
    first[TABLE] == Datum::Oid(table)
}

/// How many columns these look at.
pub(super) const FIRST_COLUMNS: usize = 10;
