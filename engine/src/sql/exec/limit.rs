//! OFFSET and LIMIT, and FETCH FIRST with its ties.

use super::super::bound::Exprs;
use super::super::plan::LimitSpec;
use super::node::Node;
use super::order::compare_rows;
use super::rows::Rows;
use super::{BATCH, ExecCx};
use crate::ids::{Error, Result, SqlState, sqlstate};
use crate::types::Datum;
use std::rc::Rc;

/// OFFSET and LIMIT: no more is asked for than will be given.
#[derive(Clone)]
pub(super) struct Limit {
    input: Node,
    spec: Rc<LimitSpec>,
    /// How many rows to pass over and then to give, once known.
    left: Option<(u64, u64)>,
    /// WITH TIES: the last row given.
    last: Vec<Datum>,
}

impl Limit {
    pub fn new(input: Node, spec: Rc<LimitSpec>) -> Limit {
        Limit { input, spec, left: None, last: Vec::new() }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        self.left = None;
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        let (mut skip, mut give) = match self.left {
            Some(left) => left,
            None => {
                let skip = count(cx, &self.spec.offset, "OFFSET", sqlstate::INVALID_ROW_COUNT_IN_OFFSET).await?;
                let give = count(cx, &self.spec.limit, "LIMIT", sqlstate::INVALID_ROW_COUNT_IN_LIMIT).await?;
                if let (Some(give), true) = (give, self.spec.ties.is_empty()) {
                    self.input.set_bound(give.saturating_add(skip.unwrap_or(0)));
                }
                (skip.unwrap_or(0), give.unwrap_or(u64::MAX))
            }
        };
        out.clear(0);
        while give > 0 && out.is_empty() {
            let wanted = give.min(max as u64).saturating_add(skip).min(max.max(BATCH) as u64);
            self.input.next(cx, wanted as usize, out).await?;
            if out.is_empty() {
                break;
            }
            let skipped = skip.min(out.len() as u64);
            out.skip(skipped as usize);
            skip -= skipped;
            give -= out.len() as u64;
        }
        self.left = Some((skip, give));
        if self.spec.ties.is_empty() || give == u64::MAX {
            return Ok(());
        }
        if !out.is_empty() {
            self.last = out.last().to_vec();
        } else if !self.last.is_empty() {
            // The limit is reached: what is like the last row comes too.
            self.input.next(cx, 1, out).await?;
            if !out.is_empty() && compare_rows(&self.spec.ties, &self.last, out.last())?.is_ne() {
                out.clear(0);
                self.last.clear();
            }
        }
        Ok(())
    }
}

/// The argument of LIMIT or OFFSET; `None` for NULL and for none.
async fn count(cx: &ExecCx<'_>, exprs: &Option<Exprs>, clause: &str, code: SqlState) -> Result<Option<u64>> {
    let Some(exprs) = exprs else { return Ok(None) };
    match cx.values(exprs, &[], 0).await?.first() {
        None | Some(Datum::Null) => Ok(None),
        Some(value) => {
            let negative = |_| Error::new(code, format!("{clause} must not be negative"));
            u64::try_from(value.as_int()?).map(Some).map_err(negative)
        }
    }
}
