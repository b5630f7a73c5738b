//! Values that are compressed or stored elsewhere, on their way through a query.
//!
//! A scan hands them on as they lie in the row. They are brought back where something is computed with them, and at the
//! end where they are shown; what a query never looks at is never read. An UPDATE that leaves a column alone writes the
//! very same bytes again.

use super::super::bound::{EvalCx, Exprs, Scalar};
use super::ExecCx;
use super::rows::Rows;
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

    /// Brings back all such values of rows.
    pub(super) async fn bring_all_back(&self, rows: &mut Rows) -> Result<()> {
        if self.toasted.get() {
            for at in 0..rows.len() {
                self.bring_back(rows.row_mut(at), |_| true).await?;
            }
        }
        Ok(())
    }

    /// A row over which expressions can be computed; it begins at slot `base`.
    pub(super) async fn computable<'a>(
        &self,
        row: &'a [Datum],
        base: usize,
        exprs: &Exprs,
    ) -> Result<Cow<'a, [Datum]>> {
        if !self.toasted.get() || !row.iter().any(|value| matches!(value, Datum::Toasted { .. })) {
            return Ok(Cow::Borrowed(row));
        }
        let mut row = row.to_vec();
        self.bring_back(&mut row, |at| exprs.any_column(&|slot| slot == base + at)).await?;
        Ok(Cow::Owned(row))
    }

    /// The values of expressions to be stored or handed on: columns as such stay as they are.
    pub(super) async fn stored_values(&self, exprs: &Exprs, row: &[Datum], base: usize) -> Result<Vec<Datum>> {
        let mut values = Vec::with_capacity(exprs.scalars.len());
        self.append_stored(exprs, row, base, &mut values).await?;
        Ok(values)
    }

    /// The same, appended to others.
    pub(super) async fn append_stored(
        &self,
        exprs: &Exprs,
        row: &[Datum],
        base: usize,
        values: &mut Vec<Datum>,
    ) -> Result<()> {
        if !self.toasted.get() || !row.iter().any(|value| matches!(value, Datum::Toasted { .. })) {
            return self.append(exprs, row, base, values).await;
        }
        let is_column = |scalar: &Scalar| matches!(scalar, Scalar::Column(_));
        let mut used = Exprs { waits: exprs.waits.clone(), scalars: Vec::new() };
        used.scalars.extend(exprs.scalars.iter().filter(|scalar| !is_column(scalar)).cloned());
        let begin = values.len();
        let plain = self.computable(row, base, &used).await?;
        let mut all = |cx: &EvalCx| {
            values.truncate(begin);
            let kept = self.eval(row, base, &[]);
            for scalar in &exprs.scalars {
                values.push(scalar.eval(if is_column(scalar) { &kept } else { cx })?);
            }
            Ok(())
        };
        self.settle(&exprs.waits, &plain, base, &mut all).await
    }
}
