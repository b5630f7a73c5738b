//! Foreign keys: whether the row that one refers to is there, and what becomes of those that refer to one that goes.
//!
//! Both are asked by queries, at the end of the statement, row by row in the order of the changes:
//!
//! ```text
//!   INSERT INTO orders (customer) VALUES (7)     SELECT 1 FROM customers WHERE id = 7 FOR KEY SHARE    one row, or 23503
//!   DELETE FROM customers WHERE id = 7           SELECT 1 FROM orders WHERE customer = 7 FOR KEY SHARE   none, or 23503
//!                         ON DELETE CASCADE      DELETE FROM orders WHERE customer = 7
//! ```
//!
//! The key share lock keeps the row that is referred to from going before this transaction ends, and lets others change it
//! as long as they leave its key alone: so two who refer to one row never wait for each other, nor for one who updates it.
//! Everybody must see the same here, so the queries look at things as they are now, also in REPEATABLE READ; what the
//! transaction's own snapshot does not see must not be changed then, that is an error.
//!
//! What the queries change may concern further keys: that is put behind the rest. Checks that may wait for the end of the
//! transaction are handed to it.
//!
//! PostgreSQL: `utils/adt/ri_triggers.c`; `AfterTriggerEndQuery` in `commands/trigger.c`.

use super::super::bind::{self, Params};
use super::super::bound::{Bound, CatalogView, Statement};
use super::super::functions::FnCtx;
use super::super::parse::parse;
use super::super::plan::{self, Planned};
use super::build::build;
use super::rows::Rows;
use super::{ExecCx, modify};
use crate::access;
use crate::catalog::Table;
use crate::catalog::pg_constraint::{ConstraintRow, FkAction, ForeignKey};
use crate::ids::{Error, LockMode, Oid, Result, Tid, Xid, sqlstate};
use crate::trace::Event;
use crate::txn::{Isolation, RowEvent, Snapshot};
use crate::types::{Datum, TypeId, deform_tuple, output};
use std::cell::RefCell;
use std::rc::Rc;

/// The changes that a statement has to have checked.
pub(super) type Queue = RefCell<Vec<RowEvent>>;

// --- which changes concern which keys ------------------------------------------------------------------------

/// The version of a row before and after, with its values.
pub(super) struct Change<'a> {
    pub old: Option<(Tid, &'a [Datum])>,
    pub new: Option<(Tid, &'a [Datum])>,
    /// The transaction that made the version before.
    pub maker: Xid,
}

/// Whether changes of a table's rows have to be noted at all.
pub(super) fn is_concerned(table: &Table) -> bool {
    !table.referenced_by.is_empty() || table.constraints.iter().any(|row| row.foreign.is_some())
}

/// Notes a change for the keys that it concerns.
pub(super) fn note(cx: &ExecCx<'_>, table: &Table, change: &Change<'_>) {
    let event = |row: &ConstraintRow, referenced| RowEvent {
        constraint: row.oid,
        table: table.oid,
        referenced,
        old: change.old.map(|(tid, _)| tid),
        new: change.new.map(|(tid, _)| tid),
    };
    let mut queue = cx.after.borrow_mut();
    for row in &table.referenced_by {
        let columns = row.foreign.as_ref().map_or(&[][..], |key| &key.columns);
        let Some((_, old)) = change.old else { continue };
        let stays = change.new.is_some_and(|(_, new)| columns.iter().all(|at| old[*at] == new[*at]));
        if !stays && !columns.iter().any(|at| old[*at].is_null()) {
            queue.push(event(row, true));
        }
    }
    for row in table.constraints.iter().filter(|row| row.foreign.is_some()) {
        let Some((_, new)) = change.new else { continue };
        // A version of this transaction may have been replaced before its own check came.
        let own = cx.fx.env.xact.borrow().is_current(change.maker);
        let same = |(_, old): (Tid, &[Datum])| row.columns.iter().all(|at| old[*at] == new[*at]);
        if own || !change.old.is_some_and(same) {
            queue.push(event(row, false));
        }
    }
}

// --- checking ------------------------------------------------------------------------------------------------

/// Checks what a statement has changed, and what that changes in turn. What may wait is handed to the transaction.
pub(super) async fn fire(cx: &ExecCx<'_>) -> Result<()> {
    let mut at = 0;
    loop {
        let Some(event) = cx.after.borrow().get(at).copied() else { return Ok(()) };
        at += 1;
        let table = open(cx, event.table).await?;
        let Some(row) = constraint_of(&table, &event) else { continue };
        if waits(cx, &event, row) {
            cx.fx.env.xact.borrow_mut().deferred.events.push(event);
        } else {
            check(cx, &table, row, &event).await?;
        }
    }
}

/// Checks changes that have waited: all, or those of one key. At the end of the transaction, or when SET CONSTRAINTS says
/// so.
pub async fn fire_deferred(fx: &FnCtx, constraints: Option<&[Oid]>) -> Result<()> {
    let is_meant = |event: &RowEvent| constraints.is_none_or(|oids| oids.contains(&event.constraint));
    let events: Vec<RowEvent> = fx.env.xact.borrow().deferred.events.iter().copied().filter(is_meant).collect();
    if events.is_empty() {
        return Ok(());
    }
    let queue = Queue::default();
    fx.env.xact.borrow_mut().next_command();
    let snapshot = fx.env.take_snapshot();
    let plan = Planned::default();
    let cx = ExecCx::new(fx, &[], snapshot, &plan, &queue);
    for event in &events {
        let table = open(&cx, event.table).await?;
        if let Some(row) = constraint_of(&table, event) {
            check(&cx, &table, row, event).await?;
        }
    }
    // Whoever rolls back to a savepoint takes back that this was checked: then it is once more at the end.
    let xact = &mut *fx.env.xact.borrow_mut();
    if xact.level() == 1 {
        xact.deferred.events.retain(|event| !is_meant(event));
    }
    Ok(())
}

/// A table that this transaction has locked already.
async fn open(cx: &ExecCx<'_>, oid: Oid) -> Result<Rc<Table>> {
    let table = cx.fx.catalog.table_by_oid(&cx.fx.env, oid).await?;
    table.ok_or_else(|| Error::internal(format!("could not open relation with OID {oid}")))
}

fn constraint_of<'a>(table: &'a Table, event: &RowEvent) -> Option<&'a ConstraintRow> {
    let rows = if event.referenced { &table.referenced_by } else { &table.constraints };
    rows.iter().find(|row| row.oid == event.constraint)
}

