//! What lies in the database: object stores, keys, and values with a checksum.
//!
//! ```text
//!   meta      'header'            { format, spec }    a plain object, so that any later version can read it
//!             'head'              batch f64, next file number f64
//!   files     [host, path]        file number f64, length f64
//!   extents   [file, extent]      64 KiB of a data file, written as a whole
//!   log       [file, page, batch, n] where in the page u16, bytes: appended, never rewritten
//! ```
//!
//! A file is known by a number, so that renaming it moves no bytes. Every value but the header is a byte array that
//! begins with the CRC-32C of the rest.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::failure::Failure;

/// The form described above. Another form gets another number.
pub const FORMAT: u32 = 1;

/// The object stores.
pub const META: &str = "meta";
/// See the module.
pub const FILES: &str = "files";
/// See the module.
pub const EXTENTS: &str = "extents";
/// See the module.
pub const LOG: &str = "log";
/// All of them.
pub const ALL: [&str; 4] = [META, FILES, EXTENTS, LOG];

/// The size of an extent: below this IndexedDB spends more on the record than on its bytes.
pub const EXTENT: usize = 64 * 1024;
/// The size of a WAL page.
pub const PAGE: usize = 8192;

/// A key that is a row of numbers.
pub fn key(numbers: &[f64]) -> JsValue {
    numbers.iter().map(|n| JsValue::from_f64(*n)).collect::<Array>().into()
}

/// The key of a file's name.
pub fn file_key(host: u8, path: &str) -> JsValue {
    Array::of2(&JsValue::from(host), &JsValue::from(path)).into()
}

/// A value: the payload behind its checksum.
pub fn seal(payload: &[u8]) -> JsValue {
    let value = Uint8Array::new_with_length(payload.len() as u32 + 4);
    value.subarray(0, 4).copy_from(&vitrine_engine::storage::crc::crc32c(payload).to_le_bytes());
    value.subarray(4, payload.len() as u32 + 4).copy_from(payload);
    value.into()
}

/// The payload of a value, if its checksum is right.
pub fn unseal(value: &JsValue, what: &str) -> Result<Vec<u8>, Failure> {
    let bytes = value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
    match bytes.split_at_checked(4) {
        Some((crc, payload)) if crc == vitrine_engine::storage::crc::crc32c(payload).to_le_bytes() => {
            Ok(payload.to_vec())
        }
        _ => Err(Failure::damaged(&format!("{what} has a wrong checksum"))),
    }
}

/// Two numbers as a payload: what `head` and the files' entries hold.
pub fn pair(a: f64, b: f64) -> Vec<u8> {
    [a.to_le_bytes(), b.to_le_bytes()].concat()
}

/// Two numbers from a payload.
pub fn unpair(payload: &[u8], what: &str) -> Result<(f64, f64), Failure> {
    let number = |at: usize| payload.get(at..at + 8).and_then(|b| b.try_into().ok()).map(f64::from_le_bytes);
    number(0).zip(number(8)).ok_or_else(|| Failure::damaged(&format!("{what} is too short")))
}
