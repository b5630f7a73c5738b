/**
 * The one place that changes anything: it drives the engine and holds what a moment needs to be drawn.
 *
 * What it keeps is history (see `history.ts`) and a cursor; the picture is a function of those and of the engine's view
 * at the cursor. Every act goes through one queue, so that two key presses cannot drive the world at the same time.
 */
import type { EngineClient, Input, Moment, OpenEngine, OpenOptions, StoreStatus, Until, ViewRequest } from '../engine/api.ts';
import { lsn } from '../base/format.ts';
import { fill, t } from '../base/messages.ts';
import { isPast, type Cursor } from '../model/cursor.ts';
import type { TerminalSettings } from '../model/meta.ts';
import { cursorOf, nextBeat, Story, toldBy, type Told } from '../model/story.ts';
import { withoutLetters } from '../model/settled.ts';
import type { Thing } from '../model/thing.ts';
import { noteOf } from '../scenes/free.ts';
import type { Beat, Scene } from '../scenes/scene.ts';
import type { LabView, SessionView } from '../views/types.ts';
import { PageHistory } from './history.ts';
import { sessionIndex } from './wire.ts';

/** More steps than this without an event that matters, and Next gives up and says where it stands. */
const PATIENCE = 20_000;
/** How long 'let time pass' lets it pass at most, in virtual microseconds. */
const PASS_US = 200_000;
/** Between two statements that a scene types before its opening, as somebody who types would pause. */
const PAUSE_US = 2_000;
/** While live, a picture at most so often, in milliseconds. */
const FRAME_MS = 33;

/** Where the search for a statement's end stops. */
const ENDS: ReadonlySet<string> = new Set(['ErrorReport', 'Query', 'ReadyForQuery']);

/** What the lab is doing. */
export type Phase = 'starting' | 'ready' | 'failed' | 'broken';

/** Drives one world for one scene. */
export class Controller {
  phase: Phase = 'starting';
  problem = '';
  view: LabView | null = null;
  before: LabView | null = null;
  cursor: Cursor = { step: 0, atEnd: true };
  readonly history = new PageHistory();
  /** Nothing for a world that was kept: its story was told before. */
  story: Story | null = null;
  opening = 0;
  guesses = new Map<string, string>();
  selection: Thing | null = null;
  busy = false;
  stuck = false;
  live = false;
  /** A sentence that takes the beat's place: who waits, what went wrong. */
  aside: string | null = null;
  stored: StoreStatus = { kind: 'memory' };
  client: EngineClient | null = null;
  /** Which page is shown. */
  #shown: Partial<ViewRequest>;
  #settings = new Map<string, TerminalSettings>();
  #queue: Promise<unknown> = Promise.resolve();
  /** Transactions before this one belong to the scene's way to its opening. */
  #settled = 0;
  #branch = 0;
  #last = 0;
  #drawn = 0;

  constructor(readonly scene: Scene, private readonly changed: () => void) {
    this.#shown = { relation: scene.relation };
  }

  /** Opens the engine; plays a new world to the scene's opening, and shows a kept one as it came up. */
  async start(open: OpenEngine, options: OpenOptions = {}): Promise<void> {
    try {
      const client = await open(options);
      this.client = client;
      client.on('broken', ({ message }) => this.#fail('broken', message));
      client.on('answer', (answer) => { this.history.answered(this.view?.sessions[answer.session]?.letter, answer); this.changed(); });
      client.on('store', (status) => { this.stored = status; this.changed(); });
      client.on('moment', (moment) => this.#liveMoment(moment));
      this.stored = await client.stored();
      await this.#look(await client.moment());
      if (options.store !== undefined && this.view!.hosts[0]?.page) await this.#goOn();
      else await this.#setUp();
      this.before = null;
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
    for (const step of this.scene.setup) {
      if ('settle' in step) {
        await this.#run('idle');
        await this.#run({ time: this.view!.now + PASS_US });
        this.#settled = this.view!.hosts[0]!.xact.next_xid;
      } else {
        await this.#type(this.#session(step.letter), step.sql, { hidden: step.hidden ?? false });
        await this.#run({ answer: sessionIndex(this.view!, step.letter) });
        if (!step.hidden) await this.#run({ time: this.view!.now + PAUSE_US });
      }
    }
    await this.#run('idle');
    this.#opens();
    this.story = new Story(this.scene, this.view!);
  }

  /** A kept world: its servers have just recovered. */
  async #goOn(): Promise<void> {
    await this.#run('idle');
    const recovery = (await this.client!.events(0, this.view!.step)).filter((e) => e.host === 0).map((e) => e.event);
    const start = recovery.find((e) => e.kind === 'RedoStart');
    const done = recovery.find((e) => e.kind === 'RedoDone');
    this.#opens();
    this.aside = start && done ? t('stored.recovered', { redo: lsn(start.redo), last: lsn(done.last) }) : t('stored.clean');
  }

  #opens(): void {
    this.opening = this.view!.step;
    this.history.known = this.opening;
  }

  // --- where the cursor is --------------------------------------------------------------------------------

  /** The beats told at the cursor. */
  told(): Told[] {
    return this.story && this.view ? toldBy(this.story.told, this.view.step) : [];
  }

  /** The beat that Next goes to. */
  upcoming(): Beat | null {
    return this.story ? nextBeat(this.scene, this.told()) : null;
  }

  /** Whether the reader has gone their own way. */
  free(): boolean {
    return this.#left() !== null;
  }

  /** The step at which the story was left: by the reader, or because it is told. */
  #left(): number | null {
    if (!this.story) return this.opening;
    const left = this.history.leftAt(this.cursor);
    const end = this.story.told.length === this.scene.beats.length ? Math.max(...this.story.told.map((x) => cursorOf(x.event))) : Infinity;
    return left ?? (this.cursor.step > end ? end : null);
  }

