//! A page of any file in a view, byte by byte: which bytes belong together, what each field is, and what a map says.
//!
//! ```text
//!   heap    header 24 │ line pointers, 4 each │ free │ tuples
//!   btree   header 24 │ line pointers, 4 each │ free │ index tuples │ special 16
//!   fsm     header 24 │ fp_next_slot 4 │ a binary tree of one byte per node; its leaves are the pages of the table
//!   vm      header 24 │ two bits for each page of the table
//!   pg_xact             two bits for each transaction
//! ```

use super::look::Look;
use super::shape_page::FieldView;
use super::shape_panel::*;
use super::view_page::header_fields;
use super::view_panel::Site;
use super::view_tuple;
use crate::buffer::BufferTag;
use crate::ids::{BLCKSZ, BlockNumber, Fork, Oid, RelFile};
use crate::storage::btree::{self, tuple};
use crate::storage::tuple::HeapTupleHeader;
use crate::storage::{PageBytes, clog, fsm, page, vm};
use crate::types::TupleDesc;
use crate::types::index_key::values_of_key;

/// A page of a fork, or of pg_xact.
pub(super) fn bytes_view(site: &Site, relation: &str, fork: &str, block: u32, disk: bool) -> Option<BytesView> {
    let page =
        if relation == "pg_xact" { pg_xact(&site.look, block)? } else { of_relation(site, relation, fork, block)? };
    let Found { memory, file, .. } = &page;
    let from_memory = memory.is_some() && !(disk && file.is_some());
    let bytes = if from_memory { memory.as_ref()? } else { file.as_ref()? };
    let differ = match (memory, file) {
        (Some(memory), Some(file)) => memory.iter().zip(file.iter()).filter(|(a, b)| a != b).count() as u32,
        _ => 0,
    };
    let kind = page.kind(bytes);
    Some(BytesView {
        relation: page.name.clone(),
        fork: page.tag.fork.name().to_string(),
        block,
        blocks: page.blocks,
        kind,
        path: page.path.clone(),
        bufferid: page.bufferid,
        memory: from_memory,
        differ,
        bytes: bytes.to_vec(),
        groups: groups(kind, bytes, &page.desc),
        grid: page.grid(site, kind, bytes),
    })
}

/// A page with what has to be known of its file.
struct Found {
    name: String,
    tag: BufferTag,
    path: String,
    blocks: u32,
    index: bool,
    desc: TupleDesc,
    bufferid: Option<u32>,
    memory: Option<Box<PageBytes>>,
    file: Option<Box<PageBytes>>,
}

fn of_relation(site: &Site, relation: &str, fork: &str, block: u32) -> Option<Found> {
    let class = site.tables.any_named(relation)?;
    let fork = [Fork::Main, Fork::Fsm, Fork::Vm].into_iter().find(|known| known.name() == fork)?;
    let (rel, look) = (class.file(Oid::POSTGRES_DB), &site.look);
    let tag = BufferTag { rel, fork, block: BlockNumber(block) };
    let blocks = look.blocks(rel, fork);
    let memory = look.in_memory(&tag);
    Some(Found {
        name: class.name.clone(),
        path: rel.path(fork),
        blocks,
        index: class.is_index(),
        desc: look.columns(class),
        bufferid: memory.as_ref().map(|(index, _)| *index as u32 + 1),
        file: look.on_disk(&tag).filter(|_| block < blocks),
        memory: memory.map(|(_, bytes)| bytes),
        tag,
    })
}

/// pg_xact has no header, no file of a table, and buffers of its own.
fn pg_xact(look: &Look, block: u32) -> Option<Found> {
    let (path, offset) = clog::file_of(block);
    let next = look.server?.txns.procs.next_xid().xid();
    let rel = RelFile { spc: Oid::INVALID, db: Oid::INVALID, rel: Oid::INVALID };
    Some(Found {
        name: "pg_xact".into(),
        tag: BufferTag { rel, fork: Fork::Main, block: BlockNumber(block) },
        blocks: clog::page_of(next) + 1,
        index: false,
        desc: TupleDesc::new(Vec::new()),
        bufferid: None,
        memory: look.server?.txns.clog.peek(block),
        file: look.file_page(&path, offset),
        path,
    })
}

impl Found {
    fn kind(&self, bytes: &PageBytes) -> PageKind {
        match self.tag.fork {
            _ if self.name == "pg_xact" => PageKind::Clog,
            _ if page::is_new(bytes) => PageKind::New,
            Fork::Fsm => PageKind::Fsm,
            Fork::Vm => PageKind::Vm,
            _ if self.index && self.tag.block == btree::BTREE_METAPAGE => PageKind::BtreeMeta,
            _ if self.index => PageKind::Btree,
            _ => PageKind::Heap,
        }
    }

