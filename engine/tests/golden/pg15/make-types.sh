#!/usr/bin/env bash
# Writes the files about values of this folder: see README.md. Needs a scratch server of version 15.
set -euo pipefail
out=$1
q() { PGTZ=UTC psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

q <<'S'
create extension if not exists pageinspect;
-- What an expression gives: its type and its text, or its SQLSTATE, message, detail and hint.
create or replace function outcome(expression text) returns text language plpgsql as $$
declare type_name text; value text; message text; detail text; hint text; state text;
begin
  execute format('select format_type(pg_typeof(x), null), x::text from (select %s) s(x)', expression) into type_name, value;
  return concat_ws(e'\t', type_name, coalesce(value, 'NULL'));
exception when others then
  get stacked diagnostics message = message_text, detail = pg_exception_detail, hint = pg_exception_hint, state = returned_sqlstate;
  return concat_ws(e'\t', '!' || state, message, detail, hint);
end $$;
create or replace function operand(type_name text, value text) returns text language sql as $$
  select '(' || quote_nullable(value) || case when type_name = 'unknown' then '' else '::' || type_name end || ')' $$;
drop table if exists samples;
create table samples(type_name text, value text);
insert into samples select 'int2', unnest(array['0','1','-1','7','32767','-32768']);
insert into samples select 'int4', unnest(array['0','1','-1','7','46341','2147483647','-2147483648']);
insert into samples select 'int8', unnest(array['0','-1','10','3037000500','9223372036854775807','-9223372036854775808']);
insert into samples select 'numeric', unnest(array['0','0.00','1','-1','1.0','10','0.5','2.50','-2.5','3','7','0.0001','0.00001','9999','10000','12345678.90','99999999999.99','1e20','123456789012345678901234567890.123456789','9.99999999999999999999','-1e-20','NaN','Infinity','-Infinity']);
insert into samples select 'float8', unnest(array['0','-0','1.5','-2.25','1e308','1e-308','0.1','3','NaN','Infinity','-Infinity']);
insert into samples select 'float4', unnest(array['0','1.5','-2.25','1e38','1e-38','0.1','3','NaN','Infinity']);
insert into samples select 'text', unnest(array['','a','b','ab','Zoë','5']);
insert into samples select 'bool', unnest(array['t','f']);
insert into samples select 'timestamptz', unnest(array['2026-11-20 09:33:12.603886+00','2000-01-01','infinity','-infinity','2024-02-29 23:59:59.999999','4713-01-01 00:00 BC']);
insert into samples select 'interval', unnest(array['1 day','-1 day 02:03:04','1 year 2 mons 3 days 04:05:06.7','-00:00:01','1 month','00:00:00']);
insert into samples select 'pg_lsn', unnest(array['0/0','16/B374D848','FFFFFFFF/FFFFFFFF']);
insert into samples select 'bytea', unnest(array['','\x00ff','\xdeadbeef']);
insert into samples select 'oid', unnest(array['0','4294967295']);
insert into samples select 'tid', unnest(array['(0,1)','(4294967295,65535)']);
S

# Operators between values of one type, of integers of several, and with bare literals.
q > "$out/operators.txt" <<'S'
with ops(op, types) as (values
  ('+', '{int2,int4,int8,float4,float8,interval}'::text[]), ('-', '{int2,int4,int8,float4,float8,interval,timestamptz,pg_lsn}'), ('*', '{int2,int4,int8,float4,float8}'),
  ('/', '{int2,int4,int8,float4,float8}'), ('%', '{int2,int4,int8}'), ('&', '{int4}'), ('|', '{int4}'), ('#', '{int4,int8}'), ('^', '{float8}'), ('||', '{text,bytea}'),
  ('<<', '{int2,int4}'), ('>>', '{int2,int4}'),
  ('=', '{text,bool,timestamptz,float8,interval,tid}'), ('<', '{text,bool,timestamptz,float8,float4,interval,pg_lsn,bytea,oid,tid}'), ('>=', '{text,int2}')),
same as (select op, a.type_name lt, a.value lv, b.type_name rt, b.value rv from ops, samples a, samples b where a.type_name = any(types) and b.type_name = a.type_name),
mixed(op, lt, lv, rt, rv) as (values
  ('+','int2','32767','int4','1'), ('+','int4','2147483647','int8','1'), ('*','int2','-32768','int2','-1'), ('-','int8','-9223372036854775808','int2','1'),
  ('+','int4','1','numeric','2.50'), ('*','numeric','90.00','int4','2'), ('/','int4','7','numeric','2'), ('/','int4','7','float8','2'), ('+','numeric','1.5','float8','0.25'),
  ('+','int4','1','unknown','2'), ('+','unknown','2','int4','1'), ('+','int4','1','unknown','x'), ('+','numeric','1','unknown','2.50'), ('+','unknown','1','unknown','2'),
  ('||','unknown','a','unknown','b'), ('||','text','a','int4','1'), ('||','int4','1','text','a'), ('||','int4','1','int4','2'), ('||','text','is ','bool','t'), ('||','numeric','1.50','unknown','x'),
  ('||','unknown','x','int4','7'), ('=','int4','1','unknown','1'), ('=','int4','1','unknown','x'), ('=','text','1','int4','1'), ('=','int4','1','bool','t'), ('=','numeric','1.0','int4','1'),
  ('=','float8','0.1','numeric','0.1'), ('<','varchar','a','text','b'), ('=','name','a','text','a'), ('=','name','a','unknown','a'), ('=','unknown','a','unknown','b'), ('<','int2','1','int8','2'),
  ('+','int4','1','bool','t'), ('+','text','a','int4','1'), ('-','timestamptz','2026-01-01','interval','1 mon'), ('+','timestamptz','2024-01-31','interval','1 mon'),
  ('+','interval','1 day 01:00','timestamptz','2024-02-28 23:30'), ('-','timestamptz','2026-01-01','unknown','2025-12-24 12:00'), ('+','pg_lsn','0/10','numeric','16'), ('+','numeric','16','pg_lsn','0/10'),
  ('-','pg_lsn','0/10','numeric','17'), ('+','pg_lsn','0/10','int4','1'), ('+','pg_lsn','0/10','numeric','NaN'), ('-','pg_lsn','0/10','unknown','0/8'), ('=','xid','5','int4','5'), ('=','xid','5','unknown','5'), ('<','xid','5','xid','6'),
  ('=','oid','5','int4','5'), ('=','oid','4294967295','int8','4294967295'), ('=','int4[]','{1,2}','int4[]','{1,2}'), ('<','int4[]','{1,2}','unknown','{1,3}'), ('<<','int4','1','int4','33'), ('>>','int8','-8','int4','1'), ('!=','int4','1','int4','2'), ('=','"char"','a','unknown','a'))
select concat_ws(e'\t', op, lt, lv, rt, rv, outcome(format('%s %s %s', operand(lt, lv), op, operand(rt, rv))))
from (select * from same union all select * from mixed) s;
S

# numeric by numeric: every sample with every other, and pairs of random lengths.
q > "$out/numeric-operators.txt" <<'S'
do $$ begin perform setseed(0.15); end $$;
with random_numbers as materialized (
  select i, (case when random() < 0.5 then '-' else '' end ||
    rtrim((select string_agg(floor(random() * 10)::text, '') from generate_series(1, 1 + floor(random() * 24)::int + i * 0))) || '.' ||
    (select string_agg(floor(random() * 10)::text, '') from generate_series(1, 1 + floor(random() * 16)::int + i * 0)))::numeric::text as value
  from generate_series(1, 240) i),
pairs as (
  select a.value lv, b.value rv from samples a, samples b where a.type_name = 'numeric' and b.type_name = 'numeric'
  union all select a.value, b.value from random_numbers a join random_numbers b on b.i = a.i + 120)
select concat_ws(e'\t', op, lv, rv, outcome(format('%s %s %s', operand('numeric', lv), op, operand('numeric', rv))))
from pairs, unnest(array['+','-','*','/','%','<','=']) op;
S

# Which operator is found: for each operator and left type, the type of the result by each right type, or its SQLSTATE.
q > "$out/operator-types.txt" <<'S'
with types(t, n) as (select * from unnest(array['unknown','bool','bytea','"char"','name','int8','int2','int4','text','oid','tid','xid','cid','float4','float8','varchar','timestamptz','interval','numeric','regclass','pg_lsn','int4[]','text[]']) with ordinality)
select concat_ws(e'\t', op, l.t, string_agg(r.t || '=' || split_part(outcome(format('%s %s %s', operand(l.t, null), op, operand(r.t, null))), e'\t', 1), e'\t' order by r.n))
from types l, types r, unnest(array['+','-','*','/','%','^','||','=','<','<>','&']) op where op = '||' is false or l.t not like '%[]' and r.t not like '%[]'
group by op, l.t, l.n order by op, l.n;
select concat_ws(e'\t', 'prefix', op, t, outcome(format('%s %s', op, operand(t, null)))) from unnest(array['-','+','@','~','|/']) op,
  unnest(array['unknown','int2','int4','int8','numeric','float4','float8','interval','text','bool','oid']) t;
S

# Text in, text and binary out.
q > "$out/input.txt" <<'S'
create or replace function in_and_out(type_name text, send text, value text) returns text language plpgsql as $$
declare result text := outcome(operand(type_name, value)); hex text;
begin
  if left(result, 1) <> '!' then execute format('select encode(%s(%s), ''hex'')', send, operand(type_name, value)) into hex; result := result || e'\t' || hex; end if;
  return result;
end $$;
select concat_ws(e'\t', t, v, in_and_out(t, s, v)) from (values
  ('int4','int4send','{0,-1," 7 ",+5,2147483648,-2147483648,x,"",1.5,"1 2",99999999999999999999,-,1e3}'::text[]), ('int2','int2send','{32767,32768,-32769,""}'), ('int8','int8send','{9223372036854775807,9223372036854775808,-9223372036854775808}'),
  ('bool','boolsend','{t,f,TRUE,fal,yes,n,on,off,of,o,1,0,2,"", true ,truee}'),
  ('oid','oidsend','{0,4294967295,-1,4294967296,x,-2147483649}'), ('xid','xidsend','{5,4294967295,abc}'), ('tid','tidsend','{"(0,1)","(4294967295,65535)","(1,65536)","1,2"," (1,2) "}'),
  ('pg_lsn','pg_lsn_send','{0/0,16/b374d848,FFFFFFFF/FFFFFFFF,1/,x/1,123456789/1}'), ('"char"','charsend','{a,ab,"","\\\\001","\\\\377"}'), ('name','namesend','{abc,"0123456789012345678901234567890123456789012345678901234567890123456789"}'),
  ('bytea','byteasend','{"","\\\\xDEADbeef","\\\\xde ad","\\\\xdea","\\\\xzz","a\\\\\\\\b","\\\\001x","\\\\9"}'),
  ('float8','float8send','{0,-0,1,1.5,1e15,123456789012345,1e14,1e23,9.5e22,1e-4,1e-5,0.1,1e400,1e-400,-1e400,4.9e-324,2.2250738585072014e-308,1.7976931348623157e308,nan,inf,-Infinity,"  2.5 ",x,"",1e,.5,5.,9007199254740993,123456.789e3,5e-324,9007199254740992,1e22,2e22,8.41e21,1.0E+5}'),
  ('float4','float4send','{0,0.1,1e6,123456,1234567,1e-5,16777216,3.4028235e38,1e39,1e-46,1.4e-45,NaN,33554432,8388608.5,2e-44}'),
  ('numeric','numeric_send','{0,-0,00012.500,.5,5.,1e5,1.5e-3,1e-20,123456789.987654321,NaN,nan,inf,-Infinity,+infinity,"  1 ",x,"",1e,e5,--1,1.2.3,1e20000,1e200000,1e-16383,1e-16384,10000,100000000,0.0001,0.00001,-99999.99999,1e1073741822,1e1073741823,1e99999999999}'),
  ('timestamptz','timestamptz_send','{2026-11-20 09:33:12.603886+00,2026-11-20,2026-11-20T09:33:12Z,2026-11-20 09:33+01,2026-11-20 09:33:12.5-05:30,20261120T093312+0100,2026-13-01,2026-02-29,2024-02-29 24:00:00,2026-11-20 25:00,infinity,-infinity,epoch,x,"",0044-03-15 BC,2026-11-20 09:33:12.1234567,294276-12-31 23:59:59.999999,294277-01-01,4714-11-24 BC,4714-11-23 BC,1969-12-31 23:59:59.25,1900-02-28,99999-01-01,0001-01-01,2026-11-20 09:33:60}'),
  ('interval','interval_send','{1 day,-1 day 02:03:04,1 year 2 mons 3 days 04:05:06.7,90 s,1.5 hours,-00:00:01.5,1 week,00:00,25:00:00,x,"",1 mon -3 days,2 years,-1 mon 2 days,100 ms,36 hours}'),
  ('text','textsend','{"",abc,Zoë}'), ('int4[]','array_send','{"{}","{1,NULL,-3}","{1,2","1,2","{x}","{,}"," { 1 , 2 } "}'), ('text[]','array_send','{"{}","{a,\"b,c\",NULL,\"null\",\"\",\"a\\\\\\\"b\", x y }"}'), ('oidvector','oidvectorsend','{"1 2 3",""}'), ('int2vector','int2vectorsend','{"1 -2"}')
) s(t, s, vs), unnest(vs) v;
S

q > "$out/casts.txt" <<'S'
with casts(f, v, t) as (
  select 'numeric', v, t from unnest(array['0','1.5','2.5','-2.5','-0.4','32767.4','32767.5','2147483647.5','9223372036854775807.4','9223372036854775808','NaN','Infinity','1e400','1e30','0.1','123456.789','-0.00001']) v, unnest(array['int2','int4','int8','float4','float8','text','numeric(5,2)','numeric(3)','numeric(4,-2)','numeric(2,4)']) t
  union all select 'float8', v, t from unnest(array['0','-0','1.5','2.5','3.5','-2.5','1e10','9.3e18','9223372036854775807','-9223372036854775808','NaN','Infinity','1e39','1e-46','0.1','123456789.123456789','1e20','1.7976931348623157e308','123456.5']) v, unnest(array['int2','int4','int8','float4','numeric','text']) t
  union all select 'float4', v, t from unnest(array['0.1','1.5','16777216','3e38','123456.7','NaN']) v, unnest(array['int2','int4','int8','float8','numeric','text']) t
  union all select 'int8', v, t from unnest(array['0','-1','32768','2147483648','4294967296','9223372036854775807']) v, unnest(array['int2','int4','oid','float4','float8','numeric','text','bool','numeric(3,1)']) t
  union all select 'int4', v, t from unnest(array['0','-1','65','300']) v, unnest(array['int2','int8','oid','bool','"char"','text','name','varchar','timestamptz']) t
  union all select 'text', v, t from unnest(array['5','true','2026-01-01','x','abcdef','abc   ']) v, unnest(array['int4','bool','timestamptz','numeric','varchar(3)','"char"','name','pg_lsn']) t
  union all select 'bool', v, t from unnest(array['t','f']) v, unnest(array['int4','text','varchar','int8','name']) t
  union all select 'varchar', 'abcdef', t from unnest(array['varchar(3)','text','name']) t
  union all select '"char"', v, t from unnest(array['a','\377']) v, unnest(array['int4','text']) t
  union all select 'oid', '4294967295', t from unnest(array['int4','int8','text','numeric']) t
  union all select 'timestamptz', v, t from unnest(array['2026-11-20 09:33:12.603886+00','1999-12-31 23:59:59.9996']) v, unnest(array['timestamptz(3)','timestamptz(0)','text','int4']) t
  union all select 'interval', '1 day', t from unnest(array['text','int4','timestamptz']) t
  union all select 'bytea', '\x41', t from unnest(array['text','int4']) t)
select concat_ws(e'\t', f, v, t, outcome(operand(f, v) || '::' || t)) from casts;
S

q > "$out/aggregates.txt" <<'S'
select concat_ws(e'\t', a, t, vs::text, outcome(format('(select %s(v::%s) from unnest(%L::text[]) v)', a, t, vs)))
from (values ('int2','{1,2,NULL,32767}'::text[]), ('int4','{}'), ('int4','{2147483647,2147483647,1}'), ('int8','{9223372036854775807,1}'), ('numeric','{1.10,2.2,NULL}'), ('numeric','{1,NaN}'), ('float8','{0.1,0.2}'), ('float4','{0.1,0.2,0.3}'),
  ('text','{b,a,Zoë}'), ('varchar','{b,a}'), ('timestamptz','{2026-01-01,2025-01-01}'), ('interval','{1 day,25:00:00}'), ('bool','{t,f}'), ('name','{b,a}'), ('pg_lsn','{0/1,1/0}'), ('oid','{1,4294967295}'), ('bytea','{"\\\\x01"}')) s(t, vs),
  unnest(array['count','sum','avg','min','max']) a;
S

# numerics as they lie on a page: text, modifier-free, and the bytes of the column with its varlena header.
q -c "drop table if exists numerics" -c "create table numerics(v numeric) with (autovacuum_enabled=off)" \
  -c "insert into numerics select value::numeric from samples where type_name = 'numeric'" \
  -c "insert into numerics values (1e63), (1e-63), (1e-64), ('1e252'), ('1e256'), (-1e300), (0.1e-250), (12345678901234567890), (-0.00012), (1e3), (1.000), (repeat('1234', 40)::numeric), (('0.' || repeat('0', 70))::numeric)"
q > "$out/numeric-disk.txt" -c "select v || e'\t' || encode(t_attrs[1], 'hex') from numerics n, heap_page_item_attrs(get_raw_page('numerics', 0), 'numerics') i where i.t_ctid = n.ctid"
