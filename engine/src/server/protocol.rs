//! What a client and its backend say to each other: PostgreSQL's frontend/backend protocol, version 3, as plain data.
//!
//! Only meaning is here, no bytes: the lab's terminal hands these values over directly, the wire server of
//! `tests/server` turns them into the protocol's bytes and back. Chapter 55 of the manual describes the rules; in
//! short, a client asks in one of two ways and always ends up at `ReadyForQuery`:
//!
//! ```text
//!   simple      Query ------------------------------> RowDescription, DataRow ..., CommandComplete, ReadyForQuery
//!
//!   extended    Parse   a statement with $1, $2 ----> ParseComplete
//!               Bind    values make it a portal ----> BindComplete
//!               Describe                        ----> ParameterDescription, RowDescription or NoData
//!               Execute at most n rows of it    ----> DataRow ..., CommandComplete or PortalSuspended
//!               Sync    ends the implicit transaction, and after an error the skipping -> ReadyForQuery
//! ```
//!
//! After an error in the extended way everything up to the next `Sync` is skipped; a `Query` fails as a whole.

use crate::ids::{Error, Oid, Pid};

/// One value or one parameter as it travels: text or the type's binary form.
pub type Bytes = Vec<u8>;

/// How a value is written; protocol code 0 or 1.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Format {
    /// What the type's output function prints.
    #[default]
    Text,
    /// What the type's send function writes.
    Binary,
}

impl Format {
    /// From a format code of the protocol.
    pub fn from_code(code: i16) -> Option<Format> {
        match code {
            0 => Some(Format::Text),
            1 => Some(Format::Binary),
            _ => None,
        }
    }

    /// The protocol's code.
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The format of item `index` by the rule of Bind: no codes mean text for all, one code holds for all,
    /// otherwise each item has its own. `None` where the list is too short.
    pub fn of_item(codes: &[Format], index: usize) -> Option<Format> {
        match codes {
            [] => Some(Format::Text),
            [all] => Some(*all),
            each => each.get(index).copied(),
        }
    }
}

/// What Describe and Close point at. The empty name is the unnamed one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A prepared statement.
    Statement(String),
    /// A portal: a statement with its values, perhaps half run.
    Portal(String),
}

/// The first message on a connection: who wants which database, and settings for the session.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Startup {
    /// `user`, `database`, `application_name`, `options`, and names of settings, in the order sent.
    pub parameters: Vec<(String, String)>,
}

impl Startup {
    /// A parameter by name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The role that connects.
    pub fn user(&self) -> Option<&str> {
        self.get("user")
    }

    /// The database; PostgreSQL takes the user's name where none is given.
    pub fn database(&self) -> Option<&str> {
        self.get("database").or_else(|| self.user())
    }
}

/// A request to cancel what another connection is running. It comes on a connection of its own, before any
/// [`Startup`], and is never answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CancelRequest {
    /// The backend, from its [`BackendMessage::BackendKeyData`].
    pub pid: Pid,
    /// The secret from there.
    pub key: i32,
}

/// What a client says once its session is up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FrontendMessage {
    /// Runs a string of one or more statements, as one transaction where none is open.
    Query(String),
    /// Prepares one statement.
    Parse {
        /// The statement's name.
        name: String,
        /// Its text, with parameters `$1`, `$2` ...
        query: String,
        /// The types of the first parameters; 0 where the backend is to infer it.
        parameter_types: Vec<Oid>,
    },
    /// Makes a portal of a prepared statement and values.
    Bind(Bind),
    /// Asks for the columns of the result, for a statement also for the types of its parameters.
    Describe(Target),
    /// Runs a portal.
    Execute {
        /// The portal's name.
        portal: String,
        /// Stop after so many rows; 0 means all.
        max_rows: u32,
    },
    /// Ends an extended exchange.
    Sync,
    /// Forgets a statement or a portal; no error if there is none.
    Close(Target),
    /// Asks for the answers so far.
    Flush,
    /// Data of a COPY FROM.
    CopyData(Bytes),
    /// All data of a COPY FROM is sent.
    CopyDone,
    /// A COPY FROM shall fail, for this reason.
    CopyFail(String),
    /// Ends the session.
    Terminate,
}

impl FrontendMessage {
    /// The letter that it has on the wire.
    pub fn letter(&self) -> u8 {
        match self {
            FrontendMessage::Query(_) => b'Q',
            FrontendMessage::Parse { .. } => b'P',
            FrontendMessage::Bind(_) => b'B',
            FrontendMessage::Describe(_) => b'D',
            FrontendMessage::Execute { .. } => b'E',
            FrontendMessage::Sync => b'S',
            FrontendMessage::Close(_) => b'C',
            FrontendMessage::Flush => b'H',
            FrontendMessage::CopyData(_) => b'd',
            FrontendMessage::CopyDone => b'c',
            FrontendMessage::CopyFail(_) => b'f',
            FrontendMessage::Terminate => b'X',
        }
    }
}

