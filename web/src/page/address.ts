/**
 * The address of a moment: `#v1&scene=first-light&beat=7&theme=dark`, or `#v1&store=lab` for a world that this browser keeps. The format number stands first, so that links
 * keep their meaning; what an older or newer page does not know is left alone.
 */

/** What an address says. */
export interface Address { scene?: string; store?: string; beat?: number; step?: number; theme?: string }

const VERSION = 'v1';

/** Reads the fragment of an address; anything that is not ours means nothing. */
export function readAddress(hash: string): Address {
  const [version, ...rest] = hash.replace(/^#/, '').split('&');
  if (version !== VERSION) return {};
  const params = new URLSearchParams(rest.join('&'));
  const address: Address = {};
  const scene = params.get('scene');
  const theme = params.get('theme');
  const store = params.get('store');
  if (scene) address.scene = scene;
  if (theme === 'dark' || theme === 'light') address.theme = theme;
  if (store) address.store = store;
  for (const name of ['beat', 'step'] as const) {
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
