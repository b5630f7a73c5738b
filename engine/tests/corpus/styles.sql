-- Zones, styles and digits: what a session may set about how values are read and shown.
set timezone = 'America/New_York'
show timezone
select '2026-07-01 12:00'::timestamptz
select '2026-01-01 12:00'::timestamptz
select '2026-07-01 12:00+00'::timestamptz::timestamp
select timestamptz '2026-03-08 01:59:59'
select timestamptz '2026-03-08 02:30:00'
select timestamptz '2026-03-08 03:00:00'
select timestamptz '2026-11-01 01:30:00'
select timestamptz '2026-11-01 01:30:00 EDT'
select timestamptz '2026-11-01 02:00:00'
select timestamptz '2026-03-07 12:00' + interval '1 day'
select timestamptz '2026-03-07 12:00' + interval '24 hours'
select timestamptz '2026-10-31 12:00' + interval '1 month'
select date_trunc('day', timestamptz '2026-07-01 02:00+00')
select date_trunc('month', timestamptz '2026-07-01 02:00+00')
select extract(timezone_hour from timestamptz '2026-07-01 12:00')
select date_part('hour', timestamptz '2026-07-01 02:00+00')
select timestamptz '2026-07-01 12:00' at time zone 'Europe/Berlin'
select timestamp '2026-07-01 12:00' at time zone 'Asia/Tokyo'
select timestamptz '2026-07-01 12:00'::date
select timestamptz '2026-07-01 02:00+00'::time
select date '2026-07-01'::timestamptz
select to_json(timestamptz '2026-07-01 12:00')
select age(timestamptz '2026-07-01 00:00', timestamptz '2026-03-01 00:00')
select timestamptz '2026-07-01' > timestamp '2026-07-01 00:00'
set timezone = 'Europe/Berlin'
select '2026-07-01 12:00'::timestamptz
select '2026-03-29 02:30'::timestamptz
select '2026-10-25 02:30'::timestamptz
select to_timestamp(0)
set timezone = 'Asia/Kolkata'
select '2026-07-01 12:00'::timestamptz
set timezone = 'Australia/Sydney'
select '2026-01-01 12:00'::timestamptz
select '2026-07-01 12:00'::timestamptz
set timezone = 'nosuch'
set timezone = 'UTC'
show timezone
set datestyle = 'SQL, DMY'
show datestyle
select date '2026-11-20', timestamp '2026-11-20 09:33:12.5', timestamptz '2026-11-20 09:33:12+00'
select '1/2/2026'::date
select '20/11/2026'::date
select '13/13/2026'::date
set datestyle = 'German'
show datestyle
select date '2026-11-20', timestamp '2026-11-20 09:33:12', timestamptz '2026-11-20 09:33:12+00'
set datestyle = 'Postgres, MDY'
select date '2026-11-20', timestamp '2026-11-20 09:33:12', timestamptz '2026-11-20 09:33:12+00'
select timestamp '0044-03-15 12:00 BC'
set datestyle = 'Postgres, DMY'
select date '2026-11-20', timestamp '2026-11-20 09:33:12'
set datestyle = 'ISO, YMD'
select '26-11-20'::date
select '1/2/3'::date
set datestyle = 'nosuch'
set datestyle = 'ISO, MDY'
set intervalstyle = 'postgres_verbose'
select interval '1 year 2 mons 3 days 04:05:06.7', interval '-1 day 2 hours', interval '0', interval '1 mon -2 days'
set intervalstyle = 'sql_standard'
select interval '1 year 2 mons', interval '3 days 04:05:06.7', interval '-1 day 2 hours', interval '0', interval '1 year 3 days', interval '-04:05'
set intervalstyle = 'iso_8601'
select interval '1 year 2 mons 3 days 04:05:06.7', interval '-1 day 2 hours', interval '0', interval '-1 mon 00:00:01.5'
set intervalstyle = 'postgres'
set bytea_output = 'escape'
select '\x00410a5cff'::bytea, '\x'::bytea
set bytea_output = 'hex'
set extra_float_digits = 0
select 0.1::float8, 1.0/3::float8, 1e15::float8, 123456789.123456789::float8, 0.1::float4, 1::float4/3
set extra_float_digits = -3
select 0.1::float8, 1.0/3::float8, 1e12::float8, 123456789.123456789::float8, 1::float4/3
set extra_float_digits = 3
select 0.1::float8, 1.0/3::float8, 0.1::float4
set extra_float_digits = 1
-- Every type in a table.
create table kinds(id int, a bool, b int2, c int8, d float4, e float8, f numeric(10,3), g text, h varchar(5), i char(4), j bytea, k date, l time, m timetz, n timestamp(2), o timestamptz, p interval, q uuid, r json, s jsonb, t int[], u text[], v xid8, w numeric[])
insert into kinds values (1, true, 1, 2, 1.5, 2.5, 3.14159, 'text', 'abc', 'ab', '\x01', '2026-11-20', '09:33', '09:33+02', '2026-11-20 09:33:12.345', '2026-11-20 09:33+00', '1 day', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a" : 1}', '{"b":[1,2.50,null],"a":"x"}', '{1,NULL,3}', '{{a,b},{c,d}}', '7', '{1.50,NaN}')
insert into kinds(id) values (2)
insert into kinds values (3, 'f', -1, -2, 'NaN', '-Infinity', 'NaN', '', '', '', '', '-infinity', '24:00', '00:00-12', 'infinity', '-infinity', '-1 mon 1 day', '00000000-0000-0000-0000-000000000000', 'null', '{}', '{}', '{}', '0', '{}')
select * from kinds order by id
insert into kinds(id, h) values (4, 'abcdef')
insert into kinds(id, i) values (4, 'abcdef')
insert into kinds(id, h, i) values (4, 'abc       ', 'abcd      ')
insert into kinds(id, f) values (4, 12345678)
insert into kinds(id, k) values (4, 'x')
insert into kinds(id, k) values (4, timestamp '2026-01-01 10:00')
insert into kinds(id, a) values (4, 1)
insert into kinds(id, r) values (4, '{')
insert into kinds(id, t) values (4, array['a'])
insert into kinds(id, t) values (4, array[1.5, 2])
insert into kinds(id, g) values (4, 5)
insert into kinds(id, b) values (4, 70000)
insert into kinds(id, b) values (4, 1.5)
insert into kinds(id, l) values (4, interval '26 hours')
select id, b, g, l, h, i, t from kinds where id = 4 order by b, g, l, h, t
select id from kinds where k > '2026-01-01'
select id from kinds where k = date '2026-11-20'
select id from kinds where n >= '2026-11-20'
select id from kinds where q = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
select id from kinds where s @> '{"a":"x"}'
select s->'b'->1 from kinds where id = 1
select id from kinds where i = 'ab'
select count(*), min(k), max(k), min(n), max(p), min(l), max(i) from kinds
select id, k from kinds order by k, id
select id, s from kinds order by s, id
select id, i from kinds order by i desc, id
select id, t from kinds order by t, id
select distinct i from kinds order by i
select i, count(*) from kinds group by i order by i
update kinds set k = k + 1, p = p * 2, t = t || 9, s = s || '{"c":true}' where id = 1
select k, p, t, s from kinds where id = 1
create table keys(d date primary key, t timestamp unique, u uuid unique, c char(3) unique)
insert into keys values ('2026-01-02', '2026-01-02 10:00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'b'), ('2026-01-01', '2026-01-01 10:00', 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a')
insert into keys values ('2026-01-02', null, null, null)
insert into keys values ('2026-01-03', null, null, 'a  ')
select d, c from keys where d >= '2026-01-01' order by d
select d from keys where t = '2026-01-02 10:00'
select d from keys where u > 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
select d from keys where c = 'a'
