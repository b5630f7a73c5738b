/** psql's manners: where a statement ends, its prompts, its tables. */
import { describe, expect, it } from 'vitest';
import { lastAnswer, prompt, splitStatements, terminal, type Exchange } from './psql.ts';

describe('splitStatements', () => {
  it.each([
    ['SELECT 1;', ['SELECT 1;'], ''],
    ['SELECT 1', [], 'SELECT 1'],
    ["SELECT ';'; SELECT 2;", ["SELECT ';';", 'SELECT 2;'], ''],
    ['SELECT $a$;$a$; -- ;\nSELECT', ['SELECT $a$;$a$;'], '-- ;\nSELECT'],
    ['/* ; */ SELECT "a;b";', ['/* ; */ SELECT "a;b";'], ''],
    ['SELECT (1;', [], 'SELECT (1;'],
  ])('%s', (text, complete, rest) => {
    expect(splitStatements(text)).toEqual({ complete, rest });
  });
});

describe('prompt', () => {
  it('says the transaction state and whether the line goes on', () => {
    expect(prompt('bank', 'I', true, false)).toBe('bank=#');
    expect(prompt('bank', 'T', true, false)).toBe('bank=*#');
    expect(prompt('bank', 'E', false, true)).toBe('bank-!>');
  });
});

describe('terminal', () => {
  const x: Exchange = {
    letter: 'A', step: 5, time: 0, prompts: ['p=#', 'p-#'], sql: 'SELECT balance\nFROM accounts;',
    answer: { step: 9, time: 1, text: ' balance\n---------\n      90\n(1 row)', failed: false },
  };
  const at = (step: number, atEnd = false) => ({ step, atEnd });
  it('is a function of the cursor', () => {
    expect(terminal([x], 'A', at(5))).toEqual([]);
    expect(terminal([x], 'A', at(5, true))).toHaveLength(2);
    expect(terminal([x], 'A', at(9))).toEqual([{ prompt: 'p=#', text: 'SELECT balance' }, { prompt: 'p-#', text: 'FROM accounts;' }]);
    expect(terminal([x], 'A', at(10)).map((l) => l.text).slice(2)).toEqual([' balance', '---------', '      90', '(1 row)']);
    expect(lastAnswer([x], 'A', at(10))[2]).toMatchObject({ text: '      90', strong: true });
  });
});

it('\\d shows columns without a count of them, and what belongs to them part by part', () => {
  const text = ' Column |  Type   \n--------+---------\n id     | integer \n(1 row)\n\n  part   |              line                  | n | m |  name  \n---------+------------------------------------+---+---+--------\n Indexes | "t_pkey" PRIMARY KEY, btree (id)   | 1 | 0 | t_pkey\n Indexes | "t_a" btree (a)                    | 1 | 1 | t_a\n Check constraints | "c" CHECK (a > 0) | 2 | 0 | c\n(3 rows)\n\n';
  const at = { letter: 'A', step: 1, time: 0, prompts: ['=#', '-#'] as [string, string], sql: '', as: '\\d t', describes: true, none: 'Did not find any relation named "t".' };
  const shown = (text: string) => terminal([{ ...at, answer: { step: 2, time: 1, text, failed: false } }], 'A', { step: 9, atEnd: true }).map((l) => l.text);
  expect(shown(text)).toEqual(['\\d t', ' Column |  Type   ', '--------+---------', ' id     | integer ', 'Indexes:', '    "t_pkey" PRIMARY KEY, btree (id)', '    "t_a" btree (a)', 'Check constraints:', '    "c" CHECK (a > 0)']);
  expect(shown(' Column | Type \n--------+------\n(0 rows)\n\n')).toEqual(['\\d t', 'Did not find any relation named "t".']);
});
