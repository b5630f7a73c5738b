//! The write-ahead log: every change as a record in one endless line of bytes, before the change itself is on disk.
//!
//! A record says which pages it changes and how. The line is cut into segment files, the segments into pages of
//! 8 KB, and records flow over both cuts as if they were not there:
//!
//! ```text
//!   segment 000000010000000000000001                     segment ...2
//!   +------------------+------------------+-- ... --+    +------------------+--
//!   |HHHH rec rec rec r|HH ec  rec rec    |         |    |HHHH rec rec      |
//!   +------------------+------------------+-- ... --+    +------------------+--
//!    |               |  |
//!    long header     |  short header, says that a record goes on here and how long the rest is
//!                    a record that did not fit
//! ```
//!
//! The files of this room, ground up:
//!
//! ```text
//!   bytes      little-endian fields, taken and put without a panic
//!   page       the header of each 8 KB, and the arithmetic of positions around them
//!   record     one record's bytes: header, block references, full-page images, data; RecordBuilder makes them
//!   decode     the way back: bytes to a DecodedRecord
//!   reader     finds record after record in pages, and says like PostgreSQL where and why the log ends
//!   *_records  what each resource manager puts into its records, as structs
//!   invalidation   the messages in some of them that tell caches what is out of date
//!   describe   a record in the words of pg_waldump and pg_get_wal_records_info
//! ```
//!
//! PostgreSQL: `access/transam/xlog.c`, `xloginsert.c`, `xlogreader.c`, `access/rmgrdesc/`.

pub mod btree_records;
mod bytes;
#[cfg(test)]
mod chance;
pub mod clog_records;
pub mod control;
pub mod decode;
pub mod describe;
#[cfg(test)]
mod golden;
pub mod heap2_records;
pub mod heap_records;
pub mod invalidation;
pub mod multixact_records;
pub mod page;
pub mod reader;
pub mod record;
pub mod seq_records;
pub mod shared;
pub mod standby_records;
pub mod storage_records;
pub mod xact_records;
pub mod xlog_records;

mod segments;
mod write;

pub use decode::{BlockImage, DecodedBlock, DecodedRecord};
pub use invalidation::{Invalidation, NAMESPACEOID};
pub use page::WalPage;
pub use reader::{ReadError, WalReader, WalSource};
pub use record::{AssembledRecord, BlockRef, RecordBuilder};
pub use segments::SegmentCounts;
pub use shared::{Wal, WalConfig, WalStats};
