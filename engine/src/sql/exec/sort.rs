//! ORDER BY.

use super::super::bound::SortKey;
use super::ExecCx;
use super::node::Node;
use super::order::sorted;
use super::rows::Rows;
use crate::ids::Result;
use std::rc::Rc;

/// All rows in order; those that are alike stay as they came.
#[derive(Clone)]
pub(super) struct Sort {
    input: Node,
    keys: Rc<Vec<SortKey>>,
    rows: Rows,
    /// Which row comes when, once they are sorted.
    order: Option<Vec<u32>>,
    at: usize,
}

impl Sort {
    pub fn new(input: Node, keys: Vec<SortKey>) -> Sort {
        Sort { input, keys: Rc::new(keys), rows: Rows::default(), order: None, at: 0 }
    }

    pub fn rewind(&mut self, cx: &ExecCx<'_>) {
        self.input.rewind(cx);
        (self.order, self.at) = (None, 0);
    }

    pub async fn next(&mut self, cx: &ExecCx<'_>, max: usize, out: &mut Rows) -> Result<()> {
        if self.order.is_none() {
            self.rows = self.input.all(cx).await?;
            if cx.toasted.get() {
                for at in 0..self.rows.len() {
                    let wanted = |slot| self.keys.iter().any(|key| key.slot == slot);
                    cx.bring_back(self.rows.row_mut(at), wanted).await?;
                }
            }
            self.order = Some(sorted(&self.keys, &self.rows)?);
        }
        out.clear(self.rows.width());
        let Some(sorted) = &self.order else { return Ok(()) };
        let end = sorted.len().min(self.at + max);
        for at in &sorted[self.at..end] {
            out.push(self.rows.row(*at as usize));
        }
        self.at = end;
        Ok(())
    }
}
