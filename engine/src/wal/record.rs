//! One WAL record as bytes, and [`RecordBuilder`], which makes them.
//!
//! ```text
//!   0         4      8           16     17     18   20     24
//!   | tot_len | xid  | xl_prev   | info | rmid | 00 | crc  |            the header
//!   | id fork_flags data_length [image: length hole_offset bimg_info] [spc db rel] block |   for each block
//!   | 255 length | or | 254 length (4 bytes) |                         the length of the main data
//!   | image of block 0 | data of block 0 | image of block 1 | ... | main data |
//! ```
//!
//! The first change to a page after a checkpoint carries the whole page (a *full-page image*), because a crash can tear
//! the page on disk, and a record that says only 'insert this tuple' needs an untorn page to work on. The unused
//! middle of the page, its hole, is left out. The image is the page after the change, still with its old LSN.
//!
//! PostgreSQL: `XLogRecordAssemble` in `access/transam/xloginsert.c`, `access/xlogrecord.h`.

use super::bytes::Put;
use crate::ids::{BLCKSZ, BlockNumber, Fork, Lsn, RelFile, RmgrId, Xid};
use crate::storage::crc;
use crate::storage::{PageBytes, page};

/// Bytes of a record's fixed header; `SizeOfXLogRecord`.
pub const HEADER_SIZE: usize = 24;
/// The highest number a block reference may have.
pub const XLR_MAX_BLOCK_ID: u8 = 32;
/// The bits of `xl_info` that belong to the resource manager.
pub const XLR_RMGR_INFO_MASK: u8 = 0xF0;
/// In `xl_info`: the record changes relation files in ways that its block references do not show.
pub const XLR_SPECIAL_REL_UPDATE: u8 = 0x01;
/// In `xl_info`: redo compares its result with the images.
pub const XLR_CHECK_CONSISTENCY: u8 = 0x02;

pub(super) const XLR_BLOCK_ID_DATA_SHORT: u8 = 255;
pub(super) const XLR_BLOCK_ID_DATA_LONG: u8 = 254;
pub(super) const XLR_BLOCK_ID_ORIGIN: u8 = 253;
pub(super) const XLR_BLOCK_ID_TOPLEVEL_XID: u8 = 252;

pub(super) const BKPBLOCK_FORK_MASK: u8 = 0x0F;
pub(super) const BKPBLOCK_HAS_IMAGE: u8 = 0x10;
pub(super) const BKPBLOCK_HAS_DATA: u8 = 0x20;
/// Redo makes the page anew: in the `flags` of a decoded block.
pub const BKPBLOCK_WILL_INIT: u8 = 0x40;
pub(super) const BKPBLOCK_SAME_REL: u8 = 0x80;

pub(super) const BKPIMAGE_HAS_HOLE: u8 = 0x01;
pub(super) const BKPIMAGE_APPLY: u8 = 0x02;
pub(super) const BKPIMAGE_COMPRESSED: u8 = 0x04 | 0x08 | 0x10;

/// Take a full-page image whatever the page's LSN.
pub const REGBUF_FORCE_IMAGE: u8 = 0x01;
/// Never take a full-page image.
pub const REGBUF_NO_IMAGE: u8 = 0x02;
/// Redo makes the page anew, so no image is needed.
pub const REGBUF_WILL_INIT: u8 = 0x04 | REGBUF_NO_IMAGE;
/// The page has the standard layout: what is between `pd_lower` and `pd_upper` is a hole.
pub const REGBUF_STANDARD: u8 = 0x08;
/// Keep the block's data even if an image is taken.
pub const REGBUF_KEEP_DATA: u8 = 0x10;

/// A page that a record changes: what `XLogRegisterBuffer` and `XLogRegisterBufData` are told.
#[derive(Clone, Copy, Debug)]
pub struct BlockRef<'a> {
    /// Its number among the record's blocks, in ascending order.
    pub id: u8,
    /// The relation's files.
    pub rel: RelFile,
    /// Which of its files.
    pub fork: Fork,
    /// Which page.
    pub block: BlockNumber,
    /// The page after the change, its LSN not yet set. Needed unless [`REGBUF_NO_IMAGE`].
    pub page: Option<&'a PageBytes>,
    /// The `REGBUF_` flags.
    pub flags: u8,
    /// What redo needs to make the change.
    pub data: &'a [u8],
}

impl BlockRef<'_> {
    /// Whether redo will need the whole page, given the redo point of the last checkpoint: it will if this is the
    /// first change since.
    pub fn needs_image(&self, redo: Lsn, full_page_writes: bool) -> bool {
        if self.flags & REGBUF_FORCE_IMAGE != 0 {
            return true;
        }
        let wanted = full_page_writes && self.flags & REGBUF_NO_IMAGE == 0;
        wanted && self.page.is_some_and(|page| page::lsn(page) <= redo)
    }

    /// Offset and length of the page's hole; none where the page has no standard layout.
    fn hole(&self, page: &PageBytes) -> (usize, usize) {
        let (lower, upper) = (usize::from(page::lower(page)), usize::from(page::upper(page)));
        let plausible = lower >= page::SIZE_OF_PAGE_HEADER && upper > lower && upper <= BLCKSZ;
        if self.flags & REGBUF_STANDARD != 0 && plausible { (lower, upper - lower) } else { (0, 0) }
    }
}

/// Collects what goes into one record.
#[derive(Clone, Debug)]
pub struct RecordBuilder<'a> {
    rmid: RmgrId,
    info: u8,
    xid: Xid,
    blocks: Vec<BlockRef<'a>>,
    main: Vec<u8>,
}

