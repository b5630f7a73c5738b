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
type Line = Pick<PageHistory, 'exchanges' | 'events' | 'gaps' | 'own' | 'acted' | 'known'>;

/** Steps of which the events are not known. */
export interface Gap { readonly from: number; readonly to: number }

/** History without the machinery that makes it. */
export class PageHistory {
  /** Everything typed, in order. */
  exchanges: Exchange[] = [];
  /** The events from the opening up to the end of what is known, save those in gaps. */
  events: Entry[] = [];
  gaps: Gap[] = [];
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
    const { exchanges, events, gaps, own, acted, known } = this;
    this.#lines.set(from, { exchanges: exchanges.map((x) => ({ ...x })), events: [...events], gaps: [...gaps], own: [...own], acted: [...acted], known });
    const line = this.#lines.get(to);
    if (line) Object.assign(this, line);
    else this.cut(step);
  }

  /** Lets go of all but the newest events, when there are far too many: a page that runs for hours stays as small as it was. */
  forget(most: number): void {
    if (this.events.length <= 2 * most) return;
    const [first] = this.events;
    this.events.splice(0, this.events.length - most);
    const from = this.events[0]!.step;
    this.gaps = [{ from: Math.min(first!.step, this.gaps[0]?.from ?? Infinity), to: from }, ...this.gaps.filter((gap) => gap.from >= from)];
  }

  /** These steps are passed over. */
  skip(from: number, to: number): void {
    if (to > from) this.gaps.push({ from, to });
  }

  /** The gap that the step before this one lies in. */
  gapBefore(step: number): Gap | null {
    return this.gaps.find((gap) => gap.from < step && step <= gap.to) ?? null;
  }

  /** A part of a gap becomes known. */
  fill(gap: Gap, from: number, to: number, events: readonly Entry[]): void {
    const rest = [{ from: gap.from, to: from }, { from: to, to: gap.to }].filter((part) => part.to > part.from);
    this.gaps.splice(this.gaps.indexOf(gap), 1, ...rest);
    const at = this.events.findIndex((event) => event.step >= from);
    this.events.splice(at < 0 ? this.events.length : at, 0, ...events);
  }

  /** Another line began at this step: what this one had from there on is not known of it. */
  cut(step: number): void {
    this.exchanges = this.exchanges.filter((x) => x.step < step || (x.aside && x.step === step));
    for (const x of this.exchanges) if (x.answer && !x.aside && x.answer.step >= step) x.answer = null;
    this.events = this.events.filter((e) => e.step < step);
    this.gaps = this.gaps.filter((gap) => gap.from < step).map((gap) => ({ from: gap.from, to: Math.min(gap.to, step) }));
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
