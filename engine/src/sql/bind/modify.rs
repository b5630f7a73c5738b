//! INSERT, UPDATE and DELETE.

use super::super::ast::{self, Alias, Assignment, Expr, ExprKind, FromItem, Ident, Pos, QualName, Target};
use super::super::bound::{Delete, Exprs, FromNode, Insert, JoinKind, OutColumn, Query, Scalar, Table, Update};
use super::Binder;
use super::coerce::Typed;
use super::conflict::excluded;
use super::from::pair;
use super::level::Level;
use super::scope::Scope;
use super::select::mark_system;
use super::set_operation::column_pos;
use super::with::not_at_the_top;
use crate::ids::{Error, Result, sqlstate};
use crate::types::{Attr, Datum};
use std::rc::Rc;

impl Binder<'_> {
    /// The table that a statement changes, in sight of its clauses.
    fn target_table(&mut self, name: &QualName, alias: Option<&Ident>, level: &mut Level) -> Result<Rc<Table>> {
        if self.registry.find_view(name.schema.as_deref(), &name.name).is_some() {
            let message = format!("cannot change view \"{}\"", name.name);
            return Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, message));
        }
        let table = self.table(name)?;
        if table.class.kind == b'v' {
            return Err(Error::unsupported(format!("changing the view \"{}\"", table.name)).at(name.pos.0));
        }
        if table.class.kind == b'S' {
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("cannot change sequence \"{}\"", table.name)));
        }
        if table.class.kind == b't' {
            let message = format!("cannot change TOAST relation \"{}\"", table.name);
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, message));
        }
        if table.is_catalog {
            let message = format!("permission denied: \"{}\" is a system catalog", table.name);
            return Err(Error::new(sqlstate::INSUFFICIENT_PRIVILEGE, message));
        }
        let alias = alias.map(|name| Alias { name: name.clone(), columns: Vec::new() });
        self.add_table(&table, alias.as_ref(), level)?;
        Ok(table)
    }

    pub fn insert(&mut self, insert: &ast::Insert) -> Result<Insert> {
        let mut level = Level::new("RETURNING");
        let table = self.target_table(&insert.table, insert.alias.as_ref(), &mut level)?;
        let columns = insert_columns(&table, &insert.columns)?;
        let overriding = insert.overriding;
        let mut values: Vec<Scalar> = vec![Scalar::Const(Datum::Null); table.desc.natts()];
        let mut given = 0;
        let source = match insert.source.as_deref() {
            None => None,
            Some(query) => {
                let source = self.insert_source(&table, query, &level.scope, &columns, insert, &mut values)?;
                // Plain VALUES has no columns of its own; behind those of a SELECT stands what is sorted by.
                let width = source.columns.len();
                given = if width == 0 { source.targets.scalars.len() } else { width };
                Some(source)
            }
        };
        let mut defaults = Level::new("DEFAULT expressions");
        // Identity columns may go on counting in spite of what they are given.
        let ignored = |column: usize| overriding == Some(false) && table.desc.attrs[column].identity != 0;
        for column in (0..table.desc.natts()).filter(|column| ignored(*column) || !columns[..given].contains(column)) {
            values[column] = self.default_of(&table, column, &mut defaults)?;
        }
        let checks = self.checks_of(&table)?;
        let on_conflict = insert.on_conflict.as_ref();
        let on_conflict = on_conflict.map(|clause| self.on_conflict(clause, &table, &level.scope)).transpose()?;
        if on_conflict.as_ref().is_some_and(|clause| clause.update.is_some()) {
            // It is known, but out of sight.
            level.scope.items.insert(0, excluded(&table, level.scope.width));
            level.first = 1;
        }
        let returning = self.returning(&insert.returning, &mut level)?;
        Ok(Insert { table, source, values: defaults.exprs(values), checks, on_conflict, returning })
    }

    /// The rows of an INSERT, whose columns `values` assigns to those of the table.
    fn insert_source(
        &mut self,
        table: &Table,
        query: &ast::Query,
        scope: &Scope,
        columns: &[usize],
        insert: &ast::Insert,
        values: &mut [Scalar],
    ) -> Result<super::super::bound::Query> {
        let named = &insert.columns;
        let plain =
            query.with.is_none() && query.order_by.is_empty() && query.limit.is_none() && query.offset.is_none();
        if let (ast::QueryBody::Values(rows), true) = (&query.body, plain) {
            return self.insert_values(table, rows, scope, columns, insert, values);
        }
        let changes = |cte: &&ast::Cte| !matches!(cte.statement, ast::Statement::Query(_));
        if let Some(cte) = query.with.iter().flat_map(|with| &with.ctes).find(changes) {
            return Err(not_at_the_top(cte.pos));
        }
        let bound = self.query(query, false)?;
        let width = bound.columns.len();
        check_width(width, columns, named, |at| column_pos(query, at))?;
        for (at, column) in bound.columns.iter().enumerate() {
            let value =
                Typed { scalar: Scalar::Column(at), ty: column.ty, typmod: column.typmod, pos: column_pos(query, at) };
            let attr = &table.desc.attrs[columns[at]];
            refuse_identity(attr, insert.overriding)?;
            let Attr { name, type_id, typmod, .. } = attr;
            values[columns[at]] = self.assign(value, name, *type_id, *typmod)?;
        }
        Ok(bound)
    }

    /// VALUES: each cell is assigned to its column by itself.
    fn insert_values(
        &mut self,
        table: &Table,
        rows: &[Vec<Expr>],
        scope: &Scope,
        columns: &[usize],
        insert: &ast::Insert,
        values: &mut [Scalar],
    ) -> Result<super::super::bound::Query> {
        let named = &insert.columns;
        // The table is not in sight of the values, but a name of its columns is explained.
        let mut level = Level { first: 1, scope: scope.clone(), ..Level::new("VALUES") };
        let mut bound = Vec::with_capacity(rows.len());
        let width = rows.first().map_or(0, Vec::len);
        for row in rows {
            check_width(row.len(), columns, named, |at| row[at].pos)?;
            let mut scalars = Vec::with_capacity(width);
            for (cell, &column) in row.iter().zip(columns) {
                let attr = &table.desc.attrs[column];
                let Attr { name, type_id, typmod, .. } = attr;
                if !matches!(cell.kind, ExprKind::Default) {
                    refuse_identity(attr, insert.overriding)?;
                }
                scalars.push(match cell.kind {
                    ExprKind::Default => self.default_of(table, column, &mut level)?,
                    _ => {
                        let value = self.expr(cell, &mut level)?;
                        self.assign(value, name, *type_id, *typmod)?
                    }
                });
            }
            bound.push(level.exprs(scalars));
        }
        for (at, &column) in columns.iter().take(width).enumerate() {
            values[column] = Scalar::Column(at);
        }
        let slots = (0..width).map(Scalar::Column).collect();
        Ok(super::super::bound::Query {
            values: Some(bound),
            targets: Exprs { waits: Vec::new(), scalars: slots },
            ..Default::default()
        })
    }

    pub fn update(&mut self, update: &ast::Update) -> Result<Update> {
        let mut level = Level::new("UPDATE");
        let table = self.target_table(&update.table, update.alias.as_ref(), &mut level)?;
        let from = self.joined(&update.from, &mut level)?;
        let filter = self.filter(update.filter.as_ref(), &mut level)?;
        let returning = self.returning(&update.returning, &mut level)?;
        level.clause = "UPDATE";
        let (values, _) = self.assignments(&table, &update.set, &mut level)?;
        let values = level.exprs(values);
        let checks = self.checks_of(&table)?;
        let system = level.scope.items[0].system_used;
        let (filter, from) = join_target(&table, filter, from, &level);
        Ok(Update { table, system, filter, from, values, checks, returning })
    }

    /// The items that the rows of a table are joined with, which do not see that table: the level's first item.
    fn joined(&mut self, items: &[FromItem], level: &mut Level) -> Result<Option<FromNode>> {
        level.first = 1;
        let clause = std::mem::replace(&mut level.clause, "FROM");
        let entered = self.enter_from(items)?;
        let from = self.from(items, level)?;
        self.from_items -= entered;
        (level.first, level.clause) = (0, clause);
        Ok(from)
    }

    /// What the columns of a table become, over a row of which it is the first part; and which of them are set.
    pub fn assignments(
        &mut self,
        table: &Table,
        assignments: &[Assignment],
        level: &mut Level,
    ) -> Result<(Vec<Scalar>, Vec<usize>)> {
        let mut values: Vec<Scalar> = (0..table.desc.natts()).map(Scalar::Column).collect();
        let mut set: Vec<usize> = Vec::new();
        for assignment in assignments {
            let at = column_of(table, &assignment.column, assignment.pos, true)?;
            if set.contains(&at) {
                let message = format!("multiple assignments to same column \"{}\"", assignment.column);
                return Err(Error::new(sqlstate::SYNTAX_ERROR, message));
            }
            set.push(at);
            let Attr { name, type_id, typmod, identity, .. } = &table.desc.attrs[at];
            if *identity == b'a' && !matches!(assignment.value.kind, ExprKind::Default) {
                let message = format!("column \"{name}\" can only be updated to DEFAULT");
                return Err(Error::new(sqlstate::GENERATED_ALWAYS, message)
                    .detail(format!("Column \"{name}\" is an identity column defined as GENERATED ALWAYS.")));
            }
            values[at] = match assignment.value.kind {
                ExprKind::Default => self.default_of(table, at, level)?,
                _ => {
                    let value = self.expr(&assignment.value, level)?;
                    self.assign(value, name, *type_id, *typmod)?
                }
            };
        }
        Ok((values, set))
    }

    pub fn delete(&mut self, delete: &ast::Delete) -> Result<Delete> {
        let mut level = Level::new("DELETE");
        let table = self.target_table(&delete.table, delete.alias.as_ref(), &mut level)?;
        let using = self.joined(&delete.using, &mut level)?;
        let filter = self.filter(delete.filter.as_ref(), &mut level)?;
        let returning = self.returning(&delete.returning, &mut level)?;
        let system = level.scope.items[0].system_used;
        let (filter, using) = join_target(&table, filter, using, &level);
        Ok(Delete { table, system, filter, using, returning })
    }

    fn returning(&mut self, list: &[Target], level: &mut Level) -> Result<Option<(Exprs, Vec<OutColumn>)>> {
        if list.is_empty() {
            return Ok(None);
        }
        level.clause = "RETURNING";
        let mut targets = self.targets(list, level)?;
        self.decide(&mut targets)?;
        let scalars = targets.values.into_iter().map(|value| value.scalar).collect();
        Ok(Some((level.exprs(scalars), targets.columns)))
    }
}

