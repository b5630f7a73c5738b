//! nextval() and its kin. Each session remembers what it has last been given, and numbers that it took ahead (CACHE).

use super::{FnCtx, Registry};
use crate::access::sequence::{self, SequenceState, Taken};
use crate::catalog::{Table, sequence as catalog};
use crate::ids::{Error, LockMode, Oid, Result, sqlstate};
use crate::small;
use crate::types::{Datum, TypeId};
use TypeId::{Bool, Int8, Regclass};
use std::cell::RefCell;
use std::rc::Rc;

/// What a session remembers of sequences.
#[derive(Default)]
pub struct SessionSequences {
    /// Of each: the number last given, and the last that was taken ahead.
    known: RefCell<small::Map<Oid, Taken>>,
    /// Which one was used last.
    last: RefCell<Option<Oid>>,
}

impl SessionSequences {
    /// DISCARD SEQUENCES: as if none had been used.
    pub fn forget(&self) {
        self.known.borrow_mut().clear();
        *self.last.borrow_mut() = None;
    }
}

pub(super) fn add(registry: &mut Registry) {
    registry.waiting("nextval", &[Regclass], Int8, |cx, args| Box::pin(nextval(cx, args)));
    registry.waiting("currval", &[Regclass], Int8, |cx, args| Box::pin(currval(cx, args)));
    registry.waiting("lastval", &[], Int8, |cx, _| Box::pin(lastval(cx)));
    registry.waiting("setval", &[Regclass, Int8], Int8, |cx, args| Box::pin(setval(cx, args, true)));
    registry.waiting("setval", &[Regclass, Int8, Bool], Int8, |cx, args| {
        Box::pin(async { setval(cx, args, args[2].as_bool()?).await })
    });
}

/// A sequence, locked against being dropped.
async fn open(cx: &FnCtx, arg: &Datum) -> Result<Rc<Table>> {
    let oid = Oid(arg.as_u32()?);
    let table = cx.catalog.open_by_oid(&cx.env, oid, LockMode::RowExclusive).await?;
    if table.class.kind == b'S' {
        return Ok(table);
    }
    Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is not a sequence", table.name)))
}

fn refuse_in_read_only(cx: &FnCtx, function: &str) -> Result<()> {
    if !cx.env.xact.borrow().read_only {
        return Ok(());
    }
    let message = format!("cannot execute {function}() in a read-only transaction");
    Err(Error::new(sqlstate::READ_ONLY_SQL_TRANSACTION, message))
}

async fn nextval(cx: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let table = open(cx, &args[0]).await?;
    refuse_in_read_only(cx, "nextval")?;
    let rules = catalog::read(&cx.env, table.oid).await?.rules;
    *cx.sequences.last.borrow_mut() = Some(table.oid);
    let ahead = cx.sequences.known.borrow().get(&table.oid).copied().filter(|taken| taken.first != taken.last);
    let taken = match ahead {
        Some(taken) => Taken { first: taken.first + rules.increment, ..taken },
        None => sequence::next_value(&cx.env, &table.rel, &rules).await?,
    };
    cx.sequences.known.borrow_mut().insert(table.oid, taken);
    Ok(Datum::Int8(taken.first))
}

async fn currval(cx: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let table = open(cx, &args[0]).await?;
    match cx.sequences.known.borrow().get(&table.oid) {
        Some(taken) => Ok(Datum::Int8(taken.first)),
        None => {
            let message = format!("currval of sequence \"{}\" is not yet defined in this session", table.name);
            Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, message))
        }
    }
}

async fn lastval(cx: &FnCtx) -> Result<Datum> {
    let undefined = || {
        let message = "lastval is not yet defined in this session";
        Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
    };
    let last = cx.sequences.last.borrow().ok_or_else(undefined)?;
    // It may have been dropped since.
    cx.catalog.table_by_oid(&cx.env, last).await?.ok_or_else(undefined)?;
    let known = cx.sequences.known.borrow().get(&last).copied().ok_or_else(undefined)?;
    Ok(Datum::Int8(known.first))
}

async fn setval(cx: &FnCtx, args: &[Datum], is_called: bool) -> Result<Datum> {
    let table = open(cx, &args[0]).await?;
    refuse_in_read_only(cx, "setval")?;
    let (value, rules) = (args[1].as_int()?, catalog::read(&cx.env, table.oid).await?.rules);
    if !(rules.min..=rules.max).contains(&value) {
        let message = format!(
            "setval: value {value} is out of bounds for sequence \"{}\" ({}..{})",
            table.name, rules.min, rules.max
        );
        return Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, message));
    }
    sequence::set_value(&cx.env, &table.rel, value, is_called).await?;
    let SequenceState { last_value, .. } = sequence::read(&cx.env, &table.rel).await?;
    if is_called {
        cx.sequences.known.borrow_mut().insert(table.oid, Taken { first: last_value, last: last_value });
    } else if let Some(known) = cx.sequences.known.borrow_mut().get_mut(&table.oid) {
        known.last = known.first;
    }
    Ok(Datum::Int8(value))
}
