//! Replication slots: a standby's place in the log, kept while it is away.
//!
//! ```text
//!   pg_replslot/NAME/state   magic, CRC-32C, version, length │ name  database  persistency  xmin  catalog_xmin
//!   200 bytes                                                │ restart_lsn  invalidated_at  ...
//! ```
//!
//! No segment from the oldest `restart_lsn` on is removed, unless that would be more than `max_slot_wal_keep_size`: then the
//! slot is lost, and its standby has to be made anew.
//!
//! PostgreSQL: `replication/slot.c`, `slotfuncs.c`; `KeepLogSeg`, `GetWALAvailability` in `access/transam/xlog.c`.

use std::cell::RefCell;

use super::log::LogLevel;
use super::shared::Server;
use crate::ids::{Error, Lsn, Oid, Pid, Result, WaitEvent, WalSegment, Xid, sqlstate};
use crate::settings::Setting;
use crate::world::{Cx, Interrupt};

const FOLDER: &str = "pg_replslot/";
const MAGIC: u32 = 0x0105_1CA1;
const VERSION: u32 = 2;
/// Bytes of the file, and how many of them come before what the length counts.
const SIZE: usize = 200;
const HEAD: usize = 16;
const NAME_LEN: usize = 64;
/// Where the checksum's bytes begin, and two of the fields.
const CHECKED_FROM: usize = 8;
const XMIN: usize = 88;
const RESTART_LSN: usize = 96;
const INVALIDATED_AT: usize = 104;

/// A slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// The log from here on is kept; invalid if none is.
    pub restart_lsn: Lsn,
    /// The oldest transaction that the standby's queries need, if it tells: `hot_standby_feedback`.
    pub xmin: Xid,
    /// What `restart_lsn` was when the slot was given up.
    pub invalidated_at: Lsn,
    /// The process that uses it.
    pub active: Option<Pid>,
    /// It ends with the session that made it.
    pub temporary: bool,
    dirty: bool,
}

/// Whether the log that a slot needs is there; `pg_replication_slots.wal_status`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WalStatus {
    /// It is, within `max_wal_size`.
    Reserved,
    /// It is, beyond that.
    Extended,
    /// The next checkpoint removes some of it.
    Unreserved,
    /// Some is gone.
    Lost,
}

impl WalStatus {
    /// As SQL prints it.
    pub fn name(self) -> &'static str {
        match self {
            WalStatus::Reserved => "reserved",
            WalStatus::Extended => "extended",
            WalStatus::Unreserved => "unreserved",
            WalStatus::Lost => "lost",
        }
    }
}

/// All slots of a server.
#[derive(Default)]
pub struct Slots(RefCell<Vec<Slot>>);

impl Slot {
    fn path(&self) -> String {
        format!("{FOLDER}{}/state", self.name)
    }

    fn encode(&self) -> [u8; SIZE] {
        let mut b = [0; SIZE];
        let mut put = |at: usize, bytes: &[u8]| b[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &MAGIC.to_le_bytes());
        put(8, &VERSION.to_le_bytes());
        put(12, &((SIZE - HEAD) as u32).to_le_bytes());
        put(HEAD, self.name.as_bytes());
        put(XMIN, &self.xmin.0.to_le_bytes());
        put(RESTART_LSN, &self.restart_lsn.0.to_le_bytes());
        put(INVALIDATED_AT, &self.invalidated_at.0.to_le_bytes());
        let crc = crate::storage::crc::crc32c(&b[CHECKED_FROM..]);
        b[4..8].copy_from_slice(&crc.to_le_bytes());
        b
    }

    fn decode(path: &str, b: &[u8]) -> Result<Slot> {
        let word = |at: usize| u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]);
        if b.len() < SIZE {
            return Err(Error::corrupt(format!("could not read file \"{path}\": read {} of {SIZE}", b.len())));
        }
        if word(0) != MAGIC {
            let text =
                format!("replication slot file \"{path}\" has wrong magic number: {} instead of {MAGIC}", word(0));
            return Err(Error::corrupt(text));
        }
        let crc = crate::storage::crc::crc32c(&b[CHECKED_FROM..SIZE]);
        if word(4) != crc {
            let text =
                format!("checksum mismatch for replication slot file \"{path}\": is {crc}, should be {}", word(4));
            return Err(Error::corrupt(text));
        }
        let name: Vec<u8> = b[HEAD..HEAD + NAME_LEN].iter().copied().take_while(|byte| *byte != 0).collect();
        let lsn = |at: usize| Lsn(u64::from(word(at)) | u64::from(word(at + 4)) << 32);
        Ok(Slot {
            name: String::from_utf8_lossy(&name).into_owned(),
            restart_lsn: lsn(RESTART_LSN),
            xmin: Xid(word(XMIN)),
            invalidated_at: lsn(INVALIDATED_AT),
            active: None,
            temporary: false,
            dirty: false,
        })
    }
}