/// The query that finds the rows to be changed where they are joined with others: the table, its first item, then those;
/// it gives the whole row. WHERE is that query's then.
fn join_target(
    table: &Rc<Table>,
    filter: Vec<Exprs>,
    from: Option<FromNode>,
    level: &Level,
) -> (Vec<Exprs>, Option<Box<Query>>) {
    let Some(from) = from else { return (filter, None) };
    let mut from = pair(FromNode::Table(table.clone(), 0, true), from, JoinKind::Inner, Vec::new());
    mark_system(&mut from, &level.scope.items);
    if let FromNode::Join(join) = &mut from {
        // By its ctid a row is found again, by its xmin a foreign key knows who made it.
        join.left = FromNode::Table(table.clone(), 0, true);
    }
    let targets = Exprs { waits: Vec::new(), scalars: (0..level.scope.width).map(Scalar::Column).collect() };
    (Vec::new(), Some(Box::new(Query { from: Some(from), filter, targets, ..Query::default() })))
}

/// A column GENERATED ALWAYS takes no value, unless OVERRIDING says what to do with it.
fn refuse_identity(attr: &Attr, overriding: Option<bool>) -> Result<()> {
    if attr.identity != b'a' || overriding.is_some() {
        return Ok(());
    }
    let message = format!("cannot insert a non-DEFAULT value into column \"{}\"", attr.name);
    Err(Error::new(sqlstate::GENERATED_ALWAYS, message)
        .detail(format!("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", attr.name))
        .hint("Use OVERRIDING SYSTEM VALUE to override."))
}

