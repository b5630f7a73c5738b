//! A server of three parts, log, buffers and transactions, with two sessions that do what they are told.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use vitrine_engine::access::{self, Env, ModifyOutcome, Rel, RowLock, Scan, TupleBatch};
use vitrine_engine::access::{VacuumOptions, VacuumStats, WaitPolicy};
use vitrine_engine::buffer::{BufferPool, BufferTag};
use vitrine_engine::ids::*;
use vitrine_engine::settings::Settings;
use vitrine_engine::storage::PageBytes;
use vitrine_engine::txn::{self, Isolation, Txns};
use vitrine_engine::types::{Datum, TupleDesc, TypeId, deform_tuple, form_tuple};
use vitrine_engine::wal::{DecodedRecord, Wal, WalConfig, WalReader, reader};
use vitrine_engine::world::{Cx, Disk, Limit, Mode, World};

/// The first transaction id after initdb of PostgreSQL 15.
pub const FIRST_XID: u64 = 724;
/// The first file that users get.
pub const FIRST_FILE: RelFile = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: FIRST_NORMAL_OID };
/// Where its log is then: the exact place does not matter, but it is the same segment.
const LOG_START: Lsn = Lsn(0x60_0028);

type Job = Box<dyn FnOnce(Env) -> Pin<Box<dyn Future<Output = ()>>>>;

/// The server.
pub struct House {
    world: World,
    disk: Disk,
    wal: Rc<Wal>,
    buffers: Rc<BufferPool>,
    rel: Rel,
    reader: WalReader,
    sessions: [Session; 2],
    /// What VACUUM wrote into pg_class last.
    class_row: RefCell<String>,
}

/// A backend that waits for jobs.
struct Session {
    pid: Pid,
    jobs: Rc<RefCell<VecDeque<Job>>>,
    in_block: Cell<bool>,
}

/// A session, to be told something.
pub struct Voice<'a>(&'a House, &'a Session);

impl House {
    /// A server with an empty table in these files, whose next transaction gets this id.
    pub fn new(first_xid: u64, file: RelFile) -> House {
        let world = World::new(1, Mode::Lab, TimestampTz(0), 0);
        let (host, disk) = world.add_host();
        let config = WalConfig { seg: WalSegSize::ONE_MB, system_id: 1, timeline: TimeLineId(1), buffers: 64 };
        let wal = Rc::new(Wal::open(config, disk.clone(), LOG_START, Lsn::INVALID, None));
        let buffers = BufferPool::new(128, disk.clone(), wal.clone());
        let txns = Rc::new(Txns::new(&disk, &wal, FullXid(first_xid), FIRST_NORMAL_OID));
        let rel = Rel::new(file.rel, file);
        disk.create(&rel.file.path(Fork::Main));
        let sessions = [(); 2].map(|()| {
            let (wal, buffers, txns, disk) = (wal.clone(), buffers.clone(), txns.clone(), disk.clone());
            session(&world, host, move |cx| env(cx, &disk, &wal, &buffers, &txns))
        });
        let reader = WalReader::new(WalSegSize::ONE_MB, TimeLineId(1), None, LOG_START);
        let house = House { world, disk, wal, buffers, rel, reader, sessions, class_row: RefCell::default() };
        house.a().job(|env| async move { env.txns.clog.zero_page(&env.cx, 0).await.unwrap() });
        house
    }

