//! The scripts of binding, over a few tables; what must be refused, PostgreSQL 15 has said how.

use super::{Params, bind};
use crate::catalog::pg_class::ClassRow;
use crate::catalog::pg_namespace;
use crate::ids::{Oid, Result, Xid};
use crate::sql::bound::{CatalogView, Statement, Table};
use crate::sql::functions::Registry;
use crate::sql::parse::parse;
use crate::sql::tests::{run_scripts, show_error};
use crate::types::{Attr, TupleDesc, TypeId, typmod_in};
use std::fmt::Write;
use std::rc::Rc;

struct Tables(Vec<Rc<Table>>);

impl CatalogView for Tables {
    fn table(&self, schema: Option<&str>, name: &str) -> Result<Option<Rc<Table>>> {
        let is = |table: &&Rc<Table>| &*table.name == name && schema.is_none_or(|schema| schema == &*table.schema);
        Ok(self.0.iter().find(is).cloned())
    }
}

/// `accounts`, `t` and `u`, as the real server had them when it was asked.
fn tables() -> Tables {
    let modified = |name, ty, numbers: &[i32]| Attr::new(name, ty).with_typmod(typmod_in(ty, numbers).unwrap());
    let accounts = vec![
        Attr::new("id", TypeId::Int4).not_null(),
        Attr::new("owner", TypeId::Text),
        Attr::new("balance", TypeId::Numeric),
    ];
    let t = vec![
        Attr::new("a", TypeId::Int4),
        Attr::new("b", TypeId::Text),
        Attr::new("c", TypeId::Bool),
        Attr::new("d", TypeId::TimestampTz),
        modified("n", TypeId::Numeric, &[10, 2]),
        modified("v", TypeId::Varchar, &[3]),
        Attr::new("i8", TypeId::Int8),
    ];
    let u = vec![Attr::new("a", TypeId::Int4), Attr::new("x", TypeId::Int4)];
    let table = |(at, (name, attrs)): (u32, (&str, Vec<Attr>))| {
        let (oid, natts) = (Oid(16384 + at), attrs.len());
        let class = ClassRow::of_new_table(oid, name, pg_namespace::PUBLIC, Oid::INVALID, natts, Xid::BOOTSTRAP);
        Rc::new(Table::new(class, "public".into(), TupleDesc::new(attrs), Oid::POSTGRES_DB))
    };
    Tables((0..).zip([("accounts", accounts), ("t", t), ("u", u)]).map(table).collect())
}

/// Binds a statement and prints what it means. With parameters if it names any and the runner allows them.
struct Bind {
    params: bool,
}

impl goldenscript::Runner for Bind {
    type Command = goldenscript::Command;

    fn run(
        &mut self,
        command: &goldenscript::Command,
        _: &goldenscript::Context,
    ) -> std::result::Result<String, Box<dyn std::error::Error>> {
        let params = if self.params { Params::Some(&[]) } else { Params::None };
        let bound = parse(&command.name)
            .and_then(|statements| bind(&statements[0].statement, &tables(), &Registry::new(), params));
        let mut out = String::new();
        match bound {
            Ok(Some(bound)) => {
                show(&mut out, &bound.statement)?;
                if !bound.params.is_empty() {
                    writeln!(out, "  params {:?}", bound.params)?;
                }
            }
            Ok(None) => writeln!(out, "a utility statement")?,
            Err(error) => writeln!(out, "{}", show_error(&error))?,
        }
        Ok(out)
    }
}

fn show(out: &mut String, statement: &Statement) -> std::fmt::Result {
    if let Some(columns) = statement.columns() {
        let names = columns.iter().map(|column| format!("{} {}", column.name, column.ty.format(column.typmod)));
        writeln!(out, "rows of ({})", names.collect::<Vec<_>>().join(", "))?;
    }
    match statement {
        Statement::Query(query) => show_query(out, query),
        Statement::Insert(insert) => {
            writeln!(out, "insert {:?}", insert.values.scalars)?;
            insert.source.iter().try_for_each(|query| show_query(out, query))
        }
        Statement::Update(update) => writeln!(out, "update {:?} where {:?}", update.values.scalars, update.filter),
        Statement::Delete(delete) => writeln!(out, "delete where {:?}", delete.filter),
    }
}

fn show_query(out: &mut String, query: &crate::sql::bound::Query) -> std::fmt::Result {
    use crate::sql::bound::FromNode;
    fn from(node: &FromNode) -> String {
        match node {
            FromNode::Table(table, base, system) => {
                format!("{} #{base}{}", table.name, if *system { " system" } else { "" })
            }
            FromNode::Function(item) => {
                let calls = item.calls.iter().map(|(function, args)| format!("{}{:?}", function.name, args.scalars));
                format!("{} #{} {:?}", calls.collect::<Vec<_>>().join(", "), item.base, item.lateral)
            }
            FromNode::Subquery(_, base, lateral) => format!("query #{base} {lateral:?}"),
            FromNode::Cte(id, base, _) => format!("with {id} #{base}"),
            FromNode::Join(join) => {
                let on = join.on.iter().map(|on| format!(" on {:?}", on.scalars)).collect::<String>();
                format!("({} {:?} {}{on})", from(&join.left), join.kind, from(&join.right))
            }
        }
    }
    writeln!(out, "  project {:?}", query.targets.scalars)?;
    if let Some(node) = &query.from {
        writeln!(out, "  from {}", from(node))?;
    }
    for ((function, args), base) in &query.sets {
        writeln!(out, "  each {}{:?} #{base}", function.name, args.scalars)?;
    }
    if let Some(values) = &query.values {
        writeln!(out, "  values {:?}", values.iter().map(|row| &row.scalars).collect::<Vec<_>>())?;
    }
    for conjunct in &query.filter {
        writeln!(out, "  where {conjunct:?}")?;
    }
    if let Some(grouping) = &query.grouping {
        writeln!(out, "  group {:?} {:?} having {:?}", grouping.keys, grouping.calls, grouping.having)?;
    }
    if !query.order_by.is_empty() || query.distinct {
        writeln!(out, "  order {:?} distinct {}", query.order_by, query.distinct)?;
    }
    if query.limit.is_some() || query.offset.is_some() {
        writeln!(out, "  limit {:?} offset {:?}", query.limit, query.offset)?;
    }
    Ok(())
}

#[test]
fn statements_bind() {
    run_scripts("bind", || Bind { params: true });
}

/// What PostgreSQL 15 says of the same statements over the same tables; the script was written by a real server.
#[test]
fn errors_are_those_of_postgresql() {
    run_scripts("bind_errors", || Bind { params: false });
}

/// What the parser lets pass nests little enough for the recursion of binding.
#[test]
fn deep_nesting_binds_on_a_small_stack() {
    let bind_all = || {
        let cases: [fn(usize) -> String; 6] = [
            |n| format!("select {}1{}", "abs(".repeat(n), ")".repeat(n)),
            |n| format!("select 1{}", "+1".repeat(n)),
            |n| format!("select {}true", "not ".repeat(n)),
            |n| format!("select 1{}", "::int8::int".repeat(n)),
            |n| format!("select {}1{}", "case when true then ".repeat(n), " end".repeat(n)),
            |n| format!("{}1{}", "select * from (select ".repeat(n), ") x".repeat(n)),
        ];
        for (case, n) in cases.iter().flat_map(|case| (1..600).step_by(31).map(move |n| (case, n))) {
            if let Ok(statements) = parse(&case(n)) {
                let _ = bind(&statements[0].statement, &tables(), &Registry::new(), Params::None);
            }
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(bind_all).unwrap().join().unwrap();
}
