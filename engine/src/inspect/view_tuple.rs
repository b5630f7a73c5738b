//! A row version in a view: its header, its columns, who sees it and why, and the record that it comes from.

use super::look::Look;
use super::shape_page::*;
use super::view::{Asker, Letters};
use super::view_wal::{Tape, record_ref};
use crate::access::visibility::{self, Sees, Statuses, Vacuumable};
use crate::buffer::BufferTag;
use crate::ids::{CommandId, Pid, RmgrId, Xid, XidStatus};
use crate::storage::tuple::*;
use crate::txn::{Needs, Snapshot};
use crate::types::tuple::column_ranges;
use crate::types::{TupleDesc, deform_tuple, output};
use crate::wal::DecodedRecord;
use crate::wal::heap_records::HeapRecord;
use crate::wal::heap2_records::Heap2Record;

/// What is needed to say something about the versions on a page.
pub(super) struct Versions<'a> {
    look: &'a Look<'a>,
    columns: &'a TupleDesc,
    letters: &'a Letters,
    askers: &'a [Asker],
    /// The snapshot that a newcomer would take.
    anybody: Option<Snapshot>,
    origins: Origins,
}

impl<'a> Versions<'a> {
    pub(super) fn on(
        look: &'a Look<'a>,
        columns: &'a TupleDesc,
        letters: &'a Letters,
        askers: &'a [Asker],
        tag: BufferTag,
        tape: &Tape,
    ) -> Versions<'a> {
        let anybody = look.server.map(|server| server.txns.procs.peek(Pid(0), CommandId(0)));
        Versions { look, columns, letters, askers, anybody, origins: Origins::on(tag, tape) }
    }
}

/// The version at a line pointer; `base` is where it begins on the page.
pub(super) fn tuple_view(tuple: &[u8], base: u16, lp: u16, versions: &Versions) -> Option<TupleView> {
    let header = HeapTupleHeader::read(tuple)?;
    let letter = |xid: Xid| versions.letters.of_transaction(xid).filter(|_| xid.is_normal());
    Some(TupleView {
        t_xmin: header.xmin.0,
        t_xmax: header.xmax.0,
        t_field3: header.field3,
        t_ctid: header.ctid.to_string(),
        ctid_block: header.ctid.block.0,
        ctid_lp: header.ctid.offset,
        t_infomask2: header.infomask2,
        t_infomask: header.infomask,
        t_hoff: header.hoff,
        raw_flags: flags(&header),
        natts: header.natts() as u16,
        fields: fields(&header, tuple, base),
        attrs: attrs(versions.columns, tuple, base),
        xmin_status: xmin_status(&header, versions.look),
        xmax_status: xmax_status(&header, versions.look),
        xmin_letter: letter(header.xmin),
        xmax_letter: versions.look.in_xmax(&header).into_iter().find_map(letter),
        dead_to_all: dead_to_all(&header, versions.look),
        heap_only: header.is_heap_only(),
        hot_updated: header.is_hot_updated(),
        sees: sees(&header, versions),
        record: versions.origins.of(lp, &header),
    })
}

/// The names of the flags; a meaning that takes two bits stands in place of their names.
fn flags(header: &HeapTupleHeader) -> Vec<String> {
    let combined = combined_flags(header.infomask);
    let parts: &[(&str, [&str; 2])] = &[
        ("HEAP_XMAX_SHR_LOCK", ["HEAP_XMAX_KEYSHR_LOCK", "HEAP_XMAX_EXCL_LOCK"]),
        ("HEAP_XMIN_FROZEN", ["HEAP_XMIN_COMMITTED", "HEAP_XMIN_INVALID"]),
        ("HEAP_MOVED", ["HEAP_MOVED_OFF", "HEAP_MOVED_IN"]),
    ];
    let mut names: Vec<String> = Vec::new();
    for flag in raw_flags(header.infomask, header.infomask2) {
        let whole = parts.iter().find(|(whole, parts)| combined.contains(whole) && parts.contains(&flag));
        let name = whole.map_or(flag, |(whole, _)| whole);
        if names.last().is_none_or(|last| last != name) {
            names.push(name.to_string());
        }
    }
    names.dedup();
    names
}

