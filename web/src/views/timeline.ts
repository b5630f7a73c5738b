/**
 * The timeline: a lane per session and per process and one for the log, beats as ticks, one cursor. A click or a drag goes
 * to that moment; it can be looked at more closely, opened for all lanes, and shows the other lines of history.
 */
import { css, html, LitElement, nothing } from 'lit';
import { clock } from '../base/format.ts';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import type { Branch } from '../engine/api.ts';
import { around, axis, instantsOf, type Axis, type Bar, type Lane, type Tick } from '../model/timeline.ts';

/** What the timeline shows. */
export interface TimelineState {
  /** The lanes for which there is room. */
  lanes: readonly Lane[];
  /** All there are, once it is opened. */
  all(): Lane[];
  now: number;
  step: number;
  first: number;
  last: number;
  /** The step that shows what had happened by an instant. */
  stepAt(time: number): number;
  branches: readonly Branch[];
  branch: number;
  speed: number;
}

/** The part of the width that is used up to the last known instant; the rest is future. */
const USED = 0.82;
/** Labels closer than this to the one before are left out, as a share of the width. */
const LABEL_ROOM = 0.075;
/** Ticks closer than this to the one before are left out if no sentence is about them, in percent. */
const TICK_ROOM = 0.25;
/** Shares of real time at which the world may go on by itself. */
const SPEEDS = [0.001, 0.01, 0.1, 1];
/** How often it can be looked at twice as closely. */
const CLOSEST = 6;

/** `<vt-timeline>` */
export class Timeline extends LitElement {
  static override properties = { state: { attribute: false }, level: { state: true }, whole: { state: true } };
  declare state: TimelineState;
  /** How closely it is looked at. */
  declare level: number;
  /** Open for all lanes. */
  declare whole: boolean;
  #scale: Axis | null = null;

  static override styles = [shared, css`
    :host { position: relative; }
    .time { border-top: 1px solid var(--vt-line); padding-top: 6px; position: relative; height: 100%; overflow: hidden; touch-action: pan-y; }
    .time.whole {
      position: absolute; left: 0; right: 0; bottom: 0; height: min(60vh, 340px); z-index: 3; background: var(--vt-bg); overflow-y: auto;
      border-top: 1px solid var(--vt-edge);
    }
    .whole .head { position: sticky; top: -6px; background: var(--vt-bg); z-index: 2; }
    .head { display: flex; gap: 4px; align-items: center; justify-content: flex-end; flex-wrap: wrap; }
    .time:not(.whole) .head { position: absolute; right: 0; bottom: 5px; z-index: 2; background: var(--vt-bg); padding-left: 6px; }
    .head button, .head select { min-height: 20px; height: 20px; padding: 0 6px; font: inherit; font-size: 12px; color: var(--vt-soft); background: var(--vt-bg); border: 1px solid var(--vt-line); border-radius: 4px; }
    .head button:disabled { opacity: 1; }
    .lane { display: grid; grid-template-columns: 84px 1fr; height: 19px; line-height: 19px; font-size: 12px; color: var(--vt-soft); }
    .whole .lane { grid-template-columns: 150px 1fr; }
    .lane > :first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .lane > div { position: relative; background: linear-gradient(var(--vt-line), var(--vt-line)) 0 50% / 100% 1px no-repeat; }
    .lane.ax > div { background: none; }
    .bar { position: absolute; top: 5px; height: 9px; min-width: 3px; background: var(--who); }
    .bar.open { background: none; border: 1.5px dashed var(--who); border-right: 0; }
    .label { position: absolute; background: var(--vt-bg); padding: 0 5px; white-space: nowrap; pointer-events: none; }
    .label.left { transform: translateX(-100%); }
    .ax .label { padding: 0; background: none; }
    .tick-mark { position: absolute; top: 4px; height: 11px; width: 0; border-left: 2px solid var(--vt-soft); padding: 0; border-width: 0 0 0 2px; border-radius: 0; min-height: 0; }
    .tick-mark.small { top: 6px; height: 7px; border-left-width: 1px; border-left-color: var(--vt-edge); }
    .tick-mark.future { border-left-style: dotted; }
    .cursor { position: absolute; top: 6px; bottom: 0; border-left: 2px solid var(--vt-ink); }
    .track { position: absolute; left: 84px; right: 0; top: 0; bottom: 0; pointer-events: none; }
    .whole .track { left: 150px; min-height: 100%; }
    .now { color: var(--vt-ink); }
    @container (max-width: 1279px) { .time:not(.whole) .head select { display: none; } .time:not(.whole) .lane { height: 17px; line-height: 17px; } .time:not(.whole) .bar { top: 4px; } }
    @container (max-width: 767px) { .label { display: none; } .label.now { display: block; margin-left: -13px; transform: translateX(-100%); } }
  `];

