//! Indexes made of the same rows in the same way as on a real PostgreSQL 15 have the same pages, byte for byte
//! (`tests/golden/pg15/btree-trees.txt`).

use std::cell::RefCell;
use std::rc::Rc;

use super::room::{Control, Room, run};
use crate::access::{self, Env, Index, KeyColumn, Rel, Scan, TupleBatch, VacuumOptions};
use crate::ids::*;
use crate::storage::btree::{self, BTP_DELETED, BTP_HAS_GARBAGE};
use crate::storage::bytes::put_u64;
use crate::storage::{PageBytes, page};
use crate::txn;
use crate::types::{Datum, Numeric, TupleDesc, TypeId, deform_tuple, form_tuple};
use crate::world::{Mode, World};

const ROWS: i32 = 3000;
const GOLDEN: &str = include_str!("../../../tests/golden/pg15/btree-trees.txt");
const INDEX_FILE: RelFile = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: Oid(16390) };

/// A table with an index, and what is done to it.
struct Tree {
    name: &'static str,
    columns: &'static [(&'static str, TypeId)],
    keys: Vec<KeyColumn>,
    unique: bool,
    /// The index is made when the rows are there.
    built: bool,
    row: fn(i32) -> Vec<Datum>,
    /// Which rows are deleted in the end, before a VACUUM.
    delete: Option<fn(i64) -> bool>,
}

fn int(n: i32) -> Datum {
    Datum::Int4(n)
}

fn number(n: i32) -> Datum {
    Datum::Numeric(Numeric::from(i64::from(n)))
}

fn ints(name: &'static str, built: bool, row: fn(i32) -> Vec<Datum>, delete: Option<fn(i64) -> bool>) -> Tree {
    let keys = vec![KeyColumn::ascending(0)];
    Tree { name, columns: &[("id", TypeId::Int4)], keys, unique: true, built, row, delete }
}

fn trees() -> Vec<Tree> {
    let asc = KeyColumn::ascending;
    let desc = |column| KeyColumn { column, descending: true, nulls_first: true };
    let words = |name, built| Tree {
        name,
        columns: &[("a", TypeId::Int4), ("b", TypeId::Text)],
        keys: vec![asc(1), desc(0)],
        unique: true,
        built,
        row: |n| vec![int(n % 50), Datum::text(format!("word {}", n * 37 % 101))],
        delete: None,
    };
    let numbers = |name, built, row| Tree {
        name,
        columns: &[("n", TypeId::Numeric)],
        keys: vec![asc(0)],
        unique: false,
        built,
        row,
        delete: None,
    };
    let same = |n| vec![int(n)];
    vec![
        ints("ascending", false, same, None),
        ints("built", true, same, None),
        ints("shuffled", false, |n| vec![int(n * 1999 % 3001)], None),
        Tree {
            columns: &[("id", TypeId::Int8)],
            keys: vec![desc(0)],
            ..ints("descending", false, |n| vec![Datum::Int8(i64::from(3000 - n))], None)
        },
        Tree {
            columns: &[("a", TypeId::Int4), ("b", TypeId::Int4)],
            keys: vec![asc(0), asc(1)],
            ..ints("pairs", false, |n| vec![int(n % 4), int(n)], None)
        },
        words("words", false),
        words("wordsbuilt", true),
        numbers("same", false, |_| vec![number(42)]),
        numbers("few", false, |n| vec![number(n % 5)]),
        numbers("fewbuilt", true, |n| vec![number(n % 5)]),
        Tree { unique: false, columns: &[("a", TypeId::Int4)], ..ints("lists", false, |n| vec![int(n % 5)], None) },
        Tree { unique: false, columns: &[("a", TypeId::Int4)], ..ints("listsbuilt", true, |n| vec![int(n % 5)], None) },
        Tree {
            name: "nulls",
            columns: &[("a", TypeId::Float8), ("b", TypeId::Int2)],
            keys: vec![
                KeyColumn { column: 0, descending: false, nulls_first: true },
                KeyColumn { column: 1, descending: true, nulls_first: false },
            ],
            unique: false,
            built: false,
            row: |n| {
                let a = if n % 3 > 0 { Datum::Float8(f64::from(n) * 0.5) } else { Datum::Null };
                let b = if n % 4 > 0 { Datum::Int2((n % 7) as i16) } else { Datum::Null };
                vec![a, b]
            },
            delete: None,
        },
        ints("vacuumed", false, same, Some(|id| (500..=2500).contains(&id))),
        ints("emptied", true, same, Some(|_| true)),
        ints("holes", true, same, Some(|id| id % 3 == 0)),
    ]
}

