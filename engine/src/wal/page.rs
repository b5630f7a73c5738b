//! The header of each 8 KB of WAL, and the arithmetic of positions around those headers.
//!
//! ```text
//!          0        2        4             8                     16          20    24
//!   short  | magic  | info   | timeline    | address of the page | rem_len   | pad |
//!   long   | the same, then                            24: | system id | seg_size | blcksz | :40
//! ```
//!
//! The first page of a segment has the long header, which tells whose file this is. `rem_len` is how much of a
//! record begun on an earlier page is still to come.
//!
//! There are two ways to count. An LSN counts all bytes, headers included: it says where to look. A *byte position*
//! (`XLogBytePosToRecPtr` in PostgreSQL) counts only the bytes that records can use: there, reserving room for a record
//! is one addition, whatever headers it will cross, which is why the insert position is kept in it.

use std::ops::Range;

use super::bytes::{Put, Take};
use crate::ids::{Lsn, TimeLineId, WalSegSize};

/// The size of a WAL page in bytes.
pub const XLOG_BLCKSZ: usize = 8192;
/// One page of WAL.
pub type WalPage = [u8; XLOG_BLCKSZ];
/// The first two bytes of every WAL page of version 15.
pub const XLOG_PAGE_MAGIC: u16 = 0xD110;
/// `SizeOfXLogShortPHD`: bytes of the header of most pages.
pub const SHORT_HEADER: usize = 24;
/// `SizeOfXLogLongPHD`: bytes of the header of a segment's first page.
pub const LONG_HEADER: usize = 40;

/// The page begins with the rest of a record.
pub const XLP_FIRST_IS_CONTRECORD: u16 = 0x0001;
/// The header is a long one.
pub const XLP_LONG_HEADER: u16 = 0x0002;
/// No base backup was running when the page was begun.
pub const XLP_BKP_REMOVABLE: u16 = 0x0004;
/// The rest of a record that a crash cut off will never come.
pub const XLP_FIRST_IS_OVERWRITE_CONTRECORD: u16 = 0x0008;
/// All flags of `info` that mean something.
pub const XLP_ALL_FLAGS: u16 = 0x000F;

const PAGE: u64 = XLOG_BLCKSZ as u64;
/// Bytes for records on a page with a short header.
const USABLE: u64 = PAGE - SHORT_HEADER as u64;
/// Bytes for records on a page with a long header.
const USABLE_FIRST: u64 = PAGE - LONG_HEADER as u64;

/// A page header: `XLogPageHeaderData` or `XLogLongPageHeaderData`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageHeader {
    /// `xlp_magic`; anything but [`XLOG_PAGE_MAGIC`] is not WAL of version 15.
    pub magic: u16,
    /// `xlp_info`: the `XLP_` flags.
    pub info: u16,
    /// `xlp_tli`: the timeline of the first record on the page.
    pub tli: TimeLineId,
    /// `xlp_pageaddr`: where this page is in the log.
    pub address: Lsn,
    /// `xlp_rem_len`: what is left of a record from an earlier page, in bytes.
    pub rem_len: u32,
    /// What only the first page of a segment says.
    pub long: Option<LongHeader>,
}

/// The further fields of a long page header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LongHeader {
    /// `xlp_sysid`: the cluster that wrote the file.
    pub system_id: u64,
    /// `xlp_seg_size`
    pub seg_size: u32,
    /// `xlp_xlog_blcksz`
    pub page_size: u32,
}

impl PageHeader {
    /// The header of a page just begun at `address`, with no record over its edge yet. `backup` is whether a base
    /// backup is running.
    pub fn fresh(seg: WalSegSize, tli: TimeLineId, address: Lsn, system_id: u64, backup: bool) -> PageHeader {
        let long = (seg.offset_of(address) == 0).then_some(LongHeader {
            system_id,
            seg_size: seg.bytes() as u32,
            page_size: XLOG_BLCKSZ as u32,
        });
        let info = if backup { 0 } else { XLP_BKP_REMOVABLE } | if long.is_some() { XLP_LONG_HEADER } else { 0 };
        PageHeader { magic: XLOG_PAGE_MAGIC, info, tli, address, rem_len: 0, long }
    }

    /// The header of a page as it is, however wrong.
    pub fn decode(page: &WalPage) -> PageHeader {
        PageHeader::take(Take(page)).expect("a page is longer than its header")
    }

