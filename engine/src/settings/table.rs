//! The table of settings, with the names and defaults of PostgreSQL 15.

use super::value::{Context, Definition, Kind, Unit};

const MAX: i64 = i32::MAX as i64;

const ISOLATION: Kind = Kind::Enum(&["serializable", "repeatable read", "read committed", "read uncommitted"]);

macro_rules! settings {
    ($($name:ident: $kind:expr, $default:literal, $context:ident, $about:literal;)*) => {
        /// A setting, by its own name.
        #[allow(non_camel_case_types, missing_docs)]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Setting { $($name),* }

        impl Setting {
            /// All, in the order of the table.
            pub const ALL: &[Setting] = &[$(Setting::$name),*];

            pub(super) fn from_index(index: usize) -> Setting {
                Setting::ALL[index]
            }
        }

        /// What there is to know of each setting; indexed by [`Setting`].
        pub static DEFINITIONS: &[Definition] = &[$(Definition {
            name: stringify!($name), kind: $kind, default: $default, context: Context::$context, about: $about,
        }),*];
    };
}

settings! {
    // Memory
    shared_buffers: Kind::Int(Unit::Page, 16, MAX / 2), "128MB", Postmaster, "pages that all processes share";
    wal_buffers: Kind::Int(Unit::Page, -1, 262143), "-1", Postmaster, "pages of WAL not yet written; -1: a 32nd of shared_buffers";
    work_mem: Kind::Int(Unit::Kb, 64, MAX), "4MB", User, "memory of one sort or hash";
    maintenance_work_mem: Kind::Int(Unit::Kb, 1024, MAX), "64MB", User, "memory of VACUUM and CREATE INDEX";
    // Connections
    max_connections: Kind::Int(Unit::None, 1, 262143), "100", Postmaster, "clients at once";
    superuser_reserved_connections: Kind::Int(Unit::None, 0, 262143), "3", Postmaster, "connections kept for superusers";
    // The write-ahead log
    wal_level: Kind::Enum(&["minimal", "replica", "logical"]), "replica", Postmaster, "how much the WAL says";
    fsync: Kind::Bool, "on", Sighup, "whether syncs are done at all";
    full_page_writes: Kind::Bool, "on", Sighup, "whether the first change of a page after a checkpoint logs the page";
    synchronous_commit: Kind::Enum(&["local", "remote_write", "remote_apply", "on", "off"]), "on", User, "what a commit waits for";
    wal_writer_delay: Kind::Int(Unit::Ms, 1, 10000), "200ms", Sighup, "between rounds of the WAL writer";
    wal_writer_flush_after: Kind::Int(Unit::Page, 0, MAX), "1MB", Sighup, "WAL that makes the WAL writer flush";
    wal_recycle: Kind::Bool, "off", Superuser, "whether old segments are used again under new names";
    checkpoint_timeout: Kind::Int(Unit::Sec, 30, 86400), "5min", Sighup, "the longest time between checkpoints";
    checkpoint_completion_target: Kind::Int(Unit::Fraction, 0, 1000), "0.9", Sighup, "the part of that time over which a checkpoint is spread";
    max_wal_size: Kind::Int(Unit::Mb, 2, MAX), "1GB", Sighup, "WAL that makes a checkpoint due";
    min_wal_size: Kind::Int(Unit::Mb, 2, MAX), "80MB", Sighup, "WAL kept for use again";
    wal_keep_size: Kind::Int(Unit::Mb, 0, MAX), "0", Sighup, "WAL kept for standbys";
    // The background writer
    bgwriter_delay: Kind::Int(Unit::Ms, 10, 10000), "200ms", Sighup, "between rounds of the background writer";
    bgwriter_lru_maxpages: Kind::Int(Unit::None, 0, MAX / 2), "100", Sighup, "pages it writes in a round at most";
    bgwriter_lru_multiplier: Kind::Int(Unit::Fraction, 0, 10000), "2", Sighup, "how far ahead of the need it cleans";
    // Replication
    max_wal_senders: Kind::Int(Unit::None, 0, 262143), "10", Postmaster, "standbys at once";
    synchronous_standby_names: Kind::Text, "", Sighup, "standbys that commits wait for";
    hot_standby: Kind::Bool, "on", Postmaster, "whether a standby answers queries";
    max_standby_streaming_delay: Kind::Int(Unit::Ms, -1, MAX), "30s", Sighup, "how long replay waits for a standby's sessions in its way; -1: for ever";
    primary_conninfo: Kind::Text, "", Sighup, "where a standby finds its primary";
    wal_receiver_status_interval: Kind::Int(Unit::Sec, 0, MAX / 1000), "10s", Sighup, "the longest time between a standby's reports";
    // Locks and time-outs
    deadlock_timeout: Kind::Int(Unit::Ms, 1, MAX), "1s", Superuser, "wait before a deadlock is looked for";
    lock_timeout: Kind::Int(Unit::Ms, 0, MAX), "0", User, "the longest wait for a lock; 0: no limit";
    statement_timeout: Kind::Int(Unit::Ms, 0, MAX), "0", User, "the longest run of a statement; 0: no limit";
    idle_in_transaction_session_timeout: Kind::Int(Unit::Ms, 0, MAX), "0", User, "the longest pause in a transaction; 0: no limit";
    idle_session_timeout: Kind::Int(Unit::Ms, 0, MAX), "0", User, "the longest pause outside of one; 0: no limit";
    // Transactions
    default_transaction_isolation: ISOLATION, "read committed", User, "the isolation level of new transactions";
    default_transaction_read_only: Kind::Bool, "off", User, "whether new transactions only read";
    transaction_isolation: ISOLATION, "read committed", User, "the isolation level of this transaction";
    transaction_read_only: Kind::Bool, "off", User, "whether this transaction only reads";
    // What clients ask for
    application_name: Kind::Text, "", User, "shown in pg_stat_activity";
    client_encoding: Kind::Text, "UTF8", User, "the client's character set";
    client_min_messages: Kind::Enum(&["debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"]), "notice", User, "the least message that is sent to the client";
    search_path: Kind::Text, "\"$user\", public", User, "schemas in which names are looked for";
    DateStyle: Kind::Text, "ISO, MDY", User, "how dates are printed";
    IntervalStyle: Kind::Enum(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"]), "postgres", User, "how intervals are printed";
    TimeZone: Kind::Text, "Etc/UTC", User, "the zone in which times are printed";
    bytea_output: Kind::Enum(&["escape", "hex"]), "hex", User, "how bytea is printed";
    extra_float_digits: Kind::Int(Unit::None, -15, 3), "1", User, "digits of floating point numbers";
    standard_conforming_strings: Kind::Bool, "on", User, "whether a backslash in '...' is just a backslash";
    // Not built yet, shown so that nobody is misled
    autovacuum: Kind::Bool, "off", Internal, "vacuum by itself: not built yet";
    // Facts
    server_version: Kind::Text, "15.0 (Vitrine)", Internal, "the version that this engine follows";
    server_version_num: Kind::Int(Unit::None, 150000, 159999), "150000", Internal, "the same as a number";
    server_encoding: Kind::Text, "UTF8", Internal, "the database's character set";
    integer_datetimes: Kind::Bool, "on", Internal, "times are whole microseconds";
    is_superuser: Kind::Bool, "on", Internal, "whether this user may do everything";
    session_authorization: Kind::Text, "postgres", Internal, "this session's user";
    in_hot_standby: Kind::Bool, "off", Internal, "whether this server is a standby";
    block_size: Kind::Int(Unit::None, 8192, 8192), "8192", Internal, "bytes in a page";
    wal_block_size: Kind::Int(Unit::None, 8192, 8192), "8192", Internal, "bytes in a page of WAL";
    wal_segment_size: Kind::Int(Unit::Byte, 1 << 20, 1 << 30), "1MB", Internal, "bytes in a segment file";
    data_checksums: Kind::Bool, "off", Internal, "whether pages carry checksums";
    max_identifier_length: Kind::Int(Unit::None, 63, 63), "63", Internal, "bytes in a name";
}
