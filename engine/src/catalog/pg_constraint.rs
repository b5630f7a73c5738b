//! The rows of `pg_constraint`: keys, each with its index; references to other tables; conditions on rows. NOT NULL has none
//! in version 15.

use std::rc::Rc;

use crate::ids::{Error, Oid, Result};
use crate::types::{Datum, TypeId};

/// What a foreign key does when the row that it refers to goes, or gets another key; `confupdtype`, `confdeltype`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FkAction {
    /// NO ACTION: an error, unless at the end there is such a row again.
    NoAction,
    /// RESTRICT: an error.
    Restrict,
    /// CASCADE: the same happens to the rows that refer to it.
    Cascade,
    /// SET NULL
    SetNull,
    /// SET DEFAULT
    SetDefault,
}

/// The letters of the actions, in their order.
const ACTIONS: [(FkAction, u8); 5] = [
    (FkAction::NoAction, b'a'),
    (FkAction::Restrict, b'r'),
    (FkAction::Cascade, b'c'),
    (FkAction::SetNull, b'n'),
    (FkAction::SetDefault, b'd'),
];

impl FkAction {
    /// Its words.
    pub fn name(self) -> &'static str {
        match self {
            FkAction::NoAction => "NO ACTION",
            FkAction::Restrict => "RESTRICT",
            FkAction::Cascade => "CASCADE",
            FkAction::SetNull => "SET NULL",
            FkAction::SetDefault => "SET DEFAULT",
        }
    }

    fn letter(self) -> u8 {
        ACTIONS.iter().find(|(action, _)| *action == self).map_or(b' ', |(_, letter)| *letter)
    }

    fn of_letter(letter: u8) -> Result<FkAction> {
        let found = ACTIONS.iter().find(|(_, own)| *own == letter).map(|(action, _)| *action);
        found.ok_or_else(|| Error::corrupt("unrecognized action of a foreign key"))
    }
}

/// What only a foreign key has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ForeignKey {
    /// The table that is referred to.
    pub table: Oid,
    /// Its columns, from 0, in the order of those that refer to them.
    pub columns: Vec<usize>,
    /// ON UPDATE
    pub on_update: FkAction,
    /// ON DELETE
    pub on_delete: FkAction,
    /// MATCH FULL: of several columns all are NULL or none.
    pub full: bool,
    /// The equality operators: of the key with the reference, of keys, of references.
    pub operators: [Vec<Oid>; 3],
    /// The columns that ON DELETE SET NULL or SET DEFAULT sets, from 0; all where there are none.
    pub set_columns: Vec<usize>,
}

/// A constraint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConstraintRow {
    /// `oid`
    pub oid: Oid,
    /// `conname`
    pub name: Rc<str>,
    /// `connamespace`
    pub namespace: Oid,
    /// `contype`: `p` primary key, `u` unique, `f` foreign key, `c` check.
    pub kind: u8,
    /// `condeferrable`
    pub deferrable: bool,
    /// `condeferred`
    pub deferred: bool,
    /// `convalidated`: all rows are known to meet it.
    pub validated: bool,
    /// `conrelid`: whose it is.
    pub table: Oid,
    /// `conindid`: the index of the key; of a foreign key, that of the key that it refers to.
    pub index: Oid,
    /// `conkey`: its columns, from 0.
    pub columns: Vec<usize>,
    /// Of a foreign key, to what it refers.
    pub foreign: Option<ForeignKey>,
    /// `conbin`: the condition of a check, as SQL.
    pub condition: Option<Rc<str>>,
}

/// Places of columns that are read, from 0.
/// The place of `connamespace`.
pub(super) const NAMESPACE: usize = column::NAMESPACE;

mod column {
    pub(super) const OID: usize = 0;
    pub(super) const NAME: usize = 1;
    pub(super) const NAMESPACE: usize = 2;
    pub(super) const KIND: usize = 3;
    pub(super) const DEFERRABLE: usize = 4;
    pub(super) const DEFERRED: usize = 5;
    pub(super) const VALIDATED: usize = 6;
    pub(super) const TABLE: usize = 7;
    pub(super) const INDEX: usize = 9;
    pub(super) const FOREIGN_TABLE: usize = 11;
    pub(super) const ON_UPDATE: usize = 12;
    pub(super) const ON_DELETE: usize = 13;
    pub(super) const MATCH: usize = 14;
    pub(super) const COLUMNS: usize = 18;
    pub(super) const FOREIGN_COLUMNS: usize = 19;
    pub(super) const OPERATORS: usize = 20;
    pub(super) const SET_COLUMNS: usize = 23;
    pub(super) const CONDITION: usize = 25;
}

impl ConstraintRow {
    /// The values of all 26 columns.
    pub(super) fn values(&self) -> Vec<Datum> {
        let none = Datum::Oid(Oid::INVALID);
        let foreign = self.foreign.as_ref();
        let letter = |of: &dyn Fn(&ForeignKey) -> u8| Datum::Char(foreign.map_or(b' ', of));
        let oids = |at: usize| {
            let of = |key: &ForeignKey| key.operators[at].iter().copied().map(Datum::Oid).collect::<Vec<_>>();
            foreign.map_or(Datum::Null, |key| Datum::array(TypeId::Oid, of(key)))
        };
        let set = foreign.map(|key| &key.set_columns).filter(|columns| !columns.is_empty());
        vec![
            Datum::Oid(self.oid),
            Datum::name(&self.name),
            Datum::Oid(self.namespace),
            Datum::Char(self.kind),
            Datum::Bool(self.deferrable),
            Datum::Bool(self.deferred),
            Datum::Bool(self.validated),
            Datum::Oid(self.table),
            none.clone(), // contypid
            Datum::Oid(self.index),
            none, // conparentid
            Datum::Oid(foreign.map_or(Oid::INVALID, |key| key.table)),
            letter(&|key| key.on_update.letter()),
            letter(&|key| key.on_delete.letter()),
            letter(&|key| if key.full { b'f' } else { b's' }),
            Datum::Bool(true), // conislocal
            Datum::Int4(0),    // coninhcount
            Datum::Bool(self.kind != b'c'),
            if self.columns.is_empty() { Datum::Null } else { numbers(&self.columns) },
            foreign.map_or(Datum::Null, |key| numbers(&key.columns)),
            oids(0),
            oids(1),
            oids(2),
            set.map_or(Datum::Null, |columns| numbers(columns)),
            Datum::Null, // conexclop
            self.condition.as_ref().map_or(Datum::Null, |text| Datum::Text(text.clone())),
        ]
    }

