//! The checksum of a page, for clusters made with `initdb --data-checksums`.
//!
//! Thirty-two hashes of the FNV-1a family run side by side, each over every thirty-second word of the page, so that
//! a vector unit can do them together; they are folded by exclusive or, mixed with the block number (a page that was
//! written to another page's place is found out) and brought to 1..=65535 (0 means: not computed).

use super::PageBytes;
use super::bytes::get_u32;
use crate::ids::{BLCKSZ, BlockNumber};

const N_SUMS: usize = 32;
const FNV_PRIME: u32 = 16_777_619;

/// Where each hash begins. Source: PostgreSQL's `checksum_impl.h`, which external programs include to agree.
const BASE_OFFSETS: [u32; N_SUMS] = [
    0x5B1F36E9, 0xB8525960, 0x02AB50AA, 0x1DE66D2A, 0x79FF467A, 0x9BB9F8A3, 0x217E7CD2, 0x83E13D2C, 0xF8D4474F,
    0xE39EB970, 0x42C6AE16, 0x993216FA, 0x7B093B5D, 0x98DAFF3C, 0xF718902A, 0x0B1C9CDB, 0xE58F764B, 0x187636BC,
    0x5D7B3BB1, 0xE73DE7DE, 0x92BEC979, 0xCCA6C0B2, 0x304A0979, 0x85AA43D4, 0x783125BB, 0x6CA8EAA2, 0xE407EAC6,
    0x4B5CFC3E, 0x9FBF8C76, 0x15CA20BE, 0xF2CA9FD3, 0x959BD756,
];

fn round(sum: u32, word: u32) -> u32 {
    let mixed = sum ^ word;
    mixed.wrapping_mul(FNV_PRIME) ^ (mixed >> 17)
}

/// `pg_checksum_page`: what `pd_checksum` should be on this page at this place. The stored one counts as zero.
pub fn page_checksum(page: &PageBytes, block: BlockNumber) -> u16 {
    /// The word that holds pd_checksum in its lower half and pd_flags in its upper.
    const CHECKSUM_WORD: usize = super::page::PD_CHECKSUM / 4;
    let mut sums = BASE_OFFSETS;
    for row in 0..BLCKSZ / 4 / N_SUMS {
        for (column, sum) in sums.iter_mut().enumerate() {
            let index = row * N_SUMS + column;
            let word = get_u32(page, index * 4);
            *sum = round(*sum, if index == CHECKSUM_WORD { word & 0xFFFF_0000 } else { word });
        }
    }
    // Two more rounds over zeros spread the last words.
    let folded = sums.iter().fold(0, |fold, &sum| fold ^ round(round(sum, 0), 0));
    ((folded ^ block.0) % 65535 + 1) as u16
}
