//! From a record's bytes back to what was put into it.
//!
//! Decoding trusts nothing: lengths and flags are checked against each other as `DecodeXLogRecord` of PostgreSQL's
//! `xlogreader.c` checks them, with its words for each flaw. Compressed images (`wal_compression`) are not read.

use super::bytes::Take;
use super::record::*;
use crate::ids::{BLCKSZ, BlockNumber, Error, Fork, Lsn, RelFile, Result, RmgrId, Xid};
use crate::storage::PageBytes;

/// A record, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodedRecord {
    /// Where it begins.
    pub lsn: Lsn,
    /// Where the next record may begin; the edge of a page stays the edge.
    pub end_lsn: Lsn,
    /// `xl_prev`: where the record before it begins.
    pub prev: Lsn,
    /// `xl_xid`
    pub xid: Xid,
    /// `xl_rmid`
    pub rmid: RmgrId,
    /// `xl_info`, all eight bits.
    pub info: u8,
    /// `xl_tot_len`: bytes of the record with its header.
    pub total_len: u32,
    /// The replication origin, if the change came from elsewhere.
    pub origin: Option<u16>,
    /// The transaction above, in the first record of a subtransaction under logical decoding.
    pub toplevel_xid: Option<Xid>,
    /// What the resource manager stored about the record as a whole.
    pub main_data: Vec<u8>,
    /// The pages that it changes, by their number in the record.
    pub blocks: Vec<Option<DecodedBlock>>,
}

/// A reference to a page in a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodedBlock {
    /// The relation's files.
    pub rel: RelFile,
    /// Which of its files.
    pub fork: Fork,
    /// Which page.
    pub block: BlockNumber,
    /// `fork_flags` with its flags, see [`BKPBLOCK_WILL_INIT`].
    pub flags: u8,
    /// The page as it is after the change, if it is in the record.
    pub image: Option<BlockImage>,
    /// What redo needs to make the change on the page.
    pub data: Vec<u8>,
}

/// A full-page image without its hole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockImage {
    /// The page but for its hole.
    pub bytes: Vec<u8>,
    /// Where the hole begins.
    pub hole_offset: u16,
    /// Bytes of the hole.
    pub hole_length: u16,
    /// Whether redo puts the image in place (`BKPIMAGE_APPLY`), or only compares.
    pub apply: bool,
}

impl DecodedRecord {
    /// The bits of `xl_info` that are the resource manager's.
    pub fn rmgr_info(&self) -> u8 {
        self.info & XLR_RMGR_INFO_MASK
    }

    /// The block with this number, if the record has it.
    pub fn block(&self, id: usize) -> Option<&DecodedBlock> {
        self.blocks.get(id)?.as_ref()
    }

    /// The block with this number, which this kind of record always has.
    pub fn need_block(&self, id: usize) -> Result<&DecodedBlock> {
        self.block(id).ok_or_else(|| Error::corrupt(format!("WAL record at {} lacks block {id}", self.lsn)))
    }

    /// How many bytes of the record are full-page images.
    pub fn fpi_len(&self) -> usize {
        self.blocks.iter().flatten().filter_map(|block| block.image.as_ref()).map(|image| image.bytes.len()).sum()
    }
}

impl DecodedBlock {
    /// Whether redo puts an image in place instead of making the change.
    pub fn applies_image(&self) -> bool {
        self.image.as_ref().is_some_and(|image| image.apply)
    }

    /// Whether redo makes the page anew.
    pub fn will_init(&self) -> bool {
        self.flags & BKPBLOCK_WILL_INIT != 0
    }
}

impl BlockImage {
    /// The whole page, its hole filled with zeros; `RestoreBlockImage`.
    pub fn restore(&self, page: &mut PageBytes) {
        let (offset, length) = (usize::from(self.hole_offset), usize::from(self.hole_length));
        page[..offset].copy_from_slice(&self.bytes[..offset]);
        page[offset..offset + length].fill(0);
        page[offset + length..].copy_from_slice(&self.bytes[offset..]);
    }
}

/// The fixed header, before anything in it is believed.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub total_len: u32,
    pub xid: Xid,
    pub prev: Lsn,
    pub info: u8,
    pub rmid: u8,
    pub crc: u32,
}

impl Header {
    pub fn take(mut from: Take) -> Result<Header> {
        let (total_len, xid, prev) = (from.u32()?, from.xid()?, from.lsn()?);
        let (info, rmid) = (from.u8()?, from.u8()?);
        from.u16()?;
        Ok(Header { total_len, xid, prev, info, rmid, crc: from.u32()? })
    }
}

/// A block header, and the lengths of what of it comes in the payload.
struct Pending {
    id: u8,
    block: DecodedBlock,
    image_len: usize,
    data_len: usize,
}

