//! Expressions over a row, with the calls among them that wait.

use super::super::bound::{EvalCx, Exprs, WaitCall};
use super::super::functions::Body;
use super::plan::uses;
use super::{BATCH, ExecCx};
use crate::ids::{Error, Result};
use crate::types::Datum;

impl ExecCx<'_> {
    /// What expressions may use, over a row that begins at slot `base`.
    pub(super) fn eval<'a>(&'a self, row: &'a [Datum], base: usize, waited: &'a [Datum]) -> EvalCx<'a> {
        EvalCx { fx: self.fx, row, base, params: self.params, waited }
    }

    /// After so many rows without a step: hears of a cancel, and lets others run. A few rows are not worth a step.
    pub(super) async fn breathe(&self, rows: usize) -> Result<()> {
        if rows >= BATCH {
            self.fx.env.cx.check_for_interrupts()?;
            self.fx.env.cx.end_step().await;
        }
        Ok(())
    }

    /// The values of expressions over a row.
    pub(super) async fn values(&self, exprs: &Exprs, row: &[Datum], base: usize) -> Result<Vec<Datum>> {
        let row = &*self.computable(row, base, |slot| uses(exprs, slot)).await?;
        let waited = self.wait(&exprs.waits, row, base).await?;
        let cx = self.eval(row, base, &waited);
        exprs.scalars.iter().map(|scalar| scalar.eval(&cx)).collect()
    }

    /// Whether all conditions hold for a row.
    pub(super) async fn holds(&self, conditions: &[Exprs], row: &[Datum], base: usize) -> Result<bool> {
        for condition in conditions {
            let row = &*self.computable(row, base, |slot| uses(condition, slot)).await?;
            let waited = self.wait(&condition.waits, row, base).await?;
            let cx = self.eval(row, base, &waited);
            for scalar in &condition.scalars {
                if !scalar.holds(&cx)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The results of the calls that wait, for a row.
    pub(super) async fn wait(&self, calls: &[WaitCall], row: &[Datum], base: usize) -> Result<Vec<Datum>> {
        let mut waited = Vec::with_capacity(calls.len());
        for call in calls {
            let cx = self.eval(row, base, &waited);
            let args = call.args.iter().map(|arg| arg.eval(&cx)).collect::<Result<Vec<_>>>()?;
            let Body::Waiting(f) = &call.function.body else {
                return Err(Error::internal(format!("{}() does not wait", call.function.name)));
            };
            let null = call.function.strict && args.iter().any(Datum::is_null);
            waited.push(if null { Datum::Null } else { f(self.fx, &args).await? });
        }
        Ok(waited)
    }
}
