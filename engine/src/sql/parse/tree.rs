//! From tokens to a syntax tree: squawk's lexer and parser, rowan's tree.
//!
//! `SourceFile::parse` of squawk-syntax does the same and can then check the tree against rules of its own. Those are a
//! linter's: 13 kB of what every visitor fetches, for errors that PostgreSQL words otherwise.

use crate::small::sort_by_key;
use rowan::{GreenNodeBuilder, TextRange, TextSize};
use squawk_parser::{EntryPoint, LexedStr, StrStep};
use squawk_syntax::syntax_error::SyntaxError;
use squawk_syntax::{SyntaxKind, SyntaxNode};

fn raw(kind: SyntaxKind) -> rowan::SyntaxKind {
    rowan::SyntaxKind(kind.into())
}

/// Parses a statement. The tree is always whole; where the text is wrong it has gaps, and there is an error.
pub(super) fn parse(text: &str) -> (SyntaxNode, Vec<SyntaxError>) {
    let lexed = LexedStr::new(text);
    let output = EntryPoint::SourceFile.parse(&lexed.to_input());
    let mut builder = GreenNodeBuilder::new();
    let mut errors = Vec::new();
    lexed.intersperse_trivia(&output, &mut |step| match step {
        StrStep::Token { kind, text } => builder.token(raw(kind), text),
        StrStep::Enter { kind } => builder.start_node(raw(kind)),
        StrStep::Exit => builder.finish_node(),
        StrStep::Error { msg, pos } => errors.push(SyntaxError::new_at_offset(msg, TextSize::new(pos as u32))),
    });
    let of_lexer = lexed
        .errors()
        .map(|(range, message)| SyntaxError::new(message, TextRange::new(range.start.into(), range.end.into())));
    errors.extend(of_lexer);
    sort_by_key(&mut errors, |error| error.range().start());
    (SyntaxNode::new_root(builder.finish()), errors)
}
