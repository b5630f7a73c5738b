//! The data types: the rows of `pg_type` that this engine knows.

use std::fmt;

use crate::ids::Oid;

/// `typcategory`: types among which a choice of operators prefers one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum TypeCategory {
    /// Arrays.
    Array = b'A',
    /// boolean
    Boolean = b'B',
    /// Dates and times.
    DateTime = b'D',
    /// Numbers and object ids.
    Numeric = b'N',
    /// Pseudo-types.
    Pseudo = b'P',
    /// Strings.
    String = b'S',
    /// Spans of time.
    Timespan = b'T',
    /// Types of their own.
    UserDefined = b'U',
    /// The type of literals whose type is not decided.
    Unknown = b'X',
    /// Types of the system's own use.
    Internal = b'Z',
}

struct TypeInfo {
    oid: u32,
    typname: &'static str,
    /// As `format_type` shows it.
    display: &'static str,
    typlen: i16,
    typbyval: bool,
    typalign: u8,
    typstorage: u8,
    category: TypeCategory,
    preferred: bool,
    /// `typelem`, 0 if none.
    elem: u32,
    /// `typarray`, 0 if none.
    array: u32,
}

macro_rules! types {
    ($($variant:ident $oid:literal $typname:literal $display:literal $len:literal $byval:ident $align:literal
       $storage:literal $category:ident $preferred:ident $elem:literal $array:literal)*) => {
        /// A data type, by the row of `pg_type` that it is in PostgreSQL 15.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum TypeId {
            $(#[doc = concat!("`", $display, "`")] $variant,)*
        }

        const TYPES: &[(TypeId, TypeInfo)] = &[$((
            TypeId::$variant,
            TypeInfo {
                oid: $oid,
                typname: $typname,
                display: $display,
                typlen: $len,
                typbyval: $byval,
                typalign: $align,
                typstorage: $storage,
                category: TypeCategory::$category,
                preferred: $preferred,
                elem: $elem,
                array: $array,
            },
        ),)*];
    };
}

