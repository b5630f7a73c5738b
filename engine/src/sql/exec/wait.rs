//! Expressions over a row, and what they may have to wait for.

use super::super::bound::{EvalCx, Exprs, Scalar, Wait};
use super::super::functions::Body;
use super::{BATCH, ExecCx};
use crate::ids::{Error, Result};
use crate::types::Datum;

/// Nothing is missing.
pub(super) const NOTHING: usize = usize::MAX;

impl ExecCx<'_> {
    /// What expressions may use, over a row that begins at slot `base`.
    pub(super) fn eval<'a>(&'a self, row: &'a [Datum], base: usize, waited: &'a [Option<Datum>]) -> EvalCx<'a> {
        EvalCx { fx: self.fx, row, base, params: self.params, exec: &self.exec, waited, missing: &self.missing }
    }

    /// After so many rows without a step: hears of a cancel, and lets others run. A few rows are not worth a step.
    pub(super) async fn breathe(&self, rows: usize) -> Result<()> {
        if rows >= BATCH {
            self.fx.env.cx.check_for_interrupts()?;
            self.fx.env.cx.end_step().await;
        }
        Ok(())
    }

    /// Whether expressions can be computed at once: nothing is waited for, and no value has to be brought back.
    pub(super) fn is_plain(&self, exprs: &Exprs) -> bool {
        exprs.waits.is_empty() && !self.toasted.get()
    }

    /// The values of expressions over a row.
    pub(super) async fn values(&self, exprs: &Exprs, row: &[Datum], base: usize) -> Result<Vec<Datum>> {
        let mut values = Vec::with_capacity(exprs.scalars.len());
        self.append(exprs, row, base, &mut values).await?;
        Ok(values)
    }

    /// Appends the values of expressions over a row.
    pub(super) async fn append(
        &self,
        exprs: &Exprs,
        row: &[Datum],
        base: usize,
        values: &mut Vec<Datum>,
    ) -> Result<()> {
        if self.is_plain(exprs) {
            let cx = self.eval(row, base, &[]);
            for scalar in &exprs.scalars {
                values.push(scalar.eval(&cx)?);
            }
            return Ok(());
        }
        let row = &*self.computable(row, base, exprs).await?;
        let begin = values.len();
        let mut all = |cx: &EvalCx| {
            values.truncate(begin);
            for scalar in &exprs.scalars {
                values.push(scalar.eval(cx)?);
            }
            Ok(())
        };
        self.settle(&exprs.waits, row, base, &mut all).await
    }

    /// Whether all conditions hold for a row.
    pub(super) async fn holds(&self, conditions: &[Exprs], row: &[Datum], base: usize) -> Result<bool> {
        for condition in conditions {
            if self.is_plain(condition) {
                let cx = self.eval(row, base, &[]);
                for scalar in &condition.scalars {
                    if !scalar.holds(&cx)? {
                        return Ok(false);
                    }
                }
                continue;
            }
            let row = &*self.computable(row, base, condition).await?;
            let mut holds = true;
            let mut test = |cx: &EvalCx| {
                holds = true;
                for scalar in &condition.scalars {
                    holds = holds && scalar.holds(cx)?;
                }
                Ok(())
            };
            self.settle(&condition.waits, row, base, &mut test).await?;
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Runs expressions, again and again, until nothing is missing that they wait for.
    pub(super) async fn settle(
        &self,
        waits: &[Wait],
        row: &[Datum],
        base: usize,
        run: &mut dyn FnMut(&EvalCx) -> Result<()>,
    ) -> Result<()> {
        if waits.is_empty() {
            return run(&self.eval(row, base, &[]));
        }
        let mut waited = vec![None; waits.len()];
        loop {
            let result = run(&self.eval(row, base, &waited));
            match (result, self.missing.replace(NOTHING)) {
                (Err(_), missing) if missing != NOTHING => {
                    self.wait_for(waits, missing, row, base, &mut waited).await?;
                }
                (result, _) => return result,
            }
        }
    }

    /// Waits for a result, and before for those that its arguments use.
    async fn wait_for(
        &self,
        waits: &[Wait],
        first: usize,
        row: &[Datum],
        base: usize,
        waited: &mut [Option<Datum>],
    ) -> Result<()> {
        let mut wanted = vec![first];
        while let Some(&n) = wanted.last() {
            let args = arguments(&waits[n], &self.eval(row, base, waited));
            match (args, self.missing.replace(NOTHING)) {
                (Ok(args), _) => {
                    waited[n] = Some(self.result_of(&waits[n], args).await?);
                    wanted.pop();
                }
                (Err(_), missing) if missing != NOTHING => wanted.push(missing),
                (Err(error), _) => return Err(error),
            }
        }
        Ok(())
    }

    async fn result_of(&self, wait: &Wait, args: Vec<Datum>) -> Result<Datum> {
        match wait {
            Wait::Sub(link) => self.subquery(link, args).await,
            Wait::Call(function, _) if function.strict && args.iter().any(Datum::is_null) => Ok(Datum::Null),
            Wait::Call(function, _) => match &function.body {
                Body::Waiting(f) => f(self.fx, &args).await,
                _ => Err(Error::internal(format!("{}() does not wait", function.name))),
            },
        }
    }
}

fn arguments(wait: &Wait, cx: &EvalCx) -> Result<Vec<Datum>> {
    let value = |scalar: &Scalar| scalar.eval(cx);
    match wait {
        Wait::Call(_, args) => args.iter().map(value).collect(),
        Wait::Sub(link) => link.args.iter().map(|(_, arg)| value(arg)).collect(),
    }
}
