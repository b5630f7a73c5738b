//! The rows of `pg_type`: the built-in types that the engine knows, and two for each table.
//!
//! A table is a type as well, that of its rows; and to every type there is the type of its arrays. So a CREATE TABLE
//! takes three object ids: the table's, then the array type's, then the row type's.

use super::{SUPERUSER, pg_namespace};
use crate::ids::Oid;
use crate::types::{Datum, TypeCategory, TypeId};

/// The functions of a type, by their oids in `pg_proc`.
#[derive(Clone, Copy, Default)]
struct Functions {
    subscript: u32,
    input: u32,
    output: u32,
    receive: u32,
    send: u32,
    modin: u32,
    modout: u32,
    analyze: u32,
}

/// `array_subscript_handler`, `array_in`, `array_out`, `array_recv`, `array_send`, `array_typanalyze`
const ARRAY_FUNCTIONS: Functions = Functions {
    subscript: 6179,
    input: 750,
    output: 751,
    receive: 2400,
    send: 2401,
    modin: 0,
    modout: 0,
    analyze: 3816,
};
/// `record_in` and so on.
const RECORD_FUNCTIONS: Functions =
    Functions { subscript: 0, input: 2290, output: 2291, receive: 2402, send: 2403, modin: 0, modout: 0, analyze: 0 };

/// Of types that are not arrays: input, output, receive, send, modin, modout. Source: pg_type of 15.20.
const FUNCTIONS: [(TypeId, [u32; 6]); 47] = [
    (TypeId::Bool, [1242, 1243, 2436, 2437, 0, 0]),
    (TypeId::Bytea, [1244, 31, 2412, 2413, 0, 0]),
    (TypeId::Char, [1245, 33, 2434, 2435, 0, 0]),
    (TypeId::Name, [34, 35, 2422, 2423, 0, 0]),
    (TypeId::Int8, [460, 461, 2408, 2409, 0, 0]),
    (TypeId::Int2, [38, 39, 2404, 2405, 0, 0]),
    (TypeId::Int2Vector, [40, 41, 2410, 2411, 0, 0]),
    (TypeId::Int4, [42, 43, 2406, 2407, 0, 0]),
    (TypeId::Regproc, [44, 45, 2444, 2445, 0, 0]),
    (TypeId::Text, [46, 47, 2414, 2415, 0, 0]),
    (TypeId::Oid, [1798, 1799, 2418, 2419, 0, 0]),
    (TypeId::Tid, [48, 49, 2438, 2439, 0, 0]),
    (TypeId::Xid, [50, 51, 2440, 2441, 0, 0]),
    (TypeId::Cid, [52, 53, 2442, 2443, 0, 0]),
    (TypeId::OidVector, [54, 55, 2420, 2421, 0, 0]),
    (TypeId::PgNodeTree, [195, 196, 197, 198, 0, 0]),
    (TypeId::Float4, [200, 201, 2424, 2425, 0, 0]),
    (TypeId::Float8, [214, 215, 2426, 2427, 0, 0]),
    (TypeId::Unknown, [109, 110, 2416, 2417, 0, 0]),
    (TypeId::AclItem, [1031, 1032, 0, 0, 0, 0]),
    (TypeId::Varchar, [1046, 1047, 2432, 2433, 2915, 2916]),
    (TypeId::TimestampTz, [1150, 1151, 2476, 2477, 2907, 2908]),
    (TypeId::Interval, [1160, 1161, 2478, 2479, 2903, 2904]),
    (TypeId::Numeric, [1701, 1702, 2460, 2461, 2917, 2918]),
    (TypeId::Regclass, [2218, 2219, 2452, 2453, 0, 0]),
    (TypeId::Regtype, [2220, 2221, 2454, 2455, 0, 0]),
    (TypeId::Record, [2290, 2291, 2402, 2403, 0, 0]),
    (TypeId::AnyArray, [2296, 2297, 2502, 2503, 0, 0]),
    (TypeId::Void, [2298, 2299, 3120, 3121, 0, 0]),
    (TypeId::AnyNonArray, [2777, 2778, 0, 0, 0, 0]),
    (TypeId::PgLsn, [3229, 3230, 3238, 3239, 0, 0]),
    (TypeId::Json, [321, 322, 323, 324, 0, 0]),
    (TypeId::Bpchar, [1044, 1045, 2430, 2431, 2913, 2914]),
    (TypeId::Date, [1084, 1085, 2468, 2469, 0, 0]),
    (TypeId::Time, [1143, 1144, 2470, 2471, 2909, 2910]),
    (TypeId::Timestamp, [1312, 1313, 2474, 2475, 2905, 2906]),
    (TypeId::TimeTz, [1350, 1351, 2472, 2473, 2911, 2912]),
    (TypeId::Cstring, [2292, 2293, 2500, 2501, 0, 0]),
    (TypeId::Any, [2294, 2295, 0, 0, 0, 0]),
    (TypeId::AnyElement, [2312, 2313, 0, 0, 0, 0]),
    (TypeId::Uuid, [2952, 2953, 2961, 2962, 0, 0]),
    (TypeId::Jsonb, [3806, 3804, 3805, 3803, 0, 0]),
    (TypeId::Regnamespace, [4084, 4085, 4087, 4088, 0, 0]),
    (TypeId::Regrole, [4098, 4092, 4094, 4095, 0, 0]),
    (TypeId::Xid8, [5070, 5081, 5082, 5083, 0, 0]),
    (TypeId::AnyCompatible, [5086, 5087, 0, 0, 0, 0]),
    (TypeId::AnyCompatibleArray, [5088, 5089, 5090, 5091, 0, 0]),
];

