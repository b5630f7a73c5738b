//! What a process holds in its hands: itself, the parts of shared memory, and its own transaction.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::clog::Clog;
use super::locks::{LockManager, LockTag, LockTimeouts};
use super::proc_array::ProcArray;
use super::snapshot::Snapshot;
use super::stats::{PendingStats, Stats};
use super::sync_rep::SyncRep;
use super::xact::{Isolation, Xact};
use crate::buffer::BufferPool;
use crate::ids::{Error, FullXid, LockMode, Lsn, Oid, Result, RmgrId, Xid, sqlstate};
use crate::settings::{Setting, Settings};
use crate::storage::page;
use crate::trace::Event;
use crate::wal::standby_records::{StandbyLock, StandbyRecord};
use crate::wal::{RecordBuilder, Wal};
use crate::world::{Cx, Disk, WaitList};

/// The shared memory of transactions.
pub struct Txns {
    /// pg_xact.
    pub clog: Clog,
    /// The running transactions.
    pub procs: ProcArray,
    /// The lock table.
    pub locks: LockManager,
    /// Commits that wait for a standby, and how far standbys are.
    pub sync_rep: SyncRep,
    /// Counters.
    pub stats: Stats,
    /// A checkpoint that waits for commits between their record and their bits.
    pub delayed_checkpoint: WaitList,
    /// The next object id that will be given.
    pub next_oid: Cell<Oid>,
    /// Up to where object ids have been logged as used.
    pub logged_oid: Cell<Oid>,
    /// Counts changes of cached catalog rows: a backend whose own count is behind forgets what it has cached.
    pub invalidations: Cell<u64>,
}

impl Txns {
    /// The memory of a server whose next ids are these.
    pub fn new(disk: &Disk, wal: &Rc<Wal>, next_xid: FullXid, next_oid: Oid) -> Txns {
        Txns {
            clog: Clog::new(disk.clone(), wal.clone()),
            procs: ProcArray::new(next_xid),
            locks: LockManager::default(),
            sync_rep: SyncRep::default(),
            stats: Stats::default(),
            delayed_checkpoint: WaitList::default(),
            next_oid: Cell::new(next_oid),
            logged_oid: Cell::new(next_oid),
            invalidations: Cell::new(0),
        }
    }
}

/// A process's handle on its server. Clones are the same process.
#[derive(Clone)]
pub struct Env {
    /// Itself.
    pub cx: Cx,
    /// The server's disk.
    pub disk: Disk,
    /// The log.
    pub wal: Rc<Wal>,
    /// The shared buffers.
    pub buffers: Rc<BufferPool>,
    /// Transactions and locks.
    pub txns: Rc<Txns>,
    /// The session's settings.
    pub settings: Rc<RefCell<Settings>>,
    /// The session's transaction.
    pub xact: Rc<RefCell<Xact>>,
    /// What this process has counted and not yet handed in.
    pub stats: Rc<PendingStats>,
    /// Notices and warnings on their way to the client.
    pub notices: Rc<RefCell<Vec<Error>>>,
    /// The redo point that this process knows of: brought up to date at each record that it writes. It decides
    /// beforehand, from this, whether a page will be logged whole; PostgreSQL's `RedoRecPtr` of each process.
    pub known_redo: Rc<Cell<Lsn>>,
    /// The database it is connected to.
    pub database: Oid,
}

impl Env {
    /// Tells the client something that is no error.
    pub fn notice(&self, notice: Error) {
        self.notices.borrow_mut().push(notice);
    }

    /// How long this session waits for locks.
    pub fn lock_timeouts(&self) -> LockTimeouts {
        LockTimeouts::of(&self.settings.borrow())
    }

    // --- writing the log -------------------------------------------------------------------------------------

    /// Puts a record into the log and remembers its end; the caller has made room.
    pub fn log(&self, record: &RecordBuilder) -> Lsn {
        let end = self.wal.insert(&self.cx, record);
        self.known_redo.set(self.wal.redo());
        self.xact.borrow_mut().last_record_end = end;
        end
    }

    /// `XLogCheckBufferNeedsBackup`: whether the page is expected to be logged whole, as far as this process knows.
    pub fn expects_image(&self, page: &crate::storage::PageBytes) -> bool {
        self.wal.full_page_writes() && page::lsn(page) <= self.known_redo.get()
    }

    // --- ids and snapshots -----------------------------------------------------------------------------------

    /// The transaction's id, given now if it has none: at the first write.
    pub async fn xid(&self) -> Result<Xid> {
        let known = self.xact.borrow().xid;
        if known.is_valid() {
            return Ok(known);
        }
        if self.txns.procs.in_recovery() {
            return Err(Error::new(
                sqlstate::READ_ONLY_SQL_TRANSACTION,
                "cannot assign TransactionIds during recovery",
            ));
        }
        let xid = loop {
            let next = self.txns.procs.next_xid();
            self.txns.clog.extend(&self.cx, next.xid()).await?;
            if self.txns.procs.next_xid() == next {
                break self.txns.procs.assign(self.cx.pid());
            }
        };
        self.xact.borrow_mut().xid = xid;
        let own = LockTag::Transaction(xid);
        let taken = self.txns.locks.try_acquire(self.cx.pid(), own, LockMode::Exclusive);
        assert!(taken, "somebody holds the lock on transaction {xid}, which has only just got its id");
        self.cx.emit(Event::XidAssigned { xid });
        Ok(xid)
    }

