"""Statements for the corpus: every operator between many pairs of types, their values, and the choice among them."""

VALUES = {
    "bool": ["t", "f"], "int2": ["7", "-3"], "int4": ["7", "-2147483648"], "int8": ["7", "9223372036854775807"], "float4": ["2.5", "-0.1"], "float8": ["2.5", "1e300"], "numeric": ["2.50", "-7"],
    "text": ["abc", "b"], "varchar": ["abc"], "char(5)": ["abc"], "name": ["abc"], "bytea": ["\\x0102"], "date": ["2026-11-20", "infinity"], "time": ["09:33:12"], "timetz": ["09:33:12+02"],
    "timestamp": ["2026-11-20 09:33:12"], "timestamptz": ["2026-11-20 09:33:12+00"], "interval": ["1 mon 2 days 03:04:05"], "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"], "oid": ["7"], "xid": ["7"], "xid8": ["7"],
    "json": ['{"a":1}'], "jsonb": ['{"a":1}'], "int4[]": ["{1,2}"], "text[]": ["{a,b}"], "pg_lsn": ["0/10"], "regclass": ["pg_class"], '"char"': ["a"], "tid": ["(0,1)"],
}
OPERATORS = ["+", "-", "*", "/", "%", "^", "||", "=", "<"]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def value(name, at=0):
    values = VALUES[name]
    return f"{quoted(values[at % len(values)])}::{name}"


for op in OPERATORS:
    for left in VALUES:
        for right in VALUES:
            # Every pair of types once; of comparisons between unlike ones only a part.
            known = {"bool", "int4", "int8", "float8", "numeric", "text", "char(5)", "date", "timestamp", "timestamptz", "interval", "time", "int4[]", "oid", "name", "varchar", "jsonb"}
            if left == right or (left in known and right in known and (op not in "*/%^" or "int4" in (left, right) or "float8" in (left, right))):
                print(f"select {value(left)} {op} {value(right, 1)}")
        print(f"select {value(left)} {op} '1'")
        if op in "+-=":
            print(f"select '1' {op} {value(left)}")
for op in ["<>", "!=", "<=", ">", ">=", "&", "|", "#", "<<", ">>", "~", "!~", "~~", "~*", "!~~*", "->", "->>", "#>", "#>>", "@>", "<@", "?", "?|", "?&", "&&", "#-", "^@", "!!"]:
    for name in VALUES:
        if name not in ("float4", "timetz", "xid8", "tid", "regclass", '"char"') or op in ("<>", ">="):
            print(f"select {value(name)} {op} {value(name, 1)}")
for op in ["-", "+", "@", "~", "|/", "!!", "!"]:
    for name in list(VALUES)[:18]:
        print(f"select {op} {value(name, 1)}")
    print(f"select {op} '4'")
    print(f"select {op} null")
INTEGERS = ["int2", "int4", "int8"]
for a in INTEGERS:
    for b in INTEGERS:
        for op in ["+", "-", "*", "/", "%", "&", "<"]:
            print(f"select (-7)::{a} {op} 2::{b}, pg_typeof(7::{a} {op} 2::{b})")
