//! What access methods need to know of a table, or of the file of an index.

use std::cell::Cell;
use std::rc::Rc;

use crate::buffer::{BufferTag, Pin, Ring, block_count};
use crate::ids::{BlockNumber, Fork, LockMode, Oid, RelFile, Result};

use super::toast::Toast;
use super::{Env, Index};
use crate::types::TupleDesc;

/// A table as the access methods see it: its id, its files, and where the next row is tried first. Clones share the
/// last; it is forgotten with whatever a process has cached of the table.
#[derive(Clone, Debug)]
pub struct Rel {
    /// Its object id: what is locked.
    pub oid: Oid,
    /// Its files.
    pub file: RelFile,
    /// Its name, for messages.
    pub name: Rc<str>,
    /// The page that took the last row; PostgreSQL's `smgr_targblock`, of this process alone.
    pub target: Rc<Cell<Option<BlockNumber>>>,
    /// Its indexes; an index has none. Who knows the catalogs hands them in.
    pub indexes: Rc<[Index]>,
    /// Where its long values lie, if it may have such.
    pub toast: Option<Rc<Toast>>,
    /// It is being written anew, from its first page to its last: no page is looked for that has room left
    /// (`HEAP_INSERT_SKIP_FSM`).
    pub fresh: bool,
    /// How many bytes of a page INSERT leaves free, for the new versions of its rows (`fillfactor`).
    pub reserve: usize,
    /// Through which buffers its pages are written by who writes many.
    pub bulk: Option<Rc<Ring>>,
}

impl Rel {
    /// A table by its id and files.
    pub fn new(oid: Oid, file: RelFile) -> Rel {
        let (target, indexes) = (Rc::default(), Rc::default());
        Rel { oid, file, name: "".into(), target, indexes, toast: None, fresh: false, reserve: 0, bulk: None }
    }

    /// With its name.
    pub fn named(self, name: &Rc<str>) -> Rel {
        Rel { name: name.clone(), ..self }
    }

    /// The same with indexes, which all changes of its rows will keep up to date.
    pub fn with_indexes(self, indexes: Vec<Index>) -> Rel {
        Rel { indexes: indexes.into(), ..self }
    }

    /// The same with a second table, for the long values of these columns.
    pub fn with_toast(self, rel: Rel, table: Rc<TupleDesc>) -> Rel {
        Rel { toast: Some(Rc::new(Toast { rel, table, rewriting: false })), ..self }
    }

    /// How many pages a fork has.
    pub fn blocks(&self, env: &Env, fork: Fork) -> BlockNumber {
        block_count(&env.disk, self.file, fork).unwrap_or_default()
    }

    /// A page, pinned.
    #[inline]
    pub async fn page(&self, env: &Env, fork: Fork, block: BlockNumber) -> Result<Pin> {
        let tag = BufferTag { rel: self.file, fork, block };
        let pool = env.pool(self.file);
        match pool.pin_cached(&env.cx, tag) {
            Some(pin) => Ok(pin),
            None => pool.read(&env.cx, tag).await,
        }
    }

    /// A page of the table itself, for who reads much of it: through its ring, if it has one.
    #[inline]
    pub async fn page_by(&self, env: &Env, block: BlockNumber, ring: Option<&Ring>) -> Result<Pin> {
        let tag = BufferTag { rel: self.file, fork: Fork::Main, block };
        // A session's own buffers are nobody else's to spare.
        let ring = ring.filter(|_| !self.file.is_temporary());
        let pool = env.pool(self.file);
        match pool.pin_cached_by(&env.cx, tag, ring) {
            Some(pin) => Ok(pin),
            None => pool.read_by(&env.cx, tag, ring).await,
        }
    }

    /// Locks the table to the end of the transaction.
    pub async fn lock(&self, env: &Env, mode: LockMode) -> Result<()> {
        env.lock_relation(self.oid, mode).await
    }
}
