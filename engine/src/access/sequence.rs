//! A sequence: a relation of one page with one row, which nextval() overwrites where it lies.
//!
//! ```text
//!   last_value 33 │ log_cnt 0 │ is_called t        what the record says: numbers up to here may have been given
//!   last_value  1 │ log_cnt 32 │ is_called t       what the page says: 1 was given, 32 more need no record
//! ```
//!
//! A number that was given is never given again, whatever becomes of the transaction: so the row has no versions, and
//! nobody waits for anybody. Not every number is worth a record. One is written for the next 32; after a crash those are
//! skipped. The first nextval() after a checkpoint writes one too, since redo may begin behind the last.
//!
//! PostgreSQL: `nextval_internal`, `fill_seq_with_data`, `seq_redo` in `commands/sequence.c`.

use super::{Env, Rel};
use crate::buffer::Pin;
use crate::ids::{BLCKSZ, BlockNumber, CommandId, Error, Fork, Lsn, Result, RmgrId, Tid, Xid, sqlstate};
use crate::storage::page::{self, Place};
use crate::storage::tuple::{self, HEAP_XMAX_INVALID, HEAP_XMIN_FROZEN};
use crate::storage::{PageBytes, bytes};
use crate::trace::Event;
use crate::types::{Datum, TupleDesc, TypeId, deform_tuple, form_tuple};
use crate::wal::record::{REGBUF_STANDARD, REGBUF_WILL_INIT};
use crate::wal::seq_records::{SeqLog, XLOG_SEQ_LOG};
use crate::wal::{BlockRef, RecordBuilder};
use crate::world::{LwGuard, LwMode};

/// `SEQ_LOG_VALS`: for so many numbers ahead a record is written.
const LOG_AHEAD: i64 = 32;
/// `SEQ_MAGIC`
const MAGIC: u32 = 0x1717;
/// The bytes of the page's special space.
const SPECIAL: usize = 8;
/// The columns of a sequence.
pub const SEQUENCE_COLUMNS: [(&str, TypeId); 3] =
    [("last_value", TypeId::Int8), ("log_cnt", TypeId::Int8), ("is_called", TypeId::Bool)];

/// Where a sequence stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SequenceState {
    /// `last_value`
    pub last_value: i64,
    /// `log_cnt`: how many numbers may be given without a record.
    pub log_cnt: i64,
    /// `is_called`: the last value has been given.
    pub is_called: bool,
}

/// How a sequence counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SequenceRules {
    /// INCREMENT BY
    pub increment: i64,
    /// MINVALUE
    pub min: i64,
    /// MAXVALUE
    pub max: i64,
    /// CACHE
    pub cache: i64,
    /// CYCLE
    pub cycle: bool,
}

/// Numbers that a session may give: this one first, and how far it may go on by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Taken {
    /// The first.
    pub first: i64,
    /// The last that it has taken for itself.
    pub last: i64,
}

impl SequenceState {
    fn tuple(self) -> Result<Vec<u8>> {
        let values = [Datum::Int8(self.last_value), Datum::Int8(self.log_cnt), Datum::Bool(self.is_called)];
        let mut tuple = form_tuple(&TupleDesc::of(&SEQUENCE_COLUMNS), &values)?;
        tuple::set_xmin(&mut tuple, Xid::FROZEN);
        tuple::set_infomask(&mut tuple, HEAP_XMIN_FROZEN | HEAP_XMAX_INVALID);
        tuple::set_cmin(&mut tuple, CommandId(0));
        tuple::set_ctid(&mut tuple, Tid::new(BlockNumber(0), 1));
        Ok(tuple)
    }

    fn of_tuple(tuple: &[u8]) -> Result<SequenceState> {
        let values = deform_tuple(&TupleDesc::of(&SEQUENCE_COLUMNS), tuple)?;
        Ok(SequenceState {
            last_value: values[0].as_int()?,
            log_cnt: values[1].as_int()?,
            is_called: values[2].as_bool()?,
        })
    }