/// `ReplicationSlotValidateName`
fn check_name(name: &str) -> Result<()> {
    let invalid = |what: String| Err(Error::new(sqlstate::INVALID_NAME, what));
    if name.is_empty() {
        return invalid(format!("replication slot name \"{name}\" is too short"));
    }
    if name.len() >= NAME_LEN {
        return invalid(format!("replication slot name \"{name}\" is too long"));
    }
    if !name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_') {
        let hint = "Replication slot names may only contain lower case letters, numbers, and the underscore character.";
        let error = invalid(format!("replication slot name \"{name}\" contains invalid character"));
        return error.map_err(|error| error.hint(hint));
    }
    Ok(())
}

impl Slots {
    /// All, in the order of their making.
    pub fn all(&self) -> Vec<Slot> {
        self.0.borrow().clone()
    }

    fn with<T>(&self, name: &str, change: impl FnOnce(&mut Slot) -> T) -> Result<T> {
        let mut slots = self.0.borrow_mut();
        let found = slots.iter_mut().find(|slot| slot.name == name).map(change);
        found.ok_or_else(|| {
            Error::new(sqlstate::UNDEFINED_OBJECT, format!("replication slot \"{name}\" does not exist"))
        })
    }

    /// `ReplicationSlotAcquire`: a walsender takes its standby's slot.
    pub(super) fn acquire(&self, name: &str, pid: Pid) -> Result<()> {
        self.with(name, |slot| match slot.active {
            Some(other) if other != pid => {
                let text = format!("replication slot \"{name}\" is active for PID {other}");
                Err(Error::new(sqlstate::OBJECT_IN_USE, text))
            }
            _ => {
                slot.active = Some(pid);
                Ok(())
            }
        })?
    }

    /// A process ends: its slots are free, the temporary ones gone.
    pub(super) fn release(&self, pid: Pid) {
        let mut slots = self.0.borrow_mut();
        slots.retain(|slot| !slot.temporary || slot.active != Some(pid));
        slots.iter_mut().filter(|slot| slot.active == Some(pid)).for_each(|slot| slot.active = None);
    }

    /// `PhysicalConfirmReceivedLocation`: the standby has so much on its disk.
    pub(super) fn confirm(&self, name: &str, flushed: Lsn) {
        let _ = self.with(name, |slot| {
            if flushed.is_valid() && slot.restart_lsn != flushed {
                (slot.restart_lsn, slot.dirty) = (flushed, true);
            }
        });
    }

    /// `PhysicalReplicationSlotNewXmin`: the standby has told what its queries need.
    fn note_xmin(&self, name: &str, xmin: Xid) {
        let _ = self.with(name, |slot| {
            if slot.xmin != xmin {
                (slot.xmin, slot.dirty) = (xmin, true);
            }
        });
    }

    /// `ReplicationSlotsComputeRequiredXmin`: the oldest transaction that a standby needs.
    fn oldest_xmin(&self) -> Xid {
        let slots = self.0.borrow();
        let older = |least: Xid, xmin: Xid| if !least.is_valid() || xmin.precedes(least) { xmin } else { least };
        slots.iter().map(|slot| slot.xmin).filter(|xmin| xmin.is_valid()).fold(Xid::INVALID, older)
    }

    /// `ReplicationSlotsComputeRequiredLSN`: from where on somebody needs the log.
    fn required(&self) -> Lsn {
        let slots = self.0.borrow();
        slots.iter().map(|slot| slot.restart_lsn).filter(|lsn| lsn.is_valid()).min().unwrap_or(Lsn::INVALID)
    }
}

