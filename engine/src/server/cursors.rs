//! Cursors: DECLARE, FETCH, MOVE, CLOSE.
//!
//! ```text
//!   place     0      1      2      3      4
//!             │   ┌──────┬──────┬──────┐  │        on a row, before the first, or behind the last
//!             ▼   │ row  │ row  │ row  │  ▼
//!                 └──────┴──────┴──────┘
//!                           ▲
//!                       FETCH PRIOR goes to 1, FETCH 2 to 3 and 4: one row
//! ```
//!
//! The query goes on only as far as it is asked ([`exec::Portal`]). Where a cursor can go back, the rows that have come
//! are kept; PostgreSQL runs those plans backward that can do so, and keeps the rows of others if SCROLL is said. At
//! the end of its transaction a cursor is closed, or if it is WITH HOLD read to its end.
//!
//! PostgreSQL: `commands/portalcmds.c`, `DoPortalRunFetch` in `tcop/pquery.c`.

use super::session::Session;
use super::statement::{Part, Sink};
use crate::ids::{Error, Result, TimestampTz, sqlstate};
use crate::small;
use crate::sql::ast::{DeclareCursor, Direction, Fetch, Ident, Statement};
use crate::sql::bind::Params;
use crate::sql::bound::{self, FromNode, OutColumn, Query, Row};
use crate::sql::exec;
use crate::types::Datum;
use std::rc::Rc;

/// Rows that are asked for at once where no number is said.
const BATCH: usize = 256;

/// A cursor.
pub(super) struct Cursor {
    text: Rc<str>,
    columns: Vec<OutColumn>,
    /// What its further rows come from; none if all are here.
    query: Option<exec::Portal>,
    /// Rows that are here, and how many were before the first of them.
    rows: Vec<Row>,
    dropped: usize,
    place: usize,
    scroll: bool,
    hold: bool,
    failed: bool,
    made: TimestampTz,
    /// The level of the transaction that has made it; 0 if that has committed.
    pub(super) level: usize,
}

/// The cursors of a session, by name.
pub(super) type Cursors = small::Map<String, Cursor>;

/// Where rows go.
type Rows<'a> = &'a mut dyn FnMut(&[Datum]) -> Result<()>;

impl Cursor {
    /// `pg_cursors`
    pub(super) fn shown(&self, name: &str) -> Row {
        vec![
            Datum::text(name),
            Datum::text(self.text.clone()),
            Datum::Bool(self.hold),
            Datum::Bool(false),
            Datum::Bool(self.scroll),
            Datum::TimestampTz(self.made),
        ]
    }

    /// The number of the last row that is here.
    fn known(&self) -> usize {
        self.dropped + self.rows.len()
    }

    /// Goes forward by so many rows, or behind the last. Returns how many there were.
    async fn forward(&mut self, count: usize, out: Rows<'_>) -> Result<u64> {
        let mut given = 0;
        while given < count {
            if self.place < self.known() {
                self.place += 1;
                out(&self.rows[self.place - 1 - self.dropped])?;
                given += 1;
                continue;
            }
            if !self.scroll {
                self.dropped = self.known();
                self.rows.clear();
            }
            let more = match &mut self.query {
                Some(query) => query.fetch((count - given).min(BATCH)).await?,
                None => Vec::new(),
            };
            if more.is_empty() {
                self.query = None;
                self.place = self.known() + 1;
                break;
            }
            self.rows.extend(more);
        }
        Ok(given as u64)
    }

    /// Goes back by so many rows, or before the first.
    fn backward(&mut self, count: usize, out: Rows<'_>) -> Result<u64> {
        self.need_scroll()?;
        let mut given = 0;
        while given < count && self.place > 1 {
            self.place -= 1;
            out(&self.rows[self.place - 1])?;
            given += 1;
        }
        if given < count {
            self.place = 0;
        }
        Ok(given as u64)
    }

