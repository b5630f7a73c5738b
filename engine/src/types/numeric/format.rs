//! `to_char` and `to_number` of numbers.
//!
//! A template is read once: how many digits there are before and behind the point, which of them are shown though they
//! are zero, where the sign goes. Then the number is rounded and laid out, digit by digit.

use super::{Numeric, Sign};
use crate::ids::{Error, Result, sqlstate};
use crate::types::datetime::format::{Case, ordinal};

/// One place of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    /// `9` or `0`
    Digit,
    /// `,` or `G`
    Group,
    /// `.` or `D`
    Point,
    /// `V`
    Shift,
    Currency,
    /// `S`, `SG`
    Sign,
    /// `MI`
    Minus,
    /// `PL`
    Plus,
    Ordinal(bool),
    Text(String),
}

/// What a template says.
#[derive(Default)]
struct Template {
    places: Vec<Place>,
    /// Digits before the point, and behind it.
    before: usize,
    behind: usize,
    /// The first digit from the left that is shown even if it is zero, before the point.
    zero_start: Option<usize>,
    /// The last digit behind the point that is shown even if it is zero.
    zero_end: usize,
    /// Digits behind V.
    shift: usize,
    fill: bool,
    blank: bool,
    /// `PR`
    brackets: bool,
    roman: Option<bool>,
    exponent: bool,
    point: bool,
    sign: Option<bool>,
}

fn syntax(message: &str) -> Error {
    Error::new(sqlstate::SYNTAX_ERROR, message)
}

fn parse(text: &str) -> Result<Template> {
    let mut t = Template::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let upper: String = rest.chars().take(4).collect::<String>().to_ascii_uppercase();
        let take;
        let two = upper.get(..2).unwrap_or("");
        if upper == "EEEE" {
            take = 4;
            t.exponent = true;
        } else if matches!(two, "FM" | "MI" | "PL" | "PR" | "RN" | "SG" | "TH") {
            take = 2;
            let lower = rest.starts_with(|c: char| c.is_ascii_lowercase());
            match two {
                "FM" => t.fill = true,
                "MI" => t.places.push(Place::Minus),
                "PL" => t.places.push(Place::Plus),
                "PR" => t.brackets = true,
                "RN" => t.roman = Some(lower),
                "SG" => t.places.push(Place::Minus),
                _ => t.places.push(Place::Ordinal(lower)),
            }
            if two == "SG" {
                t.places.pop();
                t.places.push(Place::Sign);
                t.sign = t.sign.or(Some(false));
            }
        } else {
            take = t.character(c, rest)?;
        }
        rest = &rest[take..];
    }
    Ok(t)
}

impl Template {
    /// Takes a character of the template, or what is quoted; returns how many bytes that was.
    fn character(&mut self, c: char, rest: &str) -> Result<usize> {
        match c.to_ascii_uppercase() {
            '9' | '0' => {
                if self.point {
                    self.behind += 1;
                    self.zero_end = if c == '0' { self.behind } else { self.zero_end };
                } else if self.shift > 0 || self.places.contains(&Place::Shift) {
                    self.shift += 1;
                } else {
                    self.before += 1;
                    if c == '0' && self.zero_start.is_none() {
                        self.zero_start = Some(self.before);
                    }
                }
                self.places.push(Place::Digit);
            }
            ',' | 'G' => self.places.push(Place::Group),
            '.' | 'D' => {
                if self.point {
                    return Err(syntax("multiple decimal points"));
                }
                self.point = true;
                self.places.push(Place::Point);
            }
            'V' => self.places.push(Place::Shift),
            'L' => self.places.push(Place::Currency),
            'S' => {
                // Anchored to the number: before its first digit, or behind its lasself.
                self.sign = Some(true);
                self.places.push(Place::Sign);
            }
            'B' => self.blank = true,
            '"' => {
                let inner = &rest[1..];
                let end = inner.find('"').unwrap_or(inner.len());
                self.places.push(Place::Text(inner[..end].to_string()));
                return Ok((end + 2).min(rest.len()));
            }
            _ => self.places.push(Place::Text(c.to_string())),
        }
        Ok(c.len_utf8())
    }
}

