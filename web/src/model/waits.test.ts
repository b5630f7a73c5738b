/** The wait-for graph. */
import { expect, test } from 'vitest';
import type { LocksView } from '../engine/generated/LocksView.ts';
import { waitGraph } from './waits.ts';

const at = (pid: number, blocked_by: number[] = []) => ({ pid, letter: 'ABCD'[pid - 1]!, mode: 'ShareLock', fastpath: false, waiting: 5, blocked_by });
const queue = (holder: number, waiters: ReturnType<typeof at>[]) => ({ locktype: 'transactionid', what: `transactionid ${700 + holder}`, xid: 700 + holder, holders: [at(holder)], waiters });
const locks = (...queues: ReturnType<typeof queue>[]): LocksView => ({ queues, rows: [], deadlock_timeout: 1000 });

test('one waits for another; who only holds a lock that nobody wants is left out', () => {
  const { nodes, edges } = waitGraph(locks(queue(1, [at(2, [1])]), queue(3, [])));
  expect(nodes).toEqual([{ pid: 1, letter: 'A', x: -1, y: 0 }, { pid: 2, letter: 'B', x: 1, y: 0 }]);
  expect(edges).toMatchObject([{ from: 2, to: 1, what: 'transactionid 701', deadlock: false }]);
});

test('a circle is a deadlock; who only waits for it is not part of it', () => {
  const { nodes, edges } = waitGraph(locks(queue(1, [at(2, [1])]), queue(2, [at(1, [2]), at(3, [2, 1])])));
  expect(nodes.map((n) => n.letter)).toEqual(['A', 'B', 'C']);
  expect(edges.map((e) => [e.from, e.to, e.deadlock])).toEqual([[2, 1, true], [1, 2, true], [3, 2, false], [3, 1, false]]);
});

test('nobody waits', () => {
  expect(waitGraph(locks(queue(1, [])))).toEqual({ nodes: [], edges: [] });
});
