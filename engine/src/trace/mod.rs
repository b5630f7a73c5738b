//! The vocabulary of events: everything that the engine does and that somebody may want to see, in one closed
//! enum. Recorder, stepper, tests, statistics and every picture on the page read the same stream; there are no
//! string names.
//!
//! Two verbs write it (see `world::Cx`): `emit` inside an atomic section, `point` where control may be handed
//! back. What is emitted between two points belongs to the step that the second one ends:
//!
//! ```text
//!   step 812                          step 813
//!   ────────────────────────────────┬──────────────────────────────
//!   emit TupleUpdate  emit BufferDirty  point WalInsert │ ...
//! ```
//!
//! **Coarse** events (the schedule, waits, WAL, the ends of transactions) are few and always chained into one
//! hash, so that two runs can be compared with one number whether anybody watches or not. **Fine** events never
//! enter it. Equal seed, inputs and schedule give equal hashes on every machine.

mod event;
mod ring;

pub use event::{Event, TxStatus};
pub use ring::{Entry, EventHash, Trace};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Lsn, RmgrId};

    #[test]
    fn an_event_is_small() {
        assert!(std::mem::size_of::<Event>() <= 32, "{}", std::mem::size_of::<Event>());
    }

    #[test]
    fn the_hash_sees_coarse_events_and_their_order() {
        let insert = |start| Event::WalInsert { start: Lsn(start), end: Lsn(start + 40), rmgr: RmgrId::Heap, info: 0 };
        let chained = |events: &[Event]| {
            let mut hash = EventHash::new(7);
            events.iter().for_each(|e| hash.chain(e));
            hash.value()
        };
        assert_ne!(chained(&[insert(8), insert(48)]), chained(&[insert(48), insert(8)]));
        assert_eq!(chained(&[insert(8), Event::LatchSet, insert(48)]), chained(&[insert(8), insert(48)]));
    }
}
