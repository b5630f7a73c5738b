//! Parents and children: foreign keys that act, and numbers that a sequence gives.
//!
//! ```text
//!    p(k)  ◄── c(p)  on update cascade, on delete cascade
//!          ◄── c(g)  on update cascade, on delete set null
//! ```
//!
//! Each writer has parents of its own; some are shared by all. A child of a shared parent holds it with a key-share
//! lock, also while another writer changes what is no key of it: then both versions of the parent are locked.

use std::collections::{BTreeMap, BTreeSet};

use vitrine_engine::cluster::Lab;

use super::client;
use super::model::{Draft, Effect, SPAN, Writer};
use vitrine_engine::server::protocol::BackendMessage;

pub const TABLES: &str = "create table p(k int primary key, note text); \
    create table c(k serial primary key, p int not null references p on update cascade on delete cascade, \
                   tag int not null unique, g int references p on update cascade on delete set null); \
    create index c_p on c(p); insert into p select -g, 'shared' from generate_series(1, 3) g";

/// So many parents are everybody's, and stay: those with the keys below 0.
const SHARED: i64 = 3;
/// The first column of a row whose second is a number that the sequence has given.
pub const NUMBER: &str = "a number";

/// The parents' keys.
pub type Parents = BTreeSet<i64>;
/// The children by their tags: the two parents of each.
pub type Children = BTreeMap<i64, (i64, Option<i64>)>;

/// What befalls a family.
#[derive(Clone, Debug)]
pub enum Family {
    Parent(i64),
    Child(i64, i64, Option<i64>),
    /// A parent goes: the children of the one kind go with it, those of the other stay.
    Gone(i64),
    /// A parent gets another key.
    Moved(i64, i64),
    ChildGone(i64),
}

impl Family {
    pub fn apply(self, parents: &mut Parents, children: &mut Children) {
        match self {
            Family::Parent(k) => drop(parents.insert(k)),
            Family::Child(tag, p, g) => drop(children.insert(tag, (p, g))),
            Family::ChildGone(tag) => drop(children.remove(&tag)),
            Family::Gone(k) => {
                parents.remove(&k);
                children.retain(|_, (p, _)| *p != k);
                children.values_mut().filter(|(_, g)| *g == Some(k)).for_each(|(_, g)| *g = None);
            }
            Family::Moved(from, to) => {
                parents.remove(&from);
                parents.insert(to);
                for (p, g) in children.values_mut() {
                    *p = if *p == from { to } else { *p };
                    *g = g.map(|g| if g == from { to } else { g });
                }
            }
        }
    }
}

impl Writer {
    /// One change in the family.
    pub fn family(&mut self, draft: &mut Draft) {
        let own = self.random.below(draft.after.p.len().max(1) as u64) as usize;
        let own = draft.after.p.iter().nth(own).copied();
        let shared = -1 - self.random.below(SHARED as u64) as i64;
        match (self.random.below(10), own) {
            (0 | 1, Some(k)) => self.child(draft, k, Some(k)),
            (2..=4, _) => self.child(draft, shared, own),
            // Not its key: children may be born meanwhile.
            (5 | 6, _) => {
                let note = self.random.below(1000);
                draft.sql.push(format!("update p set note = 'note {note}' where k = {shared}; select pg_sleep(0.01)"));
            }
            (7, Some(k)) if draft.after.p.len() > 3 => {
                draft.sql.push(format!("delete from p where k = {k}"));
                draft.does(Effect::Family(Family::Gone(k)));
            }
            (8, Some(k)) => {
                let to = self.key();
                draft.sql.push(format!("update p set k = {to} where k = {k}"));
                draft.does(Effect::Family(Family::Moved(k, to)));
            }
            (9, _) if !draft.after.c.is_empty() => {
                let tag = draft.after.c.keys().next().copied().unwrap_or_default();
                draft.sql.push(format!("delete from c where tag = {tag}"));
                draft.does(Effect::Family(Family::ChildGone(tag)));
            }
            _ => {
                let k = self.key();
                draft.sql.push(format!("insert into p values ({k}, 'own')"));
                draft.does(Effect::Family(Family::Parent(k)));
                self.child(draft, k, own);
            }
        }
    }

    fn child(&mut self, draft: &mut Draft, p: i64, g: Option<i64>) {
        let tag = self.key();
        let godparent = g.map_or("null".to_string(), |g| g.to_string());
        draft.sql.push(format!("insert into c(p, tag, g) values ({p}, {tag}, {godparent}) returning '{NUMBER}', k"));
        draft.does(Effect::Family(Family::Child(tag, p, g)));
    }

    /// A key that it has not had yet.
    fn key(&mut self) -> i64 {
        self.next_key += 1;
        self.next_key - 1
    }
}

/// The families that are there, without the shared parents, who always are.
pub fn read(ask: &mut impl FnMut(&str) -> Vec<Vec<String>>) -> (Parents, Children) {
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let mut parents: Parents = ask("select k from p").iter().map(|row| number(&row[0])).collect();
    (1..=SHARED).for_each(|k| assert!(parents.remove(&-k), "the shared parent {k} is gone"));
    let children = ask("select tag, p, g from c");
    let of = |row: &Vec<String>| (number(&row[0]), (number(&row[1]), row[2].parse().ok()));
    (parents, children.iter().map(of).collect())
}

/// No child is without its parents, a parent that has children is held fast where it must be, and the sequence gives
/// no number again that is in the table, or was promised to somebody.
pub fn check(lab: &mut Lab, session: u32, promised: Option<i64>, what: &str) {
    let mut ask = |text: &str| {
        let messages = client::converse(lab, session, text);
        let values = messages.into_iter().filter_map(|message| match message {
            BackendMessage::DataRow(row) => Some(client::text(row[0].clone(), "")),
            BackendMessage::ErrorResponse(error) => Some(error.to_string()),
            _ => None,
        });
        values.collect::<Vec<String>>()
    };
    for column in ["p", "g"] {
        let orphans =
            format!("select c.k from c left join p on c.{column} = p.k where p.k is null and c.{column} is not null");
        assert_eq!(ask(&orphans), [] as [&str; 0], "{what}: children without the parent {column}");
    }
    let nobody = format!("insert into c(p, tag) values ({}, 0)", 9 * SPAN);
    let refused = "ERROR:  insert or update on table \"c\" violates foreign key constraint \"c_p_fkey\"";
    assert_eq!(ask(&nobody), [refused], "{what}");
    let numbers = ask("select coalesce(max(k), 0) from c; select nextval('c_k_seq')");
    let numbers: Vec<i64> = numbers.iter().map(|number| number.parse().expect("a number")).collect();
    let given = promised.unwrap_or(0).max(numbers[0]);
    assert!(numbers[1] > given, "{what}: {given} was given before, and now comes {}", numbers[1]);
}
