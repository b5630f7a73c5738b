/**
 * The one place that changes anything: it drives the engine and holds what a moment needs to be drawn.
 *
 * What it keeps is history (what was typed, what was answered, which events happened) and a cursor; the picture is a
 * function of those and of the engine's view at the cursor. Every act goes through one queue, so that two key presses
 * cannot drive the world at the same time.
 */
import type { EngineClient, Moment, OpenEngine } from '../engine/api.ts';
import { t } from '../base/messages.ts';
import type { TerminalSettings } from '../model/meta.ts';
import { prompt, type Exchange } from '../model/psql.ts';
import { cursorOf, nextBeat, Story, toldBy, type Told } from '../model/story.ts';
import type { Thing } from '../model/thing.ts';
import type { Beat, Scene, StoryEvent } from '../scenes/scene.ts';
import type { LabView } from '../views/types.ts';
import { decodeAnswer, decodeEvents, decodeView, sessionIndex } from './wire.ts';

/** More steps than this without an event that matters, and Next gives up and says where it stands. */
const PATIENCE = 20_000;
/** How long 'let time pass' lets it pass at most, in virtual microseconds. */
const PASS_US = 200_000;

/** What the lab is doing. */
export type Phase = 'starting' | 'ready' | 'failed' | 'broken';

/** Drives one world for one scene. */
export class Controller {
  phase: Phase = 'starting';
  problem = '';
  view: LabView | null = null;
  before: LabView | null = null;
  /** Everything typed on this line of history, in order. */
  exchanges: Exchange[] = [];
  /** All known events since the opening, the kept future included. */
  events: StoryEvent[] = [];
  story: Story | null = null;
  opening = 0;
  /** Steps at which something was typed or done that is no part of the story. */
  foreign: number[] = [];
  guesses = new Map<string, string>();
  selection: Thing | null = null;
  busy = false;
  stuck = false;
  live = false;
  /** A sentence that takes the beat's place: who waits, what was plugged. */
  aside: string | null = null;
  client: EngineClient | null = null;
  #settings = new Map<string, TerminalSettings>();
  #queue: Promise<unknown> = Promise.resolve();
  #last = 0;

  constructor(readonly scene: Scene, private readonly changed: () => void) {}

  /** Opens the engine and plays the scene to its opening moment. */
  async start(open: OpenEngine): Promise<void> {
    try {
      this.client = await open();
      this.client.on('broken', ({ message }) => this.#fail('broken', message));
      this.client.on('moment', (moment) => { if (this.live) void this.#arrive(moment); });
      await this.#setUp();
      this.phase = 'ready';
      this.changed();
    } catch (error) {
      this.#fail('failed', error instanceof Error ? error.message : String(error));
    }
  }

  #fail(phase: Phase, problem: string): void {
    this.phase = phase;
    this.problem = problem;
    this.changed();
  }

  async #setUp(): Promise<void> {
    const client = this.client!;
    for (const step of this.scene.setup) {
      if ('settle' in step) { await client.run('idle'); await client.run({ time: (await client.moment()).time + PASS_US }); await client.run('idle'); continue; }
      await this.#type(step.letter, step.sql, step.hidden ?? false);
      await client.run({ answer: sessionIndex(this.view!, step.letter) });
    }
    await client.run('idle');
    const moment = await client.moment();
    this.view = decodeView(await client.view());
    this.opening = moment.step;
    this.#last = moment.last;
    this.story = new Story(this.scene, this.view);
    this.before = null;
  }

  /** Types a statement into a session; the answer joins the history when it comes. */
  async #type(letter: string, sql: string, hidden: boolean): Promise<void> {
    const client = this.client!;
    const moment = await client.moment();
    const view = decodeView(await client.view());
    this.view ??= view;
    const session = view.sessions.find((s) => s.letter === letter);
    if (!session) return;
    this.#cutFuture(moment);
    const prompts: [string, string] = [prompt(session.database, session.tx, session.superuser, false), prompt(session.database, session.tx, session.superuser, true)];
    const exchange: Exchange = { letter, step: moment.step, time: moment.time, prompts, sql, answer: null, hidden };
    this.exchanges.push(exchange);
    client.submit(sessionIndex(view, letter), sql).then(
      (answer) => { exchange.answer = decodeAnswer(answer); this.changed(); },
      () => { this.exchanges = this.exchanges.filter((x) => x !== exchange); this.changed(); },
    );
  }