fn functions(type_id: TypeId) -> Functions {
    if let Some((_, f)) = FUNCTIONS.iter().find(|(id, _)| *id == type_id) {
        let subscript = match type_id {
            TypeId::Int2Vector | TypeId::OidVector => ARRAY_FUNCTIONS.subscript,
            TypeId::Name => 6180,
            TypeId::Jsonb => 6098,
            _ => 0,
        };
        let [input, output, receive, send, modin, modout] = *f;
        return Functions { subscript, input, output, receive, send, modin, modout, analyze: 0 };
    }
    // Arrays share their functions; a modifier is the element's business.
    let of_element = type_id.element().map(functions).unwrap_or_default();
    Functions { modin: of_element.modin, modout: of_element.modout, ..ARRAY_FUNCTIONS }
}

/// What differs from type to type.
struct TypeRow<'a> {
    oid: Oid,
    name: &'a str,
    namespace: Oid,
    len: i16,
    byval: bool,
    /// `b`ase, `c`omposite, `p`seudo.
    kind: u8,
    category: u8,
    preferred: bool,
    /// The table whose rows it is.
    relation: Oid,
    elem: Oid,
    array: Oid,
    functions: Functions,
    align: u8,
    storage: u8,
    collation: u32,
}

impl TypeRow<'_> {
    /// The values of all 32 columns.
    fn values(&self) -> Vec<Datum> {
        let f = self.functions;
        let function = |oid: u32| Datum::Oid(Oid(oid));
        vec![
            Datum::Oid(self.oid),
            Datum::name(self.name),
            Datum::Oid(self.namespace),
            Datum::Oid(SUPERUSER),
            Datum::Int2(self.len),
            Datum::Bool(self.byval),
            Datum::Char(self.kind),
            Datum::Char(self.category),
            Datum::Bool(self.preferred),
            Datum::Bool(true), // typisdefined
            Datum::Char(b','), // typdelim
            Datum::Oid(self.relation),
            function(f.subscript),
            Datum::Oid(self.elem),
            Datum::Oid(self.array),
            function(f.input),
            function(f.output),
            function(f.receive),
            function(f.send),
            function(f.modin),
            function(f.modout),
            function(f.analyze),
            Datum::Char(self.align),
            Datum::Char(self.storage),
            Datum::Bool(false),       // typnotnull
            Datum::Oid(Oid::INVALID), // typbasetype
            Datum::Int4(-1),          // typtypmod
            Datum::Int4(0),           // typndims
            function(self.collation),
            Datum::Null, // typdefaultbin
            Datum::Null, // typdefault
            Datum::Null, // typacl
        ]
    }
}

