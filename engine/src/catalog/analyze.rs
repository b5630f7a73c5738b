//! ANALYZE of a table: a sample of its rows, what it says of each column, and how many rows there are.
//!
//! PostgreSQL: `do_analyze_rel` in `commands/analyze.c`.

use super::stats::note;
use super::{Catalog, Table, pg_statistic};
use crate::access::{self, RowSample, VisibilityMap, toast};
use crate::ids::{Fork, Result};
use crate::storage::varlena;
use crate::txn::Env;
use crate::types::column_stats::{Sample, TARGET, WIDTH_THRESHOLD};
use crate::types::tuple::{column_ranges, read_value};
use crate::types::{Attr, Datum, deform_tuple};

/// So many rows for each value of the statistics target; `std_typanalyze` says why.
const ROWS_PER_TARGET: usize = 300;

/// Analyzes a table that is locked, and of its columns those that are wanted. `alone`: it does not come with a VACUUM, which
/// has counted the entries of indexes.
pub async fn analyze(
    env: &Env,
    catalog: &Catalog,
    table: &Table,
    columns: Option<&[usize]>,
    alone: bool,
) -> Result<RowSample> {
    let sample = access::sample(env, &table.rel, ROWS_PER_TARGET * TARGET).await?;
    let (rows, _) = sample.estimate();
    for (at, attr) in table.desc.attrs.iter().enumerate() {
        if attr.dropped || columns.is_some_and(|columns| !columns.contains(&at)) {
            continue;
        }
        let stats =
            if sample.rows.is_empty() { None } else { column(env, table, &sample, at).await?.stats(attr, rows)? };
        if let Some(stats) = stats {
            pg_statistic::update(env, table.oid, at, attr, &stats).await?;
        }
    }
    let all_visible = VisibilityMap::of(env, &table.rel).count().await?.0;
    note(env, table.oid, |class| {
        (class.pages, class.tuples) = (sample.pages.0 as i32, rows as f32);
        class.all_visible = all_visible as i32;
        class.has_index &= !table.indexes.is_empty();
    })
    .await?;
    for index in table.rel.indexes.iter().filter(|_| alone) {
        let pages = index.rel.blocks(env, Fork::Main).0;
        note(env, index.rel.oid, |class| (class.pages, class.tuples) = (pages as i32, rows as f32)).await?;
    }
    catalog.forget_all();
    Ok(sample)
}

/// The values of a column in the sample.
async fn column(env: &Env, table: &Table, sample: &RowSample, at: usize) -> Result<Sample> {
    let attr = &table.desc.attrs[at];
    let mut found = Sample { rows: sample.rows.len(), ..Sample::default() };
    for (_, row) in &sample.rows {
        let range = column_ranges(&table.desc, row)?.swap_remove(at);
        let Some(range) = range else {
            found.nulls += 1;
            continue;
        };
        let stored = &row[range];
        found.total_width += stored.len() as f64;
        if raw_size(attr, stored) > WIDTH_THRESHOLD {
            found.too_wide += 1;
            continue;
        }
        let long = attr.attlen == -1 && (varlena::is_external(stored) || varlena::is_compressed(stored));
        let value = match long {
            true => read_value(&toast::detoast(env, stored).await?, attr.type_id)?,
            false => deform_tuple(&table.desc, row)?.swap_remove(at),
        };
        match value {
            Datum::Null => found.nulls += 1,
            value => found.values.push(value),
        }
    }
    Ok(found)
}

/// `toast_raw_datum_size`: how long a value is with a long header, and out of its compression.
fn raw_size(attr: &Attr, stored: &[u8]) -> usize {
    if attr.attlen != -1 {
        return 0;
    }
    if varlena::is_external(stored) {
        return varlena::ToastPointer::read(stored).map_or(0, |pointer| pointer.rawsize as usize);
    }
    if varlena::is_compressed(stored) {
        return varlena::raw_size(stored) + varlena::VARHDRSZ;
    }
    varlena::payload(stored).len() + varlena::VARHDRSZ
}
