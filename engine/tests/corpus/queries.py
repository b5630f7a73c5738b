#!/usr/bin/env python3
"""Statements over queries: joins, subqueries, WITH, set operations, grouping, windows, functions that give rows, and the
errors that PostgreSQL has for them. Every result of more than one row is ordered, so that it is the same everywhere."""

import itertools


def say(statement):
    print(" ".join(statement.split()))


SETUP = """
create table c (id int primary key, name text, city text, credit numeric)
create table o (id int primary key, cid int, item text, qty int, price numeric)
create table e (id int primary key, boss int, name text, pay int)
create table n (a int, b int, c text)
create table big (k int, g int, v int)
insert into c values (1, 'ann', 'oslo', 10.5), (2, 'bob', 'rome', 20), (3, 'cid', 'oslo', null), (4, 'dan', null, 5)
insert into o values (1, 1, 'pen', 3, 1.5), (2, 1, 'ink', 1, 7.25), (3, 2, 'pen', 10, 1.5), (4, 2, 'cap', null, 9), (5, 9, 'ink', 2, 7.25), (6, null, 'box', 1, null)
insert into e values (1, null, 'root', 100), (2, 1, 'ada', 80), (3, 1, 'ben', 80), (4, 2, 'cyd', 60), (5, 2, 'dee', 50), (6, 4, 'eve', 40)
insert into n values (1, 1, 'x'), (1, 2, 'y'), (2, null, 'x'), (null, 3, null), (null, null, 'z'), (2, 2, 'y'), (2, 2, 'y')
insert into big select i, i % 7, i * 3 % 11 from generate_series(1, 60) i
"""


def joins():
    kinds = ["join", "inner join", "left join", "left outer join", "right join", "full join", "full outer join"]
    conditions = [
        "c.id = o.cid",
        "c.id = o.cid and o.qty > 1",
        "c.id = o.cid and c.city = 'oslo'",
        "o.cid = c.id and o.item = 'pen' and c.name < 'bob'",
        "c.id + 1 = o.cid",
        "c.id = o.id and c.id = o.cid",
    ]
    filters = ["", "where o.id is null", "where c.city = 'oslo'", "where coalesce(o.qty, 0) < 3", "where c.id is not null and o.id is not null"]
    for kind, condition, filter in itertools.product(kinds, conditions, filters):
        say(f"select c.id, c.name, o.id, o.item from c {kind} o on {condition} {filter} order by 1, 3")
    for kind in ["join", "left join"]:
        for condition in ["c.id < o.cid", "true", "false", "c.id = o.cid or o.cid = 9", "c.name like o.item || '%'", "null"]:
            say(f"select c.id, o.id from c {kind} o on {condition} order by 1, 2")
    for kind in ["join", "left join", "right join", "full join"]:
        say(f"select * from c {kind} o using (id) order by 1")
        say(f"select id, c.id, o.id from c {kind} o using (id) order by 1")
        say(f"select id + 1 as x, count(*) from c {kind} o using (id) group by id order by 1")
        say(f"select * from c natural {kind} o order by 1")
        say(f"select * from c {kind} o using (id) {kind} e using (id, name) order by 1, 2")
        say(f"select a.*, b.id from e a {kind} e b on a.boss = b.id order by 1, 6")
        say(f"select j.id from (c {kind} o using (id)) as j order by 1")
        say(f"select j.x, j.y from (select id as x from c) s {kind} (select cid as y from o) t on s.x = t.y, lateral (select s.x, t.y) j order by 1, 2")
    for statement in """
select count(*) from c, o
select count(*) from c cross join o cross join e
select c.name, o.item from c, o where c.id = o.cid order by 1, 2
select c.name, o.item, e.name from c, o, e where c.id = o.cid and e.id = o.id order by 1, 2, 3
select a.id, b.id, d.id from e a join e b on b.boss = a.id join e d on d.boss = b.id order by 1, 2, 3
select a.id, b.id, d.id from e a left join (e b join e d on d.boss = b.id) on b.boss = a.id order by 1, 2, 3
select a.id, b.id, d.id from e a left join e b left join e d on d.boss = b.id on b.boss = a.id order by 1, 2, 3
select * from c join o on c.id = o.cid join e on e.id = o.id where e.pay > 50 order by c.id, o.id
select o.id, t.id from o full join (select id from o where id > 3) t on o.id = t.id order by 1, 2
select c.id, x.n from c left join (select cid, count(*) as n from o group by cid) x on x.cid = c.id order by 1
select c.id, s.* from c, lateral (select item, qty from o where o.cid = c.id order by qty limit 1) s order by 1
select c.id, s.item from c left join lateral (select item from o where o.cid = c.id order by id desc limit 1) s on true order by 1
select c.id, g from c, generate_series(1, c.id) g order by 1, 2
select c.id, g from c left join generate_series(3, c.id) g on true order by 1, 2
select c.id, s.n from c cross join lateral (select count(*) as n from o where o.cid = c.id and o.price < c.credit) s order by 1
select n1.a, n2.b from n n1 join n n2 on n1.a = n2.a and n1.b = n2.b order by 1, 2
select n1.a, n2.a from n n1 full join n n2 on n1.a = n2.b order by 1, 2
select count(*) from big x join big y on x.g = y.g
select x.g, count(*) from big x join big y on x.k = y.v group by x.g order by 1
select big.k, c.name from big join c on c.id = big.k order by 1
select big.k, c.name from c join big on c.id = big.g where big.k < 20 order by 1
select x.k from big x where x.k in (select y.v from big y where y.g = x.g) order by 1
""".strip().splitlines():
        say(statement)


