/**
 * What psql does on its own side of the connection: backslash commands, statements typed ahead, `\watch`, `\i`.
 *
 * A statement goes to the server when the one before it is answered. What waits here is no part of the world: going
 * back in time drops it, as it drops a `\watch`.
 */
import { clock } from '../base/format.ts';
import { t } from '../base/messages.ts';
import { metaCommand, type Meta, type TerminalSettings } from '../model/meta.ts';
import { splitStatements, type Shown } from '../model/psql.ts';
import { scripts } from '../scripts/index.ts';
import type { Controller } from './controller.ts';

/** A statement that waits to be sent. */
interface Ahead { sql: string; how: Shown }

/** A statement that is run again and again. */
interface Watch extends Ahead { letter: string; /** In seconds. */ every: number; timer: number }

/** No terminal redraws more often than this, in seconds. */
const SHORTEST = 0.1;

/** The client side of every session. */
export class Shell {
  #settings = new Map<string, TerminalSettings>();
  #ahead = new Map<string, Ahead[]>();
  #last = new Map<string, string>();
  #watch: Watch | null = null;
  #sending = false;
  #step = 0;

  constructor(private readonly c: Controller, private readonly changed: () => void) {
    c.settled = () => this.#settled();
  }

  /** The session whose statement is watched. */
  get watching(): string | null {
    return this.#watch?.letter ?? null;
  }

  /** Something complete was typed into a session. */
  enter(letter: string, text: string): void {
    this.stopWatching();
    const settings = this.#of(letter);
    const meta = metaCommand(text, settings, this.#where(letter), Object.keys(scripts));
    if (meta) return this.#meta(letter, text, meta);
    this.#send(letter, splitStatements(text).complete.map((sql) => ({ sql, how: { timed: settings.timing, expanded: settings.expanded } })));
  }

  #meta(letter: string, text: string, meta: Meta): void {
    if ('text' in meta) { Object.assign(this.#of(letter), meta.settings); this.c.say(letter, text, meta.text, meta.failed ?? false); }
    else if ('script' in meta) this.#script(letter, text, meta.script);
    else if ('quit' in meta) void this.c.quit(letter);
    else {
      const sql = meta.sql ?? this.#last.get(letter);
      if (sql === undefined) this.c.say(letter, text, t('shell.nothing'), true);
      else if (meta.every === undefined) this.#send(letter, [{ sql, how: meta.how }]);
      else this.#startWatching({ letter, sql, how: meta.how, every: Math.max(SHORTEST, meta.every), timer: 0 });
    }
  }

  #script(letter: string, text: string, name: string): void {
    const { timing, expanded } = this.#of(letter);
    this.c.say(letter, text, '', false);
    this.#send(letter, splitStatements(scripts[name]!).complete.map((sql) => ({ sql, how: { as: '', timed: timing, expanded } })));
  }

  /** Ctrl+C: ends what is watched, forgets what was typed ahead, and cancels what runs. */
  cancel(letter: string): void {
    this.stopWatching();
    this.#ahead.get(letter)?.splice(0);
    if (this.#session(letter)?.state === 'active') void this.c.cancel(letter);
  }

  // --- one after the other --------------------------------------------------------------------------------

  #send(letter: string, statements: readonly Ahead[]): void {
    const ahead = this.#ahead.get(letter) ?? [];
    ahead.push(...statements);
    this.#ahead.set(letter, ahead);
    // Whoever types wants the answer: what is on its way comes first.
    if (this.#session(letter)?.state === 'active') void this.c.finish(letter);
    else void this.#goOn();
  }

  /** The controller has done something: perhaps a session can be sent its next statement, perhaps the reader went back. */
  #settled(): void {
    const { step } = this.c.cursor;
    if (step < this.#step) for (const statements of this.#ahead.values()) statements.splice(0);
    this.#step = step;
    void this.#goOn();
  }

  /** Sends what can be sent. */
  async #goOn(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (const [letter, statements] of this.#ahead) {
      while (statements.length > 0 && this.#session(letter)?.state !== 'active') {
        const { sql, how } = statements.shift()!;
        if (!how.as?.startsWith('\\d')) this.#last.set(letter, sql);
        await this.c.submit(letter, sql, how);
      }
    }
    this.#sending = false;
  }

  // --- \watch ---------------------------------------------------------------------------------------------

  #startWatching(watch: Watch): void {
    this.#watch = watch;
    this.#last.set(watch.letter, watch.sql);
    if (this.c.live) void this.c.toggleLive();
    void this.#look(watch, watch.how, 0);
  }

  /** Runs it once, so much simulated time later, and again when as much of the reader's time has passed. */
  async #look(watch: Watch, how: Shown, after: number): Promise<void> {
    const at = clock(this.c.view!.now + after);
    await this.c.submit(watch.letter, watch.sql, { ...how, head: `${at} (every ${watch.every}s)` }, after);
    if (this.#watch !== watch) return;
    const { answer } = this.c.history.exchanges.findLast((x) => x.letter === watch.letter) ?? {};
    if (!answer || answer.failed) return this.stopWatching();
    watch.timer = window.setTimeout(() => void this.#look(watch, { ...watch.how, as: '' }, watch.every * 1e6), watch.every * 1000);
  }

  /** Ends it: by Ctrl+C, and by whatever else the reader does with time. */
  stopWatching(): void {
    if (!this.#watch) return;
    window.clearTimeout(this.#watch.timer);
    this.#watch = null;
    this.changed();
  }

  #of(letter: string): TerminalSettings {
    const known = this.#settings.get(letter) ?? { timing: false, expanded: false };
    this.#settings.set(letter, known);
    return known;
  }

  #session(letter: string) {
    return this.c.view?.sessions.find((s) => s.letter === letter);
  }

  #where(letter: string): string {
    const session = this.#session(letter);
    const host = this.c.view!.hosts[session?.host ?? 0]?.name;
    return `You are connected to database "${session?.database}" as user "postgres" on host "${host}", process ${session?.pid}.`;
  }
}
