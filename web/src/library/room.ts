/** A database in a worker: what the page's side of the library talks to. */

import * as Comlink from 'comlink';

import type { Code } from '../engine/code';
import type { StoreKeeper } from '../engine/store';
import { Core, type Disks } from './core';
import type { Line } from './database';

/** Where the database is kept. */
export interface Kept {
  readonly name: string;
  readonly store: MessagePort;
}

export class DatabaseRoom implements Line {
  private core!: Core;
  private keeper: Comlink.Remote<StoreKeeper> | undefined;

  constructor(private readonly code: Code) {}

  /** Opens a database: new, or the one that is kept, or the one on these disks. */
  async open(disks?: Disks, kept?: Kept): Promise<void> {
    if (kept === undefined) {
      this.core = new Core(this.code.instance(), disks);
      return;
    }
    this.keeper = Comlink.wrap<StoreKeeper>(kept.store);
    const found = (await this.keeper.open(kept.name)) !== undefined;
    if (found && disks !== undefined) throw new Error(`idb://${kept.name} holds a database already`);
    const stored = found ? ((await this.keeper.load()) as Disks) : disks;
    if (!found) await this.keeper.begin(JSON.stringify({ plain: true }));
    if (disks !== undefined) await this.keeper.append(disks);
    this.core = new Core(this.code.instance(), stored, this.keeper);
  }

  connect(): number {
    return this.core.connect();
  }

  async send(session: number, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const answer = await this.core.send(session, bytes);
    void this.code.prefetch();
    return Comlink.transfer(answer, [answer.buffer]);
  }

  disconnect(session: number): void {
    this.core.disconnect(session);
  }

  cancel(session: number): void {
    this.core.cancel(session);
  }

  image(): Disks {
    const disks = this.core.image();
    return Comlink.transfer(disks, [disks.buffer]);
  }

  async close(): Promise<void> {
    await this.core.close();
    await this.keeper?.close();
  }
}
