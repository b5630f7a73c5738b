//! What names mean: the tables of a FROM, their columns, and PostgreSQL's guess at what was meant where a name is
//! not found.

use super::super::ast::{Ident, Pos};
use super::super::bound::SYSTEM_COLUMNS;
use crate::ids::{Error, Oid, Result, sqlstate};
use crate::types::TypeId;
use std::rc::Rc;

/// A column that can be named.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub name: Rc<str>,
    pub ty: TypeId,
    pub typmod: i32,
    pub slot: usize,
    /// The table and the number of the column, or zeros.
    pub source: (Oid, i16),
}

/// A table, function or query in FROM.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// By which name its columns are qualified.
    pub name: Ident,
    /// The table's own schema and name; the schema counts only where there is no alias.
    pub table: Option<(Rc<str>, Rc<str>, Oid)>,
    pub aliased: bool,
    pub columns: Vec<Column>,
    /// The slot of its first system column, if it has any.
    pub system: Option<usize>,
    /// Whether one of them was asked for.
    pub system_used: bool,
}

/// The items of a FROM so far.
#[derive(Clone, Default, Debug)]
pub(super) struct Scope {
    pub items: Vec<Item>,
    /// The slots given.
    pub width: usize,
}

impl Scope {
    /// Adds an item; its name must be new.
    pub fn add(&mut self, item: Item) -> Result<()> {
        if self
            .items
            .iter()
            .any(|other| other.name == item.name && (other.aliased || item.aliased || same(other, &item)))
        {
            let message = format!("table name \"{}\" specified more than once", item.name);
            return Err(Error::new(sqlstate::DUPLICATE_ALIAS, message));
        }
        self.items.push(item);
        Ok(())
    }

    /// The column that a name of one to three parts means, among the items from `first` on.
    pub fn column(&mut self, path: &[Ident], first: usize, pos: Pos) -> Result<Column> {
        match path {
            [name] => self.unqualified(name, first, pos),
            [table, name] => self.qualified(None, table, name, first, pos),
            [schema, table, name] => self.qualified(Some(schema), table, name, first, pos),
            _ => Err(Error::internal("a column without a name")),
        }
    }

    fn unqualified(&mut self, name: &Ident, first: usize, pos: Pos) -> Result<Column> {
        let mut found: Option<Column> = None;
        for column in self.items[first..].iter().flat_map(|item| &item.columns).filter(|column| column.name == *name) {
            if found.replace(column.clone()).is_some() {
                return Err(ambiguous(name, pos));
            }
        }
        if let Some(column) = found {
            return Ok(column);
        }
        let mut holders = self.items[first..].iter_mut().filter(|item| item.system.is_some());
        match (holders.next().and_then(|item| item.system_column(name)), holders.next()) {
            (Some(_), Some(_)) => Err(ambiguous(name, pos)),
            (Some(column), None) => Ok(column),
            (None, _) => {
                let message = format!("column \"{name}\" does not exist");
                Err(self.with_hint(Error::new(sqlstate::UNDEFINED_COLUMN, message), None, name, first).at(pos.0))
            }
        }
    }

    fn qualified(
        &mut self,
        schema: Option<&Ident>,
        table: &Ident,
        name: &Ident,
        first: usize,
        pos: Pos,
    ) -> Result<Column> {
        let at = self.item(schema, table, first, pos)?;
        let item = &mut self.items[at];
        let mut named = item.columns.iter().filter(|column| column.name == *name);
        match (named.next(), named.next()) {
            (Some(_), Some(_)) => return Err(ambiguous(name, pos)),
            (Some(column), None) => return Ok(column.clone()),
            _ => {}
        }
        if let Some(column) = item.system_column(name) {
            return Ok(column);
        }
        let error = Error::new(sqlstate::UNDEFINED_COLUMN, format!("column {table}.{name} does not exist"));
        Err(self.with_hint(error, Some(table), name, first).at(pos.0))
    }

