//! Reading the rows of a set, page after page in the order of the file, each page once.
//!
//! Of an exact page the rows that indexes have named are followed along their chains; of a lossy one all versions are judged, and
//! the condition has to be asked of each.
//!
//! PostgreSQL: `nodeBitmapHeapscan.c`, `heapam_scan_bitmap_next_block`.

use std::rc::Rc;

use super::bitmap::TidBitmap;
use super::{Env, Rel, Sifted, TupleBatch, hot, prune, scan};
use crate::buffer::Pin;
use crate::ids::{BlockNumber, Fork, Result, Tid};
use crate::txn::{Snapshot, TableCounter};

/// A scan of the rows of a set.
pub struct BitmapScan {
    rel: Rel,
    snapshot: Rc<Snapshot>,
    map: TidBitmap,
    next: BlockNumber,
    end: BlockNumber,
    /// The page whose versions the batch has.
    page: Option<Pin>,
    recheck: bool,
    /// How many pages were exact, and how many lossy.
    pages: (u64, u64),
}

impl BitmapScan {
    /// Begins a scan with a snapshot.
    pub fn begin(env: &Env, rel: &Rel, snapshot: Rc<Snapshot>, map: TidBitmap) -> BitmapScan {
        let end = rel.blocks(env, Fork::Main);
        BitmapScan {
            rel: rel.clone(),
            snapshot,
            map,
            next: BlockNumber(0),
            end,
            page: None,
            recheck: false,
            pages: (0, 0),
        }
    }

    /// Fills the batch with the visible rows of the next page that has any. `false` at the end.
    pub async fn next_page(&mut self, env: &Env, batch: &mut TupleBatch) -> Result<bool> {
        batch.clear();
        while let Some(found) = self.map.next(self.next).filter(|found| found.block < self.end) {
            env.cx.check_for_interrupts()?;
            self.next = BlockNumber(found.block.0 + 1);
            self.page = None;
            let pin = self.rel.page(env, Fork::Main, found.block).await?;
            prune::prune_opt(env, &self.rel, &pin).await?;
            match found.offsets {
                Some(offsets) => {
                    let tids: Vec<_> = offsets.into_iter().map(|offset| Tid::new(found.block, offset)).collect();
                    hot::fetch_all(env, &self.rel, &pin, &tids, &self.snapshot, batch).await?;
                    self.pages.0 += 1;
                }
                None => {
                    scan::judge_all(env, &self.rel, &pin, &self.snapshot, batch, &|_| Sifted::Unknown).await?;
                    self.pages.1 += 1;
                }
            }
            (self.page, self.recheck) = (Some(pin), found.recheck);
            env.cx.end_step().await;
            if !batch.is_empty() {
                env.stats.count(self.rel.oid, TableCounter::IdxTupFetch, batch.len() as i64);
                return Ok(true);
            }
        }
        self.page = None;
        Ok(false)
    }

    /// Whether the condition has to be asked of the rows of the last page.
    pub fn recheck(&self) -> bool {
        self.recheck
    }

    /// How many pages were exact, and how many lossy.
    pub fn pages(&self) -> (u64, u64) {
        self.pages
    }
}
