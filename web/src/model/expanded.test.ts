/** \x, held against the lines of psql 15.18. */
import { expect, it } from 'vitest';
import { expand } from './expanded.ts';

// Both sides as psql 15.18 prints them.

it('lays rows out as blocks', () => {
  const table = ` id | owner | balance 
----+-------+---------
  1 | Alice |  100.00
  2 | a    +|        
    | b     | 
(2 rows)

`;
  expect(expand(table)).toBe(`-[ RECORD 1 ]---
id      | 1
owner   | Alice
balance | 100.00
-[ RECORD 2 ]---
id      | 2
owner   | a     +
        | b
balance | 

`);
});

it.each([
  [' a \n---\n 1\n(1 row)\n\n', '-[ RECORD 1 ]\na | 1\n\n'],
  [' a_much_longer_column_name | c \n---------------------------+---\n x                         | 2\n(1 row)\n\n',
    '-[ RECORD 1 ]-------------+--\na_much_longer_column_name | x\nc                         | 2\n\n'],
  [' id | owner \n----+-------\n(0 rows)\n\n', '(0 rows)\n\n'],
  ['INSERT 0 2\n', 'INSERT 0 2\n'],
])('%j', (table, blocks) => expect(expand(table)).toBe(blocks));
