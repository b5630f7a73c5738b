#!/usr/bin/env python3
"""Queries that PostgreSQL refuses, over the tables of queries.py: what it says, and where in the statement."""

import queries

ERRORS = """
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
"""

queries.setup()
for statement in ERRORS.strip().splitlines():
    queries.say(statement)
