//! COPY FROM STDIN: data as it comes becomes rows, a thousand of which are written at once.

use super::binary::Tuples;
use super::copied_columns;
use super::lines::{Fields, Lines, split};
use super::options::{CopyFormat, Header, Options};
use crate::buffer::RingKind;
use crate::catalog::Table;
use crate::ids::{Error, Result, Severity, WaitEvent, sqlstate};
use crate::server::protocol::FrontendMessage;
use crate::server::session::Session;
use crate::sql::ast::{Expr, Ident, Pos};
use crate::sql::bind;
use crate::sql::exec::Loader;
use crate::types::{self, Datum};
use std::rc::Rc;

/// `MAX_BUFFERED_TUPLES`, `MAX_BUFFERED_BYTES`
const ROWS: usize = 1000;
const BYTES: usize = 65535;
/// `MAX_COPY_DATA_DISPLAY`
const SHOWN: usize = 100;

/// Where a COPY is in its data, for the context of errors.
#[derive(Default)]
struct Place {
    line: u64,
    /// The line itself, while it is the one that is worked on.
    text: Option<String>,
    /// The column that is read, and its text, if it is no NULL.
    column: Option<(Ident, Option<String>)>,
    binary: bool,
}

impl Place {
    /// `CopyFromErrorCallback`
    fn put(&self, table: &Table, error: Error) -> Error {
        let shown = |text: &str| match text.len() {
            len if len <= SHOWN => text.to_string(),
            _ => format!("{}...", &text[..text.floor_char_boundary(SHOWN)]),
        };
        let mut context = format!("COPY {}, line {}", table.name, self.line);
        match (&self.column, &self.text) {
            (Some((name, _)), _) if self.binary => context += &format!(", column {name}"),
            (Some((name, Some(text))), _) => context += &format!(", column {name}: \"{}\"", shown(text)),
            (Some((name, None)), _) => context += &format!(", column {name}: null input"),
            (None, Some(text)) => context += &format!(": \"{}\"", shown(text)),
            (None, None) => {}
        }
        let inner = error.report().context.clone().map(|inner| inner + "\n").unwrap_or_default();
        error.context(inner + &context)
    }
}

/// A COPY under way.
struct Reader<'a> {
    table: &'a Rc<Table>,
    options: &'a Options,
    columns: Vec<usize>,
    force_not_null: Vec<bool>,
    force_null: Vec<bool>,
    loader: Loader,
    place: Place,
    /// The rows that wait for being written, their lines, and about how long they are.
    tuples: Vec<Vec<u8>>,
    lines: Vec<u64>,
    bytes: usize,
    rows: u64,
}

impl Session {
    pub(super) async fn copy_from(
        &mut self,
        table: &Rc<Table>,
        named: &[(Ident, Pos)],
        options: &Options,
        filter: Option<&Expr>,
    ) -> Result<u64> {
        let columns = copied_columns(table, named)?;
        let names: Vec<Ident> = columns.iter().map(|at| table.desc.attrs[*at].name.clone()).collect();
        let force_not_null = options.force_not_null.columns("FORCE_NOT_NULL", &names, Some(table))?;
        let force_null = options.force_null.columns("FORCE_NULL", &names, Some(table))?;
        let bind = self.with_tables(|view| bind::copy_into(table, &columns, filter, view, &self.functions));
        let (bound, filter) = bind.await?;
        let new = self.is_new(table);
        if options.freeze {
            self.refuse_freeze(table)?;
        }
        let mut rel = table.rel.clone();
        rel.fresh = new;
        rel.bulk = Some(self.env.buffers.ring(&self.env.cx, RingKind::BulkWrite));
        let loader = Loader::new(&self.fx, bound, filter, rel).await?;
        self.begin_copy(options, columns.len(), true);
        let place = Place { binary: options.format == CopyFormat::Binary, ..Place::default() };
        let (tuples, lines, bytes, rows) = (Vec::new(), Vec::new(), 0, 0);
        let mut reader =
            Reader { table, options, columns, force_not_null, force_null, loader, place, tuples, lines, bytes, rows };
        match options.format {
            CopyFormat::Binary => self.read_binary(&mut reader).await,
            _ => self.read_lines(&mut reader).await,
        }
        .map_err(|error| reader.place.put(table, error))?;
        reader.loader.finish().await?;
        Ok(reader.rows)
    }

