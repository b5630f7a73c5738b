//! What has been counted: of tables, of the database, of buffers and of the log.

use super::{Columns, Functions, alive, int8, text};
use crate::catalog::{Catalog, pg_database, pg_namespace};
use crate::ids::{Error, Oid, TimestampTz, sqlstate};
use crate::server::{Server, ServerCounter, StatsPart};
use crate::sql::bound::Row;
use crate::txn::TableCounter;
use crate::types::TypeId::{self, *};
use crate::types::{self, Datum};

const TABLES: Columns = &[
    ("relid", TypeId::Oid),
    ("schemaname", Name),
    ("relname", Name),
    ("seq_scan", Int8),
    ("seq_tup_read", Int8),
    ("idx_scan", Int8),
    ("idx_tup_fetch", Int8),
    ("n_tup_ins", Int8),
    ("n_tup_upd", Int8),
    ("n_tup_del", Int8),
    ("n_tup_hot_upd", Int8),
    ("n_live_tup", Int8),
    ("n_dead_tup", Int8),
    ("n_mod_since_analyze", Int8),
    ("n_ins_since_vacuum", Int8),
    ("last_vacuum", TypeId::TimestampTz),
    ("last_autovacuum", TypeId::TimestampTz),
    ("last_analyze", TypeId::TimestampTz),
    ("last_autoanalyze", TypeId::TimestampTz),
    ("vacuum_count", Int8),
    ("autovacuum_count", Int8),
    ("analyze_count", Int8),
    ("autoanalyze_count", Int8),
];

const INDEXES: Columns = &[
    ("relid", TypeId::Oid),
    ("indexrelid", TypeId::Oid),
    ("schemaname", Name),
    ("relname", Name),
    ("indexrelname", Name),
    ("idx_scan", Int8),
    ("idx_tup_read", Int8),
    ("idx_tup_fetch", Int8),
];

pub(super) const DATABASE: Columns = &[
    ("datid", TypeId::Oid),
    ("datname", Name),
    ("numbackends", Int4),
    ("xact_commit", Int8),
    ("xact_rollback", Int8),
    ("blks_read", Int8),
    ("blks_hit", Int8),
    ("tup_returned", Int8),
    ("tup_fetched", Int8),
    ("tup_inserted", Int8),
    ("tup_updated", Int8),
    ("tup_deleted", Int8),
    ("conflicts", Int8),
    ("temp_files", Int8),
    ("temp_bytes", Int8),
    ("deadlocks", Int8),
    ("checksum_failures", Int8),
    ("checksum_last_failure", TypeId::TimestampTz),
    ("blk_read_time", Float8),
    ("blk_write_time", Float8),
    ("session_time", Float8),
    ("active_time", Float8),
    ("idle_in_transaction_time", Float8),
    ("sessions", Int8),
    ("sessions_abandoned", Int8),
    ("sessions_fatal", Int8),
    ("sessions_killed", Int8),
    ("stats_reset", TypeId::TimestampTz),
];

pub(super) const BGWRITER: Columns = &[
    ("checkpoints_timed", Int8),
    ("checkpoints_req", Int8),
    ("checkpoint_write_time", Float8),
    ("checkpoint_sync_time", Float8),
    ("buffers_checkpoint", Int8),
    ("buffers_clean", Int8),
    ("maxwritten_clean", Int8),
    ("buffers_backend", Int8),
    ("buffers_backend_fsync", Int8),
    ("buffers_alloc", Int8),
    ("stats_reset", TypeId::TimestampTz),
];

pub(super) const WAL: Columns = &[
    ("wal_records", Int8),
    ("wal_fpi", Int8),
    ("wal_bytes", Numeric),
    ("wal_buffers_full", Int8),
    ("wal_write", Int8),
    ("wal_sync", Int8),
    ("wal_write_time", Float8),
    ("wal_sync_time", Float8),
    ("stats_reset", TypeId::TimestampTz),
];