// Ascending by oid, as `TypeId::from_oid` wants it. Source: pg_type of 15.20.
types! {
    Bool 16 "bool" "boolean" 1 true b'c' b'p' Boolean true 0 1000
    Bytea 17 "bytea" "bytea" -1 false b'i' b'x' UserDefined false 0 1001
    Char 18 "char" "\"char\"" 1 true b'c' b'p' Internal false 0 1002
    Name 19 "name" "name" 64 false b'c' b'p' String false 18 1003
    Int8 20 "int8" "bigint" 8 true b'd' b'p' Numeric false 0 1016
    Int2 21 "int2" "smallint" 2 true b's' b'p' Numeric false 0 1005
    Int2Vector 22 "int2vector" "int2vector" -1 false b'i' b'p' Array false 21 1006
    Int4 23 "int4" "integer" 4 true b'i' b'p' Numeric false 0 1007
    Regproc 24 "regproc" "regproc" 4 true b'i' b'p' Numeric false 0 1008
    Text 25 "text" "text" -1 false b'i' b'x' String true 0 1009
    Oid 26 "oid" "oid" 4 true b'i' b'p' Numeric true 0 1028
    Tid 27 "tid" "tid" 6 false b's' b'p' UserDefined false 0 1010
    Xid 28 "xid" "xid" 4 true b'i' b'p' UserDefined false 0 1011
    Cid 29 "cid" "cid" 4 true b'i' b'p' UserDefined false 0 1012
    OidVector 30 "oidvector" "oidvector" -1 false b'i' b'p' Array false 26 1013
    Json 114 "json" "json" -1 false b'i' b'x' UserDefined false 0 199
    PgNodeTree 194 "pg_node_tree" "pg_node_tree" -1 false b'i' b'x' Internal false 0 0
    JsonArray 199 "_json" "json[]" -1 false b'i' b'x' Array false 114 0
    Xid8Array 271 "_xid8" "xid8[]" -1 false b'd' b'x' Array false 5069 0
    Float4 700 "float4" "real" 4 true b'i' b'p' Numeric false 0 1021
    Float8 701 "float8" "double precision" 8 true b'd' b'p' Numeric true 0 1022
    Unknown 705 "unknown" "unknown" -2 false b'c' b'p' Unknown false 0 0
    BoolArray 1000 "_bool" "boolean[]" -1 false b'i' b'x' Array false 16 0
    ByteaArray 1001 "_bytea" "bytea[]" -1 false b'i' b'x' Array false 17 0
    CharArray 1002 "_char" "\"char\"[]" -1 false b'i' b'x' Array false 18 0
    NameArray 1003 "_name" "name[]" -1 false b'i' b'x' Array false 19 0
    Int2Array 1005 "_int2" "smallint[]" -1 false b'i' b'x' Array false 21 0
    Int4Array 1007 "_int4" "integer[]" -1 false b'i' b'x' Array false 23 0
    RegprocArray 1008 "_regproc" "regproc[]" -1 false b'i' b'x' Array false 24 0
    TextArray 1009 "_text" "text[]" -1 false b'i' b'x' Array false 25 0
    TidArray 1010 "_tid" "tid[]" -1 false b'i' b'x' Array false 27 0
    XidArray 1011 "_xid" "xid[]" -1 false b'i' b'x' Array false 28 0
    CidArray 1012 "_cid" "cid[]" -1 false b'i' b'x' Array false 29 0
    BpcharArray 1014 "_bpchar" "character[]" -1 false b'i' b'x' Array false 1042 0
    VarcharArray 1015 "_varchar" "character varying[]" -1 false b'i' b'x' Array false 1043 0
    Int8Array 1016 "_int8" "bigint[]" -1 false b'd' b'x' Array false 20 0
    Float4Array 1021 "_float4" "real[]" -1 false b'i' b'x' Array false 700 0
    Float8Array 1022 "_float8" "double precision[]" -1 false b'd' b'x' Array false 701 0
    OidArray 1028 "_oid" "oid[]" -1 false b'i' b'x' Array false 26 0
    AclItem 1033 "aclitem" "aclitem" 12 false b'i' b'p' UserDefined false 0 1034
    AclItemArray 1034 "_aclitem" "aclitem[]" -1 false b'i' b'x' Array false 1033 0
    Bpchar 1042 "bpchar" "character" -1 false b'i' b'x' String false 0 1014
    Varchar 1043 "varchar" "character varying" -1 false b'i' b'x' String false 0 1015
    Date 1082 "date" "date" 4 true b'i' b'p' DateTime false 0 1182
    Time 1083 "time" "time without time zone" 8 true b'd' b'p' DateTime false 0 1183
    Timestamp 1114 "timestamp" "timestamp without time zone" 8 true b'd' b'p' DateTime false 0 1115
    TimestampArray 1115 "_timestamp" "timestamp without time zone[]" -1 false b'd' b'x' Array false 1114 0
    DateArray 1182 "_date" "date[]" -1 false b'i' b'x' Array false 1082 0
    TimeArray 1183 "_time" "time without time zone[]" -1 false b'd' b'x' Array false 1083 0
    TimestampTz 1184 "timestamptz" "timestamp with time zone" 8 true b'd' b'p' DateTime true 0 1185
    TimestampTzArray 1185 "_timestamptz" "timestamp with time zone[]" -1 false b'd' b'x' Array false 1184 0
    Interval 1186 "interval" "interval" 16 false b'd' b'p' Timespan true 0 1187
    IntervalArray 1187 "_interval" "interval[]" -1 false b'd' b'x' Array false 1186 0
    NumericArray 1231 "_numeric" "numeric[]" -1 false b'i' b'x' Array false 1700 0
    TimeTz 1266 "timetz" "time with time zone" 12 false b'd' b'p' DateTime false 0 1270
    TimeTzArray 1270 "_timetz" "time with time zone[]" -1 false b'd' b'x' Array false 1266 0
    Numeric 1700 "numeric" "numeric" -1 false b'i' b'm' Numeric false 0 1231
    Regclass 2205 "regclass" "regclass" 4 true b'i' b'p' Numeric false 0 2210
    Regtype 2206 "regtype" "regtype" 4 true b'i' b'p' Numeric false 0 2211
    RegclassArray 2210 "_regclass" "regclass[]" -1 false b'i' b'x' Array false 2205 0
    RegtypeArray 2211 "_regtype" "regtype[]" -1 false b'i' b'x' Array false 2206 0
    Record 2249 "record" "record" -1 false b'd' b'x' Pseudo false 0 2287
    Cstring 2275 "cstring" "cstring" -2 false b'c' b'p' Pseudo false 0 1263
    Any 2276 "any" "\"any\"" 4 true b'i' b'p' Pseudo false 0 0
    AnyArray 2277 "anyarray" "anyarray" -1 false b'd' b'x' Pseudo false 0 0
    Void 2278 "void" "void" 4 true b'i' b'p' Pseudo false 0 0
    AnyElement 2283 "anyelement" "anyelement" 4 true b'i' b'p' Pseudo false 0 0
    AnyNonArray 2776 "anynonarray" "anynonarray" 4 true b'i' b'p' Pseudo false 0 0
    Uuid 2950 "uuid" "uuid" 16 false b'c' b'p' UserDefined false 0 2951
    UuidArray 2951 "_uuid" "uuid[]" -1 false b'i' b'x' Array false 2950 0
    PgLsn 3220 "pg_lsn" "pg_lsn" 8 true b'd' b'p' UserDefined false 0 3221
    PgLsnArray 3221 "_pg_lsn" "pg_lsn[]" -1 false b'd' b'x' Array false 3220 0
    Jsonb 3802 "jsonb" "jsonb" -1 false b'i' b'x' UserDefined false 0 3807
    JsonbArray 3807 "_jsonb" "jsonb[]" -1 false b'i' b'x' Array false 3802 0
    Regnamespace 4089 "regnamespace" "regnamespace" 4 true b'i' b'p' Numeric false 0 4090
    Regrole 4096 "regrole" "regrole" 4 true b'i' b'p' Numeric false 0 4097
    Xid8 5069 "xid8" "xid8" 8 true b'd' b'p' UserDefined false 0 271
    AnyCompatible 5077 "anycompatible" "anycompatible" 4 true b'i' b'p' Pseudo false 0 0
    AnyCompatibleArray 5078 "anycompatiblearray" "anycompatiblearray" -1 false b'd' b'x' Pseudo false 0 0
}

