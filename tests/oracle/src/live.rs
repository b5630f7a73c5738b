//! The programs of a real PostgreSQL 15, if they are installed, and a scratch server.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::{env, fs, io};

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Programs(PathBuf);

/// What pg_waldump made of a directory of WAL.
#[derive(Clone, Debug)]
pub struct Dump {
    /// The records, a line each.
    pub lines: Vec<String>,
    /// Why it stopped: its last message, if it gave one.
    pub end: String,
}

impl Programs {
    /// Finds version 15: in `PGBIN` if that is set, else in Debian's place or on the `PATH`.
    pub fn find() -> Option<Programs> {
        let places: Vec<PathBuf> = match env::var_os("PGBIN") {
            Some(place) => vec![place.into()],
            None => {
                let on_path = env::var_os("PATH").unwrap_or_default();
                [PathBuf::from("/usr/lib/postgresql/15/bin")].into_iter().chain(env::split_paths(&on_path)).collect()
            }
        };
        places.into_iter().map(Programs).find(Programs::is_15)
    }

    fn is_15(&self) -> bool {
        let version = Command::new(self.0.join("postgres")).arg("--version").output();
        version.is_ok_and(|v| String::from_utf8_lossy(&v.stdout).contains("(PostgreSQL) 15."))
    }

    /// Finds version 15, or says on the standard error that `what`, so many comparisons, is skipped.
    pub fn find_or_skip(what: &str, comparisons: usize) -> Option<Programs> {
        let found = Programs::find();
        if found.is_none() {
            // Written past the test harness, which keeps what a passing test prints to itself.
            let _ = writeln!(io::stderr(), "skipped {comparisons} live comparisons ({what}): no PostgreSQL 15 here");
        }
        found
    }

    /// Runs a program to its end.
    pub fn run(&self, program: &str, args: &[&str]) -> Output {
        let mut command = Command::new(self.0.join(program));
        command.args(args).env("LC_ALL", "C").env("TZ", "UTC").stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("{program}: {error}"))
    }

    /// Its standard output; it must succeed.
    pub fn output(&self, program: &str, args: &[&str]) -> String {
        let done = self.run(program, args);
        assert!(done.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// pg_waldump over a directory of segments, from a position to the end of what is valid.
    pub fn waldump(&self, wal: &Path, start: &str) -> Dump {
        let done = self.run("pg_waldump", &["-p", wal.to_str().expect("a UTF-8 path"), "-s", start]);
        let text = String::from_utf8_lossy(&done.stdout);
        Dump {
            lines: text.lines().map(str::to_string).collect(),
            end: String::from_utf8_lossy(&done.stderr).trim().to_string(),
        }
    }
}

/// A server of its own on a free port, to ask it about pages; stopped and deleted when dropped.
pub struct Scratch {
    programs: Programs,
    folder: PathBuf,
    port: u16,
}

impl Scratch {
    /// Makes and starts a server with pageinspect; `None` where it refuses to run, as for root without `runuser`.
    pub fn start(programs: &Programs, name: &str) -> Option<Scratch> {
        let folder = env::temp_dir().join(format!("vitrine-{name}-{}", std::process::id()));
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).ok()?.port();
        let scratch = Scratch { programs: programs.clone(), folder, port };
        fs::create_dir_all(&scratch.folder).ok()?;
        // The server refuses to run as root; the account of its package is used instead.
        let owned = Command::new("chown").arg("postgres").arg(&scratch.folder).output();
        if is_root() && !owned.is_ok_and(|o| o.status.success()) {
            return None;
        }
        let data = scratch.data().to_string_lossy().into_owned();
        let made =
            scratch.as_owner("initdb", &["-D", &data, "-A", "trust", "-U", "postgres", "--no-locale", "-E", "UTF8"]);
        (made && scratch.run()).then(|| {
            scratch.ask("create extension pageinspect");
            scratch
        })
    }

    fn run(&self) -> bool {
        let port = self.port;
        let options = format!(
            "-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c autovacuum=off"
        );
        let (data, log) = (self.data(), self.folder.join("log"));
        let (data, log) = (data.to_string_lossy(), log.to_string_lossy());
        self.as_owner("pg_ctl", &["-D", &data, "-w", "-l", &log, "-o", &options, "start"])
    }

    /// Shuts it down, so that its files may be changed.
    pub fn stop(&mut self) {
        assert!(self.as_owner("pg_ctl", &["-D", &self.data().to_string_lossy(), "-m", "fast", "-w", "stop"]));
    }

    /// Starts it again.
    pub fn restart(&mut self) {
        assert!(self.run(), "{}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }

    /// Replaces a file of its data directory, or makes one; while it is stopped.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        let file = self.data().join(path);
        fs::write(&file, bytes).expect("a file");
        if is_root() {
            assert!(Command::new("chown").arg("postgres").arg(&file).status().is_ok_and(|status| status.success()));
        }
    }

    /// Has the log go on with a segment, and transactions with an id; while it is stopped.
    pub fn reset_log(&mut self, segment: &str, next_xid: u32) {
        let (data, next_xid) = (self.data(), next_xid.to_string());
        assert!(self.as_owner("pg_resetwal", &["-l", segment, "-x", &next_xid, &data.to_string_lossy()]));
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn as_owner(&self, program: &str, args: &[&str]) -> bool {
        let path = self.programs.0.join(program);
        let mut command = if is_root() { Command::new("runuser") } else { Command::new(&path) };
        if is_root() {
            command.args(["-u", "postgres", "--"]).arg(&path);
        }
        command.args(args).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// A psql that is told by its standard input, and says everything, errors too, on its standard output: rows with
    /// columns separated by `|`, and the tags of commands.
    pub fn session(&self) -> Child {
        let command = "exec \"$0\" -X -A -t -h 127.0.0.1 -p \"$1\" -U postgres postgres 2>&1";
        let psql = self.programs.0.join("psql");
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).arg(psql).arg(self.port.to_string()).env("LC_ALL", "C");
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("psql")
    }

    /// The rows that a statement gives, columns separated by `|`.
    pub fn ask(&self, sql: &str) -> Vec<String> {
        let port = self.port.to_string();
        // By standard input: a page in hexadecimal is longer than an argument may be.
        let mut psql = Command::new(self.programs.0.join("psql"))
            .args([
                "-X",
                "-A",
                "-t",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                "postgres",
                "postgres",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql");
        let mut input = psql.stdin.take().expect("a pipe");
        input.write_all(format!("{sql};\n").as_bytes()).expect("psql reads");
        drop(input);
        let done = psql.wait_with_output().expect("psql ends");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).lines().map(str::to_string).collect()
    }

    /// `heap_page_items` of a page, as the real server sees it.
    pub fn heap_page_items(&self, page: &[u8]) -> Vec<String> {
        let digits: String = page.iter().map(|byte| format!("{byte:02x}")).collect();
        self.ask(&format!(
            "select lp, lp_off, lp_flags, lp_len, t_xmin, t_xmax, t_field3, t_ctid, t_infomask2, t_infomask, t_hoff, \
             t_bits, t_data from heap_page_items(decode('{digits}', 'hex'))"
        ))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.as_owner("pg_ctl", &["-D", &self.data().to_string_lossy(), "-m", "immediate", "-w", "stop"]);
        // Best effort: it lies in the system's temporary directory.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}
