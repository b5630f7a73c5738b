//! Sessions that insert, update, delete, roll back, read and vacuum at random, and a model that knows what they must see.
//!
//! The model is a list of what was done, in order, each with its transaction. What a snapshot must see is that list
//! played through, leaving out transactions that count as running or were rolled back. On each row changes follow
//! one another only when the earlier one's transaction is over, so that the list's order is right for every row.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::room::Room;
use crate::access::{self, Env, Index, IndexScan, ModifyOutcome, Rel, RowLock, Scan, TupleBatch};
use crate::access::{VacuumOptions, WaitPolicy};
use crate::ids::{BackendType, HostId, LockMode, Result, Tid, Xid, sqlstate};
use crate::storage::bytes::{get_u32, put_u32};
use crate::storage::tuple::{HEAP_XMAX_INVALID, HeapTupleHeader};
use crate::txn::{self, Isolation, Snapshot};
use crate::world::{Random, World};

const HEADER: usize = 24;

/// What became of the row `id`: its new value, or nothing.
#[derive(Clone, Copy, Debug)]
struct Change {
    xid: Xid,
    id: u32,
    value: Option<u32>,
}

/// What has happened, as the sessions' clients know it.
#[derive(Default)]
pub struct Model {
    changes: Vec<Change>,
    /// Transactions that asked to be rolled back.
    rolled_back: BTreeSet<Xid>,
    /// Transactions that asked to be committed, and whether they were told that they are.
    committing: BTreeMap<Xid, bool>,
    next_id: u32,
    next_value: u32,
    /// How often a reader compared what it saw.
    pub compared: usize,
}

/// The rows by id.
pub type Rows = BTreeMap<u32, u32>;

impl Model {
    /// The table as the transactions that pass `counts` leave it.
    fn rows(&self, counts: impl Fn(Xid) -> bool) -> Rows {
        let mut rows = Rows::new();
        for change in self.changes.iter().filter(|change| counts(change.xid)) {
            match change.value {
                Some(value) => rows.insert(change.id, value),
                None => rows.remove(&change.id),
            };
        }
        rows
    }

    fn seen_by(&self, snapshot: &Snapshot) -> Rows {
        let runs = |xid: Xid| xid.follows_or_equals(snapshot.xmax) || snapshot.xip.contains(&xid);
        self.rows(|xid| snapshot.is_own(xid) || !runs(xid) && !self.rolled_back.contains(&xid))
    }

    /// Compares the outcome of a crash with what clients were told; `committed` is what pg_xact says now. A commit that
    /// was asked for and never answered may have happened or not.
    pub fn check_recovered(&self, found: &Rows, committed: impl Fn(Xid) -> bool) {
        let xids: BTreeSet<Xid> = self.changes.iter().map(|change| change.xid).collect();
        for xid in xids {
            match self.committing.get(&xid) {
                Some(true) => assert!(committed(xid), "the commit of {xid} was promised and is lost"),
                Some(false) => {}
                None => assert!(!committed(xid), "{xid} never asked to commit"),
            }
        }
        assert_eq!(*found, self.rows(committed), "the table after recovery");
    }
}

/// What sessions share outside of the server: it survives a crash.
pub type Shared = Rc<RefCell<Model>>;

/// Starts a session that does so many transactions.
pub fn session(world: &World, host: HostId, room: &Room, shared: &Shared, seed: u64, transactions: usize) {
    let (room, shared) = (room.clone(), shared.clone());
    world.spawn(host, BackendType::ClientBackend, move |cx| async move {
        let mut session =
            Session { rel: room.rel(), env: room.env(cx), shared, random: Random::new(seed, 5), batch: <_>::default() };
        for _ in 0..transactions {
            session.transaction().await;
        }
        session.env.txns.procs.remove(session.env.cx.pid());
    });
}

struct Session {
    env: Env,
    rel: Rel,
    shared: Shared,
    random: Random,
    batch: TupleBatch,
}

