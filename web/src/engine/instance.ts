/** A {@link World} in an instance of the engine's module. */

import type { Instance } from '../../pkg/vitrine.js';
import type { Stopped } from './api';
import type { World } from './world';

/** The world of an instance that is prepared and has none yet. */
export function instanceWorld(engine: Instance): World {
  return {
    memory: engine.wasm.memory,
    references: engine.wasm.__wbindgen_externrefs,
    open: (spec, disks) => engine.open(spec, disks),
    steps: () => engine.steps(),
    now: () => engine.now(),
    hash: () => engine.hash(),
    input: (input, at) => engine.input(input, at ?? NaN),
    run: ({ step, time, answer }) => engine.run(Math.min(step, Number.MAX_SAFE_INTEGER), time ?? NaN, answer ?? -1) as Stopped,
    step: (pid) => engine.step(pid),
    answers: () => engine.answers(),
    synced: () => ({ upTo: engine.synced_count(), bytes: engine.synced() as Uint8Array<ArrayBuffer> }),
    nextDeadline: () => engine.next_deadline(),
    keepSynced: () => engine.keep_synced(),
    image: () => engine.image() as Uint8Array<ArrayBuffer>,
    view: (request) => engine.view(request),
    names: (host) => engine.names(host),
    eventsFrom: () => engine.events_from(),
    events: (from, to) => engine.events(from, to),
    lastPanic: () => engine.last_panic(),
  };
}
