#!/bin/sh
# Asks a real PostgreSQL 15 how its functions and views of inspection are shaped, and what they say of the pages here.
# To be run with PGHOST, PGPORT and PGUSER set, in this folder, as a superuser.
set -eu
q() { psql -XAtq -P null=NULL "$@"; }
for e in pageinspect pg_buffercache pg_walinspect pg_freespacemap pg_visibility; do
  q -c "CREATE EXTENSION IF NOT EXISTS $e"
done

# The columns of what stands behind FROM: names and types.
describe() {
  echo "== $1"
  echo "SELECT * FROM $1 \\gdesc" | q | tr '|' ' '
}
{
  for v in pg_stat_activity pg_stat_replication pg_stat_wal_receiver pg_stat_bgwriter pg_stat_wal pg_locks pg_settings \
    pg_buffercache; do
    describe $v
  done
  while read -r call; do
    describe "$call"
  done <<'CALLS'
get_raw_page('pg_class', 0)
get_raw_page('pg_class', 'main', 0)
page_header(''::bytea)
heap_page_items(''::bytea)
heap_tuple_infomask_flags(0, 0)
fsm_page_contents(''::bytea)
page_checksum(''::bytea, 0)
pg_visibility_map('pg_class', 0)
pg_visibility_map('pg_class')
pg_visibility('pg_class', 0)
pg_visibility('pg_class')
pg_visibility_map_summary('pg_class')
pg_freespace('pg_class', 0)
pg_freespace('pg_class')
pg_relation_filepath('pg_class')
pg_relation_filenode('pg_class')
pg_relation_size('pg_class')
pg_relation_size('pg_class', 'fsm')
pg_table_size('pg_class')
pg_total_relation_size('pg_class')
pg_get_wal_records_info('0/0', '0/0')
pg_get_wal_records_info_till_end_of_wal('0/0')
pg_get_wal_record_info('0/0')
pg_current_wal_insert_lsn()
pg_current_wal_lsn()
pg_current_wal_flush_lsn()
pg_last_wal_receive_lsn()
pg_last_wal_replay_lsn()
pg_is_in_recovery()
pg_ls_waldir()
pg_ls_dir('.')
pg_read_binary_file('PG_VERSION')
pg_read_binary_file('PG_VERSION', 0, 1)
pg_read_file('PG_VERSION')
pg_walfile_name('0/0')
pg_walfile_name_offset('0/0')
pg_wal_lsn_diff('0/0', '0/0')
pg_switch_wal()
pg_control_checkpoint()
pg_control_system()
pg_postmaster_start_time()
pg_backend_pid()
pg_blocking_pids(0)
pg_cancel_backend(0)
pg_terminate_backend(0)
pg_xact_status('3')
txid_status(3)
pg_current_snapshot()
txid_current_snapshot()
txid_current()
pg_stat_progress_vacuum
heap_page_item_attrs(''::bytea, 'pg_class')
age('3'::xid)
CALLS
} > inspect-columns.txt

# What the functions say of the pages in this folder, and of every flag.
{
  for page in accounts-updated accounts-vacuumed aborted-vacuumed churn-reused mixed-rows; do
    bytes="'\\x$(od -An -v -tx1 $page.page | tr -d ' \n')'"
    echo "== page_header $page"
    echo "SELECT * FROM page_header($bytes)" | q
    echo "== heap_page_items $page"
    echo "SELECT * FROM heap_page_items($bytes)" | q
  done
  for page in accounts-fsm0 accounts-fsm2; do
    echo "== fsm_page_contents $page"
    echo "SELECT fsm_page_contents('\\x$(od -An -v -tx1 $page.page | tr -d ' \n')')" | q
  done
  echo "== heap_tuple_infomask_flags"
  q -c "SELECT m, n, f.* FROM (VALUES (0, 0), (2306, 3), (2818, 3), (258, 16387), (10498, 32771), (1280, 8194), (80, 3),
    (208, 3), (49152, 1), (65535, 65535)) v (m, n), heap_tuple_infomask_flags(m, n) f"
} > inspect-pages.txt
