//! What single panels see: bytes, a tree, locks, dead versions, a checkpoint, files, system views.

use super::tests::{ask, connect, opening, request};
use super::*;
use crate::cluster::{Input, Lab, LabSpec};
use crate::world::Limit;

fn panel(lab: &Lab, panel: PanelRequest) -> PanelView {
    let hash = lab.world().hash();
    let view = view(lab, &ViewRequest { panels: vec![panel], ..request() });
    assert_eq!(lab.world().hash(), hash, "looking changes nothing");
    view.panels.into_iter().next().expect("one answer for each request")
}

fn bytes(lab: &Lab, relation: &str, fork: &str, block: u32) -> BytesView {
    let request = PanelRequest::Bytes { host: 0, relation: relation.into(), fork: fork.into(), block, disk: false };
    let PanelView::Bytes(bytes) = panel(lab, request) else { panic!("no page of {relation}") };
    bytes
}

fn locks(lab: &Lab) -> LocksView {
    let PanelView::Locks(locks) = panel(lab, PanelRequest::Locks { host: 0 }) else { panic!("no locks") };
    locks
}

fn dead(lab: &Lab) -> DeadView {
    let PanelView::Dead(dead) = panel(lab, PanelRequest::Dead { host: 0 }) else { panic!("no tables") };
    dead
}

/// A table with an index of so many rows.
fn indexed(rows: u32) -> (Lab, u32) {
    let mut lab = Lab::open(LabSpec::lab(1), functions).unwrap();
    let a = connect(&mut lab, 0);
    ask(&mut lab, a, "create table t(id int primary key, name text)");
    ask(&mut lab, a, &format!("insert into t select g, 'row ' || g from generate_series(1, {rows}) g"));
    (lab, a)
}

#[test]
fn every_byte_of_a_heap_page_is_accounted_for() {
    let page = bytes(&opening(), "accounts", "main", 0);
    assert_eq!((page.kind, page.memory, page.blocks), (PageKind::Heap, true, 1));
    let tuples: Vec<u16> = page.groups.iter().filter(|group| group.kind == "tuple").map(|group| group.lp).collect();
    assert_eq!(tuples, [4, 3, 2, 1], "in the order of the bytes: they grow from the end");
    for pair in page.groups.windows(2) {
        assert!(pair[0].offset + pair[0].len <= pair[1].offset, "{pair:?}");
    }
    for group in &page.groups {
        for field in &group.fields {
            assert!(field.offset >= group.offset && field.offset + field.len <= group.offset + group.len, "{field:?}");
        }
    }
}

#[test]
fn maps_say_one_value_for_each_page_or_transaction() {
    let (mut lab, a) = indexed(500);
    ask(&mut lab, a, "vacuum t");
    let vm = bytes(&lab, "t", "vm", 0);
    assert_eq!(vm.kind, PageKind::Vm);
    let blocks = bytes(&lab, "t", "main", 0).blocks;
    assert_eq!(vm.grid.map(|grid| (grid.first, grid.values)), Some((0, vec![1; blocks as usize])));
    let fsm = bytes(&lab, "t", "fsm", 2);
    let values = fsm.grid.expect("the bottom level").values;
    assert_eq!((fsm.kind, values.len()), (PageKind::Fsm, blocks as usize));
    assert!(values[values.len() - 1] > 0, "the last page has room");
    let clog = bytes(&lab, "pg_xact", "main", 0);
    let grid = clog.grid.expect("two bits each");
    assert_eq!((clog.kind, grid.values[grid.values.len() - 1]), (PageKind::Clog, 1));
}

