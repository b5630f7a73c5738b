/**
 * `node tests/bench/speed.mjs [group ...]`: the eighteen groups of the speed test that wa-sqlite and PGlite publish (which is
 * SQLite's, of old), by the library in Node, beside PGlite in the same run; then single statements.
 *
 * The statements are made here from the groups' descriptions, the same for both. Each group is one script, and both have
 * run all of it up to there, so that tables are as large as they are meant to be.
 */

import path from 'node:path';

import { WEB } from '../../web/tool/sh.mjs';

/** Numbers that look like chance and are the same each time. */
function chance(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const UNITS = 'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const TENS = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** A number in English. */
function words(n) {
  if (n < 20) return UNITS[n];
  if (n < 100) return TENS[Math.floor(n / 10)] + (n % 10 ? `-${UNITS[n % 10]}` : '');
  if (n < 1000) return `${UNITS[Math.floor(n / 100)]} hundred${n % 100 ? ` ${words(n % 100)}` : ''}`;
  return `${words(Math.floor(n / 1000))} thousand${n % 1000 ? ` ${words(n % 1000)}` : ''}`;
}

const random = chance(15);
const times = (n, statement) => Array.from({ length: n }, (_, i) => statement(i + 1));
const block = (statements) => ['BEGIN', ...statements, 'COMMIT'];
const row = (i) => {
  const n = random(100_000);
  return `(${i}, ${n}, '${words(n)}')`;
};
const inserts = (n, table) => times(n, (i) => `INSERT INTO ${table} VALUES ${row(i)}`);
const oneInsert = (n, table) => [`INSERT INTO ${table} VALUES ${times(n, row).join(', ')}`];
const table = (name) => `CREATE TABLE ${name} (a integer, b integer, c varchar(100))`;

/** Name, and statements. */
const GROUPS = [
  ['1    1,000 INSERTs', [table('t1'), ...inserts(1000, 't1')]],
  ['2    25,000 INSERTs in a transaction', block([table('t2'), ...inserts(25_000, 't2')])],
  ['2.1  25,000 rows by one INSERT', block([table('t2_1'), ...oneInsert(25_000, 't2_1')])],
  ['3    25,000 INSERTs into an indexed table', block([table('t3'), 'CREATE INDEX i3 ON t3 (c)', ...inserts(25_000, 't3')])],
  ['3.1  25,000 rows by one INSERT, indexed', block([table('t3_1'), 'CREATE INDEX i3_1 ON t3_1 (c)', ...oneInsert(25_000, 't3_1')])],
  ['4    100 SELECTs without an index', block(times(100, (i) => `SELECT count(*), avg(b) FROM t2 WHERE b >= ${i * 100} AND b < ${i * 100 + 1000}`))],
  ['5    100 SELECTs on a string comparison', block(times(100, (i) => `SELECT count(*), avg(b) FROM t2 WHERE c LIKE '%${words(i)}%'`))],
  ['6    creating an index', ['CREATE INDEX i2a ON t2 (a)', 'CREATE INDEX i2b ON t2 (b)']],
  ['7    5,000 SELECTs with an index', times(5000, (i) => `SELECT count(*), avg(b) FROM t2 WHERE b >= ${i * 20} AND b < ${i * 20 + 20}`)],
  ['8    1,000 UPDATEs without an index', block(times(1000, (i) => `UPDATE t1 SET b = b * 2 WHERE a >= ${(i - 1) * 10} AND a < ${i * 10}`))],
  ['9    25,000 UPDATEs with an index', block(times(25_000, (i) => `UPDATE t2 SET b = ${random(500_000)} WHERE a = ${i}`))],
  ['10   25,000 text UPDATEs with an index', block(times(25_000, (i) => `UPDATE t2 SET c = '${words(random(500_000))}' WHERE a = ${i}`))],
  ['11   INSERTs from a SELECT', block(['INSERT INTO t1 SELECT b, a, c FROM t2', 'INSERT INTO t2 SELECT b, a, c FROM t1'])],
  ['12   DELETE without an index', ["DELETE FROM t2 WHERE c LIKE '%fifty%'"]],
  ['13   DELETE with an index', ['DELETE FROM t2 WHERE a > 10 AND a < 20000']],
  ['14   a big INSERT after a big DELETE', ['INSERT INTO t2 SELECT * FROM t1']],
  ['15   a big DELETE, then 12,000 small INSERTs', block(['DELETE FROM t1', ...inserts(12_000, 't1')])],
  ['16   DROP TABLE', ['DROP TABLE t1', 'DROP TABLE t2', 'DROP TABLE t3']],
];

/** Milliseconds that something takes. */
async function timed(work) {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Medians of single statements, in microseconds. */
async function single(database) {
  await database.exec("CREATE TABLE s (id int PRIMARY KEY, v int, w text); INSERT INTO s SELECT g, 0, 'row' FROM generate_series(1, 10000) g");
  const asks = {
    'SELECT by key': (i) => database.query(`SELECT v, w FROM s WHERE id = ${i}`),
    'SELECT by key, $1': (i) => database.query('SELECT v, w FROM s WHERE id = $1', [i]),
    INSERT: (i) => database.query(`INSERT INTO s VALUES (${20_000 + i}, ${i}, 'new')`),
    'BEGIN, UPDATE, COMMIT': async (i) => {
      await database.query('BEGIN');
      await database.query(`UPDATE s SET v = v + 1 WHERE id = ${i}`);
      await database.query('COMMIT');
    },
  };
  const result = {};
  for (const [name, ask] of Object.entries(asks)) {
    const took = [];
    for (let i = 1; i <= 3000; i++) took.push(await timed(() => ask(i)));
    result[name] = median(took) * 1000;
  }
  return result;
}

/** Runs everything; prints and returns the rows. */
export async function speed(wanted = []) {
  const { open } = await import(path.join(WEB, 'dist/vitrine-node.js'));
  const { PGlite } = await import(path.join(import.meta.dirname, 'node_modules/@electric-sql/pglite/dist/index.js'));
  const ours = await open();
  const theirs = await PGlite.create();
  const rows = [];
  const sums = [0, 0];
  for (const [name, statements] of GROUPS) {
    const text = `${statements.join(';\n')};\n`;
    const both = [];
    for (const database of [ours, theirs]) both.push(await timed(() => database.exec(text)));
    both.forEach((ms, n) => (sums[n] += ms));
    if (wanted.length === 0 || wanted.includes(name.split(' ')[0])) {
      rows.push({ what: name, 'Vitrine, ms': +both[0].toFixed(1), 'PGlite, ms': +both[1].toFixed(1), 'times as fast': +(both[1] / both[0]).toFixed(2) });
    }
  }
  rows.push({ what: 'all', 'Vitrine, ms': Math.round(sums[0]), 'PGlite, ms': Math.round(sums[1]), 'times as fast': +(sums[1] / sums[0]).toFixed(2) });
  const [one, other] = [await single(ours), await single(theirs)];
  for (const [name, us] of Object.entries(one)) {
    rows.push({ what: `${name}, µs`, 'Vitrine, ms': +us.toFixed(1), 'PGlite, ms': +other[name].toFixed(1), 'times as fast': +(other[name] / us).toFixed(2) });
  }
  console.table(rows);
  await ours.close();
  await theirs.close();
  return rows;
}

if (process.argv[1] === import.meta.filename) await speed(process.argv.slice(2));
