//! Temporary files of a process: what does not fit into the memory that one step of a query may use.
//!
//! ```text
//!   base/pgsql_tmp/pgsql_tmp1234.0      the first temporary file of process 1234
//! ```
//!
//! They are written and read in blocks, never synced, and nobody else looks into them. Each is removed when whoever made
//! it is done, at the latest when the statement or the transaction ends; what a killed process leaves behind is removed
//! when the server starts again. All together may grow to `temp_file_limit`. Files are counted in `pg_stat_database` and
//! named in the log (`log_temp_files`) when they are removed.
//!
//! PostgreSQL: `storage/file/fd.c`, `buffile.c`.

use std::cell::{Cell, RefCell};

use super::env::Env;
use super::stats::DatabaseCounter;
use super::work_memory::MemoryId;
use crate::ids::{BLCKSZ, Error, Pid, Result, WaitEvent, sqlstate};
use crate::settings::Setting;
use crate::trace::Event;
use crate::world::Disk;

/// Where temporary files lie; `PG_TEMP_FILES_DIR`.
pub const TEMP_DIRECTORY: &str = "base/pgsql_tmp";

/// A temporary file: its number within its process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TempFile(u32);

impl TempFile {
    /// The file's path below the data directory.
    pub fn path(self, owner: Pid) -> String {
        format!("{TEMP_DIRECTORY}/pgsql_tmp{owner}.{}", self.0)
    }
}

/// The temporary files of a process.
#[derive(Default)]
pub struct TempFiles {
    next: Cell<u32>,
    /// Those that are there, with their lengths in bytes.
    open: RefCell<Vec<(TempFile, u64)>>,
    /// Those that are gone and of which the log has not heard.
    removed: RefCell<Vec<(TempFile, u64)>>,
    /// Those of queries that stand still and will go on.
    held: RefCell<Vec<TempFile>>,
}

/// What a query that stands still has in its hands.
#[derive(Default)]
pub struct HeldWork {
    files: Vec<TempFile>,
    memory: Vec<MemoryId>,
}

/// A moment in a process's work.
pub struct WorkMark {
    file: u32,
    memory: u32,
}

impl TempFiles {
    /// Those that are there, with their lengths in bytes.
    pub fn open(&self) -> Vec<(TempFile, u64)> {
        self.open.borrow().clone()
    }

    /// The bytes of all together.
    fn total(&self) -> u64 {
        self.open.borrow().iter().map(|(_, bytes)| bytes).sum()
    }

    /// Those that were removed since the last call.
    pub fn take_removed(&self) -> Vec<(TempFile, u64)> {
        self.removed.take()
    }
}

impl Env {
    /// Makes a temporary file.
    pub fn create_temp_file(&self) -> TempFile {
        let file = TempFile(self.temp_files.next.replace(self.temp_files.next.get() + 1));
        self.disk.create(&file.path(self.cx.pid()));
        self.temp_files.open.borrow_mut().push((file, 0));
        self.cx.emit(Event::TempFileCreate { file: file.0 });
        file
    }

    /// Writes a block of a temporary file, or what there is of it.
    pub async fn write_temp_file(&self, file: TempFile, block: u64, bytes: &[u8]) -> Result<()> {
        let start = block * BLCKSZ as u64;
        self.note_length(file, start + bytes.len() as u64)?;
        self.disk.write(&self.cx, WaitEvent::BufFileWrite, &file.path(self.cx.pid()), start, bytes).await
    }

    /// A file is about to have this length, unless all together would be too long.
    fn note_length(&self, file: TempFile, len: u64) -> Result<()> {
        let limit = self.settings.borrow().int(Setting::temp_file_limit);
        let others = self.temp_files.total();
        let mut open = self.temp_files.open.borrow_mut();
        let Some((_, known)) = open.iter_mut().find(|(own, _)| *own == file) else {
            return Err(Error::internal("a temporary file that is gone"));
        };
        if len > *known && limit >= 0 && others - *known + len > limit as u64 * 1024 {
            let message = format!("temporary file size exceeds temp_file_limit ({limit}kB)");
            return Err(Error::new(sqlstate::CONFIGURATION_LIMIT_EXCEEDED, message));
        }
        *known = len.max(*known);
        Ok(())
    }

    /// Reads a block of a temporary file. Returns how many bytes there were.
    pub async fn read_temp_file(&self, file: TempFile, block: u64, buffer: &mut [u8]) -> Result<usize> {
        let start = block * BLCKSZ as u64;
        self.disk.read(&self.cx, WaitEvent::BufFileRead, &file.path(self.cx.pid()), start, buffer).await
    }

    /// Removes a temporary file.
    pub fn remove_temp_file(&self, file: TempFile) {
        let mut open = self.temp_files.open.borrow_mut();
        let Some(at) = open.iter().position(|(own, _)| *own == file) else { return };
        let (_, bytes) = open.remove(at);
        self.disk.discard(&file.path(self.cx.pid()));
        self.stats.count_database(DatabaseCounter::TempFiles, 1);
        self.stats.count_database(DatabaseCounter::TempBytes, bytes as i64);
        let limit = self.settings.borrow().int(Setting::log_temp_files);
        if limit >= 0 && bytes >= limit as u64 * 1024 {
            self.temp_files.removed.borrow_mut().push((file, bytes));
        }
        self.cx.emit(Event::TempFileRemove { file: file.0, kilobytes: (bytes / 1024) as u32 });
    }

    /// Removes the temporary files, and forgets the memory, of what has not ended properly.
    pub fn release_work(&self) {
        let held = self.temp_files.held.borrow().clone();
        for (file, _) in self.temp_files.open().into_iter().filter(|(file, _)| !held.contains(file)) {
            self.remove_temp_file(file);
        }
        self.memory.clear();
    }

    /// What is made from now on lies behind this mark.
    pub fn work_mark(&self) -> WorkMark {
        WorkMark { file: self.temp_files.next.get(), memory: self.memory.last() }
    }

    /// Holds what was made since the mark and is there still.
    pub fn hold_work(&self, since: &WorkMark, held: &mut HeldWork) {
        let open = self.temp_files.open();
        let files: Vec<TempFile> = open.into_iter().map(|(file, _)| file).filter(|file| file.0 >= since.file).collect();
        self.temp_files.held.borrow_mut().extend(&files);
        held.files.extend(files);
        held.memory.extend(self.memory.hold(since.memory));
    }

    /// Gives back what was held.
    pub fn release_held(&self, held: &mut HeldWork) {
        self.temp_files.held.borrow_mut().retain(|file| !held.files.contains(file));
        held.files.drain(..).for_each(|file| self.remove_temp_file(file));
        self.memory.release(&std::mem::take(&mut held.memory));
    }
}

/// Digits, and at least one.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `RemovePgTempFiles`: what processes have left behind that are no more.
pub fn remove_left_over(disk: &Disk) {
    super::temp_tables::remove_left_over(disk);
    disk.list(&format!("{TEMP_DIRECTORY}/")).iter().for_each(|path| disk.discard(path));
}