/// The row of a built-in type.
fn built_in(type_id: TypeId) -> Vec<Datum> {
    let collation = match type_id {
        TypeId::Name | TypeId::NameArray => 950,
        TypeId::Text | TypeId::TextArray | TypeId::Varchar | TypeId::VarcharArray | TypeId::PgNodeTree => 100,
        TypeId::Bpchar | TypeId::BpcharArray => 100,
        _ => 0,
    };
    TypeRow {
        oid: type_id.oid(),
        name: type_id.typname(),
        namespace: pg_namespace::PG_CATALOG,
        len: type_id.typlen(),
        byval: type_id.typbyval(),
        kind: if type_id.is_pseudo() { b'p' } else { b'b' },
        category: type_id.category() as u8,
        preferred: type_id.is_preferred(),
        relation: Oid::INVALID,
        elem: type_id.typelem(),
        array: type_id.typarray(),
        functions: functions(type_id),
        align: type_id.typalign(),
        storage: type_id.typstorage(),
        collation,
    }
    .values()
}

/// The rows of all built-in types.
pub(super) fn built_in_rows() -> Vec<Vec<Datum>> {
    TypeId::all().map(built_in).collect()
}

/// A type of a table: its oid and name.
type Named<'a> = (Oid, &'a str);

/// The two rows of a table: the type of its rows, which has the table's name, and that of arrays of them.
pub(super) fn rows_of_table(
    table: Oid,
    namespace: Oid,
    (row_type, name): Named,
    (array_type, array_name): Named,
) -> [Vec<Datum>; 2] {
    let row = TypeRow {
        oid: row_type,
        name,
        namespace,
        len: -1,
        byval: false,
        kind: b'c',
        category: b'C',
        preferred: false,
        relation: table,
        elem: Oid::INVALID,
        array: array_type,
        functions: RECORD_FUNCTIONS,
        align: b'd',
        storage: b'x',
        collation: 0,
    };
    let array = TypeRow {
        oid: array_type,
        name: array_name,
        kind: b'b',
        category: TypeCategory::Array as u8,
        relation: Oid::INVALID,
        elem: row_type,
        array: Oid::INVALID,
        functions: ARRAY_FUNCTIONS,
        ..row
    };
    [row.values(), array.values()]
}

/// The same row with another name.
pub(super) fn renamed(values: &[Datum], name: &str) -> Vec<Datum> {
    let mut values = values.to_vec();
    values[NAME] = Datum::name(name);
    values
}

/// The same row in another schema.
pub(super) fn moved(values: &[Datum], namespace: Oid) -> Vec<Datum> {
    let mut values = values.to_vec();
    values[NAMESPACE] = Datum::Oid(namespace);
    values
}

/// Whether the first columns of a row are those of a type of this name.
pub(super) fn is_named(first: &[Datum], namespace: Oid, name: &str) -> bool {
    first[NAMESPACE] == Datum::Oid(namespace) && first[NAME].as_str().is_ok_and(|own| own == name)
}

/// How many columns [`is_named`] looks at.
pub(super) const NAME_COLUMNS: usize = 3;

/// The places of `typname`, `typnamespace` and `typelem`, from 0.
const NAME: usize = 1;
const NAMESPACE: usize = 2;
const ELEM: usize = 13;

/// Whether a row, of which the first columns are enough, is one of the two of a table with this row type.
pub(super) fn is_of(first: &[Datum], row_type: Oid) -> bool {
    row_type.is_valid() && (first[0] == Datum::Oid(row_type) || first[ELEM] == Datum::Oid(row_type))
}

/// How many columns [`is_of`] looks at.
pub(super) const OWNER_COLUMNS: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_functions() {
        for type_id in TypeId::all() {
            let listed = FUNCTIONS.iter().any(|(id, _)| *id == type_id);
            assert!(listed || type_id.is_array(), "{} has no input function", type_id.typname());
        }
        assert!(built_in_rows().iter().all(|row| row.len() == 32));
        assert_eq!(functions(TypeId::NumericArray).modin, 2917);
    }
}
