//! What changes of a table's rows mean for its indexes.
//!
//! A new row gets an entry in each of them. A new version of a row gets none if no indexed column has changed and it lies on
//! the page of the old one (HOT): the entries of the old one lead to it. Otherwise it gets an entry in every index, also in
//! those whose columns are as before. Entries are only ever removed by VACUUM, or in passing when they lead nowhere.

use super::btree::{self, Index, UniqueCheck};
use super::{Env, Rel, toast};
use crate::ids::{Error, Fork, Result, Tid};
use crate::storage::page;
use crate::types::tuple::leading_ranges;
use crate::world::LwMode;

/// What an update does to columns that indexes know.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Changed {
    /// Which indexes get another key.
    indexes: Vec<bool>,
    /// Some index has to hear of it.
    pub(super) indexed: bool,
    /// A column of a unique index: rows of other tables may refer to it.
    pub(super) key: bool,
}

/// `ExecInsertIndexTuples`: adds the entries of a version, whole as it lies at `tid`. Of a new version of a row `changed`
/// says what it changes.
pub(super) async fn insert(env: &Env, rel: &Rel, row: &[u8], tid: Tid, changed: Option<&Changed>) -> Result<()> {
    if rel.indexes.is_empty() {
        return Ok(());
    }
    let row = toast::flat(env, rel, row).await?;
    for (at, index) in rel.indexes.iter().enumerate() {
        let unchanged = changed.is_some_and(|changed| !changed.indexes.get(at).copied().unwrap_or(true));
        btree::insert(env, index, rel, &row, tid, unchanged, UniqueCheck::Yes).await?;
    }
    Ok(())
}

/// The same for a row on approval: in the indexes of `arbiters` it may meet rows that have its key. Whether it has.
pub(super) async fn insert_on_approval(env: &Env, rel: &Rel, row: &[u8], tid: Tid, arbiters: &[usize]) -> Result<bool> {
    let row = toast::flat(env, rel, row).await?;
    let mut free = true;
    for (at, index) in rel.indexes.iter().enumerate() {
        let check = if arbiters.contains(&at) { UniqueCheck::Partial } else { UniqueCheck::Yes };
        free &= btree::insert(env, index, rel, &row, tid, false, check).await?;
    }
    Ok(!free)
}

/// `ExecCheckIndexConstraints`: the row version that has a key of this row in one of these indexes, if there is one.
pub(super) async fn find_conflict(env: &Env, rel: &Rel, row: &[u8], arbiters: &[usize]) -> Result<Option<Tid>> {
    let row = toast::flat(env, rel, row).await?;
    for index in arbiters.iter().filter_map(|at| rel.indexes.get(*at)) {
        let found = btree::find_conflict(env, index, rel, &row).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// `HeapDetermineColumnsInfo`: what the new version changes of the old one, which lies at `old`.
pub(super) async fn changed(env: &Env, rel: &Rel, old: Tid, new: &[u8]) -> Result<Changed> {
    if rel.indexes.is_empty() {
        return Ok(Changed::default());
    }
    let pin = rel.page(env, Fork::Main, old.block).await?;
    let guard = pin.lock(&env.cx, LwMode::Shared).await;
    let changed = pin.read(|bytes| {
        let before = page::heap_tuple(bytes, old.offset);
        compare(&rel.indexes, before.ok_or_else(|| Error::internal(format!("no row version at {old}")))?, new)
    });
    drop(guard);
    changed
}

/// Values are compared as they are written: a number that is written otherwise counts as another.
fn compare(indexes: &[Index], before: &[u8], after: &[u8]) -> Result<Changed> {
    let last = indexes.iter().flat_map(Index::columns).map(|column| column + 1).max().unwrap_or(0);
    let Some(table) = indexes.first().map(|index| &index.table) else { return Ok(Changed::default()) };
    let (old, new) = (leading_ranges(table, before, last)?, leading_ranges(table, after, last)?);
    let mut changed = Changed::default();
    for index in indexes {
        let changes = |column: usize| {
            let old = old[column].as_ref().map(|range| &before[range.clone()]);
            old != new[column].as_ref().map(|range| &after[range.clone()])
        };
        let in_key = index.keys.iter().any(|key| changes(key.column));
        let differs = in_key || index.included.iter().any(|column| changes(*column));
        changed.indexes.push(differs);
        changed.indexed |= differs;
        changed.key |= in_key && index.unique;
    }
    Ok(changed)
}
