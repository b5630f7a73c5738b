/** The page's side: turns the typed calls into messages to the {@link Host}. */

import * as Comlink from 'comlink';

import type { OpenOptions, Place } from './api';
import type { Host } from './host';

export class Client {
  private constructor(
    readonly place: Place,
    private readonly host: Comlink.Remote<Host>,
    private readonly end: () => void,
  ) {}

  static async open(place: Place, port: MessagePort, _options: OpenOptions, end: () => void): Promise<Client> {
    const host = Comlink.wrap<Host>(port);
    await host.version();
    performance.mark('vitrine:answer');
    return new Client(place, host, end);
  }

  async close(): Promise<void> {
    this.host[Comlink.releaseProxy]();
    this.end();
  }
}
