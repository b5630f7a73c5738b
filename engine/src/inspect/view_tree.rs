//! A B-tree in a view: its pages level by level, as their own links lead, and the way that a search takes.
//!
//! ```text
//!   level 1            [ block 3 │ -∞ → 1 │ 204 → 2 │ 407 → 4 ]
//!                        ╱            │            ╲
//!   level 0    [ block 1 ] ◄──────► [ block 2 ] ◄──────► [ block 4 ]      each knows its neighbours and its high key
//! ```

use super::shape_panel::*;
use super::view_bytes::key_text;
use super::view_panel::Site;
use crate::access::KeyColumn;
use crate::buffer::BufferTag;
use crate::catalog::pg_class::ClassRow;
use crate::ids::{BlockNumber, Fork, OffsetNumber, Oid, RelFile};
use crate::storage::btree::{self, Opaque, tuple};
use crate::storage::{PageBytes, page};
use crate::types::index_key::values_of_key;
use crate::types::{Datum, TupleDesc, compare, input};
use std::cmp::Ordering;
use std::ops::RangeInclusive;

/// Pages that are shown at most.
const PAGES: usize = 256;
/// Items of a page that are shown at most.
const ITEMS: usize = 48;
/// No tree is so high, and no search goes right so often.
const STEPS: usize = 64;

struct Tree<'a> {
    site: &'a Site<'a>,
    rel: RelFile,
    desc: TupleDesc,
    keys: Vec<KeyColumn>,
}

/// The index of this name, or else the first one there is.
pub(super) fn tree_view(site: &Site, index: &str, search: Option<&str>) -> Option<TreeView> {
    let indexes: Vec<&ClassRow> = site.tables.user_indexes().collect();
    let class = site.tables.any_named(index).filter(|class| class.is_index()).or(indexes.first().copied())?;
    let keys = site.look.index_keys(class.oid);
    let tree = Tree { site, rel: class.file(Oid::POSTGRES_DB), desc: site.look.columns(class), keys };
    let meta = btree::meta(&*tree.page(btree::BTREE_METAPAGE)?)?;
    let search = search.filter(|text| !text.is_empty());
    let path = search.map_or(Ok(Vec::new()), |text| tree.search(meta.root, text));
    let (pages, more) = tree.levels(meta.root, path.as_deref().unwrap_or_default());
    Some(TreeView {
        index: class.name.clone(),
        indexes: indexes.iter().map(|class| class.name.clone()).collect(),
        columns: tree.desc.attrs.iter().map(|attr| attr.name.to_string()).collect(),
        root: meta.root.0,
        level: meta.level,
        fastroot: meta.fastroot.0,
        blocks: site.look.blocks(tree.rel, Fork::Main),
        pages,
        more,
        search: search.map(str::to_string),
        problem: path.as_ref().err().map(|error| error.report().message.clone()),
        path: path.unwrap_or_default(),
    })
}

