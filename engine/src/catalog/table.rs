//! What a statement needs to know of a table.

use std::any::Any;
use std::cell::OnceCell;
use std::rc::Rc;

use super::pg_class::ClassRow;
use super::pg_constraint::ConstraintRow;
use super::pg_index::IndexRow;
use crate::access::Rel;
use crate::ids::{BLCKSZ, Error, FIRST_NORMAL_OID, Oid, Result, Xid, sqlstate};
use crate::txn::{Env, ToastFiles};
use crate::types::TupleDesc;

/// A table, as `pg_class` and `pg_attribute` describe it; PostgreSQL's `RelationData`.
#[derive(Debug)]
pub struct Table {
    /// Its object id.
    pub oid: Oid,
    /// Its schema.
    pub schema: Rc<str>,
    /// Its name.
    pub name: Rc<str>,
    /// What the access methods know it by.
    pub rel: Rel,
    /// Its columns.
    pub desc: Rc<TupleDesc>,
    /// Whether it is a catalog, whose rows only DDL changes.
    pub is_catalog: bool,
    /// Its row of `pg_class`.
    pub class: ClassRow,
    /// What `pg_index` says of its indexes, in the order of `rel.indexes`.
    pub indexes: Vec<TableIndex>,
    /// Its constraints, by their names.
    pub constraints: Vec<ConstraintRow>,
    /// The foreign keys that refer to it, in the order in which they were made; its own among them.
    pub referenced_by: Vec<ConstraintRow>,
    /// The defaults of columns, from 0, as SQL.
    pub defaults: Vec<(usize, Rc<str>)>,
    /// The query of a view, as SQL.
    pub view: Option<Rc<str>>,
    /// What a later room makes of these expressions, or of the query, once.
    pub derived: OnceCell<Rc<dyn Any>>,
}

/// An index of a table.
#[derive(Clone, Debug)]
pub struct TableIndex {
    /// Its row of `pg_index`.
    pub row: IndexRow,
    /// It serves only snapshots to which this transaction has ended; `indcheckxmin`.
    pub after: Option<Xid>,
}

impl Table {
    /// A table by its row of `pg_class`, the name of its schema and its columns, in a database.
    pub fn new(class: ClassRow, schema: Rc<str>, desc: TupleDesc, database: Oid) -> Table {
        let (name, desc): (Rc<str>, _) = (class.name.as_str().into(), Rc::new(desc));
        let mut rel = Rel::new(class.oid, class.file(database)).named(&name);
        rel.reserve = BLCKSZ * (100 - usize::from(class.fillfactor.unwrap_or(100))) / 100;
        Table {
            oid: class.oid,
            schema,
            name,
            rel,
            desc,
            is_catalog: class.oid < FIRST_NORMAL_OID,
            class,
            indexes: Vec::new(),
            constraints: Vec::new(),
            referenced_by: Vec::new(),
            defaults: Vec::new(),
            view: None,
            derived: OnceCell::new(),
        }
    }

    /// The same with its table of long values, which is noted for whoever has only a pointer into it.
    pub(super) fn with_toast(mut self, env: &Env, toast: &Table) -> Table {
        if let Some(index) = toast.rel.indexes.first() {
            let files = ToastFiles { table: toast.rel.file, index: index.rel.oid, index_file: index.rel.file };
            env.toasts.borrow_mut().insert(toast.oid, files);
        }
        self.rel = self.rel.with_toast(toast.rel.clone(), self.desc.clone());
        self
    }

    /// An index is no table.
    pub fn refuse_index(&self) -> Result<()> {
        if !self.class.is_index() {
            return Ok(());
        }
        Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{}\" is an index", self.name)))
    }
}
