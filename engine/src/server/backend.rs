//! A backend: one process for one client, from the startup packet to the end of the session.
//!
//! ```text
//!   startup packet ─► who are you ─► settings, key ─► ReadyForQuery ◄─┐
//!                                                      │ message       │
//!                                                      └─► answer ─────┘
//! ```

use std::rc::Rc;

use super::port::{Client, ClientSender};
use super::protocol::{BackendMessage, FrontendMessage, Startup};
use super::session::{Kept, Session};
use super::shared::Server;
use super::statement_log::{log_connection, log_disconnection};
use super::style::Styled;
use crate::ids::{Error, Result, Severity, WaitEvent, sqlstate};
use crate::settings::{Setting, Settings, Source};
use crate::sql::bound::Row;
use crate::sql::functions::{FnCtx, SessionEnv};
use crate::txn::{BlockState, DatabaseCounter, abort};
use crate::world::{Cx, Receiver};

/// The one database there is.
const DATABASE: &str = "postgres";

/// The process.
pub(super) async fn main(cx: Cx, server: Rc<Server>, client: Client) {
    let Client { startup, incoming, outgoing } = client;
    let incoming = Rc::new(incoming);
    if let Err(error) = serve(&cx, &server, &startup, &incoming, &outgoing).await {
        let fatal = if error.report().severity < Severity::Fatal { error.severity(Severity::Fatal) } else { error };
        server.log_error(cx.pid(), &fatal, None);
        outgoing.send(cx.world(), BackendMessage::ErrorResponse(fatal));
    }
    let (user, started) =
        server.activity.borrow().get(&cx.pid()).map(|row| (row.user.clone(), row.backend_start)).unzip();
    if let (Some(user), Some(started), true) =
        (user, started, server.spec.settings.borrow().on(Setting::log_disconnections))
    {
        log_disconnection(&server, cx.pid(), &user, started);
    }
    server.txns.locks.release_all(cx.world(), cx.pid());
    server.txns.procs.remove(cx.pid());
    server.slots.release(cx.pid());
}

async fn serve(
    cx: &Cx,
    server: &Rc<Server>,
    startup: &Startup,
    incoming: &Rc<Receiver<FrontendMessage>>,
    outgoing: &ClientSender,
) -> Result<()> {
    let mut session = begin(cx, server, startup, incoming, outgoing)?;
    let env = session.env.clone();
    let served = Styled { env, work: Box::pin(converse(cx, &mut session, incoming)) }.await;
    // Whatever was open is undone; the client does not hear of it any more.
    let open = matches!(session.block(), BlockState::Implicit | BlockState::InBlock);
    let undone = abort(&session.env).await;
    // After the crash of another process nothing is touched any more.
    if !served.as_ref().is_err_and(|error| error.code() == sqlstate::CRASH_SHUTDOWN) {
        session.drop_temporary_tables().await?;
    }
    session.env.stats.end_session(served.as_ref().err(), open);
    session.report_stats(true);
    undone.and(served)
}

