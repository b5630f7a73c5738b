//! The tree by itself: whether it is right, scans beside a model, keys that may be there only once.

pub(in crate::access) mod verify;

mod crash;
mod scans;

mod unique;
mod vacuum;
