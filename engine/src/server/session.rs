//! A session: what a backend remembers of its client, and how it answers each message.

use crate::small;
use std::cell::Cell;
use std::rc::Rc;

use super::port::ClientSender;
use super::protocol::{BackendMessage, Bind, Bytes, Format, FrontendMessage, Target, TransactionStatus};
use super::shared::{Server, SessionState};
use super::statement::Parameters;
use super::statement_log::log_level;
use super::values::{describe, format_row, read_parameter};
use crate::catalog::Catalog;
use crate::ids::{Error, Instant, Oid, Result, Severity, TimestampTz, sqlstate};
use crate::settings::Setting;
use crate::sql::ast::Statement;
use crate::sql::bound::OutColumn;
use crate::sql::functions::{FnCtx, Registry};
use crate::sql::parse::{Parsed, Place, Shapes};
use crate::trace::{Event, TxStatus};
use crate::txn::{BlockState, DatabaseCounter, Env};
use crate::types::{Datum, TypeId};

/// Settings of which the client is told whenever they change; in the order in which PostgreSQL tells them first.
pub(super) const REPORTED: [Setting; 13] = [
    Setting::application_name,
    Setting::client_encoding,
    Setting::DateStyle,
    Setting::default_transaction_read_only,
    Setting::in_hot_standby,
    Setting::integer_datetimes,
    Setting::IntervalStyle,
    Setting::is_superuser,
    Setting::server_encoding,
    Setting::server_version,
    Setting::session_authorization,
    Setting::standard_conforming_strings,
    Setting::TimeZone,
];

/// A prepared statement.
pub(super) struct Prepared {
    pub(super) text: Rc<str>,
    /// None for an empty query string.
    pub(super) statement: Option<(Statement, Place)>,
    pub(super) parameter_types: Vec<TypeId>,
    /// The columns of its rows, if it returns any.
    pub(super) columns: Option<Vec<OutColumn>>,
}

/// A prepared statement with its values; after a partial run, the rows that are left.
pub(super) struct Portal {
    pub(super) prepared: Rc<Prepared>,
    pub(super) parameters: Parameters,
    pub(super) formats: Vec<Format>,
    /// The rows not yet fetched, and the command's tag; none before the first run.
    pub(super) rest: Option<(std::vec::IntoIter<Vec<Option<Bytes>>>, String)>,
    /// The level of the transaction at which it was made.
    pub(super) level: usize,
}

/// A backend's session.
pub(super) struct Session {
    pub(super) server: Rc<Server>,
    pub(super) env: Env,
    pub(super) fx: FnCtx,
    pub(super) catalog: Rc<Catalog>,
    pub(super) functions: Rc<Registry>,
    pub(super) client: ClientSender,
    pub(super) prepared: small::Map<String, Rc<Prepared>>,
    pub(super) portals: small::Map<String, Portal>,
    /// Up to when the session's time is counted.
    pub(super) accounted: Cell<TimestampTz>,
    /// When what was counted should be handed in, should nothing else happen before.
    pub(super) stats_due: Option<Instant>,
    /// What the client was last told of the settings that it wants to know.
    pub(super) told: [String; REPORTED.len()],
    /// Where the settings stood at each savepoint.
    pub(super) saved: Vec<usize>,
    /// Statements run in this block so far.
    pub(super) statements_in_block: u64,
    /// The text of what runs now.
    pub(super) running: Option<Rc<str>>,
    /// Whether that text speaks of regclass: then the names of all relations are looked up.
    pub(super) names_relations: bool,
    /// After an error in the extended protocol everything up to the next Sync is skipped.
    skipping: bool,
    /// Whether `statement_timeout` counts.
    pub(super) timing: bool,
    /// The shapes of statements that it has parsed.
    shapes: Shapes,
}

