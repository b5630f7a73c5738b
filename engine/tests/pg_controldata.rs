//! A real pg_controldata of version 15 reads the engine's control file without a warning.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vitrine_engine::ids::{FullXid, Lsn, Oid, TimeLineId, WalSegSize, Xid};
use vitrine_engine::storage::control::{CheckPoint, ControlFileData, DbState, WalLevel};

const PG_CONTROLDATA: &str = "/usr/lib/postgresql/15/bin/pg_controldata";

fn control() -> ControlFileData {
    let checkpoint_copy = CheckPoint {
        redo: Lsn(0x100_0028),
        this_timeline: TimeLineId(1),
        prev_timeline: TimeLineId(1),
        full_page_writes: true,
        next_xid: FullXid(731),
        next_oid: Oid(16384),
        next_multi: 1,
        next_multi_offset: 0,
        oldest_xid: Xid(716),
        oldest_xid_db: Oid(1),
        oldest_multi: 1,
        oldest_multi_db: Oid(1),
        time: 1_795_167_192,
        oldest_commit_ts_xid: Xid(0),
        newest_commit_ts_xid: Xid(0),
        oldest_active_xid: Xid(731),
    };
    ControlFileData {
        system_identifier: 7_000_000_000_000_000_001,
        state: DbState::InProduction,
        time: 1_795_167_193,
        checkpoint: Lsn(0x100_0060),
        checkpoint_copy,
        unlogged_lsn: Lsn(1000),
        min_recovery_point: Lsn(0),
        min_recovery_point_tli: TimeLineId(0),
        backup_start_point: Lsn(0),
        backup_end_point: Lsn(0),
        backup_end_required: false,
        wal_level: WalLevel::Replica,
        wal_log_hints: false,
        max_connections: 100,
        max_worker_processes: 8,
        max_wal_senders: 10,
        max_prepared_xacts: 0,
        max_locks_per_xact: 64,
        track_commit_timestamp: false,
        xlog_seg_size: WalSegSize::ONE_MB,
        data_checksums: true,
        mock_authentication_nonce: [0xA5; 32],
    }
}

fn scratch_directory() -> PathBuf {
    std::env::temp_dir().join(format!("vitrine-pg-controldata-{}", std::process::id()))
}

#[test]
fn the_real_tool_accepts_our_control_file() {
    if !Path::new(PG_CONTROLDATA).exists() {
        println!("skipped 1 test: no PostgreSQL 15 at {PG_CONTROLDATA}");
        return;
    }
    let directory = scratch_directory();
    fs::create_dir_all(directory.join("global")).unwrap();
    fs::write(directory.join("global/pg_control"), control().encode().as_slice()).unwrap();
    let output = Command::new(PG_CONTROLDATA).arg(&directory).env("LC_ALL", "C").env("TZ", "UTC").output().unwrap();
    fs::remove_dir_all(&directory).unwrap();

    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && errors.is_empty() && !text.contains("WARNING"), "{errors}{text}");
    for line in [
        "pg_control version number:            1300",
        "Catalog version number:               202209061",
        "Database cluster state:               in production",
        "Latest checkpoint location:           0/1000060",
        "Latest checkpoint's REDO location:    0/1000028",
        "Latest checkpoint's REDO WAL file:    000000010000000000000010",
        "Latest checkpoint's NextXID:          0:731",
        "Bytes per WAL segment:                1048576",
        "Data page checksum version:           1",
    ] {
        assert!(text.lines().any(|l| l == line), "no line {line:?} in\n{text}");
    }
}