impl<'a> RecordBuilder<'a> {
    /// A record of this manager and kind, of no transaction yet.
    pub fn new(rmid: RmgrId, info: u8) -> RecordBuilder<'a> {
        RecordBuilder { rmid, info, xid: Xid::INVALID, blocks: Vec::new(), main: Vec::new() }
    }

    /// The transaction that does it.
    pub fn xid(mut self, xid: Xid) -> Self {
        self.xid = xid;
        self
    }

    /// Appends to the main data; `XLogRegisterData`.
    pub fn main(mut self, data: &[u8]) -> Self {
        self.main.extend_from_slice(data);
        self
    }

    /// Adds a page that the record changes.
    pub fn block(mut self, block: BlockRef<'a>) -> Self {
        debug_assert!(block.id <= XLR_MAX_BLOCK_ID && self.blocks.last().is_none_or(|last| last.id < block.id));
        self.blocks.push(block);
        self
    }

    /// Whether it is about a temporary relation, of which the log does not speak.
    pub fn is_of_temporary(&self) -> bool {
        self.blocks.iter().any(|block| block.rel.is_temporary())
    }

    /// The record's bytes but for `xl_prev` and the checksum. `redo` is the redo point of the last checkpoint.
    pub fn assemble(&self, redo: Lsn, full_page_writes: bool) -> AssembledRecord {
        let mut record = AssembledRecord { bytes: vec![0; HEADER_SIZE], fpi_count: 0, fpi_bytes: 0, fpw_lsn: None };
        let mut payload = Vec::new();
        let mut previous = None;
        for block in &self.blocks {
            self.put_block(&mut record, &mut payload, block, previous, redo, full_page_writes);
            previous = Some(block.rel);
        }
        match u8::try_from(self.main.len()) {
            Ok(0) => {}
            Ok(short) => record.bytes.put(&[XLR_BLOCK_ID_DATA_SHORT, short]),
            Err(_) => {
                record.bytes.put_u8(XLR_BLOCK_ID_DATA_LONG);
                record.bytes.put_u32(self.main.len() as u32);
            }
        }
        record.bytes.put(&payload);
        record.bytes.put(&self.main);
        let total = record.bytes.len() as u32;
        record.bytes[0..4].copy_from_slice(&total.to_le_bytes());
        record.bytes[4..8].copy_from_slice(&self.xid.0.to_le_bytes());
        record.bytes[16] = self.info;
        record.bytes[17] = self.rmid as u8;
        record
    }

    /// One block's header into the record, its image and data into the payload that follows all headers.
    fn put_block(
        &self,
        record: &mut AssembledRecord,
        payload: &mut Vec<u8>,
        block: &BlockRef,
        previous: Option<RelFile>,
        redo: Lsn,
        full_page_writes: bool,
    ) {
        let needed = block.needs_image(redo, full_page_writes);
        let image = block.page.filter(|_| needed || self.info & XLR_CHECK_CONSISTENCY != 0);
        if !needed && full_page_writes && block.flags & REGBUF_NO_IMAGE == 0 {
            record.fpw_lsn = [record.fpw_lsn, block.page.map(page::lsn)].into_iter().flatten().min();
        }
        let data = if needed && block.flags & REGBUF_KEEP_DATA == 0 { &[] } else { block.data };
        let same_rel = previous == Some(block.rel);

        let flag = |condition: bool, bit: u8| if condition { bit } else { 0 };
        let fork_flags = block.fork as u8
            | flag(block.flags & REGBUF_WILL_INIT == REGBUF_WILL_INIT, BKPBLOCK_WILL_INIT)
            | flag(image.is_some(), BKPBLOCK_HAS_IMAGE)
            | flag(!data.is_empty(), BKPBLOCK_HAS_DATA)
            | flag(same_rel, BKPBLOCK_SAME_REL);
        record.bytes.put(&[block.id, fork_flags]);
        record.bytes.put_u16(data.len() as u16);
        if let Some(page) = image {
            let (offset, length) = block.hole(page);
            record.bytes.put_u16((BLCKSZ - length) as u16);
            record.bytes.put_u16(offset as u16);
            record.bytes.put_u8(flag(length > 0, BKPIMAGE_HAS_HOLE) | flag(needed, BKPIMAGE_APPLY));
            payload.put(&page[..offset]);
            payload.put(&page[offset + length..]);
            record.fpi_count += 1;
            record.fpi_bytes += BLCKSZ - length;
        }
        if !same_rel {
            record.bytes.put_rel_file(block.rel);
        }
        record.bytes.put_u32(block.block.0);
        payload.put(data);
    }
}

/// A record's bytes, complete but for its place in the log, which is known only when room is reserved for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AssembledRecord {
    /// The bytes, with `xl_prev` and `xl_crc` zero until [`AssembledRecord::finish`].
    pub bytes: Vec<u8>,
    /// How many full-page images are in it.
    pub fpi_count: u32,
    /// How many bytes those images take.
    pub fpi_bytes: usize,
    /// The oldest LSN of the pages that went without an image: if the redo point has moved to it or past it before the
    /// record gets its place, the record must be assembled again.
    pub fpw_lsn: Option<Lsn>,
}

impl AssembledRecord {
    /// Links the record to the one before it and sets the checksum.
    pub fn finish(&mut self, prev: Lsn) {
        self.bytes[8..16].copy_from_slice(&prev.0.to_le_bytes());
        let crc = checksum(&self.bytes);
        self.bytes[20..24].copy_from_slice(&crc.to_le_bytes());
    }
}

/// CRC-32C of a record: first what follows the header, since that is known before `xl_prev` is, then the header up to
/// the checksum itself.
pub(super) fn checksum(record: &[u8]) -> u32 {
    crc::crc32c_append(crc::crc32c(&record[HEADER_SIZE..]), &record[..20])
}
