//! A plan as text: two spaces and an arrow for each step down.

use super::super::ast::ExplainOptions;
use super::super::exec::{Actual, Buffers};
use super::Run;
use super::node::{Shown, Value};

/// The lines of a plan.
pub fn lines(root: &Shown, options: &ExplainOptions, run: Option<&Run>) -> Vec<String> {
    let mut out = Vec::new();
    node(root, 0, true, options, &mut out);
    if let Some(run) = run
        && options.summary
    {
        out.push(format!("Planning Time: {:.3} ms", run.times.0 / 1000.0));
        out.push(format!("Execution Time: {:.3} ms", run.times.1 / 1000.0));
    }
    out
}

fn node(shown: &Shown, indent: usize, root: bool, options: &ExplainOptions, out: &mut Vec<String>) {
    let mut indent = indent;
    if let Some(name) = &shown.name {
        out.push(format!("{}{name}", " ".repeat(indent)));
        indent += 2;
    }
    let arrow = if root { "" } else { "->  " };
    let mut line = format!("{}{arrow}{}", " ".repeat(indent), shown.title);
    if !root {
        indent += 4;
    }
    if options.costs {
        let cost = &shown.cost;
        line += &format!("  (cost={:.2}..{:.2} rows={:.0} width={})", cost.startup, cost.total, cost.rows, cost.width);
    }
    if let Some(actual) = &shown.actual {
        line += &measured(actual, options);
    }
    out.push(line);
    let pad = " ".repeat(indent + 2);
    for (label, value) in &shown.properties {
        let value = match value {
            Value::Text(text) => text.clone(),
            Value::List(list) => list.join(", "),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
        };
        out.push(format!("{pad}{label}: {value}"));
        if let Some(removed) = shown.actual.as_ref().and_then(|actual| removed(label, actual)) {
            out.push(format!("{pad}{removed}"));
        }
    }
    if let Some(actual) = &shown.actual {
        details(actual, &pad, options, out);
    }
    for input in &shown.inputs {
        node(input, indent + 2, false, options, out);
    }
}

/// `(actual time=0.010..0.020 rows=10 loops=1)`
fn measured(actual: &Actual, options: &ExplainOptions) -> String {
    if actual.loops == 0 {
        return " (never executed)".into();
    }
    let loops = actual.loops as f64;
    let rows = actual.rows as f64 / loops;
    if !options.timing {
        return format!(" (actual rows={rows:.0} loops={})", actual.loops);
    }
    let (first, total) = (actual.first as f64 / 1000.0 / loops, actual.total as f64 / 1000.0 / loops);
    format!(" (actual time={first:.3}..{total:.3} rows={rows:.0} loops={})", actual.loops)
}

/// Rows that a condition refused, on average for each loop.
fn removed(label: &str, actual: &Actual) -> Option<String> {
    let (what, count) = match label {
        "Filter" => ("Filter", actual.removed),
        "Join Filter" => ("Join Filter", actual.removed_pairs),
        _ => return None,
    };
    let loops = actual.loops.max(1) as f64;
    (count > 0).then(|| format!("Rows Removed by {what}: {:.0}", count as f64 / loops))
}

fn details(actual: &Actual, pad: &str, options: &ExplainOptions, out: &mut Vec<String>) {
    if let Some((method, kilobytes, disk)) = &actual.sort {
        let space = if *disk { "Disk" } else { "Memory" };
        out.push(format!("{pad}Sort Method: {method}  {space}: {kilobytes}kB"));
    }
    if let Some((buckets, batches, kilobytes)) = actual.hash {
        out.push(format!("{pad}Buckets: {buckets}  Batches: {batches}  Memory Usage: {kilobytes}kB"));
    }
    if let Some((batches, kilobytes)) = actual.groups {
        out.push(format!("{pad}Batches: {batches}  Memory Usage: {kilobytes}kB"));
    }
    if let Some(fetches) = actual.heap_fetches {
        out.push(format!("{pad}Heap Fetches: {fetches}"));
    }
    if options.buffers
        && let Some(line) = buffers(&actual.buffers)
    {
        out.push(format!("{pad}Buffers: {line}"));
    }
}

fn buffers(used: &Buffers) -> Option<String> {
    let counts = [("hit", used.hit), ("read", used.read), ("dirtied", used.dirtied), ("written", used.written)];
    let shown: Vec<String> = counts.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what}={n}")).collect();
    (!shown.is_empty()).then(|| format!("shared {}", shown.join(" ")))
}