    /// The first session.
    pub fn a(&self) -> Voice<'_> {
        Voice(self, &self.sessions[0])
    }

    /// The second.
    pub fn b(&self) -> Voice<'_> {
        Voice(self, &self.sessions[1])
    }

    /// Transactions that do nothing to the table, and whose commits are flushed afterwards: who has logged nothing does not
    /// wait for that, and no hint may say so before.
    pub fn burn_xids(&self, count: usize) {
        for _ in 0..count {
            self.a().in_transaction(|env| async move {
                env.xid().await.unwrap();
            });
        }
        self.a().job(|env| async move { env.wal.flush(&env.cx, env.wal.insert_lsn()).await.unwrap() });
    }

    /// What of a checkpoint a change after it can notice: the redo point.
    pub fn checkpoint(&self) {
        self.wal.set_redo(self.wal.insert_lsn());
    }

    /// The records since the last call, from memory.
    pub fn records(&mut self) -> Vec<DecodedRecord> {
        let wal = self.wal.clone();
        let mut pages = reader::source(move |page, _| wal.peek(page).map(|page| *page));
        let mut records = vec![];
        while self.reader.position() < self.wal.insert_lsn() {
            records.push(self.reader.next(&mut pages).unwrap_or_else(|e| panic!("{e:?}")));
        }
        records
    }

    /// All pages of the table as they are in shared buffers.
    pub fn pages(&self) -> Vec<Box<PageBytes>> {
        let blocks = self.disk.len(&self.rel.file.path(Fork::Main)).unwrap_or(0) / BLCKSZ as u64;
        (0..blocks as u32).map(|block| self.page(BlockNumber(block))).collect()
    }

    /// A page of the table as it is in shared buffers.
    pub fn page(&self, block: BlockNumber) -> Box<PageBytes> {
        self.page_of(Fork::Main, block)
    }

    /// A page of one of the table's forks as it is in shared buffers.
    pub fn page_of(&self, fork: Fork, block: BlockNumber) -> Box<PageBytes> {
        let tag = BufferTag { rel: self.rel.file, fork, block };
        let buffers = self.buffers.clone();
        let page = Rc::new(RefCell::new(Box::new([0; BLCKSZ])));
        let copy = page.clone();
        self.a().job(move |env| async move {
            let pin = buffers.read(&env.cx, tag).await.unwrap();
            pin.read(|bytes| **copy.borrow_mut() = *bytes);
        });
        page.borrow().clone()
    }
}

fn env(cx: Cx, disk: &Disk, wal: &Rc<Wal>, buffers: &Rc<BufferPool>, txns: &Rc<Txns>) -> Env {
    txns.procs.add(cx.pid(), Oid::POSTGRES_DB);
    Env {
        cx,
        disk: disk.clone(),
        wal: wal.clone(),
        buffers: buffers.clone(),
        txns: txns.clone(),
        locks: Rc::default(),
        settings: Rc::new(RefCell::new(Settings::default())),
        stats: Rc::default(),
        xact: Rc::default(),
        temp_tables: Rc::default(),
        temp_files: Rc::default(),
        memory: Rc::default(),
        toasts: Rc::default(),
        notices: Rc::default(),
        known_redo: Rc::default(),
        database: Oid::POSTGRES_DB,
    }
}

/// Starts a backend that does one job after the other.
fn session(world: &World, host: HostId, env: impl FnOnce(Cx) -> Env + 'static) -> Session {
    let jobs: Rc<RefCell<VecDeque<Job>>> = Rc::default();
    let queue = jobs.clone();
    let pid = world.spawn(host, BackendType::ClientBackend, move |cx| async move {
        let env = env(cx.clone());
        loop {
            let job = queue.borrow_mut().pop_front();
            match job {
                Some(job) => job(env.clone()).await,
                None => {
                    cx.wait(WaitEvent::ClientRead, None).await;
                }
            }
        }
    });
    world.run(Limit::IDLE);
    Session { pid, jobs, in_block: Cell::new(false) }
}

