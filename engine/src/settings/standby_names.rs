//! The little language of `synchronous_standby_names`.
//!
//! ```text
//!   a, b               the first of these that is there      FIRST 2 (a, b, c)    the first two of these
//!   2 (a, b, c)        the same as FIRST 2                   ANY 2 (a, b, c)      any two; * is any name
//! ```
//!
//! PostgreSQL: `replication/syncrep_gram.y`, `syncrep_scanner.l`.

/// How many of which standbys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandbyNames {
    /// Any of them, not the first.
    pub any: bool,
    /// How many.
    pub count: usize,
    /// Which.
    pub names: Vec<String>,
}

impl StandbyNames {
    /// Reads the setting; nothing if it is empty. An error is the DETAIL of the message.
    pub fn parse(text: &str) -> Result<Option<StandbyNames>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let tokens = tokens(text)?;
        let mut rest = tokens.iter().peekable();
        let is = |token: &Token, word: &str| matches!(token, Token::Word(w) if w.eq_ignore_ascii_case(word));
        let any = rest.next_if(|token| is(token, "any")).is_some();
        let first = !any && rest.next_if(|token| is(token, "first")).is_some();
        let counted = any || first || matches!(tokens.as_slice(), [Token::Number(_), Token::Mark('('), ..]);
        let mut count = 1;
        if counted {
            match rest.next() {
                Some(Token::Number(digits)) => count = digits.parse().unwrap_or(usize::MAX),
                other => return Err(near(other)),
            }
            expect(rest.next(), '(')?;
        }
        let mut names = Vec::new();
        loop {
            match rest.next() {
                Some(Token::Word(name) | Token::Quoted(name) | Token::Number(name)) => names.push(name.clone()),
                other => return Err(near(other)),
            }
            if rest.next_if(|token| **token == Token::Mark(',')).is_none() {
                break;
            }
        }
        if counted {
            expect(rest.next(), ')')?;
        }
        match rest.next() {
            None if count == 0 => Err(format!("number of synchronous standbys ({count}) must be greater than zero")),
            None => Ok(Some(StandbyNames { any, count, names })),
            other => Err(near(other)),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Word(String),
    Quoted(String),
    Number(String),
    Mark(char),
}

fn expect(token: Option<&Token>, mark: char) -> Result<(), String> {
    if token == Some(&Token::Mark(mark)) { Ok(()) } else { Err(near(token)) }
}

fn near(token: Option<&Token>) -> String {
    match token {
        None => "syntax error at end of input".into(),
        Some(Token::Word(text) | Token::Quoted(text) | Token::Number(text)) => {
            format!("syntax error at or near \"{text}\"")
        }
        Some(Token::Mark(mark)) => format!("syntax error at or near \"{mark}\""),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
        let (token, len) = match c {
            '"' => {
                let end = rest[1..].find('"').ok_or("unterminated quoted identifier at end of input")?;
                (Token::Quoted(rest[1..=end].to_string()), end + 2)
            }
            '0'..='9' => {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                (Token::Number(rest[..end].to_string()), end)
            }
            '*' => (Token::Word("*".into()), 1),
            c if in_word(c) => {
                let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
                (Token::Word(rest[..end].to_string()), end)
            }
            c => (Token::Mark(c), c.len_utf8()),
        };
        tokens.push(token);
        rest = rest[len..].trim_start();
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_names_are_told_apart() {
        let read = |text| StandbyNames::parse(text).map(|read| read.map(|n| (n.any, n.count, n.names.join(" "))));
        let first = |count, names: &str| Ok(Some((false, count, names.to_string())));
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("a, \"B c\""), first(1, "a B c"));
        assert_eq!(read("2 (a, b)"), first(2, "a b"));
        assert_eq!(read("first 2(a,b,c)"), first(2, "a b c"));
        assert_eq!(read("ANY 1 (*)"), Ok(Some((true, 1, "*".into()))));
        // The DETAIL of PostgreSQL 15 for the same values.
        assert_eq!(read("FIRST x (a)"), Err("syntax error at or near \"x\"".into()));
        assert_eq!(read("2 (a"), Err("syntax error at end of input".into()));
    }
}
