/**
 * Where the WAL tape's records and pointers go: arithmetic only, so that its rules can be tested at every width.
 *
 *      0        1      2                  3         a record starts where the one before ends, at so many px a byte;
 *     ┌──────┬──────┬──────────────────┬───┐⚑COMMIT  over 320 bytes it is cut short and its right edge is torn;
 *     │ 50 B │ 114 B│ A HOT_UPDATE     │ A │         one too narrow for its name gets a flag if the right is free
 *     └──────┴──────┴──────────────────┴───┘
 *     ▲                               ▲    ▲         labels that would collide: the left one hangs left, the right
 *     redo                     replay │    │ flush   one right, a third goes down a row; at the edges they flip
 *
 * The window onto the tape moves like a page being filled: it stays where it is until a record no longer fits, then
 * moves far enough to leave room. It is found from the records alone, never from what was drawn before, so that the
 * same moment is always the same picture.
 */
import type { RecordView } from '../views/types.ts';

/** Records longer than this are cut short in the picture. */
export const TORN_BYTES = 320;

/** The scale of a tape. */
export interface TapeScale {
  /** Room for the tape, in px. */
  width: number;
  /** Pixels per byte of WAL. */
  perByte: number;
  /** Width of one character of a label inside a record, in px. */
  character: number;
}

/** One record as it is drawn. */
export interface TapeRecord {
  record: RecordView;
  x: number;
  width: number;
  torn: boolean;
  /** What fits inside: the name, the length, the letter alone, or nothing. */
  fits: 'name' | 'length' | 'letter' | 'nothing';
  /** The name stands to the right of the record, where nothing else is. */
  flag: boolean;
}

/** A tape laid out. */
export interface Tape {
  records: TapeRecord[];
  /** Where a position lies; positions before the window are at 0 and marked by `before`. */
  at(position: number): { x: number; before: boolean };
}

const align8 = (n: number) => Math.ceil(n / 8) * 8;

/** Bytes from a record's start to where the next one begins. */
function occupied(records: readonly RecordView[], i: number): number {
  const here = records[i]!;
  const next = records[i + 1];
  return (next ? next.start_lsn : align8(here.end_lsn)) - here.start_lsn;
}

/** How much of the window is in use after the tape was turned on, if that leaves three records in it. */
const ROOM_AFTER_TURN = 0.72;

/** A tape is full at this share of the window, so that what comes next finds room beside what was just written. */
const FULL = 0.95;

/** How many of the records lie before the window: the tape is turned on whenever a record would not fit. */
function firstShown(widths: readonly number[], room: number): number {
  let first = 0;
  let sum = 0;
  widths.forEach((width, i) => {
    sum += width;
    if (sum <= room * FULL) return;
    while (first < i && (sum > room || (sum > room * ROOM_AFTER_TURN && i - first > 2))) sum -= widths[first++]!;
  });
  return first;
}

/** Lays out the newest records on a tape. */
export function layTape(records: readonly RecordView[], scale: TapeScale): Tape {
  const sizes = records.map((_, i) => occupied(records, i));
  const widths = sizes.map((n) => Math.min(n, TORN_BYTES) * scale.perByte);
  const first = firstShown(widths, scale.width);
  const shown: TapeRecord[] = [];
  let x = 0;
  for (let i = first; i < records.length; i++) {
    const record = records[i]!;
    const width = widths[i]!;
    const last = i === records.length - 1;
    const fits = whatFits(record, width, scale.character);
    const free = scale.width - x - width;
    const name = nameOf(record);
    const flag = last && fits !== 'name' && free > (name.length + 2) * scale.character;
    shown.push({ record, x, width: width - 2, torn: sizes[i]! > TORN_BYTES, fits, flag });
    x += width;
  }
  return { records: shown, at: (position) => locate(shown, position, scale.perByte) };
}

/** What a record is called on the tape: `A HOT_UPDATE`. */
export function nameOf(record: RecordView): string {
  return record.letter ? `${record.letter} ${record.record_type}` : record.record_type;
}

function whatFits(record: RecordView, width: number, character: number): TapeRecord['fits'] {
  const room = width - 10;
  if (nameOf(record).length * character <= room) return 'name';
  if (`${record.record_length} B`.length * character <= room) return 'length';
  return record.letter && room >= character ? 'letter' : 'nothing';
}

function locate(shown: readonly TapeRecord[], position: number, perByte: number): { x: number; before: boolean } {
  const first = shown[0];
  if (!first || position < first.record.start_lsn) return { x: 0, before: true };
  for (let i = shown.length - 1; i >= 0; i--) {
    const { record, x, width } = shown[i]!;
    if (position >= record.start_lsn) {
      return { x: x + Math.min((position - record.start_lsn) * perByte, width + 2), before: false };
    }
  }
  return { x: 0, before: true };
}

