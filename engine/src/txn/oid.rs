//! Object ids that nothing has had before.
//!
//! They come from a counter that all backends share. So that a crash does not give one out twice, the log says up to
//! where they may have been given: one record covers the next 8192, and after a crash the counter goes on behind them.

use super::Env;
use crate::ids::{FIRST_NORMAL_OID, Oid, Result, RmgrId};
use crate::wal::RecordBuilder;
use crate::wal::xlog_records::XlogRecord;

/// `VAR_OID_PREFETCH`: how many ids one record covers.
const VAR_OID_PREFETCH: u32 = 8192;

/// `GetNewObjectId`: an id that was never given before. The first ones are kept for initdb, also after a wrap-around.
pub async fn new_oid(env: &Env) -> Result<Oid> {
    env.wal.make_room(&env.cx, 64).await?;
    let (next, logged) = (&env.txns.next_oid, &env.txns.logged_oid);
    if next.get() < FIRST_NORMAL_OID {
        next.set(FIRST_NORMAL_OID);
        logged.set(FIRST_NORMAL_OID);
    }
    if next.get() == logged.get() {
        let upto = Oid(next.get().0.wrapping_add(VAR_OID_PREFETCH));
        let (info, data) = XlogRecord::NextOid(upto).encode();
        let xid = env.xact.borrow().xid;
        env.log(&RecordBuilder::new(RmgrId::Xlog, info).xid(xid).main(&data));
        logged.set(upto);
    }
    let oid = next.get();
    next.set(Oid(oid.0.wrapping_add(1)));
    Ok(oid)
}
