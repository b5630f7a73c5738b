/**
 * All scenes, by the name that an address or a `scene` attribute uses. Each is fetched when it is wanted; so is what
 * checks the scene of somebody's own.
 */
import { parseScene } from './parse.ts';
import type { Scene } from './scene.ts';

const files = import.meta.glob<string>('./*.scene', { query: '?raw', import: 'default' });

/** The scenes in the order in which they are offered: each needs no more than those before it. */
export const SCENES = [
  'first-light',
] as const;

/** The scene of this name, or the one at this address. */
export async function loadScene(name: string, src: string | null = null): Promise<Scene> {
  if (src) return loadOwn(src);
  const known = files[`./${name}.scene`] ? name : SCENES[0];
  return parseScene(await files[`./${known}.scene`]!(), known);
}

/** A scene of somebody's own, read with more care: whoever wrote it wants to know what is wrong with it. */
async function loadOwn(src: string): Promise<Scene> {
  const [response, { kinds }] = await Promise.all([fetch(src), import('./kinds.ts')]);
  if (!response.ok) throw new Error(`${src}: HTTP ${response.status}`);
  const name = new URL(src, location.href).pathname.split('/').at(-1)!.replace(/\.[^.]*$/, '') || 'own';
  return parseScene(await response.text(), name, kinds());
}
