#!/usr/bin/env bash
# Writes catalog.txt of this folder: see README.md. Needs a fresh server of version 15, in which nothing was made yet.
set -euo pipefail
out=$1
q() { psql -XqAt -v ON_ERROR_STOP=1 -P null=NULL "$@"; }
q <<'S'
create table accounts(id int, owner text, balance numeric);
create table plain(id int8 not null, price numeric(10,2));
create table types(b bool, i2 int2, i4 int4 not null, i8 int8, f4 float4, f8 float8, n numeric(5), t text, v varchar(10), z timestamptz, "Name" name, o oid, l pg_lsn, by bytea, c "char", a int[], ta text[]);
create table empty();
S
ours="('accounts'::regclass, 'plain'::regclass, 'types'::regclass, 'empty'::regclass)"
catalogs="(1259, 1249, 1247, 2615, 1262, 2601, 2606, 2610, 2604, 2608, 2224, 2618, 2619)"
{
  echo "# class: all columns but reltoastrelid and relfrozenxid"
  q -c "select oid, relname, relnamespace, reltype, reloftype, relowner, relam, relfilenode, reltablespace, relpages, reltuples, relallvisible, relhasindex, relisshared, relpersistence, relkind, relnatts, relchecks, relhasrules, relhastriggers, relhassubclass, relrowsecurity, relforcerowsecurity, relispopulated, relreplident, relispartition, relrewrite, relminmxid, relacl, reloptions, relpartbound from pg_class where oid in $ours order by oid"
  echo "# attribute: all columns but attoptions, where 15.20 notes a version of its own"
  q -c "select attrelid, attname, atttypid, attstattarget, attlen, attnum, attndims, attcacheoff, atttypmod, attbyval, attalign, attstorage, attcompression, attnotnull, atthasdef, atthasmissing, attidentity, attgenerated, attisdropped, attislocal, attinhcount, attcollation, attacl, attfdwoptions, attmissingval from pg_attribute where attrelid in $ours or attrelid in $catalogs order by attrelid, attnum"
  echo "# type: all columns but typacl"
  q -c "select oid, typname, typnamespace, typowner, typlen, typbyval, typtype, typcategory, typispreferred, typisdefined, typdelim, typrelid, typsubscript::oid, typelem, typarray, typinput::oid, typoutput::oid, typreceive::oid, typsend::oid, typmodin::oid, typmodout::oid, typanalyze::oid, typalign, typstorage, typnotnull, typbasetype, typtypmod, typndims, typcollation, typdefaultbin, typdefault from pg_type where oid < 5100 and typrelid = 0 and typelem not in (71, 75, 83) or typrelid in $ours or typrelid in $catalogs or typelem in (select reltype from pg_class where oid in $ours or oid in $catalogs) order by oid"
} > "$out/catalog.txt"
q -c "drop table accounts, plain, types, empty"