/// Takes a whole record apart, whose checksum has been verified. The error is PostgreSQL's message.
pub fn decode_record(lsn: Lsn, end_lsn: Lsn, bytes: &[u8]) -> Result<DecodedRecord, String> {
    let short = |_| format!("record with invalid length at {lsn}");
    let header = Header::take(Take(bytes)).map_err(short)?;
    if header.total_len as usize != bytes.len() {
        return Err(format!("record with invalid length at {lsn}"));
    }
    let rmid = RmgrId::from_number(header.rmid)
        .ok_or_else(|| format!("invalid resource manager ID {} at {lsn}", header.rmid))?;
    let mut record = DecodedRecord {
        lsn,
        end_lsn,
        prev: header.prev,
        xid: header.xid,
        rmid,
        info: header.info,
        total_len: header.total_len,
        origin: None,
        toplevel_xid: None,
        main_data: Vec::new(),
        blocks: Vec::new(),
    };

    let mut rest = Take(&bytes[HEADER_SIZE..]);
    let mut pending: Vec<Pending> = Vec::new();
    let (mut payload, mut main_len) = (0, 0);
    // The headers end where what is left is exactly the payload that they promise.
    while rest.0.len() > payload {
        match rest.u8().map_err(short)? {
            XLR_BLOCK_ID_DATA_SHORT => {
                main_len = usize::from(rest.u8().map_err(short)?);
                payload = payload.saturating_add(main_len);
                break; // by convention the last of the headers
            }
            XLR_BLOCK_ID_DATA_LONG => {
                main_len = rest.u32().map_err(short)? as usize;
                payload = payload.saturating_add(main_len);
                break;
            }
            XLR_BLOCK_ID_ORIGIN => record.origin = Some(rest.u16().map_err(short)?),
            XLR_BLOCK_ID_TOPLEVEL_XID => record.toplevel_xid = Some(rest.xid().map_err(short)?),
            id @ 0..=XLR_MAX_BLOCK_ID => {
                let block = take_block_header(lsn, id, &mut rest, pending.last())?;
                payload += block.image_len + block.data_len;
                pending.push(block);
            }
            id => return Err(format!("invalid block_id {id} at {lsn}")),
        }
    }
    if rest.0.len() != payload {
        return Err(format!("record with invalid length at {lsn}"));
    }
    for mut block in pending {
        if let Some(image) = &mut block.block.image {
            image.bytes = rest.bytes(block.image_len).map_err(short)?.to_vec();
        }
        block.block.data = rest.bytes(block.data_len).map_err(short)?.to_vec();
        record.blocks.resize(usize::from(block.id), None);
        record.blocks.push(Some(block.block));
    }
    record.main_data = rest.bytes(main_len).map_err(short)?.to_vec();
    Ok(record)
}

fn take_block_header(lsn: Lsn, id: u8, rest: &mut Take, last: Option<&Pending>) -> Result<Pending, String> {
    let short = |_| format!("record with invalid length at {lsn}");
    if last.is_some_and(|last| id <= last.id) {
        return Err(format!("out-of-order block_id {id} at {lsn}"));
    }
    let flags = rest.u8().map_err(short)?;
    // PostgreSQL believes the fork's number; a number without a fork would otherwise fail later and worse.
    let fork = Fork::from_number(flags & BKPBLOCK_FORK_MASK).ok_or_else(|| short(Error::corrupt("")))?;
    let data_len = usize::from(rest.u16().map_err(short)?);
    match (flags & BKPBLOCK_HAS_DATA != 0, data_len) {
        (true, 0) => return Err(format!("BKPBLOCK_HAS_DATA set, but no data included at {lsn}")),
        (false, 1..) => return Err(format!("BKPBLOCK_HAS_DATA not set, but data length is {data_len} at {lsn}")),
        _ => {}
    }
    let mut image_len = 0;
    let mut image = None;
    if flags & BKPBLOCK_HAS_IMAGE != 0 {
        let (length, hole_offset) = (rest.u16().map_err(short)?, rest.u16().map_err(short)?);
        image = Some(image_header(lsn, length, hole_offset, rest.u8().map_err(short)?)?);
        image_len = usize::from(length);
    }
    let rel = if flags & BKPBLOCK_SAME_REL == 0 {
        rest.rel_file().map_err(short)?
    } else {
        last.map(|last| last.block.rel).ok_or_else(|| format!("BKPBLOCK_SAME_REL set but no previous rel at {lsn}"))?
    };
    let block = BlockNumber(rest.u32().map_err(short)?);
    Ok(Pending { id, block: DecodedBlock { rel, fork, block, flags, image, data: Vec::new() }, image_len, data_len })
}

/// Checks that length, hole and flags of an image fit each other.
fn image_header(lsn: Lsn, length: u16, hole_offset: u16, info: u8) -> Result<BlockImage, String> {
    if info & BKPIMAGE_COMPRESSED != 0 {
        return Err(format!("could not restore image at {lsn} compressed with unknown method, block 0"));
    }
    let hole_length = (BLCKSZ as u16).wrapping_sub(length);
    let has_hole = info & BKPIMAGE_HAS_HOLE != 0;
    if has_hole && (hole_offset == 0 || hole_length == 0 || usize::from(length) >= BLCKSZ || hole_offset > length) {
        let hole = format!("hole offset {hole_offset} length {hole_length} block image length {length}");
        return Err(format!("BKPIMAGE_HAS_HOLE set, but {hole} at {lsn}"));
    }
    if !has_hole && hole_offset != 0 {
        return Err(format!("BKPIMAGE_HAS_HOLE not set, but hole offset {hole_offset} length 0 at {lsn}"));
    }
    if !has_hole && usize::from(length) != BLCKSZ {
        let flaw = "neither BKPIMAGE_HAS_HOLE nor BKPIMAGE_COMPRESSED set, but block image length is";
        return Err(format!("{flaw} {length} at {lsn}"));
    }
    Ok(BlockImage { bytes: Vec::new(), hole_offset, hole_length, apply: info & BKPIMAGE_APPLY != 0 })
}
