//! Statements that nobody would write.

use super::grammar::Grammar;
use vitrine_engine::world::Random;

/// What there is to be asked for.
pub const SETUP: [&str; 4] = [
    "create table t (id int primary key, n int, v text, b bytea, f float8, d numeric)",
    "insert into t select g, g % 7, 'row ' || g, '\\x0102', g / 3.0, g * 1.5 from generate_series(1, 50) g",
    "create table u (id int, t text[], at timestamptz); insert into u values (1, '{a,b}', '2020-01-01'), (2, null, null)",
    "create index on t(n, v)",
];

/// True statements, and some of other versions.
const SEEDS: [&str; 60] = [
    "select * from t where id = 7",
    "select n, count(*), sum(d), min(v) from t group by n having count(*) > 1 order by 2 desc, 1 limit 3 offset 1",
    "select a.id, b.v from t a join t b on a.id = b.n left join u on u.id = a.id where a.v like 'row%' order by a.id",
    "select distinct n from t where v is not null and id between 3 and 40 or n in (1, 2, null)",
    "select case when n > 3 then 'big' when n is null then null else v end, coalesce(v, 'x'), nullif(n, 2) from t",
    "select (select max(id) from t), exists (select 1 from u), array[1, 2, 3], row(1, 'a'), t.* from t limit 2",
    "with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r",
    "with a as (select 1 x), b as (select 2 y) select * from a, b",
    "select 1 union select 2 except all select 3 intersect values (1), (2) order by 1",
    "select cast('12' as int), '1e3'::float8::numeric, 12::text || 'x', b'101', x'1f', e'\\n\\x41', $$a$$, $q$b$q$, u&'\\0041'",
    "select -id, +n, id * 2 - n / 3 % 4 ^ 2, |/ 4, @ -5, 5 !, ~1, 1 << 2, 3 & 1, 7 # 2, not true from t where id < 3",
    "select v ~ '^r', v !~* 'x', v similar to 'a%', v not ilike '_b', v collate \"C\" from t",
    "insert into t (id, n, v) values (100, 1, 'new'), (101, default, null) returning id, v as x",
    "insert into t select id + 1000, n, v, b, f, d from t on conflict (id) do update set v = excluded.v where t.n > 1",
    "insert into u default values",
    "update t set (n, v) = (n + 1, upper(v)), f = default from u where t.id = u.id returning *",
    "update only t as x set v = repeat('a', 3000) where x.id in (1, 2)",
    "delete from t using u where t.id = u.id and u.id > 1 returning t.*",
    "create table if not exists w (a int not null default 1 check (a > 0), b varchar(10) unique, primary key (a, b))",
    "create table w2 (like t including all) inherits (u) with (fillfactor = 70) tablespace pg_default",
    "create temporary table x on commit drop as select * from t with no data",
    "drop table if exists w, w2 cascade",
    "create unique index concurrently if not exists i on t using btree (v desc nulls last, (n + 1)) include (d) where n > 1",
    "drop index i; reindex table t; cluster t using t_pkey",
    "alter table t add column c int, drop column if exists d, alter n type bigint using n::bigint, rename to t9",
    "begin isolation level repeatable read read only deferrable; commit and chain; rollback",
    "start transaction; savepoint a; rollback to savepoint a; release a; end",
    "set local work_mem = '1MB'; show all; reset all; set time zone 'UTC'; set session characteristics as transaction read write",
    "select * from t for update of t skip locked",
    "select * from t for no key update nowait; select 1 for share",
    "lock table t in share row exclusive mode nowait",
    "vacuum (full, freeze, verbose, analyze) t; analyze t (id, v); checkpoint",
    "explain (analyze, buffers, format json, costs off) select * from t where id = 1",
    "prepare p (int, text) as select $1, $2; execute p(1, 'a'); deallocate p",
    "declare c scroll cursor with hold for select * from t; fetch forward 5 from c; move last in c; close all",
    "copy t (id, v) from stdin with (format csv, header, delimiter ',')",
    "copy (select * from t) to stdout",
    "truncate t, u restart identity cascade",
    "create view z as select * from t; create materialized view m as select 1; refresh materialized view m",
    "create sequence s start 1 increment by 2 cache 5 cycle; select nextval('s'), currval('s'), setval('s', 3)",
    "create function f(a int) returns int language sql immutable as 'select $1 + 1'; do $$ begin end $$",
    "grant select on t to public; revoke all on t from public; create role r login; comment on table t is 'x'",
    "listen a; notify a, 'b'; unlisten *; discard all",
    "select now(), current_date, current_timestamp(3), localtime, current_user, interval '1 day 2:03' + now()",
    "select extract(epoch from now()), position('a' in 'ba'), substring('abc' from 2 for 1), overlay('abc' placing 'x' from 2)",
    "select trim(both 'x' from 'xax'), length('ab'), lower('A'), md5('a'), repeat('ab', 3), to_char(1, '999')",
    "select sum(n) over (partition by v order by id rows between 1 preceding and current row), rank() over w from t window w as (order by n)",
    "select array_agg(v order by id) filter (where n > 1), string_agg(v, ','), count(distinct n) from t",
    "select generate_series(1, 3), unnest(array[1, 2]) as x, t.v from t limit 1",
    "select * from generate_series(1, 3) with ordinality as g(a, b), lateral (select g.a * 2) s(c)",
    "select * from t tablesample bernoulli (10) where ctid = '(0,1)' and xmin::text <> '0'",
    "select * from pg_class c join pg_attribute a on a.attrelid = c.oid where relname = 't' and attnum > 0",
    "select * from heap_page_items(get_raw_page('t', 0)) limit 2; select * from bt_page_items('t_pkey', 1) limit 2",
    "select * from pg_locks; select * from pg_stat_activity; select * from pg_settings where name like 'wal%'",
    "select pg_current_wal_lsn(), pg_walfile_name('0/3000000'), '0/1'::pg_lsn + 5, txid_current(), pg_sleep(0)",
    "merge into t using u on t.id = u.id when matched then update set v = 'm' when not matched then insert values (1)",
    "table t; values (1, 'a'), (2, 'b'); select",
    "select json_array(1, 2), json_value('{}', '$'), any_value(n), 1_000, 0x1F, 0o17 from t",
    "create table g (a int generated always as identity, b int generated always as (a * 2) stored)",
    "set transaction isolation level serializable; select 1 from t; commit prepared 'x'",
];

