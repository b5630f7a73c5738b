//! A heap tuple: the header that says who may see a row version, then its columns.
//!
//! ```text
//!   0       4       8          12            18           20          22      23
//!   | xmin  | xmax  | cid/xvac | ctid        | infomask2  | infomask  | hoff  | null bitmap .. | columns
//!   | who   | who   | field3   | block  line | natts,     | facts     |       | 1 = not null   | at hoff
//!   | made  | ended |          |   pointer   | HOT flags  | and hints |       | if HASNULL     |
//! ```
//!
//! `t_ctid` points to the next version of the row, or to the tuple itself where it is the last; or it names the token under
//! which INSERT ... ON CONFLICT has added a row on approval. The committed and
//! invalid flags are hints: what pg_xact said, written down so that nobody need ask again. Frozen is 'committed' and
//! 'invalid' of xmin together: visible to all, whatever xmin has come to mean after 2^32 transactions.
//!
//! [`HeapTupleHeader`] is the header read out; the `set_` functions write single fields where the tuple lies, as a
//! server does under the buffer's content lock. Both want a slice with a whole header, as
//! [`super::page::heap_tuple`] gives.

use super::bytes::{get_u16, get_u32, put_u16, put_u32};
use crate::ids::{BlockNumber, CommandId, MultiXactId, Tid, Xid};

/// `SizeofHeapTupleHeader`: the header up to the null bitmap.
pub const SIZE_OF_HEAP_TUPLE_HEADER: usize = 23;

macro_rules! flags {
    ($($name:ident $value:literal $text:literal)*) => { $(
        #[doc = $text]
        pub const $name: u16 = $value;
    )* };
}

// t_infomask
flags! {
    HEAP_HASNULL 0x0001 "Has a null bitmap."
    HEAP_HASVARWIDTH 0x0002 "Has a column of variable width."
    HEAP_HASEXTERNAL 0x0004 "Has a value stored elsewhere."
    HEAP_HASOID_OLD 0x0008 "Had an oid, before version 12."
    HEAP_XMAX_KEYSHR_LOCK 0x0010 "xmax has a key-share lock."
    HEAP_COMBOCID 0x0020 "The command id stands for two."
    HEAP_XMAX_EXCL_LOCK 0x0040 "xmax has an exclusive lock."
    HEAP_XMAX_LOCK_ONLY 0x0080 "xmax only locked the tuple."
    HEAP_XMIN_COMMITTED 0x0100 "xmin is known to be committed."
    HEAP_XMIN_INVALID 0x0200 "xmin is known to be aborted."
    HEAP_XMAX_COMMITTED 0x0400 "xmax is known to be committed."
    HEAP_XMAX_INVALID 0x0800 "There is no xmax, or it is known to be aborted."
    HEAP_XMAX_IS_MULTI 0x1000 "xmax is a multixact."
    HEAP_UPDATED 0x2000 "An UPDATE made this version."
    HEAP_MOVED_OFF 0x4000 "Moved away by a VACUUM FULL before version 9.0."
    HEAP_MOVED_IN 0x8000 "Moved here by a VACUUM FULL before version 9.0."
}
// t_infomask2
flags! {
    HEAP_NATTS_MASK 0x07FF "The number of columns."
    HEAP_KEYS_UPDATED 0x2000 "Updated with other key columns, or deleted."
    HEAP_HOT_UPDATED 0x4000 "The next version is on this page and in no index."
    HEAP_ONLY_TUPLE 0x8000 "No index points here: reached along a HOT chain only."
}

/// Locked for share: exclusive and key-share bits together.
pub const HEAP_XMAX_SHR_LOCK: u16 = HEAP_XMAX_EXCL_LOCK | HEAP_XMAX_KEYSHR_LOCK;
/// All bits that say how xmax locks.
pub const HEAP_LOCK_MASK: u16 = HEAP_XMAX_SHR_LOCK | HEAP_XMAX_EXCL_LOCK | HEAP_XMAX_KEYSHR_LOCK;
/// Visible to all, whatever xmin says.
pub const HEAP_XMIN_FROZEN: u16 = HEAP_XMIN_COMMITTED | HEAP_XMIN_INVALID;
/// Moved by a VACUUM FULL before version 9.0.
pub const HEAP_MOVED: u16 = HEAP_MOVED_OFF | HEAP_MOVED_IN;
/// All bits that speak of xmax.
pub const HEAP_XMAX_BITS: u16 =
    HEAP_XMAX_COMMITTED | HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI | HEAP_LOCK_MASK | HEAP_XMAX_LOCK_ONLY;
