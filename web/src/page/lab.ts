/**
 * The lab: the frame around the panels, the keys, and what each panel's wish leads to.
 *
 * Everything is laid out by the width of this element, not of the window: the same parts make the whole page and an
 * embed of a few panels.
 */
import { html, LitElement, nothing } from 'lit';
import { speak } from '../base/languages.ts';
import { t, told } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import { tokens } from '../base/tokens.ts';
import type { OpenEngine, OpenOptions } from '../engine/api.ts';
import { isPromoted, type LabState } from '../model/state.ts';
import { parts, type Thing } from '../model/thing.ts';
import { firstWants, PANEL_NAMES, requestsOf, type BigPanelName, type Wants } from '../model/wants.ts';
import { lastAnswer, terminal } from '../model/psql.ts';
import { loadScene, sceneAfter } from '../scenes/index.ts';
import type { Scene } from '../scenes/scene.ts';
import type { PanelMenu } from '../views/panels/menu.ts';
import type { SubmitEvent, Terminal } from '../views/terminal.ts';
import { act } from './acts.ts';
import { readAddress, unpackDeeds, writeAddress, type Address } from './address.ts';
import { Controller } from './controller.ts';
import { worlds } from '../engine/kept-worlds.ts';
import { onKey } from './keyboard.ts';
import { labStyles } from './lab.styles.ts';
import type { Shell } from './shell.ts';
import { timelineState } from './time.ts';
import { behind, labState, sentenceState, terminalsOf } from './screen.ts';
import '../views/index.ts';

/** The panels of the picture. An embed may name these, and those of the middle in PANEL_NAMES. */
const OF_PICTURE = ['sessions', 'processes', 'buffers', 'page', 'transactions', 'wal', 'standby', 'inspector', 'timeline'] as const;
/** The panels that an embed may name. */
export const PANELS = [...OF_PICTURE, ...PANEL_NAMES] as const;
export type PanelName = (typeof PANELS)[number];

/** The base of the page's `<vt-lab>` and of `<pg-vitrine>`. */
export class Lab extends LitElement {
  static override properties = {
    scene: { reflect: true }, panels: { reflect: true }, theme: { reflect: true }, motion: { reflect: true }, readonly: { type: Boolean, reflect: true },
    step: { type: Number }, persist: { reflect: true }, hovered: { state: true }, note: { state: true }, whole: { type: Boolean, reflect: true },
    kept: { state: true }, src: { reflect: true }, moment: {}, problem: { state: true }, panel: { reflect: true }, wants: { state: true }, front: { state: true },
  };
  declare scene: string;
  /** The address of a scene of one's own. */
  declare src: string | null;
  /** The moment to open, as an address writes it (`#v1&scene=...`). */
  declare moment: string | null;
  /** What is wrong with the scene. */
  declare problem: string;
  declare panels: string;
  declare theme: string;
  declare motion: string;
  declare readonly: boolean;
  declare step: number | null;
  /** The name under which the world is kept in this browser. */
  declare persist: string | null;
  declare whole: boolean;
  /** The moment that the page's address names. */
  at: Address = {};
  /** This browser keeps a world that could be continued. */
  declare kept: boolean;
  declare hovered: Thing | null;
  /** The panel that stands in the middle in place of the picture; empty for the picture. */
  declare panel: BigPanelName | '';
  /** What the panels look at. */
  declare wants: Wants;
  /** The session whose terminal was asked for, where not all have room. */
  declare front: string;
  declare note: string;
  /** How to open an engine; the entry of each build sets it. */
  static open: OpenEngine | null = null;
  controller: Controller | null = null;
  /** Fetched when something is typed; so is, when it is asked for, the dialog. The first picture needs neither. */
  shell: Shell | null = null;
  /** The panels of the middle, once an embed has fetched them. */
  #registry: typeof import('../views/panels/registry.ts').panels | null = null;
  /** The language in which everything is said. */
  spoken = 'en';
  /** A scene that was chosen here. */
  #chosen: Scene | null = null;
  /** The terminal whose prompt was last reached by key. */
  lastTerminal: Terminal | null = null;

