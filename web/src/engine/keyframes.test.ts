/** Copies of the whole world: put back, thinned out, and due when running has paid for them. */
import { describe, expect, it } from 'vitest';

import { Keyframes, type Machine } from './keyframes';

/**
 * The smallest world: a module with a memory, a table of references, and `bump`, which adds one to the number at
 * address 0 and returns it. Written out in bytes.
 */
// prettier-ignore
const TINY = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  1, 5, 1, 0x60, 0, 1, 0x7f,                                     // type 0: () -> i32
  3, 2, 1, 0,                                                    // function 0 has type 0
  4, 4, 1, 0x6f, 0, 4,                                           // a table of 4 external references
  5, 3, 1, 0, 1,                                                 // a memory of one page
  7, 20, 3, 4, ...utf8('bump'), 0, 0, 3, ...utf8('mem'), 2, 0, 3, ...utf8('ref'), 1, 0,
  10, 22, 1, 20, 0,
  0x41, 0, 0x41, 0, 0x28, 2, 0, 0x41, 1, 0x6a, 0x36, 2, 0,       // mem[0] = mem[0] + 1
  0x41, 0, 0x28, 2, 0, 0x0b,                                     // mem[0]
]);

function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

interface Tiny extends Machine {
  bump(): number;
}

let made = 0;
const fresh = (): Tiny => {
  made++;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(TINY));
  return {
    memory: exports['mem'] as WebAssembly.Memory,
    references: exports['ref'] as WebAssembly.Table,
    bump: exports['bump'] as () => number,
  };
};

const PAGE = 65_536;
const plenty = { bytes: 100 * PAGE, share: 0.03 };
const before = (step: number) => (point: { step: number }) => point.step <= step;

describe('keyframes', () => {
  it('put the world back, in the same instance when the sizes agree', () => {
    const tiny = fresh();
    const frames = new Keyframes(fresh, plenty);
    tiny.bump();
    frames.take({ branch: 0, step: 1 }, tiny);
    tiny.bump();
    tiny.bump();
    const count = made;
    const back = frames.restore(tiny, before(2));
    expect(back?.machine).toBe(tiny);
    expect(back?.point.step).toBe(1);
    expect(tiny.bump()).toBe(2);
    expect(made).toBe(count);
  });

  it('take a fresh instance when the memory or the table has grown since', () => {
    for (const growth of ['memory', 'references'] as const) {
      const tiny = fresh();
      const frames = new Keyframes(fresh, plenty);
      tiny.bump();
      frames.take({ branch: 0, step: 1 }, tiny);
      tiny[growth].grow(2);
      tiny.bump();
      frames.take({ branch: 0, step: 2 }, tiny);
      const first = frames.restore(tiny, before(1))!;
      expect(first.machine).not.toBe(tiny);
      expect(first.machine.bump()).toBe(2);
      const second = frames.restore(first.machine, before(2))!;
      expect(second.machine).not.toBe(first.machine);
      expect(second.machine.memory.buffer.byteLength).toBe(tiny.memory.buffer.byteLength);
      expect(second.machine.references.length).toBe(tiny.references.length);
      expect(second.machine.bump()).toBe(3);
    }
  });

  it('stay within their bytes, keep the first, and thin out evenly', () => {
    const tiny = fresh();
    const frames = new Keyframes(fresh, { bytes: 8 * PAGE, share: 0.03 });
    for (let step = 0; step <= 10_000; step += 10) {
      frames.take({ branch: 0, step }, tiny);
      expect(frames.count).toBeLessThanOrEqual(8);
    }
    const nearest = (step: number) => frames.restore(tiny, before(step))!.point.step;
    expect(nearest(5)).toBe(0);
    for (const step of [2_000, 5_000, 8_000, 10_000]) expect(step - nearest(step)).toBeLessThan(4_000);
  });

  it('are due once running has paid for the copy', () => {
    const tiny = fresh();
    const frames = new Keyframes(fresh, plenty);
    frames.take({ branch: 0, step: 0 }, tiny);
    expect(frames.due(0)).toBe(false);
    expect(frames.due(10_000)).toBe(true);
  });

  it('say so when none is on the way', () => {
    const tiny = fresh();
    const frames = new Keyframes(fresh, plenty);
    frames.take({ branch: 0, step: 7 }, tiny);
    expect(frames.restore(tiny, before(6))).toBeUndefined();
  });
});
