//! Statements about sequences, and the sequences that number columns.

use super::session::Session;
use crate::access::sequence::{SequenceState, read as read_state};
use crate::catalog::ddl::NewParts;
use crate::catalog::sequence;
use crate::ids::{Error, LockMode, Oid, Result, Severity, sqlstate};
use crate::sql::ast::{self, Ident, QualName};
use crate::sql::bind;
use crate::sql::bound::NewColumn;

impl Session {
    /// CREATE SEQUENCE
    pub(super) async fn create_sequence(&self, create: &ast::CreateSequence) -> Result<()> {
        let (row, _) = bind::sequence_row(&create.options, None, None)?;
        let (schema, name) = (create.name.schema.as_deref(), &*create.name.name);
        let made = sequence::create(&self.env, &self.catalog, schema, name, &row, create.if_not_exists).await?;
        if let (Some(oid), Some(owner)) = (made, &create.options.owned_by) {
            self.set_owner(oid, owner.as_ref()).await?;
        }
        Ok(())
    }

    /// ALTER SEQUENCE
    pub(super) async fn alter_sequence(&self, alter: &ast::AlterSequence) -> Result<()> {
        let (env, name) = (&self.env, &alter.name);
        let mode = LockMode::ShareRowExclusive;
        let Some(table) = self.catalog.open(env, name.schema.as_deref(), &name.name, mode).await? else {
            let missing = format!("relation \"{name}\" does not exist");
            if !alter.if_exists {
                return Err(Error::new(sqlstate::UNDEFINED_TABLE, missing));
            }
            let notice = Error::new(sqlstate::SUCCESSFUL_COMPLETION, format!("{missing}, skipping"));
            env.notice(notice.severity(Severity::Notice));
            return Ok(());
        };
        if table.class.kind != b'S' {
            return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is not a sequence", table.name)));
        }
        let before = sequence::read(env, table.oid).await?;
        let (row, restart) = bind::sequence_row(&alter.options, None, Some(&before))?;
        let state = read_state(env, &table.rel).await?;
        let after = match restart {
            Some(last_value) => SequenceState { last_value, log_cnt: 0, is_called: false },
            None => SequenceState { log_cnt: 0, ..state },
        };
        let rules = row.rules;
        if !(rules.min..=rules.max).contains(&after.last_value) {
            let (what, bound, word) = match after.last_value < rules.min {
                true => ("less than MINVALUE", rules.min, "RESTART"),
                false => ("greater than MAXVALUE", rules.max, "RESTART"),
            };
            let message = format!("{word} value ({}) cannot be {what} ({bound})", after.last_value);
            return Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message));
        }
        let changed = row != before || restart.is_some();
        sequence::alter(env, &self.catalog, &table, &row, changed.then_some(after)).await?;
        if let Some(owner) = &alter.options.owned_by {
            self.set_owner(table.oid, owner.as_ref()).await?;
        }
        Ok(())
    }

    /// OWNED BY
    async fn set_owner(&self, oid: Oid, owner: Option<&(QualName, Ident)>) -> Result<()> {
        let Some((name, column)) = owner else { return sequence::disown(&self.env, oid).await };
        let mode = LockMode::AccessShare;
        let table = self.catalog.open(&self.env, name.schema.as_deref(), &name.name, mode).await?;
        let table = table
            .ok_or_else(|| Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")))?;
        let at = table.desc.position(column).ok_or_else(|| {
            let message = format!("column \"{column}\" of relation \"{}\" does not exist", table.name);
            Error::new(sqlstate::UNDEFINED_COLUMN, message)
        })?;
        sequence::own(&self.env, oid, table.oid, at, false).await
    }

    /// Makes the sequences of a new table's columns; `serial` ones are their defaults. Returns whose they are.
    pub(super) async fn number_columns(
        &self,
        create: &ast::CreateTable,
        schema: Option<&str>,
        columns: &[NewColumn],
        parts: &mut NewParts<'_>,
    ) -> Result<Vec<(usize, Oid)>> {
        let (env, catalog) = (&self.env, &self.catalog);
        let name = &*create.name.name;
        let mut numbered = Vec::new();
        if create.if_not_exists && catalog.table(env, schema, name).await?.is_some() {
            return Ok(numbered);
        }
        for (at, column) in columns.iter().enumerate().filter(|(_, column)| column.serial || column.identity != 0) {
            let none = ast::SequenceOptions::default();
            let options = create.columns[at].identity.as_ref().map_or(&none, |identity| &identity.options);
            let (row, _) = bind::sequence_row(options, Some(column.ty), None)?;
            let sequence = sequence::choose_name(env, catalog, schema, name, &column.name).await?;
            let Some(oid) = sequence::create(env, catalog, schema, &sequence, &row, false).await? else { continue };
            if column.serial {
                parts.defaults.push((at, sequence::default_of(oid)));
            }
            numbered.push((at, oid));
        }
        Ok(numbered)
    }

    /// What was changed of the catalogs is to be seen.
    pub(super) fn catalog_changed(&self) {
        self.env.xact.borrow_mut().next_command();
        self.catalog.forget_all();
    }
}
