//! pg_multixact: who locks or changes a row together.
//!
//! A tuple's header has room for one id in `xmax`. Where several transactions have to stand there, a *multixact* does, a
//! number of its own kind, whose members are kept in two folders:
//!
//! ```text
//!   offsets/0000   2048 numbers of four bytes on a page: where the members of a multixact begin; they end where those
//!                  of the next begin
//!   members/0000   groups of four members: four bytes of flags, then four transaction ids; 409 groups on a page
//! ```
//!
//! PostgreSQL: `access/multixact.h`, `access/transam/multixact.c`.

use super::PageBytes;
use super::bytes::{get_u32, put_u32};
use crate::ids::{BLCKSZ, MultiXactId, Xid};

/// How a member locks or changes the row; the value of its flag byte, and the order of strength. `MultiXactStatus`
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum MemberStatus {
    /// FOR KEY SHARE
    ForKeyShare = 0,
    /// FOR SHARE
    ForShare = 1,
    /// FOR NO KEY UPDATE
    ForNoKeyUpdate = 2,
    /// FOR UPDATE
    ForUpdate = 3,
    /// It has updated the row, but no key of it.
    NoKeyUpdate = 4,
    /// It has updated a key of the row, or deleted it.
    Update = 5,
}

impl MemberStatus {
    /// From a flag byte.
    pub fn from_byte(byte: u8) -> MemberStatus {
        use MemberStatus::*;
        [ForKeyShare, ForShare, ForNoKeyUpdate, ForUpdate, NoKeyUpdate, Update][usize::from(byte).min(5)]
    }

    /// Whether it ends the version, and does not only lock it; `ISUPDATE_from_mxstatus`
    pub fn is_update(self) -> bool {
        self > MemberStatus::ForUpdate
    }

    /// As `pg_get_multixact_members` says it.
    pub fn name(self) -> &'static str {
        ["keysh", "sh", "fornokeyupd", "forupd", "nokeyupd", "upd"][self as usize]
    }
}

/// A member of a multixact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Member {
    /// Who.
    pub xid: Xid,
    /// How.
    pub status: MemberStatus,
}

/// `MULTIXACT_OFFSETS_PER_PAGE`
pub const OFFSETS_PER_PAGE: u32 = BLCKSZ as u32 / 4;
const MEMBERS_PER_GROUP: u32 = 4;
const GROUP_SIZE: usize = 20;
/// `MULTIXACT_MEMBERS_PER_PAGE`
pub const MEMBERS_PER_PAGE: u32 = (BLCKSZ / GROUP_SIZE) as u32 * MEMBERS_PER_GROUP;

/// The page of `offsets` that has a multixact.
pub fn offset_page(multi: MultiXactId) -> u32 {
    multi.0 / OFFSETS_PER_PAGE
}

/// Where the members of a multixact begin.
pub fn offset(page: &PageBytes, multi: MultiXactId) -> u32 {
    get_u32(&page[..], (multi.0 % OFFSETS_PER_PAGE) as usize * 4)
}

/// Writes where the members of a multixact begin.
pub fn set_offset(page: &mut PageBytes, multi: MultiXactId, offset: u32) {
    put_u32(&mut page[..], (multi.0 % OFFSETS_PER_PAGE) as usize * 4, offset);
}

/// The page of `members` that has the member at an offset.
pub fn member_page(offset: u32) -> u32 {
    offset / MEMBERS_PER_PAGE
}

/// Where a member's flag byte and its transaction id are on its page.
fn member_place(offset: u32) -> (usize, usize) {
    let within = offset % MEMBERS_PER_PAGE;
    let (group, n) = ((within / MEMBERS_PER_GROUP) as usize, (within % MEMBERS_PER_GROUP) as usize);
    (group * GROUP_SIZE + n, group * GROUP_SIZE + 4 + 4 * n)
}

/// The member at an offset; none where there is a hole.
pub fn member(page: &PageBytes, offset: u32) -> Option<Member> {
    let (flag, at) = member_place(offset);
    let xid = Xid(get_u32(&page[..], at));
    xid.is_valid().then(|| Member { xid, status: MemberStatus::from_byte(page[flag]) })
}

/// Writes the member at an offset.
pub fn set_member(page: &mut PageBytes, offset: u32, member: Member) {
    let (flag, at) = member_place(offset);
    page[flag] = member.status as u8;
    put_u32(&mut page[..], at, member.xid.0);
}
