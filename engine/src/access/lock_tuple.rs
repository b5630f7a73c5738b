//! Locking a row without changing it: SELECT ... FOR UPDATE and its like, and UPDATE before it looks again at a row that
//! somebody else has changed.
//!
//! ```text
//!   lp 1 ─► xmax: updated by a running transaction, keys untouched ─┐   FOR KEY SHARE need not wait, but the new version
//!   lp 2 ─► xmax: 0                                              ◄──┘   must be locked as well, or its next updater
//!                                                                       would not know of the lock
//! ```

use super::modify::{self, record_room};
use super::place;
use super::row_lock::{RowLock, Xmax, status_of};
use super::update::lock_version;
use super::visibility::{self, Statuses, Writable};
use super::wait::{self, Doing, Turn, WaitPolicy, holders, identity, in_the_way, wait_for};
use super::{Env, Rel, visibility_map};
use crate::ids::{CommandId, Error, Fork, Result, RmgrId, Tid, Xid};
use crate::storage::tuple::{self, *};
use crate::storage::{page, vm};
use crate::trace::Event;
use crate::txn::Needs;
use crate::wal::RecordBuilder;
use crate::wal::heap_records::*;
use crate::wal::heap2_records::XLOG_HEAP2_LOCK_UPDATED;

/// A row that has been locked.
pub struct LockedTuple {
    /// Where its newest version lies.
    pub tid: Tid,
    /// That version, from its header on.
    pub bytes: Vec<u8>,
    /// Whether it is another version than the one that was asked for.
    pub moved: bool,
}

/// Why a row could not be locked.
enum NotLocked {
    /// Its next version lies there, made by this transaction.
    Updated(Tid, Xid),
    Deleted,
    /// Not even its maker has committed, or it is of this very command.
    Invisible,
    SelfModified,
    WouldBlock,
}

/// What has become of a row that INSERT ... ON CONFLICT DO UPDATE has met.
pub enum OnConflict {
    /// It is locked; its bytes.
    Locked(Vec<u8>),
    /// It has been changed or deleted meanwhile: everything begins anew.
    Changed,
    /// This command has added it itself.
    OwnWork,
}

/// Locks the row version at `tid`, for INSERT ... ON CONFLICT DO UPDATE; no other version of the row will do.
pub async fn lock_conflicting(env: &Env, rel: &Rel, tid: Tid, mode: RowLock) -> Result<OnConflict> {
    let (xid, cid) = modify::begin_write(env).await?;
    match (Locking { env, rel, tid, xid, cid, mode, policy: WaitPolicy::Block, follow: false }).run().await? {
        Ok(bytes) => Ok(OnConflict::Locked(bytes)),
        Err(NotLocked::Updated(..)) => wait::refuse_in_repeatable_read(env, "update").map(|()| OnConflict::Changed),
        Err(NotLocked::Deleted) => wait::refuse_in_repeatable_read(env, "delete").map(|()| OnConflict::Changed),
        Err(NotLocked::Invisible | NotLocked::SelfModified) => Ok(OnConflict::OwnWork),
        Err(NotLocked::WouldBlock) => Err(Error::internal("a lock that was waited for was not had")),
    }
}

/// `heapam_tuple_lock`: locks the newest version of a row, whose version at `tid` the statement has seen. `follow`: where
/// an update is no hindrance the newer versions are locked too. Nothing if the row is gone, is to be passed over, or has
/// been changed by this very command.
pub async fn lock_latest(
    env: &Env,
    rel: &Rel,
    tid: Tid,
    mode: RowLock,
    policy: WaitPolicy,
    follow: bool,
) -> Result<Option<LockedTuple>> {
    let (xid, cid) = modify::begin_write(env).await?;
    let mut at = tid;
    loop {
        match (Locking { env, rel, tid: at, xid, cid, mode, policy, follow }).run().await? {
            Ok(bytes) => return Ok(Some(LockedTuple { tid: at, bytes, moved: at != tid })),
            Err(NotLocked::Invisible) => return Err(Error::internal("attempted to lock invisible tuple")),
            Err(NotLocked::SelfModified | NotLocked::WouldBlock) => return Ok(None),
            Err(NotLocked::Deleted) => {
                wait::refuse_in_repeatable_read(env, "update")?;
                return Ok(None);
            }
            Err(NotLocked::Updated(next, maker)) => {
                wait::refuse_in_repeatable_read(env, "update")?;
                match find_latest(env, rel, next, maker, cid, policy).await? {
                    Some(latest) => at = latest,
                    None => return Ok(None),
                }
            }
        }
    }
}

