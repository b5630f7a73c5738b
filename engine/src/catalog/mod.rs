//! The catalogs: the tables in which a database describes itself, in heap pages like any other table.
//!
//! What tables there are stands in `pg_class`, one row for each; what columns they have in `pg_attribute`. A CREATE
//! TABLE is therefore a few INSERTs and a new file, a DROP TABLE a few DELETEs; both are as transactional as their
//! rows. A ROLLBACK needs nothing but the removal of the file.
//!
//! ```text
//!   pg_class  1259        oid 16384 │ relname accounts │ relfilenode 16384 │ relpages 1 │ reltuples 3 │ ...
//!                              │                                  │
//!   pg_attribute  1249    attrelid 16384 │ attnum 1 │ id │ 23     └──► base/5/16384, the rows themselves
//!                         attrelid 16384 │ attnum 2 │ owner │ 25
//! ```
//!
//! The catalogs describe themselves too, so there is a beginning: their columns are compiled in (`layout.rs`), and
//! initdb writes their first rows without a server (`bootstrap.rs`).
//!
//! Each backend keeps what it has read in a cache of its own (`cache.rs`). Who changes a table says so at commit, by
//! invalidation messages, and the others forget what they knew. Names are looked up before the table is locked and
//! once more after it, since it may have been dropped in between.
//!
//! The files: `layout` the columns of the catalogs; `pg_class`, `pg_attribute`, `pg_type`, `pg_namespace`,
//! `pg_database`, `pg_am`, `pg_index`, `pg_constraint` their rows; `rows` reading and changing them; `table` what a
//! statement needs to know of a table; `cache` and `invalidation`; `search_path` where names are looked for; `schema` CREATE
//! SCHEMA and its like; `view` CREATE VIEW; `drop` and `drop_rows` what goes with what is dropped; `ddl` CREATE and DROP; `index` the same for indexes; `rewrite` new
//! files for what there is;
//! `array_type` and `index_name` names that nobody chooses; `stats` what VACUUM has found; `toast` which tables have a
//! second one for long values.
//!
//! PostgreSQL: `catalog/heap.c`, `catalog/namespace.c`, `utils/cache/relcache.c`, `utils/cache/inval.c`,
//! `access/transam/varsup.c`, `bootstrap/bootstrap.c`.

pub mod alter;
mod analyze;
mod array_type;
pub mod attrdef;
pub mod bootstrap;
mod cache;
pub mod constraint;
pub mod ddl;
mod depend;
pub mod drop;
mod drop_rows;
mod equality;
pub mod index;
mod index_name;
mod invalidation;
pub mod layout;
mod pg_am;
pub mod pg_attribute;
pub mod pg_authid;
pub mod pg_class;
pub mod pg_constraint;
pub mod pg_database;
pub mod pg_index;
pub mod pg_namespace;
pub mod pg_statistic;
pub mod pg_type;
mod rewrite;
mod rows;
pub mod schema;
mod search_path;
pub mod sequence;
mod stats;
mod table;
pub mod temporary;
mod toast;
pub mod truncate;
pub mod view;

#[cfg(test)]
mod tests;

pub use analyze::analyze;
pub use bootstrap::{InitSpec, initdb, write_configuration};
pub use cache::{CacheStats, Catalog};
pub use rewrite::{rebuild_index, rewrite_table};
pub use search_path::{RelationName, Schema, SearchPath};
pub use stats::{log_invalidations, update_stats};
pub use table::{Table, TableIndex};

/// `BOOTSTRAP_SUPERUSERID`: the one user there is, who owns everything.
pub const SUPERUSER: crate::ids::Oid = crate::ids::Oid(10);
/// The access method `heap`.
const HEAP_AM: crate::ids::Oid = crate::ids::Oid(2);
/// The access method `btree`.
const BTREE_AM: crate::ids::Oid = crate::ids::Oid(403);
