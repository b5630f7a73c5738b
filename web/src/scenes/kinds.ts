/** The kinds of events with their fields, read from the types that the engine's own definitions make. */
import events from '../engine/generated/Event.ts?raw';
import type { Kinds } from './parse.ts';

/** `{ "kind": "WalWrite", /** ... *\/ upto: Lsn, }` as `WalWrite → [upto]`. */
export function kinds(text: string = events): Kinds {
  const plain = text.replace(/\/\*[^]*?\*\//g, '').replace(/\/\/.*$/gm, '');
  const found = [...plain.matchAll(/\{\s*"kind":\s*"(\w+)",?([^}]*)\}/g)];
  return new Map(found.map(([, kind, fields]) => [kind!, [...fields!.matchAll(/(\w+):/g)].map((m) => m[1]!)]));
}
