//! A session: what a backend remembers of its client, and how it answers each message.

use crate::small;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::cursors::Cursors;
use super::extended::Portal;
use super::port::ClientSender;
use super::prepared::PreparedStatements;
use super::protocol::{BackendMessage, FrontendMessage, TransactionStatus};
use super::shared::{Server, SessionState};
use super::statement::Parameters;
use super::statement_log::log_level;
use super::values::{describe, format_row};
use crate::catalog::Catalog;
use crate::ids::{Error, Instant, Result, Severity, TimestampTz, sqlstate};
use crate::settings::Setting;
use crate::sql::ast::Statement;
use crate::sql::functions::{FnCtx, Registry};
use crate::sql::parse::{Parsed, Shapes};
use crate::trace::{Event, TxStatus};
use crate::txn::{BlockState, DatabaseCounter, Env};
use crate::types::TypeId;
use crate::world::Receiver;

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

/// What a session keeps from statement to statement, and functions show of it.
#[derive(Clone, Default)]
pub(super) struct Kept {
    pub(super) prepared: Rc<RefCell<PreparedStatements>>,
    pub(super) cursors: Rc<RefCell<Cursors>>,
}

/// A backend's session.
pub(super) struct Session {
    pub(super) server: Rc<Server>,
    pub(super) env: Env,
    pub(super) fx: FnCtx,
    pub(super) catalog: Rc<Catalog>,
    pub(super) functions: Rc<Registry>,
    pub(super) client: ClientSender,
    pub(super) incoming: Rc<Receiver<FrontendMessage>>,
    pub(super) prepared: Rc<RefCell<PreparedStatements>>,
    pub(super) cursors: Rc<RefCell<Cursors>>,
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
    pub(super) shapes: Shapes,
}

impl Session {
    pub(super) fn new(
        server: Rc<Server>,
        env: Env,
        fx: FnCtx,
        kept: Kept,
        client: ClientSender,
        incoming: Rc<Receiver<FrontendMessage>>,
    ) -> Session {
        let now = env.cx.timestamp();
        Session {
            functions: server.functions(),
            server,
            env,
            catalog: fx.catalog.clone(),
            fx,
            client,
            incoming,
            prepared: kept.prepared,
            cursors: kept.cursors,
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

    async fn sync(&mut self) -> Result<()> {
        self.skipping = false;
        if let Err(error) = self.finish_command().await {
            self.report(error).await?;
        }
        self.ready().await;
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
    pub(super) fn begin_running(&mut self, text: &str) {
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
    pub(super) fn refuse_if_failed(&self, statement: &Statement) -> Result<()> {
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
}
