/** Files of statements that `\i` runs: small ones, for what one would otherwise type again and again. */

/** More accounts, so that a table has more than one page. */
const more = `-- Two hundred more accounts: the table needs a second page.
INSERT INTO accounts SELECT n, 'Account ' || n, 100 FROM generate_series(1001, 1200) n;
SELECT count(*) FROM accounts;
`;

/** The versions of all rows, dead ones too. */
const versions = `-- What lies in the first page of accounts, and what this session sees of the table.
SELECT lp, lp_flags, t_xmin, t_xmax, t_ctid FROM heap_page_items(get_raw_page('accounts', 0)) LIMIT 12;
SELECT ctid, xmin, xmax, * FROM accounts ORDER BY ctid LIMIT 12;
`;

/** Who runs, who waits, and for whom. */
const activity = `-- Who runs, who waits, and for whom.
SELECT pid, state, wait_event, backend_xid, pg_blocking_pids(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' ORDER BY pid;
SELECT pid, locktype, mode, granted FROM pg_locks WHERE NOT granted;
`;

/** How far the standby is behind. */
const standby = `-- How far the standby is.
SELECT state, sent_lsn, write_lsn, flush_lsn, replay_lsn, sync_state FROM pg_stat_replication;
SELECT pg_current_wal_lsn(), pg_current_wal_insert_lsn(), pg_current_wal_flush_lsn();
`;

/** The files, by name. */
export const scripts: Readonly<Record<string, string>> = { 'activity.sql': activity, 'more.sql': more, 'standby.sql': standby, 'versions.sql': versions };
