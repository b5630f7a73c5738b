//! Days, months and years. Day numbers are turned into dates by shifting the year to begin in March, so that the leap day
//! comes last.

use super::{USECS_PER_DAY, USECS_PER_SEC};

/// From 0000-03-01 to 2000-01-01.
const EPOCH_DAY: i64 = 730_425;
/// The Julian day of 2000-01-01.
pub const POSTGRES_EPOCH_JDATE: i64 = 2_451_545;
/// Days from 1970-01-01 to 2000-01-01.
pub const UNIX_EPOCH_DAYS: i64 = 10_957;

/// A date and a time of day, as a clock on a wall shows it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Fields {
    /// 0 is 1 BC.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
    /// Hours.
    pub hour: i64,
    /// Minutes.
    pub minute: i64,
    /// Seconds.
    pub second: i64,
    /// Microseconds of the second.
    pub micros: i64,
}

impl Fields {
    /// Of a timestamp.
    pub fn of(timestamp: i64) -> Fields {
        let (year, month, day) = date_of(timestamp.div_euclid(USECS_PER_DAY));
        Fields { year, month, day, ..Fields::of_time(timestamp.rem_euclid(USECS_PER_DAY)) }
    }

    /// Of a time of day.
    pub fn of_time(time: i64) -> Fields {
        let (seconds, micros) = (time / USECS_PER_SEC, time % USECS_PER_SEC);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        Fields { hour, minute, second, micros, ..Fields::default() }
    }

    /// Microseconds since midnight.
    pub fn time(&self) -> i64 {
        ((self.hour * 60 + self.minute) * 60 + self.second) * USECS_PER_SEC + self.micros
    }

    /// Days since 2000-01-01.
    pub fn days(&self) -> i64 {
        day_number(self.year, self.month, self.day)
    }

    /// The timestamp; `None` if it overflows.
    pub fn timestamp(&self) -> Option<i64> {
        self.days().checked_mul(USECS_PER_DAY)?.checked_add(self.time())
    }
}

/// Days since 2000-01-01 of a date; year 0 is 1 BC.
pub fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let from_march = (month + 9) % 12;
    let year = year - from_march / 10;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (from_march * 306 + 5) / 10 + day
        - 1
        - EPOCH_DAY
}

/// The date of a day number.
pub fn date_of(day_number: i64) -> (i64, i64, i64) {
    let days = day_number + EPOCH_DAY;
    let (era, in_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// How many days a month has.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    day_number(next_year, next_month, 1) - day_number(year, month, 1)
}

/// The day of the week, Sunday being 0.
pub fn day_of_week(day_number: i64) -> i64 {
    (day_number + 6).rem_euclid(7)
}

/// The day of the year, from 1.
pub fn day_of_year(year: i64, month: i64, day: i64) -> i64 {
    day_number(year, month, day) - day_number(year, 1, 1) + 1
}

/// Week and year of ISO 8601: weeks begin on Monday, and the first one holds January 4.
pub fn iso_week(day_number: i64) -> (i64, i64) {
    // The Thursday of a week decides which year it belongs to.
    let thursday = day_number - (day_of_week(day_number) + 6) % 7 + 3;
    let (year, ..) = date_of(thursday);
    (year, (thursday - self::day_number(year, 1, 1)) / 7 + 1)
}

/// The Monday of a week of ISO 8601.
pub fn iso_week_start(year: i64, week: i64) -> i64 {
    let fourth = day_number(year, 1, 4);
    fourth - (day_of_week(fourth) + 6) % 7 + (week - 1) * 7
}
