//! Looking things up without leaving a trace: pages, what has become of transactions, tables.
//!
//! A backend that reads a page pins it, waits for it, perhaps changes it. Whoever only looks takes the page from shared
//! buffers if it is there, and else what the disk would answer; on a host without power there is only the disk.

use super::names::RelationNames;
use crate::access::KeyColumn;
use crate::buffer::{BufferTag, block_count};
use crate::catalog::layout::{PG_ATTRIBUTE, PG_CLASS, PG_INDEX, SystemTable};
use crate::catalog::pg_attribute;
use crate::catalog::pg_class::ClassRow;
use crate::catalog::pg_index::IndexRow;
use crate::ids::{BLCKSZ, BlockNumber, FIRST_NORMAL_OID, Fork, Oid, RelFile, Xid, XidStatus};
use crate::server::{Server, ServerSpec};
use crate::small;
use crate::storage::multixact::Member;
use crate::storage::tuple::{HEAP_XMAX_COMMITTED, HEAP_XMAX_INVALID, HEAP_XMAX_IS_MULTI, HeapTupleHeader};
use crate::storage::{PageBytes, clog, page};
use crate::types::{Datum, TupleDesc, deform_into, deform_tuple};
use crate::world::Disk;

/// A host that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    disk: &'a Disk,
    /// Its server, if one runs.
    pub(super) server: Option<&'a Server>,
}

impl<'a> Look<'a> {
    pub(super) fn at(spec: &'a ServerSpec, server: Option<&'a Server>) -> Look<'a> {
        Look { disk: &spec.disk, server }
    }

    // --- pages -----------------------------------------------------------------------------------------------

    /// How many pages a fork has.
    pub(super) fn blocks(&self, rel: RelFile, fork: Fork) -> u32 {
        block_count(self.disk, rel, fork).unwrap_or_default().0
    }

    /// A page in shared buffers, and which buffer that is, from 0.
    pub(super) fn in_memory(&self, tag: &BufferTag) -> Option<(usize, Box<PageBytes>)> {
        let buffers = &self.server?.buffers;
        let index = buffers.find(tag).filter(|index| buffers.state(*index).is_valid())?;
        Some((index, buffers.peek(index, |page| Box::new(*page))))
    }

    /// A page as a read from the file would find it.
    pub(super) fn on_disk(&self, tag: &BufferTag) -> Option<Box<PageBytes>> {
        self.file_page(&tag.rel.path(tag.fork), u64::from(tag.block.0) * BLCKSZ as u64)
    }

    /// A page's worth of bytes of any file.
    pub(super) fn file_page(&self, path: &str, offset: u64) -> Option<Box<PageBytes>> {
        let bytes = self.disk.peek(path, offset, BLCKSZ)?;
        <Box<PageBytes>>::try_from(bytes.into_boxed_slice()).ok()
    }

    /// All files: path, length, whether a power cut would leave it as it is.
    pub(super) fn files(&self) -> Vec<(String, u64, bool)> {
        let file = |path: String| {
            let len = self.disk.len(&path).unwrap_or(0);
            let synced = self.disk.is_synced(&path, 0, len as usize);
            (path, len, synced)
        };
        self.disk.list("").into_iter().map(file).collect()
    }

    /// Whether what [`Look::on_disk`] finds is durable.
    pub(super) fn is_synced(&self, tag: &BufferTag) -> bool {
        self.disk.is_synced(&tag.rel.path(tag.fork), u64::from(tag.block.0) * BLCKSZ as u64, BLCKSZ)
    }

    /// A page as a backend would find it.
    pub(super) fn page(&self, tag: &BufferTag) -> Option<Box<PageBytes>> {
        self.in_memory(tag).map(|(_, page)| page).or_else(|| self.on_disk(tag))
    }

    // --- transactions ----------------------------------------------------------------------------------------

    /// What pg_xact says.
    pub(super) fn status(&self, xid: Xid) -> XidStatus {
        if let Some(known) = self.server.and_then(|server| server.txns.clog.cached(xid)) {
            return known;
        }
        if !xid.is_normal() {
            return if xid.is_valid() { XidStatus::Committed } else { XidStatus::Aborted };
        }
        let (path, offset) = clog::file_of(clog::page_of(xid));
        let (byte, shift) = clog::place(xid);
        let bits = self.disk.peek(&path, offset + byte as u64, 1).and_then(|bytes| bytes.first().copied());
        XidStatus::from_bits(bits.unwrap_or(0) >> shift)
    }

    /// Whether the transaction runs. Without a server it is as if none had ended of which pg_xact says nothing.
    pub(super) fn is_running(&self, xid: Xid) -> bool {
        match self.server {
            Some(server) => server.txns.procs.is_running(xid),
            None => self.status(xid) == XidStatus::InProgress,
        }
    }

    /// Who stands in a header's xmax: one transaction, or the members of a multixact that is in memory; who ends the
    /// version comes first.
    pub(super) fn in_xmax(&self, header: &HeapTupleHeader) -> Vec<Xid> {
        let members = self.multixact(header);
        members.map_or_else(|| vec![header.xmax], |members| members.iter().map(|member| member.xid).collect())
    }

    /// The members of the multixact in a header's xmax, the strongest first; nothing if there is none.
    pub(super) fn multixact(&self, header: &HeapTupleHeader) -> Option<Vec<Member>> {
        if !header.has(HEAP_XMAX_IS_MULTI) {
            return None;
        }
        let members = self.server.and_then(|server| server.txns.multis.members(header.xmax_multi()).ok());
        let mut members = members.unwrap_or_default();
        small::sort_by_key(&mut members, |member| std::cmp::Reverse(member.status));
        Some(members)
    }

    fn has_committed(&self, xid: Xid) -> bool {
        !self.is_running(xid) && self.status(xid) == XidStatus::Committed
    }

    /// Whether a row is there: made by a transaction that runs or has committed, ended by none that has.
    fn is_there(&self, header: &HeapTupleHeader) -> bool {
        let made = header.xmin_committed()
            || !header.xmin_invalid() && (self.is_running(header.xmin) || self.has_committed(header.xmin));
        let ended = !header.has(HEAP_XMAX_INVALID)
            && !header.xmax_is_locked_only()
            && (header.has(HEAP_XMAX_COMMITTED) || self.has_committed(header.xmax));
        made && !ended
    }

    // --- catalogs --------------------------------------------------------------------------------------------

    /// Calls `each` with every row of a catalog that is there.
    fn each_row(&self, table: &SystemTable, mut each: impl FnMut(&TupleDesc, &[u8])) {
        let (rel, desc) = (table.file(), table.desc());
        for block in 0..self.blocks(rel, Fork::Main) {
            let tag = BufferTag { rel, fork: Fork::Main, block: BlockNumber(block) };
            let Some(bytes) = self.page(&tag) else { continue };
            for tuple in page::offsets(&bytes).filter_map(|offset| page::heap_tuple(&bytes, offset)) {
                if HeapTupleHeader::read(tuple).is_some_and(|header| self.is_there(&header)) {
                    each(&desc, tuple);
                }
            }
        }
    }

    /// All tables and indexes.
    pub(super) fn tables(&self) -> Tables {
        let mut rows = Vec::new();
        self.each_row(&PG_CLASS, |desc, tuple| {
            rows.extend(deform_tuple(desc, tuple).and_then(|values| ClassRow::of_values(&values)).ok());
        });
        Tables(rows)
    }

    /// The columns of a table; none if they cannot be made out.
    pub(super) fn columns(&self, table: &ClassRow) -> TupleDesc {
        let (mut first, mut rows) = (Vec::new(), Vec::new());
        self.each_row(&PG_ATTRIBUTE, |desc, tuple| {
            let wanted = deform_into(desc, tuple, 1, &mut first).is_ok() && first[0] == Datum::Oid(table.oid);
            rows.extend(deform_tuple(desc, tuple).ok().filter(|_| wanted));
        });
        TupleDesc::new(pg_attribute::columns(&rows, table.natts).unwrap_or_default())
    }

    /// What an index is sorted by.
    pub(super) fn index_keys(&self, index: Oid) -> Vec<KeyColumn> {
        let (mut first, mut keys) = (Vec::new(), Vec::new());
        self.each_row(&PG_INDEX, |desc, tuple| {
            let wanted = deform_into(desc, tuple, 1, &mut first).is_ok() && first[0] == Datum::Oid(index);
            let row = || deform_tuple(desc, tuple).and_then(|values| IndexRow::of_values(&values)).ok();
            keys = if wanted { row().map(|row| row.keys).unwrap_or_default() } else { std::mem::take(&mut keys) };
        });
        keys
    }

    /// All tables with the names of their columns.
    pub(super) fn relations(&self) -> Vec<RelationNames> {
        let names = |desc: TupleDesc| {
            let attrs = desc.attrs.iter().filter(|attr| !attr.dropped);
            attrs.map(|attr| attr.name.to_string()).collect()
        };
        let relation =
            |table: &ClassRow| RelationNames { name: table.name.clone(), columns: names(self.columns(table)) };
        self.tables().0.iter().filter(|row| !row.is_index()).map(relation).collect()
    }
}