impl Session {
    async fn transaction(&mut self) {
        if self.random.one_in(12) {
            return self.vacuum().await;
        }
        if self.random.one_in(3) {
            self.env.xact.borrow_mut().isolation = Isolation::RepeatableRead;
        }
        for _ in 0..1 + self.random.below(4) {
            if let Err(error) = self.command().await {
                let expected = [sqlstate::DEADLOCK_DETECTED, sqlstate::SERIALIZATION_FAILURE];
                assert!(expected.contains(&error.code()), "{error}");
                return self.roll_back().await;
            }
            self.env.drop_snapshot();
            self.env.xact.borrow_mut().next_command();
        }
        if self.random.one_in(5) { self.roll_back().await } else { self.commit().await }
    }

    async fn commit(&self) {
        let xid = self.env.xact.borrow().xid;
        self.shared.borrow_mut().committing.insert(xid, false);
        txn::commit(&self.env).await.unwrap();
        self.shared.borrow_mut().committing.insert(xid, true);
    }

    async fn roll_back(&self) {
        let xid = self.env.xact.borrow().xid;
        self.shared.borrow_mut().rolled_back.insert(xid);
        txn::abort(&self.env).await.unwrap();
    }

    async fn vacuum(&mut self) {
        let freeze = self.random.one_in(3);
        let options = VacuumOptions { freeze, ..VacuumOptions::PLAIN };
        let vacuumed = async {
            self.rel.lock(&self.env, LockMode::ShareUpdateExclusive).await?;
            access::vacuum(&self.env, &self.rel, &options).await
        };
        match vacuumed.await {
            Ok(_) => self.commit().await,
            Err(error) if error.code() == sqlstate::DEADLOCK_DETECTED => self.roll_back().await,
            Err(error) => panic!("{error}"),
        }
    }

    async fn command(&mut self) -> Result<()> {
        match self.random.below(10) {
            0..=3 => {
                self.rel.lock(&self.env, LockMode::RowExclusive).await?;
                for _ in 0..1 + self.random.below(6) {
                    self.insert().await?;
                }
                Ok(())
            }
            4..=6 => self.change(true).await,
            7 => self.change(false).await,
            _ => self.read().await.map(drop),
        }
    }

    async fn insert(&mut self) -> Result<()> {
        let (id, value) = {
            let model = &mut *self.shared.borrow_mut();
            (model.next_id, model.next_value) = (model.next_id + 1, model.next_value + 1);
            (model.next_id, model.next_value)
        };
        let mut new = self.tuple(id, value);
        access::insert(&self.env, &self.rel, &mut new).await?;
        self.note(id, Some(value));
        Ok(())
    }

    /// Updates or deletes some of the rows that are visible.
    async fn change(&mut self, update: bool) -> Result<()> {
        self.rel.lock(&self.env, LockMode::RowExclusive).await?;
        let rows = self.read().await?;
        let wanted = if self.random.one_in(8) { rows.len() as u64 } else { 3 };
        let first = self.random.below(rows.len() as u64 + 1) as usize;
        for (tid, id) in rows.into_iter().skip(first).take(wanted as usize) {
            match update {
                true => self.update(tid, id).await?,
                false => self.delete(tid, id).await?,
            }
        }
        Ok(())
    }

    /// As READ COMMITTED does it: of a row that somebody has changed meanwhile the newest version is taken.
    async fn update(&mut self, mut tid: Tid, id: u32) -> Result<()> {
        let value = {
            let model = &mut *self.shared.borrow_mut();
            model.next_value += 1;
            model.next_value
        };
        let mut new = self.tuple(id, value);
        loop {
            match access::update(&self.env, &self.rel, tid, &mut new).await?.0 {
                ModifyOutcome::Done(_) => break self.note(id, Some(value)),
                ModifyOutcome::Updated(_) => {
                    let (mode, wait) = (RowLock::NoKeyUpdate, WaitPolicy::Block);
                    match access::lock_latest(&self.env, &self.rel, tid, mode, wait, false).await? {
                        Some(locked) => tid = locked.tid,
                        None => break,
                    }
                }
                ModifyOutcome::Deleted => break,
                ModifyOutcome::SelfModified => panic!("row {id} was updated twice by one command"),
            }
        }
        Ok(())
    }