/// Checks who is there, and says hello.
fn begin(
    cx: &Cx,
    server: &Rc<Server>,
    startup: &Startup,
    incoming: &Rc<Receiver<FrontendMessage>>,
    outgoing: &ClientSender,
) -> Result<Session> {
    let database = startup.database().unwrap_or(DATABASE);
    if database != DATABASE {
        let message = format!("database \"{database}\" does not exist");
        return Err(Error::new(sqlstate::INVALID_CATALOG_NAME, message).severity(Severity::Fatal));
    }
    let env = server.env(cx, settings_of(server, startup)?);
    server.txns.procs.add(cx.pid(), env.database);
    let user: Rc<str> = startup.user().unwrap_or("postgres").into();
    let key = server.spec.world.random() as i32;
    server.update_activity(cx.pid(), |activity| {
        activity.user = user.to_string();
        activity.database = DATABASE.to_string();
        activity.application_name = startup.get("application_name").unwrap_or_default().to_string();
        activity.cancel_key = key;
        activity.client = Some(outgoing.clone());
        activity.env = Some(env.clone());
    });
    if env.settings.borrow().on(Setting::log_connections) {
        log_connection(server, cx.pid(), &user, startup.get("application_name").unwrap_or_default());
    }
    let kept = Kept::default();
    let fx = FnCtx {
        env: env.clone(),
        session: Rc::new(Identity { user, kept: kept.clone() }),
        catalog: Rc::default(),
        registry: server.functions(),
        sequences: Rc::default(),
    };
    let mut session = Session::new(server.clone(), env, fx, kept, outgoing.clone(), incoming.clone());
    session.send(BackendMessage::AuthenticationOk);
    session.tell_settings();
    session.send(BackendMessage::BackendKeyData { pid: cx.pid(), key });
    server.txns.stats.count(DatabaseCounter::Sessions, 1);
    Ok(session)
}

/// The server's settings with those of the startup packet.
fn settings_of(server: &Server, startup: &Startup) -> Result<Settings> {
    let mut settings = server.spec.settings.borrow().clone();
    for (name, value) in &startup.parameters {
        if !matches!(name.as_str(), "user" | "database" | "options" | "replication") && !name.starts_with("_pq_.") {
            settings.set(Settings::find(name)?, value, Source::Client)?;
        }
    }
    if let Some(user) = startup.user() {
        settings.set(Setting::session_authorization, user, Source::Override)?;
    }
    let standby = if server.txns.procs.in_recovery() { "on" } else { "off" };
    settings.set(Setting::in_hot_standby, standby, Source::Default)?;
    Ok(settings)
}

/// Message after message, until the client goes or the session is ended.
async fn converse(cx: &Cx, session: &mut Session, incoming: &Receiver<FrontendMessage>) -> Result<()> {
    session.ready().await;
    loop {
        while let Some(message) = incoming.try_recv(cx.now()) {
            if message == FrontendMessage::Terminate {
                return Ok(());
            }
            cx.forget_cancel();
            if cx.take_reload() {
                session.reload_settings();
            }
            session.handle(message).await?;
        }
        if incoming.is_closed() {
            session.env.stats.count_database(DatabaseCounter::Abandoned, 1);
            return Ok(());
        }
        incoming.wait(cx, WaitEvent::ClientRead, session.stats_due).await;
        if session.stats_due.is_some_and(|at| at <= cx.now()) {
            session.stats_due = session.report_stats(true);
        }
        match cx.check_for_interrupts() {
            // There is nothing to cancel between statements.
            Err(error) if error.code() == sqlstate::QUERY_CANCELED => {}
            // Nor would the client hear of a conflict with replay before it speaks again: the session ends.
            Err(error) if error.code() == sqlstate::SERIALIZATION_FAILURE => {
                let message = "terminating connection due to conflict with recovery";
                let fatal = Error::new(error.code(), message).severity(Severity::Fatal);
                let fatal = fatal.detail(error.report().detail.clone().unwrap_or_default());
                let hint = "In a moment you should be able to reconnect to the database and repeat your command.";
                return Err(fatal.hint(hint));
            }
            other => other?,
        }
    }
}

/// What functions know of the session.
struct Identity {
    user: Rc<str>,
    kept: Kept,
}

impl SessionEnv for Identity {
    fn database(&self) -> Rc<str> {
        DATABASE.into()
    }

    fn user(&self) -> Rc<str> {
        self.user.clone()
    }

    fn prepared_statements(&self) -> Vec<Row> {
        self.kept.prepared.borrow().iter().map(|(name, prepared)| prepared.shown(name)).collect()
    }

    fn cursors(&self) -> Vec<Row> {
        self.kept.cursors.borrow().iter().map(|(name, cursor)| cursor.shown(name)).collect()
    }
}
