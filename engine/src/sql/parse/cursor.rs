//! Walking the syntax tree so that nothing is overlooked: a cursor over the children of a node, which refuses what is
//! left when its owner has taken all that it understands. A clause that were dropped in silence would be a wrong answer.

use super::super::ast::{Ident, Pos};
use super::super::scan::{self, position};
use super::name;
use crate::ids::{Error, Result};
use squawk_syntax::{SyntaxElement, SyntaxKind, SyntaxNode};
use std::cell::Cell;

/// What lowering a statement needs besides its nodes.
pub(super) struct Source<'a> {
    /// The query string.
    pub text: &'a str,
    /// Where in it the parsed statement begins.
    base: usize,
    ascii: bool,
    /// A byte whose position is known, and the position: the next one asked for is near.
    known: Cell<(usize, u32)>,
}

/// What is known of the places in a query string.
#[derive(Clone, Copy)]
pub(super) struct Places {
    ascii: bool,
    known: (usize, u32),
}

impl<'a> Source<'a> {
    pub fn new(text: &'a str) -> Source<'a> {
        Source::with(text, Places { ascii: text.is_ascii(), known: (0, 1) })
    }

    /// With what was found out before about the same text.
    pub fn with(text: &'a str, places: Places) -> Source<'a> {
        Source { text, base: 0, ascii: places.ascii, known: Cell::new(places.known) }
    }

    /// What was found out about the text.
    pub fn places(&self) -> Places {
        Places { ascii: self.ascii, known: self.known.get() }
    }

    /// The same text, for the statement that begins at this byte.
    pub fn at(&self, base: usize) -> Source<'a> {
        Source { text: self.text, base, ascii: self.ascii, known: self.known.clone() }
    }

    /// Where an element begins, in bytes of the query string.
    pub fn start(&self, element: &SyntaxElement) -> usize {
        self.base + usize::from(element.text_range().start())
    }

    /// Where a node's first token begins. The trivia before it belongs to its parent, so it is where the node begins.
    pub fn node_start(&self, node: &SyntaxNode) -> usize {
        self.base + usize::from(node.text_range().start())
    }

    /// A byte's place as errors give it.
    pub fn pos(&self, byte: usize) -> Pos {
        if self.ascii {
            return Pos(byte as u32 + 1);
        }
        let (from, at) = self.known.get();
        let between = |a: usize, b: usize| position(&self.text[a..b], b - a) - 1;
        let at = if byte >= from { at + between(from, byte) } else { at - between(byte, from) };
        self.known.set((byte, at));
        Pos(at)
    }

    pub fn node_pos(&self, node: &SyntaxNode) -> Pos {
        self.pos(self.node_start(node))
    }

    /// `syntax error at or near` the token at a byte.
    pub fn syntax_error(&self, byte: usize) -> Error {
        scan::syntax_error(self.text, byte)
    }

    /// `0A000` for an element that we know and do not support.
    pub fn unsupported(&self, element: &SyntaxElement) -> Error {
        Error::unsupported(feature(element)).at(position(self.text, self.start(element)))
    }

    pub fn unsupported_node(&self, node: &SyntaxNode) -> Error {
        self.unsupported(&SyntaxElement::Node(node.clone()))
    }

    pub fn children<'s>(&'s self, node: &SyntaxNode) -> Children<'s, 'a> {
        let mut children = Children { source: self, parent: node.clone(), next: node.first_child_or_token() };
        children.skip_trivia();
        children
    }
}

/// The children of a node, from left to right, without white space and comments.
pub(super) struct Children<'s, 'a> {
    source: &'s Source<'a>,
    parent: SyntaxNode,
    next: Option<SyntaxElement>,
}

impl Children<'_, '_> {
    fn skip_trivia(&mut self) {
        while let Some(element) = &self.next
            && matches!(element.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT)
        {
            self.next = element.next_sibling_or_token();
        }
    }

    /// The kind of the next child.
    pub fn peek(&self) -> Option<SyntaxKind> {
        self.next.as_ref().map(SyntaxElement::kind)
    }

