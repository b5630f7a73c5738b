//! Prepared statements, which the protocol's Parse and SQL's PREPARE make alike, and DISCARD.
//!
//! A prepared statement is its tree, with the types of its parameters and the columns of its rows; each time it runs it is
//! bound anew, as PostgreSQL's custom plans are made anew. If its columns are others by then, it is refused.
//!
//! PostgreSQL: `commands/prepare.c`, `utils/cache/plancache.c`.

use super::session::Session;
use super::statement::{Parameters, Sink};
use crate::catalog::temporary;
use crate::ids::{Error, Result, TimestampTz, sqlstate};
use crate::small;
use crate::sql::ast::{Discard, Execute, Ident, Prepare, Statement};
use crate::sql::bind;
use crate::sql::bound::{OutColumn, Row};
use crate::sql::exec;
use crate::sql::parse::Place;
use crate::types::{Datum, TypeId};
use std::cell::Cell;
use std::rc::Rc;

/// A prepared statement.
pub(super) struct Prepared {
    pub(super) text: Rc<str>,
    /// None for an empty query string.
    pub(super) statement: Option<(Statement, Place)>,
    pub(super) parameter_types: Vec<TypeId>,
    /// The columns of its rows, if it returns any.
    pub(super) columns: Option<Vec<OutColumn>>,
    /// When it was prepared.
    pub(super) made: TimestampTz,
    /// Whether by PREPARE.
    pub(super) from_sql: bool,
    /// How often it has run.
    pub(super) runs: Cell<i64>,
}

/// The prepared statements of a session, by name.
pub(super) type PreparedStatements = small::Map<String, Rc<Prepared>>;

impl Prepared {
    /// `pg_prepared_statements`
    pub(super) fn shown(&self, name: &str) -> Row {
        let types: Vec<Datum> = self.parameter_types.iter().map(|ty| Datum::Oid(ty.oid())).collect();
        // A plan that knows its parameters is a custom one; without any it is the same each time.
        let runs = self.runs.get();
        let (generic, custom) = if self.parameter_types.is_empty() { (runs, 0) } else { (0, runs) };
        vec![
            Datum::text(name),
            Datum::text(self.text.clone()),
            Datum::TimestampTz(self.made),
            Datum::array(TypeId::Regtype, types),
            Datum::Bool(self.from_sql),
            Datum::Int8(generic),
            Datum::Int8(custom),
        ]
    }
}

impl Session {
    /// PREPARE.
    pub(super) async fn prepare_sql(&mut self, prepare: Prepare) -> Result<()> {
        let Prepare { name, types, statement } = prepare;
        let known = types.iter().map(|ty| bind::type_of(ty).map(|(ty, _)| Some(ty))).collect::<Result<Vec<_>>>()?;
        let (parameter_types, columns) = self.describe_statement(&statement, &known).await?;
        self.refuse_name(&name)?;
        let prepared = Prepared {
            text: self.running.clone().unwrap_or_default(),
            statement: Some((*statement, Place::default())),
            parameter_types,
            columns,
            made: self.env.xact.borrow().statement_started,
            from_sql: true,
            runs: Cell::new(0),
        };
        self.prepared.borrow_mut().insert(name.to_string(), Rc::new(prepared));
        Ok(())
    }

    /// A name must be new.
    pub(super) fn refuse_name(&self, name: &str) -> Result<()> {
        if !self.prepared.borrow().contains_key(name) {
            return Ok(());
        }
        let message = format!("prepared statement \"{name}\" already exists");
        Err(Error::new(sqlstate::DUPLICATE_PREPARED_STATEMENT, message))
    }

    pub(super) fn find_prepared(&self, name: &str) -> Result<Rc<Prepared>> {
        let missing = || {
            let what = if name.is_empty() {
                "unnamed prepared statement".into()
            } else {
                format!("prepared statement \"{name}\"")
            };
            Error::new(sqlstate::INVALID_SQL_STATEMENT_NAME, format!("{what} does not exist"))
        };
        self.prepared.borrow().get(name).cloned().ok_or_else(missing)
    }

    /// What EXECUTE runs: the statement, and the values of its parameters.
    pub(super) async fn executed(&mut self, execute: &Execute) -> Result<(Statement, Parameters)> {
        let Execute { name, args } = execute;
        let prepared = self.find_prepared(name)?;
        let Some((statement, _)) = prepared.statement.clone() else {
            return Err(Error::internal("an empty statement was prepared"));
        };
        let types = prepared.parameter_types.clone();
        let bound = self.with_tables(|view| bind::arguments(name, args, &types, view, &self.functions)).await?;
        let mut values = Vec::new();
        exec::run(&self.fx, &bound, &[], &mut |row| {
            values = row.to_vec();
            Ok(())
        })
        .await?;
        self.env.release_work();
        Ok((statement, Parameters { types, values, of: Some(prepared) }))
    }

    /// EXECUTE. Returns the tag of the statement that was run.
    pub(super) async fn execute_sql(&mut self, execute: &Execute, sink: Sink<'_>) -> Result<String> {
        let (statement, parameters) = self.executed(execute).await?;
        self.refuse_to_write(&statement)?;
        // Its places are those of another text.
        self.run_bound(&statement, &parameters, sink).await.map_err(Error::nowhere)
    }

    /// DEALLOCATE of one, or of all.
    pub(super) fn deallocate(&mut self, name: Option<&Ident>) -> Result<&'static str> {
        let Some(name) = name else {
            self.prepared.borrow_mut().clear();
            return Ok("DEALLOCATE ALL");
        };
        self.find_prepared(name)?;
        self.prepared.borrow_mut().remove(&**name);
        Ok("DEALLOCATE")
    }

    /// DISCARD; ALL makes the session as if it had just begun.
    pub(super) async fn discard(&mut self, what: Discard, several: bool) -> Result<&'static str> {
        match what {
            Discard::Plans => return Ok("DISCARD PLANS"),
            Discard::Sequences => {
                self.fx.sequences.forget();
                return Ok("DISCARD SEQUENCES");
            }
            Discard::Temp => {
                temporary::drop_all(&self.env, &self.catalog).await?;
                return Ok("DISCARD TEMP");
            }
            Discard::All => self.forbid_in_block("DISCARD ALL", several)?,
        }
        self.portals.clear();
        self.cursors.borrow_mut().clear();
        self.reset(None)?;
        self.prepared.borrow_mut().clear();
        self.env.release_owners(|owner| owner == crate::txn::LockOwner::Session);
        temporary::drop_all(&self.env, &self.catalog).await?;
        self.fx.sequences.forget();
        Ok("DISCARD ALL")
    }
}