    async fn delete(&mut self, mut tid: Tid, id: u32) -> Result<()> {
        loop {
            match access::delete(&self.env, &self.rel, tid).await? {
                ModifyOutcome::Done(_) => break self.note(id, None),
                ModifyOutcome::Updated(next) => tid = next,
                ModifyOutcome::Deleted => break,
                ModifyOutcome::SelfModified => panic!("row {id} was deleted twice by one command"),
            }
        }
        Ok(())
    }

    fn note(&self, id: u32, value: Option<u32>) {
        let xid = self.env.xact.borrow().xid;
        self.shared.borrow_mut().changes.push(Change { xid, id, value });
    }

    /// Reads the table and compares it with the model. Returns where the rows lie; the snapshot stays, so that nothing
    /// that it sees is removed meanwhile.
    async fn read(&mut self) -> Result<Vec<(Tid, u32)>> {
        self.rel.lock(&self.env, LockMode::AccessShare).await?;
        let snapshot = self.env.take_snapshot();
        // The model is asked now: what is done while the table is read must not be seen.
        let expected = self.shared.borrow().seen_by(&snapshot);
        let mut scan = Scan::begin(&self.env, &self.rel, snapshot.clone());
        let (mut rows, mut places) = (Rows::new(), Vec::new());
        while scan.next_page(&self.env, &mut self.batch).await? {
            for (tid, tuple) in self.batch.iter() {
                let (id, value) = fields(tuple);
                assert_eq!(rows.insert(id, value), None, "row {id} twice, snapshot {snapshot}");
                places.push((tid, id));
            }
        }
        assert_eq!(rows, expected, "snapshot {snapshot}");
        if let Some(index) = self.rel.indexes.last().cloned() {
            let found = self.read_by(&index, &snapshot).await?;
            assert_eq!(found, expected, "by {}, snapshot {snapshot}", index.name);
        }
        self.shared.borrow_mut().compared += 1;
        Ok(places)
    }

    /// The same rows by an index, in its order.
    async fn read_by(&mut self, index: &Index, snapshot: &Rc<Snapshot>) -> Result<Rows> {
        let backward = self.random.one_in(2);
        let descends = backward != index.keys[0].descending;
        let mut scan = IndexScan::begin(index, &self.rel, snapshot.clone(), &[], backward, false)?;
        let (mut rows, mut last) = (Rows::new(), None);
        while scan.next(&self.env, 20, &mut self.batch).await? {
            for (_, tuple) in self.batch.iter() {
                let (id, value) = fields(tuple);
                let key = Some([id, value][index.keys[0].column]);
                assert!(last.is_none() || last == key || (last > key) == descends, "{last:?}, then {key:?}");
                assert_eq!(rows.insert(id, value), None, "row {id} twice by {}", index.name);
                last = key;
            }
        }
        Ok(rows)
    }

    /// A tuple of two columns, and a third one of any length.
    fn tuple(&mut self, id: u32, value: u32) -> Vec<u8> {
        let longest = if self.random.one_in(4) { 900 } else { 60 };
        let mut bytes = vec![0x55; HEADER + 8 + self.random.below(longest) as usize];
        let (xid, tid) = (Xid::INVALID, Tid::default());
        let infomask = HEAP_XMAX_INVALID;
        HeapTupleHeader { xmin: xid, xmax: xid, field3: 0, ctid: tid, infomask2: 3, infomask, hoff: HEADER as u8 }
            .write(&mut bytes);
        put_u32(&mut bytes, HEADER, id);
        put_u32(&mut bytes, HEADER + 4, value);
        bytes
    }
}

fn fields(tuple: &[u8]) -> (u32, u32) {
    (get_u32(tuple, HEADER), get_u32(tuple, HEADER + 4))
}

/// Reads the whole table with a fresh snapshot.
pub async fn read_all(env: &Env, rel: &Rel) -> Result<Rows> {
    let mut scan = Scan::begin(env, rel, env.take_snapshot());
    let (mut rows, mut batch) = (Rows::new(), TupleBatch::default());
    while scan.next_page(env, &mut batch).await? {
        rows.extend(batch.iter().map(|(_, tuple)| fields(tuple)));
    }
    env.drop_snapshot();
    Ok(rows)
}
