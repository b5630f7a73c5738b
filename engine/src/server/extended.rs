//! The extended protocol: a statement is parsed, gets its values, and is run, each by a message of its own.
//!
//! ```text
//!   Parse ──► Prepared ── Bind ──► Portal ── Execute 10 ──► ten rows, PortalSuspended
//!                                          ── Execute 10 ──► four rows, CommandComplete
//! ```
//!
//! PostgreSQL: `exec_parse_message` and its like in `tcop/postgres.c`.

use super::prepared::Prepared;
use super::protocol::{BackendMessage, Bind, Bytes, Format, FrontendMessage, Target};
use super::session::Session;
use super::statement::{Parameters, Part};
use super::statement_log::log_level;
use super::values::{describe, format_row, read_parameter};
use crate::ids::{Error, Oid, Result, sqlstate};
use crate::sql::ast::Statement;
use crate::sql::exec;
use crate::trace::Event;
use crate::types::{Datum, TypeId};
use std::cell::Cell;
use std::rc::Rc;

/// A prepared statement with its values.
pub(super) struct Portal {
    prepared: Rc<Prepared>,
    parameters: Parameters,
    formats: Vec<Format>,
    rest: Rest,
    /// The level of the transaction at which it was made.
    pub(super) level: usize,
}

/// What is left of a portal.
enum Rest {
    /// All: it has not run.
    All,
    /// A query that has stopped at the number of rows that was asked for.
    Query(exec::Portal, Vec<TypeId>),
    /// Rows that are there already, and the command's tag: a statement that changes rows runs to its end at once.
    Rows(std::vec::IntoIter<Vec<Option<Bytes>>>, String),
}

impl Session {
    pub(super) async fn extended(&mut self, message: FrontendMessage) -> Result<()> {
        match message {
            FrontendMessage::Parse { name, query, parameter_types } => self.parse(name, &query, &parameter_types).await,
            FrontendMessage::Bind(bind) => self.bind(bind),
            FrontendMessage::Describe(target) => self.describe(&target),
            FrontendMessage::Execute { portal, max_rows } => self.execute(&portal, max_rows).await,
            FrontendMessage::Close(target) => {
                match target {
                    Target::Statement(name) => drop(self.prepared.borrow_mut().remove(&name)),
                    Target::Portal(name) => {
                        self.portals.remove(&name);
                        self.cursors.borrow_mut().remove(&name);
                    }
                }
                self.send(BackendMessage::CloseComplete);
                Ok(())
            }
            FrontendMessage::Flush | FrontendMessage::Terminate => Ok(()),
            FrontendMessage::Query(_) | FrontendMessage::Sync => Ok(()),
            // Left over from a COPY that has failed.
            FrontendMessage::CopyData(_) | FrontendMessage::CopyDone | FrontendMessage::CopyFail(_) => Ok(()),
        }
    }

    async fn parse(&mut self, name: String, query: &str, parameter_types: &[Oid]) -> Result<()> {
        self.note_query(query);
        self.env.cx.point(Event::Query).await;
        if !name.is_empty() {
            self.refuse_name(&name)?;
        }
        let prepared = self.prepare(query, parameter_types).await?;
        self.prepared.borrow_mut().insert(name, Rc::new(prepared));
        self.send(BackendMessage::ParseComplete);
        Ok(())
    }