    /// What the next numbers are, up to `wanted` of them, and how many could be taken: from the last value on.
    fn count_on(self, rules: &SequenceRules, wanted: i64, needed: i64, name: &str) -> Result<Counted> {
        let mut counted =
            Counted { next: self.last_value, first: self.last_value, last: self.last_value, left: wanted, given: 0 };
        if !self.is_called {
            (counted.given, counted.left) = (1, wanted - 1);
        }
        while counted.left > 0 {
            let next = counted.next.checked_add(rules.increment).filter(|next| (rules.min..=rules.max).contains(next));
            counted.next = match next {
                Some(next) => next,
                None if counted.given > 0 => break,
                None if rules.cycle && rules.increment > 0 => rules.min,
                None if rules.cycle => rules.max,
                None => return Err(exhausted(rules, name)),
            };
            counted.left -= 1;
            if counted.given < needed {
                counted.given += 1;
                counted.last = counted.next;
                if counted.given == 1 {
                    counted.first = counted.next;
                }
            }
        }
        Ok(counted)
    }
}

/// How far a sequence has been counted.
struct Counted {
    next: i64,
    first: i64,
    last: i64,
    /// Numbers that could not be had.
    left: i64,
    /// Numbers for the session.
    given: i64,
}

fn exhausted(rules: &SequenceRules, name: &str) -> Error {
    let (end, bound) = if rules.increment > 0 { ("maximum", rules.max) } else { ("minimum", rules.min) };
    let message = format!("nextval: reached {end} value of sequence \"{name}\" ({bound})");
    Error::new(sqlstate::SEQUENCE_GENERATOR_LIMIT_EXCEEDED, message)
}

/// The page of a sequence as it begins.
pub(super) fn make_page(bytes: &mut PageBytes, tuple: &[u8]) -> Result<()> {
    page::init(bytes, SPECIAL);
    bytes::put_u32(bytes, BLCKSZ - SPECIAL, MAGIC);
    let added = page::add_item(bytes, tuple, Place::Anywhere, true)?;
    added.map(drop).ok_or_else(|| Error::internal("failed to add sequence tuple to page"))
}

/// `fill_seq_with_data`: the first page of a new file.
pub async fn fill(env: &Env, rel: &Rel, state: SequenceState) -> Result<()> {
    env.xid().await?;
    let pin = env.buffers.extend(&env.cx, rel.file, Fork::Main).await?;
    let guard = pin.lock(&env.cx, LwMode::Exclusive).await;
    env.wal.make_room(&env.cx, 512).await?;
    let tuple = state.tuple()?;
    pin.modify(|bytes| make_page(bytes, &tuple))?;
    pin.mark_dirty(&env.cx);
    let end = log(env, rel, &pin, &tuple);
    pin.modify(|bytes| page::set_lsn(bytes, end));
    drop(guard);
    env.cx.end_step().await;
    Ok(())
}

/// The page of a sequence, locked, and where it stands.
async fn open(env: &Env, rel: &Rel) -> Result<(Pin, LwGuard, SequenceState)> {
    let pin = rel.page(env, Fork::Main, BlockNumber(0)).await?;
    let guard = pin.lock(&env.cx, LwMode::Exclusive).await;
    let magic = pin.read(|bytes| bytes::get_u32(bytes, BLCKSZ - SPECIAL));
    if magic != MAGIC {
        let message = format!("bad magic number in sequence \"{}\": {magic:08X}", rel.name);
        return Err(Error::corrupt(message));
    }
    let state = pin.read(|bytes| page::heap_tuple(bytes, 1).map(SequenceState::of_tuple));
    let state = state.ok_or_else(|| Error::corrupt(format!("sequence \"{}\" has no row", rel.name)))??;
    Ok((pin, guard, state))
}

/// Where a sequence stands.
pub async fn read(env: &Env, rel: &Rel) -> Result<SequenceState> {
    open(env, rel).await.map(|(_, _, state)| state)
}

