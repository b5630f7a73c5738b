"""Statements for the corpus: the functions that people use. A line names a function and then lists of arguments."""

CALLS = r"""
length | 'abc' | 'Zoë' | '' | null | 'a '::char(5) | '\x0102'::bytea | 123 | 'abc', 1 |
char_length | 'Zoë' | 'ab'::char(4) | 'x'::varchar
octet_length | 'Zoë' | '\x01'::bytea | 'a'::char(4)
bit_length | 'abc' | '\x01'::bytea
lower | 'ABC' | 'ÄÖÜ' | null | 1
upper | 'abc' | 'äöü' | 'ß'
initcap | 'hello wORLD' | 'a-b c1d' | ''
substr | 'abcdef', 2 | 'abcdef', 2, 3 | 'abcdef', -1, 4 | 'abcdef', 0 | 'abcdef', 10 | 'abc', 2, -1 | 'Zoë', 3 | '\x010203'::bytea, 2 | '\x010203'::bytea, 2, 1 | 'abc', 2147483647, 2147483647
substring | 'abcdef', 3 | 'abcdef', 3, 2 | 'foobar', 'o(.)b' | 'foobar', 'o.b' | 'foobar', 'z' | 'foobar', 'o(.)b', '#'
strpos | 'high', 'ig' | 'abc', '' | 'abc', 'z' | 'Zoë', 'ë'
position | 'a', 'b'
left | 'abcde', 2 | 'abcde', -2 | 'abc', 0 | 'abc', 10 | 'abc', -10
right | 'abcde', 2 | 'abcde', -2 | 'abc', 0 | 'abc', 10
lpad | 'hi', 5 | 'hi', 5, 'xy' | 'hi', 1 | 'hi', 5, '' | 'hi', -1 | 'hi', 0, 'x'
rpad | 'hi', 5 | 'hi', 5, 'xy' | 'hi', 1 | 'hi', 5, ''
ltrim | '  x ' | 'zzzytest', 'xyz' | 'abc', ''
rtrim | ' x  ' | 'testxxzx', 'xyz'
btrim | ' x ' | 'xyxtrimyyx', 'xyz' | '\x00010200'::bytea, '\x00'::bytea
replace | 'abcabc', 'b', 'XX' | 'abc', '', 'x' | 'abc', 'z', 'y' | 'aaa', 'aa', 'b' | null, 'a', 'b'
translate | '12345', '143', 'ax' | 'abc', '', 'x' | 'Zoë', 'ë', 'e'
split_part | 'abc~@~def~@~ghi', '~@~', 2 | 'a,b,c', ',', -1 | 'a,b', ',', 3 | 'a,b', ',', 0 | 'abc', '', 1 | 'abc', '', 2 | '', ',', 1
repeat | 'Pg', 4 | 'x', 0 | 'x', -1 | '', 1000000 | 'x', 2147483647
reverse | 'abcde' | 'Zoë' | ''
concat | 'a', 1, null, true | 1.50, date '2026-01-01' | null | array[1,2], 'x' | 'a'
concat_ws | ',', 'a', 1, null, 'b' | null, 'a' | ',' | ', ', null, null
format | 'Hello %s' , 'World' | '%I %L %%', 'a b', 'it''s' | '%s %s', 1 | '%2$s %1$s', 'a', 'b' | '|%10s|', 'foo' | '|%-10s|', 'foo' | '|%*s|', 5, 'x' | '%s', null | '%I', null | '%L', null | '%x', 1 | '%' , 1 | 'plain' | '%1$s %s', 'a', 'b' | '%s', array[1,2] | '%3$s', 'a' | '%0$s', 1
quote_ident | 'abc' | 'Abc' | 'a b' | 'select' | 'a"b' | '' | '1a'
quote_literal | 'abc' | 'it''s' | 'a\b' | 42.5 | null | true
quote_nullable | null | 'x' | 1
md5 | '' | 'abc' | '\x01'::bytea
sha224 | 'abc'
sha256 | 'abc' | ''
sha384 | 'abc'
sha512 | 'abc'
encode | 'abc'::bytea, 'hex' | 'abc'::bytea, 'base64' | '\x00ff5c'::bytea, 'escape' | 'x'::bytea, 'nosuch' | decode(repeat('61', 80), 'hex'), 'base64'
decode | '616263', 'hex' | 'YWJj', 'base64' | 'a\\000b', 'escape' | 'zz', 'hex' | 'YWJ', 'base64' | '!!!!', 'base64' | '616', 'hex'
ascii | 'x' | 'ë' | ''
chr | 65 | 235 | 0 | 8364 | -1 | 1114112
starts_with | 'alphabet', 'alph' | 'a', 'b'
to_hex | 2147483647 | -1 | 255::bigint | -1::bigint
unistr | 'd\0061t\+000061' | 'x\u00e9' | '\zz'
normalize | 'abc'
string_to_array | 'a,b,c', ',' | 'a,,c', ',', '' | 'abc', null | 'abc', '' | '', ',' | null, ',' | 'xx~~yy~~zz', '~~', 'yy'
array_to_string | array[1,2,null,3], ',' | array[1,2,null,3], ',', '*' | array['a','b'], '' | array[[1,2],[3,4]], '-' | null::int[], ','
regexp_match | 'foobarbequebaz', '(bar)(beque)' | 'foobarbequebaz', 'bar.*que' | 'abc', 'd' | 'ABC', 'b', 'i' | 'abc', '(x)?b' | 'a\nb', 'a.b' | 'abc', '('
regexp_matches | 'foobarbequebazilbarfbonk', '(b[^b]+)(b[^b]+)', 'g' | 'foobar', 'o', 'g' | 'abc', 'x' | 'ab', '', 'g'
regexp_replace | 'Thomas', '.[mN]a.', 'M' | 'foobarbaz', 'b..', 'X' | 'foobarbaz', 'b..', 'X', 'g' | 'foobarbaz', 'b(..)', 'X\1Y', 'g' | 'A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 0, 'i' | 'A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 3, 'i' | 'abc', '', '-', 'g' | 'abc', 'b', '\&\&' | 'abc', 'b', '\\' | 'hello world', '(\w+) (\w+)', '\2 \1' | 'abc', 'B', 'x', 'i' | 'abc', 'b', 'x', 'z' | 'aaa', 'a', 'b', 2 | 'aaa', 'a', 'b', 1, 2 | 'x', '[', 'y'
regexp_split_to_array | 'hello world', '\s+' | 'a1b2c3', '\d' | 'abc', '' | 'abc', 'x' | '', ',' | 'aXbxc', 'x', 'i' | '  a  b ', '\s+'
regexp_split_to_table | 'the quick brown', '\s+' | 'abc', ''
regexp_count | 'ABCABCAXYaxy', 'A.' | 'ABCABCAXYaxy', 'A.', 1, 'i' | 'abc', 'x' | 'aaa', 'a', 2 | 'abc', 'b', 0
regexp_instr | 'number of your street, town zip, FR', '[^,]+', 1, 2 | 'ABCDEFGHI', '(c..)(...)', 1, 1, 0, 'i', 2 | 'abc', 'b' | 'abc', 'b', 1, 1, 1 | 'abc', 'x' | 'abc', 'b', 1, 0
regexp_like | 'Hello World', 'world$', 'i' | 'abc', 'B' | 'abc', '^b'
regexp_substr | 'number of your street, town zip, FR', '[^,]+', 1, 2 | 'ABCDEFGHI', '(c..)(...)', 1, 1, 'i', 2 | 'abc', 'x' | 'abc', 'b.'
abs | -17 | -17.4 | '-7'::int2 | -5e0 | '-7' | (-9223372036854775808)::bigint | null::int
ceil | 42.2 | -42.8 | 42.5::float8 | -0.5::float8 | 5 | 'NaN'::numeric | '1.5'
ceiling | 95.3
floor | 42.8 | -42.8 | 5 | 42.8::float8
round | 42.4 | 42.5 | -42.5 | 42.4382, 2 | 1234.56, -1 | 42.5::float8 | 43.5::float8 | 5 | 5, -1 | -0.4::float8 | 1234.5678, 2.0 | '1.5'
trunc | 42.8 | -42.8 | 42.4382, 2 | 1234.5, -2 | 42.8::float8 | 5
sign | -8.4 | 0 | 5::float8 | 'NaN'::numeric | -3
sqrt | 2 | 2.0 | 2::numeric | 0 | -1 | -1.0 | 16.00 | 1e50::numeric | 0.0001 | 'NaN'::numeric | 'inf'::float8
cbrt | 64.0
exp | 1.0 | 0 | -5.5 | 100.0 | 1000::float8 | 5000.5::numeric | 10000.0 | -10000.0 | 'inf'::numeric
ln | 2.0 | 2 | 0 | -1 | 0.0 | 1e100::numeric | 0.5 | 1.0000001 | 'NaN'::numeric
log | 100 | 100.0 | 2.0, 64.0 | 2, 64 | 0 | -1.0 | 10, 1000 | 1, 5 | 0.5, 8
log10 | 1000 | 1000.0
power | 9, 3 | 9.0, 3.0 | 2.0, 0.5 | 2, -2 | 0, 0 | 0.0, 0.0 | -2, 3 | -2.0, 0.5 | 2.5, 3.5 | 10::numeric, 30 | 1.0000001, 1000000 | 10.0, -3
pow | 2, 10
pi |
degrees | 0.5 | pi()
radians | 45.0 | 180
sin | 1 | 0 | 'inf'
cos | 1 | 0
tan | 1
cot | 1
asin | 1 | 2
acos | 1 | 0.5
atan | 1
atan2 | 1, 0 | 1, 2
sind | 30 | 90 | 45
cosd | 60 | 0
tand | 45 | 60
asind | 0.5
acosd | 0.5
atand | 1
atan2d | 1, 0
cotd | 45
sinh | 1
cosh | 0
tanh | 1
asinh | 1
acosh | 1 | 0.5
atanh | 0.5 | 1 | 2
div | 9.0, 4 | -9.5, 4 | 9, 4 | 1, 0
mod | 9, 4 | -9, 4 | 9.5, 4 | 1, 0 | 7::int2, 3::int8
gcd | 1071, 462 | -4, 6 | 0, 0 | 12.5, 5 | 12::bigint, 18
lcm | 1071, 462 | 4, 6 | 0, 5 | 2.5, 4
factorial | 5 | 0 | -1 | 30
width_bucket | 5.35, 0.024, 10.06, 5 | 5, 1, 10, 3 | 0.0, 1.0, 10.0, 3 | 11, 1, 10, 3 | 5, 10, 1, 3 | 5, 1, 1, 3 | 5, 1, 10, 0 | 3, array[1,3,5]
scale | 8.41 | 8 | 'NaN'
min_scale | 8.4100
trim_scale | 8.4100 | 8 | 'NaN'
numeric_inc | 1
bit_count | '\x1234'::bytea
get_bit | '\x1234'::bytea, 3 | '\x12'::bytea, 99
set_bit | '\x12'::bytea, 0, 1
get_byte | '\x1234'::bytea, 1 | '\x12'::bytea, 5
set_byte | '\x1234'::bytea, 0, 255
convert_from | '\x5a6fc3ab'::bytea, 'UTF8' | '\xff'::bytea, 'UTF8' | '\x41'::bytea, 'nosuch'
convert_to | 'Zoë', 'UTF8'
overlay | 'a', 'b', 1
greatest | 1, 2.5, null | 'a', 'b' | null, null | 1, 'x'
least | 1, 2.5 | date '2026-01-01', '2025-01-01'
coalesce | null, 1 | null, null | 1, 'x' | null, 1.5, 2
nullif | 1, 1 | 1, 2 | 'a', 'b' | 1, 'x'
num_nulls | 1, null, 2 | variadic array[1,null]
num_nonnulls | 1, null, 2
pg_typeof | 1 | 'x' | 1.5 | null | array[1] | now() | 1::int2 | 'a'::char(3)
date_trunc | 'hour', timestamp '2001-02-16 20:38:40.5' | 'year', timestamp '2001-02-16 20:38:40' | 'week', timestamp '2001-02-16' | 'quarter', timestamp '2001-05-16' | 'day', timestamptz '2001-02-16 20:38:40+00' | 'month', date '2001-02-16' | 'hour', interval '3 days 02:47:33' | 'month', interval '1 year 3 mons 4 days' | 'millennium', timestamp '2001-02-16' | 'century', timestamp '2001-02-16' | 'decade', timestamp '2001-02-16' | 'second', timestamp '2001-02-16 20:38:40.567' | 'milliseconds', timestamp '2001-02-16 20:38:40.56789' | 'microseconds', timestamp '2001-02-16 20:38:40.56789' | 'minute', timestamp '2001-02-16 20:38:40' | 'nosuch', timestamp '2001-02-16' | 'dow', timestamp '2001-02-16' | 'day', timestamptz '2001-02-16 20:38:40+00', 'UTC' | 'day', timestamp 'infinity' | 'week', interval '10 days'
date_part | 'day', timestamp '2001-02-16 20:38:40' | 'hour', interval '4 hours 3 minutes' | 'year', date '2001-02-16' | 'epoch', timestamptz '2001-02-16 20:38:40.12+00' | 'hour', time '10:11:12' | 'nosuch', timestamp '2001-02-16'
date_bin | '15 minutes', timestamp '2020-02-11 15:44:17', timestamp '2001-01-01' | '1 month', timestamp '2020-02-11', timestamp '2001-01-01' | '0 s', timestamp '2020-02-11', timestamp '2001-01-01'
age | timestamp '2001-04-10', timestamp '1957-06-13' | timestamp '2001-04-10', timestamp '2001-05-11 12:00' | timestamptz '2024-02-29 00:00+00', timestamptz '2023-02-28 00:00+00' | date '2020-01-31', date '2020-03-01'
make_date | 2013, 7, 15 | -44, 3, 15 | 2013, 13, 1 | 0, 1, 1
make_time | 8, 15, 23.5 | 25, 0, 0 | 24, 0, 0
make_timestamp | 2013, 7, 15, 8, 15, 23.5 | 2013, 2, 30, 0, 0, 0
make_timestamptz | 2013, 7, 15, 8, 15, 23.5 | 2013, 7, 15, 8, 15, 23.5, 'UTC' | 2013, 7, 15, 8, 15, 23.5, '+02'
make_interval | | 1 | days => 10 | hours => 5, mins => 30 | 1, 2, 3, 4, 5, 6, 7.5 | secs => 1.5
justify_days | interval '35 days' | interval '-35 days'
justify_hours | interval '27 hours' | interval '-27 hours'
justify_interval | interval '1 mon -1 hour' | interval '35 days 27 hours'
isfinite | date '2001-02-16' | timestamp 'infinity' | interval '4 hours' | timestamptz '-infinity'
to_timestamp | 1284352323 | 1284352323.5 | 'inf'::float8 | '05 Dec 2000', 'DD Mon YYYY' | '2000-12-05 10:11:12', 'YYYY-MM-DD HH24:MI:SS' | '20001205', 'YYYYMMDD' | '12:30 PM', 'HH12:MI AM' | '2000 JUN', 'YYYY MON' | 'x', 'YYYY' | '2000-13', 'YYYY-MM' | '15', 'FMHH' | '2000-01-01 10:11:12.345', 'YYYY-MM-DD HH24:MI:SS.MS' | '97/Feb/16', 'YY/Mon/DD' | '2011$03!18 23_38_15', 'YYYY-MM-DD HH24:MI:SS'
to_date | '05 Dec 2000', 'DD Mon YYYY' | '2000-366', 'YYYY-DDD' | '20000431', 'YYYYMMDD' | '2000-02-29', 'YYYY-MM-DD' | '1 4 1902', 'Q MM YYYY' | '2458872', 'J' | '44-02-01 BC', 'YYYY-MM-DD BC' | '3 Jan 99', 'DD Mon YY' | '12-1-2005', 'MM-DD-YYYY' | '2005 week 1', 'IYYY "week" IW'
to_char | timestamp '2002-04-20 17:31:12.66', 'HH12:MI:SS' | timestamp '2002-04-20 17:31:12.66', 'YYYY-MM-DD HH24:MI:SS.MS US' | timestamp '2002-04-20', 'Day, DD Month YYYY' | timestamp '2002-04-20', 'FMDay, FMDD FMMonth YYYY' | timestamp '2002-04-02', 'Dy DAY dy DDth D ID DDD IDDD' | timestamp '2002-04-20', 'Mon MON mon MONTH month MM RM rm' | timestamp '2002-04-20', 'YYYY YYY YY Y Y,YYY IYYY IY' | timestamp '2002-04-20 00:01:02', 'HH HH12 HH24 AM am A.M. p.m.' | timestamp '2002-04-20', 'WW IW W CC Q J' | timestamp '2002-04-20 10:00', 'SSSS SSSSS' | timestamp '2002-04-20', '"quoted YYYY" YYYY' | timestamp '0044-03-15 BC', 'YYYY BC AD b.c.' | timestamptz '2002-04-20 17:31:12+00', 'TZ tz OF TZH:TZM' | interval '15h 2m 12s', 'HH24:MI:SS' | interval '1 year 2 mons 30 hours', 'YYYY-MM-DD HH24' | timestamp '2002-04-20 17:31:12.66', 'FF1 FF2 FF3 FF6' | date '2002-04-20', 'YYYYMMDD' | timestamp '2002-04-01', 'FMDDth FMMMTH' | timestamp 'infinity', 'YYYY' | timestamp '2002-04-20', ''
to_char | 125, '999' | 125.8::real, '999D9' | -125.8, '999D99S' | 485, '999' | -485, '999' | 485, '9 9 9' | 1485, '9,999' | 1485, '9G999' | 148.5, '999.999' | 148.5, 'FM999.999' | 148.5, 'FM999.990' | 3148.5, '9G999D999' | -485, '999S' | -485, '999MI' | 485, '999MI' | 485, 'FM999MI' | 485, 'PL999' | 485, 'SG999' | -485, 'SG999' | -485, '9SG99' | -485, '999PR' | 485, 'L999' | 485, 'RN' | 485, 'FMRN' | 5.2, 'FMRN' | 482, '999th' | 485, '"Good number:"999' | 485.8, '"Pre:"999" Post:" .999' | 12, '99V999' | 12.4, '99V999' | 0.0004859, '9.99EEEE' | -0.1, '99.99' | -0.1, 'FM9.99' | 0.1, '0.9' | 12, '9990999.9' | 12, 'FM9990999.9' | 1234567, '999' | 12345678901::bigint, '999,999,999,999' | 12.5::float8, '999.99' | 1.5, '' | 0, '9.99' | 0, '999' | 'NaN'::numeric, '999' | 1e10, '9.9EEEE' | 10, 'B9' | 0, 'FM999' | 1234.5, 'FM9,999.00'
to_number | '12,454.8-', '99G999D9S' | '123', '999' | '-12.5', 'S99.9' | '$1,234.50', 'L9,999.99' | 'abc', '999' | '', '999' | '1.234', '9.99'
timezone | 'UTC', timestamp '2001-02-16 20:38:40' | 'UTC', timestamptz '2001-02-16 20:38:40-05' | interval '-5 hours', timestamptz '2001-02-16 20:38:40+00' | '+03', timestamp '2001-02-16 20:38:40' | 'nosuch', timestamp '2001-02-16 20:38:40' | 'EST', timestamp '2001-02-16 20:38:40' | 'America/New_York', timestamptz '2001-07-16 20:38:40+00' | 'UTC', timetz '10:00+02'
generate_series | 1, 3 | 5, 1, -2 | 1, 10, 0 | 1.5, 3 | 1, 2, 0.5 | timestamp '2026-01-01', timestamp '2026-01-02', interval '12 hours' | date '2026-01-01', date '2026-03-01', interval '1 month' | 1, null | 'a', 'b' | 1::bigint, 3 | timestamptz '2026-01-01 00:00+00', '2026-01-01 02:00+00', '1 hour' | 1, 0
generate_subscripts | array[1,2,3], 1 | array[1,2,3], 2 | '[5:6]={1,2}'::int[], 1 | array[1,2,3], 1, true
array_append | array[1,2], 3 | null, 1 | array['a'], 'b' | array[1], null | array[1], 'x' | '{}'::int[], 1 | array[1], 2.5
array_prepend | 1, array[2,3] | 1, null | 'a', array['b']
array_cat | array[1,2], array[3] | array[[1,2]], array[3,4] | null, array[1]
array_length | array[1,2,3], 1 | array[[1,2],[3,4]], 2 | array[1], 2 | '{}'::int[], 1 | array[1], 0
array_ndims | array[[1,2],[3,4]] | '{}'::int[]
array_dims | array[[1,2],[3,4]] | '[2:3]={1,2}'::int[] | '{}'::int[]
array_lower | '[0:2]={1,2,3}'::int[], 1
array_upper | array[1,8,3,7], 1
array_position | array['sun','mon','tue'], 'mon' | array[1,2,null], null | array[1,2], 5 | array[1,2,1], 1, 2
array_positions | array['A','A','B','A'], 'A' | array[1], 2
array_remove | array[1,2,3,2], 2 | array[1,null], null
array_replace | array[1,2,5,4], 5, 3 | array[1,null], null, 0
array_fill | 7, array[3] | 7, array[2], array[2] | 0, array[2,2]
array_to_json | array[1,2] | array[[1,5],[99,100]]
cardinality | array[[1,2],[3,4]] | '{}'::int[] | null::int[]
trim_array | array[1,2,3,4], 2 | array[1], 2
unnest | array[1,2,null] | array['foo','bar'] | '{}'::int[] | array[[1,2],[3,4]] | null::int[]
array_agg | 1
to_json | 'Fred said "Hi."'::text | 1 | array[1,2] | null::int | true | 1.5 | date '2026-01-01' | timestamp '2026-01-01 10:00' | '{"a":1}'::json | 'x'
to_jsonb | 'abc'::text | 1.50 | array['a','b'] | now() is null
json_build_array | 1, 2, 'foo', 4, 5 | | null, true, 1.5, array[1], '{"a":1}'::json
json_build_object | 'foo', 1, 2, true | | 'a' | null, 1 | 'a', null
jsonb_build_array | 1, 'foo', null, 1.50
jsonb_build_object | 'foo', 1, 'bar', array[1,2] | 'b', 1, 'a', 2 | 1, 2 | 'a'
json_object | '{a,1,b,"def"}' | '{a,b}', '{1,2}' | '{a}' | '{{a,1},{b,2}}'
jsonb_object | '{a,1,b,2}'
json_array_length | '[1,2,3,{"f1":1},4]' | '{}' | '1'
jsonb_array_length | '[1,2]' | '{}' | '1'
json_typeof | '-123.4' | 'null' | '"x"' | '[]' | '{}' | 'true'
jsonb_typeof | '-123.4' | 'null' | '{}'
json_array_elements | '[1,true, [2,false]]' | '{}'
jsonb_array_elements | '[1,true, [2,false]]' | '5' | '[]'
json_array_elements_text | '["foo", "bar", null]'
jsonb_array_elements_text | '["foo", 1, null]'
json_object_keys | '{"f1":"abc","f2":{"f3":"a"}}' | '[]'
jsonb_object_keys | '{"b":1,"a":2}' | '[1]'
json_extract_path | '{"f2":{"f3":1},"f4":{"f5":99,"f6":"foo"}}', 'f4', 'f6'
json_extract_path_text | '{"f4":{"f5":99,"f6":"foo"}}', 'f4', 'f6'
jsonb_extract_path | '{"f4":{"f5":99,"f6":"foo"}}', 'f4', 'f5'
jsonb_extract_path_text | '{"a":[1,2]}', 'a', '1'
jsonb_set | '{"a":1}', '{a}', '2' | '{"a":{"b":1}}', '{a,b}', '"x"' | '{"a":1}', '{b}', '2' | '{"a":1}', '{b}', '2', false | '[1,2,3]', '{1}', '9' | '[1,2,3]', '{-1}', '9' | '[1]', '{x}', '9' | '1', '{a}', '2'
jsonb_insert | '{"a":[0,1,2]}', '{a,1}', '"new"' | '{"a":[0,1,2]}', '{a,1}', '"new"', true | '{"a":1}', '{a}', '2'
jsonb_pretty | '[{"f1":1,"f2":null}, 2]' | '{}' | '1'
json_strip_nulls | '[{"f1":1, "f2":null}, 2, null, 3]'
jsonb_strip_nulls | '[{"f1":1, "f2":null}, 2, null, 3]'
row_to_json | 1
jsonb_exists | '{"a":1}', 'a'
uuid_send | 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
pg_size_pretty | 0 | 10239 | 10240 | 1048576000 | 123456789012345 | -5000000::bigint | 1024.5
pg_size_bytes | '1 GB' | '10kB' | '1.5 MB' | '5' | 'x'
format_type | 23, -1 | 1043, 14 | 1700, 655366 | 1042, 5 | 1114, 3 | 1186, -1 | 1007, -1 | 99999, null | 0, null | null, 1
current_schemas | true | false
has_table_privilege | 'pg_class', 'select'
has_schema_privilege | 'public', 'usage'
has_database_privilege | 'postgres', 'connect'
to_regclass | 'pg_class' | 'nosuch'
to_regtype | 'int4' | 'integer' | 'nosuch' | 'varchar(3)'
pg_table_is_visible | 1259
pg_encoding_to_char | 6
pg_client_encoding |
quote_literal | E'a\\b'
obj_description | 1, 'pg_class'
col_description | 1259, 1
pg_get_expr | null, 0
pg_get_userbyid | 10 | 99999
txid_current_if_assigned |
pg_is_in_recovery |
version | 1
nosuchfunction | | 1 | 'a', 2
count |
sum | 'x'
isempty | 1
oidvectortypes | '23 25'
hash_array | array[1,2]
int4 | '5' | 5.5
text | 5 | 'a'::char(3)
float8 | 1
numeric | 5
date | timestamp '2026-01-01 10:00'
timestamp | 1
int4pl | 1, 2
textcat | 'a', 'b'
setseed | 0.5 | 2
row_number |
lag | 1
now | 1
"""