/// `to_char(numeric, text)`; `significant` is how many digits the number's type has at most.
pub fn to_char(value: &Numeric, text: &str, significant: Option<usize>) -> Result<String> {
    let t = parse(text)?;
    if let Some(lower) = t.roman {
        return Ok(roman(value, t.fill, lower));
    }
    if t.exponent {
        return exponent(value, &t);
    }
    let negative = value.signum() < 0 && !value.is_nan();
    let mut shown = value.abs();
    if t.shift > 0 {
        shown = shown.mul(&format!("1e{}", t.shift).parse()?)?;
    }
    let before = t.before + t.shift;
    let mut behind = t.behind;
    if let Some(significant) = significant {
        // A double shows no more digits than it has.
        let whole = shown.trunc(0).to_string().len();
        behind = behind.min(significant.saturating_sub(whole));
    }
    let rounded = if shown.is_finite() { shown.round(behind as i32)?.to_string() } else { shown.to_string() };
    let (whole, part) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let whole =
        if whole == "0" && (t.point && t.behind > 0 || before == 0) && t.zero_start.is_none() { "" } else { whole };
    let too_long = whole.len() > before && shown.is_finite();
    let digits: String = match () {
        _ if too_long => "#".repeat(before),
        _ if !shown.is_finite() => whole.to_string(),
        _ => format!("{whole:>before$}"),
    };
    let part = match too_long {
        true => "#".repeat(t.behind),
        false => format!("{part:0<width$}", width = t.behind),
    };
    Ok(lay_out(&t, negative && !(is_zero(&digits) && is_zero(&part)), &digits, &part))
}

fn is_zero(digits: &str) -> bool {
    digits.chars().all(|c| matches!(c, '0' | ' '))
}

/// A number on its way into a template.
struct Layout<'a> {
    t: &'a Template,
    negative: bool,
    digits: Vec<char>,
    /// From which digit on they are shown, and to which.
    shown: std::ops::Range<usize>,
    /// The sign that stands right before the first digit that is shown; none once it is written.
    lead: Option<&'static str>,
    /// The next digit.
    at: usize,
    out: String,
}

fn lay_out(t: &Template, negative: bool, whole: &str, part: &str) -> String {
    let before = whole.chars().count();
    let digits: Vec<char> = whole.chars().chain(part.chars()).collect();
    let first =
        digits.iter().position(|c| *c != ' ').unwrap_or(before).min(t.zero_start.map_or(usize::MAX, |at| at - 1));
    let last = match t.fill {
        true => before + part.trim_end_matches('0').len().max(t.zero_end),
        false => digits.len(),
    };
    let elsewhere = t.places.iter().any(|p| matches!(p, Place::Sign | Place::Minus));
    let lead = match () {
        _ if t.brackets && negative => "<",
        _ if t.sign_first() => {
            if negative {
                "-"
            } else {
                "+"
            }
        }
        _ if elsewhere => "",
        _ if negative => "-",
        _ if t.fill => "",
        _ => " ",
    };
    let (lead, shown) = (Some(lead), first..last);
    let mut layout = Layout { t, negative, digits, shown, lead, at: 0, out: String::new() };
    for place in &t.places {
        match place {
            Place::Ordinal(lower) if !negative && part.is_empty() => {
                layout.out.push_str(&ordinal(whole, if *lower { Case::Lower } else { Case::Upper }));
            }
            place => layout.place(place),
        }
    }
    if t.brackets {
        layout.out.push_str(if negative { ">" } else { t.gap() });
    }
    layout.out
}

impl Template {
    /// Whether `S` stands before the digits.
    fn sign_first(&self) -> bool {
        let place = |wanted: Place| self.places.iter().position(|p| *p == wanted);
        self.sign == Some(true) && place(Place::Sign) < place(Place::Digit)
    }

    /// What stands for something that is not there.
    fn gap(&self) -> &'static str {
        if self.fill { "" } else { " " }
    }
}