/// `nextval`: takes the next number, and those after it that the session may keep.
pub async fn next_value(env: &Env, rel: &Rel, rules: &SequenceRules) -> Result<Taken> {
    let (pin, guard, before) = open(env, rel).await?;
    let mut wanted = rules.cache;
    let enough = before.log_cnt >= wanted - i64::from(!before.is_called) && before.is_called;
    let logs = !enough || pin.read(page::lsn) <= env.wal.redo();
    let mut log_left = before.log_cnt;
    if logs {
        wanted += LOG_AHEAD;
        log_left = wanted - i64::from(!before.is_called);
    }
    let counted = before.count_on(rules, wanted, rules.cache, &rel.name)?;
    let taken_from_log = counted.given - i64::from(!before.is_called);
    log_left -= taken_from_log + counted.left;
    if logs {
        drop(guard);
        return log_and_take(env, rel, rules).await;
    }
    let after = SequenceState { last_value: counted.last, log_cnt: log_left, is_called: true };
    put(env, &pin, after)?;
    drop(guard);
    env.cx.emit(Event::SequenceNext { rel: rel.file, logged: false });
    Ok(Taken { first: counted.first, last: counted.last })
}

/// The same with a record: the transaction has an id and the log has room before the page is locked.
async fn log_and_take(env: &Env, rel: &Rel, rules: &SequenceRules) -> Result<Taken> {
    env.xid().await?;
    env.wal.make_room(&env.cx, 512).await?;
    let (pin, guard, before) = open(env, rel).await?;
    let uncalled = i64::from(!before.is_called);
    let counted = before.count_on(rules, rules.cache + LOG_AHEAD, rules.cache, &rel.name)?;
    let log_cnt = rules.cache + LOG_AHEAD - uncalled - (counted.given - uncalled) - counted.left;
    let logged = SequenceState { last_value: counted.next, log_cnt: 0, is_called: true };
    let end = log(env, rel, &pin, &logged.tuple()?);
    pin.modify(|bytes| page::set_lsn(bytes, end));
    put(env, &pin, SequenceState { last_value: counted.last, log_cnt, is_called: true })?;
    drop(guard);
    env.cx.emit(Event::SequenceNext { rel: rel.file, logged: true });
    env.cx.end_step().await;
    Ok(Taken { first: counted.first, last: counted.last })
}

/// `setval`
pub async fn set_value(env: &Env, rel: &Rel, last_value: i64, is_called: bool) -> Result<()> {
    env.xid().await?;
    env.wal.make_room(&env.cx, 512).await?;
    let (pin, guard, _) = open(env, rel).await?;
    let state = SequenceState { last_value, log_cnt: 0, is_called };
    put(env, &pin, state)?;
    let end = log(env, rel, &pin, &state.tuple()?);
    pin.modify(|bytes| page::set_lsn(bytes, end));
    drop(guard);
    env.cx.end_step().await;
    Ok(())
}

/// Overwrites the row.
fn put(env: &Env, pin: &Pin, state: SequenceState) -> Result<()> {
    let tuple = state.tuple()?;
    pin.modify(|bytes| {
        if let Some(stored) = page::heap_tuple_mut(bytes, 1)
            && stored.len() == tuple.len()
        {
            stored.copy_from_slice(&tuple);
        }
    });
    pin.mark_dirty(&env.cx);
    Ok(())
}

/// The record has the whole row, and redo makes the page anew.
fn log(env: &Env, rel: &Rel, pin: &Pin, tuple: &[u8]) -> Lsn {
    let main = SeqLog { rel: rel.file, tuple: tuple.to_vec() }.encode();
    let xid = env.xact.borrow().xid;
    pin.read(|bytes| {
        let flags = REGBUF_STANDARD | REGBUF_WILL_INIT;
        let block = BlockRef {
            id: 0,
            rel: rel.file,
            fork: Fork::Main,
            block: pin.block(),
            page: Some(bytes),
            flags,
            data: &[],
        };
        env.log(&RecordBuilder::new(RmgrId::Sequence, XLOG_SEQ_LOG).xid(xid).main(&main).block(block))
    })
}