impl TypeId {
    /// All types, ascending by oid.
    pub fn all() -> impl Iterator<Item = TypeId> {
        TYPES.iter().map(|(id, _)| *id)
    }

    /// The type with this oid, if the engine knows it.
    pub fn from_oid(oid: Oid) -> Option<TypeId> {
        TYPES.binary_search_by_key(&oid.0, |(_, info)| info.oid).ok().map(|at| TYPES[at].0)
    }

    /// The type that SQL calls so: the name in `pg_type` (`int4`) or a word of the grammar (`integer`).
    pub fn from_name(name: &str) -> Option<TypeId> {
        let words = [
            ("integer", TypeId::Int4),
            ("int", TypeId::Int4),
            ("bigint", TypeId::Int8),
            ("smallint", TypeId::Int2),
            ("boolean", TypeId::Bool),
            ("decimal", TypeId::Numeric),
            ("dec", TypeId::Numeric),
            ("real", TypeId::Float4),
            ("float", TypeId::Float8),
            ("double precision", TypeId::Float8),
            ("character varying", TypeId::Varchar),
            ("character", TypeId::Bpchar),
            ("timestamp with time zone", TypeId::TimestampTz),
            ("timestamp without time zone", TypeId::Timestamp),
            ("time with time zone", TypeId::TimeTz),
            ("time without time zone", TypeId::Time),
        ];
        let word = words.iter().find(|(word, _)| *word == name).map(|(_, id)| *id);
        word.or_else(|| TYPES.iter().find(|(_, info)| info.typname == name).map(|(id, _)| *id))
    }

