/**
 * The engine's side of the client: one world, its history, and what is kept of it, in the thread that runs them.
 *
 * Calls come one after the other; a long run gives the thread free every few milliseconds, so that the store's news and
 * other worlds in the same thread are heard, but no second call begins before the first has ended.
 */

import * as Comlink from 'comlink';

import type {
  Answer,
  Branch,
  BranchId,
  Deed,
  EngineEvents,
  Entry,
  Input,
  LabView,
  Moment,
  NamesView,
  OpenOptions,
  Pid,
  SessionId,
  Stopped,
  StoreStatus,
  Until,
  ViewRequest,
  WorldSpec,
} from './api';
import { Driver, type Outcome } from './driver';
import { Kept } from './kept';
import { NO_HISTORY, limitsHere } from './keyframes';
import { Release } from './release';
import type { StoreKeeper } from './store';
import { WallClock, wallTime } from './wall';
import type { Goal, World } from './world';

/** Steps that one call may make before it asks to be called again. */
const LIMIT = 5_000_000;
/** What a view shows if nothing else is asked for. */
const VIEW: ViewRequest = { relation: 'accounts', fork: 'main', block: 0, wal_records: 64, xacts: 16, panels: [] };
/** Sessions that a world begins with: A and B. */
const SESSIONS = 2;
/** Live: how often, and how much wall time at most counts as passed (a tab in the background sleeps). */
const TICK_MS = 16;
const LONGEST_TICK_MS = 250;

/** Tells the page. */
export type Tell = <K extends keyof EngineEvents>(kind: K, event: EngineEvents[K]) => void;

/** Makes the store's worker when it is first needed. */
export type MakeStore = () => Promise<MessagePort>;

/** A statement that has not been answered yet. */
interface Asked {
  readonly session: SessionId;
  /** Which query of the session. */
  readonly number: number;
  readonly step: number;
  readonly branch: BranchId;
  resolve(answer: Answer): void;
  reject(overtaken: Error): void;
}

export class Host {
  private driver!: Driver;
  private spec: Partial<WorldSpec> = {};
  private tell: Tell = () => {};
  private makeStore: MakeStore = () => Promise.reject(new Error('no store here'));
  private keeper: Comlink.Remote<StoreKeeper> | undefined;
  private kept: Kept | undefined;
  /** The line of history that the store holds. */
  private saved: BranchId | undefined;
  private asked: Asked[] = [];
  private release = new Release<Answer>((answer) => this.deliver(answer));
  private stopped: Stopped = 'reached';
  private pace: ReturnType<typeof setInterval> | undefined;
  /** Of a plain database. */
  private clock: WallClock | undefined;
  private alarm: ReturnType<typeof setTimeout> | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private broken = false;

  /** `fresh` makes an instance without a world; `whole` fetches what of its code is still missing. */
  constructor(
    private readonly fresh: () => World,
    private readonly whole: () => Promise<void> = async () => {},
  ) {}

  /** The first answer is there: the rest of the engine's code may come. */
  prefetch(): Promise<void> {
    return this.whole();
  }

  // --- opening and keeping -----------------------------------------------------------------------------------

  async open(options: OpenOptions, tell: Tell, makeStore: MakeStore): Promise<Moment> {
    this.tell = tell;
    this.makeStore = makeStore;
    this.spec = specOf(options);
    const disks = options.store === undefined ? undefined : await this.openStore(options.store, options.stored ?? 'continue');
    return this.act(async () => {
      const world = this.fresh();
      world.open(this.spec, disks);
      const limits = this.spec.plain ? NO_HISTORY : limitsHere();
      if (this.spec.plain) this.clock = new WallClock(world.now());
      this.driver = new Driver(world, this.fresh, limits, (outcome) => this.came(outcome));
      if (this.spec.plain && this.kept && disks === undefined) await this.storeWhole();
      this.driver.begin();
      if (disks !== undefined && options.recovery === 'step') return this.moment();
      if (disks !== undefined) await this.recover();
      await this.connect(options.sessions ?? SESSIONS);
      return this.moment();
    });
  }

