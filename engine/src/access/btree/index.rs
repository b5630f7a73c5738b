//! What the access methods need to know of an index.

use std::cell::Cell;
use std::rc::Rc;

use super::super::{Env, Rel};
use crate::buffer::BufferTag;
use crate::ids::{BLCKSZ, Error, Fork, RelFile, Result, Tid, sqlstate};
use crate::storage::btree::{BT_MAX_ITEM_SIZE, BTREE_METAPAGE, Meta, meta};
use crate::storage::{PageBytes, max_align};
use crate::types::index_key::{self, index_attr, is_equal_image};
use crate::types::quote::quote_ident;
use crate::types::{Attr, Datum, TupleDesc, output};

/// A column of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyColumn {
    /// Which column of the table, from 0.
    pub column: usize,
    /// DESC: greater values come first.
    pub descending: bool,
    /// NULLS FIRST
    pub nulls_first: bool,
}

impl KeyColumn {
    /// A column in ascending order, nulls last.
    pub fn ascending(column: usize) -> KeyColumn {
        KeyColumn { column, descending: false, nulls_first: false }
    }
}

/// A B-tree index as the access methods see it. Clones share what is remembered of the meta page; it is forgotten with
/// whatever a process has cached of the index.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its id and its files.
    pub rel: Rel,
    /// Its name, for messages.
    pub name: Rc<str>,
    /// The columns of its key.
    pub keys: Rc<[KeyColumn]>,
    /// INCLUDE: columns of the table, from 0, that leaves have behind the key. They order nothing, and pages above know
    /// nothing of them.
    pub included: Rc<[usize]>,
    /// The types of all these.
    pub desc: Rc<TupleDesc>,
    /// The columns of the table.
    pub table: Rc<TupleDesc>,
    /// The table's name, for messages.
    pub table_name: Rc<str>,
    /// Whether no two rows may have the same key.
    pub unique: bool,
    /// The meta page as it was last seen; PostgreSQL's `rd_amcache`. What it says of the fast root is checked there.
    pub(super) meta: Rc<Cell<Option<Meta>>>,
}

impl Index {
    /// An index of a table.
    pub fn new(
        rel: Rel,
        name: &str,
        table_name: &str,
        table: Rc<TupleDesc>,
        keys: Vec<KeyColumn>,
        unique: bool,
    ) -> Index {
        let attrs = keys.iter().filter_map(|key| table.attrs.get(key.column)).map(index_attr).collect();
        Index {
            rel,
            name: name.into(),
            keys: keys.into(),
            included: Rc::default(),
            desc: Rc::new(TupleDesc::new(attrs)),
            table,
            table_name: table_name.into(),
            unique,
            meta: Rc::default(),
        }
    }

    /// The same with further columns in its leaves.
    pub fn including(self, included: Vec<usize>) -> Index {
        let more = included.iter().filter_map(|column| self.table.attrs.get(*column)).map(index_attr);
        let attrs = self.desc.attrs.iter().cloned().chain(more).collect();
        Index { desc: Rc::new(TupleDesc::new(attrs)), included: included.into(), ..self }
    }

    /// The columns of the table that its leaves have, from 0.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        self.keys.iter().map(|key| key.column).chain(self.included.iter().copied())
    }

    /// The same index in other files.
    pub fn moved(&self, file: RelFile) -> Index {
        Index { rel: Rel::new(self.rel.oid, file), meta: Rc::default(), ..self.clone() }
    }

    /// The file has been emptied: what is remembered of the meta page is of no use.
    pub(in crate::access) fn forget_meta(&self) {
        self.meta.set(None);
    }

    /// `_bt_getrootheight`, for the planner: how many levels lie below the root that searches begin at. It looks without
    /// reading: a plan is no reason to fetch a page.
    pub fn height(&self, env: &Env) -> u32 {
        if let Some(known) = self.meta.get() {
            return known.fastlevel;
        }
        let tag = BufferTag { rel: self.rel.file, fork: Fork::Main, block: BTREE_METAPAGE };
        let valid = |index: &usize| env.buffers.state(*index).is_valid();
        let found = match env.buffers.find(&tag).filter(valid) {
            Some(index) => env.buffers.peek(index, meta),
            None => {
                let bytes = env.disk.peek(&self.rel.file.path(Fork::Main), 0, BLCKSZ);
                bytes.and_then(|bytes| <&PageBytes>::try_from(&bytes[..]).ok().and_then(meta))
            }
        };
        found.map_or(0, |found| found.fastlevel)
    }

    /// How many columns the key has.
    pub fn natts(&self) -> usize {
        self.keys.len()
    }

    /// `_bt_allequalimage`: whether equal keys are the same bytes.
    pub fn is_equal_image(&self) -> bool {
        self.included.is_empty() && self.desc.attrs.iter().all(|attr| is_equal_image(attr.type_id))
    }

    /// The index tuple of a row.
    pub fn key_of(&self, row: &[u8], tid: Tid) -> Result<Vec<u8>> {
        let columns: Vec<usize> = self.columns().collect();
        let key = index_key::key_of_row(&self.desc, &self.table, &columns, row, tid)?;
        let size = max_align(key.len());
        if size > BT_MAX_ITEM_SIZE {
            return Err(self.too_long(size, tid));
        }
        Ok(key)
    }

    /// `_bt_check_third_page`
    fn too_long(&self, size: usize, Tid { block, offset }: Tid) -> Error {
        let message = format!(
            "index row size {size} exceeds btree version 4 maximum {BT_MAX_ITEM_SIZE} for index \"{}\"",
            self.name
        );
        let detail = format!("Index row references tuple ({block},{offset}) in relation \"{}\".", self.table_name);
        let hint = "Values larger than 1/3 of a buffer page cannot be indexed.\nConsider a function index of an MD5 \
                    hash of the value, or use full text indexing.";
        Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, message).detail(detail).hint(hint)
    }

    /// `BuildIndexValueDescription`: a key as messages show it, `(id, owner)=(1, Alice)`.
    pub fn describe(&self, key: &[u8]) -> Result<String> {
        let values = index_key::values_of_key(&self.desc, key, self.natts())?;
        let names: Vec<String> = self.desc.attrs[..self.natts()].iter().map(|attr| quote_ident(&attr.name)).collect();
        let values: Vec<String> = values.iter().zip(&self.desc.attrs).map(|(value, attr)| shown(value, attr)).collect();
        Ok(format!("({})=({})", names.join(", "), values.join(", ")))
    }

    /// A key that is there already.
    pub(super) fn duplicate(&self, key: &[u8]) -> Error {
        let message = format!("duplicate key value violates unique constraint \"{}\"", self.name);
        let error = Error::new(sqlstate::UNIQUE_VIOLATION, message);
        self.describe(key).map_or_else(|why| why, |key| error.detail(format!("Key {key} already exists.")))
    }

    /// An index one of whose pages is none.
    pub(super) fn corrupt_page(&self, what: &str) -> Error {
        Error::new(sqlstate::INDEX_CORRUPTED, format!("index \"{}\" {what}", self.name))
    }

    /// An index whose pages contradict each other.
    pub(super) fn corrupt(&self, what: &str) -> Error {
        Error::new(sqlstate::INDEX_CORRUPTED, format!("{what} in index \"{}\"", self.name))
    }
}

fn shown(value: &Datum, attr: &Attr) -> String {
    if value.is_null() { "null".into() } else { output(value, attr.type_id) }
}
