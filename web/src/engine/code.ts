/**
 * The engine's code, in two halves: what the first answer needs, and the rest.
 *
 *     first   compiled before anything begins
 *     rest    fetched when the first answer is there; or, if something calls into it sooner, at that moment
 *
 * Such a call cannot wait as JavaScript waits: it stands in the middle of the engine. So the rest is then fetched while
 * the thread stands still, which a worker may do. `wasm/bindgen/src/bin/vitrine-split.rs` tells where the cut is.
 */

import { instantiate, type Instance } from '../../pkg/vitrine.js';

/** Both halves, as they are handed to a worker. */
export interface Halves {
  readonly first: WebAssembly.Module;
  /** Where the rest is, or itself. */
  readonly rest: string | Uint8Array<ArrayBuffer>;
}

export class Code {
  private rest: WebAssembly.Module | undefined;

  constructor(private readonly halves: Halves) {}

  /** A new instance, prepared. */
  instance(): Instance {
    const engine = instantiate(this.halves.first, (exports) => ({
      load: () => void new WebAssembly.Instance(this.restNow(), { vitrine: exports() }),
    }));
    engine.start();
    return engine;
  }

  /** Has the rest ready before it is called. If it cannot be had now, the call will say so. */
  async prefetch(): Promise<void> {
    if (this.rest !== undefined) return;
    const { rest } = this.halves;
    try {
      const module = await WebAssembly.compile(typeof rest === 'string' ? await (await fetch(rest)).arrayBuffer() : rest);
      this.rest ??= module;
    } catch {
      // Without a connection, say: what is there goes on.
    }
  }

  private restNow(): WebAssembly.Module {
    const { rest } = this.halves;
    this.rest ??= new WebAssembly.Module(typeof rest === 'string' ? fetchNow(rest) : rest);
    return this.rest;
  }
}

/** Fetches while the thread stands still. A page may not ask for bytes in this way, but for text whose letters are bytes. */
function fetchNow(url: string): Uint8Array<ArrayBuffer> {
  const request = new XMLHttpRequest();
  request.open('GET', url, false);
  request.overrideMimeType('text/plain; charset=x-user-defined');
  request.send();
  if (request.status !== 200) throw new Error(`${url}: HTTP ${request.status}`);
  return Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0));
}