/// Of what happens to the rows that refer, only NO ACTION can wait.
fn waits(cx: &ExecCx<'_>, event: &RowEvent, row: &ConstraintRow) -> bool {
    let Some(key) = row.foreign.as_ref().filter(|_| row.deferrable) else { return false };
    let action = if event.new.is_some() { key.on_update } else { key.on_delete };
    let deferrable = !event.referenced || action == FkAction::NoAction;
    deferrable && cx.fx.env.xact.borrow().deferred.waits(row.oid, row.deferred)
}

async fn check(cx: &ExecCx<'_>, table: &Rc<Table>, row: &ConstraintRow, event: &RowEvent) -> Result<()> {
    let Some(key) = &row.foreign else { return Ok(()) };
    cx.fx.env.cx.point(Event::ForeignKeyCheck { table: table.oid, constraint: row.oid }).await;
    match event.referenced {
        true => check_referenced(cx, table, row, key, event).await,
        false => check_reference(cx, table, row, key, event).await,
    }
}

/// The values of some columns of a version.
async fn values(cx: &ExecCx<'_>, table: &Table, version: &[u8], columns: &[usize]) -> Result<Vec<Datum>> {
    let row = deform_tuple(&table.desc, version)?;
    let mut values: Vec<Datum> = columns.iter().map(|at| row[*at].clone()).collect();
    cx.note_toasted(table, &values);
    cx.bring_back(&mut values, |_| true).await?;
    Ok(values)
}

/// `RI_FKey_check`: the row that this one refers to must be there, and stay.
async fn check_reference(
    cx: &ExecCx<'_>,
    table: &Rc<Table>,
    row: &ConstraintRow,
    key: &ForeignKey,
    event: &RowEvent,
) -> Result<()> {
    let Some(tid) = event.new else { return Ok(()) };
    // A version that is gone already needs nothing.
    let Some(version) = access::fetch_current(&cx.fx.env, &table.rel, tid).await? else { return Ok(()) };
    let params = values(cx, table, &version, &row.columns).await?;
    let nulls = params.iter().filter(|value| value.is_null()).count();
    if nulls == params.len() || nulls > 0 && !key.full {
        return Ok(());
    }
    let violates = || {
        let message =
            format!("insert or update on table \"{}\" violates foreign key constraint \"{}\"", table.name, row.name);
        Error::new(sqlstate::FOREIGN_KEY_VIOLATION, message)
    };
    if nulls > 0 {
        return Err(violates().detail("MATCH FULL does not allow mixing of null and nonnull key values."));
    }
    let referred = cx.fx.catalog.open_by_oid(&cx.fx.env, key.table, LockMode::RowShare).await?;
    let query =
        Query { kind: Kind::Lookup, row, on: &referred, columns: &key.columns, types: types(table, &row.columns) };
    if query.run(cx, &params).await? > 0 {
        return Ok(());
    }
    let detail = described(table, &row.columns, &params);
    Err(violates().detail(format!("Key {detail} is not present in table \"{}\".", referred.name)))
}

