//! A disk with two halves: what was written, which the kernel holds, and what was synced, which survives.
//!
//! ```text
//!   write ──► kernel's cache ── fsync ──► platter
//!                  │                         │
//!            survives a crash         survives a power cut
//!            of the server
//! ```
//!
//! A file is a row of chunks of 8 KiB, the size of a page and of a WAL page; a chunk never written is a hole of zeros and
//! takes no memory. A dirty chunk keeps its synced version beside the new one, so that a power cut can choose, for each
//! sector of 512 bytes and by the seed, which of the two is found afterwards: a torn page. Creating, removing and renaming
//! go through an ordered journal, as on ext4: a sync of any file makes all earlier ones durable, a power cut keeps a
//! prefix of the rest. What became durable is also handed out as [`SyncedBatch`]es, one a sync and all disks in one
//! sequence, for a host that keeps the disk somewhere: any prefix of them is a disk that a power cut could have left.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::process::Cx;
use super::random::Random;
use crate::ids::{Error, HostId, Result, WaitEvent, sqlstate};
use crate::trace::Event;

/// The size of a chunk in bytes.
const CHUNK: usize = 8192;
/// What a disk writes in one piece.
const SECTOR: usize = 512;
/// A read that the kernel answers from its cache, against one that goes to the platter.
const CACHED_READ: u64 = 4;

type Chunk = Rc<[u8; CHUNK]>;

/// Something that was done to a disk and is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DiskOp {
    /// An empty file came into being.
    Create {
        /// Its path below the data directory.
        path: String,
    },
    /// A file is gone.
    Remove {
        /// Its path.
        path: String,
    },
    /// A file has another name; a file of that name is gone.
    Rename {
        /// Its old path.
        from: String,
        /// Its new path.
        to: String,
    },
    /// A file has this length; bytes beyond are gone, bytes that are new are zero.
    SetLen {
        /// Its path.
        path: String,
        /// In bytes.
        len: u64,
    },
    /// Bytes of a file.
    Write {
        /// Its path.
        path: String,
        /// Where they begin.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// What one sync made durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyncedBatch {
    /// Whose disk.
    pub host: HostId,
    /// In order.
    pub ops: Vec<DiskOp>,
}

#[derive(Clone, Default)]
struct File {
    len: u64,
    synced_len: u64,
    chunks: Vec<Option<Chunk>>,
    /// Chunks that differ from the platter, with what the platter has.
    dirty: BTreeMap<usize, Option<Chunk>>,
    /// The first chunk that was cut off since the last sync.
    cut: Option<usize>,
    /// Chunks that the kernel has in its cache.
    cached: Vec<bool>,
}

/// A change of the directory that is not yet durable, with what is needed to take it back.
#[derive(Clone)]
enum Pending {
    Create(String),
    Remove(String, File),
    Rename(String, String, Option<File>),
}

#[derive(Clone, Default)]
struct State {
    files: BTreeMap<String, File>,
    pending: Vec<Pending>,
}

/// What was synced on all disks of a world, in one sequence, for a host that keeps it.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) wanted: bool,
    pub(super) count: u64,
    pub(super) batches: Vec<SyncedBatch>,
}

/// A disk. A handle: clones are the same disk.
#[derive(Clone)]
pub struct Disk {
    host: HostId,
    state: Rc<RefCell<State>>,
    outbox: Rc<RefCell<Outbox>>,
}

fn missing(path: &str) -> Error {
    let message = format!("could not open file \"{path}\": No such file or directory");
    Error::new(sqlstate::UNDEFINED_FILE, message)
}

impl Disk {
    pub(super) fn new(host: HostId, outbox: Rc<RefCell<Outbox>>) -> Disk {
        Disk { host, state: Rc::default(), outbox }
    }

    // --- the directory: plain functions ----------------------------------------------------------------------

    /// Whether there is such a file.
    pub fn exists(&self, path: &str) -> bool {
        self.state.borrow().files.contains_key(path)
    }

    /// The length of a file in bytes; `None` if there is none.
    pub fn len(&self, path: &str) -> Option<u64> {
        self.state.borrow().files.get(path).map(|file| file.len)
    }

    /// The paths that begin with `prefix`, in order.
    pub fn list(&self, prefix: &str) -> Vec<String> {
        let state = self.state.borrow();
        state.files.keys().filter(|path| path.starts_with(prefix)).cloned().collect()
    }

