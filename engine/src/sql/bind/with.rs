//! WITH: queries that have a name for the rest of the statement, and recursive ones.
//!
//! Each is bound once, where it stands; a reference to it knows its number and its columns. A recursive one sees itself
//! in the right half of its UNION, with the columns of the left half.
//!
//! PostgreSQL: `parse_cte.c`.

use super::super::ast::{self, Ident, Pos, QueryBody, SetKind, Statement, With};
use super::super::bound::{self, Cte, CteBody, OutColumn, Query};
use super::Binder;
use super::set_operation::column_pos;
use crate::ids::{Error, Result, sqlstate};

/// A query of WITH that is in sight.
#[derive(Clone)]
pub(super) struct CteName {
    pub name: Ident,
    /// Its number in the statement.
    pub id: usize,
    /// Its columns; none if it returns no rows.
    pub columns: Option<Vec<OutColumn>>,
}

impl Binder<'_> {
    /// Binds the queries of a WITH, which are in sight until [`Binder::end_with`]. Returns their numbers.
    pub fn begin_with(&mut self, with: &With) -> Result<Vec<usize>> {
        let mut ids = Vec::with_capacity(with.ctes.len());
        for (at, cte) in with.ctes.iter().enumerate() {
            if with.ctes[..at].iter().any(|other| other.name == cte.name) {
                let message = format!("WITH query name \"{}\" specified more than once", cte.name);
                return Err(Error::new(sqlstate::DUPLICATE_ALIAS, message).at(cte.pos.0));
            }
            let recursive = with.recursive && names(&cte.statement, &cte.name);
            self.frames.push((self.outer.len(), true));
            let id = if recursive { self.recursive_cte(cte) } else { self.plain_cte(cte) };
            let constant = self.frames.pop().is_some_and(|(_, constant)| constant);
            let id = id?;
            self.ctes[id].constant = constant;
            ids.push(id);
        }
        Ok(ids)
    }

    /// The queries of the last WITH go out of sight.
    pub fn end_with(&mut self, with: &[usize]) {
        self.with.truncate(self.with.len() - with.len());
    }

    /// The query of WITH that a name means.
    pub fn find_cte(&self, name: &str) -> Option<CteName> {
        self.with.iter().rev().find(|cte| &*cte.name == name).cloned()
    }

    fn plain_cte(&mut self, cte: &ast::Cte) -> Result<usize> {
        let (body, columns) = match &cte.statement {
            Statement::Query(query) => {
                let query = self.query(query, true)?;
                let columns = Some(query.columns.clone());
                (CteBody::Query(Box::new(query)), columns)
            }
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
                if !self.outer.is_empty() {
                    return Err(not_at_the_top(cte.pos));
                }
                let statement = self.change(&cte.statement)?;
                let columns = statement.columns().map(<[_]>::to_vec);
                (CteBody::Change(Box::new(statement)), columns)
            }
            _ => return Err(Error::new(sqlstate::SYNTAX_ERROR, "WITH query is of no known kind").at(cte.pos.0)),
        };
        let columns = columns.map(|columns| renamed(columns, cte)).transpose()?;
        self.ctes.push(Cte {
            name: cte.name.clone(),
            body,
            references: 0,
            materialized: cte.materialized,
            constant: true,
        });
        let id = self.ctes.len() - 1;
        self.with.push(CteName { name: cte.name.clone(), id, columns });
        Ok(id)
    }

    /// `left UNION right`, in which right names the query itself.
    fn recursive_cte(&mut self, cte: &ast::Cte) -> Result<usize> {
        let form = || {
            let message = format!(
                "recursive query \"{}\" does not have the form non-recursive-term UNION [ALL] recursive-term",
                cte.name
            );
            Error::new(sqlstate::INVALID_RECURSION, message).at(cte.pos.0)
        };
        let Statement::Query(query) = &cte.statement else {
            let message = format!("recursive query \"{}\" must not contain data-modifying statements", cte.name);
            return Err(Error::new(sqlstate::INVALID_RECURSION, message).at(cte.pos.0));
        };
        let QueryBody::SetOperation(operation) = &query.body else { return Err(form()) };
        if operation.kind != SetKind::Union {
            return Err(form());
        }
        for (is, what, pos) in [
            (!query.order_by.is_empty(), "ORDER BY", query.order_by.first().map(|sort| sort.expr.pos)),
            (query.offset.is_some(), "OFFSET", query.offset.as_ref().map(|value| value.pos)),
            (query.limit.is_some(), "LIMIT", query.limit.as_ref().map(|value| value.pos)),
        ] {
            if is {
                let message = format!("{what} in a recursive query is not implemented");
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(pos.map_or(0, |pos| pos.0)));
            }
        }
        let first = Statement::Query(Box::new(operation.left.clone()));
        if let Some(place) = named_at(&first, &cte.name) {
            let message =
                format!("recursive reference to query \"{}\" must not appear within its non-recursive term", cte.name);
            return Err(Error::new(sqlstate::INVALID_RECURSION, message).at(place.0));
        }
        let own = match &query.with {
            Some(with) => self.begin_with(with)?,
            None => Vec::new(),
        };
        let left = self.query(&operation.left, true)?;
        let columns = renamed(left.columns.clone(), cte)?;
        let id = self.ctes.len();
        let empty = CteBody::Query(Box::default());
        self.ctes.push(Cte {
            name: cte.name.clone(),
            body: empty,
            references: 0,
            materialized: Some(true),
            constant: true,
        });
        self.with.push(CteName { name: cte.name.clone(), id, columns: Some(columns) });
        let mut right = self.query(&operation.right, false)?;
        let name = self.with.pop();
        self.recursive_types(cte, operation, &left, &mut right)?;
        self.end_with(&own);
        self.with.extend(name);
        self.ctes[id].body = CteBody::Recursive(Box::new((left, right)), operation.all);
        Ok(id)
    }

    /// The right half must have the types of the left.
    fn recursive_types(
        &mut self,
        cte: &ast::Cte,
        operation: &ast::SetOperation,
        left: &Query,
        right: &mut Query,
    ) -> Result<()> {
        if left.columns.len() != right.columns.len() {
            let message = "each UNION query must have the same number of columns";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(column_pos(&operation.right, 0).0));
        }
        let (types, cast) = self.common_columns("UNION", left, right, cte.pos)?;
        for (at, (ty, own)) in types.iter().zip(&left.columns).enumerate() {
            if *ty != own.ty {
                let message = format!(
                    "recursive query \"{}\" column {} has type {} in non-recursive term but type {ty} overall",
                    cte.name,
                    at + 1,
                    own.ty.format(own.typmod),
                );
                return Err(Error::new(sqlstate::DATATYPE_MISMATCH, message)
                    .hint("Cast the output of the non-recursive term to the correct type.")
                    .at(column_pos(&operation.left, at).0));
            }
        }
        if let Some(cast) = cast[1].clone() {
            let inner = std::mem::take(right);
            let columns = left.columns.clone();
            let from = bound::FromNode::Subquery(Box::new(inner), 0, Vec::new());
            *right = Query { columns, from: Some(from), targets: cast, ..Query::default() };
        }
        Ok(())
    }

    /// INSERT, UPDATE or DELETE, with what stands in WITH before it.
    pub fn change(&mut self, statement: &Statement) -> Result<bound::Statement> {
        let with = match statement {
            Statement::Insert(insert) => &insert.with,
            Statement::Update(update) => &update.with,
            Statement::Delete(delete) => &delete.with,
            _ => return Err(Error::internal("a statement that changes no rows")),
        };
        let with = with.as_ref().map_or(Ok(Vec::new()), |with| self.begin_with(with))?;
        let bound = match statement {
            Statement::Insert(insert) => bound::Statement::Insert(Box::new(self.insert(insert)?)),
            Statement::Update(update) => bound::Statement::Update(Box::new(self.update(update)?)),
            Statement::Delete(delete) => bound::Statement::Delete(Box::new(self.delete(delete)?)),
            _ => return Err(Error::internal("a statement that changes no rows")),
        };
        self.end_with(&with);
        Ok(bound)
    }
}

pub(super) fn not_at_the_top(pos: Pos) -> Error {
    let message = "WITH clause containing a data-modifying statement must be at the top level";
    Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(pos.0)
}

/// Whether a statement names a table so.
fn names(statement: &Statement, name: &str) -> bool {
    named_at(statement, name).is_some()
}

/// Where a statement names a table so.
fn named_at(statement: &Statement, name: &str) -> Option<Pos> {
    let relations = statement.relations();
    let mut found = relations.iter().filter(|(relation, _)| relation.schema.is_none() && &*relation.name == name);
    found.next().map(|(relation, _)| relation.pos)
}

/// Columns with the names that WITH gives them.
fn renamed(mut columns: Vec<OutColumn>, cte: &ast::Cte) -> Result<Vec<OutColumn>> {
    if cte.columns.len() > columns.len() {
        let message = format!(
            "WITH query \"{}\" has {} columns available but {} columns specified",
            cte.name,
            columns.len(),
            cte.columns.len()
        );
        return Err(Error::new(sqlstate::INVALID_COLUMN_REFERENCE, message).at(cte.pos.0));
    }
    for (column, name) in columns.iter_mut().zip(&cte.columns) {
        column.name = name.clone();
    }
    Ok(columns)
}
