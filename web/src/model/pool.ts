/**
 * The shared buffers of a host, read out of the bytes in which the engine hands them over: 16 for each, so that 16,384
 * of them cost a copy and no objects. `engine/src/inspect/shape.rs` says where what lies.
 */
import type { HostView, PoolView } from '../views/types.ts';

/** A buffer, as `pg_buffercache` shows it. */
export interface BufferView {
  /** From 1. */
  bufferid: number;
  relfilenode: number | null;
  relname: string | null;
  /** 0 main, 1 free space map, 2 visibility map. */
  relforknumber: number | null;
  relblocknumber: number | null;
  isdirty: boolean;
  usagecount: number;
  pinning_backends: number;
  /** A checkpoint under way has yet to write it. */
  checkpoint: boolean;
}

/** Bytes of a buffer. */
export const CELL = 16;
/** Where in them what a picture needs lies. */
export const AT = { file: 0, block: 4, pins: 8, fork: 12, usage: 13, flags: 14 } as const;
export const DIRTY = 1;
export const CHECKPOINT = 2;

/** The name of the table or index with this file. */
export function nameOf(pool: PoolView, relfilenode: number): string | null {
  return pool.files.find((f) => f.relfilenode === relfilenode)?.relname ?? null;
}

/** One buffer, by its place from 0. */
export function bufferAt(pool: PoolView, index: number): BufferView | null {
  if (index < 0 || index >= pool.count) return null;
  const cells = new DataView(pool.cells.buffer, pool.cells.byteOffset + index * CELL, CELL);
  const file = cells.getUint32(AT.file, true);
  const flags = cells.getUint8(AT.flags);
  const empty = file === 0;
  return {
    bufferid: index + 1, relfilenode: empty ? null : file, relname: empty ? null : nameOf(pool, file),
    relforknumber: empty ? null : cells.getUint8(AT.fork), relblocknumber: empty ? null : cells.getUint32(AT.block, true),
    isdirty: (flags & DIRTY) !== 0, usagecount: cells.getUint8(AT.usage), pinning_backends: cells.getUint32(AT.pins, true),
    checkpoint: (flags & CHECKPOINT) !== 0,
  };
}

/** Where a page lies, from 0; -1 if it is in no buffer. */
export function findBuffer(pool: PoolView, file: number, fork: number, block: number): number {
  const all = words(pool);
  for (let i = 0; i < pool.count; i++) if (all[4 * i] === file && all[4 * i + 1] === block && pool.cells[i * CELL + AT.fork] === fork) return i;
  return -1;
}

/** All of them; for pools that are drawn cell by cell. */
export function buffersOf({ buffers }: HostView): BufferView[] {
  return Array.from({ length: buffers.count }, (_, i) => bufferAt(buffers, i)!);
}

/** Places of the buffers that differ between two moments in page, dirty mark or pins; usage counts change all the time. */
export function changedCells(old: PoolView, now: PoolView): number[] {
  const changed: number[] = [];
  if (old.count !== now.count) return changed;
  const [a, b] = [words(old), words(now)];
  for (let i = 0; i < now.count; i++) {
    const at = i * 4;
    // The last word holds fork, usage count and flags; the usage count is left out.
    if (a[at] !== b[at] || a[at + 1] !== b[at + 1] || ((a[at + 3]! ^ b[at + 3]!) & 0xffff00ff & ~(CHECKPOINT << 16)) !== 0) changed.push(i);
  }
  return changed;
}

/** The cells as words of four bytes. */
function words(pool: PoolView): Uint32Array {
  return new Uint32Array(pool.cells.buffer, pool.cells.byteOffset, pool.count * 4);
}

/** What is in the pool, relation by relation, the biggest first. */
export interface Share { relname: string; relfilenode: number; buffers: number; dirty: number; pinned: number; usage: number[] }

/** Buffers by relation, the forks of one together. */
export function shares(pool: PoolView): Share[] {
  const found = new Map<number, Share>();
  const { cells } = pool;
  const all = words(pool);
  let share: Share | undefined;
  for (let i = 0, w = 0, at = 0; i < pool.count; i++, w += 4, at += CELL) {
    // The machines that browsers run on are little-endian, as the cells are.
    const file = all[w]!;
    if (file === 0) continue;
    if (share?.relfilenode !== file) share = found.get(file);
    if (!share) found.set(file, share = { relname: nameOf(pool, file) ?? String(file), relfilenode: file, buffers: 0, dirty: 0, pinned: 0, usage: [0, 0, 0, 0, 0, 0] });
    share.buffers++;
    if (cells[at + AT.flags]! & DIRTY) share.dirty++;
    if (all[w + 2] !== 0) share.pinned++;
    share.usage[Math.min(5, cells[at + AT.usage]!)]!++;
  }
  return [...found.values()].sort((a, b) => b.buffers - a.buffers || a.relfilenode - b.relfilenode);
}
