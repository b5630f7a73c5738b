//! A numeric as text, in and out.

use std::fmt;
use std::str::FromStr;

use super::{DEC_DIGITS, DSCALE_MAX, Numeric, Sign, Var, overflow};
use crate::ids::{Error, Result, sqlstate};

/// Greater than the exponent of any number that can be stored.
const EXPONENT_MAX: i32 = 1 << 30;

/// The parts of a written number: `-12.5e3` has the digits 12 and 5 and the exponent 3.
struct Written<'a> {
    neg: bool,
    integer: &'a str,
    fraction: &'a str,
    exponent: i32,
}

/// Splits a number as SQL writes it; `None` if it is none. An exponent beyond any number's is cut to one that is still
/// beyond.
fn split(text: &str) -> Option<Written<'_>> {
    let (neg, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !digits(integer) || !digits(fraction) || integer.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match exponent {
        None => 0,
        Some(e) => {
            let unsigned = e.strip_prefix(['+', '-']).unwrap_or(e);
            if unsigned.is_empty() || !digits(unsigned) {
                return None;
            }
            let sign = if e.starts_with('-') { -1 } else { 1 };
            unsigned.parse().unwrap_or(i32::MAX).min(EXPONENT_MAX) * sign
        }
    };
    Some(Written { neg, integer, fraction, exponent })
}

/// Puts decimal digits into groups of four, aligned to the decimal point.
fn to_var(written: &Written<'_>) -> Result<Var> {
    let decimals: Vec<u8> = written.integer.bytes().chain(written.fraction.bytes()).map(|b| b - b'0').collect();
    // The power of ten of the first decimal digit.
    let first = written.integer.len() as i64 - 1 + i64::from(written.exponent);
    let weight = first.div_euclid(4);
    let lead = 3 - first.rem_euclid(4);
    let mut digits = vec![0u16; (lead as usize + decimals.len()).div_ceil(DEC_DIGITS as usize)];
    for (at, &d) in decimals.iter().enumerate() {
        let place = at + lead as usize;
        digits[place / 4] += u16::from(d) * 10u16.pow(3 - (place % 4) as u32);
    }
    let dscale = (written.fraction.len() as i64 - i64::from(written.exponent)).max(0);
    let (Ok(weight), true) = (i32::try_from(weight), dscale <= i64::from(DSCALE_MAX)) else {
        return Err(overflow());
    };
    Ok(Var { neg: written.neg, weight, dscale: dscale as i32, digits })
}

impl FromStr for Numeric {
    type Err = Error;

    /// `numeric_in`, without a modifier.
    fn from_str(text: &str) -> Result<Numeric> {
        let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
        match trimmed.to_ascii_lowercase().as_str() {
            "nan" => return Ok(Numeric::nan()),
            "infinity" | "+infinity" | "inf" | "+inf" => return Ok(Numeric::infinity(false)),
            "-infinity" | "-inf" => return Ok(Numeric::infinity(true)),
            _ => {}
        }
        let written = split(trimmed).ok_or_else(|| {
            let message = format!("invalid input syntax for type numeric: \"{text}\"");
            Error::new(sqlstate::INVALID_TEXT_REPRESENTATION, message)
        })?;
        to_var(&written)?.finish()
    }
}

impl fmt::Display for Numeric {
    /// `numeric_out`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sign {
            Sign::NaN => return f.write_str("NaN"),
            Sign::PosInf => return f.write_str("Infinity"),
            Sign::NegInf => return f.write_str("-Infinity"),
            Sign::Neg => f.write_str("-")?,
            Sign::Pos => {}
        }
        let digit = |weight: i32| {
            let at = usize::try_from(i32::from(self.weight) - weight).ok();
            at.and_then(|at| self.digits.get(at).copied()).unwrap_or(0)
        };
        let top = if self.digits.is_empty() { 0 } else { i32::from(self.weight).max(0) };
        write!(f, "{}", digit(top))?;
        for weight in (0..top).rev() {
            write!(f, "{:04}", digit(weight))?;
        }
        let mut left = usize::from(self.dscale);
        if left > 0 {
            f.write_str(".")?;
        }
        let mut weight = -1;
        while left > 0 {
            let four = format!("{:04}", digit(weight));
            f.write_str(&four[..left.min(4)])?;
            left = left.saturating_sub(4);
            weight -= 1;
        }
        Ok(())
    }
}
