/**
 * The address of a moment. The format number stands first, so that links keep their meaning; what an older or newer
 * page does not know is left alone.
 *
 *     #v1&scene=first-light&beat=7            a beat of the story
 *     #v1&scene=first-light&step=412          an event between two beats, on the story's own way
 *     #v1&scene=first-light&step=530&did=...  any moment: what was done since the opening, packed
 *     #v1&store=lab                           a world that this browser keeps
 *
 * `seed`, `panel` (the one in the middle), `panels` (only these, as an embed has them), `theme` and `lang` may stand with each of them. With the seed, the
 * scene and what was done, the moment is made again, event by event. An address that has become too long for that is a
 * file: the same words in JSON.
 */
import type { Deed } from '../engine/api.ts';

/** What an address says. */
export interface Address {
  scene?: string; store?: string; seed?: number; beat?: number; step?: number; did?: string;
  panels?: string; panel?: string; theme?: string; lang?: string;
}

const VERSION = 'v1';

/** Reads the fragment of an address; anything that is not ours means nothing. */
export function readAddress(hash: string): Address {
  const [version, ...rest] = hash.replace(/^#/, '').split('&');
  if (version !== VERSION) return {};
  const params = new URLSearchParams(rest.join('&'));
  const address: Address = {};
  for (const name of ['scene', 'store', 'did', 'panels', 'panel', 'lang'] as const) {
    const value = params.get(name);
    if (value) address[name] = value;
  }
  const theme = params.get('theme');
  if (theme === 'dark' || theme === 'light') address.theme = theme;
  for (const name of ['seed', 'beat', 'step'] as const) {
    const n = Number(params.get(name) ?? Number.NaN);
    if (Number.isInteger(n) && n >= 0) address[name] = n;
  }
  return address;
}

/** Writes one. */
export function writeAddress(address: Address): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(address)) if (value !== undefined && value !== '') params.set(name, String(value));
  return `#${VERSION}&${params}`;
}

/** Longer addresses do not survive all that passes them on. */
export const LONGEST = 8192;

/** What such a file is. */
const FILE = 'vitrine-moment';

/** A moment as a file. */
export const momentFile = (address: Address) => JSON.stringify({ format: FILE, version: 1, address: writeAddress(address) }, null, 1);

/** The address in such a file; nothing if it is none. */
export function readMomentFile(text: string): Address | null {
  try {
    const { format, address } = JSON.parse(text) as { format?: unknown; address?: unknown };
    const read = format === FILE && typeof address === 'string' ? readAddress(address) : {};
    return Object.keys(read).length > 0 ? read : null;
  } catch {
    return null;
  }
}

/** A deed as it is packed: its step, its instant, and the process chosen or the input. */
type Packed = [step: number, time: number, what: number | object];

/** What was done, as a word for an address. */
export async function packDeeds(deeds: readonly Deed[]): Promise<string> {
  const packed = deeds.map((d): Packed => [d.step, d.time, d.kind === 'choice' ? d.pid : d.input]);
  const bytes = await through(new TextEncoder().encode(JSON.stringify(packed)), new CompressionStream('deflate-raw'));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** What such a word says; nothing if it is not one. */
export async function unpackDeeds(word: string): Promise<Deed[] | null> {
  try {
    const bytes = Uint8Array.from(atob(word.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
    const packed = JSON.parse(new TextDecoder().decode(await through(bytes, new DecompressionStream('deflate-raw')))) as Packed[];
    return packed.map(([step, time, what]) => (typeof what === 'number' ? { step, time, kind: 'choice', pid: what } : { step, time, kind: 'input', input: what as never }));
  } catch {
    return null;
  }
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}
