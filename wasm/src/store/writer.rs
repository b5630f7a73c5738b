//! The queue of batches, and the transactions that empty it: group commit.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Function;
use vitrine_engine::small::Map;
use vitrine_engine::world::SyncedBatch;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::IdbDatabase;

use super::failure::Failure;
use super::idb::{Strict, done, settled};
use super::plan::{Action, Directory, FileId};
use super::range_of;
use super::record::{self, EXTENT};

/// Someone who waits until a batch is durable.
struct Waiter {
    number: f64,
    resolve: Function,
    reject: Function,
}

/// Writes batches in order, as many in one transaction as have gathered while the one before was on its way.
pub struct Writer {
    database: IdbDatabase,
    directory: RefCell<Directory>,
    queue: RefCell<Vec<SyncedBatch>>,
    waiters: RefCell<Vec<Waiter>>,
    /// The number of the last batch that was handed in, and of the last that is durable.
    taken: Cell<f64>,
    durable: Cell<f64>,
    busy: Cell<bool>,
    /// Once a transaction has failed nothing more is written: a gap must never be followed by anything.
    failed: RefCell<Option<Failure>>,
}

impl Writer {
    /// A writer to a store that is empty.
    pub fn new(database: IdbDatabase) -> Writer {
        Writer {
            database,
            directory: RefCell::default(),
            queue: RefCell::default(),
            waiters: RefCell::default(),
            taken: Cell::new(0.0),
            durable: Cell::new(0.0),
            busy: Cell::new(false),
            failed: RefCell::default(),
        }
    }

    /// Goes on from what the store holds.
    pub fn resume(&self, directory: Directory, number: f64) {
        *self.directory.borrow_mut() = directory;
        self.taken.set(number);
        self.durable.set(number);
    }

    /// Appends batches and waits until they are durable; returns the number of the last durable one.
    pub async fn append(self: Rc<Writer>, batches: Vec<SyncedBatch>) -> Result<f64, Failure> {
        if let Some(failure) = self.failed.borrow().clone() {
            return Err(failure);
        }
        self.taken.set(self.taken.get() + batches.len() as f64);
        self.queue.borrow_mut().extend(batches);
        let (outcome, resolve, reject) = settled();
        self.waiters.borrow_mut().push(Waiter { number: self.taken.get(), resolve, reject });
        if !self.busy.replace(true) {
            let writer = self.clone();
            spawn_local(async move { writer.empty_queue().await });
        }
        match JsFuture::from(outcome).await {
            Ok(_) => Ok(self.durable.get()),
            Err(_) => Err(self.failed.borrow().clone().unwrap_or_else(|| JsValue::UNDEFINED.into())),
        }
    }

    async fn empty_queue(self: Rc<Writer>) {
        loop {
            let group = std::mem::take(&mut *self.queue.borrow_mut());
            if group.is_empty() {
                break;
            }
            match self.write(&group).await {
                Ok(()) => self.durable.set(self.durable.get() + group.len() as f64),
                Err(thrown) => {
                    *self.failed.borrow_mut() = Some(thrown.into());
                    break;
                }
            }
            self.answer();
        }
        self.busy.set(false);
        self.answer();
    }

    /// Tells those whose batches are durable; after a failure tells all the others too.
    fn answer(&self) {
        let failed = self.failed.borrow().is_some();
        let durable = self.durable.get();
        let (ready, waiting) = self.waiters.take().into_iter().partition(|w| failed || w.number <= durable);
        *self.waiters.borrow_mut() = waiting;
        let ready: Vec<Waiter> = ready;
        for waiter in ready {
            let settle = if waiter.number <= durable { waiter.resolve } else { waiter.reject };
            let _ = settle.call0(&JsValue::NULL);
        }
    }

    /// One transaction: the group's batches and their number, all or nothing.
    async fn write(&self, group: &[SyncedBatch]) -> Result<(), JsValue> {
        let transaction = Strict::begin(&self.database)?;
        match self.fill(&transaction, group).await {
            Ok(()) => transaction.commit().await,
            Err(thrown) => {
                // Left alone it would commit by itself what it holds so far.
                transaction.abort();
                Err(thrown)
            }
        }
    }

    async fn fill(&self, transaction: &Strict, group: &[SyncedBatch]) -> Result<(), JsValue> {
        let number = self.durable.get() + group.len() as f64;
        let mut extents = Extents::default();
        for (n, batch) in group.iter().enumerate() {
            let batch_number = self.durable.get() + 1.0 + n as f64;
            let actions = self.directory.borrow_mut().plan(batch);
            for (m, action) in actions.into_iter().enumerate() {
                apply(transaction, (batch_number, m), action, &mut extents)?;
            }
        }
        extents.write(transaction).await?;
        let next = f64::from(self.directory.borrow().next_file());
        transaction.store(record::META)?.put_with_key(&record::seal(&record::pair(number, next)), &"head".into())?;
        Ok(())
    }
}

/// Where in an extent bytes go, and which.
type Patch = (usize, Vec<u8>);

/// Patches gathered by extent: an extent is read and written once a transaction, however often it is touched.
#[derive(Default)]
struct Extents(Map<(FileId, u32), Vec<Patch>>);

impl Extents {
    /// Extents from this one on are gone, and what was to be patched in them.
    fn forget(&mut self, file: FileId, from: u32) {
        self.0.retain(|(id, extent), _| *id != file || *extent < from);
    }

    async fn write(self, transaction: &Strict) -> Result<(), JsValue> {
        let store = transaction.store(record::EXTENTS)?;
        for ((file, extent), patches) in self.0 {
            let key = record::key(&[f64::from(file), f64::from(extent)]);
            let old = done(&store.get(&key)?).await?;
            let mut bytes = if old.is_undefined() {
                Vec::new()
            } else {
                record::unseal(&old, &format!("extent {extent} of file {file}"))?
            };
            for (at, patch) in patches {
                bytes.resize(bytes.len().max(at + patch.len()).min(EXTENT), 0);
                bytes[at..at + patch.len()].copy_from_slice(&patch);
            }
            store.put_with_key(&record::seal(&bytes), &key)?;
        }
        Ok(())
    }
}

/// `place` is the action's place in the sequence: its batch, and its number in that.
fn apply(transaction: &Strict, place: (f64, usize), action: Action, extents: &mut Extents) -> Result<(), JsValue> {
    match action {
        Action::Name { host, path, file, len } => {
            let value = record::seal(&record::pair(f64::from(file), len as f64));
            transaction.store(record::FILES)?.put_with_key(&value, &record::file_key(host, &path))?;
        }
        Action::Unname { host, path } => {
            transaction.store(record::FILES)?.delete(&record::file_key(host, &path))?;
        }
        Action::Drop { file } => {
            extents.forget(file, 0);
            transaction.store(record::EXTENTS)?.delete(&range_of(file, 0)?)?;
            transaction.store(record::LOG)?.delete(&range_of(file, 0)?)?;
        }
        Action::Trim { file, extent } => {
            extents.forget(file, extent);
            transaction.store(record::EXTENTS)?.delete(&range_of(file, extent)?)?;
        }
        Action::Patch { file, extent, at, bytes } => {
            extents.0.or_default((file, extent)).push((at, bytes));
        }
        Action::Append { file, page, at, bytes } => {
            let value = record::seal(&[&at.to_le_bytes(), bytes.as_slice()].concat());
            let key = record::key(&[f64::from(file), f64::from(page), place.0, place.1 as f64]);
            let log = transaction.store(record::LOG)?;
            log.add_with_key(&value, &key)?;
        }
    }
    Ok(())
}