  constructor() {
    super();
    this.level = 0;
    this.whole = false;
  }

  override render() {
    if (!this.state) return nothing;
    const { now, step, first, last } = this.state;
    const lanes = around(this.whole ? this.state.all() : this.state.lanes, now, this.level);
    const scale = (this.#scale = axis(lanes.flatMap(instantsOf), now));
    const place = (time: number) => `${(4 + scale.at(time) * (USED * 100 - 4)).toFixed(2)}%`;
    return html`<section class="time ${this.whole ? 'whole' : ''}" aria-label=${t('timeline')} @pointerdown=${this.#drag} @pointermove=${this.#drag}>
      ${this.whole ? this.#head() : nothing}
      ${lanes.map((l) => this.#lane(l, place))}
      <div class="lane ax m"><span></span><div>${this.#marks(scale, place)}</div></div>
      ${this.whole ? nothing : this.#head()}
      <div class="track"><div class="cursor" role="slider" tabindex="0" aria-label=${t('timeline.cursor')} aria-valuemin=${first} aria-valuemax=${Math.max(last, step)} aria-valuenow=${step}
        aria-valuetext=${t('timeline.at', { step, time: clock(now) })} @keydown=${this.#keys} style="left:${place(now)}"></div></div>
    </section>`;
  }

  #head() {
    const { branches, branch, speed } = this.state;
    const zoom = (by: number, label: 'timeline.in' | 'timeline.out', sign: string) => html`<button aria-label=${t(label)} title=${t(label)}
      ?disabled=${by < 0 ? this.level === 0 : this.level === CLOSEST} @click=${() => { this.level = Math.max(0, Math.min(CLOSEST, this.level + by)); }}>${sign}</button>`;
    return html`<div class="head">
      ${branches.length > 1 ? html`<select aria-label=${t('timeline.lines')} title=${t('timeline.lines')} @change=${(e: Event) => this.#ask('branch', (e.target as HTMLSelectElement).value)}>
        ${branches.map((b) => html`<option value=${b.id} ?selected=${b.id === branch}>${b.from ? t('timeline.line', { n: b.id + 1, from: b.from.step }) : t('timeline.line.first')}</option>`)}</select>` : nothing}
      <select aria-label=${t('timeline.speed')} title=${t('timeline.speed')} @change=${(e: Event) => this.#ask('speed', (e.target as HTMLSelectElement).value)}>
        ${SPEEDS.map((x) => html`<option value=${x} ?selected=${x === speed}>×${x}</option>`)}</select>
      ${zoom(-1, 'timeline.out', '−')}${zoom(1, 'timeline.in', '+')}
      <button aria-expanded=${this.whole} @click=${() => { this.whole = !this.whole; }}>${t(this.whole ? 'timeline.less' : 'timeline.all')}</button>
    </div>`;
  }

  #lane(l: Lane, place: (time: number) => string) {
    return html`<div class="lane ${l.name === 'standby' ? 'at1440' : ''}" data-who=${l.letter ?? nothing}>${l.letter ? html`<b class="who">${l.name}</b>` : html`<span title=${l.name}>${l.name}</span>`}
      <div>${l.bars.map((b, i) => this.#bar(b, l.bars[i + 1], place, l.letter !== null))}${this.#ticks(l.ticks, place)}</div></div>`;
  }

