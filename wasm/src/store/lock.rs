//! One tab owns a store: a Web Lock, held until the store is closed or its worker dies.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::failure::{Failure, Kind};
use super::idb::settled;

#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(method)]
    fn request(this: &LockManager, name: &str, options: &Object, callback: &Function) -> Promise;
    #[wasm_bindgen(js_namespace = AbortSignal)]
    fn timeout(milliseconds: f64) -> JsValue;
}

/// A page that is being left gives its lock free a moment later than the next one asks for it.
const PATIENCE_MS: f64 = 1_000.0;

/// A lock that is held.
pub struct Lock {
    release: Function,
    /// Settled once the lock is free again.
    ended: Promise,
}

impl Lock {
    /// Takes the lock of this name, or says that another tab has it.
    pub async fn take(name: &str) -> Result<Lock, Failure> {
        let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
        let locks = Reflect::get(&navigator, &"locks".into())?;
        if locks.is_undefined() {
            let message = "This page has no Web Locks (they need https or localhost), so nothing can be saved safely.";
            return Err(Failure::new(Kind::Refused, message));
        }
        let options = Object::new();
        Reflect::set(&options, &"signal".into(), &timeout(PATIENCE_MS))?;
        // The lock is held until the promise that the callback returns is settled.
        let (held, release, _) = settled();
        let (answer, granted, refuse) = settled();
        let callback = Closure::once(move |_lock: JsValue| {
            let _ = granted.call0(&JsValue::NULL);
            held
        });
        let manager: &LockManager = locks.unchecked_ref();
        let ended = manager.request(name, &options, callback.as_ref().unchecked_ref());
        // Given up, the request fails and never calls back.
        let gave_up = Closure::once(move |_why: JsValue| drop(refuse.call0(&JsValue::NULL)));
        let ended = ended.catch(&gave_up);
        let answer = JsFuture::from(answer).await;
        gave_up.forget();
        match answer {
            Ok(_) => Ok(Lock { release, ended }),
            Err(_) => Err(Failure::new(Kind::Held, "This saved world is open in another tab.")),
        }
    }

    /// Gives the lock back and waits until it is free.
    pub async fn give_back(self) {
        let _ = self.release.call0(&JsValue::NULL);
        let _ = JsFuture::from(self.ended).await;
    }
}
