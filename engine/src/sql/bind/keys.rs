//! The keys of a CREATE TABLE.

use super::super::ast::{CreateTable, Key};
use super::super::bound::{NewColumn, NewKey, SYSTEM_COLUMNS};
use crate::ids::{Error, Result, sqlstate};

/// `transformIndexConstraints`: the primary key first, then the others, of which two over the same columns are one. The
/// columns of the primary key become NOT NULL.
pub fn new_keys(create: &CreateTable, columns: &mut [NewColumn]) -> Result<Vec<NewKey>> {
    let mut keys: Vec<NewKey> = Vec::new();
    let mut primary: Option<NewKey> = None;
    for key in &create.keys {
        let places = places(key, columns)?;
        let new = NewKey { name: key.name.clone(), primary: key.primary, columns: places };
        if !key.primary {
            keys.push(new);
        } else if primary.replace(new).is_some() {
            let message = format!("multiple primary keys for table \"{}\" are not allowed", create.name.name);
            return Err(Error::new(sqlstate::INVALID_TABLE_DEFINITION, message).at(key.pos.0));
        }
    }
    let mut distinct: Vec<NewKey> = Vec::new();
    for key in primary.into_iter().chain(keys) {
        key.columns.iter().filter(|_| key.primary).for_each(|column| columns[*column].not_null = true);
        match distinct.iter_mut().find(|known| known.columns == key.columns) {
            Some(known) => known.name = known.name.take().or(key.name),
            None => distinct.push(key),
        }
    }
    Ok(distinct)
}

fn places(key: &Key, columns: &[NewColumn]) -> Result<Vec<usize>> {
    let kind = if key.primary { "primary key" } else { "unique" };
    let mut places = Vec::with_capacity(key.columns.len());
    for name in &key.columns {
        if SYSTEM_COLUMNS.iter().any(|(system, ..)| *system == &**name) {
            return Err(Error::unsupported("index creation on system columns"));
        }
        let Some(place) = columns.iter().position(|column| column.name == *name) else {
            let message = format!("column \"{name}\" named in key does not exist");
            return Err(Error::new(sqlstate::UNDEFINED_COLUMN, message).at(key.pos.0));
        };
        if places.contains(&place) {
            let message = format!("column \"{name}\" appears twice in {kind} constraint");
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message).at(key.pos.0));
        }
        places.push(place);
    }
    Ok(places)
}
