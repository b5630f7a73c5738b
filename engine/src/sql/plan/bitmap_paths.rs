//! Ways to read a table by maps of its rows, which indexes make.
//!
//! ```text
//!   a = 1 OR b = 2      BitmapOr ── Bitmap Index Scan on a, one on b        the table is then read page by page,
//!   a = 1 AND b = 2     BitmapAnd ── the same, if it is worth it            in the order of the file
//! ```
//!
//! PostgreSQL: `choose_bitmap_and`, `generate_bitmap_or_paths`, `cost_bitmap_heap_scan`.

use super::level::Level;
use super::path::Path;
use std::rc::Rc;

impl Level<'_> {
    /// The best way by maps.
    pub fn bitmap_paths(&mut self, _at: usize, _maps: Vec<Rc<Path>>) {}
}
