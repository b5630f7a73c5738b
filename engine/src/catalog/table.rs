//! What a statement needs to know of a table.

use std::rc::Rc;

use super::pg_class::ClassRow;
use super::pg_namespace;
use crate::access::Rel;
use crate::ids::{FIRST_NORMAL_OID, Oid};
use crate::types::TupleDesc;

/// A table, as `pg_class` and `pg_attribute` describe it; PostgreSQL's `RelationData`.
#[derive(Debug)]
pub struct Table {
    /// Its object id.
    pub oid: Oid,
    /// Its name.
    pub name: Rc<str>,
    /// Its columns.
    pub desc: Rc<TupleDesc>,
    /// For the access methods.
    pub rel: Rel,
    /// Its row of `pg_class`.
    pub class: ClassRow,
}

impl Table {
    pub(super) fn new(class: ClassRow, desc: TupleDesc, database: Oid) -> Table {
        let rel = Rel::new(class.oid, class.file(database));
        Table { oid: class.oid, name: class.name.as_str().into(), desc: Rc::new(desc), rel, class }
    }

    /// Whether it is a catalog: nobody changes its rows but DDL.
    pub fn is_catalog(&self) -> bool {
        self.oid < FIRST_NORMAL_OID
    }

    /// The name of its schema.
    pub fn schema(&self) -> &'static str {
        pg_namespace::name(self.class.namespace).unwrap_or("public")
    }
}