#[test]
fn a_tree_is_its_pages_and_a_search_goes_down() {
    let (lab, _) = indexed(1000);
    let request =
        |search: Option<&str>| PanelRequest::Tree { host: 0, index: "t_pkey".into(), search: search.map(Into::into) };
    let PanelView::Tree(tree) = panel(&lab, request(Some("777"))) else { panic!("no tree") };
    assert_eq!((tree.level, tree.indexes.clone(), tree.columns.clone()), (1, vec!["t_pkey".into()], vec!["id".into()]));
    let (root, leaves) = (&tree.pages[0], &tree.pages[1..]);
    assert_eq!((root.block, root.level, root.flags.clone()), (tree.root, 1, vec!["root".to_string()]));
    assert_eq!(
        root.shown.iter().map(|item| item.child).collect::<Vec<_>>(),
        leaves.iter().map(|leaf| Some(leaf.block)).collect::<Vec<_>>()
    );
    assert_eq!((root.shown[0].key.as_str(), leaves[0].shown[0].key.as_str()), ("", "1"));
    for pair in leaves.windows(2) {
        assert_eq!((pair[0].next, pair[1].prev), (pair[1].block, pair[0].block));
    }
    assert_eq!(leaves.iter().map(|leaf| leaf.items).sum::<u32>(), 1000);
    let [down, leaf] = &tree.path[..] else { panic!("two steps: {:?}", tree.path) };
    assert_eq!((down.block, leaf.found), (tree.root, true));
    let PanelView::Tree(none) = panel(&lab, request(Some("5000"))) else { panic!("no tree") };
    assert!(!none.path.last().expect("a leaf").found);
    let PanelView::Tree(bad) = panel(&lab, request(Some("x"))) else { panic!("no tree") };
    assert_eq!(bad.problem.as_deref(), Some("invalid input syntax for type integer: \"x\""));
}

#[test]
fn locks_are_queues_and_marks_on_rows() {
    let mut lab = opening();
    lab.input(Input::Query { session: 1, text: "update accounts set balance = 0 where id = 1".into() }).unwrap();
    lab.run(Limit::IDLE);
    let locks = locks(&lab);
    let queue = locks.queues.iter().find(|queue| !queue.waiters.is_empty()).expect("B waits");
    assert_eq!((queue.locktype.as_str(), queue.holders.len()), ("transactionid", 1));
    assert_eq!(queue.waiters[0].blocked_by, [queue.holders[0].pid]);
    let [row] = &locks.rows[..] else { panic!("one row: {:?}", locks.rows) };
    assert_eq!((row.relname.as_str(), row.lp, row.row.as_str(), row.multi), ("accounts", 1, "1 Alice", false));
    assert_eq!((row.lockers[0].mode.as_str(), row.lockers[0].letter.as_deref()), ("UPDATE", Some("A")));
}

#[test]
fn members_of_a_multixact_are_named() {
    let mut lab = opening();
    ask(&mut lab, 0, "commit");
    for session in [0, 1] {
        ask(&mut lab, session, "begin");
        ask(&mut lab, session, "select from accounts where id = 2 for share");
    }
    let locks = locks(&lab);
    let [row] = &locks.rows[..] else { panic!("one row: {:?}", locks.rows) };
    let lockers: Vec<_> = row.lockers.iter().map(|locker| (locker.letter.as_deref(), locker.mode.as_str())).collect();
    assert!(row.multi);
    assert_eq!(lockers, [(Some("A"), "FOR SHARE"), (Some("B"), "FOR SHARE")]);
}

#[test]
fn dead_versions_wait_for_the_oldest_snapshot() {
    let mut lab = opening();
    ask(&mut lab, 0, "commit");
    ask(&mut lab, 1, "begin isolation level repeatable read");
    ask(&mut lab, 1, "select count(*) from accounts");
    ask(&mut lab, 0, "update accounts set balance = 1 where id = 2");
    let held = dead(&lab);
    let [accounts] = &held.tables[..] else { panic!("one table") };
    assert_eq!((accounts.live, accounts.recently_dead, accounts.dead), (3, 1, 1), "the older one died before B looked");
    assert_eq!(held.held_by.iter().map(|holder| holder.letter.as_deref()).collect::<Vec<_>>(), [Some("B")]);
    ask(&mut lab, 1, "commit");
    let free = dead(&lab);
    assert_eq!((free.tables[0].recently_dead, free.tables[0].dead, free.held_by.len()), (0, 2, 0));
    ask(&mut lab, 0, "vacuum accounts");
    assert_eq!((dead(&lab).tables[0].dead, dead(&lab).tables[0].all_visible), (0, 1));
}

