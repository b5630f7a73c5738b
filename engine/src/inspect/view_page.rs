//! A page in a view: in shared buffers and on disk, with what the two maps say of it.

use super::look::{Look, Tables};
use super::shape::ViewRequest;
use super::shape_page::*;
use super::view::{Asker, Letters};
use super::view_tuple::{Versions, tuple_view};
use super::view_wal::Tape;
use crate::buffer::BufferTag;
use crate::ids::{BlockNumber, Fork, RelFile};
use crate::storage::item_id::ItemId;
use crate::storage::{PageBytes, fsm, page, vm};

/// The page that was asked for, if this host has it.
pub(super) fn page_view(
    look: &Look,
    tables: &Tables,
    request: &ViewRequest,
    tape: &Tape,
    letters: &Letters,
    askers: &[Asker],
) -> Option<PageView> {
    let table = tables.named(&request.relation)?;
    let rel = table.file(crate::ids::Oid::POSTGRES_DB);
    let fork = [Fork::Main, Fork::Fsm, Fork::Vm].into_iter().find(|fork| fork.name() == request.fork)?;
    let tag = BufferTag { rel, fork, block: BlockNumber(request.block) };
    if request.block >= look.blocks(rel, fork) {
        return None;
    }
    let columns = look.columns(table);
    let memory = look.in_memory(&tag);
    let bufferid = memory.as_ref().map(|(index, _)| *index as u32 + 1);
    let versions = (fork == Fork::Main).then(|| Versions::on(look, &columns, letters, askers, tag, tape));
    let image = |bytes: &PageBytes| page_image(bytes, versions.as_ref());
    let in_memory = memory.as_ref().map(|(_, bytes)| image(bytes));
    // A clean page means the same in both places.
    let same = |bytes: &PageBytes| in_memory.clone().filter(|_| memory.as_ref().is_some_and(|(_, b)| **b == *bytes));
    let on_disk = look.on_disk(&tag).map(|bytes| same(&bytes).unwrap_or_else(|| image(&bytes)));
    let bits = visibility_map(look, rel, tag.block);
    Some(PageView {
        relname: table.name.clone(),
        relfilenode: rel.rel.0,
        path: rel.path(fork),
        fork: fork.name().to_string(),
        block: tag.block.0,
        bufferid,
        memory: in_memory,
        disk: on_disk,
        disk_synced: look.is_synced(&tag),
        all_visible: bits & vm::VISIBILITYMAP_ALL_VISIBLE != 0,
        all_frozen: bits & vm::VISIBILITYMAP_ALL_FROZEN != 0,
        freespace: free_space_map(look, rel, tag.block),
        columns: columns.attrs.iter().filter(|attr| !attr.dropped).map(column_view).collect(),
    })
}

fn column_view(attr: &crate::types::Attr) -> ColumnView {
    ColumnView { attname: attr.name.to_string(), typname: attr.type_id.typname().to_string() }
}

/// What the visibility map says of a page; nothing where it does not reach.
fn visibility_map(look: &Look, rel: RelFile, block: BlockNumber) -> u8 {
    let tag = BufferTag { rel, fork: Fork::Vm, block: vm::map_block(block) };
    if tag.block.0 >= look.blocks(rel, Fork::Vm) {
        return 0;
    }
    look.page(&tag).filter(|map| !page::is_new(map)).map_or(0, |map| vm::status(&map, block))
}

/// What the free space map says of a page, in bytes.
fn free_space_map(look: &Look, rel: RelFile, block: BlockNumber) -> Option<u32> {
    let (address, slot) = fsm::FsmAddress::of_heap_block(block);
    let tag = BufferTag { rel, fork: Fork::Fsm, block: address.physical() };
    let there = tag.block.0 < look.blocks(rel, Fork::Fsm);
    let map = look.page(&tag).filter(|map| there && !page::is_new(map))?;
    Some(fsm::space_cat_to_avail(fsm::get_avail(&map, slot)) as u32)
}

/// What the bytes of a page mean. Only a heap page has line pointers and versions to show.
fn page_image(bytes: &PageBytes, versions: Option<&Versions>) -> PageImage {
    let header = page::header(bytes);
    let items = versions
        .map_or_else(Vec::new, |versions| page::offsets(bytes).map(|lp| item_view(bytes, lp, versions)).collect());
    PageImage {
        pd_lsn: header.lsn.0,
        pd_checksum: header.checksum,
        pd_flags: header.flags,
        pd_lower: header.lower,
        pd_upper: header.upper,
        pd_special: header.special,
        pd_pagesize: header.pagesize,
        pd_version: header.version,
        pd_prune_xid: header.prune_xid.0,
        header_fields: header_fields(&header),
        items,
        bytes: bytes.to_vec(),
    }
}

/// The header's fields with the bytes they lie in, as `page_header` prints them; size and version share two bytes.
pub(super) fn header_fields(header: &page::PageHeader) -> Vec<FieldView> {
    let fields: [(&str, String, u16, u16); 8] = [
        ("pd_lsn", header.lsn.to_string(), 0, 8),
        ("pd_checksum", header.checksum.to_string(), 8, 2),
        ("pd_flags", header.flags.to_string(), 10, 2),
        ("pd_lower", header.lower.to_string(), 12, 2),
        ("pd_upper", header.upper.to_string(), 14, 2),
        ("pd_special", header.special.to_string(), 16, 2),
        ("pd_pagesize_version", format!("{} v{}", header.pagesize, header.version), 18, 2),
        ("pd_prune_xid", header.prune_xid.to_string(), 20, 4),
    ];
    fields.map(|(name, value, offset, len)| FieldView { name: name.into(), value, offset, len }).into()
}

fn item_view(bytes: &PageBytes, lp: u16, versions: &Versions) -> ItemView {
    let id: ItemId = page::item_id(bytes, lp);
    let tuple = page::heap_tuple(bytes, lp);
    ItemView {
        lp,
        lp_off: id.off(),
        lp_flags: id.flags() as u8,
        lp_len: id.len(),
        lp_offset: (page::SIZE_OF_PAGE_HEADER + page::SIZE_OF_ITEM_ID * (usize::from(lp) - 1)) as u16,
        redirect: id.is_redirected().then(|| id.off()),
        tuple: tuple.and_then(|tuple| tuple_view(tuple, id.off(), lp, versions)),
    }
}
