/** The lines of a page of bytes. */
import { expect, test } from 'vitest';
import { byteLines, ownersOf } from './byte-runs.ts';

const group = (kind: string, offset: number, len: number, fields: [string, number, number][]) => ({ kind, lp: 0, offset, len, fields: fields.map(([name, at, n]) => ({ name, value: '', offset: at, len: n })) });

test('a line is cut where a field ends', () => {
  const bytes = new Uint8Array(32).fill(7);
  const groups = [group('header', 0, 24, [['pd_lsn', 0, 8], ['pd_checksum', 8, 2]])];
  expect(byteLines({ bytes, groups, grid: null })).toEqual([
    { kind: 'bytes', at: 0, runs: [{ at: 0, len: 8, group: 0, field: 0 }, { at: 8, len: 2, group: 0, field: 1 }, { at: 10, len: 6, group: 0, field: -1 }] },
    { kind: 'bytes', at: 16, runs: [{ at: 16, len: 8, group: 0, field: -1 }, { at: 24, len: 8, group: -1, field: -1 }] },
  ]);
});

test('zeros that belong to nobody are folded, those of a field are not', () => {
  const bytes = new Uint8Array(160);
  const lines = byteLines({ bytes, grid: null, groups: [group('header', 0, 24, []), group('tuple', 128, 32, [])] });
  expect(lines.map((l) => [l.kind, l.at])).toEqual([['bytes', 0], ['bytes', 16], ['zeros', 32], ['bytes', 128], ['bytes', 144]]);
  expect(lines[2]).toMatchObject({ len: 96 });
});

test('fields that share their bytes are one run', () => {
  const { field } = ownersOf([group('lp', 24, 4, [['lp_off', 24, 4], ['lp_flags', 24, 4]])], 32);
  expect([...field.slice(23, 29)]).toEqual([-1, 0, 0, 0, 0, -1]);
});

test('a byte of a map stands alone', () => {
  const grid = { first: 0, bits: 2, offset: 24, values: new Uint8Array() };
  const [, second] = byteLines({ bytes: new Uint8Array(32).fill(1), groups: [group('header', 0, 24, [])], grid });
  expect(second).toMatchObject({ runs: [{ at: 16, len: 8 }, ...Array.from({ length: 8 }, (_, i) => ({ at: 24 + i, len: 1 }))] });
});