  /** Runs recovery to its end: the primary's, then the standby's, which finds its primary answering. */
  private async recover(): Promise<void> {
    const goal = () => ({ step: this.driver.world.steps() + LIMIT });
    await this.drive(goal());
    if (!(this.spec.standby ?? !this.spec.plain)) return;
    this.driver.input({ kind: 'power_on', host: 1 });
    await this.drive(goal());
  }

  /** Connects clients to the primary, as psql does; the servers are up. */
  private async connect(sessions: number): Promise<void> {
    const parameters: [string, string][] = [['user', 'postgres'], ['database', 'postgres'], ['application_name', 'psql']];
    for (let n = 0; n < sessions; n++) this.driver.input({ kind: 'connect', host: 0, parameters });
    if (sessions > 0) await this.drive({ step: this.driver.world.steps() + LIMIT });
  }

  /** Opens the store and takes the spec of the world in it; returns its disks. */
  private async openStore(name: string, wanted: 'continue' | 'replace'): Promise<Uint8Array | undefined> {
    this.kept = await this.keptAt(name);
    const found = await this.kept.open(wanted);
    if (found === undefined) await this.kept.begin(JSON.stringify(this.spec));
    else this.spec = specOf({ spec: JSON.parse(found.spec) as Partial<WorldSpec> });
    this.release.restart(0);
    if (this.kept.failed) return undefined;
    this.saved = 0;
    this.kept.saved(0);
    return found?.disks;
  }

  private async keptAt(name: string): Promise<Kept> {
    this.keeper ??= Comlink.wrap<StoreKeeper>(await this.makeStore());
    const durable = (batch: number) => this.release.durableUpTo(batch);
    return new Kept(this.keeper, name, durable, (status) => this.tell('store', status));
  }

  stored(): StoreStatus {
    const status = this.kept?.status ?? { kind: 'memory' };
    const away = this.driver.history.branch !== this.saved || !this.driver.history.atEnd;
    return status.kind === 'saved' && away ? { kind: 'branch', name: status.name } : status;
  }

  /** Stores the world at the cursor. Its disks go in as they are: a power failure could have left them so. */
  saveAs(name: string): Promise<StoreStatus> {
    return this.act(async () => {
      await this.kept?.close();
      this.kept = await this.keptAt(name);
      await this.kept.open('replace');
      await this.kept.begin(JSON.stringify(this.spec));
      await this.storeWhole();
      this.saved = this.kept.failed ? undefined : this.driver.history.branch;
      return this.stored();
    });
  }

  /** Puts the disks as they are into the store, which is empty; what is synced from here on follows. */
  private async storeWhole(): Promise<void> {
    const { world } = this.driver;
    const { upTo } = world.synced();
    world.keepSynced();
    this.release.restart(upTo - 1);
    await this.kept!.append({ upTo, bytes: world.image() });
  }

  async download(name: string): Promise<string | undefined> {
    this.keeper ??= Comlink.wrap<StoreKeeper>(await this.makeStore());
    return this.keeper.dump(name);
  }

  async close(): Promise<void> {
    this.live(0);
    await this.queue.catch(() => {});
    clearTimeout(this.alarm);
    await this.kept?.close();
  }

  // --- looking -----------------------------------------------------------------------------------------------

  moment(): Moment {
    const { world, history } = this.driver;
    return {
      step: world.steps(),
      last: history.last,
      atEnd: history.atEnd,
      time: world.now(),
      hash: world.hash(),
      branch: history.branch,
      stopped: this.stopped,
    };
  }

  view(request: Partial<ViewRequest> = {}): Promise<LabView> {
    return this.act(() => {
      // The world knows its present; what lies ahead of the cursor is known here.
      const view = this.driver.world.view({ ...VIEW, ...request });
      // The buffers are most of a view, thirty times a second: they change hands and are not copied.
      const cells = view.hosts.map((host) => host.buffers.cells.buffer as ArrayBuffer);
      return Comlink.transfer({ ...view, last_step: this.driver.history.last }, cells);
    });
  }