/// What becomes of the rows that refer to one that is gone, or has another key.
async fn check_referenced(
    cx: &ExecCx<'_>,
    table: &Rc<Table>,
    row: &ConstraintRow,
    key: &ForeignKey,
    event: &RowEvent,
) -> Result<()> {
    let env = &cx.fx.env;
    let version = async |tid: Option<Tid>| match tid {
        Some(tid) => access::fetch_any(env, &table.rel, tid).await,
        None => Ok(None),
    };
    let gone = || Error::internal("failed to fetch a row for a foreign key");
    let old = values(cx, table, &version(event.old).await?.ok_or_else(gone)?, &key.columns).await?;
    let action = if event.new.is_some() { key.on_update } else { key.on_delete };
    let mode = if matches!(action, FkAction::NoAction | FkAction::Restrict) {
        LockMode::RowShare
    } else {
        LockMode::RowExclusive
    };
    let referring = cx.fx.catalog.open_by_oid(env, row.table, mode).await?;
    let types = types(table, &key.columns);
    let query = |kind| Query { kind, row, on: &referring, columns: &row.columns, types: types.clone() };
    match action {
        FkAction::NoAction | FkAction::Restrict => {}
        FkAction::Cascade if event.new.is_none() => return query(Kind::CascadeDelete).run(cx, &old).await.map(drop),
        FkAction::Cascade => {
            let mut params = values(cx, table, &version(event.new).await?.ok_or_else(gone)?, &key.columns).await?;
            params.extend(old);
            let types = types.iter().chain(&types).copied().collect();
            return Query { types, ..query(Kind::CascadeUpdate) }.run(cx, &params).await.map(drop);
        }
        FkAction::SetNull | FkAction::SetDefault => {
            let deleted = event.new.is_none();
            query(Kind::Set(action == FkAction::SetDefault, deleted)).run(cx, &old).await?;
            if action == FkAction::SetNull {
                return Ok(());
            }
        }
    }
    // There may be a row with the old key again.
    if action != FkAction::Restrict {
        let again = Query { kind: Kind::Lookup, row, on: table, columns: &key.columns, types: types.clone() };
        if again.run(cx, &old).await? > 0 {
            return Ok(());
        }
    }
    if query(Kind::Referrers).run(cx, &old).await? == 0 {
        return Ok(());
    }
    let message = format!(
        "update or delete on table \"{}\" violates foreign key constraint \"{}\" on table \"{}\"",
        table.name, row.name, referring.name
    );
    let detail = described(table, &key.columns, &old);
    Err(Error::new(sqlstate::FOREIGN_KEY_VIOLATION, message)
        .detail(format!("Key {detail} is still referenced from table \"{}\".", referring.name)))
}

fn types(table: &Table, columns: &[usize]) -> Vec<TypeId> {
    columns.iter().map(|at| table.desc.attrs[*at].type_id).collect()
}

/// `(a, b)=(1, 2)`
fn described(table: &Table, columns: &[usize], values: &[Datum]) -> String {
    let names: Vec<&str> = columns.iter().map(|at| &*table.desc.attrs[*at].name).collect();
    let show = |(at, value): (&usize, &Datum)| output(value, table.desc.attrs[*at].type_id);
    let values: Vec<String> = columns.iter().zip(values).map(show).collect();
    format!("({})=({})", names.join(", "), values.join(", "))
}

// --- the queries ---------------------------------------------------------------------------------------------

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The row with this key.
    Lookup,
    /// Rows that refer to it.
    Referrers,
    /// ON DELETE CASCADE
    CascadeDelete,
    /// ON UPDATE CASCADE
    CascadeUpdate,
    /// SET DEFAULT, or SET NULL; ON DELETE, or ON UPDATE.
    Set(bool, bool),
}

/// A query of a foreign key, on the table at either end of it.
struct Query<'a> {
    kind: Kind,
    row: &'a ConstraintRow,
    on: &'a Rc<Table>,
    /// The columns that are compared with the parameters.
    columns: &'a [usize],
    /// The types of the parameters.
    types: Vec<TypeId>,
}

/// The tables of a query: there is only one.
struct Only<'a>(&'a Rc<Table>);

impl CatalogView for Only<'_> {
    fn table(&self, _: Option<&str>, _: &str) -> Result<Option<Rc<Table>>> {
        Ok(Some(self.0.clone()))
    }
}

