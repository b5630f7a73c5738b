/** What psql 15.20 prints for the same results. */
import { expect, it } from 'vitest';
import { aligned, errorText, expanded } from './psql-table.ts';

const text = (name: string) => ({ name, numeric: false });
const number = (name: string) => ({ name, numeric: true });

it.each([
  [[number('a'), text('longname'), text('n')], [['1', 'x', null]], ' a | longname | n \n---+----------+---\n 1 | x        | \n(1 row)'],
  [[number('balance')], [['100']], ' balance \n---------\n     100\n(1 row)'],
  [[text('t'), number('z')], [['a\nbc', '1']], ' t  | z \n----+---\n a +| 1\n bc | \n(1 row)'],
  [[number('z'), text('t')], [['1', 'a\nbc']], ' z | t  \n---+----\n 1 | a +\n   | bc\n(1 row)'],
  [[text('t'), text('u')], [['한글', 'ab']], '  t   | u  \n------+----\n 한글 | ab\n(1 row)'],
  [[number('x')], [], ' x \n---\n(0 rows)'],
  [[], [[]], '--\n(1 row)'],
])('aligned %#', (columns, rows, expected) => {
  expect(aligned({ columns, rows })).toBe(expected);
});

it.each([
  [[number('a'), text('longname')], [['1', 'xyz']], '-[ RECORD 1 ]-\na        | 1\nlongname | xyz'],
  [[number('a'), text('b')], [['12345678901234', 'xyzxyzxyzxyzxyzxyzxyz']], '-[ RECORD 1 ]------------\na | 12345678901234\nb | xyzxyzxyzxyzxyzxyzxyz'],
  [[number('aaaaaaaaaaaaaaaaaaaaaaaaa')], [['1']], '-[ RECORD 1 ]-------------+--\naaaaaaaaaaaaaaaaaaaaaaaaa | 1'],
  [[number('x')], [], '(0 rows)'],
])('expanded %#', (columns, rows, expected) => {
  expect(expanded({ columns, rows })).toBe(expected);
});

it('points at the place of an error', () => {
  const sql = 'SELECT 1,\n  foo FROM pg_class;';
  expect(errorText({ severity: 'ERROR', message: 'column "foo" does not exist', position: 13 }, sql))
    .toBe('ERROR:  column "foo" does not exist\nLINE 2:   foo FROM pg_class;\n          ^');
});
