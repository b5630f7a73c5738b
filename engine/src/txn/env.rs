//! What a process holds in its hands: itself, the parts of shared memory, and its own transaction.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::clog::Clog;
use super::local_locks::LocalLocks;
use super::locks::LockManager;
use super::multixact::MultiXacts;
use super::proc_array::ProcArray;
use super::progress::VacuumProgress;
use super::snapshot::Snapshot;
use super::stats::{PendingStats, Stats};
use super::subtrans::Subtrans;
use super::sync_rep::SyncRep;
use super::temp_files::TempFiles;
use super::temp_tables::TempTables;
use super::work_memory::WorkMemory;
use super::xact::{Isolation, Xact};
use crate::buffer::BufferPool;
use crate::ids::{Error, FullXid, Lsn, Oid, Pid, RelFile, Result, WaitEvent, Xid};
use crate::settings::Settings;
use crate::small;
use crate::storage::page;
use crate::trace::Event;
use crate::wal::{Invalidation, RecordBuilder, Wal};
use crate::world::{Cx, Disk, LwLock, WaitList};

/// The shared memory of transactions.
pub struct Txns {
    /// pg_xact.
    pub clog: Clog,
    /// pg_subtrans.
    pub subtrans: Subtrans,
    /// pg_multixact.
    pub multis: MultiXacts,
    /// The running transactions.
    pub procs: ProcArray,
    /// `XidGenLock`: one transaction id is given at a time.
    pub(super) xid_gen: LwLock,
    /// The lock table.
    pub locks: LockManager,
    /// Commits that wait for a standby, and how far standbys are.
    pub sync_rep: SyncRep,
    /// Counters.
    pub stats: Stats,
    /// The VACUUMs that are running.
    pub vacuums: RefCell<small::Map<Pid, VacuumProgress>>,
    /// A checkpoint that waits for commits between their record and their bits.
    pub delayed_checkpoint: WaitList,
    /// The next object id that will be given.
    pub next_oid: Cell<Oid>,
    /// Up to where object ids have been logged as used.
    pub logged_oid: Cell<Oid>,
    /// The indexes that VACUUM is going through, and a number of each such VACUUM.
    pub index_vacuums: RefCell<IndexVacuums>,
    /// Counts changes of cached catalog rows: a backend whose own count is behind forgets what it has cached.
    pub invalidations: Cell<u64>,
    /// Counts changes of schemas, which are cached for themselves.
    pub schema_changes: Cell<u64>,
}

impl Txns {
    /// The memory of a server whose next ids are these.
    pub fn new(disk: &Disk, wal: &Rc<Wal>, next_xid: FullXid, next_oid: Oid) -> Txns {
        Txns {
            clog: Clog::new(disk, wal),
            subtrans: Subtrans::new(disk, wal),
            multis: MultiXacts::new(disk, wal),
            procs: ProcArray::new(next_xid),
            xid_gen: LwLock::new(WaitEvent::XidGen),
            locks: LockManager::default(),
            sync_rep: SyncRep::default(),
            stats: Stats::default(),
            vacuums: RefCell::default(),
            delayed_checkpoint: WaitList::default(),
            next_oid: Cell::new(next_oid),
            logged_oid: Cell::new(next_oid),
            index_vacuums: RefCell::default(),
            invalidations: Cell::new(0),
            schema_changes: Cell::new(0),
        }
    }

    /// Writes and syncs the pages about transactions: a checkpoint's part.
    pub async fn checkpoint(&self, cx: &Cx) -> Result<()> {
        self.clog.checkpoint(cx).await?;
        self.multis.checkpoint(cx).await?;
        self.subtrans.checkpoint(cx, self.procs.oldest_xmin()).await
    }

    /// Cached catalog rows are out of date, as these messages say.
    pub fn invalidate(&self, messages: &[Invalidation]) {
        let count = |counter: &Cell<u64>| counter.set(counter.get() + 1);
        if !messages.is_empty() {
            count(&self.invalidations);
        }
        if messages.iter().any(Invalidation::is_of_schema) {
            count(&self.schema_changes);
        }
    }

    /// Recovery has met a record of this transaction; see [`ProcArray::note_seen`].
    pub async fn note_seen(&self, cx: &Cx, xid: Xid) -> Result<()> {
        let mut next = self.procs.next_xid().xid();
        while xid.is_normal() && !xid.precedes(next) {
            self.subtrans.extend(cx, next).await?;
            next = next.next();
        }
        self.procs.note_seen(xid);
        Ok(())
    }

    /// Makes room for an id that is about to be given.
    pub(super) async fn extend(&self, cx: &Cx, xid: Xid) -> Result<()> {
        self.clog.extend(cx, xid).await?;
        self.subtrans.extend(cx, xid).await?;
        self.subtrans.fetch(cx, xid).await
    }
}

/// Which VACUUMs are under way: a page that is split meanwhile notes the number of the one that goes through its index.
#[derive(Default)]
pub struct IndexVacuums {
    /// The index, and the number.
    active: Vec<(Oid, u16)>,
    last: u16,
}

/// The greatest number that is given; `MAX_BT_CYCLE_ID`.
const MAX_BT_CYCLE_ID: u16 = 0xFF7F;

impl IndexVacuums {
    /// `_bt_vacuum_cycleid`: the number of the VACUUM of an index; 0 if there is none.
    pub fn cycle_of(&self, index: Oid) -> u16 {
        self.active.iter().find(|(other, _)| *other == index).map_or(0, |(_, cycle)| *cycle)
    }

