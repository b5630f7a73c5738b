//! What a session has set that values are read and shown by: installed whenever its backend runs.
//!
//! PostgreSQL's backend has its zone and its styles in global variables, which belong to its process. Here all backends
//! are tasks of one process, so they are put in place before a backend is polled, and again when a statement begins,
//! since the one before it may have been SET ([`crate::types::session`]).

use super::session::Session;
use crate::ids::{Error, Result, sqlstate};
use crate::settings::Setting;
use crate::txn::Env;
use crate::types::datetime::zone::Zone;
use crate::types::session::{DateOrder, DateStyle, IntervalStyle, Style, parse_date_style, set_style};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Puts the session's style in place.
pub(super) fn install(env: &Env) {
    let settings = env.settings.borrow();
    let mut style = Style::DEFAULT;
    match settings.text(Setting::TimeZone) {
        "Etc/UTC" | "UTC" => {}
        zone => style.zone = Zone::parse(zone).unwrap_or(Zone::UTC),
    }
    match settings.text(Setting::DateStyle) {
        "ISO, MDY" => {}
        text => {
            (style.date, style.order) =
                parse_date_style(text, style.date, style.order).unwrap_or((style.date, style.order));
        }
    }
    style.interval = match settings.int(Setting::IntervalStyle) {
        1 => IntervalStyle::PostgresVerbose,
        2 => IntervalStyle::SqlStandard,
        3 => IntervalStyle::Iso8601,
        _ => IntervalStyle::Postgres,
    };
    style.float_digits = settings.int(Setting::extra_float_digits) as i8;
    style.bytea_escape = settings.int(Setting::bytea_output) == 0;
    style.now = env.xact.borrow().started;
    set_style(style);
}

/// A backend's work, with its session's style in place whenever it runs.
pub(super) struct Styled<F> {
    pub env: Env,
    pub work: Pin<Box<F>>,
}

impl<F: Future> Future for Styled<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        install(&self.env);
        self.work.as_mut().poll(cx)
    }
}

impl Session {
    /// A value that SET gives to one of these settings, as it is kept; refused if it is none.
    pub(super) fn style_value(&self, setting: Setting, name: &str, text: &str) -> Result<String> {
        let refuse = || {
            let message = format!("invalid value for parameter \"{name}\": \"{text}\"");
            Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message))
        };
        match setting {
            Setting::TimeZone => match Zone::parse(text) {
                Some(Zone::Fixed(_)) => Ok(text.to_string()),
                Some(zone) => Ok(zone.name()),
                None => refuse(),
            },
            Setting::DateStyle => {
                let settings = self.env.settings.borrow();
                let now = parse_date_style(settings.text(setting), DateStyle::Iso, DateOrder::Mdy);
                let (date, order) = now.unwrap_or((DateStyle::Iso, DateOrder::Mdy));
                let Some((date, order)) = parse_date_style(text, date, order) else {
                    let unknown = |word: &&str| parse_date_style(word, date, order).is_none();
                    let word = text.split(',').map(str::trim).find(unknown).unwrap_or(text);
                    return refuse().map_err(|error| error.detail(format!("Unrecognized key word: \"{word}\".")));
                };
                let date = match date {
                    DateStyle::Iso => "ISO",
                    DateStyle::Sql => "SQL",
                    DateStyle::Postgres => "Postgres",
                    DateStyle::German => "German",
                };
                let order = match order {
                    DateOrder::Mdy => "MDY",
                    DateOrder::Dmy => "DMY",
                    DateOrder::Ymd => "YMD",
                };
                Ok(format!("{date}, {order}"))
            }
            _ => Ok(text.to_string()),
        }
    }
}
