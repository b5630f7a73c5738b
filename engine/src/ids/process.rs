//! Processes, the hosts they run on, and what they wait for.

use std::fmt;

/// A process id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct Pid(pub u32);

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A computer of the room: 0 the primary, 1 the first standby.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct HostId(pub u8);

/// What a process is, as `pg_stat_activity.backend_type` says it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub enum BackendType {
    /// Starts all others; has no row in pg_stat_activity.
    Postmaster,
    /// Serves one client.
    ClientBackend,
    /// Writes checkpoints.
    Checkpointer,
    /// Writes dirty buffers ahead of the clock hand.
    BackgroundWriter,
    /// Has a worker started now and then.
    AutovacuumLauncher,
    /// Vacuums the tables of a database that need it.
    AutovacuumWorker,
    /// Flushes the WAL of asynchronous commits.
    WalWriter,
    /// Replays WAL after a crash, or forever on a standby.
    Startup,
    /// Sends WAL to one standby.
    WalSender,
    /// Receives WAL on a standby.
    WalReceiver,
    /// Copies a running primary over the link (`pg_basebackup`); not a server process.
    BaseBackup,
}

impl BackendType {
    /// The text of `pg_stat_activity.backend_type`.
    pub fn name(self) -> &'static str {
        match self {
            BackendType::Postmaster => "postmaster",
            BackendType::ClientBackend => "client backend",
            BackendType::Checkpointer => "checkpointer",
            BackendType::BackgroundWriter => "background writer",
            BackendType::AutovacuumLauncher => "autovacuum launcher",
            BackendType::AutovacuumWorker => "autovacuum worker",
            BackendType::WalWriter => "walwriter",
            BackendType::Startup => "startup",
            BackendType::WalSender => "walsender",
            BackendType::WalReceiver => "walreceiver",
            BackendType::BaseBackup => "pg_basebackup",
        }
    }
}

/// `pg_stat_activity.wait_event_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub enum WaitEventType {
    /// A background process in its main loop.
    Activity,
    /// Exclusive access to a buffer that another process has pinned.
    BufferPin,
    /// The client at the other end.
    Client,
    /// Another process of this server.
    Ipc,
    /// A disk.
    Io,
    /// A lock of the lock manager.
    Lock,
    /// A lightweight lock on shared memory.
    LWLock,
    /// A time to pass.
    Timeout,
}

impl WaitEventType {
    /// As SQL prints it.
    pub fn name(self) -> &'static str {
        match self {
            WaitEventType::Activity => "Activity",
            WaitEventType::BufferPin => "BufferPin",
            WaitEventType::Client => "Client",
            WaitEventType::Ipc => "IPC",
            WaitEventType::Io => "IO",
            WaitEventType::Lock => "Lock",
            WaitEventType::LWLock => "LWLock",
            WaitEventType::Timeout => "Timeout",
        }
    }
}

