/**
 * The log: the tape to scale with its pointers, the name of its segment, the newest records one by one, and of the chosen
 * record what it is made of and which blocks it changes.
 */
import { css, html, nothing } from 'lit';
import { bytes, lsn } from '../../base/format.ts';
import { t } from '../../base/messages.ts';
import { layPointers, layTape, type Pointer } from '../../model/tape.ts';
import { marks } from '../../model/state.ts';
import type { TableTwin } from '../../model/tables.ts';
import { wal as walTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import { measure, pointers, scaleFor, tapeRecords, tapeStyles } from '../tape-drawing.ts';
import type { RecordView } from '../types.ts';
import { BigPanel, bigStyles, chip } from './big-panel.ts';

/** `<vt-p-tape>` */
export class Tape extends BigPanel {
  static override properties = { ...BigPanel.properties, room: { state: true } };
  declare room: number;
  protected readonly heading = 'p.tape';
  protected readonly hint = 'p.tape.hint';
  #observer = new ResizeObserver(([entry]) => { this.room = Math.floor(entry!.contentRect.width); });

  constructor() {
    super();
    this.room = 0;
  }

  static override styles = [...BigPanel.styles, tapeStyles, bigStyles, css`
    .wal { margin-bottom: 12px; }
    .name { display: inline-flex; font-size: 13px; }
    .name span { border-bottom: 2px solid var(--vt-edge); padding: 0 3px; margin-right: 3px; }
    .name + .tiny { margin-left: 8px; }
    .split { display: grid; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); gap: 18px; align-items: start; }
    ol button { display: grid; grid-template-columns: 22px 84px minmax(0, 1fr) 52px; gap: 6px; width: 100%; min-height: 24px; padding: 0 6px; border-color: transparent; border-radius: 2px; font-size: 12px; text-align: left; align-items: center; }
    ol button:hover { border-color: var(--vt-edge); }
    ol button.sel { background: var(--vt-ink); color: var(--vt-on-ink); outline: 0; }
    ol button.sel .s { color: inherit; }
    ol button.lit { border-color: var(--vt-ink); }
    ol button.tick::before { left: 0; top: 2px; bottom: 2px; }
    ol .len { text-align: right; }
    ol .type { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    ol .key { min-width: 16px; height: 16px; line-height: 16px; font-size: 11px; }
    li.ptr2 { border-top: 1.5px solid var(--vt-ink); margin: 2px 0; font-size: 11px; line-height: 14px; text-align: right; color: var(--vt-soft); }
    .parts { display: flex; gap: 2px; margin: 6px 0 10px; }
    .parts span { border: 1px solid var(--vt-edge); border-radius: 2px; font-size: 11px; line-height: 18px; padding: 0 3px; overflow: hidden; white-space: nowrap; min-width: 6px; }
    .parts .fpi { background: repeating-linear-gradient(135deg, transparent 0 6px, var(--vt-hatch) 6px 7px); }
    .parts .data { background: var(--vt-sunk); }
    .block { display: flex; gap: 8px; align-items: center; font-size: 12px; margin: 3px 0; }
    .block button { min-height: 22px; font-size: 12px; padding: 0 6px; }
    .desc { overflow-wrap: anywhere; margin-bottom: 8px; }
    .one { position: sticky; top: 0; }
    @container (max-width: 767px) { .split { grid-template-columns: minmax(0, 1fr); } .one { position: static; order: -1; } ol button, .block button { min-height: 44px; } }
  `];

  protected drawing() {
    const { host } = this;
    const { wal } = host;
    const tape = layTape(wal.records, scaleFor(this.room));
    const known = host.state !== 'off' && wal.insert > 0;
    const laid = this.room && known ? layPointers(this.#pointers(), tape, this.room, measure, ['lines', 'line', 'name']) : null;
    const size = this.state.view.scale.wal_segment_size;
    return html`<p><span class="tiny">${t('p.tape.segments', { file: '' })}</span> <span class="name m" aria-label=${wal.file}>${[0, 8, 16].map((i) => html`<span>${wal.file.slice(i, i + 8)}</span>`)}</span><span class="tiny">${t('p.tape.segment.hint', { bytes: bytes(size) })}</span></p>
      <div class="wal"><div class="tape" data-grid tabindex="0" role="listbox" aria-label=${t('p.tape')}>${this.room ? tapeRecords(this.state, tape.records, wal, false) : ''}</div>
        <div class="ptr">${laid ? pointers(laid) : ''}</div></div>
      <div class="split"><div><h3>${t('p.tape.records')}</h3><ol class="m">${this.#list()}</ol></div><div class="one">${this.#record()}</div></div>`;
  }

  #pointers(): Pointer[] {
    const { wal } = this.host;
    return [
      { name: 'redo', position: wal.redo }, ...(wal.replay === null ? [] : [{ name: 'replay', position: wal.replay }]),
      { name: 'write', position: wal.write }, { name: 'flush', position: wal.flush }, { name: 'insert', position: wal.insert },
    ];
  }

  /** The newest record first; between two records the pointers that stand there. */
  #list() {
    const all = this.#pointers();
    return [...this.host.wal.records].reverse().map((r) => {
      const here = all.filter((p) => p.position > r.start_lsn && p.position <= r.end_lsn).map((p) => p.name);
      const id = thing.record(r.start_lsn);
      return html`${here.length ? html`<li class="ptr2">${here.join(' = ')}</li>` : nothing}
        <li><button class=${marks(this.state, id)} data-thing=${id} aria-pressed=${this.state.selection === id}>${r.letter ? chip(r.letter) : html`<span></span>`}<span>${lsn(r.start_lsn)}</span><span class="type">${r.rmgr} ${r.record_type}</span><span class="s len">${r.record_length}</span></button></li>`;
    });
  }

  // --- one record -----------------------------------------------------------------------------------------------

  #record() {
    const { kind, args } = thing.parts(this.state.selection ?? ('' as thing.Thing));
    const found = kind === 'record' ? this.host.wal.records.find((r) => r.start_lsn === Number(args[0])) : this.host.wal.records.at(-1);
    if (!found) return html`<p class="empty">${t('p.tape.choose')}</p>`;
    return html`<h3>${lsn(found.start_lsn)} <span class="s">${found.rmgr} ${found.record_type}</span></h3>
      <p class="tiny m desc">${found.description}</p>
      <p class="tiny">${t('p.tape.parts')}</p>${this.#parts(found)}
      <dl class="facts m"><dt>xid</dt><dd>${found.xid || '—'}</dd><dt>prev_lsn</dt><dd>${lsn(found.prev_lsn)}</dd><dt>end_lsn</dt><dd>${lsn(found.end_lsn)}</dd><dt>record_length</dt><dd>${found.record_length}</dd></dl>
      <h3>${t('p.tape.blocks')}</h3>${found.blocks.length ? found.blocks.map((b, i) => {
        const relation = b.relname;
        return html`<div class="block"><span class="m s">#${i}</span>${relation === null ? html`<span class="m">${b.relfilenode} ${b.fork} ${b.block}</span>`
          : html`<button class="m" @click=${() => { this.want({ bytes: { relation, fork: b.fork as 'main', block: b.block, disk: false } }); this.go({ act: 'panel', value: 'bytes' }); }}>${relation} ${b.fork === 'main' ? '' : b.fork} ${b.block}</button>`}
          ${b.fpi ? html`<span class="tiny">${t('p.tape.image')}</span>` : nothing}</div>`;
      }) : html`<p class="tiny">${t('p.tape.noblocks')}</p>`}`;
  }

  /** The bytes of a record: the header, page images, what it says of blocks, and its main data. */
  #parts(r: RecordView) {
    const header = 24;
    const blocks = Math.max(0, r.record_length - header - r.fpi_length - r.main_data_length);
    const all: [string, number, string][] = [[t('p.tape.part.header'), header, ''], [t('p.tape.part.fpi'), r.fpi_length, 'fpi'], [t('p.tape.part.blocks'), blocks, 'data'], [t('p.tape.part.main'), r.main_data_length, 'data']];
    return html`<div class="parts m" role="img" aria-label=${all.map(([name, n]) => `${name} ${n}`).join(', ')}>${all.filter(([, n]) => n > 0).map(([name, n, look]) => html`<span class=${look} style="flex:${n} 1 ${name.length * 6.6 + 30}px" title="${name} ${n}">${name} ${n}</span>`)}</div>`;
  }

  protected override updated(): void {
    const tape = this.renderRoot.querySelector('.tape');
    if (tape) this.#observer.observe(tape);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  protected twins(): TableTwin[] {
    const { wal } = this.host;
    return [walTwin(this.host),
      { name: t('p.tape.pointers'), columns: ['pointer', 'lsn'], rows: this.#pointers().map((p) => [p.name, lsn(p.position)]) },
      { name: t('p.tape.blocks'), columns: ['start_lsn', 'block', 'relation', 'fork', 'blkno', 'fpi'],
        rows: wal.records.flatMap((r) => r.blocks.map((b, i) => [lsn(r.start_lsn), String(i), b.relname ?? String(b.relfilenode), b.fork, String(b.block), b.fpi ? 't' : 'f'])) }];
  }
}

customElements.define('vt-p-tape', Tape);
