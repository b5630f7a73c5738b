//! A tree as a list of instructions, of which all ways are followed at once (Thompson's construction).

use super::class::{Class, is_word};
use super::parse::{Node, Place};
use super::{Flags, invalid};
use crate::ids::Result;

/// More instructions than any pattern needs that is meant well.
const MAX_INSTRUCTIONS: usize = 100_000;

enum Op {
    Char(char),
    Class(Class),
    Any,
    Place(Place),
    Look {
        program: Program,
        behind: bool,
        negated: bool,
    },
    /// Goes on at both.
    Split(usize, usize),
    Jump(usize),
    Match,
}

/// The instructions.
pub struct Program(Vec<Op>);

/// A text and how it is compared.
pub struct Text<'a> {
    /// The characters.
    pub chars: &'a [char],
    /// The pattern's flags.
    pub flags: Flags,
}

impl Text<'_> {
    fn same(&self, a: char, b: char) -> bool {
        a == b || self.flags.fold && a.eq_ignore_ascii_case(&b)
    }

    fn is_at(&self, place: Place, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.chars.get(at)).copied();
        let after = self.chars.get(at).copied();
        let word = |c: Option<char>| c.is_some_and(is_word);
        let line = |c: Option<char>| self.flags.anchors && c == Some('\n');
        match place {
            Place::Begin => before.is_none() || line(before),
            Place::End => after.is_none() || line(after),
            Place::TextBegin => before.is_none(),
            Place::TextEnd => after.is_none(),
            Place::WordBegin => !word(before) && word(after),
            Place::WordEnd => word(before) && !word(after),
            Place::WordEdge => word(before) != word(after),
            Place::NoWordEdge => word(before) == word(after),
        }
    }
}

impl Program {
    /// Of a tree. A reference is taken for what its group may match.
    pub fn new(tree: &Node) -> Result<Program> {
        let mut ops = Vec::new();
        compile(tree, &mut ops)?;
        ops.push(Op::Match);
        Ok(Program(ops))
    }

    /// Where matches that begin at `begin` end, up to `limit`, ascending; only the first if one is enough.
    pub fn ends(&self, text: &Text, begin: usize, limit: usize, first: bool) -> Vec<usize> {
        let mut run = Run::new(self);
        let mut found = Vec::new();
        run.add(self, text, begin, 0);
        for at in begin..=limit {
            if run.matched {
                found.push(at);
                if first {
                    return found;
                }
            }
            if at == limit || run.threads.is_empty() {
                break;
            }
            run.step(self, text, at);
        }
        found
    }

    /// Whether there is a match of just this part.
    pub fn fits(&self, text: &Text, (begin, end): (usize, usize)) -> bool {
        let mut run = Run::new(self);
        run.add(self, text, begin, 0);
        for at in begin..end {
            if run.threads.is_empty() {
                return false;
            }
            run.step(self, text, at);
        }
        run.matched
    }

    /// Whether there is a match anywhere.
    pub fn is_anywhere(&self, text: &Text) -> bool {
        let mut run = Run::new(self);
        for at in 0..=text.chars.len() {
            run.add(self, text, at, 0);
            if run.matched {
                return true;
            }
            if at < text.chars.len() {
                run.step(self, text, at);
            }
        }
        false
    }

    /// Whether what must stand before or behind a place is there.
    fn is_beside(&self, text: &Text, at: usize, behind: bool) -> bool {
        match behind {
            true => (0..=at).any(|begin| self.fits(text, (begin, at))),
            false => !self.ends(text, at, text.chars.len(), true).is_empty(),
        }
    }
}

