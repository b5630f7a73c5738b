//! Facts about PostgreSQL that are often taught wrong, as scripts of sessions over a plain database with 2048 buffers.
//! The answers in `tests/facts/` are those of a real PostgreSQL 15 for the same statements; each script says of which.
//! Facts that need a standby, or that tell who waits, are held by the scripts of other tests:
//!
//! | | fact | script |
//! |---|---|---|
//! | A1 | the maps come with the first VACUUM | `facts/a1_forks` |
//! | A2 | ROLLBACK undoes nothing, in the table or in the index | `facts/a2_rollback`, `sql/facts` |
//! | A3 | a SELECT writes | `facts/a3_hints` |
//! | A4 | COMMIT writes the log, not the table | `facts/a4_commit` |
//! | A5 | VACUUM cuts off only an empty end | `facts/a5_shrink` |
//! | A6 | any old snapshot holds VACUUM back | `facts/a6_horizon` |
//! | A7 | the first change after a checkpoint carries the page | `facts/a7_image` |
//! | A8 | a standby gets what is not committed | `servers/uncommitted` |
//! | A9 | what `synchronous_commit` waits for, and what a cancel does | `servers/synchronous` |
//! | A10 | a warm standby answers nothing | `servers/synchronous` |
//! | A11 | after a failover there are two primaries | `servers/promotion` |
//! | A12 | freezing leaves xmin as it is | `facts/a12_freeze` |
//! | A13 | BEGIN takes no snapshot and no id | `facts/a13_begin`, `sql/facts` |
//! | A15 | row locks stand in the rows; a waiter waits for a transaction | `facts/a15_row_locks`, `sql/row_locks` |
//! | A16 | whose `deadlock_timeout` ends first dies | `sql/facts` |
//! | A17 | every UPDATE makes a version | `facts/a17_versions` |
//! | A19 | a long scan goes through a ring | `facts/a19_ring` |
//! | A20 | `work_mem` is for each sort and each hash | `facts/a20_work_mem` |
//! | A21 | recovery undoes nothing | `facts/a21_redo_only` |

#[path = "common/shown.rs"]
mod shown;

use shown::shown;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::TimestampTz;
use vitrine_engine::inspect;
use vitrine_engine::world::Limit;

/// Lines of VACUUM VERBOSE of which the numbers hang on what else the server has done: what of them is compared.
const MASKED: [(&str, &str); 6] = [
    ("removable cutoff: ", ", which"),
    ("new relfrozenxid: ", ", which"),
    ("avg read rate: ", ""),
    ("buffer usage: ", ""),
    ("system usage: ", ""),
    ("CPU: user: ", ""),
];

/// Sessions by the prefixes of their commands.
struct Facts {
    lab: Lab,
    sessions: BTreeMap<String, u32>,
}

impl Facts {
    fn new() -> Facts {
        let epoch = TimestampTz::from_unix_micros(1_767_225_600_000_000);
        let mut spec = LabSpec::plain(1, epoch);
        spec.settings.extend([("shared_buffers", "16MB")].map(|(name, value)| (name.into(), value.into())));
        Facts { lab: Lab::open(spec, inspect::functions).unwrap(), sessions: BTreeMap::new() }
    }

    fn session(&mut self, name: &str) -> u32 {
        if let Some(session) = self.sessions.get(name) {
            return *session;
        }
        let session = self.lab.sessions().len() as u32;
        self.lab.input(Input::Connect { host: 0, parameters: vec![("user".into(), "postgres".into())] }).unwrap();
        self.lab.run_to_answer(session);
        self.lab.take_answers();
        self.sessions.insert(name.to_string(), session);
        session
    }

    /// Empty buffers: the sessions are gone, and the server has begun anew.
    fn restart(&mut self) -> String {
        self.lab.input(Input::PowerFail { host: 0 }).unwrap();
        self.lab.input(Input::PowerOn { host: 0 }).unwrap();
        self.lab.run(Limit::IDLE);
        self.lab.take_answers();
        self.sessions.clear();
        "restarted\n".into()
    }
}

fn masked(line: &str) -> String {
    let Some((at, head, rest)) = MASKED.iter().find_map(|(head, rest)| Some((line.find(head)?, head, rest))) else {
        return line.into();
    };
    let kept = if rest.is_empty() { "" } else { line.find(rest).map_or("", |at| &line[at..]) };
    format!("{}{head}..{kept}", &line[..at])
}

impl goldenscript::Runner for Facts {
    type Command = goldenscript::Command;

    fn run(
        &mut self,
        command: &goldenscript::Command,
        context: &goldenscript::Context,
    ) -> Result<String, Box<dyn Error>> {
        if command.name == "restart" {
            return Ok(self.restart());
        }
        let session = self.session(context.prefix.as_deref().unwrap_or("alone"));
        self.lab.input(Input::Query { session, text: command.name.clone() }).unwrap();
        self.lab.run_to_answer(session);
        self.lab.run(Limit::IDLE);
        let said = self.lab.take_answers().into_iter().filter_map(|answer| shown(answer.message));
        Ok(said.flat_map(|text| text.lines().map(masked).collect::<Vec<_>>()).map(|line| line + "\n").collect())
    }
}

fn run(script: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts").join(script);
    goldenscript::run(&mut Facts::new(), &path).unwrap_or_else(|e| panic!("{script}: {e}"));
}

#[test]
fn a19_a_long_scan_goes_through_a_ring() {
    run("a19_ring");
}

#[test]
fn a5_vacuum_makes_room_inside_and_cuts_off_an_empty_end() {
    run("a5_shrink");
}

#[test]
fn a5_vacuum_full_writes_the_table_anew() {
    run("a5_full");
}

#[test]
fn vacuum_full_keeps_what_an_old_snapshot_sees() {
    run("full_versions");
}

#[test]
fn a6_an_old_snapshot_anywhere_keeps_dead_rows() {
    run("a6_horizon");
}

#[test]
fn a12_freezing_leaves_xmin_as_it_is() {
    run("a12_freeze");
}

#[test]
fn long_values_are_compressed_and_moved_out() {
    run("toast");
}

#[test]
fn a1_the_maps_come_with_the_first_vacuum() {
    run("a1_forks");
}

#[test]
fn a2_rollback_undoes_nothing() {
    run("a2_rollback");
}

#[test]
fn a3_a_select_writes_hints() {
    run("a3_hints");
}

#[test]
fn a4_commit_writes_the_log_and_not_the_table() {
    run("a4_commit");
}

#[test]
fn a7_the_first_change_after_a_checkpoint_carries_the_page() {
    run("a7_image");
}

#[test]
fn a15_row_locks_stand_in_the_rows() {
    run("a15_row_locks");
}

#[test]
fn a17_every_update_makes_a_version() {
    run("a17_versions");
}

#[test]
fn a20_work_mem_is_for_each_sort_and_each_hash() {
    run("a20_work_mem");
}

#[test]
fn a21_recovery_undoes_nothing() {
    run("a21_redo_only");
}

#[test]
fn a13_begin_takes_no_snapshot_and_no_id() {
    run("a13_begin");
}

#[test]
fn rows_of_savepoints_are_counted_as_dead_or_alive() {
    run("savepoint_counts");
}

#[test]
fn analyze_finds_out_about_columns() {
    run("analyze");
}

#[test]
fn long_keys_are_compressed_in_their_index() {
    run("toast_index");
}
