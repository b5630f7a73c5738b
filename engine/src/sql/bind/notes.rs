//! What binding finds out about a query that is to be kept, as that of a view is: then its tree is written down again with
//! nothing left open.
//!
//! ```text
//!   SELECT *, v < 'x' FROM t ORDER BY 1
//!      │            │       │          └─ the expression that stands there
//!      │            │       └─ public.t
//!      │            └─ (t.v)::text < 'x'::text
//!      └─ t.a AS a, t.v AS v
//! ```
//!
//! Parts of the tree are known by their places in the text.

use super::super::ast::*;
use super::super::deparse::Literals;
use super::names::column_name;
use super::scope::{Column, Item, Scope};
use crate::ids::{Error, Oid, Result};
use crate::types::{Datum, TypeId, output};
use std::cell::RefCell;

/// A column as it is written where nothing is left open: the item that it is of, if it has a name, and its own name.
type Named = (Option<Ident>, Ident);

/// What was found out.
#[derive(Default)]
pub(super) struct Notes {
    columns: Vec<(Pos, Named)>,
    /// What a star stands for.
    stars: Vec<(Pos, Vec<Named>)>,
    /// The types into which expressions are cast without being told to.
    pub casts: Vec<(Pos, TypeId)>,
    /// The schemas of tables.
    pub tables: Vec<(Pos, Ident)>,
    /// The names of functions in FROM, and those of their columns.
    pub functions: Vec<(Pos, Alias)>,
    /// The columns of relations that are used, by number; 0 for a relation as a whole.
    pub uses: Vec<(Oid, i16)>,
}

/// How a column is written.
fn named(items: &[Item], column: &Column) -> Named {
    let of = |item: &&Item| !item.unnamed && item.holds(column.slot);
    let item = items.iter().find(of).map(|item| item.name.clone());
    let own = items.iter().filter(|item| !item.unnamed).flat_map(|item| &item.columns);
    let name = own.clone().find(|other| other.slot == column.slot).map_or(&column.name, |other| &other.name);
    (item, name.clone())
}

impl Notes {
    /// Casts alone.
    pub fn of_casts(casts: Vec<(Pos, TypeId)>) -> Notes {
        Notes { casts, ..Notes::default() }
    }

    /// Notes a column that is used.
    pub fn column(&mut self, scope: &Scope, column: &Column, pos: Pos) {
        self.columns.push((pos, named(&scope.items, column)));
        self.uses.push(column.source);
    }

    /// Notes what a star stands for.
    pub fn star(&mut self, scope: &Scope, columns: &[Column], pos: Pos) {
        let names = columns.iter().map(|column| named(&scope.items, column)).collect::<Vec<_>>();
        match self.stars.iter_mut().find(|(at, _)| at.0 == pos.0) {
            Some((_, known)) => known.extend(names),
            None => self.stars.push((pos, names)),
        }
        self.uses.extend(columns.iter().map(|column| column.source));
    }

    /// What is used, each once: columns, and relations of which no column is.
    pub fn uses(&self) -> Vec<(Oid, i16)> {
        let mut uses: Vec<(Oid, i16)> = Vec::new();
        for one in &self.uses {
            let instead = one.1 == 0 && self.uses.iter().any(|(oid, column)| *oid == one.0 && *column != 0);
            if one.0 >= crate::ids::FIRST_NORMAL_OID && !instead && !uses.contains(one) {
                uses.push(*one);
            }
        }
        crate::small::sort_by(&mut uses, |a, b| a.cmp(b));
        uses
    }
}

fn at<T>(notes: &[(Pos, T)], pos: Pos) -> Option<&T> {
    notes.iter().find(|(own, _)| own.0 == pos.0 && pos.0 > 0).map(|(_, note)| note)
}

/// Writes a query anew.
pub(super) struct Rewrite<'a> {
    pub notes: &'a Notes,
    pub literals: &'a Literals,
    /// The keys of GROUP BY as they were written, and as they are written here: what is one of them is bound but once.
    pub keys: RefCell<Vec<(Expr, Expr)>>,
}