impl Voice<'_> {
    /// Has the session do something, and the world run until nothing moves.
    fn job<F: Future<Output = ()> + 'static>(&self, job: impl FnOnce(Env) -> F + 'static) {
        self.1.jobs.borrow_mut().push_back(Box::new(move |env| Box::pin(job(env))));
        self.0.world.wake(self.1.pid);
        self.0.world.run(Limit::IDLE);
    }

    /// The same in a transaction of its own, unless one is open.
    fn in_transaction<F: Future<Output = ()> + 'static>(&self, job: impl FnOnce(Env) -> F + 'static) {
        let in_block = self.1.in_block.get();
        self.job(move |env| async move {
            job(env.clone()).await;
            env.xact.borrow_mut().next_command();
            if !in_block {
                txn::commit(&env).await.unwrap();
            }
        });
    }

    /// The same for a statement that may write: it uses up its command id even if it changes no row.
    fn writing<F: Future<Output = ()> + 'static>(&self, job: impl FnOnce(Env) -> F + 'static) {
        self.in_transaction(|env| {
            env.xact.borrow_mut().cid_used = true;
            job(env)
        });
    }

    /// `BEGIN`
    pub fn begin(&self) {
        self.1.in_block.set(true);
    }

    /// `BEGIN ISOLATION LEVEL REPEATABLE READ`
    pub fn begin_repeatable_read(&self) {
        self.begin();
        self.job(|env| async move { env.xact.borrow_mut().isolation = Isolation::RepeatableRead });
    }

    /// `COMMIT`
    pub fn commit(&self) {
        self.1.in_block.set(false);
        self.job(|env| async move { txn::commit(&env).await.unwrap() });
    }

    /// `ROLLBACK`
    pub fn rollback(&self) {
        self.1.in_block.set(false);
        self.job(|env| async move { txn::abort(&env).await.unwrap() });
    }

    /// `INSERT`
    pub fn insert(&self, rows: &[(i32, &str, &str)]) {
        let rows: Vec<Vec<Datum>> = rows.iter().map(|(id, owner, balance)| row(*id, owner, balance)).collect();
        let rel = self.0.rel.clone();
        self.writing(move |env| async move {
            for row in rows {
                let mut new = form_tuple(&columns(), &row).unwrap();
                access::insert(&env, &rel, &mut new).await.unwrap();
            }
        });
    }

    /// `SELECT` of all rows.
    pub fn select(&self) {
        let rel = self.0.rel.clone();
        self.in_transaction(move |env| async move {
            let mut rows = Rows::begin(&env, &rel);
            while rows.next_page(&env).await.is_some() {}
            env.drop_snapshot();
        });
    }

    /// `UPDATE accounts SET balance = ... WHERE id = ...`
    pub fn update(&self, id: i32, balance: &str) {
        let balance = numeric(balance);
        self.change(id, move |row| row[2] = balance.clone());
    }

    /// `UPDATE accounts SET owner = ... WHERE id = ...`
    pub fn rename(&self, id: i32, owner: &str) {
        let owner = Datum::text(owner);
        self.change(id, move |row| row[1] = owner.clone());
    }

    fn change(&self, id: i32, how: impl Fn(&mut Vec<Datum>) + 'static) {
        let rel = self.0.rel.clone();
        self.writing(move |env| async move {
            let mut rows = Rows::begin(&env, &rel);
            while let Some(page) = rows.next_page(&env).await {
                for row in page.into_iter().filter(|row| has_id(row, id)) {
                    change(&env, &rel, row, &how).await;
                }
            }
            env.drop_snapshot();
        });
    }

    /// The same, which fails since somebody else was faster, and ends the transaction.
    pub fn fail_to_update(&self, id: i32) {
        let rel = self.0.rel.clone();
        self.job(move |env| async move {
            let page = Rows::begin(&env, &rel).next_page(&env).await.unwrap();
            let (tid, mut row) = page.into_iter().find(|row| has_id(row, id)).unwrap();
            row[2] = numeric("2");
            let mut new = form_tuple(&columns(), &row).unwrap();
            let error = access::update(&env, &rel, tid, &mut new).await.unwrap_err();
            assert_eq!(error.to_string(), "ERROR:  could not serialize access due to concurrent update");
        });
        self.rollback();
    }

    /// `VACUUM accounts`, or with FREEZE; returns what it says.
    pub fn vacuum(&self, freeze: bool) -> VacuumStats {
        let rel = self.0.rel.clone();
        let said = Rc::new(RefCell::new(None));
        let heard = said.clone();
        self.in_transaction(move |env| async move {
            rel.lock(&env, LockMode::ShareUpdateExclusive).await.unwrap();
            let options = VacuumOptions { freeze, ..VacuumOptions::PLAIN };
            *said.borrow_mut() = Some(access::vacuum(&env, &rel, &options).await.unwrap());
        });
        let stats = heard.borrow_mut().take().expect("VACUUM has ended");
        // What is cached of a table is forgotten if its row in pg_class has changed.
        let row = format!("{} {} {} {:?}", stats.relpages, stats.reltuples, stats.relallvisible, stats.relfrozenxid);
        if self.0.class_row.replace(row.clone()) != row {
            self.0.rel.target.set(None);
        }
        stats
    }

    /// `DELETE FROM accounts WHERE id = ...`
    pub fn delete(&self, id: i32) {
        self.delete_where(move |row| has_id(row, id));
    }

    /// `DELETE FROM accounts WHERE id >= ...`
    pub fn delete_from(&self, first: i32) {
        self.delete_where(move |row| matches!(row.1[0], Datum::Int4(id) if id >= first));
    }

    fn delete_where(&self, wanted: impl Fn(&Row) -> bool + 'static) {
        let rel = self.0.rel.clone();
        self.writing(move |env| async move {
            let mut rows = Rows::begin(&env, &rel);
            while let Some(page) = rows.next_page(&env).await {
                for (tid, _) in page.into_iter().filter(&wanted) {
                    let outcome = access::delete(&env, &rel, tid).await.unwrap();
                    assert_eq!(outcome, ModifyOutcome::Done(tid));
                }
            }
            env.drop_snapshot();
        });
    }
}