    /// Makes an empty file, if there is none of that name.
    pub fn create(&self, path: &str) {
        let state = &mut *self.state.borrow_mut();
        if !state.files.contains_key(path) {
            state.files.insert(path.to_string(), File::default());
            state.pending.push(Pending::Create(path.to_string()));
        }
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, path: &str) {
        let state = &mut *self.state.borrow_mut();
        if let Some(file) = state.files.remove(path) {
            state.pending.push(Pending::Remove(path.to_string(), file));
        }
    }

    /// Removes a file of which nothing was ever synced. That it was there need not be remembered.
    pub fn discard(&self, path: &str) {
        let state = &mut *self.state.borrow_mut();
        if state.files.remove(path).is_none() {
            return;
        }
        let makes_it = |change: &Pending| matches!(change, Pending::Create(made) if made == path);
        match state.pending.iter().position(makes_it) {
            Some(at) => drop(state.pending.remove(at)),
            // Another file's sync has made the name durable, and nothing else.
            None => state.pending.push(Pending::Remove(path.to_string(), File::default())),
        }
    }

    /// Renames a file over whatever has the new name.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        let state = &mut *self.state.borrow_mut();
        let file = state.files.remove(from).ok_or_else(|| missing(from))?;
        let replaced = state.files.insert(to.to_string(), file);
        state.pending.push(Pending::Rename(from.to_string(), to.to_string(), replaced));
        Ok(())
    }

    /// Changes a file's length; bytes that are new are zero.
    pub fn set_len(&self, path: &str, len: u64) -> Result<()> {
        let state = &mut *self.state.borrow_mut();
        let file = state.files.get_mut(path).ok_or_else(|| missing(path))?;
        file.set_len(len);
        Ok(())
    }

    // --- input and output: these wait ------------------------------------------------------------------------

    /// Reads from `offset` into `buffer`; returns how many bytes there were.
    pub async fn read(&self, cx: &Cx, event: WaitEvent, path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let cached = self.state.borrow().files.get(path).is_some_and(|file| file.is_cached(offset));
        let costs = cx.world().costs();
        cx.io(event, if cached { costs.disk_read.min(CACHED_READ) } else { costs.disk_read }).await;
        let state = &mut *self.state.borrow_mut();
        let file = state.files.get_mut(path).ok_or_else(|| missing(path))?;
        Ok(file.read(offset, buffer))
    }

    /// Writes to the kernel's cache, lengthening the file as needed.
    pub async fn write(&self, cx: &Cx, event: WaitEvent, path: &str, offset: u64, bytes: &[u8]) -> Result<()> {
        cx.io(event, cx.world().costs().disk_write).await;
        self.write_now(path, offset, bytes)?;
        cx.emit(Event::DiskWrite { bytes: bytes.len() as u32 });
        Ok(())
    }

    /// Writes without waiting: for what happens before there are processes (initdb), and for the kernel's side.
    pub fn write_now(&self, path: &str, offset: u64, bytes: &[u8]) -> Result<()> {
        let state = &mut *self.state.borrow_mut();
        let file = state.files.get_mut(path).ok_or_else(|| missing(path))?;
        file.write(offset, bytes);
        Ok(())
    }

    /// Makes durable what was written to the file, and all earlier changes of the directory.
    pub async fn fsync(&self, cx: &Cx, event: WaitEvent, path: &str) -> Result<()> {
        cx.io(event, cx.world().costs().disk_sync).await;
        let pages = self.sync_now(path)?;
        cx.emit(Event::DiskSync { pages });
        Ok(())
    }

    /// Syncs without waiting; returns how many chunks became durable.
    pub fn sync_now(&self, path: &str) -> Result<u32> {
        let state = &mut *self.state.borrow_mut();
        if !state.files.contains_key(path) {
            return Err(missing(path));
        }
        let mut ops: Vec<DiskOp> = state.pending.drain(..).map(DiskOp::from).collect();
        let file = state.files.get_mut(path).ok_or_else(|| missing(path))?;
        let pages = file.dirty.len() as u32;
        let outbox = &mut *self.outbox.borrow_mut();
        if outbox.wanted {
            file.changes(path, &mut ops);
            if !ops.is_empty() {
                outbox.count += 1;
                outbox.batches.push(SyncedBatch { host: self.host, ops });
            }
        }
        file.settle();
        Ok(pages)
    }

    // --- the world's side ------------------------------------------------------------------------------------

    /// Reads a file as the kernel has it, without a process: for pictures and for tests.
    pub fn peek(&self, path: &str, offset: u64, len: usize) -> Option<Vec<u8>> {
        let state = self.state.borrow();
        let file = state.files.get(path)?;
        let mut bytes = vec![0; len.min(file.len.saturating_sub(offset) as usize)];
        file.copy_out(offset, &mut bytes);
        Some(bytes)
    }

    /// Whether what a read finds here is durable; a file that is missing is not.
    pub fn is_synced(&self, path: &str, offset: u64, len: usize) -> bool {
        let state = self.state.borrow();
        state.files.get(path).is_some_and(|file| {
            offset + len as u64 <= file.synced_len
                && pieces(offset, len).all(|piece| !file.dirty.contains_key(&piece.0))
        })
    }

    /// Applies a batch that a host has kept, as durable.
    pub fn restore(&self, ops: &[DiskOp]) -> Result<()> {
        for op in ops {
            match op {
                DiskOp::Create { path } => self.create(path),
                DiskOp::Remove { path } => self.remove(path),
                DiskOp::Rename { from, to } => self.rename(from, to)?,
                DiskOp::SetLen { path, len } => self.set_len(path, *len)?,
                DiskOp::Write { path, offset, bytes } => {
                    self.create(path);
                    self.write_now(path, *offset, bytes)?;
                }
            }
        }
        self.settle();
        Ok(())
    }

    /// Declares everything durable: for a disk that was just made or restored.
    pub fn settle(&self) {
        let state = &mut *self.state.borrow_mut();
        state.pending.clear();
        state.files.values_mut().for_each(File::settle);
    }

    /// Becomes a copy of another disk, of what it has written and of what it has synced. Chunks are shared until one of
    /// the two writes to them.
    pub fn copy(&self, of: &Disk) {
        *self.state.borrow_mut() = of.state.borrow().clone();
    }

    /// Everything on the disk as operations that make it anew.
    pub fn image(&self) -> Vec<DiskOp> {
        let state = self.state.borrow();
        let mut ops = Vec::new();
        for (path, file) in &state.files {
            ops.push(DiskOp::Create { path: path.clone() });
            ops.push(DiskOp::SetLen { path: path.clone(), len: file.len });
            for (n, chunk) in file.chunks.iter().enumerate() {
                let Some(chunk) = chunk else { continue };
                let len = CHUNK.min((file.len as usize).saturating_sub(n * CHUNK));
                ops.push(DiskOp::Write {
                    path: path.clone(),
                    offset: (n * CHUNK) as u64,
                    bytes: chunk[..len].to_vec(),
                });
            }
        }
        ops
    }

    /// The power is cut: see the module's first lines.
    pub(super) fn power_fail(&self, random: &mut Random) {
        let state = &mut *self.state.borrow_mut();
        let kept = random.below(state.pending.len() as u64 + 1) as usize;
        for change in state.pending.drain(kept..).rev().collect::<Vec<_>>() {
            change.take_back(&mut state.files);
        }
        state.pending.clear();
        for file in state.files.values_mut() {
            file.power_fail(random);
        }
    }
}

