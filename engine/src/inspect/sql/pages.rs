//! Raw pages and what their bytes mean; the functions of the extension pageinspect.

use std::ops::Range;
use std::rc::Rc;

use super::super::view_tuple::bits_text;
use super::{Columns, Functions, block_number, blocks, fork_named, int4, need_table, refuse_other_temp, text};
use crate::catalog::{Catalog, Table};
use crate::ids::{BlockNumber, Error, Fork, LockMode, Result, sqlstate};
use crate::sql::bound::Row;
use crate::sql::functions::FnCtx;
use crate::storage::checksum::page_checksum;
use crate::storage::tuple::{self, HeapTupleHeader, null_bitmap};
use crate::storage::{PageBytes, fsm, max_align, page};
use crate::txn::Env;
use crate::types::Datum;
use crate::types::TypeId::{self, *};
use crate::types::tuple::column_ranges;
use crate::world::LwMode;

const PAGE_HEADER: Columns = &[
    ("lsn", PgLsn),
    ("checksum", Int2),
    ("flags", Int2),
    ("lower", Int4),
    ("upper", Int4),
    ("special", Int4),
    ("pagesize", Int4),
    ("version", Int2),
    ("prune_xid", Xid),
];

const HEAP_PAGE_ITEMS: Columns = &[
    ("lp", Int2),
    ("lp_off", Int2),
    ("lp_flags", Int2),
    ("lp_len", Int2),
    ("t_xmin", Xid),
    ("t_xmax", Xid),
    ("t_field3", Int4),
    ("t_ctid", Tid),
    ("t_infomask2", Int4),
    ("t_infomask", Int4),
    ("t_hoff", Int2),
    ("t_bits", Text),
    ("t_oid", TypeId::Oid),
    ("t_data", Bytea),
];

/// Like those of heap_page_items but for the last.
const HEAP_PAGE_ITEM_ATTRS: [(&str, TypeId); 14] = {
    let mut columns = [("", Bytea); 14];
    let mut n = 0;
    while n < 13 {
        columns[n] = HEAP_PAGE_ITEMS[n];
        n += 1;
    }
    columns[13] = ("t_attrs", ByteaArray);
    columns
};

pub(super) fn add(functions: &mut Functions) {
    functions.registry.waiting("get_raw_page", &[Text, Int8], Bytea, |cx, args| {
        Box::pin(async { get_raw_page(cx, args[0].as_str()?, Fork::Main, &args[1]).await })
    });
    functions.registry.waiting("get_raw_page", &[Text, Text, Int8], Bytea, |cx, args| {
        Box::pin(async { get_raw_page(cx, args[0].as_str()?, fork_named(args[1].as_str()?)?, &args[2]).await })
    });
    functions.rows("page_header", &[Bytea], PAGE_HEADER, |_, _, args| page_header(args[0].as_bytes()?));
    let raw: Columns = &HEAP_PAGE_ITEM_ATTRS;
    functions.registry.rows("heap_page_item_attrs", &[Bytea, Regclass], raw, |cx, args| {
        Box::pin(async { heap_page_item_attrs(args[0].as_bytes()?, &*need_table(cx, &args[1]).await?) })
    });
    functions.rows("heap_page_items", &[Bytea], HEAP_PAGE_ITEMS, |_, _, args| heap_page_items(args[0].as_bytes()?));
    let flags: Columns = &[("raw_flags", TextArray), ("combined_flags", TextArray)];
    functions.rows("heap_tuple_infomask_flags", &[Int4, Int4], flags, |_, _, args| {
        let (infomask, infomask2) = (args[0].as_int()? as u16, args[1].as_int()? as u16);
        let names = |names: Vec<&'static str>| Datum::array(Text, names.into_iter().map(text).collect::<Vec<_>>());
        Ok(vec![vec![names(tuple::raw_flags(infomask, infomask2)), names(tuple::combined_flags(infomask))]])
    });
    functions.value("fsm_page_contents", &[Bytea], Text, |_, _, args| fsm_page_contents(args[0].as_bytes()?));
    functions.value("page_checksum", &[Bytea, Int8], Int2, |_, _, args| {
        let (page, block) = (whole_page(args[0].as_bytes()?)?, block_number(&args[1])?);
        Ok(if page::is_new(&page) { Datum::Null } else { Datum::Int2(page_checksum(&page, BlockNumber(block)) as i16) })
    });
}

/// Schema and name of a table as the text of a qualified name gives them.
fn split_name(name: &str) -> (Option<String>, String) {
    let part = |part: &str| match part.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => part.trim().to_lowercase(),
    };
    match name.split_once('.') {
        Some((schema, name)) => (Some(part(schema)), part(name)),
        None => (None, part(name)),
    }
}

/// The table or index that the text of a qualified name means, locked.
pub(super) async fn relation(env: &Env, name: &str, mode: LockMode) -> Result<Rc<Table>> {
    let (schema, relation) = split_name(name);
    let opened = Catalog::new().open(env, schema.as_deref(), &relation, mode).await?;
    let missing = || Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"));
    let table = opened.ok_or_else(missing)?;
    refuse_other_temp(env, &table)?;
    Ok(table)
}

