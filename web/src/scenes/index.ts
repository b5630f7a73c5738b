/**
 * All scenes, by the name that an address or a `scene` attribute uses. Each is fetched when it is wanted; so is what
 * checks the scene of somebody's own.
 */
import { SCENES } from './names.ts';
import { parseScene } from './parse.ts';
import type { Scene } from './scene.ts';

const files = import.meta.glob<string>('./*.scene', { query: '?raw', import: 'default' });

/** The scene that follows this one; nothing after the last. */
export const sceneAfter = (id: string): string | null => SCENES[(SCENES as readonly string[]).indexOf(id) + 1] ?? null;

/** The scene of this name, or the one at this address. */
export async function loadScene(name: string, src: string | null = null): Promise<Scene> {
  if (src) return loadOwn(src);
  const known = files[`./${name}.scene`] ? name : SCENES[0];
  return parseScene(await files[`./${known}.scene`]!(), known);
}

/** All of them. */
export const allScenes = (): Promise<Scene[]> => Promise.all(SCENES.map((name) => loadScene(name)));

/** A scene of somebody's own, from its text. */
export async function ownScene(text: string, name: string): Promise<Scene> {
  const { kinds } = await import('./kinds.ts');
  return parseScene(text, name, kinds());
}

/** A scene of somebody's own, read with more care: whoever wrote it wants to know what is wrong with it. */
async function loadOwn(src: string): Promise<Scene> {
  const response = await fetch(src);
  if (!response.ok) throw new Error(`${src}: HTTP ${response.status}`);
  const name = new URL(src, location.href).pathname.split('/').at(-1)!.replace(/\.[^.]*$/, '') || 'own';
  return ownScene(await response.text(), name);
}
