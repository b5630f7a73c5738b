/**
 * Many buffers as one picture: a cell for each, as big as fits. Grey is the usage count (the darker against the ground,
 * the longer the clock hand has to pass), ink says dirty, a dot says pinned, the triangle is the hand.
 *
 * Only cells that differ from the last picture are painted again, so that 16,384 of them may change thirty times a
 * second. The whole is one control: arrows walk from buffer to buffer, Enter selects.
 */
import { css, html, LitElement } from 'lit';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import { AT, bufferAt, CELL, CHECKPOINT, DIRTY, type BufferView } from '../model/pool.ts';
import * as thing from '../model/thing.ts';
import type { PoolView } from './types.ts';

/** A cell with its gap, in pixels. */
const BIGGEST = 22;
/** From this size on a cell has room for corner and dot. */
const ROOMY = 6;
/** And from this size on for the usage count as a digit. */
const DIGITS = 16;

interface Grid { size: number; columns: number; rows: number }

/** How big cells can be so that all fit. */
export function gridFor(count: number, width: number, height: number): Grid {
  for (let size = BIGGEST; size > 1; size--) {
    const columns = Math.max(1, Math.floor(width / size));
    const rows = Math.ceil(count / columns);
    if (rows * size <= height) return { size, columns, rows };
  }
  const columns = Math.max(1, Math.floor(width));
  return { size: 1, columns, rows: Math.ceil(count / columns) };
}

/** `<vt-pool-canvas>` */
export class PoolCanvas extends LitElement {
  static override properties = {
    pool: { attribute: false }, host: { type: Number }, hand: { type: Number }, mine: { type: Number }, selected: { type: Number },
    lit: { attribute: false }, room: { type: Number }, width: { state: true }, at: { state: true },
  };
  declare pool: PoolView;
  declare host: number;
  /** Where the clock hand points, from 0. */
  declare hand: number;
  /** The file whose pages stand out; 0 for none. */
  declare mine: number;
  /** The selected buffer, from 0; -1 for none. */
  declare selected: number;
  /** Things that light up. */
  declare lit: ReadonlySet<thing.Thing>;
  /** How high it may be. */
  declare room: number;
  declare width: number;
  /** The buffer that the keys have reached. */
  declare at: number;
  #painted: { words: Uint32Array; key: string } | null = null;
  #colours: { key: string; list: string[] } | null = null;
  #observer = new ResizeObserver(([entry]) => { this.width = Math.floor(entry!.contentRect.width); });

  static override styles = [shared, css`
    :host { display: block; position: relative; }
    .field { position: relative; width: 100%; }
    .field:focus-visible { outline-offset: 3px; }
    canvas { display: block; cursor: pointer; }
    .hand, .ring { position: absolute; pointer-events: none; }
    .hand { border: 4px solid transparent; border-bottom: 6px solid var(--vt-ink); margin-left: -4px; }
    .ring { outline: 2px solid var(--vt-ink); border: 1px solid var(--vt-bg); }
  `];

  constructor() {
    super();
    Object.assign(this, { host: 0, hand: 0, mine: 0, selected: -1, lit: new Set(), room: 400, width: 0, at: 0 });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    this.#painted = null;
  }