def subqueries():
    tests = [
        "exists (select 1 from o where o.cid = c.id)",
        "not exists (select 1 from o where o.cid = c.id)",
        "exists (select 1 from o where o.cid = c.id and o.qty > 2)",
        "exists (select * from o where false)",
        "c.id in (select cid from o)",
        "c.id not in (select cid from o)",
        "c.id not in (select cid from o where cid is not null)",
        "c.id in (select cid from o where o.price > c.credit)",
        "c.id = any (select cid from o)",
        "c.id <> all (select cid from o where cid is not null)",
        "c.id > all (select cid from o where cid < 3)",
        "c.id >= some (select cid from o where cid < 3)",
        "c.id < any (select cid from o where cid = 99)",
        "c.id < all (select cid from o where cid = 99)",
        "c.id = (select min(cid) from o)",
        "c.id = (select max(cid) from o where o.cid = c.id)",
        "(select count(*) from o where o.cid = c.id) > 1",
        "c.credit > (select avg(price) from o where o.cid = c.id)",
        "(c.id, c.name) in (select cid, 'ann' from o)",
        "(c.id, c.city) not in (select cid, 'oslo' from o where cid is not null)",
        "(c.id, 'pen') = any (select cid, item from o)",
        "(c.id, c.name) = (select 2, 'bob')",
        "(c.id, c.name) < (select 2, 'bob')",
        "c.city in (select city from c c2 where c2.id <> c.id)",
        "exists (select 1 from o where o.cid = c.id and exists (select 1 from e where e.id = o.id and e.boss = c.id))",
        "c.id = any (array(select cid from o where cid is not null))",
        "c.id in (1, (select 3), 7)",
        "case when c.id = 1 then exists (select 1 from o where o.cid = 1) else false end",
        "coalesce((select qty from o where o.id = c.id), 0) > 2",
        "c.id in (select id from e where boss in (select id from e where boss is null))",
    ]
    for test in tests:
        say(f"select c.id from c where {test} order by 1")
        say(f"select c.id, {test} as t from c order by 1")
        say(f"select count(*) from c where not ({test})")
        say(f"select count(*) filter (where {test}) from c")
    for statement in """
select (select 1)
select (select 1 where false)
select (select null)
select (select id from c order by id desc limit 1) + 1
select array(select id from c order by id)
select array(select name from c where id > 9)
select (select name from c where id = 1) || '!'
select 1 in (select 1), 1 in (select 2), 1 in (select null::int), null in (select 1), null in (select 1 where false)
select 1 not in (select 1), 1 not in (select 2), 1 not in (select null::int), null::int not in (select 1 where false)
select 1 = all (select 1 where false), 1 = any (select 1 where false), 1 < all (values (2), (3)), 1 < all (values (2), (null))
select id, (select name from c where c.id = o.cid) from o order by 1
select id, (select (select name from c where c.id = o.cid) || o.item) from o order by 1
select name from c order by (select count(*) from o where o.cid = c.id) desc, name
select (select max(qty) from o), (select min(qty) from o) from c where id = 1
select s.a, s.b from (select id as a, name as b from c) s where s.a > 1 order by 1
select * from (values (1, 'a'), (2, 'b')) v(x, y) order by 1
select * from (values (1, 'a'), (2, null)) v order by 1
select x + 1 from (select 1 as x union all select 2) s order by 1
select * from (select * from (select id from c) a where id > 1) b where id < 4 order by 1
select (select sum(x) from (select qty as x from o where o.cid = c.id) s) from c order by id
select cid, sum(qty) from o group by cid having sum(qty) > (select avg(qty) from o) order by 1
select cid, (select name from c where c.id = o.cid), count(*) from o group by cid order by 1
select case (select count(*) from c) when 4 then 'four' else 'other' end
select id from c where (select true) order by 1
select id from c limit (select 2) offset (select 1)
select 1 = any ('{1,2,3}'), 4 = any ('{1,2,3}'::int[]), 1 <> all (array[2, 3]), 1 = any (array[null, 1]), 2 = any (array[null, 1])
select 'a' like any (array['b%', 'a%']), null = any (array[1]), 1 = any (null::int[])
select id from c where id = any (array[1, 3]) order by 1
select id from c where name in ('ann', 'dan', null) order by 1
select (1, 2) = (1, 2), (1, 2) <> (1, 3), (1, 2) < (1, 3), (2, 1) > (1, 9), (1, null) = (1, 2), (1, null) < (2, 1), (null, 1) < (2, 1)
select (1, 2, 3) >= (1, 2, 3), (1, 2) <= (1, 1), row(1, 'a') = row(1, 'a'), (1, 2) in ((1, 2), (3, 4)), (1, 2) not in ((1, 3), (null, 2))
select exists (select), exists (select 1 where false), not exists (select 1)
""".strip().splitlines():
        say(statement)


