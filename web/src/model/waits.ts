/**
 * Who waits for whom, as a graph to draw: processes on a circle, an arrow from each that waits to each in its way, and
 * the arrows that make a circle of their own, which is a deadlock.
 */
import type { LocksView } from '../engine/generated/LocksView.ts';

/** A process in the graph. */
export interface Node { pid: number; letter: string | null; x: number; y: number }
/** `from` waits for `to`. */
export interface Edge { from: number; to: number; what: string; mode: string; waiting: number; deadlock: boolean }
export interface WaitGraph { nodes: Node[]; edges: Edge[] }

/** The graph, laid out in a square from -1 to 1. */
export function waitGraph(locks: LocksView): WaitGraph {
  const edges = locks.queues.flatMap((q) => q.waiters.flatMap((w) => w.blocked_by.map((to) => (
    { from: w.pid, to, what: q.what, mode: w.mode, waiting: w.waiting, deadlock: false }))));
  const letters = new Map(locks.queues.flatMap((q) => [...q.holders, ...q.waiters]).map((l) => [l.pid, l.letter]));
  const pids = [...new Set(edges.flatMap((e) => [e.from, e.to]))].sort((a, b) => a - b);
  for (const edge of edges) edge.deadlock = reaches(edges, edge.to, edge.from);
  return { nodes: pids.map((pid, i) => ({ pid, letter: letters.get(pid) ?? null, ...place(i, pids.length) })), edges };
}

/** Two stand side by side, more stand on a circle from the top on. */
function place(i: number, of: number): { x: number; y: number } {
  if (of <= 2) return { x: i === 0 ? -1 : 1, y: 0 };
  const angle = (i / of) * 2 * Math.PI - Math.PI / 2;
  return { x: Math.cos(angle), y: Math.sin(angle) };
}

/** Whether arrows lead from one process to another. */
function reaches(edges: readonly Edge[], from: number, to: number): boolean {
  const seen = new Set<number>();
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...edges.filter((e) => e.from === at).map((e) => e.to));
  }
  return false;
}
