//! What is in a server's log, read from its disk by the test itself.

use std::collections::{BTreeMap, BTreeSet};

use vitrine_engine::ids::{Lsn, RelFile, RmgrId, TimeLineId, WalSegSize, Xid};
use vitrine_engine::wal::describe::record_type;
use vitrine_engine::wal::page::{WalPage, XLOG_BLCKSZ};
use vitrine_engine::wal::reader::{WalReader, WalSource, source};
use vitrine_engine::wal::xact_records::XactEnd;
use vitrine_engine::world::Disk;

const SEG: WalSegSize = WalSegSize::ONE_MB;
const TIMELINE: TimeLineId = TimeLineId(1);

/// Kinds of records that tell that something has happened in the run.
pub const KINDS: [&str; 23] = [
    "Btree/DEDUP",
    "Btree/DELETE",
    "Btree/MARK_PAGE_HALFDEAD",
    "Btree/NEWROOT",
    "Btree/REUSE_PAGE",
    "Btree/SPLIT_L",
    "Btree/SPLIT_R",
    "Btree/UNLINK_PAGE",
    "Btree/VACUUM",
    "Heap/HOT_UPDATE",
    "Heap/LOCK",
    "Heap/UPDATE",
    "Heap2/FREEZE_PAGE",
    "Heap2/LOCK_UPDATED",
    "Heap2/PRUNE",
    "Heap2/VACUUM",
    "Heap2/VISIBLE",
    "MultiXact/CREATE_ID",
    "Sequence/LOG",
    "Storage/CREATE",
    "Storage/TRUNCATE",
    "Transaction/ABORT",
    "Xlog/CHECKPOINT_ONLINE",
];

/// Lines of the server log that tell as much.
pub const LINES: [&str; 3] = ["checkpoint starting: time", "checkpoint starting: wal", "automatic vacuum of table"];

fn pages(disk: &Disk) -> impl WalSource + '_ {
    source(move |page: Lsn, _| {
        let path = format!("pg_wal/{}", SEG.file_name(TIMELINE, SEG.segment_of(page)));
        let bytes = disk.peek(&path, SEG.offset_of(page), XLOG_BLCKSZ)?;
        WalPage::try_from(bytes).ok()
    })
}

/// Where the log on a disk ends, read from the record at `from`.
pub fn end(disk: &Disk, from: Lsn) -> Lsn {
    let (mut reader, mut pages) = (WalReader::new(SEG, TIMELINE, None, from), pages(disk));
    while reader.next(&mut pages).is_ok() {}
    reader.position()
}

/// All that a server has written to its log, followed while it is written.
pub struct Followed {
    reader: WalReader,
    /// The table in which transactions write their names.
    done: RelFile,
    /// Where records begin, and end.
    records: BTreeMap<Lsn, Lsn>,
    /// Where the commit record of a transaction ends, and of those that are part of it.
    commits: BTreeMap<Xid, Lsn>,
    /// Transactions that have written their names.
    named: BTreeSet<Xid>,
    /// The kinds of records.
    pub kinds: BTreeSet<String>,
}

impl Followed {
    pub fn new(from: Lsn, done: RelFile) -> Followed {
        let reader = WalReader::new(SEG, TIMELINE, None, from);
        let (records, commits, named) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Followed { reader, done, records, commits, named, kinds: BTreeSet::new() }
    }

    /// Reads what has come to the disk since.
    pub fn follow(&mut self, disk: &Disk) {
        let mut pages = pages(disk);
        while let Ok(record) = self.reader.next(&mut pages) {
            self.records.insert(record.lsn, record.end_lsn);
            let kind = record_type(&record);
            let first = record.blocks.first().and_then(Option::as_ref);
            if record.rmid == RmgrId::Heap && kind.starts_with("INSERT") && first.is_some_and(|b| b.rel == self.done) {
                self.named.insert(record.xid);
            }
            if record.rmid == RmgrId::Transaction && kind == "COMMIT" {
                let end = XactEnd::decode(record.info, &record.main_data).expect("a commit record");
                let all = end.subxacts.into_iter().chain([record.xid]);
                self.commits.extend(all.map(|xid| (xid, record.end_lsn)));
            }
            self.kinds.insert(format!("{:?}/{kind}", record.rmid));
        }
    }

    /// The last record that lies whole before a position: where it begins and ends.
    pub fn last_before(&self, at: Lsn) -> (Lsn, Lsn) {
        let mut before = self.records.range(..at).rev();
        let (begin, end) = before.find(|(_, end)| **end <= at).expect("a record before it");
        (*begin, *end)
    }

    /// The transactions that wrote their names and committed by a record before `end`.
    pub fn committed(&self, end: Lsn) -> BTreeSet<Xid> {
        let there = self.commits.iter().filter(|(xid, at)| **at <= end && self.named.contains(xid));
        there.map(|(xid, _)| *xid).collect()
    }
}
