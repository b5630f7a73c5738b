//! Real clients: psql and psycopg 3 tell the story, and get what a real server answered them.
//!
//! The scripts are in `clients/`, the answers of a real server in `tests/golden/pg15.*/clients`, written by
//! `clients/record.sh`. Where a client cannot be had, the test says on the standard error that it is skipped.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::{env, io};

/// The server under test, on a port that it chose; ended with the test.
struct Server {
    process: Child,
    conninfo: String,
}

impl Server {
    fn start() -> Server {
        let mut process = Command::new(env!("CARGO_BIN_EXE_vitrine-server"))
            .args(["--port", "0", "--seed", "15"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut line).expect("a first line");
        let port = line.trim().rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let port = port.unwrap_or_else(|| panic!("no port in {line:?}"));
        Server { process, conninfo: format!("host=127.0.0.1 port={port} user=postgres dbname=postgres") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has no data that outlives it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What a real server answered.
fn golden(name: &str) -> String {
    let versions = fs::read_dir(here("../golden")).expect("golden files").map(|entry| entry.expect("an entry").path());
    let newest = versions.max().expect("a version");
    fs::read_to_string(newest.join("clients").join(name)).expect("a golden file")
}

/// Says past the test harness, which keeps what a passing test prints to itself.
fn skip(what: &str, why: &str) {
    let _ = writeln!(io::stderr(), "skipped 1 test ({what}): {why}");
}

/// Fails at the first line that differs, with what leads up to it.
fn assert_same(ours: &str, theirs: &str) {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), theirs.lines().collect());
    let at = (0..ours.len().max(theirs.len())).find(|&n| ours.get(n) != theirs.get(n));
    if let Some(at) = at {
        let part = |lines: &[&str]| lines[at.saturating_sub(6).min(lines.len())..(at + 6).min(lines.len())].join("\n");
        panic!("line {}\n--- ours\n{}\n--- a real server's\n{}", at + 1, part(&ours), part(&theirs));
    }
}

fn succeeds(program: &Path, args: &[&str]) -> bool {
    let run =
        Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

/// psql of any version: from `PGBIN`, the `PATH` or Debian's place.
fn psql() -> Option<PathBuf> {
    let places = env::var_os("PGBIN").map(|bin| PathBuf::from(bin).join("psql"));
    let usual = [PathBuf::from("psql"), PathBuf::from("/usr/lib/postgresql/15/bin/psql")];
    places.into_iter().chain(usual).find(|psql| succeeds(psql, &["--version"]))
}

/// A Python that has psycopg 3: the one of `VITRINE_PYTHON`, or one made below `target/` with pip.
fn python() -> Option<PathBuf> {
    let has_psycopg = |python: &PathBuf| succeeds(python, &["-c", "import psycopg; assert psycopg.__version__ > '3'"]);
    let made = here("../../target/psycopg");
    let python = env::var_os("VITRINE_PYTHON").map_or(made.join("bin/python"), PathBuf::from);
    if !has_psycopg(&python) {
        let folder = made.to_str()?;
        succeeds(Path::new("python3"), &["-m", "venv", folder]).then_some(())?;
        succeeds(&made.join("bin/pip"), &["install", "--quiet", "psycopg[binary]>=3,<4"]).then_some(())?;
    }
    has_psycopg(&python).then_some(python)
}

fn text(output: Output) -> String {
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn psql_is_answered_as_by_a_real_server() {
    let Some(psql) = psql() else { return skip("psql", "it is not installed") };
    let server = Server::start();
    let script = here("clients/story.psql");
    // Errors go where the rows go, in the order in which they came.
    let both = "exec \"$0\" -X -a \"$1\" 2>&1";
    let told = Command::new("sh")
        .args(["-c", both, psql.to_str().expect("a UTF-8 path"), &server.conninfo])
        .stdin(File::open(script).expect("the script"))
        .env("LC_ALL", "C")
        .output()
        .expect("psql runs");
    assert_same(&text(told), &golden("story.txt"));
}

/// A program of PostgreSQL's, where psql is.
fn beside_psql(name: &str) -> Option<PathBuf> {
    let usual = Path::new("/usr/lib/postgresql/15/bin").join(name);
    [PathBuf::from(name), usual].into_iter().find(|program| succeeds(program, &["--version"]))
}

/// Runs a client program against a server; what it says, and on the standard error.
fn client(program: &Path, server: &Server, args: &[&str], input: &str) -> (bool, String, String) {
    let port = server.conninfo.split(['=', ' ']).nth(3).expect("a port");
    let mut client = Command::new(program)
        .args(args)
        .envs([("PGHOST", "127.0.0.1"), ("PGPORT", port), ("PGUSER", "postgres"), ("PGDATABASE", "postgres")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    client.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let output = client.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// `pgbench -i`, which fills its tables by COPY with FREEZE, and its three scripts in each mode of the protocol.
#[test]
fn pgbench_runs() {
    let Some(pgbench) = beside_psql("pgbench") else { return skip("pgbench", "it is not installed") };
    let server = Server::start();
    let (ok, _, said) = client(&pgbench, &server, &["-i", "-s", "1"], "");
    assert!(ok && said.contains("100000 of 100000 tuples (100%) done"), "{said}");
    for mode in ["simple", "extended", "prepared"] {
        for script in ["tpcb-like", "simple-update", "select-only"] {
            let (ok, said, errors) =
                client(&pgbench, &server, &["-n", "-M", mode, "-b", script, "-c", "3", "-t", "20"], "");
            let all = said.contains("number of transactions actually processed: 60/60");
            assert!(ok && all && said.contains("number of failed transactions: 0"), "{mode} {script}: {said}{errors}");
        }
    }
    let Some(psql) = psql() else { return };
    let check = "select count(*) = 360, sum(delta) = (select sum(abalance) from pgbench_accounts) from pgbench_history";
    let (_, said, errors) = client(&psql, &server, &["-X", "-At", "-c", check], "");
    assert_eq!((said.as_str(), errors.as_str()), ("t|t\n", ""));
}

/// A long script of ordinary SQL, with COPY in and out, by psql.
#[test]
fn psql_runs_a_script_of_a_thousand_lines() {
    let Some(psql) = psql() else { return skip("psql", "it is not installed") };
    let server = Server::start();
    let mut script = String::from(
        "create table owner (id int primary key, name text not null unique);\n\
         create table account (id serial primary key, owner int references owner on delete cascade, balance numeric);\n\
         copy owner from stdin;\n",
    );
    (1..=100).for_each(|id| script += &format!("{id}\towner {id}\n"));
    script += "\\.\nbegin;\n";
    for n in 1..=400 {
        let owner = n % 100 + 1;
        script += &format!("insert into account (owner, balance) values ({owner}, {n}.50);\n");
        script += &format!("update account set balance = balance + 1 where id = {n};\n");
    }
    script += "commit;\n";
    (1..=100).for_each(|id| script += &format!("select count(*) from account where owner = {id};\n"));
    script += "delete from owner where id <= 10;\ncopy (select count(*), sum(balance) from account) to stdout;\n";
    let (ok, said, errors) = client(&psql, &server, &["-X", "-Atq", "-v", "ON_ERROR_STOP=1"], &script);
    assert!(ok, "{errors}");
    let last = said.lines().last().unwrap_or_default();
    assert_eq!((said.lines().count(), last), (101, "360\t74160.00"), "{errors}");
}

#[test]
fn psycopg_copies_and_pipelines() {
    let Some(python) = python() else { return skip("psycopg", "it could not be installed") };
    let server = Server::start();
    let (ok, said, errors) = client(&python, &server, &[here("clients/pipeline.py").to_str().expect("a path")], "");
    assert!(ok, "{said}{errors}");
}

#[test]
fn psycopg_is_answered_as_by_a_real_server() {
    let Some(python) = python() else { return skip("psycopg", "it could not be installed") };
    let server = Server::start();
    let told = Command::new(python).arg(here("clients/story.py")).arg(&server.conninfo).output().expect("Python runs");
    let errors = String::from_utf8_lossy(&told.stderr).into_owned();
    let status = told.status;
    assert_same(&text(told), &golden("story-psycopg.txt"));
    assert!(status.success(), "{errors}");
}
