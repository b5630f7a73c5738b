/**
 * The checkpoint: where recovery would begin, how much it would have to read, and how far a checkpoint under way has come
 * in writing what was dirty when it began.
 */
import { css, html, nothing } from 'lit';
import { lsn, size } from '../../base/format.ts';
import { t } from '../../base/messages.ts';
import type { CheckpointView } from '../../engine/generated/CheckpointView.ts';
import type { TableTwin } from '../../model/tables.ts';
import { answer, systemView } from '../../model/wants.ts';
import '../pool-canvas.ts';
import { BigPanel, bigStyles, systemTwin } from './big-panel.ts';

/** `<vt-p-checkpoint>` */
export class Checkpoint extends BigPanel {
  protected readonly heading = 'p.checkpoint';
  protected readonly hint = 'p.checkpoint.hint';

  static override styles = [...BigPanel.styles, bigStyles, css`
    .now { font-size: 15px; line-height: 22px; margin-bottom: 10px; display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; }
    .now button { min-height: 28px; }
    .axis { position: relative; height: 66px; margin: 6px 70px 8px 6px; }
    .log { position: absolute; left: 0; right: 0; top: 4px; height: 18px; border: 1.5px solid var(--vt-edge); border-radius: 2px; background: var(--vt-panel); }
    .log i { position: absolute; top: 0; bottom: 0; left: 0; background: repeating-linear-gradient(135deg, transparent 0 6px, var(--vt-hatch) 6px 7px); }
    .mark { position: absolute; top: 22px; width: 0; border-left: 1.5px solid var(--vt-ink); height: 10px; }
    .mark > span { position: absolute; top: 8px; left: -4px; white-space: nowrap; font-size: 12px; line-height: 15px; }
    .mark.end > span { left: auto; right: -64px; text-align: right; }
    .meter { display: grid; grid-template-columns: 250px minmax(0, 1fr) max-content; gap: 6px 12px; align-items: center; font-size: 12px; margin-bottom: 14px; }
    .meter .track { height: 12px; border: 1px solid var(--vt-edge); border-radius: 2px; overflow: hidden; }
    .meter .track i { display: block; height: 100%; background: var(--vt-ink); transition: width var(--vt-move, 0s) ease-out; }
    @container (max-width: 767px) { .meter { grid-template-columns: minmax(0, 1fr) max-content; } .meter .track { grid-column: 1 / -1; grid-row: auto; order: 3; } .now button { min-height: 44px; } }
  `];

  protected drawing() {
    const c = answer(this.state.view, 'checkpoint');
    const { host } = this;
    if (!c) return html`<p class="empty">${t('panel.off', { host: host.name })}</p>`;
    const idle = this.state.view.sessions.find((s) => s.host === host.host && s.state === 'idle');
    return html`<div class="now"><span role="status">${c.running ? t('p.checkpoint.running', { left: c.to_write }) : t('p.checkpoint.idle', { dirty: c.dirty })}</span>
        ${idle && !this.state.readonly && !c.running ? html`<button class="m" @click=${() => this.send('vt-submit', { letter: idle.letter, text: 'CHECKPOINT;' })}>${idle.letter}: ${t('p.checkpoint.go')}</button>` : nothing}</div>
      ${this.#axis(c)}
      <div class="meter">
        ${meter(t('p.checkpoint.written'), c.dirty, c.buffers, `${c.dirty} / ${c.buffers}`)}
        ${meter(t('p.checkpoint.towrite'), c.to_write, c.buffers, `${c.to_write} / ${c.buffers}`)}
        ${meter(t('p.checkpoint.size', { log: size(c.log), max: size(c.max_wal_size) }), c.log, c.max_wal_size, `${Math.round((c.log / c.max_wal_size) * 100)} %`)}
      </div>
      <vt-pool-canvas .lit=${this.state.lit} .pool=${host.buffers} .host=${host.host} .hand=${host.next_victim} .selected=${-1} .room=${120}></vt-pool-canvas>
      <p class="tiny">${t('p.checkpoint.due', { timeout: c.checkpoint_timeout, target: c.completion_target / 10 })}</p>
      <h3>${t('p.checkpoint.counts')} <span class="s">· pg_stat_bgwriter</span></h3>
      <dl class="facts m">${Object.entries(systemView(this.state.view, 'pg_stat_bgwriter')[0] ?? {}).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
  }

  /** The log from the redo point to its end: this much recovery would read. */
  #axis(c: CheckpointView) {
    const { insert } = this.host.wal;
    const from = Math.min(c.control_redo, c.redo);
    const at = (position: number) => `${insert > from ? ((position - from) / (insert - from)) * 100 : 0}%`;
    const mark = (position: number, name: string, end = false) => html`<span class="mark ${end ? 'end' : ''}" style="left:${at(position)}"><span>${name}<br><span class="m s">${lsn(position)}</span></span></span>`;
    const apart = (a: number, b: number) => insert > from && Math.abs(a - b) / (insert - from) > 0.22;
    return html`<p>${t('p.checkpoint.log', { bytes: size(insert - c.control_redo), redo: lsn(c.control_redo) })}</p>
      <div class="axis"><div class="log"><i style="width:${at(c.running ? c.redo : insert)}"></i></div>
        ${mark(c.control_redo, t('p.checkpoint.redo'))}
        ${c.running && c.redo !== c.control_redo && apart(c.redo, c.control_redo) && apart(c.redo, insert) ? mark(c.redo, t('p.checkpoint.next')) : nothing}
        ${!c.running && apart(c.control_record, c.control_redo) && apart(c.control_record, insert) ? mark(c.control_record, t('p.checkpoint.record')) : nothing}
        ${insert > from ? mark(insert, t('p.checkpoint.insert'), true) : nothing}</div>`;
  }

  protected twins(): TableTwin[] {
    const c = answer(this.state.view, 'checkpoint');
    return [
      { name: t('p.checkpoint'), columns: ['running', 'redo', 'to write', 'dirty', 'buffers', 'log since redo'],
        rows: c ? [[c.running ? 't' : 'f', lsn(c.redo), c.to_write, c.dirty, c.buffers, c.log].map(String)] : [] },
      systemTwin('pg_stat_bgwriter', systemView(this.state.view, 'pg_stat_bgwriter')),
      systemTwin('pg_control_checkpoint', systemView(this.state.view, 'pg_control_checkpoint')),
    ];
  }
}

function meter(name: string, value: number, of: number, words: string) {
  return html`<span>${name}</span><span class="track" role="meter" aria-label=${name} aria-valuenow=${value} aria-valuemin="0" aria-valuemax=${of}><i style="width:${of ? Math.min(100, (value / of) * 100) : 0}%"></i></span><span class="m">${words}</span>`;
}

customElements.define('vt-p-checkpoint', Checkpoint);
