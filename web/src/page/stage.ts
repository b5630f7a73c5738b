/**
 * One world on the page: what is known of it at the cursor, and how the picture follows the engine.
 *
 *     client.step() ── moment ──▶ take ──▶ collect   events since, beats among them, another line of history
 *                                   └────▶ look      the view at the cursor, from which everything is drawn
 *
 * What is kept is history (see `history.ts`) and a cursor; the picture is a function of those and of the engine's view.
 */
import type { Branch, Deed, EngineClient, Entry, Moment, Until, ViewRequest } from '../engine/api.ts';
import { fill, t } from '../base/messages.ts';
import { isPast, type Cursor } from '../model/cursor.ts';
import { heard, valueOf, type Shown } from '../model/psql.ts';
import { withoutLetters } from '../model/settled.ts';
import { cursorOf, nextBeat, Story, toldBy, type Told } from '../model/story.ts';
import { noteOf } from '../scenes/free.ts';
import { wordsOf } from '../scenes/small.ts';
import type { Act, Beat, Scene } from '../scenes/scene.ts';
import type { LabView, PanelRequest, SessionView } from '../views/types.ts';
import { PageHistory } from './history.ts';
import { sessionIndex } from './wire.ts';

/**
 * A statement may make a hundred thousand steps, and live a world may make thousands from one picture to the next; nobody
 * can read a sentence for each. So of a move the events of so many steps are looked at, the last ones. Those before them
 * are a gap in what is known, of which so many are filled in where the reader goes back into it. Live, so many events are kept.
 */
const MOVE_STEPS = 4_000;
const LIVE_STEPS = 50;
const GAP_STEPS = 200;
const LIVE_EVENTS = 20_000;
/** WAL records in a view: more than fit the tape, and live not many more. */
const RECORDS = 64;
const LIVE_RECORDS = 24;
/** More steps than this without an event that matters, and the search gives up and says where it stands. */
const PATIENCE = 20_000;

/** Where the search for a statement's end stops. */
const ENDS: ReadonlySet<string> = new Set(['ErrorReport', 'Query', 'ReadyForQuery']);

/** The world as the page knows it. */
export class Stage {
  view: LabView | null = null;
  before: LabView | null = null;
  cursor: Cursor = { step: 0, atEnd: true };
  readonly history = new PageHistory();
  /** Nothing for a world that was kept: its story was told before. */
  story: Story | null = null;
  /** The step at which the reader came in. */
  opening = 0;
  stuck = false;
  live = false;
  /** A sentence that takes the beat's place: who waits, what went wrong. */
  aside: string | null = null;
  client: EngineClient | null = null;
  /** Which page is shown. */
  protected shown: Partial<ViewRequest>;
  /** What the open panels ask for. */
  requests: PanelRequest[] = [];
  /** Transactions before this one belong to the scene's way to its opening. */
  protected settledAt = 0;
  #opened = false;
  #branch = 0;
  /** All lines of history, oldest first. */
  branches: readonly Branch[] = [];
  protected last = 0;

  constructor(readonly scene: Scene, protected readonly changed: () => void) {
    this.shown = { relation: scene.relation, block: scene.block };
  }

  /** The line of history that the cursor is on. */
  get branch(): number {
    return this.#branch;
  }

  /** The end of what is known on it. */
  get lastKnown(): number {
    return this.last;
  }

  /** Whose doing an event is, as a letter. */
  lettersOf(): (entry: Entry) => string | null {
    const letters = new Map(this.view!.sessions.map((s) => [`${s.host} ${s.pid}`, s.letter]));
    return ({ host, pid }) => letters.get(`${host} ${pid}`) ?? null;
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
    return this.left() !== null;
  }

  /** The step at which the story was left: by the reader, or because it is told. */
  protected left(): number | null {
    if (!this.story) return this.opening;
    const left = this.history.leftAt(this.cursor);
    const end = this.story.told.length === this.scene.beats.length ? Math.max(...this.story.told.map((x) => cursorOf(x.event))) : Infinity;
    return left ?? (this.cursor.step > end ? end : null);
  }

