//! The list of running transactions, and the counter that gives ids.

use crate::small;
use std::cell::{Cell, RefCell};

use super::snapshot::Snapshot;
use crate::ids::{CommandId, FullXid, MultiXactId, Oid, Pid, Xid};

/// A process in the array; `PGPROC`'s part that others read.
#[derive(Clone, Debug)]
pub struct ProcEntry {
    /// Whose.
    pub pid: Pid,
    /// Which place it has: the first half of its virtual transaction ids.
    pub backend: u32,
    /// Its transaction's number among those of its place; 0 outside of transactions.
    pub lxid: u32,
    /// Its transaction, if it has an id.
    pub xid: Xid,
    /// Its subtransactions that run or have committed to it; not all of them if there are more than 64.
    pub subxids: Vec<Xid>,
    /// There are more.
    pub overflowed: bool,
    /// The oldest transaction that its snapshots need; what vacuum must keep.
    pub xmin: Xid,
    /// Its transaction may be a member of multixacts from this one on.
    pub oldest_multi: Option<MultiXactId>,
    /// The database it is connected to.
    pub db: Oid,
    /// It is a lazy VACUUM, whose snapshot holds nothing back.
    pub in_vacuum: bool,
    /// It stands between the record of its commit and the two bits: a checkpoint must not begin to write pg_xact.
    pub delays_checkpoint: bool,
}

/// The places before are those of the autovacuum launcher and the logical replication launcher.
const FIRST_PLACE: u32 = 3;

/// `PGPROC_MAX_CACHED_SUBXIDS`: how many subtransactions of a process others can see without asking pg_subtrans.
pub const MAX_SUBXIDS: usize = 64;

/// What a standby is told of running transactions.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct RunningXacts {
    /// The next id that will be given.
    pub next: Xid,
    /// The oldest that runs; the next id if none does.
    pub oldest: Xid,
    /// The newest that has ended.
    pub latest_completed: Xid,
    /// All that run, ascending.
    pub xids: Vec<Xid>,
    /// Their subtransactions; none if there are too many of one.
    pub subxids: Vec<Xid>,
    /// Whether there are too many.
    pub overflowed: bool,
}

/// `standbyState`: what a standby knows of those who run on its primary.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum StandbyState {
    /// Nothing.
    #[default]
    Initialized,
    /// A list that lacks parts of transactions: of this one or older ones.
    Pending(Xid),
    /// Everything.
    Ready,
}

/// The list of running transactions.
pub struct ProcArray {
    next_xid: Cell<FullXid>,
    latest_completed: Cell<Xid>,
    entries: RefCell<Vec<ProcEntry>>,
    /// By place: the number of the last transaction there.
    last_lxids: RefCell<Vec<u32>>,
    /// On a standby: transactions known from the log to run on the primary.
    known_assigned: RefCell<small::Set<Xid>>,
    /// On a standby: subtransactions up to this one may run there without being in that list.
    last_overflowed: Cell<Xid>,
    in_recovery: Cell<bool>,
    standby: Cell<StandbyState>,
    /// The oldest transaction that a standby's slot wants kept.
    slot_xmin: Cell<Xid>,
}

impl ProcArray {
    /// An empty list; `next_xid` will be given next.
    pub fn new(next_xid: FullXid) -> ProcArray {
        ProcArray {
            next_xid: Cell::new(next_xid),
            latest_completed: Cell::new(next_xid.xid().previous()),
            entries: RefCell::default(),
            last_lxids: RefCell::default(),
            known_assigned: RefCell::default(),
            last_overflowed: Cell::default(),
            in_recovery: Cell::new(false),
            standby: Cell::default(),
            slot_xmin: Cell::default(),
        }
    }

    /// The next id that will be given.
    pub fn next_xid(&self) -> FullXid {
        self.next_xid.get()
    }

    /// Whether ids come from the log and not from here.
    pub fn set_in_recovery(&self, in_recovery: bool) {
        self.in_recovery.set(in_recovery);
    }

    /// Whether ids come from the log and not from here.
    pub fn in_recovery(&self) -> bool {
        self.in_recovery.get()
    }

    /// The newest transaction that has ended.
    pub fn latest_completed(&self) -> Xid {
        self.latest_completed.get()
    }

    /// The place of a process; 0 if it has none.
    pub fn place_of(&self, pid: Pid) -> u32 {
        self.entries.borrow().iter().find(|entry| entry.pid == pid).map_or(0, |entry| entry.backend)
    }

