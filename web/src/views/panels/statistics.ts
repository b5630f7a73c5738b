/** What the server has counted, as lines over virtual time; by uPlot, in ink, each line with its own dash. */
import { css, html } from 'lit';
import uPlot from 'uplot';
import { t, type MessageKey } from '../../base/messages.ts';
import { keep, sampleOf, type Sample } from '../../model/samples.ts';
import type { TableTwin } from '../../model/tables.ts';
import { systemView } from '../../model/wants.ts';
import { BigPanel, bigStyles, systemTwin } from './big-panel.ts';

/** A chart: its title, and its lines. */
interface Chart { title: MessageKey; lines: Exclude<keyof Sample, 'step' | 'time'>[]; steps: boolean }

const CHARTS: Chart[] = [
  { title: 'p.statistics.hits', lines: ['hit', 'read'], steps: false },
  { title: 'p.statistics.wal', lines: ['wal'], steps: false },
  { title: 'p.statistics.commits', lines: ['committed', 'rolledBack'], steps: true },
  { title: 'p.statistics.dirty', lines: ['dirty'], steps: true },
  { title: 'p.statistics.tuples', lines: ['inserted', 'updated', 'deleted'], steps: true },
  { title: 'p.statistics.lag', lines: ['lag'], steps: false },
];
const DASHES = [[], [5, 3], [2, 2]];
const HEIGHT = 118;

/** `<vt-p-statistics>` */
export class Statistics extends BigPanel {
  static override properties = { ...BigPanel.properties, room: { state: true } };
  declare room: number;
  protected readonly heading = 'p.statistics';
  protected readonly hint = 'p.statistics.hint';
  #samples: Sample[] = [];
  #plots: { plot: uPlot; place: Element; key: string }[] = [];
  #observer = new ResizeObserver(([entry]) => { this.room = Math.floor(entry!.contentRect.width); });

  constructor() {
    super();
    this.room = 0;
  }

  static override styles = [...BigPanel.styles, bigStyles, css`
    .charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px 18px; }
    figure { min-width: 0; }
    figcaption { font-size: 12px; font-weight: 600; display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: baseline; }
    figcaption .line { font-weight: 400; color: var(--vt-soft); display: inline-flex; gap: 5px; align-items: center; }
    figcaption svg { width: 22px; height: 4px; }
    .plot { height: ${HEIGHT}px; overflow: hidden; }
    .uplot, .u-wrap { position: relative; user-select: none; }
    .u-over, .u-under { position: absolute; }
    .u-over { cursor: crosshair; }
    .uplot canvas { display: block; position: relative; width: 100%; height: 100%; }
    .u-axis { position: absolute; }
    .u-off, .u-cursor-x.u-off { display: none; }
    .u-cursor-x, .u-cursor-y { position: absolute; left: 0; top: 0; pointer-events: none; }
    .u-cursor-x { height: 100%; border-right: 1px dashed var(--vt-edge); }
    .u-select, .u-legend, .u-cursor-y, .u-cursor-pt { display: none; }
    @container (max-width: 767px) { .charts { grid-template-columns: minmax(0, 1fr); } }
  `];

  protected override willUpdate(): void {
    const now = sampleOf(this.state.view, this.host.host);
    if (now) this.#samples = keep(this.#samples, now);
  }

  protected drawing() {
    const last = this.#samples.at(-1);
    const past = this.#past();
    return html`${past.length < 3 ? html`<p class="empty">${t('p.statistics.few')}</p>` : ''}
      <div class="charts">${CHARTS.map((chart, i) => html`<figure><figcaption>${t(chart.title)}${chart.lines.length > 1 ? chart.lines.map((name, n) => html`<span class="line"><svg viewBox="0 0 22 4" aria-hidden="true"><path d="M0 2 H22" stroke="currentColor" stroke-width="1.5" stroke-dasharray=${DASHES[n]!.join(' ')} /></svg>${t(`line.${name}` as MessageKey)} <span class="m">${last?.[name] ?? ''}</span></span>`) : html`<span class="line m">${last?.[chart.lines[0]!] ?? ''}</span>`}</figcaption>
        <div class="plot" data-chart=${i} role="img" aria-label="${t(chart.title)}: ${chart.lines.map((name) => `${t(`line.${name}` as MessageKey)} ${past.at(-1)?.[name] ?? 0}`).join(', ')}"></div></figure>`)}</div>`;
  }

  /** What lies behind the cursor. */
  #past(): Sample[] {
    return this.#samples.filter((s) => s.step <= this.state.view.step);
  }

  protected override updated(): void {
    const places = [...this.renderRoot.querySelectorAll<HTMLElement>('.plot')];
    if (places[0]) this.#observer.observe(places[0]);
    const ink = getComputedStyle(this).getPropertyValue('--vt-ink').trim();
    const past = this.#past();
    if (this.room > 40) places.forEach((place, i) => this.#draw(place, i, ink, past));
    if (places.length === 0) this.#forget();
  }

  #draw(place: HTMLElement, i: number, ink: string, past: Sample[]): void {
    const chart = CHARTS[i]!;
    const data = [past.map((s) => s.time), ...chart.lines.map((name) => past.map((s) => s[name]))] as uPlot.AlignedData;
    const key = `${this.room} ${ink}`;
    const old = this.#plots[i];
    if (old && old.place === place && old.key === key) return old.plot.setData(data);
    old?.plot.destroy();
    this.#plots[i] = { plot: new uPlot(options(chart, this.room, this, ink), data, place), place, key };
  }

  #forget(): void {
    for (const { plot } of this.#plots) plot.destroy();
    this.#plots = [];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    this.#forget();
  }

  protected twins(): TableTwin[] {
    return ['pg_stat_database', 'pg_stat_bgwriter', 'pg_stat_wal'].map((name) => systemTwin(name, systemView(this.state.view, name)));
  }
}

function options(chart: Chart, width: number, element: Element, ink: string): uPlot.Options {
  const style = getComputedStyle(element);
  const [soft, line] = ['soft', 'line'].map((name) => style.getPropertyValue(`--vt-${name}`).trim()) as [string, string];
  const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
  return {
    width, height: HEIGHT, legend: { show: false }, cursor: { y: false, points: { show: false }, drag: { x: false, y: false } }, scales: { x: { time: false } },
    axes: [{ ...axis, size: 22, values: (_, splits) => splits.map((s) => `${s.toFixed(2)} s`), space: 70 }, { ...axis, size: 52, space: 26, values: (_, splits) => splits.map(short) }],
    series: [{}, ...chart.lines.map((_, n): uPlot.Series => ({ stroke: ink, width: 1.5, dash: DASHES[n]!, points: { show: false }, ...(chart.steps && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}) }))],
  };
}

/** A number on an axis. */
function short(n: number): string {
  if (Math.abs(n) >= 1e6) return `${(n / 1e6).toFixed(2)} M`;
  if (Math.abs(n) >= 1e4) return `${Math.round(n / 1e3)} k`;
  return Number.isInteger(n) ? String(n) : n.toFixed(1);
}

customElements.define('vt-p-statistics', Statistics);
