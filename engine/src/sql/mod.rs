//! SQL: from the text of a query to its rows.

pub mod ast;
mod depth;
pub mod parse;
pub mod scan;
mod show;
#[cfg(test)]
mod tests;