/// The bits of infomask that speak of transactions.
pub const HEAP_XACT_MASK: u16 = 0xFFF0;
/// The bits of infomask2 that speak of transactions.
pub const HEAP2_XACT_MASK: u16 = 0xE000;

/// `SpecTokenOffsetNumber`: in `t_ctid`, where there is no such line pointer, it says that the block is a token.
const SPEC_TOKEN_OFFSET: u16 = 0xFFFE;

const T_XMIN: usize = 0;
const T_XMAX: usize = 4;
const T_FIELD3: usize = 8;
const T_CTID: usize = 12;
const T_INFOMASK2: usize = 18;
const T_INFOMASK: usize = 20;
const T_HOFF: usize = 22;

/// A tuple's header, read out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapTupleHeader {
    /// The transaction that made this version.
    pub xmin: Xid,
    /// The transaction that deleted, replaced or locked it; 0 if none.
    pub xmax: Xid,
    /// cmin, cmax, a combo command id, or xvac: what the flags say.
    pub field3: u32,
    /// The next version, or the tuple itself.
    pub ctid: Tid,
    /// The number of columns, and the HOT flags.
    pub infomask2: u16,
    /// Facts and hints.
    pub infomask: u16,
    /// Where the columns begin.
    pub hoff: u8,
}

impl HeapTupleHeader {
    /// Reads a header; `None` if `tuple` is too short for one.
    pub fn read(tuple: &[u8]) -> Option<HeapTupleHeader> {
        (tuple.len() >= SIZE_OF_HEAP_TUPLE_HEADER).then(|| HeapTupleHeader {
            xmin: xmin(tuple),
            xmax: xmax(tuple),
            field3: get_u32(tuple, T_FIELD3),
            ctid: ctid(tuple),
            infomask2: infomask2(tuple),
            infomask: infomask(tuple),
            hoff: tuple[T_HOFF],
        })
    }

    /// Writes all fields to the head of `tuple`, which holds at least [`SIZE_OF_HEAP_TUPLE_HEADER`] bytes.
    pub fn write(&self, tuple: &mut [u8]) {
        set_xmin(tuple, self.xmin);
        set_xmax(tuple, self.xmax);
        put_u32(tuple, T_FIELD3, self.field3);
        set_ctid(tuple, self.ctid);
        set_infomask2(tuple, self.infomask2);
        set_infomask(tuple, self.infomask);
        tuple[T_HOFF] = self.hoff;
    }

    /// Whether all of `bits` are set in infomask.
    pub fn has(&self, bits: u16) -> bool {
        self.infomask & bits == bits
    }

    /// `HeapTupleHeaderGetNatts`
    pub fn natts(&self) -> usize {
        usize::from(self.infomask2 & HEAP_NATTS_MASK)
    }

    /// The raw command id: cmin, cmax or a combo of both.
    pub fn command_id(&self) -> CommandId {
        CommandId(self.field3)
    }

    /// `HeapTupleHeaderXminCommitted`: frozen tuples too.
    pub fn xmin_committed(&self) -> bool {
        self.has(HEAP_XMIN_COMMITTED)
    }

    /// `HeapTupleHeaderXminInvalid`: aborted for certain; not so where both bits mean frozen.
    pub fn xmin_invalid(&self) -> bool {
        self.infomask & HEAP_XMIN_FROZEN == HEAP_XMIN_INVALID
    }

    /// `HeapTupleHeaderGetSpeculativeToken`: the token under which the row was added, if it is not yet sure to stay.
    pub fn speculative_token(&self) -> Option<u32> {
        (self.ctid.offset == SPEC_TOKEN_OFFSET).then_some(self.ctid.block.0)
    }

