/**
 * The values that a scene speaks of: `opening.row(0,4).balance`, `insert.end`, `primary.wal.flush - primary.wal.redo`.
 *
 * An expression is a sum of paths and numbers. A path begins with something known (a name that the scene gave, an
 * earlier beat, a field of the event, a server, a session) and goes on into the fields of the engine's own view, under
 * the names that these have there. Nothing is computed here that the engine did not say.
 */
import { hex, lsn, snapshot, span } from '../base/format.ts';
import type { Entry } from '../engine/api.ts';
import { buffersOf } from '../model/pool.ts';
import * as thing from '../model/thing.ts';
import type { Thing } from '../model/thing.ts';
import type { HostView, LabView, PageImage } from '../views/types.ts';
import type { Found } from './scene.ts';

/** Where an expression is evaluated. */
export interface Scope {
  /** The moment; none while events are only being searched, then there is but the opening. */
  view: LabView | null;
  entry: Entry | null;
  found: Found;
  /** What the scene gave names to. */
  lets: ReadonlyMap<string, Expression>;
}

/** A part of a path: a name, or a call. */
interface Part { name: string; args: Expression[] | null }
type Term = { path: Part[] } | { constant: number | string };

/** A sum of terms, each with its sign. */
export interface Expression { text: string; terms: readonly { sign: 1 | -1; term: Term }[] }

/** What is wrong with an expression; whoever knows its line says that. */
export class BadExpression extends Error {}

const TOKENS = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|'([^']*)'|([-+.(),]))/y;

/** Reads an expression. */
export function expression(text: string): Expression {
  const reader = new Reader(text);
  const terms: { sign: 1 | -1; term: Term }[] = [{ sign: reader.sign(), term: reader.term() }];
  while (!reader.done) {
    const sign = reader.take('+') ? 1 : reader.take('-') ? -1 : reader.fail();
    terms.push({ sign, term: reader.term() });
  }
  return { text: text.trim(), terms };
}

class Reader {
  #tokens: { number?: string; name?: string; quoted?: string; mark?: string }[] = [];
  #at = 0;

