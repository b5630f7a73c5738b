//! EXPLAIN: which statement, and what is shown of its plan. What the options mean is PostgreSQL's; those that it has and
//! that are not here are refused by the parser.

/// In which form a plan is shown.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum ExplainFormat {
    /// As lines.
    #[default]
    Text,
    /// As a JSON document.
    Json,
}

/// What is shown of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExplainOptions {
    /// The statement is run, and what each node has done is shown.
    pub analyze: bool,
    /// What each node gives, and all names in full.
    pub verbose: bool,
    /// What each node is thought to cost.
    pub costs: bool,
    /// How many pages were used.
    pub buffers: bool,
    /// How long each node took.
    pub timing: bool,
    /// How long planning and running took.
    pub summary: bool,
    /// Settings of the planner that are not as usual.
    pub settings: bool,
    /// In which form.
    pub format: ExplainFormat,
}

impl Default for ExplainOptions {
    fn default() -> ExplainOptions {
        ExplainOptions {
            analyze: false,
            verbose: false,
            costs: true,
            buffers: false,
            timing: true,
            summary: false,
            settings: false,
            format: ExplainFormat::Text,
        }
    }
}
