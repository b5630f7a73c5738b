//! Indexes in motion: rows that come and go, and rows that are changed again and again.
//!
//! Each statement is there for something that the log shall have in it. Rows that come with falling keys split pages in
//! the middle of the tree, to the left; when they have gone, VACUUM takes the empty pages away, a later one gives them
//! free, and the rows that come next take them. Versions of rows that stay fill pages with entries of which many are
//! equal and the older are dead: a scan marks these, and the next insert deletes them.

use vitrine_engine::cluster::Lab;
use vitrine_engine::server::protocol::BackendMessage;

use super::client;

pub const TABLES: &str = "create table queue(k int primary key); \
    create table churn(k int primary key, v int not null, n int not null); \
    create index churn_v on churn(v); create index churn_n on churn(n); \
    insert into churn select g, g % 5, 0 from generate_series(1, 100) g";

/// The `n`-th statement: of a list that begins again when all are through, each time with other keys.
pub fn statement(n: usize) -> String {
    let above = (1 + n / STATEMENTS.len()) * 1000;
    STATEMENTS[n % STATEMENTS.len()].replace("ABOVE", &above.to_string())
}

const STATEMENTS: [&str; 7] = [
    "insert into queue select ABOVE - g from generate_series(1, 500) g",
    "select count(*) from churn where v = 3",
    "delete from queue",
    "update churn set n = n + 1",
    "vacuum queue",
    "update churn set n = n + 1",
    "vacuum queue",
];

/// What is done when all others are silent: it writes a little, twice, so that there is something for a checkpoint also
/// if the first of it brings one on by the length of the log.
pub const LATE: &str = "select pg_sleep(20); update churn set v = v where k = 1; \
    select pg_sleep(1); update churn set v = v where k = 1";

/// Each of these statements has been done wholly or not at all.
pub fn check(lab: &mut Lab, session: u32, what: &str) {
    let text = "select count(*), max(n) - min(n), count(distinct v), (select count(*) from queue) from churn";
    let messages = client::converse(lab, session, text);
    let row = messages.into_iter().find_map(|message| match message {
        BackendMessage::DataRow(row) => Some(row.into_iter().map(|value| client::text(value, "NULL")).collect()),
        BackendMessage::ErrorResponse(error) => panic!("{what}: {error}"),
        _ => None,
    });
    let row: Vec<String> = row.expect("a row");
    let whole = ["0", "500"].map(|queued| ["100", "0", "5", queued]);
    assert!(whole.iter().any(|whole| row == *whole), "{what}: {row:?}");
}