    fn need_scroll(&self) -> Result<()> {
        if self.scroll {
            return Ok(());
        }
        Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, "cursor can only scan forward")
            .hint("Declare it with SCROLL option to enable backward scan."))
    }

    /// The row that it is on once more; only its number for MOVE.
    fn current(&mut self, only_move: bool, out: Rows<'_>) -> Result<u64> {
        if self.place == 0 || self.place > self.known() {
            return Ok(0);
        }
        if !only_move {
            self.need_scroll()?;
            out(&self.rows[self.place - 1])?;
        }
        Ok(1)
    }

    /// `DoPortalRunFetch`
    async fn fetch(&mut self, direction: Direction, only_move: bool, out: Rows<'_>) -> Result<u64> {
        let pass = &mut |_: &[Datum]| Ok(());
        let size = |count: i64| usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        match direction {
            Direction::Forward(0) | Direction::Backward(0) | Direction::Relative(0) => self.current(only_move, out),
            Direction::Forward(count) if count > 0 => self.forward(size(count), out).await,
            Direction::Backward(count) if count < 0 => self.forward(size(count), out).await,
            Direction::Forward(count) | Direction::Backward(count) => self.backward(size(count), out),
            Direction::Relative(count) if count > 0 => {
                self.forward(size(count) - 1, pass).await?;
                self.forward(1, out).await
            }
            Direction::Relative(count) => {
                self.backward(size(count) - 1, pass)?;
                self.backward(1, out)
            }
            Direction::Absolute(count) if count < 0 => {
                self.forward(usize::MAX, pass).await?;
                self.backward(size(count) - 1, pass)?;
                self.backward(1, out)
            }
            Direction::Absolute(count) => {
                if size(count) <= self.place && self.place > 0 {
                    self.need_scroll()?;
                    self.place = size(count).saturating_sub(1);
                }
                if count == 0 {
                    return Ok(0);
                }
                self.forward(size(count) - 1 - self.place, pass).await?;
                self.forward(1, out).await
            }
        }
    }

    /// `PersistHoldablePortal`: the transaction is about to commit, the cursor stays.
    async fn persist(&mut self) -> Result<()> {
        while let Some(query) = &mut self.query {
            self.rows.extend(query.fetch(BATCH).await?);
            if query.is_done() {
                self.query = None;
            }
        }
        self.level = 0;
        Ok(())
    }
}

impl Session {
    /// DECLARE.
    pub(super) async fn declare(&mut self, declare: DeclareCursor) -> Result<()> {
        if !declare.hold {
            self.need_block("DECLARE CURSOR")?;
        }
        if declare.binary {
            return Err(Error::unsupported("BINARY CURSOR"));
        }
        refuse_contradiction(&declare)?;
        let name = declare.name.to_string();
        if self.cursors.borrow().contains_key(&name) {
            let message = format!("cursor \"{name}\" already exists");
            return Err(Error::new(sqlstate::DUPLICATE_CURSOR, message));
        }
        let statement = Statement::Query(declare.query);
        let bound = self.bind_statement(&statement, Params::None).await?;
        let bound = Rc::new(bound.ok_or_else(|| Error::internal("a cursor without a query"))?);
        self.refuse_to_write(&statement)?;
        let bound::Statement::Query(query) = &bound.statement else {
            return Err(Error::internal("a cursor without a query"));
        };
        let (columns, scroll) = (query.columns.clone(), declare.scroll.unwrap_or_else(|| can_go_back(query)));
        let snapshot = self.env.take_snapshot();
        let mut query = exec::Portal::new(self.fx.clone(), bound, Vec::new(), snapshot);
        query.fetch(0).await?;
        let cursor = Cursor {
            text: self.running.clone().unwrap_or_default(),
            columns,
            query: Some(query),
            rows: Vec::new(),
            dropped: 0,
            place: 0,
            scroll,
            hold: declare.hold,
            failed: false,
            made: self.env.xact.borrow().statement_started,
            level: self.env.xact.borrow().level(),
        };
        self.cursors.borrow_mut().insert(name, cursor);
        Ok(())
    }

    fn no_cursor(name: &str) -> Error {
        Error::new(sqlstate::INVALID_CURSOR_NAME, format!("cursor \"{name}\" does not exist"))
    }

    /// The columns of a cursor's rows.
    pub(super) fn cursor_columns(&self, name: &str) -> Result<Vec<OutColumn>> {
        let cursors = self.cursors.borrow();
        cursors.get(name).map(|cursor| cursor.columns.clone()).ok_or_else(|| Session::no_cursor(name))
    }

    /// FETCH and MOVE. Returns the command's tag.
    pub(super) async fn fetch_cursor(&mut self, fetch: &Fetch, sink: Sink<'_>) -> Result<String> {
        let name = &*fetch.cursor;
        // It is taken out while its query runs on: nobody else of this session can ask for it then.
        let taken = self.cursors.borrow_mut().remove(name);
        let mut cursor = taken.ok_or_else(|| Session::no_cursor(name))?;
        let result = self.fetch_from(&mut cursor, fetch, sink).await;
        cursor.failed |= result.is_err();
        self.cursors.borrow_mut().insert(name.to_string(), cursor);
        let word = if fetch.only_move { "MOVE" } else { "FETCH" };
        Ok(format!("{word} {}", result?))
    }

