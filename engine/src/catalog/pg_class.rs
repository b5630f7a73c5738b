//! The rows of `pg_class`, one for each table and each index.

use super::layout::{Filed, PG_CLASS, SystemTable};
use super::{BTREE_AM, HEAP_AM, SUPERUSER, pg_namespace};
use crate::ids::{Error, Oid, RelFile, Result, Xid};
use crate::types::{Datum, TypeId};

/// What differs from table to table in its row of `pg_class`; the other columns are the same in all.
#[derive(Clone, PartialEq, Debug)]
pub struct ClassRow {
    /// `oid`
    pub oid: Oid,
    /// `relname`
    pub name: String,
    /// `relnamespace`
    pub namespace: Oid,
    /// `reltype`: the type of its rows.
    pub row_type: Oid,
    /// `relfilenode`: its file; invalid for a mapped catalog.
    pub filenode: Oid,
    /// `reltablespace`: invalid for the database's own.
    pub tablespace: Oid,
    /// `relpages`: how many pages VACUUM has found.
    pub pages: i32,
    /// `reltuples`: how many rows it has counted; -1 if it has never looked.
    pub tuples: f32,
    /// `relallvisible`: how many of the pages were all visible.
    pub all_visible: i32,
    /// `reltoastrelid`: the table of its long values; invalid if it needs none.
    pub toast: Oid,
    /// `relhasindex`: it has indexes, or had some.
    pub has_index: bool,
    /// `relisshared`
    pub shared: bool,
    /// `relkind`: `r` a table, `t` a table of long values, `i` an index, `S` a sequence, `v` a view.
    pub kind: u8,
    /// `relnatts`: how many columns it has.
    pub natts: i16,
    /// `relchecks`: how many checks it has.
    pub checks: i16,
    /// `relhasrules`: it is a view.
    pub has_rules: bool,
    /// `relhastriggers`: a foreign key refers to it or from it, or has done so.
    pub has_triggers: bool,
    /// `relreplident`: which columns identify a row to logical replication; `d` the primary key, `n` none.
    pub replica_identity: u8,
    /// `relfrozenxid`: no transaction before it is left in the table.
    pub frozen_xid: Xid,
    /// `reloptions`, of which we know one: how full INSERT makes a page, in percent.
    pub fillfactor: Option<u8>,
}

/// Places of columns that are read, from 0.
mod column {
    pub(super) const OID: usize = 0;
    pub(super) const NAME: usize = 1;
    pub(super) const NAMESPACE: usize = 2;
    pub(super) const TYPE: usize = 3;
    pub(super) const FILENODE: usize = 7;
    pub(super) const TABLESPACE: usize = 8;
    pub(super) const PAGES: usize = 9;
    pub(super) const TUPLES: usize = 10;
    pub(super) const ALL_VISIBLE: usize = 11;
    pub(super) const TOAST: usize = 12;
    pub(super) const HAS_INDEX: usize = 13;
    pub(super) const SHARED: usize = 14;
    pub(super) const KIND: usize = 16;
    pub(super) const NATTS: usize = 17;
    pub(super) const CHECKS: usize = 18;
    pub(super) const HAS_RULES: usize = 19;
    pub(super) const HAS_TRIGGERS: usize = 20;
    pub(super) const REPLICA_IDENTITY: usize = 25;
    pub(super) const FROZEN_XID: usize = 28;
    pub(super) const OPTIONS: usize = 31;
}

impl ClassRow {
    /// The row of a table that is made now.
    pub fn of_new_table(
        oid: Oid,
        name: &str,
        namespace: Oid,
        row_type: Oid,
        natts: usize,
        frozen_xid: Xid,
    ) -> ClassRow {
        ClassRow {
            oid,
            name: name.to_string(),
            namespace,
            row_type,
            filenode: oid,
            tablespace: Oid::INVALID,
            pages: 0,
            tuples: -1.0,
            all_visible: 0,
            toast: Oid::INVALID,
            has_index: false,
            shared: false,
            kind: b'r',
            natts: natts as i16,
            checks: 0,
            has_rules: false,
            has_triggers: false,
            replica_identity: b'd',
            frozen_xid,
            fillfactor: None,
        }
    }

