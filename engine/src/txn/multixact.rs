//! Multixacts: making them, and asking who their members are.
//!
//! A multixact never changes: whoever locks a row that others have locked makes a new one, of those that still matter and
//! itself. Its record and its pages change in one atomic section, like a tuple's. Within a transaction the same members
//! get the same multixact again: a hundred rows locked beside another are one.

use std::cell::Cell;
use std::rc::Rc;

use super::env::{Env, Txns};
use super::needs::Needs;
use super::slru::Slru;
use crate::ids::{Lsn, MultiXactId, Result, RmgrId, WaitEvent, Xid};
use crate::small;
use crate::storage::multixact::{self as bytes, Member, MemberStatus};
use crate::trace::Event;
use crate::wal::multixact_records::MultiXactRecord;
use crate::wal::{RecordBuilder, Wal};
use crate::world::{Cx, Disk, LwLock, LwMode};

/// `NUM_MULTIXACTOFFSET_BUFFERS`
const OFFSET_BUFFERS: usize = 8;
/// `NUM_MULTIXACTMEMBER_BUFFERS`
const MEMBER_BUFFERS: usize = 16;

/// The shared state of multixacts.
pub struct MultiXacts {
    offsets: Slru,
    members: Slru,
    /// `MultiXactGenLock`: one is made at a time.
    gen_lock: LwLock,
    next: Cell<MultiXactId>,
    /// Where the members of the next one begin; 0 stands for none, so it becomes 1.
    next_offset: Cell<u32>,
    oldest: Cell<MultiXactId>,
}

impl MultiXacts {
    /// The memory of a server; counters come from the control file.
    pub fn new(disk: &Disk, wal: &Rc<Wal>) -> MultiXacts {
        let slru = |folder, buffers, event| Slru::new(folder, buffers, disk, wal, event);
        MultiXacts {
            offsets: slru("pg_multixact/offsets", OFFSET_BUFFERS, WaitEvent::MultiXactOffsetSlru),
            members: slru("pg_multixact/members", MEMBER_BUFFERS, WaitEvent::MultiXactMemberSlru),
            gen_lock: LwLock::new(WaitEvent::MultiXactGen),
            next: Cell::new(MultiXactId::FIRST),
            next_offset: Cell::new(0),
            oldest: Cell::new(MultiXactId::FIRST),
        }
    }

    /// The next one, and where its members will begin.
    pub fn next(&self) -> (MultiXactId, u32) {
        (self.next.get(), self.next_offset.get())
    }

    /// The oldest that a table may hold.
    pub fn oldest(&self) -> MultiXactId {
        self.oldest.get()
    }

    /// `MultiXactSetNextMXact`: as the control file says.
    pub fn start_at(&self, next: MultiXactId, next_offset: u32, oldest: MultiXactId) {
        self.next.set(next);
        self.next_offset.set(next_offset);
        self.oldest.set(oldest);
    }

    /// `MultiXactAdvanceNextMXact`: a record speaks of one, so the next is after it at least.
    pub fn advance(&self, next: MultiXactId, next_offset: u32) {
        if self.next.get().precedes(next) {
            self.next.set(next);
        }
        if (self.next_offset.get().wrapping_sub(next_offset) as i32) < 0 {
            self.next_offset.set(next_offset);
        }
    }

    /// Writes and syncs everything: a checkpoint's part.
    pub async fn checkpoint(&self, cx: &Cx) -> Result<()> {
        self.offsets.checkpoint(cx).await?;
        self.members.checkpoint(cx).await
    }

    // --- reading ---------------------------------------------------------------------------------------------

    /// Where the members of a multixact begin and end; nothing if there is no such multixact.
    fn range(&self, multi: MultiXactId) -> Option<(u32, u32)> {
        let offset = |multi| self.offsets.cached(bytes::offset_page(multi), |page| bytes::offset(page, multi));
        if multi.precedes(self.oldest.get()) || !multi.precedes(self.next.get()) {
            return Some((0, 0));
        }
        let end = if multi.next() == self.next.get() { self.next_offset.get() } else { offset(multi.next())? };
        Some((offset(multi)?, end))
    }