  /** A new input in the past: what was known after it is no longer this line's future. */
  #cutFuture(moment: Moment): void {
    if (moment.step >= moment.last) return;
    this.exchanges = this.exchanges.filter((x) => x.step <= moment.step);
    for (const x of this.exchanges) if (x.answer && x.answer.step > moment.step) x.answer = null;
    this.events = this.events.filter((e) => cursorOf(e) <= moment.step);
    this.foreign = this.foreign.filter((s) => s < moment.step);
    this.#retell();
    this.#last = moment.step;
  }

  #retell(): void {
    if (this.story) this.story = Story.of(this.scene, this.story.found.opening, this.events);
  }

  // --- where the cursor goes ------------------------------------------------------------------------------

  /** The beats told at the cursor. */
  told(): Told[] {
    return this.story && this.view ? toldBy(this.story.told, this.view.step) : [];
  }

  /** The beat that Next goes to. */
  upcoming(): Beat | null {
    return this.story ? nextBeat(this.scene, this.told()) : null;
  }

  /** Whether the cursor is past something that the reader did on their own. */
  free(): boolean {
    return this.view !== null && this.foreign.some((step) => step < this.view!.step) ;
  }

  /** To the next beat. */
  next(): Promise<void> {
    return this.#act(async () => {
      if (this.stuck) { await this.#passTime(); return; }
      const known = this.#knownBeatAfter(this.view!.step);
      if (known !== null && !this.#foreignBetween(this.view!.step, known)) return this.#go(known);
      const beat = this.upcoming();
      if (beat?.submit && !this.#asked(beat)) await this.#type(beat.submit.letter, beat.submit.sql, false);
      await this.#stepUntil((found) => found !== null);
    });
  }

  /** To the beat before, or to the opening. */
  back(): Promise<void> {
    return this.#act(async () => {
      const at = this.view!.step;
      const steps = (this.story?.told ?? []).map((x) => cursorOf(x.event)).filter((s) => s < at);
      await this.#go(Math.max(this.opening, ...steps));
    });
  }

  /** One event on or back. */
  event(by: 1 | -1): Promise<void> {
    return this.#act(async () => {
      if (by < 0) return this.#go(Math.max(this.opening, this.view!.step - 1));
      await this.#advance(await this.client!.step());
    });
  }

  /** To the end of the statement that runs. */
  end(): Promise<void> {
    return this.#act(async () => {
      const running = this.view!.sessions.find((s) => s.state === 'active');
      if (!running) {
        const beat = this.upcoming();
        if (!beat?.submit || this.#asked(beat)) return this.#stepUntil((found) => found !== null);
        await this.#type(beat.submit.letter, beat.submit.sql, false);
        return this.#advance(await this.client!.run({ answer: sessionIndex(this.view!, beat.submit.letter) }));
      }
      await this.#advance(await this.client!.run({ answer: sessionIndex(this.view!, running.letter) }));
    });
  }

  /** Steps until the selected thing looks different. */
  change(differs: (now: LabView) => boolean): Promise<void> {
    return this.#act(async () => {
      for (let i = 0; i < PATIENCE; i++) {
        const moment = await this.client!.step();
        await this.#collect(moment);
        const view = decodeView(await this.client!.view());
        if (differs(view) || moment.stopped === 'idle' || moment.stopped === 'deadlock') return this.#advance(moment);
      }
    });
  }

  /** To a step of this line. */
  seek(step: number): Promise<void> {
    return this.#act(() => this.#go(step));
  }

  /** The opening, or the end of what is known. */
  ends(which: 'home' | 'end'): Promise<void> {
    return this.seek(which === 'home' ? this.opening : this.#last);
  }

  /** Back to the last beat before the reader went their own way, at which the story types something itself. */
  backToStory(): Promise<void> {
    return this.#act(async () => {
      const left = Math.min(...this.foreign);
      const ownSteps = this.exchanges.filter((x) => !x.hidden && !this.foreign.includes(x.step)).map((x) => x.step).filter((s) => s <= left && s >= this.opening);
      await this.#go(Math.max(this.opening, ...ownSteps));
    });
  }

  /** Lets virtual time pass until something happens. */
  pass(): Promise<void> {
    return this.#act(() => this.#passTime());
  }

  async #passTime(): Promise<void> {
    const { time } = await this.client!.moment();
    const moment = await this.client!.run({ time: time + PASS_US });
    await this.#advance(moment);
  }

  // --- what the reader does -------------------------------------------------------------------------------

  /** The reader typed a statement. It runs to its answer, or to where it waits. */
  submit(letter: string, text: string): Promise<void> {
    return this.#act(async () => {
      this.#leave();
      await this.#type(letter, text, false);
      await this.#advance(await this.client!.run({ answer: sessionIndex(this.view!, letter) }));
    });
  }

  /** The reader typed a backslash command that the page answers by itself; the world does not move. */
  say(letter: string, typed: string, text: string, failed: boolean): void {
    const view = this.view!;
    const session = view.sessions.find((s) => s.letter === letter)!;
    const line = prompt(session.database, session.tx, session.superuser, false);
    this.exchanges.push({ letter, step: view.step, time: view.now, prompts: [line, line], sql: typed, answer: { step: view.step, time: view.now, text, failed }, aside: true });
    this.changed();
  }

  /** Ctrl+C in a session. */
  cancel(letter: string): Promise<void> {
    return this.#act(async () => {
      this.#leave();
      await this.client!.cancel(sessionIndex(this.view!, letter));
      await this.#advance(await this.client!.run({ answer: sessionIndex(this.view!, letter) }));
    });
  }

  /** Any other input to the world, then everything that follows from it. */
  input(input: Parameters<EngineClient['input']>[0], aside: string | null, settle: boolean): Promise<void> {
    return this.#act(async () => {
      this.#leave();
      let moment = await this.client!.input(input);
      if (settle) moment = await this.client!.run('idle');
      await this.#advance(moment);
      this.aside = aside;
    });
  }

  /** One step of one process. */
  stepProcess(pid: number): Promise<void> {
    return this.#act(async () => this.#advance(await this.client!.step(pid)));
  }

  /** Live on or off. */
  toggleLive(speed: number): Promise<void> {
    this.live = !this.live;
    return this.#act(async () => { await this.#advance(await this.client!.live(this.live ? speed : 0)); });
  }

  /** The reader's guess at a beat that asks. */
  guess(beat: string, key: string): void {
    this.guesses.set(beat, key);
    this.changed();
  }

  /** Notes that the reader goes their own way from here. */
  #leave(): void {
    if (this.view) this.foreign.push(this.view.step);
  }

  /** What the terminal of a session was told by backslash commands. */
  settings(letter: string): TerminalSettings {
    const known = this.#settings.get(letter) ?? { expanded: false, timing: false };
    this.#settings.set(letter, known);
    return known;
  }

  // --- the machinery --------------------------------------------------------------------------------------

  /** Whether the statement of a beat has been typed already, in this line of history. */
  #asked(beat: Beat): boolean {
    const since = this.told().length ? Math.max(...beat.after.map((id) => this.story!.found.beat(id)?.step ?? 0)) : this.opening;
    return this.exchanges.some((x) => !x.hidden && x.letter === beat.submit!.letter && x.sql === beat.submit!.sql && x.step >= Math.max(since, this.opening) && x.step <= this.view!.step);
  }

  #knownBeatAfter(step: number): number | null {
    const later = (this.story?.told ?? []).map((x) => cursorOf(x.event)).filter((s) => s > step && s <= this.#last);
    return later.length ? Math.min(...later) : null;
  }

  #foreignBetween(from: number, to: number): boolean {
    return this.foreign.some((s) => s >= from && s < to);
  }

  /** Steps until an event is a beat (or `enough` of another kind), or nothing can run. */
  async #stepUntil(enough: (beat: Beat | null) => boolean): Promise<void> {
    let moment = await this.client!.moment();
    for (let i = 0; i < PATIENCE; i++) {
      moment = await this.client!.step();
      const beat = await this.#collect(moment);
      if (enough(beat)) break;
      if (moment.stopped === 'idle' || moment.stopped === 'deadlock') { this.stuck = true; break; }
    }
    const stuck = this.stuck;
    await this.#arrive(moment);
    this.stuck = stuck;
    this.aside = stuck ? this.#whoWaits() : null;
  }

  #whoWaits(): string {
    const waits = (this.view?.hosts ?? []).flatMap((h) => h.lock_waits).map((w) => t('waits.for', { who: w.letter ?? w.pid, what: w.what }));
    return t('waits', { who: waits.length ? waits.join('; ') : t('waits.client') });
  }

  /** Takes in the events up to a moment; returns the last beat among them. */
  async #collect(moment: Moment): Promise<Beat | null> {
    const from = Math.max(this.opening, ...this.events.slice(-1).map(cursorOf));
    const to = Math.max(moment.step, moment.last);
    this.#last = Math.max(moment.last, moment.step);
    if (to <= from) return null;
    let beat: Beat | null = null;
    for (const event of decodeEvents(await this.client!.events(from, to))) {
      this.events.push(event);
      beat = this.story?.take(event) ?? beat;
    }
    return beat;
  }

  async #advance(moment: Moment): Promise<void> {
    await this.#collect(moment);
    await this.#arrive(moment);
  }

  async #go(step: number): Promise<void> {
    await this.#arrive(await this.client!.seek(step));
  }

  /** The cursor is somewhere else: draws it. */
  async #arrive(moment: Moment): Promise<void> {
    this.#last = Math.max(moment.last, moment.step);
    const view = decodeView(await this.client!.view());
    this.before = this.view;
    this.view = view;
    this.stuck = false;
    this.aside = null;
    this.changed();
  }

  #act(act: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(async () => {
      if (this.phase !== 'ready') return;
      this.busy = true;
      const slow = setTimeout(() => { this.changed(); }, 100);
      try {
        await act();
      } catch (error) {
        this.aside = error instanceof Error ? error.message : String(error);
      } finally {
        clearTimeout(slow);
        this.busy = false;
        this.changed();
      }
    });
    this.#queue = run;
    return run;
  }
}

