//! What a session keeps from statement to statement.

use super::{Columns, Functions};
use crate::types::TypeId::*;

const PREPARED_STATEMENTS: Columns = &[
    ("name", Text),
    ("statement", Text),
    ("prepare_time", TimestampTz),
    ("parameter_types", RegtypeArray),
    ("from_sql", Bool),
    ("generic_plans", Int8),
    ("custom_plans", Int8),
];

const CURSORS: Columns = &[
    ("name", Text),
    ("statement", Text),
    ("is_holdable", Bool),
    ("is_binary", Bool),
    ("is_scrollable", Bool),
    ("creation_time", TimestampTz),
];

pub(super) fn add(functions: &mut Functions) {
    functions.view("pg_prepared_statements", PREPARED_STATEMENTS, |cx, _| cx.session.prepared_statements());
    functions.view("pg_cursors", CURSORS, |cx, _| cx.session.cursors());
}
