//! Writes the TypeScript types of events and views to `web/src/engine/generated/`, from the Rust types themselves.
//!
//! `cargo test -p vitrine-engine --features views export_bindings` makes them; they are committed, and `npm test` fails
//! when what is committed is not what this makes.
#![cfg(feature = "views")]

use std::path::Path;

use ts_rs::{Config, TS};
use vitrine_engine::inspect::{LabView, NamesView, ViewRequest};
use vitrine_engine::trace::Entry;

#[test]
fn export_bindings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/src/engine/generated");
    let config = Config::new().with_out_dir(&folder).with_large_int("number");
    Entry::export_all(&config).expect("the types can be written");
    LabView::export_all(&config).expect("the types can be written");
    NamesView::export_all(&config).expect("the types can be written");
    ViewRequest::export_all(&config).expect("the types can be written");
}
