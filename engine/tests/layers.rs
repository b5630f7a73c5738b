//! The rooms are a stack: a room uses only rooms that stand before it in the list of `engine/src/lib.rs`.

mod common;

use common::{Source, code_only, files};

/// The rooms from the ground up, as the list in lib.rs has them: the first words of the lines between its fences.
fn rooms() -> Vec<String> {
    let lib = files("engine/src", &["lib.rs"]).pop().expect("lib.rs").text;
    let fenced = lib.split("//! ```").nth(1).expect("a list between fences");
    let lines = fenced.lines().skip(1).filter_map(|line| line.strip_prefix("//!   "));
    // A line that goes on from the one before begins with further spaces.
    lines
        .filter(|line| !line.starts_with(' '))
        .filter_map(|l| l.split_whitespace().next())
        .map(str::to_string)
        .collect()
}

/// The room that a file belongs to.
fn room_of(source: &Source) -> &str {
    source.path.split('/').nth(2).expect("engine/src/ROOM/...")
}

/// The first names of all paths that begin with `crate::`, also of grouped ones.
fn imports(code: &str) -> Vec<&str> {
    code.match_indices("crate::").flat_map(|(at, prefix)| first_names(&code[at + prefix.len()..])).collect()
}

fn first_names(path: &str) -> Vec<&str> {
    let Some(group) = path.strip_prefix('{') else { return identifier(path).into_iter().collect() };
    let mut names = vec![];
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(identifier(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

#[test]
fn lib_rs_lists_every_room_once() {
    let mut listed = rooms();
    let lib = files("engine/src", &["lib.rs"]).pop().expect("lib.rs").text;
    let mut declared: Vec<&str> =
        lib.lines().filter_map(|l| l.strip_prefix("pub mod ")).map(|l| l.trim_end_matches(';')).collect();
    listed.sort();
    declared.sort();
    assert_eq!(listed, declared);
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    let rooms = rooms();
    let floor = |name: &str| rooms.iter().position(|room| room == name);
    let mut upward = vec![];
    for source in files("engine/src", &[".rs"]).iter().filter(|source| !source.path.ends_with("/lib.rs")) {
        let own = floor(room_of(source)).unwrap_or_else(|| panic!("{} is in no room of the list", source.path));
        let code = code_only(&source.text);
        let above = imports(&code).into_iter().filter(|name| floor(name).is_some_and(|other| other > own));
        upward.extend(above.map(|name| format!("{} uses {name}", source.path)));
    }
    upward.dedup();
    assert!(upward.is_empty(), "upward imports:\n{}", upward.join("\n"));
}

#[test]
fn grouped_imports_are_seen() {
    let code = "use crate::{ids::{Lsn, Xid}, wal::Wal,\n    sql};\nlet x = crate::cluster::Lab::open();";
    assert_eq!(imports(code), ["ids", "wal", "sql", "cluster"]);
    assert_eq!(imports(&code_only("/// [`crate::cluster`]\nlet a = \"crate::sql\"; let c = '\"';")), [] as [&str; 0]);
}
