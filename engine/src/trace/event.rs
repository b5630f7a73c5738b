//! The closed enum of events.

use crate::ids::*;

/// What ReadyForQuery says of the session's transaction: the letter of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
#[repr(u8)]
pub enum TxStatus {
    /// `I`: idle.
    Idle = b'I',
    /// `T`: in a transaction block.
    InBlock = b'T',
    /// `E`: in a failed transaction block.
    Failed = b'E',
}

/// A field's value as a fixed number of bits, the same on every machine, for the hash.
trait Word {
    fn word(self) -> u64;
}

macro_rules! words {
    ($($type:ty: |$x:ident| $word:expr;)*) => {
        $(impl Word for $type { fn word(self) -> u64 { let $x = self; $word } })*
    };
}

words! {
    bool: |x| u64::from(x);
    u8: |x| u64::from(x);
    u16: |x| u64::from(x);
    u32: |x| u64::from(x);
    Lsn: |x| x.0;
    Xid: |x| u64::from(x.0);
    XidStatus: |x| x as u64;
    Pid: |x| u64::from(x.0);
    HostId: |x| u64::from(x.0);
    BufferId: |x| u64::from(x.0);
    BlockNumber: |x| u64::from(x.0);
    Tid: |x| u64::from(x.block.0) << 16 | u64::from(x.offset);
    Oid: |x| u64::from(x.0);
    RelFile: |x| u64::from(x.db.0) << 32 | u64::from(x.rel.0);
    Fork: |x| x as u64;
    RmgrId: |x| x as u64;
    LockMode: |x| x as u64;
    BackendType: |x| x as u64;
    WaitEvent: |x| x as u64;
    TxStatus: |x| x as u64;
    [u8; 5]: |x| x.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
}