/// The columns of `accounts`.
fn columns() -> TupleDesc {
    TupleDesc::of(&[("id", TypeId::Int4), ("owner", TypeId::Text), ("balance", TypeId::Numeric)])
}

fn row(id: i32, owner: &str, balance: &str) -> Vec<Datum> {
    vec![Datum::Int4(id), Datum::text(owner), numeric(balance)]
}

/// A numeric; NULL for nothing.
fn numeric(text: &str) -> Datum {
    if text.is_empty() { Datum::Null } else { Datum::Numeric(text.parse().unwrap()) }
}

/// A row and where it lies.
type Row = (Tid, Vec<Datum>);

fn has_id(row: &Row, id: i32) -> bool {
    matches!(row.1[0], Datum::Int4(n) if n == id)
}

/// The visible rows page by page, read when they are asked for, as a scan below an UPDATE does.
struct Rows(Scan);

impl Rows {
    fn begin(env: &Env, rel: &Rel) -> Rows {
        Rows(Scan::begin(env, rel, env.take_snapshot()))
    }

    async fn next_page(&mut self, env: &Env) -> Option<Vec<Row>> {
        let mut batch = TupleBatch::default();
        let any = self.0.next_page(env, &mut batch).await.unwrap();
        any.then(|| batch.iter().map(|(tid, tuple)| (tid, deform_tuple(&columns(), tuple).unwrap())).collect())
    }
}

/// Updates a row; if somebody was faster, its newest version, as READ COMMITTED does.
async fn change(env: &Env, rel: &Rel, (mut tid, mut row): Row, how: &impl Fn(&mut Vec<Datum>)) {
    loop {
        how(&mut row);
        let mut new = form_tuple(&columns(), &row).unwrap();
        match access::update(env, rel, tid, &mut new).await.unwrap().0 {
            ModifyOutcome::Done(_) => return,
            ModifyOutcome::Updated(_) => {
                let (mode, wait) = (RowLock::NoKeyUpdate, WaitPolicy::Block);
                let locked = access::lock_latest(env, rel, tid, mode, wait, false).await.unwrap();
                let locked = locked.expect("nobody else writes");
                row = deform_tuple(&columns(), &locked.bytes).unwrap();
                tid = locked.tid;
            }
            other => panic!("{other:?}"),
        }
    }
}
