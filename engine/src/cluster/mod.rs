//! Several servers in one room, and the one door through which the outside drives them.
//!
//! ```text
//!      clients                        Lab
//!   A ──────────┐      ┌───────────────────────────────────┐
//!   B ──────────┼────► │ primary ══ link ══► standby       │ ──► answers, each with its step
//!   (typing,    │      │   disk                disk        │ ──► what was synced, in one sequence
//!    stepping,  │      └───────────────────────────────────┘
//!    faults) ───┘          inputs are recorded with their step and moment
//! ```
//!
//! A [`Lab`] is a world with its servers. Everything that happens to it from outside is an [`Input`]; seed, spec and
//! the recorded inputs are the whole story, and [`Lab::replay`] tells it again up to any step.
//!
//! A standby comes into being as in real life: a base backup of the running primary, taken by a process of its
//! own, after which the copy is started.

mod input;
mod lab;
mod standby;

pub use input::{Input, Recorded};
pub use lab::{Lab, LabSpec, Session};

#[cfg(test)]
mod tests;
