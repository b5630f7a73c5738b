/** What Tab offers: keywords, the catalog's names, and nothing that the engine does not know. */
import { expect, it } from 'vitest';
import { builtEngine } from '../engine/testing.ts';
import { beginnings, complete } from './complete.ts';

const names = {
  relations: [{ name: 'accounts', columns: ['id', 'owner', 'balance'] }, { name: 'pg_class', columns: ['oid', 'relname'] }],
  functions: ['heap_page_items', 'lower'],
  settings: ['shared_buffers', 'synchronous_commit'],
};
const at = (text: string) => complete(text, text.length, names);

it.each([
  ['SEL', 'SELECT '], ['sel', 'select '], ['SELECT bal', 'balance '], ['SELECT relname FROM pg_', 'pg_class '], ['VACUUM acc', 'accounts '],
  ['SHOW sha', 'shared_buffers '], ['\\d acc', 'accounts '], ['\\tim', '\\timing '], ['\\i m', 'more.sql '], ['SELECT 1; UPD', 'UPDATE '],
  ['SELECT * FROM accounts WHERE ow', 'owner '], ['SELECT * FROM heap_page', 'heap_page_items '],
])('%s', (text, wanted) => expect(at(text)?.text).toBe(wanted));

it('says what could follow, when that is more than one', () => {
  expect(at('SHOW s')).toMatchObject({ from: 5, text: 's', options: ['shared_buffers', 'synchronous_commit'] });
  expect(at('CREA')?.text).toBe('CREATE ');
  expect(at('zzz')).toBeNull();
});

it('offers no statement that the engine does not know', async () => {
  const world = builtEngine()();
  world.open({});
  world.input({ kind: 'connect', host: 0, parameters: [['user', 'postgres']] });
  world.run({ step: Infinity });
  const rest: Record<string, string> = {
    ALTER: 'SYSTEM RESET ALL', RELEASE: 'a', REINDEX: 'TABLE t', SAVEPOINT: 'a', TRUNCATE: 't', WITH: 'a AS (SELECT 1) TABLE a', CREATE: 'TABLE t (n int)', DELETE: 'FROM t', DISCARD: 'ALL', DROP: 'TABLE t', INSERT: 'INTO t VALUES (1)', LOCK: 't', RESET: 'ALL',
    SELECT: '1', SET: 'work_mem = 100', SHOW: 'work_mem', START: 'TRANSACTION', TABLE: 't', UPDATE: 't SET n = 2', VALUES: '(1)',
  };
  const refused = beginnings.filter((word) => {
    world.answers();
    world.input({ kind: 'query', session: 0, text: `${word} ${rest[word] ?? ''}` });
    world.run({ step: Infinity });
    return ['0A000', '42601'].includes(world.answers()[0]?.sqlstate ?? '');
  });
  expect(refused).toEqual([]);
});
