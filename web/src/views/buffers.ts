/**
 * Shared buffers: one cell per buffer, 32 to a row. The digit is the usage count that the clock sweep counts down, a
 * filled corner says dirty, a dot below says pinned, and the triangle is the sweep's hand. Two lines open the shown
 * page's cell into the page below it.
 */
import { css, html, nothing } from 'lit';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import { buffersOf, type BufferView } from '../model/pool.ts';
import { hero, marks } from '../model/state.ts';
import * as thing from '../model/thing.ts';
import { Panel } from './panel.ts';
import { bufferLabel } from './pool-canvas.ts';
import type { HostView } from './types.ts';

const PER_ROW = 32;
/** Beyond so many buffers the digits go away, and all are one picture, */
const DIGITS_UP_TO = 128;
/** at most so high, in pixels. */
const MANY_ROOM = 44;

/** `<vt-buffers>` */
export class Buffers extends Panel {
  static override styles = [shared, css`
    .row { display: flex; justify-content: space-between; align-items: baseline; margin-bottom: 4px; gap: 12px; white-space: nowrap; }
    .cells { display: grid; grid-template-columns: repeat(32, minmax(0, 1fr)); gap: 2px; }
    .cell {
      position: relative; height: 24px; background: var(--vt-sunk); border: 1px solid transparent; border-radius: 2px;
      font: 11px/22px var(--vt-mono, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace);
      text-align: center; color: var(--vt-soft); cursor: pointer;
    }
    .cell.empty { background: none; border-color: var(--vt-line); }
    .cell.none { background: none; border: 1px dotted var(--vt-line); cursor: default; }
    .cell.mine { color: var(--vt-ink); background: var(--vt-panel); border: 1px solid var(--vt-edge); }
    .cell.open { border: 2px solid var(--vt-ink); line-height: 20px; }
    .cell.sel { background: var(--vt-ink); color: var(--vt-on-ink); }
    .cell.dirty::after {
      content: ''; position: absolute; right: 0; top: 0; border: 5px solid;
      border-color: var(--vt-ink) var(--vt-ink) transparent transparent;
    }
    .cell.sel.dirty::after { border-color: var(--vt-on-ink) var(--vt-on-ink) transparent transparent; }
    .cell.tick::before { left: -2px; top: 2px; bottom: 2px; width: 2px; }
    .hand, .pin { position: absolute; left: 50%; pointer-events: none; }
    .hand { bottom: -8px; margin-left: -4px; border: 4px solid transparent; border-bottom-color: var(--vt-soft); }
    .pin { bottom: -12px; font-size: 9px; line-height: 10px; transform: translateX(-50%); color: var(--vt-ink); }
    .pin::before { content: '•'; font-size: 14px; vertical-align: -2px; }
    .lens { display: block; width: 100%; height: 14px; }
    @container (max-width: 1279px) { .cell { height: 22px; line-height: 20px; } .cell.open { line-height: 18px; } }
    @container (max-width: 767px) {
      .cells { gap: 1px; }
      .cell { height: 14px; font-size: 0; }
      .cell.open { border-width: 1.5px; }
      .cell.dirty::after { border-width: 3px; }
      .hand, .pin { display: none; }
    }
  `];

  override render() {
    const host = hero(this.state);
    const shown = host.page?.bufferid ?? null;
    const { count } = host.buffers;
    const at = shown === null ? t('buffers.none') : t('buffers.at', { n: shown, total: count });
    return html`
      <div class="row">
        <h2 id="title">${this.leadsTo('pool', t('buffers'))} <span class="s not390">· ${t('buffers.hint')}</span></h2>
        <span class="tiny m">${at}</span>
      </div>
      ${count > DIGITS_UP_TO ? this.#many(host) : html`<div class="cells" data-grid tabindex="0" role="listbox" aria-labelledby="title">
        ${count ? buffersOf(host).map((b, i) => this.#cell(host, b, i)) : this.#nowhere()}
      </div>`}
      ${this.#lens(host, shown)}`;
  }

  /** More than have room for a digit: one picture of all. */
  #many(host: HostView) {
    const { kind, args } = thing.parts(this.state.selection ?? ('' as thing.Thing));
    const selected = kind === 'buffer' && Number(args[0]) === host.host ? Number(args[1]) - 1 : (host.page?.bufferid ?? 0) - 1;
    return html`<vt-pool-canvas .lit=${this.state.lit} .pool=${host.buffers} .host=${host.host} .hand=${host.next_victim} .selected=${selected} .room=${MANY_ROOM}></vt-pool-canvas>`;
  }

  #cell(host: HostView, b: BufferView, i: number) {
    const id = thing.buffer(host.host, b.bufferid);
    const mine = b.relname !== null && b.relname === host.page?.relname;
    const classes = [marks(this.state, id), b.isdirty ? 'dirty' : '', b.relfilenode === null ? 'empty' : '',
      mine ? 'mine' : '', host.page?.bufferid === b.bufferid ? 'open' : ''];
    return html`<div class="cell ${classes.join(' ')}" data-thing=${id} tabindex="-1" role="option"
      aria-selected=${this.state.selection === id} aria-label=${bufferLabel(b)} title=${bufferLabel(b)}
      >${b.relfilenode === null ? nothing : b.usagecount}${i === host.next_victim ? html`<span class="hand"></span>` : nothing
      }${b.pinning_backends > 0 ? html`<span class="pin">${b.pinning_backends > 1 ? b.pinning_backends : nothing}</span>` : nothing}</div>`;
  }

  /** Where buffers will be once the server runs; without it there is no memory. */
  #nowhere() {
    const { shared_buffers } = this.state.view.scale;
    return shared_buffers > DIGITS_UP_TO ? nothing : Array.from({ length: shared_buffers }, () => html`<div class="cell none"></div>`);
  }

  /** The two lines from the cell to the corners of the page. */
  #lens(host: HostView, shown: number | null) {
    if (shown === null || host.buffers.count > DIGITS_UP_TO) return html`<svg class="lens" aria-hidden="true"></svg>`;
    const column = (shown - 1) % PER_ROW;
    const left = (column / PER_ROW) * 1000;
    const right = ((column + 1) / PER_ROW) * 1000 - 2;
    return html`<svg class="lens" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true">
      <path d="M${left} 0 L0 14 M${right} 0 L1000 14" fill="none" stroke="var(--vt-ink)" stroke-width="1" vector-effect="non-scaling-stroke" />
    </svg>`;
  }
}

customElements.define('vt-buffers', Buffers);
