//! Floating-point numbers as text: the shortest digits that are read back as the same number.
//!
//! PostgreSQL finds them with Ryu and does not accept digits that lie exactly half-way between two numbers, even where
//! rounding to even would bring them back: 1e23 is shown as 9.999999999999999e+22. Rust's own formatting accepts
//! them, so [`shortest`] looks for that case and takes more digits there.

use crate::ids::{Error, Result, sqlstate};
use crate::small::read_float::{read_f32, read_f64};

/// A decimal number 0.d1d2d3... as its digits and where the point goes: `digits` × 10^(`exponent` - count + 1).
struct Decimal {
    digits: String,
    exponent: i32,
}

impl Decimal {
    /// From Rust's `1.234e5`.
    fn parse(scientific: &str) -> Decimal {
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
        Decimal { digits: mantissa.replace('.', ""), exponent: exponent.parse().unwrap_or(0) }
    }

    /// Whether numbers a little below and a little above are read as the same number.
    fn is_inside(&self, same: &impl Fn(&str) -> bool) -> bool {
        let Ok(whole) = self.digits.parse::<u64>() else { return true };
        let exponent = self.exponent - self.digits.len() as i32 + 1;
        let above = format!("{whole}.00000000000000000001e{exponent}");
        let below = format!("{}.99999999999999999999e{exponent}", whole - 1);
        same(&above) && same(&below)
    }

    /// As `%g` lays it out: plain from 1e-4 to below 10^`plain_digits`, else scientific.
    fn layout(&self, plain_digits: i32) -> String {
        let digits = &self.digits;
        if !(-4..plain_digits).contains(&self.exponent) {
            let sign = if self.exponent < 0 { '-' } else { '+' };
            let point = if digits.len() > 1 { "." } else { "" };
            return format!("{}{point}{}e{sign}{:02}", &digits[..1], &digits[1..], self.exponent.abs());
        }
        if self.exponent < 0 {
            return format!("0.{}{digits}", "0".repeat((-self.exponent - 1) as usize));
        }
        let whole = self.exponent as usize + 1;
        match digits.len() {
            count if count <= whole => format!("{digits}{}", "0".repeat(whole - count)),
            _ => format!("{}.{}", &digits[..whole], &digits[whole..]),
        }
    }
}

fn shortest(first: String, longer: impl Fn(usize) -> String, same: impl Fn(&str) -> bool) -> Decimal {
    let decimal = Decimal::parse(&first);
    if decimal.is_inside(&same) {
        return decimal;
    }
    let inside =
        |d: &Decimal| same(&format!("{}e{}", d.digits, d.exponent - d.digits.len() as i32 + 1)) && d.is_inside(&same);
    (decimal.digits.len()..18).map(|n| Decimal::parse(&longer(n))).find(inside).unwrap_or(decimal)
}

macro_rules! float_text {
    ($out:ident $in:ident $read:ident $type:ident $plain:literal $name:literal) => {
        #[doc = concat!("`", stringify!($type), "` as text, as PostgreSQL's `", $name, "` shows it.")]
        pub fn $out(value: $type) -> String {
            if value.is_nan() {
                return "NaN".into();
            }
            let sign = if value.is_sign_negative() { "-" } else { "" };
            let value = value.abs();
            if value.is_infinite() {
                return format!("{sign}Infinity");
            }
            if value == 0.0 {
                return format!("{sign}0");
            }
            // Fewer digits than it takes, as C's `%.*g` cuts them.
            let extra = super::session::style().float_digits;
            if extra <= 0 {
                let digits = ($plain + i32::from(extra)).max(1);
                let cut = format!("{value:.*e}", digits as usize - 1);
                let mut decimal = Decimal::parse(&cut);
                let kept = decimal.digits.trim_end_matches('0').len().max(1);
                decimal.digits.truncate(kept);
                return format!("{sign}{}", decimal.layout(digits));
            }
            let same = |text: &str| $read(text) == Some(value);
            // Only a number of even bits takes in the half-way points next to it.
            let decimal = if value.to_bits() & 1 == 1 {
                Decimal::parse(&format!("{value:e}"))
            } else {
                shortest(format!("{value:e}"), |digits| format!("{value:.digits$e}"), same)
            };
            format!("{sign}{}", decimal.layout($plain))
        }

        #[doc = concat!("Reads a `", $name, "`.")]
        pub fn $in(text: &str) -> Result<$type> {
            let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
            let value = $read(trimmed).ok_or_else(|| {
                let message = format!("invalid input syntax for type {}: \"{text}\"", $name);
                Error::new(sqlstate::INVALID_TEXT_REPRESENTATION, message)
            })?;
            let mantissa = trimmed.split(['e', 'E']).next().unwrap_or("");
            let digits = mantissa.bytes().any(|b| b.is_ascii_digit());
            let nonzero = mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b));
            if value.is_infinite() && digits || value == 0.0 && nonzero {
                let message = format!("\"{trimmed}\" is out of range for type {}", $name);
                return Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, message));
            }
            // One NaN only, so that equal runs have equal bits.
            Ok(if value.is_nan() { $type::NAN } else { value })
        }
    };
}

float_text!(float8_out float8_in read_f64 f64 15 "double precision");
float_text!(float4_out float4_in read_f32 f32 6 "real");