/// What a dirty read says of a version.
enum Dirty {
    /// It is the newest one; somebody may be ending it.
    Newest(Option<Xid>),
    /// It has been ended, by this one.
    Ended(Xid),
}

/// `HeapTupleSatisfiesDirty`, of a version whose maker has committed or is this transaction.
fn dirty(header: &HeapTupleHeader, ask: &Statuses) -> Result<Dirty, Needs> {
    if header.has(HEAP_XMAX_INVALID) || header.xmax_is_locked_only() {
        return Ok(Dirty::Newest(None));
    }
    let xmax = ask.update_xid(header)?;
    if ask.is_own(xmax) {
        return Ok(Dirty::Ended(xmax));
    }
    if ask.txns.in_progress(xmax)? {
        return Ok(Dirty::Newest(Some(xmax)));
    }
    Ok(if ask.txns.did_commit(xmax)? { Dirty::Ended(xmax) } else { Dirty::Newest(None) })
}

/// Goes along a chain of versions to the newest, which `maker` or a later one has made; nothing if the row is gone.
async fn find_latest(
    env: &Env,
    rel: &Rel,
    tid: Tid,
    maker: Xid,
    cid: CommandId,
    policy: WaitPolicy,
) -> Result<Option<Tid>> {
    let (mut at, mut maker) = (tid, maker);
    loop {
        let pin = rel.page(env, Fork::Main, at.block).await?;
        let header = pin.read(|bytes| page::heap_tuple(bytes, at.offset).and_then(HeapTupleHeader::read));
        let Some(header) = header.filter(|header| header.xmin == maker) else { return Ok(None) };
        drop(pin);
        match env.txns.ask(&env.cx, || dirty(&header, &Statuses::of(env))).await? {
            Dirty::Newest(Some(rival)) => {
                if !wait_for(env, rel, at, rival, Doing::Rechecking, policy).await? {
                    return Ok(None);
                }
            }
            // What this command itself has made it does not see.
            Dirty::Newest(None) => {
                let own = env.xact.borrow().is_current(maker);
                return Ok(Some(at).filter(|_| !own || header.command_id() < cid));
            }
            Dirty::Ended(_) if header.ctid == at => return Ok(None),
            Dirty::Ended(next_maker) => (at, maker) = (header.ctid, next_maker),
        }
    }
}

/// A version that is being locked.
struct Locking<'a> {
    env: &'a Env,
    rel: &'a Rel,
    tid: Tid,
    xid: Xid,
    cid: CommandId,
    mode: RowLock,
    policy: WaitPolicy,
    follow: bool,
}

