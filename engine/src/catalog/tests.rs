//! The catalogs under a few sessions, and their rows held against those of a real server.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use super::layout::{PG_ATTRIBUTE, PG_CLASS, PG_TYPE, SystemTable};
use super::*;
use crate::access::{self, VacuumOptions};
use crate::buffer::BufferPool;
use crate::ids::*;
use crate::settings::Settings;
use crate::storage::control::ControlFileData;
use crate::txn::{self, Env, LockTag, Txns};
use crate::types::{Attr, Datum, TypeId, form_tuple, output};
use crate::wal::{Wal, WalConfig, WalReader, reader};
use crate::world::{Disk, Limit, Mode, World};

async fn drop_table(env: &Env, catalog: &Catalog, schema: Option<&str>, name: &str, if_exists: bool) -> Result<()> {
    drop::drop_relations(env, catalog, drop::Kind::Table, &[(schema, name)], if_exists, false).await
}

const SEG: WalSegSize = WalSegSize::ONE_MB;

/// The shared memory of a server on a fresh cluster, without its processes.
struct Server {
    world: World,
    host: HostId,
    disk: Disk,
    wal: Rc<Wal>,
    buffers: Rc<BufferPool>,
    txns: Rc<Txns>,
}

fn server() -> Server {
    let world = World::new(7, Mode::Lab, TimestampTz(0), 0);
    let (host, disk) = world.add_host();
    let spec = InitSpec { system_id: 1, seg: SEG, now: TimestampTz(0), nonce: [0; 32], settings: Settings::default() };
    initdb(&disk, &spec).unwrap();
    let control = ControlFileData::decode(&disk.peek("global/pg_control", 0, 8192).unwrap()).unwrap();
    let config = WalConfig { seg: SEG, system_id: 1, timeline: TimeLineId(1), buffers: 32 };
    let tail = disk.peek("pg_wal/000000010000000000000001", 0, 8192).unwrap();
    let tail = tail.as_slice().try_into().unwrap();
    let end = control.checkpoint + 114;
    let wal = Rc::new(Wal::open(config, disk.clone(), end.align8(), control.checkpoint, Some(tail)));
    wal.set_redo(control.checkpoint);
    let checkpoint = control.checkpoint_copy;
    let txns = Rc::new(Txns::new(&disk, &wal, checkpoint.next_xid, checkpoint.next_oid));
    Server { buffers: BufferPool::new(64, disk.clone(), wal.clone()), world, host, disk, wal, txns }
}

impl Server {
    /// Begins a session that does this; it runs when the world does.
    fn begin<F: Future<Output = ()> + 'static>(&self, body: impl FnOnce(Env, Rc<Catalog>) -> F + 'static) {
        let (disk, wal, buffers, txns) = (self.disk.clone(), self.wal.clone(), self.buffers.clone(), self.txns.clone());
        self.world.spawn(self.host, BackendType::ClientBackend, move |cx| async move {
            txns.procs.add(cx.pid(), Oid::POSTGRES_DB);
            let redo = wal.redo();
            let env = Env::new(cx, disk, wal, buffers, txns, Settings::default());
            env.known_redo.set(redo);
            body(env, Rc::new(Catalog::new())).await;
        });
    }

    /// Runs a session to its end and returns its result.
    fn session<T: 'static, F: Future<Output = T> + 'static>(
        &self,
        body: impl FnOnce(Env, Rc<Catalog>) -> F + 'static,
    ) -> T {
        let result = Rc::new(RefCell::new(None));
        let slot = result.clone();
        self.begin(move |env, catalog| {
            let future = body(env, catalog);
            async move {
                let value = future.await;
                *slot.borrow_mut() = Some(value);
            }
        });
        self.world.run(Limit::IDLE);
        result.take().expect("the session has come to its end")
    }
}

fn accounts() -> Vec<Attr> {
    vec![Attr::new("id", TypeId::Int4), Attr::new("owner", TypeId::Text), Attr::new("balance", TypeId::Numeric)]
}

/// CREATE TABLE in a transaction of its own.
async fn create(env: &Env, catalog: &Catalog, name: &str, columns: &[Attr]) -> Oid {
    let oid =
        ddl::create_table(env, catalog, None, name, columns, &ddl::NewParts::default(), false).await.unwrap().unwrap();
    txn::commit(env).await.unwrap();
    oid
}