impl Pending {
    fn take_back(self, files: &mut BTreeMap<String, File>) {
        match self {
            Pending::Create(path) => drop(files.remove(&path)),
            Pending::Remove(path, file) => drop(files.insert(path, file)),
            Pending::Rename(from, to, replaced) => {
                if let Some(file) = files.remove(&to) {
                    files.insert(from, file);
                }
                if let Some(file) = replaced {
                    files.insert(to, file);
                }
            }
        }
    }
}

impl From<Pending> for DiskOp {
    fn from(pending: Pending) -> DiskOp {
        match pending {
            Pending::Create(path) => DiskOp::Create { path },
            Pending::Remove(path, _) => DiskOp::Remove { path },
            Pending::Rename(from, to, _) => DiskOp::Rename { from, to },
        }
    }
}

impl File {
    fn is_cached(&self, offset: u64) -> bool {
        self.cached.get(offset as usize / CHUNK).copied().unwrap_or(false)
    }

    fn touch(&mut self, chunk: usize) {
        if self.cached.len() <= chunk {
            self.cached.resize(chunk + 1, false);
        }
        self.cached[chunk] = true;
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> usize {
        let available = (self.len.saturating_sub(offset) as usize).min(buffer.len());
        self.copy_out(offset, &mut buffer[..available]);
        (offset as usize / CHUNK..(offset as usize + available).div_ceil(CHUNK)).for_each(|n| self.touch(n));
        available
    }

    fn copy_out(&self, offset: u64, buffer: &mut [u8]) {
        for (n, within, at, len) in pieces(offset, buffer.len()) {
            match self.chunks.get(n).and_then(Option::as_ref) {
                Some(chunk) => buffer[at..at + len].copy_from_slice(&chunk[within..within + len]),
                None => buffer[at..at + len].fill(0),
            }
        }
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) {
        for (n, within, at, len) in pieces(offset, bytes.len()) {
            if self.chunks.len() <= n {
                self.chunks.resize(n + 1, None);
            }
            let old = &mut self.chunks[n];
            self.dirty.entry(n).or_insert_with(|| old.clone());
            let chunk = old.get_or_insert_with(|| Rc::new([0; CHUNK]));
            Rc::make_mut(chunk)[within..within + len].copy_from_slice(&bytes[at..at + len]);
            self.touch(n);
        }
        self.len = self.len.max(offset + bytes.len() as u64);
    }

    fn set_len(&mut self, len: u64) {
        if len < self.len {
            let whole = (len as usize).div_ceil(CHUNK);
            self.cut = Some(self.cut.map_or(whole, |cut| cut.min(whole)));
            for n in whole..self.chunks.len() {
                let old = self.chunks[n].take();
                self.dirty.entry(n).or_insert(old);
            }
            let rest = len as usize % CHUNK;
            if rest > 0 && self.chunks.get(whole - 1).is_some_and(Option::is_some) {
                let cut = CHUNK.min((self.len - len) as usize);
                let zeros = vec![0; cut.min(CHUNK - rest)];
                self.write(len, &zeros);
            }
        }
        self.len = len;
    }

    /// The difference from the platter, as operations.
    fn changes(&self, path: &str, ops: &mut Vec<DiskOp>) {
        if self.len != self.synced_len {
            ops.push(DiskOp::SetLen { path: path.to_string(), len: self.len });
        }
        for n in self.dirty.keys() {
            let len = CHUNK.min((self.len as usize).saturating_sub(n * CHUNK));
            if len == 0 {
                continue;
            }
            let bytes = match &self.chunks[*n] {
                Some(chunk) => chunk[..len].to_vec(),
                None => vec![0; len],
            };
            ops.push(DiskOp::Write { path: path.to_string(), offset: (n * CHUNK) as u64, bytes });
        }
    }

    /// All is durable.
    fn settle(&mut self) {
        self.dirty.clear();
        self.cut = None;
        self.synced_len = self.len;
    }

    /// Keeps the old or the new version of each unsynced sector. That a file was shortened is in the journal or is not:
    /// its end is whole again, with nothing of what was written there later, or it is gone.
    fn power_fail(&mut self, random: &mut Random) {
        let cut = self.cut.take();
        let is_whole = cut.is_some() && random.one_in(2);
        for (n, mut old) in std::mem::take(&mut self.dirty) {
            if cut.is_some_and(|from| n >= from) {
                if is_whole {
                    self.chunks[n] = old;
                    continue;
                }
                old = None;
            }
            let zeros = || Rc::new([0; CHUNK]);
            let new = self.chunks[n].take().unwrap_or_else(zeros);
            let mut found = old.unwrap_or_else(zeros);
            for sector in (0..CHUNK).step_by(SECTOR) {
                if random.one_in(2) {
                    Rc::make_mut(&mut found)[sector..sector + SECTOR].copy_from_slice(&new[sector..sector + SECTOR]);
                }
            }
            self.chunks[n] = Some(found);
        }
        let before = cut.filter(|_| !is_whole).map_or(self.synced_len, |from| (from * CHUNK) as u64);
        if is_whole || self.len > before && random.one_in(2) {
            self.len = before;
        }
        self.synced_len = self.len;
        self.chunks.truncate((self.len as usize).div_ceil(CHUNK));
        self.cached.clear();
    }
}

/// Cuts a range of bytes at chunk borders: chunk, offset in it, offset in the range, length.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= len {
            return None;
        }
        let position = offset as usize + at;
        let piece = (CHUNK - position % CHUNK).min(len - at);
        at += piece;
        Some((position / CHUNK, position % CHUNK, at - piece, piece))
    })
}
