//! The store: the synced halves of all disks, kept in IndexedDB. A second instance of the module runs it, in a worker of
//! its own, because it must hold JavaScript handles, which a world that can be rewound must not.
//!
//! ```text
//!   engine's worker             store's worker
//!   synced batches  ──append──▶ queue ──▶ one strict transaction per group ──▶ IndexedDB
//!   answers wait    ◀─────────── the number of the last durable batch
//! ```
//!
//! Batches of all disks are numbered in one sequence. A transaction holds a run of whole batches and the number of its
//! last, so that whatever survives a crash of the browser is a prefix of the sequence, hence a state of the disks that a
//! power failure could have left: opening it is ordinary crash recovery. While one transaction is on its way, batches
//! gather for the next; that is group commit.
//!
//! PostgreSQL leaves this to the file system and `fsync`; here a transaction with `durability: "strict"` is the fsync.

mod failure;
mod idb;
mod lock;
mod plan;
mod record;
mod writer;

#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect, Uint8Array};
use vitrine_engine::ids::HostId;
use vitrine_engine::world::{DiskOp, SyncedBatch};
use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbKeyRange};

use self::failure::{Failure, Kind};
use self::idb::{Strict, done};
use self::lock::Lock;
use self::plan::{Directory, FileId};
use self::record::{EXTENT, PAGE};
use self::writer::Writer;
use crate::batch;

/// A store that is open and owned.
struct Store {
    database: IdbDatabase,
    writer: Rc<Writer>,
    lock: Lock,
}

thread_local! {
    static OPEN: RefCell<Option<Store>> = const { RefCell::new(None) };
}

fn with_open<T>(f: impl FnOnce(&Store) -> T) -> Result<T, Failure> {
    let closed = || Failure::new(Kind::Refused, "The store is not open.");
    OPEN.with(|open| open.borrow().as_ref().map(f).ok_or_else(closed))
}

fn database_name(name: &str) -> String {
    format!("pg-vitrine:{name}")
}

/// Opens and owns the store of this name. Resolves with the spec of the world in it, or undefined if it is empty.
#[wasm_bindgen]
pub async fn store_open(name: String) -> Result<Option<String>, JsValue> {
    let name = database_name(&name);
    let lock = Lock::take(&name).await?;
    match open_and_read_header(&name).await {
        Ok((database, spec)) => {
            let writer = Rc::new(Writer::new(database.clone()));
            OPEN.with(|open| *open.borrow_mut() = Some(Store { database, writer, lock }));
            Ok(spec)
        }
        Err(failure) => {
            lock.give_back().await;
            Err(failure.into())
        }
    }
}

async fn open_and_read_header(name: &str) -> Result<(IdbDatabase, Option<String>), Failure> {
    let database = idb::open(name).await?;
    match read_header(&database).await {
        Ok(spec) => Ok((database, spec)),
        Err(failure) => {
            database.close();
            Err(failure)
        }
    }
}

/// Reads the header; `None` if the store is empty.
async fn read_header(database: &IdbDatabase) -> Result<Option<String>, Failure> {
    let meta = idb::reading(database)?.object_store(record::META)?;
    let header = done(&meta.get(&"header".into())?).await?;
    if header.is_undefined() {
        return Ok(None);
    }
    let format = Reflect::get(&header, &"format".into())?.as_f64();
    if format != Some(f64::from(record::FORMAT)) {
        let message = "The saved world has a form that this version of the lab cannot read.";
        return Err(Failure::new(Kind::Version, message));
    }
    let spec = Reflect::get(&header, &"spec".into())?.as_string();
    spec.ok_or_else(|| Failure::damaged("its header is incomplete")).map(Some)
}

/// Makes the store empty and ready for the world that this spec describes.
#[wasm_bindgen]
pub async fn store_begin(spec: String) -> Result<(), JsValue> {
    let database = with_open(|store| store.database.clone())?;
    let transaction = Strict::begin(&database)?;
    for store in record::ALL {
        transaction.store(store)?.clear()?;
    }
    let header = Object::new();
    Reflect::set(&header, &"format".into(), &record::FORMAT.into())?;
    Reflect::set(&header, &"spec".into(), &spec.as_str().into())?;
    transaction.store(record::META)?.put_with_key(&header, &"header".into())?;
    transaction.store(record::META)?.put_with_key(&record::seal(&record::pair(0.0, 0.0)), &"head".into())?;
    transaction.commit().await?;
    OPEN.with(|open| {
        if let Some(store) = open.borrow_mut().as_mut() {
            store.writer = Rc::new(Writer::new(database));
        }
    });
    Ok(())
}

/// Reads everything: the disks as batches, one a host, that make them anew. To be called once, before the first append.
#[wasm_bindgen]
pub async fn store_load() -> Result<Vec<u8>, JsValue> {
    let (database, writer) = with_open(|store| (store.database.clone(), store.writer.clone()))?;
    let found = Found::read(&database).await?;
    let (number, next) = found.head()?;
    let mut directory = Directory::new(next as FileId);
    let batches = found.batches(&mut directory)?;
    writer.resume(directory, number);
    Ok(batch::encode(&batches))
}

/// Appends batches. Resolves once they are durable, with the number of the last durable batch.
#[wasm_bindgen]
pub async fn store_append(batches: Vec<u8>) -> Result<f64, JsValue> {
    let writer = with_open(|store| store.writer.clone())?;
    let batches = batch::decode(&batches).ok_or_else(|| Failure::new(Kind::Damaged, "Not a row of batches."))?;
    Ok(writer.append(batches).await?)
}

/// Closes the store and lets another tab have it.
#[wasm_bindgen]
pub async fn store_close() {
    if let Some(store) = OPEN.with(|open| open.borrow_mut().take()) {
        store.database.close();
        store.lock.give_back().await;
    }
}

