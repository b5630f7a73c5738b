//! Values that are neither names nor calls in SQL's grammar, such as CURRENT_USER.

/// The values that SQL writes without parentheses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum SqlValue {
    CurrentDate,
    CurrentTime,
    CurrentTimestamp,
    LocalTime,
    LocalTimestamp,
    CurrentRole,
    CurrentUser,
    User,
    SessionUser,
    CurrentCatalog,
    CurrentSchema,
}

impl SqlValue {
    /// The name that the column of a query gets from it.
    pub fn name(self) -> &'static str {
        match self {
            SqlValue::CurrentDate => "current_date",
            SqlValue::CurrentTime => "current_time",
            SqlValue::CurrentTimestamp => "current_timestamp",
            SqlValue::LocalTime => "localtime",
            SqlValue::LocalTimestamp => "localtimestamp",
            SqlValue::CurrentRole => "current_role",
            SqlValue::User => "user",
            SqlValue::CurrentUser => "current_user",
            SqlValue::SessionUser => "session_user",
            SqlValue::CurrentCatalog => "current_catalog",
            SqlValue::CurrentSchema => "current_schema",
        }
    }
}
