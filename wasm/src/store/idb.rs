//! IndexedDB as futures: opening, requests, and transactions that end when the disk has them.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction};

use super::failure::{Failure, Kind};
use super::record;

/// The version of the database's shape, as IndexedDB counts it; what is inside is told by the header.
const SHAPE: u32 = 1;

#[wasm_bindgen]
extern "C" {
    /// `IDBDatabase` once more, for the transaction options, which web-sys calls unstable.
    type Durable;
    /// `IDBTransaction` once more, for what its web-sys form leaves out.
    type Committing;
    #[wasm_bindgen(method, catch)]
    fn commit(this: &Committing) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = transaction)]
    fn transaction(this: &Durable, stores: &Array, mode: &str, options: &Object) -> Result<IdbTransaction, JsValue>;
}

fn factory() -> Result<IdbFactory, Failure> {
    let refused = || Failure::new(Kind::Refused, "This browser gives this page no IndexedDB.");
    let found = Reflect::get(&js_sys::global(), &"indexedDB".into()).map_err(|_| refused())?;
    found.dyn_into().map_err(|_| refused())
}

/// Opens a database, making its object stores if it is new.
pub async fn open(name: &str) -> Result<IdbDatabase, Failure> {
    let request: IdbOpenDbRequest = factory()?.open_with_u32(name, SHAPE)?;
    let asked = request.clone();
    let upgrade = Closure::once(move || -> Result<(), JsValue> {
        let database: IdbDatabase = asked.result()?.unchecked_into();
        record::ALL.iter().try_for_each(|store| database.create_object_store(store).map(drop))
    });
    request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
    Ok(done(&request).await?.unchecked_into())
}

/// Opens a database whatever its version is, to look at it; `None` if there is none.
pub async fn open_as_it_is(name: &str) -> Result<Option<IdbDatabase>, Failure> {
    let request: IdbOpenDbRequest = factory()?.open(name)?;
    let asked = request.clone();
    // There was none: opening must not make one.
    let upgrade = Closure::once(move || {
        if let Some(making) = asked.transaction() {
            let _ = making.abort();
        }
    });
    request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
    Ok(done(&request).await.ok().map(JsCast::unchecked_into))
}

/// Waits for a request's result.
pub async fn done(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let (outcome, resolve, reject) = settled();
    let asked = request.clone();
    let success = Closure::once(move || {
        let _ = resolve.call1(&JsValue::NULL, &asked.result().unwrap_or_default());
    });
    let asked = request.clone();
    let error = Closure::once(move || {
        let _ = reject.call1(&JsValue::NULL, &asked.error().ok().flatten().into());
    });
    request.set_onsuccess(Some(success.as_ref().unchecked_ref()));
    request.set_onerror(Some(error.as_ref().unchecked_ref()));
    JsFuture::from(outcome).await
}

/// A promise and the two functions that settle it.
pub fn settled() -> (Promise, Function, Function) {
    let functions = Rc::new(RefCell::new(None));
    let kept = functions.clone();
    let promise = Promise::new(&mut |resolve, reject| *kept.borrow_mut() = Some((resolve, reject)));
    let (resolve, reject) = functions.take().unwrap_or_default();
    (promise, resolve, reject)
}

/// Begins a transaction over all object stores that only reads.
pub fn reading(database: &IdbDatabase) -> Result<IdbTransaction, JsValue> {
    let stores: Array = record::ALL.iter().copied().map(JsValue::from).collect();
    database.transaction_with_str_sequence(&stores)
}

/// A transaction that is only called complete once the operating system has it on the disk.
pub struct Strict(IdbTransaction);

impl Strict {
    /// Begins one over all object stores.
    pub fn begin(database: &IdbDatabase) -> Result<Strict, JsValue> {
        let stores: Array = record::ALL.iter().copied().map(JsValue::from).collect();
        let options = Object::new();
        Reflect::set(&options, &"durability".into(), &"strict".into())?;
        database.unchecked_ref::<Durable>().transaction(&stores, "readwrite", &options).map(Strict)
    }

    /// An object store in it.
    pub fn store(&self, name: &str) -> Result<IdbObjectStore, JsValue> {
        self.0.object_store(name)
    }

    /// Takes everything back.
    pub fn abort(self) {
        let _ = self.0.abort();
    }

    /// Commits at once, without waiting for the requests' own events, and waits until it is durable.
    pub async fn commit(self) -> Result<(), JsValue> {
        let (outcome, resolve, reject) = settled();
        let transaction = self.0.clone();
        let abort = Closure::once(move || {
            let _ = reject.call1(&JsValue::NULL, &transaction.error().into());
        });
        self.0.set_oncomplete(Some(&resolve));
        self.0.set_onabort(Some(abort.as_ref().unchecked_ref()));
        self.0.unchecked_ref::<Committing>().commit()?;
        JsFuture::from(outcome).await.map(drop)
    }
}