impl Session {
    pub(super) fn new(server: Rc<Server>, env: Env, fx: FnCtx, client: ClientSender) -> Session {
        let now = env.cx.timestamp();
        Session {
            functions: server.functions(),
            server,
            env,
            catalog: fx.catalog.clone(),
            fx,
            client,
            prepared: small::Map::new(),
            portals: small::Map::new(),
            accounted: Cell::new(now),
            stats_due: None,
            told: Default::default(),
            saved: Vec::new(),
            statements_in_block: 0,
            running: None,
            names_relations: false,
            skipping: false,
            timing: false,
            shapes: Shapes::default(),
        }
    }

    pub(super) fn send(&self, message: BackendMessage) {
        self.client.send(self.env.cx.world(), message);
    }

    /// Answers one message. An error ends the session.
    pub(super) async fn handle(&mut self, message: FrontendMessage) -> Result<()> {
        if !self.timing {
            self.env.cx.set_alarm(None);
        }
        if let FrontendMessage::Query(text) = message {
            self.skipping = false;
            return self.simple_query(&text).await;
        }
        if message == FrontendMessage::Sync {
            return self.sync().await;
        }
        if self.skipping {
            return Ok(());
        }
        if let Err(error) = self.extended(message).await {
            self.skipping = true;
            return self.report(error).await;
        }
        Ok(())
    }

    /// Where the session stands, as ReadyForQuery says it.
    pub(super) async fn ready(&mut self) {
        self.send_notices();
        self.stop_timing();
        self.tell_settings();
        let (status, state) = match self.block() {
            BlockState::Idle | BlockState::Implicit => (TransactionStatus::Idle, SessionState::Idle),
            BlockState::InBlock => (TransactionStatus::InBlock, SessionState::IdleInTransaction),
            BlockState::Failed => (TransactionStatus::Failed, SessionState::IdleInTransactionAborted),
        };
        self.note_state(state);
        self.stats_due = if state == SessionState::Idle { self.report_stats(false) } else { None };
        self.send(BackendMessage::ReadyForQuery(status));
        let status = match status {
            TransactionStatus::Idle => TxStatus::Idle,
            TransactionStatus::InBlock => TxStatus::InBlock,
            TransactionStatus::Failed => TxStatus::Failed,
        };
        self.env.cx.point(Event::ReadyForQuery { status }).await;
        self.time_the_client();
    }

    pub(super) fn send_notices(&self) {
        self.log_temp_files();
        let notices = std::mem::take(&mut *self.env.notices.borrow_mut());
        for notice in notices {
            if notice.report().severity > Severity::Info {
                self.log_error(&notice);
            }
            self.send(BackendMessage::NoticeResponse(notice));
        }
    }

    /// Tells the client of an error and has the transaction fail. A fatal one is handed on.
    async fn report(&mut self, error: Error) -> Result<()> {
        self.send_notices();
        self.stop_timing();
        let report = error.report();
        self.env.cx.emit(Event::ErrorReport { sqlstate: report.code.0 });
        match report.code {
            sqlstate::DEADLOCK_DETECTED => self.env.stats.count_database(DatabaseCounter::Deadlocks, 1),
            sqlstate::SERIALIZATION_FAILURE if self.env.txns.procs.in_recovery() => {
                self.env.stats.count_database(DatabaseCounter::Conflicts, 1);
            }
            _ => {}
        }
        if report.severity >= Severity::Fatal {
            return Err(error);
        }
        self.log_error(&error);
        self.fail().await?;
        self.send(BackendMessage::ErrorResponse(error));
        Ok(())
    }

    /// From here on this text runs.
    fn begin_running(&mut self, text: &str) {
        self.names_relations = text.to_ascii_lowercase().contains("regclass");
        self.running = Some(text.into());
    }

    // --- the simple protocol ---------------------------------------------------------------------------------

    async fn simple_query(&mut self, text: &str) -> Result<()> {
        let begun = self.env.cx.now();
        self.note_query(text);
        self.begin_running(text);
        self.env.cx.point(Event::Query).await;
        match self.run_query_string(text).await {
            Ok(logged) => self.log_duration("statement", text, begun, logged),
            Err(error) => self.report(error).await?,
        }
        self.running = None;
        self.ready().await;
        Ok(())
    }

