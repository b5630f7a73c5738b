//! Long lists of rows: `INSERT INTO t VALUES (1, 'one'), (2, 'two'), ...`
//!
//! ```text
//!   INSERT INTO t VALUES (1, 'one')          parsed
//!   , (2, 'two'), (3, 'three') ...           read off the tokens: each row is one of literals, as many as in the first
//! ```
//!
//! The tree is the one that the parser would make, places included. What looks in any way different is left to the parser.

use super::super::ast::{Expr, ExprKind, Query, QueryBody, Statement};
use super::super::scan::{StatementText, Token};
use super::cursor::Source;
use super::parse_one;

/// Literals of a statement for which this is worth it.
const WORTH_IT: usize = 50;

/// The tree of an INSERT whose rows are all literals; none if it is anything else. `values` are the literals among the tokens.
pub(super) fn insert_of_rows(
    source: &Source,
    text: &StatementText,
    tokens: &[Token],
    values: &[(usize, ExprKind)],
) -> Option<Statement> {
    if values.len() < WORTH_IT || tokens.last()?.end != text.range.end {
        return None;
    }
    let word = |at: usize| tokens.get(at).map_or("", |token| &source.text[token.start..token.end]);
    let open = values[0].0.checked_sub(1)?;
    if word(open) != "(" || open == 0 || !word(open - 1).eq_ignore_ascii_case("values") {
        return None;
    }
    // A row of n literals is n + 1 signs and they, and a comma stands before the next one.
    let width = (1..=values.len()).find(|n| word(open + 2 * n) != ",")?;
    let stride = 2 * width + 2;
    let count = values.len() / width;
    if values.len() % width != 0 || tokens.len() != open + count * stride - 1 {
        return None;
    }
    for (at, token) in (open..tokens.len()).enumerate() {
        let fits = match at % stride {
            0 => word(token) == "(",
            n if n == stride - 2 => word(token) == ")",
            n if n % 2 == 1 && n < stride - 1 => {
                values.get(at / stride * width + n / 2).is_some_and(|(place, _)| *place == token)
            }
            _ => word(token) == ",",
        };
        if !fits {
            return None;
        }
    }
    let head = StatementText { range: text.range.start..tokens[open + stride - 2].end, semicolon: None };
    let mut statement = parse_one(source, &head, None).ok()?;
    let Statement::Insert(insert) = &mut statement else { return None };
    let Query { body: QueryBody::Values(rows), .. } = &mut **insert.source.as_mut()? else { return None };
    let row = |literals: &[(usize, ExprKind)]| -> Vec<Expr> {
        let literal =
            |(token, kind): &(usize, ExprKind)| Expr { kind: kind.clone(), pos: source.pos(tokens[*token].start) };
        literals.iter().map(literal).collect()
    };
    let mut all = values.chunks(width).map(row);
    if rows.len() != 1 || rows.first() != all.next().as_ref() {
        return None;
    }
    rows.extend(all);
    Some(statement)
}

#[cfg(test)]
mod tests {
    use super::super::shape::Shapes;
    use super::*;

    /// The tree that a backend makes, and the one that the parser makes.
    fn both(text: &str) -> (Statement, Statement) {
        let mut shapes = Shapes::default();
        let mut script = shapes.check(text, &mut |_| ()).expect("a statement");
        let made = shapes.statement(text, &mut script, 0).expect("checked").statement;
        let (texts, _) = super::super::super::scan::split(text);
        (made, parse_one(&Source::new(text), &texts[0], None).expect("a statement"))
    }

    #[test]
    fn the_tree_is_that_of_the_parser() {
        let rows = |row: fn(usize) -> String| (0..200).map(row).collect::<Vec<_>>().join(", ");
        for text in [
            format!("INSERT INTO t VALUES {}", rows(|n| format!("({n}, 'it''s {n}')"))),
            format!("insert into s.t (a, \"B\") values\n{}", rows(|n| format!("( {n}.5 ,'Ä{n}' )"))),
            format!("INSERT INTO t VALUES {} ON CONFLICT DO NOTHING", rows(|n| format!("({n})"))),
            format!("INSERT INTO t VALUES {} RETURNING a", rows(|n| format!("({n}, 1)"))),
            format!("INSERT INTO t VALUES {}", rows(|n| format!("({}, -1)", n as i64 - 100))),
            format!("INSERT INTO t VALUES {}", rows(|n| format!("({n}, {})", if n == 7 { "null" } else { "1" }))),
            format!("INSERT INTO t VALUES {}", rows(|n| format!("({n}00000000, 'x')"))),
            format!("SELECT * FROM (VALUES {}) v", rows(|n| format!("({n}, 2)"))),
            format!("VALUES {}", rows(|n| format!("({n}, 2)"))),
            format!("INSERT INTO t VALUES {} UNION ALL SELECT 1", rows(|n| format!("({n})"))),
        ] {
            let (made, parsed) = both(&text);
            assert_eq!(made, parsed, "{}", &text[..60]);
        }
    }

    #[test]
    fn what_is_no_statement_is_refused_as_ever() {
        for end in [",", ", (", ", (1, 2", ", (1, 2, 3)", ", (1 2)", ", (1, 2))", " (1, 2)"] {
            let rows: Vec<String> = (0..200).map(|n| format!("({n}, {n})")).collect();
            let text = format!("INSERT INTO t VALUES {}{end}", rows.join(", "));
            assert!(Shapes::default().check(&text, &mut |_| ()).is_err(), "{end}");
        }
    }
}