#[test]
fn a_checkpoint_is_seen_draining() {
    let mut lab = opening();
    lab.input(Input::Query { session: 1, text: "checkpoint".into() }).unwrap();
    let look = |lab: &Lab| match panel(lab, PanelRequest::Checkpoint { host: 0 }) {
        PanelView::Checkpoint(view) => view,
        other => panic!("{other:?}"),
    };
    let mut most = 0;
    for _ in 0..3000 {
        lab.run(Limit::steps(lab.world().steps() + 1));
        let now = look(&lab);
        most = most.max(now.to_write);
        assert!(now.to_write <= now.dirty || !now.running, "{now:?}");
    }
    let done = look(&lab);
    assert!(most > 0 && !done.running && done.to_write == 0 && done.redo == done.control_redo, "{most} {done:?}");
}

#[test]
fn files_have_the_names_of_their_tables() {
    let lab = opening();
    let PanelView::Files(files) = panel(&lab, PanelRequest::Files { host: 0 }) else { panic!("no files") };
    let of = |path: &str| files.files.iter().find(|file| file.path == path).expect(path);
    assert_eq!(of("global/pg_control").len, 8192);
    assert!(files.files.iter().any(|file| file.relname.as_deref() == Some("accounts")));
    assert_eq!(of("PG_VERSION").relname, None);
}

#[test]
fn system_views_are_what_sql_says() {
    let mut lab = opening();
    let names = ["pg_locks", "pg_settings", "pg_stat_activity", "pg_stat_bgwriter", "pg_stat_database", "pg_stat_wal"];
    for name in names {
        let PanelView::Table(table) = panel(&lab, PanelRequest::Table { host: 0, name: name.into() }) else {
            panic!("{name}")
        };
        assert!(!table.rows.is_empty() && table.rows.iter().all(|row| row.len() == table.columns.len()), "{name}");
    }
    let PanelView::Table(settings) = panel(&lab, PanelRequest::Table { host: 0, name: "pg_settings".into() }) else {
        panic!()
    };
    let shown = ask(&mut lab, 1, "select setting from pg_settings where name = 'shared_buffers'");
    let row = settings.rows.iter().find(|row| row[0].as_deref() == Some("shared_buffers")).expect("shared_buffers");
    assert_eq!(row[1].as_deref(), Some(shown[0].as_str()));
    let none = panel(&lab, PanelRequest::Table { host: 0, name: "pg_class".into() });
    assert_eq!(none, PanelView::Nothing);
}

#[test]
fn a_sort_beyond_work_mem_is_seen_in_its_files() {
    let (mut lab, a) = indexed(3000);
    ask(&mut lab, a, "set work_mem = '64kB'");
    let text = "select * from t order by name desc".to_string();
    lab.input(Input::Query { session: a, text }).unwrap();
    let own_memory = |lab: &Lab| {
        let PanelView::Memory(memory) = panel(lab, PanelRequest::Memory { host: 0 }) else { panic!("no memory") };
        memory.processes.into_iter().find(|process| process.letter.as_deref() == Some("A")).expect("A")
    };
    let spilt = |own: &WorkerMemory| !own.files.is_empty() && own.uses.iter().any(|sort| sort.disk > 0);
    let seen = (0..2000).find_map(|_| {
        lab.run(Limit::steps(lab.world().steps() + 4));
        Some(own_memory(&lab)).filter(spilt)
    });
    let own = seen.expect("it spills");
    assert_eq!((own.work_mem, own.uses[0].purpose), (65536, MemoryPurpose::Sort));
    assert!(own.uses[0].disk > 0 && own.files[0].path.starts_with("base/pgsql_tmp/"), "{own:?}");
}
