/** Draws a laid-out tape and its pointers; used by the WAL panel and, on the same scale, by the standby's. */
import { css, html, nothing } from 'lit';
import { lsn } from '../base/format.ts';
import { t } from '../base/messages.ts';
import type { Measure, Pointers, TapeRecord, TapeScale } from '../model/tape.ts';
import { marks, type LabState } from '../model/state.ts';
import * as thing from '../model/thing.ts';
import type { RecordView } from './types.ts';

/** How far a record has got: only in memory, with the operating system, or on the disk. */
export type Depth = 'memory' | 'written' | 'flushed';

/** How far a record has got on a server with these positions. */
export function depth(record: RecordView, at: { write: number; flush: number }): Depth {
  if (record.end_lsn <= at.flush) return 'flushed';
  return record.end_lsn <= at.write ? 'written' : 'memory';
}

/** The tape of one server: those of the laid-out records that it has. */
export function tapeRecords(state: LabState, records: readonly TapeRecord[], at: { write: number; flush: number }, thin: boolean) {
  return records.map((r) => one(state, r, depth(r.record, at), thin));
}

function one(state: LabState, r: TapeRecord, how: Depth, thin: boolean) {
  const { record } = r;
  const id = thing.record(record.start_lsn);
  const words = `${lsn(record.start_lsn)} ${record.rmgr} ${record.record_type}, ${t('wal.bytes', { n: record.record_length })}, ${t(`wal.${how}`)}`;
  const place = `left:${r.x}px;width:${Math.max(3, r.width)}px`;
  return html`<div class="rec ${how} ${r.torn ? 'torn' : ''} ${marks(state, id)}" style=${place} data-thing=${id}
      data-who=${record.letter ?? nothing} tabindex="-1" role="option" aria-selected=${state.selection === id}
      aria-label=${words} title=${words}><span class="text">${inside(r, thin)}</span></div>
    ${r.flag ? html`<span class="flag" style="left:${r.x + r.width + 2}px" data-who=${record.letter ?? nothing} aria-hidden="true"><b class="who">${
      record.letter ?? ''}</b> ${record.record_type}</span>` : nothing}`;
}

function inside(r: TapeRecord, thin: boolean) {
  const { record } = r;
  const length = record.fpi_length > 0 && r.width > 140
    ? t('wal.image', { n: record.record_length, image: record.fpi_length }) : t('wal.bytes', { n: record.record_length });
  if (r.fits === 'letter') return html`<b class="who">${record.letter}</b>`;
  if (r.fits === 'length') return length;
  if (r.fits === 'nothing') return nothing;
  const xid = record.xid && r.width > (record.record_type.length + 11) * 7 ? `, xid ${record.xid}` : '';
  const name = html`${record.letter ? html`<b class="who">${record.letter}</b> ` : nothing}${record.record_type}${xid}`;
  return thin ? name : html`${name}<br>${length}`;
}

/** The arrows below a tape with their labels. */
export function pointers({ labels, wording }: Pointers) {
  return labels.map((l) => {
    const title = `${l.text} ${lsn(l.position)}${l.hollow ? `: ${t('heard')}` : ''}`;
    const position = l.mixed ? nothing : html`<span class="m s">${lsn(l.position)}</span>`;
    return html`<span class="p ${l.side} row${l.row} ${l.row === 0 && wording !== 'lines' ? 'short' : ''} ${l.hollow ? 'hollow' : ''} ${l.before ? 'before' : ''}" style="left:${l.x}px" title=${title}
      ><span class="label">${l.text}${wording === 'lines' ? html`<br>${position}` : wording === 'line' ? html` ${position}` : nothing}</span></span>`;
  });
}

/** Widths of labels, from the widths of characters: measuring text would make the picture depend on when it is drawn. */
export const measure: Measure = (label, wording) => {
  const position = lsn(label.position).length * 7.3;
  const text = label.text.length * 7.1;
  return 14 + (wording === 'line' ? text + 8 + position : wording === 'name' ? text : Math.max(text, position));
};

/** The scale for a tape with so much room: a phone shows the newest 470 bytes. */
export function scaleFor(room: number): TapeScale {
  const perByte = room < 480 ? 0.72 : room < 730 ? 1.03 : 1.05;
  return { width: room, perByte, character: 6.63 };
}

export const tapeStyles = css`
  .wal { background: var(--vt-panel); border: 1px solid var(--vt-line); border-radius: 4px; padding: 8px 14px; position: relative; overflow: clip; }
  .row { display: flex; justify-content: space-between; white-space: nowrap; gap: 12px; margin-bottom: 6px; }
  .tape { position: relative; height: 34px; border-bottom: 1px solid var(--vt-edge); }
  .rec {
    position: absolute; top: 0; bottom: 3px; border-radius: 2px; background: var(--vt-sunk); border: 1px solid var(--who, var(--vt-edge));
    padding: 1px 4px; color: var(--vt-soft); overflow: hidden; white-space: nowrap; cursor: pointer;
    font: 11px/14px var(--vt-mono, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace);
  }
  .rec[data-who] { border-width: 1.5px; color: var(--vt-ink); background: var(--vt-panel); }
  .rec.memory, .rec.written { border-style: dashed; }
  .rec.memory { background: repeating-linear-gradient(135deg, transparent 0 6px, var(--vt-hatch) 6px 7px); }
  .rec.memory .text { display: inline-block; background: var(--vt-panel); padding: 0 4px 0 2px; margin: 0 -2px; }
  .rec.torn { clip-path: polygon(0 0, 100% 0, calc(100% - 6px) 17%, 100% 34%, calc(100% - 6px) 50%, 100% 67%, calc(100% - 6px) 84%, 100% 100%, 0 100%); border-right: 0; }
  .rec.sel { outline: 2px solid var(--vt-ink); outline-offset: 0; z-index: 1; }
  .rec.tick::before { left: 0; top: 0; bottom: 0; width: 2px; }
  .flag { position: absolute; top: 8px; font: 11px/14px var(--vt-mono, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace); white-space: nowrap; }
  .flag::before { content: ''; display: inline-block; width: 6px; border-top: 1px solid var(--vt-edge); vertical-align: 4px; margin-right: 3px; }

  .ptr { position: relative; height: 32px; font-size: 12px; line-height: 15px; margin-bottom: -4px; }
  .p { position: absolute; top: 0; width: 0; height: 100%; transition: left var(--vt-move, 0s) ease-out; }
  .p::before { content: ''; position: absolute; left: -4px; top: 0; border: 4px solid transparent; border-top: 0; border-bottom: 8px solid var(--vt-ink); }
  .p::after { content: ''; position: absolute; left: -0.75px; top: 7px; height: 24px; border-left: 1.5px solid var(--vt-ink); }
  .p.row0.short::after { height: 9px; }
  .label { position: absolute; top: 3px; white-space: nowrap; }
  .p.right .label { left: 9px; }
  .p.left .label { right: 9px; text-align: right; }
  .p.row1 .label { top: 17px; }
  .p.before::before { border: 4px solid transparent; border-left: 0; border-right: 8px solid var(--vt-ink); left: -2px; top: 6px; }
  .p.before::after { display: none; }
  .p.hollow::before { border-bottom-color: var(--vt-soft); }
  .p.hollow::after { border-left: 1.5px dotted var(--vt-soft); }
  .p.hollow .label { color: var(--vt-soft); }
  @container (max-width: 1279px) { .wal { padding: 6px 10px; } }
  @container (max-width: 767px) { .wal { padding: 8px 12px; } }
`;