    fn take(mut from: Take) -> crate::ids::Result<PageHeader> {
        let mut header = PageHeader {
            magic: from.u16()?,
            info: from.u16()?,
            tli: TimeLineId(from.u32()?),
            address: from.lsn()?,
            rem_len: from.u32()?,
            long: None,
        };
        if header.info & XLP_LONG_HEADER != 0 {
            from.bytes(SHORT_HEADER - 20)?;
            let (system_id, seg_size, page_size) = (from.u64()?, from.u32()?, from.u32()?);
            header.long = Some(LongHeader { system_id, seg_size, page_size });
        }
        Ok(header)
    }

    /// Writes the header to the beginning of its page.
    pub fn encode(&self, page: &mut WalPage) {
        let mut out = Vec::with_capacity(LONG_HEADER);
        out.put_u16(self.magic);
        out.put_u16(self.info);
        out.put_u32(self.tli.0);
        out.put_u64(self.address.0);
        out.put_u32(self.rem_len);
        out.put_u32(0);
        if let Some(long) = self.long {
            out.put_u64(long.system_id);
            out.put_u32(long.seg_size);
            out.put_u32(long.page_size);
        }
        page[..out.len()].copy_from_slice(&out);
    }

    /// Bytes of this header.
    pub fn size(&self) -> usize {
        if self.info & XLP_LONG_HEADER != 0 { LONG_HEADER } else { SHORT_HEADER }
    }
}

/// Notes in a page's header that it begins with the last `rem_len` bytes of a record.
pub fn mark_continuation(page: &mut WalPage, rem_len: u32) {
    page[2] |= XLP_FIRST_IS_CONTRECORD as u8;
    page[16..20].copy_from_slice(&rem_len.to_le_bytes());
}

/// The first byte of the page that holds `lsn`.
pub fn page_of(lsn: Lsn) -> Lsn {
    Lsn(lsn.0 - lsn.0 % PAGE)
}

/// Bytes of the header of the page that holds `lsn`.
pub fn header_size(seg: WalSegSize, lsn: Lsn) -> usize {
    if seg.offset_of(page_of(lsn)) == 0 { LONG_HEADER } else { SHORT_HEADER }
}

/// `lsn`, moved behind the page header if it is the first byte of a page: where a record can begin.
pub fn skip_header(seg: WalSegSize, lsn: Lsn) -> Lsn {
    if lsn.0.is_multiple_of(PAGE) { lsn + header_size(seg, lsn) as u64 } else { lsn }
}

/// How many bytes records can use in a whole segment.
fn usable_in_segment(seg: WalSegSize) -> u64 {
    seg.bytes() / PAGE * USABLE - (LONG_HEADER - SHORT_HEADER) as u64
}

/// A place in a segment for a number of usable bytes: the offset of its page, the size of that page's header, and the
/// usable bytes before the place on that page.
fn locate(seg: WalSegSize, byte_pos: u64) -> (Lsn, u64, u64) {
    let segment = seg.bytes() * (byte_pos / usable_in_segment(seg));
    let left = byte_pos % usable_in_segment(seg);
    if left < USABLE_FIRST {
        (Lsn(segment), LONG_HEADER as u64, left)
    } else {
        let left = left - USABLE_FIRST;
        (Lsn(segment + PAGE * (1 + left / USABLE)), SHORT_HEADER as u64, left % USABLE)
    }
}

/// `XLogBytePosToRecPtr`: the position of the usable byte `byte_pos`. At the edge of a page this is behind the next
/// page's header, as fits the beginning of something.
pub fn byte_pos_to_lsn(seg: WalSegSize, byte_pos: u64) -> Lsn {
    let (page, header, left) = locate(seg, byte_pos);
    page + header + left
}

/// `XLogBytePosToEndRecPtr`: the same as the end of something, which at the edge of a page is the edge itself, before
/// the next page's header.
pub fn byte_pos_to_end_lsn(seg: WalSegSize, byte_pos: u64) -> Lsn {
    let (page, header, left) = locate(seg, byte_pos);
    if left == 0 { page } else { page + header + left }
}

/// `XLogRecPtrToBytePos`: the usable bytes before a position, which may be of either kind.
pub fn lsn_to_byte_pos(seg: WalSegSize, lsn: Lsn) -> u64 {
    let full_segments = seg.segment_of(lsn).0 * usable_in_segment(seg);
    let (page, offset) = (seg.offset_of(lsn) / PAGE, lsn.0 % PAGE);
    let before = if page == 0 { 0 } else { USABLE_FIRST + (page - 1) * USABLE };
    full_segments + before + offset.saturating_sub(header_size(seg, lsn) as u64)
}