  static override styles = [tokens, shared, labStyles];

  constructor() {
    super();
    this.scene = 'first-light';
    this.panels = '';
    this.theme = 'auto';
    this.motion = 'auto';
    this.note = '';
    this.hovered = null;
    this.readonly = false;
    this.whole = false;
    this.kept = false;
    this.step = null;
    this.persist = null;
    this.panel = '';
    this.wants = firstWants('accounts');
    this.front = '';
    this.src = this.moment = null;
    this.problem = '';
    this.addEventListener('vt-select', (e) => this.#select((e as CustomEvent<Thing | null>).detail));
    this.addEventListener('vt-hover', (e) => { this.hovered = (e as CustomEvent<Thing | null>).detail; });
    this.addEventListener('vt-go', (e) => act(this, (e as CustomEvent<{ act: string; value?: string }>).detail));
    this.addEventListener('vt-submit', (e) => act(this, { act: 'submit', ...(e as SubmitEvent).detail }));
    this.addEventListener('vt-cancel', (e) => act(this, { act: 'cancel', ...(e as SubmitEvent).detail }));
    this.addEventListener('vt-process', (e) => act(this, (e as CustomEvent).detail));
    this.addEventListener('vt-want', (e) => this.want((e as CustomEvent<Partial<Wants>>).detail));
    this.addEventListener('vt-seek', (e) => { this.shell?.stopWatching(); void this.controller?.scrub((e as CustomEvent<number>).detail); });
    this.addEventListener('keydown', (e) => onKey(this, e));
  }

  protected override firstUpdated(): void {
    this.begin();
  }

  /** Starts the engine and plays the scene to its opening; an embed waits until it is in sight. */
  protected begin(): void {
    const { open } = Lab;
    if (!open) return;
    if (this.moment) this.at = readAddress(this.moment);
    if (this.moment && this.at.scene) this.scene = this.at.scene;
    void Promise.all([this.#chosen ?? loadScene(this.scene, this.src), this.#speak()]).then(([scene]) => {
      if (!this.isConnected) return;
      const c = new Controller(scene, () => { this.requestUpdate(); this.#tell(); });
      this.controller = c;
      const seed = this.at.seed ?? scene.seed;
      const spec = { ...(seed !== null && { seed }), ...(scene.settings.length > 0 && { settings: [...scene.settings] }) };
      const options: OpenOptions = { ...(this.persist && { store: this.persist }), spec };
      return c.start(open, options).then(() => this.#toMoment(c));
    }).catch((problem: unknown) => { this.problem = problem instanceof Error ? problem.message : String(problem); });
  }

  /** Leaves this world for another scene. */
  async tell(scene: Scene): Promise<void> {
    this.#end();
    this.#chosen = scene;
    this.at = {};
    this.step = this.persist = null;
    this.panel = '';
    this.scene = scene.id;
    if (this.whole) history.pushState(null, '', `${location.pathname}${location.search}${writeAddress({ scene: scene.id })}`);
    await this.updateComplete;
    this.begin();
  }

  /** psql's side of the connection. */
  async psql(): Promise<Shell | null> {
    const { Shell } = await import('./shell.ts');
    if (this.controller) this.shell ??= new Shell(this.controller, () => this.requestUpdate());
    return this.shell;
  }

  /** Puts a panel into the middle, or the picture again. */
  async openPanel(name: BigPanelName | ''): Promise<void> {
    if (name !== '') await import('../views/panels/frame.ts');
    this.panel = name;
    await this.#ask();
  }

  /** Shows the menu of all panels. */
  async menu(): Promise<void> {
    await import('../views/panels/menu.ts');
    this.renderRoot.querySelector<PanelMenu>('vt-panel-menu')?.open();
  }

  /** The panels look at something else. */
  want(change: Partial<Wants>): void {
    this.wants = { ...this.wants, ...change };
    void this.#ask();
  }

  /** What the open panels have to know. */
  #ask(): Promise<void> {
    return this.controller?.ask(requestsOf(this.#bigPanels(), this.wants)) ?? Promise.resolve();
  }

  #bigPanels(): BigPanelName[] {
    if (this.whole) return this.panel === '' ? [] : [this.panel];
    return PANEL_NAMES.filter((name) => this.panels.split(/[\s,]+/).includes(name));
  }

  /** In the language that is asked for around the lab, as far as it is known. */
  async #speak(): Promise<void> {
    this.spoken = await speak(this.closest<HTMLElement>('[lang]')?.lang ?? '');
    if (this.whole) document.documentElement.lang = this.spoken;
  }

  /** On the page of its own, keys also act while nothing has the focus. */
  #unfocused = (e: KeyboardEvent): void => {
    if (this.whole && (e.target === document.body || e.target === document.documentElement)) onKey(this, e);
  };

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('keydown', this.#unfocused);
    if (this.hasUpdated && !this.controller) this.begin();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('keydown', this.#unfocused);
    this.#end();
  }

  /** The engine is let go. */
  #end(): void {
    this.shell?.stopWatching();
    void this.controller?.client?.close();
    this.controller = this.shell = null;
    this.problem = '';
    this.requestUpdate();
  }

  /** Going back is instant: only what goes on in time may move. */
  protected override willUpdate(): void {
    const { view, before } = this.controller ?? {};
    const back = view && before ? view.step < before.step : false;
    this.toggleAttribute('still', this.motion === 'off' || back);
  }

  /** To the moment that is asked for: so many beats on, a step of the story's own way, or of another. */
  async #toMoment(c: Controller): Promise<void> {
    if (c.phase !== 'ready' || c.kept) return;
    const { step, did } = this.at;
    const deeds = did === undefined ? null : await unpackDeeds(did);
    if (deeds && step !== undefined) await c.retrace(deeds, step);
    else if (step !== undefined) await c.tell(Infinity, step);
    else if (this.at.beat ?? this.step) await c.tell(this.at.beat ?? this.step!);
    const { panel } = this.at;
    if (this.whole && (PANEL_NAMES as readonly string[]).includes(panel ?? '')) await this.openPanel(panel as BigPanelName);
    // Asked last, and only for the offer: a page that cannot ask has kept nothing.
    if (this.whole) this.kept = (await worlds()).length > 0;
  }

  /** Tells the page around an embed where the story is. */
  #tell(): void {
    const c = this.controller;
    if (!c || c.busy) return;
    if (c.phase === 'ready') this.dispatchEvent(new CustomEvent('step', { detail: { step: c.view?.step, beat: c.told().length, beats: c.scene.beats.length } }));
    else if (c.phase !== 'starting') this.dispatchEvent(new CustomEvent('error', { detail: c.problem }));
  }