impl Rewrite<'_> {
    /// A query; `names` are those of its columns, where they are given.
    pub fn query(&self, query: &mut Query, names: Option<&[Ident]>) -> Result<()> {
        for cte in query.with.iter_mut().flat_map(|with| &mut with.ctes) {
            match &mut cte.statement {
                Statement::Query(query) => self.query(query, None)?,
                _ => return Err(Error::unsupported("a data-modifying statement in a view")),
            }
        }
        match &mut query.body {
            QueryBody::Select(select) => self.select(select, &mut query.order_by, names)?,
            QueryBody::Values(rows) => rows.iter_mut().flatten().try_for_each(|value| self.expr(value, 0))?,
            QueryBody::SetOperation(operation) => {
                self.query(&mut operation.left, names)?;
                self.query(&mut operation.right, names)?;
            }
        }
        query.limit.iter_mut().chain(&mut query.offset).try_for_each(|value| self.part(value))
    }

    fn select(&self, select: &mut Select, order_by: &mut [SortBy], names: Option<&[Ident]>) -> Result<()> {
        let mut targets: Vec<(Expr, Ident)> = Vec::new();
        for target in std::mem::take(&mut select.targets) {
            match target {
                Target::Star(pos) | Target::TableStar(QualName { pos, .. }) => {
                    for (item, name) in at(&self.notes.stars, pos).into_iter().flatten() {
                        let path = item.iter().chain([name]).cloned().collect();
                        targets.push((Expr { kind: ExprKind::Column(path), pos: Pos(0) }, name.clone()));
                    }
                }
                Target::Expr(Expr { kind: ExprKind::Field(_, None), .. }, _) => {
                    return Err(Error::unsupported("(f(x)).* in a view"));
                }
                Target::Expr(expr, alias) => {
                    let name = alias.unwrap_or_else(|| column_name(&expr));
                    targets.push((expr, name));
                }
            }
        }
        let outer = self.keys.take();
        select.group_by.iter_mut().try_for_each(|item| self.group(item, &targets))?;
        for sort in order_by.iter_mut() {
            self.meant(&mut sort.expr, &targets, true);
            self.expr(&mut sort.expr, 0)?;
        }
        for expr in &mut select.distinct_on {
            self.meant(expr, &targets, true);
            self.expr(expr, 0)?;
        }
        for (n, (mut expr, name)) in targets.into_iter().enumerate() {
            self.expr(&mut expr, 0)?;
            let name = names.and_then(|names| names.get(n)).unwrap_or(&name).clone();
            select.targets.push(Target::Expr(expr, Some(name)));
        }
        select.from.iter_mut().try_for_each(|item| self.item(item))?;
        select.filter.iter_mut().chain(&mut select.having).try_for_each(|expr| self.expr(expr, 0))?;
        for (_, window) in &mut select.windows {
            self.parts(|f| window.parts_mut(f), 0)?;
        }
        *self.keys.borrow_mut() = outer;
        Ok(())
    }

    /// Puts the expression in place of its position or name. In GROUP BY a column of FROM goes first.
    fn meant(&self, expr: &mut Expr, targets: &[(Expr, Ident)], by_name: bool) {
        let found = match &expr.kind {
            ExprKind::Int4(n) => targets.get((*n as usize).wrapping_sub(1)),
            ExprKind::Column(path) if path.len() == 1 && (by_name || at(&self.notes.columns, expr.pos).is_none()) => {
                targets.iter().find(|(_, name)| *name == path[0])
            }
            _ => None,
        };
        if let Some((target, _)) = found {
            *expr = target.clone();
        }
    }

    fn group(&self, item: &mut GroupItem, targets: &[(Expr, Ident)]) -> Result<()> {
        let key = |key: &mut Expr| {
            self.meant(key, targets, false);
            let written = key.clone();
            self.expr(key, 0)?;
            self.keys.borrow_mut().push((written, key.clone()));
            Ok(())
        };
        match item {
            GroupItem::Keys(keys) => keys.iter_mut().try_for_each(key),
            GroupItem::Rollup(lists) | GroupItem::Cube(lists) => lists.iter_mut().flatten().try_for_each(key),
            GroupItem::Sets(items) => items.iter_mut().try_for_each(|item| self.group(item, targets)),
        }
    }

    fn item(&self, item: &mut FromItem) -> Result<()> {
        match item {
            FromItem::Table(name, _) => {
                if let Some(schema) = at(&self.notes.tables, name.pos) {
                    name.schema = Some(schema.clone());
                }
                Ok(())
            }
            FromItem::Function(from) => {
                if let Some(alias) = from.calls.first().and_then(|(_, pos)| at(&self.notes.functions, *pos)) {
                    from.alias = Some(alias.clone());
                }
                let args = from.calls.iter_mut().flat_map(|(call, _)| &mut call.args);
                args.into_iter().try_for_each(|(_, arg)| self.expr(arg, 0))
            }
            FromItem::Subquery(query, ..) => self.query(query, None),
            FromItem::Aliased(item, _) => self.item(item),
            FromItem::Join(join) => {
                self.item(&mut join.left)?;
                self.item(&mut join.right)?;
                match &mut join.on {
                    JoinOn::On(on) => self.expr(on, 0),
                    JoinOn::Natural => Err(Error::unsupported("NATURAL JOIN in a view")),
                    JoinOn::Nothing | JoinOn::Using(_) => Ok(()),
                }
            }
        }
    }

    /// An expression that stands by itself, and is not cast as a whole.
    pub fn part(&self, expr: &mut Expr) -> Result<()> {
        let pos = expr.pos.0;
        self.expr(expr, pos)
    }

    fn parts(&self, parts: impl FnOnce(&mut dyn FnMut(&mut Expr)), above: u32) -> Result<()> {
        let mut result = Ok(());
        parts(&mut |part| {
            if result.is_ok() {
                result = self.expr(part, above);
            }
        });
        result
    }

    /// An expression; `above` is the place of the one that it is a part of, which is cast before it.
    fn expr(&self, expr: &mut Expr, above: u32) -> Result<()> {
        let pos = expr.pos;
        let cast = at(&self.notes.casts, pos).filter(|_| pos.0 != above).copied();
        let key = self.keys.borrow().iter().find(|(written, _)| written == expr).map(|(_, key)| key.clone());
        if let Some(key) = key {
            *expr = key;
            return Ok(());
        }
        match &mut expr.kind {
            ExprKind::Column(path) => {
                if let Some((item, name)) = at(&self.notes.columns, pos) {
                    *path = item.iter().chain([name]).cloned().collect();
                }
            }
            ExprKind::String(_) | ExprKind::Null => self.literal(expr, None),
            ExprKind::Cast(arg, ty) if matches!(arg.kind, ExprKind::String(_)) => {
                let (mut arg, ty) = ((**arg).clone(), ty.clone());
                self.literal(&mut arg, Some(&ty));
                *expr = arg;
            }
            ExprKind::Case(case) if case.otherwise.is_none() => {
                let mut otherwise = Expr { kind: ExprKind::Null, pos };
                self.literal(&mut otherwise, None);
                case.otherwise = Some(otherwise);
            }
            ExprKind::Query(_, query) => self.query(query, None)?,
            ExprKind::InQuery(_, query, _) => self.query(query, None)?,
            ExprKind::Quantified(quantified) => {
                if let Quantity::Query(query) = &mut quantified.right {
                    self.query(query, None)?;
                }
            }
            _ => {}
        }
        if !matches!(expr.kind, ExprKind::Cast(..)) || !is_literal(expr) {
            self.parts(|f| expr.parts_mut(f), pos.0)?;
        }
        if let Some(ty) = cast {
            let inner = Box::new(expr.clone());
            expr.kind = ExprKind::Cast(inner, type_name(ty));
        }
        Ok(())
    }

    /// A literal in the type that it was given.
    fn literal(&self, expr: &mut Expr, written: Option<&TypeName>) {
        let known = self.literals.iter().find(|(own, ..)| own.0 == expr.pos.0 && own.0 > 0);
        let (ty, value) = match known {
            Some((_, ty, value)) => (written.cloned().unwrap_or_else(|| type_name(*ty)), Some((*ty, value))),
            None => (written.cloned().unwrap_or_else(|| type_name(TypeId::Text)), None),
        };
        expr.kind = match value {
            Some((TypeId::Bool, Datum::Bool(value))) => return expr.kind = ExprKind::Bool(*value),
            Some((TypeId::Int4, Datum::Int4(value))) => return expr.kind = ExprKind::Int4(*value),
            Some((_, Datum::Null)) => ExprKind::Null,
            // A relation is kept by its number.
            Some((TypeId::Regclass, Datum::Oid(oid))) => ExprKind::String(oid.0.to_string().into()),
            Some((ty, value)) => ExprKind::String(output(value, ty).into()),
            _ => expr.kind.clone(),
        };
        let inner = Box::new(expr.clone());
        expr.kind = ExprKind::Cast(inner, ty);
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Cast(arg, _) if matches!(arg.kind, ExprKind::String(_) | ExprKind::Null))
}

/// A type as it is written.
fn type_name(ty: TypeId) -> TypeName {
    let (of, array) = match ty.element().filter(|_| ty.array().is_none()) {
        Some(element) => (element, true),
        None => (ty, false),
    };
    let name = QualName { schema: Some("pg_catalog".into()), name: of.typname().into(), pos: Pos(0) };
    TypeName { name, typmods: Vec::new(), array }
}
