-- Great numbers, long texts, deep nesting: what must neither overflow nor take for ever.
select regexp_match(repeat('a', 20000), '(a)*')
select length(regexp_replace(repeat('ab', 2000), '(a)(b)', '\2\1', 'g'))
select repeat('a', 20000) ~ '.*x'
select regexp_match(repeat('ab', 500), '^((a|b)+)$') is null
select '[2147483647:2147483647]={1}'::int[]
select array_fill(1, '{1}'::int[], '{2147483647}'::int[])
select make_time(2147483647, 2147483647, 1e300)
select date_bin('1000 years', timestamp '2020-01-01', timestamp '2001-01-01')
select date_bin('100000 days', timestamp '4714-11-24 BC', timestamp '294276-01-01')
select '9999999999:00'::time
select '9999999999-01-01'::date
select to_date('99999999999999999999', 'YYYY')
select to_date('9999999999', 'YYYY')
select justify_interval(interval '178000000 years 12 mons 2000000000 days')
select interval '2147483647 days' + interval '1 day'
select interval '2147483647 months' * 2
select timestamp '294276-12-31 23:59:59' + interval '1 day'
select date '5874897-12-31' + 1
select length(repeat('[', 1000)::text)
select json(repeat('[', 500) || repeat(']', 500)) is null
select length(lpad('', 100000, 'ab'))
select substr('abc', 2147483647), substr('abc', -2147483648, 2147483647)
select overlay('abc'::text, 'x'::text, 2147483647, 2147483647)
select split_part('a,b', ',', -2147483648)
select left('abc', -2147483648), right('abc', -2147483647)
select 2147483647::int4 * 2147483647::int4
select abs((-32768)::int2)
select factorial(100)
select round(1e100::numeric, -99), round(12345.678, 2000), trunc(12345.678, -2000)
select 10::numeric ^ 131071 > 1
select 10::numeric ^ 131072
select 0.5::numeric ^ 20000
select exp(2000::numeric) > 1
select power(1.5, 10000) > 1
select chr(1114111) is null
select string_to_array(repeat('a,', 1000), ',') is null
select width_bucket(5::numeric, 1, 10, 2147483647)
select lcm(2147483647, 2147483646)
select gcd(-2147483648, -2147483648)
select (-9223372036854775808)::int8 % -1
select pg_size_pretty(9223372036854775807), pg_size_pretty((-9223372036854775808)::int8)
