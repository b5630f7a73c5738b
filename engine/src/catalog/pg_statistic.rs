//! The rows of `pg_statistic`: what ANALYZE has found out about columns.
//!
//! A row has five places for what a type's own ANALYZE function likes to keep. For a type with an order three are used, one
//! behind the other: most common values, a histogram, the correlation.

use super::layout::PG_STATISTIC;
use super::{pg_attribute, rows};
use crate::ids::{Error, Oid, Result};
use crate::txn::Env;
use crate::types::column_stats::ColumnStats;
use crate::types::{Attr, Datum, TypeId, form_tuple};

/// How many places a row has; `STATISTIC_NUM_SLOTS`.
const SLOTS: usize = 5;
/// `STATISTIC_KIND_MCV`
const MCV: i64 = 1;
/// `STATISTIC_KIND_HISTOGRAM`
const HISTOGRAM: i64 = 2;
/// `STATISTIC_KIND_CORRELATION`
const CORRELATION: i64 = 3;
/// A row that is longer would need a table for long values, which catalogs have not.
const MAX_ROW: usize = 8000;

/// The columns of the five places, from 0: kinds, operators, collations, numbers, values.
const KIND: usize = 6;
const NUMBERS: usize = KIND + 3 * SLOTS;
const VALUES: usize = NUMBERS + SLOTS;

/// The operators `=` and `<` of a type. Source: pg_operator of 15.18.
fn operators(type_id: TypeId) -> (u32, u32) {
    use TypeId::*;
    match type_id {
        Bool => (91, 58),
        Bytea => (1955, 1957),
        Char => (92, 631),
        Name => (93, 660),
        Int8 => (410, 412),
        Int2 => (94, 95),
        Int4 => (96, 97),
        Text | Varchar => (98, 664),
        Tid => (387, 2799),
        OidVector => (649, 645),
        Float4 => (620, 622),
        Float8 => (670, 672),
        TimestampTz => (1320, 1322),
        Interval => (1330, 1332),
        Numeric => (1752, 1754),
        PgLsn => (3222, 3224),
        Bpchar => (1054, 1058),
        Date => (1093, 1095),
        Time => (1108, 1110),
        TimeTz => (1550, 1552),
        Timestamp => (2060, 2062),
        Uuid => (2972, 2974),
        Jsonb => (3240, 3242),
        array if array.is_array() => (1070, 1072),
        _ => (607, 609),
    }
}

/// One of the five places.
struct Slot {
    kind: i64,
    operator: u32,
    numbers: Datum,
    values: Datum,
}

fn slots(attr: &Attr, stats: &ColumnStats) -> Vec<Slot> {
    let (equal, less) = operators(attr.type_id);
    let floats = |numbers: &mut dyn Iterator<Item = f32>| {
        Datum::array(TypeId::Float4, numbers.map(Datum::Float4).collect::<Vec<_>>())
    };
    let values = |values: Vec<Datum>| Datum::array(attr.type_id, values);
    let mut slots = Vec::new();
    if !stats.common.is_empty() {
        slots.push(Slot {
            kind: MCV,
            operator: equal,
            numbers: floats(&mut stats.common.iter().map(|(_, part)| *part)),
            values: values(stats.common.iter().map(|(value, _)| value.clone()).collect()),
        });
    }
    if !stats.histogram.is_empty() {
        let values = values(stats.histogram.clone());
        slots.push(Slot { kind: HISTOGRAM, operator: less, numbers: Datum::Null, values });
    }
    if let Some(correlation) = stats.correlation {
        let numbers = floats(&mut [correlation].into_iter());
        slots.push(Slot { kind: CORRELATION, operator: less, numbers, values: Datum::Null });
    }
    slots
}

