//! Sets of characters: `[a-z]`, `\d`, `[[:alpha:]]`. Classes hold ASCII characters only, as in locale C.

/// A set, as ranges.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Class {
    /// What is in it, or what is not.
    pub negated: bool,
    /// From and to, both in it.
    pub ranges: Vec<(char, char)>,
}

impl Class {
    /// Whether a character is in it.
    pub fn holds(&self, c: char, fold: bool) -> bool {
        let is_in = |c: char| self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
        let found = is_in(c) || fold && (is_in(c.to_ascii_lowercase()) || is_in(c.to_ascii_uppercase()));
        found != self.negated
    }

    /// Adds what is in another one.
    pub fn add(&mut self, other: &Class) {
        if other.negated {
            self.ranges.extend(complement(&other.ranges));
        } else {
            self.ranges.extend_from_slice(&other.ranges);
        }
    }
}

/// All that is in none of the ranges.
fn complement(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut sorted = ranges.to_vec();
    crate::small::sort_by_key(&mut sorted, |range| range.0);
    let mut found = Vec::new();
    let mut next = 0u32;
    for (from, to) in sorted {
        if from as u32 > next
            && let (Some(a), Some(b)) = (char::from_u32(next), char::from_u32(from as u32 - 1))
        {
            found.push((a, b));
        }
        next = next.max(to as u32 + 1);
    }
    found.extend(char::from_u32(next).map(|a| (a, char::MAX)));
    found
}

/// A class by its name.
pub fn named(name: &str) -> Option<Class> {
    let ranges: &[(char, char)] = match name {
        "alpha" => &[('a', 'z'), ('A', 'Z')],
        "upper" => &[('A', 'Z')],
        "lower" => &[('a', 'z')],
        "digit" => &[('0', '9')],
        "alnum" => &[('a', 'z'), ('A', 'Z'), ('0', '9')],
        "word" => &[('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
        "space" => &[(' ', ' '), ('\t', '\r')],
        "blank" => &[(' ', ' '), ('\t', '\t')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "xdigit" => &[('0', '9'), ('a', 'f'), ('A', 'F')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "graph" => &[('!', '~')],
        "print" => &[(' ', '~')],
        "ascii" => &[('\0', '\x7f')],
        _ => return None,
    };
    Some(Class { negated: false, ranges: ranges.to_vec() })
}

/// The class of `\d`, `\s`, `\w` and of their opposites.
pub fn of_escape(letter: char) -> Option<Class> {
    let name = match letter.to_ascii_lowercase() {
        'd' => "digit",
        's' => "space",
        'w' => "word",
        _ => return None,
    };
    named(name).map(|class| Class { negated: letter.is_ascii_uppercase(), ..class })
}

/// Whether a character belongs to a word.
pub fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
