//! What a setting can be, and the reading and printing of values with units.

use super::StandbyNames;
use crate::ids::{Error, Result, sqlstate};
use crate::small::read_float::read_f64;

/// When a setting may be changed; `pg_settings.context`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Context {
    /// Never.
    Internal,
    /// At the server's start.
    Postmaster,
    /// When the configuration file is read again.
    Sighup,
    /// By a superuser, when a session begins.
    SuperuserBackend,
    /// By a superuser's SET.
    Superuser,
    /// By anybody's SET.
    User,
}

impl Context {
    /// `pg_settings.context`
    pub fn name(self) -> &'static str {
        match self {
            Context::Internal => "internal",
            Context::Postmaster => "postmaster",
            Context::Sighup => "sighup",
            Context::SuperuserBackend => "superuser-backend",
            Context::Superuser => "superuser",
            Context::User => "user",
        }
    }
}

/// Who set a value; `pg_settings.source`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Source {
    /// Nobody.
    Default,
    /// The configuration file.
    File,
    /// The client's startup packet.
    Client,
    /// The server itself, whatever anybody says.
    Override,
    /// SET.
    Session,
}

impl Source {
    /// `pg_settings.source`
    pub fn name(self) -> &'static str {
        match self {
            Source::Default => "default",
            Source::File => "configuration file",
            Source::Client => "client",
            Source::Override => "override",
            Source::Session => "session",
        }
    }
}

/// The unit a number is kept in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A plain number.
    None,
    /// Bytes.
    Byte,
    /// Kilobytes.
    Kb,
    /// Pages of 8 kB.
    Page,
    /// Megabytes.
    Mb,
    /// Milliseconds.
    Ms,
    /// Seconds.
    Sec,
    /// Thousandths, printed as a decimal fraction.
    Fraction,
    /// Microseconds, spoken of as fractions of a millisecond.
    MsFraction,
    /// Millionths, printed as a decimal fraction.
    Cost,
}

/// Spellings and sizes of units, largest first, in bytes or in microseconds.
const MEMORY: &[(&str, i64)] = &[("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1)];
const TIME: &[(&str, i64)] =
    &[("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

impl Unit {
    /// How much one is, in the base unit of its table.
    fn size(self) -> i64 {
        match self {
            Unit::None | Unit::Byte | Unit::Fraction | Unit::MsFraction | Unit::Cost => 1,
            Unit::Kb => 1 << 10,
            Unit::Page => 8 << 10,
            Unit::Mb => 1 << 20,
            Unit::Ms => 1_000,
            Unit::Sec => 1_000_000,
        }
    }

    fn spellings(self) -> &'static [(&'static str, i64)] {
        match self {
            Unit::None | Unit::Fraction | Unit::Cost => &[],
            Unit::Byte | Unit::Kb | Unit::Page | Unit::Mb => MEMORY,
            Unit::Ms | Unit::Sec | Unit::MsFraction => TIME,
        }
    }

    /// `pg_settings.unit`
    pub fn name(self) -> Option<&'static str> {
        match self {
            Unit::None | Unit::Fraction | Unit::Cost => None,
            Unit::Byte => Some("B"),
            Unit::Kb => Some("kB"),
            Unit::Page => Some("8kB"),
            Unit::Mb => Some("MB"),
            Unit::Ms | Unit::MsFraction => Some("ms"),
            Unit::Sec => Some("s"),
        }
    }
}

/// The type of a setting.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    /// on or off
    Bool,
    /// A number in a unit, with bounds.
    Int(Unit, i64, i64),
    /// Any text.
    Text,
    /// One of these words.
    Enum(&'static [&'static str]),
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Of a boolean setting.
    Bool(bool),
    /// Of a number, in its unit.
    Int(i64),
    /// Of a text.
    Text(String),
    /// Of an enum: the index of the word.
    Enum(usize),
}

/// What there is to know of a setting.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// The value that it has by default, as text.
    pub default: &'static str,
    /// When it may be changed.
    pub context: Context,
    /// The manual's section; `pg_settings.category`.
    pub category: &'static str,
    /// What it is for: one line of our own.
    pub about: &'static str,
}

fn invalid(message: String) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
}

impl Definition {
    /// The default, which the table gives as text.
    pub(super) fn default_value(&self) -> Value {
        match self.parse(self.default) {
            Ok(value) => value,
            Err(error) => panic!("the default of {} is illegal: {error}", self.name),
        }
    }

    /// Whether a source may change this setting now.
    pub(super) fn check_context(&self, source: Source) -> Result<()> {
        let how = match (self.context, source) {
            (_, Source::Default | Source::Override) | (Context::User | Context::Superuser, _) => return Ok(()),
            (Context::Postmaster | Context::Sighup | Context::SuperuserBackend, Source::File) => return Ok(()),
            (Context::SuperuserBackend, Source::Client) => return Ok(()),
            (Context::Internal, _) => "cannot be changed",
            (Context::Postmaster, _) => "cannot be changed without restarting the server",
            (Context::Sighup, _) => "cannot be changed now",
            (Context::SuperuserBackend, _) => "cannot be set after connection start",
        };
        Err(Error::new(sqlstate::CANT_CHANGE_RUNTIME_PARAM, format!("parameter \"{}\" {how}", self.name)))
    }