def with_queries():
    for statement in """
with x as (select 1 as a) select * from x
with x(a, b) as (select 1, 2) select a + b from x
with x as (select id from c), y as (select id from x where id > 2) select * from y order by 1
with x as (select count(*) as n from c) select n, (select n from x) from x
with x as materialized (select id from c) select count(*) from x a, x b
with x as not materialized (select id from c) select count(*) from x a join x b on a.id = b.id
with x as (select 1) select * from (with x as (select 2) select * from x) s
with x as (select 1 as v) select (with y as (select v + 1 as w from x) select w from y)
with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select * from t order by 1
with recursive t(n) as (values (1) union all select n + 1 from t where n < 100) select sum(n), count(*) from t
with recursive t as (select 1 as n, 'a'::text as s union all select n + 1, s || 'b' from t where n < 4) select * from t order by 1
with recursive t(n) as (select 1 union select (n + 1) % 4 from t) select * from t order by 1
with recursive t(n) as (select 1 union all select n + 1 from t) select * from t limit 4
with recursive s(id, boss, depth) as (select id, boss, 0 from e where boss is null union all select e.id, e.boss, s.depth + 1 from e join s on e.boss = s.id) select * from s order by 3, 1
with recursive s as (select id, boss, name::text as path from e where boss is null union all select e.id, e.boss, s.path || '/' || e.name from e, s where e.boss = s.id) select path from s order by 1
with recursive up as (select id, boss from e where id = 6 union all select e.id, e.boss from e join up on up.boss = e.id) select id from up order by 1
with recursive a as (select 1 as n), b as (select n + 1 as m from a) select * from b
with recursive t(a, b) as (select 0, 1 union all select b, a + b from t where b < 50) select a from t order by a, b
with x as (select * from c where id < 3) select c.name from c where c.id in (select id from x) order by 1
select * from (with q as (select id, name from c) select * from q where id = 2) s
select id, (with q as (select count(*) as n from o where o.cid = c.id) select n from q) from c order by 1
with x as (values (1), (2)) select * from x union all select 3 order by 1
with x as (select 1) (select * from x) union select 2 order by 1
with i as (insert into n values (7, 7, 'new') returning a, c) select * from i
select count(*) from n
with d as (delete from n where a = 7 returning *) select a, b, c from d
select count(*) from n
with u as (update c set credit = credit where id = 1 returning id, name) select * from u
with i as (insert into n values (8, 8, 'gone')) select 1
with d as (delete from n where a = 8 returning 1 as one) select sum(one) from d
with a as (insert into n values (9, 1, 'p') returning a), b as (insert into n select a + 1, 2, 'q' from a returning a) select * from b
delete from n where a > 8
""".strip().splitlines():
        say(statement)