    /// `GetMultiXactIdMembers`, if the pages are in memory.
    pub fn members(&self, multi: MultiXactId) -> Result<Vec<Member>, Needs> {
        let (from, to) = self.range(multi).ok_or(Needs::Members(multi))?;
        let mut members = Vec::new();
        for offset in from..to.max(from) {
            let found = self.members.cached(bytes::member_page(offset), |page| bytes::member(page, offset));
            members.extend(found.ok_or(Needs::Members(multi))?);
        }
        Ok(members)
    }

    /// Has the pages that speak of a multixact in memory.
    pub(super) async fn fetch(&self, cx: &Cx, multi: MultiXactId) -> Result<()> {
        for multi in [multi, multi.next()] {
            self.offsets.fetch(cx, bytes::offset_page(multi)).await?;
        }
        if let Some((from, to)) = self.range(multi).filter(|(from, to)| from < to) {
            for page_no in bytes::member_page(from)..=bytes::member_page(to - 1) {
                self.members.fetch(cx, page_no).await?;
            }
        }
        Ok(())
    }

    // --- writing ---------------------------------------------------------------------------------------------

    /// Writes a multixact on its pages, which are in memory: `RecordNewMultiXact`.
    fn record(&self, multi: MultiXactId, offset: u32, members: &[Member], lsn: Lsn) {
        let end = offset + members.len() as u32;
        for (multi, offset) in [(multi, offset), (multi.next(), end)] {
            self.offsets.change(bytes::offset_page(multi), lsn, |page| bytes::set_offset(page, multi, offset));
        }
        for (offset, member) in (offset..).zip(members) {
            self.members.change(bytes::member_page(offset), lsn, |page| bytes::set_member(page, offset, *member));
        }
        self.advance(multi.next(), end);
    }

    /// Has the pages of a multixact in memory that is about to be written.
    async fn fetch_for(&self, cx: &Cx, multi: MultiXactId, offset: u32, members: usize) -> Result<()> {
        for multi in [multi, multi.next()] {
            self.offsets.fetch(cx, bytes::offset_page(multi)).await?;
        }
        for page_no in bytes::member_page(offset)..=bytes::member_page(offset + members as u32) {
            self.members.fetch(cx, page_no).await?;
        }
        Ok(())
    }

    /// Replays a record.
    pub async fn redo(&self, cx: &Cx, record: MultiXactRecord, lsn: Lsn) -> Result<()> {
        match record {
            MultiXactRecord::ZeroOffPage(page_no) => self.offsets.zero_page(cx, page_no).await,
            MultiXactRecord::ZeroMemPage(page_no) => self.members.zero_page(cx, page_no).await,
            MultiXactRecord::Create { multi, offset, members } => {
                self.fetch_for(cx, multi, offset, members.len()).await?;
                self.record(multi, offset, &members, lsn);
                Ok(())
            }
            MultiXactRecord::Truncate { offsets, members, .. } => {
                self.oldest.set(offsets.1);
                let last = bytes::offset_page(offsets.1);
                self.offsets.truncate(|first| first + 32 <= last);
                self.members.truncate(|first| first + 32 <= bytes::member_page(members.1));
                Ok(())
            }
        }
    }
}

