//! A plan as JSON, for programs.

use super::super::ast::ExplainOptions;
use super::super::exec::Actual;
use super::Run;
use super::node::{Shown, Value};

/// The document.
pub fn text(root: &Shown, options: &ExplainOptions, run: Option<&Run>) -> String {
    let mut out = String::from("[\n  {\n    \"Plan\": ");
    node(root, 2, true, options, &mut out);
    if let Some(run) = run
        && options.summary
    {
        out += &format!(",\n    \"Planning Time\": {:.3},\n    \"Triggers\": [\n    ]", run.times.0 / 1000.0);
        out += &format!(",\n    \"Execution Time\": {:.3}", run.times.1 / 1000.0);
    }
    out + "\n  }\n]"
}

fn node(shown: &Shown, depth: usize, root: bool, options: &ExplainOptions, out: &mut String) {
    let pad = "  ".repeat(depth + 1);
    let mut fields: Vec<(String, String)> = vec![("Node Type".into(), quoted(&shown.kind))];
    let mut put = |label: &str, value: String| fields.push((label.into(), value));
    if !root {
        put("Parent Relationship", quoted(shown.relation));
    }
    if let Some(name) = &shown.name {
        put("Subplan Name", quoted(name));
    }
    put("Parallel Aware", "false".into());
    put("Async Capable", "false".into());
    for (label, value) in &shown.facts {
        put(label, of_value(value, depth));
    }
    if options.costs {
        let cost = &shown.cost;
        put("Startup Cost", format!("{:.2}", cost.startup));
        put("Total Cost", format!("{:.2}", cost.total));
        put("Plan Rows", format!("{:.0}", cost.rows));
        put("Plan Width", cost.width.to_string());
    }
    if let Some(actual) = &shown.actual {
        measured(actual, options, &mut put);
    }
    for (label, value) in &shown.properties {
        put(label, of_value(value, depth));
        if let (Some(actual), "Filter" | "Join Filter") = (&shown.actual, *label) {
            let count = if *label == "Filter" { actual.removed } else { actual.removed_pairs };
            put(&format!("Rows Removed by {label}"), (count / actual.loops.max(1)).to_string());
        }
    }
    let fields: Vec<String> =
        fields.into_iter().map(|(label, value)| format!("{pad}  {}: {value}", quoted(&label))).collect();
    *out += &format!("{{\n{}", fields.join(",\n"));
    if !shown.inputs.is_empty() {
        *out += &format!(",\n{pad}  \"Plans\": [");
        for (at, input) in shown.inputs.iter().enumerate() {
            *out += &format!("{}\n{pad}    ", if at > 0 { "," } else { "" });
            node(input, depth + 2, false, options, out);
        }
        *out += &format!("\n{pad}  ]");
    }
    *out += &format!("\n{pad}}}");
}

fn measured(actual: &Actual, options: &ExplainOptions, put: &mut dyn FnMut(&str, String)) {
    let loops = actual.loops.max(1) as f64;
    if options.timing {
        put("Actual Startup Time", format!("{:.3}", actual.first as f64 / 1000.0 / loops));
        put("Actual Total Time", format!("{:.3}", actual.total as f64 / 1000.0 / loops));
    }
    put("Actual Rows", format!("{:.0}", actual.rows as f64 / loops));
    put("Actual Loops", actual.loops.to_string());
    if options.buffers {
        let used = &actual.buffers;
        put("Shared Hit Blocks", used.hit.to_string());
        put("Shared Read Blocks", used.read.to_string());
        put("Shared Dirtied Blocks", used.dirtied.to_string());
        put("Shared Written Blocks", used.written.to_string());
    }
}

fn of_value(value: &Value, depth: usize) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::List(list) => {
            let _ = depth;
            format!("[{}]", list.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            c if c < ' ' => out += &format!("\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out + "\""
}
