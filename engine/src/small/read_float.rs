//! Decimal text to the nearest binary floating-point number, ties to even.
//!
//! The digits are a whole number D and an exponent E: the number is D × 10^E, a fraction of two whole numbers. Long
//! division gives its first 64 bits and whether anything is left; rounding those to 53 (or 24) bits is exact. Small
//! numbers take the short way: 15 digits and powers of ten up to 22 are exact as they are, and one operation rounds once.
//!
//! The standard library reads faster, by a table of 10 kB of noise that every visitor's browser would fetch.
//!
//! Further reading: W. D. Clinger, "How to Read Floating Point Numbers Accurately" (1990).

use std::cmp::Ordering;

/// A whole number without bound, its lowest 32 bits first.
#[derive(Clone, Default)]
struct Big(Vec<u32>);

impl Big {
    fn times_plus(&mut self, factor: u32, plus: u32) {
        let mut carry = u64::from(plus);
        for word in &mut self.0 {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn times_ten_to(&mut self, power: u32) {
        (0..power / 9).for_each(|_| self.times_plus(1_000_000_000, 0));
        (0..power % 9).for_each(|_| self.times_plus(10, 0));
    }

    fn bits(&self) -> i32 {
        self.0.last().map_or(0, |top| self.0.len() as i32 * 32 - top.leading_zeros() as i32)
    }

    fn shift_left(&mut self, by: u32) {
        self.times_plus(1 << (by % 32), 0);
        self.0.splice(0..0, std::iter::repeat_n(0, by as usize / 32));
    }

    fn cmp(&self, other: &Big) -> Ordering {
        self.bits().cmp(&other.bits()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Takes away a smaller one.
    fn minus(&mut self, other: &Big) {
        let mut borrow = 0;
        for (at, word) in self.0.iter_mut().enumerate() {
            let difference = i64::from(*word) - i64::from(other.0.get(at).copied().unwrap_or(0)) - borrow;
            *word = difference as u32;
            borrow = i64::from(difference < 0);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

/// What a format has: bits of precision, and the exponent of its lowest bit.
#[derive(Clone, Copy)]
struct Format {
    precision: i32,
    lowest: i32,
}

/// Reads an `f64`: digits with a point and an exponent, or a word for what is no number. `None` if it is neither.
pub fn read_f64(text: &str) -> Option<f64> {
    let (negative, number) = read(text, Format { precision: 53, lowest: -1074 })?;
    let value = match number {
        Number::Short(value) => value,
        Number::Bits(bits, lowest) => f64::from_bits(assemble(bits, lowest, 52, -1074, 0x7ff)),
    };
    Some(if negative { -value } else { value })
}

/// Reads an `f32`.
pub fn read_f32(text: &str) -> Option<f32> {
    let (negative, number) = read(text, Format { precision: 24, lowest: -149 })?;
    let value = match number {
        // Rounded twice it would be another number, now and then: so only what is whole comes this way.
        Number::Short(value) => value as f32,
        Number::Bits(bits, lowest) => f32::from_bits(assemble(bits, lowest, 23, -149, 0xff) as u32),
    };
    Some(if negative { -value } else { value })
}

/// A number that has been read.
enum Number {
    /// By the short way, or not a number.
    Short(f64),
    /// Its significant bits, and the exponent of the last of them.
    Bits(u64, i32),
}

/// Significant bits, as the format lays them out: `fraction` bits without the leading one.
fn assemble(bits: u64, lowest: i32, fraction: u32, least: i32, most: u64) -> u64 {
    if bits >> fraction == 0 {
        // Below the normal numbers there is no leading one.
        return bits;
    }
    let exponent = (lowest - least + 1) as u64;
    if exponent >= most { most << fraction } else { exponent << fraction | bits & ((1 << fraction) - 1) }
}

fn read(text: &str, format: Format) -> Option<(bool, Number)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => Number::Short(f64::INFINITY),
        "nan" => Number::Short(f64::NAN),
        word => {
            let (digits, exponent) = decimal(word)?;
            short(&digits, exponent, format).unwrap_or_else(|| divide(&digits, exponent, format))
        }
    };
    Some((text.starts_with('-'), number))
}

/// The significant digits, and the power of ten by which they are to be multiplied.
fn decimal(text: &str) -> Option<(Vec<u8>, i32)> {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let exponent = exponent.saturating_sub(fraction.len().min(1 << 28) as i32);
    Some((digits[zeros..].to_vec(), exponent))
}

/// An exponent; one beyond all bounds is only large.
fn read_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits.bytes().fold(0_i32, |n, digit| n.saturating_mul(10).saturating_add(i32::from(digit - b'0')));
    let size = size.min(1 << 29);
    Some(if text.starts_with('-') { -size } else { size })
}

/// The short way, where it is exact.
fn short(digits: &[u8], exponent: i32, format: Format) -> Option<Number> {
    if digits.is_empty() {
        return Some(Number::Short(0.0));
    }
    // An `f32` that is not whole would be rounded twice.
    let powers = if format.precision == 53 { -22..=22 } else { 0..=0 };
    let limit = if format.precision == 53 { 15 } else { 7 };
    if digits.len() > limit || !powers.contains(&exponent) {
        return None;
    }
    let whole = digits.iter().fold(0_u64, |n, digit| n * 10 + u64::from(digit - b'0')) as f64;
    let power = (0..exponent.abs()).fold(1.0, |power, _| power * 10.0);
    Some(Number::Short(if exponent < 0 { whole / power } else { whole * power }))
}

/// More digits than these decide nothing but whether anything is left.
const DIGITS: usize = 800;

fn divide(digits: &[u8], exponent: i32, format: Format) -> Number {
    let point = exponent.saturating_add(digits.len() as i32);
    if !(-400..=400).contains(&point) {
        return Number::Short(if point > 0 { f64::INFINITY } else { 0.0 });
    }
    let kept = &digits[..digits.len().min(DIGITS)];
    let mut numerator = Big::default();
    kept.iter().for_each(|digit| numerator.times_plus(10, u32::from(digit - b'0')));
    let mut exponent = exponent + (digits.len() - kept.len()) as i32;
    if kept.len() < digits.len() {
        numerator.times_plus(10, 1);
        exponent -= 1;
    }
    let mut denominator = Big(vec![1]);
    let scaled = if exponent < 0 { &mut denominator } else { &mut numerator };
    scaled.times_ten_to(exponent.unsigned_abs());
    // Shifted so that the quotient has 64 bits, or 65.
    let shift = 64 - (numerator.bits() - denominator.bits());
    let shifted = if shift < 0 { &mut denominator } else { &mut numerator };
    shifted.shift_left(shift.unsigned_abs());
    let quotient = quotient(&mut numerator, denominator);
    round(quotient, !numerator.0.is_empty(), -shift, format)
}

/// The quotient of two numbers, of at most 66 bits; the rest is left in the numerator.
fn quotient(numerator: &mut Big, mut denominator: Big) -> u128 {
    // The denominator goes down in steps of one bit: shifted up once, then both compared at each halving of the scale.
    let steps = (numerator.bits() - denominator.bits()).max(0) as u32;
    denominator.shift_left(steps);
    let mut quotient = 0;
    for _ in 0..=steps {
        quotient <<= 1;
        if numerator.cmp(&denominator).is_ge() {
            numerator.minus(&denominator);
            quotient |= 1;
        }
        // Instead of halving the denominator the numerator is doubled; what is left keeps its being nothing or not.
        numerator.times_plus(2, 0);
    }
    quotient
}

/// Rounds `bits` × 2^`exponent`, and a little more if something is `left`, to the format's precision.
fn round(bits: u128, left: bool, exponent: i32, format: Format) -> Number {
    let length = 128 - bits.leading_zeros() as i32;
    let lowest = (exponent + length - format.precision).max(format.lowest);
    let drop = lowest - exponent;
    if drop > 126 {
        return Number::Short(0.0);
    }
    let rest = bits & ((1 << drop) - 1);
    let half = 1_u128 << (drop - 1);
    let kept = (bits >> drop) as u64;
    let up = rest > half || rest == half && (left || kept & 1 == 1);
    let kept = kept + u64::from(up);
    if kept >> format.precision == 0 { Number::Bits(kept, lowest) } else { Number::Bits(kept >> 1, lowest + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) {
        let theirs = text.parse::<f64>().ok();
        assert_eq!(read_f64(text).map(f64::to_bits), theirs.map(f64::to_bits), "{text}");
        let theirs = text.parse::<f32>().ok();
        assert_eq!(read_f32(text).map(f32::to_bits), theirs.map(f32::to_bits), "{text} as f32");
    }

    #[test]
    fn edges() {
        let texts = [
            "0",
            "-0",
            "1",
            "0.1",
            ".5",
            "5.",
            "1e23",
            "9007199254740993",
            "2.2250738585072011e-308",
            "4.9e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1.7976931348623157e308",
            "1.7976931348623159e308",
            "1e400",
            "1e-400",
            "1e99999999999",
            "0e99999999999",
            "1.17549435e-38",
            "7e-46",
            "3.4028236e38",
            "16777217",
            "inf",
            "-Infinity",
            "+1",
            "",
            ".",
            "e5",
            "1e",
            "1e+",
            "1x",
            "--1",
            "1.2.3",
            "1_0",
            " 1",
        ];
        texts.iter().for_each(|text| check(text));
        assert!(read_f64("NaN").is_some_and(f64::is_nan));
        check(&format!("{}1", "0.5".to_string() + &"0".repeat(2000)));
        check(&("123456789".repeat(120) + "e-900"));
    }

    #[test]
    fn numbers_at_random() {
        let mut state = 1_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ state >> 29
        };
        for _ in 0..20_000 {
            let value = f64::from_bits(draw());
            if value.is_finite() {
                check(&format!("{value:e}"));
                check(&format!("{:e}", f32::from_bits(draw() as u32)));
            }
            let (digits, exponent) = (draw() >> (draw() % 64), (draw() % 700) as i32 - 350);
            check(&format!("{digits}e{exponent}"));
            check(&format!("{}.{digits:020}5", draw() % 1000));
        }
    }
}
