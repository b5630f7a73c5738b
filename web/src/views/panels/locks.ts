/**
 * Locks: who waits for whom, up to the deadlock; every lock with its holders and its queue; and the rows whose headers
 * say that somebody has locked them, which is where PostgreSQL keeps row locks: not in the lock table.
 */
import { css, html, nothing, svg } from 'lit';
import { span } from '../../base/format.ts';
import { t } from '../../base/messages.ts';
import type { LockView } from '../../engine/generated/LockView.ts';
import type { LocksView } from '../../engine/generated/LocksView.ts';
import type { QueueView } from '../../engine/generated/QueueView.ts';
import type { RowLockView } from '../../engine/generated/RowLockView.ts';
import { marks } from '../../model/state.ts';
import type { TableTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import { waitGraph, type Edge, type WaitGraph } from '../../model/waits.ts';
import { answer, systemView } from '../../model/wants.ts';
import { BigPanel, bigStyles, chip, systemTwin } from './big-panel.ts';

/** The picture of the graph, in pixels. */
const SIZE = { width: 320, height: 220, radius: 74, node: 17 };

/** `<vt-p-locks>` */
export class Locks extends BigPanel {
  protected readonly heading = 'p.locks';
  protected readonly hint = 'p.locks.hint';

  static override styles = [...BigPanel.styles, bigStyles, css`
    .top { display: grid; grid-template-columns: ${SIZE.width}px minmax(0, 1fr); gap: 16px; align-items: start; }
    .graph { background: var(--vt-panel); border: 1px solid var(--vt-line); border-radius: 4px; min-height: 120px; }
    .graph svg { display: block; width: 100%; }
    .graph .edge { fill: none; stroke: var(--vt-edge); stroke-width: 1.5; }
    .graph .edge.deadlock { stroke: var(--vt-error); stroke-width: 2.5; }
    .graph text { font: 600 13px var(--vt-font, system-ui, sans-serif); text-anchor: middle; dominant-baseline: central; }
    .graph text.what { font: 11px var(--vt-mono, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace); fill: var(--vt-ink); paint-order: stroke; stroke: var(--vt-panel); stroke-width: 5px; }
    .graph .node { cursor: pointer; }
    .graph .node.sel rect { stroke: var(--vt-ink); stroke-width: 2.5; }
    .graph .node.lit rect { stroke: var(--vt-ink); stroke-width: 1.5; }
    .graph p { padding: 12px 14px; }
    .dead { color: var(--vt-error); }
    .queue { display: grid; grid-template-columns: 190px minmax(0, 1fr) 20px minmax(0, 1.2fr); gap: 4px 8px; align-items: start; padding: 6px 8px; border: 1px solid var(--vt-line); border-radius: 4px; margin-bottom: 6px; background: var(--vt-panel); }
    .queue.calm { border-color: transparent; background: none; padding: 2px 8px; margin: 0; }
    .queue .arrow { color: var(--vt-soft); text-align: center; }
    .who { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; align-self: start; }
    button.t { min-height: 22px; padding: 0 5px; border-color: transparent; font-size: 12px; display: inline-flex; gap: 5px; align-items: center; text-align: left; }
    button.t:hover { border-color: var(--vt-edge); }
    button.t.sel { border-color: var(--vt-ink); outline: 1px solid var(--vt-ink); }
    .bar { display: inline-block; width: 44px; height: 6px; border: 1px solid var(--vt-edge); border-radius: 2px; overflow: hidden; vertical-align: middle; }
    .bar i { display: block; height: 100%; background: var(--vt-ink); }
    .row { display: grid; grid-template-columns: 190px minmax(0, 1fr); gap: 4px 8px; padding: 4px 8px; border-left: 3px solid var(--vt-edge); margin-bottom: 6px; }
    .locker { display: inline-flex; gap: 5px; align-items: center; border: 1.5px solid var(--vt-edge); border-radius: 3px; padding: 0 6px; line-height: 20px; font-size: 12px; color: inherit; background: none; min-height: 22px; }
    .locker.running { border-style: dashed; border-color: var(--who, var(--vt-edge)); }
    .locker.over { color: var(--vt-soft); text-decoration: line-through; }
    @container (max-width: 1279px) { .top { grid-template-columns: 280px minmax(0, 1fr); } .queue, .row { grid-template-columns: 150px minmax(0, 1fr) 20px minmax(0, 1.2fr); } .row { grid-template-columns: 150px minmax(0, 1fr); } }
    @container (max-width: 767px) {
      .top { grid-template-columns: minmax(0, 1fr); }
      .queue, .row { grid-template-columns: minmax(0, 1fr); }
      .queue .arrow { justify-self: start; margin-left: 10px; transform: rotate(90deg); }
      button.t, .locker { min-height: 44px; }
    }
  `];

  protected drawing() {
    const locks = answer(this.state.view, 'locks');
    if (!locks) return html`<p class="empty">${t('panel.off', { host: this.host.name })}</p>`;
    const busy = locks.queues.filter((q) => q.waiters.length > 0);
    const calm = locks.queues.filter((q) => q.waiters.length === 0);
    return html`<div class="top">
        <div class="graph">${this.#graph(locks)}</div>
        <div>
          <h3>${t('p.locks.rows')} <span class="s">· ${t('p.locks.rows.hint')}</span></h3>
          ${locks.rows.length ? locks.rows.map((r) => this.#row(r)) : html`<p class="empty">${t('p.locks.rows.none')}</p>`}
        </div>
      </div>
      ${busy.length ? html`<h3>${t('p.locks.queues')} <span class="s">· ${t('p.locks.queues.hint')}</span></h3>${busy.map((q) => this.#queue(q, locks.deadlock_timeout))}` : nothing}
      <h3>${t('p.locks.held', { n: calm.length })}</h3>
      ${calm.map((q) => this.#queue(q, locks.deadlock_timeout))}`;
  }

  // --- the graph ----------------------------------------------------------------------------------------------

  #graph(locks: LocksView) {
    const graph = waitGraph(locks);
    if (graph.nodes.length === 0) return html`<p><b>${t('locks.none.title')}</b><br><span class="s">${t('locks.none.why')}</span></p>`;
    const inCircle = graph.edges.filter((e) => e.deadlock);
    return html`<svg viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="group" aria-label=${t('p.locks.graph')}>
        <defs>${['edge', 'error'].map((c) => svg`<marker id="head-${c}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 Z" fill="var(--vt-${c})" /></marker>`)}</defs>
        ${graph.edges.map((e) => edge(graph, e))}
        ${graph.nodes.map((n) => this.#node(graph, n.pid))}
      </svg>
      ${inCircle.length ? html`<p class="dead" role="status">${t('p.locks.deadlock', { left: this.#left(inCircle, locks.deadlock_timeout) })}</p>` : nothing}`;
  }

  /** When the first of those who wait in a circle looks for a deadlock. */
  #left(circle: readonly Edge[], timeout: number): string {
    return span(Math.max(0, timeout * 1000 - Math.max(...circle.map((e) => e.waiting))));
  }

  #node(graph: WaitGraph, pid: number) {
    const node = graph.nodes.find((n) => n.pid === pid)!;
    const { x, y } = at(node);
    const id = thing.process(this.host.host, pid);
    const half = SIZE.node;
    return svg`<g class="node ${marks(this.state, id)}" data-thing=${id} data-who=${node.letter ?? nothing} tabindex="0" role="button"
        aria-pressed=${this.state.selection === id} aria-label=${node.letter ?? `pid ${pid}`} @keydown=${this.#press}>
      <rect x=${x - half} y=${y - half} width=${2 * half} height=${2 * half} rx="4" fill=${node.letter ? 'var(--fill)' : 'var(--vt-sunk)'} />
      <text x=${x} y=${y} fill=${node.letter ? 'var(--on-fill)' : 'var(--vt-ink)'}>${node.letter ?? pid}</text></g>`;
  }

  #press = (e: KeyboardEvent): void => {
    if (e.key !== 'Enter' && e.key !== ' ') return;
    (e.currentTarget as Element).dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }));
    e.preventDefault();
    e.stopPropagation();
  };

  // --- queues ---------------------------------------------------------------------------------------------------

  #queue(q: QueueView, timeout: number) {
    const what = q.xid === null ? html`<span class="m">${q.what}</span>`
      : html`<button class="t m ${marks(this.state, thing.xact(q.xid))}" data-thing=${thing.xact(q.xid)}>${q.what}</button>`;
    return html`<div class="queue ${q.waiters.length ? '' : 'calm'}">
      <div>${what}</div>
      <div class="who">${q.holders.map((l) => this.#lock(l, null))}</div>
      <div class="arrow" aria-hidden="true">${q.waiters.length ? '◄' : ''}</div>
      <div class="who">${q.waiters.map((l) => this.#lock(l, timeout))}</div></div>`;
  }

  /** Somebody at a lock; who waits, with how much of deadlock_timeout is over. */
  #lock(l: LockView, timeout: number | null) {
    const id = thing.process(this.host.host, l.pid);
    const words = timeout === null ? t('p.locks.holds', { who: l.letter ?? l.pid, mode: l.mode }) : t('p.locks.waits', { who: l.letter ?? l.pid, mode: l.mode, since: span(l.waiting) });
    return html`<button class="t ${marks(this.state, id)}" data-thing=${id} aria-label=${words} title=${words}>${chip(l.letter, l.pid)} <span class="m ${timeout === null ? 's' : ''}">${l.mode}</span>
      ${timeout === null ? nothing : html`<span class="bar"><i style="width:${Math.min(100, l.waiting / timeout / 10)}%"></i></span><span class="s">${span(l.waiting)}</span>`}</button>`;
  }

  // --- rows -----------------------------------------------------------------------------------------------------

  #row(r: RowLockView) {
    const id = thing.version(this.host.host, r.relname, r.block, r.lp);
    return html`<div class="row"><div><button class="t m ${marks(this.state, id)}" data-thing=${id}>${r.relname} (${r.block},${r.lp})</button><br><span class="s m">&nbsp;${r.row}</span></div>
      <div class="who"><span class="m s">${t(r.multi ? 'p.locks.multi' : 'p.locks.xmax', { xmax: r.xmax })}</span>
        ${r.lockers.map((l) => {
          const xid = thing.xact(l.xid);
          return html`<button class="locker ${l.running ? 'running' : 'over'} ${marks(this.state, xid)}" data-thing=${xid} data-who=${l.letter ?? nothing}
            aria-label="${l.xid} ${l.letter ?? ''} ${l.mode} ${t(l.running ? 'p.locks.runs' : 'p.locks.over')}">${l.letter ? chip(l.letter) : nothing}<span class="m">${l.xid} ${l.mode}</span></button>`;
        })}</div></div>`;
  }

  protected twins(): TableTwin[] {
    const locks = answer(this.state.view, 'locks');
    const columns = ['locktype', 'relation', 'tuple', 'virtualxid', 'transactionid', 'pid', 'mode', 'granted', 'fastpath', 'waitstart'];
    return [
      systemTwin('pg_locks', systemView(this.state.view, 'pg_locks'), columns),
      { name: 'pg_blocking_pids', columns: ['pid', 'session', 'waits for', 'blocked by'],
        rows: (locks?.queues ?? []).flatMap((q) => q.waiters.map((w) => [String(w.pid), w.letter ?? '', `${q.what} ${w.mode}`, w.blocked_by.join(', ')])) },
      { name: t('p.locks.rows'), columns: ['relation', 'ctid', 'row', 'xmax', 'members'],
        rows: (locks?.rows ?? []).map((r) => [r.relname, `(${r.block},${r.lp})`, r.row, String(r.xmax), r.lockers.map((l) => `${l.xid} ${l.mode}${l.running ? '' : ` ${t('p.locks.over')}`}`).join('; ')]) },
    ];
  }
}