    fn info(self) -> &'static TypeInfo {
        // The table is in the order of the variants.
        &TYPES[self as usize].1
    }

    /// The row of `pg_type`.
    pub fn oid(self) -> Oid {
        Oid(self.info().oid)
    }

    /// `typname`
    pub fn typname(self) -> &'static str {
        self.info().typname
    }

    /// `typlen`: the bytes of a value on a page; -1 for variable length, -2 for a C string.
    pub fn typlen(self) -> i16 {
        self.info().typlen
    }

    /// `typbyval`: whether PostgreSQL hands a value over in a register.
    pub fn typbyval(self) -> bool {
        self.info().typbyval
    }

    /// `typalign`: `c`, `s`, `i` or `d`.
    pub fn typalign(self) -> u8 {
        self.info().typalign
    }

    /// The alignment in bytes: 1, 2, 4 or 8.
    pub fn align_bytes(self) -> usize {
        align_bytes(self.info().typalign)
    }

    /// `typstorage`: `p`lain, e`x`tended, `m`ain.
    pub fn typstorage(self) -> u8 {
        self.info().typstorage
    }

    /// `typcategory`
    pub fn category(self) -> TypeCategory {
        self.info().category
    }

    /// `typispreferred`: the type of its category that is chosen where nothing else decides.
    pub fn is_preferred(self) -> bool {
        self.info().preferred
    }

    /// The type of the elements, if this is an array type with elements that can be asked for.
    pub fn element(self) -> Option<TypeId> {
        let elem = self.info().elem;
        (self.category() == TypeCategory::Array && elem != 0).then(|| TypeId::from_oid(Oid(elem))).flatten()
    }

    /// The type of arrays of this type, if the engine knows it.
    pub fn array(self) -> Option<TypeId> {
        TypeId::from_oid(Oid(self.info().array))
    }

    /// The oid in `typarray`, whether or not the engine knows the type.
    pub fn typarray(self) -> Oid {
        Oid(self.info().array)
    }

    /// The oid in `typelem`.
    pub fn typelem(self) -> Oid {
        Oid(self.info().elem)
    }

    /// Whether this is an array type of the usual kind, or one of the two vector types.
    pub fn is_array(self) -> bool {
        self.category() == TypeCategory::Array
    }

    /// Whether this is a pseudo-type, which no column can have.
    pub fn is_pseudo(self) -> bool {
        matches!(self.category(), TypeCategory::Pseudo | TypeCategory::Unknown)
    }

    /// `format_type`: the SQL name with its modifier, e.g. `numeric(10,2)`; -1 is no modifier.
    pub fn format(self, typmod: i32) -> String {
        match self {
            TypeId::Numeric if typmod >= 4 => {
                let (precision, scale) = super::numeric::typmod_parts(typmod);
                format!("numeric({precision},{scale})")
            }
            TypeId::Varchar if typmod >= 4 => format!("character varying({})", typmod - 4),
            TypeId::Bpchar if typmod >= 4 => format!("character({})", typmod - 4),
            // Without a length it is no char, which has the length 1.
            TypeId::Bpchar => "bpchar".into(),
            TypeId::TimestampTz if typmod >= 0 => format!("timestamp({typmod}) with time zone"),
            TypeId::Timestamp if typmod >= 0 => format!("timestamp({typmod}) without time zone"),
            TypeId::Time if typmod >= 0 => format!("time({typmod}) without time zone"),
            TypeId::TimeTz if typmod >= 0 => format!("time({typmod}) with time zone"),
            TypeId::Interval if typmod >= 0 => format!("interval{}", super::interval::typmod_out(typmod)),
            _ if self.element().is_some() && typmod >= 0 => {
                format!("{}[]", self.element().map_or(String::new(), |elem| elem.format(typmod)))
            }
            _ => self.info().display.to_string(),
        }
    }
}

impl fmt::Display for TypeId {
    /// As `format_type` without a modifier.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().display)
    }
}

/// The bytes of an alignment letter: `c` 1, `s` 2, `i` 4, `d` 8.
pub fn align_bytes(typalign: u8) -> usize {
    match typalign {
        b'd' => 8,
        b'i' => 4,
        b's' => 2,
        _ => 1,
    }
}

/// A type by the name that SQL gives it, with `[]` for an array; a modifier in parentheses is passed over.
pub(super) fn parse_type_name(text: &str) -> Option<TypeId> {
    if let Some(element) = text.strip_suffix("[]") {
        return parse_type_name(element.trim_end()).and_then(TypeId::array);
    }
    let text = text.strip_prefix("pg_catalog.").unwrap_or(text);
    if text == "\"char\"" {
        return Some(TypeId::Char);
    }
    let (before, behind) = match (text.find('('), text.find(')')) {
        (Some(open), Some(close)) if open < close => (&text[..open], &text[close + 1..]),
        _ => (text, ""),
    };
    let words: Vec<&str> = before.split_whitespace().chain(behind.split_whitespace()).collect();
    match words.join(" ").to_ascii_lowercase().as_str() {
        "char" => Some(TypeId::Bpchar),
        name => TypeId::from_name(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(TYPES.windows(2).all(|w| w[0].1.oid < w[1].1.oid));
        for (at, id) in TypeId::all().enumerate() {
            assert_eq!(id as usize, at);
            assert_eq!(TypeId::from_oid(id.oid()), Some(id));
            assert_eq!(TypeId::from_name(id.typname()), Some(id));
        }
        assert_eq!(TypeId::Int4.array(), Some(TypeId::Int4Array));
        assert_eq!(TypeId::OidArray.element(), Some(TypeId::Oid));
        assert_eq!(TypeId::Numeric.format(655_366), "numeric(10,2)");
    }
}
