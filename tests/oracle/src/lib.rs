//! A real PostgreSQL 15 as the judge of the engine's bytes.
//!
//! It judges in two ways. **Golden files** (`tests/golden/pg15.*/story`) hold what a real server did, statement by
//! statement, for the story that the lab opens with; `capture.py` beside this file made them and can make them again.
//! They are compared always. **Live**, where the programs of version 15 are installed, `pg_waldump`,
//! `pg_controldata` and a scratch server with `pageinspect` read what the engine wrote; where they are not, the tests
//! say on the standard error how many comparisons were skipped.
//!
//! ```text
//!   capture.py ──▶ golden/pg15.20/story/08-update.txt ──▶ golden::Story ──┐
//!                                                                         ├── equal?
//!   the engine, told the same statements ──▶ its disk ──▶ waldump, pages ─┘
//! ```
//!
//! [`waldump`] reads the lines of pg_waldump, whoever wrote the WAL; [`records`] says what of a record must be equal;
//! [`golden`] reads the captured files; [`live`] finds and runs the programs.

pub mod golden;
pub mod live;
pub mod records;
pub mod waldump;
