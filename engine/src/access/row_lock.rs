//! How strongly a row is locked, and what that makes of its header.
//!
//! ```text
//!                     KEY SHARE  SHARE  NO KEY UPDATE  UPDATE        in the header, of one transaction
//!   KEY SHARE                                            x           KEYSHR_LOCK LOCK_ONLY
//!   SHARE                                  x             x           SHR_LOCK    LOCK_ONLY
//!   NO KEY UPDATE                  x       x             x           EXCL_LOCK   LOCK_ONLY
//!   UPDATE                x        x       x             x           EXCL_LOCK   LOCK_ONLY KEYS_UPDATED
//! ```
//!
//! An UPDATE that leaves the keys alone locks as NO KEY UPDATE does, another one and a DELETE as UPDATE does. A lock
//! stands in the row's header, so there can be any number of them; where several transactions hold one, or one holds a
//! lock that another's update must not wipe out, `xmax` is a multixact.
//!
//! PostgreSQL: `access/heap/README.tuplock`, `compute_new_xmax_infomask` in `heapam.c`.

use super::Env;
use super::visibility::Statuses;
use crate::ids::{LockMode, MultiXactId, Result, Xid};
use crate::storage::multixact::{Member, MemberStatus};
use crate::storage::tuple::*;
use crate::txn::{Needs, member};
use crate::wal::heap_records::*;

/// How strongly a row is locked, weakest first; `LockTupleMode`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RowLock {
    /// `FOR KEY SHARE`
    KeyShare,
    /// `FOR SHARE`
    Share,
    /// `FOR NO KEY UPDATE`, and what an UPDATE takes that changes no key.
    NoKeyUpdate,
    /// `FOR UPDATE`, and what any other UPDATE and a DELETE take.
    Update,
}

impl RowLock {
    /// The mode of the lock manager that stands for it: at the head of the row's queue, and to tell conflicts.
    pub(super) fn mode(self) -> LockMode {
        match self {
            RowLock::KeyShare => LockMode::AccessShare,
            RowLock::Share => LockMode::RowShare,
            RowLock::NoKeyUpdate => LockMode::Exclusive,
            RowLock::Update => LockMode::AccessExclusive,
        }
    }

    /// Whether two transactions cannot have these.
    pub(super) fn conflicts_with(self, other: RowLock) -> bool {
        self.mode().conflicts_with(other.mode())
    }

    /// `TUPLOCK_from_mxstatus`
    pub(super) fn of(status: MemberStatus) -> RowLock {
        match status {
            MemberStatus::ForKeyShare => RowLock::KeyShare,
            MemberStatus::ForShare => RowLock::Share,
            MemberStatus::ForNoKeyUpdate | MemberStatus::NoKeyUpdate => RowLock::NoKeyUpdate,
            MemberStatus::ForUpdate | MemberStatus::Update => RowLock::Update,
        }
    }

    /// `get_mxact_status_for_lock`
    fn status(self, is_update: bool) -> MemberStatus {
        match (self, is_update) {
            (RowLock::KeyShare, _) => MemberStatus::ForKeyShare,
            (RowLock::Share, _) => MemberStatus::ForShare,
            (RowLock::NoKeyUpdate, false) => MemberStatus::ForNoKeyUpdate,
            (RowLock::NoKeyUpdate, true) => MemberStatus::NoKeyUpdate,
            (RowLock::Update, false) => MemberStatus::ForUpdate,
            (RowLock::Update, true) => MemberStatus::Update,
        }
    }

    /// The bits of one who only locks.
    fn bits(self) -> (u16, u16) {
        match self {
            RowLock::KeyShare => (HEAP_XMAX_KEYSHR_LOCK, 0),
            RowLock::Share => (HEAP_XMAX_SHR_LOCK, 0),
            RowLock::NoKeyUpdate => (HEAP_XMAX_EXCL_LOCK, 0),
            RowLock::Update => (HEAP_XMAX_EXCL_LOCK, HEAP_KEYS_UPDATED),
        }
    }
}

/// How the single transaction in a header's xmax locks or changes the row.
pub(super) fn status_of(header: &HeapTupleHeader) -> MemberStatus {
    let keys = header.infomask2 & HEAP_KEYS_UPDATED != 0;
    if !header.xmax_is_locked_only() {
        return if keys { MemberStatus::Update } else { MemberStatus::NoKeyUpdate };
    }
    match header.infomask & HEAP_LOCK_MASK {
        HEAP_XMAX_KEYSHR_LOCK => MemberStatus::ForKeyShare,
        HEAP_XMAX_SHR_LOCK => MemberStatus::ForShare,
        _ if keys => MemberStatus::ForUpdate,
        _ => MemberStatus::ForNoKeyUpdate,
    }
}

/// `GetMultiXactIdHintBits`: what a header says beside a multixact of these members.
pub(super) fn multi_bits(members: &[Member]) -> (u16, u16) {
    let strongest = members.iter().map(|member| RowLock::of(member.status)).max().unwrap_or(RowLock::KeyShare);
    let has = |wanted: &[MemberStatus]| members.iter().any(|member| wanted.contains(&member.status));
    let updated = members.iter().any(|member| member.status.is_update());
    let only = if updated { 0 } else { HEAP_XMAX_LOCK_ONLY };
    let keys = if has(&[MemberStatus::ForUpdate, MemberStatus::Update]) { HEAP_KEYS_UPDATED } else { 0 };
    (HEAP_XMAX_IS_MULTI | only | strongest.bits().0, keys)
}