  #select(thing: Thing | null): void {
    const c = this.controller;
    if (!c) return;
    c.selection = c.selection === thing ? null : thing;
    const beat = c.told().at(-1)?.beat;
    if (thing && beat?.guess && !c.guesses.has(beat.id)) {
      const picked = beat.guess.choices.find((choice) => choice.thing(c.view!, c.story!.found) === thing);
      if (picked) c.guess(beat.id, picked.label(c.view!, c.story!.found));
    }
    if (c.live) void c.toggleLive();
    this.#turnTo(thing);
    this.requestUpdate();
  }

  /** A row version is described by its page: one that is not on display is put there. */
  #turnTo(thing: Thing | null): void {
    const { kind, args } = parts(thing ?? ('' as Thing));
    const page = this.controller!.view!.hosts.find((h) => h.host === Number(args[0]))?.page;
    if (kind === 'version' && !(page?.relname === args[1] && page?.block === Number(args[2]))) void this.controller!.show(args[1]!, Number(args[2]));
  }

  #shows(panel: PanelName): boolean {
    return (this.panels.trim() === '' && (OF_PICTURE as readonly string[]).includes(panel)) || this.panels.split(/[\s,]+/).includes(panel);
  }

  override render() {
    const c = this.controller;
    if (!c || c.phase === 'starting' || !c.view) return this.#waiting(c);
    const state = labState(c, this.hovered, this.readonly, this.wants, this.whole);
    return this.whole ? this.#page(c, state) : this.#embed(c, state);
  }

  #waiting(c: Controller | null) {
    if (this.problem) return html`<p class="waiting" role="alert">${t('scene.failed', { why: this.problem })}</p><slot></slot>`;
    if (c?.phase === 'failed') return html`<p class="waiting" role="alert">${t('failed', { why: c.problem })}</p><slot></slot>`;
    return html`<p class="waiting" role="status">${t('opening')}</p><slot></slot>`;
  }

  #page(c: Controller, state: LabState) {
    const inspect = c.selection !== null;
    return html`<div class="app ${inspect ? 'inspecting' : ''}" lang=${this.spoken}>
      <vt-top-bar class="top" role="banner" .view=${state.view} .scene=${told(c.scene.title)} .live=${c.live} .speed=${c.speed} .powered=${state.view.hosts[0]!.state !== 'off'}
        .note=${this.note} .stored=${c.stored} .kept=${this.kept}></vt-top-bar>
      <vt-sentence class="say" role="region" aria-label=${t('say.label')} .state=${{ ...sentenceState(c), after: sceneAfter(c.scene.id) }}></vt-sentence>
      <section class="ses" aria-label=${t('sessions')}>${this.#terminals(c, state)}${this.#adds(state)}${this.#log(c, state)}</section>
      ${this.panel === '' ? this.#picture(state) : html`<main class="main"><vt-panel-frame .state=${state} .name=${this.panel}></vt-panel-frame></main>`}
      <aside class="insp" aria-label=${t('inspector')}><vt-inspector .state=${state}></vt-inspector></aside>
      <vt-timeline class="time not390" .state=${timelineState(c)}></vt-timeline>
      ${this.#transport(c)}
    </div>
    <vt-dialog languages .view=${state.view} .kept=${this.kept && c.stored.kind === 'memory'}></vt-dialog><vt-panel-menu .name=${this.panel}></vt-panel-menu>
    ${c.phase === 'broken' ? html`<p class="waiting" role="alert">${t('broken', { why: c.problem })}</p>` : nothing}`;
  }

  #picture(state: LabState) {
    return html`<main class="main">
        <vt-processes class="not390" .state=${state}></vt-processes>
        <vt-buffers .state=${state}></vt-buffers>
        <vt-heap-page .state=${state}></vt-heap-page>
        <vt-transactions class="not390" .state=${state}></vt-transactions>
        <vt-wal .state=${state}></vt-wal>
        <vt-standby .state=${state}></vt-standby>
      </main>`;
  }

  #embed(c: Controller, state: LabState) {
    const some = (panel: PanelName, drawn: unknown) => (this.#shows(panel) ? drawn : nothing);
    return html`<div class="embed" lang=${this.spoken}>
      <vt-sentence part="sentence" .state=${sentenceState(c)}></vt-sentence>
      ${some('sessions', html`<div class="ses" part="sessions">${this.#terminals(c, state)}${this.#log(c, state)}</div>`)}
      ${some('processes', html`<vt-processes part="processes" .state=${state}></vt-processes>`)}
      ${some('buffers', html`<vt-buffers part="buffers" .state=${state}></vt-buffers>`)}
      ${some('page', html`<vt-heap-page part="page" class=${this.#shows('buffers') ? '' : 'alone'} .state=${state}></vt-heap-page>`)}
      ${some('transactions', html`<vt-transactions part="transactions" .state=${state}></vt-transactions>`)}
      ${some('wal', html`<vt-wal part="wal" .state=${state}></vt-wal>`)}
      ${some('standby', html`<vt-standby part="standby" .state=${state}></vt-standby>`)}
      ${this.#bigEmbeds(state)}
      ${some('inspector', html`<vt-inspector part="inspector" .state=${state}></vt-inspector>`)}
      ${some('timeline', html`<vt-timeline part="timeline" .state=${timelineState(c)}></vt-timeline>`)}
      ${this.#transport(c)}
    </div>
    <vt-dialog .view=${state.view}></vt-dialog>`;
  }

  /** The panels of the middle that an embed names, fetched when they are first drawn. */
  #bigEmbeds(state: LabState) {
    const names = this.#bigPanels();
    if (names.length === 0) return nothing;
    if (!this.#registry) {
      void import('../views/panels/registry.ts').then((m) => Promise.all(names.map((name) => m.panels[name].load())).then(() => { this.#registry = m.panels; return this.#ask(); }));
      return nothing;
    }
    return names.map((name) => html`<div class="big">${this.#registry![name].draw(state)}</div>`);
  }

  #terminals(c: Controller, state: LabState) {
    const { view } = state;
    const next = c.nextAct();
    return terminalsOf(view, this.front).map((s) => html`<vt-terminal data-who=${s.letter} .session=${s}
      .lines=${terminal(c.history.exchanges, s.letter, c.cursor)} .last=${lastAnswer(c.history.exchanges, s.letter, c.cursor)}
      .watched=${this.shell?.watching === s.letter} .names=${() => c.client!.names(s.host)}
      .draft=${next?.kind === 'type' && next.letter === s.letter ? next.sql : ''} ?readonly=${this.readonly}></vt-terminal>`);
  }

  /** More sessions, on a server that takes them. */
  #adds({ view, readonly }: LabState) {
    const up = view.hosts.filter((h) => h.state === 'running');
    const alive = view.sessions.filter((s) => s.state !== 'gone').length;
    if (this.controller!.recovering()) return html`<p class="tiny">${t('stored.wait')}</p>`;
    if (readonly || up.length === 0) return nothing;
    const others = behind(view, this.front);
    return html`<div class="adds ${alive === 0 || others.length ? '' : 'not390'}">${others.map((s) => html`<button class="other" data-who=${s.letter} aria-label=${t('session.front', { letter: s.letter })} title=${t('session.front', { letter: s.letter })}
      @click=${() => { this.front = s.letter; }}><span class="key">${s.letter}</span></button>`)}${up.map((h) => html`<button class="plain" @click=${() => act(this, { act: 'connect', host: h.host })}>${
      t(h.role === 'standby' ? 'session.add.standby' : isPromoted(h) ? 'session.add.promoted' : 'session.add')}</button>`)}</div>`;
  }

  /** What the server says of itself, while it is down or comes up, and until sessions have the room again. */
  #log(c: Controller, { view }: LabState) {
    const host = view.hosts[0]!;
    const alive = view.sessions.filter((s) => s.state !== 'gone').length;
    return c.free() && host.log.length > 0 && (host.state !== 'running' || alive < 2) ? html`<vt-log .host=${host}></vt-log>` : nothing;
  }

  #transport(c: Controller) {
    const go = (name: string) => () => act(this, { act: name });
    return html`<div class="thumb at390" role="region" aria-label=${t('transport')}>
      <button aria-label=${t('back')} ?disabled=${c.view!.step <= c.opening} @click=${go('back')}>←</button>
      <button class="go" @click=${go('next')}>→ &nbsp;${t('next')}</button>
      <button aria-label=${t('live', { speed: c.speed })} aria-pressed=${c.live} @click=${go('live')}>▷</button>
    </div>`;
  }
}