    fn grid(&self, site: &Site, kind: PageKind, bytes: &PageBytes) -> Option<GridView> {
        let rel = RelFile { ..self.tag.rel };
        let block = self.tag.block.0;
        let of = |first: u32, total: u32, most: u32| (first, total.saturating_sub(first).min(most));
        match kind {
            PageKind::Vm => {
                let (first, count) =
                    of(block * vm::HEAPBLOCKS_PER_PAGE, site.look.blocks(rel, Fork::Main), vm::HEAPBLOCKS_PER_PAGE);
                let values = (first..first + count).map(|heap| vm::status(bytes, BlockNumber(heap))).collect();
                Some(GridView { first, bits: 2, offset: page::SIZE_OF_PAGE_HEADER as u16, values })
            }
            PageKind::Fsm => {
                let address = fsm::FsmAddress { level: fsm::FSM_BOTTOM_LEVEL, page: block.saturating_sub(2) };
                let bottom = block >= 2 && address.physical().0 == block;
                let first = if bottom { address.page * fsm::SLOTS_PER_FSM_PAGE } else { 0 };
                let total = if bottom { site.look.blocks(rel, Fork::Main) } else { self.blocks };
                let (first, count) = of(first, total, fsm::SLOTS_PER_FSM_PAGE);
                let offset = BLCKSZ as u16 - fsm::SLOTS_PER_FSM_PAGE as u16;
                Some(GridView {
                    first,
                    bits: 8,
                    offset,
                    values: (0..count).map(|slot| fsm::get_avail(bytes, slot)).collect(),
                })
            }
            PageKind::Clog => {
                let next = site.look.server?.txns.procs.next_xid().xid().0;
                let (first, count) = of(block * clog::XACTS_PER_PAGE, next, clog::XACTS_PER_PAGE);
                let values =
                    (first..first + count).map(|xid| clog::status(bytes, crate::ids::Xid(xid)) as u8).collect();
                Some(GridView { first, bits: 2, offset: 0, values })
            }
            _ => None,
        }
    }
}

// --- what lies where -----------------------------------------------------------------------------------------

fn groups(kind: PageKind, bytes: &PageBytes, desc: &TupleDesc) -> Vec<ByteGroup> {
    let mut groups = Vec::new();
    if !matches!(kind, PageKind::Clog | PageKind::New) {
        groups.push(group("header", 0, 0, page::SIZE_OF_PAGE_HEADER as u16, header_fields(&page::header(bytes))));
    }
    match kind {
        PageKind::Heap => items(bytes, &mut groups, |lp, off| heap_tuple(bytes, lp, off, desc)),
        PageKind::Btree if btree::is_sane(bytes) => {
            items(bytes, &mut groups, |lp, off| Some(index_tuple(bytes, lp, off, desc)));
            groups.push(special(bytes));
        }
        PageKind::BtreeMeta => {
            groups.extend(meta(bytes));
            groups.push(special(bytes));
        }
        PageKind::Fsm => {
            let next = vec![
                field("fp_next_slot", fsm::next_slot(bytes), 24, 4),
                field("fp_nodes[0]", fsm::max_avail(bytes), 28, 1),
            ];
            groups.push(group("tree", 0, 24, 5, next));
        }
        _ => {}
    }
    crate::small::sort_by_key(&mut groups, |group| group.offset);
    groups
}

fn group(kind: &str, lp: u16, offset: u16, len: u16, fields: Vec<FieldView>) -> ByteGroup {
    ByteGroup { kind: kind.to_string(), lp, offset, len, fields }
}

fn field(name: &str, value: impl ToString, offset: u16, len: u16) -> FieldView {
    FieldView { name: name.to_string(), value: value.to_string(), offset, len }
}

/// Line pointers, and what they point to.
fn items(bytes: &PageBytes, groups: &mut Vec<ByteGroup>, item: impl Fn(u16, u16) -> Option<ByteGroup>) {
    for lp in page::offsets(bytes) {
        let id = page::item_id(bytes, lp);
        let at = (page::SIZE_OF_PAGE_HEADER + page::SIZE_OF_ITEM_ID * (usize::from(lp) - 1)) as u16;
        let flags = ["LP_UNUSED", "LP_NORMAL", "LP_REDIRECT", "LP_DEAD"][id.flags() as usize & 3];
        // Three numbers of 15, 2 and 15 bits share the four bytes.
        let fields =
            vec![field("lp_off", id.off(), at, 4), field("lp_flags", flags, at, 4), field("lp_len", id.len(), at, 4)];
        groups.push(group("lp", lp, at, 4, fields));
        if page::item(bytes, lp).is_some() {
            groups.extend(item(lp, id.off()));
        }
    }
}