/// The header's fields with the bytes they lie in, as `heap_page_items` prints them; masks in hexadecimal.
pub(super) fn fields(header: &HeapTupleHeader, tuple: &[u8], base: u16) -> Vec<FieldView> {
    let mut fields = vec![
        ("t_xmin", header.xmin.to_string(), 0, 4),
        ("t_xmax", header.xmax.to_string(), 4, 4),
        ("t_field3", header.field3.to_string(), 8, 4),
        ("t_ctid", header.ctid.to_string(), 12, 6),
        ("t_infomask2", format!("{:04x}", header.infomask2), 18, 2),
        ("t_infomask", format!("{:04x}", header.infomask), 20, 2),
        ("t_hoff", header.hoff.to_string(), 22, 1),
    ];
    if let Some(bits) = null_bitmap(tuple) {
        fields.push(("t_bits", bits_text(bits), SIZE_OF_HEAP_TUPLE_HEADER as u16, bits.len() as u16));
    }
    let field = |(name, value, offset, len): (&str, String, u16, u16)| {
        let offset = base + offset;
        FieldView { name: name.to_string(), value, offset, len }
    };
    fields.into_iter().map(field).collect()
}

/// A null bitmap as `heap_page_items` prints it: whole bytes, the first column first.
pub(super) fn bits_text(bits: &[u8]) -> String {
    let bit = |at: usize| if bits[at / 8] >> (at % 8) & 1 == 1 { '1' } else { '0' };
    (0..bits.len() * 8).map(bit).collect()
}

/// The columns, as far as the bytes can be understood.
pub(super) fn attrs(columns: &TupleDesc, tuple: &[u8], base: u16) -> Vec<AttrView> {
    let (Ok(values), Ok(ranges)) = (deform_tuple(columns, tuple), column_ranges(columns, tuple)) else {
        return Vec::new();
    };
    let each = columns.attrs.iter().zip(values.iter().zip(ranges)).filter(|(attr, _)| !attr.dropped);
    each.map(|(attr, (value, range))| AttrView {
        attname: attr.name.to_string(),
        value: range.as_ref().map(|_| output(value, attr.type_id)),
        offset: range.as_ref().map_or(0, |range| base + range.start as u16),
        len: range.map_or(0, |range| range.len() as u16),
    })
    .collect()
}

// --- what has become of its transactions ---------------------------------------------------------------------

fn xmin_status(header: &HeapTupleHeader, look: &Look) -> XminStatus {
    if header.xmin_frozen() || header.xmin == Xid::FROZEN {
        return XminStatus::Frozen;
    }
    if !header.xmin_invalid() && !header.xmin_committed() && look.is_running(header.xmin) {
        return XminStatus::Running;
    }
    let committed = header.xmin_committed() || look.status(header.xmin) == XidStatus::Committed;
    if committed && !header.xmin_invalid() { XminStatus::Committed } else { XminStatus::Aborted }
}

fn xmax_status(header: &HeapTupleHeader, look: &Look) -> XmaxStatus {
    let holders = look.in_xmax(header);
    let xmax = holders.first().copied().unwrap_or(Xid::INVALID);
    if !header.xmax.is_valid() {
        XmaxStatus::None
    } else if header.has(HEAP_XMAX_INVALID) {
        // The hint says that it has aborted, or that it only locked and is over.
        if header.xmax_is_locked_only() { XmaxStatus::None } else { XmaxStatus::Aborted }
    } else if header.xmax_is_locked_only() {
        let runs = holders.iter().any(|xid| look.is_running(*xid));
        if runs { XmaxStatus::Locked } else { XmaxStatus::None }
    } else if header.has(HEAP_XMAX_COMMITTED) {
        XmaxStatus::Committed
    } else if look.is_running(xmax) {
        XmaxStatus::Running
    } else if look.status(xmax) == XidStatus::Committed {
        XmaxStatus::Committed
    } else {
        XmaxStatus::Aborted
    }
}

/// Asks a rule of visibility. If it wants to know of a transaction whose page of pg_xact is not in memory, it is asked
/// again about a header in which that is noted, as a reader would note it on the page. What would have to be looked up
/// in pg_subtrans or pg_multixact stays open.
pub(super) fn ask<T>(
    header: &HeapTupleHeader,
    look: &Look,
    rule: impl Fn(&HeapTupleHeader) -> Result<T, Needs>,
) -> Option<T> {
    let mut header = *header;
    for _ in 0..2 {
        let xid = match rule(&header) {
            Ok(answer) => return Some(answer),
            Err(Needs::Status(xid)) => xid,
            Err(_) => return None,
        };
        let committed = look.status(xid) == XidStatus::Committed;
        let of_xmin = xid == header.xmin && header.infomask & HEAP_XMIN_FROZEN == 0;
        header.infomask |= match (of_xmin, committed) {
            (true, true) => HEAP_XMIN_COMMITTED,
            (true, false) => HEAP_XMIN_INVALID,
            (false, true) => HEAP_XMAX_COMMITTED,
            (false, false) => HEAP_XMAX_INVALID,
        };
    }
    rule(&header).ok()
}

