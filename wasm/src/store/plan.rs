//! From operations on files to operations on records: plain arithmetic, no browser.
//!
//! ```text
//!   Write base/5/16384 at 8192          ─▶  Patch   extent 0 of file 7 at 8192
//!   Write pg_wal/0000... at 24576       ─▶  Append  page 3 of file 9, only the bytes that are new
//!   Rename pg_wal/0000...1 to ...5      ─▶  Name    the same file under another name
//! ```
//!
//! A commit syncs the last page of the WAL again and again, each time with a little more in it. What is appended is the
//! page from its first changed byte on; the page's earlier records stay as they are.

use vitrine_engine::small::{Map, Set};
use vitrine_engine::world::{DiskOp, SyncedBatch};

use super::record::{EXTENT, PAGE};

/// A number that names a file for good, whatever it is called.
pub type FileId = u32;

/// Something to be done to the records, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// A name stands for this file, of this length.
    Name { host: u8, path: String, file: FileId, len: u64 },
    /// A name stands for nothing any more.
    Unname { host: u8, path: String },
    /// All bytes of a file go.
    Drop { file: FileId },
    /// Extents of a file from this one on go.
    Trim { file: FileId, extent: u32 },
    /// Bytes inside an extent.
    Patch { file: FileId, extent: u32, at: usize, bytes: Vec<u8> },
    /// Bytes of a WAL page.
    Append { file: FileId, page: u32, at: u16, bytes: Vec<u8> },
}

#[derive(Clone, Default)]
struct File {
    id: FileId,
    len: u64,
    /// WAL: pages that have records, so that zeros over nothing need none.
    pages: Set<u32>,
    /// WAL: the page written last, as it is stored.
    last: Option<(u32, Vec<u8>)>,
}

/// The files of all disks, as the records say.
#[derive(Clone, Default)]
pub struct Directory {
    files: Map<(u8, String), File>,
    next: FileId,
}

