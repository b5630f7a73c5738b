//! The files of the data directory. A disk of the room keeps no times, so there are none to show.

use super::{Columns, Functions, int8, text};
use crate::ids::{Error, Result, sqlstate};
use crate::small;
use crate::sql::bound::Row;
use crate::sql::functions::FnCtx;
use crate::txn::TEMP_DIRECTORY;
use crate::types::Datum;
use crate::types::TypeId::*;
use crate::world::Disk;

pub(super) fn add(functions: &mut Functions) {
    let directory: Columns = &[("name", Text), ("size", Int8), ("modification", TimestampTz)];
    functions.rows("pg_ls_waldir", &[], directory, |cx, _, _| Ok(regular_files(&cx.env.disk, "pg_wal")));
    functions.rows("pg_ls_tmpdir", &[], directory, |cx, _, _| Ok(regular_files(&cx.env.disk, TEMP_DIRECTORY)));
    let names: Columns = &[("pg_ls_dir", Text)];
    functions.rows("pg_ls_dir", &[Text], names, |cx, _, args| names_in(&cx.env.disk, args[0].as_str()?));
    functions.value("pg_read_binary_file", &[Text], Bytea, |cx, _, args| {
        read(cx, args[0].as_str()?, 0, -1).map(|bytes| Datum::Bytea(bytes.into()))
    });
    functions.value("pg_read_binary_file", &[Text, Int8, Int8], Bytea, |cx, _, args| {
        let (offset, length) = (args[1].as_int()?, args[2].as_int()?);
        if length < 0 {
            return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, "requested length cannot be negative"));
        }
        read(cx, args[0].as_str()?, offset, length).map(|bytes| Datum::Bytea(bytes.into()))
    });
    functions.value("pg_read_file", &[Text], Text, |cx, _, args| {
        let bytes = read(cx, args[0].as_str()?, 0, -1)?;
        let invalid = |_| {
            let message = "invalid byte sequence for encoding \"UTF8\"";
            Error::new(sqlstate::CHARACTER_NOT_IN_REPERTOIRE, message)
        };
        String::from_utf8(bytes).map(text).map_err(invalid)
    });
}

/// A path as the disk names it: relative to the data directory, without a dot at its beginning or a slash at its end.
fn clean(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.strip_prefix("./").unwrap_or(if path == "." { "" } else { path })
}

fn children(disk: &Disk, directory: &str) -> (String, Vec<String>) {
    let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
    let files = disk.list(&prefix);
    (prefix, files)
}

fn regular_files(disk: &Disk, directory: &str) -> Vec<Row> {
    let (prefix, files) = children(disk, directory);
    let own = files.iter().filter(|path| !path[prefix.len()..].contains('/'));
    own.map(|path| vec![text(&path[prefix.len()..]), int8(disk.len(path).unwrap_or(0)), Datum::Null]).collect()
}

/// The names in a directory: files, and directories that have any.
fn names_in(disk: &Disk, directory: &str) -> Result<Vec<Row>> {
    let (prefix, files) = children(disk, clean(directory));
    let names: small::Set<&str> = files.iter().filter_map(|path| path[prefix.len()..].split('/').next()).collect();
    if names.is_empty() {
        let message = format!("could not open directory \"{directory}\": No such file or directory");
        return Err(Error::new(sqlstate::UNDEFINED_FILE, message));
    }
    Ok(names.into_iter().map(|name| vec![text(name)]).collect())
}

/// Bytes of a file; a negative offset counts from its end, a negative length reads all.
fn read(cx: &FnCtx, path: &str, offset: i64, length: i64) -> Result<Vec<u8>> {
    let disk = &cx.env.disk;
    let missing = || {
        let message = format!("could not open file \"{path}\" for reading: No such file or directory");
        Error::new(sqlstate::UNDEFINED_FILE, message)
    };
    let len = disk.len(clean(path)).ok_or_else(missing)? as i64;
    let start = if offset < 0 { (len + offset).max(0) } else { offset.min(len) };
    let count = if length < 0 { len - start } else { length.min(len - start) };
    disk.peek(clean(path), start as u64, count as usize).ok_or_else(missing)
}
