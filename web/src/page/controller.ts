/**
 * The one place that changes anything: what the reader, and the story, can do with the world on the {@link Stage}.
 *
 * Every act goes through one queue, so that two key presses cannot drive the world at the same time.
 */
import type { Deed, Input, Moment, OpenEngine, OpenOptions, StoreStatus } from '../engine/api.ts';
import { t } from '../base/messages.ts';
import type { Shown } from '../model/psql.ts';
import { cursorOf, Story } from '../model/story.ts';
import type { Thing } from '../model/thing.ts';
import { noteOf } from '../scenes/free.ts';
import type { Act } from '../scenes/scene.ts';
import type { LabView, PanelRequest } from '../views/types.ts';
import { Stage } from './stage.ts';
import { sessionIndex } from './wire.ts';

/** How long 'let time pass' lets it pass at most, in virtual microseconds. */
const PASS_US = 200_000;
/** Between two statements that a scene types before its opening, as somebody who types would pause. */
const PAUSE_US = 2_000;
/** Live runs at this share of real time at first: slow enough to follow. */
const LIVE_SPEED = 0.01;
/** While live, a picture at most so often, in milliseconds. */
const FRAME_MS = 33;

/** What the lab is doing. */
export type Phase = 'starting' | 'ready' | 'failed' | 'broken';

/** Drives one world for one scene. */
export class Controller extends Stage {
  phase: Phase = 'starting';
  problem = '';
  guesses = new Map<string, string>();
  selection: Thing | null = null;
  busy = false;
  /** The reader goes event by event: then each has its words, also between two beats. */
  byEvent = false;
  speed = LIVE_SPEED;
  stored: StoreStatus = { kind: 'memory' };
  /** Told whenever an act has ended. */
  settled: () => void = () => {};
  /** The world was kept, and begins with its recovery. */
  kept = false;
  #queue: Promise<unknown> = Promise.resolve();
  #drawn = 0;
  #wanted: number | null = null;

  // --- opening --------------------------------------------------------------------------------------------

  /** Opens the engine; plays a new world to the scene's opening, and shows a kept one when its power has come back. */
  async start(open: OpenEngine, options: OpenOptions = {}): Promise<void> {
    try {
      const client = await open({ ...options, recovery: 'step' });
      this.client = client;
      client.on('broken', ({ message }) => this.#fail('broken', message));
      client.on('answer', (answer) => { this.history.answered(this.view?.sessions[answer.session]?.letter, answer); this.changed(); });
      client.on('store', (status) => { this.stored = status; this.changed(); });
      client.on('moment', (moment) => this.#liveMoment(moment));
      this.stored = await client.stored();
      await this.look(await client.moment());
      this.kept = this.view!.sessions.length === 0;
      if (!this.kept) await this.#setUp();
      this.opens();
      if (!this.kept) this.story = new Story(this.scene, this.view!, (letter) => this.answerTo(letter), (beat) => this.history.doneAt(beat));
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
    const { hidden, shown } = this.scene.opening;
    for (const act of hidden) {
      await this.perform(act, { hidden: true });
      await this.run(act.kind === 'type' ? { answer: sessionIndex(this.view!, act.letter) } : 'idle');
    }
    await this.run('idle');
    await this.run({ time: this.view!.now + PASS_US });
    this.settledAt = this.view!.hosts[0]!.xact.next_xid;
    for (const act of shown) {
      await this.perform(act);
      if (act.kind === 'type') await this.run({ answer: sessionIndex(this.view!, act.letter) });
      await this.run({ time: this.view!.now + PAUSE_US });
    }
    await this.run('idle');
  }

  /** Whether a kept world is on its way up: nobody is connected yet. */
  recovering(): boolean {
    return this.kept && this.view!.sessions.length === 0;
  }

  /** The primary of a kept world takes connections: the standby gets its power, and two sessions connect. */
  async #comeUp(): Promise<void> {
    if (!this.recovering() || !this.cursor.atEnd || this.view!.hosts[0]!.state !== 'running') return;
    if (this.view!.hosts[1]?.state === 'off') {
      await this.take(await this.client!.input({ kind: 'power_on', host: 1 }));
      await this.run('idle');
    }
    for (const host of [0, 0]) await this.join(host);
    this.aside = t('stored.up');
  }

  /** Does again what somebody did after the opening, and goes to a step of that line. */
  retrace(deeds: readonly Deed[], step: number): Promise<void> {
    return this.#act(async () => {
      for (const deed of deeds) {
        await this.run({ step: deed.step });
        if (deed.time > this.view!.now) await this.run({ time: deed.time });
        await this.#again(deed);
      }
      await this.run({ step: Math.max(step, this.opening) });
    });
  }

