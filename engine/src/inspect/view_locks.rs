//! The locks in a view: each thing that is locked with its holders and its queue, and the rows whose headers say so.
//!
//! ```text
//!   pg_locks       transactionid 739   held by A (ExclusiveLock)   ◄── B waits (ShareLock)
//!   tuple header   accounts (0,1)      xmax 739: A is changing it      no entry in the lock table
//! ```

use super::shape_panel::*;
use super::view_host::what;
use super::view_panel::Site;
use crate::buffer::BufferTag;
use crate::ids::{FIRST_NORMAL_OID, Fork, Pid, Xid};
use crate::server::Server;
use crate::settings::Setting;
use crate::storage::multixact::{Member, MemberStatus};
use crate::storage::tuple::*;
use crate::storage::{PageBytes, page};
use crate::txn::{LockInfo, LockTag};
use crate::types::{deform_tuple, output};

/// Rows that are shown at most.
const ROWS: usize = 64;

pub(super) fn locks_view(site: &Site, server: &Server) -> LocksView {
    let timeout = server.spec.settings.borrow().int(Setting::deadlock_timeout);
    LocksView { queues: queues(site, server), rows: row_locks(site, server), deadlock_timeout: timeout as u32 }
}

fn queues(site: &Site, server: &Server) -> Vec<QueueView> {
    let mut queues: Vec<(LockTag, QueueView)> = Vec::new();
    for lock in server.txns.locks.list() {
        if queues.last().is_none_or(|(tag, _)| *tag != lock.tag) {
            let xid = if let LockTag::Transaction(xid) = lock.tag { Some(xid.0) } else { None };
            let (locktype, what) = (lock.tag.type_name().to_string(), what(lock.tag, site.tables));
            let queue = QueueView { locktype, what, xid, holders: Vec::new(), waiters: Vec::new() };
            queues.push((lock.tag, queue));
        }
        let Some((_, queue)) = queues.last_mut() else { continue };
        let side = if lock.granted { &mut queue.holders } else { &mut queue.waiters };
        side.push(lock_view(site, server, &lock));
    }
    queues.into_iter().map(|(_, queue)| queue).collect()
}

fn lock_view(site: &Site, server: &Server, lock: &LockInfo) -> LockView {
    let blocked_by = if lock.granted { Vec::new() } else { server.txns.locks.blocking_pids(lock.pid) };
    let now = server.spec.world.timestamp().0;
    LockView {
        pid: lock.pid.0,
        letter: site.letters.of_process(lock.pid),
        mode: lock.mode.name().to_string(),
        fastpath: lock.fast,
        waiting: lock.wait_start.map_or(0, |since| (now - since.0).max(0) as u64),
        blocked_by: blocked_by.iter().map(|pid: &Pid| pid.0).collect(),
    }
}

// --- rows ----------------------------------------------------------------------------------------------------

/// The rows in shared buffers whose header names a transaction that runs. Nothing lists them; they are found by looking.
fn row_locks(site: &Site, server: &Server) -> Vec<RowLockView> {
    let mut found = Vec::new();
    for index in 0..server.buffers.len() {
        let state = server.buffers.state(index);
        let Some(tag) = state.tag.filter(|tag| tag.fork == Fork::Main && state.is_valid()) else { continue };
        if found.len() < ROWS && is_of_user(site, &tag) {
            server.buffers.peek(index, |bytes| on_page(site, server, &tag, bytes, &mut found));
        }
    }
    crate::small::sort_by_key(&mut found, |row| (row.relname.clone(), row.block, row.lp));
    found
}

/// Whether it is a page of a table that a user has made.
fn is_of_user(site: &Site, tag: &BufferTag) -> bool {
    site.tables.with_file(tag.rel).is_some_and(|class| class.oid >= FIRST_NORMAL_OID && class.kind == b'r')
}

fn on_page(site: &Site, server: &Server, tag: &BufferTag, bytes: &PageBytes, found: &mut Vec<RowLockView>) {
    for lp in page::offsets(bytes) {
        let Some(tuple) = page::heap_tuple(bytes, lp) else { continue };
        let Some(header) = HeapTupleHeader::read(tuple).filter(|header| header.xmax.is_valid()) else { continue };
        let lockers = lockers(site, &header);
        if header.has(HEAP_XMAX_INVALID) || !lockers.iter().any(|locker| server.txns.procs.is_running(Xid(locker.xid)))
        {
            continue;
        }
        found.push(RowLockView {
            relname: site.tables.name_of(tag.rel).unwrap_or_default(),
            block: tag.block.0,
            lp,
            row: first_columns(site, tag, tuple),
            xmax: header.xmax.0,
            multi: header.has(HEAP_XMAX_IS_MULTI),
            lockers,
        });
    }
}

/// The first two columns of a row, as far as they can be read.
fn first_columns(site: &Site, tag: &BufferTag, tuple: &[u8]) -> String {
    let Some(class) = site.tables.with_file(tag.rel) else { return String::new() };
    let desc = site.look.columns(class);
    let values = deform_tuple(&desc, tuple).unwrap_or_default();
    let shown = desc.attrs.iter().zip(values).filter(|(attr, _)| !attr.dropped).take(2);
    let words: Vec<String> = shown.map(|(attr, value)| output(&value, attr.type_id)).collect();
    words.join(" ")
}

/// Who stands in a header's xmax, and how.
fn lockers(site: &Site, header: &HeapTupleHeader) -> Vec<LockerView> {
    let members = match site.look.multixact(header) {
        Some(members) => members,
        None => vec![Member { xid: header.xmax, status: status_of(header) }],
    };
    let view = |member: &Member| LockerView {
        xid: member.xid.0,
        letter: site.letters.of_transaction(member.xid),
        mode: mode_name(member.status).to_string(),
        running: site.look.is_running(member.xid),
    };
    members.iter().map(view).collect()
}

/// What the flags of a header say of its one xmax.
fn status_of(header: &HeapTupleHeader) -> MemberStatus {
    let keys = header.infomask2 & HEAP_KEYS_UPDATED != 0;
    match header.infomask & HEAP_LOCK_MASK {
        _ if !header.xmax_is_locked_only() => {
            if keys {
                MemberStatus::Update
            } else {
                MemberStatus::NoKeyUpdate
            }
        }
        HEAP_XMAX_KEYSHR_LOCK => MemberStatus::ForKeyShare,
        HEAP_XMAX_SHR_LOCK => MemberStatus::ForShare,
        _ if keys => MemberStatus::ForUpdate,
        _ => MemberStatus::ForNoKeyUpdate,
    }
}

/// As SQL says it. A version that is ended with its keys may be deleted or updated: the header alone does not say.
fn mode_name(status: MemberStatus) -> &'static str {
    match status {
        MemberStatus::ForKeyShare => "FOR KEY SHARE",
        MemberStatus::ForShare => "FOR SHARE",
        MemberStatus::ForNoKeyUpdate => "FOR NO KEY UPDATE",
        MemberStatus::ForUpdate => "FOR UPDATE",
        MemberStatus::NoKeyUpdate => "UPDATE",
        MemberStatus::Update => "DELETE or UPDATE of a key",
    }
}
