/** The engine's side of the client: one world, in the thread that runs it. */

import { instantiate, type Instance } from '../../pkg/vitrine.js';

/** One world. Its methods are what {@link EngineClient} asks for; Comlink carries the calls. */
export class Host {
  private readonly engine: Instance;

  constructor(module: WebAssembly.Module) {
    this.engine = instantiate(module);
    this.engine.start();
  }

  /** The version of the engine. */
  version(): string {
    return this.engine.version();
  }
}
