//! What is dead in a view: table by table, counted on the pages; the horizon, and who holds it back; VACUUMs under way.
//!
//! ```text
//!   xids   ──────────●───────────────●──────────►        what ended left of the horizon is dead to everybody;
//!                 horizon         next xid               what ended right of it somebody may still see
//! ```

use super::shape_panel::*;
use super::view_panel::Site;
use super::view_tuple::ask;
use crate::access::visibility::{self, Statuses, Vacuumable};
use crate::buffer::BufferTag;
use crate::catalog::pg_class::ClassRow;
use crate::ids::{BlockNumber, Fork, Oid, Pid, Xid};
use crate::server::Server;
use crate::settings::Setting;
use crate::storage::tuple::HeapTupleHeader;
use crate::storage::{PageBytes, page, vm};
use crate::txn::{ProcEntry, TableCounter, VacuumProgress};

/// Pages of a table that are looked at: a panel has to be drawn while the world runs.
const PAGES: u32 = 256;

pub(super) fn dead_view(site: &Site, server: &Server) -> DeadView {
    let horizon = server.horizon();
    DeadView {
        horizon: horizon.0,
        next_xid: server.txns.procs.next_xid().xid().0,
        held_by: holders(site, server, horizon),
        tables: site.tables.of_users().map(|class| table(site, server, class, horizon)).collect(),
        vacuums: server.txns.vacuums.borrow().iter().map(|(pid, vacuum)| vacuum_view(site, *pid, vacuum)).collect(),
    }
}

/// Those whose transaction or snapshot is the horizon, while it is not where the next transaction would put it.
fn holders(site: &Site, server: &Server, horizon: Xid) -> Vec<HolderView> {
    let holds = |entry: &ProcEntry| entry.xid == horizon || !entry.in_vacuum && entry.xmin == horizon;
    let view = |entry: ProcEntry| HolderView {
        pid: entry.pid.0,
        letter: site.letters.of_process(entry.pid),
        xid: entry.xid.0,
        xmin: entry.xmin.0,
    };
    server.txns.procs.entries().into_iter().filter(holds).map(view).collect()
}

fn vacuum_view(site: &Site, pid: Pid, vacuum: &VacuumProgress) -> VacuumView {
    VacuumView {
        pid: pid.0,
        letter: site.letters.of_process(pid),
        relname: site.tables.name_of_oid(vacuum.relation).unwrap_or_default().to_string(),
        phase: vacuum.phase.name().to_string(),
        heap_blks_total: vacuum.heap_blks_total,
        heap_blks_scanned: vacuum.heap_blks_scanned,
        heap_blks_vacuumed: vacuum.heap_blks_vacuumed,
        index_vacuum_count: vacuum.index_vacuum_count,
        num_dead_tuples: vacuum.num_dead_tuples as u32,
        max_dead_tuples: vacuum.max_dead_tuples as u32,
    }
}

// --- tables --------------------------------------------------------------------------------------------------

fn table(site: &Site, server: &Server, class: &ClassRow, horizon: Xid) -> DeadTable {
    let rel = class.file(Oid::POSTGRES_DB);
    let blocks = site.look.blocks(rel, Fork::Main);
    let counts = server.txns.stats.table(class.oid);
    let counted = |counter: TableCounter| counts[counter as usize].max(0) as u32;
    let mut table = DeadTable {
        relname: class.name.clone(),
        blocks,
        looked: blocks.min(PAGES),
        live: 0,
        recently_dead: 0,
        dead: 0,
        lp_dead: 0,
        unused: 0,
        all_visible: 0,
        all_frozen: 0,
        n_live_tup: counted(TableCounter::Live),
        n_dead_tup: counted(TableCounter::Dead),
        threshold: threshold(server, class),
        age: server.txns.procs.next_xid().xid().0.wrapping_sub(class.frozen_xid.0),
    };
    let nobody = Statuses::of_nobody(&server.txns);
    for block in 0..table.looked {
        let tag = BufferTag { rel, fork: Fork::Main, block: BlockNumber(block) };
        let fate = |header: &HeapTupleHeader| {
            ask(header, &site.look, |header| visibility::satisfies_vacuum(header, horizon, &nobody))
        };
        if let Some(bytes) = site.look.page(&tag) {
            count_page(&mut table, &bytes, |header| fate(header).map(|(fate, _)| fate));
        }
    }
    for block in 0..site.look.blocks(rel, Fork::Vm) {
        let tag = BufferTag { rel, fork: Fork::Vm, block: BlockNumber(block) };
        let (visible, frozen) = site.look.page(&tag).map_or((0, 0), |map| vm::count(&map));
        (table.all_visible, table.all_frozen) = (table.all_visible + visible, table.all_frozen + frozen);
    }
    table
}

fn count_page(table: &mut DeadTable, bytes: &PageBytes, fate: impl Fn(&HeapTupleHeader) -> Option<Vacuumable>) {
    for lp in page::offsets(bytes) {
        let id = page::item_id(bytes, lp);
        let header = page::heap_tuple(bytes, lp).and_then(HeapTupleHeader::read);
        let number = match header.map(|header| fate(&header)) {
            Some(Some(Vacuumable::Dead)) => &mut table.dead,
            Some(Some(Vacuumable::RecentlyDead)) => &mut table.recently_dead,
            Some(_) => &mut table.live,
            None if id.is_dead() => &mut table.lp_dead,
            None if id.is_redirected() => continue,
            None => &mut table.unused,
        };
        *number += 1;
    }
}

/// `autovacuum_vacuum_threshold` and so much of the table.
fn threshold(server: &Server, class: &ClassRow) -> u32 {
    let settings = server.spec.settings.borrow();
    let scale = settings.int(Setting::autovacuum_vacuum_scale_factor) as f64 / 1000.0;
    let base = settings.int(Setting::autovacuum_vacuum_threshold) as f64;
    (base + scale * f64::from(class.tuples).max(0.0)) as u32
}
