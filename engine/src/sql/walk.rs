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
            | ExprKind::Field(arg, _) => f(arg),
            ExprKind::Binary(_, left, right) | ExprKind::IsDistinct(left, right, _) | ExprKind::NullIf(left, right) => {
                [left, right].into_iter().for_each(|e| f(e))
            }
            ExprKind::And(args) | ExprKind::Or(args) | ExprKind::Coalesce(args) | ExprKind::MinMax(_, args) => {
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
            ExprKind::Call(call) => call.args.iter().for_each(|(_, arg)| f(arg)),
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int4(_)
            | ExprKind::Int8(_)
            | ExprKind::Numeric(_)
            | ExprKind::String(_)
            | ExprKind::Param(_)
            | ExprKind::Column(_)
            | ExprKind::SqlValue(..)
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

impl Statement {
    /// The tables and views that the statement names, in order, and whether it locks their rows; a name may come twice.
    pub fn relations(&self) -> Vec<(&QualName, bool)> {
        let mut names = Vec::new();
        match self {
            Statement::Query(query) => of_query(query, &mut names),
            Statement::Insert(insert) => {
                names.push((&insert.table, false));
                insert.source.iter().for_each(|query| of_query(query, &mut names));
            }
            Statement::Update(update) => names.push((&update.table, false)),
            Statement::Delete(delete) => names.push((&delete.table, false)),
            Statement::Prepare(prepare) => return prepare.statement.relations(),
            _ => {}
        }
        names
    }
}

fn of_query<'a>(query: &'a Query, names: &mut Vec<(&'a QualName, bool)>) {
    if let QueryBody::Select(select) = &query.body {
        select.from.iter().for_each(|item| of_item(item, &query.locking, names));
    }
}

fn of_item<'a>(item: &'a FromItem, locking: &[Locking], names: &mut Vec<(&'a QualName, bool)>) {
    match item {
        FromItem::Table(name, alias) => {
            let known = alias.as_ref().map_or(&name.name, |alias| &alias.name);
            names.push((name, locking.iter().any(|clause| clause.applies_to(known))));
        }
        FromItem::Function(..) => {}
        FromItem::Subquery(query, ..) => of_query(query, names),
        FromItem::Join(join) => {
            of_item(&join.left, locking, names);
            of_item(&join.right, locking, names);
        }
    }
}