    /// Takes the next child.
    pub fn bump(&mut self) -> Option<SyntaxElement> {
        let element = self.next.take()?;
        self.next = element.next_sibling_or_token();
        self.skip_trivia();
        Some(element)
    }

    /// Takes the next child if it is of this kind.
    pub fn eat(&mut self, kind: SyntaxKind) -> bool {
        self.peek() == Some(kind) && self.bump().is_some()
    }

    /// Takes the next child, a node, if it is of this kind.
    pub fn node(&mut self, kind: SyntaxKind) -> Option<SyntaxNode> {
        if self.peek() == Some(kind) { self.bump()?.into_node() } else { None }
    }

    /// Takes the next child, a node, whatever its kind.
    pub fn any_node(&mut self) -> Option<SyntaxNode> {
        if self.next.as_ref()?.as_node().is_some() { self.bump()?.into_node() } else { None }
    }

    /// Takes a child of this kind, which must come next.
    pub fn expect(&mut self, kind: SyntaxKind) -> Result<SyntaxElement> {
        if self.peek() == Some(kind) { self.bump() } else { None }.ok_or_else(|| self.missing())
    }

    /// Takes a node of this kind, which must come next.
    pub fn expect_node(&mut self, kind: SyntaxKind) -> Result<SyntaxNode> {
        self.node(kind).ok_or_else(|| self.missing())
    }

    /// Takes a node, which must come next.
    pub fn expect_any_node(&mut self) -> Result<SyntaxNode> {
        self.any_node().ok_or_else(|| self.missing())
    }

    /// The nodes of this kind that come next, with commas between them; there must be one at least.
    pub fn list(&mut self, kind: SyntaxKind) -> Result<Vec<SyntaxNode>> {
        let mut nodes = vec![self.expect_node(kind)?];
        while self.eat(SyntaxKind::COMMA) {
            nodes.push(self.expect_node(kind)?);
        }
        Ok(nodes)
    }

    /// The error for something that should come next: of syntax where nothing comes, else of support.
    pub fn missing(&self) -> Error {
        match &self.next {
            Some(element) => self.source.unsupported(element),
            None => self.source.syntax_error(self.source.base + usize::from(self.parent.text_range().end())),
        }
    }

    /// Nothing may be left.
    pub fn end(self) -> Result<()> {
        self.next.as_ref().map_or(Ok(()), |element| Err(self.source.unsupported(element)))
    }

    /// The name that stands next, in a node of this kind with one token.
    pub fn name(&mut self, kind: SyntaxKind) -> Result<Ident> {
        let node = self.expect_node(kind)?;
        self.source.only_name(&node)
    }
}

impl Source<'_> {
    /// The name in a node that holds one token.
    pub fn only_name(&self, node: &SyntaxNode) -> Result<Ident> {
        let mut children = self.children(node);
        let token = children.bump().ok_or_else(|| children.missing())?;
        children.end()?;
        match token.as_token() {
            Some(token) => name::fold(token.text()),
            None => Err(self.unsupported(&token)),
        }
    }
}

/// What a user would call it: the keywords that it begins with, else the grammar's name for it.
fn feature(element: &SyntaxElement) -> String {
    let is_keyword = |kind: SyntaxKind| format!("{kind:?}").ends_with("_KW");
    let mut words = Vec::new();
    let tokens: Vec<_> = match element {
        SyntaxElement::Token(token) => vec![token.clone()],
        SyntaxElement::Node(node) => {
            node.descendants_with_tokens().filter_map(SyntaxElement::into_token).take(12).collect()
        }
    };
    for token in tokens {
        match token.kind() {
            SyntaxKind::WHITESPACE | SyntaxKind::COMMENT => {}
            kind if is_keyword(kind) && words.len() < 3 => words.push(token.text().to_ascii_uppercase()),
            _ => break,
        }
    }
    match element {
        _ if !words.is_empty() => words.join(" "),
        SyntaxElement::Token(token) => format!("\"{}\" here", token.text()),
        SyntaxElement::Node(node) => kind_words(node.kind()),
    }
}

/// `CREATE INDEX` for `CREATE_INDEX`.
pub(super) fn kind_words(kind: SyntaxKind) -> String {
    format!("{kind:?}").replace('_', " ")
}
