//! Expressions and queries as SQL: how a default, the condition of a check or the query of a view is kept in the catalogs,
//! and how it is shown.
//!
//! ```text
//!   what is kept                          what is shown, pretty
//!   SELECT (t.a + 1) AS b                  SELECT t.a + 1 AS b
//!      FROM public.t                          FROM t
//!     WHERE (t.a > 0)                        WHERE t.a > 0;
//! ```
//!
//! The text is what PostgreSQL's `pg_get_expr` and `pg_get_viewdef` print: every operation in parentheses, unless it is to
//! be pretty, every literal with the type that its surroundings have given it. PostgreSQL keeps the tree itself
//! (`pg_node_tree`), with numbers in place of names; here the text is kept, and bound again by whoever needs it. What is
//! named by it and may be renamed is rewritten then; only tables in literals of type `regclass` are kept by their ids.
//!
//! PostgreSQL: `utils/adt/ruleutils.c`.

mod expr;
mod query;

use super::ast::{Expr, Pos, Query};
use crate::types::{Datum, TypeId};

/// What binding has made of literals that had no type of their own, by their places.
pub type Literals = Vec<(Pos, TypeId, Datum)>;

/// How a table is named, by its schema and name.
pub type TableNames<'a> = &'a dyn Fn(&str, &str) -> String;

/// For whom something is written.
#[derive(Clone, Copy, Default)]
pub struct Shown<'a> {
    /// Without the parentheses that are not needed.
    pub pretty: bool,
    /// How a table is named, by schema and name; as it was if there is nothing to say so.
    pub table: Option<TableNames<'a>>,
    /// Whether those that a regclass means are named.
    pub regclass: bool,
}

/// An expression as SQL.
pub fn deparse(expr: &Expr, literals: &Literals) -> String {
    Deparse::new(literals, Shown::default()).whole(expr)
}

/// A stored expression in which a column has got another name.
pub fn renamed(expr: &Expr, from: &str, to: &str) -> String {
    Deparse { renamed: Some((from, to)), ..Deparse::new(&Vec::new(), Shown::default()) }.whole(expr)
}

/// A stored expression for somebody to see.
pub fn shown_expr(expr: &Expr, shown: Shown) -> String {
    Deparse::new(&Vec::new(), shown).whole(expr)
}

/// A query in which nothing is left open, as SQL.
pub fn query_text(query: &Query) -> String {
    shown_query(query, Shown::default())
}

/// A stored query for somebody to see.
pub fn shown_query(query: &Query, shown: Shown) -> String {
    let literals = Vec::new();
    let mut out = Deparse::new(&literals, shown);
    out.query(query, 0);
    out.out
}

struct Deparse<'a> {
    literals: &'a [(Pos, TypeId, Datum)],
    /// A column that is called otherwise from here on.
    renamed: Option<(&'a str, &'a str)>,
    shown: Shown<'a>,
    /// How far lines are indented.
    indent: i32,
    out: String,
}

impl<'a> Deparse<'a> {
    fn new(literals: &'a Literals, shown: Shown<'a>) -> Deparse<'a> {
        Deparse { literals, renamed: None, shown, indent: 0, out: String::new() }
    }

    fn whole(mut self, expr: &Expr) -> String {
        self.expr(expr);
        self.out
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// `appendContextKeyword`: words on a line of their own, with the indentation changed before and after.
    fn line(&mut self, words: &str, before: i32, after: i32, plus: i32) {
        self.indent += before;
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.put("\n");
        for _ in 0..self.indent.max(0) + plus {
            self.put(" ");
        }
        self.put(words);
        self.indent = (self.indent + after).max(0);
    }

    /// Items with commas between them.
    fn list(&mut self, items: &[Expr]) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            self.expr(item);
        }
    }
}
