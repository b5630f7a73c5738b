//! What access methods need to know of a table.

use std::cell::Cell;
use std::rc::Rc;

use crate::buffer::{BufferTag, Pin, block_count};
use crate::ids::{BlockNumber, Fork, LockMode, Oid, RelFile, Result};

use super::Env;

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
}

impl Rel {
    /// A table by its id and files.
    pub fn new(oid: Oid, file: RelFile) -> Rel {
        Rel { oid, file, name: "".into(), target: Rc::default() }
    }

    /// With its name.
    pub fn named(self, name: &Rc<str>) -> Rel {
        Rel { name: name.clone(), ..self }
    }

    /// How many pages a fork has.
    pub fn blocks(&self, env: &Env, fork: Fork) -> BlockNumber {
        block_count(&env.disk, self.file, fork).unwrap_or_default()
    }

    /// A page, pinned.
    #[inline]
    pub async fn page(&self, env: &Env, fork: Fork, block: BlockNumber) -> Result<Pin> {
        let tag = BufferTag { rel: self.file, fork, block };
        match env.buffers.pin_cached(&env.cx, tag) {
            Some(pin) => Ok(pin),
            None => env.buffers.read(&env.cx, tag).await,
        }
    }

    /// Locks the table to the end of the transaction.
    pub async fn lock(&self, env: &Env, mode: LockMode) -> Result<()> {
        env.lock_relation(self.oid, mode).await
    }
}
