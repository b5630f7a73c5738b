//! SQL: from the text of a query to its rows.

pub mod ast;
pub mod bind;
pub mod bound;
mod depth;
mod eval;
pub mod functions;
pub mod parse;
pub mod scan;
mod show;
mod walk;
#[cfg(test)]
mod tests;