    /// Parses all of a query string before the first statement is run. Returns whether it was logged.
    async fn run_query_string(&mut self, text: &str) -> Result<bool> {
        let mut level = i64::MAX;
        let mut script = self.shapes.check(text, &mut |statement| level = level.min(log_level(statement)))?;
        let Some(last) = script.len().checked_sub(1) else {
            self.send(BackendMessage::EmptyQueryResponse);
            return Ok(false);
        };
        let logged = self.log_statement("statement", text, level);
        for n in 0..=last {
            let Parsed { statement, place } = self.shapes.statement(text, &mut script, n)?;
            self.refuse_if_failed(&statement)?;
            self.start_command()?;
            let counts = statement.takes_snapshot();
            let tag = self.run_shown(statement, last > 0).await.map_err(|error| place.put(text, error))?;
            self.stop_timing();
            self.end_statement();
            self.statements_in_block += u64::from(counts && self.block() != BlockState::Idle);
            if n == last {
                self.finish_command().await?;
            }
            self.send_notices();
            self.send(BackendMessage::CommandComplete(tag));
        }
        Ok(logged)
    }

    /// In a failed transaction only its end is heard.
    fn refuse_if_failed(&self, statement: &Statement) -> Result<()> {
        let ends =
            matches!(statement, Statement::Commit { .. } | Statement::Rollback { .. } | Statement::RollbackTo(_));
        if self.block() != BlockState::Failed || ends {
            return Ok(());
        }
        let message = "current transaction is aborted, commands ignored until end of transaction block";
        Err(Error::new(sqlstate::IN_FAILED_SQL_TRANSACTION, message))
    }

    /// Runs a statement and sends its rows as text. Returns the command's tag.
    async fn run_shown(&mut self, statement: Statement, several: bool) -> Result<String> {
        let (client, notices) = (self.client.clone(), self.env.notices.clone());
        let world = self.env.cx.world().clone();
        let mut types: Vec<TypeId> = Vec::new();
        let result = self
            .run_statement(statement, &Parameters::default(), several, &mut |part| {
                match part {
                    super::statement::Part::Columns(columns) => {
                        types = columns.iter().map(|column| column.ty).collect();
                        client.send(&world, BackendMessage::RowDescription(describe(columns, &[])?));
                    }
                    super::statement::Part::Row(row) => {
                        notices.take().into_iter().for_each(|n| client.send(&world, BackendMessage::NoticeResponse(n)));
                        client.send(&world, BackendMessage::DataRow(format_row(row, &types, &[])?));
                    }
                }
                Ok(())
            })
            .await?;
        Ok(result)
    }

    // --- the extended protocol -------------------------------------------------------------------------------

    async fn extended(&mut self, message: FrontendMessage) -> Result<()> {
        match message {
            FrontendMessage::Parse { name, query, parameter_types } => self.parse(name, &query, &parameter_types).await,
            FrontendMessage::Bind(bind) => self.bind(bind),
            FrontendMessage::Describe(target) => self.describe(&target),
            FrontendMessage::Execute { portal, max_rows } => self.execute(&portal, max_rows).await,
            FrontendMessage::Close(target) => {
                match target {
                    Target::Statement(name) => drop(self.prepared.remove(&name)),
                    Target::Portal(name) => drop(self.portals.remove(&name)),
                }
                self.send(BackendMessage::CloseComplete);
                Ok(())
            }
            FrontendMessage::Flush | FrontendMessage::Terminate => Ok(()),
            FrontendMessage::Query(_) | FrontendMessage::Sync => Ok(()),
        }
    }

    async fn sync(&mut self) -> Result<()> {
        self.skipping = false;
        if let Err(error) = self.finish_command().await {
            self.report(error).await?;
        }
        self.ready().await;
        Ok(())
    }

