/**
 * Numbers as PostgreSQL prints them. Everything that reaches the screen as a value goes through here, so that the
 * same position never looks different in two panels.
 */

/** A WAL position: `0/10B8C90`. JavaScript's numbers hold it exactly: a lab never writes 2^53 bytes. */
export function lsn(position: number): string {
  const high = Math.floor(position / 2 ** 32);
  const low = position % 2 ** 32;
  return `${high.toString(16).toUpperCase()}/${low.toString(16).toUpperCase()}`;
}

/** `n` in lower-case hexadecimal, at least `digits` wide, as pageinspect's infomasks are usually written. */
export function hex(n: number, digits: number): string {
  return n.toString(16).padStart(digits, '0');
}

/** Bytes as they lie: `e3 02 00 00`. */
export function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => hex(b, 2)).join(' ');
}

/** An instant of virtual time, in microseconds: `00:00.412 345` (minutes, seconds, milli and micro apart). */
export function clock(us: number): string {
  const whole = Math.floor(us);
  const minutes = Math.floor(whole / 60_000_000);
  const seconds = Math.floor(whole / 1_000_000) % 60;
  const milli = Math.floor(whole / 1000) % 1000;
  return `${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(milli, 3)} ${pad(whole % 1000, 3)}`;
}

/** A length of time in the unit that keeps it short: `250 µs`, `3.2 ms`, `1.5 s`. */
export function span(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1_000_000) return `${trim(us / 1000)} ms`;
  return `${trim(us / 1_000_000)} s`;
}

/** A count of bytes as settings are written: `1 MB`, `64 kB`, `265 B`. */
export function bytes(n: number): string {
  if (n >= 1 << 20 && n % (1 << 20) === 0) return `${n >> 20} MB`;
  if (n >= 1 << 10 && n % (1 << 10) === 0) return `${n >> 10} kB`;
  return `${n} B`;
}

/** A size, rounded as `ls -h` does: `216.6 kB`. */
export function size(n: number): string {
  if (n < 1024 || n % 1024 === 0) return bytes(n);
  return n < 1 << 20 ? `${(n / 1024).toFixed(1)} kB` : `${(n / (1 << 20)).toFixed(1)} MB`;
}

/** A snapshot as `pg_current_snapshot()` prints it: `739:741:739`. */
export function snapshot(s: { xmin: number; xmax: number; xip: readonly number[] }): string {
  return `${s.xmin}:${s.xmax}:${s.xip.join(',')}`;
}

function pad(n: number, width: number): string {
  return String(n).padStart(width, '0');
}

function trim(n: number): string {
  return n.toFixed(n < 10 ? 1 : 0).replace(/\.0$/, '');
}