  /** What there is to say off the story. */
  note(): string | null {
    const left = this.#left();
    if (left === null) return null;
    const { events } = this.history;
    for (let i = events.length - 1; i >= 0 && events[i]!.step >= left; i--) {
      const event = events[i]!;
      // What a statement ended with says more than that it ended.
      const failed = event.event.kind === 'ReadyForQuery' && events.slice(0, i).findLast((e) => e.pid === event.pid && ENDS.has(e.event.kind));
      const said = failed && failed.event.kind === 'ErrorReport' ? failed : event;
      const note = isPast(event.step, this.cursor) ? noteOf(said, this.view!) : null;
      if (note) return fill(t(note.say), note.params);
    }
    return null;
  }

  // --- where it goes --------------------------------------------------------------------------------------

  /** To the next beat, or off the story to the next event that has a sentence. */
  next(): Promise<void> {
    return this.#act(async () => {
      if (this.stuck) return this.#passTime();
      const { step } = this.cursor;
      if (this.free() || !this.upcoming()) {
        const known = this.history.events.find((e) => cursorOf(e) > step && noteOf(e, this.view!));
        return known ? this.#go(cursorOf(known)) : this.#stepUntil('note');
      }
      const known = (this.story?.told ?? []).map((x) => cursorOf(x.event)).filter((s) => s > step);
      const first = Math.min(...known);
      if (known.length && !this.history.own.some((s) => s >= step && s < first)) return this.#go(first);
      const beat = this.upcoming();
      if (beat?.submit && !this.#asked(beat)) await this.#type(this.#session(beat.submit.letter), beat.submit.sql);
      await this.#stepUntil('beat');
    });
  }

  /** To the beat or the sentence before, or to the opening. */
  back(): Promise<void> {
    return this.#act(async () => {
      const at = this.cursor.step;
      const left = this.#left() ?? Number.POSITIVE_INFINITY;
      const notes = this.history.events.filter((e) => e.step >= left && noteOf(e, this.view!)).map(cursorOf);
      const beats = (this.story?.told ?? []).map((x) => cursorOf(x.event));
      await this.#go(Math.max(this.opening, ...[...beats, ...notes, ...this.history.own].filter((s) => s < at)));
    });
  }

  /** One event on or back. */
  event(by: 1 | -1): Promise<void> {
    return this.#act(async () => {
      if (by < 0) return this.#go(Math.max(this.opening, this.cursor.step - 1));
      await this.#take(await this.client!.step());
    });
  }

  /** To the end of the statement that runs, or of all that can run. */
  end(): Promise<void> {
    return this.#act(async () => {
      const running = this.view!.sessions.find((s) => s.state === 'active');
      if (running) return this.#run({ answer: sessionIndex(this.view!, running.letter) });
      const submit = this.free() ? undefined : this.upcoming()?.submit;
      if (!submit || this.#asked(this.upcoming()!)) return this.free() ? this.#run('idle') : this.#stepUntil('beat');
      await this.#type(this.#session(submit.letter), submit.sql);
      await this.#run({ answer: sessionIndex(this.view!, submit.letter) });
    });
  }

  /** Steps until the selected thing looks different. */
  change(differs: (now: LabView) => boolean): Promise<void> {
    return this.#act(async () => {
      const from = this.view;
      for (let i = 0; i < PATIENCE; i++) {
        const moment = await this.client!.step();
        await this.#take(moment);
        if (differs(this.view!) || moment.stopped === 'idle' || moment.stopped === 'deadlock') break;
      }
      this.before = from;
    });
  }

  /** To a step of this line. */
  seek(step: number): Promise<void> {
    return this.#act(() => this.#go(step));
  }

  /** The opening, or the end of what is known. */
  ends(which: 'home' | 'end'): Promise<void> {
    return this.#act(() => (which === 'home' ? this.#go(this.opening) : this.#run({ step: this.#last })));
  }

  /** Back to the last place of the story before the reader went their own way at which the story types something. */
  backToStory(): Promise<void> {
    return this.#act(async () => {
      const { own, exchanges } = this.history;
      const left = own[0] ?? this.opening;
      const typed = exchanges.filter((x) => !x.hidden && !x.aside && !own.includes(x.step)).map((x) => x.step);
      await this.#go(Math.max(this.opening, ...typed.filter((s) => s <= left && s >= this.opening)));
    });
  }

  /** Lets virtual time pass until something happens. */
  pass(): Promise<void> {
    return this.#act(() => this.#passTime());
  }

  #passTime(): Promise<void> {
    return this.#run({ time: this.view!.now + PASS_US });
  }

  /** One step of one process. */
  stepProcess(pid: number): Promise<void> {
    return this.#act(async () => this.#take(await this.client!.step(pid)));
  }

  /** Live on or off. */
  toggleLive(speed: number): Promise<void> {
    this.live = !this.live;
    return this.#act(async () => this.#take(await this.client!.live(this.live ? speed : 0)));
  }

  #liveMoment(moment: Moment): void {
    const now = performance.now();
    if (!this.live || this.busy || now - this.#drawn < FRAME_MS) return;
    this.#drawn = now;
    this.#queue = this.#queue.then(() => this.#take(moment)).catch(() => {});
  }

  // --- what the reader does -------------------------------------------------------------------------------

  /** The reader typed a statement. It runs to its answer, or to where it waits. */
  submit(letter: string, text: string): Promise<void> {
    return this.#own(async () => {
      await this.#type(this.#session(letter), text, { timed: this.settings(letter).timing });
      await this.#toAnswer(letter);
    });
  }

  /** The reader typed a backslash command that the page answers by itself. */
  say(letter: string, typed: string, text: string, failed: boolean): void {
    this.history.said(this.view!, this.#session(letter), typed, text, failed);
    this.changed();
  }

  /** Ctrl+C in a session. */
  cancel(letter: string): Promise<void> {
    return this.#own(async () => {
      await this.#take(await this.client!.cancel(sessionIndex(this.view!, letter)));
      await this.#toAnswer(letter);
    });
  }

  /** Another session, on this host. */
  connect(host: number): Promise<void> {
    return this.#own(async () => {
      const session = this.view!.sessions.length;
      const parameters: [string, string][] = [['user', 'postgres'], ['database', 'postgres'], ['application_name', 'psql']];
      await this.#take(await this.client!.input({ kind: 'connect', host, parameters }));
      await this.#run({ answer: session });
      const { letter = '', pid = 0 } = this.view!.sessions[session] ?? {};
      this.aside = t('free.connected', { letter, pid });
    });
  }

  /** Any other input to the world; what follows from it is for the reader to step. */
  input(input: Input, aside: string | null): Promise<void> {
    return this.#own(async () => {
      await this.#take(await this.client!.input(input));
      this.aside = aside;
    });
  }

  /** Shows another page. */
  show(relation: string, block: number): Promise<void> {
    this.#shown = { relation, block };
    return this.#act(async () => this.#look(await this.client!.moment()));
  }

  /** Keeps this world under a name: reloading it is starting it after a power failure. */
  async keep(name: string): Promise<void> {
    this.stored = await this.client!.saveAs(name);
    this.changed();
  }

  /** The reader's guess at a beat that asks. */
  guess(beat: string, key: string): void {
    this.guesses.set(beat, key);
    this.changed();
  }

  /** What the terminal of a session was told by backslash commands. */
  settings(letter: string): TerminalSettings {
    const known = this.#settings.get(letter) ?? { timing: false };
    this.#settings.set(letter, known);
    return known;
  }

  // --- the machinery --------------------------------------------------------------------------------------

  #session(letter: string): SessionView {
    const session = this.view!.sessions.find((s) => s.letter === letter && s.state !== 'gone');
    if (!session) throw new Error(t('session.lost', { letter }));
    return session;
  }

  /** Types a statement; the answer joins the history when it comes. */
  async #type(session: SessionView, sql: string, how: { hidden?: boolean; timed?: boolean } = {}): Promise<void> {
    const view = this.view!;
    // The promise of the client ends with a rewind; the event of the answer does not.
    this.client!.submit(sessionIndex(view, session.letter), sql).catch(() => {});
    this.#follow(await this.client!.moment());
    this.history.typed(view, session, sql, how);
  }

  /** Whether the statement of a beat has been typed already and is on its way. */
  #asked({ submit, after }: Beat): boolean {
    const since = Math.max(this.opening, ...after.map((id) => this.story!.found.beat(id)?.step ?? 0));
    return this.history.exchanges.some((x) => !x.hidden && x.letter === submit!.letter && x.sql === submit!.sql && x.step >= since && isPast(x.step, this.cursor));
  }

  async #toAnswer(letter: string): Promise<void> {
    const moment = await this.client!.run({ answer: sessionIndex(this.view!, letter) });
    await this.#take(moment);
    if (moment.stopped !== 'reached') this.#isStuck();
  }

  /** Steps until an event has a sentence, or nothing can run. */
  async #stepUntil(what: 'beat' | 'note'): Promise<void> {
    let moment = await this.client!.moment();
    for (let i = 0; i < PATIENCE; i++) {
      moment = await this.client!.step();
      const beat = await this.#collect(moment);
      const stuck = moment.stopped === 'idle' || moment.stopped === 'deadlock';
      const noted = what === 'note' && this.#notedAt(moment.step);
      if (!beat && !noted && !stuck) continue;
      await this.#take(moment);
      if (stuck && !beat) this.#isStuck();
      return;
    }
    await this.#take(moment);
  }

  #notedAt(step: number): boolean {
    const { events } = this.history;
    const from = events.findLastIndex((e) => cursorOf(e) < step) + 1;
    // What was done to the world from outside (no process did it) had its sentence when it was done.
    return events.slice(from).some((e) => e.pid !== 0 && noteOf(e, this.view!));
  }

  /** Says who waits for whom, and offers to let time pass. */
  #isStuck(): void {
    this.stuck = true;
    const waits = this.view!.hosts.flatMap((h) => h.lock_waits).map((w) => t('waits.for', { who: w.letter ?? w.pid, what: w.what }));
    this.aside = t('waits', { who: waits.length ? waits.join('; ') : t('waits.client') });
  }

  async #run(until: Until): Promise<void> {
    await this.#take(await this.client!.run(until));
  }

  async #go(step: number): Promise<void> {
    await this.#take(await this.client!.seek(step));
  }

  /** If another line of history began, what was known of the old one from there on is forgotten here. */
  #follow(moment: Moment): void {
    this.#last = moment.last;
    if (moment.branch === this.#branch) return;
    this.#branch = moment.branch;
    this.history.cut(this.cursor.step);
    if (this.story) this.story = Story.of(this.scene, this.story.found.opening, this.history.events);
  }

  /** Takes in the events up to a moment; returns the last beat among them. */
  async #collect(moment: Moment): Promise<Beat | null> {
    this.#follow(moment);
    const { known } = this.history;
    if (this.opening === 0 || moment.step <= known) return null;
    this.history.known = moment.step;
    let beat: Beat | null = null;
    for (const event of await this.client!.events(known, moment.step)) {
      this.history.events.push(event);
      beat = this.story?.take(event) ?? beat;
    }
    return beat;
  }

  /** The cursor is somewhere else: takes in what happened and draws it. */
  async #take(moment: Moment): Promise<void> {
    await this.#collect(moment);
    await this.#look(moment);
    this.changed();
  }

  async #look(moment: Moment): Promise<void> {
    const view = withoutLetters(await this.client!.view(this.#shown), this.#settled);
    this.before = this.live ? null : this.view;
    this.view = view;
    this.cursor = { step: moment.step, atEnd: moment.atEnd };
    this.#last = moment.last;
    this.stuck = false;
    this.aside = null;
  }

  /** The reader goes their own way from here. */
  #own(act: () => Promise<void>): Promise<void> {
    return this.#act(async () => {
      const { step } = this.cursor;
      await act();
      if (!this.history.own.includes(step)) this.history.own.push(step);
    });
  }

  #act(act: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(async () => {
      if (this.phase !== 'ready') return;
      this.busy = true;
      try {
        await act();
      } catch (error) {
        this.aside = error instanceof Error ? error.message : String(error);
      } finally {
        this.busy = false;
        this.changed();
      }
    });
    this.#queue = run;
    return run;
  }
}
