/**
 * Dead rows: the horizon and who holds it back; table by table how many versions live, have ended but may still be seen,
 * and are dead to everybody; and VACUUM at work, phase by phase.
 */
import { css, html, nothing } from 'lit';
import { t } from '../../base/messages.ts';
import type { DeadTable } from '../../engine/generated/DeadTable.ts';
import type { DeadView } from '../../engine/generated/DeadView.ts';
import type { HolderView } from '../../engine/generated/HolderView.ts';
import type { VacuumView } from '../../engine/generated/VacuumView.ts';
import { marks } from '../../model/state.ts';
import type { TableTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import { answer } from '../../model/wants.ts';
import { BigPanel, bigStyles, chip } from './big-panel.ts';

/** `pg_stat_progress_vacuum.phase`, in order. */
const PHASES = ['initializing', 'scanning heap', 'vacuuming indexes', 'vacuuming heap', 'cleaning up indexes', 'truncating heap', 'performing final cleanup'];
/** Transactions that the line of ids shows. */
const LINE = 24;

/** The parts of a table's bar, in the order in which they are drawn. */
const PARTS = [['live', 'p.dead.live'], ['recently_dead', 'p.dead.recent'], ['dead', 'p.dead.dead'], ['lp_dead', 'p.dead.lp'], ['unused', 'p.dead.unused']] as const;

/** `<vt-p-dead>` */
export class Dead extends BigPanel {
  protected readonly heading = 'p.dead';
  protected readonly hint = 'p.dead.hint';

  static override styles = [...BigPanel.styles, bigStyles, css`
    .line { display: flex; gap: 2px; margin: 8px 0; }
    .xid { flex: 1; border: 1px solid var(--vt-edge); border-radius: 2px; height: 26px; min-height: 0; padding: 0; font-size: 10px; color: var(--vt-soft); overflow: hidden; background: var(--vt-sunk); }
    .xid.after { background: none; }
    .xid.run { border-style: dashed; border-color: var(--who, var(--vt-ink)); color: var(--vt-ink); }
    .xid.horizon { border-left: 4px solid var(--vt-ink); }
    .xid.sel, .xid.lit { box-shadow: 0 0 0 1.5px var(--vt-ink); }
    .held { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; padding: 6px 10px; border-left: 3px solid var(--vt-ink); background: var(--vt-panel); margin-bottom: 4px; }
    .held button { min-height: 22px; padding: 0 4px; border-color: transparent; }
    .held button.sel, .held button.lit { border-color: var(--vt-ink); }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 12px; color: var(--vt-soft); margin-bottom: 8px; }
    .legend span { display: inline-flex; gap: 6px; align-items: center; }
    .part { display: inline-block; height: 18px; border: 1.5px solid var(--vt-edge); border-radius: 1px; font-size: 11px; line-height: 15px; text-align: center; overflow: hidden; min-width: 3px; color: var(--vt-ink); }
    .legend .part { width: 22px; height: 12px; }
    .part.live { background: var(--vt-sunk); }
    .part.recently_dead { border-style: dashed; border-color: var(--vt-ink); background: repeating-linear-gradient(135deg, transparent 0 5px, var(--vt-hatch) 5px 6px); }
    .part.dead { border-style: dotted; border-color: var(--vt-ink); }
    .part.lp_dead { border-style: dotted; border-width: 1px; color: var(--vt-soft); height: 12px; line-height: 10px; vertical-align: 3px; }
    .part.unused { border: 0; border-bottom: 1px dotted var(--vt-edge); color: var(--vt-soft); }
    .table { padding: 8px 0; border-bottom: 1px solid var(--vt-line); }
    .bar { display: flex; gap: 2px; margin: 3px 0; }
    .vacuum { border: 1px solid var(--vt-edge); border-radius: 4px; padding: 8px 12px; background: var(--vt-panel); }
    .phases { display: flex; flex-wrap: wrap; gap: 4px; margin: 8px 0; counter-reset: n; }
    .phases li { border: 1px solid var(--vt-line); border-radius: 3px; padding: 1px 8px; font-size: 12px; color: var(--vt-soft); }
    .phases li.done { border-color: var(--vt-edge); }
    .phases li.now { background: var(--vt-ink); color: var(--vt-on-ink); border-color: var(--vt-ink); }
    progress { width: 100%; height: 8px; accent-color: var(--vt-ink); display: block; }
    @container (max-width: 767px) { .xid { font-size: 0; } .held button { min-height: 44px; } }
  `];

  protected drawing() {
    const dead = answer(this.state.view, 'dead');
    if (!dead) return html`<p class="empty">${t('panel.off', { host: this.host.name })}</p>`;
    return html`${this.#horizon(dead)}
      <h3>${t('p.dead.tables')}</h3>
      <div class="legend">${PARTS.map(([name, key]) => html`<span><i class="part ${name}"></i>${t(key)}</span>`)}</div>
      ${dead.tables.length ? dead.tables.map((table) => this.#table(table)) : html`<p class="empty">${t('p.dead.none')}</p>`}
      <h3>${t('p.dead.vacuum')}</h3>
      ${dead.vacuums.length ? dead.vacuums.map((v) => this.#vacuum(v)) : html`<p class="empty">${t('p.dead.vacuum.none')}</p>`}`;
  }

  // --- the horizon ----------------------------------------------------------------------------------------------

  #horizon(dead: DeadView) {
    const to = dead.next_xid;
    const from = Math.max(3, Math.min(dead.horizon - 4, to - 11), to - LINE);
    const xids = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    return html`<p>${t('p.dead.horizon', { horizon: dead.horizon, next: dead.next_xid })}</p>
      <div class="line m" role="group" aria-label="xid">${xids.map((xid) => {
        const entry = this.host.xact.entries.find((e) => e.xid === xid);
        const id = thing.xact(xid);
        const classes = [xid >= dead.horizon ? 'after' : '', entry?.running ? 'run' : '', xid === dead.horizon ? 'horizon' : '', marks(this.state, id)];
        return html`<button class="xid ${classes.join(' ')}" data-thing=${id} data-who=${entry?.letter ?? nothing} tabindex=${xid === dead.horizon ? 0 : -1} aria-label="xid ${xid}">${xid === to ? '…' : String(xid).slice(-3)}</button>`;
      })}</div>
      ${dead.held_by.length ? dead.held_by.map((h) => this.#holder(h, dead)) : html`<p class="tiny">${t('p.dead.free')}</p>`}`;
  }

  #holder(h: HolderView, dead: DeadView) {
    const id = thing.process(this.host.host, h.pid);
    const why = h.xid === dead.horizon ? t('p.dead.held.xid', { xid: h.xid }) : t('p.dead.held.xmin', { xmin: h.xmin });
    const [before, after] = t('p.dead.held', { n: dead.next_xid - dead.horizon, why }).split('{who}');
    return html`<div class="held">${before}<button class=${marks(this.state, id)} data-thing=${id} aria-label="pid ${h.pid}">${chip(h.letter, `pid ${h.pid}`)}</button><span>${after}</span></div>`;
  }

  // --- tables ---------------------------------------------------------------------------------------------------

  #table(table: DeadTable) {
    const total = PARTS.reduce((n, [name]) => n + table[name], 0) || 1;
    const partly = table.looked < table.blocks ? ` · ${t('p.dead.partly', { n: table.looked })}` : '';
    return html`<div class="table"><b class="m">${table.relname}</b> <span class="tiny">${t('p.dead.pages', { n: table.blocks, visible: table.all_visible, frozen: table.all_frozen })}${partly} · ${t('p.dead.age', { age: table.age })}</span>
      <div class="bar" role="img" aria-label=${PARTS.map(([name, key]) => `${t(key)} ${table[name]}`).join(', ')}>${PARTS.filter(([name]) => table[name] > 0).map(([name]) =>
        html`<i class="part m ${name}" style="flex:${Math.max(table[name], total / 40)}">${table[name]}</i>`)}</div>
      <span class="tiny">${t('p.dead.stats', { live: table.n_live_tup, dead: table.n_dead_tup, threshold: table.threshold })}</span></div>`;
  }

  #vacuum(v: VacuumView) {
    const now = PHASES.indexOf(v.phase);
    return html`<div class="vacuum"><b>${t('p.dead.vacuum.of', { who: v.letter ?? `pid ${v.pid}`, relation: v.relname })}</b>
      <ol class="phases">${PHASES.map((name, i) => html`<li class=${i < now ? 'done' : i === now ? 'now' : ''} aria-current=${i === now ? 'step' : nothing}>${name}</li>`)}</ol>
      <progress max=${Math.max(1, v.heap_blks_total)} value=${v.heap_blks_scanned} aria-label=${t('p.dead.scanned', { n: v.heap_blks_scanned, total: v.heap_blks_total })}></progress>
      <span class="tiny">${t('p.dead.scanned', { n: v.heap_blks_scanned, total: v.heap_blks_total })} · ${t('p.dead.collected', { n: v.num_dead_tuples, max: v.max_dead_tuples })} · ${t('p.dead.rounds', { n: v.index_vacuum_count })}</span></div>`;
  }

  protected twins(): TableTwin[] {
    const dead = answer(this.state.view, 'dead');
    return [
      { name: t('p.dead.tables'), columns: ['relname', 'pages', 'live', 'ended', 'dead', 'LP_DEAD', 'LP_UNUSED', 'all_visible', 'all_frozen', 'n_live_tup', 'n_dead_tup', 'age(relfrozenxid)'],
        rows: (dead?.tables ?? []).map((d) => [d.relname, d.blocks, d.live, d.recently_dead, d.dead, d.lp_dead, d.unused, d.all_visible, d.all_frozen, d.n_live_tup, d.n_dead_tup, d.age].map(String)) },
      { name: 'pg_stat_progress_vacuum', columns: ['pid', 'relname', 'phase', 'heap_blks_total', 'heap_blks_scanned', 'heap_blks_vacuumed', 'index_vacuum_count', 'max_dead_tuples', 'num_dead_tuples'],
        rows: (dead?.vacuums ?? []).map((v) => [v.pid, v.relname, v.phase, v.heap_blks_total, v.heap_blks_scanned, v.heap_blks_vacuumed, v.index_vacuum_count, v.max_dead_tuples, v.num_dead_tuples].map(String)) },
      { name: 'horizon', columns: ['horizon', 'next_xid', 'held by'], rows: dead ? [[String(dead.horizon), String(dead.next_xid), dead.held_by.map((h) => h.letter ?? h.pid).join(', ')]] : [] },
    ];
  }
}

customElements.define('vt-p-dead', Dead);
