//! The store in a real browser, in a worker and (feature `test-in-window`) in a window.

use js_sys::{Function, Promise};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::*;

use super::*;

const DATA: &str = "base/5/16384";
const SEGMENT: &str = "pg_wal/000000010000000000000001";

/// Runs JavaScript and waits for what it returns.
async fn js(body: &str) -> JsValue {
    let returned = Function::new_no_args(body).call0(&JsValue::NULL).expect("the test's JavaScript");
    JsFuture::from(Promise::resolve(&returned)).await.expect("the test's JavaScript")
}

async fn empty(name: &str) {
    js(&format!("return new Promise(done => {{ indexedDB.deleteDatabase('pg-vitrine:{name}').onsuccess = done }})"))
        .await;
}

/// A store with nothing in it, ready for batches.
async fn begun(name: &str) {
    store_close().await;
    empty(name).await;
    assert_eq!(store_open(name.into()).await.expect("opens"), None);
    store_begin("{}".into()).await.expect("begins");
}

fn write(path: &str, offset: u64, bytes: &[u8]) -> SyncedBatch {
    let op = DiskOp::Write { path: path.into(), offset, bytes: bytes.to_vec() };
    SyncedBatch { host: HostId(0), ops: vec![op] }
}

async fn append(batches: &[SyncedBatch]) -> Result<f64, JsValue> {
    store_append(batch::encode(batches)).await
}

/// Closes, opens and loads, as the next visit does.
async fn reopened(name: &str) -> Result<Vec<SyncedBatch>, JsValue> {
    store_close().await;
    store_open(name.into()).await?.expect("a world");
    Ok(batch::decode(&store_load().await?).expect("batches"))
}

/// The bytes of a file, put together as the engine's disk does it.
fn contents(batches: &[SyncedBatch], wanted: &str) -> Option<Vec<u8>> {
    let mut content = None;
    for op in batches.iter().flat_map(|batch| &batch.ops) {
        match op {
            DiskOp::Create { path } if path == wanted => content = Some(Vec::new()),
            DiskOp::SetLen { path, len } if path == wanted => content.as_mut()?.resize(*len as usize, 0),
            DiskOp::Write { path, offset, bytes } if path == wanted => {
                let at = *offset as usize;
                content.as_mut()?[at..at + bytes.len()].copy_from_slice(bytes);
            }
            _ => {}
        }
    }
    content
}

fn kind(thrown: &JsValue) -> String {
    String::from(thrown.unchecked_ref::<js_sys::Error>().name())
}

#[wasm_bindgen_test]
async fn what_was_appended_is_there_again() {
    begun("again").await;
    let mut page = vec![7; 100];
    append(&[write(SEGMENT, 0, &page), write(DATA, 70_000, &[1; 5000])]).await.expect("appends");
    page.extend([8; 50]);
    let number = append(&[write(SEGMENT, 0, &page), write(DATA, 0, &[2; 10])]).await.expect("appends");
    assert_eq!(number, 4.0);
    let found = reopened("again").await.expect("loads");
    assert_eq!(contents(&found, SEGMENT), Some(page.clone()));
    let data = contents(&found, DATA).expect("the data file");
    assert_eq!((data.len(), data[9], data[10], data[69_999], data[70_000]), (75_000, 2, 0, 0, 1));

    page.extend([9; 50]);
    let number = append(&[write(SEGMENT, 0, &page)]).await.expect("appends after loading");
    assert_eq!(number, 5.0);
    assert_eq!(contents(&reopened("again").await.expect("loads"), SEGMENT), Some(page));
    store_close().await;
}

#[wasm_bindgen_test]
async fn renamed_shortened_and_removed_files_are_so_again() {
    begun("names").await;
    let ops = vec![
        DiskOp::Write { path: "a".into(), offset: 0, bytes: vec![1; 100_000] },
        DiskOp::SetLen { path: "a".into(), len: 10 },
        DiskOp::SetLen { path: "a".into(), len: 20 },
        DiskOp::Write { path: "b".into(), offset: 0, bytes: vec![2; 5] },
        DiskOp::Rename { from: "a".into(), to: "c".into() },
        DiskOp::Remove { path: "b".into() },
    ];
    append(&[SyncedBatch { host: HostId(1), ops }]).await.expect("appends");
    let found = reopened("names").await.expect("loads");
    assert_eq!(found[0].host, HostId(1));
    assert_eq!(contents(&found, "a"), None);
    assert_eq!(contents(&found, "b"), None);
    assert_eq!(contents(&found, "c"), Some([vec![1; 10], vec![0; 10]].concat()));
    store_close().await;
}

