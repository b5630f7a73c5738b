//! The table of settings, with the names and defaults of PostgreSQL 15.

use super::value::{Context, Definition, Kind, Unit};

const MAX: i64 = i32::MAX as i64;

const ISOLATION: Kind = Kind::Enum(&["serializable", "repeatable read", "read committed", "read uncommitted"]);

const LEVELS: &[&str] =
    &["debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log", "fatal", "panic"];

macro_rules! settings {
    ($([$category:literal] $($name:ident: $kind:expr, $default:literal, $context:ident, $about:literal;)*)*) => {
        /// A setting, by its own name.
        #[allow(non_camel_case_types, missing_docs)]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Setting { $($($name),*),* }

        impl Setting {
            /// All, in the order of the table.
            pub const ALL: &[Setting] = &[$($(Setting::$name),*),*];

            pub(super) fn from_index(index: usize) -> Setting {
                Setting::ALL[index]
            }
        }

        /// What there is to know of each setting; indexed by [`Setting`].
        pub static DEFINITIONS: &[Definition] = &[$($(Definition {
            name: stringify!($name), kind: $kind, default: $default, context: Context::$context,
            category: $category, about: $about,
        }),*),*];
    };
}

settings! {
    ["Resource Usage / Memory"]
    shared_buffers: Kind::Int(Unit::Page, 16, MAX / 2), "128MB", Postmaster, "pages that all processes share";
    work_mem: Kind::Int(Unit::Kb, 64, MAX), "4MB", User, "memory of one sort or hash";
    maintenance_work_mem: Kind::Int(Unit::Kb, 1024, MAX), "64MB", User, "memory of VACUUM and CREATE INDEX";
    temp_buffers: Kind::Int(Unit::Page, 100, MAX / 2), "8MB", User, "pages of a session's temporary tables";
    hash_mem_multiplier: Kind::Int(Unit::Fraction, 1000, 1_000_000), "2", User, "memory of a hash, in units of work_mem";
    ["Query Tuning / Planner Method Configuration"]
    enable_bitmapscan: Kind::Bool, "on", User, "whether the planner takes bitmaps of an index";
    enable_hashagg: Kind::Bool, "on", User, "whether the planner makes groups by hashes";
    enable_hashjoin: Kind::Bool, "on", User, "whether the planner joins by hashes";
    enable_indexonlyscan: Kind::Bool, "on", User, "whether the planner reads rows from an index alone";
    enable_indexscan: Kind::Bool, "on", User, "whether the planner reads tables by an index";
    enable_material: Kind::Bool, "on", User, "whether the planner keeps rows to read them again";
    enable_mergejoin: Kind::Bool, "on", User, "whether the planner joins sorted rows";
    enable_nestloop: Kind::Bool, "on", User, "whether the planner joins by nested loops";
    enable_seqscan: Kind::Bool, "on", User, "whether the planner reads tables page by page";
    enable_sort: Kind::Bool, "on", User, "whether the planner sorts";
    ["Query Tuning / Planner Cost Constants"]
    seq_page_cost: Kind::Int(Unit::Cost, 0, i64::MAX), "1", User, "what a page costs that is read after the one before it";
    random_page_cost: Kind::Int(Unit::Cost, 0, i64::MAX), "4", User, "what a page costs that is read from anywhere";
    cpu_tuple_cost: Kind::Int(Unit::Cost, 0, i64::MAX), "0.01", User, "what a row costs";
    cpu_index_tuple_cost: Kind::Int(Unit::Cost, 0, i64::MAX), "0.005", User, "what an entry of an index costs";
    cpu_operator_cost: Kind::Int(Unit::Cost, 0, i64::MAX), "0.0025", User, "what an operator or a function costs";
    effective_cache_size: Kind::Int(Unit::Page, 1, MAX), "4GB", User, "how much of the files is thought to be in memory";
    ["Query Tuning / Other Planner Options"]
    from_collapse_limit: Kind::Int(Unit::None, 1, MAX), "8", User, "how many items of FROM a query is given to take up a subquery";
    join_collapse_limit: Kind::Int(Unit::None, 1, MAX), "8", User, "of how many joined items all orders are weighed";
    plan_cache_mode: Kind::Enum(&["auto", "force_generic_plan", "force_custom_plan"]), "auto", User, "whether a prepared statement is planned for its values";
    ["Resource Usage / Disk"]
    temp_file_limit: Kind::Int(Unit::Kb, -1, MAX), "-1", Superuser, "temporary files of a session at once; -1: any amount";
    ["Connections and Authentication / Connection Settings"]
    max_connections: Kind::Int(Unit::None, 1, 262143), "100", Postmaster, "clients at once";
    superuser_reserved_connections: Kind::Int(Unit::None, 0, 262143), "3", Postmaster, "connections kept for superusers";
    ["Write-Ahead Log / Settings"]
    wal_buffers: Kind::Int(Unit::Page, -1, 262143), "-1", Postmaster, "pages of WAL not yet written; -1: a 32nd of shared_buffers";
    wal_level: Kind::Enum(&["minimal", "replica", "logical"]), "replica", Postmaster, "how much the WAL says";
    fsync: Kind::Bool, "on", Sighup, "whether syncs are done at all";
    full_page_writes: Kind::Bool, "on", Sighup, "whether the first change of a page after a checkpoint logs the page";
    synchronous_commit: Kind::Enum(&["local", "remote_write", "remote_apply", "on", "off"]), "on", User, "what a commit waits for";
    wal_writer_delay: Kind::Int(Unit::Ms, 1, 10000), "200ms", Sighup, "between rounds of the WAL writer";
    wal_writer_flush_after: Kind::Int(Unit::Page, 0, MAX), "1MB", Sighup, "WAL that makes the WAL writer flush";
    wal_recycle: Kind::Bool, "on", Superuser, "whether old segments are used again under new names";
    ["Write-Ahead Log / Checkpoints"]
    checkpoint_timeout: Kind::Int(Unit::Sec, 30, 86400), "5min", Sighup, "the longest time between checkpoints";
    checkpoint_completion_target: Kind::Int(Unit::Fraction, 0, 1000), "0.9", Sighup, "the part of that time over which a checkpoint is spread";
    checkpoint_warning: Kind::Int(Unit::Sec, 0, MAX), "30s", Sighup, "checkpoints for WAL that follow each other faster are complained of; 0: never";
    max_wal_size: Kind::Int(Unit::Mb, 2, MAX), "1GB", Sighup, "WAL that makes a checkpoint due";
    min_wal_size: Kind::Int(Unit::Mb, 2, MAX), "80MB", Sighup, "WAL kept for use again";
    ["Resource Usage / Background Writer"]
    bgwriter_delay: Kind::Int(Unit::Ms, 10, 10000), "200ms", Sighup, "between rounds of the background writer";
    bgwriter_lru_maxpages: Kind::Int(Unit::None, 0, MAX / 2), "100", Sighup, "pages it writes in a round at most";
    bgwriter_lru_multiplier: Kind::Int(Unit::Fraction, 0, 10000), "2", Sighup, "how far ahead of the need it cleans";
    ["Replication / Sending Servers"]
    max_wal_senders: Kind::Int(Unit::None, 0, 262143), "10", Postmaster, "standbys at once";
    max_replication_slots: Kind::Int(Unit::None, 0, 262143), "10", Postmaster, "replication slots at once";
    wal_keep_size: Kind::Int(Unit::Mb, 0, MAX), "0", Sighup, "WAL kept for standbys";
    wal_sender_timeout: Kind::Int(Unit::Ms, 0, MAX), "1min", User, "how long a standby may say nothing; 0: no limit";
    max_slot_wal_keep_size: Kind::Int(Unit::Mb, -1, MAX), "-1", Sighup, "WAL that replication slots may hold back; -1: any amount";
    ["Replication / Primary Server"]
    synchronous_standby_names: Kind::Text, "", Sighup, "standbys that commits wait for";
    ["Replication / Standby Servers"]
    hot_standby: Kind::Bool, "on", Postmaster, "whether a standby answers queries";
    max_standby_streaming_delay: Kind::Int(Unit::Ms, -1, MAX), "30s", Sighup, "how long replay waits for a standby's sessions in its way; -1: for ever";
    primary_conninfo: Kind::Text, "", Sighup, "where a standby finds its primary";
    primary_slot_name: Kind::Text, "", Sighup, "the slot that a standby uses on its primary";
    hot_standby_feedback: Kind::Bool, "off", Sighup, "whether a standby tells its primary what its queries may still see";
    wal_receiver_timeout: Kind::Int(Unit::Ms, 0, MAX), "1min", Sighup, "how long the primary may say nothing; 0: no limit";
    wal_receiver_status_interval: Kind::Int(Unit::Sec, 0, MAX / 1000), "10s", Sighup, "the longest time between a standby's reports";
    wal_retrieve_retry_interval: Kind::Int(Unit::Ms, 1, MAX), "5s", Sighup, "how long a standby waits before it asks its primary again";
    ["Lock Management"]
    deadlock_timeout: Kind::Int(Unit::Ms, 1, MAX), "1s", Superuser, "wait before a deadlock is looked for";
    ["Client Connection Defaults / Statement Behavior"]
    lock_timeout: Kind::Int(Unit::Ms, 0, MAX), "0", User, "the longest wait for a lock; 0: no limit";
    statement_timeout: Kind::Int(Unit::Ms, 0, MAX), "0", User, "the longest run of a statement; 0: no limit";
    idle_in_transaction_session_timeout: Kind::Int(Unit::Ms, 0, MAX), "0", User, "the longest pause in a transaction; 0: no limit";
    idle_session_timeout: Kind::Int(Unit::Ms, 0, MAX), "0", User, "the longest pause outside of one; 0: no limit";
    default_transaction_isolation: ISOLATION, "read committed", User, "the isolation level of new transactions";
    default_transaction_read_only: Kind::Bool, "off", User, "whether new transactions only read";
    transaction_isolation: ISOLATION, "read committed", User, "the isolation level of this transaction";
    transaction_read_only: Kind::Bool, "off", User, "whether this transaction only reads";
    client_min_messages: Kind::Enum(&["debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"]), "notice", User, "the least message that is sent to the client";
    search_path: Kind::Text, "\"$user\", public", User, "schemas in which names are looked for";
    bytea_output: Kind::Enum(&["escape", "hex"]), "hex", User, "how bytea is printed";
    vacuum_freeze_min_age: Kind::Int(Unit::None, 0, 1_000_000_000), "50000000", User, "the age from which VACUUM freezes a row";
    vacuum_freeze_table_age: Kind::Int(Unit::None, 0, 2_000_000_000), "150000000", User, "the age from which VACUUM reads a whole table";
    ["Client Connection Defaults / Locale and Formatting"]
    client_encoding: Kind::Text, "UTF8", User, "the client's character set";
    DateStyle: Kind::Text, "ISO, MDY", User, "how dates are printed";
    IntervalStyle: Kind::Enum(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"]), "postgres", User, "how intervals are printed";
    TimeZone: Kind::Text, "Etc/UTC", User, "the zone in which times are printed";
    extra_float_digits: Kind::Int(Unit::None, -15, 3), "1", User, "digits of floating point numbers";
    ["Version and Platform Compatibility / Previous PostgreSQL Versions"]
    standard_conforming_strings: Kind::Bool, "on", User, "whether a backslash in '...' is just a backslash";
    ["Resource Usage / Cost-Based Vacuum Delay"]
    vacuum_cost_delay: Kind::Int(Unit::MsFraction, 0, 100_000), "0", User, "how long VACUUM naps when its account is full; 0: never";
    vacuum_cost_limit: Kind::Int(Unit::None, 1, 10_000), "200", User, "the account that makes VACUUM nap";
    vacuum_cost_page_dirty: Kind::Int(Unit::None, 0, 10_000), "20", User, "what a page that VACUUM makes dirty costs";
    vacuum_cost_page_hit: Kind::Int(Unit::None, 0, 10_000), "1", User, "what a page found in a buffer costs";
    vacuum_cost_page_miss: Kind::Int(Unit::None, 0, 10_000), "2", User, "what a page that must be read costs";
    ["Autovacuum"]
    autovacuum: Kind::Bool, "on", Sighup, "whether tables are vacuumed without being asked";
    autovacuum_freeze_max_age: Kind::Int(Unit::None, 100_000, 2_000_000_000), "200000000", Postmaster, "the age at which a table is vacuumed in any case";
    autovacuum_max_workers: Kind::Int(Unit::None, 1, 262143), "3", Postmaster, "workers at once";
    autovacuum_naptime: Kind::Int(Unit::Sec, 1, MAX / 1000), "1min", Sighup, "between visits to a database";
    autovacuum_analyze_scale_factor: Kind::Int(Unit::Fraction, 0, 100_000), "0.1", Sighup, "changed rows that make an analyze due, as a part of the table";
    autovacuum_analyze_threshold: Kind::Int(Unit::None, 0, MAX), "50", Sighup, "changed rows that make an analyze due, at least";
    autovacuum_vacuum_cost_delay: Kind::Int(Unit::MsFraction, -1000, 100_000), "2ms", Sighup, "vacuum_cost_delay of workers; -1: the same";
    autovacuum_vacuum_cost_limit: Kind::Int(Unit::None, -1, 10_000), "-1", Sighup, "vacuum_cost_limit of all workers together; -1: the same";
    autovacuum_vacuum_insert_scale_factor: Kind::Int(Unit::Fraction, 0, 100_000), "0.2", Sighup, "inserts that make a vacuum due, as a part of the table";
    autovacuum_vacuum_insert_threshold: Kind::Int(Unit::None, -1, MAX), "1000", Sighup, "inserts that make a vacuum due, at least; -1: no number does";
    autovacuum_vacuum_scale_factor: Kind::Int(Unit::Fraction, 0, 100_000), "0.2", Sighup, "dead rows that make a vacuum due, as a part of the table";
    autovacuum_vacuum_threshold: Kind::Int(Unit::None, 0, MAX), "50", Sighup, "dead rows that make a vacuum due, at least";
    ["Statistics / Cumulative Query and Index Statistics"]
    track_activities: Kind::Bool, "on", Superuser, "whether sessions show what they run";
    track_counts: Kind::Bool, "on", Superuser, "whether work on tables is counted; autovacuum lives by it";
    ["Reporting and Logging / When to Log"]
    log_min_messages: Kind::Enum(LEVELS), "warning", Superuser, "the least message that is logged";
    log_min_error_statement: Kind::Enum(LEVELS), "error", Superuser, "the least message that is logged with its statement";
    log_min_duration_statement: Kind::Int(Unit::Ms, -1, MAX), "-1", Superuser, "statements that run so long are logged; -1: none";
    ["Reporting and Logging / What to Log"]
    application_name: Kind::Text, "", User, "shown in pg_stat_activity and in the log";
    log_autovacuum_min_duration: Kind::Int(Unit::Ms, -1, MAX), "10min", Sighup, "autovacuums that run so long are logged; -1: none";
    log_checkpoints: Kind::Bool, "on", Sighup, "whether checkpoints are logged";
    log_connections: Kind::Bool, "off", SuperuserBackend, "whether connections are logged";
    log_disconnections: Kind::Bool, "off", SuperuserBackend, "whether the ends of sessions are logged";
    log_duration: Kind::Bool, "off", Superuser, "whether the time of each statement is logged";
    log_line_prefix: Kind::Text, "%m [%p] ", Sighup, "what each line of the log begins with";
    log_lock_waits: Kind::Bool, "off", Superuser, "whether waits longer than deadlock_timeout are logged";
    log_temp_files: Kind::Int(Unit::Kb, -1, MAX), "-1", Superuser, "temporary files so long are logged when they are removed; -1: none";
    log_statement: Kind::Enum(&["none", "ddl", "mod", "all"]), "none", Superuser, "which statements are logged";
    ["Reporting and Logging / Where to Log"]
    logging_collector: Kind::Bool, "off", Internal, "whether a process of its own writes log files: not built";
    ["Preset Options"]
    server_version: Kind::Text, "15.0 (Vitrine)", Internal, "the version that this engine follows";
    server_version_num: Kind::Int(Unit::None, 150000, 159999), "150000", Internal, "the same as a number";
    server_encoding: Kind::Text, "UTF8", Internal, "the database's character set";
    integer_datetimes: Kind::Bool, "on", Internal, "times are whole microseconds";
    in_hot_standby: Kind::Bool, "off", Internal, "whether this server is a standby";
    block_size: Kind::Int(Unit::None, 8192, 8192), "8192", Internal, "bytes in a page";
    wal_block_size: Kind::Int(Unit::None, 8192, 8192), "8192", Internal, "bytes in a page of WAL";
    wal_segment_size: Kind::Int(Unit::Byte, 1 << 20, 1 << 30), "1MB", Internal, "bytes in a segment file";
    data_checksums: Kind::Bool, "off", Internal, "whether pages carry checksums";
    max_identifier_length: Kind::Int(Unit::None, 63, 63), "63", Internal, "bytes in a name";
    ["Ungrouped"]
    is_superuser: Kind::Bool, "on", Internal, "whether this user may do everything";
    session_authorization: Kind::Text, "postgres", Internal, "this session's user";
}