/** Where a node lies in the picture. */
function at(node: { x: number; y: number }): { x: number; y: number } {
  return { x: SIZE.width / 2 + node.x * SIZE.radius * 1.35, y: SIZE.height / 2 + node.y * SIZE.radius };
}

/** An arrow, bent so that two opposite ones stay apart, and what is waited for. */
function edge({ nodes }: WaitGraph, e: Edge) {
  const [from, to] = [e.from, e.to].map((pid) => at(nodes.find((n) => n.pid === pid)!));
  const [dx, dy] = [to!.x - from!.x, to!.y - from!.y];
  const far = Math.hypot(dx, dy);
  const [ux, uy] = [dx / far, dy / far];
  const bend = 26;
  const control = { x: (from!.x + to!.x) / 2 + uy * bend * 1.6, y: (from!.y + to!.y) / 2 - ux * bend * 1.6 };
  const rim = SIZE.node + 6;
  const label = { x: (from!.x + to!.x) / 2 + uy * (bend + 12), y: (from!.y + to!.y) / 2 - ux * (bend + 12) };
  return svg`<path class="edge ${e.deadlock ? 'deadlock' : ''}" marker-end="url(#head-${e.deadlock ? 'error' : 'edge'})"
      d="M${from!.x + ux * rim + uy * 6} ${from!.y + uy * rim - ux * 6} Q${control.x} ${control.y} ${to!.x - ux * rim + uy * 6} ${to!.y - uy * rim - ux * 6}" />
    <text class="what" x=${label.x} y=${label.y}>${e.what.replace('transactionid', 'xid')}</text>`;
}

customElements.define('vt-p-locks', Locks);
