/**
 * A plain database in this thread: one world, its clock the wall clock, and what it syncs kept in a store.
 *
 *     send(session, bytes) ─▶ the engine runs until that session is answered ─▶ its bytes, once what they promise is durable
 *                                       │
 *                                       └─ or it waits (a lock, pg_sleep): then for another session, or for a timer
 *
 * Where nothing waits and nothing has to become durable, the answer is there when `send` returns, without a promise.
 */

import type { Instance } from '../../pkg/vitrine.js';
import { WallClock, wallTime } from '../engine/wall';

/** Where what is synced goes. */
export interface Keeper {
  /** Resolves when these batches are durable. */
  append(batches: Uint8Array): Promise<unknown>;
}

/** Disks, as batches that make them anew. */
export type Disks = Uint8Array<ArrayBuffer>;

/** The bytes of an answer. */
export type Bytes = Uint8Array<ArrayBuffer>;

interface Waiter {
  readonly session: number;
  resolve(answer: Bytes | Promise<Bytes>): void;
  reject(cause: unknown): void;
}

/** Steps of one run: a statement may take as many as it needs. */
const LIMIT = Number.MAX_SAFE_INTEGER;
const STARTUP: [string, string][] = [['user', 'postgres'], ['database', 'postgres'], ['client_encoding', 'UTF8']];

export class Core {
  private readonly clock: WallClock;
  private waiting: Waiter[] = [];
  private alarm: ReturnType<typeof setTimeout> | undefined;
  private sessions = 0;
  private durable: Promise<unknown> | undefined;

  /** Opens a new database, or recovers the one on these disks; what it syncs goes to `keeper`. */
  constructor(
    private readonly engine: Instance,
    disks?: Disks,
    private readonly keeper?: Keeper,
  ) {
    engine.open({ seed: seed(), plain: true, epoch: wallTime(), settings: [] }, disks);
    this.clock = new WallClock(engine.now());
    engine.run(LIMIT, Number.NaN, -1);
    if (keeper === undefined) return;
    if (disks === undefined) {
      engine.keep_synced();
      this.durable = keeper.append(engine.image());
    } else {
      this.keep();
    }
  }

  /** A new connection; its number. */
  connect(): number {
    const session = this.sessions++;
    this.engine.input({ kind: 'connect', host: 0, parameters: STARTUP }, this.clock.now());
    this.engine.send(session, new Uint8Array(), Number.NaN);
    this.engine.run(LIMIT, Number.NaN, session);
    this.engine.received(session);
    return session;
  }

  /** Sends a request in the protocol's bytes; gives all that is said up to the next ReadyForQuery. */
  send(session: number, bytes: Uint8Array): Bytes | Promise<Bytes> {
    const { engine } = this;
    engine.send(session, bytes, this.clock.now());
    engine.run(LIMIT, Number.NaN, session);
    if (this.waiting.length > 0) this.wake();
    if (engine.ready(session) > 0) return this.promised(engine.received(session) as Bytes);
    return new Promise((resolve, reject) => {
      this.waiting.push({ session, resolve, reject });
      this.setAlarm();
    });
  }

  /** Ends a session, and what it is waiting for. */
  disconnect(session: number): void {
    this.act({ kind: 'disconnect', session });
  }

  /** Asks to cancel what a session is doing. */
  cancel(session: number): void {
    this.act({ kind: 'cancel', session });
  }

  /** The disks as a power failure would leave them now: all that was committed is on them. */
  image(): Disks {
    return this.engine.image() as Disks;
  }

  /** Shuts the server down. */
  async close(): Promise<void> {
    clearTimeout(this.alarm);
    this.act({ kind: 'shutdown', host: 0, mode: 'fast' });
    this.keep();
    await this.durable;
    const closed = new Error('The database is closed.');
    for (const { reject } of this.waiting.splice(0)) reject(closed);
  }

  private act(input: Parameters<Instance['input']>[0]): void {
    this.engine.input(input, this.clock.now());
    this.engine.run(LIMIT, Number.NaN, -1);
    this.wake();
  }

  /** Sends what was synced to the store. */
  private keep(): void {
    if (this.keeper === undefined) return;
    const batches = this.engine.synced();
    if (batches.length > 0) this.durable = this.keeper.append(batches);
  }

  private promised(answer: Bytes): Bytes | Promise<Bytes> {
    this.keep();
    return this.durable === undefined ? answer : this.durable.then(() => answer);
  }

  /** Whoever waited may have been answered by what has happened meanwhile. */
  private wake(): void {
    const answered = this.waiting.filter(({ session }) => this.engine.ready(session) > 0);
    this.waiting = this.waiting.filter((waiter) => !answered.includes(waiter));
    for (const { session, resolve } of answered) resolve(this.promised(this.engine.received(session) as Bytes));
    this.setAlarm();
  }

  /** What waits is woken when the next timer is due. */
  private setAlarm(): void {
    clearTimeout(this.alarm);
    if (this.waiting.length === 0) return;
    const wait = (this.engine.next_deadline() - this.clock.now()) / 1000;
    if (wait === Infinity) return;
    this.alarm = setTimeout(() => {
      this.engine.run(LIMIT, this.clock.now(), -1);
      this.wake();
    }, Math.max(1, wait));
  }
}

function seed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
