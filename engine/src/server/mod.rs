//!

pub mod protocol;
