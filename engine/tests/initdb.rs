//! The files that initdb writes, before the eyes of the real tools of version 15.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vitrine_engine::catalog::{InitSpec, initdb};
use vitrine_engine::ids::{TimestampTz, WalSegSize};
use vitrine_engine::settings::Settings;
use vitrine_engine::world::{Disk, Mode, World};

const BIN: &str = "/usr/lib/postgresql/15/bin";

fn fresh_disk() -> (World, Disk) {
    let world = World::new(1, Mode::Lab, TimestampTz(0), 0);
    let (_, disk) = world.add_host();
    let spec = InitSpec {
        system_id: 7_000_000_000_000_000_001,
        seg: WalSegSize::ONE_MB,
        now: TimestampTz(848_491_200_000_000),
        nonce: [0xA5; 32],
        settings: Settings::default(),
    };
    initdb(&disk, &spec).unwrap();
    (world, disk)
}

/// Copies the disk into a directory of the real file system.
fn copy_out(disk: &Disk, directory: &Path) {
    for path in disk.list("") {
        let target = directory.join(&path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        let len = disk.len(&path).unwrap() as usize;
        fs::write(target, disk.peek(&path, 0, len).unwrap()).unwrap();
    }
}

/// Runs a tool on a fresh cluster; `None` where there is no PostgreSQL.
fn run(tool: &str, name: &str, arguments: impl Fn(&Path) -> Vec<String>) -> Option<(String, String)> {
    let program: PathBuf = Path::new(BIN).join(tool);
    if !program.exists() {
        println!("skipped 1 test: no {tool} of PostgreSQL 15 at {BIN}");
        return None;
    }
    let directory = std::env::temp_dir().join(format!("vitrine-initdb-{name}-{}", std::process::id()));
    let (_world, disk) = fresh_disk();
    copy_out(&disk, &directory);
    let output =
        Command::new(program).args(arguments(&directory)).env("LC_ALL", "C").env("TZ", "UTC").output().unwrap();
    fs::remove_dir_all(&directory).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Some((text(output.stdout), text(output.stderr)))
}

#[test]
fn pg_controldata_reads_the_control_file() {
    let Some((text, errors)) = run("pg_controldata", "control", |dir| vec![dir.display().to_string()]) else { return };
    assert!(errors.is_empty() && !text.contains("WARNING"), "{errors}{text}");
    for line in [
        "Database cluster state:               shut down",
        "Latest checkpoint location:           0/100028",
        "Latest checkpoint's REDO location:    0/100028",
        "Latest checkpoint's REDO WAL file:    000000010000000000000001",
        "Latest checkpoint's NextXID:          0:724",
        "Latest checkpoint's NextOID:          13573",
        "Latest checkpoint's oldestXID:        716",
        "Fake LSN counter for unlogged rels:   0/3E8",
        "wal_level setting:                    replica",
        "max_connections setting:              100",
        "Bytes per WAL segment:                1048576",
    ] {
        assert!(text.lines().any(|l| l == line), "no line {line:?} in\n{text}");
    }
}

#[test]
fn pg_waldump_reads_the_first_segment() {
    let arguments = |dir: &Path| vec![dir.join("pg_wal/000000010000000000000001").display().to_string()];
    let Some((text, errors)) = run("pg_waldump", "wal", arguments) else { return };
    let line = text.lines().next().unwrap_or_default();
    assert!(line.contains("len (rec/tot):    114/   114") && line.contains("lsn: 0/00100028"), "{text}{errors}");
    assert!(line.contains("CHECKPOINT_SHUTDOWN redo 0/100028;"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        errors.contains("error in WAL record at 0/100028: invalid record length at 0/1000A0: wanted 24, got 0"),
        "{errors}"
    );
}

#[test]
fn everything_that_initdb_writes_is_durable() {
    let (_world, disk) = fresh_disk();
    let batches = disk.list("");
    for path in ["PG_VERSION", "base/5/1249", "base/5/1259", "base/5/1259_vm", "global/1262", "global/pg_control"] {
        assert!(batches.iter().any(|p| p == path), "{path} is missing");
    }
    assert_eq!(disk.len("pg_xact/0000"), Some(8192));
    assert_eq!(disk.len("pg_wal/000000010000000000000001"), Some(1 << 20));
}