  async #again(deed: Deed): Promise<void> {
    const at = this.cursor.step;
    const next = this.nextAct();
    if (next && isDeed(next, deed, this.view!)) {
      await this.#goesOn(next);
      return;
    }
    if (deed.kind === 'input' && deed.input.kind === 'query') {
      const { session, text } = deed.input;
      await this.type(this.session(this.view!.sessions[session]!.letter), text);
      await this.take(await this.client!.moment());
    } else {
      await this.take(deed.kind === 'choice' ? await this.client!.step(deed.pid) : await this.client!.input(deed.input));
      if (deed.kind === 'choice') return;
    }
    this.history.own.push(at);
  }

  /** Goes on by itself until so many beats are told, or the cursor has reached this step, and then to that step. */
  async tell(beats: number, step: number | null = null): Promise<void> {
    while (this.told().length < beats && this.upcoming() && (step === null || this.view!.step < step)) {
      const { length } = this.told();
      await this.next();
      if (this.told().length === length) break;
    }
    if (step !== null) await this.#act(() => (this.view!.step < step ? this.run({ step }) : this.go(Math.max(step, this.opening))));
  }

  // --- where it goes --------------------------------------------------------------------------------------

  /** To the next beat, or off the story to the next event that has a sentence. */
  next(): Promise<void> {
    return this.#act(async () => {
      if (this.stuck) return this.#passTime();
      const { step } = this.cursor;
      if (this.free() || !this.upcoming()) {
        const known = this.history.events.find((e) => cursorOf(e) > step && noteOf(e, this.view!));
        return known ? this.go(cursorOf(known)) : this.stepUntil('note');
      }
      const known = (this.story?.told ?? []).map((x) => cursorOf(x.event)).filter((s) => s > step);
      const first = Math.min(...known);
      if (known.length && !this.history.own.some((s) => s >= step && s < first)) return this.go(first);
      await this.#goOn();
      await this.stepUntil('beat', this.upcoming()?.patience);
    });
  }

  /** The story does what its next beat needs. */
  async #goOn(): Promise<void> {
    for (let act = this.nextAct(); act; act = this.nextAct()) await this.#goesOn(act);
  }

  async #goesOn(act: Act): Promise<void> {
    await this.awaitPrompt(act);
    const beat = this.upcoming()!;
    this.history.did(beat, act, this.cursor.step);
    await this.perform(act);
    await this.take(await this.client!.moment());
  }

  /** To the beat or the sentence before, or to the opening. */
  back(): Promise<void> {
    return this.#act(async () => {
      const at = this.cursor.step;
      const left = this.left() ?? Number.POSITIVE_INFINITY;
      const notes = this.history.events.filter((e) => e.step >= left && noteOf(e, this.view!)).map(cursorOf);
      const beats = (this.story?.told ?? []).map((x) => cursorOf(x.event));
      await this.go(Math.max(this.opening, ...[...beats, ...notes, ...this.history.own].filter((s) => s < at)));
    });
  }

  /** One event on or back. */
  event(by: 1 | -1): Promise<void> {
    return this.#act(async () => {
      if (by < 0) await this.go(Math.max(this.opening, this.cursor.step - 1));
      else await this.take(await this.client!.step());
      this.byEvent = true;
    });
  }

  /** To the end of the statement that runs, of recovery, or of all that can run. */
  end(): Promise<void> {
    return this.#act(async () => {
      if (this.recovering()) return this.run('idle');
      const running = this.view!.sessions.find((s) => s.state === 'active');
      if (running) return this.run({ answer: sessionIndex(this.view!, running.letter) });
      const act = this.nextAct();
      if (!act) return this.free() ? this.run('idle') : this.stepUntil('beat', this.upcoming()?.patience);
      await this.#goesOn(act);
      if (act.kind === 'type') await this.run({ answer: sessionIndex(this.view!, act.letter) });
    });
  }

  /** Steps until the selected thing looks different. */
  change(differs: (now: LabView) => boolean): Promise<void> {
    return this.#act(() => this.stepUntilSeen(differs));
  }

  /** To a step of this line. */
  seek(step: number): Promise<void> {
    return this.#act(() => this.go(step));
  }

  /** To a step of this line, while the reader drags: only the last wish counts. */
  scrub(step: number): Promise<void> {
    this.#wanted = step;
    return this.#act(async () => {
      if (this.#wanted === null) return;
      const to = this.#wanted;
      this.#wanted = null;
      await this.go(Math.max(this.opening, to));
    });
  }

  /** To the end of another line of history. */
  follow(branch: number): Promise<void> {
    return this.#act(async () => {
      await this.take(await this.client!.follow(branch));
      if (this.view!.step < this.opening) await this.go(this.opening);
    });
  }

  /** Live runs at this share of real time. */
  setSpeed(speed: number): Promise<void> {
    this.speed = speed;
    this.changed();
    return this.live ? this.#act(async () => this.take(await this.client!.live(speed))) : Promise.resolve();
  }

  /** The opening, or the end of what is known. */
  ends(which: 'home' | 'end'): Promise<void> {
    return this.#act(() => (which === 'home' ? this.go(this.opening) : this.run({ step: this.last })));
  }

  /** Back to the last place of the story before the reader went their own way at which the story types something. */
  backToStory(): Promise<void> {
    return this.#act(async () => {
      const { own, exchanges } = this.history;
      const left = own[0] ?? this.opening;
      const typed = exchanges.filter((x) => !x.hidden && !x.aside && !own.includes(x.step)).map((x) => x.step);
      await this.go(Math.max(this.opening, ...typed.filter((s) => s <= left && s >= this.opening)));
    });
  }

  /** Lets virtual time pass until something happens. */
  pass(): Promise<void> {
    return this.#act(() => this.#passTime());
  }

  #passTime(): Promise<void> {
    return this.run({ time: this.view!.now + PASS_US });
  }

  /** One step of one process. */
  stepProcess(pid: number): Promise<void> {
    return this.#act(async () => this.take(await this.client!.step(pid)));
  }

  /** Live on or off. */
  toggleLive(): Promise<void> {
    this.live = !this.live;
    return this.#act(async () => this.take(await this.client!.live(this.live ? this.speed : 0)));
  }

  #liveMoment(moment: Moment): void {
    const now = performance.now();
    if (!this.live || this.busy || now - this.#drawn < FRAME_MS) return;
    this.#drawn = now;
    this.#queue = this.#queue.then(() => this.take(moment)).catch(() => {});
  }

  // --- what the reader does -------------------------------------------------------------------------------

  /** The reader typed a statement; some time passes first if asked for. It runs to its answer, or to where it waits. */
  submit(letter: string, text: string, how: Shown = {}, after = 0): Promise<void> {
    return this.#own(async () => {
      if (after > 0) await this.run({ time: this.view!.now + after });
      await this.type(this.session(letter), text, how);
      await this.toAnswer(letter);
    });
  }

  /** The reader typed a backslash command that the page answers by itself. */
  say(letter: string, typed: string, text: string, failed: boolean): void {
    this.history.said(this.view!, this.session(letter), typed, text, failed);
    this.changed();
  }

  /** Ctrl+C in a session. */
  cancel(letter: string): Promise<void> {
    return this.#own(async () => {
      await this.take(await this.client!.cancel(sessionIndex(this.view!, letter)));
      await this.toAnswer(letter);
    });
  }

  /** Lets the statement of a session run to its end, or to where it waits. */
  finish(letter: string): Promise<void> {
    return this.#act(() => this.toAnswer(letter));
  }

  /** A client goes away. */
  quit(letter: string): Promise<void> {
    return this.#own(async () => {
      await this.take(await this.client!.input({ kind: 'disconnect', session: sessionIndex(this.view!, letter) }));
      await this.run('idle');
    });
  }

  /** Another session, on this host. */
  connect(host: number): Promise<void> {
    return this.#own(async () => {
      const session = this.view!.sessions.length;
      await this.join(host);
      const { letter = '', pid = 0 } = this.view!.sessions[session] ?? {};
      this.aside = t('free.connected', { letter, pid });
    });
  }

  /** Any other input to the world; what follows from it is for the reader to step. */
  input(input: Input, aside: string | null): Promise<void> {
    return this.#own(async () => {
      await this.take(await this.client!.input(input));
      this.aside = aside;
    });
  }

  /** Shows another page. */
  show(relation: string, block: number): Promise<void> {
    this.shown = { relation, block };
    return this.#act(() => this.lookAgain());
  }

  /** Looks again, with the eyes of other panels. */
  ask(panels: PanelRequest[]): Promise<void> {
    this.requests = panels;
    return this.#act(() => this.lookAgain());
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

  // --- one after the other --------------------------------------------------------------------------------

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
      this.byEvent = false;
      const from = this.view;
      try {
        await act();
        await this.#comeUp();
        // What an act did on its way is no moment that the reader has seen.
        if (from && this.view !== from && !this.live) this.before = from;
      } catch (error) {
        this.aside = error instanceof Error ? error.message : String(error);
      } finally {
        this.busy = false;
        this.changed();
        this.settled();
      }
    });
    this.#queue = run;
    return run;
  }
}

/** Whether something that was done is this act of a scene. */
function isDeed(act: Act, deed: Deed, view: LabView): boolean {
  if (deed.kind !== 'input') return false;
  const { input } = deed;
  if (act.kind === 'type') return input.kind === 'query' && input.text === act.sql && view.sessions[input.session]?.letter === act.letter;
  if (act.kind === 'connect') return input.kind === 'connect' && input.host === act.host;
  return act.kind === 'input' && JSON.stringify(act.input(view)) === JSON.stringify(input);
}
