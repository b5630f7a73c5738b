//! What VACUUM and CREATE INDEX have found goes into the rows of `pg_class`, over what stood there.

use super::layout::PG_CLASS;
use super::pg_class::ClassRow;
use super::{Catalog, Table, invalidation, rows};
use crate::access::{self, VacuumStats};
use crate::ids::{Error, Oid, Result, RmgrId, Xid};
use crate::txn::Env;
use crate::types::{Datum, form_tuple};
use crate::wal::standby_records::{Invalidations, StandbyRecord};
use crate::wal::{Invalidation, RecordBuilder};

/// `vac_update_relstats`: notes the result of a VACUUM, of the indexes first. The caller still holds the lock under which
/// it vacuumed.
pub async fn update_stats(env: &Env, catalog: &Catalog, table: &Table, found: &VacuumStats) -> Result<()> {
    for (index, _, stats) in &found.indexes {
        if let Some(stats) = stats.as_ref().filter(|stats| !stats.estimated_count) {
            let (pages, tuples) = (stats.num_pages as i32, stats.num_index_tuples as f32);
            note(env, *index, |class| (class.pages, class.tuples) = (pages, tuples)).await?;
        }
    }
    note(env, table.oid, |class| {
        class.pages = found.relpages as i32;
        class.tuples = found.reltuples as f32;
        class.all_visible = found.relallvisible as i32;
        class.has_index &= !table.indexes.is_empty();
        // It only moves forward, but for a value that lies in the future and so must be wrong.
        let (before, next) = (class.frozen_xid, env.txns.procs.next_xid().xid());
        let moves = |frozen: &Xid| before.precedes(*frozen) || next.precedes(before);
        class.frozen_xid = found.relfrozenxid.filter(moves).unwrap_or(before);
    })
    .await?;
    catalog.forget_all();
    Ok(())
}

/// Writes over the row of `pg_class` of a relation as it is, if that changes anything: true for everybody, whatever
/// becomes of this transaction.
pub(super) async fn note(env: &Env, oid: Oid, change: impl FnOnce(&mut ClassRow)) -> Result<()> {
    let known = rows::find(env, &PG_CLASS, 1, |first| first[0] == Datum::Oid(oid)).await?;
    let Some((tid, values)) = known.into_iter().next() else {
        return Err(Error::internal(format!("pg_class entry for relid {oid} vanished")));
    };
    let before = ClassRow::of_values(&values)?;
    let mut after = before.clone();
    change(&mut after);
    if after == before {
        return Ok(());
    }
    let tuple = form_tuple(&PG_CLASS.desc(), &after.values())?;
    access::inplace_update(env, &PG_CLASS.rel(), tid, &tuple).await?;
    let invalidated = &mut env.xact.borrow_mut().invalidated;
    invalidated.extend(invalidation::of_class(env.database, &after));
    invalidated.push(Invalidation::Relcache { db: env.database, rel: oid });
    Ok(())
}

/// `LogStandbyInvalidations`: a transaction without an id has no commit record that could carry its messages. The last
/// thing that it does.
pub async fn log_invalidations(env: &Env) -> Result<()> {
    let messages = env.xact.borrow().invalidated.clone();
    if env.xact.borrow().xid.is_valid() || messages.is_empty() {
        return Ok(());
    }
    env.wal.make_room(&env.cx, 256).await?;
    let (info, data) = StandbyRecord::Invalidations(Invalidations {
        db: env.database,
        tablespace: Oid::DEFAULT_TABLESPACE,
        relcache_init_file: false,
        messages,
    })
    .encode();
    env.log(&RecordBuilder::new(RmgrId::Standby, info).main(&data));
    env.cx.end_step().await;
    Ok(())
}
