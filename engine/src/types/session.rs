//! What a session has set that values are read and shown by: its zone, its styles, and what time it is.
//!
//! PostgreSQL keeps these in global variables of the backend's process. Our backends are tasks in one process, so
//! whoever polls a backend sets them before (`server::backend`), and what runs until it waits again finds its own.

use super::datetime::zone::Zone;
use crate::ids::TimestampTz;
use std::cell::Cell;

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
