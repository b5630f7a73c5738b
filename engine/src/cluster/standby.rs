//! How a standby comes into being: `pg_basebackup -R` on its host, then its server is started.

use std::rc::Rc;

use crate::ids::{BackendType, Pid, WaitEvent};
use crate::server::{self, Incoming, Replication, ServerSpec};
use crate::world::{Cx, channel};

/// How long it waits before it knocks again at a primary that does not answer, in microseconds.
const RETRY: u64 = 1_000_000;

/// Starts the process that copies the primary and then starts the server here.
pub(super) fn create(spec: &Rc<ServerSpec>) -> Pid {
    let copy = spec.clone();
    spec.world.spawn(spec.host, BackendType::BaseBackup, |cx| async move {
        while backup(&cx, &copy).await.is_none() {
            cx.sleep(WaitEvent::LibPQWalReceiverConnect, RETRY).await;
        }
        server::start(&copy);
    })
}

/// One attempt.
async fn backup(cx: &Cx, spec: &ServerSpec) -> Option<()> {
    let (link, port) = spec.primary.borrow().clone()?;
    let (to_primary, incoming) = channel(cx.world(), &link);
    let (outgoing, from_primary) = channel(cx.world(), &link);
    if link.is_cut() || !port.connect(cx.world(), Incoming::Replication(Replication { incoming, outgoing })) {
        return None;
    }
    for path in spec.disk.list("") {
        spec.disk.remove(&path);
    }
    server::receive_base_backup(cx, &spec.disk, &to_primary, &from_primary).await.ok()
}
