//! Values against a real PostgreSQL 15: `tests/golden/pg15/*.txt` say what it answered, line by line.
//!
//! An answer is the type and the text of a result, or `!` with SQLSTATE, message, detail and hint.

use super::*;
use crate::ids::{Error, Result};

macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!("../../tests/golden/pg15/", $name))
            .lines()
            .map(|line| line.split('\t').collect::<Vec<_>>())
    };
}

/// A type as the golden files write it: `int4`, `"char"`, `text[]`, `numeric(5,2)`.
fn parse_type(text: &str) -> (TypeId, i32) {
    let (name, modifier) = text.split_once('(').unwrap_or((text, ""));
    let numbers: Vec<i32> = modifier.trim_end_matches(')').split(',').filter_map(|n| n.parse().ok()).collect();
    let id = match name.strip_suffix("[]") {
        Some(elem) => TypeId::from_name(elem).unwrap().array(),
        None => TypeId::from_name(name.trim_matches('"')),
    };
    let id = id.unwrap_or_else(|| panic!("no type {text}"));
    (id, typmod_in(id, &numbers).unwrap())
}

fn error_answer(error: Error) -> String {
    let r = error.report();
    let (detail, hint) = (r.detail.as_deref().unwrap_or(""), r.hint.as_deref().unwrap_or(""));
    format!("!{}\t{}\t{detail}\t{hint}", r.code.as_str(), r.message)
}

fn answer(result: Result<(TypeId, Datum)>) -> String {
    match result {
        Err(error) => error_answer(error),
        // The files show a value cast to text, which for a boolean is a word.
        Ok((id, value)) => {
            // A literal of unknown type comes out of a subselect as text.
            let id = if id == TypeId::Unknown { TypeId::Text } else { id };
            let text = match &value {
                Datum::Null => "NULL".to_string(),
                Datum::Bool(v) => v.to_string(),
                other => output(other, id),
            };
            format!("{id}\t{text}")
        }
    }
}

/// Answers that differ, as one text to fail with.
fn expect_same(differences: Vec<String>) {
    let count = differences.len();
    assert!(count == 0, "{count} answers differ:\n{}", differences.join("\n"));
}

fn operand(type_name: &str, text: &str) -> Result<(TypeId, Datum)> {
    let (id, typmod) = parse_type(type_name);
    Ok((id, input(id, text, typmod)?))
}

fn apply_binary(op: &str, left: (TypeId, Datum), right: (TypeId, Datum)) -> Result<(TypeId, Datum)> {
    let chosen = binary_op(op, left.0, right.0)?;
    let side = |(from, value): (TypeId, Datum), to| explicit_cast(from, to)?.eval(&value);
    let (a, b) = (side(left, chosen.left)?, side(right, chosen.right)?);
    Ok((chosen.result, (chosen.eval)(&a, &b)?))
}

#[test]
fn operators_answer_as_the_server_does() {
    let mut differences = Vec::new();
    for line in golden!("operators.txt") {
        let [op, lt, lv, rt, rv, ..] = line[..] else { panic!("{line:?}") };
        let ours = answer(operand(lt, lv).and_then(|l| apply_binary(op, l, operand(rt, rv)?)));
        if ours != line[5..].join("\t") {
            differences.push(format!("{line:?}\n    we: {ours}"));
        }
    }
    expect_same(differences);
}

#[test]
fn numeric_arithmetic_answers_as_the_server_does() {
    let mut differences = Vec::new();
    for line in golden!("numeric-operators.txt") {
        let [op, lv, rv, ..] = line[..] else { panic!("{line:?}") };
        let ours = answer(operand("numeric", lv).and_then(|l| apply_binary(op, l, operand("numeric", rv)?)));
        if ours != line[3..].join("\t") {
            differences.push(format!("{line:?}\n    we: {ours}"));
        }
    }
    expect_same(differences);
}