/// The columns that an INSERT fills, from 0: those named, else all.
fn insert_columns(table: &Table, named: &[(Ident, Pos)]) -> Result<Vec<usize>> {
    if named.is_empty() {
        return Ok((0..table.desc.natts()).filter(|at| !table.desc.attrs[*at].dropped).collect());
    }
    let mut columns = Vec::with_capacity(named.len());
    for (name, pos) in named {
        let at = column_of(table, name, *pos, false)?;
        if columns.contains(&at) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message).at(pos.0));
        }
        columns.push(at);
    }
    Ok(columns)
}

/// The place of a column that is to be set; UPDATE knows of system columns, INSERT does not.
pub(super) fn column_of(table: &Table, name: &str, pos: Pos, update: bool) -> Result<usize> {
    if let Some(at) = table.desc.position(name) {
        return Ok(at);
    }
    if update && super::super::bound::SYSTEM_COLUMNS.iter().any(|(system, ..)| *system == name) {
        let message = format!("cannot assign to system column \"{name}\"");
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(pos.0));
    }
    let message = format!("column \"{name}\" of relation \"{}\" does not exist", table.name);
    Err(Error::new(sqlstate::UNDEFINED_COLUMN, message).at(pos.0))
}

/// A row must have no more values than there are columns, and no fewer than were named.
fn check_width(width: usize, columns: &[usize], named: &[(Ident, Pos)], place: impl Fn(usize) -> Pos) -> Result<()> {
    if width > columns.len() {
        let message = "INSERT has more expressions than target columns";
        return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(place(columns.len()).0));
    }
    if width < named.len() {
        let message = "INSERT has more target columns than expressions";
        return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(named[width].1.0));
    }
    Ok(())
}
