//! Names for the types of arrays, which nobody chooses: `_accounts` for the table `accounts`.
//!
//! If that name is taken another underscore goes before it. And if somebody wants to call a table `_accounts`, the array
//! type makes room.

use super::layout::PG_TYPE;
use super::{invalidation, pg_type, rows};
use crate::ids::{Error, Oid, Result, Tid, sqlstate};
use crate::txn::Env;
use crate::types::{Datum, truncate_name};

/// The bytes of a name, its end mark included.
const NAMEDATALEN: usize = 64;

/// The row of `pg_type` for a name.
async fn find(env: &Env, namespace: Oid, name: &str) -> Result<Option<(Tid, Vec<Datum>)>> {
    let wanted = |first: &[Datum]| pg_type::is_named(first, namespace, name);
    Ok(rows::find(env, &PG_TYPE, pg_type::NAME_COLUMNS, wanted).await?.into_iter().next())
}

/// `makeArrayTypeName`: a free name for the type of arrays of this type.
pub(super) async fn choose_name(env: &Env, namespace: Oid, name: &str) -> Result<String> {
    let mut candidate = name.to_string();
    for _ in 1..NAMEDATALEN {
        candidate = truncate_name(&format!("_{candidate}")).to_string();
        if find(env, namespace, &candidate).await?.is_none() {
            return Ok(candidate);
        }
    }
    let message = format!("could not form array type name for type \"{name}\"");
    Err(Error::new(sqlstate::DUPLICATE_OBJECT, message))
}

/// `moveArrayTypeName`: if an array type has this name, gives it another one.
pub(super) async fn make_room(env: &Env, namespace: Oid, name: &str) -> Result<()> {
    let Some((tid, before)) = find(env, namespace, name).await? else { return Ok(()) };
    let after = pg_type::renamed(&before, &choose_name(env, namespace, name).await?);
    for values in [&before, &after] {
        env.xact.borrow_mut().invalidated.extend(invalidation::of_type(env.database, values)?);
    }
    rows::update(env, &PG_TYPE, tid, &after).await?;
    env.xact.borrow_mut().next_command();
    Ok(())
}
