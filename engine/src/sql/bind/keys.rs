//! The keys of a CREATE TABLE, and of an ALTER TABLE.

use super::super::ast::{ConstraintKind, Ident, Pos, TableConstraint};
use super::super::bound::{NewColumn, NewKey, SYSTEM_COLUMNS};
use crate::ids::{Error, Result, sqlstate};

/// `transformIndexConstraints`: the primary key first, then the others, of which two over the same columns are one. The
/// columns of the primary key become NOT NULL.
pub fn new_keys(table: &str, constraints: &[TableConstraint], columns: &mut [NewColumn]) -> Result<Vec<NewKey>> {
    let mut keys: Vec<NewKey> = Vec::new();
    let mut primary: Option<NewKey> = None;
    for constraint in constraints {
        let ConstraintKind::Key(is_primary, names, included) = &constraint.kind else { continue };
        let kind = if *is_primary { "primary key" } else { "unique" };
        let known: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        let places = key_places(kind, names, constraint.pos, &known)?;
        let included = key_places(kind, included, constraint.pos, &known)?;
        let new = NewKey { name: constraint.name.clone(), primary: *is_primary, columns: places, included };
        if !is_primary {
            keys.push(new);
        } else if primary.replace(new).is_some() {
            let message = format!("multiple primary keys for table \"{table}\" are not allowed");
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message).at(constraint.pos.0));
        }
    }
    let mut distinct: Vec<NewKey> = Vec::new();
    for key in primary.into_iter().chain(keys) {
        key.columns.iter().filter(|_| key.primary).for_each(|column| columns[*column].not_null = true);
        match distinct.iter_mut().find(|known| known.columns == key.columns && known.included == key.included) {
            Some(known) => known.name = known.name.take().or(key.name),
            None => distinct.push(key),
        }
    }
    Ok(distinct)
}

/// The places of the columns of a key among those of its table.
pub fn key_places(kind: &str, names: &[Ident], pos: Pos, columns: &[&str]) -> Result<Vec<usize>> {
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        if SYSTEM_COLUMNS.iter().any(|(system, ..)| *system == &**name) {
            return Err(Error::unsupported("index creation on system columns"));
        }
        let Some(place) = columns.iter().position(|column| *column == &**name) else {
            let message = format!("column \"{name}\" named in key does not exist");
            return Err(Error::new(sqlstate::UNDEFINED_COLUMN, message).at(pos.0));
        };
        if places.contains(&place) {
            let message = format!("column \"{name}\" appears twice in {kind} constraint");
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message).at(pos.0));
        }
        places.push(place);
    }
    Ok(places)
}