/// What is to stand in a header of xmax and the bits that speak of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Xmax {
    pub xid: Xid,
    pub infomask: u16,
    pub infomask2: u16,
}

impl Xmax {
    /// Nobody.
    pub const NONE: Xmax = Xmax { xid: Xid::INVALID, infomask: HEAP_XMAX_INVALID, infomask2: 0 };

    /// Whether it only locks the row.
    pub fn is_lock(&self) -> bool {
        self.infomask & HEAP_XMAX_LOCK_ONLY != 0
    }

    /// `compute_infobits`: as a record says it.
    pub fn infobits(&self) -> u8 {
        let flag = |mask: u16, bit: u8| if self.infomask & mask != 0 { bit } else { 0 };
        flag(HEAP_XMAX_IS_MULTI, XLHL_XMAX_IS_MULTI)
            | flag(HEAP_XMAX_LOCK_ONLY, XLHL_XMAX_LOCK_ONLY)
            | flag(HEAP_XMAX_EXCL_LOCK, XLHL_XMAX_EXCL_LOCK)
            | flag(HEAP_XMAX_KEYSHR_LOCK, XLHL_XMAX_KEYSHR_LOCK)
            | if self.infomask2 & HEAP_KEYS_UPDATED != 0 { XLHL_KEYS_UPDATED } else { 0 }
    }

    /// Of a multixact.
    async fn of_multi(env: &Env, multi: MultiXactId) -> Result<Xmax> {
        let members = env.txns.ask(&env.cx, || env.txns.multis.members(multi)).await?;
        let (infomask, infomask2) = multi_bits(&members);
        Ok(Xmax { xid: Xid(multi.0), infomask, infomask2 })
    }

    /// What an updated row's new version inherits: those who have locked the old one and do not mind.
    pub async fn inherited(env: &Env, old: &HeapTupleHeader) -> Result<Xmax> {
        if old.has(HEAP_XMAX_INVALID) || !old.xmax.is_valid() {
            return Ok(Xmax::NONE);
        }
        if old.has(HEAP_XMAX_IS_MULTI) {
            return Xmax::of_multi(env, old.xmax_multi()).await;
        }
        Ok(Xmax { xid: old.xmax, infomask: HEAP_XMAX_KEYSHR_LOCK | HEAP_XMAX_LOCK_ONLY, infomask2: 0 })
    }

    /// `compute_new_xmax_infomask`: what stands in a header after `own` has locked the row too, or changed it. The caller
    /// holds the page's content lock and knows that nobody minds.
    pub async fn with(env: &Env, old: &HeapTupleHeader, own: Xid, mode: RowLock, is_update: bool) -> Result<Xmax> {
        let old_of = |xid| member(xid, status_of(old));
        match env.txns.ask(&env.cx, || Before::of(old, &Statuses::of(env))).await? {
            Before::Nobody => Ok(Xmax::alone(own, mode, is_update)),
            Before::Multi => {
                let multi = env.expand_multi(old.xmax_multi(), member(own, mode.status(is_update))).await?;
                Xmax::of_multi(env, multi).await
            }
            // The stronger of the two.
            Before::One if old.xmax == own => Ok(Xmax::alone(own, mode.max(RowLock::of(status_of(old))), is_update)),
            Before::One => {
                let members = vec![old_of(old.xmax), member(own, mode.status(is_update))];
                Xmax::of_multi(env, env.create_multi(members).await?).await
            }
        }
    }

    fn alone(own: Xid, mode: RowLock, is_update: bool) -> Xmax {
        let (infomask, infomask2) = match is_update {
            true => (0, if mode == RowLock::Update { HEAP_KEYS_UPDATED } else { 0 }),
            false => (mode.bits().0 | HEAP_XMAX_LOCK_ONLY, mode.bits().1),
        };
        Xmax { xid: own, infomask, infomask2 }
    }

    /// Writes it into a version's header. A lock wipes out the traces of an update that has failed.
    pub fn write(&self, version: &mut [u8]) {
        set_infomask(version, infomask(version) & !(HEAP_XMAX_BITS | HEAP_MOVED) | self.infomask);
        let hot = if self.is_lock() { HEAP_HOT_UPDATED } else { 0 };
        set_infomask2(version, infomask2(version) & !(HEAP_KEYS_UPDATED | hot) | self.infomask2);
        set_xmax(version, self.xid);
    }
}

/// Who still matters in an xmax that is there already.
enum Before {
    Nobody,
    One,
    Multi,
}

impl Before {
    fn of(old: &HeapTupleHeader, ask: &Statuses) -> Result<Before, Needs> {
        if old.has(HEAP_XMAX_INVALID) {
            return Ok(Before::Nobody);
        }
        let ended = |xid: Xid| Ok(!old.xmax_is_locked_only() && ask.txns.did_commit(xid)?);
        if old.has(HEAP_XMAX_IS_MULTI) {
            let multi = old.xmax_multi();
            let matters = ask.txns.multi_is_running(multi)? || ended(ask.txns.multi_update_xid(multi)?)?;
            return Ok(if matters { Before::Multi } else { Before::Nobody });
        }
        let matters = old.has(HEAP_XMAX_COMMITTED) || ask.txns.in_progress(old.xmax)? || ended(old.xmax)?;
        Ok(if matters { Before::One } else { Before::Nobody })
    }
}
