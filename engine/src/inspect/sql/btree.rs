//! What is on the pages of a B-tree, as the extension pageinspect 1.11 says it; and what SQL an index was made by.

use std::rc::Rc;

use super::pages::{relation, whole_page};
use super::{Columns, Functions, blocks, int4, int8, text};
use crate::access::Index;
use crate::catalog::{Table, index};
use crate::ids::{BlockNumber, Error, Fork, LockMode, OffsetNumber, Oid, Result, Severity, Tid, sqlstate};
use crate::sql::bound::Row;
use crate::sql::functions::FnCtx;
use crate::storage::btree::*;
use crate::storage::{PageBytes, page};
use crate::txn::Env;
use crate::types::Datum;
use crate::types::TypeId::{self, *};
use crate::types::quote::quote_ident;

const METAP: Columns = &[
    ("magic", Int4),
    ("version", Int4),
    ("root", Int8),
    ("level", Int8),
    ("fastroot", Int8),
    ("fastlevel", Int8),
    ("last_cleanup_num_delpages", Int8),
    ("last_cleanup_num_tuples", Float8),
    ("allequalimage", Bool),
];

const STATS: Columns = &[
    ("blkno", Int8),
    ("type", Char),
    ("live_items", Int4),
    ("dead_items", Int4),
    ("avg_item_size", Int4),
    ("page_size", Int4),
    ("free_size", Int4),
    ("btpo_prev", Int8),
    ("btpo_next", Int8),
    ("btpo_level", Int8),
    ("btpo_flags", Int4),
];

const ITEMS: Columns = &[
    ("itemoffset", Int2),
    ("ctid", TypeId::Tid),
    ("itemlen", Int2),
    ("nulls", Bool),
    ("vars", Bool),
    ("data", Text),
    ("dead", Bool),
    ("htid", TypeId::Tid),
    ("tids", TidArray),
];

pub(super) fn add(functions: &mut Functions) {
    let registry = &mut *functions.registry;
    registry.rows("bt_metap", &[Text], METAP, |cx, args| {
        Box::pin(async {
            let table = open(cx, args[0].as_str()?).await?;
            let page = read(cx, &table, BTREE_METAPAGE).await?;
            Ok(meta(&page).map(metap).into_iter().collect())
        })
    });
    registry.rows("bt_page_stats", &[Text, Int8], STATS, |cx, args| {
        Box::pin(async {
            let (page, block) = index_block(cx, args).await?;
            Ok(vec![stats(&page, block)])
        })
    });
    registry.rows("bt_page_items", &[Text, Int8], ITEMS, |cx, args| {
        Box::pin(async {
            let (page, block) = index_block(cx, args).await?;
            Ok(items(&cx.env, &page, &format!("page from block {block}")))
        })
    });
    registry.rows("bt_page_items", &[Bytea], ITEMS, |cx, args| {
        Box::pin(async { Ok(items(&cx.env, &*valid_page(args[0].as_bytes()?)?, "page")) })
    });
    registry.waiting("pg_get_indexdef", &[TypeId::Oid], Text, |cx, args| {
        Box::pin(async { indexdef(cx, Oid(args[0].as_u32()?), 0, true).await })
    });
    registry.waiting("pg_get_indexdef", &[TypeId::Oid, Int4, Bool], Text, |cx, args| {
        Box::pin(async { indexdef(cx, Oid(args[0].as_u32()?), args[1].as_int()?, !args[2].as_bool()?).await })
    });
}

// --- pages ---------------------------------------------------------------------------------------------------

/// The index of this name, open for reading.
async fn open(cx: &FnCtx, name: &str) -> Result<Rc<Table>> {
    let table = relation(&cx.env, name, LockMode::AccessShare).await?;
    if table.class.is_index() {
        return Ok(table);
    }
    Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is not a btree index", table.name)))
}

async fn read(cx: &FnCtx, table: &Table, block: BlockNumber) -> Result<Box<PageBytes>> {
    let pin = table.rel.page(&cx.env, Fork::Main, block).await?;
    Ok(pin.read(|bytes| Box::new(*bytes)))
}

/// A page of an index but the first, by name and number.
async fn index_block(cx: &FnCtx, args: &[Datum]) -> Result<(Box<PageBytes>, BlockNumber)> {
    let table = open(cx, args[0].as_str()?).await?;
    let invalid = |message: &str| Error::new(sqlstate::INVALID_PARAMETER_VALUE, message);
    let block = u32::try_from(args[1].as_int()?).map_err(|_| invalid("invalid block number"))?;
    if block == 0 {
        return Err(invalid("block 0 is a meta page"));
    }
    if block >= blocks(cx, &table.rel, Fork::Main)? {
        return Err(Error::internal("block number out of range"));
    }
    let block = BlockNumber(block);
    Ok((read(cx, &table, block).await?, block))
}

/// A page of a B-tree that came as bytes.
fn valid_page(bytes: &[u8]) -> Result<Box<PageBytes>> {
    let page = whole_page(bytes)?;
    let invalid = |message: &str| Error::new(sqlstate::INVALID_PARAMETER_VALUE, message);
    let special = crate::ids::BLCKSZ - usize::from(page::header(&page).special);
    if special != SIZE_OF_OPAQUE {
        let detail = format!("Expected special size {SIZE_OF_OPAQUE}, got {special}.");
        return Err(invalid("input page is not a valid btree page").detail(detail));
    }
    if opaque(&page).has(BTP_META) {
        return Err(invalid("block is a meta page"));
    }
    Ok(page)
}

