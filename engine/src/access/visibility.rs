//! The visibility rule: which version of a row a snapshot sees, and why.
//!
//! Three questions are asked of a tuple's header:
//!
//! * by a reader: is this version mine to see? ([`satisfies_mvcc`])
//! * by a writer: may I change this version, must I wait, or has it been changed? ([`satisfies_update`])
//! * by VACUUM: can anybody still see this version? ([`satisfies_vacuum`])
//!
//! The rule in one breath: a version is visible if the transaction that made it counts as over and has committed, and
//! the one that ended it does not. "Counts as over" is the snapshot's word, "has committed" is pg_xact's. A
//! transaction sees its own changes, but only those of earlier commands.
//!
//! All three are plain functions. They ask pg_xact through [`Statuses`]; if its page is not in memory they return what
//! they need, and the caller fetches that and asks again.
//!
//! PostgreSQL: `access/heap/heapam_visibility.c`.

use std::cell::RefCell;

use crate::ids::{CommandId, Lsn, Tid, Xid};
use crate::storage::tuple::*;
use crate::txn::{ComboCids, Env, Needs, Snapshot, Txns, Xact};

/// Where the rules ask about transactions.
pub struct Statuses<'a> {
    /// The server's shared memory.
    pub txns: &'a Txns,
    /// The asking session's transaction; nobody in particular asks without one.
    pub xact: Option<&'a RefCell<Xact>>,
}

impl<'a> Statuses<'a> {
    /// As the session's transaction asks.
    pub fn of(env: &'a Env) -> Statuses<'a> {
        Statuses::of_xact(&env.txns, &env.xact)
    }

    /// As a transaction asks.
    pub fn of_xact(txns: &'a Txns, xact: &'a RefCell<Xact>) -> Statuses<'a> {
        Statuses { txns, xact: Some(xact) }
    }

    /// As somebody without a transaction would ask.
    pub fn of_nobody(txns: &'a Txns) -> Statuses<'a> {
        Statuses { txns, xact: None }
    }

    /// `TransactionIdIsCurrentTransactionId`
    pub fn is_own(&self, xid: Xid) -> bool {
        self.xact.is_some_and(|xact| xact.borrow().is_current(xid))
    }

    fn committed(&self, xid: Xid) -> Result<bool, Needs> {
        self.txns.did_commit(xid)
    }

    /// Whether it runs, the asking transaction included.
    fn in_progress(&self, xid: Xid) -> Result<bool, Needs> {
        self.txns.in_progress(xid)
    }

    fn multi_runs(&self, header: &HeapTupleHeader) -> Result<bool, Needs> {
        self.txns.multi_is_running(header.xmax_multi())
    }

    /// `HeapTupleHeaderGetUpdateXid`: who ends the version, by itself or as a member of a multixact; invalid if nobody
    /// does.
    pub fn update_xid(&self, header: &HeapTupleHeader) -> Result<Xid, Needs> {
        if header.has(HEAP_XMAX_INVALID) || !header.has(HEAP_XMAX_IS_MULTI) || header.has(HEAP_XMAX_LOCK_ONLY) {
            return Ok(header.xmax);
        }
        self.txns.multi_update_xid(header.xmax_multi())
    }

    /// The commands that made and ended a version of the session's own making.
    fn commands(&self, header: &HeapTupleHeader) -> (CommandId, CommandId) {
        let raw = header.command_id();
        if !header.has(HEAP_COMBOCID) {
            return (raw, raw);
        }
        let combo = |combo: &ComboCids| combo.pair(raw).unwrap_or((raw, raw));
        self.xact.map_or((raw, raw), |xact| combo(&xact.borrow().combo))
    }
}

/// Why a version is seen or not; the page has the words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), serde(rename_all = "snake_case"))]
pub enum SeesRule {
    /// Seen: made by the transaction itself.
    OwnInsert,
    /// Not seen: made by a later command of its own.
    OwnInsertLater,
    /// Not seen: ended by the transaction itself.
    OwnDelete,
    /// Seen: ended by a later command of its own.
    OwnDeleteLater,
    /// Not seen: its maker is running.
    XminRunning,
    /// Not seen: its maker has aborted.
    XminAborted,
    /// Not seen: its maker committed after the snapshot.
    XminAfter,
    /// Seen: made by a committed transaction, ended by nobody.
    Committed,
    /// Seen: whoever ends it is running.
    XmaxRunning,
    /// Seen: whoever ended it has aborted.
    XmaxAborted,
    /// Seen: whoever ended it committed after the snapshot.
    XmaxAfter,
    /// Not seen: ended before the snapshot.
    XmaxCommitted,
}

/// The answer to a reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sees {
    /// Whether the version is visible.
    pub visible: bool,
    /// Why.
    pub rule: SeesRule,
    /// Bits to be noted in `t_infomask`.
    pub hints: u16,
}

