//! Intervals as text, in the session's IntervalStyle.

use super::super::datetime::USECS_PER_SEC;
use super::super::session::{IntervalStyle, style};
use super::Interval;

/// The parts of the time of an interval, without its sign.
struct Clock {
    hours: u64,
    minutes: u64,
    seconds: u64,
    /// `.25`, or nothing.
    fraction: String,
}

impl Clock {
    fn of(value: Interval) -> Clock {
        let micros = value.micros.unsigned_abs();
        let seconds = micros / USECS_PER_SEC as u64;
        let fraction = match micros % USECS_PER_SEC as u64 {
            0 => String::new(),
            part => format!(".{part:06}").trim_end_matches('0').to_string(),
        };
        Clock { hours: seconds / 3600, minutes: seconds / 60 % 60, seconds: seconds % 60, fraction }
    }

    fn shown(&self) -> String {
        format!("{:02}:{:02}:{:02}{}", self.hours, self.minutes, self.seconds, self.fraction)
    }

    fn seconds(&self) -> String {
        format!("{}{}", self.seconds, self.fraction)
    }
}

/// `interval_out`
pub fn interval_out(value: Interval) -> String {
    match style().interval {
        IntervalStyle::Postgres => postgres(value),
        IntervalStyle::PostgresVerbose => verbose(value),
        IntervalStyle::SqlStandard => sql_standard(value),
        IntervalStyle::Iso8601 => iso_8601(value),
    }
}

/// `1 year 2 mons 3 days 04:05:06.7`
fn postgres(value: Interval) -> String {
    let mut parts: Vec<String> = Vec::new();
    // After a negative part, a positive one shows its sign.
    let mut negative = false;
    for (count, unit) in [(value.months / 12, "year"), (value.months % 12, "mon"), (value.days, "day")] {
        if count == 0 {
            continue;
        }
        let sign = if negative && count > 0 { "+" } else { "" };
        parts.push(format!("{sign}{count} {unit}{}", if count == 1 { "" } else { "s" }));
        negative = count < 0;
    }
    if value.micros != 0 || parts.is_empty() {
        let sign = match value.micros < 0 {
            true => "-",
            false if negative => "+",
            false => "",
        };
        parts.push(format!("{sign}{}", Clock::of(value).shown()));
    }
    parts.join(" ")
}

/// `@ 1 year 2 mons 3 days 4 hours 5 mins 6.7 secs`, with `ago` if the first part is negative.
fn verbose(value: Interval) -> String {
    let clock = Clock::of(value);
    let time = if value.micros < 0 { -1 } else { 1 };
    let mut text = String::from("@");
    let mut ago = None;
    let mut part = |count: String, sign: i64, unit: &str| {
        let flip = *ago.get_or_insert(sign < 0);
        let shown = if (sign < 0) != flip { "-" } else { "" };
        text += &format!(" {shown}{count} {unit}{}", if count == "1" { "" } else { "s" });
    };
    for (count, unit) in [(value.months / 12, "year"), (value.months % 12, "mon"), (value.days, "day")] {
        if count != 0 {
            part(count.unsigned_abs().to_string(), count.into(), unit);
        }
    }
    for (count, unit) in [(clock.hours, "hour"), (clock.minutes, "min")] {
        if count != 0 {
            part(count.to_string(), time, unit);
        }
    }
    if clock.seconds != 0 || !clock.fraction.is_empty() {
        part(clock.seconds(), time, "sec");
    }
    match ago {
        None => "@ 0".into(),
        Some(true) => text + " ago",
        Some(false) => text,
    }
}

/// `1-2 3 4:05:06.7`, with signs everywhere if they differ.
fn sql_standard(value: Interval) -> String {
    let clock = Clock::of(value);
    let parts = [i64::from(value.months), i64::from(value.days), value.micros];
    let (years, days) = (value.months.unsigned_abs(), value.days.unsigned_abs());
    let time = format!("{}:{:02}:{:02}{}", clock.hours, clock.minutes, clock.seconds, clock.fraction);
    let negative = parts.iter().any(|part| *part < 0);
    let mixed = negative && parts.iter().any(|part| *part > 0);
    let sign = |part: i64| if part < 0 { '-' } else { '+' };
    let lead = if negative { "-" } else { "" };
    match parts {
        [0, 0, 0] => "0".into(),
        [months, 0, 0] if months != 0 => format!("{lead}{}-{}", years / 12, years % 12),
        [months, _, _] if mixed || months != 0 => {
            format!("{}{}-{} {}{days} {}{time}", sign(parts[0]), years / 12, years % 12, sign(parts[1]), sign(parts[2]))
        }
        [_, 0, _] => format!("{lead}{time}"),
        _ => format!("{lead}{days} {time}"),
    }
}

/// `P1Y2M3DT4H5M6.7S`
fn iso_8601(value: Interval) -> String {
    let clock = Clock::of(value);
    let mut text = String::from("P");
    for (count, unit) in [(value.months / 12, 'Y'), (value.months % 12, 'M'), (value.days, 'D')] {
        if count != 0 {
            text += &format!("{count}{unit}");
        }
    }
    let sign = if value.micros < 0 { "-" } else { "" };
    if value.micros != 0 {
        text.push('T');
        for (count, unit) in [(clock.hours, 'H'), (clock.minutes, 'M')] {
            if count != 0 {
                text += &format!("{sign}{count}{unit}");
            }
        }
        if clock.seconds != 0 || !clock.fraction.is_empty() {
            text += &format!("{sign}{}S", clock.seconds());
        }
    }
    if text == "P" { "PT0S".into() } else { text }
}