    /// The row of an index that is made now. It has no rows of a type, and nothing in it is of any transaction.
    pub(super) fn of_new_index(oid: Oid, name: &str, namespace: Oid, natts: usize) -> ClassRow {
        ClassRow {
            tuples: 0.0,
            kind: b'i',
            replica_identity: b'n',
            ..ClassRow::of_new_table(oid, name, namespace, Oid::INVALID, natts, Xid::INVALID)
        }
    }

    /// `relpersistence`: `t` for a temporary table, else `p`.
    pub fn persistence(&self) -> u8 {
        if self.is_temporary() { b't' } else { b'p' }
    }

    /// Whether it is temporary: it lies in the schema of a session, and with it its indexes.
    pub fn is_temporary(&self) -> bool {
        pg_namespace::backend_of(self.namespace).is_some()
    }

    /// Whether it is an index.
    pub fn is_index(&self) -> bool {
        self.kind == b'i'
    }

    /// The row of a sequence that is made now: one page, one row, of no transaction.
    pub(super) fn of_new_sequence(oid: Oid, name: &str, namespace: Oid) -> ClassRow {
        ClassRow {
            tuples: 1.0,
            pages: 1,
            kind: b'S',
            replica_identity: b'n',
            ..ClassRow::of_new_table(oid, name, namespace, Oid::INVALID, 3, Xid::INVALID)
        }
    }

    /// The row of a view that is made now. It has a type of its rows, and no file.
    pub(super) fn of_new_view(oid: Oid, name: &str, namespace: Oid, row_type: Oid, natts: usize) -> ClassRow {
        ClassRow {
            tuples: -1.0,
            filenode: Oid::INVALID,
            kind: b'v',
            replica_identity: b'n',
            ..ClassRow::of_new_table(oid, name, namespace, row_type, natts, Xid::INVALID)
        }
    }

    /// Whether its rows have versions: it is a table.
    pub fn has_versions(&self) -> bool {
        matches!(self.kind, b'r' | b't')
    }

    /// The row of a catalog of so many pages and rows, all of them visible.
    pub(super) fn of_catalog(table: &SystemTable, pages: usize, tuples: usize, frozen_xid: Xid) -> ClassRow {
        let natts = table.desc().natts();
        ClassRow {
            filenode: if table.filed == Filed::Plain { table.oid } else { Oid::INVALID },
            tablespace: if table.filed == Filed::Shared { Oid::GLOBAL_TABLESPACE } else { Oid::INVALID },
            pages: pages as i32,
            tuples: tuples as f32,
            all_visible: pages as i32,
            shared: table.filed == Filed::Shared,
            replica_identity: b'n',
            ..ClassRow::of_new_table(table.oid, table.name, pg_namespace::PG_CATALOG, table.row_type, natts, frozen_xid)
        }
    }

    /// The values of all 33 columns.
    pub fn values(&self) -> Vec<Datum> {
        let no = Datum::Bool(false);
        let none = Datum::Oid(Oid::INVALID);
        vec![
            Datum::Oid(self.oid),
            Datum::name(&self.name),
            Datum::Oid(self.namespace),
            Datum::Oid(self.row_type),
            none.clone(), // reloftype
            Datum::Oid(SUPERUSER),
            Datum::Oid(match self.kind {
                b'i' => BTREE_AM,
                b'S' | b'v' => Oid::INVALID,
                _ => HEAP_AM,
            }),
            Datum::Oid(self.filenode),
            Datum::Oid(self.tablespace),
            Datum::Int4(self.pages),
            Datum::Float4(self.tuples),
            Datum::Int4(self.all_visible),
            Datum::Oid(self.toast),
            Datum::Bool(self.has_index),
            Datum::Bool(self.shared),
            Datum::Char(self.persistence()),
            Datum::Char(self.kind),
            Datum::Int2(self.natts),
            Datum::Int2(self.checks),
            Datum::Bool(self.has_rules),
            Datum::Bool(self.has_triggers),
            no.clone(),        // relhassubclass
            no.clone(),        // relrowsecurity
            no.clone(),        // relforcerowsecurity
            Datum::Bool(true), // relispopulated
            Datum::Char(self.replica_identity),
            no,   // relispartition
            none, // relrewrite
            Datum::Xid(self.frozen_xid),
            // relminmxid: the first multixact id, of what has rows with versions
            Datum::Xid(if self.has_versions() { Xid::BOOTSTRAP } else { Xid::INVALID }),
            Datum::Null, // relacl
            self.fillfactor.map_or(Datum::Null, |percent| {
                Datum::array(TypeId::Text, vec![Datum::text(format!("fillfactor={percent}"))])
            }),
            Datum::Null, // relpartbound
        ]
    }

