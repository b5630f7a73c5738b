//! A pattern's text as a tree.

use super::class::{self, Class};
use super::{Flags, invalid};
use crate::ids::Result;
use std::rc::Rc;

/// `DUPMAX`: the greatest number of repetitions that can be said.
const DUP_MAX: u32 = 255;
/// How deep parentheses may be nested.
const MAX_DEPTH: usize = 200;

/// A piece of a pattern.
#[derive(Clone, Debug)]
pub enum Node {
    /// Nothing.
    Empty,
    /// A character.
    Char(char),
    /// One of several characters.
    Class(Class),
    /// Any character.
    Any,
    /// A place, not a character.
    Place(Place),
    /// What must follow, or must not; or what must stand before.
    Look {
        /// What is looked for.
        node: Rc<Node>,
        /// Before and not behind.
        behind: bool,
        /// It must not be there.
        negated: bool,
    },
    /// Parentheses, with their number if they are told of.
    Group(Option<usize>, Rc<Node>),
    /// What the group of this number has taken, once more; and that group.
    Reference(usize, Rc<Node>),
    /// One after the other.
    Concat(Vec<Node>),
    /// One of them.
    Alternatives(Vec<Node>),
    /// So many times.
    Repeat {
        /// What.
        node: Rc<Node>,
        /// At least.
        min: u32,
        /// At most; none for no limit.
        max: Option<u32>,
        /// As few as possible; it does not care where it says just how many.
        lazy: Option<bool>,
    },
}

/// Places in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// `^`
    Begin,
    /// `$`
    End,
    /// `\A`
    TextBegin,
    /// `\Z`
    TextEnd,
    /// `\m`
    WordBegin,
    /// `\M`
    WordEnd,
    /// `\y`
    WordEdge,
    /// `\Y`
    NoWordEdge,
}

impl Node {
    /// Whether it wants the longest (`Some(false)`) or the shortest, if it cares.
    fn preference(&self) -> Option<bool> {
        match self {
            Node::Group(_, node) => node.preference(),
            Node::Alternatives(_) => Some(false),
            Node::Concat(parts) => parts.iter().find_map(Node::preference),
            Node::Repeat { node, lazy: None, .. } => node.preference(),
            Node::Repeat { lazy, .. } => *lazy,
            _ => None,
        }
    }

    /// Whether it wants the shortest match.
    pub fn prefers_shorter(&self) -> bool {
        self.preference() == Some(true)
    }
}

/// What was read.
pub struct Parsed {
    /// The tree.
    pub tree: Node,
    /// The flags, after the options in the pattern.
    pub flags: Flags,
    /// How many pairs of parentheses are told of.
    pub groups: usize,
    /// Whether there are back references.
    pub has_references: bool,
}