impl Tree {
    fn index(&self, room: &Room, table: &Rc<TupleDesc>) -> Index {
        room.disk.create(&INDEX_FILE.path(Fork::Main));
        let rel = Rel::new(INDEX_FILE.rel, INDEX_FILE);
        Index::new(rel, self.name, "t", table.clone(), self.keys.clone(), self.unique)
    }

    /// Does to a table what was done to the server's.
    async fn make(&self, env: &Env, room: &Room) {
        let desc = Rc::new(TupleDesc::of(self.columns));
        let index = self.index(room, &desc);
        let bare = room.rel();
        let rel = bare.clone().with_indexes(vec![index.clone()]);
        if !self.built {
            access::build_index(env, &index, &bare).await.unwrap();
            txn::commit(env).await.unwrap();
        }
        let target = if self.built { &bare } else { &rel };
        for n in 0..ROWS {
            let mut row = form_tuple(&desc, &(self.row)(n)).unwrap();
            access::insert(env, target, &mut row).await.unwrap();
            txn::commit(env).await.unwrap();
        }
        if self.built {
            access::build_index(env, &index, &bare).await.unwrap();
            txn::commit(env).await.unwrap();
        }
        let Some(delete) = self.delete else { return };
        let (mut scan, mut batch) = (Scan::begin(env, &rel, env.take_snapshot()), TupleBatch::default());
        while scan.next_page(env, &mut batch).await.unwrap() {
            for (tid, tuple) in batch.iter() {
                let id = deform_tuple(&desc, tuple).unwrap()[0].as_int().unwrap();
                if delete(id) {
                    access::delete(env, &rel, tid).await.unwrap();
                }
            }
        }
        env.drop_snapshot();
        txn::commit(env).await.unwrap();
        access::vacuum(env, &rel, &VacuumOptions::PLAIN).await.unwrap();
        txn::commit(env).await.unwrap();
    }
}

/// Without LSN, checksum, hints, what lies in the hole, and since when a page is deleted.
fn masked(bytes: &PageBytes) -> Box<PageBytes> {
    let mut masked = Box::new(*bytes);
    if btree::opaque(bytes).has(BTP_DELETED) {
        put_u64(&mut masked[..], page::SIZE_OF_PAGE_HEADER, 0);
    }
    masked[..10].fill(0);
    masked[usize::from(page::lower(bytes))..usize::from(page::upper(bytes))].fill(0);
    btree::change_opaque(&mut masked, |links| links.flags &= !BTP_HAS_GARBAGE);
    masked
}

/// The page as the golden file has it.
fn line(block: u32, bytes: &PageBytes) -> String {
    let crc = crate::storage::crc::crc32c(&masked(bytes)[..]);
    let links = btree::opaque(bytes);
    if block == 0 {
        return format!("0 {crc:08x} meta");
    }
    let count = i32::from(page::max_offset(bytes));
    let (kind, live) = match links.flags {
        flags if flags & BTP_DELETED != 0 => ("d", 0),
        flags if flags & btree::BTP_LEAF != 0 => ("l", count),
        flags if flags & btree::BTP_ROOT != 0 => ("r", count),
        _ => ("i", count),
    };
    let free = page::free_space(bytes);
    let (prev, next, level) = (links.prev, links.next, links.level);
    format!("{block} {crc:08x} {kind} {live} 0 8192 {free} {prev} {next} {level} {}", links.flags)
}

#[test]
fn indexes_are_the_servers_byte_for_byte() {
    for tree in trees() {
        let golden: Vec<&str> = GOLDEN
            .lines()
            .skip_while(|line| !line.starts_with(&format!("= {} ", tree.name)))
            .skip(1)
            .take_while(|line| !line.starts_with('='))
            .collect();
        let world = World::new(1, Mode::Lab, TimestampTz(0), 0);
        let (host, disk) = world.add_host();
        let room = Room::new(&disk, Control::INITIAL, 64);
        let found: Rc<RefCell<Vec<String>>> = Rc::default();
        let (lines, name, shared) = (found.clone(), tree.name, room.clone());
        run(&world, host, |cx| async move {
            let env = shared.env(cx);
            tree.make(&env, &shared).await;
            let rel = Rel::new(INDEX_FILE.rel, INDEX_FILE);
            for block in 0..rel.blocks(&env, Fork::Main).0 {
                let pin = rel.page(&env, Fork::Main, BlockNumber(block)).await.unwrap();
                lines.borrow_mut().push(pin.read(|bytes| line(block, bytes)));
            }
        });
        assert!(!golden.is_empty());
        assert_eq!(found.borrow().join("\n"), golden.join("\n"), "{name}");
    }
}
