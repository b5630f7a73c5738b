//! The columns of the catalogs, compiled in: whoever wants to read `pg_class` cannot ask `pg_class` how.
//!
//! A catalog's row of `pg_class` may leave `relfilenode` at 0: such a catalog is *mapped*, its file is named in
//! `pg_filenode.map`. Otherwise one would have to read `pg_class` to find `pg_class`. No catalog is ever rewritten here,
//! so the file always has the catalog's own number.

use crate::access::Rel;
use crate::ids::{Oid, RelFile};
use crate::types::{Attr, TupleDesc, TypeId};

/// Where a catalog's file is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filed {
    /// By `relfilenode`.
    Plain,
    /// By the database's map.
    Mapped,
    /// By the map of what all databases share.
    Shared,
}

/// A column: name, type, and whether it may be NULL.
type Column = (&'static str, TypeId, bool);

/// A catalog.
#[derive(Debug)]
pub struct SystemTable {
    /// Its object id.
    pub oid: Oid,
    /// Its name.
    pub name: &'static str,
    /// The type of its rows.
    pub row_type: Oid,
    /// The type of arrays of its rows.
    pub array_type: Oid,
    /// Where its file is found.
    pub filed: Filed,
    columns: &'static [Column],
}

impl SystemTable {
    /// Its file.
    pub fn file(&self) -> RelFile {
        match self.filed {
            Filed::Shared => RelFile { spc: Oid::GLOBAL_TABLESPACE, db: Oid::INVALID, rel: self.oid },
            _ => RelFile { spc: Oid::DEFAULT_TABLESPACE, db: Oid::POSTGRES_DB, rel: self.oid },
        }
    }

    /// For the access methods.
    pub fn rel(&self) -> Rel {
        Rel::new(self.oid, self.file())
    }

    /// Its columns.
    pub fn desc(&self) -> TupleDesc {
        let attr = |(name, type_id, nullable): &Column| Attr { notnull: !nullable, ..Attr::new(name, *type_id) };
        TupleDesc::new(self.columns.iter().map(attr).collect())
    }
}

macro_rules! catalog {
    ($(#[doc = $doc:literal])* $static:ident $name:literal $oid:literal row $row:literal array $array:literal $filed:ident
     { $($column:ident: $type:ident)* ; $($nullable:ident: $ntype:ident)* }) => {
        $(#[doc = $doc])*
        pub static $static: SystemTable = SystemTable {
            oid: Oid($oid),
            name: $name,
            row_type: Oid($row),
            array_type: Oid($array),
            filed: Filed::$filed,
            columns: &[
                $((stringify!($column), TypeId::$type, false),)*
                $((stringify!($nullable), TypeId::$ntype, true),)*
            ],
        };
    };
}

// The columns behind the semicolon may be NULL. Source: pg_attribute of 15.20.
catalog! {
    /// All tables, and what else has columns.
    PG_CLASS "pg_class" 1259 row 83 array 273 Mapped {
        oid: Oid relname: Name relnamespace: Oid reltype: Oid reloftype: Oid relowner: Oid relam: Oid relfilenode: Oid
        reltablespace: Oid relpages: Int4 reltuples: Float4 relallvisible: Int4 reltoastrelid: Oid relhasindex: Bool
        relisshared: Bool relpersistence: Char relkind: Char relnatts: Int2 relchecks: Int2 relhasrules: Bool
        relhastriggers: Bool relhassubclass: Bool relrowsecurity: Bool relforcerowsecurity: Bool relispopulated: Bool
        relreplident: Char relispartition: Bool relrewrite: Oid relfrozenxid: Xid relminmxid: Xid ;
        relacl: AclItemArray reloptions: TextArray relpartbound: PgNodeTree
    }
}
catalog! {
    /// The columns of all tables.
    PG_ATTRIBUTE "pg_attribute" 1249 row 75 array 270 Mapped {
        attrelid: Oid attname: Name atttypid: Oid attstattarget: Int4 attlen: Int2 attnum: Int2 attndims: Int4
        attcacheoff: Int4 atttypmod: Int4 attbyval: Bool attalign: Char attstorage: Char attcompression: Char
        attnotnull: Bool atthasdef: Bool atthasmissing: Bool attidentity: Char attgenerated: Char attisdropped: Bool
        attislocal: Bool attinhcount: Int4 attcollation: Oid ;
        attacl: AclItemArray attoptions: TextArray attfdwoptions: TextArray attmissingval: AnyArray
    }
}
catalog! {
    /// The data types; each table has one for its rows.
    PG_TYPE "pg_type" 1247 row 71 array 210 Mapped {
        oid: Oid typname: Name typnamespace: Oid typowner: Oid typlen: Int2 typbyval: Bool typtype: Char
        typcategory: Char typispreferred: Bool typisdefined: Bool typdelim: Char typrelid: Oid typsubscript: Regproc
        typelem: Oid typarray: Oid typinput: Regproc typoutput: Regproc typreceive: Regproc typsend: Regproc
        typmodin: Regproc typmodout: Regproc typanalyze: Regproc typalign: Char typstorage: Char typnotnull: Bool
        typbasetype: Oid typtypmod: Int4 typndims: Int4 typcollation: Oid ;
        typdefaultbin: PgNodeTree typdefault: Text typacl: AclItemArray
    }
}
catalog! {
    /// The schemas.
    PG_NAMESPACE "pg_namespace" 2615 row 10047 array 10046 Plain {
        oid: Oid nspname: Name nspowner: Oid ;
        nspacl: AclItemArray
    }
}
catalog! {
    /// The databases.
    PG_DATABASE "pg_database" 1262 row 1248 array 10052 Shared {
        oid: Oid datname: Name datdba: Oid encoding: Int4 datlocprovider: Char datistemplate: Bool datallowconn: Bool
        datconnlimit: Int4 datfrozenxid: Xid datminmxid: Xid dattablespace: Oid datcollate: Text datctype: Text ;
        daticulocale: Text datcollversion: Text datacl: AclItemArray
    }
}

catalog! {
    /// The access methods.
    PG_AM "pg_am" 2601 row 10015 array 10014 Plain {
        oid: Oid amname: Name amhandler: Regproc amtype: Char ;
    }
}
catalog! {
    /// What an index is besides a row of pg_class: whose, and over which columns.
    PG_INDEX "pg_index" 2610 row 10007 array 10006 Plain {
        indexrelid: Oid indrelid: Oid indnatts: Int2 indnkeyatts: Int2 indisunique: Bool indnullsnotdistinct: Bool
        indisprimary: Bool indisexclusion: Bool indimmediate: Bool indisclustered: Bool indisvalid: Bool
        indcheckxmin: Bool indisready: Bool indislive: Bool indisreplident: Bool indkey: Int2Vector
        indcollation: OidVector indclass: OidVector indoption: Int2Vector ;
        indexprs: PgNodeTree indpred: PgNodeTree
    }
}
catalog! {
    /// The constraints: of those there are, the keys.
    PG_CONSTRAINT "pg_constraint" 2606 row 10003 array 10002 Plain {
        oid: Oid conname: Name connamespace: Oid contype: Char condeferrable: Bool condeferred: Bool convalidated: Bool
        conrelid: Oid contypid: Oid conindid: Oid conparentid: Oid confrelid: Oid confupdtype: Char confdeltype: Char
        confmatchtype: Char conislocal: Bool coninhcount: Int4 connoinherit: Bool ;
        conkey: Int2Array confkey: Int2Array conpfeqop: OidArray conppeqop: OidArray conffeqop: OidArray
        confdelsetcols: Int2Array conexclop: OidArray conbin: PgNodeTree
    }
}

catalog! {
    /// What ANALYZE has found out about columns.
    PG_STATISTIC "pg_statistic" 2619 row 10029 array 10028 Plain {
        starelid: Oid staattnum: Int2 stainherit: Bool stanullfrac: Float4 stawidth: Int4 stadistinct: Float4
        stakind1: Int2 stakind2: Int2 stakind3: Int2 stakind4: Int2 stakind5: Int2
        staop1: Oid staop2: Oid staop3: Oid staop4: Oid staop5: Oid
        stacoll1: Oid stacoll2: Oid stacoll3: Oid stacoll4: Oid stacoll5: Oid ;
        stanumbers1: Float4Array stanumbers2: Float4Array stanumbers3: Float4Array stanumbers4: Float4Array
        stanumbers5: Float4Array stavalues1: AnyArray stavalues2: AnyArray stavalues3: AnyArray stavalues4: AnyArray
        stavalues5: AnyArray
    }
}
catalog! {
    /// The defaults of columns; the expressions are kept as SQL.
    PG_ATTRDEF "pg_attrdef" 2604 row 10001 array 10000 Plain {
        oid: Oid adrelid: Oid adnum: Int2 adbin: PgNodeTree ;
    }
}
catalog! {
    /// What needs what: of all that PostgreSQL notes here, whose a sequence is, and what a view is made of.
    PG_DEPEND "pg_depend" 2608 row 10051 array 10050 Plain {
        classid: Oid objid: Oid objsubid: Int4 refclassid: Oid refobjid: Oid refobjsubid: Int4 deptype: Char ;
    }
}
catalog! {
    /// How each sequence counts.
    PG_SEQUENCE "pg_sequence" 2224 row 10105 array 10104 Plain {
        seqrelid: Oid seqtypid: Oid seqstart: Int8 seqincrement: Int8 seqmax: Int8 seqmin: Int8 seqcache: Int8
        seqcycle: Bool ;
    }
}
catalog! {
    /// The queries of views, as SQL.
    PG_REWRITE "pg_rewrite" 2618 row 10035 array 10034 Plain {
        oid: Oid rulename: Name ev_class: Oid ev_type: Char ev_enabled: Char is_instead: Bool ev_qual: PgNodeTree
        ev_action: PgNodeTree ;
    }
}

/// All of them.
pub static SYSTEM_TABLES: [&SystemTable; 13] = [
    &PG_CLASS,
    &PG_ATTRIBUTE,
    &PG_TYPE,
    &PG_NAMESPACE,
    &PG_DATABASE,
    &PG_AM,
    &PG_INDEX,
    &PG_CONSTRAINT,
    &PG_ATTRDEF,
    &PG_DEPEND,
    &PG_SEQUENCE,
    &PG_REWRITE,
    &PG_STATISTIC,
];
