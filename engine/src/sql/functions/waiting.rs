//! Functions that wait, or may: `pg_sleep`, and the locks that only applications give a meaning.
//!
//! There is an advisory lock for each bigint and for each pair of integers. It is held by the session until it gives it
//! back, as often as it has taken it, or by the transaction to its end; alone or with others; waited for or only tried.

use super::{FnCtx, FnFuture, Registry};
use crate::ids::{Error, LockMode, Result, Severity, WaitEvent, sqlstate};
use crate::txn::{LockOwner, LockTag};
use crate::types::{Datum, TypeId};
use TypeId::{Bool, Float8, Int4, Int8, Void};

pub(super) fn add(registry: &mut Registry) {
    registry.waiting("pg_sleep", &[Float8], Void, |cx, args| Box::pin(sleep(cx, args)));
    for args in [&[Int8][..], &[Int4, Int4]] {
        lock(registry, ["pg_advisory_lock", "pg_try_advisory_lock"], args, false, LockMode::Exclusive);
        lock(registry, ["pg_advisory_lock_shared", "pg_try_advisory_lock_shared"], args, false, LockMode::Share);
        lock(registry, ["pg_advisory_xact_lock", "pg_try_advisory_xact_lock"], args, true, LockMode::Exclusive);
        let shared = ["pg_advisory_xact_lock_shared", "pg_try_advisory_xact_lock_shared"];
        lock(registry, shared, args, true, LockMode::Share);
        registry.waiting("pg_advisory_unlock", args, Bool, |cx, args| unlock(cx, args, LockMode::Exclusive));
        registry.waiting("pg_advisory_unlock_shared", args, Bool, |cx, args| unlock(cx, args, LockMode::Share));
    }
    registry.waiting("pg_advisory_unlock_all", &[], Void, |cx, _| {
        let held = cx.env.locks.borrow().session_advisory();
        for (tag, mode, count) in held {
            for _ in 0..count {
                cx.env.unlock_for(LockOwner::Session, tag, mode);
            }
        }
        Box::pin(async { Ok(Datum::text("")) })
    });
}

async fn sleep(cx: &FnCtx, args: &[Datum]) -> Result<Datum> {
    let seconds = args[0].as_float()?.clamp(0.0, f64::from(u32::MAX));
    let until = cx.env.cx.now() + (seconds * 1e6) as u64;
    while cx.env.cx.now() < until {
        cx.env.cx.check_for_interrupts()?;
        cx.env.cx.wait(WaitEvent::PgSleep, Some(until)).await;
    }
    cx.env.cx.check_for_interrupts()?;
    Ok(Datum::text(""))
}

/// The function that waits for such a lock, and the one that only tries.
fn lock(registry: &mut Registry, names: [&'static str; 2], args: &[TypeId], of_xact: bool, mode: LockMode) {
    let owner = move |cx: &FnCtx| match of_xact {
        true => LockOwner::Level(cx.env.xact.borrow().level()),
        false => LockOwner::Session,
    };
    let [waits, tries] = names;
    registry.waiting(waits, args, Void, move |cx, args| {
        Box::pin(async move {
            cx.env.lock_for(owner(cx), tag(cx, args)?, mode).await?;
            Ok(Datum::text(""))
        })
    });
    registry.waiting(tries, args, Bool, move |cx, args| {
        let taken = tag(cx, args).map(|tag| Datum::Bool(cx.env.try_lock_for(owner(cx), tag, mode)));
        Box::pin(async { taken })
    });
}

fn tag(cx: &FnCtx, args: &[Datum]) -> Result<LockTag> {
    let (db, first) = (cx.env.database, args[0].as_int()?);
    Ok(match args.get(1) {
        Some(second) => LockTag::Advisory { db, high: first as u32, low: second.as_int()? as u32, pair: true },
        None => LockTag::Advisory { db, high: (first >> 32) as u32, low: first as u32, pair: false },
    })
}

fn unlock<'a>(cx: &'a FnCtx, args: &'a [Datum], mode: LockMode) -> FnFuture<'a, Datum> {
    let held = tag(cx, args).map(|tag| cx.env.unlock_for(LockOwner::Session, tag, mode));
    if let Ok(false) = held {
        let message = format!("you don't own a lock of type {}", mode.name());
        cx.env.notice(Error::new(sqlstate::WARNING, message).severity(Severity::Warning));
    }
    Box::pin(async { held.map(Datum::Bool) })
}
