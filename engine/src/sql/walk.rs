//! Going over a statement's tree: the expressions within an expression, the tables that a statement names.

use super::ast::*;

impl Expr {
    /// Calls `f` for each direct part of the expression.
    pub fn parts<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Unary(_, arg)
            | ExprKind::Not(arg)
            | ExprKind::IsNull(arg, _)
            | ExprKind::IsBool(arg, ..)
            | ExprKind::Cast(arg, _)
            | ExprKind::Collate(arg, _)
            | ExprKind::InQuery(arg, ..)
            | ExprKind::Field(arg, _) => f(arg),
            ExprKind::Binary(_, left, right) | ExprKind::IsDistinct(left, right, _) | ExprKind::NullIf(left, right) => {
                [left, right].into_iter().for_each(|e| f(e))
            }
            ExprKind::And(args)
            | ExprKind::Or(args)
            | ExprKind::Coalesce(args)
            | ExprKind::MinMax(_, args)
            | ExprKind::Row(args)
            | ExprKind::Array(args) => {
                args.iter().for_each(f);
            }
            ExprKind::Between(between) => [&between.arg, &between.low, &between.high].into_iter().for_each(f),
            ExprKind::In(arg, items, _) => {
                f(arg);
                items.iter().for_each(f);
            }
            ExprKind::Case(case) => {
                case.arg.iter().for_each(&mut *f);
                for (when, then) in &case.whens {
                    f(when);
                    f(then);
                }
                case.otherwise.iter().for_each(f);
            }
            ExprKind::Call(call) => call.parts(f),
            ExprKind::Quantified(quantified) => {
                f(&quantified.left);
                if let Quantity::Array(array) = &quantified.right {
                    f(array);
                }
            }
            ExprKind::Subscript(arg, subscripts) => {
                f(arg);
                for subscript in subscripts {
                    match subscript {
                        Subscript::Index(index) => f(index),
                        Subscript::Slice(low, high) => low.iter().chain(high).for_each(&mut *f),
                    }
                }
            }
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int4(_)
            | ExprKind::Int8(_)
            | ExprKind::Numeric(_)
            | ExprKind::String(_)
            | ExprKind::Param(_)
            | ExprKind::Column(_)
            | ExprKind::SqlValue(..)
            | ExprKind::Query(..)
            | ExprKind::Default => {}
        }
    }

    /// Whether the expression, or one within it, is such.
    pub fn any(&self, is: &dyn Fn(&Expr) -> bool) -> bool {
        let mut found = is(self);
        self.parts(&mut |part| found = found || part.any(is));
        found
    }
}

impl Call {
    /// Calls `f` for each expression that the call has.
    fn parts<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        self.args.iter().for_each(|(_, arg)| f(arg));
        self.order_by.iter().for_each(|sort| f(&sort.expr));
        self.filter.iter().for_each(|filter| f(filter));
        if let Some(over) = &self.over {
            over.partition.iter().for_each(&mut *f);
            over.order_by.iter().for_each(|sort| f(&sort.expr));
        }
    }
}

/// What a statement does to a table that it names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// Reads it.
    Reads,
    /// Locks its rows.
    Locks,
    /// Changes its rows.
    Changes,
}

impl Statement {
    /// The tables and views that the statement names, in order, and what it does to them; a name may come twice.
    pub fn relations(&self) -> Vec<(&QualName, Use)> {
        let mut names = Vec::new();
        of_statement(self, &mut names);
        names
    }
}

type Names<'a> = Vec<(&'a QualName, Use)>;

fn of_statement<'a>(statement: &'a Statement, names: &mut Names<'a>) {
    match statement {
        Statement::Query(query) => of_query(query, names),
        Statement::Insert(insert) => {
            of_with(&insert.with, names);
            names.push((&insert.table, Use::Changes));
            insert.source.iter().for_each(|query| of_query(query, names));
            if let Some(update) = insert.on_conflict.as_ref().and_then(|clause| clause.update.as_ref()) {
                update.set.iter().for_each(|set| of_expr(&set.value, names));
                update.filter.iter().for_each(|filter| of_expr(filter, names));
            }
            insert.returning.iter().for_each(|target| of_target(target, names));
        }
        Statement::Update(update) => {
            of_with(&update.with, names);
            names.push((&update.table, Use::Changes));
            update.from.iter().for_each(|item| of_item(item, &[], names));
            update.set.iter().for_each(|set| of_expr(&set.value, names));
            update.filter.iter().for_each(|filter| of_expr(filter, names));
            update.returning.iter().for_each(|target| of_target(target, names));
        }
        Statement::Delete(delete) => {
            of_with(&delete.with, names);
            names.push((&delete.table, Use::Changes));
            delete.using.iter().for_each(|item| of_item(item, &[], names));
            delete.filter.iter().for_each(|filter| of_expr(filter, names));
            delete.returning.iter().for_each(|target| of_target(target, names));
        }
        Statement::CreateView(create) => of_query(&create.query, names),
        Statement::Declare(cursor) => of_query(&cursor.query, names),
        Statement::Copy(copy) => {
            if let Copied::Query(statement) = &copy.what {
                of_statement(statement, names);
            }
        }
        Statement::CreateTableAs(create) => of_statement(&create.source, names),
        Statement::Prepare(prepare) => of_statement(&prepare.statement, names),
        Statement::Explain(statement, _) => of_statement(statement, names),
        _ => {}
    }
}

