#!/usr/bin/env bash
# Writes disk.txt of this folder: see README.md. Needs a scratch server (superuser, pageinspect).
set -euo pipefail
out=$1
q() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
q <<'S' > "$out/disk.txt"
set client_min_messages = error;
create extension if not exists pageinspect;
create or replace function stored(type_name text, value text) returns text language plpgsql as $$
declare shown text; bytes bytea; sent text;
begin
  execute 'drop table if exists stored_value';
  execute format('create table stored_value(v %s)', type_name);
  execute format('insert into stored_value values (%L)', value);
  execute 'select concat(v) from stored_value' into shown;
  select t_attrs[1] into bytes from heap_page_item_attrs(get_raw_page('stored_value', 0), 'stored_value');
  return concat_ws(e'\t', type_name, value, shown, encode(bytes, 'hex'));
end $$;
select stored(t, v) from (values
  ('date', array['2026-11-20', '1999-12-31', 'infinity', '-infinity', '0044-03-15 BC']), ('time', array['09:33:12.5', '24:00']), ('timetz', array['09:33+02', '00:00-05:30']),
  ('timestamp', array['2026-11-20 09:33:12.603886', '1999-01-01', 'infinity']), ('timestamptz', array['2026-11-20 09:33+00']), ('interval', array['1 mon -2 days 03:04:05.6']),
  ('uuid', array['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']), ('xid8', array['18446744073709551615', '7']), ('char(5)', array['ab', 'abcde', '']), ('varchar(9)', array['ab']),
  ('json', array['{"a" : [1, 2]}', '[]']), ('int4[]', array['{}', '{1,2,3}', '{1,NULL,3}', '{{1,2},{3,4}}', '[0:1]={5,6}', '{{{1,NULL}}}']), ('int2[]', array['{1,2,3}']), ('int8[]', array['{1,NULL}']),
  ('text[]', array['{a,bc,NULL,"d e"}', '{{a,b},{c,d}}']), ('numeric[]', array['{1.50,NaN,12345678.9}']), ('bool[]', array['{t,f,NULL,t}']), ('date[]', array['{2026-01-01,infinity}']), ('timestamp[]', array['{"2026-01-01 10:00",NULL}']),
  ('uuid[]', array['{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}']), ('interval[]', array['{"1 day",NULL}']), ('timetz[]', array['{10:00+01,11:00+02}']), ('bytea[]', array['{"\\x0102"}']), ('char(3)[]', array['{a,bcd}']), ('jsonb[]', array['{"{\"a\": 1}",NULL}']),
  ('jsonb', array['null', 'true', 'false', '1', '-1.50', '12345678901234567890.5', '"x"', '""', '[]', '{}', '[1]', '[1, "two", null, true, [3, {}]]', '{"b": 1, "a": "x", "cc": [], "": null}',
    '{"a": {"b": {"c": [1.5, {"d": false}]}}}', '["a", 1, "bcd", 2, "e", 3.25]', '[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35]',
    '{"k01":1,"k02":2,"k03":3,"k04":4,"k05":5,"k06":6,"k07":7,"k08":8,"k09":9,"k10":10,"k11":11,"k12":12,"k13":13,"k14":14,"k15":15,"k16":16,"k17":"x","k18":18}'])
) s(t, vs), unnest(vs) v;
drop table stored_value;
drop function stored;
S
