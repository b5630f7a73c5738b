//! New files for what there is: VACUUM FULL of a table, REINDEX of an index.
//!
//! ```text
//!   pg_class   oid 16384 │ t      │ relfilenode 16384 ──►  16420      the old file goes when the transaction commits
//!              oid 16390 │ t_pkey │ relfilenode 16390 ──►  16425
//! ```
//!
//! Whatever else names the table goes on naming it by its oid. If the transaction fails, the new files go, and the rows
//! that name them were never there.
//!
//! PostgreSQL makes a whole table `pg_temp_16384`, fills it, and swaps the files of the two: `commands/cluster.c`. Here there
//! is only its file; the ids that the rest of it would have are taken all the same, so that numbers agree. `reindex_index`
//! in `catalog/index.c`.

use super::ddl::{create_file, invalidate};
use super::index::note_build;
use super::layout::{PG_CLASS, PG_INDEX};
use super::pg_class::ClassRow;
use super::pg_index::{self, IndexRow};
use super::{Catalog, Table, invalidation, rows};
use crate::access::{self, Rel, Rewritten, toast::Toast};
use crate::ids::{Error, LockMode, Oid, RelFile, Result};
use crate::txn::{Env, new_oid};
use crate::types::Datum;
use crate::wal::Invalidation;
use std::rc::Rc;

/// `rebuild_relation`: writes a table anew, with its long values and its indexes. It is locked against everybody.
pub async fn rewrite_table(env: &Env, catalog: &Catalog, table: &Table) -> Result<Rewritten> {
    let filenode = new_file(env, table).await?;
    // The types of the rows of `pg_temp_n`, and of arrays of these.
    new_oid(env).await?;
    new_oid(env).await?;
    let mut new = Rel::new(table.oid, moved(&table.rel, filenode)).named(&table.name);
    let mut toast_files = None;
    if let Some(old) = &table.rel.toast {
        let (table_file, index_file) = (new_file(env, table).await?, new_file(env, table).await?);
        let chunks = Rel::new(old.rel.oid, moved(&old.rel, table_file));
        let indexes = old.rel.indexes.iter().map(|index| index.moved(moved(&index.rel, index_file))).collect();
        let chunks = Rel { fresh: true, ..chunks.with_indexes(indexes) };
        for index in chunks.indexes.iter() {
            access::build_index(env, index, &chunks).await?;
        }
        new.toast = Some(Rc::new(Toast { rel: chunks, table: old.table.clone(), rewriting: true }));
        toast_files = Some((old.clone(), table_file, index_file));
    }
    let done = access::rewrite(env, &table.rel, &new, &table.desc, table.class.frozen_xid).await?;
    swap(env, table.oid, &table.rel, |class| {
        (class.filenode, class.frozen_xid, class.all_visible) = (filenode, done.frozen_xid, 0);
        (class.pages, class.tuples) = (done.pages as i32, done.kept as f32);
    })
    .await?;
    if let Some((old, table_file, index_file)) = toast_files {
        swap(env, old.rel.oid, &old.rel, |class| {
            (class.filenode, class.frozen_xid, class.all_visible) = (table_file, done.frozen_xid, 0);
            (class.pages, class.tuples) = (0, -1.0);
        })
        .await?;
        for index in old.rel.indexes.iter() {
            swap(env, index.rel.oid, &index.rel, |class| {
                (class.filenode, class.pages, class.tuples) = (index_file, 1, 0.0);
            })
            .await?;
        }
    }
    forget(env, catalog);
    let moved = catalog.table_by_oid(env, table.oid).await?;
    let table = moved.ok_or_else(|| Error::internal("a table that is locked has gone"))?;
    for at in 0..table.indexes.len() {
        rebuild_index(env, catalog, &table, at).await?;
    }
    Ok(done)
}

/// `reindex_index`: builds one of a table's indexes anew. The table is locked against changes.
pub async fn rebuild_index(env: &Env, catalog: &Catalog, table: &Table, at: usize) -> Result<()> {
    let (index, row) = (&table.rel.indexes[at], &table.indexes[at].row);
    env.lock_relation(index.rel.oid, LockMode::AccessExclusive).await?;
    let filenode = new_file(env, table).await?;
    swap(env, index.rel.oid, &index.rel, |class| {
        (class.filenode, class.pages, class.tuples, class.all_visible) = (filenode, 0, -1.0, 0);
    })
    .await?;
    env.xact.borrow_mut().next_command();
    let new = index.moved(moved(&index.rel, filenode));
    let found = access::build_index(env, &new, &table.rel).await?;
    note_build(env, table, &new, &found).await?;
    if row.check_xmin != found.broken_hot_chain {
        let row = IndexRow { check_xmin: found.broken_hot_chain, ..row.clone() };
        for (tid, _) in rows::find(env, &PG_INDEX, 1, |first| pg_index::is_of(first, row.oid)).await? {
            rows::update(env, &PG_INDEX, tid, &row.values(&table.desc)).await?;
        }
    }
    forget(env, catalog);
    Ok(())
}

/// A new file, which nobody knows yet.
async fn new_file(env: &Env, of: &Table) -> Result<Oid> {
    let filenode = new_oid(env).await?;
    create_file(env, filenode, of.class.namespace).await?;
    Ok(filenode)
}

fn moved(rel: &Rel, filenode: Oid) -> RelFile {
    RelFile { rel: filenode, ..rel.file }
}

/// Gives a relation's row of `pg_class` another file; the old one goes at the commit.
async fn swap(env: &Env, oid: Oid, rel: &Rel, change: impl FnOnce(&mut ClassRow)) -> Result<()> {
    let known = rows::find(env, &PG_CLASS, 1, |first| first[0] == Datum::Oid(oid)).await?;
    let Some((tid, values)) = known.into_iter().next() else {
        return Err(Error::internal(format!("cache lookup failed for relation {oid}")));
    };
    let mut class = ClassRow::of_values(&values)?;
    change(&mut class);
    invalidate(env, invalidation::of_class(env.database, &class));
    invalidate(env, [Invalidation::Relcache { db: env.database, rel: oid }]);
    rows::update(env, &PG_CLASS, tid, &class.values()).await?;
    env.xact.borrow_mut().dropped.push(rel.file);
    Ok(())
}

fn forget(env: &Env, catalog: &Catalog) {
    env.xact.borrow_mut().next_command();
    catalog.forget_all();
}
