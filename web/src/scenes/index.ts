/** All scenes, by the name that an address or a `scene` attribute uses. */
import { firstLight } from './first-light.ts';
import type { Scene } from './scene.ts';

export const scenes: ReadonlyMap<string, Scene> = new Map([[firstLight.id, firstLight]]);