    /// Whether the table's file was made by this transaction, so that nobody else has rows there.
    fn is_new(&self, table: &Table) -> bool {
        self.env.xact.borrow().created.contains(&table.rel.file)
    }

    fn refuse_freeze(&self, table: &Table) -> Result<()> {
        if !self.cursors.borrow().is_empty() {
            let message = "cannot perform COPY FREEZE because of prior transaction activity";
            return Err(Error::new(sqlstate::INVALID_TRANSACTION_STATE, message));
        }
        let xact = self.env.xact.borrow();
        let since = xact.levels.last().map_or(0, |level| level.created);
        if xact.created.iter().skip(since).any(|file| *file == table.rel.file) {
            return Ok(());
        }
        let message = "cannot perform COPY FREEZE because the table was not created or truncated in the current \
                       subtransaction";
        Err(Error::new(sqlstate::OBJECT_NOT_IN_PREREQUISITE_STATE, message))
    }

    /// The next piece of data; none at its end.
    async fn next_data(&mut self) -> Result<Option<Vec<u8>>> {
        let incoming = self.incoming.clone();
        loop {
            match incoming.try_recv(self.env.cx.now()) {
                Some(FrontendMessage::CopyData(data)) => return Ok(Some(data)),
                Some(FrontendMessage::CopyDone) => return Ok(None),
                Some(FrontendMessage::CopyFail(why)) => {
                    return Err(Error::new(sqlstate::QUERY_CANCELED, format!("COPY from stdin failed: {why}")));
                }
                Some(FrontendMessage::Flush | FrontendMessage::Sync) => {}
                Some(other) => {
                    let message = format!("unexpected message type 0x{:02X} during COPY from stdin", other.letter());
                    let error = Error::new(sqlstate::PROTOCOL_VIOLATION, message);
                    let ends = other == FrontendMessage::Terminate;
                    return Err(if ends { error.severity(Severity::Fatal) } else { error });
                }
                None if incoming.is_closed() => {
                    let message = "unexpected EOF on client connection with an open transaction";
                    return Err(Error::new(sqlstate::CONNECTION_FAILURE, message).severity(Severity::Fatal));
                }
                None => {
                    incoming.wait(&self.env.cx, WaitEvent::ClientRead, None).await;
                    self.env.cx.check_for_interrupts()?;
                }
            }
        }
    }

    /// Text and CSV.
    async fn read_lines(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        let (mut lines, mut fields) = (Lines::default(), Fields::default());
        let mut row = Vec::new();
        let (mut last, mut number) = (false, 0);
        let mut header = reader.options.header != Header::No;
        loop {
            number += 1;
            (reader.place.line, reader.place.text) = (number + lines.within, None);
            let line = loop {
                if let Some(line) = lines.next(reader.options, last)? {
                    break line.to_string();
                }
                if last {
                    return reader.flush().await;
                }
                match self.next_data().await? {
                    // What comes behind the end is not looked at.
                    Some(_) if lines.ended => {}
                    Some(data) => lines.put(&data),
                    None => last = true,
                }
            };
            (reader.place.line, reader.place.text) = (number + lines.within, Some(line.clone()));
            split(&line, reader.options, &mut fields)?;
            if std::mem::take(&mut header) {
                reader.check_header(&fields)?;
                continue;
            }
            reader.read_fields(&fields, &mut row)?;
            reader.take(&row, line.len()).await?;
        }
    }