fn sees(visible: bool, rule: SeesRule, hints: u16) -> Result<Sees, Needs> {
    Ok(Sees { visible, rule, hints })
}

/// `HeapTupleSatisfiesMVCC`: whether the snapshot sees this version.
pub fn satisfies_mvcc(header: &HeapTupleHeader, snapshot: &Snapshot, ask: &Statuses) -> Result<Sees, Needs> {
    let mut hints = 0;
    if !header.xmin_committed() {
        if header.xmin_invalid() {
            return sees(false, SeesRule::XminAborted, 0);
        }
        if ask.is_own(header.xmin) {
            return own_version(header, snapshot, ask);
        }
        if snapshot.is_running(header.xmin, ask.txns)? {
            let running = ask.in_progress(header.xmin)?;
            return sees(false, if running { SeesRule::XminRunning } else { SeesRule::XminAfter }, 0);
        }
        if !ask.committed(header.xmin)? {
            return sees(false, SeesRule::XminAborted, HEAP_XMIN_INVALID);
        }
        hints = HEAP_XMIN_COMMITTED;
    } else if !header.xmin_frozen() && snapshot.is_running(header.xmin, ask.txns)? {
        return sees(false, SeesRule::XminAfter, 0);
    }
    satisfies_mvcc_xmax(header, snapshot, ask, hints)
}

/// The second half: the maker has committed in time; has anybody ended it in time?
fn satisfies_mvcc_xmax(
    header: &HeapTupleHeader,
    snapshot: &Snapshot,
    ask: &Statuses,
    hints: u16,
) -> Result<Sees, Needs> {
    if header.has(HEAP_XMAX_INVALID) || header.xmax_is_locked_only() {
        let aborted = header.xmax.is_valid() && !header.xmax_is_locked_only();
        return sees(true, if aborted { SeesRule::XmaxAborted } else { SeesRule::Committed }, hints);
    }
    let xmax = ask.update_xid(header)?;
    if header.has(HEAP_XMAX_COMMITTED) {
        let after = snapshot.is_running(xmax, ask.txns)?;
        return sees(after, if after { SeesRule::XmaxAfter } else { SeesRule::XmaxCommitted }, hints);
    }
    if ask.is_own(xmax) {
        let later = ask.commands(header).1 >= snapshot.curcid;
        return sees(later, if later { SeesRule::OwnDeleteLater } else { SeesRule::OwnDelete }, hints);
    }
    if snapshot.is_running(xmax, ask.txns)? {
        let running = ask.in_progress(xmax)?;
        return sees(true, if running { SeesRule::XmaxRunning } else { SeesRule::XmaxAfter }, hints);
    }
    // Of a multixact nothing can be noted: its other members may run.
    let hint = |bit: u16| if header.has(HEAP_XMAX_IS_MULTI) { 0 } else { bit };
    if !ask.committed(xmax)? {
        return sees(true, SeesRule::XmaxAborted, hints | hint(HEAP_XMAX_INVALID));
    }
    sees(false, SeesRule::XmaxCommitted, hints | hint(HEAP_XMAX_COMMITTED))
}

/// A version that the looking transaction has made itself.
fn own_version(header: &HeapTupleHeader, snapshot: &Snapshot, ask: &Statuses) -> Result<Sees, Needs> {
    let (cmin, cmax) = ask.commands(header);
    if cmin >= snapshot.curcid {
        return sees(false, SeesRule::OwnInsertLater, 0);
    }
    if header.has(HEAP_XMAX_INVALID) || header.xmax_is_locked_only() {
        return sees(true, SeesRule::OwnInsert, 0);
    }
    if !ask.is_own(ask.update_xid(header)?) {
        // A part of the transaction has ended it, and was rolled back.
        let hint = if header.has(HEAP_XMAX_IS_MULTI) { 0 } else { HEAP_XMAX_INVALID };
        return sees(true, SeesRule::OwnInsert, hint);
    }
    let later = cmax >= snapshot.curcid;
    sees(later, if later { SeesRule::OwnDeleteLater } else { SeesRule::OwnDelete }, 0)
}

/// The answer to a writer; `TM_Result`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writable {
    /// It may be changed.
    Ok,
    /// Not even its maker has committed.
    Invisible,
    /// This transaction has changed it already.
    SelfModified,
    /// Somebody has updated it.
    Updated,
    /// Somebody has deleted it.
    Deleted,
    /// Somebody who runs is changing or locking it, perhaps this transaction: see `xmax`.
    BeingModified,
}

