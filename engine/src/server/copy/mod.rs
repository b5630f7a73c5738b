//! COPY: rows in and out, as text, as CSV or in binary, past the parser.
//!
//! ```text
//!   client                                   backend
//!     Query "COPY t FROM STDIN" ───────────►
//!     ◄───────────────────────────────────── CopyInResponse: send
//!     CopyData, CopyData ... ──────────────►
//!     CopyDone, or CopyFail ───────────────►
//!     ◄───────────────────────────────────── CommandComplete, or ErrorResponse
//!
//!     Query "COPY t TO STDOUT" ────────────►
//!     ◄───────────────────────────────────── CopyOutResponse, CopyData ..., CopyDone, CommandComplete
//! ```
//!
//! PostgreSQL: `commands/copy.c`, `copyfrom.c`, `copyto.c`.

mod binary;
mod from;
mod lines;
mod options;
mod to;
mod write;

use super::protocol::{BackendMessage, Format};
use super::session::Session;
use super::statement::Parameters;
use crate::catalog::Table;
use crate::ids::{Error, LockMode, Result, sqlstate};
use crate::sql::ast::{Copied, Copy, Ident, Pos, QualName};
use options::{CopyFormat, Options};
use std::rc::Rc;

impl Session {
    /// Runs it and returns the command's tag.
    pub(super) async fn copy(&mut self, copy: Copy, parameters: &Parameters) -> Result<String> {
        let rows = match (copy.what, copy.from) {
            (Copied::Table(name, columns), true) => {
                let table = self.open_copied(&name, LockMode::RowExclusive, true).await?;
                let options = Options::of(true, &copy.options)?;
                self.copy_from(&table, &columns, &options, copy.filter.as_ref()).await?
            }
            (Copied::Table(name, columns), false) => {
                let table = self.open_copied(&name, LockMode::AccessShare, false).await?;
                let options = Options::of(false, &copy.options)?;
                self.copy_table_to(&table, &name, &columns, &options).await?
            }
            (Copied::Query(statement), _) => {
                let options = Options::of(false, &copy.options)?;
                self.copy_query_to(*statement, &options, parameters).await?
            }
        };
        Ok(format!("COPY {rows}"))
    }

    async fn open_copied(&self, name: &QualName, mode: LockMode, from: bool) -> Result<Rc<Table>> {
        self.catalog.accept_invalidations(&self.env);
        let way = if from { "to" } else { "from" };
        let wrong = |what: &str| {
            let message = format!("cannot copy {way} {what} \"{}\"", name.name);
            Error::new(sqlstate::WRONG_OBJECT_TYPE, message)
        };
        if self.functions.find_view(name.schema.as_deref(), &name.name).is_some() {
            let hint = "Try the COPY (SELECT ...) TO variant.";
            return Err(if from { wrong("view") } else { wrong("view").hint(hint) });
        }
        let table = self.catalog.open(&self.env, name.schema.as_deref(), &name.name, mode).await?;
        let missing = || Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"));
        let table = table.ok_or_else(missing)?;
        table.refuse_index()?;
        self.refuse_other_temp(&table)?;
        match table.class.kind {
            b'S' => return Err(wrong("sequence")),
            b'r' | b't' => {}
            _ => return Err(wrong("non-table relation")),
        }
        if from {
            if !table.class.is_temporary() {
                self.refuse_if_read_only("COPY FROM")?;
            }
            if table.is_catalog || table.class.kind == b't' {
                let message = format!("permission denied: \"{}\" is a system catalog", table.name);
                return Err(Error::new(sqlstate::INSUFFICIENT_PRIVILEGE, message));
            }
        }
        Ok(table)
    }

    /// Tells the client that data may come, or will.
    fn begin_copy(&self, options: &Options, columns: usize, from: bool) {
        let format = if options.format == CopyFormat::Binary { Format::Binary } else { Format::Text };
        let formats = vec![format; columns];
        self.send(match from {
            true => BackendMessage::CopyInResponse { format, columns: formats },
            false => BackendMessage::CopyOutResponse { format, columns: formats },
        });
    }
}

/// `CopyGetAttnums`: the columns that are named, from 0, else all.
fn copied_columns(table: &Table, named: &[(Ident, Pos)]) -> Result<Vec<usize>> {
    if named.is_empty() {
        return Ok((0..table.desc.natts()).filter(|at| !table.desc.attrs[*at].dropped).collect());
    }
    let mut columns = Vec::with_capacity(named.len());
    for (name, _) in named {
        let at = table.desc.position(name).ok_or_else(|| {
            let message = format!("column \"{name}\" of relation \"{}\" does not exist", table.name);
            Error::new(sqlstate::UNDEFINED_COLUMN, message)
        })?;
        if columns.contains(&at) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(Error::new(sqlstate::DUPLICATE_COLUMN, message));
        }
        columns.push(at);
    }
    Ok(columns)
}