  get #grid(): Grid {
    return gridFor(this.pool.count, this.width, this.room);
  }

  override render() {
    if (!this.width || !this.pool?.count) return html`<div class="field"></div>`;
    const grid = this.#grid;
    const now = bufferAt(this.pool, this.at);
    return html`<div class="field" tabindex="0" role="slider" aria-label=${t('buffers')} aria-valuemin="1" aria-valuemax=${this.pool.count} aria-valuenow=${this.at + 1}
        aria-valuetext=${now ? bufferLabel(now) : ''} style="height:${grid.rows * grid.size + 6}px" @keydown=${this.#key} @focus=${() => this.#hover(this.at)} @blur=${() => this.#hover(-1)}>
      <canvas width=${grid.columns * grid.size} height=${grid.rows * grid.size} aria-hidden="true"
        @pointermove=${(e: PointerEvent) => this.#hover(this.#under(e))} @pointerleave=${() => this.#hover(-1)} @click=${(e: PointerEvent) => this.#select(this.#under(e))}></canvas>
      ${this.#mark('hand', this.hand, grid)}${this.selected >= 0 ? this.#mark('ring', this.selected, grid) : ''}${this.#glow(grid)}
    </div>`;
  }

  /** What lights up elsewhere and lies in these buffers. */
  #glow(grid: Grid) {
    const here = [...this.lit].map(thing.parts).filter(({ kind, args }) => kind === 'buffer' && Number(args[0]) === this.host);
    return here.map(({ args }) => Number(args[1]) - 1).filter((i) => i < this.pool.count && i !== this.selected).map((i) => this.#mark('ring', i, grid));
  }

  #mark(kind: 'hand' | 'ring', index: number, { size, columns }: Grid) {
    const [x, y] = [(index % columns) * size, Math.floor(index / columns) * size];
    if (kind === 'hand') return html`<i class="hand" style="left:${x + size / 2}px;top:${y + size - 3}px"></i>`;
    const side = Math.max(5, size - 1);
    return html`<i class="ring" style="left:${x + (size - side) / 2}px;top:${y + (size - side) / 2}px;width:${side}px;height:${side}px"></i>`;
  }

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    if (canvas) this.#paint(canvas, this.#grid);
  }

  /** The colours; asking for them has the whole page's style worked out, so only when the theme is another. */
  #palette(): string[] {
    const key = themeOf(this);
    if (this.#colours?.key !== key) this.#colours = { key, list: palette(this) };
    return this.#colours.list;
  }

  // --- painting -------------------------------------------------------------------------------------------------

  #paint(canvas: HTMLCanvasElement, grid: Grid): void {
    const words = new Uint32Array(this.pool.cells.buffer, this.pool.cells.byteOffset, this.pool.count * 4);
    const colours = this.#palette();
    const key = `${canvas.width} ${canvas.height} ${this.mine} ${this.pool.count} ${colours.join()}`;
    const context = canvas.getContext('2d')!;
    const old = this.#painted?.key === key ? this.#painted.words : null;
    if (!old) context.clearRect(0, 0, canvas.width, canvas.height);
    const cells = this.pool.cells;
    for (let i = 0, w = 0; i < this.pool.count; i++, w += 4) {
      if (old && old[w] === words[w] && old[w + 2] === words[w + 2] && old[w + 3] === words[w + 3]) continue;
      this.#cell(context, grid, colours, i, cells[i * CELL + AT.usage]!, cells[i * CELL + AT.flags]!, words[w + 2]! > 0, words[w]!);
    }
    // Each picture has cells of its own, which nobody writes into: they need no copy.
    this.#painted = { words, key };
  }

  #cell(context: CanvasRenderingContext2D, { size, columns }: Grid, colours: string[], i: number, usage: number, flags: number, pinned: boolean, file: number): void {
    const gap = size >= 4 ? 1 : 0;
    const [x, y, side] = [(i % columns) * size, Math.floor(i / columns) * size, size - gap];
    context.clearRect(x, y, size, size);
    const ink = colours[7]!;
    const dirty = (flags & DIRTY) !== 0;
    const dimmed = this.mine !== 0 && file !== this.mine;
    // A digit needs a quiet ground; without one the ground itself says the count.
    context.fillStyle = file === 0 ? colours[6]! : dimmed || size >= DIGITS ? colours[0]! : colours[Math.min(5, usage)]!;
    if (dirty && size < ROOMY) context.fillStyle = ink;
    context.fillRect(x, y, side, side);
    if (size < ROOMY) return;
    context.fillStyle = ink;
    const corner = Math.max(3, Math.floor(side / 2));
    if (dirty) triangle(context, x + side - corner, y, x + side, y, x + side, y + corner);
    if (flags & CHECKPOINT) triangle(context, x, y + side - corner, x, y + side, x + corner, y + side);
    if (pinned) dot(context, x + side / 2, y + side - 3, size >= DIGITS ? 2.5 : 1.5);
    if (size >= DIGITS && file !== 0) digit(context, usage, x + side / 2, y + side / 2, dimmed ? colours[8]! : ink);
    if (this.mine !== 0 && !dimmed) { context.strokeStyle = ink; context.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1); }
  }

  // --- pointing -------------------------------------------------------------------------------------------------

  #under(e: PointerEvent): number {
    const { size, columns } = this.#grid;
    const index = Math.floor(e.offsetY / size) * columns + Math.min(columns - 1, Math.floor(e.offsetX / size));
    return index >= 0 && index < this.pool.count ? index : -1;
  }

  #hover(index: number): void {
    if (index >= 0) this.title = bufferLabel(bufferAt(this.pool, index)!);
    this.#send('vt-hover', index < 0 ? null : thing.buffer(this.host, index + 1));
  }

  #select(index: number): void {
    if (index < 0) return;
    this.at = index;
    this.#send('vt-select', thing.buffer(this.host, index + 1));
  }

  #send(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #key = (e: KeyboardEvent): void => {
    const { columns } = this.#grid;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -this.at, End: this.pool.count - 1 - this.at }[e.key];
    if (e.key === 'Enter') this.#select(this.at);
    else if (by === undefined || e.ctrlKey || e.altKey || e.metaKey) return;
    else {
      this.at = Math.min(this.pool.count - 1, Math.max(0, this.at + by));
      this.#hover(this.at);
    }
    e.preventDefault();
    e.stopPropagation();
  };
}