impl Server {
    /// `pg_create_physical_replication_slot`
    pub async fn create_slot(&self, cx: &Cx, name: &str, reserve: bool, temporary: bool) -> Result<Lsn> {
        check_name(name)?;
        if self.slots.0.borrow().iter().any(|slot| slot.name == name) {
            let text = format!("replication slot \"{name}\" already exists");
            return Err(Error::new(sqlstate::DUPLICATE_OBJECT, text));
        }
        if self.slots.0.borrow().len() as i64 >= self.setting(Setting::max_replication_slots) {
            let error = Error::new(sqlstate::CONFIGURATION_LIMIT_EXCEEDED, "all replication slots are in use");
            return Err(error.hint("Free one or increase max_replication_slots."));
        }
        let restart_lsn = if reserve { self.control.borrow().checkpoint_copy.redo } else { Lsn::INVALID };
        let active = temporary.then(|| cx.pid());
        let name = name.to_string();
        let xmin = Xid::INVALID;
        let slot = Slot { name, restart_lsn, xmin, invalidated_at: Lsn::INVALID, active, temporary, dirty: true };
        self.slots.0.borrow_mut().push(slot);
        self.save_slots(cx).await?;
        Ok(restart_lsn)
    }

    /// `pg_drop_replication_slot`
    pub async fn drop_slot(&self, cx: &Cx, name: &str) -> Result<()> {
        self.slots.acquire(name, cx.pid())?;
        let path = self.slots.with(name, |slot| slot.path())?;
        self.slots.0.borrow_mut().retain(|slot| slot.name != name);
        self.txns.procs.set_slot_xmin(self.slots.oldest_xmin());
        let disk = &self.spec.disk;
        disk.remove(&path);
        disk.fsync(cx, WaitEvent::ReplicationSlotSync, crate::wal::control::PATH).await
    }

    /// `CheckPointReplicationSlots`: writes what has changed.
    pub(super) async fn save_slots(&self, cx: &Cx) -> Result<()> {
        let disk = &self.spec.disk;
        let dirty: Vec<Slot> = {
            let mut slots = self.slots.0.borrow_mut();
            let dirty = slots.iter_mut().filter(|slot| slot.dirty && !slot.temporary);
            dirty.map(|slot| std::mem::replace(slot, Slot { dirty: false, ..slot.clone() })).collect()
        };
        for slot in dirty {
            let (path, temporary) = (slot.path(), format!("{}.tmp", slot.path()));
            disk.create(&temporary);
            disk.write(cx, WaitEvent::ReplicationSlotWrite, &temporary, 0, &slot.encode()).await?;
            disk.fsync(cx, WaitEvent::ReplicationSlotSync, &temporary).await?;
            // Dropped meanwhile: then there is nothing to be kept.
            if self.slots.0.borrow().iter().any(|known| known.name == slot.name) {
                disk.rename(&temporary, &path)?;
                disk.fsync(cx, WaitEvent::ReplicationSlotSync, &path).await?;
            } else {
                disk.remove(&temporary);
            }
        }
        Ok(())
    }

    /// `StartupReplicationSlots`: what the last life has left.
    pub(super) fn restore_slots(&self) -> Result<()> {
        let disk = &self.spec.disk;
        for path in disk.list(FOLDER) {
            if path.ends_with(".tmp") {
                disk.remove(&path);
                continue;
            }
            let slot = Slot::decode(&path, &disk.peek(&path, 0, SIZE).unwrap_or_default())?;
            self.slots.0.borrow_mut().push(slot);
        }
        self.txns.procs.set_slot_xmin(self.slots.oldest_xmin());
        Ok(())
    }

    /// A standby has told what its queries need: it is noted in its slot, or else as if the walsender itself had such a
    /// snapshot.
    pub(super) fn hear_feedback(&self, sender: Pid, slot: Option<&str>, xmin: Xid) {
        if let Some(slot) = slot {
            self.slots.note_xmin(slot, xmin);
            return self.txns.procs.set_slot_xmin(self.slots.oldest_xmin());
        }
        let procs = &self.txns.procs;
        if xmin.is_valid() && !procs.entries().iter().any(|entry| entry.pid == sender) {
            procs.add(sender, Oid::INVALID);
        }
        procs.update(sender, |entry| entry.xmin = xmin);
    }

    // --- how much of the log is kept -------------------------------------------------------------------------

    fn segments_of(&self, setting: Setting) -> u64 {
        self.setting(setting).max(0) as u64 * (1 << 20) / self.seg().bytes()
    }

    /// `KeepLogSeg`: the first segment that slots and `wal_keep_size` want kept, when the log ends at `end`.
    fn kept_segment(&self, end: Lsn) -> u64 {
        let current = self.seg().segment_of(end).0;
        let mut segment = current;
        let required = self.slots.required();
        if required.is_valid() && required < end {
            segment = self.seg().segment_of(required).0;
            if self.setting(Setting::max_slot_wal_keep_size) >= 0 {
                segment = segment.max(current.saturating_sub(self.segments_of(Setting::max_slot_wal_keep_size)));
            }
        }
        let keep = self.segments_of(Setting::wal_keep_size);
        if current - segment < keep { current.saturating_sub(keep).max(1) } else { segment }
    }

