//! Expressions as SQL.

use super::super::ast::{
    Call, Case, Expr, ExprKind, Frame, FrameEnd, FrameExclude, FrameMode, Pos, Quantity, QueryExpr, SortBy, Subscript,
    TypeName, WindowSpec,
};
use super::Deparse;
use crate::ids::Oid;
use crate::types::quote::{quote_ident, quote_literal};
use crate::types::session::relation_name;
use crate::types::{Datum, TypeId, output};

/// `PRETTYINDENT_VAR`
const VAR: i32 = 4;

impl Deparse<'_> {
    /// An operation: its parts with words between them, or before or behind a single one.
    fn operation(&mut self, whole: &Expr, parts: &[&Expr], between: &str, behind: &str) {
        self.open();
        if parts.len() == 1 {
            self.put(between);
        }
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.put(between);
            }
            self.part(part, whole);
        }
        self.put(behind);
        self.close();
    }

    /// The parentheses that all operations have, unless it is to be pretty.
    fn open(&mut self) {
        if !self.shown.pretty {
            self.put("(");
        }
    }

    fn close(&mut self) {
        if !self.shown.pretty {
            self.put(")");
        }
    }

    /// `get_rule_expr_paren`: a part of an operation, in parentheses where they are needed.
    fn part(&mut self, part: &Expr, whole: &Expr) {
        let needed = self.shown.pretty && !is_simple(part, whole);
        if needed {
            self.put("(");
        }
        self.expr(part);
        if needed {
            self.put(")");
        }
    }

    fn call(&mut self, name: &str, args: &[Expr]) {
        self.put(name);
        self.put("(");
        self.list(args);
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

    pub(super) fn expr(&mut self, expr: &Expr) {
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
            ExprKind::Unary(op, arg) => self.operation(expr, &[arg], &format!("{op} "), ""),
            ExprKind::Binary(op, left, right) => self.operation(expr, &[left, right], &format!(" {op} "), ""),
            ExprKind::And(args) => self.operation(expr, &args.iter().collect::<Vec<_>>(), " AND ", ""),
            ExprKind::Or(args) => self.operation(expr, &args.iter().collect::<Vec<_>>(), " OR ", ""),
            ExprKind::Not(arg) => self.operation(expr, &[arg], "NOT ", ""),
            ExprKind::IsNull(arg, negated) => {
                self.operation(expr, &[arg], "", if *negated { " IS NOT NULL" } else { " IS NULL" })
            }
            ExprKind::IsBool(arg, value, negated) => {
                let word = value.map_or("UNKNOWN", |value| if value { "TRUE" } else { "FALSE" });
                self.operation(expr, &[arg], "", &format!(" IS {}{word}", if *negated { "NOT " } else { "" }));
            }
            ExprKind::IsDistinct(left, right, negated) => {
                let words = if *negated { " IS NOT DISTINCT FROM " } else { " IS DISTINCT FROM " };
                self.operation(expr, &[left, right], words, "");
            }
            ExprKind::Between(_) | ExprKind::In(..) => self.ranges(expr),
            ExprKind::Case(case) => self.case(case),
            ExprKind::Cast(arg, ty) => self.cast(expr, arg, ty),
            ExprKind::Call(call) => self.function(call),
            ExprKind::Coalesce(args) => self.call("COALESCE", args),
            ExprKind::MinMax(greatest, args) => self.call(if *greatest { "GREATEST" } else { "LEAST" }, args),
            ExprKind::NullIf(left, right) => {
                self.around("NULLIF(", left, ", ");
                self.around("", right, ")");
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
                self.list(args);
                self.put("]");
            }
            ExprKind::Quantified(_) | ExprKind::Subscript(..) | ExprKind::Collate(..) => self.arrays(expr),
            ExprKind::Query(..) | ExprKind::InQuery(..) => self.queries(expr),
        }
    }

    /// Queries within an expression.
    fn queries(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Query(kind, query) => {
                self.put(match kind {
                    QueryExpr::Value => "(",
                    QueryExpr::Exists => "(EXISTS (",
                    QueryExpr::Array => "ARRAY(",
                });
                self.subquery(query);
                self.put(if *kind == QueryExpr::Exists { "))" } else { ")" });
            }
            ExprKind::InQuery(arg, query, negated) => {
                self.put(if *negated { "(NOT (" } else { "(" });
                self.part(arg, expr);
                self.put(" IN (");
                self.subquery(query);
                self.put(if *negated { ")))" } else { "))" });
            }
            _ => {}
        }
    }

    fn around(&mut self, before: &str, arg: &Expr, after: &str) {
        self.put(before);
        self.expr(arg);
        self.put(after);
    }

    /// BETWEEN and IN, as the operations that they are.
    fn ranges(&mut self, whole: &Expr) {
        match &whole.kind {
            ExprKind::Between(between) if !between.symmetric => {
                let (low, high, word) =
                    if between.negated { (" < ", " > ", " OR ") } else { (" >= ", " <= ", " AND ") };
                self.open();
                self.operation(whole, &[&between.arg, &between.low], low, "");
                self.put(word);
                self.operation(whole, &[&between.arg, &between.high], high, "");
                self.close();
            }
            ExprKind::Between(between) => {
                let not = if between.negated { " NOT" } else { "" };
                let symmetric = if between.symmetric { " SYMMETRIC" } else { "" };
                self.around("(", &between.arg, &format!("{not} BETWEEN{symmetric} "));
                self.around("", &between.low, " AND ");
                self.around("", &between.high, ")");
            }
            ExprKind::In(arg, items, negated) => {
                self.open();
                self.part(arg, whole);
                self.put(if *negated { " <> ALL (ARRAY[" } else { " = ANY (ARRAY[" });
                self.list(items);
                self.put("])");
                self.close();
            }
            _ => {}
        }
    }

    /// ANY and ALL of an array, its elements, and collations.
    fn arrays(&mut self, whole: &Expr) {
        match &whole.kind {
            ExprKind::Quantified(quantified) => {
                let word = if quantified.all { "ALL" } else { "ANY" };
                let of_query = matches!(quantified.right, Quantity::Query(_));
                if of_query {
                    self.put("(");
                } else {
                    self.open();
                }
                self.part(&quantified.left, whole);
                self.put(&format!(" {} {word} (", quantified.op));
                match &quantified.right {
                    Quantity::Array(array) => self.expr(array),
                    Quantity::Query(query) => self.subquery(query),
                }
                self.put(")");
                if of_query {
                    self.put(")");
                } else {
                    self.close();
                }
            }
            ExprKind::Subscript(arg, subscripts) => {
                self.part(arg, whole);
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
        self.line("CASE", 0, VAR, 0);
        if let Some(arg) = &case.arg {
            self.around(" ", arg, "");
        }
        for (when, then) in &case.whens {
            self.line("WHEN ", 0, 0, 0);
            self.around("", when, " THEN ");
            self.expr(then);
        }
        self.line("ELSE ", 0, 0, 0);
        match &case.otherwise {
            Some(otherwise) => self.expr(otherwise),
            None => self.put("NULL"),
        }
        self.line("END", -VAR, 0, 0);
    }

    fn cast(&mut self, whole: &Expr, arg: &Expr, ty: &TypeName) {
        let written = type_text(ty);
        match &arg.kind {
            ExprKind::String(text) => match self.literals.iter().any(|(at, ..)| at.0 == arg.pos.0) {
                true => self.literal(text, arg.pos),
                false => {
                    let relation = text.parse().ok().filter(|_| self.shown.regclass && written == "regclass");
                    let text = relation.and_then(|oid| relation_name(Oid(oid))).unwrap_or_else(|| text.to_string());
                    self.put(&format!("{}::{written}", quote_literal(&text)));
                }
            },
            ExprKind::Null => self.put(&format!("NULL::{written}")),
            _ => {
                self.open();
                self.part(arg, whole);
                self.close();
                self.put(&format!("::{written}"));
            }
        }
    }

    fn function(&mut self, call: &Call) {
        // What has a syntax of its own in SQL names the schema, since nobody else would.
        if let (Some("pg_catalog"), "timezone", [(_, zone), (_, time)]) =
            (call.name.schema.as_deref(), &*call.name.name, &call.args[..])
        {
            let simple =
                |expr: &Expr| matches!(expr.kind, ExprKind::Column(_) | ExprKind::Cast(..) | ExprKind::Call(_));
            for (before, arg, behind) in [("(", time, ""), (" AT TIME ZONE ", zone, ")")] {
                self.put(before);
                let apart = self.shown.pretty && !simple(arg);
                self.around(if apart { "(" } else { "" }, arg, if apart { ")" } else { "" });
                self.put(behind);
            }
            return;
        }
        let name = quote_ident(&call.name.name);
        match &call.name.schema {
            Some(schema) if &**schema != "pg_catalog" => self.put(&format!("{}.{name}(", quote_ident(schema))),
            _ => self.put(&format!("{name}(")),
        }
        if call.distinct {
            self.put("DISTINCT ");
        }
        if call.star {
            self.put("*");
        }
        for (at, (label, arg)) in call.args.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            if call.variadic && at + 1 == call.args.len() {
                self.put("VARIADIC ");
            }
            if let Some(label) = label {
                self.put(&format!("{} => ", quote_ident(label)));
            }
            self.expr(arg);
        }
        if !call.order_by.is_empty() {
            self.put(" ORDER BY ");
            self.sorted(&call.order_by);
        }
        self.put(")");
        if let Some(filter) = &call.filter {
            self.around(" FILTER (WHERE ", filter, ")");
        }
        if let Some(over) = &call.over {
            self.put(" OVER ");
            match &over.base {
                Some(base) if over.named => self.put(&quote_ident(base)),
                _ => self.window(over),
            }
        }
    }

    /// A window in parentheses.
    pub(super) fn window(&mut self, window: &WindowSpec) {
        self.put("(");
        let mut between = "";
        if let Some(base) = &window.base {
            self.put(&quote_ident(base));
            between = " ";
        }
        if !window.partition.is_empty() {
            self.put(between);
            self.put("PARTITION BY ");
            self.list(&window.partition);
            between = " ";
        }
        if !window.order_by.is_empty() {
            self.put(between);
            self.put("ORDER BY ");
            self.sorted(&window.order_by);
            between = " ";
        }
        if let Some(frame) = &window.frame {
            self.put(between);
            self.frame(frame);
        }
        self.put(")");
    }

    fn frame(&mut self, frame: &Frame) {
        self.put(match frame.mode {
            FrameMode::Rows => "ROWS BETWEEN ",
            FrameMode::Range => "RANGE BETWEEN ",
            FrameMode::Groups => "GROUPS BETWEEN ",
        });
        for (end, behind) in [(&frame.start, " AND "), (&frame.end, "")] {
            match end {
                FrameEnd::First => self.put("UNBOUNDED PRECEDING"),
                FrameEnd::Preceding(offset) => self.around("", offset, " PRECEDING"),
                FrameEnd::Current => self.put("CURRENT ROW"),
                FrameEnd::Following(offset) => self.around("", offset, " FOLLOWING"),
                FrameEnd::Last => self.put("UNBOUNDED FOLLOWING"),
            }
            self.put(behind);
        }
        self.put(match frame.exclude {
            FrameExclude::Nothing => "",
            FrameExclude::Current => " EXCLUDE CURRENT ROW",
            FrameExclude::Group => " EXCLUDE GROUP",
            FrameExclude::Ties => " EXCLUDE TIES",
        });
    }

    /// The items of ORDER BY.
    pub(super) fn sorted(&mut self, items: &[SortBy]) {
        for (at, sort) in items.iter().enumerate() {
            if at > 0 {
                self.put(", ");
            }
            self.key(&sort.expr);
            if sort.descending {
                self.put(" DESC");
            }
            match sort.nulls_first {
                Some(first) if first != sort.descending => {
                    self.put(if first { " NULLS FIRST" } else { " NULLS LAST" });
                }
                _ => {}
            }
        }
    }

    /// What is sorted or grouped by: a function stands in parentheses.
    pub(super) fn key(&mut self, key: &Expr) {
        let function = matches!(key.kind, ExprKind::Call(_));
        // What has parentheses anyway needs no others.
        let operation = self.shown.pretty
            && !matches!(key.kind, ExprKind::Column(_) | ExprKind::Int4(_) | ExprKind::Query(..) | ExprKind::Case(_));
        if function || operation {
            self.around("(", key, ")");
        } else {
            self.expr(key);
        }
    }
}

