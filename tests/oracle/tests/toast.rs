//! Long values: the same statements in the lab and on a real server leave the same rows and the same chunks, byte for
//! byte, find the chunks by the same index, and write the same records. Only ids differ, of tables and of values; they are
//! left out.

use vitrine_engine::cluster::{Input, Lab, LabSpec};
use vitrine_engine::ids::TimestampTz;
use vitrine_engine::inspect;
use vitrine_engine::server::protocol::BackendMessage;
use vitrine_oracle::live::{Programs, Scratch};

/// What both are told. A number of 20 digits is squared into one of 5120, of which not much can be compressed.
const STATEMENTS: [&str; 20] = [
    "create table t (id int, a text, b text, n numeric)",
    "create table seed (n numeric)",
    "insert into seed values (98765432109876543219)",
    "update seed set n = n * n",
    "update seed set n = n * n",
    "update seed set n = n * n",
    "update seed set n = n * n",
    "update seed set n = n * n",
    "update seed set n = n * n",
    "update seed set n = n * n",
    "update seed set n = n * n",
    // All sizes of the compressor's tables, and characters beyond ASCII, whose bytes it takes for negative numbers.
    "insert into t select g, repeat('ab' || g, 20 * g), repeat('xyz', 900), null from generate_series(1, 40) g",
    "insert into t select 100 + g, repeat('äöü€' || g, 300 + g), null, g from generate_series(1, 9) g",
    "insert into t select 200 + g, substr(n::text, 1, 90 * g), repeat(substr(n::text, 1, 1000), 3), n from seed, generate_series(1, 12) g",
    "insert into t select 300 + g, substr(n::text, g, 4000), substr(n::text, 1, 1600 + 100 * g), n from seed, generate_series(1, 6) g",
    "update t set id = id + 1000 where id % 3 = 0",
    "update t set a = 'short' where id % 7 = 1",
    "update t set b = a where id > 290",
    "delete from t where id % 5 = 2",
    "insert into t select id, b, a, n from t where id > 200",
];

struct Ours {
    lab: Lab,
}

impl Ours {
    fn new() -> Ours {
        let spec = LabSpec::plain(1, TimestampTz::from_unix_micros(1_767_225_600_000_000));
        let mut lab = Lab::open(spec, inspect::functions).unwrap();
        lab.input(Input::Connect { host: 0, parameters: vec![("user".into(), "postgres".into())] }).unwrap();
        lab.run_to_answer(0);
        lab.take_answers();
        Ours { lab }
    }

    fn ask(&mut self, sql: &str) -> Vec<String> {
        self.lab.input(Input::Query { session: 0, text: sql.into() }).unwrap();
        self.lab.run_to_answer(0);
        let text = |value: Option<Vec<u8>>| String::from_utf8(value.unwrap_or_default()).unwrap();
        let shown = |message| match message {
            BackendMessage::DataRow(row) => Some(row.into_iter().map(text).collect::<Vec<_>>().join("|")),
            BackendMessage::ErrorResponse(error) => panic!("{sql}: {error}"),
            _ => None,
        };
        self.lab.take_answers().into_iter().filter_map(|answer| shown(answer.message)).collect()
    }
}

/// The rows of `t` and its chunks as they lie on their pages, without transaction ids; values are numbered as they come.
fn layout(ask: &mut dyn FnMut(&str) -> Vec<String>) -> Vec<String> {
    let toast = ask("select reltoastrelid from pg_class where relname = 't'").remove(0);
    let name = ask(&format!("select 'pg_toast.' || relname from pg_class where oid = {toast}")).remove(0);
    let toast: String = toast.parse::<u32>().unwrap().to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    for table in ["t", &name] {
        let pages: usize = ask(&format!("select pg_relation_size('{table}') / 8192")).remove(0).parse().unwrap();
        for page in 0..pages {
            lines.push(format!("page {page} of {}", if table == "t" { "t" } else { "its chunks" }));
            let items = ask(&format!(
                "select lp, lp_off, lp_flags, lp_len, t_ctid, t_infomask2 & 2047, t_infomask & 15, t_hoff, t_bits, t_data \
                 from heap_page_items(get_raw_page('{table}', {page}))"
            ));
            lines.extend(items.iter().map(|line| numbered(line, &toast, table != "t", &mut values)));
        }
    }
    lines
}

