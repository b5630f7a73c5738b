//! The statements that are neither queries nor about rows: transactions, settings, maintenance.

use super::super::ast::*;
use super::cursor::{Children, Source};
use super::expr::expr;
use super::name::{self, path, qualified};
use super::select::relation;
use crate::ids::{Error, LockMode, Result, sqlstate};
use squawk_syntax::SyntaxKind::*;
use squawk_syntax::{SyntaxElement, SyntaxNode};

/// Nothing may follow but the semicolon.
pub(super) fn finish(mut children: Children) -> Result<()> {
    children.eat(SEMICOLON);
    children.end()
}

/// BEGIN and START TRANSACTION.
pub(super) fn begin(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    let start = children.eat(START_KW);
    if start {
        children.expect(TRANSACTION_KW)?;
    } else {
        children.expect(BEGIN_KW)?;
        work(&mut children);
    }
    let modes = match children.node(TRANSACTION_MODE_LIST) {
        Some(list) => transaction_modes(source, &list)?,
        None => TransactionModes::default(),
    };
    finish(children)?;
    Ok(Statement::Begin { start, modes })
}

/// COMMIT, END, ROLLBACK and ABORT.
pub(super) fn end(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    let commits = match children.bump().map(|element| element.kind()) {
        Some(COMMIT_KW | END_KW) => true,
        Some(ROLLBACK_KW | ABORT_KW) => false,
        _ => return Err(source.unsupported_node(node)),
    };
    work(&mut children);
    let chain = children.eat(AND_CHAIN);
    if !chain {
        children.eat(AND_NO_CHAIN);
    }
    finish(children)?;
    Ok(if commits { Statement::Commit { chain } } else { Statement::Rollback { chain } })
}

fn work(children: &mut Children) {
    if !children.eat(WORK_KW) {
        children.eat(TRANSACTION_KW);
    }
}

fn transaction_modes(source: &Source, list: &SyntaxNode) -> Result<TransactionModes> {
    let mut modes = TransactionModes::default();
    let mut children = source.children(list);
    while let Some(mode) = children.bump() {
        let isolation = |level| Some(level);
        match mode.kind() {
            COMMA => {}
            READ_UNCOMMITTED => modes.isolation = isolation(IsolationLevel::ReadUncommitted),
            READ_COMMITTED => modes.isolation = isolation(IsolationLevel::ReadCommitted),
            REPEATABLE_READ => modes.isolation = isolation(IsolationLevel::RepeatableRead),
            SERIALIZABLE => modes.isolation = isolation(IsolationLevel::Serializable),
            READ_ONLY => modes.read_only = Some(true),
            READ_WRITE => modes.read_only = Some(false),
            DEFERRABLE => modes.deferrable = Some(true),
            NOT_DEFERRABLE => modes.deferrable = Some(false),
            _ => return Err(source.unsupported(&mode)),
        }
    }
    if modes == TransactionModes::default() {
        return Err(children.missing());
    }
    Ok(modes)
}

/// SET TRANSACTION and SET SESSION CHARACTERISTICS.
pub(super) fn set_transaction(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(SET_KW)?;
    let session = children.peek() == Some(SESSION_CHARACTERISTICS);
    if !session && children.peek() != Some(TRANSACTION_MODES) {
        return Err(children.missing());
    }
    let mut words = source.children(&children.expect_any_node()?);
    finish(children)?;
    while words.peek().is_some_and(|kind| kind != TRANSACTION_MODE_LIST) {
        words.bump();
    }
    let modes = transaction_modes(source, &words.expect_node(TRANSACTION_MODE_LIST)?)?;
    words.end()?;
    Ok(Statement::SetTransaction { session, modes })
}

/// SET of a setting.
pub(super) fn set(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(SET_KW)?;
    let local = children.eat(LOCAL_SCOPE);
    if !local {
        children.eat(SESSION_SCOPE);
    }
    let variable = match children.peek() {
        Some(SET_CONFIG) => set_config(source, source.children(&children.expect_any_node()?), local)?,
        Some(SET_TIME_ZONE) => set_time_zone(source, &children.expect_any_node()?, local)?,
        _ => return Err(children.missing()),
    };
    finish(children)?;
    Ok(Statement::Set(variable))
}

