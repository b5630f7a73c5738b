//! Values: what data types there are, how a value looks as text, on the wire and on a page, and what can be done
//! with it.
//!
//! ```text
//!   'abc', 42, 1.5        input            output      "42"
//!   bytes of a client ---> recv ---> Datum ---> send ---> bytes for a client
//!   bytes of a tuple  ---> deform          form      ---> bytes for a page
//!                                    |
//!                     cast, operator, comparison, aggregate
//! ```
//!
//! A [`Datum`] carries its own kind, unlike PostgreSQL's bare word, so a mistake shows as an error and not as a
//! crash. What the kind cannot say (a `varchar` is a text, a `regclass` is an oid) is said by the [`TypeId`] that an
//! expression has besides.
//!
//! Which function an operator or a cast means is decided once, when a statement is bound ([`binary_op`],
//! [`find_cast`]); what runs for each row is a plain `fn`. Every operator's function is strict: NULL in, NULL out.
//!
//! Everything is as in a database of encoding UTF8 and locale C. By which zone and style times are read and shown is the
//! session's to say ([`session`]).

pub mod abbreviate;
pub mod aggregate;
pub mod arith;
pub mod array;
pub mod array_ops;
pub mod cast;
pub mod datetime;
pub mod float;
pub mod index_key;
pub mod interval;
pub mod json;
pub mod json_ops;
pub mod like;
pub mod minimal;
pub mod numeric;
pub mod quote;
pub mod regex;
pub mod resolve;
pub mod session;
pub mod tuple;

pub mod column_stats;
mod compare;
mod datum;
mod disk;
#[cfg(test)]
mod golden;
mod modifier;
mod operator;
mod statistics;
mod text;
mod time_ops;
mod type_id;
mod wire;

pub use aggregate::{AggState, Aggregate, aggregate, aggregate_of_two, is_aggregate};
pub use array::Array;
pub use cast::{Cast, CastContext, can_coerce, explicit_cast, find_cast, select_common_type};
pub use compare::{compare, compare_nulls_last, equal, instant};
pub use datum::{Datum, TimeTz, truncate_name};
pub use interval::Interval;
pub use modifier::{apply_typmod, typmod_in};
pub use numeric::Numeric;
pub use operator::{BinaryOp, UnaryOp, binary_op, unary_op};
pub use text::{input, output, write_output};
pub use tuple::{Attr, TupleDesc, deform_columns, deform_into, deform_tuple, form_tuple};
pub use type_id::{TypeCategory, TypeId, align_bytes};
pub use wire::{recv, send};
