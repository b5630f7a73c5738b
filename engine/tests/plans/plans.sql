explain select * from a
explain select 1
explain select * from a where id = 5
explain select * from a where id < 100
explain select id from a where id < 100
explain select * from a where y = 3
explain select * from a where y = 3 and t = 'name 5'
explain select * from a where x between 3 and 7
explain select * from a where y > 2 and y < 5
explain select * from a where t like 'name 1%'
explain select * from a where t is null
explain select count(*) from a
explain select count(*), sum(y) from a where x > 50
explain select y, count(*) from a group by y
explain select y, count(*) from a group by y order by y
explain select y, count(*) from a group by y having count(*) > 10
explain select y, count(*) from a group by y order by count(*) desc
explain select distinct y from a
explain select distinct t from a order by t
explain select * from a order by t
explain select * from a order by id
explain select * from a order by id desc limit 10
explain select * from a order by t limit 5
explain select * from a limit 5 offset 10
explain select id + 1, t || 'x' from a where id % 2 = 0
explain select * from small
explain select * from small where name = 'small 3'
explain select * from a join b on a.id = b.a_id
explain select * from a join b on a.id = b.a_id where a.x = 5
explain select * from a join b on a.id = b.a_id where b.id = 17
explain select * from a join b on a.id = b.a_id where a.id = 17
explain select * from a, small where a.y = small.id
explain select * from a left join b on a.id = b.a_id
explain select * from a left join b on a.id = b.a_id where a.y = 2
explain select * from b left join small on b.id = small.id
explain select * from a join b on a.id = b.a_id join c on c.b_id = b.id
explain select * from a join b on a.id = b.a_id join c on c.b_id = b.id where a.id < 10
explain select * from small s1, small s2
explain select * from small s1, small s2 where s1.id < s2.id
explain select a.y, sum(b.v) from a join b on a.id = b.a_id group by a.y
explain select * from a where id in (1, 2, 3)
explain select * from a where y in (1, 2, 3)
explain select * from a where id in (select a_id from b)
explain select * from a where exists (select 1 from b where b.a_id = a.id)
explain select * from a where not exists (select 1 from b where b.a_id = a.id)
explain select * from a where x = (select max(id) from small)
explain select (select name from small where small.id = a.y) from a
explain select * from (select y, count(*) as n from a group by y) s where n > 10
explain select * from (select * from a where x = 3) s where s.y = 2
explain with w as (select * from small) select * from w
explain with w as materialized (select * from small) select * from w where id = 3
explain with recursive r(n) as (select 1 union all select n + 1 from r where n < 10) select * from r
explain select * from generate_series(1, 10)
explain select * from generate_series(1, 10) g where g > 3
explain values (1, 'a'), (2, 'b')
explain select 1 union all select 2
explain select id from small union select y from a
explain select id from small intersect select y from a
explain select * from a where x = 3 and y = 2
explain select * from a where x = 3 or y = 2
explain select * from a where not (x = 3)
explain select * from a where d = date '2020-02-01'
explain select * from a where d > '2020-06-01' order by d limit 3
explain select max(id) from a
explain select min(x) from a
explain select row_number() over (order by t), id from a
explain select sum(y) over (partition by x order by id) from a
explain update a set y = 1 where id = 5
explain delete from a where x = 5
explain insert into small values (11, 'x')
explain insert into small select id, t from a
explain select * from a where false
explain select * from a where id = 5 and id = 6
explain select * from b where note = 'note 5'
explain select * from b where v > 100.5
explain select * from c where id = 100
explain select lower(t) from a where length(t) > 5
explain select coalesce(t, 'x') from a where x = 1
explain select case when y = 1 then 'a' else 'b' end from a
explain select * from small for update
explain select distinct on (y) y, id from a order by y, id
explain select x, y, count(*) from a group by x, y
explain select count(distinct y) from a
explain select array_agg(id) from small
explain select t, avg(x) from a group by t order by t limit 3
explain select * from a full join small on a.id = small.id
explain select * from a right join small on a.id = small.id
explain select s.name from small s where s.id > 3 order by s.name
explain (analyze, buffers, timing off, summary off) select * from a where id = 5
explain (analyze, buffers, timing off, summary off) select * from a where y = 3
explain (analyze, buffers, timing off, summary off) select count(*) from a
explain (analyze, buffers, timing off, summary off) select y, count(*) from a group by y order by y
explain (analyze, buffers, timing off, summary off) select * from a order by id desc limit 10
explain (analyze, buffers, timing off, summary off) select * from a order by t limit 5
explain (analyze, buffers, timing off, summary off) select * from b where b.id = 17
explain (analyze, buffers, timing off, summary off) select * from a, small where a.y = small.id
explain (analyze, buffers, timing off, summary off) select * from b left join small on b.id = small.id
explain (analyze, buffers, timing off, summary off) select * from small s1, small s2 where s1.id < s2.id
explain (analyze, buffers, timing off, summary off) select (select name from small where small.id = a.y) from a where id < 5
explain (analyze, buffers, timing off, summary off) select * from generate_series(1, 10) g where g > 3
explain (analyze, buffers, timing off, summary off) update a set y = 1 where id = 5
explain (analyze, buffers, timing off, summary off) insert into small values (12, 'x')
explain (analyze, buffers, timing off, summary off) select distinct y from a
explain (analyze, buffers, timing off, summary off) select id from a where id < 100
explain (analyze, buffers, timing off, summary off) select * from a join b on a.id = b.a_id where b.id = 17
explain verbose select id, x + 1 from a where y = 3
explain verbose select a.id, b.v from a join b on a.id = b.a_id where b.id = 17
explain verbose select y, count(*) from a group by y
explain (costs off) select * from a where id = 5
explain (costs off) select * from a join b on a.id = b.a_id order by a.t
explain (costs off) select * from a where x = 3 or id = 7
explain (costs off) select * from a where x in (3, 4) and y = 1
explain (costs off) select * from a where id not in (1, 2)
explain (costs off) select * from a a1 join a a2 on a1.id = a2.x where a1.id < 5
explain select count(*) from a join c on a.x = c.b_id
explain select * from c order by k, id
explain select k, sum(id) from c group by k order by sum(id) desc limit 2
explain select * from b where a_id = 7 order by id
explain select * from b order by a_id limit 3
explain select * from a where x = 3 order by y
explain select * from a where id between 100 and 200 and y = 2
explain select * from a where t = 'name 7' limit 1
explain select * from a where x > 90 and t like '%5'
explain select * from a left join b on a.id = b.a_id where b.id is null
explain select sum(id), min(t) from a where id > 5000