fn set_config(source: &Source, mut children: Children, local: bool) -> Result<SetVariable> {
    let name = config_name(source, &children.expect_node(CONFIG_PARAMETER_REF)?)?;
    let mut value = source.children(&children.expect_node(TO_CONFIG_VALUE)?);
    children.end()?;
    if !value.eat(TO_KW) {
        value.expect(EQ)?;
    }
    if value.eat(DEFAULT_KW) {
        value.end()?;
        return Ok(SetVariable { name, local, values: None });
    }
    let mut values = Vec::new();
    loop {
        let Some(element) = value.bump() else { return Err(value.missing()) };
        values.push(config_value(source, &element)?);
        if !value.eat(COMMA) {
            break;
        }
    }
    value.end()?;
    Ok(SetVariable { name, local, values: Some(values) })
}

/// A name such as `work_mem` or `my.setting`.
fn config_name(source: &Source, node: &SyntaxNode) -> Result<Ident> {
    let mut children = source.children(node);
    let mut parts = Vec::new();
    path(source, &children.expect_node(PATH_REF)?, &mut parts)?;
    children.end()?;
    Ok(parts.join(".").into())
}

fn config_value(source: &Source, element: &SyntaxElement) -> Result<Ident> {
    let Some(node) = element.as_node() else { return Err(source.unsupported(element)) };
    match node.kind() {
        CONFIG_VALUE_NAME => source.only_name(node),
        LITERAL => match node.first_token().map(|token| (token.kind(), token)) {
            Some((STRING | ESC_STRING | DOLLAR_QUOTED_STRING | UNICODE_ESC_STRING, _)) => name::string(source, node),
            Some((INT_NUMBER | NUMERIC_NUMBER, token)) => Ok(token.text().into()),
            Some((TRUE_KW | FALSE_KW | ON_KW, token)) => name::fold(token.text()),
            _ => Err(source.syntax_error(source.start(element))),
        },
        PREFIX_EXPR => match expr(source, node)?.kind {
            ExprKind::Int4(value) => Ok(value.to_string().into()),
            ExprKind::Int8(value) => Ok(value.to_string().into()),
            ExprKind::Numeric(text) => Ok(text),
            ExprKind::Unary(_, arg) => match arg.kind {
                ExprKind::Int4(value) => Ok(value.to_string().into()),
                ExprKind::Int8(value) => Ok(value.to_string().into()),
                ExprKind::Numeric(text) => Ok(text),
                _ => Err(source.unsupported(element)),
            },
            _ => Err(source.unsupported(element)),
        },
        _ => Err(source.unsupported(element)),
    }
}

fn set_time_zone(source: &Source, node: &SyntaxNode, local: bool) -> Result<SetVariable> {
    let mut children = source.children(node);
    children.expect(TIME_KW)?;
    children.expect(ZONE_KW)?;
    let name = "timezone".into();
    let values = match children.bump() {
        Some(word) if matches!(word.kind(), DEFAULT_KW | LOCAL_KW) => None,
        Some(value) => Some(vec![config_value(source, &value)?]),
        None => return Err(children.missing()),
    };
    children.end()?;
    Ok(SetVariable { name, local, values })
}

/// The setting that SHOW or RESET names; `None` for ALL.
fn setting(source: &Source, children: &mut Children) -> Result<Option<Ident>> {
    let Some(node) = children.any_node() else { return Err(children.missing()) };
    Ok(match node.kind() {
        ALL => None,
        CONFIG_PARAMETER_REF => Some(config_name(source, &node)?),
        TIME_ZONE => Some("timezone".into()),
        TRANSACTION_ISOLATION_LEVEL => Some("transaction_isolation".into()),
        SESSION_AUTHORIZATION => Some("session_authorization".into()),
        _ => return Err(source.unsupported_node(&node)),
    })
}

/// SET CONSTRAINTS
pub(super) fn set_constraints(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(SET_KW)?;
    children.expect(CONSTRAINTS_KW)?;
    let names = match children.eat(ALL_KW) {
        true => None,
        false => {
            let names = children.list(CONSTRAINT_NAME_REF)?;
            Some(names.iter().map(|name| qualified(source, name)).collect::<Result<_>>()?)
        }
    };
    let timing = children.expect_any_node()?;
    finish(children)?;
    Ok(Statement::SetConstraints(names, timing.kind() == DEFERRED))
}

pub(super) fn reset(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(RESET_KW)?;
    let name = setting(source, &mut children)?;
    finish(children)?;
    Ok(Statement::Reset(name))
}

pub(super) fn show(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(SHOW_KW)?;
    let name = setting(source, &mut children)?;
    finish(children)?;
    Ok(Statement::Show(name))
}