  constructor(private readonly text: string) {
    TOKENS.lastIndex = 0;
    const trimmed = text.trimEnd();
    while (TOKENS.lastIndex < trimmed.length) {
      const from = TOKENS.lastIndex;
      const found = TOKENS.exec(trimmed);
      if (!found) throw new BadExpression(`'${trimmed.slice(from).trim()}' is no expression`);
      const [, number, name, quoted, mark] = found;
      this.#tokens.push({ ...(number && { number }), ...(name && { name }), ...(quoted !== undefined && { quoted }), ...(mark && { mark }) });
    }
    if (this.#tokens.length === 0) throw new BadExpression('an expression is missing');
  }

  get done(): boolean {
    return this.#at >= this.#tokens.length;
  }

  take(mark: string): boolean {
    const here = this.#tokens[this.#at]?.mark === mark;
    if (here) this.#at++;
    return here;
  }

  sign(): 1 | -1 {
    return this.take('-') ? -1 : 1;
  }

  fail(): never {
    throw new BadExpression(`'${this.text.trim()}' is no expression`);
  }

  term(): Term {
    const token = this.#tokens[this.#at];
    if (token?.number !== undefined) { this.#at++; return { constant: Number(token.number) }; }
    if (token?.quoted !== undefined) { this.#at++; return { constant: token.quoted }; }
    const path = [this.part()];
    while (this.take('.')) path.push(this.part());
    return { path };
  }

  part(): Part {
    const token = this.#tokens[this.#at++];
    const name = token?.name ?? token?.number ?? this.fail();
    if (!this.take('(')) return { name, args: null };
    const args: Expression[] = [];
    while (!this.take(')')) {
      if (args.length > 0 && !this.take(',')) this.fail();
      const sign = this.sign();
      const term = this.term();
      args.push({ text: name, terms: [{ sign, term }] });
    }
    return { name, args };
  }
}

/** The value; undefined if there is nothing of that name. */
export function value(of: Expression, scope: Scope): unknown {
  const values = of.terms.map(({ sign, term }) => ({ sign, value: 'constant' in term ? term.constant : walk(term.path, scope) }));
  if (values.length === 1 && values[0]!.sign === 1) return values[0]!.value;
  return values.reduce((sum, v) => sum + v.sign * Number(v.value), 0);
}

/** The names that it begins with: what it must be able to find. */
export function roots(of: Expression): string[] {
  return of.terms.flatMap(({ term }) => ('path' in term ? [term.path[0]!.name] : []));
}

/** A bare word that means itself, on the right of a comparison. */
export function word(of: Expression): string | null {
  const [only, second] = of.terms;
  return only && !second && 'path' in only.term && only.term.path.length === 1 && !only.term.path[0]!.args ? only.term.path[0]!.name : null;
}

function walk([first, ...rest]: Part[], scope: Scope): unknown {
  const { view, found } = scope;
  if (first!.name === 'opening') return walk(rest, { ...scope, view: found.opening });
  const args = first!.args?.map((a) => argument(a, scope));
  let at = args ? call(first!.name, args, view, scope) : root(first!.name, scope);
  for (const part of rest) {
    at = part.args ? method(at, part.name, part.args.map((a) => argument(a, scope))) : (at as Record<string, unknown> | null | undefined)?.[part.name];
  }
  return at;
}

/** An argument: what it names, or the bare word itself. */
const argument = (of: Expression, scope: Scope) => value(of, scope) ?? word(of);

function root(name: string, scope: Scope): unknown {
  const { lets, found, entry } = scope;
  const view = scope.view;
  const event = entry?.event as Record<string, unknown> | undefined;
  if (event && name in event) return event[name];
  const named = lets.get(name);
  if (named) return value(named, scope);
  const beat = found.beat(name);
  if (beat) return { ...beat.event, at: beat.at, pid: beat.pid };
  if (name === 'event') return event;
  if (name === 'pid') return entry?.pid;
  if (name === 'primary') return view?.hosts[0];
  if (name === 'standby') return view?.hosts[1];
  if (/^[A-Z]$/.test(name)) return view?.sessions.find((s) => s.letter === name);
  return undefined;
}

/** What can be called by itself. */
function call(name: string, args: unknown[], view: LabView | null, { found }: Scope): unknown {
  const n = Number(args[0]);
  switch (name) {
    case 'row': return rowOf(view?.hosts[0], n, Number(args[1]));
    case 'record': return view ? thing.findRecord(view, n) : undefined;
    case 'answer': return found.answer(letterOf(args[0]));
    case 'lsn': return lsn(n);
    case 'hex': return hex(n, 4);
    case 'span': return span(n);
    case 'align': return Math.ceil(n / 8) * 8;
    case 'snapshot': { const e = args[0] as { xmin: number; xmax: number }; return snapshot({ xmin: e.xmin, xmax: e.xmax, xip: [] }); }
    case 'versions': return (args[0] as PageImage | null)?.items.filter((i) => i.tuple).length ?? 0;
    default: throw new BadExpression(`there is no ${name}()`);
  }
}

/** The calls that there are: `FORMAT.md` says what each gives. */
export const CALLS: readonly string[] = ['row', 'record', 'answer', 'lsn', 'hex', 'span', 'align', 'snapshot', 'versions'];

/** What can be called on a server. */
function method(on: unknown, name: string, args: unknown[]): unknown {
  const host = on as HostView | undefined;
  if (name === 'row') return rowOf(host, Number(args[0]), Number(args[1]));
  if (name === 'buffers') return host && buffersOf(host).filter((b) => b.relname === args[0]).length;
  if (name === 'dirty') return host && buffersOf(host).filter((b) => b.isdirty && (args[0] === undefined || b.relname === args[0])).length;
  if (name === 'waits') return host?.lock_waits.length;
  throw new BadExpression(`there is no .${name}()`);
}

/** A session's letter, from the letter or from the session. */
const letterOf = (what: unknown) => (typeof what === 'string' ? what : (what as { letter?: string } | undefined)?.letter ?? '');

/** A row version of the page on show: its line pointer, its header's fields, its columns, and who would see it. */
function rowOf(host: HostView | undefined, block: number, lp: number): unknown {
  const page = host?.page;
  const item = page && page.block === block ? (page.memory ?? page.disk)?.items.find((i) => i.lp === lp) : undefined;
  if (!item) return undefined;
  const { tuple } = item;
  const columns = Object.fromEntries((tuple?.attrs ?? []).map((a) => [a.attname, a.value ?? 'NULL']));
  const sees = Object.fromEntries((tuple?.sees ?? []).map((s) => [s.letter ?? 'new', s.visible]));
  return { ...item, ...tuple, ...columns, sees };
}

/** What in the picture an expression names: `row(0,4)`, `standby.row(0,1)`, `record(insert.start)`, `process(A)`. */
export function thingOf(of: Expression, scope: Scope): Thing | null {
  const [only] = of.terms;
  const view = scope.view;
  if (!view || !only || !('path' in only.term)) return null;
  const host = only.term.path[0]!.name === 'standby' ? 1 : 0;
  const { name, args } = only.term.path.at(-1)!;
  const [first, second] = (args ?? []).map((a) => argument(a, scope));
  const page = view.hosts[host]?.page;
  switch (name) {
    case 'row': return page && second !== undefined ? thing.version(host, page.relname, Number(first), Number(second)) : null;
    case 'record': return first === undefined ? null : thing.record(Number(first));
    case 'xact': return first === undefined ? null : thing.xact(Number(first));
    case 'buffer': return first ? thing.buffer(host, Number(first)) : null;
    case 'process': return processThing(view, host, first);
    default: return null;
  }
}

/** The things that can be looked at, or clicked. */
export const THINGS: readonly string[] = ['row', 'record', 'xact', 'buffer', 'process'];

/** A process by the session that it serves, or by what it is. */
function processThing(view: LabView, host: number, what: unknown): Thing | null {
  const session = what as { pid?: number; host?: number } | string | undefined;
  if (typeof session === 'object') return session.pid ? thing.process(session.host ?? host, session.pid) : null;
  const found = view.hosts[host]?.processes.find((p) => p.backend_type === session);
  return found ? thing.process(host, found.pid) : null;
}
