//! A line pointer: four bytes that say where an item of a page is, how long, and whether it is one at all.
//!
//! ```text
//!   | lp_len 15 bits | lp_flags 2 | lp_off 15 |       as one little-endian word, lp_off in the low bits
//!
//!   NORMAL -- pruned, others of its HOT chain live --> REDIRECT --+
//!      |                                                          |  the last one dies
//!      +---- dead to everyone ----> DEAD <------------------------+
//!                                     +---- no index points here any more ----> UNUSED, free for a new item
//! ```

use crate::ids::OffsetNumber;

/// What a line pointer is used for; `lp_flags`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum LpFlags {
    /// Free for a new item.
    Unused = 0,
    /// Has an item.
    Normal = 1,
    /// Stands for another line pointer, whose number is in `lp_off`.
    Redirect = 2,
    /// Was an item that nobody sees any more; indexes may still point here.
    Dead = 3,
}

/// A line pointer: 15 bits `lp_off`, 2 bits `lp_flags`, 15 bits `lp_len`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ItemId(pub u32);

impl ItemId {
    /// Free for a new item.
    pub const UNUSED: ItemId = ItemId(0);
    /// Dead, its item's space given back.
    pub const DEAD: ItemId = ItemId::new(0, LpFlags::Dead, 0);

    /// A line pointer from its parts.
    pub const fn new(off: u16, flags: LpFlags, len: u16) -> ItemId {
        ItemId((off as u32 & 0x7FFF) | (flags as u32) << 15 | (len as u32 & 0x7FFF) << 17)
    }

    /// `ItemIdSetRedirect`: stands for the line pointer `to`.
    pub const fn redirect(to: OffsetNumber) -> ItemId {
        ItemId::new(to, LpFlags::Redirect, 0)
    }

    /// `lp_off`: where the item begins; in a redirect, the number of the other line pointer.
    pub fn off(self) -> u16 {
        (self.0 & 0x7FFF) as u16
    }

    /// `lp_flags`
    pub fn flags(self) -> LpFlags {
        match self.0 >> 15 & 3 {
            0 => LpFlags::Unused,
            1 => LpFlags::Normal,
            2 => LpFlags::Redirect,
            _ => LpFlags::Dead,
        }
    }

    /// `lp_len`: the item's length in bytes, not rounded up.
    pub fn len(self) -> u16 {
        (self.0 >> 17) as u16
    }

    /// Whether `lp_len` is 0.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// `ItemIdIsUsed`
    pub fn is_used(self) -> bool {
        self.flags() != LpFlags::Unused
    }

    /// `ItemIdIsNormal`
    pub fn is_normal(self) -> bool {
        self.flags() == LpFlags::Normal
    }

    /// `ItemIdIsRedirected`
    pub fn is_redirected(self) -> bool {
        self.flags() == LpFlags::Redirect
    }

    /// `ItemIdIsDead`
    pub fn is_dead(self) -> bool {
        self.flags() == LpFlags::Dead
    }

    /// Whether a new item may take this line pointer: unused, and without storage.
    pub fn is_free(self) -> bool {
        !self.is_used() && self.is_empty()
    }

    /// `ItemIdHasStorage`
    pub fn has_storage(self) -> bool {
        !self.is_empty()
    }
}
