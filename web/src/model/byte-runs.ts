/**
 * The bytes of a page as lines to draw: 16 bytes to a line, cut into runs that belong to one field, and the long stretches
 * of zeros in the middle of a page drawn as one.
 */
import type { BytesView } from '../engine/generated/BytesView.ts';
import type { ByteGroup } from '../engine/generated/ByteGroup.ts';

/** Bytes on a line. */
export const LINE = 16;
/** So many lines of zeros at least are drawn as one. */
const FOLD = 3;

/** A run of bytes on one line that belong to one field of one group; both -1 where nothing is known of them. */
export interface Run { at: number; len: number; group: number; field: number }
/** A line, or a stretch of zeros. */
export type ByteLine = { kind: 'bytes'; at: number; runs: Run[] } | { kind: 'zeros'; at: number; len: number };

/** For every byte which group and which of its fields it belongs to. */
export function ownersOf(groups: readonly ByteGroup[], length: number): { group: Int16Array; field: Int16Array } {
  const group = new Int16Array(length).fill(-1);
  const field = new Int16Array(length).fill(-1);
  groups.forEach((g, i) => {
    group.fill(i, g.offset, g.offset + g.len);
    // Of fields that share bytes the first stands for all: a line pointer's three numbers are one run.
    g.fields.forEach((f, j) => { if (field[f.offset] === -1) field.fill(j, f.offset, f.offset + f.len); });
  });
  return { group, field };
}

/** The lines of a page; those of a map, in which every byte has a meaning of its own, byte by byte. */
export function byteLines({ bytes, groups, grid }: Pick<BytesView, 'bytes' | 'groups' | 'grid'>): ByteLine[] {
  const { group, field } = ownersOf(groups, bytes.length);
  const lines: ByteLine[] = [];
  const empty = (at: number) => { for (let i = at; i < at + LINE; i++) if (bytes[i] !== 0 || group[i] !== -1) return false; return true; };
  for (let at = 0; at < bytes.length;) {
    let end = at;
    while (end < bytes.length && empty(end)) end += LINE;
    if (end - at >= FOLD * LINE) {
      lines.push({ kind: 'zeros', at, len: end - at });
      at = end;
      continue;
    }
    lines.push({ kind: 'bytes', at, runs: runs(at, group, field, grid !== null) });
    at += LINE;
  }
  return lines;
}

function runs(at: number, group: Int16Array, field: Int16Array, single: boolean): Run[] {
  const found: Run[] = [];
  for (let i = at; i < at + LINE; i++) {
    const last = found.at(-1);
    const alone = single && group[i] === -1;
    if (last && !alone && last.group === group[i] && last.field === field[i]) last.len++;
    else found.push({ at: i, len: 1, group: group[i]!, field: field[i]! });
  }
  return found;
}