fn metap(meta: Meta) -> Row {
    vec![
        int4(BTREE_MAGIC),
        int4(meta.version),
        int8(meta.root.0.into()),
        int8(meta.level.into()),
        int8(meta.fastroot.0.into()),
        int8(meta.fastlevel.into()),
        int8(meta.last_cleanup_num_delpages.into()),
        Datum::Float8(meta.last_cleanup_num_heap_tuples),
        Datum::Bool(meta.allequalimage),
    ]
}

/// The line pointers of a page that are tuples: a deleted page has none.
fn offsets(page: &PageBytes, links: &Opaque) -> std::ops::RangeInclusive<OffsetNumber> {
    1..=if links.has(BTP_DELETED) { 0 } else { page::max_offset(page) }
}

/// `GetBTPageStatistics`
fn stats(page: &PageBytes, block: BlockNumber) -> Row {
    let links = opaque(page);
    let kind = match () {
        _ if links.has(BTP_DELETED) && (links.is_leaf() || !links.has(BTP_HAS_FULLXID)) => b'd',
        _ if links.has(BTP_DELETED) => b'D',
        _ if links.ignore() => b'e',
        _ if links.is_leaf() => b'l',
        _ if links.has(BTP_ROOT) => b'r',
        _ => b'i',
    };
    let (mut live, mut dead, mut size) = (0, 0, 0);
    for offset in offsets(page, &links) {
        size += tuple::size(index_tuple(page, offset));
        *(if page::item_id(page, offset).is_dead() { &mut dead } else { &mut live }) += 1;
    }
    vec![
        int8(block.0.into()),
        Datum::Char(kind),
        int4(live),
        int4(dead),
        int4(size.checked_div(live + dead).unwrap_or(0)),
        int4(crate::ids::BLCKSZ),
        int4(page::free_space(page)),
        int8(links.prev.0.into()),
        int8(links.next.0.into()),
        int8(links.level.into()),
        int4(links.flags),
    ]
}

fn items(env: &Env, page: &PageBytes, name: &str) -> Vec<Row> {
    let links = opaque(page);
    if links.has(BTP_DELETED) {
        let message = format!("{name} is deleted");
        env.notice(Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice));
    }
    offsets(page, &links).map(|offset| item(page, &links, offset)).collect()
}

/// `bt_page_print_tuples`
fn item(page: &PageBytes, links: &Opaque, offset: OffsetNumber) -> Row {
    let item = index_tuple(page, offset);
    let pivot = !links.is_leaf() || offset < links.first_data_key();
    let heap_tid = tuple::heap_tid(item).filter(|_| !pivot || tuple::is_pivot(item));
    // The row's place at the end of a pivot, and the list at that of a posting tuple, are no columns.
    let end = match heap_tid {
        Some(_) if pivot => tuple::size(item) - tuple::SIZE_OF_HEADER,
        _ => tuple::posting_offset(item),
    };
    let data = item.get(tuple::data_offset(tuple::info(item))..end).unwrap_or_default();
    let data: Vec<String> = data.iter().map(|byte| format!("{byte:02x}")).collect();
    let has = |bit: u16| Datum::Bool(tuple::info(item) & bit != 0);
    let tids = || tuple::heap_tids(item).map(Datum::Tid).collect::<Vec<_>>();
    let tid = |tid: Tid| Datum::Tid(tid);
    vec![
        Datum::Int2(offset as i16),
        tid(tuple::tid(item)),
        Datum::Int2(tuple::size(item) as i16),
        has(tuple::INDEX_NULL_MASK),
        has(tuple::INDEX_VAR_MASK),
        text(data.join(" ")),
        if pivot { Datum::Null } else { Datum::Bool(page::item_id(page, offset).is_dead()) },
        heap_tid.map_or(Datum::Null, tid),
        if tuple::is_posting(item) { Datum::array(TypeId::Tid, tids()) } else { Datum::Null },
    ]
}

// --- definitions ---------------------------------------------------------------------------------------------

/// `pg_get_indexdef_worker`: the CREATE INDEX, or one column of it by its number; NULL if there is no such index.
pub(super) async fn indexdef(cx: &FnCtx, oid: Oid, column: i64, qualified: bool) -> Result<Datum> {
    let catalog = &cx.catalog;
    let found = catalog.table_by_oid(&cx.env, oid).await?.filter(|found| found.class.is_index());
    let Some(found) = found else { return Ok(Datum::Null) };
    let table = catalog.table_by_oid(&cx.env, index::table_of(&cx.env, oid).await?).await?;
    let known = table.as_ref().and_then(|table| table.rel.indexes.iter().find(|index| index.rel.oid == oid));
    let (Some(table), Some(index)) = (&table, known) else { return Ok(Datum::Null) };
    if column != 0 {
        let at = usize::try_from(column - 1).ok().and_then(|at| index.columns().nth(at));
        return Ok(text(at.map_or(String::new(), |at| quote_ident(&table.desc.attrs[at].name))));
    }
    let included: Vec<String> = index.included.iter().map(|at| quote_ident(&table.desc.attrs[*at].name)).collect();
    let included = if included.is_empty() { String::new() } else { format!(" INCLUDE ({})", included.join(", ")) };
    let shown = match qualified {
        true => format!("{}.{}", quote_ident(&table.schema), quote_ident(&table.name)),
        false => catalog.shown(&cx.env, table).await?,
    };
    Ok(text(format!(
        "CREATE {}INDEX {} ON {shown} USING btree ({}){included}",
        if index.unique { "UNIQUE " } else { "" },
        quote_ident(&found.name),
        columns(index, table).join(", ")
    )))
}

fn columns(index: &Index, table: &Table) -> Vec<String> {
    let column = |key: &crate::access::KeyColumn| {
        let order = match (key.descending, key.nulls_first) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        };
        quote_ident(&table.desc.attrs[key.column].name) + order
    };
    index.keys.iter().map(column).collect()
}
