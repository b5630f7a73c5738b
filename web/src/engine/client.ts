/**
 * The page's side of the engine: the typed calls as messages to the {@link Host}, which may live in another thread.
 */

import * as Comlink from 'comlink';

import type {
  Answer,
  Branch,
  BranchId,
  Deed,
  EngineClient,
  EngineEvents,
  Entry,
  Input,
  LabView,
  Moment,
  NamesView,
  OpenOptions,
  Pid,
  Place,
  SessionId,
  StoreStatus,
  Until,
  ViewRequest,
} from './api';
import type { Host } from './host';

type Listeners = { [K in keyof EngineEvents]: Set<(event: EngineEvents[K]) => void> };

/** What is around the client: how to make the store's worker, and how to end all of them. */
export interface Surroundings {
  makeStore(): Promise<MessagePort>;
  end(): void;
}

export class Client implements EngineClient {
  private readonly listeners: Listeners = { moment: new Set(), answer: new Set(), store: new Set(), broken: new Set() };

  /** Whether the rest of the engine's code has been sent for. */
  private whole = false;

  private constructor(
    readonly place: Place,
    private readonly host: Comlink.Remote<Host>,
    private readonly surroundings: Surroundings,
  ) {}

  static async open(place: Place, port: MessagePort, options: OpenOptions, surroundings: Surroundings): Promise<Client> {
    const client = new Client(place, Comlink.wrap<Host>(port), surroundings);
    const tell = <K extends keyof EngineEvents>(kind: K, event: EngineEvents[K]) => client.tell(kind, event);
    const makeStore = async () => {
      const store = await surroundings.makeStore();
      return Comlink.transfer(store, [store]);
    };
    await client.host.open(options, Comlink.proxy(tell), Comlink.proxy(makeStore));
    return client;
  }

  moment(): Promise<Moment> {
    return this.host.moment();
  }

  async view(request?: Partial<ViewRequest>): Promise<LabView> {
    const view = await this.host.view(request);
    if (performance.getEntriesByName(ANSWERED).length === 0) performance.mark(ANSWERED);
    if (!this.whole) {
      this.whole = true;
      void this.host.prefetch();
    }
    return view;
  }

  events(from: number, to: number): Promise<Entry[]> {
    return this.host.events(from, to);
  }

  deeds(from: number): Promise<Deed[]> {
    return this.host.deeds(from);
  }

  names(host: number): Promise<NamesView> {
    return this.host.names(host);
  }

  submit(session: SessionId, text: string): Promise<Answer> {
    return this.host.submit(session, text);
  }

  cancel(session: SessionId): Promise<Moment> {
    return this.host.cancel(session);
  }

  input(input: Input): Promise<Moment> {
    return this.host.input(input);
  }

  step(pid?: Pid): Promise<Moment> {
    return this.host.step(pid);
  }

  run(until: Until): Promise<Moment> {
    return this.host.run(until);
  }

  seek(step: number): Promise<Moment> {
    return this.host.seek(step);
  }

  live(speed: number): Promise<Moment> {
    return this.host.live(speed);
  }

  branches(): Promise<Branch[]> {
    return this.host.branches();
  }

  follow(branch: BranchId): Promise<Moment> {
    return this.host.follow(branch);
  }

  stored(): Promise<StoreStatus> {
    return this.host.stored();
  }

  saveAs(name: string): Promise<StoreStatus> {
    return this.host.saveAs(name);
  }

  async download(name: string): Promise<Blob> {
    const lines = await this.host.download(name);
    if (lines === undefined) throw new Error(`Nothing is saved as ${name}.`);
    return new Blob([lines], { type: 'application/jsonl' });
  }

  on<K extends keyof EngineEvents>(kind: K, listener: (event: EngineEvents[K]) => void): () => void {
    this.listeners[kind].add(listener);
    return () => this.listeners[kind].delete(listener);
  }

  async close(): Promise<void> {
    await this.host.close();
    this.host[Comlink.releaseProxy]();
    this.surroundings.end();
  }

  private tell<K extends keyof EngineEvents>(kind: K, event: EngineEvents[K]): void {
    for (const listener of this.listeners[kind]) listener(event);
  }
}

/** The performance mark of the first view that reached the page: `npm test` measures its size up to there. */
const ANSWERED = 'vitrine:answer';