/// The tables of a host, and their indexes.
pub(super) struct Tables(Vec<ClassRow>);

impl Tables {
    /// The name of the table or index with this file.
    pub(super) fn name_of(&self, file: RelFile) -> Option<String> {
        self.with_file(file).map(|row| row.name.clone())
    }

    /// The table or index with this file.
    pub(super) fn with_file(&self, file: RelFile) -> Option<&ClassRow> {
        self.0.iter().find(|row| row.file(Oid::POSTGRES_DB) == file)
    }

    /// Every table and index with the path of its file.
    pub(super) fn files(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().map(|row| (row.file(Oid::POSTGRES_DB).path(Fork::Main), row.name.as_str()))
    }

    /// The tables that users have made, without what is kept outside of them.
    pub(super) fn of_users(&self) -> impl Iterator<Item = &ClassRow> {
        self.0.iter().filter(|row| row.oid >= FIRST_NORMAL_OID && row.kind == b'r')
    }

    /// The indexes of these.
    pub(super) fn user_indexes(&self) -> impl Iterator<Item = &ClassRow> {
        self.0.iter().filter(|row| row.oid >= FIRST_NORMAL_OID && row.is_index() && !row.name.starts_with("pg_toast"))
    }

    /// The table or index of this name; the youngest, should there be several.
    pub(super) fn any_named(&self, name: &str) -> Option<&ClassRow> {
        self.0.iter().filter(|row| row.name == name).max_by_key(|row| row.oid)
    }

    /// The name of a table.
    pub(super) fn name_of_oid(&self, oid: Oid) -> Option<&str> {
        self.0.iter().find(|row| row.oid == oid).map(|row| row.name.as_str())
    }

    /// The table of this name; the youngest, should there be several.
    pub(super) fn named(&self, name: &str) -> Option<&ClassRow> {
        self.0.iter().filter(|row| row.name == name && !row.is_index()).max_by_key(|row| row.oid)
    }
}
