//! A database engine that follows PostgreSQL 15 down to the bytes of its pages and its write-ahead log, in a
//! simulated computer room where every process can be stepped, rewound and crashed. It knows no browser.
//!
//! The rooms are the stack from the ground up: a room uses only rooms that stand before it in this list, and
//! a test (`tests/layers.rs`) holds that. Start reading at `ARCHITECTURE.md`.
//!
//! ```text
//!   small      sorting and little maps that cost little code
//!   ids        the newtypes that all speak in, and the error type
//!   trace      the vocabulary of events, the ring they go through, the hash
//!   world      the simulated computer room: clock, scheduler, processes, disks, links, faults
//!   settings   every setting: type, bounds, context, unit
//!   storage    bytes at rest: pages, tuples, maps, the control file; pure functions
//!   types      data types, operators, functions, casts
//!   wal        positions, records, buffers, segments, reading
//!   buffer     the shared buffer pool and its clock sweep
//!   txn        CLOG, snapshots, locks
//!   sort       sorting within a memory budget: runs, tapes, merges
//!   access     the heap over buffer, wal and txn; vacuum; redo
//!   catalog    system tables in real heap pages
//!   sql        parse, bind, plan, execute
//!   server     one server: shared memory, and a file per process
//!   cluster    several servers and the host's way in
//!   inspect    read-only answers to 'what is there now'
//! ```

pub mod access;
pub mod buffer;
pub mod catalog;
pub mod cluster;
pub mod ids;
pub mod inspect;
pub mod server;
pub mod settings;
pub mod small;
pub mod sort;
pub mod sql;
pub mod storage;
pub mod trace;
pub mod txn;
pub mod types;
pub mod wal;
pub mod world;