    async fn fetch_from(&self, cursor: &mut Cursor, fetch: &Fetch, sink: Sink<'_>) -> Result<u64> {
        if cursor.failed {
            let message = format!("portal \"{}\" cannot be run", fetch.cursor);
            return Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, message));
        }
        if fetch.only_move {
            return cursor.fetch(fetch.direction, true, &mut |_| Ok(())).await;
        }
        // Nothing is said before all rows are there.
        let mut rows: Vec<Row> = Vec::new();
        let mut keep = |row: &[Datum]| {
            rows.push(row.to_vec());
            Ok(())
        };
        let count = cursor.fetch(fetch.direction, false, &mut keep).await?;
        sink(Part::Columns(&cursor.columns))?;
        rows.iter().try_for_each(|row| sink(Part::Row(row)))?;
        Ok(count)
    }

    /// CLOSE of one, or of all.
    pub(super) fn close(&mut self, name: Option<&Ident>) -> Result<&'static str> {
        let Some(name) = name else {
            self.cursors.borrow_mut().clear();
            return Ok("CLOSE CURSOR ALL");
        };
        let closed = self.cursors.borrow_mut().remove(&**name);
        closed.map(|_| "CLOSE CURSOR").ok_or_else(|| Session::no_cursor(name))
    }

    /// `PreCommit_Portals`: what is held is read to its end, all else is closed.
    pub(super) async fn hold_cursors(&mut self) -> Result<()> {
        self.portals.clear();
        let cursors = self.cursors.take();
        let mut kept = Cursors::new();
        let mut result = Ok(());
        for (name, mut cursor) in cursors.into_iter().filter(|(_, cursor)| cursor.hold && !cursor.failed) {
            if result.is_ok() {
                result = cursor.persist().await;
            }
            kept.insert(name, cursor);
        }
        *self.cursors.borrow_mut() = kept;
        result
    }

    /// The transaction, or its part from this level on, is undone, and with it the cursors that it has made.
    pub(super) fn close_cursors(&mut self, level: usize) {
        self.portals.retain(|_, portal| portal.level < level);
        self.cursors.borrow_mut().retain(|_, cursor| cursor.level < level);
    }
}

/// Options that do not go together.
fn refuse_contradiction(declare: &DeclareCursor) -> Result<()> {
    let ctes = declare.query.with.iter().flat_map(|with| &with.ctes);
    if ctes.into_iter().any(|cte| !matches!(cte.statement, Statement::Query(_))) {
        let message = "DECLARE CURSOR must not contain data-modifying statements in WITH";
        return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message).at(declare.pos.0));
    }
    let Some(locking) = declare.query.locking.first() else { return Ok(()) };
    let refused = |what: &str, detail: &str, code| Err(Error::new(code, what.to_string()).detail(detail));
    let name = locking.name();
    if declare.hold {
        let what = format!("DECLARE CURSOR WITH HOLD ... {name} is not supported");
        return refused(&what, "Holdable cursors must be READ ONLY.", sqlstate::FEATURE_NOT_SUPPORTED);
    }
    if declare.scroll == Some(true) {
        let what = format!("DECLARE SCROLL CURSOR ... {name} is not supported");
        return refused(&what, "Scrollable cursors must be READ ONLY.", sqlstate::FEATURE_NOT_SUPPORTED);
    }
    if declare.insensitive {
        let what = format!("DECLARE INSENSITIVE CURSOR ... {name} is not valid");
        return refused(&what, "Insensitive cursors must be READ ONLY.", sqlstate::INVALID_CURSOR_DEFINITION);
    }
    Ok(())
}

/// `ExecSupportsBackwardScan`: whether PostgreSQL could run the plan of a query backward, so that a cursor of which nothing is
/// said can go back. It could where rows come straight from a scan, or out of a sort.
fn can_go_back(query: &Query) -> bool {
    if !query.locks.is_empty() || !query.sets.is_empty() || !query.distinct_on.is_empty() {
        return false;
    }
    if !query.order_by.is_empty() {
        return true;
    }
    let computed = query.grouping.is_some() || !query.windows.is_empty() || query.distinct;
    if computed || query.set_operation.as_ref().is_some_and(|operation| !operation.all) {
        return false;
    }
    match &query.from {
        Some(FromNode::Subquery(inner, ..)) => can_go_back(inner),
        Some(FromNode::Join(_)) => false,
        Some(_) => true,
        None => query.values.is_some() || query.set_operation.is_some(),
    }
}
