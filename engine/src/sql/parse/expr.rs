//! Expressions: from the parser's tree to ours.
//!
//! The parser finds the operands; how operators bind them is decided here, by PostgreSQL's own table (`%left`, `%right`
//! and `%nonassoc` in `gram.y`), since the parser's precedences differ in places (it reads `a BETWEEN 1 AND 2 OR b` as
//! `a BETWEEN 1 AND (2 OR b)`). So its tree of operations is first flattened into a row of operands and operators,
//! then climbed again:
//!
//! ```text
//!   NOT a = 1 + 2 * b            NOT  a  =  1  +  2  *  b        items, as they stand
//!                                 3      5     9     10          how strongly each binds
//!                                (NOT (a = (1 + (2 * b))))
//! ```

use super::super::ast::{Between, Call, Expr, ExprKind, Ident, QualName, Quantified, Quantity};
use super::super::scan::{Scanner, TokenKind};
use super::atom;
use super::cursor::Source;
use super::name;
use super::select::{is_query, query};
use crate::ids::{Error, Result};
use squawk_syntax::SyntaxKind::{self, *};
use squawk_syntax::{SyntaxElement, SyntaxNode};

/// Operators that the grammar knows only between operands.
const INFIX: [&str; 12] = ["*", "/", "%", "^", "<", ">", "=", "<=", ">=", "<>", "!=", "=>"];

/// How strongly operators bind, weakest first: the order of `gram.y`.
mod strength {
    pub const ANY: u8 = 0;
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const IS: u8 = 4;
    pub const COMPARISON: u8 = 5;
    pub const BETWEEN: u8 = 6;
    pub const OPERATOR: u8 = 8;
    pub const ADD: u8 = 9;
    pub const MULTIPLY: u8 = 10;
    pub const POWER: u8 = 11;
    pub const AT: u8 = 12;
    pub const COLLATE: u8 = 13;
    pub const SIGN: u8 = 14;
    pub const CAST: u8 = 15;
}

/// One of a row of operands and operators.
struct Item {
    kind: ItemKind,
    /// Where it begins, in bytes of the query string.
    start: usize,
}

enum ItemKind {
    Operand(SyntaxNode),
    Operator(Ident),
    Keyword(SyntaxKind),
    /// `::` and the type after it.
    Cast(SyntaxNode),
}

/// Lowers an expression.
pub(super) fn expr(source: &Source, node: &SyntaxNode) -> Result<Expr> {
    if !is_operation(node) {
        return atom::operand(source, node);
    }
    let mut row = Row { source, items: Vec::new(), operators_to: 0, end: 0 };
    row.flatten(node)?;
    row.end = source.node_start(node) + usize::from(node.text_range().len());
    let mut climb = Climb { row: &row, at: 0 };
    let expr = climb.climb(strength::ANY, false)?;
    match climb.peek() {
        Some(_) => Err(climb.unexpected()),
        None => Ok(expr),
    }
}

/// Whether a node is an operation over operands, as opposed to an operand.
fn is_operation(node: &SyntaxNode) -> bool {
    match node.kind() {
        BIN_EXPR | PREFIX_EXPR | POSTFIX_EXPR | BETWEEN_EXPR | COLLATE => true,
        CAST_EXPR => node.children().any(|child| child.kind() == COLON_COLON),
        _ => false,
    }
}

struct Row<'r, 'a> {
    source: &'r Source<'a>,
    items: Vec<Item>,
    /// The end of the last operator taken: the parser may cut one into several tokens.
    operators_to: usize,
    end: usize,
}

impl Row<'_, '_> {
    /// Appends what stands in an operation, from left to right, without recursion on its left side's depth.
    fn flatten(&mut self, root: &SyntaxNode) -> Result<()> {
        let mut next = root.first_child_or_token();
        while let Some(element) = next {
            if let Some(node) = element.as_node().filter(|node| is_operation(node) || is_operator_group(node.kind()))
                && let Some(first) = node.first_child_or_token()
            {
                next = Some(first);
                continue;
            }
            self.take(&element)?;
            let mut done = element;
            next = loop {
                if let Some(sibling) = done.next_sibling_or_token() {
                    break Some(sibling);
                }
                match done.parent().filter(|parent| parent != root) {
                    Some(parent) => done = SyntaxElement::Node(parent),
                    None => break None,
                }
            };
        }
        Ok(())
    }

