//! Scans beside a model: every combination of conditions, in both directions, over values with many equals and nulls.

use std::cmp::Ordering;
use std::rc::Rc;

use super::verify::verify;
use crate::access::tests::room::{Control, Room, run};
use crate::access::{self, Env, Index, IndexScan, KeyColumn, Rel, ScanKey, Strategy, TupleBatch};
use crate::ids::*;
use crate::txn;
use crate::types::index_key::values_of_key;
use crate::types::{Datum, TupleDesc, TypeId, compare, deform_tuple, form_tuple};
use crate::world::{Mode, Random, World};

const FILE: RelFile = RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: Oid(16391) };
const STRATEGIES: [Strategy; 7] = [
    Strategy::Less,
    Strategy::LessEqual,
    Strategy::Equal,
    Strategy::GreaterEqual,
    Strategy::Greater,
    Strategy::IsNull,
    Strategy::IsNotNull,
];

fn value(random: &mut Random, type_id: TypeId) -> Datum {
    let n = random.below(6) as i32;
    match type_id {
        _ if n == 5 => Datum::Null,
        TypeId::Text => Datum::text(["", "a", "ab", "b", "longer than the others"][n as usize]),
        _ => Datum::Int4(n),
    }
}

/// Whether a value passes a condition; NULL passes none but IS NULL.
fn passes(key: &ScanKey, row: &[Datum], index: &Index) -> bool {
    let found = &row[index.keys[key.column].column];
    match key.strategy {
        Strategy::IsNull => return found.is_null(),
        Strategy::IsNotNull => return !found.is_null(),
        _ if found.is_null() || key.value.is_null() => return false,
        _ => {}
    }
    let order = compare(found, &key.value).unwrap();
    match key.strategy {
        Strategy::Less => order.is_lt(),
        Strategy::LessEqual => order.is_le(),
        Strategy::Equal => order.is_eq(),
        Strategy::GreaterEqual => order.is_ge(),
        _ => order.is_gt(),
    }
}

/// The order of the index, equals in that of their rows.
fn order(index: &Index, a: &(Vec<Datum>, Tid), b: &(Vec<Datum>, Tid)) -> Ordering {
    let one = |key: &KeyColumn| {
        let (a, b) = (&a.0[key.column], &b.0[key.column]);
        match (a.is_null(), b.is_null()) {
            (true, true) => Ordering::Equal,
            (false, false) if key.descending => compare(b, a).unwrap(),
            (false, false) => compare(a, b).unwrap(),
            (null, _) if null == key.nulls_first => Ordering::Less,
            _ => Ordering::Greater,
        }
    };
    index.keys.iter().map(one).fold(Ordering::Equal, Ordering::then).then(a.1.cmp(&b.1))
}

fn keys(random: &mut Random, index: &Index) -> Vec<ScanKey> {
    (0..random.below(4))
        .map(|_| {
            let column = random.below(index.natts() as u64) as usize;
            let strategy = STRATEGIES[random.below(7) as usize];
            let value = value(random, index.desc.attrs[column].type_id);
            // NULL is rare: nothing passes then.
            let value = if value.is_null() && !random.one_in(8) {
                self::value(random, index.desc.attrs[column].type_id)
            } else {
                value
            };
            ScanKey { column, strategy, value }
        })
        .collect()
}

async fn check_scans(env: &Env, index: &Index, heap: &Rel, rows: &[(Vec<Datum>, Tid)], random: &mut Random) {
    let mut sorted = rows.to_vec();
    sorted.sort_by(|a, b| order(index, a, b));
    for _ in 0..60 {
        let (keys, backward) = (keys(random, index), random.one_in(2));
        let keys_only = random.one_in(3);
        let mut wanted: Vec<_> =
            sorted.iter().filter(|row| keys.iter().all(|key| passes(key, &row.0, index))).cloned().collect();
        if backward {
            wanted.reverse();
        }
        let mut scan = IndexScan::begin(index, heap, env.take_snapshot(), &keys, backward, keys_only).unwrap();
        let (mut found, mut batch) = (Vec::new(), TupleBatch::default());
        while scan.next(env, 1 + random.below(50) as usize, &mut batch).await.unwrap() {
            for (tid, tuple) in batch.iter() {
                let values = match keys_only {
                    true => values_of_key(&index.desc, tuple, index.natts()).unwrap(),
                    false => deform_tuple(&index.table, tuple).unwrap(),
                };
                found.push((values, tid));
            }
        }
        if keys_only {
            let key = |row: &(Vec<Datum>, Tid)| {
                (index.keys.iter().map(|key| row.0[key.column].clone()).collect::<Vec<_>>(), row.1)
            };
            wanted = wanted.iter().map(key).collect();
        }
        assert!(found == wanted, "{keys:?} backward {backward}: {} rows instead of {}", found.len(), wanted.len());
    }
}

fn scans(seed: u64) {
    let world = World::new(seed, Mode::Lab, TimestampTz(0), 0);
    let (host, disk) = world.add_host();
    let room = Room::new(&disk, Control::INITIAL, 64);
    run(&world, host, |cx| async move {
        let env = room.env(cx);
        let mut random = Random::new(seed, 9);
        let table = Rc::new(TupleDesc::of(&[("a", TypeId::Int4), ("b", TypeId::Text), ("c", TypeId::Int4)]));
        let columns = [0, 1, 2].into_iter().skip(random.below(3) as usize);
        let key = |column, random: &mut Random| KeyColumn {
            column,
            descending: random.one_in(2),
            nulls_first: random.one_in(2),
        };
        let keys: Vec<KeyColumn> = columns.map(|column| key(column, &mut random)).collect();
        disk.create(&FILE.path(Fork::Main));
        let bare = room.rel();
        let index = Index::new(Rel::new(FILE.rel, FILE), "t_idx", "t", table.clone(), keys, false);
        let heap = bare.with_indexes(vec![index.clone()]);
        access::build_index(&env, &index, &room.rel()).await.unwrap();
        let mut rows = Vec::new();
        for count in [0, 3, 900] {
            for _ in 0..count {
                let values: Vec<Datum> = table.attrs.iter().map(|attr| value(&mut random, attr.type_id)).collect();
                let mut row = form_tuple(&table, &values).unwrap();
                let tid = access::insert(&env, &heap, &mut row).await.unwrap();
                rows.push((values, tid));
            }
            txn::commit(&env).await.unwrap();
            check_scans(&env, &index, &heap, &rows, &mut random).await;
            env.drop_snapshot();
        }
        // Half of them go; what is left is found still, before and after a VACUUM.
        let (gone, left): (Vec<_>, Vec<_>) = rows.into_iter().partition(|_| random.one_in(2));
        for (_, tid) in gone {
            access::delete(&env, &heap, tid).await.unwrap();
        }
        txn::commit(&env).await.unwrap();
        check_scans(&env, &index, &heap, &left, &mut random).await;
        env.drop_snapshot();
        access::vacuum(&env, &heap, &access::VacuumOptions::PLAIN).await.unwrap();
        txn::commit(&env).await.unwrap();
        check_scans(&env, &index, &heap, &left, &mut random).await;
        env.drop_snapshot();
        assert_eq!(verify(&env, &index, &heap).await, left.len());
    });
}

#[test]
fn scans_find_what_passes_in_the_order_of_the_index() {
    (0..12).for_each(scans);
}
