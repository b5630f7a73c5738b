//! `pg_proc`: the functions, as far as PostgreSQL has the same under the same number; and how their arguments are shown.
//!
//! The rows stand in `pg_proc.tsv`, one a line, as 15.18 has them; they are read when they are asked for. What belongs to
//! extensions there is not among them.
//!
//! PostgreSQL: `pg_get_function_arguments` in `utils/adt/ruleutils.c`.

use super::{Columns, Functions};
use crate::ids::{Oid as ObjectId, Result};
use crate::sql::bound::Row;
use crate::types::TypeId::{self, *};
use crate::types::quote::quote_ident;
use crate::types::{Datum, input};

const PROC: Columns = &[
    ("oid", Oid),
    ("proname", Name),
    ("pronamespace", Oid),
    ("proowner", Oid),
    ("prolang", Oid),
    ("procost", Float4),
    ("prorows", Float4),
    ("provariadic", Oid),
    ("prosupport", Regproc),
    ("prokind", Char),
    ("prosecdef", Bool),
    ("proleakproof", Bool),
    ("proisstrict", Bool),
    ("proretset", Bool),
    ("provolatile", Char),
    ("proparallel", Char),
    ("pronargs", Int2),
    ("pronargdefaults", Int2),
    ("prorettype", Oid),
    ("proargtypes", OidVector),
    ("proallargtypes", OidArray),
    ("proargmodes", CharArray),
    ("proargnames", TextArray),
    ("proargdefaults", PgNodeTree),
    ("protrftypes", OidArray),
    ("prosrc", Text),
    ("probin", Text),
    ("prosqlbody", PgNodeTree),
    ("proconfig", TextArray),
    ("proacl", AclItemArray),
];
const EXTENSION: Columns = &[
    ("oid", Oid),
    ("extname", Name),
    ("extowner", Oid),
    ("extnamespace", Oid),
    ("extrelocatable", Bool),
    ("extversion", Text),
    ("extconfig", OidArray),
    ("extcondition", TextArray),
];
const DESCRIPTION: Columns = &[("objoid", Oid), ("classoid", Oid), ("objsubid", Int4), ("description", Text)];

/// The functions: oid, proname, prokind, prolang, procost, prorows, provariadic, proisstrict and proretset and proleakproof,
/// provolatile and proparallel, pronargdefaults, prorettype, proargtypes, proallargtypes, proargmodes, proargnames, prosrc
/// if it is not the name, proargdefaults.
static ROWS: &str = include_str!("pg_proc.tsv");

/// Places of fields in a line.
mod field {
    pub(super) const NAME: usize = 1;
    pub(super) const FLAGS: usize = 7;
    pub(super) const VOLATILE: usize = 8;
    pub(super) const DEFAULTED: usize = 9;
    pub(super) const RESULT: usize = 10;
    pub(super) const ARGS: usize = 11;
    pub(super) const ALL_ARGS: usize = 12;
    pub(super) const MODES: usize = 13;
    pub(super) const NAMES: usize = 14;
    pub(super) const SOURCE: usize = 15;
    pub(super) const DEFAULTS: usize = 16;
}

pub(super) fn add(functions: &mut Functions) {
    let registry = &mut *functions.registry;
    registry.view("pg_proc", PROC, |_, _| Box::pin(async { ROWS.lines().map(row).collect() }));
    registry.view("pg_extension", EXTENSION, |_, _| Box::pin(async { Ok(Vec::new()) }));
    registry.view("pg_description", DESCRIPTION, |_, _| Box::pin(async { Ok(Vec::new()) }));
    type Show = fn(&[&str]) -> String;
    let shown: [(&'static str, Show); 3] = [
        ("pg_get_function_arguments", |fields| arguments(fields, true)),
        ("pg_get_function_identity_arguments", |fields| arguments(fields, false)),
        ("pg_get_function_result", result),
    ];
    for (name, show) in shown {
        registry.waiting(name, &[TypeId::Oid], Text, move |_, args| {
            let shown = args[0].as_u32().map(|oid| line(oid).map_or(Datum::Null, |fields| Datum::text(show(&fields))));
            Box::pin(async { shown })
        });
    }
    registry.waiting("pg_function_is_visible", &[TypeId::Oid], Bool, |_, args| {
        let known = args[0].as_u32().map(|oid| line(oid).map_or(Datum::Null, |_| Datum::Bool(true)));
        Box::pin(async { known })
    });
}

/// The line of a function, in its fields.
fn line(oid: u32) -> Option<Vec<&'static str>> {
    let mut lines = ROWS.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    lines.find(|fields| fields[0].parse() == Ok(oid))
}

fn flag(fields: &[&str], at: usize) -> Datum {
    Datum::Bool(fields[field::FLAGS].as_bytes().get(at) == Some(&b't'))
}

