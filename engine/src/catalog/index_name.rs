//! Names for indexes that nobody has named: `accounts_pkey`, `accounts_owner_key`, `accounts_owner_balance_idx`.
//!
//! The table's name, the columns' and a label, with underscores between them, cut to fit a name; the longer of the first
//! two is cut first. If there is a relation of that name, the label gets a number.
//!
//! PostgreSQL: `ChooseIndexName` in `commands/indexcmds.c`, `makeObjectName` and `ChooseRelationName`.

use super::layout::PG_CONSTRAINT;
use super::{cache, pg_constraint, rows};
use crate::ids::{Oid, Result};
use crate::txn::Env;
use crate::types::truncate_name;

/// The most bytes of a name.
const NAME_BYTES: usize = 63;

/// `makeObjectName`: parts of a name put together so that it is not too long.
pub(super) fn join(table: &str, columns: Option<&str>, label: &str) -> String {
    let room = NAME_BYTES - label.len() - 1 - usize::from(columns.is_some());
    let (mut first, mut second) = (table.len(), columns.map_or(0, str::len));
    while first + second > room {
        if first > second { first -= 1 } else { second -= 1 }
    }
    let clip = |part: &str, bytes: usize| part[..part.floor_char_boundary(bytes)].to_string();
    let middle = columns.map(|columns| format!("_{}", clip(columns, second))).unwrap_or_default();
    format!("{}{middle}_{label}", clip(table, first))
}

/// `ChooseIndexColumnNames`: the names of an index's columns; one that comes again gets a number.
pub(super) fn column_names(columns: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        let mut name = column.to_string();
        let mut number = 0;
        while names.contains(&name) {
            number += 1;
            let suffix = number.to_string();
            let stem = &column[..column.floor_char_boundary(NAME_BYTES - suffix.len())];
            name = format!("{stem}{suffix}");
        }
        names.push(name);
    }
    names
}

/// A name that no relation of the schema has; for a constraint, also none of the constraints.
pub(super) async fn choose(
    env: &Env,
    namespace: Oid,
    table: &str,
    columns: Option<&[String]>,
    label: &str,
    constraint: bool,
) -> Result<String> {
    let columns = columns.map(|names| truncate_name(&names.join("_")).to_string());
    let mut pass = 0;
    loop {
        let numbered = if pass == 0 { label.to_string() } else { format!("{label}{pass}") };
        let name = join(table, columns.as_deref(), &numbered);
        let mut taken = cache::read_named(env, namespace, &name).await?.is_some();
        if constraint && !taken {
            let is = |first: &[_]| pg_constraint::is_named(first, namespace, &name);
            taken = !rows::find(env, &PG_CONSTRAINT, pg_constraint::FIRST_COLUMNS, is).await?.is_empty();
        }
        if !taken {
            return Ok(name);
        }
        pass += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_a_real_server() {
        // 15.18: create index on t(a, a, b); and a table of a long name.
        assert_eq!(join("t", Some(&column_names(&["a", "a", "b"]).join("_")), "idx"), "t_a_a1_b_idx");
        assert_eq!(join("accounts", None, "pkey"), "accounts_pkey");
        let long = "n".repeat(60);
        assert_eq!(join(&long, Some("owner"), "key"), format!("{}_owner_key", "n".repeat(53)));
    }
}
