/** A {@link World} in an instance of the engine's module. */

import { instantiate } from '../../pkg/vitrine.js';
import type { World } from './world';

/** A new instance, prepared but without a world. */
export function instanceWorld(module: WebAssembly.Module): World {
  const engine = instantiate(module);
  engine.start();
  throw new Error('soon');
}