/// The values of all 31 columns.
fn values(table: Oid, attnum: usize, attr: &Attr, stats: &ColumnStats) -> Vec<Datum> {
    let mut values = vec![Datum::Null; VALUES + SLOTS];
    values[0] = Datum::Oid(table);
    values[1] = Datum::Int2(attnum as i16);
    values[2] = Datum::Bool(false);
    values[3] = Datum::Float4(stats.null_frac);
    values[4] = Datum::Int4(stats.width);
    values[5] = Datum::Float4(stats.distinct);
    for slot in 0..SLOTS {
        values[KIND + slot] = Datum::Int2(0);
        values[KIND + SLOTS + slot] = Datum::Oid(Oid::INVALID);
        values[KIND + 2 * SLOTS + slot] = Datum::Oid(Oid::INVALID);
    }
    for (at, slot) in slots(attr, stats).into_iter().enumerate() {
        values[KIND + at] = Datum::Int2(slot.kind as i16);
        values[KIND + SLOTS + at] = Datum::Oid(Oid(slot.operator));
        values[KIND + 2 * SLOTS + at] = Datum::Oid(pg_attribute::collation(attr.type_id, false));
        values[NUMBERS + at] = slot.numbers;
        values[VALUES + at] = slot.values;
    }
    values
}

/// `update_attstats`: notes what was found out about a column, from 0. If it is too long for a row, every other bound of the
/// histogram goes, then every other common value.
pub async fn update(env: &Env, table: Oid, column: usize, attr: &Attr, stats: &ColumnStats) -> Result<()> {
    let mut stats = stats.clone();
    let desc = PG_STATISTIC.desc();
    let new = loop {
        let new = values(table, column + 1, attr, &stats);
        if form_tuple(&desc, &new)?.len() <= MAX_ROW {
            break new;
        }
        if stats.histogram.len() > 2 {
            let last = stats.histogram.pop();
            stats.histogram = stats.histogram.into_iter().step_by(2).chain(last).collect();
        } else if stats.common.is_empty() {
            stats.histogram.clear();
        } else {
            stats.common.truncate(stats.common.len() / 2);
        }
    };
    let known = rows::find(env, &PG_STATISTIC, 2, |first| is_of(first, table, column)).await?;
    match known.first() {
        Some((tid, _)) => rows::update(env, &PG_STATISTIC, *tid, &new).await,
        None => rows::insert(env, &PG_STATISTIC, &new).await.map(drop),
    }
}

fn is_of(first: &[Datum], table: Oid, column: usize) -> bool {
    first[0] == Datum::Oid(table) && first[1] == Datum::Int2(column as i16 + 1)
}

/// `RemoveStatistics`: the table is gone.
pub(super) async fn forget(env: &Env, table: Oid) -> Result<()> {
    for (tid, _) in rows::find(env, &PG_STATISTIC, 1, |first| first[0] == Datum::Oid(table)).await? {
        rows::delete(env, &PG_STATISTIC, tid).await?;
    }
    Ok(())
}

/// What is known of the columns of a table, or of all: table, column from 0, statistics.
pub async fn read(env: &Env, table: Option<Oid>) -> Result<Vec<(Oid, usize, ColumnStats)>> {
    let wanted = |first: &[Datum]| table.is_none_or(|table| first[0] == Datum::Oid(table));
    let found = rows::find(env, &PG_STATISTIC, 1, wanted).await?;
    found.iter().map(|(_, values)| of_values(values)).collect()
}

fn of_values(values: &[Datum]) -> Result<(Oid, usize, ColumnStats)> {
    if values.len() != VALUES + SLOTS {
        return Err(Error::corrupt("a row of pg_statistic has the wrong number of columns"));
    }
    let float = |value: &Datum| value.as_float().map(|n| n as f32);
    let mut stats = ColumnStats {
        null_frac: float(&values[3])?,
        width: values[4].as_int()? as i32,
        distinct: float(&values[5])?,
        ..ColumnStats::default()
    };
    let items = |value: &Datum| match value {
        Datum::Array(array) => array.items.clone(),
        _ => Vec::new(),
    };
    for slot in 0..SLOTS {
        let (numbers, found) = (items(&values[NUMBERS + slot]), items(&values[VALUES + slot]));
        match values[KIND + slot].as_int()? {
            MCV => {
                let parts = numbers.iter().map(float).collect::<Result<Vec<f32>>>()?;
                stats.common = found.into_iter().zip(parts).collect();
            }
            HISTOGRAM => stats.histogram = found,
            CORRELATION => stats.correlation = numbers.first().map(float).transpose()?,
            _ => {}
        }
    }
    Ok((Oid(values[0].as_u32()?), values[1].as_int()? as usize - 1, stats))
}