    /// All entries.
    pub fn entries(&self) -> Vec<ProcEntry> {
        self.entries.borrow().clone()
    }

    /// A process joins, in the first place that is free. Two places are the launchers', as in PostgreSQL; the first
    /// transaction of a backend is the one in which it looks up who is there.
    pub fn add(&self, pid: Pid, db: Oid) {
        let free = |place: &u32| self.entries.borrow().iter().all(|entry| entry.backend != *place);
        let backend = (FIRST_PLACE..).find(free).unwrap_or(FIRST_PLACE);
        let (xid, xmin) = (Xid::INVALID, Xid::INVALID);
        let (in_vacuum, delays_checkpoint) = (false, false);
        let entry = ProcEntry {
            pid,
            backend,
            lxid: 0,
            xid,
            subxids: Vec::new(),
            overflowed: false,
            xmin,
            oldest_multi: None,
            db,
            in_vacuum,
            delays_checkpoint,
        };
        self.entries.borrow_mut().push(entry);
        self.begin(pid);
        self.end(pid, &[]);
    }

    /// A process begins a transaction: it gets a virtual id.
    pub fn begin(&self, pid: Pid) {
        let mut last = self.last_lxids.borrow_mut();
        self.update(pid, |entry| {
            let place = entry.backend as usize;
            if last.len() <= place {
                last.resize(place + 1, 0);
            }
            last[place] += 1;
            entry.lxid = last[place];
        });
    }

    /// A process leaves.
    pub fn remove(&self, pid: Pid) {
        self.entries.borrow_mut().retain(|entry| entry.pid != pid);
    }

    /// Changes a process's own entry.
    pub fn update(&self, pid: Pid, change: impl FnOnce(&mut ProcEntry)) {
        if let Some(entry) = self.entries.borrow_mut().iter_mut().find(|entry| entry.pid == pid) {
            change(entry);
        }
    }

    /// The transaction of a process.
    pub fn xid_of(&self, pid: Pid) -> Xid {
        self.entries.borrow().iter().find(|entry| entry.pid == pid).map_or(Xid::INVALID, |entry| entry.xid)
    }

    /// Gives the next id to a process, in one atomic section: to its transaction, or to a part of it.
    pub fn assign(&self, pid: Pid, is_sub: bool) -> Xid {
        let full = self.next_xid.get();
        let xid = full.xid();
        self.next_xid.set(full.next());
        self.update(pid, |entry| match is_sub {
            false => entry.xid = xid,
            true if entry.subxids.len() < MAX_SUBXIDS => entry.subxids.push(xid),
            true => entry.overflowed = true,
        });
        xid
    }

    /// `XidCacheRemoveRunningXids`: a subtransaction has been rolled back, and its children with it.
    pub fn end_sub(&self, pid: Pid, xid: Xid, children: &[Xid]) {
        self.update(pid, |entry| entry.subxids.retain(|sub| *sub != xid && !children.contains(sub)));
        self.note_completed(children.last().copied().unwrap_or(xid));
    }

    /// The process's transaction is over: it leaves the list. `children` are its subtransactions, ascending.
    pub fn end(&self, pid: Pid, children: &[Xid]) {
        let mut ended = Xid::INVALID;
        self.update(pid, |entry| {
            ended = std::mem::take(&mut entry.xid);
            entry.subxids.clear();
            entry.overflowed = false;
            entry.oldest_multi = None;
            entry.lxid = 0;
            entry.xmin = Xid::INVALID;
            entry.in_vacuum = false;
        });
        if ended.is_valid() {
            self.note_completed(children.last().copied().unwrap_or(ended));
        }
    }

    fn note_completed(&self, xid: Xid) {
        if self.latest_completed.get().precedes(xid) {
            self.latest_completed.set(xid);
        }
    }

    /// Whether the transaction is running: in the list here, or on the primary.
    pub fn is_running(&self, xid: Xid) -> bool {
        if self.in_recovery.get() {
            return self.known_assigned.borrow().contains(&xid);
        }
        let entries = self.entries.borrow();
        xid.is_valid() && entries.iter().any(|entry| entry.xid == xid || entry.subxids.contains(&xid))
    }

