/** What a page keeps of a history that is longer than anybody will read. */
import { expect, it } from 'vitest';

import { builtEngine } from '../engine/testing.ts';
import { loadScene } from '../scenes/index.ts';
import { clientOf } from '../scenes/playing.ts';
import { Controller } from './controller.ts';

it('passes over the middle of a big statement, and reads it where the reader goes back to', async () => {
  const scene = await loadScene('first-light');
  const fresh = builtEngine();
  const c = new Controller(scene, () => {});
  await c.start(() => clientOf(fresh, scene));
  await c.submit('B', 'CREATE TABLE t (id int)');
  const before = c.history.events.length;
  const first = c.view!.step;
  await c.submit('B', 'INSERT INTO t SELECT g FROM generate_series(1, 10000) g');
  const last = c.view!.step;
  expect(last - first).toBeGreaterThan(8_000);
  expect(c.history.gaps).toHaveLength(1);
  expect(c.history.gaps[0]).toMatchObject({ from: first });

  // In the middle of it there is something to say again, and everything stands in its order.
  const middle = first + Math.floor((last - first) / 3);
  await c.seek(middle);
  await c.event(-1);
  expect(c.justNow()).not.toBeNull();
  expect(c.history.gaps).toHaveLength(2);
  const steps = c.history.events.map((e) => e.step);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(new Set(c.history.events.map((e) => `${e.step} ${JSON.stringify(e.event)}`)).size).toBeGreaterThan(before);
  const known = await c.client!.events(middle - 100, middle - 1);
  expect(c.history.events.filter((e) => e.step >= middle - 100 && e.step < middle - 1)).toEqual(known);

  // Another line begins there: the gap behind it is gone with what was in it.
  await c.submit('A', 'SELECT 1');
  expect(c.history.gaps.every((gap) => gap.to <= middle)).toBe(true);
  await c.client!.close();
});