fn message(error: Error) -> String {
    format!("{} {}", error.code().as_str(), error.report().message)
}

// --- rows as a real server has them --------------------------------------------------------------------------

/// The rows of one part of the golden file.
fn golden(part: &str) -> Vec<String> {
    let text = include_str!("../../tests/golden/pg15/catalog.txt");
    let lines = text.lines().skip_while(|line| !line.starts_with(&format!("# {part}:"))).skip(1);
    lines.take_while(|line| !line.starts_with("# ")).map(str::to_string).collect()
}

/// A catalog's rows as `psql -At` shows them, without some columns.
async fn shown(env: &Env, table: &SystemTable, without: &[&str]) -> Vec<String> {
    let desc = table.desc();
    let column = |(attr, value): (&Attr, &Datum)| match (value, attr.type_id) {
        _ if without.contains(&&*attr.name) => None,
        (Datum::Null, _) => Some("NULL".to_string()),
        (value, TypeId::Regproc) => Some(output(value, TypeId::Oid)),
        (value, type_id) => Some(output(value, type_id)),
    };
    let line = |values: &Vec<Datum>| desc.attrs.iter().zip(values).filter_map(column).collect::<Vec<_>>().join("|");
    let rows = rows::find(env, table, 1, |_| true).await.unwrap();
    rows.iter().map(|(_, values)| line(values)).collect()
}

#[test]
fn the_rows_of_new_tables_are_those_of_a_real_server() {
    let server = server();
    let [class, attribute, types] = server.session(|env, catalog| async move {
        use TypeId::*;
        create(&env, &catalog, "accounts", &accounts()).await;
        let price = Attr::new("price", Numeric).with_typmod(655_366);
        create(&env, &catalog, "plain", &[Attr::new("id", Int8).not_null(), price]).await;
        let mut columns = vec![Attr::new("b", Bool), Attr::new("i2", Int2), Attr::new("i4", Int4).not_null()];
        columns.extend([Attr::new("i8", Int8), Attr::new("f4", Float4), Attr::new("f8", Float8)]);
        columns.extend([Attr::new("n", Numeric).with_typmod(327_684), Attr::new("t", Text)]);
        columns.extend([Attr::new("v", Varchar).with_typmod(14), Attr::new("z", TimestampTz), Attr::new("Name", Name)]);
        columns.extend([Attr::new("o", TypeId::Oid), Attr::new("l", PgLsn), Attr::new("by", Bytea)]);
        columns.extend([Attr::new("c", Char), Attr::new("a", Int4Array), Attr::new("ta", TextArray)]);
        create(&env, &catalog, "types", &columns).await;
        create(&env, &catalog, "empty", &[]).await;
        [
            shown(&env, &PG_CLASS, &["reltoastrelid", "relfrozenxid"]).await,
            shown(&env, &PG_ATTRIBUTE, &["attoptions"]).await,
            shown(&env, &PG_TYPE, &["typacl"]).await,
        ]
    });
    for row in golden("class") {
        assert!(class.contains(&row), "pg_class lacks {row}\n{}", class.join("\n"));
    }
    // The golden rows are those of the tables alone.
    let toast = |row: &&String| row.contains("|pg_toast_");
    let long: Vec<&str> = class.iter().filter(toast).filter_map(|row| row.split('|').next()).collect();
    assert_eq!(long, ["16387", "16388", "16395", "16396"], "accounts and types may have long values");
    let mut attribute = attribute;
    attribute.retain(|row| !row.split('|').next().is_some_and(|table| long.contains(&table)));
    let mut wanted = golden("attribute");
    attribute.sort();
    wanted.sort();
    assert_eq!(attribute, wanted);
    let wanted = golden("type");
    for row in &types {
        assert!(wanted.contains(row), "no server has in pg_type {row}");
    }
    assert_eq!(types.iter().filter(|row| row.contains("|2200|")).count(), 8);
}

// --- the log -------------------------------------------------------------------------------------------------