pub(super) fn add(functions: &mut Functions) {
    tables(functions, "pg_stat_all_tables", |_| true);
    tables(functions, "pg_stat_user_tables", |namespace| !is_system(namespace));
    tables(functions, "pg_stat_sys_tables", is_system);
    indexes(functions, "pg_stat_all_indexes", |_| true);
    indexes(functions, "pg_stat_user_indexes", |namespace| !is_system(namespace));
    indexes(functions, "pg_stat_sys_indexes", is_system);
    functions.view("pg_stat_database", DATABASE, |_, server| databases(server));
    functions.view("pg_stat_bgwriter", BGWRITER, |_, server| vec![bgwriter(server)]);
    functions.view("pg_stat_wal", WAL, |_, server| vec![wal(server)]);
    functions.value("pg_stat_force_next_flush", &[], Void, |cx, _, _| {
        cx.env.stats.force_next();
        Ok(text(""))
    });
    functions.value("pg_stat_clear_snapshot", &[], Void, |_, _, _| Ok(text("")));
    functions.value("pg_stat_reset", &[], Void, |_, server, _| {
        server.reset_stats(StatsPart::Database);
        Ok(text(""))
    });
    functions.value("pg_stat_reset_single_table_counters", &[TypeId::Oid], Void, |_, server, args| {
        server.txns.stats.forget(Oid(args[0].as_u32()?));
        Ok(text(""))
    });
    functions.value("pg_stat_reset_shared", &[Text], Void, |_, server, args| {
        match args[0].as_str()? {
            "bgwriter" => server.reset_stats(StatsPart::BgWriter),
            "wal" => server.reset_stats(StatsPart::Wal),
            "archiver" | "recovery_prefetch" => {}
            other => {
                let message = format!("unrecognized reset target: \"{other}\"");
                let hint = "Target must be \"archiver\", \"bgwriter\", \"recovery_prefetch\", or \"wal\".";
                return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message).hint(hint));
            }
        }
        Ok(text(""))
    });
}

/// Whether a schema holds catalogs, or what tables have moved out.
fn is_system(namespace: Oid) -> bool {
    [pg_namespace::PG_CATALOG, pg_namespace::PG_TOAST].contains(&namespace)
}

/// A moment, NULL if it never was.
fn moment(at: i64) -> Datum {
    if at == 0 { Datum::Null } else { Datum::TimestampTz(TimestampTz(at)) }
}

/// Microseconds as milliseconds.
fn millis(micros: i64) -> Datum {
    Datum::Float8(micros as f64 / 1e3)
}

fn tables(functions: &mut Functions, name: &'static str, wanted: fn(Oid) -> bool) {
    let server = functions.server.clone();
    functions.registry.view(name, TABLES, move |cx, _| {
        let server = alive(&server);
        Box::pin(async move {
            let (server, classes) = (server?, Catalog::new().all(&cx.env).await?);
            let mut rows: Vec<Row> = Vec::new();
            for class in classes.iter().filter(|class| wanted(class.namespace)) {
                let schema = Datum::Name(cx.catalog.schema_name(&cx.env, class.namespace).await?);
                let mut row = vec![Datum::Oid(class.oid), schema, Datum::name(&class.name)];
                for ((name, kind), count) in TABLES[3..].iter().zip(server.txns.stats.table(class.oid)) {
                    // A table without an index knows of no index scans.
                    row.push(match (*name, *kind) {
                        ("idx_scan" | "idx_tup_fetch", _) if !class.has_index => Datum::Null,
                        (_, TypeId::TimestampTz) => moment(count),
                        _ => Datum::Int8(count),
                    });
                }
                rows.push(row);
            }
            Ok(rows)
        })
    });
}

