//! Statements that a grammar makes: true ones over the tables that there are, of any shape. Most of them run.

use vitrine_engine::world::Random;

/// The columns of `t` by their kinds; those of `u` have the names `x.id`, `x.at`.
const NUMBERS: [&str; 4] = ["id", "n", "f", "d"];

/// A maker of statements. `depth` bounds what is within what.
pub struct Grammar<'a> {
    random: &'a mut Random,
    depth: u32,
}

impl Grammar<'_> {
    pub fn new(random: &mut Random) -> Grammar<'_> {
        Grammar { random, depth: 0 }
    }

    fn pick<'s>(&mut self, from: &[&'s str]) -> &'s str {
        from[self.random.below(from.len() as u64) as usize]
    }

    fn small(&mut self) -> u64 {
        self.random.below(60)
    }

    /// A statement.
    pub fn statement(&mut self) -> String {
        match self.random.below(16) {
            0 => format!(
                "insert into t (id, n, v) values ({}, {}, left({}, 40))",
                self.unused(),
                self.number(),
                self.text()
            ),
            1 => format!(
                "insert into t (id, n, v) select id + {}, n, left(v, 40) from t where {} limit 3",
                self.unused(),
                self.condition()
            ),
            2 => format!(
                "insert into t (id, v) values ({}, left({}, 40)) on conflict (id) do update set v = excluded.v returning *",
                self.small(),
                self.text()
            ),
            3 => format!("update t set n = {}, v = left({}, 40) where {}", self.whole(), self.text(), self.condition()),
            4 => format!("update t set n = t.n + 1 from u x where x.id = t.id and {} returning t.id", self.condition()),
            5 => format!("delete from t where id > 60 and {}", self.condition()),
            6 => {
                format!("with a as (delete from t where id > 90 returning id) select count(*), {} from a", self.whole())
            }
            7 => {
                let control = ["begin", "commit", "rollback", "savepoint s", "rollback to s", "release s"];
                self.pick(&control).to_string()
            }
            8 => format!("copy ({}) to stdout{}", self.query(), self.pick(&["", " csv header", " (format binary)"])),
            9 => {
                let name = self.small();
                format!("prepare p{name} as {}; execute p{name}; deallocate p{name}", self.query())
            }
            10 => format!("begin; declare c cursor for {}; fetch 3 from c; move all c; close c; commit", self.query()),
            11 => format!("create temp table w{} as {}", self.random.below(1 << 30), self.query()),
            _ => self.query(),
        }
    }

    /// A key that hardly any row has.
    fn unused(&mut self) -> u64 {
        100 + self.random.below(1 << 24)
    }

    /// A query.
    fn query(&mut self) -> String {
        self.depth += 1;
        let query = match self.random.below(8) {
            0 => format!(
                "select n, count(*), {} from t group by n having count(*) > {}",
                self.aggregate(),
                self.random.below(4)
            ),
            1 => format!("select {} from t where {}", self.aggregate(), self.condition()),
            2 => format!(
                "select t.id, x.id from t {} join u x on x.id = t.n where {}",
                self.pick(&["inner", "left", "right", "full"]),
                self.condition()
            ),
            3 => format!(
                "select id, {} over (partition by n order by id) from t",
                self.pick(&["sum(n)", "rank()", "row_number()", "lag(id)", "max(d)"])
            ),
            4 => format!(
                "select {} from t {} select {} from t",
                self.whole(),
                self.pick(&["union", "union all", "intersect", "except"]),
                self.whole()
            ),
            5 => format!(
                "with a as materialized (select id, n from t where {}) select * from a join a b using (id)",
                self.condition()
            ),
            6 => format!(
                "select * from (select {} as a, {} as b from t) s where a is not null",
                self.number(),
                self.text()
            ),
            _ => format!(
                "select {}, {}, {} from t where {}",
                self.number(),
                self.text(),
                self.condition(),
                self.condition()
            ),
        };
        let ordered = if self.random.one_in(2) { " order by 1" } else { "" };
        let limited = if self.random.one_in(3) { format!(" limit {}", self.random.below(20)) } else { String::new() };
        self.depth -= 1;
        query + ordered + &limited
    }

    fn aggregate(&mut self) -> String {
        let column = self.pick(&NUMBERS);
        match self.random.below(6) {
            0 => format!("sum(t.{column})"),
            1 => format!("avg(t.{column})"),
            2 => "string_agg(t.v, ',' order by t.id)".into(),
            3 => "array_agg(distinct t.n)".into(),
            4 => format!("count(*) filter (where {})", self.condition()),
            _ => format!("max(t.{column})"),
        }
    }

    /// A whole number.
    fn whole(&mut self) -> String {
        self.depth += 1;
        let whole = match self.random.below(if self.depth > 5 { 3 } else { 8 }) {
            0 => self.small().to_string(),
            1 => "t.n".into(),
            2 => "t.id".into(),
            3 => format!("({} {} {})", self.whole(), self.pick(&["+", "-"]), self.small()),
            4 => format!("length({})", self.text()),
            5 => format!("case when {} then {} else {} end", self.condition(), self.whole(), self.whole()),
            6 => format!("coalesce({}, {})", self.whole(), self.whole()),
            _ => "(select count(*)::int from u)".into(),
        };
        self.depth -= 1;
        whole
    }

    fn number(&mut self) -> String {
        self.depth += 1;
        let number = match self.random.below(if self.depth > 5 { 2 } else { 7 }) {
            0 => format!("t.{}", self.pick(&NUMBERS)),
            1 => format!("{}.5", self.small()),
            2 => format!("({} * {})", self.number(), self.small()),
            3 => format!("abs({})", self.number()),
            4 => format!("({} / nullif({}, 0))", self.number(), self.number()),
            5 => format!("round({}::numeric, 2)", self.number()),
            _ => self.whole(),
        };
        self.depth -= 1;
        number
    }

    fn text(&mut self) -> String {
        self.depth += 1;
        let text = match self.random.below(if self.depth > 5 { 2 } else { 8 }) {
            0 => "t.v".into(),
            1 => format!("'text {}'", self.small()),
            2 => format!("upper({})", self.text()),
            3 => format!("({} || {})", self.text(), self.text()),
            4 => format!("substr({}, {})", self.text(), self.random.below(9)),
            5 => format!("repeat('x', {})", self.random.below(3000)),
            6 => format!("({})::text", self.number()),
            _ => format!("replace({}, 'o', '0')", self.text()),
        };
        self.depth -= 1;
        text
    }

    fn condition(&mut self) -> String {
        self.depth += 1;
        let condition = match self.random.below(if self.depth > 4 { 4 } else { 11 }) {
            0 => format!("t.id = {}", self.small()),
            1 => format!("t.n > {}", self.random.below(8)),
            2 => "t.v is not null".into(),
            3 => format!("t.v like '%{}'", self.random.below(10)),
            4 => format!("({} and {})", self.condition(), self.condition()),
            5 => format!("({} or {})", self.condition(), self.condition()),
            6 => format!("not {}", self.condition()),
            7 => format!("{} {} {}", self.number(), self.pick(&["=", "<", ">=", "<>"]), self.number()),
            8 => format!("t.id in (select x.id from u x where x.id < {})", self.small()),
            9 => format!("exists (select 1 from u x where x.id = t.id and {})", self.condition()),
            _ => format!("{} between {} and {}", self.whole(), self.small(), self.small()),
        };
        self.depth -= 1;
        condition
    }
}
