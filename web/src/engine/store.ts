/**
 * The store's job: a second instance of the module, which keeps batches in IndexedDB (wasm/src/store). It runs in a worker
 * of its own; the engine's host talks to it through a port.
 */

import * as Comlink from 'comlink';

import type { Instance } from '../../pkg/vitrine.js';

export class StoreKeeper {
  constructor(private readonly instance: Instance) {}

  /** Opens and owns a store; returns the spec of the world in it, or undefined if it is empty. */
  open(name: string): Promise<string | undefined> {
    return this.instance.store_open(name);
  }

  /** Makes it empty, for the world of this spec. */
  begin(spec: string): Promise<void> {
    return this.instance.store_begin(spec);
  }

  /** The disks, as batches, and the number of the last batch. */
  async load(): Promise<Uint8Array> {
    const disks = await this.instance.store_load();
    return Comlink.transfer(disks, [disks.buffer as ArrayBuffer]);
  }

  /** Appends batches; returns the number of the last durable one, once these are. */
  append(batches: Uint8Array): Promise<number> {
    return this.instance.store_append(batches);
  }

  /** All that lies under a name, readable or not. */
  dump(name: string): Promise<string | undefined> {
    return this.instance.store_dump(name);
  }

  close(): Promise<void> {
    return this.instance.store_close();
  }
}
