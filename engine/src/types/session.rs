//! What a session has set that values are read and shown by: its zone, its styles, and what time it is.
//!
//! PostgreSQL keeps these in global variables of the backend's process. Our backends are tasks in one process, so
//! whoever polls a backend sets them before (`server::backend`), and what runs until it waits again finds its own.

use super::datetime::zone::Zone;
use crate::ids::{Oid, TimestampTz};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// DateStyle's first word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum DateStyle {
    Iso,
    Sql,
    Postgres,
    German,
}

/// DateStyle's second word: what `1/2/3` means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum DateOrder {
    Mdy,
    Dmy,
    Ymd,
}

/// IntervalStyle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum IntervalStyle {
    Postgres,
    PostgresVerbose,
    SqlStandard,
    Iso8601,
}

/// The settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// TimeZone
    pub zone: Zone,
    /// DateStyle
    pub date: DateStyle,
    /// DateStyle
    pub order: DateOrder,
    /// IntervalStyle
    pub interval: IntervalStyle,
    /// extra_float_digits
    pub float_digits: i8,
    /// bytea_output is `escape`
    pub bytea_escape: bool,
    /// When the transaction began: what `'now'` means.
    pub now: TimestampTz,
}

impl Style {
    /// What holds where nothing was set.
    pub const DEFAULT: Style = Style {
        zone: Zone::UTC,
        date: DateStyle::Iso,
        order: DateOrder::Mdy,
        interval: IntervalStyle::Postgres,
        float_digits: 1,
        bytea_escape: false,
        now: TimestampTz(0),
    };
}

thread_local! {
    static STYLE: Cell<Style> = const { Cell::new(Style::DEFAULT) };
}

/// Relations by their oids.
type Relations = Rc<[(Oid, Rc<str>)]>;

thread_local! {
    /// The relations by their oids, with their names as SQL writes them: for a statement that speaks of regclass.
    static RELATIONS: RefCell<Relations> = RefCell::new(Rc::new([]));
}

/// Makes these the relations whose names a regclass is read and shown by.
pub fn set_relations(relations: Rc<[(Oid, Rc<str>)]>) {
    RELATIONS.set(relations);
}

/// The name of a relation.
pub fn relation_name(oid: Oid) -> Option<Rc<str>> {
    RELATIONS.with_borrow(|known| known.iter().find(|(own, _)| *own == oid).map(|(_, name)| name.clone()))
}

/// The relation of a name.
pub fn relation_named(name: &str) -> Option<Oid> {
    let bare = name.strip_prefix("pg_catalog.").or(name.strip_prefix("public.")).unwrap_or(name);
    let folded = if bare.contains('"') { bare.to_string() } else { bare.to_ascii_lowercase() };
    RELATIONS.with_borrow(|known| known.iter().find(|(_, own)| **own == *folded).map(|(oid, _)| *oid))
}

/// What the running session has set.
pub fn style() -> Style {
    STYLE.get()
}

/// Makes these the running session's.
pub fn set_style(style: Style) {
    STYLE.set(style);
}

/// Reads a DateStyle, such as `ISO, DMY`, on top of another one; `None` if it is none.
pub fn parse_date_style(text: &str, mut date: DateStyle, mut order: DateOrder) -> Option<(DateStyle, DateOrder)> {
    for word in text.split(',') {
        match word.trim().to_ascii_lowercase().as_str() {
            "iso" => date = DateStyle::Iso,
            "sql" => date = DateStyle::Sql,
            "postgres" => date = DateStyle::Postgres,
            "german" => {
                date = DateStyle::German;
                order = DateOrder::Dmy;
            }
            "ymd" => order = DateOrder::Ymd,
            "dmy" | "euro" | "european" => order = DateOrder::Dmy,
            "mdy" | "us" | "noneuro" | "noneuropean" => order = DateOrder::Mdy,
            "default" => (date, order) = (DateStyle::Iso, DateOrder::Mdy),
            _ => return None,
        }
    }
    Some((date, order))
}
