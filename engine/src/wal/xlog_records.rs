//! Records of the log itself: checkpoints, switches, whole pages.

/// The rest of the segment is left empty; the log goes on in the next.
pub const XLOG_SWITCH: u8 = 0x40;
