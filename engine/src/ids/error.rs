//! The error that every fallible function returns: what PostgreSQL would report, field by field.

use std::fmt;

/// The result of anything that can fail in a way a user should hear of.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A five-character SQLSTATE.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SqlState(pub [u8; 5]);

impl SqlState {
    const fn new(code: &str) -> SqlState {
        let b = code.as_bytes();
        SqlState([b[0], b[1], b[2], b[3], b[4]])
    }

    /// The five characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XX000")
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The states in use, named as in appendix A of the PostgreSQL manual.
#[allow(missing_docs)]
pub mod sqlstate {
    use super::SqlState;
    macro_rules! states { ($($name:ident $code:literal)*) => { $(pub const $name: SqlState = SqlState::new($code);)* } }
    states! {
        SUCCESSFUL_COMPLETION "00000"
        WARNING "01000"
        CONNECTION_FAILURE "08006"
        PROTOCOL_VIOLATION "08P01"
        FEATURE_NOT_SUPPORTED "0A000"
        CARDINALITY_VIOLATION "21000"
        DATA_EXCEPTION "22000"
        STRING_DATA_RIGHT_TRUNCATION "22001"
        NUMERIC_VALUE_OUT_OF_RANGE "22003"
        NULL_VALUE_NOT_ALLOWED "22004"
        INVALID_DATETIME_FORMAT "22007"
        DATETIME_FIELD_OVERFLOW "22008"
        INVALID_TIME_ZONE_DISPLACEMENT "22009"
        DIVISION_BY_ZERO "22012"
        INVALID_PRECEDING_OR_FOLLOWING_SIZE "22013"
        INVALID_ARGUMENT_FOR_NTILE "22014"
        INVALID_ARGUMENT_FOR_NTH_VALUE "22016"
        INVALID_REGULAR_EXPRESSION "2201B"
        INVALID_ARGUMENT_FOR_LOGARITHM "2201E"
        INVALID_ARGUMENT_FOR_POWER_FUNCTION "2201F"
        INVALID_ARGUMENT_FOR_WIDTH_BUCKET "2201G"
        ARRAY_SUBSCRIPT_ERROR "2202E"
        INVALID_ROW_COUNT_IN_LIMIT "2201W"
        INVALID_ROW_COUNT_IN_OFFSET "2201X"
        SEQUENCE_GENERATOR_LIMIT_EXCEEDED "2200H"
        INVALID_ESCAPE_CHARACTER "22019"
        CHARACTER_NOT_IN_REPERTOIRE "22021"
        SUBSTRING_ERROR "22011"
        INVALID_ESCAPE_SEQUENCE "22025"
        INVALID_PARAMETER_VALUE "22023"
        INVALID_TEXT_REPRESENTATION "22P02"
        INVALID_BINARY_REPRESENTATION "22P03"
        UNTRANSLATABLE_CHARACTER "22P05"
        NOT_NULL_VIOLATION "23502"
        FOREIGN_KEY_VIOLATION "23503"
        UNIQUE_VIOLATION "23505"
        CHECK_VIOLATION "23514"
        INVALID_TRANSACTION_STATE "25000"
        ACTIVE_SQL_TRANSACTION "25001"
        READ_ONLY_SQL_TRANSACTION "25006"
        NO_ACTIVE_SQL_TRANSACTION "25P01"
        IN_FAILED_SQL_TRANSACTION "25P02"
        IDLE_IN_TRANSACTION_SESSION_TIMEOUT "25P03"
        INVALID_SQL_STATEMENT_NAME "26000"
        INVALID_SAVEPOINT_SPECIFICATION "3B001"
        INVALID_CURSOR_NAME "34000"
        INVALID_CURSOR_DEFINITION "42P11"
        DUPLICATE_CURSOR "42P03"
        BAD_COPY_FILE_FORMAT "22P04"
        SERIALIZATION_FAILURE "40001"
        DEADLOCK_DETECTED "40P01"
        GENERATED_ALWAYS "428C9"
        SYNTAX_ERROR "42601"
        INSUFFICIENT_PRIVILEGE "42501"
        CANNOT_COERCE "42846"
        INVALID_FOREIGN_KEY "42830"
        GROUPING_ERROR "42803"
        DATATYPE_MISMATCH "42804"
        WINDOWING_ERROR "42P20"
        INVALID_RECURSION "42P19"
        WRONG_OBJECT_TYPE "42809"
        INVALID_NAME "42602"
        UNDEFINED_COLUMN "42703"
        UNDEFINED_FUNCTION "42883"
        UNDEFINED_TABLE "42P01"
        UNDEFINED_PARAMETER "42P02"
        UNDEFINED_OBJECT "42704"
        DEPENDENT_OBJECTS_STILL_EXIST "2BP01"
        UNDEFINED_FILE "58P01"
        DUPLICATE_COLUMN "42701"
        DUPLICATE_OBJECT "42710"
        DUPLICATE_TABLE "42P07"
        DUPLICATE_SCHEMA "42P06"
        RESERVED_NAME "42939"
        INVALID_SCHEMA_DEFINITION "42P15"
        DUPLICATE_PREPARED_STATEMENT "42P05"
        DUPLICATE_ALIAS "42712"
        AMBIGUOUS_ALIAS "42P09"
        AMBIGUOUS_COLUMN "42702"
        AMBIGUOUS_FUNCTION "42725"
        AMBIGUOUS_PARAMETER "42P08"
        INDETERMINATE_DATATYPE "42P18"
        INVALID_COLUMN_REFERENCE "42P10"
        INVALID_TABLE_DEFINITION "42P16"
        INVALID_CATALOG_NAME "3D000"
        INVALID_SCHEMA_NAME "3F000"
        OUT_OF_MEMORY "53200"
        INSUFFICIENT_RESOURCES "53000"
        TOO_MANY_CONNECTIONS "53300"
        CONFIGURATION_LIMIT_EXCEEDED "53400"
        STATEMENT_TOO_COMPLEX "54001"
        PROGRAM_LIMIT_EXCEEDED "54000"
        TOO_MANY_COLUMNS "54011"
        TOO_MANY_ARGUMENTS "54023"
        OBJECT_NOT_IN_PREREQUISITE_STATE "55000"
        OBJECT_IN_USE "55006"
        CANT_CHANGE_RUNTIME_PARAM "55P02"
        LOCK_NOT_AVAILABLE "55P03"
        QUERY_CANCELED "57014"
        ADMIN_SHUTDOWN "57P01"
        CRASH_SHUTDOWN "57P02"
        CANNOT_CONNECT_NOW "57P03"
        IDLE_SESSION_TIMEOUT "57P05"
        IO_ERROR "58030"
        CONFIG_FILE_ERROR "F0000"
        INTERNAL_ERROR "XX000"
        DATA_CORRUPTED "XX001"
        INDEX_CORRUPTED "XX002"
    }
}

/// How bad it is, as the protocol and the log say it; mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Asked for, by VERBOSE.
    Info,
    /// Something to know.
    Notice,
    /// Something to worry about.
    Warning,
    /// The statement failed.
    Error,
    /// The session ends.
    Fatal,
    /// All sessions end, and the server recovers.
    Panic,
}

