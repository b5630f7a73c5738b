//! The access methods as a whole: sessions at random against a model, replay on another host, crashes.

mod crash;
mod replay;
mod room;
mod workload;
