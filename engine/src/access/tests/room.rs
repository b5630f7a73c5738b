//! A server of shared memory alone, on a host of a world: what sessions and recovery need, no more.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::access::redo::{self, RedoState};
use crate::access::{self, Env, Index, KeyColumn, Rel};
use crate::buffer::{BufferPool, BufferTag};
use crate::ids::*;
use crate::settings::Settings;
use crate::storage::PageBytes;
use crate::txn::Txns;
use crate::types::{TupleDesc, TypeId};
use crate::wal::page::{XLOG_BLCKSZ, page_of};
use crate::wal::{Wal, WalConfig, WalPage, WalReader, reader};
use crate::world::{Cx, Disk, Limit, World};

const SEG: WalSegSize = WalSegSize::ONE_MB;
/// Where the log begins.
pub const LOG_START: Lsn = Lsn(0x10_0028);
/// The first id that sessions get.
pub const FIRST_XID: FullXid = FullXid(724);
/// The files of the table's indexes.
pub const INDEX_FILES: [RelFile; 2] = [RelFile { rel: Oid(16390), ..FILE }, RelFile { rel: Oid(16391), ..FILE }];
const FILE: RelFile = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: FIRST_NORMAL_OID };

/// The shared memory of a server.
#[derive(Clone)]
pub struct Room {
    pub disk: Disk,
    pub wal: Rc<Wal>,
    pub buffers: Rc<BufferPool>,
    pub txns: Rc<Txns>,
    /// How many indexes the table has.
    pub indexes: usize,
}

/// What pg_control would say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Control {
    pub redo: Lsn,
    pub next_xid: FullXid,
}

impl Control {
    pub const INITIAL: Control = Control { redo: LOG_START, next_xid: FIRST_XID };
}

impl Room {
    /// Empty memory over a disk, with so many buffers.
    pub fn new(disk: &Disk, control: Control, buffers: usize) -> Room {
        let config = WalConfig { seg: SEG, system_id: 1, timeline: TimeLineId(1), buffers: 16 };
        let wal = Rc::new(Wal::open(config, disk.clone(), control.redo, Lsn::INVALID, None));
        wal.set_redo(control.redo);
        let txns = Txns::new(disk, &wal, control.next_xid, FIRST_NORMAL_OID);
        let buffers = BufferPool::new(buffers, disk.clone(), wal.clone());
        Room { disk: disk.clone(), wal, buffers, txns: Rc::new(txns), indexes: 0 }
    }

    /// The same, its table with so many indexes: a unique one on the first column, one on the second, descending.
    pub fn with_indexes(self, indexes: usize) -> Room {
        INDEX_FILES.iter().take(indexes).for_each(|file| self.disk.create(&file.path(Fork::Main)));
        Room { indexes, ..self }
    }

    /// Makes the indexes, while the table is empty.
    pub async fn build_indexes(&self, cx: Cx) {
        let env = self.env(cx);
        for index in self.rel().indexes.iter() {
            access::build_index(&env, index, &self.rel()).await.unwrap();
        }
        self.wal.flush(&env.cx, self.wal.insert_lsn()).await.unwrap();
        self.txns.procs.remove(env.cx.pid());
    }

    /// A process's handle on it.
    pub fn env(&self, cx: Cx) -> Env {
        self.txns.procs.add(cx.pid(), Oid::POSTGRES_DB);
        let (disk, wal, buffers) = (self.disk.clone(), self.wal.clone(), self.buffers.clone());
        Env::new(cx, disk, wal, buffers, self.txns.clone(), Settings::default())
    }

    /// The one table.
    pub fn rel(&self) -> Rel {
        self.disk.create(&FILE.path(Fork::Main));
        let table = Rc::new(TupleDesc::of(&[("id", TypeId::Int4), ("value", TypeId::Int4)]));
        let index = |(at, file): (usize, &RelFile)| {
            let key = KeyColumn { column: at, descending: at == 1, nulls_first: at == 1 };
            Index::new(Rel::new(file.rel, *file), &format!("t_{at}"), "t", table.clone(), vec![key], at == 0)
        };
        let indexes = INDEX_FILES.iter().enumerate().take(self.indexes).map(index).collect();
        Rel::new(FILE.rel, FILE).with_indexes(indexes)
    }

    /// What of a checkpoint a crash can notice: all that was dirty when it began is durable before `control` says so.
    pub async fn checkpoint(&self, cx: &Cx, control: &Cell<Control>) -> Result<()> {
        let next = Control { redo: self.wal.insert_lsn(), next_xid: self.txns.procs.next_xid() };
        self.wal.set_redo(next.redo);
        cx.end_step().await;
        while self.txns.procs.entries().iter().any(|entry| entry.delays_checkpoint) {
            self.txns.delayed_checkpoint.wait(cx, WaitEvent::CheckpointDelayStart).await;
        }
        for index in self.buffers.mark_for_checkpoint() {
            self.buffers.write_for_checkpoint(cx, index).await?;
        }
        self.txns.checkpoint(cx).await?;
        self.buffers.sync_files(cx).await?;
        // The redo point itself must be on disk, or there would be nothing to read from.
        self.wal.flush(cx, self.wal.insert_lsn()).await?;
        control.set(next);
        Ok(())
    }

    /// The startup process: replays the log that lies on `source`'s disk, from the redo point to its end.
    pub async fn recover(&self, cx: &Cx, control: Control, source: &Disk) -> Result<()> {
        let env = self.env(cx.clone());
        self.wal.begin_recovery(None);
        self.txns.procs.set_in_recovery(true);
        let mut state = RedoState::default();
        let mut reader = WalReader::new(SEG, TimeLineId(1), None, control.redo);
        let look = |lsn: Lsn| {
            let bytes = source.peek(&self.wal.path(SEG.segment_of(lsn)), SEG.offset_of(lsn), XLOG_BLCKSZ)?;
            <WalPage>::try_from(bytes.as_slice()).ok()
        };
        let mut pages = reader::source(|lsn, _| look(lsn));
        let mut last = Lsn::INVALID;
        while let Ok(record) = reader.next(&mut pages) {
            self.wal.note_replayed(record.end_lsn);
            redo::apply(&env, &mut state, &record).await?;
            last = record.lsn;
            cx.end_step().await;
        }
        let end = reader.position();
        state.end(&env);
        self.wal.resume(TimeLineId(1), end, last, look(page_of(end)).as_ref());
        self.txns.procs.end_recovery();
        self.txns.procs.remove(cx.pid());
        Ok(())
    }

    /// A page as shared buffers have it.
    pub fn page(&self, world: &World, host: HostId, rel: RelFile, fork: Fork, block: BlockNumber) -> Box<PageBytes> {
        let (room, found) = (self.clone(), Rc::new(RefCell::new(Box::new([0; BLCKSZ]))));
        let copy = found.clone();
        run(world, host, move |cx| async move {
            let pin = room.buffers.read(&cx, BufferTag { rel, fork, block }).await.unwrap();
            pin.read(|bytes| **copy.borrow_mut() = *bytes);
        });
        found.borrow().clone()
    }
}

/// Runs one process to its end, whatever else happens meanwhile.
pub fn run<F: Future<Output = ()> + 'static>(world: &World, host: HostId, body: impl FnOnce(Cx) -> F) {
    let pid = world.spawn(host, BackendType::ClientBackend, body);
    while world.is_alive(pid) {
        world.run(Limit::until(world.now() + 10_000));
    }
}
