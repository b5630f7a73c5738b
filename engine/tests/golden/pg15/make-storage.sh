#!/usr/bin/env bash
# Writes the storage files of this folder: see README.md. Needs a scratch server of version 15.
set -euo pipefail
out=$1
q() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
page() { # file relation fork block
  q -c "select encode(get_raw_page('$2','$3',$4),'hex')" | xxd -r -p > "$out/$1.page"
}
header() { # file relation fork
  q -c "select h.*, page_checksum(p,0), page_checksum(p,7) from get_raw_page('$2','$3',0) p, page_header(p) h" > "$out/$1.header"
}
heap() { # file relation
  page "$1" "$2" main 0
  header "$1" "$2" main
  q -c "select lp,lp_off,lp_flags,lp_len,t_xmin,t_xmax,t_field3,t_ctid,t_infomask2,t_infomask,t_hoff
        from heap_page_items(get_raw_page('$2',0))" > "$out/$1.items"
}
q -c "create extension if not exists pageinspect" -c "create extension if not exists pg_freespacemap"
q -c "drop table if exists accounts, churn, aborted, mixed, fsm, numerics"

q -c "create table accounts(id int, owner text, balance numeric) with (autovacuum_enabled=off)"
q -c "insert into accounts values (1,'Alice',100),(2,'Bob',50),(3,'Carol',70.25)"
q -c "update accounts set balance = balance - 10 where id = 1" -c "select from accounts"
heap accounts-updated accounts
q -c "vacuum accounts"
heap accounts-vacuumed accounts
page accounts-fsm0 accounts fsm 0; page accounts-fsm1 accounts fsm 1; page accounts-fsm2 accounts fsm 2; page accounts-vm accounts vm 0

q -c "create table churn(id int, pad text) with (autovacuum_enabled=off)"
q -c "insert into churn select i, repeat(chr(96 + i % 26), i % 37) from generate_series(1,90) i"
q -c "delete from churn where id % 3 = 0 or id > 80" -c "select from churn"
heap churn-deleted churn
q -c "vacuum churn"
heap churn-vacuumed churn
q -c "insert into churn values (1000,'reuses a line pointer')"
heap churn-reused churn

q -c "create table aborted(id int, b text) with (autovacuum_enabled=off)"
q -c "insert into aborted values (1,'x')"
q <<'S'
begin; update aborted set b = 'y'; update aborted set b = 'z'; update aborted set b = 'zz'; rollback; select from aborted;
S
heap aborted-updated aborted
q -c "vacuum aborted"
heap aborted-vacuumed aborted

q -c "create table mixed(i2 int2, i4 int4, i8 int8, b bool, t text, n numeric, ts timestamptz, f4 float4, f8 float8,
        nm name, ch \"char\", o oid, by bytea, x xid, c cid, ti tid, l pg_lsn) with (autovacuum_enabled=off)"
q -c "set timezone = 'UTC'" -c "insert into mixed values
  (1,2,3,true,'four',5.5,'2026-11-20 09:33:12.603886+00',1.5,2.25,'name','c',7,'\\xdeadbeef','8','9','(1,2)','16/B374D848'),
  (null,2,null,false,null,null,null,null,0.1,null,'x',null,null,null,null,null,null),
  (-1,-2,-3,null,repeat('long ',40),-12345678901234567890.000123,'infinity','NaN','-Infinity','n',null,4294967295,'','3',null,'(4294967295,65535)','0/0')"
heap mixed-rows mixed
q -c "set timezone = 'UTC'" -c "select * from mixed" -P null=NULL > "$out/mixed-rows.rows"

q -c "create table fsm(pad text) with (autovacuum_enabled=off)"
q -c "alter table fsm alter pad set storage plain"
q -c "insert into fsm select repeat('x', 1000) from generate_series(1,420)"
q -c "delete from fsm where (ctid::text::point)[1]::int % 7 < (ctid::text::point)[0]::int % 7"
q -c "vacuum fsm"
page fsm-0 fsm fsm 0; page fsm-1 fsm fsm 1; page fsm-2 fsm fsm 2
q -c "select blkno, avail from pg_freespace('fsm')" > "$out/fsm.txt"

q -c "select raw_flags, combined_flags from heap_tuple_infomask_flags(65535,65535)" \
  -c "select raw_flags, combined_flags from heap_tuple_infomask_flags(2306,16386)" \
  -c "select raw_flags, combined_flags from heap_tuple_infomask_flags(x'0b50'::int,32770)" > "$out/infomask.txt"

q -c "checkpoint"
data=$(q -c "show data_directory")
head -c 8192 "$data/pg_xact/0000" > "$out/clog.page"
q -c "select x, txid_status(x) from generate_series(3, txid_current() - 1) x where x >= (select oldest_xid::text::bigint from pg_control_checkpoint())" > "$out/clog.txt"
cp "$data/global/pg_control" "$out/pg_control"
TZ=UTC /usr/lib/postgresql/15/bin/pg_controldata "$data" > "$out/pg_control.txt"
