//! `global/pg_control`: the first thing that a starting server looks at, and what tells recovery where to begin and how
//! far to come.
//!
//! It lies with the log because of one field. A page on a standby's disk may be as new as the record that is being
//! replayed; who starts from that disk has an older page beside it until the log is replayed as far as that again.
//! `minRecoveryPoint` says how far, and is moved on before such a page is written, as the log is flushed before a page
//! is written on a primary.
//!
//! PostgreSQL: `UpdateControlFile`, `UpdateMinRecoveryPoint` in `access/transam/xlog.c`.

use std::cell::{Ref, RefCell};

use super::Wal;
use crate::ids::{Lsn, Result, TimestampTz, WaitEvent};
use crate::storage::control::ControlFileData;
use crate::world::{Cx, Disk};

/// Where it lies.
pub const PATH: &str = "global/pg_control";

/// The control file, as last written.
pub struct ControlFile {
    disk: Disk,
    data: RefCell<ControlFileData>,
}

impl ControlFile {
    /// Reads it.
    pub async fn read(cx: &Cx, disk: &Disk) -> Result<ControlFile> {
        let mut bytes = vec![0; crate::ids::BLCKSZ];
        let n = disk.read(cx, WaitEvent::ControlFileRead, PATH, 0, &mut bytes).await?;
        Ok(ControlFile { disk: disk.clone(), data: RefCell::new(ControlFileData::decode(&bytes[..n])?) })
    }

    /// What it says.
    pub fn borrow(&self) -> Ref<'_, ControlFileData> {
        self.data.borrow()
    }

    /// `UpdateControlFile`: changes it and returns when that is durable.
    pub async fn update(&self, cx: &Cx, change: impl FnOnce(&mut ControlFileData)) -> Result<()> {
        let bytes = {
            let data = &mut *self.data.borrow_mut();
            change(data);
            data.time = unix_seconds(cx);
            data.encode()
        };
        self.disk.write(cx, WaitEvent::ControlFileWriteUpdate, PATH, 0, &bytes[..]).await?;
        self.disk.fsync(cx, WaitEvent::ControlFileSyncUpdate, PATH).await
    }
}

impl Wal {
    /// `UpdateMinRecoveryPoint`: something that was changed by the log up to `upto` is about to be written. Nothing is
    /// noted in crash recovery, which always comes to the end of the log; what is noted is how far replay has come, so
    /// that this is not done again for every page.
    pub async fn update_min_recovery_point(&self, cx: &Cx, upto: Lsn) -> Result<()> {
        let control = self.followed.borrow().clone();
        let Some(control) = control.filter(|control| control.borrow().min_recovery_point < upto) else { return Ok(()) };
        let (replayed, timeline) = (self.insert_lsn(), self.timeline());
        let noted = |data: &mut ControlFileData| {
            if data.min_recovery_point < replayed {
                (data.min_recovery_point, data.min_recovery_point_tli) = (replayed, timeline);
            }
        };
        control.update(cx, noted).await
    }
}

/// What the host's clock says, in seconds of the Unix era.
pub fn unix_seconds(cx: &Cx) -> i64 {
    cx.timestamp().0.div_euclid(1_000_000) + TimestampTz::UNIX_EPOCH_OFFSET
}
