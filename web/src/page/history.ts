/**
 * What has happened on the present line of history: what was typed and answered, the events, and the moments at which
 * the reader did something that is no part of the story. The cursor moves over it; only a new line cuts it.
 */
import type { Answer, Entry } from '../engine/api.ts';
import type { Cursor } from '../model/cursor.ts';
import { isPast } from '../model/cursor.ts';
import { prompt, type Exchange, type Shown } from '../model/psql.ts';
import type { Act, Beat } from '../scenes/scene.ts';
import type { LabView, SessionView } from '../views/types.ts';
import { decodeAnswer } from './wire.ts';

/** What is known of a line of history. */
type Line = Pick<PageHistory, 'exchanges' | 'events' | 'own' | 'acted' | 'known'>;

/** History without the machinery that makes it. */
export class PageHistory {
  /** Everything typed, in order. */
  exchanges: Exchange[] = [];
  /** All events from the opening up to the end of what is known. */
  events: Entry[] = [];
  /** Steps at which the reader typed or did something on their own. */
  own: number[] = [];
  /** What the story did, act by act. */
  acted: { beat: string; act: number; step: number }[] = [];
  /** Events are known up to this step. */
  known = 0;

  /** A statement was typed into a session. */
  typed(view: LabView, session: SessionView, sql: string, how: Shown = {}): Exchange {
    const exchange: Exchange = { letter: session.letter, step: view.step, time: view.now, prompts: promptsOf(session), sql, answer: null, ...how };
    this.exchanges.push(exchange);
    return exchange;
  }

  /** The terminal itself answered a command; the world did not move. */
  said(view: LabView, session: SessionView, sql: string, text: string, failed: boolean): void {
    const answer = { step: view.step, time: view.now, text, failed };
    this.exchanges.push({ letter: session.letter, step: view.step, time: view.now, prompts: promptsOf(session), sql, answer, aside: true });
  }

  /**
   * An answer came to a session: it belongs to the first statement that has none. What a server says unasked when a
   * session begins is silent.
   */
  answered(letter: string | undefined, answer: Answer): void {
    if (answer.number === 0 && answer.text === '') return;
    const exchange = this.exchanges.find((x) => x.letter === letter && !x.answer && x.step <= answer.step);
    if (exchange) exchange.answer = decodeAnswer(answer);
  }

  /** What was known of other lines of history, by their numbers. */
  readonly #lines = new Map<number, Line>();

  /** Another line is gone on with: if it has been here before, what was known of it comes back. */
  change(from: number, to: number, step: number): void {
    const { exchanges, events, own, acted, known } = this;
    this.#lines.set(from, { exchanges: exchanges.map((x) => ({ ...x })), events: [...events], own: [...own], acted: [...acted], known });
    const line = this.#lines.get(to);
    if (line) Object.assign(this, line);
    else this.cut(step);
  }

  /** Lets go of all but the newest events, when there are far too many: a page that runs for hours stays as small as it was. */
  forget(most: number): void {
    if (this.events.length > 2 * most) this.events.splice(0, this.events.length - most);
  }

  /** Another line began at this step: what this one had from there on is not known of it. */
  cut(step: number): void {
    this.exchanges = this.exchanges.filter((x) => x.step < step || (x.aside && x.step === step));
    for (const x of this.exchanges) if (x.answer && !x.aside && x.answer.step >= step) x.answer = null;
    this.events = this.events.filter((e) => e.step < step);
    this.own = this.own.filter((s) => s < step);
    this.acted = this.acted.filter((a) => a.step < step);
    this.known = Math.min(this.known, step);
  }

  /** Which of a beat's acts, in order, is still to be done. */
  nextAct(beat: Beat, cursor: Cursor): Act | null {
    return beat.acts.find((_, n) => !this.acted.some((a) => a.beat === beat.id && a.act === n && isPast(a.step, cursor))) ?? null;
  }

  /** The story did one of a beat's acts. */
  did(beat: Beat, act: Act, step: number): void {
    this.acted.push({ beat: beat.id, act: beat.acts.indexOf(act), step });
  }

  /** The step at which the last of a beat's acts was done; nothing if one is still to be done. */
  doneAt(beat: Beat): number | null {
    const steps = beat.acts.map((_, n) => this.acted.find((a) => a.beat === beat.id && a.act === n)?.step ?? Infinity);
    const last = Math.max(0, ...steps);
    return last === Infinity ? null : last;
  }

  /** The first step of the reader's own way, if that lies behind the cursor. */
  leftAt(cursor: Cursor): number | null {
    const left = this.own.find((step) => isPast(step, cursor));
    return left ?? null;
  }
}

function promptsOf(session: SessionView): [string, string] {
  const of = (continued: boolean) => prompt(session.database, session.tx, session.superuser, continued);
  return [of(false), of(true)];
}
