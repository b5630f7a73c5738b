//! How time and memory grow with the number of rows: load, index build, VACUUM of half, recovery.
//!
//! `cargo run --release -p vitrine-server --example growth [rows ...]`; `tests/growth.mjs` asks the same of the wasm.
//! Memory is what the allocator has handed out at most during a stage: the simulated disk is in it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::TimestampTz;
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_engine::world::Limit;

/// The system's allocator, counted.
struct Counted;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code, reason = "an allocator is; it hands everything on to the system's")]
// SAFETY: every call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Connects, and returns the session's number.
fn connect(lab: &mut Lab) -> u32 {
    let session = lab.sessions().len() as u32;
    lab.input(Input::Connect { host: 0, parameters: vec![("user".into(), "postgres".into())] }).expect("a host");
    lab.run_to_answer(session);
    session
}

fn ask(lab: &mut Lab, session: u32, text: &str) {
    lab.input(Input::Query { session, text: text.into() }).expect("a session");
    lab.run_to_answer(session);
    for answer in lab.take_answers() {
        if let BackendMessage::ErrorResponse(error) = answer.message {
            panic!("{text}: {error}");
        }
    }
}

/// Runs a stage and prints what it took.
fn stage(name: &str, rows: usize, work: impl FnOnce()) {
    MOST.store(NOW.load(Ordering::Relaxed), Ordering::Relaxed);
    let begin = Instant::now();
    work();
    let (ms, bytes) = (begin.elapsed().as_secs_f64() * 1e3, MOST.load(Ordering::Relaxed));
    println!(
        "{rows:>9} rows  {name:<12} {ms:>10.1} ms  {:>8.3} µs a row  {:>6} bytes a row",
        ms * 1e3 / rows as f64,
        bytes / rows
    );
}

fn measure(rows: usize) {
    let mut lab = Lab::open(LabSpec::plain(1, TimestampTz(0)), inspect::functions).expect("a world");
    let session = connect(&mut lab);
    ask(&mut lab, session, "create table t(id int, v int, w text)");
    let load = format!("insert into t select g, g * 1009 % 1000003, 'row ' || g from generate_series(1, {rows}) g");
    stage("load", rows, || ask(&mut lab, session, &load));
    stage("index", rows, || ask(&mut lab, session, "create unique index on t(id); create index on t(v)"));
    ask(&mut lab, session, "delete from t where v % 2 = 0");
    stage("vacuum", rows, || ask(&mut lab, session, "vacuum t"));
    stage("recovery", rows, || {
        lab.input(Input::PowerFail { host: 0 }).expect("a host");
        lab.input(Input::PowerOn { host: 0 }).expect("a host");
        lab.run(Limit::IDLE);
    });
    let session = connect(&mut lab);
    ask(&mut lab, session, "select count(*) from t");
}

fn main() {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|rows| rows.parse().ok()).collect();
    let rows = if asked.is_empty() { vec![10_000, 100_000, 1_000_000] } else { asked };
    rows.into_iter().for_each(measure);
}