/// The records that a server has written since initdb: manager, `xl_info` without its own bits, length, transaction.
fn records(server: &Server) -> Vec<(RmgrId, u8, u32, Xid)> {
    let mut reader = WalReader::new(SEG, TimeLineId(1), Some(1), Lsn(0x10_0028));
    let wal = server.wal.clone();
    let mut source = reader::source(move |lsn: Lsn, _| wal.peek(lsn).map(|page| *page));
    let mut found = Vec::new();
    while let Ok(record) = reader.next(&mut source) {
        found.push((record.rmid, record.info & 0xF0, record.total_len, record.xid));
    }
    found.split_off(1)
}

#[test]
fn create_and_drop_write_the_records_of_a_real_server() {
    let server = server();
    server.session(|env, catalog| async move {
        create(&env, &catalog, "plain", &[Attr::new("id", TypeId::Int4), Attr::new("n", TypeId::Int4)]).await;
        drop_table(&env, &catalog, None, "plain", false).await.unwrap();
        txn::commit(&env).await.unwrap();
    });
    let records = records(&server);
    // CREATE TABLE and DROP TABLE of 15.20 begin so, but for the images of pages that come first there.
    let begins: Vec<_> = records.iter().map(|(rmgr, info, len, xid)| (*rmgr, *info, *len, xid.0)).collect();
    assert_eq!(begins[0], (RmgrId::Xlog, 0x30, 30, 0), "NEXTOID, before there is a transaction");
    assert_eq!(begins[1], (RmgrId::Standby, 0x00, 42, 724), "LOCK");
    assert_eq!(begins[2], (RmgrId::Storage, 0x10, 42, 724), "CREATE");
    assert_eq!(begins[4], (RmgrId::Heap, 0x00, 211, 724), "the second row of pg_type");
    // A snapshot message less than there, since there is no pg_depend: 437.
    let created = begins.iter().find(|record| record.0 == RmgrId::Transaction);
    assert_eq!(created, Some(&(RmgrId::Transaction, 0x80, 437 - 16, 724)));
    let dropped: Vec<_> = begins.iter().skip_while(|record| record.3 == 0 || record.3 == 724).collect();
    assert_eq!(*dropped[0], (RmgrId::Standby, 0x00, 42, 725));
    let deletes = dropped[1..].iter().take_while(|record| record.0 == RmgrId::Heap);
    assert!(deletes.clone().all(|record| **record == (RmgrId::Heap, 0x10, 54, 725)), "{dropped:?}");
    assert_eq!(deletes.count(), 2 + 1 + 8);
    // Three snapshot messages less than there, and no statistics dropped: 501.
    assert_eq!(**dropped.last().unwrap(), (RmgrId::Transaction, 0x80, 501 - 3 * 16 - 16, 725));
}

#[test]
fn vacuum_notes_what_it_found_in_place() {
    let server = server();
    let class = server.session(|env, catalog| async move {
        create(&env, &catalog, "accounts", &accounts()).await;
        let table = catalog.open(&env, None, "accounts", LockMode::RowExclusive).await.unwrap().unwrap();
        assert_eq!((table.class.pages, table.class.tuples), (0, -1.0));
        for id in 1..=3 {
            let values = [Datum::Int4(id), Datum::text("Bob"), Datum::Null];
            let mut tuple = form_tuple(&table.desc, &values).unwrap();
            access::insert(&env, &table.rel, &mut tuple).await.unwrap();
        }
        txn::commit(&env).await.unwrap();
        let table = catalog.open(&env, None, "accounts", LockMode::ShareUpdateExclusive).await.unwrap().unwrap();
        let options = VacuumOptions { relfrozenxid: table.class.frozen_xid, ..VacuumOptions::PLAIN };
        let found = access::vacuum(&env, &table.rel, &options).await.unwrap();
        update_stats(&env, &catalog, &table, &found).await.unwrap();
        log_invalidations(&env).await.unwrap();
        // A ROLLBACK does not take it back.
        txn::abort(&env).await.unwrap();
        catalog.accept_invalidations(&env);
        let table = catalog.table(&env, None, "accounts").await.unwrap().unwrap();
        update_stats(&env, &catalog, &table, &found).await.unwrap();
        table.class.clone()
    });
    // As the opening scene's table on 15.20 after its first VACUUM.
    assert_eq!((class.pages, class.tuples, class.all_visible, class.frozen_xid), (1, 3.0, 1, Xid(725)));
    let noted: Vec<_> =
        records(&server).into_iter().rev().take(2).map(|(rmgr, info, len, _)| (rmgr, info, len)).collect();
    assert_eq!(noted, [(RmgrId::Standby, 0x20, 90), (RmgrId::Heap, 0x70, 188)]);
}