/// `HeapTupleSatisfiesUpdate`: whether the version at `tid` may be changed by the command `curcid`. Hints come with it.
pub fn satisfies_update(
    header: &HeapTupleHeader,
    tid: Tid,
    curcid: CommandId,
    ask: &Statuses,
) -> Result<(Writable, u16), Needs> {
    let mut hints = 0;
    if !header.xmin_committed() {
        if header.xmin_invalid() {
            return Ok((Writable::Invisible, 0));
        }
        if ask.is_own(header.xmin) {
            return own_writable(header, curcid, ask);
        }
        if ask.in_progress(header.xmin)? {
            return Ok((Writable::Invisible, 0));
        }
        if !ask.committed(header.xmin)? {
            return Ok((Writable::Invisible, HEAP_XMIN_INVALID));
        }
        hints = HEAP_XMIN_COMMITTED;
    }
    let ended = if header.ctid == tid { Writable::Deleted } else { Writable::Updated };
    let locked_only = header.xmax_is_locked_only();
    if header.has(HEAP_XMAX_INVALID) || header.has(HEAP_XMAX_COMMITTED) && locked_only {
        return Ok((Writable::Ok, hints));
    }
    if header.has(HEAP_XMAX_COMMITTED) {
        return Ok((ended, hints));
    }
    let xmax = if locked_only { Xid::INVALID } else { ask.update_xid(header)? };
    if ask.is_own(xmax) {
        let before = ask.commands(header).1 < curcid;
        return Ok((if before { Writable::Invisible } else { Writable::SelfModified }, hints));
    }
    let is_multi = header.has(HEAP_XMAX_IS_MULTI);
    if if is_multi { ask.multi_runs(header)? } else { ask.in_progress(header.xmax)? } {
        return Ok((Writable::BeingModified, hints));
    }
    if locked_only || !xmax.is_valid() || !ask.committed(xmax)? {
        return Ok((Writable::Ok, hints | HEAP_XMAX_INVALID));
    }
    Ok((ended, if is_multi { hints } else { hints | HEAP_XMAX_COMMITTED }))
}

fn own_writable(header: &HeapTupleHeader, curcid: CommandId, ask: &Statuses) -> Result<(Writable, u16), Needs> {
    let (cmin, cmax) = ask.commands(header);
    if cmin >= curcid {
        return Ok((Writable::Invisible, 0));
    }
    if header.has(HEAP_XMAX_INVALID) {
        return Ok((Writable::Ok, 0));
    }
    let is_multi = header.has(HEAP_XMAX_IS_MULTI);
    let runs = || if is_multi { ask.multi_runs(header) } else { ask.in_progress(header.xmax) };
    let locked = |runs: bool| if runs { Writable::BeingModified } else { Writable::Ok };
    if header.xmax_is_locked_only() {
        // Others may have locked it too: those who held the version before it, when this transaction updated that.
        return Ok((locked(runs()?), 0));
    }
    if !ask.is_own(ask.update_xid(header)?) {
        // A part of the transaction has ended it, and was rolled back.
        return Ok(if is_multi { (locked(runs()?), 0) } else { (Writable::Ok, HEAP_XMAX_INVALID) });
    }
    Ok((if cmax >= curcid { Writable::SelfModified } else { Writable::Invisible }, 0))
}

/// A running transaction that makes or ends a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rival {
    /// Its id.
    pub xid: Xid,
    /// The version is there on approval, under this token.
    pub token: Option<u32>,
}

/// `HeapTupleSatisfiesDirty`: whether the version is there as things are now, and if so, the running transaction that
/// makes or ends it. `None` if it is not. Hints come with it.
pub fn satisfies_dirty(header: &HeapTupleHeader, ask: &Statuses) -> Result<(Option<Option<Rival>>, u16), Needs> {
    let mut hints = 0;
    let unended = header.has(HEAP_XMAX_INVALID) || header.xmax_is_locked_only();
    if !header.xmin_committed() {
        if header.xmin_invalid() {
            return Ok((None, 0));
        }
        if ask.is_own(header.xmin) {
            let alive = unended || !ask.is_own(ask.update_xid(header)?);
            return Ok((alive.then_some(None), 0));
        }
        if ask.in_progress(header.xmin)? {
            return Ok((Some(Some(Rival { xid: header.xmin, token: header.speculative_token() })), 0));
        }
        if !ask.committed(header.xmin)? {
            return Ok((None, HEAP_XMIN_INVALID));
        }
        hints = HEAP_XMIN_COMMITTED;
    }
    if unended {
        return Ok((Some(None), hints));
    }
    let xmax = ask.update_xid(header)?;
    if header.has(HEAP_XMAX_COMMITTED) || ask.is_own(xmax) {
        return Ok((None, hints));
    }
    if ask.in_progress(xmax)? {
        return Ok((Some(Some(Rival { xid: xmax, token: None })), hints));
    }
    let hint = |bit: u16| if header.has(HEAP_XMAX_IS_MULTI) { hints } else { hints | bit };
    Ok(match ask.committed(xmax)? {
        false => (Some(None), hint(HEAP_XMAX_INVALID)),
        true => (None, hint(HEAP_XMAX_COMMITTED)),
    })
}

