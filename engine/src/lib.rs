//! A database engine that follows PostgreSQL 15 down to the bytes of its pages and its write-ahead log, in a
//! simulated computer room where every process can be stepped, rewound and crashed. It knows no browser.
//!
//! The rooms are the stack from the ground up: a room uses only rooms that stand before it in this list, and
//! a test (`tests/layers.rs`) holds that. Start reading at `ARCHITECTURE.md`.

pub mod access;
pub mod buffer;
pub mod catalog;
pub mod cluster;
pub mod ids;
pub mod inspect;
pub mod server;
pub mod settings;
pub mod sql;
pub mod storage;
pub mod trace;
pub mod txn;
pub mod types;
pub mod wal;
pub mod world;