// --- sessions ------------------------------------------------------------------------------------------------

#[test]
fn a_rollback_leaves_nothing() {
    let server = server();
    let rel = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: FIRST_NORMAL_OID };
    let disk = server.disk.clone();
    server.session(move |env, catalog| async move {
        ddl::create_table(&env, &catalog, None, "accounts", &accounts(), &ddl::NewParts::default(), false)
            .await
            .unwrap();
        let own = catalog.table(&env, None, "accounts").await.unwrap().expect("its own table");
        assert_eq!((&*own.schema, own.desc.natts(), own.is_catalog), ("public", 3, false));
        assert!(disk.exists(&rel.path(Fork::Main)));
        txn::abort(&env).await.unwrap();
        catalog.accept_invalidations(&env);
        assert!(catalog.table(&env, None, "accounts").await.unwrap().is_none());
        assert!(!disk.exists(&rel.path(Fork::Main)));
        // Object ids are not given twice, not even after a rollback.
        assert_eq!(create(&env, &catalog, "accounts", &accounts()).await, Oid(16389));
    });
}

#[test]
fn a_drop_takes_its_file_at_commit() {
    let server = server();
    let disk = server.disk.clone();
    server.session(move |env, catalog| async move {
        let oid = create(&env, &catalog, "accounts", &accounts()).await;
        let path = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: oid }.path(Fork::Main);
        drop_table(&env, &catalog, None, "accounts", false).await.unwrap();
        assert!(catalog.table(&env, None, "accounts").await.unwrap().is_none());
        assert!(disk.exists(&path));
        txn::abort(&env).await.unwrap();
        catalog.accept_invalidations(&env);
        assert!(catalog.table(&env, Some("public"), "accounts").await.unwrap().is_some(), "the drop was rolled back");
        drop_table(&env, &catalog, None, "accounts", false).await.unwrap();
        txn::commit(&env).await.unwrap();
        assert!(!disk.exists(&path));
        let left = catalog.all(&env).await.unwrap();
        assert!(left.iter().all(|class| class.oid < FIRST_NORMAL_OID));
    });
}

#[test]
fn refusals_are_worded_as_postgresql_words_them() {
    let server = server();
    server.session(|env, catalog| async move {
        create(&env, &catalog, "dup", &accounts()).await;
        let create = async |schema, name: &str, columns: &[(&str, TypeId)]| {
            let columns: Vec<Attr> = columns.iter().map(|(name, type_id)| Attr::new(name, *type_id)).collect();
            let made =
                ddl::create_table(&env, &catalog, schema, name, &columns, &ddl::NewParts::default(), false).await;
            message(made.expect_err("an error"))
        };
        // 15.20 for the same statements.
        assert_eq!(create(None, "dup", &[]).await, "42P07 relation \"dup\" already exists");
        let twice = [("a", TypeId::Int4), ("a", TypeId::Text)];
        assert_eq!(create(None, "x", &twice).await, "42701 column \"a\" specified more than once");
        let system = [("ctid", TypeId::Int4)];
        assert_eq!(create(None, "x", &system).await, "42701 column name \"ctid\" conflicts with a system column name");
        let unknown = [("a", TypeId::Unknown)];
        assert_eq!(create(None, "x", &unknown).await, "42P16 column \"a\" has pseudo-type unknown");
        assert_eq!(create(Some("nosuch"), "x", &[]).await, "3F000 schema \"nosuch\" does not exist");
        assert_eq!(create(Some("pg_catalog"), "x", &[]).await, "42501 permission denied to create \"pg_catalog.x\"");
        let drop = async |schema, name| message(drop_table(&env, &catalog, schema, name, false).await.unwrap_err());
        assert_eq!(drop(None, "x").await, "42P01 table \"x\" does not exist");
        assert_eq!(drop(Some("nosuch"), "x").await, "3F000 schema \"nosuch\" does not exist");
        assert_eq!(drop(None, "pg_class").await, "42501 permission denied: \"pg_class\" is a system catalog");
        drop_table(&env, &catalog, None, "x", true).await.unwrap();
        assert!(
            ddl::create_table(&env, &catalog, None, "dup", &[], &ddl::NewParts::default(), true)
                .await
                .unwrap()
                .is_none()
        );
        let notices: Vec<String> = env.notices.take().into_iter().map(message).collect();
        let skipped = ["00000 table \"x\" does not exist, skipping", "42P07 relation \"dup\" already exists, skipping"];
        assert_eq!(notices, skipped);
    });
}

