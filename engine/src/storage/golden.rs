//! The tests of this room: against the bytes of a real PostgreSQL 15 (`tests/golden/pg15/`), and against chance.
