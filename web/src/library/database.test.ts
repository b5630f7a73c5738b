/** The library on the real engine, in this thread. */

import { beforeAll, describe, expect, it } from 'vitest';

import type { Code } from '../engine/code';
import { builtCode } from '../engine/testing';
import { Core, type Disks } from './core';
import { Database } from './database';

let code: Code;

beforeAll(() => {
  code = builtCode();
});

const open = (disks?: Disks) => Database.on(new Core(code.instance(), disks));

describe('a database', () => {
  it('runs statements and gives the result of each', async () => {
    const database = await open();
    const results = await database.exec("CREATE TABLE t (id int, v text); INSERT INTO t VALUES (1, 'a'), (2, NULL) RETURNING id; TABLE t");
    expect(results.map(({ command }) => command)).toEqual(['CREATE TABLE', 'INSERT 0 2', 'SELECT 2']);
    expect(results[1]).toMatchObject({ affectedRows: 2, rows: [{ id: 1 }, { id: 2 }] });
    expect(results[2]!.rows).toEqual([{ id: 1, v: 'a' }, { id: 2, v: null }]);
    expect(results[2]!.fields).toEqual([{ name: 'id', dataTypeID: 23 }, { name: 'v', dataTypeID: 25 }]);
    expect((await database.query('TABLE t', [], { rowMode: 'array' })).rows).toEqual([[1, 'a'], [2, null]]);
    await database.close();
  });

  it('gives values as JavaScript expects them, and takes them so', async () => {
    const database = await open();
    const text = `SELECT 9007199254740991::int8 small, 9007199254740993::int8 big, 1.50::numeric n, 'NaN'::float8 nan, true b, NULL::int x,
      '\\x00ff'::bytea bytes, '2026-01-31 12:00:00.5+01'::timestamptz at, '{1,NULL,3}'::int[] ints, '{"a \\"b\\"",NULL,"NULL"}'::text[] texts`;
    const { rows } = await database.query(text);
    expect(rows[0]).toEqual({
      small: 9007199254740991, big: 9007199254740993n, n: '1.50', nan: Number.NaN, b: true, x: null,
      bytes: new Uint8Array([0, 255]), at: new Date('2026-01-31T11:00:00.500Z'), ints: [1, null, 3], texts: ['a "b"', null, 'NULL'],
    });
    const values = [9007199254740993n, new Date('2026-01-31T11:00:00.500Z'), new Uint8Array([0, 255]), ['a "b"', null, 'NULL'], false];
    const back = await database.query('SELECT $1::int8 a, $2::timestamptz b, $3::bytea c, $4::text[] d, $5::bool e', values);
    expect(Object.values(back.rows[0]!)).toEqual(values);
    expect((await database.sql`SELECT ${20}::int + ${22} AS answer`).rows).toEqual([{ answer: 42 }]);
    expect((await database.query('SELECT 1::int8 n', [], { parsers: { 20: (text) => `<${text}>` } })).rows).toEqual([{ n: '<1>' }]);
    await database.close();
  });

  it('reports an error with its SQLSTATE and place, and goes on', async () => {
    const database = await open();
    await expect(database.query('SELECT nope')).rejects.toMatchObject({ code: '42703', severity: 'ERROR', position: 8, message: 'column "nope" does not exist' });
    await expect(database.query('SELECT $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
    expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await database.close();
  });

  it('commits a transaction that resolves, and rolls back one that rejects', async () => {
    const database = await open();
    await database.exec('CREATE TABLE t (id int)');
    await database.transaction(async (t) => void (await t.query('INSERT INTO t VALUES ($1)', [1])));
    const failed = database.transaction(async (t) => {
      await t.exec('INSERT INTO t VALUES (2)');
      throw new Error('no');
    });
    const after = database.query('INSERT INTO t VALUES (3)');
    await expect(failed).rejects.toThrow('no');
    await after;
    await database.transaction(async (t) => {
      await t.exec('INSERT INTO t VALUES (4)');
      await t.rollback();
    });
    expect((await database.query('TABLE t', [], { rowMode: 'array' })).rows).toEqual([[1], [3]]);
    await database.close();
  });

  it('has sessions that wait for each other, and can be cancelled', async () => {
    const database = await open();
    const second = await database.session();
    await database.exec('CREATE TABLE t (id int)');
    await database.exec('BEGIN; LOCK TABLE t');
    const waiting = second.query('TABLE t');
    await new Promise((done) => setTimeout(done, 20));
    await database.exec('COMMIT');
    expect((await waiting).rows).toEqual([]);
    const sleeping = second.query('SELECT pg_sleep(60)');
    await second.cancel();
    await expect(sleeping).rejects.toMatchObject({ code: '57014' });
    await second.query('SELECT pg_sleep(0.02)');
    await second.close();
    await expect(second.query('SELECT 1')).rejects.toThrow('closed');
    await database.close();
  });

  it('can be written out and opened again', async () => {
    const database = await open();
    await database.exec('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)');
    await database.exec('BEGIN; INSERT INTO t VALUES (1001)');
    const again = await open(await database.dump());
    expect((await again.query('SELECT count(*), max(id) FROM t')).rows).toEqual([{ count: 1000, max: 1000 }]);
    await Promise.all([database.close(), again.close()]);
  });

  it('tells notices', async () => {
    const database = await open();
    const told: string[] = [];
    database.onNotice(({ code, message }) => told.push(`${code} ${message}`));
    await database.exec('COMMIT');
    expect(told).toEqual(['25P01 there is no transaction in progress']);
    await database.close();
  });
});