impl Txns {
    /// `MultiXactIdIsRunning`: whether any member runs.
    pub fn multi_is_running(&self, multi: MultiXactId) -> Result<bool, Needs> {
        for member in self.multis.members(multi)? {
            if self.in_progress(member.xid)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `MultiXactIdGetUpdateXid`: the member that ends the version; invalid if none does.
    pub fn multi_update_xid(&self, multi: MultiXactId) -> Result<Xid, Needs> {
        let members = self.multis.members(multi)?;
        Ok(members.iter().find(|member| member.status.is_update()).map_or(Xid::INVALID, |member| member.xid))
    }
}

impl Env {
    /// `MultiXactIdExpand`: a multixact of the members of another that still matter, and one more.
    pub async fn expand_multi(&self, multi: MultiXactId, member: Member) -> Result<MultiXactId> {
        let txns = &self.txns;
        let members = txns.ask(&self.cx, || txns.multis.members(multi)).await?;
        if members.contains(&member) {
            return Ok(multi);
        }
        let matters =
            |old: &Member| Ok(txns.in_progress(old.xid)? || old.status.is_update() && txns.did_commit(old.xid)?);
        let mut kept = Vec::new();
        for old in members {
            if txns.ask(&self.cx, || matters(&old)).await? {
                kept.push(old);
            }
        }
        kept.push(member);
        self.create_multi(kept).await
    }

    /// `MultiXactIdCreateFromMembers`
    pub async fn create_multi(&self, mut members: Vec<Member>) -> Result<MultiXactId> {
        small::sort_by_key(&mut members, |member| *member);
        let known = self.xact.borrow().multis.iter().find(|(_, known)| *known == members).map(|(multi, _)| *multi);
        if let Some(known) = known {
            return Ok(known);
        }
        let multis = &self.txns.multis;
        let _turn = multis.gen_lock.acquire(&self.cx, LwMode::Exclusive).await;
        let (multi, next_offset) = multis.next();
        self.extend_multis(multi, next_offset, members.len()).await?;
        multis.fetch_for(&self.cx, multi, next_offset.max(1), members.len()).await?;
        self.wal.make_room(&self.cx, 128 + 8 * members.len()).await?;
        self.log_multi(multi, next_offset.max(1), &members);
        self.xact.borrow_mut().multis.push((multi, members));
        Ok(multi)
    }

    /// The atomic section of it.
    fn log_multi(&self, multi: MultiXactId, offset: u32, members: &[Member]) {
        let record = MultiXactRecord::Create { multi, offset, members: members.to_vec() };
        let (info, data) = record.encode();
        let own = self.xact.borrow().xid;
        let end = self.log(&RecordBuilder::new(RmgrId::MultiXact, info).xid(own).main(&data));
        self.txns.multis.record(multi, offset, members, end);
        self.cx.emit(Event::MultiXactCreate { multi: multi.0, members: members.len() as u16 });
    }

    /// `ExtendMultiXactOffset` and `ExtendMultiXactMember`: makes the pages that a new multixact, or the next one after
    /// it, begins.
    async fn extend_multis(&self, multi: MultiXactId, offset: u32, count: usize) -> Result<()> {
        let multis = &self.txns.multis;
        let next = multi.next();
        if next.0.is_multiple_of(bytes::OFFSETS_PER_PAGE) || next == MultiXactId::FIRST {
            let page_no = bytes::offset_page(next);
            multis.offsets.zero_page(&self.cx, page_no).await?;
            self.log_page(&multis.offsets, page_no, MultiXactRecord::ZeroOffPage(page_no)).await?;
        }
        let last = offset + count as u32;
        for offset in (offset..=last).filter(|offset| offset.is_multiple_of(bytes::MEMBERS_PER_PAGE)) {
            let page_no = bytes::member_page(offset);
            multis.members.zero_page(&self.cx, page_no).await?;
            self.log_page(&multis.members, page_no, MultiXactRecord::ZeroMemPage(page_no)).await?;
        }
        Ok(())
    }

    async fn log_page(&self, pages: &Slru, page_no: u32, record: MultiXactRecord) -> Result<()> {
        self.wal.make_room(&self.cx, 64).await?;
        let (info, data) = record.encode();
        let own = self.xact.borrow().xid;
        let end = self.log(&RecordBuilder::new(RmgrId::MultiXact, info).xid(own).main(&data));
        pages.change(page_no, end, |_| ());
        Ok(())
    }

    /// `GetOldestMultiXactId`: no multixact before it has a member that runs.
    pub fn oldest_multi(&self) -> MultiXactId {
        self.txns.procs.oldest_multi(self.txns.multis.next().0)
    }

    /// `MultiXactIdSetOldestMember`: from here on this transaction may be a member of a multixact.
    pub fn note_oldest_multi(&self) {
        let (next, _) = self.txns.multis.next();
        self.txns.procs.update(self.cx.pid(), |entry| {
            entry.oldest_multi.get_or_insert(next);
        });
    }
}

/// A member.
pub fn member(xid: Xid, status: MemberStatus) -> Member {
    Member { xid, status }
}