fn heap_tuple(bytes: &PageBytes, lp: u16, off: u16, desc: &TupleDesc) -> Option<ByteGroup> {
    let tuple = page::heap_tuple(bytes, lp)?;
    let header = HeapTupleHeader::read(tuple)?;
    let mut fields = view_tuple::fields(&header, tuple, off);
    let attrs = view_tuple::attrs(desc, tuple, off).into_iter().filter(|attr| attr.len > 0);
    fields.extend(attrs.map(|attr| field(&attr.attname, attr.value.unwrap_or_default(), attr.offset, attr.len)));
    Some(group("tuple", lp, off, tuple.len() as u16, fields))
}

fn index_tuple(bytes: &PageBytes, lp: u16, off: u16, desc: &TupleDesc) -> ByteGroup {
    let item = btree::index_tuple(bytes, lp);
    let leaf = btree::opaque(bytes).is_leaf();
    let pivot = !leaf || tuple::is_pivot(item);
    let name = match () {
        _ if leaf && pivot => "t_tid (of a high key)",
        _ if pivot => "t_tid (downlink)",
        _ if tuple::is_posting(item) => "t_tid (posting list)",
        _ => "t_tid",
    };
    let what = match () {
        _ if pivot && !leaf => {
            format!("block {}, {} columns", tuple::downlink(item).0, tuple::natts(item, desc.natts()))
        }
        _ if tuple::is_posting(item) => format!("{} row versions", tuple::heap_tids(item).len()),
        _ => tuple::tid(item).to_string(),
    };
    let (info, size) = (tuple::info(item), tuple::size(item) as u16);
    let mut fields = vec![field(name, what, off, 6), field("t_info", format!("{info:04x}, {size} bytes"), off + 6, 2)];
    let data = tuple::data_offset(info) as u16;
    if size > data {
        fields.push(field("key", key_text(desc, item), off + data, size - data));
    }
    group("item", lp, off, size, fields)
}

/// The columns of an index tuple as text; those that a pivot tuple lacks are minus infinity.
pub(super) fn key_text(desc: &TupleDesc, item: &[u8]) -> String {
    let natts = tuple::natts(item, desc.natts()).min(desc.natts());
    let values = values_of_key(desc, item, natts).unwrap_or_default();
    let shown = desc.attrs.iter().zip(&values).map(|(attr, value)| match value {
        crate::types::Datum::Null => "NULL".to_string(),
        value => crate::types::output(value, attr.type_id),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// `BTPageOpaqueData`
fn special(bytes: &PageBytes) -> ByteGroup {
    let at = (BLCKSZ - btree::SIZE_OF_OPAQUE) as u16;
    let links = btree::opaque(bytes);
    let fields = vec![
        field("btpo_prev", links.prev.0, at, 4),
        field("btpo_next", links.next.0, at + 4, 4),
        field("btpo_level", links.level, at + 8, 4),
        field("btpo_flags", format!("{:04x}", links.flags), at + 12, 2),
        field("btpo_cycleid", links.cycleid, at + 14, 2),
    ];
    group("special", 0, at, btree::SIZE_OF_OPAQUE as u16, fields)
}

/// `BTMetaPageData`
fn meta(bytes: &PageBytes) -> Option<ByteGroup> {
    let meta = btree::meta(bytes)?;
    let fields = vec![
        field("btm_magic", format!("{:x}", btree::BTREE_MAGIC), 24, 4),
        field("btm_version", meta.version, 28, 4),
        field("btm_root", meta.root.0, 32, 4),
        field("btm_level", meta.level, 36, 4),
        field("btm_fastroot", meta.fastroot.0, 40, 4),
        field("btm_fastlevel", meta.fastlevel, 44, 4),
        field("btm_last_cleanup_num_delpages", meta.last_cleanup_num_delpages, 48, 4),
        field("btm_last_cleanup_num_heap_tuples", meta.last_cleanup_num_heap_tuples, 56, 8),
        field("btm_allequalimage", meta.allequalimage, 64, 1),
    ];
    Some(group("meta", 0, 24, 48, fields))
}
