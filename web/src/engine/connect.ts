/**
 * Opens the engine in the best place that this page may use.
 *
 *     worker   a worker from its own file        forbidden where the script comes from another origin
 *     blob     a worker from a blob: address     forbidden by a content security policy without `worker-src blob:`
 *     page     no worker at all                  always possible; a long run then holds up the page
 *
 * Which one works cannot be asked beforehand: a forbidden worker is sometimes an exception, sometimes an error event,
 * and sometimes plain silence. So each place must answer a handshake before anything is trusted to it.
 */

import { loadHalves, workerCode, workerUrl } from 'virtual:vitrine-parts';

import type { OpenEngine, Place } from './api';
import { Client } from './client';
import type { Job, Ready } from './worker';

/** How long a worker may take to say that it is there; a first start on a slow phone takes about a second. */
const HANDSHAKE_MS = 8_000;

const PLACES: readonly Place[] = ['worker', 'blob', 'page'];

/** Something that takes jobs: a worker that has answered, or this very thread. */
interface Room {
  readonly place: Place;
  /** Gives it the engine's or the store's job; the port in the job is how one talks to it from then on. */
  take(job: Job): Promise<void>;
  close(): void;
}

export const openEngine: OpenEngine = async (options = {}) => {
  const { place, port, makeStore, end } = await openRooms('engine', options.places);
  return Client.open(place, port, options, { makeStore, end });
};

/** A worker, or what does for one, that does a job; and how to have another one for its store. */
export async function openRooms(role: Job['role'], places = PLACES) {
  const [halves, engine] = await Promise.all([sharedHalves(), firstRoom(places)]);
  const rooms = [engine];
  const channelTo = async (room: Room, role: Job['role']) => {
    const { port1, port2 } = new MessageChannel();
    await room.take({ role, halves, port: port2 });
    return port1;
  };
  const makeStore = async () => {
    // Asked for in the page: a worker may not. Whatever the answer is, we go on.
    void navigator.storage?.persist?.().catch(() => {});
    const store = await firstRoom([engine.place]);
    rooms.push(store);
    return channelTo(store, 'store');
  };
  const end = () => {
    for (const room of rooms) room.close();
  };
  return { place: engine.place, port: await channelTo(engine, role), makeStore, end };
}

let loading: ReturnType<typeof loadHalves> | undefined;

/** The code, fetched and compiled once for all engines of a page. */
function sharedHalves(): ReturnType<typeof loadHalves> {
  loading ??= loadHalves().catch((failure: unknown) => {
    loading = undefined;
    throw failure;
  });
  return loading;
}

async function firstRoom(places: readonly Place[]): Promise<Room> {
  const refusals: unknown[] = [];
  for (const place of places) {
    try {
      return await OPENERS[place]();
    } catch (refusal) {
      refusals.push(refusal);
    }
  }
  throw new AggregateError(refusals, `The engine could not be started in any of: ${places.join(', ')}`);
}

const OPENERS: Record<Place, () => Promise<Room>> = {
  worker: async () => {
    if (workerUrl === undefined) throw new Error('this build has no worker file');
    return workerRoom('worker', new Worker(workerUrl));
  },
  blob: async () => {
    const url = URL.createObjectURL(new Blob([await workerCode()], { type: 'text/javascript' }));
    try {
      return await workerRoom('blob', new Worker(url));
    } finally {
      URL.revokeObjectURL(url);
    }
  },
  page: async () => {
    const { perform } = await import('./perform');
    return { place: 'page', take: async (job) => perform(job), close: () => {} };
  },
};

/** Waits until the worker says that it runs. */
async function workerRoom(place: Place, worker: Worker): Promise<Room> {
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer from a ${place} worker`)), HANDSHAKE_MS);
      worker.onerror = (event) => {
        clearTimeout(timer);
        reject(new Error(event.message || `a ${place} worker is forbidden here`));
      };
      worker.onmessage = (event: MessageEvent<Ready>) => {
        if (event.data !== 'ready') return;
        clearTimeout(timer);
        resolve();
      };
    });
  } catch (refusal) {
    worker.terminate();
    throw refusal;
  }
  worker.onmessage = worker.onerror = null;
  return {
    place,
    take: async (job) => worker.postMessage(job, [job.port]),
    close: () => worker.terminate(),
  };
}