/// All that lies under this name, readable or not, as JSON lines: `[object store, key, value]`, bytes as hexadecimal.
#[wasm_bindgen]
pub async fn store_dump(name: String) -> Result<Option<String>, JsValue> {
    let Some(database) = idb::open_as_it_is(&database_name(&name)).await? else { return Ok(None) };
    let mut lines = String::new();
    let names = database.object_store_names();
    for store in (0..names.length()).filter_map(|n| names.item(n)) {
        let reading = database.transaction_with_str(&store)?.object_store(&store)?;
        let (keys, values) = (reading.get_all_keys()?, reading.get_all()?);
        let keys: Array = done(&keys).await?.unchecked_into();
        let values: Array = done(&values).await?.unchecked_into();
        for (key, value) in keys.iter().zip(values.iter()) {
            let value =
                value.dyn_ref::<Uint8Array>().map_or(value.clone(), |bytes| hexadecimal(&bytes.to_vec()).into());
            let line = Array::of3(&JsValue::from(&store), &key, &value);
            lines.push_str(&String::from(js_sys::JSON::stringify(&line)?));
            lines.push('\n');
        }
    }
    database.close();
    Ok(Some(lines))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All records of a database, as they were read in one transaction.
struct Found {
    head: JsValue,
    files: Vec<(JsValue, JsValue)>,
    extents: Vec<(JsValue, JsValue)>,
    log: Vec<(JsValue, JsValue)>,
}

impl Found {
    async fn read(database: &IdbDatabase) -> Result<Found, JsValue> {
        let transaction = idb::reading(database)?;
        let everything = |name| {
            let store = transaction.object_store(name)?;
            Ok::<_, JsValue>((store.get_all_keys()?, store.get_all()?))
        };
        let head = transaction.object_store(record::META)?.get(&"head".into())?;
        let requests = [everything(record::FILES)?, everything(record::EXTENTS)?, everything(record::LOG)?];
        let head = done(&head).await?;
        let mut rows = Vec::new();
        for (keys, values) in &requests {
            let keys: Array = done(keys).await?.unchecked_into();
            let values: Array = done(values).await?.unchecked_into();
            rows.push(keys.iter().zip(values.iter()).collect::<Vec<_>>());
        }
        let mut rows = rows.into_iter();
        let mut next = || rows.next().unwrap_or_default();
        Ok(Found { head, files: next(), extents: next(), log: next() })
    }

    /// The number of the last batch, and of the next new file.
    fn head(&self) -> Result<(f64, f64), Failure> {
        record::unpair(&record::unseal(&self.head, "the head")?, "the head")
    }

    /// The disks, as operations that make them anew; fills the directory on the way.
    fn batches(&self, directory: &mut Directory) -> Result<Vec<SyncedBatch>, Failure> {
        for (key, value) in &self.files {
            let key: &Array = key.unchecked_ref();
            let (host, path) = (key.get(0).as_f64().unwrap_or_default(), key.get(1).as_string().unwrap_or_default());
            let (id, len) = record::unpair(&record::unseal(value, &path)?, &path)?;
            directory.found(host as u8, path, id as FileId, len as u64);
        }
        let mut writes: Vec<(FileId, u64, Vec<u8>)> = Vec::new();
        for (key, value) in &self.extents {
            let [id, extent, _] = numbers(key);
            let bytes = record::unseal(value, &format!("extent {extent} of file {id}"))?;
            writes.push((id as FileId, extent as u64 * EXTENT as u64, bytes));
        }
        for (key, value) in &self.log {
            let [id, page, batch] = numbers(key);
            let payload = record::unseal(value, &format!("page {page} of file {id}, batch {batch}"))?;
            let Some((at, bytes)) = payload.split_first_chunk::<2>() else {
                return Err(Failure::damaged("a WAL record is too short"));
            };
            directory.found_page(id as FileId, page as u32);
            let offset = page as u64 * PAGE as u64 + u64::from(u16::from_le_bytes(*at));
            writes.push((id as FileId, offset, bytes.to_vec()));
        }
        Ok(disks(directory, &writes))
    }
}

/// One batch a host: each file made, given its length, and filled.
fn disks(directory: &Directory, writes: &[(FileId, u64, Vec<u8>)]) -> Vec<SyncedBatch> {
    let mut batches: Vec<SyncedBatch> = Vec::new();
    for (host, path, id, len) in directory.files() {
        if batches.last().is_none_or(|batch| batch.host.0 != host) {
            batches.push(SyncedBatch { host: HostId(host), ops: Vec::new() });
        }
        let Some(SyncedBatch { ops, .. }) = batches.last_mut() else { continue };
        let path = || path.to_string();
        ops.push(DiskOp::Create { path: path() });
        ops.push(DiskOp::SetLen { path: path(), len });
        for (_, offset, bytes) in writes.iter().filter(|(file, offset, _)| *file == id && *offset < len) {
            let kept = bytes.len().min((len - offset) as usize);
            ops.push(DiskOp::Write { path: path(), offset: *offset, bytes: bytes[..kept].to_vec() });
        }
    }
    batches
}

fn numbers(key: &JsValue) -> [f64; 3] {
    let key: &Array = key.unchecked_ref();
    [0, 1, 2].map(|n| key.get(n).as_f64().unwrap_or_default())
}

/// All keys of a file: numbers sort before arrays, so an empty array stands behind every further part of a key.
fn range_of(file: FileId, from: u32) -> Result<JsValue, JsValue> {
    let end = Array::of2(&JsValue::from(file), &Array::new());
    IdbKeyRange::bound(&record::key(&[f64::from(file), f64::from(from)]), &end).map(JsValue::from)
}