/// Where the record after one of `len` bytes at `start` may begin: aligned to 8, and at the edge of a page the edge
/// itself. What `pg_current_wal_insert_lsn` shows after the record.
pub fn end_of(seg: WalSegSize, start: Lsn, len: usize) -> Lsn {
    byte_pos_to_end_lsn(seg, lsn_to_byte_pos(seg, start) + (len as u64).next_multiple_of(8))
}

/// A part of a record that lies on one page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    /// The first byte of the page.
    pub page: Lsn,
    /// Where on the page the part begins.
    pub offset: usize,
    /// Which bytes of the record these are.
    pub bytes: Range<usize>,
    /// If the record began on an earlier page: what the header of this one says in `rem_len`.
    pub rem_len: Option<u32>,
}

/// Cuts a record of `len` bytes that begins at `start` into the parts that lie on one page each.
pub fn layout(seg: WalSegSize, start: Lsn, len: usize) -> impl Iterator<Item = Chunk> {
    let (mut at, mut done) = (start, 0);
    std::iter::from_fn(move || {
        if done == len {
            return None;
        }
        let rem_len = (done > 0).then_some((len - done) as u32);
        let offset = (at.0 % PAGE) as usize;
        let here = (XLOG_BLCKSZ - offset).min(len - done);
        let chunk = Chunk { page: page_of(at), offset, bytes: done..done + here, rem_len };
        done += here;
        at = skip_header(seg, at + here as u64);
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEG: WalSegSize = WalSegSize::ONE_MB;

    #[test]
    fn byte_positions_leave_the_headers_out() {
        assert_eq!(byte_pos_to_lsn(SEG, 0), Lsn(40));
        assert_eq!(byte_pos_to_end_lsn(SEG, 0), Lsn(0));
        // The first page's last byte, and the byte after it.
        assert_eq!(byte_pos_to_lsn(SEG, 8151), Lsn(8191));
        assert_eq!(byte_pos_to_lsn(SEG, 8152), Lsn(8192 + 24));
        assert_eq!(byte_pos_to_end_lsn(SEG, 8152), Lsn(8192));
        // The end of a segment and the beginning of the next.
        let whole = 128 * 8168 - 16;
        assert_eq!(byte_pos_to_end_lsn(SEG, whole), Lsn(1 << 20));
        assert_eq!(byte_pos_to_lsn(SEG, whole), Lsn((1 << 20) + 40));
        for byte_pos in [0, 1, 8151, 8152, 8153, 8152 + 8168, whole - 1, whole, whole + 1, 7 * whole + 8152] {
            assert_eq!(lsn_to_byte_pos(SEG, byte_pos_to_lsn(SEG, byte_pos)), byte_pos);
            assert_eq!(lsn_to_byte_pos(SEG, byte_pos_to_end_lsn(SEG, byte_pos)), byte_pos);
        }
    }

    #[test]
    fn a_record_is_cut_at_page_edges() {
        let start = Lsn((1 << 20) - 8);
        let chunks: Vec<Chunk> = layout(SEG, start, 8 + 8152 + 5).collect();
        assert_eq!(
            chunks,
            [
                Chunk { page: Lsn((1 << 20) - 8192), offset: 8184, bytes: 0..8, rem_len: None },
                Chunk { page: Lsn(1 << 20), offset: 40, bytes: 8..8160, rem_len: Some(8157) },
                Chunk { page: Lsn((1 << 20) + 8192), offset: 24, bytes: 8160..8165, rem_len: Some(5) },
            ]
        );
        assert_eq!(end_of(SEG, start, 8165), Lsn((1 << 20) + 8192 + 32));
        assert_eq!(end_of(SEG, start, 3), Lsn(1 << 20));
    }

    #[test]
    fn headers_survive_the_way_through_bytes() {
        for address in [Lsn(3 << 20), Lsn((3 << 20) + 8192)] {
            let header = PageHeader::fresh(SEG, TimeLineId(2), address, 0x0123_4567_89AB_CDEF, false);
            let mut page = [0; XLOG_BLCKSZ];
            header.encode(&mut page);
            assert_eq!(PageHeader::decode(&page), header);
            assert_eq!(header.size(), header_size(SEG, address));
            mark_continuation(&mut page, 77);
            let continued = PageHeader::decode(&page);
            assert_eq!((continued.info, continued.rem_len), (header.info | XLP_FIRST_IS_CONTRECORD, 77));
        }
    }
}
