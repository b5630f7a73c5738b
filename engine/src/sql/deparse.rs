//! Expressions as SQL: how a default or the condition of a check is kept in the catalogs, and shown.
//!
//! The text is what PostgreSQL's `pg_get_expr` prints: every operation in parentheses, every literal with the type that
//! its surroundings have given it. PostgreSQL keeps the tree itself (`pg_node_tree`), with numbers in place of names;
//! here the text is kept, and bound again by whoever needs it. What is named by it and may be renamed is rewritten then;
//! only tables in literals of type `regclass` are kept by their ids.
//!
//! PostgreSQL: `utils/adt/ruleutils.c`.

use super::ast::{Call, Case, Expr, ExprKind, Pos, Quantity, Subscript, TypeName};
use crate::types::quote::{quote_ident, quote_literal};
use crate::types::{Datum, TypeId, output};

/// What binding has made of literals that had no type of their own, by their places.
pub type Literals = Vec<(Pos, TypeId, Datum)>;

/// An expression as SQL.
pub fn deparse(expr: &Expr, literals: &Literals) -> String {
    Deparse { literals, renamed: None, out: String::new() }.whole(expr)
}

/// A stored expression in which a column has got another name.
pub fn renamed(expr: &Expr, from: &str, to: &str) -> String {
    Deparse { literals: &Vec::new(), renamed: Some((from, to)), out: String::new() }.whole(expr)
}

struct Deparse<'a> {
    literals: &'a Literals,
    /// A column that is called otherwise from here on.
    renamed: Option<(&'a str, &'a str)>,
    out: String,
}