    /// The snapshot for a statement that begins: a new one, or in REPEATABLE READ the transaction's.
    pub fn take_snapshot(&self) -> Rc<Snapshot> {
        let xact = &mut *self.xact.borrow_mut();
        let held = xact.snapshot.clone().filter(|_| xact.isolation == Isolation::RepeatableRead);
        let snapshot = match held {
            Some(held) => Rc::new(Snapshot { own: xact.xid, curcid: xact.cid, ..(*held).clone() }),
            None => {
                self.txns.procs.update(self.cx.pid(), |entry| entry.xmin = Xid::INVALID);
                let snapshot = self.txns.procs.snapshot(self.cx.pid(), xact.cid);
                let Snapshot { xmin, xmax, .. } = snapshot;
                self.cx.emit(Event::SnapshotTaken { xmin, xmax, running: snapshot.xip.len() as u32 });
                Rc::new(snapshot)
            }
        };
        xact.snapshot = Some(snapshot.clone());
        xact.last_snapshot = Some(snapshot.clone());
        snapshot
    }

    /// A fresh snapshot for reading catalogs, which are always read as they are now.
    pub fn catalog_snapshot(&self) -> Snapshot {
        let held = self.txns.procs.entries().into_iter().find(|entry| entry.pid == self.cx.pid());
        let snapshot = self.txns.procs.snapshot(self.cx.pid(), self.xact.borrow().cid);
        if let Some(held) = held {
            self.txns.procs.update(self.cx.pid(), |entry| entry.xmin = held.xmin);
        }
        snapshot
    }

    /// A statement is over: in READ COMMITTED its snapshot is forgotten.
    pub fn drop_snapshot(&self) {
        let xact = &mut *self.xact.borrow_mut();
        if xact.isolation == Isolation::ReadCommitted {
            xact.snapshot = None;
            self.txns.procs.update(self.cx.pid(), |entry| entry.xmin = Xid::INVALID);
        }
    }

    // --- locks -----------------------------------------------------------------------------------------------

    /// Locks a table to the end of the transaction. Standbys are told of the strongest mode, which keeps readers out:
    /// theirs as well.
    pub async fn lock_relation(&self, rel: Oid, mode: LockMode) -> Result<()> {
        let (tag, told) = self.announce_lock(rel, mode).await?;
        self.txns.locks.acquire(&self.cx, self.lock_timeouts(), tag, mode).await?;
        if told { self.log_lock(rel).await } else { Ok(()) }
    }

    /// `ConditionalLockRelation`: the same without waiting. `false` if somebody is in the way.
    pub async fn try_lock_relation(&self, rel: Oid, mode: LockMode) -> Result<bool> {
        let (tag, told) = self.announce_lock(rel, mode).await?;
        let locked = self.txns.locks.try_acquire(self.cx.pid(), tag, mode);
        if told && locked {
            self.log_lock(rel).await?;
        }
        Ok(locked)
    }

    /// Gives a table's lock back before the transaction ends.
    pub fn unlock_relation(&self, rel: Oid, mode: LockMode) {
        let tag = LockTag::Relation { db: self.database, rel };
        self.txns.locks.release(self.cx.world(), self.cx.pid(), tag, mode);
    }

    /// What is about to be locked, and whether standbys are to be told.
    async fn announce_lock(&self, rel: Oid, mode: LockMode) -> Result<(LockTag, bool)> {
        let tag = LockTag::Relation { db: self.database, rel };
        let told = mode == LockMode::AccessExclusive
            && !self.txns.procs.in_recovery()
            && self.settings.borrow().word(Setting::wal_level) != "minimal"
            && !self.txns.locks.holds(self.cx.pid(), tag, mode);
        if told {
            // The record is a transaction's; PostgreSQL too gives it its id before it waits.
            self.xid().await?;
        }
        Ok((tag, told))
    }

    /// `LogAccessExclusiveLock`
    async fn log_lock(&self, rel: Oid) -> Result<()> {
        self.wal.make_room(&self.cx, 64).await?;
        let xid = self.xact.borrow().xid;
        let (info, data) = StandbyRecord::Lock(vec![StandbyLock { xid, db: self.database, rel }]).encode();
        self.log(&RecordBuilder::new(RmgrId::Standby, info).xid(xid).main(&data));
        self.xact.borrow_mut().locked_exclusively = true;
        self.cx.end_step().await;
        Ok(())
    }

    /// `XactLockTableWait`: waits until a transaction has ended.
    pub async fn wait_for_xact(&self, xid: Xid) -> Result<()> {
        let tag = LockTag::Transaction(xid);
        self.txns.locks.acquire(&self.cx, self.lock_timeouts(), tag, LockMode::Share).await?;
        self.txns.locks.release(self.cx.world(), self.cx.pid(), tag, LockMode::Share);
        Ok(())
    }
}
