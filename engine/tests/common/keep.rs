//! Keeps the log that a test has written, so that a real server's pg_waldump can read all of it: `tests/suite-wal.mjs`
//! does that after the tests, where `VITRINE_KEEP_WAL` names the folder.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use vitrine_engine::cluster::Lab;
use vitrine_engine::server::Server;
use vitrine_engine::wal::page::XLOG_BLCKSZ;

/// Numbers the logs of one test program.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// Keeps the logs of all servers that run, each with a file `end` that says where it ends.
pub fn keep_wal(lab: &Lab, test: &str) {
    let Some(folder) = std::env::var_os("VITRINE_KEEP_WAL").map(PathBuf::from) else { return };
    for spec in lab.hosts() {
        let Some(server) = spec.running.borrow().clone() else { continue };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        keep(&server, &folder.join(format!("{test}-{number}-{}", spec.name)));
    }
}

fn keep(server: &Server, folder: &PathBuf) {
    let standby = server.txns.procs.in_recovery();
    let end = if standby { server.receiver.flush.get() } else { server.wal.flush_lsn() };
    fs::create_dir_all(folder).expect("a folder");
    let seg = server.wal.config().seg;
    let disk = &server.spec.disk;
    for path in disk.list("pg_wal/0") {
        let name = path.trim_start_matches("pg_wal/");
        let last = name[8..] == seg.file_name(server.timeline(), seg.segment_of(end))[8..];
        // Behind the end nothing is read but the page that follows it.
        let used = (seg.offset_of(end) as usize).next_multiple_of(XLOG_BLCKSZ) + XLOG_BLCKSZ;
        let length = if last { used.min(seg.bytes() as usize) } else { seg.bytes() as usize };
        fs::write(folder.join(name), disk.peek(&path, 0, length).expect("a whole segment")).expect("a file");
    }
    // A log that ends with a segment: pg_waldump would wait for the next one.
    let next = folder.join(seg.file_name(server.timeline(), seg.segment_of(end)));
    if !next.exists() {
        fs::write(next, [0; XLOG_BLCKSZ]).expect("a file");
    }
    fs::write(folder.join("end"), end.to_string()).expect("a file");
}
