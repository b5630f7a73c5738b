//! `pg_settings`: every setting, as the session sees it.

use super::{Columns, Functions, or_null, text};
use crate::server::Server;
use crate::settings::{DEFINITIONS, Kind, Setting, Settings, Unit};
use crate::small;
use crate::sql::bound::Row;
use crate::sql::functions::FnCtx;
use crate::types::Datum;
use crate::types::TypeId::{self, *};

const SETTINGS: Columns = &[
    ("name", Text),
    ("setting", Text),
    ("unit", Text),
    ("category", Text),
    ("short_desc", Text),
    ("extra_desc", Text),
    ("context", Text),
    ("vartype", Text),
    ("source", Text),
    ("min_val", Text),
    ("max_val", Text),
    ("enumvals", TextArray),
    ("boot_val", Text),
    ("reset_val", Text),
    ("sourcefile", Text),
    ("sourceline", TypeId::Int4),
    ("pending_restart", Bool),
];

pub(super) fn add(functions: &mut Functions) {
    functions.view("pg_settings", SETTINGS, settings);
}

fn settings(cx: &FnCtx, server: &Server) -> Vec<Row> {
    let (of_session, of_server) = (cx.env.settings.borrow(), server.spec.settings.borrow());
    let boot = Settings::default();
    let mut all: Vec<Setting> = Setting::ALL.to_vec();
    small::sort_by_key(&mut all, |setting| DEFINITIONS[*setting as usize].name.to_lowercase());
    all.into_iter().map(|setting| row(setting, &of_session, &of_server, &boot)).collect()
}

fn row(setting: Setting, of_session: &Settings, of_server: &Settings, boot: &Settings) -> Row {
    let definition = &DEFINITIONS[setting as usize];
    let (unit, vartype, bounds) = match definition.kind {
        Kind::Bool => (None, "bool", None),
        Kind::Text => (None, "string", None),
        Kind::Enum(_) => (None, "enum", None),
        Kind::Int(Unit::Fraction, min, max) => (None, "real", Some((fraction(min), fraction(max)))),
        Kind::Int(unit, min, max) => (unit.name(), "integer", Some((min.to_string(), max.to_string()))),
    };
    let words = match definition.kind {
        Kind::Enum(words) => Datum::array(Text, words.iter().map(text).collect::<Vec<_>>()),
        _ => Datum::Null,
    };
    vec![
        text(definition.name),
        text(plain(setting, of_session)),
        or_null(unit, text),
        Datum::Null,
        text(definition.about),
        Datum::Null,
        text(definition.context.name()),
        text(vartype),
        text(of_session.source(setting).name()),
        or_null(bounds.as_ref(), |(min, _)| text(min)),
        or_null(bounds.as_ref(), |(_, max)| text(max)),
        words,
        text(plain(setting, boot)),
        text(plain(setting, of_server)),
        Datum::Null,
        Datum::Null,
        Datum::Bool(false),
    ]
}

/// A value in its own unit, without the unit's name.
fn plain(setting: Setting, values: &Settings) -> String {
    match DEFINITIONS[setting as usize].kind {
        Kind::Bool | Kind::Enum(_) | Kind::Text => values.show(setting),
        Kind::Int(Unit::Fraction, ..) => fraction(values.int(setting)),
        Kind::Int(..) => values.int(setting).to_string(),
    }
}

/// Thousandths as a decimal fraction.
fn fraction(thousandths: i64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
