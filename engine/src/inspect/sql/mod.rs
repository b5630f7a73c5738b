//! What SQL can ask of a server: functions and views of statistics, pages, buffers, locks and the log, named and shaped
//! as PostgreSQL's own and those of its extensions pageinspect, pg_buffercache, pg_walinspect, pg_freespacemap and
//! pg_visibility.
//!
//! ```text
//!   pages      get_raw_page, page_header, heap_page_items, heap_tuple_infomask_flags, fsm_page_contents
//!   btree      bt_metap, bt_page_stats, bt_page_items, pg_get_indexdef
//!   relations  pg_relation_size, pg_visibility_map, pg_freespace, pg_buffercache
//!   wal        pg_current_wal_lsn, pg_get_wal_records_info, pg_walfile_name, pg_switch_wal, pg_control_checkpoint
//!   files      pg_ls_dir, pg_ls_waldir, pg_read_binary_file
//!   activity   pg_stat_activity, pg_stat_replication, pg_stat_wal_receiver
//!   statistics pg_stat_all_tables, pg_stat_database, pg_stat_bgwriter, pg_stat_wal, pg_stat_reset
//!   slots      pg_replication_slots, pg_create_physical_replication_slot, pg_drop_replication_slot
//!   locks      pg_locks, pg_blocking_pids, pg_cancel_backend, pg_terminate_backend, pg_xact_status
//!   described  pg_tables, pg_indexes, pg_views, pg_stats
//!   procs      pg_proc, pg_get_function_arguments
//!   catalogs   pg_roles, pg_collation, pg_language, and those of what there is none of
//!   settings   pg_settings, pg_file_settings, pg_reload_conf
//!   session    pg_prepared_statements, pg_cursors
//! ```
//!
//! Other than a view for the page these run in a session, as its statement: reading a page pins it and may wait.
//!
//! Three types of PostgreSQL are not here, and have stand-ins: `xid8` is an `xid`, `pg_snapshot` and `inet` are `text`.

mod activity;
mod btree;
mod catalogs;
mod described;
mod files;
mod locks;
mod pages;
mod procs;
mod relations;
mod session;
mod settings;
mod slots;
mod statistics;
#[cfg(test)]
mod tests;
mod wal;

use std::rc::{Rc, Weak};

use crate::access::Rel;
use crate::catalog::{Catalog, Table};
use crate::ids::{Error, Fork, Oid, Result, Xid, sqlstate};
use crate::server::Server;
use crate::sql::bound::Row;
use crate::sql::functions::{FnCtx, Registry};
use crate::txn::Env;
use crate::types::{Datum, TypeId};

/// All functions that SQL has on a server.
pub fn functions(server: &Rc<Server>) -> Registry {
    let mut registry = Registry::new();
    let mut functions = Functions { registry: &mut registry, server: Rc::downgrade(server) };
    pages::add(&mut functions);
    btree::add(&mut functions);
    relations::add(&mut functions);
    wal::add(&mut functions);
    files::add(&mut functions);
    activity::add(&mut functions);
    statistics::add(&mut functions);
    described::add(&mut functions);
    catalogs::add(&mut functions);
    procs::add(&mut functions);
    slots::add(&mut functions);
    locks::add(&mut functions);
    settings::add(&mut functions);
    session::add(&mut functions);
    registry
}

/// The views that can be answered without a session: what a panel shows as a table is what SQL says.
pub(super) fn system_view(server: &Server, name: &str) -> Option<(Columns, Vec<Row>)> {
    Some(match name {
        "pg_locks" => (locks::LOCKS, locks::locks(server)),
        "pg_settings" => (settings::SETTINGS, settings::all(&server.spec.settings.borrow())),
        "pg_file_settings" => (settings::FILE_SETTINGS, settings::file_settings(server)),
        "pg_stat_activity" => (activity::ACTIVITY, activity::activity(server)),
        "pg_stat_replication" => (activity::REPLICATION, activity::replication(server)),
        "pg_stat_wal_receiver" => (activity::WAL_RECEIVER, activity::wal_receiver(server)),
        "pg_stat_progress_vacuum" => (activity::PROGRESS_VACUUM, activity::progress_vacuum(server)),
        "pg_stat_database" => (statistics::DATABASE, statistics::databases(server)),
        "pg_stat_bgwriter" => (statistics::BGWRITER, vec![statistics::bgwriter(server)]),
        "pg_stat_wal" => (statistics::WAL, vec![statistics::wal(server)]),
        "pg_replication_slots" => (slots::SLOTS, slots::slots(server)),
        "pg_control_checkpoint" => (wal::CONTROL_CHECKPOINT, vec![wal::checkpoint(server)]),
        _ => return None,
    })
}