    /// `_bt_start_vacuum`
    pub fn start(&mut self, index: Oid) -> u16 {
        self.last = if self.last >= MAX_BT_CYCLE_ID { 1 } else { self.last + 1 };
        self.active.push((index, self.last));
        self.last
    }

    /// `_bt_end_vacuum`
    pub fn end(&mut self, index: Oid) {
        self.active.retain(|(other, _)| *other != index);
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
    /// The locks that it holds.
    pub locks: Rc<RefCell<LocalLocks>>,
    /// What this process has counted and not yet handed in.
    pub stats: Rc<PendingStats>,
    /// Its temporary files.
    pub temp_files: Rc<TempFiles>,
    /// Its temporary tables.
    pub temp_tables: Rc<TempTables>,
    /// The memory that it works with.
    pub memory: Rc<WorkMemory>,
    /// Notices and warnings on their way to the client.
    pub notices: Rc<RefCell<Vec<Error>>>,
    /// The redo point that this process knows of: brought up to date at each record that it writes. It decides
    /// beforehand, from this, whether a page will be logged whole; PostgreSQL's `RedoRecPtr` of each process.
    pub known_redo: Rc<Cell<Lsn>>,
    /// The tables of long values of the tables that it has opened: a value's pointer names only the table.
    pub toasts: Rc<RefCell<small::Map<Oid, ToastFiles>>>,
    /// The database it is connected to.
    pub database: Oid,
}

/// A table of long values: its files, and its index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ToastFiles {
    /// The table's files.
    pub table: RelFile,
    /// The index.
    pub index: Oid,
    /// The index's files.
    pub index_file: RelFile,
}

impl Env {
    /// A handle for a process that has done nothing yet.
    pub fn new(cx: Cx, disk: Disk, wal: Rc<Wal>, buffers: Rc<BufferPool>, txns: Rc<Txns>, settings: Settings) -> Env {
        Env {
            cx,
            disk,
            wal,
            buffers,
            txns,
            settings: Rc::new(RefCell::new(settings)),
            xact: Rc::default(),
            locks: Rc::default(),
            stats: Rc::default(),
            temp_files: Rc::default(),
            temp_tables: Rc::default(),
            memory: Rc::default(),
            notices: Rc::default(),
            known_redo: Rc::default(),
            toasts: Rc::default(),
            database: Oid::POSTGRES_DB,
        }
    }

    /// Tells the client something that is no error.
    pub fn notice(&self, notice: Error) {
        self.notices.borrow_mut().push(notice);
    }

    // --- writing the log -------------------------------------------------------------------------------------

    /// Puts a record into the log and remembers its end; the caller has made room. What is done to temporary relations is
    /// not logged: their pages keep an invalid LSN.
    pub fn log(&self, record: &RecordBuilder) -> Lsn {
        if record.is_of_temporary() {
            return Lsn::INVALID;
        }
        let before = self.wal.stats();
        let end = self.wal.insert(&self.cx, record);
        let after = self.wal.stats();
        self.known_redo.set(self.wal.redo());
        let xact = &mut *self.xact.borrow_mut();
        xact.last_record_end = end;
        xact.wal_usage.records += 1;
        xact.wal_usage.fpi += after.fpi - before.fpi;
        xact.wal_usage.bytes += after.bytes - before.bytes;
        end
    }

    /// `XLogCheckBufferNeedsBackup`: whether the page is expected to be logged whole, as far as this process knows.
    pub fn expects_image(&self, page: &crate::storage::PageBytes) -> bool {
        self.wal.full_page_writes() && page::lsn(page) <= self.known_redo.get()
    }

    // --- ids and snapshots -----------------------------------------------------------------------------------

    /// The snapshot for a statement that begins: a new one, or in REPEATABLE READ the transaction's.
    pub fn take_snapshot(&self) -> Rc<Snapshot> {
        let xact = &mut *self.xact.borrow_mut();
        let held = xact.snapshot.clone().filter(|_| xact.isolation == Isolation::RepeatableRead);
        let snapshot = match held {
            Some(held) => Rc::new(Snapshot { own: xact.xid, curcid: xact.cid, ..(*held).clone() }),
            None => {
                let held = self.held_xmin(xact);
                self.txns.procs.update(self.cx.pid(), |entry| entry.xmin = held);
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

    /// Rows that this snapshot may see are kept as long as it is in use, past the statement that has taken it.
    pub fn hold_snapshot(&self, snapshot: &Rc<Snapshot>) {
        self.xact.borrow_mut().held.push(Rc::downgrade(snapshot));
    }

    /// The oldest transaction that a snapshot in use past its statement may need; invalid if there is none.
    fn held_xmin(&self, xact: &mut Xact) -> Xid {
        xact.held.retain(|snapshot| snapshot.strong_count() > 0);
        let mut xmins = xact.held.iter().filter_map(|snapshot| Some(snapshot.upgrade()?.xmin));
        let first = xmins.next().unwrap_or(Xid::INVALID);
        xmins.fold(first, |least, xmin| if xmin.precedes(least) { xmin } else { least })
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
            let held = self.held_xmin(xact);
            self.txns.procs.update(self.cx.pid(), |entry| entry.xmin = held);
        }
    }
}
