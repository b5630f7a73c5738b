//! The rows of `pg_attribute`, one for each column, the system columns included.
//!
//! The system columns (`ctid`, `xmin` ...) are no columns of a row: they show its header. They stand in the table with
//! numbers below 0 so that nobody gives a column such a name.

use crate::ids::{Error, Oid, Result};
use crate::small;
use crate::types::tuple::{read_stored, value_bytes};
use crate::types::{Attr, Datum, TypeId};

/// The system columns: -1, -2 and so on.
pub const SYSTEM_COLUMNS: [(&str, TypeId); 6] = [
    ("ctid", TypeId::Tid),
    ("xmin", TypeId::Xid),
    ("cmin", TypeId::Cid),
    ("xmax", TypeId::Xid),
    ("cmax", TypeId::Cid),
    ("tableoid", TypeId::Oid),
];

/// `DEFAULT_COLLATION_OID`: the database's collation.
const DEFAULT_COLLATION: Oid = Oid(100);
/// The type `cstring`.
const CSTRING: Oid = Oid(2275);
/// `C_COLLATION_OID`: catalogs sort their names by bytes.
const C_COLLATION: Oid = Oid(950);

/// Places of columns that are read, from 0.
mod column {
    pub(super) const RELATION: usize = 0;
    pub(super) const NAME: usize = 1;
    pub(super) const TYPE: usize = 2;
    pub(super) const LEN: usize = 4;
    pub(super) const NUM: usize = 5;
    pub(super) const TYPMOD: usize = 8;
    pub(super) const BYVAL: usize = 9;
    pub(super) const ALIGN: usize = 10;
    pub(super) const STORAGE: usize = 11;
    pub(super) const NOTNULL: usize = 13;
    pub(super) const HAS_DEFAULT: usize = 14;
    pub(super) const IDENTITY: usize = 16;
    pub(super) const DROPPED: usize = 18;
    pub(super) const MISSING: usize = 25;
}

/// `typcollation`, as a column of a catalog has it or as any other has it.
pub(super) fn collation(type_id: TypeId, of_catalog: bool) -> Oid {
    match type_id {
        TypeId::Name => C_COLLATION,
        TypeId::Text | TypeId::TextArray | TypeId::Varchar | TypeId::VarcharArray | TypeId::PgNodeTree => {
            if of_catalog { C_COLLATION } else { DEFAULT_COLLATION }
        }
        TypeId::NameArray => C_COLLATION,
        _ => Oid::INVALID,
    }
}

/// The values of all 26 columns for a column of a table; system columns have a number below 0.
pub fn row(table: Oid, attnum: i16, attr: &Attr, of_catalog: bool) -> Vec<Datum> {
    let nothing = Datum::Char(0);
    let is_vector = attr.attstorage == b'p';
    let is_array = attr.type_id.is_array() && (of_catalog || !is_vector);
    vec![
        Datum::Oid(table),
        Datum::Name(attr.name.clone()),
        Datum::Oid(match attr {
            attr if attr.dropped => Oid::INVALID,
            attr if attr.attlen == -2 => CSTRING,
            attr => attr.type_id.oid(),
        }),
        Datum::Int4(if attnum < 0 { 0 } else { -1 }), // attstattarget
        Datum::Int2(attr.attlen),
        Datum::Int2(attnum),
        Datum::Int4(i32::from(is_array)), // attndims
        Datum::Int4(-1),                  // attcacheoff
        Datum::Int4(attr.typmod),
        Datum::Bool(attr.attbyval),
        Datum::Char(attr.attalign),
        Datum::Char(attr.attstorage),
        nothing.clone(), // attcompression
        Datum::Bool(attr.notnull),
        Datum::Bool(attr.has_default),
        Datum::Bool(attr.missing.is_some()),
        Datum::Char(attr.identity),
        nothing, // attgenerated
        Datum::Bool(attr.dropped),
        Datum::Bool(true), // attislocal
        Datum::Int4(0),    // attinhcount
        Datum::Oid(if attr.dropped { Oid::INVALID } else { collation(attr.type_id, of_catalog) }),
        Datum::Null, // attacl
        Datum::Null, // attoptions
        Datum::Null, // attfdwoptions
        missing_value(attr),
    ]
}

/// `attmissingval`: an array of one element.
fn missing_value(attr: &Attr) -> Datum {
    let Some(bytes) = &attr.missing else { return Datum::Null };
    let value = read_stored(bytes, attr);
    value.map_or(Datum::Null, |value| Datum::array(attr.type_id, vec![value]))
}