/// Columns of rows.
pub(super) type Columns = &'static [(&'static str, TypeId)];

/// Where functions are added. They hold the server weakly: it holds them.
struct Functions<'a> {
    registry: &'a mut Registry,
    server: Weak<Server>,
}

fn alive(server: &Weak<Server>) -> Result<Rc<Server>> {
    server.upgrade().ok_or_else(|| Error::internal("the server is gone"))
}

impl Functions<'_> {
    /// Adds a function that knows its value at once.
    fn value(
        &mut self,
        name: &'static str,
        args: &[TypeId],
        result: TypeId,
        f: fn(&FnCtx, &Server, &[Datum]) -> Result<Datum>,
    ) {
        let server = self.server.clone();
        self.registry.waiting(name, args, result, move |cx, args| {
            let value = alive(&server).and_then(|server| f(cx, &server, args));
            Box::pin(async { value })
        });
    }

    /// Adds a function that knows its rows at once.
    fn rows(
        &mut self,
        name: &'static str,
        args: &[TypeId],
        columns: Columns,
        f: fn(&FnCtx, &Server, &[Datum]) -> Result<Vec<Row>>,
    ) {
        let server = self.server.clone();
        self.registry.rows(name, args, columns, move |cx, args| {
            let rows = alive(&server).and_then(|server| f(cx, &server, args));
            Box::pin(async { rows })
        });
    }

    /// Adds a view.
    fn view(&mut self, name: &'static str, columns: Columns, f: fn(&FnCtx, &Server) -> Vec<Row>) {
        let server = self.server.clone();
        self.registry.view(name, columns, move |cx, _| {
            let rows = alive(&server).map(|server| f(cx, &server));
            Box::pin(async { rows })
        });
    }
}

// --- values --------------------------------------------------------------------------------------------------

fn int4(n: impl TryInto<i32>) -> Datum {
    n.try_into().map_or(Datum::Null, Datum::Int4)
}

fn int8(n: u64) -> Datum {
    Datum::Int8(n as i64)
}

fn text(text: impl AsRef<str>) -> Datum {
    Datum::text(text.as_ref())
}

/// NULL for an empty text.
fn text_or_null(value: &str) -> Datum {
    if value.is_empty() { Datum::Null } else { text(value) }
}

/// NULL for no transaction.
fn xid_or_null(xid: Xid) -> Datum {
    if xid.is_valid() { Datum::Xid(xid) } else { Datum::Null }
}

fn or_null<T>(value: Option<T>, datum: impl FnOnce(T) -> Datum) -> Datum {
    value.map_or(Datum::Null, datum)
}

// --- tables --------------------------------------------------------------------------------------------------

/// The table with this oid.
async fn table_by_oid(cx: &FnCtx, oid: &Datum) -> Result<Option<Rc<Table>>> {
    let oid = Oid(oid.as_u32()?);
    Catalog::new().table_by_oid(&cx.env, oid).await
}

/// The table with this oid, which the function cannot do without.
async fn need_table(cx: &FnCtx, oid: &Datum) -> Result<Rc<Table>> {
    let missing = || Error::internal(format!("could not open relation with OID {}", oid.as_u32().unwrap_or(0)));
    let table = table_by_oid(cx, oid).await?.ok_or_else(missing)?;
    refuse_other_temp(&cx.env, &table)?;
    Ok(table)
}

/// Another session's temporary table cannot be looked into.
fn refuse_other_temp(env: &Env, table: &Table) -> Result<()> {
    if !env.is_other_temp(table.rel.file) {
        return Ok(());
    }
    let message = "cannot access temporary tables of other sessions";
    Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message))
}

fn fork_named(name: &str) -> Result<Fork> {
    let known = (0..4).filter_map(Fork::from_number).find(|fork| fork.name() == name);
    known.ok_or_else(|| {
        Error::new(sqlstate::INVALID_PARAMETER_VALUE, "invalid fork name")
            .hint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")
    })
}

/// The fork's length in blocks; an error if it has no file.
fn blocks(cx: &FnCtx, rel: &Rel, fork: Fork) -> Result<u32> {
    let blocks = crate::buffer::block_count(&cx.env.disk, rel.file, fork);
    blocks.map(|blocks| blocks.0).ok_or_else(|| {
        let message = format!("could not open file \"{}\": No such file or directory", rel.file.path(fork));
        Error::new(sqlstate::UNDEFINED_FILE, message)
    })
}

/// A block number from an argument of type bigint.
fn block_number(n: &Datum) -> Result<u32> {
    let valid = u32::try_from(n.as_int()?).ok().filter(|n| *n != u32::MAX);
    valid.ok_or_else(|| Error::new(sqlstate::INVALID_PARAMETER_VALUE, "invalid block number"))
}
