//! The newtypes that every room speaks in, as PostgreSQL names, prints and orders them.
//!
//! A bare `u32` in a signature says nothing; `Xid`, `Oid`, `BlockNumber` and `BufferId` say what may be
//! compared with what. Each type carries PostgreSQL's own text form in `Display` (`0/10B8CB8`, `(0,4)`,
//! `base/5/16384`), so that whatever the page shows can be pasted into a real server's prompt.
//!
//! ```text
//!   Lsn          a byte position in the write-ahead log            access/xlogdefs.h
//!   Xid          a transaction, compared modulo 2^32                access/transam.h
//!   Oid, RelFile what a table is called inside, where its file is   storage/relfilenode.h
//!   Tid          a place in a table: block and line pointer         storage/itemptr.h
//!   Pid, HostId  a process of the simulated computer room
//!   WaitEvent    what a process is waiting for                      utils/wait_event.h
//!   LockMode     the eight strengths of a table lock                storage/lockdefs.h
//!   Error        SQLSTATE, message, detail, hint, position          utils/elog.h
//! ```

mod error;
mod lock;
mod lsn;
mod process;
mod relation;
mod rmgr;
mod time;
mod xid;

pub use error::{Error, Report, Result, Severity, SqlState, sqlstate};
pub use lock::LockMode;
pub use lsn::{Lsn, TimeLineId, WalSegSize, WalSegment};
pub use process::{BackendType, HostId, Pid, WaitEvent, WaitEventType};
pub use relation::{BLCKSZ, BlockNumber, BufferId, FIRST_NORMAL_OID, Fork, OffsetNumber, Oid, RelFile, Tid};
pub use rmgr::RmgrId;
pub use time::{Instant, TimestampTz, USECS_PER_SEC};
pub use xid::{CommandId, FullXid, MultiXactId, Xid, XidStatus};
