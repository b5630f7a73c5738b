//! Expressions over a row, with the calls among them that wait.

use super::super::bound::{EvalCx, Exprs, WaitCall};
use super::super::functions::Body;
use super::ExecCx;
use crate::ids::{Error, Result};
use crate::types::Datum;

impl ExecCx<'_> {
    /// What expressions use to run over a row.
    pub(super) fn over<'a>(&'a self, row: &'a [Datum], waited: &'a [Datum]) -> EvalCx<'a> {
        EvalCx { fx: self.fx, row, base: 0, params: self.params, waited }
    }

    /// Makes the calls that wait, inner ones first.
    pub(super) async fn wait_for(&self, calls: &[WaitCall], row: &[Datum]) -> Result<Vec<Datum>> {
        let mut waited = Vec::with_capacity(calls.len());
        for call in calls {
            let args = {
                let over = self.over(row, &waited);
                call.args.iter().map(|arg| arg.eval(&over)).collect::<Result<Vec<_>>>()?
            };
            let Body::Waiting(function) = &call.function.body else {
                return Err(Error::internal(format!("{:?} does not wait", call.function)));
            };
            let skip = call.function.strict && args.iter().any(Datum::is_null);
            waited.push(if skip { Datum::Null } else { function(self.fx, &args).await? });
        }
        Ok(waited)
    }

    /// The values of all expressions over a row.
    pub(super) async fn values(&self, exprs: &Exprs, row: &[Datum]) -> Result<Vec<Datum>> {
        let waited = self.wait_for(&exprs.waits, row).await?;
        let over = self.over(row, &waited);
        exprs.scalars.iter().map(|scalar| scalar.eval(&over)).collect()
    }

    /// Whether all conditions hold over a row.
    pub(super) async fn all_hold(&self, conditions: &[Exprs], row: &[Datum]) -> Result<bool> {
        for condition in conditions {
            let waited = self.wait_for(&condition.waits, row).await?;
            let over = self.over(row, &waited);
            for scalar in &condition.scalars {
                if !scalar.holds(&over)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether all conditions hold, if none of them has to wait.
    pub(super) fn all_hold_now(&self, conditions: &[Exprs], row: &[Datum]) -> Result<bool> {
        let over = self.over(row, &[]);
        for scalar in conditions.iter().flat_map(|condition| &condition.scalars) {
            if !scalar.holds(&over)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether none of the conditions has to wait.
pub(super) fn none_waits(conditions: &[Exprs]) -> bool {
    conditions.iter().all(|condition| condition.waits.is_empty())
}
