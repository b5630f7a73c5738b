//! The roles. There are those of every database: one who may do all, and those that stand for rights.

use crate::ids::Oid;

/// The roles: one who may do all, and those that stand for rights.
pub const ROLES: [(u32, &str); 13] = [
    (10, "postgres"),
    (3373, "pg_monitor"),
    (3374, "pg_read_all_settings"),
    (3375, "pg_read_all_stats"),
    (3377, "pg_stat_scan_tables"),
    (4200, "pg_signal_backend"),
    (4544, "pg_checkpoint"),
    (4569, "pg_read_server_files"),
    (4570, "pg_write_server_files"),
    (4571, "pg_execute_server_program"),
    (6171, "pg_database_owner"),
    (6181, "pg_read_all_data"),
    (6182, "pg_write_all_data"),
];

/// The name of a role.
pub fn name(oid: Oid) -> Option<&'static str> {
    ROLES.iter().find(|(own, _)| *own == oid.0).map(|(_, name)| *name)
}