fn compile(node: &Node, ops: &mut Vec<Op>) -> Result<()> {
    if ops.len() > MAX_INSTRUCTIONS {
        return Err(invalid("regular expression is too complex"));
    }
    match node {
        Node::Empty => {}
        Node::Char(c) => ops.push(Op::Char(*c)),
        Node::Class(class) => ops.push(Op::Class(class.clone())),
        Node::Any => ops.push(Op::Any),
        Node::Place(place) => ops.push(Op::Place(*place)),
        Node::Look { node, behind, negated } => {
            ops.push(Op::Look { program: Program::new(node)?, behind: *behind, negated: *negated });
        }
        Node::Group(_, node) | Node::Reference(_, node) => compile(node, ops)?,
        Node::Concat(parts) => parts.iter().try_for_each(|part| compile(part, ops))?,
        Node::Alternatives(branches) => {
            let mut jumps = Vec::new();
            for (at, branch) in branches.iter().enumerate() {
                let last = at + 1 == branches.len();
                let split = ops.len();
                if !last {
                    ops.push(Op::Split(split + 1, 0));
                }
                compile(branch, ops)?;
                if !last {
                    jumps.push(ops.len());
                    ops.push(Op::Jump(0));
                    let next = ops.len();
                    ops[split] = Op::Split(split + 1, next);
                }
            }
            let end = ops.len();
            jumps.into_iter().for_each(|jump| ops[jump] = Op::Jump(end));
        }
        Node::Repeat { node, min, max, .. } => {
            (0..*min).try_for_each(|_| compile(node, ops))?;
            match max {
                None => {
                    let split = ops.len();
                    ops.push(Op::Jump(0));
                    compile(node, ops)?;
                    ops.push(Op::Jump(split));
                    let end = ops.len();
                    ops[split] = Op::Split(split + 1, end);
                }
                Some(max) => {
                    let mut splits = Vec::new();
                    for _ in *min..*max {
                        splits.push(ops.len());
                        ops.push(Op::Jump(0));
                        compile(node, ops)?;
                    }
                    let end = ops.len();
                    splits.into_iter().for_each(|split| ops[split] = Op::Split(split + 1, end));
                }
            }
        }
    }
    Ok(())
}

/// The ways that are followed: at which instructions they stand.
struct Run {
    threads: Vec<usize>,
    next: Vec<usize>,
    /// At which place each instruction was last added, plus one.
    seen: Vec<usize>,
    pending: Vec<usize>,
    matched: bool,
}

impl Run {
    fn new(program: &Program) -> Run {
        let seen = vec![0; program.0.len()];
        Run { threads: Vec::new(), next: Vec::new(), seen, pending: Vec::new(), matched: false }
    }

    /// Follows what takes no character, from an instruction on.
    fn add(&mut self, program: &Program, text: &Text, at: usize, op: usize) {
        self.pending.push(op);
        while let Some(op) = self.pending.pop() {
            if self.seen[op] == at + 1 {
                continue;
            }
            self.seen[op] = at + 1;
            match &program.0[op] {
                Op::Split(a, b) => self.pending.extend([*b, *a]),
                Op::Jump(to) => self.pending.push(*to),
                Op::Place(place) => {
                    if text.is_at(*place, at) {
                        self.pending.push(op + 1);
                    }
                }
                Op::Look { program, behind, negated } => {
                    if program.is_beside(text, at, *behind) != *negated {
                        self.pending.push(op + 1);
                    }
                }
                Op::Match => self.matched = true,
                _ => self.threads.push(op),
            }
        }
    }

    /// Takes the character at a place.
    fn step(&mut self, program: &Program, text: &Text, at: usize) {
        let c = text.chars[at];
        self.matched = false;
        self.next.clear();
        std::mem::swap(&mut self.threads, &mut self.next);
        for place in 0..self.next.len() {
            let op = self.next[place];
            let takes = match &program.0[op] {
                Op::Char(own) => text.same(*own, c),
                Op::Class(class) => class.holds(c, text.flags.fold),
                Op::Any => !text.flags.lines || c != '\n',
                _ => false,
            };
            if takes {
                self.add(program, text, at + 1, op + 1);
            }
        }
    }
}
