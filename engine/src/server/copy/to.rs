//! COPY TO STDOUT: each row is a message.

use super::options::{CopyFormat, Header, Options};
use super::write::{put_csv, put_text};
use super::{binary, copied_columns};
use crate::catalog::Table;
use crate::ids::{Error, Result, sqlstate};
use crate::server::protocol::BackendMessage;
use crate::server::session::Session;
use crate::server::statement::Parameters;
use crate::sql::ast::{Expr, ExprKind, FromItem, Ident, Pos, QualName, Query, QueryBody, Select, Statement, Target};
use crate::sql::bound::OutColumn;
use crate::sql::exec;
use crate::types::{self, Datum};

/// How rows of these columns are written.
struct Writer<'a> {
    options: &'a Options,
    columns: Vec<OutColumn>,
    force_quote: Vec<bool>,
}

impl Session {
    pub(super) async fn copy_table_to(
        &mut self,
        table: &Table,
        name: &QualName,
        named: &[(Ident, Pos)],
        options: &Options,
    ) -> Result<u64> {
        let columns = copied_columns(table, named)?;
        let target = |at: &usize| {
            let kind = ExprKind::Column(vec![table.desc.attrs[*at].name.clone()]);
            Target::Expr(Expr { kind, pos: Pos(0) }, None)
        };
        let select = Select {
            targets: columns.iter().map(target).collect(),
            from: vec![FromItem::Table(name.clone(), None)],
            ..Select::default()
        };
        let query = Query::of(QueryBody::Select(Box::new(select)));
        self.copy_out(Statement::Query(Box::new(query)), options, &Parameters::default(), Some(table)).await
    }

    pub(super) async fn copy_query_to(
        &mut self,
        statement: Statement,
        options: &Options,
        parameters: &Parameters,
    ) -> Result<u64> {
        let returning = match &statement {
            Statement::Insert(insert) => &insert.returning,
            Statement::Update(update) => &update.returning,
            Statement::Delete(delete) => &delete.returning,
            Statement::CreateTableAs(_) => {
                let message = "COPY (SELECT INTO) is not supported";
                return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
            }
            _ => return self.copy_out(statement, options, parameters, None).await,
        };
        if returning.is_empty() {
            let message = "COPY query must have a RETURNING clause";
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, message));
        }
        self.refuse_to_write(&statement)?;
        self.copy_out(statement, options, parameters, None).await
    }

    async fn copy_out(
        &mut self,
        statement: Statement,
        options: &Options,
        parameters: &Parameters,
        table: Option<&Table>,
    ) -> Result<u64> {
        let parameters = Parameters { of: None, ..parameters.clone() };
        let bound = self.bind_with(&statement, &parameters).await?;
        let columns = bound.statement.columns().unwrap_or_default().to_vec();
        let names: Vec<Ident> = columns.iter().map(|column| column.name.clone()).collect();
        let force_quote = options.force_quote.columns("FORCE_QUOTE", &names, table)?;
        let writer = Writer { options, columns, force_quote };
        self.begin_copy(options, names.len(), false);
        let (client, world) = (self.client.clone(), self.env.cx.world().clone());
        let send = |data: Vec<u8>| client.send(&world, BackendMessage::CopyData(data));
        let mut begun = writer.head();
        if options.format != CopyFormat::Binary && !begun.is_empty() {
            send(std::mem::take(&mut begun));
        }
        let rows = exec::run(&self.fx, &bound, &parameters.values, &mut |row| {
            writer.put(row, &mut begun);
            send(std::mem::take(&mut begun));
            Ok(())
        })
        .await;
        self.env.release_work();
        let rows = rows?;
        if options.format == CopyFormat::Binary {
            begun.extend((-1i16).to_be_bytes());
            send(begun);
        }
        self.send(BackendMessage::CopyDone);
        Ok(rows)
    }
}

impl Writer<'_> {
    /// What comes before the rows.
    fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match (self.options.format, self.options.header) {
            (CopyFormat::Binary, _) => out.extend(binary::HEADER),
            (_, Header::No) => {}
            _ => {
                for (at, column) in self.columns.iter().enumerate() {
                    self.put_field(at, &column.name, false, &mut out);
                }
                out.push(b'\n');
            }
        }
        out
    }

    /// A row.
    fn put(&self, row: &[Datum], out: &mut Vec<u8>) {
        if self.options.format == CopyFormat::Binary {
            return self.put_binary(row, out);
        }
        for (at, (value, column)) in row.iter().zip(&self.columns).enumerate() {
            if value.is_null() {
                self.delimit(at, out);
                out.extend(self.options.null.as_bytes());
            } else {
                self.put_field(at, &types::output(value, column.ty), self.force_quote[at], out);
            }
        }
        out.push(b'\n');
    }

    fn delimit(&self, at: usize, out: &mut Vec<u8>) {
        if at > 0 {
            out.push(self.options.delimiter);
        }
    }

    fn put_field(&self, at: usize, text: &str, quote: bool, out: &mut Vec<u8>) {
        self.delimit(at, out);
        match self.options.format {
            CopyFormat::Csv => put_csv(text, quote, self.columns.len() == 1, self.options, out),
            _ => put_text(text, self.options, out),
        }
    }

    fn put_binary(&self, row: &[Datum], out: &mut Vec<u8>) {
        out.extend((self.columns.len() as i16).to_be_bytes());
        for (value, column) in row.iter().zip(&self.columns) {
            if value.is_null() {
                out.extend((-1i32).to_be_bytes());
                continue;
            }
            let begin = out.len();
            out.extend([0; 4]);
            types::send(value, column.ty, out);
            let len = (out.len() - begin - 4) as i32;
            out[begin..begin + 4].copy_from_slice(&len.to_be_bytes());
        }
    }
}