/// A copy of a page, as shared buffers have it.
async fn get_raw_page(cx: &FnCtx, name: &str, fork: Fork, block: &Datum) -> Result<Datum> {
    let env = &cx.env;
    let block = block_number(block)?;
    let table = relation(env, name, LockMode::AccessShare).await?;
    if block >= blocks(cx, &table.rel, fork)? {
        let message = format!("block number {block} is out of range for relation \"{}\"", table.name);
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
    }
    let pin = table.rel.page(env, fork, BlockNumber(block)).await?;
    let guard = pin.lock(&env.cx, LwMode::Shared).await;
    let bytes: Rc<[u8]> = pin.read(|page| Rc::from(&page[..]));
    drop(guard);
    env.unlock_relation(table.oid, LockMode::AccessShare);
    Ok(Datum::Bytea(bytes))
}

pub(super) fn whole_page(bytes: &[u8]) -> Result<Box<PageBytes>> {
    <Box<PageBytes>>::try_from(Box::<[u8]>::from(bytes)).map_err(|bytes| {
        Error::new(sqlstate::INVALID_PARAMETER_VALUE, "invalid page size").detail(format!(
            "Expected {} bytes, got {}.",
            crate::ids::BLCKSZ,
            bytes.len()
        ))
    })
}

fn page_header(bytes: &[u8]) -> Result<Vec<Row>> {
    let header = page::header(&*whole_page(bytes)?);
    Ok(vec![vec![
        Datum::PgLsn(header.lsn),
        Datum::Int2(header.checksum as i16),
        Datum::Int2(header.flags as i16),
        int4(header.lower),
        int4(header.upper),
        int4(header.special),
        int4(header.pagesize),
        Datum::Int2(header.version.into()),
        Datum::Xid(header.prune_xid),
    ]])
}

fn heap_page_items(bytes: &[u8]) -> Result<Vec<Row>> {
    if bytes.len() < page::SIZE_OF_PAGE_HEADER {
        let message = format!("input page too small ({} bytes)", bytes.len());
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
    }
    let page = whole_page(bytes)?;
    Ok(page::offsets(&page).map(|lp| heap_page_item(&page, lp)).collect())
}

/// The columns of one line pointer. What does not look like a tuple has none beyond the line pointer's own.
fn heap_page_item(page: &PageBytes, lp: u16) -> Row {
    let id = page::item_id(page, lp);
    let int2 = |n: u16| Datum::Int2(n as i16);
    let mut row = vec![int2(lp), int2(id.off()), int2(id.flags() as u16), int2(id.len())];
    let aligned = max_align(id.off().into()) == usize::from(id.off());
    let tuple =
        page::item(page, lp).filter(|item| aligned && item.len() >= max_align(tuple::SIZE_OF_HEAP_TUPLE_HEADER));
    match tuple.and_then(|tuple| Some((tuple, HeapTupleHeader::read(tuple)?))) {
        Some((tuple, header)) => row.extend([
            Datum::Xid(header.xmin),
            Datum::Xid(header.xmax),
            Datum::Int4(header.field3 as i32),
            Datum::Tid(header.ctid),
            int4(header.infomask2),
            int4(header.infomask),
            int2(header.hoff.into()),
            null_bitmap(tuple).map_or(Datum::Null, |bits| text(bits_text(bits))),
            Datum::Null,
            tuple::data(tuple).map_or(Datum::Null, |data| Datum::Bytea(data.into())),
        ]),
        None => row.resize(HEAP_PAGE_ITEMS.len(), Datum::Null),
    }
    row
}

/// The same with the bytes of each column of the table instead of all of them in one.
fn heap_page_item_attrs(bytes: &[u8], table: &Table) -> Result<Vec<Row>> {
    let mut rows = heap_page_items(bytes)?;
    let page = whole_page(bytes)?;
    for (row, lp) in rows.iter_mut().zip(page::offsets(&page)) {
        let Some(last) = row.last_mut().filter(|data| !data.is_null()) else { continue };
        let tuple = page::item(&page, lp).unwrap_or_default();
        let attr = |range: Option<Range<usize>>| range.map_or(Datum::Null, |range| Datum::Bytea(tuple[range].into()));
        let attrs: Vec<Datum> = column_ranges(&table.desc, tuple)?.into_iter().map(attr).collect();
        *last = Datum::array(Bytea, attrs);
    }
    Ok(rows)
}

/// The nodes of a page of the free space map that are not zero, one a line.
fn fsm_page_contents(bytes: &[u8]) -> Result<Datum> {
    let page = whole_page(bytes)?;
    if page::is_new(&page) {
        return Ok(Datum::Null);
    }
    let nodes = fsm::nodes(&page).iter().enumerate().filter(|(_, value)| **value != 0);
    let lines: String = nodes.map(|(at, value)| format!("{at}: {value}\n")).collect();
    Ok(text(format!("{lines}fp_next_slot: {}\n", fsm::next_slot(&page))))
}
