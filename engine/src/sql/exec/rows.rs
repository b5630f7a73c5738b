//! Rows on their way from one operator to the next: values of many rows in one vector, without an allocation for each row.
//!
//! ```text
//!   width 3        values  1  'a'  NULL │ 2  'b'  7.5 │ 3  'c'  NULL
//!                          row 0          row 1         row 2
//! ```

use crate::types::Datum;

/// Rows of one width.
#[derive(Clone, Default, Debug)]
pub(super) struct Rows {
    values: Vec<Datum>,
    width: usize,
    len: usize,
}

impl Rows {
    /// None so far.
    pub fn new(width: usize) -> Rows {
        Rows { values: Vec::new(), width, len: 0 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many values a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// One of them.
    pub fn row(&self, at: usize) -> &[Datum] {
        &self.values[at * self.width..(at + 1) * self.width]
    }

    /// One of them, to be changed.
    pub fn row_mut(&mut self, at: usize) -> &mut [Datum] {
        &mut self.values[at * self.width..(at + 1) * self.width]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &[Datum]> {
        (0..self.len).map(|at| self.row(at))
    }

    /// Forgets them, keeping the memory; what comes has this width.
    pub fn clear(&mut self, width: usize) {
        self.values.clear();
        self.width = width;
        self.len = 0;
    }

    /// Adds a row.
    pub fn push(&mut self, row: &[Datum]) {
        self.values.extend_from_slice(row);
        self.close();
    }

    /// Adds a row that is the two put together.
    pub fn push_pair(&mut self, left: &[Datum], right: &[Datum]) {
        self.values.extend_from_slice(left);
        self.values.extend_from_slice(right);
        self.close();
    }

    /// Adds a row of a row and NULLs, as many as there is room for.
    pub fn push_padded(&mut self, left: &[Datum]) {
        self.values.extend_from_slice(left);
        self.close();
    }

    /// Adds a row of NULLs and a row.
    pub fn push_behind(&mut self, right: &[Datum]) {
        self.values.resize((self.len + 1) * self.width - right.len(), Datum::Null);
        self.values.extend_from_slice(right);
        self.close();
    }

    /// The values, to append those of the next row; [`Rows::close`] ends it.
    pub fn open(&mut self) -> &mut Vec<Datum> {
        &mut self.values
    }

    /// Ends a row whose values were appended; what is missing of it is NULL.
    pub fn close(&mut self) {
        self.len += 1;
        self.values.resize(self.len * self.width, Datum::Null);
    }

    /// Forgets a row whose values were appended and that was not closed.
    pub fn abandon(&mut self) {
        self.values.truncate(self.len * self.width);
    }

    /// Takes the last row back.
    pub fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
        self.abandon();
    }

    /// The last row.
    pub fn last(&self) -> &[Datum] {
        self.row(self.len - 1)
    }

    /// Forgets all rows behind the first so many.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.abandon();
    }

    /// Forgets the first rows.
    pub fn skip(&mut self, rows: usize) {
        let rows = rows.min(self.len);
        self.values.drain(..rows * self.width);
        self.len -= rows;
    }

    /// Appends rows `from..to` of others.
    pub fn extend(&mut self, other: &Rows, from: usize, to: usize) {
        self.values.extend_from_slice(&other.values[from * other.width..to * other.width]);
        self.len += to - from;
    }

    /// Appends all rows of others, of their width if there are none yet.
    pub fn append(&mut self, other: &Rows) {
        if self.is_empty() {
            self.clear(other.width);
        }
        self.extend(other, 0, other.len());
    }

    /// Moves a row to an earlier place, over the one that stands there.
    pub fn move_row(&mut self, from: usize, to: usize) {
        if from != to {
            for column in 0..self.width {
                self.values.swap(from * self.width + column, to * self.width + column);
            }
        }
    }
}
