//! What of a WAL record must be equal, whoever wrote it.
//!
//! Positions, checksums and times differ between any two runs, and so do a record's `xl_prev`, the LSN in the header of
//! a full-page image, and the time in a COMMIT. All else is compared byte for byte. Records of catalogs and of
//! background processes are left aside: the engine's catalogs are smaller, and a timer may fire anywhere.

use vitrine_engine::ids::{BlockNumber, FIRST_NORMAL_OID, Fork, OffsetNumber, Oid, RelFile, RmgrId, Xid};
use vitrine_engine::wal::DecodedRecord;
use vitrine_engine::wal::heap_records::XLOG_HEAP_OPMASK;
use vitrine_engine::wal::heap2_records::XLOG_HEAP2_FREEZE_PAGE;

/// The part of a record that does not depend on when and where it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Comparable {
    rmid: RmgrId,
    info: u8,
    xid: Xid,
    total_len: u32,
    main: Vec<u8>,
    blocks: Vec<ComparableBlock>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct ComparableBlock {
    rel: RelFile,
    fork: Fork,
    block: BlockNumber,
    flags: u8,
    data: Vec<u8>,
    /// The image without its LSN, and its hole.
    image: Option<(Vec<u8>, OffsetNumber, u16)>,
}

/// `TRANSACTION`'s operations in `xl_info`; the others are none of the story's.
const XACT_OPERATION: u8 = 0x70;
/// The first record of a table's first page, a prune, a lock ...: all of the heap's.
const HEAP: [RmgrId; 2] = [RmgrId::Heap, RmgrId::Heap2];

/// `sizeof(xl_heap_freeze_tuple)`
const FREEZE_ENTRY: usize = 12;

/// What must be equal; `None` for what is left aside.
pub fn comparable(record: &DecodedRecord) -> Option<Comparable> {
    let relations = record.blocks.iter().flatten().map(|block| block.rel.rel);
    let of_user = |rel: Oid| rel >= FIRST_NORMAL_OID;
    let mut main = record.main_data.clone();
    match record.rmid {
        rmid if HEAP.contains(&rmid) && relations.clone().all(of_user) => {}
        RmgrId::Transaction => blank(&mut main, 0, 8),
        _ => return None,
    }
    // A COMMIT with more than its time speaks of catalogs: caches to invalidate, files to delete.
    if record.rmid == RmgrId::Transaction && (main.len() > 8 || record.info & !XACT_OPERATION != 0) {
        return None;
    }
    let blocks = record.blocks.iter().flatten().map(|block| ComparableBlock {
        rel: block.rel,
        fork: block.fork,
        block: block.block,
        flags: block.flags,
        data: block_data(record, &block.data),
        image: block.image.as_ref().map(|image| {
            let mut bytes = image.bytes.clone();
            blank(&mut bytes, 0, 8);
            (bytes, image.hole_offset, image.hole_length)
        }),
    });
    let blocks = blocks.collect();
    let (rmid, info, xid, total_len) = (record.rmid, record.info, record.xid, record.total_len);
    Some(Comparable { rmid, info, xid, total_len, main, blocks })
}

/// The data of a block, without what the server never sets: each entry of FREEZE_PAGE ends in a byte of padding.
fn block_data(record: &DecodedRecord, data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    if record.rmid == RmgrId::Heap2 && record.info & XLOG_HEAP_OPMASK == XLOG_HEAP2_FREEZE_PAGE {
        data.iter_mut().skip(FREEZE_ENTRY - 1).step_by(FREEZE_ENTRY).for_each(|padding| *padding = 0);
    }
    data
}

fn blank(bytes: &mut [u8], from: usize, to: usize) {
    let to = to.min(bytes.len());
    bytes[from.min(to)..to].fill(0);
}

impl std::fmt::Debug for Comparable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {:02x} xid {} {} bytes, main {:02x?}",
            self.rmid.name(),
            self.info,
            self.xid,
            self.total_len,
            self.main
        )?;
        for b in &self.blocks {
            let image = b.image.as_ref().map(|(bytes, at, hole)| format!("image {bytes:02x?} hole {at}+{hole}"));
            write!(
                f,
                "\n  {} {} blk {} flags {:02x} data {:02x?} {image:?}",
                b.rel,
                b.fork.name(),
                b.block,
                b.flags,
                b.data
            )?;
        }
        Ok(())
    }
}
