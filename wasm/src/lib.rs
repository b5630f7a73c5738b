//! The engine as a browser sees it: free functions over integers, strings and buffers.
//!
//! A world must be a *value in linear memory*, so that a copy of that memory is a keyframe (see the time travel of
//! `web/src/engine/keyframes.ts`). Therefore this crate exports no struct and keeps no `JsValue` and no `Closure`:
//! either would be an index into a table that lives outside the memory, and would point to the wrong object once an
//! earlier memory is put back.
//!
//! ```text
//!   JavaScript            linear memory (copied by a keyframe)       outside of it (not copied)
//!   ─────────────         ────────────────────────────────────       ─────────────────────────────
//!   input(...)   ───▶     the world: servers, tasks, disks           table of external references
//!   view()       ◀───     the slab that hands out its slots ·······▶ [undefined, null, "step", ..., free, free]
//! ```
//!
//! One thing does straddle: wasm-bindgen passes JavaScript values through a table of external references. The list of
//! that table's free slots is kept in linear memory, and so are the slots of the names of fields, which
//! serde-wasm-bindgen makes once and keeps. So a keyframe has the table's contents too; [`start`] sees to its length.
//!
//! The same module serves twice. The engine's instance is the one above; a second instance in a worker of its own is
//! the store, which must hold JavaScript handles and is never rewound.

mod batch;
mod lab;
#[cfg(target_arch = "wasm32")]
mod memory;
mod psql;
mod store;
mod wire;

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

/// Slots for external references made at the start. A call holds a handful at a time (a view is built depth first),
/// so that more are never needed.
const SLOTS: usize = 256;

thread_local! {
    /// What a panic said. The instance is not to be used after one, but this may still be asked.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Prepares an instance: to be called once, before anything else and before the first keyframe.
///
/// A panic's message reaches the console, and [`last_panic`].
///
/// The table of external references is grown to its final size here. It is not in linear memory, and its list of
/// free slots is: if it grew after a keyframe, putting the keyframe back would leave a list that believes the table
/// shorter than it is, and wasm-bindgen stops the program when it grows the table the next time. Grown now, the list
/// and the table agree in every keyframe.
#[wasm_bindgen]
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        PANIC.with(|said| *said.borrow_mut() = info.to_string());
        console_error_panic_hook::hook(info);
    }));
    let values: Vec<JsValue> = (0..SLOTS).map(|n| JsValue::from_f64(n as f64)).collect();
    drop(values);
}

/// What the last panic said; empty if there was none.
#[wasm_bindgen]
pub fn last_panic() -> String {
    PANIC.with(|said| said.borrow().clone())
}

/// The version of the engine, as the package says it.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use super::*;
    use wasm_bindgen_test::*;

    #[cfg(feature = "test-in-window")]
    wasm_bindgen_test_configure!(run_in_browser);
    #[cfg(not(feature = "test-in-window"))]
    wasm_bindgen_test_configure!(run_in_dedicated_worker);

    #[wasm_bindgen_test]
    fn the_table_of_references_does_not_grow_after_the_start() {
        let table: js_sys::WebAssembly::Table =
            js_sys::Reflect::get(&wasm_bindgen::exports(), &"__wbindgen_externrefs".into()).unwrap().unchecked_into();
        start();
        let length = table.length();
        let nested: Vec<JsValue> = (0..SLOTS / 2).map(|n| JsValue::from_str(&n.to_string())).collect();
        assert_eq!(table.length(), length);
        drop(nested);
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
#[path = "../../engine/tests/common/history_script.rs"]
mod history_script;

#[cfg(all(test, target_arch = "wasm32"))]
mod history_tests {
    use super::history_script::{drive, told};
    use vitrine_engine::world::Limit;
    use wasm_bindgen_test::*;

    #[wasm_bindgen_test]
    fn a_history_in_wasm_is_the_native_one() {
        let native = include_str!("../../engine/tests/golden/history.txt");
        let run_to = |lab: &mut vitrine_engine::cluster::Lab, at| {
            lab.run(Limit::until(at));
        };
        let here: String = (0..4).map(|seed| told(seed, &drive(seed, run_to))).collect();
        assert_eq!(here, native);
    }
}