/** A buffer in words. */
export function bufferLabel(b: BufferView): string {
  const what = b.relfilenode === null ? t('buffer.empty')
    : t('buffer.block', { relation: `${b.relname ?? b.relfilenode}${['', '_fsm', '_vm'][b.relforknumber ?? 0] ?? ''}`, block: b.relblocknumber ?? 0 });
  return t('buffer.label', {
    n: b.bufferid, what, usage: b.usagecount, dirty: b.isdirty ? t('buffer.dirty') : '',
    pins: b.pinning_backends ? t('buffer.pins', { n: b.pinning_backends }) : '',
  });
}

function triangle(context: CanvasRenderingContext2D, ...[ax, ay, bx, by, cx, cy]: [number, number, number, number, number, number]): void {
  context.beginPath();
  context.moveTo(ax, ay);
  context.lineTo(bx, by);
  context.lineTo(cx, cy);
  context.fill();
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function digit(context: CanvasRenderingContext2D, n: number, x: number, y: number, colour: string): void {
  context.font = '11px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = colour;
  context.fillText(String(n), x, y);
}

/** Which theme the lab around an element has now. */
function themeOf(element: Element): string {
  let at: Element | null = element;
  while (at && !at.hasAttribute('theme')) at = at.parentElement ?? (at.getRootNode() as ShadowRoot).host ?? null;
  return `${at?.getAttribute('theme') ?? 'auto'} ${matchMedia('(prefers-color-scheme: dark)').matches}`;
}

/** The colours of usage counts 0 to 5, of an empty buffer, ink, and soft ink; as the theme has them now. */
export function palette(element: Element): string[] {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--vt-${name}`).trim();
  const [ground, edge] = [rgb(colour('sunk')), rgb(colour('edge'))];
  const shade = (n: number) => `rgb(${ground.map((c, i) => Math.round(c + ((edge[i]! - c) * n) / 5)).join(' ')})`;
  return [...[0, 1, 2, 3, 4, 5].map(shade), colour('panel'), colour('ink'), colour('soft')];
}

function rgb(hex: string): number[] {
  const n = Number.parseInt(hex.slice(1), 16);
  return [n >> 16 & 255, n >> 8 & 255, n & 255];
}

customElements.define('vt-pool-canvas', PoolCanvas);