/// Whether a file is a WAL segment: those are appended to, all others are patched.
fn is_segment(path: &str) -> bool {
    path.strip_prefix("pg_wal/").is_some_and(|name| name.len() == 24 && name.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Directory {
    /// An empty directory whose next new file has this number.
    pub fn new(next: FileId) -> Directory {
        Directory { files: Map::new(), next }
    }

    /// The number of the next new file.
    pub fn next_file(&self) -> FileId {
        self.next
    }

    /// Notes a file that the records already have.
    pub fn found(&mut self, host: u8, path: String, id: FileId, len: u64) {
        self.files.insert((host, path), File { id, len, ..File::default() });
    }

    /// Notes a WAL page that the records already have.
    pub fn found_page(&mut self, id: FileId, page: u32) {
        if let Some(file) = self.files.values_mut().find(|f| f.id == id) {
            file.pages.insert(page);
        }
    }

    /// All files: host, path, number, length.
    pub fn files(&self) -> impl Iterator<Item = (u8, &str, FileId, u64)> {
        self.files.iter().map(|((host, path), f)| (*host, path.as_str(), f.id, f.len))
    }

    /// What a batch does to the records.
    pub fn plan(&mut self, batch: &SyncedBatch) -> Vec<Action> {
        let mut actions = Vec::new();
        for op in &batch.ops {
            self.plan_op(batch.host.0, op, &mut actions);
        }
        actions
    }

    fn plan_op(&mut self, host: u8, op: &DiskOp, actions: &mut Vec<Action>) {
        match op {
            DiskOp::Create { path } => {
                self.file(host, path, actions);
            }
            DiskOp::Remove { path } => {
                if let Some(file) = self.files.remove(&(host, path.clone())) {
                    actions.push(Action::Unname { host, path: path.clone() });
                    actions.push(Action::Drop { file: file.id });
                }
            }
            DiskOp::Rename { from, to } => {
                let Some(file) = self.files.remove(&(host, from.clone())) else { return };
                actions.push(Action::Unname { host, path: from.clone() });
                actions.push(Action::Name { host, path: to.clone(), file: file.id, len: file.len });
                if let Some(replaced) = self.files.insert((host, to.clone()), file) {
                    actions.push(Action::Drop { file: replaced.id });
                }
            }
            DiskOp::SetLen { path, len } => self.set_len(host, path, *len, actions),
            DiskOp::Write { path, offset, bytes } => {
                let file = self.file(host, path, actions);
                let end = offset + bytes.len() as u64;
                if end > file.len {
                    file.len = end;
                    actions.push(Action::Name { host, path: path.clone(), file: file.id, len: end });
                }
                if is_segment(path) {
                    file.append(*offset, bytes, actions);
                } else {
                    file.patch(*offset, bytes, actions);
                }
            }
        }
    }

    /// The file of this name, made if there is none.
    fn file(&mut self, host: u8, path: &str, actions: &mut Vec<Action>) -> &mut File {
        let next = &mut self.next;
        self.files.or_insert_with((host, path.to_string()), || {
            let file = File { id: *next, ..File::default() };
            *next += 1;
            actions.push(Action::Name { host, path: path.to_string(), file: file.id, len: 0 });
            file
        })
    }

    /// Bytes beyond a new end are gone: they must read as zeros if the file grows again.
    fn set_len(&mut self, host: u8, path: &str, len: u64, actions: &mut Vec<Action>) {
        let file = self.file(host, path, actions);
        let old = std::mem::replace(&mut file.len, len);
        actions.push(Action::Name { host, path: path.to_string(), file: file.id, len });
        if len >= old {
            return;
        }
        if is_segment(path) {
            file.append(len, &vec![0; (old - len) as usize], actions);
        } else {
            let extent = len.div_ceil(EXTENT as u64);
            actions.push(Action::Trim { file: file.id, extent: extent as u32 });
            let zeros = (extent * EXTENT as u64).min(old) - len;
            file.patch(len, &vec![0; zeros as usize], actions);
        }
    }
}

impl File {
    fn patch(&mut self, offset: u64, bytes: &[u8], actions: &mut Vec<Action>) {
        for (extent, at, piece) in pieces(offset, bytes, EXTENT) {
            actions.push(Action::Patch { file: self.id, extent, at, bytes: piece.to_vec() });
        }
    }

    fn append(&mut self, offset: u64, bytes: &[u8], actions: &mut Vec<Action>) {
        for (page, at, piece) in pieces(offset, bytes, PAGE) {
            if !self.pages.contains(&page) && piece.iter().all(|b| *b == 0) {
                continue;
            }
            let known = self.last.take().filter(|(last, _)| *last == page).map(|(_, content)| content);
            // Only what was seen from the page's beginning on is known by heart.
            let remember = at == 0 || known.as_ref().is_some_and(|content| at <= content.len());
            let mut content = known.unwrap_or_default();
            let same = content.get(at..).map_or(0, |old| old.iter().zip(piece).take_while(|(a, b)| a == b).count());
            let end = at + piece.len();
            content.resize(content.len().max(end), 0);
            content[at..end].copy_from_slice(piece);
            if remember {
                self.last = Some((page, content));
            }
            self.pages.insert(page);
            if same < piece.len() {
                let bytes = piece[same..].to_vec();
                actions.push(Action::Append { file: self.id, page, at: (at + same) as u16, bytes });
            }
        }
    }
}

/// Cuts bytes at multiples of `size`: which multiple, where in it, the piece.
fn pieces(offset: u64, bytes: &[u8], size: usize) -> impl Iterator<Item = (u32, usize, &[u8])> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let position = offset + done as u64;
        let at = (position % size as u64) as usize;
        let len = (size - at).min(bytes.len() - done);
        if len == 0 {
            return None;
        }
        done += len;
        Some(((position / size as u64) as u32, at, &bytes[done - len..done]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_engine::ids::HostId;

    const SEGMENT: &str = "pg_wal/000000010000000000000003";

    fn plan(directory: &mut Directory, ops: Vec<DiskOp>) -> Vec<Action> {
        directory.plan(&SyncedBatch { host: HostId(0), ops })
    }

    fn write(path: &str, offset: u64, bytes: Vec<u8>) -> Vec<DiskOp> {
        vec![DiskOp::Write { path: path.into(), offset, bytes }]
    }

    #[test]
    fn a_data_file_is_patched_extent_by_extent() {
        let mut directory = Directory::default();
        let actions = plan(&mut directory, write("base/5/16384", EXTENT as u64 - 10, vec![1; 30]));
        let patches: Vec<_> = actions.iter().filter(|a| matches!(a, Action::Patch { .. })).cloned().collect();
        assert_eq!(
            patches,
            [
                Action::Patch { file: 0, extent: 0, at: EXTENT - 10, bytes: vec![1; 10] },
                Action::Patch { file: 0, extent: 1, at: 0, bytes: vec![1; 20] },
            ]
        );
    }

    #[test]
    fn a_wal_page_that_grows_is_appended_to() {
        let mut directory = Directory::default();
        plan(&mut directory, write(SEGMENT, 0, vec![1; 100]));
        let mut longer = vec![1; 100];
        longer.extend([2; 40]);
        let actions = plan(&mut directory, write(SEGMENT, 0, longer.clone()));
        assert_eq!(actions.last(), Some(&Action::Append { file: 0, page: 0, at: 100, bytes: vec![2; 40] }));
        assert_eq!(plan(&mut directory, write(SEGMENT, 0, longer)), [], "nothing is new");
    }

    #[test]
    fn zeros_are_kept_only_where_something_was() {
        let mut directory = Directory::default();
        let appends = |actions: &[Action]| actions.iter().filter(|a| matches!(a, Action::Append { .. })).count();
        assert_eq!(appends(&plan(&mut directory, write(SEGMENT, 0, vec![0; 4 * PAGE]))), 0);
        plan(&mut directory, write(SEGMENT, 0, vec![1; PAGE]));
        assert_eq!(appends(&plan(&mut directory, write(SEGMENT, 0, vec![0; 4 * PAGE]))), 1);
    }

    #[test]
    fn a_rename_moves_no_bytes_and_drops_what_it_replaces() {
        let mut directory = Directory::default();
        plan(&mut directory, write("a", 0, vec![1]));
        plan(&mut directory, write("b", 0, vec![2]));
        let actions = plan(&mut directory, vec![DiskOp::Rename { from: "a".into(), to: "b".into() }]);
        assert_eq!(
            actions,
            [
                Action::Unname { host: 0, path: "a".into() },
                Action::Name { host: 0, path: "b".into(), file: 0, len: 1 },
                Action::Drop { file: 1 },
            ]
        );
    }

    #[test]
    fn a_shortened_file_reads_zeros_when_it_grows_again() {
        let mut directory = Directory::default();
        plan(&mut directory, write("a", 0, vec![1; 2 * EXTENT]));
        let actions = plan(&mut directory, vec![DiskOp::SetLen { path: "a".into(), len: 100 }]);
        assert_eq!(actions[1], Action::Trim { file: 0, extent: 1 });
        assert_eq!(actions[2], Action::Patch { file: 0, extent: 0, at: 100, bytes: vec![0; EXTENT - 100] });
    }
}