impl Tree<'_> {
    fn page(&self, block: BlockNumber) -> Option<Box<PageBytes>> {
        let tag = BufferTag { rel: self.rel, fork: Fork::Main, block };
        let inside = block.0 < self.site.look.blocks(self.rel, Fork::Main);
        self.site.look.page(&tag).filter(|bytes| inside && !page::is_new(bytes))
    }

    /// Every level from its leftmost page to the right; of each page also the item that a search has come to.
    fn levels(&self, root: BlockNumber, path: &[TreeStep]) -> (Vec<TreePage>, bool) {
        let (mut pages, mut leftmost) = (Vec::new(), Some(root).filter(|root| *root != btree::P_NONE));
        while let Some(first) = leftmost.take() {
            let mut next = Some(first);
            while let Some(block) = next.take() {
                if pages.len() == PAGES {
                    return (pages, true);
                }
                let Some(bytes) = self.page(block).filter(|bytes| btree::is_sane(bytes)) else { break };
                let links = btree::opaque(&bytes);
                if block == first && !links.is_leaf() {
                    leftmost = first_child(&bytes, &links);
                }
                next = Some(links.next).filter(|_| !links.is_rightmost());
                let found = path.iter().find(|step| step.block == block.0).map_or(0, |step| step.offset);
                pages.push(self.page_view(block, &bytes, &links, found));
            }
        }
        (pages, false)
    }

    fn page_view(&self, block: BlockNumber, bytes: &PageBytes, links: &Opaque, found: OffsetNumber) -> TreePage {
        let tag = BufferTag { rel: self.rel, fork: Fork::Main, block };
        let buffers = self.site.look.server.map(|server| &server.buffers);
        let buffer = buffers.and_then(|buffers| Some((buffers.find(&tag)?, buffers)));
        let high_key = (!links.is_rightmost()).then(|| key_text(&self.desc, btree::index_tuple(bytes, btree::P_HIKEY)));
        let offsets = links.first_data_key()..=if links.has(btree::BTP_DELETED) { 0 } else { page::max_offset(bytes) };
        TreePage {
            block: block.0,
            level: links.level,
            prev: links.prev.0,
            next: links.next.0,
            flags: flags(links),
            lsn: page::lsn(bytes).0,
            free: page::exact_free_space(bytes) as u32,
            bufferid: buffer.map(|(index, _)| index as u32 + 1),
            dirty: buffer.is_some_and(|(index, buffers)| buffers.state(index).dirty),
            high_key,
            items: offsets.clone().count() as u32,
            shown: shown(offsets, found).map(|offset| self.item(bytes, links, offset)).collect(),
        }
    }

    fn item(&self, bytes: &PageBytes, links: &Opaque, offset: OffsetNumber) -> TreeItem {
        let item = btree::index_tuple(bytes, offset);
        let tids = || match () {
            _ if tuple::is_posting(item) => tuple::heap_tids(item).map(|tid| tid.to_string()).collect(),
            _ => vec![tuple::tid(item).to_string()],
        };
        TreeItem {
            offset,
            key: key_text(&self.desc, item),
            child: (!links.is_leaf()).then(|| tuple::downlink(item).0),
            tids: if links.is_leaf() { tids() } else { Vec::new() },
            dead: page::item_id(bytes, offset).is_dead(),
        }
    }

    // --- a search ----------------------------------------------------------------------------------------------

    /// `_bt_search` for a value of the first column: down to the leaf, to the right where a split has moved what is
    /// searched for.
    fn search(&self, root: BlockNumber, text: &str) -> crate::ids::Result<Vec<TreeStep>> {
        let Some(attr) = self.desc.attrs.first() else { return Ok(Vec::new()) };
        let wanted = input(attr.type_id, text, -1)?;
        let (mut path, mut block) = (Vec::new(), root);
        while path.len() < STEPS {
            let Some(bytes) = self.page(block).filter(|bytes| btree::is_sane(bytes)) else { break };
            let links = btree::opaque(&bytes);
            if !links.is_rightmost() && self.order(&wanted, &bytes, btree::P_HIKEY)?.is_gt() || links.ignore() {
                path.push(TreeStep { block: block.0, offset: 0, found: false });
                block = links.next;
                continue;
            }
            // The first item that is not less; on an inner page the one before it leads there.
            let mut at = links.first_data_key();
            let last = page::max_offset(&bytes);
            while at <= last && self.order(&wanted, &bytes, at)?.is_gt() {
                at += 1;
            }
            if links.is_leaf() {
                let found = at <= last && self.order(&wanted, &bytes, at)?.is_eq();
                path.push(TreeStep { block: block.0, offset: at.min(last), found });
                break;
            }
            let down = (at - 1).max(links.first_data_key());
            path.push(TreeStep { block: block.0, offset: down, found: false });
            block = tuple::downlink(btree::index_tuple(&bytes, down));
        }
        Ok(path)
    }

    /// How the value stands to the first column of an item: greater than minus infinity.
    fn order(&self, wanted: &Datum, bytes: &PageBytes, offset: OffsetNumber) -> crate::ids::Result<Ordering> {
        let item = btree::index_tuple(bytes, offset);
        if tuple::natts(item, self.desc.natts()) == 0 {
            return Ok(Ordering::Greater);
        }
        let key = self.keys.first().cloned().unwrap_or(KeyColumn::ascending(0));
        let value = values_of_key(&self.desc, item, 1)?.into_iter().next().unwrap_or(Datum::Null);
        if value == Datum::Null {
            return Ok(if key.nulls_first { Ordering::Greater } else { Ordering::Less });
        }
        let order = compare(wanted, &value)?;
        Ok(if key.descending { order.reverse() } else { order })
    }
}

/// The leftmost page of the level below.
fn first_child(bytes: &PageBytes, links: &Opaque) -> Option<BlockNumber> {
    let first = links.first_data_key();
    (first <= page::max_offset(bytes)).then(|| tuple::downlink(btree::index_tuple(bytes, first)))
}

/// The first items of a page, the one that was searched for, and the last.
fn shown(offsets: RangeInclusive<OffsetNumber>, found: OffsetNumber) -> impl Iterator<Item = OffsetNumber> {
    let last = *offsets.end();
    offsets.filter(move |offset| usize::from(*offset) < ITEMS || *offset == found || *offset == last)
}

fn flags(links: &Opaque) -> Vec<String> {
    let known = [
        (btree::BTP_ROOT, "root"),
        (btree::BTP_LEAF, "leaf"),
        (btree::BTP_DELETED, "deleted"),
        (btree::BTP_HALF_DEAD, "half-dead"),
        (btree::BTP_HAS_GARBAGE, "has dead items"),
        (btree::BTP_INCOMPLETE_SPLIT, "split not finished"),
    ];
    known.iter().filter(|(flag, _)| links.has(*flag)).map(|(_, name)| name.to_string()).collect()
}
