//! What a view of a page consists of: its header, its line pointers, its row versions, and who sees them.

pub use crate::access::visibility::SeesRule;

/// A page, in memory and on disk.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct PageView {
    /// The table.
    pub relname: String,
    /// Its file.
    pub relfilenode: u32,
    /// The file's path below the data directory.
    pub path: String,
    /// Which fork.
    pub fork: String,
    /// Which page.
    pub block: u32,
    /// The buffer that holds it.
    pub bufferid: Option<u32>,
    /// The table's columns.
    pub columns: Vec<ColumnView>,
    /// As it is in shared buffers.
    pub memory: Option<PageImage>,
    /// As a read from the file would find it.
    pub disk: Option<PageImage>,
    /// Whether what a read would find is durable.
    pub disk_synced: bool,
    /// What the visibility map says.
    pub all_visible: bool,
    /// What the visibility map says.
    pub all_frozen: bool,
    /// What the free space map says, if there is one.
    pub freespace: Option<u32>,
}

/// A column of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct ColumnView {
    /// Its name.
    pub attname: String,
    /// The name of its type.
    pub typname: String,
}

/// The bytes of a page and what they mean.
#[derive(Clone, PartialEq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct PageImage {
    /// End of the last record that changed it.
    pub pd_lsn: u64,
    /// 0 where checksums are off.
    pub pd_checksum: u16,
    /// 1 has free lines, 2 is full, 4 is all visible.
    pub pd_flags: u16,
    /// End of the line pointers.
    pub pd_lower: u16,
    /// Begin of the items.
    pub pd_upper: u16,
    /// End of the items.
    pub pd_special: u16,
    /// 8192.
    pub pd_pagesize: u16,
    /// 4.
    pub pd_version: u8,
    /// The oldest transaction that may have left something to prune.
    pub pd_prune_xid: u32,
    /// The same with the bytes they lie in.
    pub header_fields: Vec<FieldView>,
    /// The line pointers with what they point to; none where the page is no heap page.
    pub items: Vec<ItemView>,
    /// All 8192.
    #[cfg_attr(feature = "views", serde(serialize_with = "as_bytes"), ts(type = "Uint8Array"))]
    pub bytes: Vec<u8>,
}

#[cfg(feature = "views")]
pub(super) fn as_bytes<S: serde::Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bytes(bytes)
}

/// A named run of bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// Its value as text.
    pub value: String,
    /// From the page's start.
    pub offset: u16,
    /// How many bytes.
    pub len: u16,
}

/// A line pointer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct ItemView {
    /// Its number, from 1.
    pub lp: u16,
    /// Where its item begins.
    pub lp_off: u16,
    /// 0 unused, 1 normal, 2 redirect, 3 dead.
    pub lp_flags: u8,
    /// How long its item is.
    pub lp_len: u16,
    /// Where its own four bytes lie.
    pub lp_offset: u16,
    /// The line pointer that it stands for.
    pub redirect: Option<u16>,
    /// The row version that it points to.
    pub tuple: Option<TupleView>,
}

/// What has become of the transaction that made a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), serde(rename_all = "snake_case"))]
pub enum XminStatus {
    /// It runs.
    Running,
    /// It has committed.
    Committed,
    /// It has aborted, or a crash has ended it.
    Aborted,
    /// It no longer matters.
    Frozen,
}

/// What has become of the transaction that ended or locked a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS), serde(rename_all = "snake_case"))]
pub enum XmaxStatus {
    /// There is none.
    None,
    /// It only locked the version.
    Locked,
    /// It runs.
    Running,
    /// It has committed.
    Committed,
    /// It has aborted, or a crash has ended it.
    Aborted,
}

/// A row version.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct TupleView {
    /// Who made it.
    pub t_xmin: u32,
    /// Who ended or locked it; 0 for nobody.
    pub t_xmax: u32,
    /// The command, or a pair of commands.
    pub t_field3: u32,
    /// The next version, or itself.
    pub t_ctid: String,
    /// Its block.
    pub ctid_block: u32,
    /// Its line pointer.
    pub ctid_lp: u16,
    /// Number of columns, and flags.
    pub t_infomask2: u16,
    /// Flags.
    pub t_infomask: u16,
    /// Where the columns begin.
    pub t_hoff: u8,
    /// The names of the flags, those of two bits in place of their parts.
    pub raw_flags: Vec<String>,
    /// The number of columns.
    pub natts: u16,
    /// The header, field by field.
    pub fields: Vec<FieldView>,
    /// The columns.
    pub attrs: Vec<AttrView>,
    /// What has become of its maker.
    pub xmin_status: XminStatus,
    /// What has become of who ended it.
    pub xmax_status: XmaxStatus,
    /// Whose transaction made it, while that is known.
    pub xmin_letter: Option<String>,
    /// Whose transaction ended it, while that is known.
    pub xmax_letter: Option<String>,
    /// Whether VACUUM could remove it now.
    pub dead_to_all: bool,
    /// No index points here.
    pub heap_only: bool,
    /// The next version is heap-only.
    pub hot_updated: bool,
    /// Who sees it: the sessions here by letter, then, without a letter, any new snapshot.
    pub sees: Vec<SeesView>,
    /// The record that made it, or else the last that touched it, as far back as the log was looked at.
    pub record: Option<RecordRef>,
}

/// A column of a row version.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct AttrView {
    /// Its name.
    pub attname: String,
    /// Its value as text; nothing for NULL.
    pub value: Option<String>,
    /// From the page's start.
    pub offset: u16,
    /// How many bytes.
    pub len: u16,
}

/// Whether somebody sees a row version, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct SeesView {
    /// Who; nobody in particular if empty.
    pub letter: Option<String>,
    /// Whether.
    pub visible: bool,
    /// Why.
    pub rule: SeesRule,
    /// The transaction that the rule speaks of.
    pub xid: Option<u32>,
}

/// A record of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "views", derive(serde::Serialize, ts_rs::TS))]
pub struct RecordRef {
    /// Where it begins.
    pub start_lsn: u64,
    /// Who replays it.
    pub rmgr: String,
    /// What it is.
    pub record_type: String,
    /// In bytes.
    pub record_length: u32,
    /// Bytes of full-page images.
    pub fpi_length: u32,
}
