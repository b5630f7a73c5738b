//! Values that are neither names nor calls in SQL's grammar, such as CURRENT_USER.

/// The values that SQL writes without parentheses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum SqlValue {
    CurrentTimestamp,
    CurrentUser,
    SessionUser,
    CurrentCatalog,
    CurrentSchema,
}

impl SqlValue {
    /// The name that the column of a query gets from it.
    pub fn name(self) -> &'static str {
        match self {
            SqlValue::CurrentTimestamp => "current_timestamp",
            SqlValue::CurrentUser => "current_user",
            SqlValue::SessionUser => "session_user",
            SqlValue::CurrentCatalog => "current_catalog",
            SqlValue::CurrentSchema => "current_schema",
        }
    }
}
