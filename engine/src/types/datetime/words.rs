//! The words in which dates and times are written.

/// Whether two words are the same but for upper and lower case.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// The months.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The days of the week.
pub(super) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The month, from 1, that a word names: in full, or by its first three letters.
pub(super) fn month(word: &str) -> Option<i64> {
    let found = MONTHS.iter().position(|name| same(name, word) || same(&name[..3], word)).map(|at| at as i64 + 1);
    found.or_else(|| same(word, "sept").then_some(9))
}

/// The day of the week that a word names.
pub(super) fn weekday(word: &str) -> Option<i64> {
    let found = DAYS.iter().position(|name| same(name, word) || same(&name[..3], word)).map(|at| at as i64);
    let more = ["tues", "weds", "wed", "thur", "thurs"];
    found.or_else(|| more.iter().position(|own| same(own, word)).map(|at| [2, 3, 3, 4, 4][at]))
}

/// A unit of time, by all its names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
}

use Unit::*;

static UNITS: &[(&str, Unit)] = &[
    ("us", Microsecond),
    ("usec", Microsecond),
    ("usecond", Microsecond),
    ("useconds", Microsecond),
    ("usecs", Microsecond),
    ("microsecond", Microsecond),
    ("microseconds", Microsecond),
    ("ms", Millisecond),
    ("msec", Millisecond),
    ("msecond", Millisecond),
    ("mseconds", Millisecond),
    ("msecs", Millisecond),
    ("millisecond", Millisecond),
    ("milliseconds", Millisecond),
    ("s", Second),
    ("sec", Second),
    ("second", Second),
    ("seconds", Second),
    ("secs", Second),
    ("m", Minute),
    ("min", Minute),
    ("mins", Minute),
    ("minute", Minute),
    ("minutes", Minute),
    ("h", Hour),
    ("hour", Hour),
    ("hours", Hour),
    ("hr", Hour),
    ("hrs", Hour),
    ("d", Day),
    ("day", Day),
    ("days", Day),
    ("w", Week),
    ("week", Week),
    ("weeks", Week),
    ("mon", Month),
    ("mons", Month),
    ("month", Month),
    ("months", Month),
    ("qtr", Quarter),
    ("quarter", Quarter),
    ("y", Year),
    ("year", Year),
    ("years", Year),
    ("yr", Year),
    ("yrs", Year),
    ("dec", Decade),
    ("decs", Decade),
    ("decade", Decade),
    ("decades", Decade),
    ("c", Century),
    ("cent", Century),
    ("century", Century),
    ("centuries", Century),
    ("mil", Millennium),
    ("mils", Millennium),
    ("millennia", Millennium),
    ("millennium", Millennium),
];

/// The unit that a word names.
pub fn unit(word: &str) -> Option<Unit> {
    UNITS.iter().find(|(own, _)| same(own, word)).map(|(_, unit)| *unit)
}
