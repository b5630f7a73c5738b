//! Reading and writing `global/pg_control`: the first thing that a starting server looks at.

use super::shared::Server;
use crate::ids::{Result, WaitEvent};
use crate::storage::control::ControlFileData;
use crate::world::{Cx, Disk};

/// Where it lies.
pub const PATH: &str = "global/pg_control";

/// Reads the control file.
pub(super) async fn read(cx: &Cx, disk: &Disk) -> Result<ControlFileData> {
    let mut bytes = vec![0; crate::ids::BLCKSZ];
    let n = disk.read(cx, WaitEvent::ControlFileRead, PATH, 0, &mut bytes).await?;
    ControlFileData::decode(&bytes[..n])
}

impl Server {
    /// `UpdateControlFile`: changes the control file and returns when it is durable.
    pub(super) async fn update_control(&self, cx: &Cx, change: impl FnOnce(&mut ControlFileData)) -> Result<()> {
        let bytes = {
            let control = &mut *self.control.borrow_mut();
            change(control);
            control.time = unix_seconds(cx);
            control.encode()
        };
        let disk = &self.spec.disk;
        disk.write(cx, WaitEvent::ControlFileWriteUpdate, PATH, 0, &bytes[..]).await?;
        disk.fsync(cx, WaitEvent::ControlFileSyncUpdate, PATH).await
    }
}

/// What the host's clock says, in seconds of the Unix era.
pub(super) fn unix_seconds(cx: &Cx) -> i64 {
    cx.timestamp().0.div_euclid(1_000_000) + crate::ids::TimestampTz::UNIX_EPOCH_OFFSET
}