impl Layout<'_> {
    fn place(&mut self, place: &Place) {
        let gap = self.t.gap();
        match place {
            Place::Digit => {
                if self.at == self.shown.start {
                    self.out.push_str(self.lead.take().unwrap_or(""));
                }
                let c = self.digits.get(self.at).copied().unwrap_or(' ');
                if self.shown.contains(&self.at) {
                    self.out.push(if c == ' ' { '0' } else { c });
                } else if self.at < self.shown.start {
                    self.out.push_str(gap);
                }
                self.at += 1;
            }
            Place::Group => self.out.push_str(if self.at > self.shown.start { "," } else { gap }),
            Place::Point => {
                self.out.push_str(self.lead.take().unwrap_or(""));
                self.out.push('.');
            }
            Place::Currency => self.out.push_str(gap),
            Place::Sign if self.t.sign_first() => {}
            Place::Sign => self.out.push(if self.negative { '-' } else { '+' }),
            Place::Minus => self.out.push_str(if self.negative { "-" } else { gap }),
            Place::Plus => self.out.push_str(if self.negative { gap } else { "+" }),
            Place::Text(text) => self.out.push_str(text),
            Place::Shift | Place::Ordinal(_) => {}
        }
    }
}

/// `9.99EEEE`
fn exponent(value: &Numeric, t: &Template) -> Result<String> {
    if !value.is_finite() {
        return Ok(format!(" {}", "#".repeat(t.before + t.behind + 5)));
    }
    let text = value.abs().to_string();
    let digits: String = text.chars().filter(|c| *c != '.').collect();
    let point = text.find('.').unwrap_or(text.len()) as i32;
    let lead = digits.chars().take_while(|c| *c == '0').count() as i32;
    let mut power = if value.is_zero() { 0 } else { point - 1 - lead };
    let scaled =
        |power: i32| -> Result<Numeric> { value.abs().mul(&format!("1e{}", -power).parse()?)?.round(t.behind as i32) };
    let mut mantissa = scaled(power)?;
    if mantissa.compare(&10i64.into()).is_ge() {
        power += 1;
        mantissa = scaled(power)?;
    }
    let sign = if value.signum() < 0 {
        "-"
    } else if t.fill {
        ""
    } else {
        " "
    };
    Ok(format!("{sign}{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs()))
}

fn roman(value: &Numeric, fill: bool, lower: bool) -> String {
    const PARTS: [(i64, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let number = value.to_int(1, 3999, "integer");
    let Ok(mut left) = number else { return "#".repeat(15) };
    let mut out = String::new();
    for (part, letters) in PARTS {
        while left >= part {
            out.push_str(letters);
            left -= part;
        }
    }
    if lower {
        out = out.to_ascii_lowercase();
    }
    if fill { out } else { format!("{out:>15}") }
}

/// `to_number`: the digits of a text where the template has some.
pub fn to_number(text: &str, template: &str) -> Result<Numeric> {
    let t = parse(template)?;
    let mut chars = text.chars().peekable();
    let mut out = String::new();
    let mut negative = text.trim_start().starts_with('-') || text.trim_end().ends_with('-') || text.starts_with('<');
    let mut behind = None;
    for place in &t.places {
        match place {
            Place::Digit => {
                while chars.peek().is_some_and(|c| matches!(c, ' ' | '-' | '+' | '<')) {
                    negative |= chars.next() == Some('-');
                }
                if let Some(c) = chars.peek().copied().filter(char::is_ascii_digit) {
                    if behind.is_some_and(|count| count >= t.behind) {
                        continue;
                    }
                    behind = behind.map(|count| count + 1);
                    out.push(c);
                    chars.next();
                } else if chars.peek() == Some(&'.') && !t.point {
                    chars.next();
                }
            }
            Place::Group => {
                chars.next_if_eq(&',');
            }
            Place::Point => {
                while chars.peek().is_some_and(char::is_ascii_digit) {
                    out.extend(chars.next());
                }
                if chars.next_if_eq(&'.').is_some() {
                    out.push('.');
                    behind = Some(0);
                }
            }
            Place::Currency => {
                while chars.peek().is_some_and(|c| !c.is_ascii_digit() && !matches!(c, '-' | '+' | '.' | ',')) {
                    chars.next();
                }
            }
            Place::Text(text) => {
                for _ in text.chars() {
                    chars.next();
                }
            }
            _ => {}
        }
    }
    if out.trim_matches('.').is_empty() {
        return "\u{20}".parse();
    }
    let number: Numeric = out.parse()?;
    Ok(if negative && number.sign() == Sign::Pos { number.negate() } else { number })
}