impl Query<'_> {
    /// Its text, as PostgreSQL has it in the CONTEXT of errors; without what our grammar lacks, to be run.
    fn text(&self, shown: bool) -> String {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let only = if shown { "ONLY " } else { "" };
        let table = format!("{only}{}.{}", quoted(&self.on.schema), quoted(&self.on.name));
        let equals = if shown { "OPERATOR(pg_catalog.=)" } else { "=" };
        let name = |at: &usize| quoted(&self.on.desc.attrs[*at].name);
        let (column_first, first) = match self.kind {
            Kind::Lookup => (true, 1),
            Kind::CascadeUpdate => (false, self.columns.len() + 1),
            _ => (false, 1),
        };
        let condition = |(n, at): (usize, &usize)| match column_first {
            true => format!("{} {equals} ${}", name(at), n + first),
            false => format!("${} {equals} {}", n + first, name(at)),
        };
        let conditions: Vec<String> = self.columns.iter().enumerate().map(condition).collect();
        let conditions = conditions.join(" AND ");
        let set = |columns: &[usize], value: &dyn Fn(usize) -> String| {
            let items: Vec<String> =
                columns.iter().enumerate().map(|(n, at)| format!("{} = {}", name(at), value(n))).collect();
            format!("UPDATE {table} SET {} WHERE {conditions}", items.join(", "))
        };
        match self.kind {
            Kind::Lookup | Kind::Referrers => {
                format!("SELECT 1 FROM {table} x WHERE {conditions} FOR KEY SHARE OF x")
            }
            Kind::CascadeDelete => format!("DELETE FROM {table} WHERE {conditions}"),
            Kind::CascadeUpdate => set(self.columns, &|n| format!("${}", n + 1)),
            Kind::Set(default, deleted) => {
                let named = self.row.foreign.as_ref().map_or(&[][..], |key| &key.set_columns);
                let columns = if deleted && !named.is_empty() { named } else { self.columns };
                set(columns, &|_| if default { "DEFAULT".into() } else { "NULL".into() })
            }
        }
    }

    /// Bound once for each key, and kept.
    fn plan(&self, cx: &ExecCx<'_>) -> Result<Rc<Bound>> {
        let number = match self.kind {
            // The same question is asked of one table by either end.
            Kind::Lookup => u8::from(self.types != types(self.on, self.columns)),
            Kind::Referrers => 2,
            Kind::CascadeDelete => 3,
            Kind::CascadeUpdate => 4,
            Kind::Set(default, deleted) => 5 + u8::from(default) * 2 + u8::from(deleted),
        };
        let place = (self.row.oid, number);
        if let Some(known) = cx.fx.catalog.plan::<Bound>(place) {
            return Ok(known);
        }
        let types: Vec<Option<TypeId>> = self.types.iter().copied().map(Some).collect();
        let parsed = parse(&self.text(false))?;
        let statement = parsed.first().ok_or_else(|| Error::internal("an empty query of a foreign key"))?;
        let bound = bind::bind(&statement.statement, &Only(self.on), &cx.fx.registry, Params::Some(&types))?;
        let bound = Rc::new(bound.ok_or_else(|| Error::internal("a foreign key asks no query"))?);
        cx.fx.catalog.keep_plan(place, bound.clone());
        Ok(bound)
    }

    /// `ri_PerformCheck`: how many rows it finds or changes; one is enough to be found.
    async fn run(&self, cx: &ExecCx<'_>, params: &[Datum]) -> Result<u64> {
        self.perform(cx, params).await.map_err(|error| {
            let before = error.report().context.clone().map(|context| context + "\n").unwrap_or_default();
            error.context(format!("{before}SQL statement \"{}\"", self.text(true)))
        })
    }

    async fn perform(&self, cx: &ExecCx<'_>, params: &[Datum]) -> Result<u64> {
        let bound = self.plan(cx)?;
        let env = &cx.fx.env;
        env.xact.borrow_mut().next_command();
        let ours = env.take_snapshot();
        let repeatable = env.xact.borrow().isolation == Isolation::RepeatableRead;
        // The row that is referred to is looked for as the transaction sees things; all else as it is.
        let latest = repeatable && self.kind != Kind::Lookup;
        let snapshot: Rc<Snapshot> = if latest { Rc::new(env.catalog_snapshot()) } else { ours.clone() };
        let crosscheck = latest.then_some(ours);
        let plan = plan::plan(cx.fx, &snapshot, &bound, None).await?;
        let mut inner = ExecCx::new(cx.fx, params, snapshot, &plan, cx.after);
        inner.crosscheck = crosscheck;
        match &bound.statement {
            Statement::Query(_) => {
                let Some(mut node) = plan.root.as_ref().map(|plan| build(plan, false)) else { return Ok(0) };
                let mut rows = Rows::default();
                node.next(&inner, 1, &mut rows).await?;
                Ok(rows.len() as u64)
            }
            Statement::Update(update) => modify::update(&inner, update, plan.root.as_deref(), &mut |_| Ok(())).await,
            Statement::Delete(delete) => modify::delete(&inner, delete, plan.root.as_deref(), &mut |_| Ok(())).await,
            Statement::Insert(_) => Err(Error::internal("a foreign key inserts nothing")),
        }
    }
}