    /// Whether a transaction that is not in the list may run nevertheless, as a part of another.
    pub fn may_run_unlisted(&self, xid: Xid) -> bool {
        if self.in_recovery.get() {
            return xid.precedes_or_equals(self.last_overflowed.get());
        }
        self.entries.borrow().iter().any(|entry| entry.overflowed)
    }

    /// `GetSnapshotData`: copies the list.
    pub fn snapshot(&self, pid: Pid, curcid: CommandId) -> Snapshot {
        let snapshot = self.peek(pid, curcid);
        self.update(pid, |entry| {
            if !entry.xmin.is_valid() {
                entry.xmin = snapshot.xmin;
            }
        });
        snapshot
    }

    /// The snapshot that a process would take now; it holds nothing back.
    pub fn peek(&self, pid: Pid, curcid: CommandId) -> Snapshot {
        let xmax = self.latest_completed.get().next();
        let own = self.xid_of(pid);
        let mut xip = self.outermost();
        xip.retain(|xid| xid.precedes(xmax) && *xid != own);
        let oldest = |least: Xid, xid: Xid| if xid.is_valid() && xid.precedes(least) { xid } else { least };
        let xmin = xip.iter().copied().chain([own]).fold(xmax, oldest);
        let entries = self.entries.borrow();
        let others = || entries.iter().filter(|entry| entry.pid != pid);
        let suboverflowed = if self.in_recovery.get() {
            xmin.precedes_or_equals(self.last_overflowed.get())
        } else {
            others().any(|entry| entry.overflowed)
        };
        let subxip =
            if suboverflowed { Vec::new() } else { others().flat_map(|e| e.subxids.iter().copied()).collect() };
        Snapshot { xmin, xmax, xip, subxip, suboverflowed, own, curcid }
    }

    /// The running transactions, ascending, without their parts: here, or on the primary, where the parts are not told
    /// from the others.
    fn outermost(&self) -> Vec<Xid> {
        let mut xids: Vec<Xid> = if self.in_recovery.get() {
            self.known_assigned.borrow().iter().copied().collect()
        } else {
            self.entries.borrow().iter().map(|entry| entry.xid).filter(|xid| xid.is_valid()).collect()
        };
        small::sort_by_key(&mut xids, |xid| *xid);
        xids
    }

    /// The running transactions and their parts, ascending.
    pub fn running(&self) -> Vec<Xid> {
        let mut xids = self.outermost();
        xids.extend(self.entries.borrow().iter().flat_map(|entry| entry.subxids.iter().copied()));
        small::sort_by_key(&mut xids, |xid| *xid);
        xids
    }

    /// The removal horizon: row versions that ended before this transaction are seen by nobody.
    pub fn oldest_xmin(&self) -> Xid {
        let mut horizon = self.latest_completed.get().next();
        for entry in self.entries.borrow().iter() {
            for xid in [entry.xid, if entry.in_vacuum { Xid::INVALID } else { entry.xmin }] {
                if xid.is_valid() && xid.precedes(horizon) {
                    horizon = xid;
                }
            }
        }
        let known = self.known_assigned.borrow().first().copied();
        for xid in [known.unwrap_or_default(), self.slot_xmin.get()] {
            if xid.is_valid() && xid.precedes(horizon) {
                horizon = xid;
            }
        }
        horizon
    }

    /// Slots want versions kept that this transaction may see, if it is valid.
    pub fn set_slot_xmin(&self, xmin: Xid) {
        self.slot_xmin.set(xmin);
    }

    /// `GetOldestMultiXactId`: no multixact before it has a member that runs.
    pub fn oldest_multi(&self, next: MultiXactId) -> MultiXactId {
        let older = |least: MultiXactId, multi: MultiXactId| if multi.precedes(least) { multi } else { least };
        self.entries.borrow().iter().filter_map(|entry| entry.oldest_multi).fold(next, older)
    }

    /// What the log tells standbys with each checkpoint.
    pub fn running_xacts(&self) -> RunningXacts {
        let next = self.next_xid.get().xid();
        let entries = self.entries.borrow();
        let mut xids: Vec<Xid> = entries.iter().map(|entry| entry.xid).filter(|xid| xid.is_valid()).collect();
        small::sort_by_key(&mut xids, |xid| *xid);
        let oldest = xids.first().copied().unwrap_or(next);
        let overflowed = entries.iter().any(|entry| entry.overflowed);
        let subxids = entries.iter().filter(|_| !overflowed).flat_map(|entry| entry.subxids.iter().copied()).collect();
        RunningXacts { next, oldest, latest_completed: self.latest_completed.get(), xids, subxids, overflowed }
    }

