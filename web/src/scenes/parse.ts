/**
 * A scene from its text. The form is described for those who write scenes in `FORMAT.md`; whatever does not fit it is
 * an error with its line.
 */
import { plain as spoken, type Params } from '../base/messages.ts';
import type { Entry } from '../engine/api.ts';
import type { LabView } from '../views/types.ts';
import { parseAct } from './acts.ts';
import { BadExpression, CALLS, expression, roots, THINGS, thingOf, value, word, type Expression, type Scope } from './expression.ts';
import { blocks, prose, SceneError, type Block, type Line } from './format.ts';
import type { Act, Beat, Check, Choice, Found, Opening, Scene, Text } from './scene.ts';

/** The kinds of events with the names of their fields, if they are to be checked: a scene of one's own is. */
export type Kinds = ReadonlyMap<string, readonly string[]>;

/** Names that an expression may always begin with. */
const KNOWN = /^(opening|event|pid|primary|standby|[A-Z])$/;

/** Reads a scene. */
export function parseScene(text: string, id: string, kinds?: Kinds): Scene {
  return new Parser(id, kinds).scene(blocks(text, `${id}.scene`));
}

type Condition = (scope: Scope) => boolean;

/** A beat while its lines are read. */
interface Draft { beat: Omit<Beat, 'checks'> & { checks: Check[]; acts: Act[] }; kind: string; told: Text | null; choices: Choice[]; right: boolean }

class Parser {
  readonly #lets = new Map<string, Expression>();
  readonly #mentions = new Map<string, string[]>();
  readonly #texts: Text[] = [];
  readonly #beats: Draft['beat'][] = [];
  readonly #settings: [string, string][] = [];
  #head = new Map<string, string>();
  #opening: (Opening & { checks: Check[] }) | null = null;
  #hidden: Act[] = [];

  constructor(private readonly id: string, private readonly kinds: Kinds | undefined) {}