/// The rows of the columns of an index or a view, which has none of the system's.
pub(super) fn own_rows(relation: Oid, columns: &[Attr]) -> Vec<Vec<Datum>> {
    columns.iter().enumerate().map(|(at, attr)| row(relation, at as i16 + 1, attr, false)).collect()
}

/// The rows of all columns of a table, in the order in which PostgreSQL writes them: its own, then the system's.
pub fn rows(table: Oid, columns: &[Attr], of_catalog: bool) -> Vec<Vec<Datum>> {
    let own = columns.iter().enumerate().map(|(at, attr)| row(table, at as i16 + 1, attr, of_catalog));
    let system = SYSTEM_COLUMNS.iter().enumerate().map(|(at, (name, type_id))| {
        let attr = Attr::new(name, *type_id).not_null();
        row(table, -(at as i16) - 1, &attr, of_catalog)
    });
    own.chain(system).collect()
}

/// The number of the column that a row describes.
pub(super) fn number(values: &[Datum]) -> Result<i64> {
    values[column::NUM].as_int()
}

/// The columns that rows describe, in order of their numbers; system columns are left out.
pub fn columns(rows: &[Vec<Datum>], natts: i16) -> Result<Vec<Attr>> {
    let mut numbered: Vec<(i64, Attr)> = Vec::with_capacity(rows.len());
    for values in rows {
        let attnum = values[column::NUM].as_int()?;
        if attnum > 0 {
            numbered.push((attnum, column_of(values)?));
        }
    }
    small::sort_by_key(&mut numbered, |(attnum, _)| *attnum);
    if !numbered.iter().map(|(attnum, _)| *attnum).eq(1..=i64::from(natts)) {
        return Err(Error::corrupt(format!("pg_attribute does not have {natts} columns for a table that has them")));
    }
    Ok(numbered.into_iter().map(|(_, attr)| attr).collect())
}

pub(super) fn column_of(values: &[Datum]) -> Result<Attr> {
    let letter = |at: usize| match values[at] {
        Datum::Char(letter) => Ok(letter),
        ref other => Err(other.unexpected("\"char\"")),
    };
    let type_oid = Oid(values[column::TYPE].as_u32()?);
    let dropped = values[column::DROPPED].as_bool()?;
    // What type a dropped column was of is forgotten; how long its values are is not.
    let known = if dropped { Some(TypeId::Bytea) } else { type_of(type_oid) };
    let mut attr = Attr {
        name: values[column::NAME].as_str()?.into(),
        type_id: known.ok_or_else(|| Error::corrupt(format!("no type has the oid {type_oid}")))?,
        typmod: values[column::TYPMOD].as_int()? as i32,
        attlen: values[column::LEN].as_int()? as i16,
        attalign: letter(column::ALIGN)?,
        attbyval: values[column::BYVAL].as_bool()?,
        attstorage: letter(column::STORAGE)?,
        notnull: values[column::NOTNULL].as_bool()?,
        dropped,
        has_default: values[column::HAS_DEFAULT].as_bool()?,
        identity: letter(column::IDENTITY)?,
        missing: None,
    };
    if let Datum::Array(array) = &values[column::MISSING]
        && let Some(value) = array.items.first()
    {
        attr.missing = value_bytes(&attr, value)?;
    }
    Ok(attr)
}

/// The type with this oid. An index keeps a `name` without the zeros behind it, as a `cstring`, which is no type of ours.
fn type_of(oid: Oid) -> Option<TypeId> {
    if oid == CSTRING { Some(TypeId::Name) } else { TypeId::from_oid(oid) }
}

/// Whether a row, of which the first column is enough, is one of this table's.
pub(super) fn is_of(first: &[Datum], table: Oid) -> bool {
    first[column::RELATION] == Datum::Oid(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_as_they_were_written() {
        let attrs =
            [Attr::new("id", TypeId::Int4).not_null(), Attr::new("balance", TypeId::Numeric).with_typmod(655_366)];
        let rows = rows(Oid(16384), &attrs, false);
        assert!(rows.iter().all(|row| row.len() == 26));
        assert_eq!(rows.len(), 2 + 6);
        assert_eq!(columns(&rows, 2).unwrap(), attrs);
        assert!(columns(&rows, 3).is_err());
    }
}