impl Locking<'_> {
    fn ask(&self) -> Statuses<'_> {
        Statuses::of(self.env)
    }

    /// `heap_lock_tuple`: waits as may be necessary, then locks the version; its bytes.
    async fn run(&self) -> Result<Result<Vec<u8>, NotLocked>> {
        let mut turn = Turn::at(self.env, self.rel, self.tid, self.mode, self.policy);
        let locked = self.try_with(&mut turn).await;
        turn.leave();
        locked
    }

    async fn try_with(&self, turn: &mut Turn<'_>) -> Result<Result<Vec<u8>, NotLocked>> {
        let Locking { env, rel, tid, mode, .. } = *self;
        let (mut first, mut may_queue) = (true, true);
        let (mut waited_for, mut followed) = (None, None);
        loop {
            let room = place::lock_page(env, rel, tid.block).await?;
            let (writable, header) = wait::judge(env, rel, &room.pin, tid, self.cid).await?;
            match writable {
                Writable::Ok => return self.lock(room, &header).await.map(Ok),
                Writable::Invisible => return Ok(Err(NotLocked::Invisible)),
                Writable::SelfModified => return Ok(Err(NotLocked::SelfModified)),
                Writable::Updated | Writable::Deleted | Writable::BeingModified => {}
            }
            if std::mem::take(&mut first) {
                match env.txns.ask(&env.cx, || self.own_lock(&header)).await? {
                    Some(held) if held >= mode => return Ok(Ok(bytes_of(&room, tid))),
                    // Somebody in the queue may wait for this transaction.
                    held => may_queue = held.is_none() || !header.has(HEAP_XMAX_IS_MULTI),
                }
            }
            let updated = !header.xmax_is_locked_only();
            let free = env.txns.ask(&env.cx, || self.is_free(&header)).await?;
            let follows = self.follow && updated && followed != Some(identity(&header));
            if free && !follows {
                return self.lock(room, &header).await.map(Ok);
            }
            if !free && waited_for == Some(identity(&header)) {
                let only_locked = || visibility::is_only_locked(&header, &self.ask());
                if env.txns.ask(&env.cx, only_locked).await? {
                    return self.lock(room, &header).await.map(Ok);
                }
            }
            if !free && (writable != Writable::BeingModified || waited_for == Some(identity(&header))) {
                return self.gone(&header).await.map(Err);
            }
            drop(room);
            if !free && !self.wait(&header, turn, may_queue).await? {
                return Ok(Err(NotLocked::WouldBlock));
            }
            if follows && let Err(why) = self.lock_updated(&header).await? {
                return Ok(Err(why));
            }
            (waited_for, followed) = (Some(identity(&header)).filter(|_| !free), Some(identity(&header)));
        }
    }

    /// The strongest lock that this transaction has on the version already.
    fn own_lock(&self, header: &HeapTupleHeader) -> Result<Option<RowLock>, Needs> {
        let ask = self.ask();
        let held = holders(header, &ask)?;
        Ok(held.iter().filter(|holder| ask.is_own(holder.xid)).map(|holder| RowLock::of(holder.status)).max())
    }

    /// Whether none of those in xmax minds.
    fn is_free(&self, header: &HeapTupleHeader) -> Result<bool, Needs> {
        let exclusive = header.infomask & HEAP_LOCK_MASK == HEAP_XMAX_EXCL_LOCK;
        let free = match self.mode {
            RowLock::KeyShare => header.infomask2 & HEAP_KEYS_UPDATED == 0,
            RowLock::Share => header.xmax_is_locked_only() && !exclusive,
            RowLock::NoKeyUpdate if header.has(HEAP_XMAX_IS_MULTI) => {
                in_the_way(header, self.mode, &self.ask())?.is_empty()
            }
            RowLock::NoKeyUpdate => header.infomask & HEAP_LOCK_MASK == HEAP_XMAX_KEYSHR_LOCK,
            RowLock::Update => false,
        };
        // Or this transaction is the only one.
        Ok(free || !header.has(HEAP_XMAX_IS_MULTI) && header.xmax_is_locked_only() && self.ask().is_own(header.xmax))
    }

    /// Waits for those who mind; `false` if the row is to be passed over.
    async fn wait(&self, header: &HeapTupleHeader, turn: &mut Turn<'_>, may_queue: bool) -> Result<bool> {
        let Locking { env, rel, tid, mode, policy, .. } = *self;
        if may_queue && !turn.take(rel).await? {
            return Ok(false);
        }
        let rivals = || match header.has(HEAP_XMAX_IS_MULTI) {
            true => in_the_way(header, mode, &self.ask()),
            false => holders(header, &self.ask()),
        };
        for rival in env.txns.ask(&env.cx, rivals).await? {
            if !wait_for(env, rel, tid, rival.xid, Doing::Locking, policy).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn gone(&self, header: &HeapTupleHeader) -> Result<NotLocked> {
        if header.ctid == self.tid {
            return Ok(NotLocked::Deleted);
        }
        let maker = self.env.txns.ask(&self.env.cx, || self.ask().update_xid(header)).await?;
        Ok(NotLocked::Updated(header.ctid, maker))
    }

    /// Writes the lock; the page is locked, and nobody minds.
    async fn lock(&self, room: place::Room, header: &HeapTupleHeader) -> Result<Vec<u8>> {
        let Locking { env, rel, tid, xid, mode, .. } = *self;
        env.note_oldest_multi();
        let xmax = Xmax::with(env, header, xid, mode, false).await?;
        env.wal.make_room(&env.cx, record_room(1, 64)).await?;
        lock_version(env, rel, &room, tid, xmax, xid, |bytes| {
            if let Some(version) = page::heap_tuple_mut(bytes, tid.offset) {
                xmax.write(version);
                if xmax.is_lock() {
                    tuple::set_ctid(version, tid);
                }
            }
        });
        let bytes = bytes_of(&room, tid);
        drop(room);
        env.cx.end_step().await;
        Ok(bytes)
    }

    // --- newer versions --------------------------------------------------------------------------------------

    /// `heap_lock_updated_tuple`: locks the versions that came after this one.
    async fn lock_updated(&self, header: &HeapTupleHeader) -> Result<Result<(), NotLocked>> {
        let Locking { env, rel, .. } = *self;
        let (mut at, mut maker) = (header.ctid, Xid::INVALID);
        if at == self.tid {
            return Ok(Ok(()));
        }
        env.note_oldest_multi();
        loop {
            env.cx.check_for_interrupts()?;
            if at.block >= rel.blocks(env, Fork::Main) {
                return Ok(Ok(()));
            }
            let room = place::lock_page(env, rel, at.block).await?;
            let version = room.pin.read(|bytes| page::heap_tuple(bytes, at.offset).and_then(HeapTupleHeader::read));
            let Some(version) = version.filter(|version| !maker.is_valid() || version.xmin == maker) else {
                return Ok(Ok(()));
            };
            if env.txns.ask(&env.cx, || env.txns.did_abort(version.xmin)).await? {
                return Ok(Ok(()));
            }
            match env.txns.ask(&env.cx, || self.look_at(&version)).await? {
                Look::Free => self.lock_one_updated(&room, at, &version).await?,
                Look::Ours => {}
                Look::Ended if version.ctid == at => return Ok(Err(NotLocked::Deleted)),
                Look::Ended => {
                    let maker = env.txns.ask(&env.cx, || self.ask().update_xid(&version)).await?;
                    return Ok(Err(NotLocked::Updated(version.ctid, maker)));
                }
                Look::Wait(rival) => {
                    drop(room);
                    wait_for(env, rel, at, rival, Doing::LockingUpdated, WaitPolicy::Block).await?;
                    continue;
                }
            }
            let last = || Ok(version.ctid == at || visibility::is_only_locked(&version, &self.ask())?);
            if env.txns.ask(&env.cx, last).await? {
                return Ok(Ok(()));
            }
            maker = env.txns.ask(&env.cx, || self.ask().update_xid(&version)).await?;
            at = version.ctid;
        }
    }

    /// `test_lockmode_for_conflict`, for each in a newer version's xmax.
    fn look_at(&self, version: &HeapTupleHeader) -> Result<Look, Needs> {
        if version.has(HEAP_XMAX_INVALID) {
            return Ok(Look::Free);
        }
        let ask = self.ask();
        let held = match version.has(HEAP_XMAX_IS_MULTI) {
            true => holders(version, &ask)?,
            false => vec![crate::txn::member(version.xmax, status_of(version))],
        };
        for holder in held {
            if ask.is_own(holder.xid) {
                return Ok(Look::Ours);
            }
            if !RowLock::of(holder.status).conflicts_with(self.mode) {
                continue;
            }
            if ask.txns.in_progress(holder.xid)? {
                return Ok(Look::Wait(holder.xid));
            }
            if holder.status.is_update() && ask.txns.did_commit(holder.xid)? {
                return Ok(Look::Ended);
            }
        }
        Ok(Look::Free)
    }

    /// Writes the lock into a newer version. What it says of a further update stays.
    async fn lock_one_updated(&self, room: &place::Room, at: Tid, version: &HeapTupleHeader) -> Result<()> {
        let Locking { env, rel, xid, mode, .. } = *self;
        let xmax = Xmax::with(env, version, xid, mode, false).await?;
        env.wal.make_room(&env.cx, record_room(1, 64)).await?;
        room.pin.modify(|bytes| {
            if let Some(version) = page::heap_tuple_mut(bytes, at.offset) {
                tuple::set_infomask(version, tuple::infomask(version) & !HEAP_XMAX_BITS | xmax.infomask);
                tuple::set_infomask2(version, tuple::infomask2(version) & !HEAP_KEYS_UPDATED | xmax.infomask2);
                tuple::set_xmax(version, xmax.xid);
            }
        });
        let clear = |map| visibility_map::clear(env, rel, map, at.block, vm::VISIBILITYMAP_ALL_FROZEN);
        let flags = if room.map.as_ref().is_some_and(clear) { XLH_LOCK_ALL_FROZEN_CLEARED } else { 0 };
        room.pin.mark_dirty(&env.cx);
        let end = room.pin.read(|bytes| {
            let infobits = xmax.infobits();
            let main = HeapLock { locking_xid: xmax.xid, offnum: at.offset, infobits, flags }.encode();
            let record = RecordBuilder::new(RmgrId::Heap2, XLOG_HEAP2_LOCK_UPDATED).xid(xid).main(&main);
            env.log(&record.block(modify::heap_block(rel, &room.pin, 0, bytes, &[])))
        });
        room.pin.modify(|bytes| page::set_lsn(bytes, end));
        env.cx.emit(Event::TupleLock { rel: rel.file, tid: at, xmax: xmax.xid, infomask: xmax.infomask });
        Ok(())
    }
}

/// What is to be done about a newer version.
enum Look {
    /// It can be locked.
    Free,
    /// It is locked already.
    Ours,
    /// It has been ended, by one who would mind.
    Ended,
    /// This one is in the way.
    Wait(Xid),
}

fn bytes_of(room: &place::Room, tid: Tid) -> Vec<u8> {
    room.pin.read(|bytes| page::heap_tuple(bytes, tid.offset).map(<[u8]>::to_vec)).unwrap_or_default()
}
