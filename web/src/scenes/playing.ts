/**
 * A scene played without a page: what a reader who only presses Next gets to hear and to see. Tests hold that against
 * what has been read in review, and a real server's answers against the same.
 */
import { t, told } from '../base/messages.ts';
import type { EngineClient } from '../engine/api.ts';
import { Host } from '../engine/host.ts';
import type { World } from '../engine/world.ts';
import { terminal } from '../model/psql.ts';
import { Controller } from '../page/controller.ts';
import { sentenceState } from '../page/screen.ts';
import type { Beat, Check, Scene } from './scene.ts';

/** A client of an engine in this very thread. */
export async function clientOf(fresh: () => World, scene: Scene): Promise<EngineClient> {
  const host = new Host(fresh);
  const listeners = new Map<string, (event: never) => void>();
  const spec = { ...(scene.seed !== null && { seed: scene.seed }), settings: [...scene.settings] };
  await host.open({ spec }, (kind, event) => listeners.get(kind)?.(event as never), () => Promise.reject(new Error('no store here')));
  const on = (kind: string, listener: (event: never) => void) => { listeners.set(kind, listener); return () => listeners.delete(kind); };
  return new Proxy({ place: 'page', on } as unknown as EngineClient, {
    get: (own, name) => (name in own ? own[name as never] : name === 'then' ? undefined : (host[name as never] as (...args: unknown[]) => unknown).bind(host)),
  });
}

/** What came of it: one line for each sentence, and the terminals. */
export interface Played { sentences: string[]; terminals: string; stuck: string | null }

/** Plays a scene from its opening to its last beat. */
export async function play(fresh: () => World, scene: Scene, watch: (c: Controller) => void = () => {}): Promise<Played> {
  const c = await opened(fresh, scene);
  const played: Played = { sentences: [`- opening: ${sentenceState(c).text}`], terminals: '', stuck: null };
  watch(c);
  while (c.upcoming() && !played.stuck) {
    const { id } = c.upcoming()!;
    const last = await next(c);
    if (!last) played.stuck = `${id}: ${c.aside ?? t('free.nothing')}`;
    else played.sentences.push(`${c.told().length} ${last.id}: ${sentenceState(c).text}${question(c)}`);
    watch(c);
  }
  // Whoever has been asked something has the last word.
  await c.client!.run('idle');
  await c.seek((await c.client!.moment()).last);
  played.terminals = c.view!.sessions.map(({ letter }) => transcript(c, letter)).join('');
  await c.client!.close();
  return played;
}

async function opened(fresh: () => World, scene: Scene): Promise<Controller> {
  const c = new Controller(scene, () => {});
  await c.start(async () => clientOf(fresh, scene));
  if (c.phase !== 'ready') throw new Error(c.problem);
  return c;
}

/** Presses Next; the beat that came of it, if one did. */
async function next(c: Controller): Promise<Beat | null> {
  const before = c.told().length;
  await c.next();
  return c.told().length > before ? c.told().at(-1)!.beat : null;
}

/**
 * The rows that the engine gives to each of a scene's checks, in a world of its own that has come as far as the check
 * stands, and to rest: what is asked leaves no trace in the story.
 */
export async function checked(fresh: () => World, scene: Scene): Promise<{ check: Check; rows: string[] }[]> {
  const found: { check: Check; rows: string[] }[] = [];
  for (const beat of [null, ...scene.beats]) {
    const { checks } = beat ?? scene.opening;
    if (checks.length === 0) continue;
    const c = await opened(fresh, scene);
    while (beat && c.story!.found.beat(beat.id) === null && (await next(c)));
    for (const check of checks) found.push({ check, rows: await ask(c.client!, check) });
    await c.client!.close();
  }
  return found;
}

/** What a question offers, which of it is right, and what is said once it has been answered. */
function question(c: Controller): string {
  const { beat, event } = c.told().at(-1)!;
  const guess = sentenceState(c).guess;
  if (!beat.guess || !guess) return '';
  const right = beat.guess.choices.map((choice) => choice.right(c.view!, c.story!.found));
  const offers = guess.options.map((o, n) => (right[n] ? `[${o.label}]` : o.label));
  return `\n      ${offers.join(' | ')}\n      ${told(beat.guess.told, beat.params(c.view!, event, c.story!.found))}`;
}

/** Everything that a session has said before the reader's eyes. */
function transcript(c: Controller, letter: string): string {
  const lines = terminal(c.history.exchanges, letter, c.cursor).map((l) => (l.prompt ? `${l.prompt} ${l.text}` : l.text).trimEnd());
  return lines.length > 0 ? `--- ${letter}\n${lines.join('\n')}\n` : '';
}

async function ask(client: EngineClient, { host, sql }: Check): Promise<string[]> {
  await client.run('idle');
  const session = (await client.view()).sessions.length;
  await client.input({ kind: 'connect', host, parameters: [['user', 'postgres'], ['database', 'postgres']] });
  await client.run({ answer: session });
  const answer = client.submit(session, sql);
  await client.run({ answer: session });
  return rowsOf((await answer).text);
}

/** The rows of what psql prints, as `psql -At` prints them. */
export function rowsOf(text: string): string[] {
  const lines = text.trimEnd().split('\n');
  const rule = lines.findIndex((l) => /^-[-+]*$/.test(l));
  if (rule < 0) return lines;
  return lines.slice(rule + 1).filter((l) => !/^\(\d+ rows?\)$/.test(l)).map((l) => l.split('|').map((cell) => cell.trim()).join('|'));
}