    fn take(&mut self, element: &SyntaxElement) -> Result<()> {
        let start = self.source.start(element);
        let kind = match element {
            SyntaxElement::Node(node) if node.kind() == OPERATOR_CALL => ItemKind::Operator(named_operator(node)),
            SyntaxElement::Node(node) => match self.items.last_mut() {
                Some(Item { kind: kind @ ItemKind::Keyword(COLON_COLON), .. }) => {
                    *kind = ItemKind::Cast(node.clone());
                    return Ok(());
                }
                _ => ItemKind::Operand(node.clone()),
            },
            SyntaxElement::Token(token) => match token.kind() {
                WHITESPACE | COMMENT => return Ok(()),
                COLON => ItemKind::Keyword(COLON_COLON),
                kind if token.text().starts_with(|c: char| c.is_ascii_alphabetic()) => ItemKind::Keyword(kind),
                _ => return self.take_operator(start),
            },
        };
        match (&kind, self.items.last()) {
            // The second colon of `::`.
            (ItemKind::Keyword(COLON_COLON), Some(Item { kind: ItemKind::Keyword(COLON_COLON), .. })) => {}
            _ => self.items.push(Item { kind, start }),
        }
        Ok(())
    }

    /// Appends the operators that PostgreSQL's scanner finds from here.
    fn take_operator(&mut self, start: usize) -> Result<()> {
        if start < self.operators_to {
            return Ok(());
        }
        match Scanner::at(self.source.text, start).next() {
            Ok(Some(token)) if token.kind == TokenKind::Op => {
                self.operators_to = token.end;
                let text = match &self.source.text[start..token.end] {
                    "!=" => "<>",
                    text => text,
                };
                self.items.push(Item { kind: ItemKind::Operator(text.into()), start });
                Ok(())
            }
            _ => Err(self.source.syntax_error(start)),
        }
    }
}

/// The operator of `OPERATOR(pg_catalog.=)`. It binds like any other, weaker than those of arithmetic; the mark before
/// its name says so.
fn named_operator(node: &SyntaxNode) -> Ident {
    let text: String =
        node.descendants_with_tokens().filter_map(SyntaxElement::into_token).fold(String::new(), |mut text, token| {
            if token.text().starts_with(|c: char| "~!@#^&|`?+-*/%<>=".contains(c)) {
                text += token.text();
            }
            text
        });
    format!("{NAMED}{text}").into()
}

/// Stands before an operator that was written `OPERATOR(...)`.
const NAMED: char = '(';

/// Nodes that hold the words of one operator.
fn is_operator_group(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        IS_NOT
            | IS_DISTINCT_FROM
            | IS_NOT_DISTINCT_FROM
            | NOT_IN
            | NOT_LIKE
            | NOT_ILIKE
            | NOT_SIMILAR_TO
            | SIMILAR_TO
            | AT_TIME_ZONE
            | CUSTOM_OP
            | COLON_COLON
            | SYMMETRIC
            | ASYMMETRIC
    )
}

/// An operator without the mark.
fn plain(op: &Ident) -> Ident {
    op.strip_prefix(NAMED).map_or_else(|| op.clone(), Ident::from)
}

struct Climb<'c, 'r, 'a> {
    row: &'c Row<'r, 'a>,
    at: usize,
}

