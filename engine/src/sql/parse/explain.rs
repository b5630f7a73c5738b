//! EXPLAIN and its options.

use super::super::ast::{ExplainFormat, ExplainOptions, Statement};
use super::cursor::Source;
use super::statement;
use super::utility::{boolean, finish};
use crate::ids::{Error, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

pub(super) fn explain(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(EXPLAIN_KW)?;
    let mut options = ExplainOptions::default();
    if let Some(mode) = children.node(EXPLAIN_ANALYZE) {
        options.analyze = true;
        options.verbose = mode.text().to_string().to_ascii_lowercase().contains("verbose");
        options.summary = true;
    } else if children.node(EXPLAIN_VERBOSE).is_some() {
        options.verbose = true;
    } else if let Some(list) = children.node(EXPLAIN_OPTION_LIST) {
        read_options(source, &list, &mut options)?;
    }
    let explained = children.expect_any_node()?;
    finish(children)?;
    let is_planned =
        matches!(explained.kind(), SELECT | VALUES | TABLE | PAREN_SELECT | COMPOUND_SELECT | INSERT | UPDATE | DELETE);
    if !is_planned {
        return Err(Error::unsupported("EXPLAIN of this statement").at(source.node_pos(&explained).0));
    }
    Ok(Statement::Explain(Box::new(statement(source, &explained)?), options))
}

fn read_options(source: &Source, list: &SyntaxNode, options: &mut ExplainOptions) -> Result<()> {
    let (mut timing, mut summary) = (None, None);
    let fault = |message: String| Error::new(sqlstate::SYNTAX_ERROR, message).at(source.node_pos(list).0);
    for option in list.text().to_string().trim_matches(['(', ')']).to_ascii_lowercase().split(',') {
        let (name, value) = match option.trim().split_once(char::is_whitespace) {
            Some((name, value)) => (name, Some(value.trim().trim_matches('\''))),
            None => (option.trim(), None),
        };
        let flag = || boolean(value.or(Some("true"))).ok_or_else(|| fault(format!("{name} requires a Boolean value")));
        match name {
            "analyze" | "analyse" => options.analyze = flag()?,
            "verbose" => options.verbose = flag()?,
            "costs" => options.costs = flag()?,
            "buffers" => options.buffers = flag()?,
            "settings" => options.settings = flag()?,
            "timing" => timing = Some(flag()?),
            "summary" => summary = Some(flag()?),
            "format" => {
                options.format = match value {
                    Some("text") => ExplainFormat::Text,
                    Some("json") => ExplainFormat::Json,
                    Some(format @ ("xml" | "yaml")) => {
                        return Err(Error::unsupported(format!("EXPLAIN (FORMAT {format})")));
                    }
                    value => {
                        let value = value.unwrap_or_default();
                        let message = format!("unrecognized value for EXPLAIN option \"format\": \"{value}\"");
                        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
                    }
                };
            }
            "wal" => return Err(Error::unsupported("EXPLAIN (WAL)")),
            _ => return Err(fault(format!("unrecognized EXPLAIN option \"{name}\""))),
        }
    }
    if timing == Some(true) && !options.analyze {
        let message = "EXPLAIN option TIMING requires ANALYZE";
        return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
    }
    options.timing = timing.unwrap_or(options.analyze);
    options.summary = summary.unwrap_or(options.analyze);
    Ok(())
}