fn row(line: &'static str) -> Result<Row> {
    let fields: Vec<&str> = line.split('\t').collect();
    let read = |at: usize, ty: TypeId| if fields[at].is_empty() { Ok(Datum::Null) } else { input(ty, fields[at], -1) };
    let letter = |text: &str, at: usize| Datum::Char(text.as_bytes().get(at).copied().unwrap_or(0));
    let oid = |oid: u32| Datum::Oid(ObjectId(oid));
    let args = fields[field::ARGS];
    let types =
        args.split_whitespace().map(|ty| Ok(oid(ty.parse::<u32>().unwrap_or(0)))).collect::<Result<Vec<_>>>()?;
    let source = if fields[field::SOURCE].is_empty() { fields[field::NAME] } else { fields[field::SOURCE] };
    Ok(vec![
        read(0, TypeId::Oid)?,
        Datum::name(fields[field::NAME]),
        oid(11),
        oid(10),
        read(3, TypeId::Oid)?,
        read(4, Float4)?,
        read(5, Float4)?,
        read(6, TypeId::Oid)?,
        oid(0),
        letter(fields[2], 0),
        Datum::Bool(false),
        flag(&fields, 2),
        flag(&fields, 0),
        flag(&fields, 1),
        letter(fields[field::VOLATILE], 0),
        letter(fields[field::VOLATILE], 1),
        Datum::Int2(types.len() as i16),
        read(field::DEFAULTED, Int2)?,
        read(field::RESULT, TypeId::Oid)?,
        input(OidVector, args, -1)?,
        read(field::ALL_ARGS, OidArray)?,
        read(field::MODES, CharArray)?,
        read(field::NAMES, TextArray)?,
        if fields[field::DEFAULTS].is_empty() { Datum::Null } else { Datum::text(fields[field::DEFAULTS]) },
        Datum::Null,
        Datum::text(source),
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
    ])
}

// --- how a function is shown ---------------------------------------------------------------------------------

fn type_name(oid: &str) -> String {
    let known = oid.parse().ok().and_then(|oid| TypeId::from_oid(ObjectId(oid)));
    known.map_or_else(|| "???".to_string(), |ty| ty.to_string())
}

/// The items of an array such as `{a,b}`, or none.
fn items(text: &str) -> Vec<&str> {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    if inner.is_empty() { Vec::new() } else { inner.split(',').map(|item| item.trim_matches('"')).collect() }
}

/// An argument: how it goes, its name, its type.
fn all_arguments<'a>(fields: &[&'a str]) -> Vec<(&'a str, &'a str, &'a str)> {
    let (modes, names) = (items(fields[field::MODES]), items(fields[field::NAMES]));
    let types = match fields[field::ALL_ARGS] {
        "" => fields[field::ARGS].split_whitespace().collect(),
        all => items(all),
    };
    let part = |list: &[&'a str], at: usize, or: &'a str| list.get(at).copied().unwrap_or(or);
    types.iter().enumerate().map(|(at, ty)| (part(&modes, at, "i"), part(&names, at, ""), *ty)).collect()
}

/// `print_function_arguments`
fn arguments(fields: &[&str], with_defaults: bool) -> String {
    let all = all_arguments(fields);
    let inputs = all.iter().filter(|(mode, ..)| matches!(*mode, "i" | "b" | "v")).count();
    let defaults: Vec<&str> = fields[field::DEFAULTS].split(", ").collect();
    let plain = inputs - fields[field::DEFAULTED].parse::<usize>().unwrap_or(0).min(inputs);
    let (mut shown, mut input) = (Vec::new(), 0_usize);
    for (mode, name, ty) in all {
        let word = match mode {
            "b" => "INOUT ",
            "o" => "OUT ",
            "v" => "VARIADIC ",
            "t" => continue,
            _ => "",
        };
        let name = if name.is_empty() { String::new() } else { format!("{} ", quote_ident(name)) };
        let mut text = format!("{word}{name}{}", type_name(ty));
        if matches!(mode, "i" | "b" | "v") {
            if let Some(default) = input.checked_sub(plain).and_then(|at| defaults.get(at)).filter(|_| with_defaults) {
                text += &format!(" DEFAULT {default}");
            }
            input += 1;
        }
        shown.push(text);
    }
    shown.join(", ")
}

/// What a function returns.
fn result(fields: &[&str]) -> String {
    let columns = all_arguments(fields).into_iter().filter(|(mode, ..)| *mode == "t");
    let columns: Vec<String> =
        columns.map(|(_, name, ty)| format!("{} {}", quote_ident(name), type_name(ty))).collect();
    if !columns.is_empty() {
        return format!("TABLE({})", columns.join(", "));
    }
    let set = if flag(fields, 1) == Datum::Bool(true) { "SETOF " } else { "" };
    format!("{set}{}", type_name(fields[field::RESULT]))
}