/// `isSimpleNode`: whether a part of an operation needs no parentheses.
fn is_simple(part: &Expr, whole: &Expr) -> bool {
    use ExprKind::*;
    match (&part.kind, &whole.kind) {
        (Binary(..) | Unary(..), Binary(..)) => additive(part, whole),
        (Binary(..) | Unary(..) | IsNull(..) | IsBool(..) | IsDistinct(..) | In(..) | Quantified(_), outer) => {
            matches!(outer, And(_) | Or(_) | Not(_))
        }
        (Between(_), outer) => matches!(outer, And(_)),
        (Not(_), outer) | (And(_), outer @ Or(_)) => matches!(outer, And(_) | Or(_)),
        (And(_), outer) => matches!(outer, And(_)),
        (Or(_), outer) => matches!(outer, Or(_)),
        (Cast(arg, _), _) if !matches!(arg.kind, String(_) | Null) => is_simple(arg, whole),
        _ => true,
    }
}

/// Whether the signs of two calculations tell which is done first.
fn additive(part: &Expr, whole: &Expr) -> bool {
    let rank = |expr: &Expr| match &expr.kind {
        ExprKind::Binary(op, ..) => match &**op {
            "+" | "-" => Some(0),
            "*" | "/" | "%" => Some(1),
            _ => None,
        },
        _ => None,
    };
    let ExprKind::Binary(_, left, _) = &whole.kind else { return false };
    match (rank(part), rank(whole)) {
        (Some(inner), Some(outer)) => inner > outer || inner == outer && std::ptr::eq(&**left, part),
        _ => false,
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
