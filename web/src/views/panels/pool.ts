/**
 * All shared buffers, however many: usage counts, dirty pages, pins and the clock hand; what they hold, relation by
 * relation; and the small rings that big scans and VACUUM go round in.
 */
import { css, html, nothing } from 'lit';
import { t } from '../../base/messages.ts';
import { buffersOf, shares, type Share } from '../../model/pool.ts';
import type { TableTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import '../pool-canvas.ts';
import { gridFor } from '../pool-canvas.ts';
import { BigPanel, bigStyles, chip } from './big-panel.ts';

/** How high the picture may be. */
const ROOM = 300;
/** Relations that are listed. */
const LISTED = 14;

/** `<vt-p-pool>` */
export class Pool extends BigPanel {
  static override properties = { ...BigPanel.properties, chosen: { state: true } };
  /** The file whose buffers stand out; 0 for none. */
  declare chosen: number;
  protected readonly heading = 'p.pool';
  protected readonly hint = 'p.pool.about';

  constructor() {
    super();
    this.chosen = 0;
  }

  static override styles = [...BigPanel.styles, bigStyles, css`
    .sum { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 14px; padding-bottom: 6px; }
    .legend { display: inline-flex; gap: 3px; align-items: center; }
    .legend i { width: 12px; height: 12px; display: inline-block; }
    table { width: 100%; }
    td { padding-top: 0; padding-bottom: 0; }
    tr.mine td { background: var(--vt-panel); }
    button.rel { min-height: 24px; border-color: transparent; padding: 0 4px; font-size: 12px; }
    button.rel:hover { border-color: var(--vt-edge); }
    .usage { display: inline-flex; gap: 1px; align-items: flex-end; height: 16px; }
    .usage i { width: 9px; background: var(--vt-edge); min-height: 1px; }
    .share { display: inline-block; height: 8px; background: var(--vt-edge); border-radius: 1px; vertical-align: 0; margin-left: 8px; max-width: 45%; }
    .ring { display: flex; flex-wrap: wrap; gap: 3px; align-items: center; margin: 4px 0; }
    .ring button { min-width: 30px; min-height: 22px; padding: 0 3px; font-size: 11px; }
    .ring button.now { background: var(--vt-ink); color: var(--vt-on-ink); }
  `];

  protected drawing() {
    const { host } = this;
    const { count } = host.buffers;
    if (count === 0) return html`<p class="empty">${t('panel.off', { host: host.name })}</p>`;
    const all = shares(host.buffers);
    const sum = (of: (s: Share) => number) => all.reduce((n, s) => n + of(s), 0);
    const { kind, args } = thing.parts(this.state.selection ?? ('' as thing.Thing));
    const selected = kind === 'buffer' && Number(args[0]) === host.host ? Number(args[1]) - 1 : -1;
    const roomy = gridFor(count, 700, ROOM).size >= 6;
    return html`<div class="sum"><span class="tiny">${t(roomy ? 'p.pool.hint' : 'p.pool.hint.small')}</span>
        <span class="tiny m">${t('p.pool.sum', { used: sum((s) => s.buffers), count, dirty: sum((s) => s.dirty), pinned: sum((s) => s.pinned) })}</span></div>
      <vt-pool-canvas .lit=${this.state.lit} .pool=${host.buffers} .host=${host.host} .hand=${host.next_victim} .mine=${this.chosen} .selected=${selected} .room=${ROOM}></vt-pool-canvas>
      ${this.#rings()}
      <h3>${t('p.pool.by')} <span class="s">· ${t('p.pool.by.hint')}</span></h3>
      <table><thead><tr><th scope="col">${t('p.pool.relation')}</th><th scope="col" class="n">${t('p.pool.buffers')}</th><td></td><th scope="col" class="n">${t('p.pool.dirty')}</th><th scope="col">${t('p.pool.usage')}</th></tr></thead>
        <tbody class="m">${all.slice(0, LISTED).map((s) => this.#share(s, all[0]!.buffers))}</tbody></table>`;
  }

  #share(s: Share, most: number) {
    const mine = this.chosen === s.relfilenode;
    const top = Math.max(...s.usage);
    return html`<tr class=${mine ? 'mine' : ''}><td><button class="rel m" aria-pressed=${mine} @click=${() => { this.chosen = mine ? 0 : s.relfilenode; }}>${s.relname}</button></td>
      <td class="n">${s.buffers}</td><td style="width:30%"><i class="share" style="width:${(s.buffers / most) * 100}%"></i></td><td class="n">${s.dirty || ''}</td>
      <td><span class="usage" role="img" aria-label=${s.usage.join(', ')}>${s.usage.map((n) => html`<i style="height:${(n / top) * 15}px"></i>`)}</span></td></tr>`;
  }

  #rings() {
    const { host } = this;
    if (host.rings.length === 0) return nothing;
    return html`<h3>${t('p.pool.rings')} <span class="s">· ${t('p.pool.rings.hint')}</span></h3>
      ${host.rings.map((r) => html`<div class="ring">${chip(r.letter, r.pid)} <span class="tiny">${r.ring}</span>
        ${r.buffers.map((b, i) => (b === 0 ? html`<button class="m" disabled>·</button>`
          : html`<button class="m ${i === r.current ? 'now' : ''}" data-thing=${thing.buffer(host.host, b)} aria-label=${t('inspect.buffer', { n: b })}>${b}</button>`))}</div>`)}`;
  }

  protected twins(): TableTwin[] {
    const cells = buffersOf(this.host).filter((b) => b.relfilenode !== null);
    return [
      { name: t('p.pool.by'), columns: ['relation', 'buffers', 'dirty', 'pinned', 'usagecount 0', '1', '2', '3', '4', '5'],
        rows: shares(this.host.buffers).map((s) => [s.relname, s.buffers, s.dirty, s.pinned, ...s.usage].map(String)) },
      { name: `pg_buffercache${cells.length > 512 ? ' LIMIT 512' : ''}`, columns: ['bufferid', 'relation', 'relforknumber', 'relblocknumber', 'isdirty', 'usagecount', 'pinning_backends'],
        rows: cells.slice(0, 512).map((b) => [b.bufferid, b.relname ?? b.relfilenode, b.relforknumber, b.relblocknumber, b.isdirty ? 't' : 'f', b.usagecount, b.pinning_backends].map(String)) },
    ];
  }
}

customElements.define('vt-p-pool', Pool);