    /// The place of the item of this name.
    pub fn item(&self, schema: Option<&Ident>, table: &Ident, first: usize, pos: Pos) -> Result<usize> {
        let wanted = |item: &Item| match (schema, &item.table) {
            (None, _) => item.name == *table,
            (Some(schema), Some((own, name, _))) => !item.aliased && own == schema && name == table,
            (Some(_), None) => false,
        };
        let mut found = (first..self.items.len()).filter(|at| wanted(&self.items[*at]));
        match (found.next(), found.next()) {
            (Some(at), None) => return Ok(at),
            (Some(_), Some(_)) => {
                let message = format!("table reference \"{table}\" is ambiguous");
                return Err(Error::new(sqlstate::AMBIGUOUS_ALIAS, message).at(pos.0));
            }
            (None, _) => {}
        }
        if let Some(at) = self.items[..first].iter().position(wanted) {
            let message = format!("invalid reference to FROM-clause entry for table \"{table}\"");
            let detail = format!(
                "There is an entry for table \"{}\", but it cannot be referenced from this part of the query.",
                self.items[at].name
            );
            return Err(Error::new(sqlstate::UNDEFINED_TABLE, message).hint(detail).at(pos.0));
        }
        let aliased = |item: &&Item| item.aliased && item.table.as_ref().is_some_and(|(_, name, _)| name == table);
        match self.items[first..].iter().find(aliased) {
            Some(item) => {
                let message = format!("invalid reference to FROM-clause entry for table \"{table}\"");
                let hint = format!("Perhaps you meant to reference the table alias \"{}\".", item.name);
                Err(Error::new(sqlstate::UNDEFINED_TABLE, message).hint(hint).at(pos.0))
            }
            None => {
                let message = format!("missing FROM-clause entry for table \"{table}\"");
                Err(Error::new(sqlstate::UNDEFINED_TABLE, message).at(pos.0))
            }
        }
    }

    /// `searchRangeTableForCol`: the one or two columns whose names are nearest, if any is near enough.
    fn with_hint(&self, error: Error, table: Option<&Ident>, name: &str, first: usize) -> Error {
        let hidden = |item: &&Item| item.columns.iter().any(|column| &*column.name == name);
        if let Some(item) = self.items[..first].iter().find(hidden) {
            return error.hint(format!(
                "There is a column named \"{name}\" in table \"{}\", but it cannot be referenced from this part of the query.",
                item.name
            ));
        }
        let mut best = MAX_FUZZY_DISTANCE + 1;
        let mut near: Vec<String> = Vec::new();
        for item in &self.items[first..] {
            let penalty = table.map_or(0, |table| distance(table, &item.name).min(MAX_FUZZY_DISTANCE + 1));
            for column in &item.columns {
                let far = distance(name, &column.name);
                // More than half of it wrong is another word.
                if far > name.len() / 2 || far + penalty > best {
                    continue;
                }
                if far + penalty < best {
                    best = far + penalty;
                    near.clear();
                }
                near.push(format!("{}.{}", item.name, column.name));
            }
        }
        match &near[..] {
            [one] => error.hint(format!("Perhaps you meant to reference the column \"{one}\".")),
            [one, two] => {
                error.hint(format!("Perhaps you meant to reference the column \"{one}\" or the column \"{two}\"."))
            }
            _ => error,
        }
    }
}

impl Item {
    /// Whether a slot is one of its own.
    pub fn holds(&self, slot: usize) -> bool {
        self.columns.iter().any(|column| column.slot == slot)
            || self.system.is_some_and(|base| (base..base + SYSTEM_COLUMNS.len()).contains(&slot))
    }

    fn system_column(&mut self, name: &str) -> Option<Column> {
        let base = self.system?;
        let at = SYSTEM_COLUMNS.iter().position(|(own, ..)| *own == name)?;
        let (name, attnum, ty) = SYSTEM_COLUMNS[at];
        self.system_used = true;
        let table = self.table.as_ref().map_or(Oid(0), |(_, _, oid)| *oid);
        Some(Column { name: name.into(), ty, typmod: -1, slot: base + at, source: (table, attnum) })
    }
}

/// Whether two items without aliases are the same table.
fn same(a: &Item, b: &Item) -> bool {
    a.table.as_ref().map(|(schema, ..)| schema) == b.table.as_ref().map(|(schema, ..)| schema)
}

fn ambiguous(name: &str, pos: Pos) -> Error {
    Error::new(sqlstate::AMBIGUOUS_COLUMN, format!("column reference \"{name}\" is ambiguous")).at(pos.0)
}

/// `MAX_FUZZY_DISTANCE`
const MAX_FUZZY_DISTANCE: usize = 3;

/// Levenshtein's distance: how many characters must be added, removed or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in b.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