    /// From where the log has to be kept, for recovery from `redo`, for slots, and by `wal_keep_size`. Slots that want more
    /// than they may have are given up.
    pub(super) async fn keep_from(&self, cx: &Cx, redo: Lsn, end: Lsn) -> Result<Lsn> {
        let seg = self.seg();
        let first = self.kept_segment(end).min(seg.segment_of(redo).0);
        if self.invalidate_slots(cx, seg.start_of(WalSegment(first))) {
            self.save_slots(cx).await?;
            return Ok(seg.start_of(WalSegment(self.kept_segment(end).min(seg.segment_of(redo).0))));
        }
        Ok(seg.start_of(WalSegment(first)))
    }

    /// `InvalidateObsoleteReplicationSlots`: gives up the slots that need log before `oldest`. Whether there were such.
    fn invalidate_slots(&self, cx: &Cx, oldest: Lsn) -> bool {
        let lost = |slot: &&mut Slot| slot.restart_lsn.is_valid() && slot.restart_lsn < oldest;
        let mut said = Vec::new();
        for slot in self.slots.0.borrow_mut().iter_mut().filter(lost) {
            let (name, at) = (&slot.name, slot.restart_lsn);
            if let Some(pid) = slot.active {
                said.push(format!("terminating process {pid} to release replication slot \"{name}\""));
                cx.world().interrupt(pid, Interrupt::Terminate);
            }
            said.push(format!(
                "invalidating slot \"{name}\" because its restart_lsn {at} exceeds max_slot_wal_keep_size"
            ));
            (slot.invalidated_at, slot.restart_lsn, slot.dirty) = (at, Lsn::INVALID, true);
        }
        let any = !said.is_empty();
        said.into_iter().for_each(|text| self.log(cx.pid(), LogLevel::Log, text));
        any
    }

    /// `GetWALAvailability`: whether a slot's log is there, and how much more may be written until it is not; none without
    /// a limit.
    pub fn slot_status(&self, slot: &Slot) -> Option<(WalStatus, Option<i64>)> {
        if !slot.restart_lsn.is_valid() {
            return slot.invalidated_at.is_valid().then_some((WalStatus::Lost, None));
        }
        let (seg, end) = (self.seg(), self.wal.write_lsn());
        let target = seg.segment_of(slot.restart_lsn).0;
        let within = seg.segment_of(end).0.saturating_sub(self.segments_of(Setting::max_wal_size) + 1).max(1);
        let status = if target >= self.kept_segment(end) {
            if target >= within { WalStatus::Reserved } else { WalStatus::Extended }
        } else if target >= self.wal.removed_upto().0 {
            WalStatus::Unreserved
        } else {
            WalStatus::Lost
        };
        let limited = self.setting(Setting::max_slot_wal_keep_size) >= 0 && status != WalStatus::Lost;
        let keep = self.segments_of(Setting::max_slot_wal_keep_size).max(self.segments_of(Setting::wal_keep_size));
        let fails_at = seg.start_of(WalSegment(target + keep + 1));
        Some((status, limited.then(|| fails_at.0 as i64 - end.0 as i64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_that_of_a_real_server() {
        // od of pg_replslot/s2/state, written by PostgreSQL 15.18.
        let slot = Slot {
            name: "s2".into(),
            xmin: Xid::INVALID,
            restart_lsn: Lsn(0x1D7_0750),
            invalidated_at: Lsn::INVALID,
            active: None,
            temporary: false,
            dirty: false,
        };
        let bytes = slot.encode();
        let head = [0xA1, 0x1C, 0x05, 0x01, 0x09, 0xF5, 0xEB, 0xB3, 2, 0, 0, 0, 0xB8, 0, 0, 0, b's', b'2'];
        assert_eq!(bytes[..18], head);
        assert_eq!(Slot::decode("state", &bytes), Ok(slot.clone()));
        let lost = Slot { restart_lsn: Lsn::INVALID, invalidated_at: Lsn(0x1D7_0750), ..slot };
        assert_eq!(lost.encode()[4..8], [0x3A, 0x05, 0x07, 0x7B]);
        let mut torn = bytes;
        torn[100] ^= 1;
        assert!(Slot::decode("state", &torn).is_err());
    }
}