/// The contents of a Bind message.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Bind {
    /// The portal to make.
    pub portal: String,
    /// The statement it is made of.
    pub statement: String,
    /// How the values are written, by the rule of [`Format::of_item`].
    pub parameter_formats: Vec<Format>,
    /// The values; `None` is NULL.
    pub parameters: Vec<Option<Bytes>>,
    /// How the result's columns shall be written, by the same rule.
    pub result_formats: Vec<Format>,
}

/// What a backend says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BackendMessage {
    /// The client is who it says it is.
    AuthenticationOk,
    /// A setting that clients care about, at the start and whenever it changes.
    ParameterStatus {
        /// Such as `server_version`, `client_encoding`, `TimeZone`.
        name: String,
        /// Its value now.
        value: String,
    },
    /// What a [`CancelRequest`] for this session has to hold.
    BackendKeyData {
        /// The backend's process.
        pid: Pid,
        /// A secret.
        key: i32,
    },
    /// The columns of the rows that follow.
    RowDescription(Vec<FieldDescription>),
    /// One row; `None` is NULL.
    DataRow(Vec<Option<Bytes>>),
    /// A statement is done; its tag, such as `UPDATE 1`.
    CommandComplete(String),
    /// The query string held no statement.
    EmptyQueryResponse,
    /// The statement failed, or with severity FATAL the session ends.
    ErrorResponse(Error),
    /// Something to know; whatever was running goes on.
    NoticeResponse(Error),
    /// Answer to Parse.
    ParseComplete,
    /// Answer to Bind.
    BindComplete,
    /// Answer to Close.
    CloseComplete,
    /// Answer to Describe where there are no columns.
    NoData,
    /// The types of a statement's parameters.
    ParameterDescription(Vec<Oid>),
    /// Execute stopped at its row limit; the portal can go on.
    PortalSuspended,
    /// Data may be sent: how all of it is written, and each column.
    CopyInResponse {
        /// All of it.
        format: Format,
        /// Each column.
        columns: Vec<Format>,
    },
    /// Data will come: how all of it is written, and each column.
    CopyOutResponse {
        /// All of it.
        format: Format,
        /// Each column.
        columns: Vec<Format>,
    },
    /// Data of a COPY TO.
    CopyData(Bytes),
    /// All data of a COPY TO has been sent.
    CopyDone,
    /// The backend waits for the next command.
    ReadyForQuery(TransactionStatus),
}

/// One column of a result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldDescription {
    /// Its name.
    pub name: String,
    /// The table that it is a column of; invalid for an expression.
    pub table: Oid,
    /// Its `attnum` in that table, or 0.
    pub attnum: i16,
    /// `pg_type.oid`
    pub type_oid: Oid,
    /// `pg_type.typlen`: bytes, or -1 for variable length.
    pub typlen: i16,
    /// Such as the precision of a numeric; -1 for none.
    pub typmod: i32,
    /// How its values are written.
    pub format: Format,
}

/// Where a session stands between two commands; psql shows it in its prompt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransactionStatus {
    /// No transaction: `=#`.
    Idle,
    /// In a transaction block: `=*#`.
    InBlock,
    /// In one that has failed, where only its end is accepted: `=!#`.
    Failed,
}

impl TransactionStatus {
    /// The letter of ReadyForQuery.
    pub fn letter(self) -> u8 {
        match self {
            TransactionStatus::Idle => b'I',
            TransactionStatus::InBlock => b'T',
            TransactionStatus::Failed => b'E',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_follow_the_rule_of_bind() {
        use Format::{Binary, Text};
        assert_eq!(Format::of_item(&[], 3), Some(Text));
        assert_eq!(Format::of_item(&[Binary], 3), Some(Binary));
        assert_eq!(Format::of_item(&[Binary, Text], 1), Some(Text));
        assert_eq!(Format::of_item(&[Binary, Text], 2), None);
        assert_eq!([0, 1, 2].map(Format::from_code), [Some(Text), Some(Binary), None]);
    }

    #[test]
    fn the_database_is_by_default_named_like_the_user() {
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        let startup = Startup { parameters: vec![pair("user", "ann"), pair("application_name", "psql")] };
        assert_eq!(startup.database(), Some("ann"));
        assert_eq!(startup.get("options"), None);
    }
}