fn indexes(functions: &mut Functions, name: &'static str, wanted: fn(Oid) -> bool) {
    let server = functions.server.clone();
    functions.registry.view(name, INDEXES, move |cx, _| {
        let server = alive(&server);
        Box::pin(async move {
            let (server, classes) = (server?, Catalog::new().all(&cx.env).await?);
            let mut rows: Vec<Row> = Vec::new();
            for class in classes.iter().filter(|class| class.has_index && wanted(class.namespace)) {
                let Some(table) = cx.catalog.table_by_oid(&cx.env, class.oid).await? else { continue };
                for index in table.rel.indexes.iter() {
                    let counts = server.txns.stats.table(index.rel.oid);
                    let counted = [TableCounter::IndexScans, TableCounter::IndexReads, TableCounter::IndexFetches];
                    let mut row = vec![
                        Datum::Oid(class.oid),
                        Datum::Oid(index.rel.oid),
                        Datum::name(&table.schema),
                        Datum::name(&class.name),
                        Datum::name(&index.name),
                    ];
                    row.extend(counted.map(|counter| Datum::Int8(counts[counter as usize])));
                    rows.push(row);
                }
            }
            Ok(rows)
        })
    });
}

/// What all databases share, then each.
pub(super) fn databases(server: &Server) -> Vec<Row> {
    let all = [(Oid::INVALID, None)].into_iter().chain(pg_database::DATABASES.map(|(oid, name, ..)| (oid, Some(name))));
    all.map(|(oid, name)| database(server, oid, name)).collect()
}

fn database(server: &Server, oid: Oid, name: Option<&str>) -> Row {
    let ours = oid == Oid::POSTGRES_DB;
    let counts = if ours { server.txns.stats.database() } else { Default::default() };
    let [committed, rolled_back, returned, fetched, inserted, updated, deleted, conflicts, deadlocks, ..] = counts;
    let [.., session, active, idle, sessions, abandoned, fatal, killed, temp_files, temp_bytes] = counts;
    let blocks = |own, shared| match oid {
        Oid::POSTGRES_DB => server.statistic(own),
        Oid::INVALID => server.statistic(shared),
        _ => 0,
    };
    let backends = if ours { server.txns.procs.entries().len() } else { 0 };
    let int = Datum::Int8;
    vec![
        Datum::Oid(oid),
        name.map_or(Datum::Null, Datum::name),
        Datum::Int4(backends as i32),
        int(committed),
        int(rolled_back),
        int(blocks(ServerCounter::BlocksRead, ServerCounter::SharedBlocksRead)),
        int(blocks(ServerCounter::BlocksHit, ServerCounter::SharedBlocksHit)),
        int(returned),
        int(fetched),
        int(inserted),
        int(updated),
        int(deleted),
        int(conflicts),
        int(temp_files),
        int(temp_bytes),
        int(deadlocks),
        Datum::Null,
        Datum::Null,
        millis(0),
        millis(0),
        millis(session),
        millis(active),
        millis(idle),
        int(sessions),
        int(abandoned),
        int(fatal),
        int(killed),
        if ours { moment(server.stats_reset(StatsPart::Database).0) } else { Datum::Null },
    ]
}

pub(super) fn bgwriter(server: &Server) -> Row {
    use ServerCounter::*;
    let count = |counter| int8(server.statistic(counter) as u64);
    vec![
        count(CheckpointsTimed),
        count(CheckpointsRequested),
        millis(server.statistic(CheckpointWriteTime)),
        millis(server.statistic(CheckpointSyncTime)),
        count(BuffersCheckpoint),
        count(BuffersClean),
        count(MaxwrittenClean),
        count(BuffersBackend),
        int8(0),
        count(BuffersAlloc),
        Datum::TimestampTz(server.stats_reset(StatsPart::BgWriter)),
    ]
}

pub(super) fn wal(server: &Server) -> Row {
    use ServerCounter::*;
    let count = |counter| int8(server.statistic(counter) as u64);
    vec![
        count(WalRecords),
        count(WalFpi),
        Datum::Numeric(types::Numeric::from(server.statistic(WalBytes))),
        count(WalBuffersFull),
        count(WalWrite),
        count(WalSync),
        millis(0),
        millis(0),
        Datum::TimestampTz(server.stats_reset(StatsPart::Wal)),
    ]
}
