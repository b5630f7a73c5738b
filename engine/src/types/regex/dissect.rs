//! Which part of a match each pair of parentheses has taken.
//!
//! The whole is known. Each piece of the tree takes the longest part (or the shortest, if it prefers that) that lets what
//! follows take the rest; what it is made of is then settled within.

use super::Span;
use super::parse::Node;
use super::program::{Program, Text};

/// Whether the piece fits this part, back references and all; notes what the groups took.
pub fn dissect(node: &Node, text: &Text, span: Span, groups: &mut Vec<Option<Span>>) -> bool {
    match node {
        Node::Group(number, inner) => {
            if !dissect(inner, text, span, groups) {
                return false;
            }
            if let Some(number) = number {
                groups[*number] = Some(span);
            }
            true
        }
        Node::Reference(number, _) => {
            let Some((from, to)) = groups[*number] else { return false };
            let (a, b) = (&text.chars[from..to], &text.chars[span.0..span.1]);
            let same = |(a, b): (&char, &char)| a == b || text.flags.fold && a.eq_ignore_ascii_case(b);
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        Node::Concat(parts) => concat(parts, text, span, groups),
        Node::Alternatives(branches) => branches.iter().any(|branch| {
            let before = groups.clone();
            let fits = could_fit(branch, text, span) && dissect(branch, text, span, groups);
            if !fits {
                *groups = before;
            }
            fits
        }),
        Node::Repeat { node, min, max, lazy } if has_groups(node) => {
            let (min, max) = (*min as usize, max.map_or(usize::MAX, |max| max as usize));
            if span.0 == span.1 && min == 0 {
                return true;
            }
            repeat(node, text, span, (min.max(1), max), *lazy == Some(true) && node.prefers_shorter(), groups)
        }
        other => could_fit(other, text, span),
    }
}

fn could_fit(node: &Node, text: &Text, span: Span) -> bool {
    Program::new(node).is_ok_and(|program| program.fits(text, span))
}

/// Whether there is anything to settle in a piece.
fn has_groups(node: &Node) -> bool {
    match node {
        Node::Group(number, inner) => number.is_some() || has_groups(inner),
        Node::Reference(..) => true,
        Node::Concat(parts) | Node::Alternatives(parts) => parts.iter().any(has_groups),
        Node::Repeat { node, .. } => has_groups(node),
        _ => false,
    }
}

/// Where a piece that begins here may end, in the order in which it likes to.
fn ends(node: &Node, text: &Text, (begin, end): Span) -> Vec<usize> {
    let Ok(program) = Program::new(node) else { return Vec::new() };
    let mut ends = program.ends(text, begin, end, false);
    if !node.prefers_shorter() {
        ends.reverse();
    }
    ends
}

fn concat(parts: &[Node], text: &Text, span: Span, groups: &mut Vec<Option<Span>>) -> bool {
    let Some((first, rest)) = parts.split_first() else { return span.0 == span.1 };
    if rest.is_empty() {
        return dissect(first, text, span, groups);
    }
    let Ok(tail) = Program::new(&Node::Concat(rest.to_vec())) else { return false };
    for middle in ends(first, text, span) {
        if !tail.fits(text, (middle, span.1)) {
            continue;
        }
        let before = groups.clone();
        if dissect(first, text, (span.0, middle), groups) && concat(rest, text, (middle, span.1), groups) {
            return true;
        }
        *groups = before;
    }
    false
}

/// So many of a piece one after the other, all with something in it unless there must be more of them.
fn repeat(
    node: &Node,
    text: &Text,
    span: Span,
    (min, max): (usize, usize),
    shorter: bool,
    groups: &mut Vec<Option<Span>>,
) -> bool {
    if max == 0 {
        return span.0 == span.1;
    }
    if span.0 == span.1 {
        return dissect(node, text, span, groups);
    }
    let mut ends = ends(node, text, span);
    if shorter && !node.prefers_shorter() {
        ends.reverse();
    }
    for middle in ends.into_iter().filter(|middle| *middle > span.0) {
        let before = groups.clone();
        let done = middle == span.1 && min <= 1;
        if dissect(node, text, (span.0, middle), groups)
            && (done || repeat(node, text, (middle, span.1), (min.saturating_sub(1), max - 1), shorter, groups))
        {
            return true;
        }
        *groups = before;
    }
    false
}
