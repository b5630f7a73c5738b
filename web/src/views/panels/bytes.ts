/**
 * The page inspector: any page of any file, byte by byte, beside what the bytes mean. Choosing a field lights its bytes up,
 * and choosing bytes the field; a row version that is chosen here is chosen everywhere.
 */
import { css, html, nothing } from 'lit';
import { hex, hexBytes } from '../../base/format.ts';
import { t, type MessageKey } from '../../base/messages.ts';
import type { ByteGroup } from '../../engine/generated/ByteGroup.ts';
import type { BytesView } from '../../engine/generated/BytesView.ts';
import { byteLines, type ByteLine, type Run } from '../../model/byte-runs.ts';
import type { TableTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import { answer, type Wants } from '../../model/wants.ts';
import { gridDrawing, gridStyles } from './byte-grid.ts';
import { BigPanel, bigStyles } from './big-panel.ts';

/** A choice: a group, and perhaps one of its fields. */
interface Chosen { group: number; field: number }

/** `<vt-p-bytes>` */
export class Bytes extends BigPanel {
  static override properties = { ...BigPanel.properties, chosen: { state: true }, over: { state: true }, cell: { state: true } };
  declare chosen: Chosen | null;
  /** What is under the pointer or has the focus. */
  declare over: Chosen | null;
  /** The value of a map that is chosen; -1 for none. */
  declare cell: number;
  protected readonly heading = 'p.bytes';
  protected readonly hint = 'p.bytes.hint';

  constructor() {
    super();
    this.chosen = null;
    this.over = null;
    this.cell = -1;
  }

  static override styles = [...BigPanel.styles, bigStyles, gridStyles, css`
    .two { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 18px; align-items: start; }
    .hex { font: 12px/17px var(--vt-mono, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace); }
    .hex .l { display: flex; white-space: pre; }
    .hex .o { color: var(--vt-soft); width: 42px; }
    .run { cursor: pointer; border-radius: 2px; padding: 0 0.3ch; margin-right: 0.4ch; }
    .run.none { color: var(--vt-soft); cursor: default; }
    .run.odd { background: var(--vt-sunk); }
    .run.in { box-shadow: 0 1.5px 0 var(--vt-ink); }
    .run.over { outline: 1.5px solid var(--vt-ink); }
    .run.chosen { background: var(--vt-ink); color: var(--vt-on-ink); }
    .zeros { color: var(--vt-soft); padding: 3px 0 3px 42px; border: dotted var(--vt-line); border-width: 1px 0; margin: 2px 0; }
    .groups { min-width: 0; position: sticky; top: 0; max-height: 62vh; overflow: auto; scrollbar-width: thin; }
    .g > button { width: 100%; display: flex; gap: 8px; justify-content: space-between; border-color: transparent; min-height: 24px; font-size: 12px; padding: 0 6px; text-align: left; }
    .g > button:hover, .g > button.over { border-color: var(--vt-edge); }
    .g > button.chosen { border-color: var(--vt-ink); }
    .f { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.2fr); gap: 8px; width: 100%; border: 0; border-radius: 2px; text-align: left; min-height: 20px; padding: 1px 6px 1px 16px; font-size: 12px; overflow-wrap: anywhere; align-items: start; }
    .f:hover, .f.over { background: var(--vt-sunk); }
    .f.chosen { background: var(--vt-ink); color: var(--vt-on-ink); }
    .where { margin-bottom: 8px; }
    .controls input[type=number] { width: 64px; }
    @container (max-width: 1279px) { .two { gap: 12px; } .hex { font-size: 11px; } }
    @container (max-width: 767px) {
      .two { grid-template-columns: minmax(0, 1fr); }
      .hex { font-size: 10px; overflow-x: auto; order: 2; }
      .hex .o { width: 34px; }
      .groups { position: static; max-height: 40vh; }
      .g > button, .f { min-height: 44px; align-items: center; }
    }
  `];

  protected override controls() {
    const { bytes } = this.state.wants;
    const now = answer(this.state.view, 'bytes');
    const clog = bytes.relation === 'pg_xact';
    const set = (change: Partial<Wants['bytes']>) => { this.chosen = null; this.cell = -1; this.want({ bytes: { ...bytes, ...change } }); };
    return html`<div class="controls">
      <label>${t('p.bytes.relation')} <select @change=${(e: Event) => set({ relation: (e.target as HTMLSelectElement).value, fork: 'main', block: 0 })}>${this.#relations().map((name) => html`<option ?selected=${name === bytes.relation}>${name}</option>`)}</select></label>
      ${clog ? nothing : html`<label>${t('p.bytes.fork')} <select @change=${(e: Event) => set({ fork: (e.target as HTMLSelectElement).value as 'main', block: 0 })}>${['main', 'fsm', 'vm'].map((f) => html`<option ?selected=${f === bytes.fork}>${f}</option>`)}</select></label>`}
      <label>${t('p.bytes.block')} <input type="number" min="0" max=${Math.max(0, (now?.blocks ?? 1) - 1)} .value=${String(bytes.block)} @change=${(e: Event) => set({ block: Math.max(0, Number((e.target as HTMLInputElement).value) || 0) })}></label>
      <span class="tiny">${t('p.bytes.of', { n: now?.blocks ?? 0 })}</span>
      <span role="group" aria-label=${t('p.bytes.bytes')}><button aria-pressed=${!bytes.disk} @click=${() => set({ disk: false })}>${t('p.bytes.memory')}</button> <button aria-pressed=${bytes.disk} @click=${() => set({ disk: true })}>${t('p.bytes.disk')}</button></span></div>`;
  }

  /** What can be chosen: the page on display, what is in shared buffers, and pg_xact. */
  #relations(): string[] {
    const names = [this.state.wants.bytes.relation, ...this.state.view.hosts.flatMap((h) => [h.page?.relname ?? '', ...h.buffers.files.map((f) => f.relname)]), 'pg_xact'];
    const own = (name: string) => (name.startsWith('pg_') ? 1 : 0);
    return [...new Set(names)].filter((n) => n !== '').sort((a, b) => own(a) - own(b) || a.localeCompare(b));
  }

  protected drawing() {
    const page = answer(this.state.view, 'bytes');
    const { bytes } = this.state.wants;
    if (!page) return html`<p class="empty">${t('p.bytes.none', { fork: bytes.fork, block: bytes.block })}</p>`;
    const fromVersion = this.#ofSelection(page);
    const chosen = this.chosen ?? fromVersion;
    return html`<p class="where tiny"><b class="w">${t(`p.bytes.${page.kind}` as MessageKey)}</b> · ${page.memory ? (page.bufferid === null ? t('p.bytes.memory') : t('p.bytes.where', { buffer: page.bufferid })) : t('p.bytes.disk')}
        · <span class="m">${t('p.bytes.file', { path: page.path, offset: page.block * 8192 })}</span> · ${page.differ ? t('p.bytes.differ', { n: page.differ }) : t('p.bytes.same')}</p>
      ${page.grid ? gridDrawing(page, page.grid, this.cell, (cell) => { this.cell = cell; }) : nothing}
      <div class="two"><div class="hex" role="group" aria-label=${t('p.bytes.bytes')} @pointerleave=${() => { this.over = null; }}>${byteLines(page).map((l) => this.#line(page, l, chosen))}</div>
        <div class="groups" role="group" aria-label=${t('p.bytes.fields')} tabindex="0">${page.groups.map((g, i) => this.#group(page, g, i, chosen))}</div></div>`;
  }

  /** The row version that is selected elsewhere, if it lies on this page. */
  #ofSelection(page: BytesView): Chosen | null {
    const { kind, args } = thing.parts(this.state.selection ?? ('' as thing.Thing));
    if (kind !== 'version' || args[1] !== page.relation || Number(args[2]) !== page.block || page.fork !== 'main') return null;
    const group = page.groups.findIndex((g) => g.kind === 'tuple' && g.lp === Number(args[3]));
    return group < 0 ? null : { group, field: -1 };
  }

  // --- bytes ----------------------------------------------------------------------------------------------------

  #line(page: BytesView, line: ByteLine, chosen: Chosen | null) {
    if (line.kind === 'zeros') return html`<div class="zeros">${t('p.bytes.zeros', { n: line.len })}</div>`;
    return html`<div class="l"><span class="o">${hex(line.at, 4)}</span>${line.runs.map((r) => this.#run(page, r, chosen))}</div>`;
  }

  #run(page: BytesView, r: Run, chosen: Chosen | null) {
    const known = r.group >= 0;
    const cell = known ? -1 : cellOf(page, r.at);
    const inCell = cell >= 0 && this.cell >= 0 && cellByte(page, this.cell) === r.at;
    const classes = [known || cell >= 0 ? '' : 'none', r.group % 2 ? 'odd' : '', state(r, chosen, 'chosen'), inCell ? 'chosen' : '', known && chosen?.group === r.group ? 'in' : '', state(r, this.over, 'over')];
    const at = { group: r.group, field: r.field };
    const field = known ? page.groups[r.group]!.fields[r.field] : undefined;
    const choose = known ? () => this.#choose(page, at) : cell >= 0 ? () => { this.cell = inCell ? -1 : cell; } : nothing;
    return html`<span class="run ${classes.join(' ')}" title=${field ? `${field.name} ${field.value}` : ''} @click=${choose} @pointerenter=${() => { this.over = known ? at : null; }}>${hexBytes(page.bytes.subarray(r.at, r.at + r.len))}</span>`;
  }

  // --- fields ---------------------------------------------------------------------------------------------------

  #group(page: BytesView, g: ByteGroup, i: number, chosen: Chosen | null) {
    const open = chosen?.group === i;
    const whole = { group: i, field: -1 };
    const classes = [open ? 'chosen' : '', this.over?.group === i ? 'over' : ''];
    return html`<div class="g"><button class=${classes.join(' ')} aria-expanded=${open} @click=${() => this.#choose(page, open && this.chosen ? null : whole)} @focus=${() => { this.over = whole; }} @pointerenter=${() => { this.over = whole; }}>
        <span>${t(`p.bytes.${g.kind}` as MessageKey, { lp: g.lp })}</span><span class="m s">${brief(g)} @${g.offset}+${g.len}</span></button>
      ${open ? g.fields.map((f, j) => {
        const at = { group: i, field: j };
        return html`<button class="f m ${same(chosen, at) ? 'chosen' : ''} ${same(this.over, at) ? 'over' : ''}" aria-pressed=${same(chosen, at)} @click=${() => this.#choose(page, at)} @focus=${() => { this.over = at; }} @pointerenter=${() => { this.over = at; }}><span>${f.name}</span><span>${f.value}</span></button>`;
      }) : nothing}</div>`;
  }

  /** Chooses here; a row version also everywhere else. */
  #choose(page: BytesView, chosen: Chosen | null): void {
    this.chosen = chosen;
    const group = chosen && page.groups[chosen.group];
    if (!group || page.kind !== 'heap' || (group.kind !== 'tuple' && group.kind !== 'lp')) return;
    const id = thing.version(this.host.host, page.relation, page.block, group.lp);
    if (this.state.selection !== id) this.send('vt-select', id);
  }

  protected twins(): TableTwin[] {
    const page = answer(this.state.view, 'bytes');
    if (!page) return [];
    const fields = page.groups.flatMap((g) => g.fields.map((f) => [t(`p.bytes.${g.kind}` as MessageKey, { lp: g.lp }), f.name, f.value, String(f.offset), String(f.len), hexBytes(page.bytes.subarray(f.offset, f.offset + f.len))]));
    const grid = page.grid ? [{ name: t(`p.bytes.grid.${page.kind}` as MessageKey), columns: ['n', 'value'], rows: [...page.grid.values].slice(0, 512).map((v, i) => [String(page.grid!.first + i), String(v)]) }] : [];
    return [{ name: `${page.relation} ${page.fork} ${page.block}`, columns: ['part', 'field', 'value', 'offset', 'length', 'bytes'], rows: fields }, ...grid];
  }
}

function same(a: Chosen | null, b: Chosen): boolean {
  return a !== null && a.group === b.group && a.field === b.field;
}

/** Whether a run is what is chosen: the field itself, or a whole group. */
function state(r: Run, chosen: Chosen | null, word: string): string {
  if (!chosen || r.group < 0 || r.group !== chosen.group) return '';
  return chosen.field === -1 ? (word === 'over' ? 'over' : '') : chosen.field === r.field ? word : '';
}

/** What tells a group from its neighbours: the flags of a line pointer, the first column of a row. */
function brief(g: ByteGroup): string {
  if (g.kind === 'lp') return g.fields[1]?.value ?? '';
  if (g.kind === 'item') return g.fields.at(-1)?.name === 'key' ? g.fields.at(-1)!.value.slice(0, 18) : '';
  if (g.kind === 'tuple') return g.fields.slice(7).filter((f) => f.name !== 't_bits').map((f) => f.value).join(' ').slice(0, 18);
  return '';
}

/** The first value of a map that lies in a byte; -1 if none does. */
function cellOf(page: BytesView, at: number): number {
  if (!page.grid) return -1;
  const cell = ((at - page.grid.offset) * 8) / page.grid.bits;
  return cell >= 0 && cell < page.grid.values.length ? cell : -1;
}

/** The byte in which a value of a map lies. */
function cellByte(page: BytesView, cell: number): number {
  return page.grid!.offset + Math.floor((cell * page.grid!.bits) / 8);
}

customElements.define('vt-p-bytes', Bytes);
