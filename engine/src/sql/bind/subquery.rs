//! Subqueries within expressions, and comparisons of rows.

use super::super::ast::{self, Expr, ExprKind, Ident, Pos, Quantified, Quantity, QueryExpr};
use super::super::bound::{AnyTest, Query, Scalar, SubKind, SubLink, Wait};
use super::Binder;
use super::coerce::Typed;
use super::level::{Level, Nested};
use crate::ids::{Error, Result, sqlstate};
use crate::types::TypeId;

impl Binder<'_> {
    fn nested_query(&mut self, query: &ast::Query, level: &mut Level) -> Result<Nested<Query>> {
        self.nested(level, false, |binder| binder.query(query, true))
    }

    /// Adds a subquery to what the expression waits for.
    fn link(&mut self, nested: Nested<Query>, kind: SubKind, level: &mut Level) -> Scalar {
        self.subqueries.push(nested.bound);
        let query = self.subqueries.len() - 1;
        let link = SubLink { query, kind, args: nested.args, constant: nested.constant };
        level.waits.push(Wait::Sub(Box::new(link)));
        Scalar::Waited(level.waits.len() - 1)
    }

    /// EXISTS, ARRAY, and the value of a query.
    pub fn query_expr(&mut self, kind: QueryExpr, query: &ast::Query, pos: Pos, level: &mut Level) -> Result<Typed> {
        let nested = self.nested_query(query, level)?;
        if kind == QueryExpr::Exists {
            return Ok(Typed::bool(self.link(nested, SubKind::Exists, level), pos));
        }
        let [column] = &nested.bound.columns[..] else {
            let message = "subquery must return only one column";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(pos.0));
        };
        let (ty, typmod) = (column.ty, column.typmod);
        if kind == QueryExpr::Value {
            let scalar = self.link(nested, SubKind::Value, level);
            return Ok(Typed::new(scalar, ty, pos).typmod(typmod));
        }
        let Some(array) = ty.array() else {
            let message = format!("could not find array type for data type {ty}");
            return Err(Error::new(sqlstate::UNDEFINED_OBJECT, message).at(pos.0));
        };
        Ok(Typed::new(self.link(nested, SubKind::Array(ty), level), array, pos))
    }

    /// `left IN (query)`
    pub fn in_query(
        &mut self,
        left: &Expr,
        query: &ast::Query,
        negated: bool,
        pos: Pos,
        level: &mut Level,
    ) -> Result<Typed> {
        let found = self.any_query(left, &"=".into(), false, query, pos, level)?;
        let scalar = if negated { Scalar::Not(Box::new(found)) } else { found };
        Ok(Typed::bool(scalar, pos))
    }

    /// `left op ANY (...)` or ALL.
    pub fn quantified(&mut self, quantified: &Quantified, pos: Pos, level: &mut Level) -> Result<Typed> {
        let Quantified { left, op, all, right } = quantified;
        let array = match right {
            Quantity::Query(query) => {
                return self.any_query(left, op, *all, query, pos, level).map(|scalar| Typed::bool(scalar, pos));
            }
            Quantity::Array(array) => array,
        };
        let left = self.expr(left, level)?;
        let mut right = self.expr(array, level)?;
        if right.ty == TypeId::Unknown {
            let elem = if left.ty == TypeId::Unknown { TypeId::Text } else { left.ty };
            let array = elem.array().ok_or_else(|| Error::unsupported(format!("type {elem}[]")).at(pos.0))?;
            right = self.must_coerce(right, array)?;
        }
        let Some(elem) = right.ty.element() else {
            let message = "op ANY/ALL (array) requires array on right side";
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, message).at(pos.0));
        };
        // The operator is that of an element.
        let test = self.binary(op, left, Typed::new(Scalar::Column(usize::MAX), elem, pos), pos)?;
        let Scalar::Binary(op, f, args) = test.scalar else {
            return Err(Error::unsupported(format!("{op} ANY")).at(pos.0));
        };
        if test.ty != TypeId::Bool {
            let message = "op ANY/ALL (array) requires operator to yield boolean";
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, message).at(pos.0));
        }
        let [left, element] = *args;
        if let Scalar::Cast(_, ty, _) = element {
            let array = ty.array().ok_or_else(|| Error::unsupported(format!("type {ty}[]")).at(pos.0))?;
            right = self.must_coerce(right, array)?;
        }
        Ok(Typed::bool(Scalar::Each(op, f, *all, Box::new([left, right.scalar])), pos))
    }

    /// A comparison with all rows of a query.
    fn any_query(
        &mut self,
        left: &Expr,
        op: &Ident,
        all: bool,
        query: &ast::Query,
        pos: Pos,
        level: &mut Level,
    ) -> Result<Scalar> {
        let lefts = self.row_items(left, level)?;
        if lefts.len() > 1 && !matches!(&**op, "=" | "<>") {
            return Err(Error::unsupported(format!("{op} ANY of rows")).at(pos.0));
        }
        let mut nested = self.nested_query(query, level)?;
        let (columns, rights) = self.sub_columns(&nested.bound, lefts.len(), pos)?;
        // The left side comes in exec parameters too, so that the comparison needs no row.
        let single = lefts.len() == 1;
        let mut pairs = Vec::with_capacity(lefts.len());
        for (left, right) in lefts.into_iter().zip(rights) {
            let test = self.binary(op, left.clone(), right.clone(), pos)?;
            let Scalar::Binary(op, f, args) = test.scalar else {
                return Err(Error::unsupported(format!("{op} ANY of a query")).at(pos.0));
            };
            if test.ty != TypeId::Bool {
                let message = format!("row comparison operator must yield type boolean, not type {}", test.ty);
                return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message).at(pos.0));
            }
            let [left_value, right_value] = *args;
            let param = self.new_arg(left_value, &mut nested.args);
            pairs.push((Scalar::Binary(op, f, Box::new([param.clone(), right_value.clone()])), param, right_value));
        }
        let equal = &**op == "=" && !all;
        let equal =
            equal.then(|| pairs.iter().map(|(_, left, right)| (left.clone(), right.clone())).collect::<Vec<_>>());
        let mut tests: Vec<Scalar> = pairs.into_iter().map(|(test, ..)| test).collect();
        let test = match (single, &**op) {
            (true, _) => tests.remove(0),
            (false, "<>") => Scalar::Or(tests),
            _ => Scalar::And(tests),
        };
        let equal = equal.map(|pairs| pairs.into_iter().unzip());
        let test = AnyTest { all, test, columns, equal };
        Ok(self.link(nested, SubKind::Any(Box::new(test)), level))
    }

    /// The columns of a subquery as exec parameters.
    fn sub_columns(&mut self, query: &Query, wanted: usize, pos: Pos) -> Result<(Vec<usize>, Vec<Typed>)> {
        if query.columns.len() != wanted {
            let word = if query.columns.len() < wanted { "few" } else { "many" };
            let message = format!("subquery has too {word} columns");
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(pos.0));
        }
        let columns: Vec<usize> = (self.execs..self.execs + wanted).collect();
        self.execs += wanted;
        let typed = columns.iter().zip(&query.columns);
        let typed = typed.map(|(param, column)| Typed::new(Scalar::Exec(*param), column.ty, pos)).collect();
        Ok((columns, typed))
    }

    /// The values of a row, or the one value that it is.
    fn row_items(&mut self, expr: &Expr, level: &mut Level) -> Result<Vec<Typed>> {
        match &expr.kind {
            ExprKind::Row(items) => items.iter().map(|item| self.expr(item, level)).collect(),
            _ => Ok(vec![self.expr(expr, level)?]),
        }
    }

    /// A comparison whose left side is a row.
    pub fn row_comparison(
        &mut self,
        op: &Ident,
        left: &[Expr],
        right: &Expr,
        pos: Pos,
        level: &mut Level,
    ) -> Result<Typed> {
        let lefts = left.iter().map(|item| self.expr(item, level)).collect::<Result<Vec<_>>>()?;
        match &right.kind {
            ExprKind::Row(items) => {
                let rights = items.iter().map(|item| self.expr(item, level)).collect::<Result<Vec<_>>>()?;
                Ok(Typed::bool(self.row_test(op, lefts, rights, pos)?, pos))
            }
            ExprKind::Query(QueryExpr::Value, query) => {
                let mut nested = self.nested_query(query, level)?;
                let (columns, rights) = self.sub_columns(&nested.bound, lefts.len(), pos)?;
                let mut test = self.row_test(op, lefts, rights, pos)?;
                // What is left of the row's own becomes arguments.
                let args = &mut nested.args;
                let execs = &mut self.execs;
                test.each_mut(&mut |scalar| {
                    if matches!(scalar, Scalar::Column(_) | Scalar::Waited(_)) {
                        args.push((*execs, scalar.clone()));
                        *scalar = Scalar::Exec(*execs);
                        *execs += 1;
                    }
                });
                Ok(Typed::bool(self.link(nested, SubKind::Row(test, columns), level), pos))
            }
            _ => Err(Error::unsupported("a row compared with something other than a row or a query").at(pos.0)),
        }
    }

    /// `make_row_comparison_op`: rows are equal if all their values are; one is less than another by the first values
    /// that differ.
    pub fn row_test(&mut self, op: &Ident, lefts: Vec<Typed>, rights: Vec<Typed>, pos: Pos) -> Result<Scalar> {
        if lefts.len() != rights.len() {
            let message = "unequal number of entries in row expressions";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(pos.0));
        }
        let strict: Ident = match &**op {
            "<" | "<=" => "<".into(),
            ">" | ">=" => ">".into(),
            _ => op.clone(),
        };
        let mut pairs: Vec<_> = lefts.into_iter().zip(rights).collect();
        match &**op {
            "=" | "<>" => {
                let mut tests = Vec::with_capacity(pairs.len());
                for (left, right) in pairs {
                    tests.push(self.binary(op, left, right, pos)?.scalar);
                }
                Ok(if &**op == "=" { Scalar::And(tests) } else { Scalar::Or(tests) })
            }
            "<" | "<=" | ">" | ">=" => {
                let Some((left, right)) = pairs.pop() else {
                    let message = "cannot compare rows of zero length";
                    return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(pos.0));
                };
                let mut test = self.binary(op, left, right, pos)?.scalar;
                for (left, right) in pairs.into_iter().rev() {
                    let before = self.binary(&strict, left.clone(), right.clone(), pos)?.scalar;
                    let equal = self.binary(&"=".into(), left, right, pos)?.scalar;
                    test = Scalar::Or(vec![before, Scalar::And(vec![equal, test])]);
                }
                Ok(test)
            }
            _ => {
                let message = format!("could not determine interpretation of row comparison operator {op}");
                Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message)
                    .hint("Row comparison operators must be associated with btree operator families.")
                    .at(pos.0))
            }
        }
    }
}