fn dead_to_all(header: &HeapTupleHeader, look: &Look) -> bool {
    let Some(server) = look.server else { return false };
    let (horizon, nobody) = (server.horizon(), Statuses::of_nobody(&server.txns));
    let answer = ask(header, look, |header| visibility::satisfies_vacuum(header, horizon, &nobody));
    answer.is_some_and(|(answer, _)| answer == Vacuumable::Dead)
}

// --- who sees it ---------------------------------------------------------------------------------------------

fn sees(header: &HeapTupleHeader, versions: &Versions) -> Vec<SeesView> {
    let (Some(server), Some(anybody)) = (versions.look.server, &versions.anybody) else { return Vec::new() };
    let view = |letter: Option<&str>, snapshot: &Snapshot, statuses: &Statuses| {
        let rule = |header: &HeapTupleHeader| visibility::satisfies_mvcc(header, snapshot, statuses);
        let Sees { visible, rule, .. } = ask(header, versions.look, rule)?;
        let xid = subject(rule, header);
        Some(SeesView { letter: letter.map(str::to_string), visible, rule, xid: xid.is_valid().then_some(xid.0) })
    };
    let by_letter = versions.askers.iter().filter_map(|asker| {
        let statuses = Statuses::of_xact(&server.txns, &asker.env.xact);
        view(Some(&asker.letter), &asker.snapshot, &statuses)
    });
    by_letter.chain(view(None, anybody, &Statuses::of_nobody(&server.txns))).collect()
}

/// The transaction that a rule speaks of.
fn subject(rule: SeesRule, header: &HeapTupleHeader) -> Xid {
    use SeesRule::*;
    match rule {
        OwnInsert | OwnInsertLater | XminRunning | XminAborted | XminAfter | Committed => header.xmin,
        OwnDelete | OwnDeleteLater | XmaxRunning | XmaxAborted | XmaxAfter | XmaxCommitted => header.xmax,
    }
}

// --- where it comes from -------------------------------------------------------------------------------------

/// What a record did to a line pointer: made a version there, or touched the one that was there.
struct Touch {
    lp: u16,
    made: bool,
    /// The record's transaction.
    xid: Xid,
    record: RecordRef,
}

/// The records of a tape that speak of versions on a page, oldest first.
struct Origins(Vec<Touch>);

impl Origins {
    /// Of a page.
    fn on(tag: BufferTag, tape: &Tape) -> Origins {
        let mut touches = Vec::new();
        for record in &tape.0 {
            for (lp, made) in touched(tag, record) {
                touches.push(Touch { lp, made, xid: record.xid, record: record_ref(record) });
            }
        }
        Origins(touches)
    }

    /// The record that made the version, or else the last one that touched it.
    fn of(&self, lp: u16, header: &HeapTupleHeader) -> Option<RecordRef> {
        let here = || self.0.iter().rev().filter(|touch| touch.lp == lp);
        let made = here().find(|touch| touch.made && touch.xid == header.xmin);
        let touched = || here().find(|touch| !touch.made && touch.xid == header.xmax);
        made.or_else(touched).map(|touch| touch.record.clone())
    }
}

/// The line pointers on the page whose versions the record made (`true`) or touched.
fn touched(tag: BufferTag, record: &DecodedRecord) -> Vec<(u16, bool)> {
    let here = |id: usize| {
        record.block(id).is_some_and(|block| BufferTag { rel: block.rel, fork: block.fork, block: block.block } == tag)
    };
    if !(0..record.blocks.len()).any(here) {
        return Vec::new();
    }
    match record.rmid {
        RmgrId::Heap => match HeapRecord::decode(record) {
            Ok(HeapRecord::Insert(it)) => vec![(it.offnum, true)],
            Ok(HeapRecord::Delete(it)) => vec![(it.offnum, false)],
            Ok(HeapRecord::Lock(it)) => vec![(it.offnum, false)],
            Ok(HeapRecord::Update(it) | HeapRecord::HotUpdate(it)) => {
                // Block 0 has the new version, block 1 the old one if that is on another page.
                let old = if record.block(1).is_some() { 1 } else { 0 };
                let both = [(old, it.old_offnum, false), (0, it.new_offnum, true)];
                both.into_iter().filter(|(id, ..)| here(*id)).map(|(_, lp, made)| (lp, made)).collect()
            }
            _ => Vec::new(),
        },
        RmgrId::Heap2 => match Heap2Record::decode(record) {
            // On a page made anew they count from 1.
            Ok(Heap2Record::MultiInsert(it)) if it.offsets.is_empty() => {
                (1..=it.ntuples).map(|lp| (lp, true)).collect()
            }
            Ok(Heap2Record::MultiInsert(it)) => it.offsets.iter().map(|lp| (*lp, true)).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