  /** Events of the future, and those that the engine has forgotten, are made again by going there. */
  events(from: number, to: number): Promise<Entry[]> {
    return this.act(async () => {
      const here = this.driver.world.steps();
      const parts: Entry[][] = [];
      let upTo = Math.min(to, this.driver.history.last);
      if (upTo > here) await this.goTo(upTo);
      while (upTo > from) {
        const oldest = Math.max(from, this.driver.world.eventsFrom());
        if (oldest >= upTo) break;
        parts.unshift(this.driver.world.events(oldest, upTo));
        upTo = oldest;
        if (upTo > from) await this.goTo(upTo);
      }
      if (this.driver.world.steps() !== here) await this.goTo(here);
      return parts.flat();
    });
  }

  deeds(from: number): Promise<Deed[]> {
    return this.act(() => this.driver.history.doneFrom(from));
  }

  names(host: number): Promise<NamesView> {
    return this.act(() => this.driver.world.names(host));
  }

  branches(): Branch[] {
    return this.driver.history.branches(this.kept?.failed ? undefined : this.saved);
  }

  // --- acting ------------------------------------------------------------------------------------------------

  submit(session: SessionId, text: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.act(() => {
        const number = this.put({ kind: 'query', session, text });
        const { branch } = this.driver.history;
        this.asked.push({ session, number, step: this.driver.world.steps(), branch, resolve, reject });
      }).catch(reject);
    });
  }

  cancel(session: SessionId): Promise<Moment> {
    return this.input({ kind: 'cancel', session });
  }

  input(input: Input): Promise<Moment> {
    return this.act(() => {
      this.put(input);
      return this.moved('reached');
    });
  }

  private put(input: Input): number {
    const here = this.driver.world.steps();
    const before = this.driver.history.branch;
    const number = this.driver.input(input, this.clock?.now());
    // A new line began: what was asked on the old one after this step is not asked on it.
    if (this.driver.history.branch !== before) this.overtake((asked) => asked.step > here);
    return number;
  }

  step(pid?: Pid): Promise<Moment> {
    return this.act(async () => {
      if (pid !== undefined) return this.moved(this.driver.choose(pid));
      return this.moved(await this.drive({ step: this.driver.world.steps() + 1 }));
    });
  }

  run(until: Until): Promise<Moment> {
    return this.act(async () => {
      const moment = this.moved(await this.drive(this.goalOf(until)));
      this.setAlarm();
      return moment;
    });
  }

  seek(step: number): Promise<Moment> {
    return this.act(async () => {
      const wanted = Math.max(this.driver.first, Math.min(step, this.driver.history.last));
      // Answers on their way from later steps will never have been given.
      const late = this.release.drop((answer) => answer.step > wanted);
      this.overtake((asked) => asked.step > wanted || late.some((answer) => answer.session === asked.session && answer.number === asked.number));
      return this.moved(await this.goTo(wanted));
    });
  }

  follow(branch: BranchId): Promise<Moment> {
    return this.act(async () => {
      this.overtake((asked) => asked.branch !== branch);
      if (!this.driver.follow(branch)) throw new RangeError(`there is no branch ${branch}`);
      return this.moved(await this.goTo(this.driver.history.last));
    });
  }

  live(speed: number): Moment {
    clearInterval(this.pace);
    this.pace = undefined;
    if (speed > 0) {
      let before = performance.now();
      let busy = false;
      this.pace = setInterval(() => {
        // A world that takes longer than its time slows down; ticks do not pile up.
        if (busy) return;
        busy = true;
        const now = performance.now();
        const passed = Math.min(now - before, LONGEST_TICK_MS) * 1000 * speed;
        before = now;
        void this.act(async () => {
          const time = Math.round(this.driver.world.now() + passed);
          // One slice and no more: whoever looks at the world is to see it move, also where it cannot keep up.
          this.moved(this.driver.advance({ step: Infinity, time }) ?? 'limit');
        })
          .catch(() => {})
          .finally(() => (busy = false));
      }, TICK_MS);
    }
    return this.moment();
  }

  // --- below -------------------------------------------------------------------------------------------------

  private goalOf(until: Until): Goal {
    const limit = this.driver.world.steps() + LIMIT;
    if (until === 'idle') return { step: limit };
    if ('answer' in until) return { step: limit, answer: until.answer };
    if ('time' in until) return { step: limit, time: until.time };
    return { step: until.step, time: Infinity };
  }

  private async goTo(step: number): Promise<Stopped> {
    this.driver.approach(step);
    return this.drive({ step, time: Infinity });
  }

  private async drive(goal: Goal): Promise<Stopped> {
    const limit = this.driver.world.steps() + LIMIT;
    for (;;) {
      const stopped = this.driver.advance(goal);
      if (stopped !== undefined) return stopped;
      if (this.driver.world.steps() >= limit) return 'limit';
      await pause();
    }
  }

  private moved(stopped: Stopped): Moment {
    this.stopped = stopped;
    const moment = this.moment();
    this.tell('moment', moment);
    return moment;
  }

  /** The world has gone where it has not been before, and this came out of it. */
  private came({ answers, synced }: Outcome): void {
    const saves = this.kept !== undefined && this.saved === this.driver.history.branch;
    if (saves && synced.bytes.length > 0) void this.kept!.append(synced);
    for (const answer of answers) this.release.hold(answer, saves ? answer.synced : 0);
  }

  /** A plain database in which a statement waits goes on by itself when the next timer is due. */
  private setAlarm(): void {
    clearTimeout(this.alarm);
    const { clock } = this;
    if (clock === undefined || this.asked.length === 0) return;
    const wait = (this.driver.world.nextDeadline() - clock.now()) / 1000;
    if (wait === Infinity) return;
    const ring = async () => {
      this.moved(await this.drive({ step: this.driver.world.steps() + LIMIT, time: clock.now() }));
      this.setAlarm();
    };
    this.alarm = setTimeout(() => void this.act(ring).catch(() => {}), Math.max(1, wait));
  }

  private deliver(answer: Answer): void {
    const n = this.asked.findIndex((asked) => asked.session === answer.session && asked.number === answer.number);
    if (n >= 0) this.asked.splice(n, 1)[0]!.resolve(answer);
    this.tell('answer', answer);
  }

  private overtake(never: (asked: Asked) => boolean): void {
    const gone = this.asked.filter(never);
    this.asked = this.asked.filter((asked) => !never(asked));
    for (const asked of gone) {
      const overtaken = new Error('The world was rewound to before this statement.');
      overtaken.name = 'Overtaken';
      asked.reject(overtaken);
    }
  }

  /** One call after the other; a panic ends the world, and is told once. */
  private act<T>(call: () => T | Promise<T>): Promise<T> {
    const result = this.queue.then(async () => {
      if (this.broken) throw new Error('This world has ended by a defect.');
      try {
        return await call();
      } catch (failure) {
        if (failure instanceof WebAssembly.RuntimeError) this.panicked(failure);
        throw failure;
      }
    });
    this.queue = result.catch(() => {});
    return result;
  }

  private panicked(failure: Error): void {
    this.broken = true;
    this.live(0);
    this.tell('broken', { message: this.driver?.world.lastPanic() || failure.message });
  }
}

/** A plain database begins at the wall clock's time, and with chance of its own; both are noted with what is kept. */
function specOf({ spec = {} }: OpenOptions): Partial<WorldSpec> {
  if (!spec.plain) return spec;
  return { seed: crypto.getRandomValues(new Uint32Array(1))[0]!, ...spec, epoch: wallTime() };
}

/** Lets the thread do other things: at once, unlike a timer. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
