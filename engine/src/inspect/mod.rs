//! Answers to 'what is there now': for pictures, and for SQL.
//!
//! ```text
//!   world, servers ──► view ──► LabView       one moment of everything, as the page draws it
//!                  └─► sql  ──► heap_page_items(get_raw_page('accounts', 0)), pg_stat_activity, ...
//! ```
//!
//! **Looking changes nothing.** A view sets no hint bit, raises no usage count, pins nothing, emits no event, takes no
//! time. It is a function of the moment alone: the same moment looked at twice gives the same view, and a run that was
//! looked at after every step goes on as one that was not. That is why nothing here reads a page as a backend would:
//! `look` takes it from shared buffers if it is there and else from what the disk would answer.
//!
//! **Names are PostgreSQL's** wherever it has one, so that what a panel calls a thing is what SQL calls it.
//!
//! The files: `shape`, `shape_page` and `shape_panel` what a view consists of; `look` pages, transactions and tables,
//! looked up without a trace; `view` the whole; `view_host`, `view_page`, `view_tuple`, `view_wal` its parts;
//! `view_panel` what only an open panel asks for: `view_bytes`, `view_tree`, `view_locks`, `view_dead`; `names` what
//! somebody who types may want completed.

mod look;
mod names;
mod shape;
mod shape_page;
mod shape_panel;
mod sql;
mod view;
mod view_bytes;
mod view_dead;
mod view_host;
mod view_locks;
mod view_page;
mod view_panel;
mod view_tree;
mod view_tuple;
mod view_wal;

pub use names::{NamesView, RelationNames, names};
pub use shape::*;
pub use shape_page::*;
pub use shape_panel::*;
pub use sql::functions;
pub use view::{letter, view};

#[cfg(test)]
mod panel_tests;
#[cfg(test)]
mod tests;
