//! Freezing: marking a version as visible to all for ever, whatever its xmin comes to mean.
//!
//! ```text
//!   before   xmin 734 committed    xmax 741 aborted       after   xmin 734 frozen    xmax 0
//! ```
//!
//! The flags 'committed' and 'invalid' of xmin together say frozen; xmin itself stays, for who looks with pageinspect.

use crate::access::{Env, row_lock};
use crate::ids::{Error, MultiXactId, OffsetNumber, Result, Xid};
use crate::storage::tuple::{self, *};
use crate::wal::heap2_records::FreezePlan;

/// What freezing is told and what it keeps count of.
pub(super) struct Freezing {
    /// Versions made, or ended without success, before this transaction are frozen.
    pub(super) limit: Xid,
    /// Nothing on the table should be older than this.
    pub(super) relfrozenxid: Xid,
    /// The oldest transaction that is left.
    pub(super) oldest_left: Xid,
}

/// What is to become of a multixact in xmax.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum MultiFate {
    /// It stays, with this as its oldest member; also where there is none.
    Stays(Xid),
    /// Nobody in it matters any more.
    Gone,
    /// Only who updated the row matters.
    Updater(Xid),
    /// Some matter: there is a new one of them, with the bits that go with it.
    Replaced(MultiXactId, (u16, u16)),
}

/// `FreezeMultiXactId`: looks which members of a multixact still matter, and makes a new one of them if some are so old
/// that they must go, or if the multixact itself is.
pub(super) async fn multi_fate(
    env: &Env,
    header: &HeapTupleHeader,
    limit: Xid,
    multi_limit: MultiXactId,
) -> Result<MultiFate> {
    if !header.has(HEAP_XMAX_IS_MULTI) {
        return Ok(MultiFate::Stays(Xid::INVALID));
    }
    let txns = &env.txns;
    let multi = header.xmax_multi();
    let members = txns.ask(&env.cx, || txns.multis.members(multi)).await?;
    let older = |a: Xid, b: Xid| if b.precedes(a) { b } else { a };
    let oldest = members.iter().map(|member| member.xid).reduce(older).unwrap_or(limit);
    if !multi.precedes(multi_limit) && !oldest.precedes(limit) {
        return Ok(MultiFate::Stays(oldest));
    }
    let mut kept = Vec::new();
    for member in &members {
        let matters = || {
            let runs = txns.in_progress(member.xid)?;
            Ok(runs || member.status.is_update() && txns.did_commit(member.xid)?)
        };
        if txns.ask(&env.cx, matters).await? {
            kept.push(*member);
        }
    }
    Ok(match kept.as_slice() {
        [] => MultiFate::Gone,
        [one] if one.status.is_update() => MultiFate::Updater(one.xid),
        _ if kept.len() == members.len() => MultiFate::Stays(oldest),
        _ => {
            let bits = row_lock::multi_bits(&kept);
            MultiFate::Replaced(env.create_multi(kept).await?, bits)
        }
    })
}

/// What is to become of a version.
pub(super) struct Frozen {
    /// The new header fields, if anything changes.
    pub(super) plan: Option<FreezePlan>,
    /// No id is left in it that could wrap around.
    pub(super) totally: bool,
}

/// The id so many before another; `age` 0 is the id itself.
pub(super) fn before(xid: Xid, age: u32) -> Xid {
    let limit = Xid(xid.0.wrapping_sub(age));
    if limit.is_normal() { limit } else { Xid::FIRST_NORMAL }
}

impl Freezing {
    /// `heap_prepare_freeze_tuple`, for a version that VACUUM has found not dead: if made before the limit its maker has
    /// committed, and if ended before the limit its end has failed.
    /// What becomes of a multixact in xmax is decided beforehand.
    pub(super) fn prepare(
        &mut self,
        offnum: OffsetNumber,
        header: &HeapTupleHeader,
        fate: MultiFate,
    ) -> Result<Frozen> {
        let HeapTupleHeader { xmax, mut infomask, mut infomask2, .. } = *header;
        let mut frozen_xmax = None;
        let mut xmin_done = header.xmin_frozen() || !header.xmin.is_normal();
        if !xmin_done {
            self.check("xmin", header.xmin)?;
            xmin_done = header.xmin.precedes(self.limit);
            if xmin_done {
                infomask |= HEAP_XMIN_FROZEN;
            } else {
                self.leave(header.xmin);
            }
        }
        if header.has(HEAP_XMAX_IS_MULTI) {
            let changed = |bits: u16| infomask & !HEAP_XMAX_BITS | bits;
            match fate {
                MultiFate::Stays(oldest) => self.leave(oldest),
                MultiFate::Gone => {
                    infomask = changed(HEAP_XMAX_INVALID);
                    infomask2 &= !(HEAP_HOT_UPDATED | HEAP_KEYS_UPDATED);
                    frozen_xmax = Some(Xid::INVALID);
                }
                MultiFate::Updater(xid) => {
                    infomask = changed(0);
                    frozen_xmax = Some(xid);
                    self.leave(xid);
                }
                MultiFate::Replaced(multi, bits) => {
                    infomask = changed(bits.0);
                    infomask2 = infomask2 & !HEAP_KEYS_UPDATED | bits.1;
                    frozen_xmax = Some(Xid(multi.0));
                }
            }
        } else if xmax.is_normal() {
            self.check("xmax", xmax)?;
            if xmax.precedes(self.limit) {
                if header.has(HEAP_XMAX_COMMITTED) && !header.xmax_is_locked_only() {
                    return Err(Error::corrupt(format!("cannot freeze committed xmax {xmax}")));
                }
                infomask = infomask & !HEAP_XMAX_BITS | HEAP_XMAX_INVALID;
                infomask2 &= !(HEAP_HOT_UPDATED | HEAP_KEYS_UPDATED);
                frozen_xmax = Some(Xid::INVALID);
            } else {
                self.leave(xmax);
            }
        }
        let changed = infomask != header.infomask || frozen_xmax.is_some();
        let new_xmax = frozen_xmax.unwrap_or(xmax);
        let plan = FreezePlan { xmax: new_xmax, offnum, infomask2, infomask, frzflags: 0 };
        Ok(Frozen { plan: Some(plan).filter(|_| changed), totally: xmin_done && !new_xmax.is_valid() })
    }

