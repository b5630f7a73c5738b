//! VACUUM FULL and REINDEX as commands.

use super::session::Session;
use crate::catalog::{self, Table};
use crate::ids::{Error, LockMode, Result, Severity, sqlstate};
use crate::sql::ast::{Reindex, Vacuum};

/// `pg_rusage_show`: work of a processor takes no time here.
fn rusage(elapsed: u64) -> String {
    format!("CPU: user: 0.00 s, system: 0.00 s, elapsed: {:.2} s", elapsed as f64 / 1e6)
}

/// `ExecVacuum`: what does not go together.
pub(super) fn check_options(vacuum: &Vacuum) -> Result<()> {
    let refused = |message: &str| Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
    if vacuum.full && vacuum.disable_page_skipping {
        return refused("VACUUM option DISABLE_PAGE_SKIPPING cannot be used with FULL");
    }
    if vacuum.full && vacuum.process_toast == Some(false) {
        return refused("PROCESS_TOAST required with VACUUM FULL");
    }
    Ok(())
}

impl Session {
    /// VACUUM FULL of a table that is locked against everybody.
    pub(super) async fn rewrite(&self, table: &Table, verbose: bool) -> Result<()> {
        if table.is_catalog {
            return Err(Error::unsupported("VACUUM FULL of a catalog"));
        }
        let begun = self.env.cx.now();
        if verbose {
            self.inform(Error::new(
                sqlstate::SUCCESSFUL_COMPLETION,
                format!("vacuuming \"{}.{}\"", table.schema, table.name),
            ));
        }
        let done = catalog::rewrite_table(&self.env, &self.catalog, table).await?;
        if verbose {
            let (removed, kept, pages) = (done.removed, done.kept, done.old_pages);
            let message = format!(
                "\"{}.{}\": found {removed} removable, {kept} nonremovable row versions in {pages} pages",
                table.schema, table.name
            );
            let detail = format!("{} dead row versions cannot be removed yet.", done.recently_dead);
            let detail = format!("{detail}\n{}.", rusage(self.env.cx.now() - begun));
            self.inform(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).detail(detail));
        }
        Ok(())
    }

    pub(super) fn inform(&self, notice: Error) {
        self.env.notice(notice.severity(Severity::Info));
    }

    /// REINDEX TABLE, with the index of its long values, or INDEX.
    pub(super) async fn reindex(&self, reindex: &Reindex) -> Result<()> {
        let (env, catalog) = (&self.env, &self.catalog);
        let (schema, name) = (reindex.name.schema.as_deref(), &*reindex.name.name);
        let missing = || Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{}\" does not exist", reindex.name));
        let wrong = |what| Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{name}\" is not {what}"));
        catalog.accept_invalidations(env);
        let named = catalog.table(env, schema, name).await?.ok_or_else(missing)?;
        let (oid, only) = match (reindex.index, named.class.is_index()) {
            (true, false) => return Err(wrong("an index")),
            (false, true) => return Err(wrong("a table or materialized view")),
            (true, true) => (catalog::index::table_of(env, named.oid).await?, Some(named.oid)),
            (false, false) => (named.oid, None),
        };
        env.lock_relation(oid, LockMode::Share).await?;
        catalog.accept_invalidations(env);
        let table = catalog.table_by_oid(env, oid).await?.ok_or_else(missing)?;
        let mut count = self.rebuild(&table, only, reindex.verbose).await?;
        if let Some(toast) = table.rel.toast.as_ref().filter(|_| only.is_none()) {
            env.lock_relation(toast.rel.oid, LockMode::Share).await?;
            if let Some(chunks) = catalog.table_by_oid(env, toast.rel.oid).await? {
                count += self.rebuild(&chunks, None, reindex.verbose).await?;
            }
        }
        if count == 0 {
            let message = format!("table \"{name}\" has no indexes to reindex");
            env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice));
        }
        Ok(())
    }

    /// Builds the indexes of a table anew, or one of them. Returns how many.
    async fn rebuild(&self, table: &Table, only: Option<crate::ids::Oid>, verbose: bool) -> Result<usize> {
        let mut count = 0;
        for (at, index) in table.rel.indexes.iter().enumerate() {
            if only.is_some_and(|only| only != index.rel.oid) {
                continue;
            }
            let begun = self.env.cx.now();
            catalog::rebuild_index(&self.env, &self.catalog, table, at).await?;
            count += 1;
            if verbose {
                let message = format!("index \"{}\" was reindexed", index.name);
                let detail = rusage(self.env.cx.now() - begun);
                self.inform(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).detail(detail));
            }
        }
        Ok(count)
    }
}