    /// `HeapTupleHeaderXminFrozen`
    pub fn xmin_frozen(&self) -> bool {
        self.has(HEAP_XMIN_FROZEN)
    }

    /// `HEAP_XMAX_IS_LOCKED_ONLY`: xmax, if any, does not end this version.
    pub fn xmax_is_locked_only(&self) -> bool {
        self.has(HEAP_XMAX_LOCK_ONLY) || self.infomask & (HEAP_XMAX_IS_MULTI | HEAP_LOCK_MASK) == HEAP_XMAX_EXCL_LOCK
    }

    /// The multixact in xmax, if the flags say that there is one.
    pub fn xmax_multi(&self) -> MultiXactId {
        MultiXactId(self.xmax.0)
    }

    /// `HeapTupleHeaderIsHotUpdated`: the chain goes on from here.
    pub fn is_hot_updated(&self) -> bool {
        self.infomask2 & HEAP_HOT_UPDATED != 0 && !self.has(HEAP_XMAX_INVALID) && !self.xmin_invalid()
    }

    /// `HeapTupleHeaderIsHeapOnly`
    pub fn is_heap_only(&self) -> bool {
        self.infomask2 & HEAP_ONLY_TUPLE != 0
    }
}

/// `t_xmin`
pub fn xmin(tuple: &[u8]) -> Xid {
    Xid(get_u32(tuple, T_XMIN))
}

/// `t_xmax`
pub fn xmax(tuple: &[u8]) -> Xid {
    Xid(get_u32(tuple, T_XMAX))
}

/// `t_ctid`
pub fn ctid(tuple: &[u8]) -> Tid {
    // An ItemPointerData keeps the block number in two halves, the high one first.
    let block = u32::from(get_u16(tuple, T_CTID)) << 16 | u32::from(get_u16(tuple, T_CTID + 2));
    Tid::new(BlockNumber(block), get_u16(tuple, T_CTID + 4))
}

/// `t_infomask`
pub fn infomask(tuple: &[u8]) -> u16 {
    get_u16(tuple, T_INFOMASK)
}

/// `t_infomask2`
pub fn infomask2(tuple: &[u8]) -> u16 {
    get_u16(tuple, T_INFOMASK2)
}

/// Writes `t_xmin`.
pub fn set_xmin(tuple: &mut [u8], xid: Xid) {
    put_u32(tuple, T_XMIN, xid.0);
}

/// Writes `t_xmax`.
pub fn set_xmax(tuple: &mut [u8], xid: Xid) {
    put_u32(tuple, T_XMAX, xid.0);
}

/// `HeapTupleHeaderSetCmin`: the command that made this version, alone.
pub fn set_cmin(tuple: &mut [u8], cid: CommandId) {
    put_u32(tuple, T_FIELD3, cid.0);
    set_infomask(tuple, infomask(tuple) & !HEAP_COMBOCID);
}

/// `HeapTupleHeaderSetCmax`: the command that ended this version, or a combo of both commands.
pub fn set_cmax(tuple: &mut [u8], cid: CommandId, is_combo: bool) {
    put_u32(tuple, T_FIELD3, cid.0);
    let others = infomask(tuple) & !HEAP_COMBOCID;
    set_infomask(tuple, if is_combo { others | HEAP_COMBOCID } else { others });
}

/// Writes `t_ctid`.
pub fn set_ctid(tuple: &mut [u8], tid: Tid) {
    put_u16(tuple, T_CTID, (tid.block.0 >> 16) as u16);
    put_u16(tuple, T_CTID + 2, tid.block.0 as u16);
    put_u16(tuple, T_CTID + 4, tid.offset);
}

/// `HeapTupleHeaderSetSpeculativeToken`
pub fn set_speculative_token(tuple: &mut [u8], token: u32) {
    set_ctid(tuple, Tid::new(BlockNumber(token), SPEC_TOKEN_OFFSET));
}

/// Writes `t_infomask`.
pub fn set_infomask(tuple: &mut [u8], infomask: u16) {
    put_u16(tuple, T_INFOMASK, infomask);
}