impl Climb<'_, '_, '_> {
    fn peek(&self) -> Option<&Item> {
        self.row.items.get(self.at)
    }

    fn peek_keyword(&self, ahead: usize) -> Option<SyntaxKind> {
        match self.row.items.get(self.at + ahead)?.kind {
            ItemKind::Keyword(kind) => Some(kind),
            _ => None,
        }
    }

    fn eat(&mut self, keyword: SyntaxKind) -> bool {
        let found = self.peek_keyword(0) == Some(keyword);
        self.at += usize::from(found);
        found
    }

    /// The error at the next item: of syntax, unless it is an operator that we do not have.
    fn unexpected(&self) -> Error {
        self.row.source.syntax_error(self.peek().map_or(self.row.end, |item| item.start))
    }

    fn node(&self, kind: ExprKind, start: usize) -> Expr {
        Expr { kind, pos: self.row.source.pos(start) }
    }

    /// An expression whose operators bind at least so strongly. `b_expr` is the grammar's name for an expression
    /// without AND, OR, NOT, IN, LIKE and BETWEEN: the lower bound of BETWEEN.
    fn climb(&mut self, least: u8, b_expr: bool) -> Result<Expr> {
        let mut left = self.prefix(b_expr)?;
        // The strength of the operator just applied, where it must not be followed by one of its like: `a = b = c`.
        let mut not_again = None;
        while let Some((bind, nonassoc)) = self.next_binds(b_expr) {
            if bind < least {
                break;
            }
            if nonassoc && not_again == Some(bind) {
                return Err(self.unexpected());
            }
            let ends_with_operand;
            (left, ends_with_operand) = self.apply(left, bind, b_expr)?;
            not_again = (nonassoc && ends_with_operand).then_some(bind);
        }
        Ok(left)
    }

    /// How strongly the next operator binds, and whether it may not be repeated; `None` where none comes.
    fn next_binds(&self, b_expr: bool) -> Option<(u8, bool)> {
        Some(match &self.peek()?.kind {
            ItemKind::Operator(op) => match &**op {
                "<" | ">" | "=" | "<=" | ">=" | "<>" => (strength::COMPARISON, true),
                "+" | "-" => (strength::ADD, false),
                "*" | "/" | "%" => (strength::MULTIPLY, false),
                "^" => (strength::POWER, false),
                _ => (strength::OPERATOR, false),
            },
            ItemKind::Cast(_) => (strength::CAST, false),
            ItemKind::Keyword(IS_KW) => (strength::IS, true),
            ItemKind::Keyword(AT_KW) if !b_expr => (strength::AT, false),
            ItemKind::Keyword(COLLATE_KW) => (strength::COLLATE, false),
            ItemKind::Keyword(_) if b_expr => return None,
            ItemKind::Keyword(OR_KW) => (strength::OR, false),
            ItemKind::Keyword(AND_KW) => (strength::AND, false),
            ItemKind::Keyword(ISNULL_KW | NOTNULL_KW) => (strength::IS, true),
            ItemKind::Keyword(NOT_KW | BETWEEN_KW | IN_KW | LIKE_KW | ILIKE_KW | SIMILAR_KW) => {
                (strength::BETWEEN, true)
            }
            _ => return None,
        })
    }

    /// An operand, with the operators before it.
    fn prefix(&mut self, b_expr: bool) -> Result<Expr> {
        let Some(item) = self.row.items.get(self.at) else { return Err(self.unexpected()) };
        let start = item.start;
        self.at += 1;
        match &item.kind {
            ItemKind::Operand(node) => atom::operand(self.row.source, node),
            ItemKind::Keyword(NOT_KW) if !b_expr => {
                let arg = self.climb(strength::NOT, false)?;
                Ok(self.node(ExprKind::Not(Box::new(arg)), start))
            }
            ItemKind::Operator(op) if INFIX.contains(&&**op) => Err(self.row.source.syntax_error(start)),
            ItemKind::Operator(op) => {
                let sign = matches!(&**op, "+" | "-");
                let arg = self.climb(if sign { strength::SIGN } else { strength::OPERATOR + 1 }, b_expr)?;
                let constant = if &**op == "-" { name::negated(&arg.kind) } else { None };
                Ok(self.node(constant.unwrap_or_else(|| ExprKind::Unary(plain(op), Box::new(arg))), start))
            }
            _ => {
                self.at -= 1;
                Err(self.unexpected())
            }
        }
    }

    /// Applies the next operator to what stands before it; also says whether an operand came last.
    fn apply(&mut self, left: Expr, bind: u8, b_expr: bool) -> Result<(Expr, bool)> {
        let item = &self.row.items[self.at];
        let start = item.start;
        self.at += 1;
        let kind = match &item.kind {
            ItemKind::Operator(op) => {
                let op = plain(op);
                if let Some((all, right)) = self.quantity()? {
                    let quantified = Quantified { left, op, all, right };
                    return Ok((self.node(ExprKind::Quantified(Box::new(quantified)), start), false));
                }
                let right = self.climb(bind + 1, b_expr)?;
                ExprKind::Binary(op, Box::new(left), Box::new(right))
            }
            ItemKind::Keyword(COLLATE_KW) => {
                let Some(Item { kind: ItemKind::Operand(node), .. }) = self.row.items.get(self.at) else {
                    return Err(self.unexpected());
                };
                self.at += 1;
                let mut children = self.row.source.children(node);
                let name = name::qualified(self.row.source, &children.expect_any_node()?)?;
                return Ok((self.node(ExprKind::Collate(Box::new(left), name), start), false));
            }
            ItemKind::Cast(ty) => {
                let ty = name::type_name(self.row.source, ty)?;
                return Ok((self.node(ExprKind::Cast(Box::new(left), ty), start), false));
            }
            ItemKind::Keyword(keyword @ (AND_KW | OR_KW)) => {
                let right = self.climb(bind + 1, false)?;
                return Ok((self.logic(*keyword, left, right, start), true));
            }
            ItemKind::Keyword(ISNULL_KW) => ExprKind::IsNull(Box::new(left), false),
            ItemKind::Keyword(NOTNULL_KW) => ExprKind::IsNull(Box::new(left), true),
            ItemKind::Keyword(IS_KW) => return self.is(left, start, b_expr),
            _ => {
                self.at -= 1;
                return self.word_operator(left, start);
            }
        };
        let ends_with_operand = matches!(kind, ExprKind::Binary(..));
        Ok((self.node(kind, start), ends_with_operand))
    }

    /// AND and OR of many are one node each.
    fn logic(&self, keyword: SyntaxKind, mut left: Expr, right: Expr, start: usize) -> Expr {
        match (keyword, &mut left.kind) {
            (AND_KW, ExprKind::And(args)) | (OR_KW, ExprKind::Or(args)) => {
                args.push(right);
                left
            }
            (AND_KW, _) => self.node(ExprKind::And(vec![left, right]), start),
            _ => self.node(ExprKind::Or(vec![left, right]), start),
        }
    }

    /// What follows IS.
    fn is(&mut self, left: Expr, start: usize, b_expr: bool) -> Result<(Expr, bool)> {
        let negated = self.eat(NOT_KW);
        let left = Box::new(left);
        if self.eat(DISTINCT_KW) {
            if !self.eat(FROM_KW) {
                return Err(self.unexpected());
            }
            let right = Box::new(self.climb(strength::IS + 1, b_expr)?);
            return Ok((self.node(ExprKind::IsDistinct(left, right, negated), start), true));
        }
        let Some(Item { kind: ItemKind::Operand(node), .. }) = self.peek() else { return Err(self.unexpected()) };
        let kind = match node.first_token().map(|token| token.kind()) {
            _ if b_expr => return Err(self.unexpected()),
            Some(NULL_KW) => ExprKind::IsNull(left, negated),
            Some(TRUE_KW) => ExprKind::IsBool(left, Some(true), negated),
            Some(FALSE_KW) => ExprKind::IsBool(left, Some(false), negated),
            Some(UNKNOWN_KW) => ExprKind::IsBool(left, None, negated),
            Some(DOCUMENT_KW) => return Err(Error::unsupported("IS DOCUMENT")),
            _ if node.text() == "unknown" => ExprKind::IsBool(left, None, negated),
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok((self.node(kind, start), false))
    }

    /// BETWEEN, IN, LIKE and AT TIME ZONE, with the NOT that may stand before.
    fn word_operator(&mut self, left: Expr, start: usize) -> Result<(Expr, bool)> {
        let negated = self.eat(NOT_KW);
        match self.peek_keyword(0) {
            Some(BETWEEN_KW) => {
                self.at += 1;
                let symmetric = self.eat(SYMMETRIC_KW);
                self.eat(ASYMMETRIC_KW);
                let low = self.climb(strength::ANY, true)?;
                if !self.eat(AND_KW) {
                    return Err(self.unexpected());
                }
                let high = self.climb(strength::BETWEEN + 1, false)?;
                let between = Between { arg: left, low, high, negated, symmetric };
                Ok((self.node(ExprKind::Between(Box::new(between)), start), true))
            }
            Some(IN_KW) => {
                self.at += 1;
                let Some(Item { kind: ItemKind::Operand(node), .. }) = self.row.items.get(self.at) else {
                    return Err(self.unexpected());
                };
                self.at += 1;
                let kind = atom::after_in(self.row.source, left, node, negated)?;
                Ok((self.node(kind, start), false))
            }
            Some(keyword @ (LIKE_KW | ILIKE_KW)) => {
                self.at += 1;
                let op = match (keyword, negated) {
                    (LIKE_KW, false) => "~~",
                    (LIKE_KW, true) => "!~~",
                    (_, false) => "~~*",
                    (_, true) => "!~~*",
                };
                if let Some((all, right)) = self.quantity()? {
                    let quantified = Quantified { left, op: op.into(), all, right };
                    return Ok((self.node(ExprKind::Quantified(Box::new(quantified)), start), false));
                }
                let right = self.pattern("like_escape", false)?;
                Ok((self.node(ExprKind::Binary(op.into(), Box::new(left), Box::new(right)), start), true))
            }
            Some(SIMILAR_KW) => {
                self.at += 1;
                if !self.eat(TO_KW) {
                    return Err(self.unexpected());
                }
                let right = self.pattern("similar_to_escape", true)?;
                let op = if negated { "!~" } else { "~" };
                Ok((self.node(ExprKind::Binary(op.into(), Box::new(left), Box::new(right)), start), true))
            }
            Some(TIME_KW) if !negated => {
                self.at += 1;
                if !self.eat(ZONE_KW) {
                    return Err(self.unexpected());
                }
                let zone = self.climb(strength::AT + 1, false)?;
                Ok((self.node(self.call("timezone", vec![zone, left], start), start), true))
            }
            _ => Err(self.unexpected()),
        }
    }

    /// The pattern of LIKE or SIMILAR TO, through a function if there is an ESCAPE, or always.
    fn pattern(&mut self, function: &str, always: bool) -> Result<Expr> {
        let pattern = self.climb(strength::BETWEEN + 1, false)?;
        let start = self.row.items[self.at - 1].start;
        let mut args = vec![pattern];
        if self.eat(ESCAPE_KW) {
            args.push(self.climb(strength::BETWEEN + 1, false)?);
        } else if !always {
            return Ok(args.remove(0));
        }
        Ok(self.node(self.call(function, args, start), start))
    }

    fn call(&self, name: &str, args: Vec<Expr>, start: usize) -> ExprKind {
        let pos = self.row.source.pos(start);
        ExprKind::Call(Box::new(Call::new(
            QualName { schema: Some("pg_catalog".into()), name: name.into(), pos },
            args,
        )))
    }

    /// ANY, SOME or ALL after an operator: whether it is ALL, and what it is about.
    fn quantity(&mut self) -> Result<Option<(bool, Quantity)>> {
        let Some(Item { kind: ItemKind::Operand(node), .. }) = self.peek() else { return Ok(None) };
        let Some(function) = node.children().next().filter(|_| node.kind() == CALL_EXPR) else { return Ok(None) };
        if !matches!(function.kind(), ANY_FN | SOME_FN | ALL_FN) {
            return Ok(None);
        }
        self.at += 1;
        let source = self.row.source;
        let mut children = source.children(&function);
        children.bump();
        children.expect(L_PAREN)?;
        let inner = children.expect_any_node()?;
        children.expect(R_PAREN)?;
        children.end()?;
        let right = match is_query(inner.kind()) {
            true => Quantity::Query(query(source, &inner)?),
            false => Quantity::Array(expr(source, &inner)?),
        };
        Ok(Some((function.kind() == ALL_FN, right)))
    }
}
