//! Values that are compressed or stored elsewhere, on their way through a query.
//!
//! A scan hands them on as they lie in the row. They are brought back where something is computed with them, and at the
//! end where they are shown; what a query never looks at is never read. An UPDATE that leaves a column alone writes the
//! very same bytes again.

use super::super::bound::{Exprs, Scalar};
use super::ExecCx;
use crate::access::toast;
use crate::catalog::Table;
use crate::ids::Result;
use crate::types::Datum;
use crate::types::tuple::read_value;
use std::borrow::Cow;

impl ExecCx<'_> {
    /// Notes whether a row of a table has such values.
    pub(super) fn note_toasted(&self, table: &Table, row: &[Datum]) {
        if table.rel.toast.is_some() && row.iter().any(|value| matches!(value, Datum::Toasted { .. })) {
            self.toasted.set(true);
        }
    }

    /// Brings back those values of a row that are wanted.
    pub(super) async fn bring_back(&self, row: &mut [Datum], wanted: impl Fn(usize) -> bool) -> Result<()> {
        if !self.toasted.get() {
            return Ok(());
        }
        for (_, value) in row.iter_mut().enumerate().filter(|(slot, _)| wanted(*slot)) {
            if let Datum::Toasted { type_id, bytes } = value {
                *value = read_value(&toast::detoast(&self.fx.env, bytes).await?, *type_id)?;
            }
        }
        Ok(())
    }

    /// A row over which expressions can be computed, if they use these slots; it begins at slot `base`.
    pub(super) async fn computable<'a>(
        &self,
        row: &'a [Datum],
        base: usize,
        used: impl Fn(usize) -> bool,
    ) -> Result<Cow<'a, [Datum]>> {
        if !self.toasted.get() || !row.iter().any(|value| matches!(value, Datum::Toasted { .. })) {
            return Ok(Cow::Borrowed(row));
        }
        let mut row = row.to_vec();
        self.bring_back(&mut row, |at| used(base + at)).await?;
        Ok(Cow::Owned(row))
    }

    /// The values of expressions to be stored or handed on: columns as such stay as they are.
    pub(super) async fn stored_values(&self, exprs: &Exprs, row: &[Datum], base: usize) -> Result<Vec<Datum>> {
        if !self.toasted.get() {
            return self.values(exprs, row, base).await;
        }
        let computed = |scalar: &&Scalar| !matches!(scalar, Scalar::Column(_));
        let args = exprs.waits.iter().flat_map(|wait| &wait.args);
        let within: Vec<&Scalar> = exprs.scalars.iter().filter(computed).chain(args).collect();
        let used = |slot: usize| within.iter().any(|scalar| scalar.any_column(&|own| own == slot));
        let plain = self.computable(row, base, used).await?;
        let waited = self.wait(&exprs.waits, &plain, base).await?;
        let (kept, plain) = (self.eval(row, base, &waited), self.eval(&plain, base, &waited));
        let value = |scalar: &Scalar| scalar.eval(if computed(&scalar) { &plain } else { &kept });
        exprs.scalars.iter().map(value).collect()
    }
}