#[wasm_bindgen_test]
async fn every_write_is_a_strict_transaction() {
    begun("strict").await;
    js("self.seen = []; self.was = IDBDatabase.prototype.transaction;
        IDBDatabase.prototype.transaction = function (stores, mode, options) {
            if (mode === 'readwrite') self.seen.push(options?.durability);
            return self.was.apply(this, arguments);
        }")
    .await;
    append(&[write(SEGMENT, 0, &[1; 100])]).await.expect("appends");
    append(&[write(SEGMENT, 0, &[2; 100])]).await.expect("appends");
    let seen = js("IDBDatabase.prototype.transaction = self.was; return self.seen.join()").await;
    assert_eq!(seen.as_string().as_deref(), Some("strict,strict"));
    store_close().await;
}

#[wasm_bindgen_test]
async fn appends_that_wait_share_a_transaction() {
    begun("group").await;
    js("self.commits = 0; self.was = IDBTransaction.prototype.commit;
        IDBTransaction.prototype.commit = function () { self.commits++; return self.was.apply(this, arguments) }")
    .await;
    let appends = (0..10).map(|n| {
        wasm_bindgen_futures::future_to_promise(async move {
            append(&[write(SEGMENT, n * 8192, &[1; 100])]).await.map(JsValue::from)
        })
    });
    let all: Array = appends.collect();
    JsFuture::from(Promise::all(&all)).await.expect("all are durable");
    let commits = js("IDBTransaction.prototype.commit = self.was; return self.commits").await;
    assert!(commits.as_f64().is_some_and(|n| n <= 2.0), "at most the first alone and the others together: {commits:?}");
    store_close().await;
}

#[wasm_bindgen_test]
async fn one_owner_at_a_time() {
    begun("held").await;
    let other = store_open("held".into()).await.expect_err("it is held");
    assert_eq!(kind(&other), "held");
    append(&[write(DATA, 0, &[1])]).await.expect("the owner goes on");
    assert!(reopened("held").await.is_ok(), "closing gives it free");
    store_close().await;
}

/// Puts a value into an object store, behind the store's back.
async fn tamper(name: &str, change: &str) {
    js(&format!(
        "return new Promise(done => {{ const open = indexedDB.open('pg-vitrine:{name}'); open.onsuccess = () => {{
            const tx = open.result.transaction(['meta', 'extents'], 'readwrite');
            const meta = tx.objectStore('meta'), extents = tx.objectStore('extents');
            {change}
            tx.oncomplete = () => {{ open.result.close(); done() }} }} }})"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn damage_is_found_and_left_alone() {
    begun("damaged").await;
    append(&[write(DATA, 0, &[1; 100])]).await.expect("appends");
    store_close().await;
    tamper(
        "damaged",
        "extents.get([0, 0]).onsuccess = e => { const v = e.target.result; v[50] ^= 1; extents.put(v, [0, 0]) }",
    )
    .await;
    let thrown = reopened("damaged").await.expect_err("it is damaged");
    assert_eq!(kind(&thrown), "damaged");
    store_close().await;
    let dump = store_dump("damaged".into()).await.expect("can be read").expect("is kept");
    assert!(dump.contains("[\"extents\",[0,0],\""), "{dump}");
}

#[wasm_bindgen_test]
async fn an_unknown_version_is_kept() {
    begun("version").await;
    store_close().await;
    tamper("version", "meta.put({ format: 99 }, 'header')").await;
    let thrown = store_open("version".into()).await.expect_err("it is unknown");
    assert_eq!(kind(&thrown), "version");
    let dump = store_dump("version".into()).await.expect("can be read").expect("is kept");
    assert!(dump.contains("[\"meta\",\"header\",{\"format\":99}]"), "{dump}");
}

#[wasm_bindgen_test]
async fn a_full_disk_stops_writing_and_keeps_what_was_confirmed() {
    begun("full").await;
    append(&[write(DATA, 0, &[1; 10])]).await.expect("appends");
    js("self.was = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError') }")
    .await;
    let thrown = append(&[write(DATA, 0, &[2; 10])]).await.expect_err("there is no room");
    js("IDBObjectStore.prototype.put = self.was").await;
    assert_eq!(kind(&thrown), "full");
    let later = append(&[write(DATA, 0, &[3; 10])]).await.expect_err("a gap must not be followed by anything");
    assert_eq!(kind(&later), "full");
    assert_eq!(contents(&reopened("full").await.expect("loads"), DATA), Some(vec![1; 10]));
    store_close().await;
}

#[wasm_bindgen_test]
async fn no_database_at_all_is_a_refusal() {
    store_close().await;
    js("self.was = Object.getOwnPropertyDescriptor(self, 'indexedDB');
        Object.defineProperty(self, 'indexedDB', { value: undefined, configurable: true })")
    .await;
    let thrown = store_open("refused".into()).await.expect_err("there is none");
    js("delete self.indexedDB; if (self.was) Object.defineProperty(self, 'indexedDB', self.was)").await;
    assert_eq!(kind(&thrown), "refused");
}
