/** Where the log's records and pointers lie on the tape, at any width. */
import { describe, expect, it } from 'vitest';
import type { RecordView } from '../views/types.ts';
import { layPointers, layTape, type Measure } from './tape.ts';

const record = (start: number, length: number, type: string, letter: string | null = null): RecordView => ({
  start_lsn: start, end_lsn: start + length, prev_lsn: 0, xid: 0, letter, rmgr: '', record_type: type, record_length: length, main_data_length: 0, fpi_length: 0, description: '', blocks: [],
});
const opening = [record(0, 50, 'RUNNING_XACTS'), record(56, 114, 'CHECKPOINT_ONLINE'), record(176, 50, 'RUNNING_XACTS'), record(232, 265, 'HOT_UPDATE', 'A'), record(504, 34, 'COMMIT', 'A')];
const widths = [{ width: 742, perByte: 1.05 }, { width: 702, perByte: 1.03 }, { width: 340, perByte: 0.72 }];
const measure: Measure = (l, wording) => 14 + (wording === 'line' ? l.text.length * 7 + 74 : wording === 'name' ? l.text.length * 7 : Math.max(l.text.length * 7, 66));

describe.each(widths)('a tape of $width px', ({ width, perByte }) => {
  const scale = { width, perByte, character: 6.63 };

  it('shows the newest record whole and keeps the order', () => {
    const { records } = layTape(opening, scale);
    const last = records.at(-1)!;
    expect(last.record.record_type).toBe('COMMIT');
    expect(last.x + last.width).toBeLessThanOrEqual(width);
    for (let i = 1; i < records.length; i++) expect(records[i]!.x).toBeGreaterThan(records[i - 1]!.x + records[i - 1]!.width);
  });

  it('gives the narrow COMMIT a flag at its right', () => {
    expect(layTape(opening, scale).records.at(-1)).toMatchObject({ flag: true });
  });

  it('tears what is longer than 320 bytes', () => {
    const { records } = layTape([...opening, record(544, 8256, 'VISIBLE', 'A')], scale);
    expect(records.at(-1)).toMatchObject({ torn: true, fits: 'name' });
    expect(records.at(-1)!.width).toBeLessThanOrEqual(320 * perByte);
  });

  it('stays where it is until a record does not fit', () => {
    const before = layTape(opening.slice(0, -1), scale).records;
    const after = layTape(opening, scale).records;
    if (before[0]!.record === after[0]!.record) expect(after.slice(0, before.length).map((r) => r.x)).toEqual(before.map((r) => r.x));
  });

  it('keeps labels apart when replay is 40 bytes behind', () => {
    const tape = layTape(opening, scale);
    const pointers = [{ name: 'sent', position: 544 }, { name: 'write', position: 544 }, { name: 'flush', position: 544 }, { name: 'replay', position: 504 },
      ...['write', 'flush', 'replay'].map((name) => ({ name, position: 232, hollow: true }))];
    const { labels, wording } = layPointers(pointers, tape, width, measure, ['line', 'name']);
    expect(labels.length).toBeGreaterThanOrEqual(2);
    const box = (l: (typeof labels)[number]) => { const w = measure(l, wording); return l.side === 'left' ? [l.x - w, l.x] as const : [l.x, l.x + w] as const; };
    for (const a of labels) for (const b of labels) {
      if (a === b || a.row !== b.row) continue;
      expect(box(a)[1] <= box(b)[0] + 8 || box(b)[1] <= box(a)[0] + 8, `${a.text} and ${b.text}`).toBe(true);
    }
  });

  it('says less where even one label is too long, and never overlaps', () => {
    const tape = layTape(opening, scale);
    const names = ['replay', 'write', 'flush', 'insert'].map((name) => ({ name, position: 504 }));
    const { labels, wording } = layPointers([{ name: 'redo', position: 232 }, ...names], tape, width, measure, ['lines', 'line', 'name']);
    for (const l of labels) expect(l.side === 'left' ? l.x - measure(l, wording) : width - l.x - measure(l, wording)).toBeGreaterThanOrEqual(-2);
    expect(labels.at(-1)!.text).toMatch(/^replay .* insert$/);
    const none = layPointers([{ name: 'redo', position: 8 }, { name: 'write', position: 16 }], layTape([], scale), width, measure, ['lines']);
    expect(none.labels).toMatchObject([{ text: 'redo, write', before: true, mixed: true }]);
  });

  it('shares one label among equal positions', () => {
    const { labels } = layPointers([{ name: 'write', position: 544 }, { name: 'flush', position: 544 }], layTape(opening, scale), width, measure, ['lines']);
    expect(labels.map((l) => l.text)).toEqual(['write = flush']);
  });
});
