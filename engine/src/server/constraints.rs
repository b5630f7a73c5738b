//! SET CONSTRAINTS: whether foreign keys that may wait for the end of the transaction do.

use super::session::Session;
use crate::catalog::constraint;
use crate::ids::{Error, Result, Severity, sqlstate};
use crate::sql::ast::QualName;
use crate::sql::exec::fire_deferred;
use crate::txn::BlockState;

impl Session {
    /// For some keys, or for all. Those that do not wait any more are checked at once.
    pub(super) async fn set_constraints(&mut self, names: Option<&[QualName]>, deferred: bool) -> Result<()> {
        if self.block() == BlockState::Implicit {
            let message = "SET CONSTRAINTS can only be used in transaction blocks";
            let warning = Error::new(sqlstate::NO_ACTIVE_SQL_TRANSACTION, message).severity(Severity::Warning);
            self.env.notice(warning);
        }
        let mut oids = Vec::new();
        for name in names.unwrap_or_default() {
            oids.extend(
                constraint::deferrable_named(&self.env, &self.catalog, name.schema.as_deref(), &name.name).await?,
            );
        }
        {
            let xact = &mut *self.env.xact.borrow_mut();
            match names {
                None => xact.deferred.modes.push((None, deferred)),
                Some(_) => xact.deferred.modes.extend(oids.iter().map(|oid| (Some(*oid), deferred))),
            }
        }
        if deferred {
            return Ok(());
        }
        fire_deferred(&self.fx, names.map(|_| &oids[..])).await
    }
}