impl Severity {
    /// The word of the protocol's `S` and `V` fields.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "INFO",
            Severity::Notice => "NOTICE",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
            Severity::Panic => "PANIC",
        }
    }
}

/// A report in PostgreSQL's wording. Boxed, since results are returned far more often than errors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error(Box<Report>);

/// The fields of an [`Error`], as the protocol's ErrorResponse carries them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// How bad it is.
    pub severity: Severity,
    /// The SQLSTATE.
    pub code: SqlState,
    /// One line, no full stop.
    pub message: String,
    /// More, as sentences.
    pub detail: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// What was being done when it happened.
    pub context: Option<String>,
    /// Where in the query string, in characters from 1.
    pub position: Option<u32>,
}

impl Error {
    /// An ERROR.
    pub fn new(code: SqlState, message: impl Into<String>) -> Error {
        let message = message.into();
        let (detail, hint, context, position) = (None, None, None, None);
        Error(Box::new(Report { severity: Severity::Error, code, message, detail, hint, context, position }))
    }

    /// `0A000`, naming the feature: "`feature` is not supported".
    pub fn unsupported(feature: impl fmt::Display) -> Error {
        Error::new(sqlstate::FEATURE_NOT_SUPPORTED, format!("{feature} is not supported"))
    }

    /// `XX001`: bytes that cannot be what they should be.
    pub fn corrupt(message: impl Into<String>) -> Error {
        Error::new(sqlstate::DATA_CORRUPTED, message)
    }

    /// `XX000`: a state that should not arise.
    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(sqlstate::INTERNAL_ERROR, message)
    }

    /// With another severity.
    pub fn severity(mut self, severity: Severity) -> Error {
        self.0.severity = severity;
        self
    }

    /// With a DETAIL.
    pub fn detail(mut self, detail: impl Into<String>) -> Error {
        self.0.detail = Some(detail.into());
        self
    }

    /// With a HINT.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// With a CONTEXT.
    pub fn context(mut self, context: impl Into<String>) -> Error {
        self.0.context = Some(context.into());
        self
    }

    /// At a place in the query string, in characters from 1, unless one is set already; 0 is no place.
    pub fn at(mut self, position: u32) -> Error {
        if position > 0 {
            self.0.position.get_or_insert(position);
        }
        self
    }

    /// At this place, whatever was said before.
    pub fn moved(mut self, position: u32) -> Error {
        self.0.position = Some(position);
        self
    }

    /// At no place of the query string: what it is about stands in another text.
    pub fn nowhere(mut self) -> Error {
        self.0.position = None;
        self
    }

    /// All fields.
    pub fn report(&self) -> &Report {
        &self.0
    }

    /// The SQLSTATE.
    pub fn code(&self) -> SqlState {
        self.0.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:  {}", self.0.severity.name(), self.0.message)
    }
}

impl std::error::Error for Error {}