#[test]
fn the_server_finds_the_same_operators() {
    let mut differences = Vec::new();
    let shown = |found: Result<TypeId>| match found {
        Ok(id) => id.to_string(),
        Err(error) => format!("!{}", error.code().as_str()),
    };
    for line in golden!("operator-types.txt") {
        if line[0] == "prefix" {
            let ours = match unary_op(line[1], parse_type(line[2]).0) {
                Ok(op) => format!("{}\tNULL", op.result),
                Err(error) => error_answer(error),
            };
            if ours != line[3..].join("\t") {
                differences.push(format!("{line:?}\n    we: {ours}"));
            }
            continue;
        }
        for pair in &line[2..] {
            let (right, wanted) = pair.split_once('=').unwrap();
            let found = binary_op(line[0], parse_type(line[1]).0, parse_type(right).0);
            let ours = shown(found.map(|op| op.result));
            // jsonb is not among our types.
            if ours != wanted && wanted != "jsonb" {
                differences.push(format!("{} {} {right}: {wanted}, we: {ours}", line[1], line[0]));
            }
        }
    }
    expect_same(differences);
}

#[test]
fn text_goes_in_and_out_as_at_the_server() {
    let mut differences = Vec::new();
    for line in golden!("input.txt") {
        let [type_name, text, ..] = line[..] else { panic!("{line:?}") };
        let value = operand(type_name, text);
        let mut ours = answer(value.clone());
        if let Ok((id, value)) = value {
            let mut sent = Vec::new();
            send(&value, id, &mut sent);
            ours += "\t";
            sent.iter().for_each(|byte| ours += &format!("{byte:02x}"));
            let back = recv(id, &sent, -1).unwrap();
            assert_eq!(output(&back, id), output(&value, id));
        }
        if ours != line[2..].join("\t") {
            differences.push(format!("{line:?}\n    we: {ours}"));
        }
    }
    expect_same(differences);
}

#[test]
fn casts_answer_as_the_server_does() {
    let mut differences = Vec::new();
    for line in golden!("casts.txt") {
        let [from, text, to, ..] = line[..] else { panic!("{line:?}") };
        let (id, typmod) = parse_type(to);
        let ours = operand(from, text).and_then(|(from, value)| {
            let cast = explicit_cast(from, id)?.eval(&value)?;
            Ok((id, apply_typmod(cast, id, typmod, true)?))
        });
        let ours = answer(ours);
        if ours != line[3..].join("\t") {
            differences.push(format!("{line:?}\n    we: {ours}"));
        }
    }
    expect_same(differences);
}

#[test]
fn aggregates_answer_as_the_servers_do() {
    let mut differences = Vec::new();
    for line in golden!("aggregates.txt") {
        let [name, type_name, values, ..] = line[..] else { panic!("{line:?}") };
        let compute = || {
            let (arg, _) = parse_type(type_name);
            let agg = aggregate(name, Some(arg))?;
            let mut state = agg.init();
            let items = input(TypeId::TextArray, values, -1)?.as_array()?.items.clone();
            for item in items.iter() {
                let value = if item.is_null() { Datum::Null } else { input(arg, item.as_str()?, -1)? };
                let cast = explicit_cast(arg, agg.arg.unwrap())?;
                agg.advance(&mut state, &cast.eval(&value)?)?;
            }
            Ok((agg.result, agg.finish(state)?))
        };
        let ours = answer(compute());
        if ours != line[3..].join("\t") {
            differences.push(format!("{line:?}\n    we: {ours}"));
        }
    }
    expect_same(differences);
}

#[test]
fn numerics_lie_on_a_page_as_the_servers_do() {
    let desc = TupleDesc::of(&[("v", TypeId::Numeric)]);
    for line in golden!("numeric-disk.txt") {
        let value: Numeric = line[0].parse().unwrap();
        let tuple = form_tuple(&desc, &[Datum::Numeric(value.clone())]).unwrap();
        let hex: String = tuple[24..].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, line[1], "{}", line[0]);
        assert_eq!(deform_tuple(&desc, &tuple), Ok(vec![Datum::Numeric(value)]));
    }
}