    async fn read_binary(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        let mut tuples = Tuples::default();
        let mut last = false;
        loop {
            reader.place.line += 1;
            let values = loop {
                if let Some(values) = tuples.next(reader.columns.len(), last)? {
                    break values;
                }
                if last {
                    return reader.flush().await;
                }
                match self.next_data().await? {
                    Some(data) => tuples.put(&data),
                    None => last = true,
                }
            };
            let len = values.iter().flatten().map(Vec::len).sum();
            let mut row = Vec::with_capacity(values.len());
            for (at, value) in values.iter().enumerate() {
                let attr = &reader.table.desc.attrs[reader.columns[at]];
                reader.place.column = Some((attr.name.clone(), None));
                row.push(match value {
                    Some(bytes) => types::recv(attr.type_id, bytes, attr.typmod)?,
                    None => Datum::Null,
                });
            }
            reader.place.column = None;
            reader.take(&row, len).await?;
        }
    }
}

impl Reader<'_> {
    /// HEADER: a line that is passed over, or that must name the columns.
    fn check_header(&self, fields: &Fields) -> Result<()> {
        if self.options.header != Header::Match {
            return Ok(());
        }
        let bad = |message: String| Err(Error::new(sqlstate::BAD_COPY_FILE_FORMAT, message));
        let wanted = self.columns.len();
        if fields.len() != wanted {
            let found = fields.len();
            return bad(format!("wrong number of fields in header line: got {found}, expected {wanted}"));
        }
        for (at, column) in self.columns.iter().enumerate() {
            let (name, number) = (&self.table.desc.attrs[*column].name, at + 1);
            match fields.get(at)? {
                Some(found) if *found == **name => {}
                Some(found) => {
                    return bad(format!(
                        "column name mismatch in header line field {number}: got \"{found}\", expected \"{name}\""
                    ));
                }
                None => {
                    let null = &self.options.null;
                    return bad(format!(
                        "column name mismatch in header line field {number}: got null value (\"{null}\"), expected \"{name}\""
                    ));
                }
            }
        }
        Ok(())
    }

    /// The values of a line.
    fn read_fields(&mut self, fields: &Fields, row: &mut Vec<Datum>) -> Result<()> {
        row.clear();
        let bad = |message: String| Err(Error::new(sqlstate::BAD_COPY_FILE_FORMAT, message));
        if fields.len() > self.columns.len() {
            return bad("extra data after last expected column".into());
        }
        for (at, column) in self.columns.iter().enumerate() {
            let attr = &self.table.desc.attrs[*column];
            if at >= fields.len() {
                return bad(format!("missing data for column \"{}\"", attr.name));
            }
            let text = match fields.get(at)? {
                None if self.force_not_null[at] => Some(&*self.options.null),
                Some(text) if self.force_null[at] && text == self.options.null => None,
                text => text,
            };
            let Some(text) = text else {
                row.push(Datum::Null);
                continue;
            };
            match types::input(attr.type_id, text, attr.typmod) {
                Ok(value) => row.push(value),
                Err(error) => {
                    self.place.column = Some((attr.name.clone(), Some(text.to_string())));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// A row: kept until there are enough of them. `len` is how long it was.
    async fn take(&mut self, row: &[Datum], len: usize) -> Result<()> {
        let Some(mut tuple) = self.loader.form(row).await? else { return Ok(()) };
        self.rows += 1;
        if self.loader.is_volatile() && !self.options.freeze {
            return self.loader.add_one(&mut tuple).await;
        }
        self.tuples.push(tuple);
        self.lines.push(self.place.line);
        self.bytes += len;
        if self.tuples.len() >= ROWS || self.bytes >= BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes what was kept.
    async fn flush(&mut self) -> Result<()> {
        let mut tuples = std::mem::take(&mut self.tuples);
        let lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        if tuples.is_empty() {
            return Ok(());
        }
        let result = self.loader.add(&mut tuples, self.options.freeze).await;
        result.map_err(|(at, error)| {
            (self.place.line, self.place.text) = (lines[at], None);
            error
        })
    }
}
