//! The engine behind PostgreSQL's wire protocol: real clients, each with its own backend, on one engine thread.
//!
//! ```text
//!    psql ──socket──▶ reader thread ──Request──▶ ┌───────────────┐
//!         ◀──socket── writer thread ◀──answers── │ engine thread │   owns the engine, which is not Send,
//!  psycopg ─socket──▶ reader thread ──Request──▶ │   (dispatch)  │   and sleeps until a request arrives
//!         ◀──socket── writer thread ◀──answers── └───────────────┘   or a timer of the world is due
//! ```
//!
//! - [`frame`] cuts the byte stream into messages and refuses what is not one;
//! - [`wire`] translates between `pgwire`'s messages and those of `vitrine_engine::server::protocol`;
//! - [`connection`] is one client's two threads: negotiation, start of the session, then messages both ways;
//! - [`dispatch`] is the loop of the engine's thread, over the small trait [`dispatch::Engine`];
//! - [`lab`] is what stands behind that trait: the engine, opened as a plain database.
//!
//! It listens on loopback only and asks for no password, as a private cluster with `trust` does.

pub mod connection;
pub mod dispatch;
pub mod frame;
pub mod lab;
pub mod wire;