impl Deparse<'_> {
    fn whole(mut self, expr: &Expr) -> String {
        self.expr(expr);
        self.out
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn list(&mut self, items: &[Expr], between: &str) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(between);
            }
            self.expr(item);
        }
    }

    /// Parts with words between them, in parentheses.
    fn group(&mut self, items: &[&Expr], between: &str) {
        self.put("(");
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(between);
            }
            self.expr(item);
        }
        self.put(")");
    }

    fn call(&mut self, name: &str, args: &[Expr]) {
        self.put(name);
        self.put("(");
        self.list(args, ", ");
        self.put(")");
    }

    /// A literal, in the type that it was given.
    fn literal(&mut self, text: &str, pos: Pos) {
        let known = self.literals.iter().find(|(at, ..)| at.0 == pos.0);
        let shown = match known {
            None => quote_literal(text),
            Some((_, TypeId::Bool, value)) => output(value, TypeId::Bool).replace('t', "true").replace('f', "false"),
            Some((_, TypeId::Int4, value)) => number(&output(value, TypeId::Int4), "integer"),
            Some((_, ty, Datum::Oid(oid))) => format!("'{oid}'::{ty}"),
            Some((_, ty, value)) => format!("{}::{ty}", quote_literal(&output(value, *ty))),
        };
        self.put(&shown);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Null => self.put("NULL"),
            ExprKind::Bool(value) => self.put(if *value { "true" } else { "false" }),
            ExprKind::Int4(value) => self.put(&number(&value.to_string(), "integer")),
            ExprKind::Int8(value) => self.put(&format!("'{value}'::bigint")),
            ExprKind::Numeric(text) => self.put(&numeric(text)),
            ExprKind::String(text) => self.literal(text, expr.pos),
            ExprKind::Param(n) => self.put(&format!("${n}")),
            ExprKind::Column(path) => {
                let now = |name: &str| match self.renamed {
                    Some((from, to)) if from == name => quote_ident(to),
                    _ => quote_ident(name),
                };
                let names: Vec<String> = path.iter().map(|name| now(name)).collect();
                self.put(&names.join("."));
            }
            ExprKind::Unary(op, arg) => self.around(&format!("({op} "), arg, ")"),
            ExprKind::Binary(op, left, right) => self.group(&[left, right], &format!(" {op} ")),
            ExprKind::And(args) => self.group(&args.iter().collect::<Vec<_>>(), " AND "),
            ExprKind::Or(args) => self.group(&args.iter().collect::<Vec<_>>(), " OR "),
            ExprKind::Not(arg) => self.around("(NOT ", arg, ")"),
            ExprKind::IsNull(arg, negated) => {
                self.around("(", arg, if *negated { " IS NOT NULL)" } else { " IS NULL)" })
            }
            ExprKind::IsBool(arg, value, negated) => {
                let word = value.map_or("UNKNOWN", |value| if value { "TRUE" } else { "FALSE" });
                self.around("(", arg, &format!(" IS {}{word})", if *negated { "NOT " } else { "" }));
            }
            ExprKind::IsDistinct(left, right, negated) => {
                self.group(&[left, right], if *negated { " IS NOT DISTINCT FROM " } else { " IS DISTINCT FROM " });
            }
            ExprKind::Between(_) | ExprKind::In(..) => self.ranges(&expr.kind),
            ExprKind::Case(case) => self.case(case),
            ExprKind::Cast(arg, ty) => self.cast(arg, ty),
            ExprKind::Call(call) => self.function(call),
            ExprKind::Coalesce(args) => self.call("COALESCE", args),
            ExprKind::MinMax(greatest, args) => self.call(if *greatest { "GREATEST" } else { "LEAST" }, args),
            ExprKind::NullIf(left, right) => {
                self.put("NULLIF");
                self.group(&[left, right], ", ");
            }
            ExprKind::SqlValue(value, precision) => {
                self.put(&value.name().to_ascii_uppercase());
                if let Some(precision) = precision {
                    self.put(&format!("({precision})"));
                }
            }
            ExprKind::Field(arg, name) => {
                self.around("(", arg, ").");
                self.put(&name.as_ref().map_or("*".into(), |name| quote_ident(name)));
            }
            ExprKind::Default => self.put("DEFAULT"),
            ExprKind::Row(args) => self.call("ROW", args),
            ExprKind::Array(args) => {
                self.put("ARRAY[");
                self.list(args, ", ");
                self.put("]");
            }
            ExprKind::Quantified(_) | ExprKind::Subscript(..) | ExprKind::Collate(..) => self.arrays(&expr.kind),
            // No expression that is kept has a query in it.
            ExprKind::Query(..) | ExprKind::InQuery(..) => self.put("(SELECT ...)"),
        }
    }

    fn around(&mut self, before: &str, arg: &Expr, after: &str) {
        self.put(before);
        self.expr(arg);
        self.put(after);
    }

    /// BETWEEN and IN.
    fn ranges(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Between(between) if !between.negated && !between.symmetric => {
                self.around("((", &between.arg, " >= ");
                self.around("", &between.low, ") AND (");
                self.around("", &between.arg, " <= ");
                self.around("", &between.high, "))");
            }
            ExprKind::Between(between) => {
                let not = if between.negated { " NOT" } else { "" };
                let symmetric = if between.symmetric { " SYMMETRIC" } else { "" };
                self.around("(", &between.arg, &format!("{not} BETWEEN{symmetric} "));
                self.around("", &between.low, " AND ");
                self.around("", &between.high, ")");
            }
            ExprKind::In(arg, items, negated) => {
                self.around("(", arg, if *negated { " NOT IN (" } else { " IN (" });
                self.list(items, ", ");
                self.put("))");
            }
            _ => {}
        }
    }

    /// ANY and ALL of an array, its elements, and collations.
    fn arrays(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Quantified(quantified) => {
                let word = if quantified.all { "ALL" } else { "ANY" };
                self.around("(", &quantified.left, &format!(" {} {word} (", quantified.op));
                if let Quantity::Array(array) = &quantified.right {
                    self.expr(array);
                }
                self.put("))");
            }
            ExprKind::Subscript(arg, subscripts) => {
                self.around("", arg, "");
                for subscript in subscripts {
                    match subscript {
                        Subscript::Index(index) => self.around("[", index, "]"),
                        Subscript::Slice(low, high) => {
                            self.put("[");
                            low.iter().for_each(|low| self.expr(low));
                            self.put(":");
                            high.iter().for_each(|high| self.expr(high));
                            self.put("]");
                        }
                    }
                }
            }
            ExprKind::Collate(arg, name) => self.around("(", arg, &format!(" COLLATE {})", quote_ident(&name.name))),
            _ => {}
        }
    }

    fn case(&mut self, case: &Case) {
        self.put("\nCASE");
        if let Some(arg) = &case.arg {
            self.around(" ", arg, "");
        }
        for (when, then) in &case.whens {
            self.around("\n    WHEN ", when, " THEN ");
            self.expr(then);
        }
        match &case.otherwise {
            Some(otherwise) => self.around("\n    ELSE ", otherwise, "\nEND"),
            None => self.put("\n    ELSE NULL\nEND"),
        }
    }

    fn cast(&mut self, arg: &Expr, ty: &TypeName) {
        let written = type_text(ty);
        if let ExprKind::String(text) = &arg.kind {
            return match self.literals.iter().find(|(at, ..)| at.0 == arg.pos.0) {
                Some(_) => self.literal(text, arg.pos),
                None => self.put(&format!("{}::{written}", quote_literal(text))),
            };
        }
        self.around("(", arg, &format!(")::{written}"));
    }

    fn function(&mut self, call: &Call) {
        let name = quote_ident(&call.name.name);
        match &call.name.schema {
            Some(schema) if &**schema != "pg_catalog" => self.put(&format!("{}.{name}(", quote_ident(schema))),
            _ => self.put(&format!("{name}(")),
        }
        if call.star {
            self.put("*");
        }
        for (at, (label, arg)) in call.args.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            if let Some(label) = label {
                self.put(&format!("{} => ", quote_ident(label)));
            }
            self.expr(arg);
        }
        self.put(")");
    }
}

/// A number as a constant: one that is negative is a literal.
fn number(text: &str, ty: &str) -> String {
    if text.starts_with('-') { format!("'{text}'::{ty}") } else { text.to_string() }
}

fn numeric(text: &str) -> String {
    let is_plain = !text.starts_with('-') && text.contains(['.', 'e', 'E']);
    if is_plain { text.to_string() } else { format!("'{text}'::numeric") }
}

/// The name of a type, as `format_type` spells it where that is known.
fn type_text(ty: &TypeName) -> String {
    let (schema, name) = (ty.name.schema.as_deref(), &*ty.name.name);
    let known = TypeId::all().find(|id| id.typname() == name && matches!(schema, None | Some("pg_catalog")));
    let mut text = known.map_or_else(|| quote_ident(name), |id| id.to_string());
    if !ty.typmods.is_empty() {
        let typmods: Vec<String> = ty.typmods.iter().map(i32::to_string).collect();
        text += &format!("({})", typmods.join(","));
    }
    text + if ty.array { "[]" } else { "" }
}