    /// `heap_tuple_needs_freeze`: whether a version should be frozen, on a page that may only be looked at.
    pub(super) fn is_needed(&mut self, header: &HeapTupleHeader) -> bool {
        let mut needed = false;
        let xmax = if header.has(HEAP_XMAX_IS_MULTI) { Xid::INVALID } else { header.xmax };
        for xid in [header.xmin, xmax] {
            let frozen = xid == header.xmin && header.xmin_frozen();
            if xid.is_normal() && !frozen {
                needed |= xid.precedes(self.limit);
                self.leave(xid);
            }
        }
        needed
    }

    fn leave(&mut self, xid: Xid) {
        if xid.is_normal() && xid.precedes(self.oldest_left) {
            self.oldest_left = xid;
        }
    }

    fn check(&self, what: &str, xid: Xid) -> Result<()> {
        if xid.precedes(self.relfrozenxid) {
            let from = self.relfrozenxid;
            return Err(Error::corrupt(format!("found {what} {xid} from before relfrozenxid {from}")));
        }
        Ok(())
    }
}

/// `heap_tuple_needs_eventual_freeze`: whether some id in the version will have to be frozen one day.
pub(super) fn is_needed_one_day(header: &HeapTupleHeader) -> bool {
    header.xmin.is_normal() && !header.xmin_frozen() || header.xmax.is_valid()
}

/// `heap_execute_freeze_tuple`: writes into a version's header what freezing leaves of it; redo does just this.
pub(in crate::access) fn execute(version: &mut [u8], plan: &FreezePlan) {
    tuple::set_xmax(version, plan.xmax);
    tuple::set_infomask(version, plan.infomask);
    tuple::set_infomask2(version, plan.infomask2);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Tid;

    fn header(xmin: u32, xmax: u32, infomask: u16) -> HeapTupleHeader {
        let tid = Tid::default();
        HeapTupleHeader { xmin: Xid(xmin), xmax: Xid(xmax), field3: 0, ctid: tid, infomask2: 3, infomask, hoff: 24 }
    }

    #[test]
    fn what_is_older_than_the_limit_is_frozen_and_the_rest_holds_relfrozenxid_back() {
        let mut freezing = Freezing { limit: Xid(740), relfrozenxid: Xid(724), oldest_left: Xid(750) };
        let stays = MultiFate::Stays(Xid::INVALID);
        let old = freezing.prepare(1, &header(730, 0, 0x0902), stays).unwrap();
        assert!(old.totally && old.plan.is_some_and(|plan| plan.infomask == 0x0b02 && plan.xmax == Xid(0)));
        assert_eq!(freezing.oldest_left, Xid(750));
        let young = freezing.prepare(2, &header(745, 0, 0x0902), stays).unwrap();
        assert!(!young.totally && young.plan.is_none());
        assert_eq!(freezing.oldest_left, Xid(745));
        let failed_end = freezing.prepare(3, &header(730, 735, 0x0902), stays).unwrap();
        assert!(failed_end.totally && failed_end.plan.is_some_and(|plan| plan.xmax == Xid(0)));
        assert!(freezing.prepare(4, &header(700, 0, 0x0902), stays).is_err());
        assert!(freezing.prepare(5, &header(700, 0, 0x0b02), stays).unwrap().plan.is_none(), "frozen already");
    }

    #[test]
    fn ages_count_around_the_circle() {
        assert_eq!(before(Xid(731), 0), Xid(731));
        assert_eq!(before(Xid(731), 730), Xid::FIRST_NORMAL);
        assert!(before(Xid(731), FREEZE_AGE).precedes(Xid(4)));
        const FREEZE_AGE: u32 = 50_000_000;
    }
}
