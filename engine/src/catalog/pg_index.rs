//! The rows of `pg_index`: whose index it is, over which columns, in which order.

use super::layout::PG_INDEX;
use super::pg_attribute;
use crate::access::KeyColumn;
use crate::ids::{Error, Oid, Result};
use crate::types::{Datum, TupleDesc, TypeId};

/// What differs from index to index in its row of `pg_index`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexRow {
    /// `indexrelid`
    pub oid: Oid,
    /// `indrelid`: the table.
    pub table: Oid,
    /// `indisunique`
    pub unique: bool,
    /// `indisprimary`
    pub primary: bool,
    /// `indcheckxmin`: who needs row versions from before this row must not use the index.
    pub check_xmin: bool,
    /// `indkey` and `indoption`
    pub keys: Vec<KeyColumn>,
    /// The rest of `indkey`: columns behind the key, from 0.
    pub included: Vec<usize>,
}

/// Places of columns that are read, from 0.
mod column {
    pub(super) const OID: usize = 0;
    pub(super) const TABLE: usize = 1;
    pub(super) const KEY_COUNT: usize = 3;
    pub(super) const UNIQUE: usize = 4;
    pub(super) const PRIMARY: usize = 6;
    pub(super) const CHECK_XMIN: usize = 11;
    pub(super) const KEY: usize = 15;
    pub(super) const OPTION: usize = 18;
}

/// `INDOPTION_DESC`
const DESC: i16 = 1;
/// `INDOPTION_NULLS_FIRST`
const NULLS_FIRST: i16 = 2;

impl IndexRow {
    /// The values of all 21 columns, for a table with these columns.
    pub(super) fn values(&self, table: &TupleDesc) -> Vec<Datum> {
        let (yes, no) = (Datum::Bool(true), Datum::Bool(false));
        let count = |columns: usize| Datum::Int2(columns as i16);
        let all = self.keys.iter().map(|key| key.column).chain(self.included.iter().copied());
        let columns: Vec<Datum> = all.map(|column| Datum::Int2(column as i16 + 1)).collect();
        let int2s = |of: &dyn Fn(&KeyColumn) -> i16| {
            Datum::array(TypeId::Int2, self.keys.iter().map(|key| Datum::Int2(of(key))).collect::<Vec<_>>())
        };
        let oids = |of: &dyn Fn(TypeId) -> Oid| {
            let of_key = |key: &KeyColumn| Datum::Oid(of(table.attrs[key.column].type_id));
            Datum::array(TypeId::Oid, self.keys.iter().map(of_key).collect::<Vec<_>>())
        };
        vec![
            Datum::Oid(self.oid),
            Datum::Oid(self.table),
            count(columns.len()),
            count(self.keys.len()),
            Datum::Bool(self.unique),
            no.clone(), // indnullsnotdistinct
            Datum::Bool(self.primary),
            no.clone(),  // indisexclusion
            yes.clone(), // indimmediate
            no.clone(),  // indisclustered
            yes.clone(), // indisvalid
            Datum::Bool(self.check_xmin),
            yes.clone(), // indisready
            yes,         // indislive
            no,          // indisreplident
            Datum::array(TypeId::Int2, columns),
            oids(&|type_id| pg_attribute::collation(type_id, false)),
            oids(&operator_class),
            int2s(&|key| (i16::from(key.descending) * DESC) | (i16::from(key.nulls_first) * NULLS_FIRST)),
            Datum::Null, // indexprs
            Datum::Null, // indpred
        ]
    }

    /// Reads a row.
    pub fn of_values(values: &[Datum]) -> Result<IndexRow> {
        if values.len() != PG_INDEX.desc().natts() {
            return Err(Error::corrupt("a row of pg_index has the wrong number of columns"));
        }
        let (columns, options) = (numbers(&values[column::KEY])?, numbers(&values[column::OPTION])?);
        let key = |(column, option): (&i16, &i16)| KeyColumn {
            column: (*column - 1) as usize,
            descending: option & DESC != 0,
            nulls_first: option & NULLS_FIRST != 0,
        };
        let count = (values[column::KEY_COUNT].as_int()? as usize).min(columns.len());
        Ok(IndexRow {
            oid: Oid(values[column::OID].as_u32()?),
            table: Oid(values[column::TABLE].as_u32()?),
            unique: values[column::UNIQUE].as_bool()?,
            primary: values[column::PRIMARY].as_bool()?,
            check_xmin: values[column::CHECK_XMIN].as_bool()?,
            keys: columns[..count].iter().zip(&options).map(key).collect(),
            included: columns[count..].iter().map(|column| (*column - 1) as usize).collect(),
        })
    }
}

fn numbers(vector: &Datum) -> Result<Vec<i16>> {
    let items = &vector.as_array()?.items;
    items.iter().map(|item| item.as_int().map(|n| n as i16)).collect()
}

/// The default operator class of `btree` for a type. Source: pg_opclass of 15.18.
fn operator_class(type_id: TypeId) -> Oid {
    use TypeId::*;
    crate::ids::Oid(match type_id {
        Bool => 10003,
        Bytea => 10006,
        Char => 10007,
        Name => 10028,
        Int8 => 3124,
        Int2 => 1979,
        Int4 => 1978,
        Text | Varchar => 3126,
        Tid => 10050,
        OidVector => 10032,
        Float4 => 10012,
        Float8 => 3123,
        TimestampTz => 3127,
        Interval => 10022,
        Numeric => 3125,
        PgLsn => 10067,
        array if array.is_array() => 10000,
        // oid, and those that are compared as it: regclass and its like.
        _ => 1981,
    })
}

/// Whether the first columns of a row are those of an index of this table.
pub(super) fn is_on(first: &[Datum], table: Oid) -> bool {
    first[column::TABLE] == Datum::Oid(table)
}

/// Whether the first column of a row is that of this index.
pub(super) fn is_of(first: &[Datum], index: Oid) -> bool {
    first[column::OID] == Datum::Oid(index)
}

/// How many columns [`is_on`] looks at.
pub(super) const TABLE_COLUMNS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Attr;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let table = TupleDesc::new(vec![Attr::new("id", TypeId::Int4), Attr::new("owner", TypeId::Text)]);
        let keys = vec![KeyColumn { column: 1, descending: true, nulls_first: false }, KeyColumn::ascending(0)];
        let row = IndexRow {
            oid: Oid(16450),
            table: Oid(16440),
            unique: true,
            primary: false,
            check_xmin: false,
            keys,
            included: Vec::new(),
        };
        let values = row.values(&table);
        assert_eq!(IndexRow::of_values(&values).unwrap(), row);
        // As 15.18 has it for CREATE UNIQUE INDEX ON accounts(owner DESC NULLS LAST, id).
        let shown = |at: usize| numbers_of(&values[at]);
        assert_eq!([shown(15), shown(16), shown(17), shown(18)], [[2, 1], [100, 0], [3126, 1978], [1, 0]]);
    }

    fn numbers_of(vector: &Datum) -> [i64; 2] {
        let items = &vector.as_array().unwrap().items;
        let number = |item: &Datum| item.as_u32().map(i64::from).or_else(|_| item.as_int()).unwrap();
        [number(&items[0]), number(&items[1])]
    }
}