  scene(all: readonly Block[]): Scene {
    // Names may be used before the line that gives them.
    for (const block of all) if (block.head.startsWith('let ')) this.#let(block);
    for (const block of all) if (!block.head.startsWith('let ')) this.#block(block);
    const title = this.#head.get('title') ?? this.#fail(1, 'a scene needs a title: line');
    const [relation = 'accounts', block] = (this.#head.get('table') ?? '').split(/\s+block\s+/);
    return {
      id: this.id,
      title: this.#text('title', title), about: this.#text('about', this.#head.get('about') ?? ''),
      relation: relation || 'accounts', block: Number(block ?? 0),
      panels: (this.#head.get('panels') ?? '').split(/[\s,]+/).filter(Boolean),
      seed: this.#head.has('seed') ? Number(this.#head.get('seed')) : null,
      settings: this.#settings,
      opening: { ...(this.#opening ?? this.#fail(1, 'a scene needs an opening: block')), hidden: this.#hidden },
      beats: this.#beats,
      texts: this.#texts,
    };
  }

  #fail(line: number, what: string): never {
    throw new SceneError(line, what, `${this.id}.scene`);
  }

  // --- blocks -----------------------------------------------------------------------------------------------

  #let({ line, head, lines }: Block): void {
    const [, name, text] = /^let\s+([A-Za-z]\w*)\s*=\s*(.+)$/.exec(head) ?? this.#fail(line, "write 'let name = value'");
    if (lines.length > 0) this.#fail(lines[0]!.line, 'a let is one line');
    if (KNOWN.test(name!)) this.#fail(line, `'${name}' has a meaning already`);
    this.#lets.set(name!, this.#expression(line, text!));
    this.#mentions.set(name!, [...text!.matchAll(/(?<![.\w'])[A-Za-z]\w*\b(?!\s*\()/g)].map((m) => m[0]));
    if (this.#leadsTo(name!, name!)) this.#fail(line, `'${name}' is given by itself`);
  }

  /** Whether a name's value needs another's. */
  #leadsTo(from: string, to: string): boolean {
    return (this.#mentions.get(from) ?? []).some((name) => name === to || (name !== from && this.#leadsTo(name, to)));
  }

  #block(block: Block): void {
    const { line, head, lines } = block;
    const field = /^(title|about|table|panels|seed|set):\s+(.*)$/.exec(head);
    const beat = /^beat\s+([a-z][\w-]*)(?:\s+after\s+(.+?))?:$/.exec(head);
    const check = /^check(?:\s+(primary|standby))?:$/.exec(head);
    if (field) this.#field(line, field[1]!, prose([field[2]!, ...lines.map((l) => l.text)].join(' ')));
    else if (beat) this.#beat(block, beat[1]!, beat[2]);
    else if (check) this.#check(block, check[1] === 'standby' ? 1 : 0);
    else if (head === 'set-up:') this.#hidden = lines.map((l) => this.#act(l));
    else if (head === 'opening:') this.#opens(block);
    else this.#fail(line, `'${head}' begins nothing: title, about, table, panels, seed, set, let, set-up, opening, beat and check do`);
  }

  #field(line: number, name: string, text: string): void {
    if (name === 'set') {
      const [, setting, to] = /^(\S+)\s*=\s*(.+)$/.exec(text) ?? this.#fail(line, "write 'set: name = value'");
      this.#settings.push([setting!, to!]);
      return;
    }
    if (this.#head.has(name)) this.#fail(line, `${name}: stands here twice`);
    if (name === 'seed' && !/^\d+$/.test(text)) this.#fail(line, 'a seed is a whole number');
    this.#head.set(name, text);
  }

  #opens({ line, lines }: Block): void {
    if (this.#opening) this.#fail(line, 'there is one opening');
    const draft = this.#draft('opening', line);
    for (const l of lines) this.#beatLine(draft, l, ['when', 'wait', 'choice', 'told']);
    const { beat } = draft;
    if (!beat.say.english) this.#fail(line, 'the opening needs a say line');
    const nothing = null as unknown as Entry;
    this.#opening = {
      hidden: [], shown: beat.acts, say: beat.say, checks: beat.checks,
      params: (view, found) => beat.params(view, nothing, found), look: (view, found) => beat.look(view, nothing, found),
    };
  }

  #beat({ line, lines }: Block, id: string, after: string | undefined): void {
    if (!this.#opening) this.#fail(line, 'the opening comes before the beats');
    if (id === 'opening' || this.#beats.some((b) => b.id === id)) this.#fail(line, `there is a beat '${id}' already`);
    const last = this.#beats.at(-1)?.id;
    const names = after?.split(/\s*,\s*/) ?? (last ? [last] : []);
    for (const name of names) if (!this.#beats.some((b) => b.id === name)) this.#fail(line, `there is no beat '${name}' before this one`);
    const draft = this.#draft(id, line);
    draft.beat.after = names;
    // Which event it is decides what the other lines may speak of.
    const isWhen = (l: Line) => l.text.startsWith('when ');
    for (const l of [...lines.filter(isWhen), ...lines.filter((l) => !isWhen(l))]) this.#beatLine(draft, l, []);
    if (!draft.kind) this.#fail(line, `beat '${id}' needs a when line: the event that it is about`);
    if (!draft.beat.say.english) this.#fail(line, `beat '${id}' needs a say line`);
    if (draft.choices.length > 0 && !draft.told) this.#fail(line, 'a question needs a told line: what is said once it is answered');
    if (draft.choices.length > 0 && !draft.right) this.#fail(line, "one choice must be 'right', or 'right if' something holds");
    if (draft.choices.length > 0) draft.beat.guess = { choices: draft.choices, told: draft.told! };
    this.#beats.push(draft.beat);
  }

  #check({ line, lines }: Block, host: number): void {
    const rows = lines.filter((l) => l.text.startsWith('= ')).map((l) => l.text.slice(2).trim());
    const sql = lines.filter((l) => !l.text.startsWith('= ')).map((l) => l.text).join('\n');
    if (sql === '') this.#fail(line, 'a check needs a query');
    const beat = this.#beats.at(-1) ?? this.#opening ?? this.#fail(line, 'a check stands after the opening or a beat');
    beat.checks.push({ host, sql, rows, line });
  }

  #draft(id: string, line: number): Draft {
    const beat: Draft['beat'] = {
      id, after: [], acts: [], patience: 0, checks: [], guess: null, say: { key: '', english: '' },
      when: () => this.#fail(line, 'no when'), params: () => ({}), look: () => null,
    };
    return { beat, kind: '', told: null, choices: [], right: false };
  }

  // --- the lines of a beat ------------------------------------------------------------------------------------

  #beatLine(draft: Draft, { line, text }: Line, forbidden: readonly string[]): void {
    const [, verb, rest] = /^(when|wait|say|look|choice|told)\s+([^]*)$/.exec(text) ?? [];
    if (!verb) { draft.beat.acts.push(this.#act({ line, text })); return; }
    if (forbidden.includes(verb)) this.#fail(line, `'${verb}' is for beats`);
    const { beat } = draft;
    switch (verb) {
      case 'when': this.#when(draft, line, prose(rest!)); break;
      case 'wait': beat.patience = this.#act({ line, text: `pass ${rest}` }, 'micros'); break;
      case 'say': beat.say = this.#text(beat.id, prose(rest!)); this.#params(draft, line, beat.say); break;
      case 'told': draft.told = this.#text(`${beat.id}.told`, prose(rest!)); this.#params(draft, line, draft.told); break;
      case 'look': beat.look = this.#look(line, rest!); break;
      case 'choice': draft.choices.push(this.#choice(draft, line, prose(rest!))); break;
    }
  }

  #act(line: Line): Act;
  #act(line: Line, what: 'micros'): number;
  #act({ line, text }: Line, what?: 'micros'): Act | number {
    const act = parseAct(text);
    if (typeof act === 'string') return this.#fail(line, act);
    return what && act.kind === 'pass' ? act.micros : act;
  }

  /** `WalInsert by A on primary of accounts, rmgr = Transaction, end > insert.end` */
  #when(draft: Draft, line: number, text: string): void {
    const [head = '', ...rest] = text.split(/\s*,\s*(?![^()]*\))/);
    const [, kind, by, host, of] = /^([A-Z]\w*)(?:\s+by\s+([A-Z]))?(?:\s+on\s+(primary|standby))?(?:\s+of\s+(\w+))?$/.exec(head) ??
      this.#fail(line, "write 'when Kind by A on primary of table, field = value'; all but the kind may be left out");
    if (this.kinds && !this.kinds.has(kind!)) this.#fail(line, `there is no event ${kind}`);
    draft.kind = kind!;
    const fields = this.kinds?.get(kind!);
    const conditions = rest.map((c) => this.#condition(line, c, fields));
    const wanted = host === undefined ? undefined : host === 'standby' ? 1 : 0;
    draft.beat.when = (entry, found) => {
      if (entry.event.kind !== kind || (wanted !== undefined && entry.host !== wanted)) return false;
      if (by && found.letter(entry.host, entry.pid) !== by) return false;
      if (of && !isOf(entry, of, found.opening)) return false;
      return conditions.every((holds) => holds({ view: null, entry, found, lets: this.#lets }));
    };
  }

  #look(line: number, text: string): Beat['look'] {
    const of = this.#expression(line, text, undefined, true);
    return (view, entry, found) => thingOf(of, this.#scope(view, entry, found));
  }

  /** `{old} | click row(0,1) | right if row(0,1).sees.B`; `right` alone where it only shows later. */
  #choice(draft: Draft, line: number, text: string): Choice {
    const [label, ...rest] = text.split(/\s*\|\s*/);
    const clicks = rest.find((x) => x.startsWith('click '))?.slice(6);
    const right = rest.find((x) => x === 'right' || x.startsWith('right if '));
    const said = this.#text(`${draft.beat.id}.choice.${draft.choices.length + 1}`, label!);
    const fill = this.#filler(line, said, undefined);
    const holds = right === undefined ? () => false : right === 'right' ? () => true : this.#condition(line, right.slice(9), undefined);
    if (right) draft.right = true;
    const thing = clicks ? this.#expression(line, clicks, undefined, true) : null;
    return {
      label: (view, found) => fill(this.#scope(view, null, found)),
      thing: (view, found) => thing && thingOf(thing, this.#scope(view, null, found)),
      right: (view, found) => holds(this.#scope(view, null, found)),
    };
  }

  // --- texts and values ---------------------------------------------------------------------------------------

  #text(part: string, english: string): Text {
    const text = { key: `scene/${this.id}.${part}`, english };
    this.#texts.push(text);
    return text;
  }

  /** What fills the braces of a beat's sentences. */
  #params(draft: Draft, line: number, text: Text): void {
    if (/\[|\*\*|`/.test(spoken(text.english))) this.#fail(line, 'a mark is not closed: [A|text], **text** and `text` are');
    const names = this.#names(line, text.english, draft.kind ? this.kinds?.get(draft.kind) : undefined);
    const before = draft.beat.params;
    draft.beat.params = (view, entry, found) => ({ ...before(view, entry, found), ...this.#values(names, this.#scope(view, entry, found)) });
  }

  #filler(line: number, text: Text, fields: readonly string[] | undefined): (scope: Scope) => string {
    const names = this.#names(line, text.english, fields ?? []);
    return (scope) => text.english.replace(/\{(\w+)\}/g, (_, name: string) => String(this.#values(names, scope)[name] ?? '?'));
  }

  #names(line: number, english: string, fields: readonly string[] | undefined): string[] {
    const names = [...english.matchAll(/\{([^}]*)\}/g)].map((m) => m[1]!);
    for (const name of names) {
      if (this.#lets.has(name) || (this.kinds ? fields?.includes(name) : /^\w+$/.test(name))) continue;
      this.#fail(line, `nothing is called {${name}}: give it a value with 'let ${name} = ...'`);
    }
    return names;
  }

  #values(names: readonly string[], scope: Scope): Params {
    return Object.fromEntries(names.map((name) => {
      const of = this.#lets.get(name);
      const found = of ? value(of, scope) : (scope.entry?.event as Record<string, unknown> | undefined)?.[name];
      return [name, found === undefined || found === null ? undefined : String(found)];
    }));
  }

  #scope(view: LabView, entry: Entry | null, found: Found): Scope {
    return { view, entry, found, lets: this.#lets };
  }

  #expression(line: number, text: string, fields?: readonly string[], thing = false): Expression {
    try {
      const of = expression(text);
      const known = (root: string) => this.#lets.has(root) || KNOWN.test(root) || CALLS.includes(root) || this.#beats.some((b) => b.id === root);
      for (const root of this.kinds && fields ? roots(of) : []) if (!known(root) && !fields!.includes(root)) this.#fail(line, `nothing is called '${root}' here`);
      if (thing && !THINGS.some((t) => text.includes(`${t}(`))) this.#fail(line, `a thing is one of ${THINGS.join('(), ')}()`);
      return of;
    } catch (error) {
      return error instanceof BadExpression ? this.#fail(line, error.message) : this.#rethrow(error);
    }
  }

  #rethrow(error: unknown): never {
    throw error;
  }

  /** `rmgr = Transaction`, `upto >= insert.end`, or a value that must be true. */
  #condition(line: number, text: string, fields: readonly string[] | undefined): Condition {
    const [, left, op, right] = /^(.*?)\s*(<=|>=|!=|=|<|>)\s*(.*)$/.exec(text) ?? [undefined, text, '', ''];
    const a = this.#expression(line, left!, fields);
    if (!op) return (scope) => Boolean(value(a, scope));
    const b = this.#expression(line, right!);
    const compare = COMPARE[op]!;
    return (scope) => compare(plain(value(a, scope)), plain(value(b, scope) ?? word(b)));
  }
}

type Plain = number | string | undefined;
const plain = (x: unknown): Plain => (typeof x === 'number' ? x : x === undefined || x === null ? undefined : String(x));

const COMPARE: Record<string, (a: Plain, b: Plain) => boolean> = {
  '=': (a, b) => a !== undefined && String(a) === String(b),
  '!=': (a, b) => String(a) !== String(b),
  '<': (a, b) => a !== undefined && b !== undefined && a < b,
  '>': (a, b) => a !== undefined && b !== undefined && a > b,
  '<=': (a, b) => a !== undefined && b !== undefined && a <= b,
  '>=': (a, b) => a !== undefined && b !== undefined && a >= b,
};

/** Whether an event is about a relation, by the names that the opening shows. */
function isOf(entry: Entry, name: string, opening: LabView): boolean {
  const event = entry.event as unknown as Record<string, { rel?: number } | undefined>;
  const file = event['rel']?.rel;
  return file !== undefined && opening.hosts.some((h) =>
    (h.page?.relname === name && h.page.relfilenode === file) || h.buffers.files.some((f) => f.relname === name && f.relfilenode === file));
}