/// SAVEPOINT, RELEASE and ROLLBACK TO.
pub(super) fn savepoint(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.bump();
    work(&mut children);
    children.eat(TO_KW);
    children.eat(SAVEPOINT_KW);
    let name = match node.kind() {
        SAVEPOINT_CREATE => children.name(SAVEPOINT)?,
        _ => children.name(SAVEPOINT_REF)?,
    };
    finish(children)?;
    Ok(match node.kind() {
        SAVEPOINT_CREATE => Statement::Savepoint(name),
        RELEASE_SAVEPOINT => Statement::Release(name),
        _ => Statement::RollbackTo(name),
    })
}

/// LOCK TABLE.
pub(super) fn lock(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(LOCK_KW)?;
    children.eat(TABLE_KW);
    let mut list = source.children(&children.expect_node(RELATION_LIST)?);
    let relations = list.list(RELATION_NAME)?;
    let names = relations.iter().map(|node| relation(source, node)).collect::<Result<_>>()?;
    list.end()?;
    let mode = match children.node(LOCK_MODE_CLAUSE) {
        Some(clause) => lock_mode(source, &clause)?,
        None => LockMode::AccessExclusive,
    };
    let nowait = children.eat(NOWAIT);
    finish(children)?;
    Ok(Statement::Lock(LockTable { names, mode, nowait }))
}

/// `IN ... MODE`
fn lock_mode(source: &Source, clause: &SyntaxNode) -> Result<LockMode> {
    let mut children = source.children(clause);
    children.expect(IN_KW)?;
    let mode = children.expect_any_node()?;
    children.expect(MODE_KW)?;
    children.end()?;
    Ok(match mode.kind() {
        ACCESS_SHARE => LockMode::AccessShare,
        ROW_SHARE => LockMode::RowShare,
        ROW_EXCLUSIVE => LockMode::RowExclusive,
        SHARE_UPDATE_EXCLUSIVE => LockMode::ShareUpdateExclusive,
        SHARE => LockMode::Share,
        SHARE_ROW_EXCLUSIVE => LockMode::ShareRowExclusive,
        EXCLUSIVE => LockMode::Exclusive,
        ACCESS_EXCLUSIVE => LockMode::AccessExclusive,
        _ => return Err(source.syntax_error(source.node_start(&mode))),
    })
}

/// ALTER SYSTEM: SET and RESET in other clothes.
pub(super) fn alter_system(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(ALTER_KW)?;
    children.expect(SYSTEM_KW)?;
    let action = children.expect_any_node()?;
    finish(children)?;
    let change = match (action.kind(), source.children(&action)) {
        (SET_CONFIG_PARAM, mut set) => {
            set.expect(SET_KW)?;
            Some(set_config(source, set, false)?)
        }
        (RESET_CONFIG_PARAM, mut reset) => {
            reset.expect(RESET_KW)?;
            let name = if reset.eat(ALL_KW) { None } else { setting(source, &mut reset)? };
            reset.end()?;
            name.map(|name| SetVariable { name, local: false, values: None })
        }
        _ => return Err(source.unsupported_node(&action)),
    };
    Ok(Statement::AlterSystem(change))
}

pub(super) fn checkpoint(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(CHECKPOINT_KW)?;
    finish(children)?;
    Ok(Statement::Checkpoint)
}

pub(super) fn vacuum(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.expect(VACUUM_KW)?;
    let mut vacuum = Vacuum::default();
    if let Some(list) = children.node(VACUUM_OPTION_LIST) {
        vacuum_options(source, &list, &mut vacuum)?;
    } else {
        vacuum.full = children.eat(FULL_KW);
        vacuum.freeze = children.eat(FREEZE_KW);
        vacuum.verbose = children.eat(VERBOSE_KW);
        vacuum.analyze = children.eat(ANALYZE_KW);
    }
    tables_and_columns(source, &mut children, &mut vacuum)?;
    if !vacuum.analyze && vacuum.columns.iter().any(|columns| !columns.is_empty()) {
        let message = "ANALYZE option must be specified when a column list is provided";
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
    }
    finish(children)?;
    Ok(Statement::Vacuum(vacuum))
}

