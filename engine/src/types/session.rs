//! What a session has set that values are read and shown by: its zone, its styles, and what time it is.
//!
//! PostgreSQL keeps these in global variables of the backend's process. Our backends are tasks in one process, so
//! whoever polls a backend sets them before (`server::backend`), and what runs until it waits again finds its own.

use super::datetime::zone::Zone;
use super::quote::quote_ident;
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

/// A relation as a regclass knows it.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its object id.
    pub oid: Oid,
    /// Its schema.
    pub schema: Rc<str>,
    /// Its name.
    pub name: Rc<str>,
    /// Whether the name alone means it.
    pub visible: bool,
}

/// All relations.
type Relations = Rc<[Relation]>;

thread_local! {
    /// The relations, for a statement that speaks of regclass.
    static RELATIONS: RefCell<Relations> = RefCell::new(Rc::new([]));
}

/// Makes these the relations whose names a regclass is read and shown by.
pub fn set_relations(relations: Rc<[Relation]>) {
    RELATIONS.set(relations);
}

/// The name of a relation, as SQL writes it.
pub fn relation_name(oid: Oid) -> Option<String> {
    RELATIONS.with_borrow(|known| {
        let found = known.iter().find(|relation| relation.oid == oid)?;
        let name = quote_ident(&found.name);
        Some(if found.visible { name } else { format!("{}.{name}", quote_ident(&found.schema)) })
    })
}

/// The relation of a name.
pub fn relation_named(name: &str) -> Option<Oid> {
    let parts = split_name(name);
    let (schema, name) = match &parts[..] {
        [name] => (None, name),
        [schema, name] => (Some(schema), name),
        _ => return None,
    };
    let means = |relation: &&Relation| match schema {
        Some(schema) => *relation.schema == **schema && *relation.name == **name,
        None => relation.visible && *relation.name == **name,
    };
    RELATIONS.with_borrow(|known| known.iter().find(means).map(|relation| relation.oid))
}

/// The parts of a qualified name, folded and without their quotes.
pub fn split_name(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.trim().chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(std::mem::take(&mut part)),
            c if quoted => part.push(c),
            c => part.push(c.to_ascii_lowercase()),
        }
    }
    parts.push(part);
    parts
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
