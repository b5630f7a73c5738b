/**
 * The saved head: sends the engine's synced batches to the store, and says what is durable.
 *
 * Whatever goes wrong with a store, the lab goes on in memory and what is stored stays. So nothing here throws: a failure
 * becomes the status, is told, and ends the saving.
 */

import type { Remote } from 'comlink';

import type { StoreFailure, StoreStatus } from './api';
import type { StoreKeeper } from './store';
import type { Synced } from './world';

const FAILURES: readonly string[] = ['refused', 'full', 'version', 'damaged', 'held'] satisfies StoreFailure[];

/** What was found in a store that was opened. */
export interface Found {
  /** How its world was made, as JSON. */
  readonly spec: string;
  readonly disks: Uint8Array;
}

export class Kept {
  status: StoreStatus = { kind: 'memory' };

  constructor(
    private readonly keeper: Remote<StoreKeeper>,
    private readonly name: string,
    /** Told when more is durable, or when nothing will be any more (Infinity). */
    private readonly durable: (batch: number) => void,
    private readonly told: (status: StoreStatus) => void,
  ) {}

  /** Opens the store; undefined if it is empty or cannot be used (then the status says why). */
  async open(wanted: 'continue' | 'replace'): Promise<Found | undefined> {
    try {
      const spec = await this.keeper.open(this.name);
      if (spec === undefined || wanted === 'replace') return undefined;
      return { spec, disks: await this.keeper.load() };
    } catch (failure) {
      await this.fail(failure);
      return undefined;
    }
  }

  /** Makes the store empty, for a world that is made like this. */
  async begin(spec: string): Promise<void> {
    if (this.failed) return;
    try {
      await this.keeper.begin(spec);
    } catch (failure) {
      await this.fail(failure);
    }
  }

  /** Whether nothing is saved any more. */
  get failed(): boolean {
    return this.status.kind === 'failed';
  }

  /** Sends batches; done when they are durable. */
  async append({ bytes, upTo }: Synced): Promise<void> {
    if (this.failed) return;
    try {
      await this.keeper.append(bytes);
      this.saved(upTo);
      this.durable(upTo);
    } catch (failure) {
      await this.fail(failure);
    }
  }

  async close(): Promise<void> {
    await this.keeper.close();
  }

  /** Notes what is durable. */
  saved(batch: number): void {
    this.tell({ kind: 'saved', name: this.name, batch });
  }

  private async fail(failure: unknown): Promise<void> {
    if (this.failed) return;
    const { name, message } = failure as Error;
    const why = (FAILURES.includes(name) ? name : 'refused') as StoreFailure;
    this.tell({ kind: 'failed', name: this.name, why, message });
    this.durable(Infinity);
    // Another tab may have it from here on; what it holds is a legal world.
    if (why !== 'held') await this.keeper.close().catch(() => {});
  }

  private tell(status: StoreStatus): void {
    this.status = status;
    this.told(status);
  }
}
