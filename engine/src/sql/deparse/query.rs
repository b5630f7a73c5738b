//! Queries as SQL, line by line as PostgreSQL breaks and indents them.

use super::super::ast::{
    Alias, Cte, Expr, ExprKind, FromItem, GroupItem, Ident, Join, JoinKind, JoinOn, Query, QueryBody, Select,
    SetOperation, Statement, Target, With,
};
use super::Deparse;
use crate::types::quote::quote_ident;

/// `PRETTYINDENT_STD`, `PRETTYINDENT_JOIN`, `PRETTYINDENT_VAR`
const STD: i32 = 8;
const JOIN: i32 = 4;
const VAR: i32 = 4;

impl Deparse<'_> {
    /// A query within an expression or in FROM.
    pub(super) fn subquery(&mut self, query: &Query) {
        self.query(query, self.indent);
    }

    /// `get_query_def`: a query whose lines begin here.
    pub(super) fn query(&mut self, query: &Query, indent: i32) {
        let before = std::mem::replace(&mut self.indent, indent);
        if let Some(with) = &query.with {
            self.with(with);
        }
        match &query.body {
            QueryBody::Select(select) => self.select(select),
            QueryBody::Values(rows) => {
                self.indent += STD;
                self.put(" VALUES ");
                for (at, row) in rows.iter().enumerate() {
                    self.put(if at > 0 { ", (" } else { "(" });
                    self.list_tight(row);
                    self.put(")");
                }
            }
            QueryBody::SetOperation(operation) => self.set_operation(operation),
        }
        if !query.order_by.is_empty() {
            self.line(" ORDER BY ", -STD, STD, 1);
            self.sorted(&query.order_by);
        }
        if let Some(offset) = &query.offset {
            self.line(" OFFSET ", -STD, STD, 0);
            self.expr(offset);
        }
        if let Some(limit) = &query.limit {
            let words = if query.with_ties { " FETCH FIRST " } else { " LIMIT " };
            self.line(words, -STD, STD, 0);
            if query.with_ties {
                self.put("(");
            }
            self.expr(limit);
            if query.with_ties {
                self.put(") ROWS WITH TIES");
            }
        }
        for locking in &query.locking {
            self.line(&format!(" {}", locking.name()), -STD, STD, 0);
            for (at, (name, _)) in locking.of.iter().enumerate() {
                self.put(if at > 0 { ", " } else { " OF " });
                self.put(&quote_ident(name));
            }
        }
        self.indent = before;
    }

    fn list_tight(&mut self, items: &[Expr]) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(",");
            }
            self.expr(item);
        }
    }

    fn with(&mut self, with: &With) {
        self.indent += STD;
        self.put(if with.recursive { " WITH RECURSIVE " } else { " WITH " });
        for (at, Cte { name, columns, materialized, statement, .. }) in with.ctes.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            self.put(&quote_ident(name));
            self.columns(columns);
            self.put(match materialized {
                None => " AS (",
                Some(true) => " AS MATERIALIZED (",
                Some(false) => " AS NOT MATERIALIZED (",
            });
            self.line("", 0, 0, 0);
            if let Statement::Query(query) = statement {
                self.subquery(query);
            }
            self.line(")", 0, 0, 0);
        }
        self.indent -= STD;
        self.line("", 0, 0, 0);
    }

    /// Names of columns in parentheses, if there are any.
    fn columns(&mut self, names: &[Ident]) {
        for (at, name) in names.iter().enumerate() {
            self.put(if at > 0 { ", " } else { "(" });
            self.put(&quote_ident(name));
        }
        if !names.is_empty() {
            self.put(")");
        }
    }

    fn select(&mut self, select: &Select) {
        self.indent += STD;
        self.put(" SELECT");
        if !select.distinct_on.is_empty() {
            self.put(" DISTINCT ON (");
            for (at, expr) in select.distinct_on.iter().enumerate() {
                self.put(if at > 0 { ", " } else { "" });
                self.key(expr);
            }
            self.put(")");
        } else if select.distinct {
            self.put(" DISTINCT");
        }
        self.targets(&select.targets);
        self.from(&select.from);
        if let Some(filter) = &select.filter {
            self.line(" WHERE ", -STD, STD, 1);
            self.expr(filter);
        }
        for (at, item) in select.group_by.iter().enumerate() {
            match at {
                0 => self.line(" GROUP BY ", -STD, STD, 1),
                _ => self.put(", "),
            }
            self.group(item);
        }
        if let Some(having) = &select.having {
            self.line(" HAVING ", -STD, STD, 0);
            self.expr(having);
        }
        for (at, (name, window)) in select.windows.iter().enumerate() {
            match at {
                0 => self.line(" WINDOW ", -STD, STD, 1),
                _ => self.put(", "),
            }
            self.put(&format!("{} AS ", quote_ident(name)));
            self.window(window);
        }
    }

    /// The target list: each on a line of its own.
    fn targets(&mut self, targets: &[Target]) {
        for (at, target) in targets.iter().enumerate() {
            let Target::Expr(expr, name) = target else { continue };
            self.put(if at > 0 { ", " } else { " " });
            let rest = std::mem::take(&mut self.out);
            self.expr(expr);
            let item = std::mem::replace(&mut self.out, rest);
            if item.starts_with('\n') {
                self.out.truncate(self.out.trim_end_matches(' ').len());
            } else if at > 0 {
                self.line("", -STD, STD, VAR);
            }
            self.put(&item);
            let own = match &expr.kind {
                ExprKind::Column(path) => path.last().map(|name| &**name),
                _ => Some("?column?"),
            };
            if let Some(name) = name.as_deref().filter(|name| own != Some(name)) {
                self.put(&format!(" AS {}", quote_ident(name)));
            }
        }
    }

    fn group(&mut self, item: &GroupItem) {
        let list = |out: &mut Self, lists: &[Vec<Expr>]| {
            for (at, keys) in lists.iter().enumerate() {
                out.put(if at > 0 { ", " } else { "" });
                let several = keys.len() != 1;
                out.put(if several { "(" } else { "" });
                for (at, key) in keys.iter().enumerate() {
                    out.put(if at > 0 { ", " } else { "" });
                    out.key(key);
                }
                out.put(if several { ")" } else { "" });
            }
        };
        match item {
            GroupItem::Keys(keys) => list(self, std::slice::from_ref(keys)),
            GroupItem::Rollup(lists) => {
                self.put("ROLLUP(");
                list(self, lists);
                self.put(")");
            }
            GroupItem::Cube(lists) => {
                self.put("CUBE(");
                list(self, lists);
                self.put(")");
            }
            GroupItem::Sets(items) => {
                self.put("GROUPING SETS (");
                for (at, item) in items.iter().enumerate() {
                    self.put(if at > 0 { ", " } else { "" });
                    self.group(item);
                }
                self.put(")");
            }
        }
    }

    fn set_operation(&mut self, operation: &SetOperation) {
        let SetOperation { kind, all, left, right } = operation;
        let nested = |query: &Query| matches!(query.body, QueryBody::SetOperation(_)) && is_bare(query);
        let same = matches!(&left.body, QueryBody::SetOperation(inner) if inner.kind == *kind && inner.all == *all);
        let apart = nested(left) && !same;
        if apart {
            self.put("(");
            self.line("", STD, 0, 0);
        }
        self.set_operand(left);
        if apart {
            self.line(") ", -STD, 0, 0);
        } else {
            self.line("", 0, 0, 0);
        }
        self.put(kind.name());
        self.put(if *all { " ALL " } else { " " });
        let apart = nested(right);
        let more = if apart { STD } else { 0 };
        if apart {
            self.put("(");
        }
        self.line("", more, 0, 0);
        self.set_operand(right);
        self.indent -= more;
        if apart {
            self.line(")", 0, 0, 0);
        }
    }

    /// A side of a set operation: another one, or a query, in parentheses if it has clauses of its own.
    fn set_operand(&mut self, query: &Query) {
        match &query.body {
            QueryBody::SetOperation(operation) if is_bare(query) => self.set_operation(operation),
            _ if is_bare(query) => self.subquery(query),
            _ => {
                self.put("(");
                self.subquery(query);
                self.put(")");
            }
        }
    }

    // --- FROM ------------------------------------------------------------------------------------------------

    fn from(&mut self, items: &[FromItem]) {
        for (at, item) in items.iter().enumerate() {
            if at == 0 {
                self.line(" FROM ", -STD, STD, 2);
                self.item(item);
                continue;
            }
            self.put(", ");
            let rest = std::mem::take(&mut self.out);
            self.item(item);
            let text = std::mem::replace(&mut self.out, rest);
            self.line("", -STD, STD, VAR);
            self.put(&text);
        }
    }

    fn item(&mut self, item: &FromItem) {
        match item {
            FromItem::Table(name, alias) => {
                match (&name.schema, self.shown.table) {
                    (Some(schema), Some(shown)) => self.put(&shown(schema, &name.name)),
                    (Some(schema), None) => self.put(&format!("{}.{}", quote_ident(schema), quote_ident(&name.name))),
                    (None, _) => self.put(&quote_ident(&name.name)),
                }
                self.alias(alias.as_ref().filter(|alias| alias.name != name.name || !alias.columns.is_empty()));
            }
            FromItem::Function(from) => {
                let several = from.calls.len() > 1;
                self.put(if several { "ROWS FROM(" } else { "" });
                for (at, (call, pos)) in from.calls.iter().enumerate() {
                    self.put(if at > 0 { ", " } else { "" });
                    let kind = ExprKind::Call(Box::new(call.clone()));
                    self.expr(&Expr { kind, pos: *pos });
                }
                self.put(if several { ")" } else { "" });
                self.put(if from.ordinality { " WITH ORDINALITY" } else { "" });
                self.alias(from.alias.as_ref());
            }
            FromItem::Subquery(query, _, alias, lateral) => {
                self.put(if *lateral { "LATERAL (" } else { "(" });
                self.subquery(query);
                self.put(")");
                self.alias(alias.as_ref());
            }
            FromItem::Join(join) => self.join(join),
            FromItem::Aliased(item, alias) => {
                self.put("(");
                self.item(item);
                self.put(")");
                self.alias(Some(alias));
            }
        }
    }

    fn alias(&mut self, alias: Option<&Alias>) {
        if let Some(alias) = alias {
            self.put(&format!(" {}", quote_ident(&alias.name)));
            self.columns(&alias.columns);
        }
    }

    fn join(&mut self, join: &Join) {
        let pretty = self.shown.pretty;
        self.put(if pretty { "" } else { "(" });
        self.item(&join.left);
        let words = match (join.kind, &join.on) {
            (JoinKind::Inner, JoinOn::Nothing) => " CROSS JOIN ",
            (JoinKind::Inner, _) => " JOIN ",
            (JoinKind::Left, _) => " LEFT JOIN ",
            (JoinKind::Right, _) => " RIGHT JOIN ",
            (JoinKind::Full, _) => " FULL JOIN ",
        };
        self.line(words, -STD, STD, JOIN);
        let apart = pretty && matches!(join.right, FromItem::Join(_));
        self.put(if apart { "(" } else { "" });
        self.item(&join.right);
        self.put(if apart { ")" } else { "" });
        match &join.on {
            JoinOn::On(on) => {
                self.put(if pretty { " ON " } else { " ON (" });
                self.expr(on);
                self.put(if pretty { "" } else { ")" });
            }
            JoinOn::Using(columns) => {
                self.put(" USING ");
                let names: Vec<_> = columns.iter().map(|(name, _)| name.clone()).collect();
                self.columns(&names);
                if let Some(alias) = &join.alias {
                    self.put(&format!(" AS {}", quote_ident(alias)));
                }
            }
            JoinOn::Nothing | JoinOn::Natural => {}
        }
        self.put(if pretty { "" } else { ")" });
    }
}

/// Whether a query has no clauses behind its body, nor before.
fn is_bare(query: &Query) -> bool {
    query.with.is_none()
        && query.order_by.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.locking.is_empty()
}
