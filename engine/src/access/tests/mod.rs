//! The access methods as a whole: sessions at random against a model, replay on another host, crashes.

mod crash;
pub(in crate::access) mod replay;
pub(in crate::access) mod room;
mod trees;
mod workload;

/// `VITRINE_SOAK=n`: the long form of these tests, from seed `n` on.
pub(in crate::access) fn soak() -> Option<u64> {
    std::env::var("VITRINE_SOAK").ok()?.parse().ok()
}