def sets():
    left, right = "select a from n", "select b from n"
    for op, all in itertools.product(["union", "intersect", "except"], ["", "all", "distinct"]):
        say(f"{left} {op} {all} {right} order by 1")
        say(f"{right} {op} {all} {left} order by 1")
        say(f"select a, c from n {op} {all} select b, c from n order by 1, 2")
        say(f"({left} {op} {all} {right}) union all select 100 order by 1 desc nulls last")
        say(f"select count(*) from ({left} {op} {all} {right}) s")
        say(f"select 1 {op} {all} select 1.5 order by 1")
        say(f"select 'x' {op} {all} select c from n order by 1 nulls first")
        say(f"select a from n where a is not null {op} {all} (select 2 order by 1 limit 1) order by a")
        for op2 in ["union", "intersect", "except all"]:
            say(f"select 1 {op} {all} select 2 {op2} select 2 order by 1")
            say(f"(values (1), (2), (2)) {op} {all} (values (2), (3)) {op2} values (3) order by 1")
    for statement in """
values (1, 'a'), (2, 'b') order by 1 desc
values (1), (null), (3) order by 1 nulls first limit 2
values (1, 2.5), (2, 3) order by 2
values ('a'), ('b') union values ('c') order by 1
select 1 as x union select 2 as y order by x
select id from c union select cid from o order by id nulls first
select name from c union all select item from o order by 1 limit 3 offset 2
select null union select 1 order by 1
select null union select null
select 1::int2 union select 2::int8 order by 1
select 'a'::varchar union select 'b' order by 1
select id, name from c except select id, name from c where id > 2 order by 1
select id from c intersect (select cid from o union select 4) order by 1
(select id from c order by id limit 1) union all (select id from o order by id desc limit 1) order by 1
(select id from c) order by id limit 2
((select 1))
table c order by id
table c union all table c order by id, name limit 3
select count(*) from (select 1 union all select 1 union all select 1) s
""".strip().splitlines():
        say(statement)