EXPRESSIONS = r"""
substring('Thomas' from 2 for 3) | substring('Thomas' from 3) | substring('Thomas' for 2) | substring('Thomas' from '...$') | substring('Thomas' from '%#"o_a#"_' for '#') | substring('Thomas' similar '%#"o_a#"_' escape '#') | substring('abc' from 2 for -1) | substring('\x010203'::bytea from 2 for 1)
position('om' in 'Thomas') | position('' in 'a') | position('\x02'::bytea in '\x0102'::bytea) | position('z' in 'a')
overlay('Txxxxas' placing 'hom' from 2 for 4) | overlay('abcdef' placing 'XX' from 3) | overlay('abc' placing 'X' from 0)
trim(' x ') | trim(both 'xyz' from 'yxTomxx') | trim(leading from '  x ') | trim(trailing 'x' from 'abxx') | trim('x' from 'xax') | trim(both from ' a ') | trim(leading 'ab' from 'abcab') | trim(' a ', ' ')
extract(year from timestamp '2001-02-16 20:38:40.12') | extract(century from date '2000-12-16') | extract(millennium from date '2001-02-16') | extract(decade from timestamp '2001-02-16') | extract(quarter from date '2001-02-16') | extract(month from date '2001-02-16') | extract(week from date '2001-02-16') | extract(day from date '2001-02-16') | extract(dow from date '2001-02-18') | extract(isodow from date '2001-02-18') | extract(doy from date '2001-02-16') | extract(isoyear from date '2006-01-01') | extract(hour from timestamp '2001-02-16 20:38:40') | extract(minute from timestamp '2001-02-16 20:38:40') | extract(second from timestamp '2001-02-16 20:38:40.5') | extract(milliseconds from time '17:12:28.5') | extract(microseconds from time '17:12:28.5') | extract(epoch from timestamp '2001-02-16 20:38:40.12') | extract(epoch from interval '5 days 3 hours') | extract(epoch from date '2001-01-01') | extract(julian from timestamp '2001-02-16 12:00') | extract(timezone from timestamptz '2001-02-16 20:38:40+00') | extract(timezone_hour from timestamptz '2001-02-16 20:38:40+00') | extract(hour from date '2001-02-16') | extract(hour from time '10:11:12.5') | extract(day from interval '40 days 1 minute') | extract(month from interval '2 years 13 months') | extract(year from interval '-13 months') | extract(century from date '0099-01-01 BC') | extract(nosuch from date '2001-01-01') | extract('day' from date '2001-01-01') | extract(epoch from timetz '10:00+02') | extract(year from timestamp 'infinity') | extract(day from timestamp '-infinity') | extract(second from interval '1.5 s') | extract(epoch from timestamptz '2001-02-16 20:38:40.12+00')
timestamp '2001-02-16 20:38:40' at time zone 'UTC' | timestamptz '2001-02-16 20:38:40-05' at time zone 'UTC' | timestamptz '2001-02-16 20:38:40+00' at time zone interval '-5 hours' | time '10:00' at time zone 'UTC' | timestamptz '2001-02-16 20:38:40+00' at time zone '+5' | timestamptz '2001-02-16 20:38:40+00' at time zone 'PST' | timestamptz '2001-07-16 20:38:40+00' at time zone 'Europe/Berlin' | timestamp '2001-07-16 20:38:40' at time zone 'America/Los_Angeles'
date '2026-11-20' | timestamp '2026-11-20 10:00' | time '10:00' | interval '1 day' | interval '1' day | interval '1-2' year to month | interval '10:20' hour to minute | interval(0) '1.5 s' | timestamp(1) '2026-01-01 10:00:00.26' | timestamp with time zone '2026-01-01 10:00+02' | time with time zone '10:00+02' | int4 '5' | numeric '1.50' | float8 '1.5' | uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' | json '{}' | bool 't' | double precision '1.5' | char 'ab' | varchar 'ab' | character varying(3) 'abcd' | national character(3) 'ab' | bit '1' | b'101' | x'1f'
cast('5' as int) | cast(1.5 as int) | cast('a' as char(3)) | cast(null as int) | '5'::int::text::numeric(5,2) | cast('abcd' as varchar(2)) | cast(array['1','2'] as int[]) | '{1,2}'::int[]::text | cast('2026-01-01' as date) | cast(1 as boolean) | cast(2.5 as smallint) | cast('x' as int)
array[1,2,3] | array['a','b'] | array[1,2.5] | array[[1,2],[3,4]] | array[]::int[] | array[] | array[1,null] | array[null] | array[1,'2'] | array['a',1] | array[array[1,2],array[3]] | array[1,2]::text[] | array[now()] is null | array[date '2026-01-01'] | array[true,false]::text
(array[1,2,3])[1] | (array[1,2,3])[5] | (array[1,2,3])[2:3] | (array[1,2,3])[:2] | (array[1,2,3])[2:] | (array[[1,2],[3,4]])[2][1] | (array[[1,2],[3,4]])[1:1] | (array[[1,2],[3,4]])[1] | (array[1,2,3])[null] | ('{a,b}'::text[])[2] | (array[1,2,3])['2'] | (array[1,2,3])['x'] | (1)[1] | ('{"a":[1,2]}'::jsonb)['a'] | ('{"a":[1,2]}'::jsonb)['a'][1] | (array[[1,2],[3,4]])[1:2][2] | (array[1,2,3])[3:1]
1 = any(array[1,2]) | 3 = any(array[1,2]) | 3 = any(array[1,null]) | 1 <> all(array[2,3]) | 1 < all('{2,3}') | 1 = any('{1,2}') | 'a' = any('{a,b}') | 1 = any(null::int[]) | null = any(array[1]) | 1 = some(array[1]) | 'abc' like any(array['a%','z%']) | 1 = any(5) | 1 = any(array['a']) | 1 = all('{}'::int[]) | 1 + any(array[1]) | 1.5 = any(array[1,2]) | 'b' > all(array['a','A'])
'abc' like 'abc' | 'abc' like '_b_' | 'abc' like 'c' | 'a%c' like 'a\%c' | 'a%c' like 'a#%c' escape '#' | 'a\c' like 'a\c' escape '' | 'abc' like 'a_' | 'abc' not like 'a%' | 'ABC' ilike 'a%' | 'abc' not ilike 'A%' | 'abc' like null | 'abc' like 'abc\' | 'abc' like 'a%' escape 'xx' | 'Zoë' like 'Zo_' | '' like '%' | 'abc' like '%b%c%' | 'aXbXc' like '%X%X%' | '\x6162'::bytea like '\x61%' | 'a'::char(3) like 'a' | 'a  ' like 'a' | 'name'::name like 'n%' | 5 like '5'
'abc' similar to 'abc' | 'abc' similar to 'a' | 'abc' similar to '%(b|d)%' | 'abc' similar to '(b|c)%' | 'abc' not similar to 'a%' | 'aaa' similar to 'a{3}' | 'a.c' similar to 'a.c' | 'abc' similar to 'a.c' | 'a|b' similar to 'a\|b' | 'a%b' similar to 'a#%b' escape '#' | 'abc' similar to '[a-c]+' | null similar to 'a' | 'ab' similar to 'a_' | 'ab' similar to 'a?b*' | 'xay' similar to '_a_'
'thomas' ~ 't.*ma' | 'thomas' ~* 'T.*ma' | 'thomas' !~ 't.*max' | 'thomas' !~* 'T.*ma' | 'abc' ~ '^a' | 'abc' ~ 'c$' | 'abc' ~ '(b|d)' | 'abc' ~ '^(b|c)' | 'a1b' ~ '\d' | 'abc' ~ '\d' | 'a b' ~ '\s' | 'foo_bar' ~ '^\w+$' | 'abc' ~ '[[:alpha:]]+' | '123' ~ '^[[:digit:]]{3}$' | '123' ~ '^\d{2}$' | 'aab' ~ '^a{1,2}b' | 'aaab' ~ '^a{1,2}b' | 'abab' ~ '^(ab){2}$' | 'abcabc' ~ '^(abc)\1$' | 'abcabd' ~ '^(abc)\1$' | 'abc' ~ '[' | 'abc' ~ '(' | 'abc' ~ 'a**' | 'abc' ~ '*a' | 'abc' ~ 'a{2,1}' | 'abc' ~ 'a{' | 'a{' ~ 'a\{' | 'abc' ~ '\' | 'a.c' ~ 'a\.c' | 'abc' ~ 'a\.c' | 'foo bar' ~ '\mbar\M' | 'foobar' ~ '\mbar' | 'foo bar' ~ '\ybar' | 'foobar' ~ 'foo(?=bar)' | 'foobaz' ~ 'foo(?=bar)' | 'foobaz' ~ 'foo(?!bar)' | 'bar' ~ '(?<=foo)bar' | 'foobar' ~ '(?<=foo)bar' | 'ABC' ~ '(?i)abc' | E'a\nb' ~ 'a.b' | E'a\nb' ~ '(?n)a.b' | E'a\nb' ~ '(?n)^b' | E'a\nb' ~ '^b' | 'a+b' ~ '***=a+b' | 'a' ~ '[^b]' | 'b' ~ '[^b]' | '-' ~ '[a-]' | ']' ~ '[]]' | 'x' ~ '[[.x.]]' | 'é' ~ '^.$' | 'É' ~* 'é' | 'abc' ~ '' | '' ~ '^$' | 'a' ~ '(?:a)' | 'a' ~ '(?#comment)a' | 'ab' ~ '(?x) a b' | 'aaa' ~ 'a{3,}' | 'tab	x' ~ '\t' | 'a' ~ '\x61' | 'a' ~ '\u0061' | 'abc' ~ '\Aabc\Z' | 'ab' ~ 'a|' | 'x' ~ '[z-a]' | 'x' ~ '[[:nosuch:]]' | 'aXb' ~ 'a\Wb' | 'ab' ~ 'a\Bb' | 'ab' ~ 'a\Yb' | 'abc' ~ '(a)(b)?(c)' | 'foo' ~ '\1' | 'A' ~ '[a-z]' | 'A' ~* '[a-z]'
substring('foobar' from 'o+') | substring('abcd' from 'b(c)?') | substring('foobarbaz' from 'b.*?') | substring('XY1234Z' from 'Y*([0-9]{1,3})') | substring('XY1234Z' from 'Y*?([0-9]{1,3})') | substring('xyz' from '(x|xy)(z|yz)') | substring('aaa' from 'a{1,2}?') | substring('aaaa' from '(a+?)(a+)') | substring('abcdef' from '(?:b)(.)') | substring('ab' from 'a|ab') | substring('foo123' from '\d+') | substring('xabyabbbz' from 'ab*') | regexp_replace('aaa', '^a', 'b', 'g') | regexp_replace('hello', 'l+?', 'L', 'g') | regexp_replace('a.b.c', '\.', '', 'g') | regexp_match('abc01234xyz', '(.*)(\d+)(.*)') | regexp_match('abc01234xyz', '(.*?)(\d+)(.*)') | regexp_match('abc01234xyz', '(?:(.*?)(\d+)(.*)){1,1}') | regexp_replace('foo bar baz', '\y', '|', 'g') | regexp_replace('äöü', '[ö]', 'x') | regexp_replace('(555) 123', '[^0-9]', '', 'g') | regexp_replace('CamelCaseString', '([A-Z])', '_\1', 'g') | regexp_split_to_array('one, two,three', ',\s*')
'{"a":{"b":"foo"}}'::json->'a' | '{"a":{"b":"foo"}}'::json->>'a' | '[1,2,3]'::json->1 | '[1,2,3]'::json->>-1 | '[1,2,3]'::json->5 | '{"a":1}'::json->'x' | '{"a":{"b":["x","y"]}}'::json#>'{a,b,1}' | '{"a":{"b":["x","y"]}}'::json#>>'{a,b,1}' | '1'::json->'a' | '{"a":null}'::json->>'a' | '{"a":null}'::json->'a' | '{"a": [1, 2]}'::json->'a' | '{"a":{"b":"foo"}}'::jsonb->'a' | '{"a":{"b":"foo"}}'::jsonb->>'a' | '[1,2,3]'::jsonb->1 | '[1,2,3]'::jsonb->>-1 | '{"a":1}'::jsonb->0 | '{"a":{"b":["x","y"]}}'::jsonb#>'{a,b,1}' | '{"a":{"b":["x","y"]}}'::jsonb#>>'{a,b,-1}' | '{"a":1,"b":2}'::jsonb@>'{"b":2}' | '{"b":2}'::jsonb<@'{"a":1,"b":2}' | '{"a":1}'::jsonb?'a' | '["a","b"]'::jsonb?'b' | '"a"'::jsonb?'a' | '{"a":1,"b":2}'::jsonb?|array['b','c'] | '{"a":1,"b":2}'::jsonb?&array['b','c'] | '["a"]'::jsonb||'["b"]' | '{"a":1}'::jsonb||'{"a":2,"b":3}' | '1'::jsonb||'2' | '[1]'::jsonb||'2' | '{"a":1}'::jsonb||'[2]' | '{"a":1,"b":2}'::jsonb-'a' | '["a","b","a"]'::jsonb-'a' | '[1,2,3]'::jsonb-1 | '[1,2,3]'::jsonb- -1 | '{"a":1}'::jsonb-1 | '{"a":1,"b":2,"c":3}'::jsonb-'{a,c}'::text[] | '{"a":{"b":1,"c":2}}'::jsonb#-'{a,b}' | '[1,{"x":2}]'::jsonb#-'{1,x}' | '"a"'::jsonb-'a' | '[1,2,[3]]'::jsonb@>'[3]' | '[1,2]'::jsonb@>'1' | '{"a":[1,2]}'::jsonb@>'{"a":[2]}' | '1'::jsonb<'2'::jsonb | '"a"'::jsonb<'1'::jsonb | '[1]'::jsonb<'{}'::jsonb | '{"a":1}'::jsonb='{"a":1.0}'::jsonb | 'null'::jsonb<'1'::jsonb | '[]'::jsonb<'1'::jsonb | ('{"a":"5"}'::jsonb->>'a')::int+1 | '{"a":1.50}'::jsonb->>'a' | ('[1,2]'::jsonb->0)::int | '{"a":"x\ny"}'::jsonb->>'a' | '{"a":"\u00fc"}'::json->>'a' | '{"a":1}'::jsonb::text | '{"z":1,"aa":2}'::jsonb::json | '"x"'::jsonb#>>'{}'
current_date is null | current_timestamp = now() | localtimestamp is null | current_time is null | localtime is null | current_timestamp(0) is null | now() - now() | current_user | session_user | user | current_catalog | current_schema | current_schema() | current_role | current_database() | pg_typeof(current_date) | pg_typeof(current_time) | pg_typeof(localtime) | pg_typeof(localtimestamp(2)) | clock_timestamp() >= now() | statement_timestamp() >= now() | timeofday() is null | random() < 1 | gen_random_uuid() is null | pg_typeof(random())
(timestamp '2026-01-01', timestamp '2026-01-03') overlaps (timestamp '2026-01-02', timestamp '2026-01-04') | (date '2026-01-01', interval '1 day') overlaps (date '2026-01-02', interval '1 day') | (time '10:00', time '11:00') overlaps (time '11:00', time '12:00')
case when true then 1 else 2 end | case 1 when 1 then 'a' else 'b' end | case when 1 then 2 end | case 1 when 'x' then 2 end | case when true then 1 else 'x' end | case when false then 1 end | case 'a' when 'a' then 1.5 else 2 end | case when null then 1 else 0 end | case when true then 1 else 1/0 end
1 + 1 as two | 'a' as "Quoted Name" | 1 | 'a'::text | cast(1 as int8) | 1::int | upper('a') | 'x'::char(2) || 'y' | 'x'::char(2)::text || 'y' | length('ab  '::char(6)) | 'ab  '::char(6) = 'ab' | 'a'::char(3) || 'b'::char(3) | concat('a'::char(3), 'b') | 'abc'::char | 'a '::char(2)::varchar || '|' | pg_typeof('a'::char(3) || 'b') | upper('a'::char(3)) | 'a'::char(3) like 'a  ' | 'b'::char(3) > 'a' | row(1,2) = row(1,2) | row(1,2) < row(1,3) | (1,2) = (1,3) | (1,'a') <> (1,'b') | row(1,null) is null | row(null,null) is null | row(1,2) is not null | row(1,'a',null) | (1,2) in ((1,2),(3,4))
sum(x) from unnest(array[1,2,3]) x | sum(x::bigint) from unnest(array[1,2]) x | sum(x::numeric) from unnest(array[1.5,2]) x | sum(x::float8) from unnest(array[1,2]) x | sum(x::interval) from unnest(array['1 day','2 hours']) x | avg(x) from unnest(array[1,2,4]) x | avg(x::float8) from unnest(array[1,2]) x | avg(x::interval) from unnest(array['1 day','2 days']) x | count(*) from unnest(array[1,null]) x | count(x) from unnest(array[1,null]) x | min(x) from unnest(array['b','a']) x | max(x) from unnest(array[date '2026-01-01','2025-01-01']) x | min(x) from unnest(array[time '10:00','09:00']) x | max(x) from unnest(array[true]) x | min(x::char(3)) from unnest(array['b','a']) x | max(x) from unnest(array[interval '1 day','23:00']) x | min(x) from unnest(array[timestamp '2026-01-01','2025-01-01']) x | bool_and(x) from unnest(array[true,false]) x | bool_or(x) from unnest(array[true,null]) x | every(x) from unnest(array[true,null]) x | string_agg(x, ',') from unnest(array['a','b',null]) x | string_agg(x, null) from unnest(array['a','b']) x | string_agg(x::bytea, '\x2c') from unnest(array['a','b']) x | array_agg(x) from unnest(array[1,null,3]) x | array_agg(x) from unnest('{}'::int[]) x | array_agg(x) from unnest(array['a','b']) x | json_agg(x) from unnest(array[1,2]) x | jsonb_agg(x) from unnest(array['a','b']) x | json_object_agg(x, 1) from unnest(array['a','b']) x | jsonb_object_agg(x, x) from unnest(array['b','a']) x | stddev(x) from unnest(array[1,2,4]) x | stddev_pop(x) from unnest(array[1,2,4]) x | stddev_samp(x) from unnest(array[1.5,2]) x | variance(x) from unnest(array[1,2,4]) x | var_pop(x) from unnest(array[1,2,4]) x | var_samp(x::float8) from unnest(array[1,2,4]) x | stddev(x::float8) from unnest(array[1,2,4]) x | stddev(x) from unnest(array[1]) x | var_pop(x) from unnest(array[1]) x | corr(x, x*2) from generate_series(1,5) x | covar_pop(x, x*2) from generate_series(1,5) x | covar_samp(x, x) from generate_series(1,5) x | regr_slope(x, x*2) from generate_series(1,5) x | regr_intercept(x, x*2+1) from generate_series(1,5) x | regr_count(x, x) from generate_series(1,5) x | regr_r2(x, x) from generate_series(1,5) x | regr_avgx(x, x) from generate_series(1,5) x | regr_avgy(x, x) from generate_series(1,5) x | regr_sxx(x, x) from generate_series(1,5) x | regr_sxy(x, x) from generate_series(1,5) x | bit_and(x) from unnest(array[7,3]) x | bit_or(x) from unnest(array[4,3]) x | bit_xor(x) from unnest(array[7,3]) x | sum(x) from unnest('{}'::int[]) x | max(x) from unnest('{}'::int[]) x | sum(true) | avg('x'::text) | sum(x::int2) from unnest(array[32767,1]) x | avg(x) from unnest(array[1.5,2.25]) x | sum(x) from unnest(array['NaN'::numeric,1]) x | sum(x::float4) from unnest(array[0.1,0.2]) x | max(x) from unnest(array[array[1,2],array[3]]) x | min(x) from unnest(array[null::int]) x | any_value(x) from unnest(array[1]) x | count(distinct x) from unnest(array[1,1,2]) x | max(x) from unnest(array['\x01'::bytea]) x | max(x::name) from unnest(array['a']) x | xmlagg(x) from unnest(array[1]) x
"""


def called(name, args):
    return f"select {name}({args})"


for line in CALLS.strip().splitlines():
    name, *lists = line.split("|") if "'|" not in line else line.split(" | ")
    for args in lists:
        print(called(name.strip(), args.strip()))
for line in EXPRESSIONS.strip().splitlines():
    for text in line.split(" | "):
        print(f"select {text.strip()}")
