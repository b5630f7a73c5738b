import { expect, it } from 'vitest';
import { complete } from './complete.ts';

const names = {
  relations: [{ name: 'accounts', columns: ['id', 'owner', 'balance'] }, { name: 'pg_class', columns: ['oid', 'relname'] }],
  functions: ['heap_page_items', 'lower'],
  settings: ['shared_buffers', 'synchronous_commit'],
};
const at = (text: string) => complete(text, text.length, names, ['more.sql']);

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