def grouping():
    aggregates = ["count(*)", "count(qty)", "sum(qty)", "avg(qty)", "min(item)", "max(price)", "count(distinct item)", "sum(distinct qty)", "sum(qty) filter (where price > 2)", "count(*) filter (where qty is null)"]
    keys = ["cid", "item", "cid is null", "qty % 2", "cid, item"]
    for aggregate in aggregates:
        say(f"select {aggregate} from o")
        say(f"select {aggregate} from o where false")
        for key in keys:
            say(f"select {key}, {aggregate} as agg from o group by {key} order by 1, 2, {aggregate}")
    for sets in ["rollup (cid)", "rollup (cid, item)", "cube (cid, item)", "grouping sets (cid, item)", "grouping sets ((cid, item), cid, ())", "grouping sets ((), ())", "cid, rollup (item)", "grouping sets (rollup (cid), cube (item))", "rollup ((cid, item))", "distinct rollup (cid), rollup (cid, item)"]:
        say(f"select cid, item, count(*), sum(qty) from o group by {sets} order by 1, 2, 3, 4" if "cid" in sets and "item" in sets else f"select count(*), sum(qty) from o group by {sets} order by 1, 2")
        if "cid" in sets and "item" in sets:
            say(f"select cid, item, grouping(cid, item) as g, count(*) from o group by {sets} having count(*) > 1 order by 3, 1, 2, 4")
    for statement in """
select distinct item from o order by 1
select distinct cid, item from o order by 2, 1
select distinct on (cid) cid, item, id from o order by cid, id desc
select distinct on (item) item, id from o order by item, price nulls first, id
select distinct on (cid, item) cid, id from o order by cid, item, id
select distinct on (1) cid, id from o order by 1, 2
select count(distinct cid), count(distinct item) from o
select item as thing, count(*) from o group by thing order by thing
select upper(item), count(*) from o group by upper(item) order by 1
select item, count(*) as n from o group by 1 having count(*) > 1 order by n desc, 1
select c.id, c.name, count(o.id) from c left join o on o.cid = c.id group by c.id order by 1
select c.*, count(o.id) from c left join o on o.cid = c.id group by c.id order by 1
select c.city, sum(o.qty * o.price) from c join o on c.id = o.cid group by c.city order by 1
select sum(qty) + 1, max(item) || 'x' from o
select 1 from o having count(*) > 3
select count(*) from o having count(*) > 100
select 'k' as k, count(*) from o group by k
select cid from o group by cid having cid > 1 order by 1
select id from c order by city nulls first, id
select id from c order by city desc nulls last, id desc
select id from e order by pay desc fetch first 2 rows with ties
select pay from e order by pay desc fetch first row only
select pay from e order by pay offset 1 rows fetch next 2 rows only
select pay from e order by pay fetch first 2 rows with ties
select id from c order by id limit all
select id from c order by id limit null offset null
select min(id), max(id) from big where g = 3
select g, count(*), sum(v), min(v), max(v) from big group by g order by g
select g % 2 as p, count(distinct v), avg(v)::numeric(6, 3) from big group by p order by p
select avg(x) from (values (1), (2), (null)) v(x)
select count(x), count(*), sum(x) from (values (null::int)) v(x)
select bool_and(qty > 0), bool_or(qty > 5), every(price is not null) from o
select string_agg(item, ',' order by item, id) from o
select string_agg(distinct item, '-' order by item) from o
select array_agg(id order by id desc) from o
select array_agg(distinct item) from o
select cid, array_agg(id order by id) from o group by cid order by 1
""".strip().splitlines():
        say(statement)


def windows():
    functions = ["row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(3)", "lag(id)", "lag(id, 2)", "lag(id, 1, -1)", "lead(id)", "lead(name, 2, 'none')", "first_value(id)", "last_value(id)", "nth_value(id, 2)", "count(*)", "sum(pay)", "min(id)", "max(name)", "avg(pay)"]
    for function in functions:
        # What tells equal rows apart is in the order, so that the answer is one.
        for over in ["", "order by id", "order by pay, id", "partition by boss order by id", "partition by pay", "order by pay desc, id desc"]:
            if over in ("", "partition by pay") and not function.startswith(("rank", "dense", "percent", "cume", "count", "sum", "min", "max", "avg")):
                continue
            say(f"select id, {function} over ({over}) from e order by id")
    frames = []
    for mode in ["rows", "groups", "range"]:
        for start in ["unbounded preceding", "1 preceding", "current row", "1 following"]:
            for end in ["1 preceding", "current row", "1 following", "2 following", "unbounded following"]:
                frames.append(f"{mode} between {start} and {end}")
    for frame in frames:
        say(f"select id, sum(id) over (order by id {frame}), count(*) over (order by id desc {frame}) from e order by id")
    for exclude in ["current row", "group", "ties", "no others"]:
        for mode in ["rows", "groups", "range"]:
            say(f"select id, pay, sum(pay) over (order by pay {mode} between unbounded preceding and unbounded following exclude {exclude}) from e order by id")
            say(f"select id, first_value(id) over (order by pay, id {mode} between 1 preceding and 1 following exclude {exclude}) from e where id < 5 order by id" if mode != "range" else f"select id, sum(id) over (order by pay {mode} between 20 preceding and 10 following exclude {exclude}) from e order by id")
    for statement in """
select id, rank() over w, dense_rank() over w from e window w as (order by pay) order by id
select id, sum(pay) over w, count(*) over (w order by id) from e window w as (partition by boss) order by id
select id, sum(pay) over (w rows unbounded preceding) from e window w as (order by id) order by id
select id, row_number() over (order by pay desc, id) as r from e order by r
select * from (select id, row_number() over (partition by boss order by id) as r from e) s where r = 1 order by id
select boss, sum(pay), sum(sum(pay)) over (order by boss) from e group by boss order by boss
select boss, rank() over (order by count(*) desc, boss) from e group by boss order by 1
select id, pay - lag(pay) over (order by id) as d from e order by id
select id, sum(pay) filter (where id > 2) over (order by id) from e order by id
select id, sum(id) over (order by pay range between 10 preceding and 10 following) from e order by id
select id, count(*) over (order by pay desc range between 20 preceding and current row) from e order by id
select id, sum(price) over (order by price range between 1.0 preceding and 1.0 following) from o order by id
select id, count(*) over (partition by g order by v, k) from (select k as id, g, v, k from big where k < 12) s order by id
select distinct count(*) over (partition by g) from big order by 1
select g, v, sum(v) over (partition by g order by k rows 2 preceding) from big where k < 20 order by k
select id, lag(pay, null) over (order by id), ntile(null) over (order by id) from e order by id
select id, nth_value(id, 1) over (order by id), last_value(id) over (order by id rows between unbounded preceding and unbounded following) from e order by id
select id, array_agg(id) over (order by id rows 1 preceding) from e order by id
select row_number() over (), id from c where id = 1
""".strip().splitlines():
        say(statement)


