//! Where a table's bytes are: its files, its two maps, the buffers that hold its pages.

use super::{Columns, Functions, block_number, fork_named, int4, int8, need_table, or_null, table_by_oid, text};
use crate::access::{FreeSpaceMap, VisibilityMap};
use crate::catalog::{Table, pg_namespace};
use crate::ids::{BlockNumber, Fork, Result};
use crate::server::Server;
use crate::sql::bound::Row;
use crate::sql::functions::FnCtx;
use crate::storage::page::{self, PD_ALL_VISIBLE};
use crate::storage::vm::{VISIBILITYMAP_ALL_FROZEN, VISIBILITYMAP_ALL_VISIBLE};
use crate::types::Datum;
use crate::types::TypeId::{self, *};

const BUFFERCACHE: Columns = &[
    ("bufferid", Int4),
    ("relfilenode", TypeId::Oid),
    ("reltablespace", TypeId::Oid),
    ("reldatabase", TypeId::Oid),
    ("relforknumber", Int2),
    ("relblocknumber", Int8),
    ("isdirty", Bool),
    ("usagecount", Int2),
    ("pinning_backends", Int4),
];

pub(super) fn add(functions: &mut Functions) {
    files(functions);
    visibility(functions);
    let free: Columns = &[("blkno", Int8), ("avail", Int2)];
    functions.registry.waiting("pg_freespace", &[Regclass, Int8], Int2, |cx, args| {
        Box::pin(async { free_space(cx, &*need_table(cx, &args[0]).await?, block_number(&args[1])?).await })
    });
    functions.registry.rows("pg_freespace", &[Regclass], free, |cx, args| {
        Box::pin(async {
            let table = need_table(cx, &args[0]).await?;
            let mut rows = Vec::new();
            for block in 0..table.rel.blocks(&cx.env, Fork::Main).0 {
                rows.push(vec![int8(block.into()), free_space(cx, &table, block).await?]);
            }
            Ok(rows)
        })
    });
    functions.view("pg_buffercache", BUFFERCACHE, |_, server| buffers(server));
    let allocations: Columns = &[("name", Text), ("off", Int8), ("size", Int8), ("allocated_size", Int8)];
    functions.view("pg_shmem_allocations", allocations, |_, server| shared_memory(server));
}

// --- files ---------------------------------------------------------------------------------------------------

fn files(functions: &mut Functions) {
    let registry = &mut *functions.registry;
    registry.scalar("pg_my_temp_schema", &[], TypeId::Oid, |cx, _| {
        let own = pg_namespace::temp_namespace(cx.env.backend_number());
        Ok(Datum::Oid(if cx.env.temp_tables.has_schema.get() { own } else { crate::ids::Oid::INVALID }))
    });
    registry.scalar("pg_is_other_temp_schema", &[TypeId::Oid], Bool, |cx, args| {
        let backend = pg_namespace::backend_of(crate::ids::Oid(args[0].as_u32()?));
        Ok(Datum::Bool(backend.is_some_and(|backend| backend != cx.env.backend_number())))
    });
    registry.waiting("pg_relation_filepath", &[Regclass], Text, |cx, args| {
        Box::pin(async {
            Ok(or_null(table_by_oid(cx, &args[0]).await?, |table| text(table.rel.file.path(Fork::Main))))
        })
    });
    registry.waiting("pg_relation_filenode", &[Regclass], TypeId::Oid, |cx, args| {
        Box::pin(async { Ok(or_null(table_by_oid(cx, &args[0]).await?, |table| Datum::Oid(table.rel.file.rel))) })
    });
    registry.waiting("pg_relation_size", &[Regclass], Int8, |cx, args| {
        Box::pin(async { size(cx, &args[0], &[Fork::Main]).await })
    });
    registry.waiting("pg_relation_size", &[Regclass, Text], Int8, |cx, args| {
        Box::pin(async { size(cx, &args[0], &[fork_named(args[1].as_str()?)?]).await })
    });
    registry.waiting("pg_table_size", &[Regclass], Int8, |cx, args| Box::pin(table_size(cx, &args[0], true, false)));
    registry.waiting("pg_indexes_size", &[Regclass], Int8, |cx, args| Box::pin(table_size(cx, &args[0], false, true)));
    registry.waiting("pg_total_relation_size", &[Regclass], Int8, |cx, args| {
        Box::pin(table_size(cx, &args[0], true, true))
    });
}

/// The bytes of these forks; nothing if there is no such table.
async fn size(cx: &FnCtx, oid: &Datum, forks: &[Fork]) -> Result<Datum> {
    let Some(table) = table_by_oid(cx, oid).await? else { return Ok(Datum::Null) };
    let len = |fork: &Fork| cx.env.disk.len(&table.rel.file.path(*fork)).unwrap_or(0);
    Ok(int8(forks.iter().map(len).sum()))
}

/// The bytes of a table with its maps and its long values and the index of these, those of its indexes, or all.
async fn table_size(cx: &FnCtx, oid: &Datum, own: bool, indexes: bool) -> Result<Datum> {
    let Some(table) = table_by_oid(cx, oid).await? else { return Ok(Datum::Null) };
    let mut files = Vec::new();
    if own {
        files.push(table.rel.file);
        if let Some(toast) = &table.rel.toast {
            files.push(toast.rel.file);
            files.extend(toast.rel.indexes.iter().map(|index| index.rel.file));
        }
    }
    if indexes {
        files.extend(table.rel.indexes.iter().map(|index| index.rel.file));
    }
    let forks =
        files.into_iter().flat_map(|file| (0..4).filter_map(Fork::from_number).map(move |fork| file.path(fork)));
    Ok(int8(forks.filter_map(|path| cx.env.disk.len(&path)).sum()))
}