  #bar(b: Bar, next: Bar | undefined, place: (time: number) => string, labelled: boolean) {
    const share = (s: string) => Number.parseFloat(s);
    const room = this.#end(b.to, next?.from, place) - share(place(b.to));
    return html`<span class="bar ${b.open ? 'open' : ''}" data-who=${b.letter ?? '-'} style="left:${place(b.from)};width:calc(${place(b.to)} - ${place(b.from)})" title=${b.label}></span>
      ${labelled && room > b.label.length * 0.75 + 1 ? html`<span class="label" style="left:calc(${place(b.to)} + 3px)">${b.label}</span>` : nothing}`;
  }

  /** Where a label must end that begins at an instant: at what comes next on its lane, and it may not cross the cursor. */
  #end(from: number, next: number | undefined, place: (time: number) => string): number {
    const { now } = this.state;
    return Math.min(next === undefined ? 100 : Number.parseFloat(place(next)), from < now ? Number.parseFloat(place(now)) : 100);
  }

  #ticks(ticks: readonly Tick[], place: (time: number) => string) {
    let last = -1;
    const shown = ticks.filter((k) => {
      const at = Number.parseFloat(place(k.time));
      if (!k.beat && at - last < TICK_ROOM) return false;
      last = at;
      return true;
    });
    return shown.map((k, i) => this.#tick(k, shown[i + 1], place));
  }

  #tick(k: Tick, next: Tick | undefined, place: (time: number) => string) {
    const share = (s: string) => Number.parseFloat(s);
    const room = k.beat && !this.whole ? this.#end(k.time, next?.time, place) - share(place(k.time)) : 0;
    return html`<button class="tick-mark ${k.beat ? '' : 'small'} ${k.step > this.state.step ? 'future' : ''}" tabindex=${k.beat ? 0 : -1} style="left:${place(k.time)}" title="${k.label} · ${clock(k.time)}"
        aria-label="${k.label} ${clock(k.time)}" @click=${() => this.#seek(k.step)}></button>
      ${room > k.label.length * 0.75 + 0.8 ? html`<span class="label" style="left:calc(${place(k.time)} + 3px);padding:0 2px">${k.label}</span>` : nothing}`;
  }

  /** The instants under the axis, as many as have room; the cursor's own always. */
  #marks(scale: Axis, place: (time: number) => string) {
    const { now } = this.state;
    const here = scale.at(now);
    const flip = 4 + here * (USED * 100 - 4) > 72;
    let last = -1;
    let said = '';
    const shown = scale.marks.filter(({ time, at }) => {
      const hidden = flip ? at > here - 2 * LABEL_ROOM && at <= here : at > here - LABEL_ROOM && at < here + 2 * LABEL_ROOM;
      if (hidden || at - last < LABEL_ROOM || short(time) === said || (this.#narrow(time, now) && at > here)) return false;
      said = short(time);
      last = at;
      return true;
    });
    return html`${shown.map((m, i) => html`<span class="label" style="left:${place(m.time)}">${i === 0 ? clock(m.time).split(' ')[0] : short(m.time)}</span>`)}
      <span class="label now ${flip ? 'left' : ''}" style="left:calc(${place(now)} + ${flip ? -6 : 7}px)">${short(now, true)} ${t('now')}</span>`;
  }

  /** The buttons stand where the future would have its instants. */
  #narrow = (time: number, now: number) => !this.whole && time > now;

  /** Pressed or dragged: to that moment. Ticks and buttons are their own. */
  #drag = (e: PointerEvent): void => {
    if (e.buttons !== 1 || !this.#scale || (e.target as Element).closest('button, select')) return;
    const track = this.renderRoot.querySelector('.track')!.getBoundingClientRect();
    const at = ((e.clientX - track.left) / track.width - 0.04) / (USED - 0.04);
    if (e.clientX < track.left) return;
    const step = this.state.stepAt(this.#scale.time(Math.max(0, Math.min(1, at))));
    if (step !== this.state.step) this.#seek(step);
  };

  /** Ten events at a time, where one needs no key of its own. */
  #keys = (e: KeyboardEvent): void => {
    const by = { PageUp: -10, PageDown: 10 }[e.key];
    if (by === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    this.#seek(Math.max(this.state.first, Math.min(this.state.last, this.state.step + by)));
  };

  #ask(act: string, value: string): void {
    this.dispatchEvent(new CustomEvent('vt-go', { detail: { act, value }, bubbles: true, composed: true }));
  }

  #seek(step: number): void {
    this.dispatchEvent(new CustomEvent('vt-seek', { detail: step, bubbles: true, composed: true }));
  }
}

/** The part of an instant that changes: `.412`, or `.412 345`. */
function short(time: number, micro = false): string {
  const [milli, us] = clock(time).slice(5).split(' ');
  return micro ? `${milli} ${us}` : milli!;
}

customElements.define('vt-timeline', Timeline);
