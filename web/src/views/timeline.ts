/** The timeline: a lane per session and per far process, beats as ticks, one cursor. A click goes to that moment. */
import { css, html, LitElement, nothing } from 'lit';
import { clock } from '../base/format.ts';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import { axis, type Axis, type Bar, type Lane, type Tick } from '../model/timeline.ts';

/** What the timeline shows. */
export interface TimelineState { lanes: Lane[]; now: number; step: number; known: number[] }

/** The part of the width that is used up to the last known instant; the rest is future. */
const USED = 0.82;
/** Labels closer than this to the one before are left out, as a share of the width. */
const LABEL_ROOM = 0.075;

/** `<vt-timeline>` */
export class Timeline extends LitElement {
  static override properties = { state: { attribute: false } };
  declare state: TimelineState;

  static override styles = [shared, css`
    .time { border-top: 1px solid var(--vt-line); padding-top: 6px; position: relative; height: 100%; overflow: hidden; }
    .lane { display: grid; grid-template-columns: 84px 1fr; height: 19px; line-height: 19px; font-size: 12px; color: var(--vt-soft); }
    .lane > div { position: relative; background: linear-gradient(var(--vt-line), var(--vt-line)) 0 50% / 100% 1px no-repeat; }
    .lane.ax > div { background: none; }
    .bar { position: absolute; top: 5px; height: 9px; min-width: 3px; background: var(--who); }
    .bar.open { background: none; border: 1.5px dashed var(--who); border-right: 0; }
    .label { position: absolute; background: var(--vt-bg); padding: 0 5px; white-space: nowrap; }
    .label.left { transform: translateX(-100%); }
    .ax .label { padding: 0; background: none; }
    .tick-mark { position: absolute; top: 4px; height: 11px; width: 0; border-left: 2px solid var(--vt-soft); padding: 0; border-width: 0 0 0 2px; border-radius: 0; min-height: 0; }
    .tick-mark.future { border-left-style: dotted; }
    .cursor { position: absolute; top: 6px; bottom: 0; border-left: 2px solid var(--vt-ink); pointer-events: none; }
    .track { position: absolute; left: 84px; right: 0; top: 0; bottom: 0; pointer-events: none; }
    .now { color: var(--vt-ink); }
    @container (max-width: 767px) { .label { display: none; } .label.now { display: block; margin-left: -13px; transform: translateX(-100%); } }
  `];

  override render() {
    if (!this.state) return nothing;
    const { lanes, now } = this.state;
    const instants = lanes.flatMap((l) => [...l.bars.flatMap((b) => [b.from, b.to]), ...l.ticks.map((k) => k.time)]);
    const scale = axis(instants, now);
    const place = (time: number) => `${(4 + scale.at(time) * (USED * 100 - 4)).toFixed(2)}%`;
    return html`<section class="time" aria-label=${t('timeline')}>
      ${lanes.map((l) => this.#lane(l, place))}
      <div class="lane ax m"><span></span><div>${this.#marks(scale, place)}</div></div>
      <div class="track"><div class="cursor" style="left:${place(now)}"></div></div>
    </section>`;
  }

  #lane(l: Lane, place: (time: number) => string) {
    return html`<div class="lane ${l.name === 'standby' ? 'at1440' : ''}" data-who=${l.letter ?? nothing}>${l.letter ? html`<b class="who">${l.name}</b>` : html`<span>${l.name}</span>`}
      <div>${l.bars.map((b, i) => this.#bar(b, l.bars[i + 1], place))}${l.ticks.map((k, i) => this.#tick(k, l.ticks[i + 1], place))}</div></div>`;
  }

  #bar(b: Bar, next: Bar | undefined, place: (time: number) => string) {
    const share = (s: string) => Number.parseFloat(s);
    const room = this.#end(b.to, next?.from, place) - share(place(b.to));
    return html`<span class="bar ${b.open ? 'open' : ''}" style="left:${place(b.from)};width:calc(${place(b.to)} - ${place(b.from)})" title=${b.label}></span>
      ${room > b.label.length * 0.75 + 1 ? html`<span class="label" style="left:calc(${place(b.to)} + 3px)">${b.label}</span>` : nothing}`;
  }

  /** Where a label must end that begins at an instant: at what comes next on its lane, and it may not cross the cursor. */
  #end(from: number, next: number | undefined, place: (time: number) => string): number {
    const { now } = this.state;
    return Math.min(next === undefined ? 100 : Number.parseFloat(place(next)), from < now ? Number.parseFloat(place(now)) : 100);
  }

  #tick(k: Tick, next: Tick | undefined, place: (time: number) => string) {
    const share = (s: string) => Number.parseFloat(s);
    const room = this.#end(k.time, next?.time, place) - share(place(k.time));
    return html`<button class="tick-mark ${k.step > this.state.step ? 'future' : ''}" style="left:${place(k.time)}" title="${k.label} · ${clock(k.time)}"
        aria-label="${k.label} ${clock(k.time)}" @click=${() => this.#seek(k.step)}></button>
      ${room > k.label.length * 0.75 + 0.8 ? html`<span class="label" style="left:calc(${place(k.time)} + 3px);padding:0 2px">${k.label}</span>` : nothing}`;
  }

  /** The instants under the axis, as many as have room; the cursor's own always. */
  #marks(scale: Axis, place: (time: number) => string) {
    const { now } = this.state;
    const here = scale.at(now);
    const flip = 4 + here * (USED * 100 - 4) > 88;
    let last = -1;
    let said = '';
    const shown = scale.marks.filter(({ time, at }) => {
      const hidden = flip ? at > here - 2 * LABEL_ROOM && at <= here : at > here - LABEL_ROOM && at < here + 2 * LABEL_ROOM;
      if (hidden || at - last < LABEL_ROOM || short(time) === said) return false;
      said = short(time);
      last = at;
      return true;
    });
    return html`${shown.map((m, i) => html`<span class="label" style="left:${place(m.time)}">${i === 0 ? clock(m.time).split(' ')[0] : short(m.time)}</span>`)}
      <span class="label now ${flip ? 'left' : ''}" style="left:calc(${place(now)} + ${flip ? -6 : 7}px)">${short(now, true)} ${t('now')}</span>`;
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