// --- maps ----------------------------------------------------------------------------------------------------

/// The category that the free space map has for a page, as bytes.
async fn free_space(cx: &FnCtx, table: &Table, block: u32) -> Result<Datum> {
    let available = FreeSpaceMap::of(&cx.env, &table.rel).available(BlockNumber(block)).await?;
    Ok(Datum::Int2(available as i16))
}

fn visibility(functions: &mut Functions) {
    let registry = &mut *functions.registry;
    registry.rows("pg_visibility_map", &[Regclass, Int8], &MAP[1..3], |cx, args| {
        Box::pin(async {
            let (table, block) = (need_table(cx, &args[0]).await?, block_number(&args[1])?);
            Ok(vec![bits(cx, &table, block).await?.to_vec()])
        })
    });
    registry.rows("pg_visibility_map", &[Regclass], &MAP[..3], |cx, args| {
        Box::pin(async {
            let rows = map_rows(cx, &args[0]).await?;
            Ok(rows.into_iter().map(|row| row[..3].to_vec()).collect())
        })
    });
    registry.rows("pg_visibility", &[Regclass, Int8], &MAP[1..], |cx, args| {
        Box::pin(async {
            let (table, block) = (need_table(cx, &args[0]).await?, block_number(&args[1])?);
            Ok(vec![visible_row(cx, &table, block).await?.split_off(1)])
        })
    });
    registry.rows("pg_visibility", &[Regclass], MAP, |cx, args| Box::pin(map_rows(cx, &args[0])));
    let summary: Columns = &[("all_visible", Int8), ("all_frozen", Int8)];
    registry.rows("pg_visibility_map_summary", &[Regclass], summary, |cx, args| {
        Box::pin(async {
            let rows = map_rows(cx, &args[0]).await?;
            let count = |column: usize| int8(rows.iter().filter(|row| row[column].is_true()).count() as u64);
            Ok(vec![vec![count(1), count(2)]])
        })
    });
}

const MAP: Columns = &[("blkno", Int8), ("all_visible", Bool), ("all_frozen", Bool), ("pd_all_visible", Bool)];

async fn map_rows(cx: &FnCtx, oid: &Datum) -> Result<Vec<Row>> {
    let table = need_table(cx, oid).await?;
    let mut rows = Vec::new();
    for block in 0..table.rel.blocks(&cx.env, Fork::Main).0 {
        rows.push(visible_row(cx, &table, block).await?);
    }
    Ok(rows)
}

/// What the map says of a page, and what the page itself says; one that is not there says nothing.
async fn visible_row(cx: &FnCtx, table: &Table, block: u32) -> Result<Row> {
    let [visible, frozen] = bits(cx, table, block).await?;
    let there = block < table.rel.blocks(&cx.env, Fork::Main).0;
    let on_page = if there {
        let pin = table.rel.page(&cx.env, Fork::Main, BlockNumber(block)).await?;
        pin.read(|bytes| page::has_flag(bytes, PD_ALL_VISIBLE))
    } else {
        false
    };
    Ok(vec![int8(block.into()), visible, frozen, Datum::Bool(on_page)])
}

async fn bits(cx: &FnCtx, table: &Table, block: u32) -> Result<[Datum; 2]> {
    let bits = VisibilityMap::of(&cx.env, &table.rel).status(BlockNumber(block)).await?;
    Ok([VISIBILITYMAP_ALL_VISIBLE, VISIBILITYMAP_ALL_FROZEN].map(|bit| Datum::Bool(bits & bit != 0)))
}

// --- buffers -------------------------------------------------------------------------------------------------

/// One row for each buffer; an empty one has only its number.
fn buffers(server: &Server) -> Vec<Row> {
    let row = |index: usize| {
        let state = server.buffers.state(index);
        let mut row = vec![int4(index + 1)];
        match state.tag {
            Some(tag) => row.extend([
                Datum::Oid(tag.rel.rel),
                Datum::Oid(tag.rel.spc),
                Datum::Oid(tag.rel.db),
                Datum::Int2(tag.fork as i16),
                int8(tag.block.0.into()),
                Datum::Bool(state.dirty),
                Datum::Int2(state.usage_count.into()),
                int4(state.pins),
            ]),
            None => row.resize(BUFFERCACHE.len(), Datum::Null),
        }
        row
    };
    (0..server.buffers.len()).map(row).collect()
}

/// `pg_shmem_allocations`, of what is there as such: the sizes that PostgreSQL gives them, one behind the other.
fn shared_memory(server: &Server) -> Vec<Row> {
    let (buffers, log) = (server.buffers.len() as u64, server.wal.config().buffers as u64);
    let pieces = [
        ("XLOG Ctl", log * 8200 + 9800),
        ("Buffer Descriptors", buffers * 64),
        ("Buffer Blocks", buffers * 8192),
        ("Buffer IO Condition Variables", buffers * 16),
        ("Checkpoint BufferIds", buffers * 20),
    ];
    let mut offset = 0;
    let row = |(name, size): (&str, u64)| {
        let (off, allocated) = (offset, size.next_multiple_of(128));
        offset += allocated;
        vec![text(name), int8(off), int8(size), int8(allocated)]
    };
    pieces.into_iter().map(row).collect()
}