    /// Reads a row.
    pub(super) fn of_values(values: &[Datum]) -> Result<ConstraintRow> {
        let oid = |at: usize| values[at].as_u32().map(Oid);
        let kind = letter(&values[column::KIND])?;
        let foreign = match kind {
            b'f' => Some(ForeignKey {
                table: oid(column::FOREIGN_TABLE)?,
                columns: places(&values[column::FOREIGN_COLUMNS])?,
                on_update: FkAction::of_letter(letter(&values[column::ON_UPDATE])?)?,
                on_delete: FkAction::of_letter(letter(&values[column::ON_DELETE])?)?,
                full: letter(&values[column::MATCH])? == b'f',
                operators: [
                    operators(&values[column::OPERATORS])?,
                    operators(&values[column::OPERATORS + 1])?,
                    operators(&values[column::OPERATORS + 2])?,
                ],
                set_columns: places(&values[column::SET_COLUMNS])?,
            }),
            _ => None,
        };
        let condition = &values[column::CONDITION];
        Ok(ConstraintRow {
            oid: oid(column::OID)?,
            name: values[column::NAME].as_str()?.into(),
            namespace: oid(column::NAMESPACE)?,
            kind,
            deferrable: values[column::DEFERRABLE].as_bool()?,
            deferred: values[column::DEFERRED].as_bool()?,
            validated: values[column::VALIDATED].as_bool()?,
            table: oid(column::TABLE)?,
            index: oid(column::INDEX)?,
            columns: places(&values[column::COLUMNS])?,
            foreign,
            condition: if condition.is_null() { None } else { Some(condition.as_str()?.into()) },
        })
    }

    /// Whether it stands for a key, which has an index of its name.
    pub fn is_key(&self) -> bool {
        matches!(self.kind, b'p' | b'u')
    }
}

fn letter(value: &Datum) -> Result<u8> {
    match value {
        Datum::Char(letter) => Ok(*letter),
        other => Err(other.unexpected("\"char\"")),
    }
}

/// Columns from 0 as an array of their numbers from 1.
fn numbers(columns: &[usize]) -> Datum {
    Datum::array(TypeId::Int2, columns.iter().map(|column| Datum::Int2(*column as i16 + 1)).collect::<Vec<_>>())
}

fn items(array: &Datum) -> Result<&[Datum]> {
    match array {
        Datum::Null => Ok(&[]),
        Datum::Array(array) => Ok(&array.items),
        other => Err(other.unexpected("array")),
    }
}

fn places(array: &Datum) -> Result<Vec<usize>> {
    items(array)?.iter().map(|item| item.as_int().map(|number| number as usize - 1)).collect()
}

fn operators(array: &Datum) -> Result<Vec<Oid>> {
    items(array)?.iter().map(|item| item.as_u32().map(Oid)).collect()
}

/// Whether a row, of which the first columns are enough, is that of the key behind an index.
pub(super) fn is_behind(first: &[Datum], index: Oid) -> bool {
    first[column::INDEX] == Datum::Oid(index) && first[column::KIND] != Datum::Char(b'f')
}

/// Whether a row, of which the first columns are enough, is that of a constraint with this name.
pub(super) fn is_named(first: &[Datum], namespace: Oid, name: &str) -> bool {
    first[column::NAMESPACE] == Datum::Oid(namespace) && first[column::NAME].as_str().is_ok_and(|own| own == name)
}

/// Whether a row, of which the first columns are enough, is one of this table's.
pub(super) fn is_of(first: &[Datum], table: Oid) -> bool {
    first[column::TABLE] == Datum::Oid(table)
}

/// Whether a row, of which the first columns are enough, is one of this table's or refers to it.
pub(super) fn concerns(first: &[Datum], table: Oid) -> bool {
    is_of(first, table) || first[column::FOREIGN_TABLE] == Datum::Oid(table)
}

/// How many columns these look at.
pub(super) const FIRST_COLUMNS: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let foreign = ForeignKey {
            table: Oid(16384),
            columns: vec![1, 0],
            on_update: FkAction::SetNull,
            on_delete: FkAction::NoAction,
            full: true,
            operators: [vec![Oid(416), Oid(96)], vec![Oid(410), Oid(96)], vec![Oid(96), Oid(96)]],
            set_columns: Vec::new(),
        };
        let row = ConstraintRow {
            oid: Oid(16400),
            name: "c2".into(),
            namespace: Oid(2200),
            kind: b'f',
            deferrable: true,
            deferred: true,
            validated: true,
            table: Oid(16391),
            index: Oid(16389),
            columns: vec![1, 0],
            foreign: Some(foreign),
            condition: None,
        };
        assert_eq!(row.values().len(), 26);
        assert_eq!(ConstraintRow::of_values(&row.values()).unwrap(), row);
    }
}