/// Tokens that turn up where they do not belong.
const TOKENS: [&str; 64] = [
    "select",
    "from",
    "where",
    "(",
    ")",
    ",",
    ";",
    "*",
    "=",
    "<>",
    "and",
    "or",
    "not",
    "null",
    "is",
    "in",
    "as",
    "on",
    "join",
    "left",
    "cross",
    "group",
    "by",
    "order",
    "having",
    "limit",
    "union",
    "all",
    "case",
    "when",
    "then",
    "end",
    "::",
    "[",
    "]",
    ".",
    "..",
    ":",
    "$1",
    "'",
    "\"",
    "--",
    "/*",
    "*/",
    "1",
    "-1",
    "9223372036854775808",
    "1e400",
    "0.1",
    "'x'",
    "\"t\"",
    "t",
    "id",
    "v",
    "int",
    "text",
    "with",
    "values",
    "returning",
    "default",
    "between",
    "like",
    "any",
    "exists",
];

/// Makes statements.
pub struct Statements {
    random: Random,
}

impl Statements {
    pub fn new(seed: u64) -> Statements {
        Statements { random: Random::new(seed, 7) }
    }

    /// The next one.
    pub fn next(&mut self) -> String {
        match self.random.below(250) {
            0 => self.nested(),
            1 => self.chain(),
            2 => self.literal(),
            3 => self.noise(),
            // Nearly half of them are whole.
            4..120 => Grammar::new(&mut self.random).statement(),
            _ => {
                let mut tokens = self.tokens();
                for _ in 0..self.random.below(4) {
                    self.mutate(&mut tokens);
                }
                let mut text = tokens.concat();
                if self.random.one_in(5) {
                    text = self.bytes(text);
                }
                text
            }
        }
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.random.below(from.len() as u64) as usize]
    }

    /// A true statement, cut into words, signs and gaps.
    fn tokens(&mut self) -> Vec<String> {
        let text = match self.random.one_in(3) {
            true => Grammar::new(&mut self.random).statement(),
            false => self.pick(&SEEDS).to_string(),
        };
        let mut tokens: Vec<String> = Vec::new();
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        for c in text.chars() {
            match tokens.last_mut() {
                Some(last) if is_word(c) && last.chars().all(is_word) => last.push(c),
                _ => tokens.push(c.to_string()),
            }
        }
        tokens
    }

    fn mutate(&mut self, tokens: &mut Vec<String>) {
        let at = self.random.below(tokens.len().max(1) as u64) as usize;
        let other = self.random.below(tokens.len().max(1) as u64) as usize;
        if tokens.is_empty() {
            return;
        }
        match self.random.below(6) {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[other].clone()),
            2 => tokens.swap(at, other),
            3 => tokens[at] = format!(" {} ", self.pick(&TOKENS)),
            4 => {
                let end = (at + 1 + self.random.below(12) as usize).min(tokens.len());
                drop(tokens.drain(at..end));
            }
            // A part of another statement.
            _ => {
                let donor = self.tokens();
                let from = self.random.below(donor.len() as u64) as usize;
                let upto = (from + 1 + self.random.below(12) as usize).min(donor.len());
                tokens.splice(at..at, donor[from..upto].iter().cloned());
            }
        }
    }

    /// Bytes changed, as far as the text stays one.
    fn bytes(&mut self, text: String) -> String {
        let mut bytes = text.into_bytes();
        for _ in 0..=self.random.below(3) {
            if !bytes.is_empty() {
                let at = self.random.below(bytes.len() as u64) as usize;
                bytes[at] = self.random.below(256) as u8;
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One thing in another, to any depth.
    fn nested(&mut self) -> String {
        let depth = 1 << self.random.below(17);
        let pairs = [
            ("(", ")"),
            ("[", "]"),
            ("abs(", ")"),
            ("(select ", ")"),
            ("case when true then ", " end"),
            ("not ", ""),
            ("- ", ""),
            ("array[", "]"),
            ("(select * from ", ") x"),
            ("/*", "*/"),
            ("exists (select ", ")"),
            ("(", ""),
            ("case ", ""),
        ];
        let (open, close) = pairs[self.random.below(pairs.len() as u64) as usize];
        format!("select {}1{}", open.repeat(depth), close.repeat(depth))
    }

    /// One thing after the other.
    fn chain(&mut self) -> String {
        let length = 1 << self.random.below(17);
        let link = self.pick(&[
            " + 1",
            " and true",
            " or false",
            "::int",
            ", 1",
            " union select 1",
            "[1]",
            " is null",
            " || 'a'",
            ".a",
            "; select 1",
            " between 1 and 2",
            " = any (array[1])",
            " collate \"C\"",
            " in (1)",
            " at time zone 'utc'",
        ]);
        format!("select 1{}", link.repeat(length))
    }

    /// A long literal.
    fn literal(&mut self) -> String {
        let length = 1 << self.random.below(18);
        match self.random.below(7) {
            0 => format!("select {}", "9".repeat(length)),
            1 => format!("select length('{}')", "x".repeat(length)),
            2 => format!("select '{}'::numeric", "1".repeat(length)),
            3 => format!("select 1e{}", "9".repeat(length.min(20))),
            4 => format!("select \"{}\"", "n".repeat(length)),
            5 => format!("select '\\x{}'::bytea", "0f".repeat(length)),
            _ => format!("insert into t values (5000, 1, '{}') ", "z".repeat(length)),
        }
    }

    fn noise(&mut self) -> String {
        let length = self.random.below(200);
        let bytes: Vec<u8> = (0..length).map(|_| self.random.below(256) as u8).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