macro_rules! events {
    (@coarse coarse) => { true };
    (@coarse fine) => { false };
    ($($(#[doc = $doc:literal])* $class:ident $name:ident $({ $($(#[doc = $fdoc:literal])* $field:ident: $type:ty),* $(,)? })?;)*) => {
        /// Something that happened. The process, the moment and the step it lies in are those of its `Entry`.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), serde(tag = "kind"))]
        pub enum Event {
            $($(#[doc = $doc])* $name $({ $($(#[doc = $fdoc])* $field: $type),* })?,)*
        }

        impl Event {
            /// Whether this event is of the class that the hash chains.
            pub fn is_coarse(&self) -> bool {
                match self { $(Event::$name $({ $($field: _),* })? => events!(@coarse $class),)* }
            }

            /// Hands the event to `fold` word by word: its number, then its fields.
            pub(super) fn words(&self, mut fold: impl FnMut(u64)) {
                #[allow(non_camel_case_types)]
                enum Number { $($name),* }
                match *self {
                    $(Event::$name $({ $($field),* })? => {
                        fold(Number::$name as u64);
                        $($(fold($field.word());)*)?
                    })*
                }
            }
        }
    };
}

events! {
    // --- the computer room --------------------------------------------------------------------------------
    /// A process was started.
    coarse ProcessStart { /** The new process. */ pid: Pid, /** What it is. */ backend_type: BackendType };
    /// A process ended by itself.
    coarse ProcessExit { /** Which. */ pid: Pid };
    /// A process was killed.
    coarse ProcessKilled { /** Which. */ pid: Pid };
    /// A host lost its power: all its memory and processes are gone.
    coarse PowerFail { /** Which. */ host: HostId };
    /// A host's power is back.
    coarse PowerOn { /** Which. */ host: HostId };
    /// The process begins to wait.
    coarse WaitStart { /** For what. */ event: WaitEvent };
    /// The process has got what it waited for, or its time is up.
    coarse WaitEnd { /** For what. */ event: WaitEvent };
    /// A latch was set: a process is asked to look up.
    fine LatchSet;
    /// A write reached the kernel's cache; a power cut would still lose it.
    fine DiskWrite { /** Bytes written. */ bytes: u32 };
    /// A sync has ended: what was written to the file is durable.
    fine DiskSync { /** Pages that became durable. */ pages: u32 };
    /// A message left on a link.
    fine LinkSend { /** Its size. */ bytes: u32 };
    /// A link was cut or healed.
    coarse LinkCut { /** Whether it is cut now. */ cut: bool };

    // --- a session -----------------------------------------------------------------------------------------
    /// A client's message reached its backend.
    coarse Query;
    /// A statement begins to execute.
    fine StatementStart { /** Where in the query string it begins, in bytes. */ offset: u32 };
    /// A statement has been executed.
    fine StatementEnd { /** Rows returned or changed. */ rows: u32 };
    /// A result is on its way to the client.
    fine ResultSent { /** Rows in it. */ rows: u32 };
    /// An error is reported to the client.
    coarse ErrorReport { /** Its SQLSTATE, five characters. */ sqlstate: [u8; 5] };
    /// The backend is ready for the next query.
    coarse ReadyForQuery { /** The transaction status it reports. */ status: TxStatus };

    // --- transactions --------------------------------------------------------------------------------------
    /// A transaction block was opened.
    fine XactBegin;
    /// A transaction was given its id, at its first write.
    coarse XidAssigned { /** The id. */ xid: Xid };
    /// A savepoint: what follows is a part of the transaction that can be rolled back by itself.
    fine SubXactStart { /** How deep it lies; 1 is the transaction itself. */ level: u32 };
    /// A part of a transaction was released: it belongs to the one around it from here on.
    fine SubXactCommit { /** How deep it lay. */ level: u32, /** Its id, if it had one. */ xid: Xid };
    /// A part of a transaction was rolled back.
    coarse SubXactAbort { /** How deep it lay. */ level: u32, /** Its id, if it had one. */ xid: Xid };
    /// A multixact was made: several transactions stand for one in a row's header.
    fine MultiXactCreate { /** Its number. */ multi: u32, /** How many. */ members: u16 };
    /// A snapshot was taken: `xmin:xmax:` and how many in between are running.
    fine SnapshotTaken { /** All before it are over. */ xmin: Xid, /** All from it on are not. */ xmax: Xid, /** Running between them. */ running: u32 };
    /// Two bits of pg_xact were set.
    coarse ClogSet { /** The transaction. */ xid: Xid, /** Its fate. */ status: XidStatus };
    /// A transaction left the list of running ones: new snapshots see what it did.
    coarse ProcArrayRemove { /** The transaction. */ xid: Xid };
    /// A transaction's locks were released.
    fine LocksReleased { /** How many. */ count: u32 };
    /// A commit waits until a synchronous standby has reported this position.
    coarse SyncRepWait { /** The position. */ lsn: Lsn };
    /// A lock was granted.
    fine LockGranted { /** The relation, or invalid. */ relation: Oid, /** The transaction, or invalid. */ xid: Xid, /** The mode. */ mode: LockMode };
    /// A lock must be waited for.
    coarse LockWait { /** The relation, or invalid. */ relation: Oid, /** The transaction, or invalid. */ xid: Xid, /** The mode. */ mode: LockMode };
    /// A deadlock was found; this process's statement will fail.
    coarse DeadlockFound;

    // --- buffers -------------------------------------------------------------------------------------------
    /// A page was found in shared buffers.
    fine BufferHit { /** The buffer. */ buffer: BufferId, /** Whose page. */ rel: RelFile, /** Which fork. */ fork: Fork, /** Which page. */ block: BlockNumber };
    /// A page was read into a buffer.
    fine BufferRead { /** The buffer. */ buffer: BufferId, /** Whose page. */ rel: RelFile, /** Which fork. */ fork: Fork, /** Which page. */ block: BlockNumber };
    /// A page was taken out of its buffer to make room.
    fine BufferEvict { /** The buffer. */ buffer: BufferId, /** Whose page. */ rel: RelFile, /** Which fork. */ fork: Fork, /** Which page. */ block: BlockNumber };
    /// The next page of a big scan, or of VACUUM, goes into this buffer, which is or becomes part of its ring.
    fine RingBuffer { /** The buffer. */ buffer: BufferId, /** Its place in the ring. */ slot: u16, /** Whether the ring had it already. */ reused: bool };
    /// A scan lets a buffer of its ring go, whose page somebody has changed: to write it, the log had to be flushed first.
    fine RingReject { /** The buffer. */ buffer: BufferId, /** The place in the ring. */ slot: u16 };
    /// A buffer is newer than its page on disk from here on.
    fine BufferDirty { /** The buffer. */ buffer: BufferId, /** Whose page. */ rel: RelFile, /** Which fork. */ fork: Fork, /** Which page. */ block: BlockNumber };
    /// A dirty buffer was written to its file.
    fine BufferWrite { /** The buffer. */ buffer: BufferId, /** Whose page. */ rel: RelFile, /** Which fork. */ fork: Fork, /** Which page. */ block: BlockNumber };
    /// A relation became longer.
    fine RelationExtend { /** Whose file. */ rel: RelFile, /** Which fork. */ fork: Fork, /** The new page. */ block: BlockNumber };

    // --- the heap ------------------------------------------------------------------------------------------
    /// A row version was added.
    fine TupleInsert { /** Whose. */ rel: RelFile, /** Where. */ tid: Tid };
    /// A row version got a successor.
    fine TupleUpdate { /** Whose. */ rel: RelFile, /** The old version. */ old: Tid, /** The new one. */ new: Tid };
    /// A row that was added on approval stays.
    fine TupleConfirm { /** Whose. */ rel: RelFile, /** Where. */ tid: Tid };
    /// A row that was added on approval is taken back.
    fine TupleTakeBack { /** Whose. */ rel: RelFile, /** Where. */ tid: Tid };
    /// A sequence gave a number.
    fine SequenceNext { /** Whose file. */ rel: RelFile, /** Whether that took a record, for the numbers to come as well. */ logged: bool };
    /// A foreign key looks for the row that another one refers to, or for those that refer to it.
    fine ForeignKeyCheck { /** The table whose row was changed. */ table: Oid, /** The key. */ constraint: Oid };
    /// A row version was ended.
    fine TupleDelete { /** Whose. */ rel: RelFile, /** Where. */ tid: Tid };
    /// A row version was locked, or a further transaction added to those that have.
    fine TupleLock { /** Whose. */ rel: RelFile, /** Where. */ tid: Tid, /** `t_xmax` from here on. */ xmax: Xid, /** The bits of `t_infomask` that speak of it. */ infomask: u16 };
    /// A reader looked a transaction up and noted the answer in the tuple header.
    fine HintBits { /** Whose. */ rel: RelFile, /** Where. */ tid: Tid, /** `t_infomask` before. */ before: u16, /** And after. */ after: u16 };
    /// Dead row versions were taken out of a page.
    fine Prune { /** Whose. */ rel: RelFile, /** Which page. */ block: BlockNumber, /** Line pointers that became redirects. */ redirected: u16, /** That became dead. */ dead: u16, /** That became unused. */ unused: u16 };
    /// Row versions were marked frozen.
    fine Freeze { /** Whose. */ rel: RelFile, /** Which page. */ block: BlockNumber, /** How many. */ tuples: u16 };
    /// A page's bits in the visibility map changed.
    fine VisibilityMap { /** Whose. */ rel: RelFile, /** Which page. */ block: BlockNumber, /** 1 all-visible, 2 all-frozen. */ bits: u8 };
    /// VACUUM begins with a table.
    fine VacuumStart { /** The table. */ relation: Oid };
    /// VACUUM has done with a table.
    fine VacuumEnd { /** The table. */ relation: Oid, /** Row versions removed. */ removed: u32 };

    // --- the write-ahead log -------------------------------------------------------------------------------
    /// A record was put into the WAL buffers.
    coarse WalInsert { /** Where it begins. */ start: Lsn, /** Where the next one may. */ end: Lsn, /** Who can replay it. */ rmgr: RmgrId, /** What it is. */ info: u8 };
    /// WAL up to here is with the operating system.
    coarse WalWrite { /** The position. */ upto: Lsn };
    /// WAL up to here is durable.
    coarse WalFlush { /** The position. */ upto: Lsn };
    /// A segment file was made.
    fine WalSegmentCreate { /** Its first byte. */ start: Lsn };
    /// A segment file that nobody needs any more was removed.
    fine WalSegmentRemove { /** Its first byte. */ start: Lsn };

    // --- checkpoints and recovery --------------------------------------------------------------------------
    /// A checkpoint begins; recovery would start here.
    coarse CheckpointStart { /** The redo point. */ redo: Lsn };
    /// All dirty buffers of the checkpoint are written.
    fine CheckpointBuffersWritten { /** How many. */ buffers: u32 };
    /// The checkpoint is in the control file.
    coarse CheckpointDone { /** Its record. */ record: Lsn, /** Its redo point. */ redo: Lsn };
    /// Recovery begins.
    coarse RedoStart { /** The redo point. */ redo: Lsn };
    /// A record was replayed.
    coarse RedoApply { /** Where it begins. */ start: Lsn, /** Where the next one may. */ end: Lsn, /** Whose record. */ rmgr: RmgrId, /** What it is. */ info: u8 };
    /// The end of valid WAL was reached.
    coarse RedoDone { /** Where the last record begins. */ last: Lsn };
    /// The server accepts connections.
    coarse ServerReady;

    // --- replication ---------------------------------------------------------------------------------------
    /// The walsender sent WAL up to here.
    coarse WalSend { /** The position. */ upto: Lsn };
    /// The walreceiver handed WAL up to here to its operating system.
    coarse StandbyWrite { /** The position. */ upto: Lsn };
    /// WAL up to here is durable on the standby.
    coarse StandbyFlush { /** The position. */ upto: Lsn };
    /// The standby reported its positions.
    fine StandbyReply { /** Written. */ write: Lsn, /** Flushed. */ flush: Lsn, /** Replayed. */ apply: Lsn };
    /// The primary heard the standby's positions.
    coarse StandbyReplyReceived { /** Written. */ write: Lsn, /** Flushed. */ flush: Lsn, /** Replayed. */ apply: Lsn };
    /// A base backup has copied a file.
    fine BackupFile { /** Its size. */ bytes: u32 };

    // --- indexes -------------------------------------------------------------------------------------------
    /// A tuple was put on a page of an index.
    fine IndexInsert { /** Whose. */ rel: RelFile, /** Which page. */ block: BlockNumber, /** Its line pointer. */ offset: OffsetNumber };
    /// A page of an index became two; the right one has no downlink yet.
    fine IndexSplit { /** Whose. */ rel: RelFile, /** The page. */ left: BlockNumber, /** The new one. */ right: BlockNumber };
    /// An index has a new root.
    fine IndexRoot { /** Whose. */ rel: RelFile, /** The root. */ block: BlockNumber, /** Its level, counted from the leaves. */ level: u32 };
    /// Equal keys of a leaf were merged into posting lists.
    fine IndexMerge { /** Whose. */ rel: RelFile, /** Which page. */ block: BlockNumber, /** How many lists. */ lists: u16 };
    /// Entries of dead rows were removed from a leaf.
    fine IndexDelete { /** Whose. */ rel: RelFile, /** Which page. */ block: BlockNumber, /** How many tuples. */ tuples: u16 };
    /// An empty page lost its downlink.
    fine IndexHalfDead { /** Whose. */ rel: RelFile, /** Which page. */ block: BlockNumber };
    /// A page was taken from between its neighbours: it is no longer part of the index.
    fine IndexUnlink { /** Whose. */ rel: RelFile, /** Which page. */ block: BlockNumber };

    // --- memory and temporary files ------------------------------------------------------------------------
    /// A temporary file was made.
    fine TempFileCreate { /** Its number within the process. */ file: u32 };
    /// A temporary file was removed.
    fine TempFileRemove { /** Its number within the process. */ file: u32, /** How long it was. */ kilobytes: u32 };
    /// A sort's memory is full: what it holds is in order and goes to a tape of its temporary file.
    fine SortRun { /** Which run, from 1. */ run: u32, /** How many tuples. */ tuples: u32 };
    /// A sort begins to merge runs into one.
    fine SortMerge { /** How many runs. */ runs: u16, /** How many wait besides. */ waiting: u32, /** Whether the result is read at once instead of written. */ last: bool };
    /// All that a sort was given is in order in memory.
    fine SortDone { /** How many tuples. */ tuples: u32, /** Whether only the first ones were wanted. */ top: bool };
    /// The table of a hash join is complete, or what of it fits into memory.
    fine HashBuilt { /** Tuples in memory. */ tuples: u32, /** Of how many batches it is the first. */ batches: u32 };
    /// The table of a hash join is too large: the batches are halved.
    fine HashSplit { /** How many there are now. */ batches: u32, /** How many tuples went from memory to disk. */ moved: u32 };
    /// A hash join goes on with the next batch.
    fine HashBatch { /** Which, from 0. */ batch: u32, /** How many there are. */ batches: u32 };
    /// A hash table of groups is full: rows of groups that are not in it go to disk.
    fine HashSpill { /** Into so many partitions. */ partitions: u32, /** Groups in memory. */ groups: u32 };
    /// Indexes have been asked for the rows of a table, which is now read page by page.
    fine BitmapMade { /** Of which table. */ rel: RelFile, /** Pages of which the rows are known. */ pages: u32, /** Chunks of pages of which they are not. */ lossy: u32 };
    /// The rows of a partition that was put aside are grouped.
    fine HashPartition { /** How many rows it has. */ tuples: u32, /** How many partitions wait besides. */ waiting: u32 };

    // --- timelines -----------------------------------------------------------------------------------------
    /// A standby becomes a primary: from here on its log is one of its own.
    coarse TimelineFork { /** The new timeline. */ timeline: u32, /** Where the old one is left. */ at: Lsn };
}