/// Writes `t_infomask2`.
pub fn set_infomask2(tuple: &mut [u8], infomask2: u16) {
    put_u16(tuple, T_INFOMASK2, infomask2);
}

/// The bytes of the null bitmap; none if the tuple has none or ends within it.
pub fn null_bitmap(tuple: &[u8]) -> Option<&[u8]> {
    let header = HeapTupleHeader::read(tuple).filter(|h| h.has(HEAP_HASNULL))?;
    tuple.get(SIZE_OF_HEAP_TUPLE_HEADER..SIZE_OF_HEAP_TUPLE_HEADER + bitmap_len(header.natts()))
}

/// The bytes of the columns, from `t_hoff` on; none if `t_hoff` points out of the tuple or into its header.
pub fn data(tuple: &[u8]) -> Option<&[u8]> {
    let hoff = usize::from(*tuple.get(T_HOFF)?);
    (hoff >= SIZE_OF_HEAP_TUPLE_HEADER).then(|| tuple.get(hoff..)).flatten()
}

/// `BITMAPLEN`: the bytes of a null bitmap for so many columns.
pub fn bitmap_len(natts: usize) -> usize {
    natts.div_ceil(8)
}

const INFOMASK_NAMES: [(u16, &str); 16] = [
    (HEAP_HASNULL, "HEAP_HASNULL"),
    (HEAP_HASVARWIDTH, "HEAP_HASVARWIDTH"),
    (HEAP_HASEXTERNAL, "HEAP_HASEXTERNAL"),
    (HEAP_HASOID_OLD, "HEAP_HASOID_OLD"),
    (HEAP_XMAX_KEYSHR_LOCK, "HEAP_XMAX_KEYSHR_LOCK"),
    (HEAP_COMBOCID, "HEAP_COMBOCID"),
    (HEAP_XMAX_EXCL_LOCK, "HEAP_XMAX_EXCL_LOCK"),
    (HEAP_XMAX_LOCK_ONLY, "HEAP_XMAX_LOCK_ONLY"),
    (HEAP_XMIN_COMMITTED, "HEAP_XMIN_COMMITTED"),
    (HEAP_XMIN_INVALID, "HEAP_XMIN_INVALID"),
    (HEAP_XMAX_COMMITTED, "HEAP_XMAX_COMMITTED"),
    (HEAP_XMAX_INVALID, "HEAP_XMAX_INVALID"),
    (HEAP_XMAX_IS_MULTI, "HEAP_XMAX_IS_MULTI"),
    (HEAP_UPDATED, "HEAP_UPDATED"),
    (HEAP_MOVED_OFF, "HEAP_MOVED_OFF"),
    (HEAP_MOVED_IN, "HEAP_MOVED_IN"),
];

const INFOMASK2_NAMES: [(u16, &str); 3] = [
    (HEAP_KEYS_UPDATED, "HEAP_KEYS_UPDATED"),
    (HEAP_HOT_UPDATED, "HEAP_HOT_UPDATED"),
    (HEAP_ONLY_TUPLE, "HEAP_ONLY_TUPLE"),
];

const COMBINED_NAMES: [(u16, &str); 3] =
    [(HEAP_XMAX_SHR_LOCK, "HEAP_XMAX_SHR_LOCK"), (HEAP_XMIN_FROZEN, "HEAP_XMIN_FROZEN"), (HEAP_MOVED, "HEAP_MOVED")];

fn names(mask: u16, table: &'static [(u16, &'static str)]) -> impl Iterator<Item = &'static str> {
    table.iter().filter(move |(bits, _)| mask & bits == *bits).map(|(_, name)| *name)
}

/// The single bits that are set, as `heap_tuple_infomask_flags` names them in `raw_flags`.
pub fn raw_flags(infomask: u16, infomask2: u16) -> Vec<&'static str> {
    names(infomask, &INFOMASK_NAMES).chain(names(infomask2, &INFOMASK2_NAMES)).collect()
}

/// The meanings that take two bits, as `heap_tuple_infomask_flags` names them in `combined_flags`.
pub fn combined_flags(infomask: u16) -> Vec<&'static str> {
    names(infomask, &COMBINED_NAMES).collect()
}