impl Query {
    /// The tables and views that the query names, in order, and what it does with them.
    pub fn relations(&self) -> Vec<(&QualName, Use)> {
        let mut names = Vec::new();
        of_query(self, &mut names);
        names
    }
}

fn of_with<'a>(with: &'a Option<With>, names: &mut Names<'a>) {
    let ctes = with.iter().flat_map(|with| &with.ctes);
    ctes.for_each(|cte| of_statement(&cte.statement, names));
}

fn of_query<'a>(query: &'a Query, names: &mut Names<'a>) {
    of_with(&query.with, names);
    match &query.body {
        QueryBody::Select(select) => of_select(select, &query.locking, names),
        QueryBody::Values(rows) => rows.iter().flatten().for_each(|value| of_expr(value, names)),
        QueryBody::SetOperation(operation) => {
            of_query(&operation.left, names);
            of_query(&operation.right, names);
        }
    }
    query.order_by.iter().for_each(|sort| of_expr(&sort.expr, names));
    query.limit.iter().chain(&query.offset).for_each(|value| of_expr(value, names));
}

fn of_select<'a>(select: &'a Select, locking: &[Locking], names: &mut Names<'a>) {
    select.from.iter().for_each(|item| of_item(item, locking, names));
    select.targets.iter().for_each(|target| of_target(target, names));
    select.distinct_on.iter().for_each(|expr| of_expr(expr, names));
    select.filter.iter().chain(&select.having).for_each(|expr| of_expr(expr, names));
    select.group_by.iter().for_each(|item| of_group(item, names));
    for (_, window) in &select.windows {
        window.partition.iter().for_each(|expr| of_expr(expr, names));
        window.order_by.iter().for_each(|sort| of_expr(&sort.expr, names));
    }
}

fn of_group<'a>(item: &'a GroupItem, names: &mut Names<'a>) {
    match item {
        GroupItem::Keys(keys) => keys.iter().for_each(|key| of_expr(key, names)),
        GroupItem::Rollup(lists) | GroupItem::Cube(lists) => {
            lists.iter().flatten().for_each(|key| of_expr(key, names));
        }
        GroupItem::Sets(items) => items.iter().for_each(|item| of_group(item, names)),
    }
}

fn of_target<'a>(target: &'a Target, names: &mut Names<'a>) {
    if let Target::Expr(expr, _) = target {
        of_expr(expr, names);
    }
}

/// The tables of the queries within an expression.
fn of_expr<'a>(expr: &'a Expr, names: &mut Names<'a>) {
    match &expr.kind {
        ExprKind::Query(_, query) | ExprKind::InQuery(_, query, _) => of_query(query, names),
        ExprKind::Quantified(quantified) => {
            if let Quantity::Query(query) = &quantified.right {
                of_query(query, names);
            }
        }
        _ => {}
    }
    expr.parts(&mut |part| of_expr(part, names));
}

fn of_item<'a>(item: &'a FromItem, locking: &[Locking], names: &mut Names<'a>) {
    match item {
        FromItem::Table(name, alias) => {
            let known = alias.as_ref().map_or(&name.name, |alias| &alias.name);
            let locks = locking.iter().any(|clause| clause.applies_to(known));
            names.push((name, if locks { Use::Locks } else { Use::Reads }));
        }
        FromItem::Function(function) => {
            let args = function.calls.iter().flat_map(|(call, _)| &call.args);
            args.for_each(|(_, arg)| of_expr(arg, names));
        }
        FromItem::Subquery(query, ..) => of_query(query, names),
        FromItem::Aliased(item, _) => of_item(item, locking, names),
        FromItem::Join(join) => {
            of_item(&join.left, locking, names);
            of_item(&join.right, locking, names);
            if let JoinOn::On(on) = &join.on {
                of_expr(on, names);
            }
        }
    }
}