for text in ["1/0", "1%0", "1.0/0", "1.0%0", "1e0/0", "0.0/0.0", "1::float8/0", "'nan'::float8/0", "2147483647+1", "-2147483648-1", "2147483647*2", "(-2147483648)/(-1)", "-(-2147483648)", "32767::int2+1::int2",
             "9223372036854775807+1", "9223372036854775807*2", "(-9223372036854775808)/(-1)", "(-9223372036854775808)%(-1)", "abs((-2147483648)::int4)", "2^10", "2^0.5", "2.0^0.5", "2^-1", "0^-1", "0.0^-1", "(-8)^(1.0/3)",
             "(-8.0)^0.5", "(-8.0)^3", "2::numeric^100", "10.5^2.5", "1e308::float8*10", "1e-308::float8/1e10", "1::float8/3", "1::float4/3", "1/3.0", "2/3.0", "10.0/3", "1.00/3.000", "1e10/3.0", "123456789.123/0.0001", "7.5%2",
             "-7.5%2", "7.5%-2", "0.1+0.2", "0.1::float8+0.2::float8", "0.1::float4+0.2::float4", "1.10+1.1", "1.1*1.1", "1.10*1.10", "'NaN'::numeric+1", "'inf'::numeric-'inf'::numeric", "'inf'::numeric*0", "1<<31", "1<<32", "1::int8<<40",
             "-8>>1", "5#3", "~5", "5&3|4", "2+3*4^2", "-2^2", "2^3^2", "not true and false", "1=1=true", "1<2<3", "1 between 0 and 2", "1 not between symmetric 2 and 0", "1 in (1,2)", "1 in (2,null)", "1 not in (2,null)", "null in (1)",
             "'a' in ('a','b')", "1 in ('1','x')", "1.5 in (1,2)", "true is true", "null is true", "null::bool is not false", "null is unknown", "1 is null", "1 isnull", "1 notnull", "1 is distinct from null", "null is not distinct from null",
             "'a'<'B'", "'a' < 'Z'", "'abc' like 'a%'", "'a'::char(5)='a'", "'a '::char(5)='a'::text", "'a '::text='a'::char(5)", "'a'::varchar='a '::char(3)", "'a'||null", "null||null", "'a'||1", "1||'a'", "1||2", "1.5||'x'", "true||'x'",
             "'{1}'||1", "date '2026-01-01'||'x'", "current_date=current_date", "'x'::unknown", "1::int4::int8::numeric::text", "'1'+'1'", "'1'+1", "1+'x'", "1+'1.5'", "1.5+'1'", "'2026-01-01'::date+1", "1+'2026-01-01'::date",
             "date '2026-03-01'-date '2026-02-01'", "date '2026-01-31'+interval '1 month'", "date '2026-01-01'+time '10:00'", "time '10:00'+date '2026-01-01'", "date '2026-01-01'+timetz '10:00+02'", "time '10:00'+interval '15 hours'",
             "time '10:00'-interval '11 hours'", "time '10:00'-time '11:30'", "timetz '10:00+02'+interval '1 hour'", "timestamp '2026-01-01'-timestamp '2025-12-25 12:00'", "timestamp '2026-01-31'+interval '1 mon'", "timestamp '2024-02-29'-interval '1 year'",
             "timestamp 'infinity'-timestamp '2026-01-01'", "timestamp 'infinity'+interval '1 day'", "date 'infinity'-date '2026-01-01'", "date 'infinity'+1", "interval '1 day'*2", "interval '1 day'*1.5", "2*interval '1 mon'", "interval '1 mon'/2",
             "interval '1 day'/0", "interval '1 day'+interval '25:00'", "-interval '1 mon -2 days'", "interval '1 mon'=interval '30 days'", "interval '24:00'=interval '1 day'", "interval '1 year'>interval '360 days'", "5*'1 day'::interval", "interval '1'*'2'",
             "timestamptz '2026-01-01 00:00+00'-timestamptz '2025-01-01 00:00+00'", "timestamptz '2026-01-01'=timestamp '2026-01-01'", "date '2026-01-01'=timestamp '2026-01-01'", "date '2026-01-01'<timestamptz '2026-01-02'", "'2026-01-01'<date '2026-01-02'",
             "time '10:00'<'11:00'", "timetz '10:00+00'=timetz '11:00+01'", "timetz '10:00+00'<timetz '11:00+01'", "null+1", "null-interval '1 day'", "pg_lsn '0/10'-pg_lsn '0/1'", "pg_lsn '0/10'+16", "oid '1'=1", "oid '4294967295'>-1", "xid '5'=5",
             "'\\x01'::bytea||'\\x02'", "'a'::name||'b'", "'abc'::name='abc'", "'a'::\"char\"='a'", "array[1,2]=array[1,2]", "array[1,2]<array[1,3]", "array[1]||2", "1||array[2]", "array[1]||array[2,3]", "array[[1]]||array[2]", "array[1]||null",
             "null||array[1]", "array[1]||'{2}'", "array['a']||'b'", "array[1.5]||1", "array[1]||1.5", "array[1]||'x'", "array[1,2]@>array[2]", "array[1]<@array[1,2]", "array[1]&&array[2]", "array[1,2]@>'{1}'", "array[1]@>array[1.0]", "nosuch(1)",
             "1 @@@ 2", "1 + true", "true + true", "'a' - 'b'", "date '2026-01-01' + date '2026-01-01'", "- 'a'::text", "text 'a' + 1", "1 = 'a'::text", "true = 1", "json '1' = json '1'", "point '(1,2)'", "1::bit", "uuid 'x'"]:
    print(f"select {text}")
