//! The lines of `pg_waldump`, taken apart.
//!
//! ```text
//!   rmgr: Heap len (rec/tot): 65/ 265, tx: 730, lsn: 0/00801F90, prev 0/00801F18, desc: HOT_UPDATE off 1 xmax 730
//!     flags 0x20 ; new off 4 xmax 0, blkref #0: rel 1663/5/16384 blk 0 FPW                        (one line)
//! ```

use vitrine_engine::ids::{BlockNumber, Fork, Lsn, Oid, RelFile, Xid};

/// A record as pg_waldump shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The resource manager's name.
    pub rmgr: String,
    /// Bytes without full-page images.
    pub rec_len: u32,
    /// Bytes of the record.
    pub tot_len: u32,
    /// The transaction, or 0.
    pub xid: Xid,
    /// Where it begins.
    pub lsn: Lsn,
    /// Where the record before begins.
    pub prev: Lsn,
    /// What it does, with its details.
    pub desc: String,
    /// The pages that it touches.
    pub blocks: Vec<Block>,
}

/// A block reference as pg_waldump shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// The relation's files.
    pub rel: RelFile,
    /// Which of them.
    pub fork: Fork,
    /// Which page.
    pub block: BlockNumber,
    /// Whether an image of the page is in the record.
    pub image: bool,
}

impl Line {
    /// The operation: the first word of the description.
    pub fn operation(&self) -> &str {
        self.desc.split([' ', ';']).next().unwrap_or_default()
    }

    /// Reads a line; `None` if it is not one of a record.
    pub fn parse(line: &str) -> Option<Line> {
        let rest = line.strip_prefix("rmgr:")?;
        let (head, rest) = rest.split_once(", desc: ")?;
        let (desc, blocks) = rest.split_once(", blkref ").unwrap_or((rest, ""));
        let (rmgr, head) = head.split_once("len (rec/tot):")?;
        let mut fields = head.split(',').map(str::trim);
        let (rec, tot) = fields.next()?.split_once('/')?;
        Some(Line {
            rmgr: rmgr.trim().to_string(),
            rec_len: rec.trim().parse().ok()?,
            tot_len: tot.trim().parse().ok()?,
            xid: Xid(fields.next()?.strip_prefix("tx:")?.trim().parse().ok()?),
            lsn: fields.next()?.strip_prefix("lsn: ")?.parse().ok()?,
            prev: fields.next()?.strip_prefix("prev ")?.parse().ok()?,
            desc: desc.trim().to_string(),
            blocks: blocks.split("blkref ").filter(|b| !b.is_empty()).map(Block::parse).collect::<Option<_>>()?,
        })
    }
}

impl Block {
    /// `#0: rel 1663/5/16384 fork vm blk 0 FPW, `
    fn parse(text: &str) -> Option<Block> {
        let mut words = text.trim_end_matches([',', ' ']).split_whitespace().skip(1).peekable();
        let mut rel = words.nth(1)?.split('/').map(|n| n.parse().map(Oid));
        let rel = RelFile { spc: rel.next()?.ok()?, db: rel.next()?.ok()?, rel: rel.next()?.ok()? };
        let mut fork = Fork::Main;
        if words.next_if_eq(&"fork").is_some() {
            let name = words.next()?;
            fork = [Fork::Fsm, Fork::Vm, Fork::Init].into_iter().find(|fork| fork.name() == name)?;
        }
        let block = BlockNumber(words.nth(1)?.parse().ok()?);
        Some(Block { rel, fork, block, image: words.next() == Some("FPW") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_two_blocks_is_read() {
        let line = "rmgr: Heap2 len (rec/tot): 64/ 8256, tx: 0, lsn: 0/00802270, prev 0/00802190, desc: VISIBLE cutoff \
                    xid 730 flags 0x01, blkref #0: rel 1663/5/16384 fork vm blk 0 FPW, blkref #1: rel 1663/5/16384 blk 0";
        let line = Line::parse(line).unwrap();
        assert_eq!((line.rmgr.as_str(), line.rec_len, line.tot_len), ("Heap2", 64, 8256));
        assert_eq!((line.operation(), line.desc.as_str()), ("VISIBLE", "VISIBLE cutoff xid 730 flags 0x01"));
        let forks: Vec<_> = line.blocks.iter().map(|b| (b.fork, b.image)).collect();
        assert_eq!(forks, [(Fork::Vm, true), (Fork::Main, false)]);
    }
}