    // --- recovery --------------------------------------------------------------------------------------------

    /// Recovery has met a record of this transaction: it runs, or ran, and ids go on after it.
    pub fn note_seen(&self, xid: Xid) {
        if !xid.is_normal() {
            return;
        }
        let next = self.next_xid.get();
        if xid.follows_or_equals(next.xid()) {
            let mut at = next;
            while at.xid() != xid {
                self.known_assigned.borrow_mut().insert(at.xid());
                at = at.next();
            }
            self.known_assigned.borrow_mut().insert(xid);
            self.next_xid.set(at.next());
        }
    }

    /// Recovery has met the end of this transaction.
    pub fn note_ended(&self, xid: Xid) {
        self.known_assigned.borrow_mut().remove(&xid);
        self.note_completed(xid);
    }

    /// `ProcArrayApplyXidAssignment`: these are parts of another, of which pg_subtrans knows; they leave the list.
    pub fn note_assigned(&self, subxids: &[Xid]) {
        let mut known = self.known_assigned.borrow_mut();
        for xid in subxids {
            known.remove(xid);
            if self.last_overflowed.get().precedes(*xid) {
                self.last_overflowed.set(*xid);
            }
        }
    }

    /// `ProcArrayApplyRecoveryInfo`: recovery has met a list of what runs on the primary. The first one says who runs,
    /// unless it had overflowed; what comes later says only who does not.
    pub fn note_running(&self, running: &RunningXacts) {
        self.known_assigned.borrow_mut().retain(|xid| !xid.precedes(running.oldest));
        self.note_completed(running.oldest.previous());
        if self.last_overflowed.get().precedes(running.oldest) {
            self.last_overflowed.set(Xid::INVALID);
        }
        match self.standby.get() {
            StandbyState::Ready => return,
            StandbyState::Pending(last) if running.overflowed && !running.xids.is_empty() => {
                if last.precedes(running.oldest) {
                    self.standby.set(StandbyState::Ready);
                }
                return;
            }
            _ => {}
        }
        let last = running.next.previous();
        let mut known = self.known_assigned.borrow_mut();
        if running.overflowed {
            self.standby.set(StandbyState::Pending(last));
            self.last_overflowed.set(last);
        } else {
            self.standby.set(StandbyState::Ready);
            known.clear();
        }
        for xid in running.xids.iter().chain(&running.subxids) {
            known.insert(*xid);
        }
        drop(known);
        self.note_completed(running.latest_completed);
        if self.next_xid.get().xid().precedes(running.next) {
            let epoch = u64::from(self.next_xid.get().epoch()) << 32;
            self.next_xid.set(FullXid(epoch | u64::from(running.next.0)));
        }
    }

    /// Whether a snapshot on this standby would be right.
    pub fn knows_who_runs(&self) -> bool {
        self.standby.get() == StandbyState::Ready
    }

    /// Recovery has met, or begins at, a checkpoint: ids go on from here at least.
    pub fn note_next(&self, next: FullXid) {
        if self.next_xid.get() < next {
            self.next_xid.set(next);
        }
    }

    /// Recovery is over: what ran is gone, and everything before the next id has ended.
    pub fn end_recovery(&self) {
        self.known_assigned.borrow_mut().clear();
        self.last_overflowed.set(Xid::INVALID);
        self.latest_completed.set(self.next_xid.get().xid().previous());
        self.in_recovery.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snapshots_of_the_opening_scene() {
        // PostgreSQL 15: with only 739 running a reader's snapshot is 739:739:, after its commit 740:740:.
        let procs = ProcArray::new(FullXid(739));
        procs.add(Pid(1), Oid(5));
        procs.add(Pid(2), Oid(5));
        assert_eq!(procs.assign(Pid(1), false), Xid(739));
        let before = procs.snapshot(Pid(2), CommandId(0));
        assert_eq!(before.to_string(), "739:739:");
        procs.end(Pid(1), &[]);
        assert_eq!(procs.snapshot(Pid(2), CommandId(0)).to_string(), "740:740:");
        assert_eq!(procs.oldest_xmin(), Xid(739), "B's first snapshot still holds the horizon back");
        procs.end(Pid(2), &[]);
        assert_eq!(procs.oldest_xmin(), Xid(740));
    }
}