/// The answer to VACUUM; `HTSV_Result`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vacuumable {
    /// Nobody can see it.
    Dead,
    /// It has ended, but a snapshot from before may see it.
    RecentlyDead,
    /// It lives.
    Live,
    /// Its maker is running.
    InsertInProgress,
    /// Whoever ends it is running.
    DeleteInProgress,
}

/// `HeapTupleSatisfiesVacuum`: whether anybody can still see a version, given the removal horizon.
pub fn satisfies_vacuum(
    header: &HeapTupleHeader,
    oldest_xmin: Xid,
    ask: &Statuses,
) -> Result<(Vacuumable, u16), Needs> {
    let mut hints = 0;
    if !header.xmin_committed() {
        if header.xmin_invalid() {
            return Ok((Vacuumable::Dead, 0));
        }
        if ask.is_own(header.xmin) {
            let ending =
                !header.has(HEAP_XMAX_INVALID) && !header.xmax_is_locked_only() && ask.is_own(ask.update_xid(header)?);
            return Ok((if ending { Vacuumable::DeleteInProgress } else { Vacuumable::InsertInProgress }, 0));
        }
        if ask.in_progress(header.xmin)? {
            return Ok((Vacuumable::InsertInProgress, 0));
        }
        if !ask.committed(header.xmin)? {
            return Ok((Vacuumable::Dead, HEAP_XMIN_INVALID));
        }
        hints = HEAP_XMIN_COMMITTED;
    }
    if header.has(HEAP_XMAX_INVALID) {
        return Ok((Vacuumable::Live, hints));
    }
    let is_multi = header.has(HEAP_XMAX_IS_MULTI);
    let over = |runs: bool| Ok((Vacuumable::Live, if runs { hints } else { hints | HEAP_XMAX_INVALID }));
    if header.xmax_is_locked_only() {
        let noted = header.has(HEAP_XMAX_COMMITTED);
        return over(noted || if is_multi { ask.multi_runs(header)? } else { ask.in_progress(header.xmax)? });
    }
    let xmax = ask.update_xid(header)?;
    if !header.has(HEAP_XMAX_COMMITTED) {
        if ask.in_progress(xmax)? {
            return Ok((Vacuumable::DeleteInProgress, hints));
        }
        if !ask.committed(xmax)? {
            return over(is_multi && ask.multi_runs(header)?);
        }
        hints |= if is_multi { 0 } else { HEAP_XMAX_COMMITTED };
    }
    let dead = xmax.precedes(oldest_xmin);
    Ok((if dead { Vacuumable::Dead } else { Vacuumable::RecentlyDead }, hints))
}

/// `HeapTupleHeaderIsOnlyLocked`: nobody who counts has ended this version.
pub fn is_only_locked(header: &HeapTupleHeader, ask: &Statuses) -> Result<bool, Needs> {
    if header.has(HEAP_XMAX_INVALID) || header.has(HEAP_XMAX_LOCK_ONLY) || !header.xmax.is_valid() {
        return Ok(true);
    }
    if !header.has(HEAP_XMAX_IS_MULTI) {
        return Ok(false);
    }
    let xmax = ask.update_xid(header)?;
    Ok(!ask.is_own(xmax) && !ask.in_progress(xmax)? && !ask.committed(xmax)?)
}

/// `SetHintBits`: which of the hints may be noted. A commit that is not yet durable must not be, or the hint could
/// outlive it.
pub fn allowed_hints(header: &HeapTupleHeader, hints: u16, page_lsn: Lsn, env: &Env) -> u16 {
    let mut allowed = hints;
    for (bit, xid) in [(HEAP_XMIN_COMMITTED, header.xmin), (HEAP_XMAX_COMMITTED, header.xmax)] {
        if hints & bit != 0 {
            let commit = env.txns.clog.commit_lsn(xid);
            if commit > env.wal.flush_lsn() && page_lsn < commit {
                allowed &= !bit;
            }
        }
    }
    allowed
}