    /// Reads a value.
    pub(super) fn parse(&self, text: &str) -> Result<Value> {
        match self.kind {
            Kind::Text => self.parse_text(text),
            Kind::Bool => match parse_bool(text) {
                Some(on) => Ok(Value::Bool(on)),
                None => Err(invalid(format!("parameter \"{}\" requires a Boolean value", self.name))),
            },
            Kind::Enum(words) => self.parse_word(words, text),
            Kind::Int(unit, min, max) => self.parse_number(unit, min, max, text),
        }
    }

    fn parse_text(&self, text: &str) -> Result<Value> {
        if self.name == "synchronous_standby_names"
            && let Err(detail) = StandbyNames::parse(text)
        {
            let message = format!("invalid value for parameter \"{}\": \"{text}\"", self.name);
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).detail(detail));
        }
        Ok(Value::Text(text.to_string()))
    }

    fn parse_word(&self, words: &[&str], text: &str) -> Result<Value> {
        let exact = words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let as_bool = || parse_bool(text).and_then(|on| words.iter().position(|w| *w == if on { "on" } else { "off" }));
        exact.or_else(as_bool).map(Value::Enum).ok_or_else(|| {
            invalid(format!("invalid value for parameter \"{}\": \"{text}\"", self.name))
                .hint(format!("Available values: {}.", words.join(", ")))
        })
    }

    fn parse_number(&self, unit: Unit, min: i64, max: i64, text: &str) -> Result<Value> {
        let bad = || invalid(format!("invalid value for parameter \"{}\": \"{text}\"", self.name));
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(trimmed.len());
        let (number, suffix) = (&trimmed[..digits], trimmed[digits..].trim());
        let number = read_f64(number).ok_or_else(bad)?;
        let scaled = match suffix {
            "" if unit.is_fraction() => number * unit.parts(),
            "" => number,
            _ => {
                let (_, size) = unit.spellings().iter().find(|(s, _)| *s == suffix).ok_or_else(|| unit.hint(bad()))?;
                number * *size as f64 / unit.size() as f64
            }
        };
        // Rounds to even, as rint does.
        let rounded = scaled.round_ties_even();
        if !unit.is_fraction() && rounded.abs() > f64::from(i32::MAX) {
            return Err(bad().hint("Value exceeds integer range."));
        }
        let value = rounded as i64;
        if !(min..=max).contains(&value) {
            let shown = |n: i64| if unit.is_fraction() { unit.fraction(n) } else { n.to_string() };
            let suffix = unit.name().map(|u| format!(" {u}")).unwrap_or_default();
            let what = format!("{}{suffix} is outside the valid range for parameter", shown(value));
            return Err(invalid(format!("{what} \"{}\" ({} .. {})", self.name, shown(min), shown(max))));
        }
        Ok(Value::Int(value))
    }

    /// A value in its own unit, without the unit's name: `pg_settings.setting`.
    pub fn plain(&self, value: &Value) -> String {
        match (value, self.kind) {
            (Value::Int(n), Kind::Int(unit, ..)) if unit.is_fraction() => unit.fraction(*n),
            (Value::Int(n), _) => n.to_string(),
            _ => self.show(value),
        }
    }

    /// As SHOW prints a value: in the largest unit that divides it.
    pub(super) fn show(&self, value: &Value) -> String {
        match (value, self.kind) {
            (Value::Bool(on), _) => if *on { "on" } else { "off" }.to_string(),
            (Value::Text(text), _) => text.clone(),
            (Value::Enum(index), Kind::Enum(words)) => words[*index].to_string(),
            (Value::Int(n), Kind::Int(unit @ (Unit::Fraction | Unit::Cost), ..)) => unit.fraction(*n),
            (Value::Int(n), Kind::Int(unit, ..)) if *n > 0 && !unit.spellings().is_empty() => {
                let base = n * unit.size();
                let fits = unit.spellings().iter().find(|(_, size)| base % size == 0);
                fits.map_or_else(|| n.to_string(), |(name, size)| format!("{}{name}", base / size))
            }
            (Value::Int(n), _) => n.to_string(),
            (Value::Enum(index), _) => index.to_string(),
        }
    }
}

impl Unit {
    /// Whether numbers are kept in parts of one: the type `real`.
    pub fn is_fraction(self) -> bool {
        matches!(self, Unit::Fraction | Unit::MsFraction | Unit::Cost)
    }

    /// In which parts.
    fn parts(self) -> f64 {
        if self == Unit::Cost { 1_000_000.0 } else { 1_000.0 }
    }

    /// A number of parts as a decimal fraction.
    pub fn fraction(self, parts: i64) -> String {
        (parts as f64 / self.parts()).to_string()
    }

    fn hint(self, error: Error) -> Error {
        match self.spellings() {
            [] => error,
            MEMORY => error.hint("Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\"."),
            _ => error.hint("Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\"."),
        }
    }
}

/// on, off, true, false, yes, no, 1, 0, and their unique prefixes.
fn parse_bool(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let means = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if means("true", 1) || means("yes", 1) || text == "on" || text == "1" {
        Some(true)
    } else if means("false", 1) || means("no", 1) || means("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}