    async fn parse(&mut self, name: String, query: &str, parameter_types: &[Oid]) -> Result<()> {
        self.note_query(query);
        self.env.cx.point(Event::Query).await;
        if !name.is_empty() && self.prepared.contains_key(&name) {
            let message = format!("prepared statement \"{name}\" already exists");
            return Err(Error::new(sqlstate::DUPLICATE_PREPARED_STATEMENT, message));
        }
        let prepared = self.prepare(query, parameter_types).await?;
        self.prepared.insert(name, Rc::new(prepared));
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
        Ok(Prepared { text: query.into(), statement, parameter_types, columns })
    }

    fn find_prepared(&self, name: &str) -> Result<Rc<Prepared>> {
        let missing = || {
            let what = if name.is_empty() {
                "unnamed prepared statement".into()
            } else {
                format!("prepared statement \"{name}\"")
            };
            Error::new(sqlstate::INVALID_SQL_STATEMENT_NAME, format!("{what} does not exist"))
        };
        self.prepared.get(name).cloned().ok_or_else(missing)
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
        let parameters = Parameters { types: prepared.parameter_types.clone(), values: parameters };
        let portal = Portal {
            prepared,
            parameters,
            formats: bind.result_formats,
            rest: None,
            level: self.env.xact.borrow().level(),
        };
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
        if portal.rest.is_none() {
            let Some((statement, place)) = portal.prepared.statement.clone() else {
                self.send(BackendMessage::EmptyQueryResponse);
                return Ok(());
            };
            let (parameters, formats) = (portal.parameters.clone(), portal.formats.clone());
            let text = portal.prepared.text.clone();
            let run = self.run_portal(name, &text, statement, &parameters, &formats).await;
            run.map_err(|error| place.put(&text, error))?;
        }
        self.fetch(name, max_rows);
        Ok(())
    }

    /// Runs a portal to its end and keeps the rows.
    async fn run_portal(
        &mut self,
        name: &str,
        text: &str,
        statement: Statement,
        parameters: &Parameters,
        formats: &[Format],
    ) -> Result<()> {
        self.refuse_if_failed(&statement)?;
        self.note_query(text);
        self.begin_running(text);
        let begun = self.env.cx.now();
        let logged = self.log_statement("execute <unnamed>", text, log_level(&statement));
        self.start_command()?;
        let mut rows = Vec::new();
        let mut types: Vec<TypeId> = Vec::new();
        let tag = self
            .run_statement(statement, parameters, false, &mut |part| {
                match part {
                    super::statement::Part::Columns(columns) => types = columns.iter().map(|c| c.ty).collect(),
                    super::statement::Part::Row(row) => rows.push(format_row(row, &types, formats)?),
                }
                Ok(())
            })
            .await?;
        self.stop_timing();
        self.end_statement();
        self.log_duration("execute <unnamed>", text, begun, logged);
        if let Some(portal) = self.portals.get_mut(name) {
            portal.rest = Some((rows.into_iter(), tag));
        } else {
            // The statement has ended its own transaction, and all portals with it.
            rows.into_iter().for_each(|row| self.send(BackendMessage::DataRow(row)));
            self.send(BackendMessage::CommandComplete(tag));
        }
        Ok(())
    }

    /// Sends the next rows of a portal.
    fn fetch(&mut self, name: &str, max_rows: u32) {
        let (client, world) = (self.client.clone(), self.env.cx.world().clone());
        self.send_notices();
        let Some(Portal { rest: Some((rows, tag)), .. }) = self.portals.get_mut(name) else { return };
        let limit = if max_rows == 0 { usize::MAX } else { max_rows as usize };
        rows.by_ref().take(limit).for_each(|row| client.send(&world, BackendMessage::DataRow(row)));
        let done = rows.as_slice().is_empty();
        let message = if done { BackendMessage::CommandComplete(tag.clone()) } else { BackendMessage::PortalSuspended };
        client.send(&world, message);
    }
}
