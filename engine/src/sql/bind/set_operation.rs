//! UNION, INTERSECT and EXCEPT: two queries whose columns get the types that they have in common.
//!
//! PostgreSQL: `transformSetOperationStmt` in `analyze.c`.

use super::super::ast::{self, ExprKind, Pos, QueryBody, Target};
use super::super::bound::{Exprs, OutColumn, Query, Scalar, SetOperation};
use super::Binder;
use super::coerce::Typed;
use super::level::Level;
use super::select::Targets;
use crate::ids::{Error, Oid, Result, sqlstate};
use crate::types::{Datum, TypeId};

/// The casts that each side of a set operation needs, if any.
type Casts = [Option<Exprs>; 2];

impl Binder<'_> {
    pub fn set_operation(&mut self, operation: &ast::SetOperation, query: &ast::Query) -> Result<Query> {
        if let Some(clause) = query.locking.first() {
            let message = format!("{} is not allowed with UNION/INTERSECT/EXCEPT", clause.name());
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
        }
        let name = operation.kind.name();
        let mut left = self.query(&operation.left, false)?;
        let mut right = self.query(&operation.right, false)?;
        if left.columns.len() != right.columns.len() {
            let message = format!("each {name} query must have the same number of columns");
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(column_pos(&operation.right, 0).0));
        }
        for at in 0..left.columns.len() {
            let ty = if left.columns[at].ty != TypeId::Unknown { left.columns[at].ty } else { right.columns[at].ty };
            let ty = if ty == TypeId::Unknown { TypeId::Text } else { ty };
            self.decide_column(&mut left, at, ty, column_pos(&operation.left, at))?;
            self.decide_column(&mut right, at, ty, column_pos(&operation.right, at))?;
        }
        let mut casts: Casts = [None, None];
        let mut columns = left.columns.clone();
        for (at, column) in columns.iter_mut().enumerate() {
            let pos = column_pos(&operation.right, at);
            let types = self.common_column(name, &left, &right, at, pos)?;
            let same = column.typmod == right.columns[at].typmod && column.ty == right.columns[at].ty;
            column.typmod = if same { column.typmod } else { -1 };
            column.ty = types;
            column.source = (Oid(0), 0);
            if matches!(operation.kind, ast::SetKind::Union) && operation.all {
                continue;
            }
            if crate::types::binary_op("=", types, types).is_err() {
                let message = format!("could not identify an equality operator for type {types}");
                return Err(Error::new(sqlstate::UNDEFINED_FUNCTION, message).at(pos.0));
            }
        }
        casts[0] = self.casts(&left, &columns)?;
        casts[1] = self.casts(&right, &columns)?;
        let [left_cast, right_cast] = casts;
        let sides = [(left, left_cast), (right, right_cast)];
        let slots = columns.iter().enumerate().map(|(at, column)| Typed::new(Scalar::Column(at), column.ty, Pos(0)));
        let mut targets = Targets { written: vec![None; columns.len()], values: slots.collect(), columns };
        for sort in &query.order_by {
            self.only_names(&sort.expr, &targets)?;
        }
        let width = targets.values.len();
        let mut level = Level::new("ORDER BY");
        let order_by = self.order_by(&query.order_by, &mut targets, false, &mut level)?;
        targets.columns.truncate(width);
        let scalars = targets.values.into_iter().map(|value| value.scalar).collect();
        Ok(Query {
            columns: targets.columns,
            set_operation: Some(Box::new(SetOperation { kind: operation.kind, all: operation.all, sides })),
            targets: level.exprs(scalars),
            order_by,
            ..Query::default()
        })
    }

    /// ORDER BY behind a set operation knows names and positions of columns only.
    fn only_names(&self, expr: &ast::Expr, targets: &Targets) -> Result<()> {
        match &expr.kind {
            ExprKind::Column(path) if path.len() == 1 => {
                if targets.columns.iter().any(|column| column.name == path[0]) {
                    return Ok(());
                }
                let message = format!("column \"{}\" does not exist", path[0]);
                Err(Error::new(sqlstate::UNDEFINED_COLUMN, message).at(expr.pos.0))
            }
            ExprKind::Int4(_)
            | ExprKind::Int8(_)
            | ExprKind::Numeric(_)
            | ExprKind::String(_)
            | ExprKind::Null
            | ExprKind::Bool(_) => Ok(()),
            _ => Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause")
                .detail("Only result column names can be used, not expressions or functions.")
                .hint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.")
                .at(expr.pos.0)),
        }
    }

    /// A literal whose type nothing decides gets that of the other side.
    fn decide_column(&mut self, query: &mut Query, at: usize, ty: TypeId, pos: Pos) -> Result<()> {
        if query.columns[at].ty != TypeId::Unknown {
            return Ok(());
        }
        let scalar = std::mem::replace(&mut query.targets.scalars[at], Scalar::Const(Datum::Null));
        let typed = self.must_coerce(Typed::new(scalar, TypeId::Unknown, pos), ty)?;
        query.targets.scalars[at] = typed.scalar;
        query.columns[at].ty = ty;
        Ok(())
    }

    fn common_column(&mut self, construct: &str, left: &Query, right: &Query, at: usize, pos: Pos) -> Result<TypeId> {
        let (a, b) = (left.columns[at].ty, right.columns[at].ty);
        let values = vec![Typed::new(Scalar::Column(at), a, Pos(0)), Typed::new(Scalar::Column(at), b, pos)];
        let (_, ty) = self.common(values, construct)?;
        Ok(ty)
    }

    /// The types that the columns of two queries have in common, and the casts that each needs.
    pub fn common_columns(
        &mut self,
        construct: &str,
        left: &Query,
        right: &mut Query,
        pos: Pos,
    ) -> Result<(Vec<TypeId>, Casts)> {
        let mut columns = left.columns.clone();
        for (at, column) in columns.iter_mut().enumerate() {
            self.decide_column(right, at, column.ty, pos)?;
            column.ty = self.common_column(construct, left, right, at, pos)?;
        }
        let types = columns.iter().map(|column| column.ty).collect();
        Ok((types, [self.casts(left, &columns)?, self.casts(right, &columns)?]))
    }

    /// The casts from a query's columns to others, if they are not of those types already.
    fn casts(&mut self, query: &Query, columns: &[OutColumn]) -> Result<Option<Exprs>> {
        if query.columns.iter().zip(columns).all(|(own, column)| own.ty == column.ty) {
            return Ok(None);
        }
        let mut scalars = Vec::with_capacity(columns.len());
        for (at, (own, column)) in query.columns.iter().zip(columns).enumerate() {
            let value = Typed::new(Scalar::Column(at), own.ty, Pos(0));
            scalars.push(self.must_coerce(value, column.ty)?.scalar);
        }
        Ok(Some(Exprs { waits: Vec::new(), scalars }))
    }
}

/// Where a query's value for a column stands, as far as it is written out.
pub(super) fn column_pos(query: &ast::Query, at: usize) -> Pos {
    match &query.body {
        QueryBody::Values(rows) => rows.first().and_then(|row| row.get(at)).map_or(Pos(0), |cell| cell.pos),
        QueryBody::SetOperation(operation) => column_pos(&operation.left, at),
        QueryBody::Select(select) => match select.targets.get(at).or(select.targets.first()) {
            Some(Target::Expr(expr, _)) => expr.pos,
            Some(Target::Star(pos)) => *pos,
            Some(Target::TableStar(name)) => name.pos,
            None => Pos(0),
        },
    }
}