macro_rules! wait_events {
    ($($(#[doc = $doc:literal])* $name:ident: $kind:ident $text:literal,)*) => {
        /// What a process waits for, with PostgreSQL 15's names (`pg_stat_activity.wait_event`).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
        pub enum WaitEvent { $($(#[doc = $doc])* $name,)* }

        impl WaitEvent {
            /// `pg_stat_activity.wait_event`.
            pub fn name(self) -> &'static str {
                match self { $(WaitEvent::$name => $text,)* }
            }

            /// `pg_stat_activity.wait_event_type`.
            pub fn kind(self) -> WaitEventType {
                match self { $(WaitEvent::$name => WaitEventType::$kind,)* }
            }
        }
    };
}

wait_events! {
    /// The postmaster in its main loop; it has no row in pg_stat_activity, so the name is ours.
    PostmasterMain: Activity "PostmasterMain",
    /// The autovacuum launcher between workers.
    AutoVacuumMain: Activity "AutoVacuumMain",
    /// The checkpointer between checkpoints.
    CheckpointerMain: Activity "CheckpointerMain",
    /// The background writer between rounds.
    BgWriterMain: Activity "BgWriterMain",
    /// The background writer when nothing is being allocated.
    BgWriterHibernate: Activity "BgWriterHibernate",
    /// The WAL writer between rounds.
    WalWriterMain: Activity "WalWriterMain",
    /// A walsender with nothing to send.
    WalSenderMain: Activity "WalSenderMain",
    /// A walreceiver with nothing received.
    WalReceiverMain: Activity "WalReceiverMain",
    /// The startup process waiting for WAL to arrive.
    RecoveryWalStream: Activity "RecoveryWalStream",
    /// A backend waiting for its client's next command.
    ClientRead: Client "ClientRead",
    /// A walreceiver connecting to the primary.
    LibPQWalReceiverConnect: Client "LibPQWalReceiverConnect",
    /// A commit waiting for a synchronous standby.
    SyncRep: Ipc "SyncRep",
    /// `pg_promote`, until the server is a primary.
    Promote: Ipc "Promote",
    /// Replay that was paused by hand.
    RecoveryPause: Ipc "RecoveryPause",
    /// Waiting for a checkpoint to finish.
    CheckpointDone: Ipc "CheckpointDone",
    /// Waiting for a checkpoint to start.
    CheckpointStart: Ipc "CheckpointStart",
    /// Waiting for commits in their critical section before a checkpoint may go on.
    CheckpointDelayStart: Timeout "CheckpointDelayStart",
    /// Spreading a checkpoint's writes.
    CheckpointWriteDelay: Timeout "CheckpointWriteDelay",
    /// Replay on a standby waits for snapshots that may see what is about to go.
    RecoveryConflictSnapshot: Ipc "RecoveryConflictSnapshot",
    /// Before VACUUM asks again for the lock to cut off the end of a table.
    VacuumTruncate: Timeout "VacuumTruncate",
    /// `pg_terminate_backend` with a time limit.
    BackendTermination: Ipc "BackendTermination",
    /// VACUUM has done much in a short time.
    VacuumDelay: Timeout "VacuumDelay",
    /// `pg_sleep`.
    PgSleep: Timeout "PgSleep",
    /// Reading a page of a relation.
    DataFileRead: Io "DataFileRead",
    /// Writing a page of a relation.
    DataFileWrite: Io "DataFileWrite",
    /// Lengthening a relation by a page.
    DataFileExtend: Io "DataFileExtend",
    /// Shortening a relation.
    DataFileTruncate: Io "DataFileTruncate",
    /// Syncing a relation.
    DataFileSync: Io "DataFileSync",
    /// Reading an SLRU page (pg_xact).
    SlruRead: Io "SLRURead",
    /// Writing an SLRU page (pg_xact).
    SlruWrite: Io "SLRUWrite",
    /// Syncing an SLRU file (pg_xact).
    SlruSync: Io "SLRUSync",
    /// Reading WAL.
    WalRead: Io "WALRead",
    /// Writing WAL.
    WalWrite: Io "WALWrite",
    /// Syncing WAL.
    WalSync: Io "WALSync",
    /// Filling a new segment with zeros.
    WalInitWrite: Io "WALInitWrite",
    /// Syncing a new segment.
    WalInitSync: Io "WALInitSync",
    /// Reading pg_control.
    ControlFileRead: Io "ControlFileRead",
    /// Writing pg_control.
    ControlFileWriteUpdate: Io "ControlFileWriteUpdate",
    /// Syncing pg_control.
    ControlFileSyncUpdate: Io "ControlFileSyncUpdate",
    /// Copying the segment with which a timeline begins.
    WalCopyWrite: Io "WALCopyWrite",
    /// Syncing that copy.
    WalCopySync: Io "WALCopySync",
    /// Writing a timeline's history.
    TimelineHistoryWrite: Io "TimelineHistoryWrite",
    /// Syncing a timeline's history.
    TimelineHistorySync: Io "TimelineHistorySync",
    /// Writing a replication slot.
    ReplicationSlotWrite: Io "ReplicationSlotWrite",
    /// Syncing a replication slot.
    ReplicationSlotSync: Io "ReplicationSlotSync",
    /// Reading files for a base backup.
    BaseBackupRead: Io "BaseBackupRead",
    /// A table or other relation.
    LockRelation: Lock "relation",
    /// The end of a transaction.
    LockTransactionId: Lock "transactionid",
    /// One's turn at a row.
    LockTuple: Lock "tuple",
    /// The fate of a row that is added on approval.
    LockSpectoken: Lock "spectoken",
    /// A lock that only applications give a meaning.
    LockAdvisory: Lock "advisory",
    /// The right to lengthen a relation.
    LockExtend: Lock "extend",
    /// The content of a buffer.
    BufferContent: LWLock "BufferContent",
    /// The writing of WAL.
    WalWriteLock: LWLock "WALWrite",
    /// A space in the WAL buffers.
    WalBufMapping: LWLock "WALBufMapping",
    /// The SLRU of pg_xact.
    XactSlru: LWLock "XactSLRU",
    /// The SLRU of pg_subtrans.
    SubtransSlru: LWLock "SubtransSLRU",
    /// The SLRU of multixacts' offsets.
    MultiXactOffsetSlru: LWLock "MultiXactOffsetSLRU",
    /// The SLRU of multixacts' members.
    MultiXactMemberSlru: LWLock "MultiXactMemberSLRU",
    /// The giving of transaction ids.
    XidGen: LWLock "XidGen",
    /// The giving of multixacts.
    MultiXactGen: LWLock "MultiXactGen",
    /// Only one checkpoint or segment change at a time.
    ControlFileLock: LWLock "ControlFile",
    /// A buffer pinned by others.
    BufferPin: BufferPin "BufferPin",
    /// Reading a temporary file.
    BufFileRead: Io "BufFileRead",
    /// Writing a temporary file.
    BufFileWrite: Io "BufFileWrite",
}
