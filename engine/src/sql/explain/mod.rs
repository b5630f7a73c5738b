//! EXPLAIN: a plan as it is shown.
//!
//! ```text
//!   plan ──walk──► nodes with their properties ──► text.rs    Seq Scan on t  (cost=0.00..35.50 rows=2550 width=4)
//!                                              └─► json.rs    { "Node Type": "Seq Scan", ... }
//! ```
//!
//! PostgreSQL: `commands/explain.c`.

mod deparse;
mod joins;
mod json;
mod names;
mod node;
mod queries;
mod scan;
mod text;

pub use node::{Shown, Value};

use super::ast::{ExplainFormat, ExplainOptions};
use super::bound::Bound;
use super::exec::Measured;
use super::plan::Planned;

/// What is known of a run: what each node has done, how long it took, in microseconds.
pub struct Run<'a> {
    /// What each node has done.
    pub measured: &'a Measured,
    /// Planning, and execution.
    pub times: (f64, f64),
}

/// The lines of a plan.
pub fn explain(planned: &Planned, bound: &Bound, options: &ExplainOptions, run: Option<&Run>) -> Vec<String> {
    let root = shown(planned, bound, options, run);
    match options.format {
        ExplainFormat::Text => text::lines(&root, options, run),
        ExplainFormat::Json => vec![json::text(&root, options, run)],
    }
}

/// The nodes of a plan with their properties.
pub fn shown(planned: &Planned, bound: &Bound, options: &ExplainOptions, run: Option<&Run>) -> Shown {
    let changed = queries::changed(bound);
    node::Walk::new(planned, bound, options, run, &changed).root()
}