/// A line with the numbers of values instead of their ids: they stand before the id of the second table, and in a chunk
/// at the beginning.
fn numbered(line: &str, toast: &str, is_chunk: bool, values: &mut Vec<String>) -> String {
    let Some(start) = line.find("|\\x").map(|at| at + 3) else { return line.to_string() };
    let whole_bytes = |at: &usize| !is_chunk && *at > start + 8 && (at - start).is_multiple_of(2);
    let ends = line.match_indices(toast).map(|(at, _)| at).filter(whole_bytes);
    let first = Some(start + 8).filter(|_| is_chunk);
    let mut line = line.to_string();
    for end in ends.chain(first).collect::<Vec<_>>() {
        let id = line[end - 8..end].to_string();
        let number = values.iter().position(|known| *known == id).unwrap_or_else(|| {
            values.push(id);
            values.len() - 1
        });
        line.replace_range(end - 8..end, &format!("{number:08}"));
    }
    if is_chunk { line } else { line.replace(toast, "<table>") }
}

#[test]
fn the_same_rows_and_chunks() {
    let Some(programs) = Programs::find_or_skip("long values", STATEMENTS.len()) else { return };
    let server = Scratch::start(&programs, "toast").expect("a scratch server starts");
    let mut ours = Ours::new();
    // In one session each: a process goes on filling the page where it has put the last row.
    server.ask(&STATEMENTS.join(";\n"));
    STATEMENTS.iter().for_each(|statement| drop(ours.ask(statement)));
    let told = layout(&mut |sql| ours.ask(sql));
    let expected = layout(&mut |sql| server.ask(sql));
    for (ours, theirs) in told.iter().zip(&expected) {
        assert_eq!(ours, theirs);
    }
    assert!(told.len() == expected.len() && told.len() > 200, "{} and {}", told.len(), expected.len());
    let rows = "select id, a, b, n from t order by id, length(a), length(b)";
    assert_eq!(ours.ask(rows), server.ask(rows));
    server.ask("create extension pg_walinspect");
    let told = index(&mut |sql| ours.ask(sql));
    assert_eq!(told, index(&mut |sql| server.ask(sql)));
    assert!(told.len() > 50, "{} lines of the index", told.len());
    for statement in LOGGED {
        let told = logged(&mut |sql| ours.ask(sql), statement);
        assert_eq!(told, logged(&mut |sql| server.ask(sql), statement), "{statement}");
        assert!(told.len() > 8, "{told:?}");
    }
    // Written anew, both are shorter, and the same again.
    ours.ask("vacuum full t");
    server.ask("vacuum full t");
    let (told, expected) = (layout(&mut |sql| ours.ask(sql)), layout(&mut |sql| server.ask(sql)));
    told.iter().zip(&expected).for_each(|(ours, theirs)| assert_eq!(ours, theirs));
    assert_eq!(told.len(), expected.len());
    assert_eq!(index(&mut |sql| ours.ask(sql)), index(&mut |sql| server.ask(sql)));
    assert_eq!(ours.ask(rows), server.ask(rows));
}

/// Statements whose records are compared: six chunks come, and go. The pages that they touch have been logged whole before.
const LOGGED: [&str; 3] = [
    "insert into t select 900, 'first', substr(n::text || n::text || n::text, 1, 12000) from seed",
    "insert into t select 901, 'second', substr(n::text || n::text || n::text, 7, 12000) from seed",
    "delete from t where id = 900",
];

/// The pages of the index of the chunks, but for the ids in its keys.
fn index(ask: &mut dyn FnMut(&str) -> Vec<String>) -> Vec<String> {
    let toast = ask("select reltoastrelid from pg_class where relname = 't'").remove(0);
    let name = "'pg_toast.pg_toast_' || oid || '_index'";
    let index = ask(&format!("select {name} from pg_class where reltoastrelid = {toast}")).remove(0);
    let columns = "indisunique, indisprimary, indkey, indclass, indoption";
    let mut lines = ask(&format!("select {columns} from pg_index where indrelid = {toast}"));
    lines.extend(ask(&format!("select level, fastlevel, allequalimage from bt_metap('{index}')")));
    let pages: usize = ask(&format!("select pg_relation_size('{index}') / 8192")).remove(0).parse().unwrap();
    for page in 1..pages {
        let stats =
            "type, live_items, dead_items, avg_item_size, free_size, btpo_prev, btpo_next, btpo_level, btpo_flags";
        lines.extend(ask(&format!("select {stats} from bt_page_stats('{index}', {page})")));
        lines.extend(ask(&format!(
            "select itemoffset, ctid, itemlen, nulls, vars, dead, htid from bt_page_items('{index}', {page})"
        )));
    }
    lines
}

/// The records that a statement writes.
fn logged(ask: &mut dyn FnMut(&str) -> Vec<String>, statement: &str) -> Vec<String> {
    let begin = ask("select pg_current_wal_insert_lsn()").remove(0);
    ask(statement);
    let end = ask("select pg_current_wal_insert_lsn()").remove(0);
    let columns = "resource_manager, record_type, record_length - fpi_length, main_data_length, fpi_length > 0";
    ask(&format!("select {columns} from pg_get_wal_records_info('{begin}', '{end}')"))
}