  /** What there is to say off the story. */
  note(): string | null {
    const left = this.left();
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

  /** What has just happened, where the reader stands between two beats: of a step's events the one with most to say. */
  justNow(): string | null {
    const { events } = this.history;
    const step = this.view!.step - 1;
    const last = this.told().at(-1);
    if (step < this.opening || (last && cursorOf(last.event) === this.view!.step)) return null;
    const here = events.filter((e) => e.step === step);
    const best = here.findLast((e) => noteOf(e, this.view!)) ?? here.at(-1);
    if (!best) return null;
    const { say, params } = wordsOf(best, this.view!);
    return fill(t(say), params);
  }

  /** What the reader, or the story, has done to the world since the opening. */
  deeds(): Promise<Deed[]> {
    return this.client!.deeds(this.opening);
  }

  // --- driving --------------------------------------------------------------------------------------------

  /** From here on events are told. */
  protected opens(): void {
    this.#opened = true;
    this.opening = this.view!.step;
    this.history.known = this.opening;
  }

  protected session(letter: string): SessionView {
    const session = this.view!.sessions.find((s) => s.letter === letter && s.state !== 'gone');
    if (!session) throw new Error(t('session.lost', { letter }));
    return session;
  }

  /** Types a statement; the answer joins the history when it comes. */
  protected async type(session: SessionView, sql: string, how: Shown = {}): Promise<void> {
    const view = this.view!;
    // The promise of the client ends with a rewind; the event of the answer does not.
    this.client!.submit(sessionIndex(view, session.letter), sql).catch(() => {});
    this.#follow(await this.client!.moment());
    this.history.typed(view, session, sql, how);
  }

  /** What the story does next, if that is not done yet: then the beat's event is on its way. */
  nextAct(): Act | null {
    const beat = this.free() ? null : this.upcoming();
    return beat && this.history.nextAct(beat, this.cursor);
  }

  /** The value, or the tag, of the last answer to a session. */
  protected answerTo(letter: string): string {
    const last = heard(this.history.exchanges, letter, this.cursor).findLast((x) => x.answer);
    return last ? valueOf(last.answer!.text) : '';
  }

  /** Whoever types waits for the prompt, unless it does not come. */
  protected async awaitPrompt(act: Act): Promise<void> {
    if (act.kind === 'type' && this.session(act.letter).state === 'active') await this.run({ answer: sessionIndex(this.view!, act.letter) });
  }

  /** Does what a scene does; what follows from it is still to be stepped, save where a client connects. */
  protected async perform(act: Act, how: Shown = {}): Promise<void> {
    const client = this.client!;
    switch (act.kind) {
      case 'type': await this.type(this.session(act.letter), act.sql, how); break;
      case 'input': await this.take(await client.input(act.input(this.view!))); break;
      case 'pass': await this.run({ time: this.view!.now + act.micros }); break;
      case 'connect': await this.join(act.host); break;
    }
  }

  /** A client connects to a host, as psql does. */
  protected async join(host: number): Promise<void> {
    const session = this.view!.sessions.length;
    const parameters: [string, string][] = [['user', 'postgres'], ['database', 'postgres'], ['application_name', 'psql']];
    await this.take(await this.client!.input({ kind: 'connect', host, parameters }));
    await this.run({ answer: session });
  }

  protected async toAnswer(letter: string): Promise<void> {
    const moment = await this.client!.run({ answer: sessionIndex(this.view!, letter) });
    await this.take(moment);
    if (moment.stopped !== 'reached') this.#isStuck();
  }

  /**
   * Steps until an event has a sentence, or nothing can run. A beat that needs time to pass says how much it may; then
   * timers ring too.
   */
  protected async stepUntil(what: 'beat' | 'note', patience = 0): Promise<void> {
    let moment = await this.client!.moment();
    const late = moment.time + patience;
    for (let i = 0; i < PATIENCE; i++) {
      moment = await this.client!.step();
      let stuck = moment.stopped === 'idle' || moment.stopped === 'deadlock';
      if (stuck && moment.time < late) {
        moment = await this.client!.run({ step: moment.step + 1 });
        stuck = moment.stopped === 'idle' || moment.stopped === 'deadlock';
      }
      const beat = await this.#collect(moment);
      const noted = what === 'note' && this.#notedAt(moment.step);
      const told = what === 'beat' && beat !== null;
      if (!told && !noted && !stuck) continue;
      await this.take(moment);
      if (stuck && !told) this.#isStuck();
      return;
    }
    await this.take(moment);
  }

  /** Steps until the picture shows what is looked for. */
  protected async stepUntilSeen(seen: (now: LabView) => boolean): Promise<void> {
    const from = this.view;
    for (let i = 0; i < PATIENCE; i++) {
      const moment = await this.client!.step();
      await this.take(moment);
      if (seen(this.view!) || moment.stopped === 'idle' || moment.stopped === 'deadlock') break;
    }
    this.before = from;
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

  protected async run(until: Until): Promise<void> {
    await this.take(await this.client!.run(until));
  }

  protected async go(step: number): Promise<void> {
    await this.take(await this.client!.seek(step));
  }

  // --- the picture follows --------------------------------------------------------------------------------

  /** If another line of history began, what was known of the old one from there on is forgotten here. */
  #follow(moment: Moment): void {
    this.last = moment.last;
    if (moment.branch === this.#branch) return;
    this.history.change(this.#branch, moment.branch, this.cursor.step);
    this.#branch = moment.branch;
    if (this.story) this.story = this.story.again(this.history.events, this.view!);
  }

  /** Takes in the events up to a moment; returns the last beat among them. */
  async #collect(moment: Moment): Promise<Beat | null> {
    this.#follow(moment);
    const { known } = this.history;
    if (!this.#opened) return null;
    if (moment.step <= known) return this.#fillIn(moment.step);
    this.history.known = moment.step;
    let beat: Beat | null = null;
    const from = Math.max(known, moment.step - (this.live ? LIVE_STEPS : MOVE_STEPS));
    this.history.skip(known, from);
    for (const event of await this.client!.events(from, moment.step)) {
      this.history.events.push(event);
      beat = this.story?.take(event) ?? beat;
    }
    if (this.live) this.history.forget(LIVE_EVENTS);
    return beat;
  }

  /** Takes in the events before a step that were not looked at when it was passed. */
  async #fillIn(step: number): Promise<null> {
    const gap = this.history.gapBefore(step);
    if (gap) {
      const from = Math.max(gap.from, step - GAP_STEPS);
      this.history.fill(gap, from, step, await this.client!.events(from, step));
    }
    return null;
  }

  /** The cursor is somewhere else: takes in what happened and draws it. */
  protected async take(moment: Moment): Promise<void> {
    await this.#collect(moment);
    if (this.#branch > 0) this.branches = await this.client!.branches();
    await this.look(moment);
    this.changed();
  }

  /** Looks at the same moment again, for something else; what changed in the last step stays marked. */
  protected async lookAgain(): Promise<void> {
    const { before, stuck, aside } = this;
    await this.look(await this.client!.moment());
    Object.assign(this, { before, stuck, aside });
  }

  protected async look(moment: Moment): Promise<void> {
    const view = withoutLetters(await this.client!.view({ ...this.shown, wal_records: this.live ? LIVE_RECORDS : RECORDS, panels: this.requests }), this.settledAt);
    this.before = this.live ? null : this.view;
    this.view = view;
    this.story?.meet(view);
    this.cursor = { step: moment.step, atEnd: moment.atEnd };
    this.last = moment.last;
    this.stuck = false;
    this.aside = null;
  }
}