    async fn prepare(&mut self, query: &str, parameter_types: &[Oid]) -> Result<Prepared> {
        let mut script = self.shapes.check(query, &mut |_| ())?;
        if script.len() > 1 {
            let message = "cannot insert multiple commands into a prepared statement";
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message));
        }
        let statement = match script.is_empty() {
            true => None,
            false => Some(self.shapes.statement(query, &mut script, 0)?),
        };
        if let Some(parsed) = &statement {
            self.refuse_if_failed(&parsed.statement)?;
        }
        self.start_command()?;
        let known: Vec<Option<TypeId>> = parameter_types.iter().map(|oid| TypeId::from_oid(*oid)).collect();
        let (parameter_types, columns) = match &statement {
            Some(parsed) => {
                let described = self.describe_statement(&parsed.statement, &known).await;
                described.map_err(|error| parsed.place.put(query, error))?
            }
            None => (Vec::new(), None),
        };
        let statement = statement.map(|parsed| (parsed.statement, parsed.place));
        let made = self.env.xact.borrow().statement_started;
        let runs = Cell::new(0);
        Ok(Prepared { text: query.into(), statement, parameter_types, columns, made, from_sql: false, runs })
    }

    fn bind(&mut self, bind: Bind) -> Result<()> {
        let prepared = self.find_prepared(&bind.statement)?;
        let wanted = prepared.parameter_types.len();
        if bind.parameters.len() != wanted {
            let message = format!(
                "bind message supplies {} parameters, but prepared statement \"{}\" requires {wanted}",
                bind.parameters.len(),
                bind.statement
            );
            return Err(Error::new(sqlstate::PROTOCOL_VIOLATION, message));
        }
        self.start_command()?;
        let mut parameters = Vec::with_capacity(wanted);
        for (n, (value, ty)) in bind.parameters.iter().zip(&prepared.parameter_types).enumerate() {
            parameters.push(match value {
                None => Datum::Null,
                Some(bytes) => read_parameter(bytes, *ty, Format::of_item(&bind.parameter_formats, n))?,
            });
        }
        let types = prepared.parameter_types.clone();
        let parameters = Parameters { types, values: parameters, of: Some(prepared.clone()) };
        let level = self.env.xact.borrow().level();
        let portal = Portal { prepared, parameters, formats: bind.result_formats, rest: Rest::All, level };
        self.portals.insert(bind.portal, portal);
        self.send(BackendMessage::BindComplete);
        Ok(())
    }

    fn describe(&mut self, target: &Target) -> Result<()> {
        let (columns, formats) = match target {
            Target::Statement(name) => {
                let prepared = self.find_prepared(name)?;
                let types = prepared.parameter_types.iter().map(|ty| ty.oid()).collect();
                self.send(BackendMessage::ParameterDescription(types));
                (prepared.columns.clone(), Vec::new())
            }
            // A cursor is a portal too.
            Target::Portal(name) if !self.portals.contains_key(name) && self.cursors.borrow().contains_key(name) => {
                (Some(self.cursor_columns(name)?), Vec::new())
            }
            Target::Portal(name) => {
                let portal = self.find_portal(name)?;
                (portal.prepared.columns.clone(), portal.formats.clone())
            }
        };
        self.send(match columns {
            Some(columns) => BackendMessage::RowDescription(describe(&columns, &formats)?),
            None => BackendMessage::NoData,
        });
        Ok(())
    }

    fn find_portal(&self, name: &str) -> Result<&Portal> {
        let missing = || Error::new(sqlstate::INVALID_CURSOR_NAME, format!("portal \"{name}\" does not exist"));
        self.portals.get(name).ok_or_else(missing)
    }

    async fn execute(&mut self, name: &str, max_rows: u32) -> Result<()> {
        let portal = self.find_portal(name)?;
        let limit = if max_rows == 0 { usize::MAX } else { max_rows as usize };
        let Some((_, place)) = &portal.prepared.statement else {
            self.send(BackendMessage::EmptyQueryResponse);
            return Ok(());
        };
        let (place, text) = (place.clone(), portal.prepared.text.clone());
        let result = match portal.rest {
            Rest::All => self.run_portal(name, limit).await,
            Rest::Query(..) | Rest::Rows(..) => self.go_on(name, limit).await,
        };
        result.map_err(|error| place.put(&text, error))
    }

    /// Runs a portal: a query as far as rows are asked for, all else to its end.
    async fn run_portal(&mut self, name: &str, limit: usize) -> Result<()> {
        let portal = self.find_portal(name)?;
        let Some((statement, _)) = portal.prepared.statement.clone() else { return Ok(()) };
        let (parameters, formats) = (portal.parameters.clone(), portal.formats.clone());
        let text = portal.prepared.text.clone();
        self.refuse_if_failed(&statement)?;
        self.note_query(&text);
        self.begin_running(&text);
        let begun = self.env.cx.now();
        let logged = self.log_statement("execute <unnamed>", &text, log_level(&statement));
        self.start_command()?;
        if limit < usize::MAX
            && let Statement::Query(_) = statement
        {
            let rest = self.begin_query(&statement, &parameters).await?;
            if let Some(portal) = self.portals.get_mut(name) {
                portal.rest = rest;
            }
            return self.go_on(name, limit).await;
        }
        let mut rows = Vec::new();
        let mut types: Vec<TypeId> = Vec::new();
        let tag = self
            .run_statement(statement, &parameters, false, &mut |part| {
                match part {
                    Part::Columns(columns) => types = columns.iter().map(|c| c.ty).collect(),
                    Part::Row(row) => rows.push(format_row(row, &types, &formats)?),
                }
                Ok(())
            })
            .await?;
        self.stop_timing();
        self.end_statement();
        self.log_duration("execute <unnamed>", &text, begun, logged);
        match self.portals.get_mut(name) {
            Some(portal) => {
                portal.rest = Rest::Rows(rows.into_iter(), tag);
                self.go_on(name, limit).await
            }
            None => {
                // The statement has ended its own transaction, and all portals with it.
                rows.into_iter().for_each(|row| self.send(BackendMessage::DataRow(row)));
                self.send(BackendMessage::CommandComplete(tag));
                Ok(())
            }
        }
    }

    /// A query that will be run in parts.
    async fn begin_query(&mut self, statement: &Statement, parameters: &Parameters) -> Result<Rest> {
        let bound = self.bind_with(statement, parameters).await?;
        self.refuse_to_write(statement)?;
        let types = bound.statement.columns().unwrap_or_default().iter().map(|column| column.ty).collect();
        let snapshot = self.env.take_snapshot();
        Ok(Rest::Query(exec::Portal::new(self.fx.clone(), Rc::new(bound), parameters.values.clone(), snapshot), types))
    }

    /// Sends the next rows of a portal.
    async fn go_on(&mut self, name: &str, limit: usize) -> Result<()> {
        let Some(mut portal) = self.portals.remove(name) else { return Ok(()) };
        let (client, world) = (self.client.clone(), self.env.cx.world().clone());
        self.send_notices();
        let mut sent = 0;
        let tag = match &mut portal.rest {
            Rest::Rows(rows, tag) => {
                for row in rows.by_ref().take(limit) {
                    client.send(&world, BackendMessage::DataRow(row));
                    sent += 1;
                }
                tag.clone()
            }
            Rest::Query(query, types) => {
                for row in query.fetch(limit).await? {
                    client.send(&world, BackendMessage::DataRow(format_row(&row, types, &portal.formats)?));
                    sent += 1;
                }
                self.stop_timing();
                self.end_statement();
                format!("SELECT {sent}")
            }
            Rest::All => return Err(Error::internal("a portal that has not run")),
        };
        // Whether there are more is known when somebody asks for them.
        let all = sent < limit;
        self.send(if all { BackendMessage::CommandComplete(tag) } else { BackendMessage::PortalSuspended });
        self.portals.insert(name.to_string(), portal);
        Ok(())
    }
}
