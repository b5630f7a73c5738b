//! EXPLAIN: a statement's plan, and with ANALYZE what its nodes have done.

use super::session::Session;
use super::statement::{Parameters, Part, Sink};
use crate::ids::{Error, Result};
use crate::settings::{DEFINITIONS, Setting};
use crate::sql::ast::{ExplainFormat, ExplainOptions, Statement};
use crate::sql::bind::Params;
use crate::sql::bound::OutColumn;
use crate::sql::exec::{self, Measured};
use crate::sql::explain::{Run, explain};
use crate::types::{Datum, TypeId};

/// The only column of the answer.
pub(super) fn explain_columns(options: &ExplainOptions) -> Vec<OutColumn> {
    let ty = if options.format == ExplainFormat::Json { TypeId::Json } else { TypeId::Text };
    vec![OutColumn { name: "QUERY PLAN".into(), ty, typmod: -1, source: Default::default() }]
}

impl Session {
    /// EXPLAIN.
    pub(super) async fn explain(
        &mut self,
        statement: &Statement,
        options: &ExplainOptions,
        parameters: &Parameters,
        sink: Sink<'_>,
    ) -> Result<String> {
        let known: Vec<Option<TypeId>> = parameters.types.iter().copied().map(Some).collect();
        let params = if known.is_empty() { Params::None } else { Params::Some(&known) };
        let bound = self.bind_statement(statement, params).await?;
        let bound = bound.ok_or_else(|| Error::unsupported("EXPLAIN of this statement"))?;
        let mut lines = if options.analyze {
            let measured = Measured::default();
            let run = exec::analyze(&self.fx, &bound, &parameters.values, &measured).await;
            self.env.release_work();
            let (planned, times) = run?;
            explain(&planned, &bound, options, Some(&Run { measured: &measured, times }))
        } else {
            let values = (!parameters.values.is_empty()).then_some(&parameters.values[..]);
            let planned = exec::plan_only(&self.fx, &bound, values).await?;
            explain(&planned, &bound, options, None)
        };
        if options.settings && options.format == ExplainFormat::Text {
            lines.extend(self.planner_settings());
        }
        sink(Part::Columns(&explain_columns(options)))?;
        for line in lines {
            let value = match options.format {
                ExplainFormat::Json => Datum::Json(line.into()),
                ExplainFormat::Text => Datum::Text(line.into()),
            };
            sink(Part::Row(&[value]))?;
        }
        Ok("EXPLAIN".into())
    }

    /// The settings of the planner that are not as usual.
    fn planner_settings(&self) -> Option<String> {
        let settings = self.env.settings.borrow();
        let differs = |setting: &&Setting| {
            let definition = &DEFINITIONS[**setting as usize];
            let concerns = definition.category.starts_with("Query Tuning") || definition.name == "work_mem";
            concerns && settings.show(**setting) != definition.default
        };
        let shown: Vec<String> = Setting::ALL
            .iter()
            .filter(differs)
            .map(|setting| format!("{} = '{}'", DEFINITIONS[*setting as usize].name, settings.show(*setting)))
            .collect();
        (!shown.is_empty()).then(|| format!("Settings: {}", shown.join(", ")))
    }
}