def set_functions():
    for statement in """
select generate_series(1, 3)
select generate_series(1, 3), generate_series(1, 2)
select generate_series(3, 1, -1) as g
select generate_series(1, 0)
select id, generate_series(1, id) as g from c order by 1, 2
select generate_series(1, 3) + 10 order by 1 desc
select sum(g) from generate_series(1, 10) g
select * from generate_series(1, 3)
select * from generate_series(1, 3) as g(n)
select * from generate_series(1, 3) with ordinality
select * from generate_series(5, 7) with ordinality as t(v, i)
select * from rows from (generate_series(1, 2), generate_series(1, 3)) as t(a, b)
select * from rows from (generate_series(1, 2), generate_series(1, 3)) with ordinality
select a, b from generate_series(1, 2) a, generate_series(a, 2) b order by 1, 2
select count(*) from (select generate_series(1, id) from c) s
select distinct generate_series(1, 3) % 2 as g order by g
select generate_series(1, 2) as g, count(*) from c group by g order by g
select max(id), generate_series(1, 2) from c
select generate_series(1, 4) as g order by g desc limit 2
select id from c where id in (select generate_series(2, 3)) order by 1
select (select g from generate_series(1, 3) g where g > 2)
select g, case when g > 1 then 'many' else 'one' end from generate_series(1, 2) g order by 1
select * from unnest(array[1, 2, 3]) as u
select * from unnest(array['a', 'b']) with ordinality as u(x, n)
select unnest(array[3, 4])
""".strip().splitlines():
        say(statement)


