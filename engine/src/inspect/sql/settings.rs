//! Settings: `pg_settings`, every one as the session sees it; `pg_file_settings`, what the files say; `pg_reload_conf`.

use super::{Columns, Functions, int4, or_null, text};
use crate::server::Server;
use crate::settings::file::{self, Line};
use crate::settings::{Context, DEFINITIONS, Kind, Setting, Settings, Source, Value};
use crate::small;
use crate::sql::bound::Row;
use crate::types::Datum;
use crate::types::TypeId::{self, *};
use crate::world::Interrupt;

pub(super) const SETTINGS: Columns = &[
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

pub(super) const FILE_SETTINGS: Columns = &[
    ("sourcefile", Text),
    ("sourceline", TypeId::Int4),
    ("seqno", TypeId::Int4),
    ("name", Text),
    ("setting", Text),
    ("applied", Bool),
    ("error", Text),
];

pub(super) fn add(functions: &mut Functions) {
    functions.view("pg_settings", SETTINGS, |cx, _| all(&cx.env.settings.borrow()));
    functions.view("pg_file_settings", FILE_SETTINGS, |_, server| file_settings(server));
    functions.value("pg_reload_conf", &[], Bool, |_, server, _| {
        let postmaster = server.spec.port.postmaster();
        postmaster.into_iter().for_each(|pid| server.spec.world.interrupt(pid, Interrupt::Reload));
        Ok(Datum::Bool(true))
    });
}

/// Every setting, in the order of the alphabet.
pub(super) fn all(settings: &Settings) -> Vec<Row> {
    let mut all: Vec<Setting> = Setting::ALL.to_vec();
    small::sort_by_key(&mut all, |setting| DEFINITIONS[*setting as usize].name.to_lowercase());
    all.into_iter().map(|setting| row(setting, settings, &Settings::default())).collect()
}

fn row(setting: Setting, settings: &Settings, boot: &Settings) -> Row {
    let definition = &DEFINITIONS[setting as usize];
    let (unit, vartype, bounds) = match definition.kind {
        Kind::Bool => (None, "bool", None),
        Kind::Text => (None, "string", None),
        Kind::Enum(_) => (None, "enum", None),
        Kind::Int(unit, min, max) => {
            let bound = |n| definition.plain(&Value::Int(n));
            (unit.name(), if unit.is_fraction() { "real" } else { "integer" }, Some((bound(min), bound(max))))
        }
    };
    let words = match definition.kind {
        Kind::Enum(words) => Datum::array(Text, words.iter().map(text).collect::<Vec<_>>()),
        _ => Datum::Null,
    };
    let (now, reset) = settings.plain(setting);
    let line = settings.line(setting);
    vec![
        text(definition.name),
        text(now),
        or_null(unit, text),
        text(definition.category),
        text(definition.about),
        Datum::Null,
        text(definition.context.name()),
        text(vartype),
        text(settings.source(setting).name()),
        or_null(bounds.as_ref(), |(min, _)| text(min)),
        or_null(bounds.as_ref(), |(_, max)| text(max)),
        words,
        text(boot.plain(setting).0),
        text(reset),
        or_null(line, |(file, _)| text(file)),
        or_null(line, |(_, number)| int4(number)),
        Datum::Bool(settings.is_pending(setting)),
    ]
}

/// Each line of the files, whether it counts, and what is wrong with it.
pub(super) fn file_settings(server: &Server) -> Vec<Row> {
    let (main, auto) = server.spec.configuration_files();
    let lines = match Settings::lines(&main, &auto) {
        Ok(lines) => lines,
        Err(error) => {
            let nothing = || Datum::Null;
            return vec![vec![
                text(file::MAIN),
                nothing(),
                int4(1),
                nothing(),
                nothing(),
                Datum::Bool(false),
                text(error),
            ]];
        }
    };
    let row = |(at, line): (usize, &Line)| {
        let hidden = lines[at + 1..].iter().any(|later| later.name.eq_ignore_ascii_case(&line.name));
        let error = if hidden { None } else { what_is_wrong(server, line) };
        let (file, number, seqno) = (text(line.file), int4(line.number), int4(at + 1));
        let (name, value) = (text(&line.name), text(&line.value));
        vec![file, number, seqno, name, value, Datum::Bool(!hidden && error.is_none()), or_null(error, text)]
    };
    lines.iter().enumerate().map(row).collect()
}

fn what_is_wrong(server: &Server, line: &Line) -> Option<&'static str> {
    let Ok(setting) = Settings::find(&line.name) else { return Some("unrecognized configuration parameter") };
    let mut trial = server.spec.settings.borrow().clone();
    let legal = trial.set(setting, &line.value, Source::File).is_ok();
    let needs_restart = DEFINITIONS[setting as usize].context == Context::Postmaster
        && trial.plain(setting) != server.spec.settings.borrow().plain(setting);
    (!legal || needs_restart).then_some("setting could not be applied")
}