/** A position that has a name. */
export interface Pointer { name: string; position: number; hollow?: boolean }

/** A label below the tape. */
export interface PointerLabel {
  /** The names that share this position: `write = flush`. */
  text: string;
  position: number;
  hollow: boolean;
  x: number;
  /** Where the label stands, seen from its arrow. */
  side: 'left' | 'right';
  /** 0 just below the tape, 1 one row deeper. */
  row: 0 | 1;
  /** The position lies before the window: the arrow stands at the edge and points left. */
  before: boolean;
  /** Several positions before the window share this arrow, so none is said. */
  mixed: boolean;
}

/** How much a label says: two lines (name, position), one line with both, or the name alone. */
export type Wording = 'lines' | 'line' | 'name';

/** How wide a label is. */
export type Measure = (label: { text: string; position: number }, wording: Wording) => number;

/** Pointers laid out: all labels say equally much. */
export interface Pointers { labels: PointerLabel[]; wording: Wording }

/**
 * Puts labels under their arrows so that none covers another. What does not fit says less; a position that lies
 * before the window is the first to be left out.
 */
export function layPointers(pointers: readonly Pointer[], tape: Tape, width: number, measure: Measure, wordings: readonly Wording[]): Pointers {
  const all = group(pointers, tape);
  const inside = all.filter((l) => !l.before);
  for (const labels of [all, inside, inside.filter((l) => !l.hollow)]) {
    for (const wording of wordings) {
      const placed = place(labels, width, (label) => measure(label, wording), wording !== 'lines');
      if (placed) return { labels: placed, wording };
    }
  }
  // On a phone even one label may be too long: then its names are told by the first and the last.
  const brief = inside.map((l) => ({ ...l, text: l.text.replace(/ = .* = /, ' … ') }));
  for (let from = 0; from < brief.length; from++) {
    const placed = place(brief.slice(from), width, (label) => measure(label, 'name'), true);
    if (placed) return { labels: placed, wording: 'name' };
  }
  return { labels: [], wording: 'name' };
}

function group(pointers: readonly Pointer[], tape: Tape): PointerLabel[] {
  const labels: PointerLabel[] = [];
  for (const p of pointers) {
    const { x, before } = tape.at(p.position);
    const same = labels.find((l) => l.hollow === !!p.hollow && (l.position === p.position || (before && l.before)));
    if (same) { same.mixed ||= same.position !== p.position; same.text += `${same.position === p.position ? ' = ' : ', '}${p.name}`; }
    else labels.push({ text: p.name, position: p.position, hollow: !!p.hollow, x, side: 'right', row: 0, before, mixed: false });
  }
  return labels.sort((a, b) => a.x - b.x || a.position - b.position);
}

interface Box { row: number; from: number; to: number; x: number }

/** Tries the sides (and rows, when labels have only one line) and keeps the arrangement with the fewest oddities. */
function place(labels: PointerLabel[], width: number, measure: (label: PointerLabel) => number, rows: boolean): PointerLabel[] | null {
  const choices = rows ? 4 : 2;
  let best: { cost: number; picked: number[] } | null = null;
  const picked: number[] = [];
  const boxes: Box[] = [];

  const go = (i: number, cost: number): void => {
    if (best && cost >= best.cost) return;
    if (i === labels.length) { best = { cost, picked: [...picked] }; return; }
    for (let choice = 0; choice < choices; choice++) {
      const label = labels[i]!;
      const wide = measure(label);
      const left = choice % 2 === 1;
      const box = { row: choice >> 1, from: left ? label.x - wide : label.x - 2, to: left ? label.x + 2 : label.x + wide, x: label.x };
      if (box.from < -2 || box.to > width + 2 || boxes.some((b) => collide(b, box))) continue;
      picked.push(choice);
      boxes.push(box);
      go(i + 1, cost + (left ? 1 : 0) + box.row * 2);
      picked.pop();
      boxes.pop();
    }
  };
  go(0, 0);
  if (!best) return null;
  const { picked: final } = best as { picked: number[] };
  return labels.map((l, i) => ({ ...l, side: final[i]! % 2 ? 'left' : 'right', row: (final[i]! >> 1) as 0 | 1 }));
}

/** Labels may not overlap, nor may an arrow's stem go through a label that it passes. */
function collide(a: Box, b: Box): boolean {
  if (a.row === b.row && a.from < b.to - 3 && b.from < a.to - 3 && a.x !== b.x) return true;
  if (a.row === b.row && a.x === b.x) return a.from < b.to - 5 && b.from < a.to - 5;
  const [upper, lower] = a.row <= b.row ? [a, b] : [b, a];
  return upper.row !== lower.row && lower.x > upper.from + 3 && lower.x < upper.to - 3;
}