/// Reads a pattern.
pub fn parse(pattern: &str, flags: Flags) -> Result<Parsed> {
    let mut parser =
        Parser { chars: pattern.chars().collect(), at: 0, flags, groups: Vec::new(), has_references: false, depth: 0 };
    parser.directors()?;
    let tree = if parser.flags.literal {
        Node::Concat(parser.chars[parser.at..].iter().map(|c| Node::Char(*c)).collect())
    } else {
        let tree = parser.alternatives()?;
        if parser.at < parser.chars.len() {
            return Err(invalid("parentheses () not balanced"));
        }
        tree
    };
    let groups = parser.groups.len();
    Ok(Parsed { tree, flags: parser.flags, groups, has_references: parser.has_references })
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    flags: Flags,
    /// The groups, as far as they are closed.
    groups: Vec<Option<Rc<Node>>>,
    has_references: bool,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(n, c)| self.chars.get(self.at + n) == Some(&c))
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        self.at += if found { text.chars().count() } else { 0 };
        found
    }

    /// `***=` and `***:` at the front, and `(?i)`.
    fn directors(&mut self) -> Result<()> {
        if self.flags.literal {
            return Ok(());
        }
        if self.eat("***=") {
            self.flags.literal = true;
            return Ok(());
        }
        if self.looking_at("***") && !self.eat("***:") {
            return Err(invalid("quantifier operand invalid"));
        }
        let letter = self.chars.get(self.at + 2);
        if self.looking_at("(?") && letter.is_some_and(char::is_ascii_alphabetic) {
            self.at += 2;
            while let Some(letter) = self.peek().filter(|c| *c != ')') {
                self.flags.set(letter).ok_or_else(|| invalid("invalid embedded option"))?;
                self.at += 1;
            }
            if !self.eat(")") {
                return Err(invalid("invalid embedded option"));
            }
        }
        Ok(())
    }

    /// Passes over comments, and over space in an expanded pattern.
    fn skip(&mut self) -> Result<()> {
        loop {
            if self.eat("(?#") {
                while self.peek().is_some_and(|c| c != ')') {
                    self.at += 1;
                }
                self.at += 1;
            } else if self.flags.expanded && self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
                self.at += 1;
            } else if self.flags.expanded && self.peek() == Some('#') {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
            } else {
                return Ok(());
            }
        }
    }

    fn alternatives(&mut self) -> Result<Node> {
        let mut branches = vec![self.branch()?];
        while self.eat("|") {
            branches.push(self.branch()?);
        }
        Ok(match branches.len() {
            1 => branches.remove(0),
            _ => Node::Alternatives(branches),
        })
    }

    fn branch(&mut self) -> Result<Node> {
        let mut parts = Vec::new();
        loop {
            self.skip()?;
            match self.peek() {
                None | Some('|') => break,
                Some(')') if self.depth > 0 => break,
                _ => parts.push(self.quantified()?),
            }
        }
        Ok(match parts.len() {
            0 => Node::Empty,
            1 => parts.remove(0),
            _ => Node::Concat(parts),
        })
    }

    fn quantified(&mut self) -> Result<Node> {
        let node = self.atom()?;
        self.skip()?;
        let from = self.at;
        let Some((min, max)) = self.quantifier()? else { return Ok(node) };
        let just = max == Some(min) && !self.chars[from..self.at].contains(&',');
        if matches!(node, Node::Place(_) | Node::Look { .. }) {
            return Err(invalid("quantifier operand invalid"));
        }
        let lazy = Some(self.eat("?")).filter(|_| !just);
        self.skip()?;
        if self.peek().is_some_and(|c| matches!(c, '*' | '+' | '?')) || self.is_bound() {
            return Err(invalid("quantifier operand invalid"));
        }
        Ok(Node::Repeat { node: Rc::new(node), min, max, lazy })
    }

    /// Whether `{` begins a bound and is no character.
    fn is_bound(&self) -> bool {
        self.peek() == Some('{') && self.chars.get(self.at + 1).is_some_and(char::is_ascii_digit)
    }

    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>> {
        Ok(Some(match self.peek() {
            Some('*') => (self.step(), (0, None)).1,
            Some('+') => (self.step(), (1, None)).1,
            Some('?') => (self.step(), (0, Some(1))).1,
            Some('{') if self.is_bound() => {
                self.step();
                let min = self.count()?;
                let max = match self.eat(",") {
                    false => Some(min),
                    true if self.peek().is_some_and(|c| c.is_ascii_digit()) => Some(self.count()?),
                    true => None,
                };
                if !self.eat("}") {
                    return Err(invalid("braces {} not balanced"));
                }
                if max.is_some_and(|max| max < min) {
                    return Err(invalid("invalid repetition count(s)"));
                }
                (min, max)
            }
            _ => return Ok(None),
        }))
    }

    fn step(&mut self) {
        self.at += 1;
    }

    fn count(&mut self) -> Result<u32> {
        let mut value = 0u32;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = value * 10 + digit;
            if value > DUP_MAX {
                return Err(invalid("invalid repetition count(s)"));
            }
            self.step();
        }
        Ok(value)
    }

    fn atom(&mut self) -> Result<Node> {
        let Some(c) = self.peek() else { return Ok(Node::Empty) };
        self.step();
        Ok(match c {
            '(' => self.group()?,
            '[' if self.eat("[:<:]]") => Node::Place(Place::WordBegin),
            '[' if self.eat("[:>:]]") => Node::Place(Place::WordEnd),
            '[' => self.bracket()?,
            '.' => Node::Any,
            '^' => Node::Place(Place::Begin),
            '$' => Node::Place(Place::End),
            '*' | '+' | '?' => return Err(invalid("quantifier operand invalid")),
            '{' if self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                return Err(invalid("quantifier operand invalid"));
            }
            ')' => return Err(invalid("parentheses () not balanced")),
            '\\' => self.escape()?,
            c => Node::Char(c),
        })
    }

    fn group(&mut self) -> Result<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(invalid("regular expression is too complex"));
        }
        let look = ["?=", "?!", "?<=", "?<!"].iter().position(|mark| self.eat(mark));
        let number = match look.is_none() && !self.eat("?:") {
            true => {
                self.groups.push(None);
                Some(self.groups.len())
            }
            false => None,
        };
        let inner = self.alternatives()?;
        self.depth -= 1;
        if !self.eat(")") {
            return Err(invalid("parentheses () not balanced"));
        }
        let node = Rc::new(inner);
        if let Some(look) = look {
            return Ok(Node::Look { node, behind: look >= 2, negated: look % 2 == 1 });
        }
        if let Some(number) = number {
            self.groups[number - 1] = Some(node.clone());
        }
        Ok(Node::Group(number, node))
    }

    fn escape(&mut self) -> Result<Node> {
        let bad = || invalid("invalid escape \\ sequence");
        let c = self.peek().ok_or_else(bad)?;
        if let Some(class) = class::of_escape(c) {
            self.step();
            return Ok(Node::Class(class));
        }
        let place = match c {
            'A' => Some(Place::TextBegin),
            'Z' => Some(Place::TextEnd),
            'm' => Some(Place::WordBegin),
            'M' => Some(Place::WordEnd),
            'y' => Some(Place::WordEdge),
            'Y' => Some(Place::NoWordEdge),
            _ => None,
        };
        if let Some(place) = place {
            self.step();
            return Ok(Node::Place(place));
        }
        if let Some(first) = c.to_digit(10).filter(|digit| *digit > 0) {
            // A number of one digit, or of a group that is there.
            let more = self.chars.get(self.at + 1).and_then(|c| c.to_digit(10)).map(|digit| first * 10 + digit);
            let (number, length) = match more.filter(|number| *number as usize <= self.groups.len()) {
                Some(number) => (number as usize, 2),
                None => (first as usize, 1),
            };
            let group = self.groups.get(number - 1).cloned().flatten();
            let group = group.ok_or_else(|| invalid("invalid backreference number"))?;
            self.at += length;
            self.has_references = true;
            return Ok(Node::Reference(number, group));
        }
        self.escaped_char().map(Node::Char)
    }

    /// A character written with a backslash.
    fn escaped_char(&mut self) -> Result<char> {
        let bad = || invalid("invalid escape \\ sequence");
        let c = self.peek().ok_or_else(bad)?;
        self.step();
        let code = match c {
            'a' => 7,
            'b' => 8,
            'B' => u32::from(b'\\'),
            'c' => self.chars.get(self.at).map(|c| (self.at += 1, *c as u32 & 0o37).1).ok_or_else(bad)?,
            'e' => 27,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            'u' => self.digits(16, 4, 4).ok_or_else(bad)?,
            'U' => self.digits(16, 8, 8).ok_or_else(bad)?,
            'x' => self.digits(16, 1, 255).ok_or_else(bad)?,
            '0' => self.digits(8, 0, 2).unwrap_or(0),
            c if c.is_ascii_alphanumeric() => return Err(bad()),
            c => c as u32,
        };
        char::from_u32(code).ok_or_else(bad)
    }

    fn digits(&mut self, radix: u32, least: usize, most: usize) -> Option<u32> {
        let mut value = 0u32;
        let mut count = 0;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(radix)).filter(|_| count < most) {
            value = value.wrapping_mul(radix).wrapping_add(digit);
            count += 1;
            self.step();
        }
        (count >= least).then_some(value)
    }

    /// What stands between brackets.
    fn bracket(&mut self) -> Result<Node> {
        let unbalanced = || invalid("brackets [] not balanced");
        let mut class = Class { negated: self.eat("^"), ranges: Vec::new() };
        if class.negated && self.flags.lines {
            class.ranges.push(('\n', '\n'));
        }
        let mut first = true;
        loop {
            let c = self.peek().ok_or_else(unbalanced)?;
            if c == ']' && !first {
                self.step();
                return Ok(Node::Class(class));
            }
            first = false;
            if self.eat("[:") {
                let name = self.until(":]").ok_or_else(unbalanced)?;
                class.add(&class::named(&name).ok_or_else(|| invalid("invalid character class"))?);
                continue;
            }
            if c == '\\'
                && let Some(escaped) = self.chars.get(self.at + 1).copied().and_then(class::of_escape)
            {
                self.at += 2;
                class.add(&escaped);
                continue;
            }
            let from = self.bracket_char()?;
            let is_range = self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|c| *c != ']');
            let to = match is_range {
                true => {
                    self.step();
                    self.bracket_char()?
                }
                false => from,
            };
            if to < from {
                return Err(invalid("invalid character range"));
            }
            class.ranges.push((from, to));
        }
    }

    fn bracket_char(&mut self) -> Result<char> {
        for (open, close) in [("[.", ".]"), ("[=", "=]")] {
            if self.eat(open) {
                let name = self.until(close).ok_or_else(|| invalid("brackets [] not balanced"))?;
                let mut chars = name.chars();
                return match (chars.next(), chars.next()) {
                    (Some(c), None) => Ok(c),
                    _ => Err(invalid("invalid collating element")),
                };
            }
        }
        let c = self.peek().ok_or_else(|| invalid("brackets [] not balanced"))?;
        self.step();
        if c == '\\' { self.escaped_char() } else { Ok(c) }
    }

    fn until(&mut self, close: &str) -> Option<String> {
        let from = self.at;
        while self.at < self.chars.len() {
            if self.looking_at(close) {
                let name = self.chars[from..self.at].iter().collect();
                self.at += close.chars().count();
                return Some(name);
            }
            self.at += 1;
        }
        None
    }
}