def errors():
    for statement in """
select nothing from c
select c.nothing from c
select x.id from c
select id from c, o
select c.id from c join o on id = 1
select * from nowhere
select * from c join nowhere on true
select * from c c, o c
select c.id from c as d
select id from c where id = (select id from c)
select (select id, name from c limit 1)
select (select 1, 2)
select id from c where id in (select id, name from c)
select id from c where (id, name) in (select id from c)
select (1, 2) = (1, 2, 3)
select 1 = any (select 1, 2)
select 1 union select 1, 2
select 1 union select 'x'::text
select 1, 2 except select 1
select id from c union select name from c
select id from c union select cid from o order by nothing
select id from c union select cid from o order by id + 1
select 1 intersect select 2 order by 3
select id, count(*) from c
select id from c group by name
select name from c group by id + 1
select * from c group by name
select count(*) from c where count(*) > 1
select count(count(*)) from c
select sum(id) from c group by sum(id)
select id from c having id > 1
select name from c order by count(*)
select id from c where sum(id) > 1
select c.id from c join o on count(*) = 1
select id from c group by 2
select id from c order by 2
select id from c order by 'x'
select id from c group by 1.5
select distinct id from c order by name
select distinct on (name) id from c order by id
select id from c limit 'x'
select id from c limit -1
select id from c offset -1
select id from c limit id
select id from c fetch first 1 row with ties
select row_number() from c
select row_number() over (order by count(*)) over () from c
select id from c where row_number() over () = 1
select sum(sum(id) over ()) over () from c
select count(row_number() over ()) from c
select id from c group by row_number() over ()
select rank() over nowindow from c
select rank() over (w partition by id) from c window w as (order by id)
select rank() over (w order by id) from c window w as (order by name)
select rank() over w from c window w as (order by id), w as (order by name)
select sum(id) over (order by id rows between unbounded following and current row) from c
select sum(id) over (order by id rows between current row and 1 preceding) from c
select sum(id) over (order by id rows between current row and unbounded preceding) from c
select sum(id) over (order by id rows -1 preceding) from c
select sum(id) over (order by id rows null preceding) from c
select sum(id) over (order by id, name range 1 preceding) from c
select sum(id) over (range 1 preceding) from c
select sum(id) over (groups 1 preceding) from c
select sum(id) over (order by name range 1 preceding) from c
select sum(id) over (order by id rows id preceding) from c
select sum(distinct id) over () from c
select ntile(0) over (order by id) from c
select nth_value(id, 0) over (order by id) from c
select lag() over () from c
select rank(1) over () from c
select upper(distinct name) from c
select upper(name) filter (where true) from c
select upper(name) over () from c
select upper(name order by id) from c
select count() from c
select sum() from c
select sum(name) from c
select nosuch(id) from c
select count(distinct id, name) from c
select array_agg(distinct id order by name) from c
select id from c natural join nowhere
select * from c join o using (nothing)
select * from c join o using (name)
select * from c join o using (id, id)
select * from e join c using (id) join o using (name)
select id from c left join o using (id) where o.nothing = 1
select * from c, (select c.id) s
select * from c, lateral (select c.nothing) s
select * from (select 1)
select * from (values (1, 2), (3))
values (1, 2), (3)
values (1), ('x')
with x as (select 1), x as (select 2) select * from x
with x(a, b) as (select 1) select * from x
with x as (select y) select * from x
select * from x
with recursive t(n) as (select n from t) select * from t
with recursive t(n) as (select 1 intersect select n from t) select * from t
with recursive t(n) as (select 1 union all select n + 1.5 from t) select * from t
with recursive t(n) as (select 1 union all select n + 1 from t order by 1) select * from t
with recursive t(n) as (select 1 union all select n from t limit 1) select * from t
with recursive t(n) as (select n from t union all select 1) select * from t
with recursive t(n) as (select 1 union all select n, 2 from t) select * from t
with x as (delete from n where false) select * from x
select * from (with x as (insert into n values (1) returning 1) select * from x) s
select id from c for update for share limit 1 for nothing
select count(*) from c for update
select distinct id from c for update
select id from c group by id for update
select 1 union select 2 for update
select id from c for update of o
select id from c limit 1 limit 2
(select 1 limit 1) limit 2
(select 1 order by 1) order by 1
select generate_series(1, 2) from c where generate_series(1, 2) = 1
select id from c where generate_series(1, 2) > 0
select sum(generate_series(1, 2))
select id from c limit generate_series(1, 2)
select case when true then generate_series(1, 2) end
select coalesce(generate_series(1, 2), 1)
select grouping(id) from c
select grouping(name) from c group by id
select id from c where exists (select nothing from o)
select (select o.id) from c
select id from c where id in (select c.nothing from o)
select id = any (1) from c
select 1 = any ('x')
select id in () from c
select id from c where id between 1
select id from c join o
select id from c cross join o on true
select id from c left outer o
select from where
select * c
select id from c group
select id from c order id
select id, from c
select id from c where
select id name city from c
select 1 as
select * from c as
select array[1, 'x']
select array[]
select id[1] from c
select name collate "nope" from c
select id collate "C" from c
select 1 + (select 'x'::text)
select case when 1 then 2 end
select case when true then 1 else 'x' end
select coalesce(1, 'x')
select nullif(1, 'x'::text)
select greatest(1, 'x'::text)
select 1 where 1
select 1 having 1
select not 1
select 1 and true
select 1/0
select 1 from c where 1/(id-1) > 0
select max(1/(id-1)) from c
select (select 1/(id-1)) from c order by id
select id::nosuch from c
select cast('x' as int)
select c from c where c.id = 1 and c.nothing
select name + 1 from c
select -name from c
select id = name from c
select id from c where name
""".strip().splitlines():
        say(statement)


for statement in SETUP.strip().splitlines():
    say(statement)
for part in [joins, subqueries, with_queries, sets, grouping, windows, set_functions, errors]:
    part()
