/**
 * What a scene can do to its world, in words: `A: COMMIT;`, `power off primary`, `pass 200ms`.
 */
import type { Input } from '../engine/api.ts';
import type { LabView } from '../views/types.ts';
import type { Act } from './scene.ts';

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000, min: 60_000_000 };

/** Host numbers by name. */
const HOSTS: Readonly<Record<string, number>> = { primary: 0, standby: 1 };

/** The acts besides typing, each with its form. */
const FORMS: readonly { form: RegExp; make(words: string, parts: readonly string[]): Act }[] = [
  { form: /^connect(?: (primary|standby))?$/, make: (_, [host]) => ({ kind: 'connect', host: HOSTS[host ?? 'primary']! }) },
  { form: /^pass (\d+(?:\.\d+)?)\s*(us|ms|s|min)$/, make: (_, [n, unit]) => ({ kind: 'pass', micros: Number(n) * UNITS[unit!]! }) },
  { form: /^power off (primary|standby) by (\d+)$/, make: (words, [host, chance]) => input(words, () => ({ kind: 'tear', host: HOSTS[host!]!, chance: Number(chance) })) },
  { form: /^power (off|on) (primary|standby)$/, make: (words, [what, host]) => input(words, () => ({ kind: what === 'off' ? 'power_fail' : 'power_on', host: HOSTS[host!]! })) },
  { form: /^promote (primary|standby)$/, make: (words, [host]) => input(words, () => ({ kind: 'promote', host: HOSTS[host!]! })) },
  { form: /^(cut|heal) link$/, make: (words, [what]) => input(words, () => ({ kind: 'cut', cut: what === 'cut' })) },
  { form: /^slow link (\d+)\s*(us|ms|s)$/, make: (words, [n, unit]) => input(words, () => ({ kind: 'latency', micros: Number(n) * UNITS[unit!]! })) },
  { form: /^(kill|freeze|thaw) (?:(standby) )?(.+)$/, make: (words, [what, host, who]) => input(words, (view) => onProcess(what!, pidOf(view, HOSTS[host ?? 'primary']!, who!))) },
  { form: /^cancel ([A-Z])$/, make: (words, [letter]) => input(words, (view) => ({ kind: 'cancel', session: sessionOf(view, letter!) })) },
  { form: /^close ([A-Z])$/, make: (words, [letter]) => input(words, (view) => ({ kind: 'disconnect', session: sessionOf(view, letter!) })) },
  { form: /^stop (primary|standby) (smart|fast|immediate)$/, make: (words, [host, mode]) => input(words, () => ({ kind: 'shutdown', host: HOSTS[host!]!, mode: mode as never })) },
];

const input = (words: string, make: (view: LabView) => Input): Act => ({ kind: 'input', words, input: make });

/** Reads an act; what is wrong with it, if it is none. */
export function parseAct(text: string): Act | string {
  const typed = /^([A-Z]):\s+([^]+)$/.exec(text);
  if (typed) return { kind: 'type', letter: typed[1]!, sql: typed[2]! };
  const words = text.replace(/\s+/g, ' ');
  for (const { form, make } of FORMS) {
    const found = form.exec(words);
    if (found) return make(words, found.slice(1));
  }
  return `'${words}' is nothing that a scene can do or say`;
}

function onProcess(what: string, pid: number): Input {
  return what === 'kill' ? { kind: 'kill', pid } : { kind: 'freeze', pid, frozen: what === 'freeze' };
}

/** The process that serves a session, or that is of this type. */
function pidOf(view: LabView, host: number, who: string): number {
  const session = view.sessions.find((s) => s.letter === who);
  return session?.pid ?? view.hosts[host]?.processes.find((p) => p.backend_type === who)?.pid ?? 0;
}

const sessionOf = (view: LabView, letter: string) => view.sessions.findIndex((s) => s.letter === letter);
