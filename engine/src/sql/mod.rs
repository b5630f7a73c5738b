//! SQL: from the text of a query to its rows.
//!
//! ```text
//!   "SELECT owner FROM accounts WHERE id = 1"
//!      │ parse   squawk-syntax knows the grammar; what we do not support is refused by name
//!      ▼
//!   ast          names and operators, each with its place in the text
//!      │ bind    against the catalog: names become slots, operators functions, types are decided
//!      ▼
//!   bound
//!      │ plan    which scans, which joins, in which order: a tree that can be kept, shown and run
//!      ▼
//!   plan
//!      │ exec    operators that pull rows from each other in batches
//!      ▼
//!   rows
//! ```
//!
//! A query string is parsed as a whole; its statements are then bound and run one after the other, each with what the
//! one before has left. PostgreSQL has the same steps (`raw_parser`, `parse_analyze`, `planner`, `ExecutorRun`).
//!
//! Functions are kept in a [`functions::Registry`], which rooms above this one fill.

pub mod ast;
mod ast_alter;
mod ast_copy;
mod ast_explain;
mod ast_index;
mod ast_modify;
mod ast_query;
mod ast_schema;
mod ast_session;
mod ast_table;
mod ast_xact;
pub mod bind;
pub mod bound;
mod bound_query;
pub mod deparse;
mod depth;
mod eval;
pub mod exec;
pub mod explain;
pub mod functions;
pub mod parse;
mod plan;
pub mod scan;
mod show;
mod sql_value;
#[cfg(test)]
mod tests;
mod walk;
mod walk_mut;
mod walk_scalar;