    /// Reads a row.
    pub fn of_values(values: &[Datum]) -> Result<ClassRow> {
        if values.len() != PG_CLASS.desc().natts() {
            return Err(Error::corrupt("a row of pg_class has the wrong number of columns"));
        }
        let oid = |at: usize| values[at].as_u32().map(Oid);
        let int = |at: usize| values[at].as_int().map(|n| n as i32);
        let letter = |at: usize| match values[at] {
            Datum::Char(letter) => Ok(letter),
            ref other => Err(other.unexpected("\"char\"")),
        };
        Ok(ClassRow {
            oid: oid(column::OID)?,
            name: values[column::NAME].as_str()?.to_string(),
            namespace: oid(column::NAMESPACE)?,
            row_type: oid(column::TYPE)?,
            filenode: oid(column::FILENODE)?,
            tablespace: oid(column::TABLESPACE)?,
            pages: int(column::PAGES)?,
            tuples: values[column::TUPLES].as_float()? as f32,
            all_visible: int(column::ALL_VISIBLE)?,
            toast: oid(column::TOAST)?,
            has_index: values[column::HAS_INDEX].as_bool()?,
            shared: values[column::SHARED].as_bool()?,
            kind: letter(column::KIND)?,
            natts: int(column::NATTS)? as i16,
            checks: int(column::CHECKS)? as i16,
            has_rules: values[column::HAS_RULES].as_bool()?,
            has_triggers: values[column::HAS_TRIGGERS].as_bool()?,
            replica_identity: letter(column::REPLICA_IDENTITY)?,
            frozen_xid: Xid(values[column::FROZEN_XID].as_u32()?),
            fillfactor: fillfactor(&values[column::OPTIONS])?,
        })
    }

    /// Where its file lies, seen from a database.
    pub fn file(&self, database: Oid) -> RelFile {
        let rel = if self.filenode.is_valid() { self.filenode } else { self.oid };
        if self.shared {
            return RelFile { spc: Oid::GLOBAL_TABLESPACE, db: Oid::INVALID, rel };
        }
        if let Some(backend) = pg_namespace::backend_of(self.namespace) {
            return RelFile::temporary(backend, database, rel);
        }
        let spc = if self.tablespace.is_valid() { self.tablespace } else { Oid::DEFAULT_TABLESPACE };
        RelFile { spc, db: database, rel }
    }
}

/// The fill factor among the options of a table.
fn fillfactor(options: &Datum) -> Result<Option<u8>> {
    if options.is_null() {
        return Ok(None);
    }
    let items = &options.as_array()?.items;
    let percent = |item: &Datum| item.as_str().ok()?.strip_prefix("fillfactor=")?.parse().ok();
    Ok(items.iter().find_map(percent))
}

/// Whether the first columns of a row are those of a table of this name.
pub(super) fn is_named(first: &[Datum], namespace: Oid, name: &str) -> bool {
    first[column::NAMESPACE] == Datum::Oid(namespace) && first[column::NAME].as_str().is_ok_and(|own| own == name)
}

/// How many columns [`is_named`] looks at.
pub(super) const NAME_COLUMNS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let row = ClassRow::of_new_table(Oid(16384), "accounts", pg_namespace::PUBLIC, Oid(16386), 3, Xid(724));
        assert_eq!(row.values().len(), 33);
        assert_eq!(ClassRow::of_values(&row.values()).unwrap(), row);
        assert_eq!(row.file(Oid::POSTGRES_DB).to_string(), "base/5/16384");
        let shared = ClassRow::of_catalog(&super::super::layout::PG_DATABASE, 1, 3, Xid(716));
        assert_eq!(shared.file(Oid::POSTGRES_DB).to_string(), "global/1262");
    }
}