#[test]
fn rows_are_formed_as_the_server_forms_them() {
    let page = include_bytes!("../../tests/golden/pg15/mixed-rows.page");
    let text = include_str!("../../tests/golden/pg15/mixed-rows.rows");
    let types = [
        "int2",
        "int4",
        "int8",
        "bool",
        "text",
        "numeric",
        "timestamptz",
        "float4",
        "float8",
        "name",
        "\"char\"",
        "oid",
        "bytea",
        "xid",
        "cid",
        "tid",
        "pg_lsn",
    ];
    let desc = TupleDesc::new(types.iter().map(|t| Attr::new(t, parse_type(t).0)).collect());
    for (at, row) in text.lines().enumerate() {
        let values: Vec<Datum> = row
            .split('|')
            .zip(&desc.attrs)
            .map(|(text, attr)| if text == "NULL" { Datum::Null } else { input(attr.type_id, text, -1).unwrap() })
            .collect();
        let formed = form_tuple(&desc, &values).unwrap();
        let golden = crate::storage::page::heap_tuple(page, at as u16 + 1).unwrap();
        assert_eq!(formed[24..], golden[24..], "{row}");
        assert_eq!(formed[22..24], golden[22..24]);
        let shown: Vec<String> = deform_tuple(&desc, golden)
            .unwrap()
            .iter()
            .zip(&desc.attrs)
            .map(|(v, attr)| if v.is_null() { "NULL".into() } else { output(v, attr.type_id) })
            .collect();
        assert_eq!(shown.join("|"), row);
        let ranges = tuple::column_ranges(&desc, golden).unwrap();
        assert_eq!(ranges.last().unwrap().as_ref().map_or(golden.len(), |r| r.end), golden.len());
    }
}

/// A small generator for tests (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

#[test]
fn arbitrary_bytes_are_no_row_but_do_no_harm() {
    let mut random = Random(15);
    let types: Vec<TypeId> = TypeId::all().filter(|t| !t.is_pseudo()).collect();
    let page = include_bytes!("../../tests/golden/pg15/mixed-rows.page");
    for _ in 0..3000 {
        let desc = TupleDesc::new((0..8).map(|_| Attr::new("x", types[random.below(types.len())])).collect());
        let mut tuple = crate::storage::page::heap_tuple(page, 1).unwrap()[..23 + random.below(150)].to_vec();
        for _ in 0..random.below(40) {
            let at = random.below(tuple.len());
            tuple[at] = random.next() as u8;
        }
        if let Ok(values) = deform_tuple(&desc, &tuple) {
            values.iter().zip(&desc.attrs).for_each(|(value, attr)| drop(output(value, attr.type_id)));
        }
    }
}

#[test]
fn arbitrary_input_is_refused_or_survives_the_wire() {
    let mut random = Random(16);
    let types: Vec<TypeId> = TypeId::all().collect();
    let alphabet: Vec<char> = "0123456789.-+eE:/ \\x{}(),\"aNnITZBCinfday µ".chars().collect();
    for _ in 0..20_000 {
        let id = types[random.below(types.len())];
        let text: String = (0..random.below(14)).map(|_| alphabet[random.below(alphabet.len())]).collect();
        if let Ok(value) = input(id, &text, -1) {
            let mut sent = Vec::new();
            send(&value, id, &mut sent);
            let back = recv(id, &sent, -1).map(|back| output(&back, id));
            assert_eq!(back, Ok(output(&value, id)), "{text:?} as {id}");
        }
        let noise: Vec<u8> = (0..random.below(30)).map(|_| (random.next() >> random.below(64)) as u8).collect();
        if let Ok(value) = recv(id, &noise, -1) {
            drop(output(&value, id));
        }
    }
}

#[test]
fn a_quotient_and_its_rest_make_the_number_again() {
    let mut random = Random(17);
    let number = |random: &mut Random| {
        let digits =
            |random: &mut Random| (0..1 + random.below(40)).map(|_| random.below(10).to_string()).collect::<String>();
        format!("{}.{}", digits(random), digits(random)).parse::<Numeric>().unwrap()
    };
    for _ in 0..500 {
        let (a, b) = (number(&mut random), number(&mut random));
        if b.is_zero() {
            continue;
        }
        let rest = a.rem(&b).unwrap();
        let whole = a.sub(&rest).unwrap().div(&b).unwrap();
        assert!(whole.compare(&whole.trunc(0)).is_eq(), "{a} / {b} = {whole}");
        assert!(whole.mul(&b).unwrap().add(&rest).unwrap().compare(&a).is_eq(), "{a} / {b}");
        assert!(rest.compare(&b).is_lt(), "{a} % {b} = {rest}");
    }
}