/// ANALYZE.
pub(super) fn analyze(source: &Source, node: &SyntaxNode) -> Result<Statement> {
    let mut children = source.children(node);
    children.bump();
    let mut analyze = Vacuum { verbose: children.eat(VERBOSE_KW), ..Vacuum::default() };
    if let Some(list) = children.node(OPTION_ITEM_LIST) {
        for option in list.text().to_string().trim_matches(['(', ')']).to_ascii_lowercase().split(',') {
            let (name, value) = option.trim().split_once(char::is_whitespace).unwrap_or((option.trim(), "true"));
            let flag = boolean(Some(value.trim()));
            let flag =
                flag.ok_or_else(|| Error::new(sqlstate::SYNTAX_ERROR, format!("{name} requires a Boolean value")))?;
            match name {
                "verbose" => analyze.verbose = flag,
                "skip_locked" => analyze.skip_locked = flag,
                _ => {
                    let message = format!("unrecognized ANALYZE option \"{name}\"");
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(source.node_pos(&list).0));
                }
            }
        }
    }
    tables_and_columns(source, &mut children, &mut analyze)?;
    finish(children)?;
    Ok(Statement::Analyze(analyze))
}

/// The tables that are to be vacuumed or analyzed, and of these the columns.
fn tables_and_columns(source: &Source, children: &mut Children, vacuum: &mut Vacuum) -> Result<()> {
    let Some(list) = children.node(TABLE_AND_COLUMNS_LIST) else { return Ok(()) };
    for table in source.children(&list).list(TABLE_AND_COLUMNS)? {
        let mut table = source.children(&table);
        let mut name = source.children(&table.expect_node(TABLE_RELATION_NAME)?);
        name.eat(ONLY_KW);
        vacuum.tables.push(qualified(source, &name.expect_node(TABLE_NAME_REF)?)?);
        name.eat(STAR);
        name.end()?;
        let mut columns = Vec::new();
        if let Some(list) = table.any_node() {
            let mut list = source.children(&list);
            list.expect(L_PAREN)?;
            while let Some(column) = list.any_node() {
                columns.push(Ident::from(column.text().to_string().trim_matches('"')));
                list.eat(COMMA);
            }
            list.expect(R_PAREN)?;
            list.end()?;
        }
        vacuum.columns.push(columns);
        table.end()?;
    }
    Ok(())
}

/// `MAX_PARALLEL_WORKER_LIMIT`
const MAX_PARALLEL_WORKERS: u32 = 1024;

fn vacuum_options(source: &Source, list: &SyntaxNode, vacuum: &mut Vacuum) -> Result<()> {
    let mut children = source.children(list);
    children.expect(L_PAREN)?;
    for node in children.list(VACUUM_OPTION)? {
        let mut option = source.children(&node);
        let name = option.name(VACUUM_OPTION_NAME)?;
        let value = option.node(VACUUM_OPTION_VALUE);
        option.end()?;
        let flag = || boolean(value.as_ref().map(|value| value.text().to_string()).as_deref());
        let flag = flag().ok_or_else(|| Error::new(sqlstate::SYNTAX_ERROR, format!("{name} requires a Boolean value")));
        match &*name {
            "full" => vacuum.full = flag?,
            "freeze" => vacuum.freeze = flag?,
            "verbose" => vacuum.verbose = flag?,
            "analyze" => vacuum.analyze = flag?,
            "disable_page_skipping" => vacuum.disable_page_skipping = flag?,
            "truncate" => vacuum.truncate = Some(flag?),
            "skip_locked" => vacuum.skip_locked = flag?,
            "process_toast" => vacuum.process_toast = Some(flag?),
            "index_cleanup" => {
                if !value.is_some_and(|value| value.text().to_string().trim_matches('\'').eq_ignore_ascii_case("auto"))
                {
                    vacuum.index_cleanup = Some(flag?);
                }
            }
            "parallel" => {
                let workers = value.and_then(|value| value.text().to_string().parse::<u32>().ok());
                if workers.is_none_or(|workers| workers > MAX_PARALLEL_WORKERS) {
                    let message = format!("parallel workers for vacuum must be between 0 and {MAX_PARALLEL_WORKERS}");
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(source.node_pos(&node).0));
                }
            }
            _ => {
                let message = format!("unrecognized VACUUM option \"{name}\"");
                return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(source.node_pos(&node).0));
            }
        }
    }
    children.expect(R_PAREN)?;
    children.end()
}

/// `defGetBoolean`: what the value of an option says; none says true.
pub(super) fn boolean(value: Option<&str>) -> Option<bool> {
    let value = value.map(|text| text.trim_matches('\'').to_ascii_lowercase());
    match value.as_deref() {
        None | Some("true" | "on" | "1") => Some(true),
        Some("false" | "off" | "0") => Some(false),
        _ => None,
    }
}