#[test]
fn of_two_that_make_the_same_table_one_fails() {
    let server = server();
    let outcomes: Rc<RefCell<Vec<String>>> = Rc::default();
    for _ in 0..2 {
        let outcomes = outcomes.clone();
        server.begin(|env, catalog| async move {
            let made =
                ddl::create_table(&env, &catalog, None, "t", &accounts(), &ddl::NewParts::default(), false).await;
            let outcome = match made {
                Ok(_) => {
                    env.cx.sleep(WaitEvent::PgSleep, 50_000).await;
                    txn::commit(&env).await.map(|()| "made".to_string()).unwrap()
                }
                Err(error) => {
                    txn::abort(&env).await.unwrap();
                    message(error)
                }
            };
            outcomes.borrow_mut().push(outcome);
        });
    }
    server.world.run(Limit::until(Instant(10_000_000)));
    // 15.20, for a CREATE TABLE that has waited for another one's commit.
    let refused = "23505 duplicate key value violates unique constraint \"pg_type_typname_nsp_index\"";
    assert_eq!(*outcomes.borrow(), ["made", refused]);
}

#[test]
fn a_name_is_looked_up_again_after_the_lock() {
    let server = server();
    server.session(|env, catalog| async move { create(&env, &catalog, "t", &accounts()).await });
    let opened: Rc<Cell<Option<Option<Oid>>>> = Rc::default();
    // One session drops the table and makes another of that name; the other opens it meanwhile.
    server.begin(|env, catalog| async move {
        drop_table(&env, &catalog, None, "t", false).await.unwrap();
        env.cx.sleep(WaitEvent::PgSleep, 100_000).await;
        ddl::create_table(&env, &catalog, None, "t", &accounts(), &ddl::NewParts::default(), false).await.unwrap();
        txn::commit(&env).await.unwrap();
    });
    let slot = opened.clone();
    server.begin(|env, catalog| async move {
        env.cx.sleep(WaitEvent::PgSleep, 50_000).await;
        let table = catalog.open(&env, None, "t", LockMode::AccessShare).await.unwrap();
        slot.set(Some(table.map(|table| table.oid)));
        let held: Vec<LockTag> =
            env.txns.locks.list().iter().filter(|lock| lock.pid == env.cx.pid()).map(|lock| lock.tag).collect();
        assert_eq!(
            held,
            [LockTag::Relation { db: Oid::POSTGRES_DB, rel: Oid(16389) }],
            "the lock on the dropped table was given back"
        );
    });
    server.world.run(Limit::until(Instant(10_000_000)));
    assert_eq!(opened.get(), Some(Some(Oid(16389))));
}

#[test]
fn what_was_looked_up_is_remembered_until_somebody_changes_a_table() {
    let server = server();
    let stats = server.session(|env, catalog| async move {
        create(&env, &catalog, "t", &accounts()).await;
        catalog.accept_invalidations(&env);
        let before = catalog.stats();
        for _ in 0..3 {
            assert!(catalog.table(&env, None, "t").await.unwrap().is_some());
            assert!(catalog.table(&env, None, "nosuch").await.unwrap().is_none());
        }
        assert!(catalog.table(&env, None, "pg_class").await.unwrap().is_some_and(|table| table.is_catalog));
        let after = catalog.stats();
        (after.hits - before.hits, after.misses - before.misses, after.tables)
    });
    // Of "t" the name in pg_catalog, the name in public, the table and that of its long values; of "nosuch" two names; of
    // "pg_class" one and it.
    assert_eq!(stats, (2 * 5, 6 + 2, 3));
}
