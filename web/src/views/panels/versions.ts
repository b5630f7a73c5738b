/**
 * Who sees what: every version on the page against every session, with the rule of visibility that decided; above it the
 * snapshots themselves, on the line of transaction ids.
 */
import { css, html, nothing } from 'lit';
import { snapshot } from '../../base/format.ts';
import { t } from '../../base/messages.ts';
import { sessionColour } from '../../base/styles.ts';
import { marks, sessionsOf } from '../../model/state.ts';
import type { TableTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import { shown, why } from '../../model/versions.ts';
import type { ItemView, PageView, SessionView, TupleView } from '../types.ts';
import { BigPanel, bigStyles, chip } from './big-panel.ts';

/** `<vt-p-versions>` */
export class Versions extends BigPanel {
  protected readonly heading = 'p.versions';
  protected readonly hint = 'p.versions.hint';

  static override styles = [...BigPanel.styles, bigStyles, css`
    .lines { display: grid; grid-template-columns: max-content minmax(120px, 1fr) max-content; gap: 5px 12px; align-items: center; margin-bottom: 14px; }
    .line { position: relative; height: 16px; display: flex; gap: 2px; }
    .xid { flex: 1 1 0; min-width: 3px; border: 1px solid var(--vt-edge); border-radius: 2px; background: var(--vt-sunk); font-size: 10px; line-height: 13px; text-align: center; overflow: hidden; color: var(--vt-soft); padding: 0; min-height: 0; }
    .xid.run { border-style: dashed; border-color: var(--who, var(--vt-ink)); background: none; color: var(--vt-ink); }
    .xid.future { background: none; border-color: var(--vt-line); }
    .xid.lit, .xid.sel { border-color: var(--vt-ink); box-shadow: 0 0 0 1px var(--vt-ink); }
    table.m { width: 100%; }
    th.who { min-width: 112px; }
    th .m { font-size: 11px; line-height: 14px; display: block; color: var(--vt-soft); white-space: normal; max-width: 118px; }
    td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--vt-line); }
    button.v { display: block; width: 100%; min-height: 26px; text-align: left; border: 1.5px solid var(--vt-edge); border-left: 4px solid var(--xmin, var(--vt-edge)); border-radius: 2px; padding: 2px 8px; font-size: 13px; }
    button.v.xmin-running { border-style: dashed; border-color: var(--xmin); }
    button.v.xmin-aborted { text-decoration: line-through; }
    button.v.open { border-right-color: transparent; }
    button.v.ended { border-right: 4px solid var(--xmax, var(--vt-edge)); }
    button.v.ending { border-right: 4px dashed var(--xmax); }
    button.v.dead { border-style: dotted; text-decoration: line-through; }
    button.v.sel { outline: 2px solid var(--vt-ink); }
    .x { color: var(--vt-soft); font-size: 11px; }
    .y { display: inline-block; padding: 0 8px; border-radius: 3px; background: var(--fill); color: var(--on-fill); font-weight: 600; line-height: 20px; }
    .n { color: var(--vt-soft); }
    .why { display: block; font: 11px/14px var(--vt-font, system-ui, sans-serif); color: var(--vt-soft); white-space: normal; max-width: 150px; }
    .x { display: block; }
    @container (max-width: 767px) { .x { white-space: normal; max-width: 150px; } th.who { min-width: 92px; } td { padding-right: 8px; } .lines { grid-template-columns: max-content minmax(0, 1fr); } .lines .words { display: none; } .body { overflow-x: auto; } }
  `];

  protected drawing() {
    const { host } = this;
    const { page } = host;
    const image = page?.memory ?? page?.disk;
    const sessions = sessionsOf(this.state.view, host.host);
    if (!page || !image) return html`<p class="empty">${t('p.versions.none', { relation: page?.relname ?? 'accounts' })}</p>`;
    return html`${this.#lines(sessions)}
      <table class="m"><caption class="sr">${t('p.versions')}</caption>
        <thead><tr><th scope="col">lp</th><th scope="col">${t('page', { relation: page.relname, block: page.block })}</th>
          ${sessions.map((s) => html`<th scope="col" class="who">${chip(s.letter)}<span class="m">${t(s.snapshot_held ? 'p.versions.held' : 'p.versions.fresh')}</span></th>`)}
          <th scope="col" class="who">${t('p.versions.new')}</th></tr></thead>
        <tbody>${image.items.map((item) => this.#row(page, item, sessions))}</tbody></table>`;
  }

  #row(page: PageView, item: ItemView, sessions: SessionView[]) {
    const id = thing.version(this.host.host, page.relname, page.block, item.lp);
    const { tuple } = item;
    if (!tuple) return html`<tr><td>${item.lp}</td><td class="s" colspan=${sessions.length + 2}>${item.redirect === null ? t(item.lp_flags === 3 ? 'lp.dead' : 'unused') : t('redirect', { lp: item.redirect })}</td></tr>`;
    return html`<tr><td>${item.lp}</td><td>${this.#version(id, tuple)}</td>
      ${sessions.map((s) => this.#sees(tuple, s.letter))}${this.#sees(tuple, null)}</tr>`;
  }

  #version(id: thing.Thing, tuple: TupleView) {
    const ended = tuple.xmax_status === 'committed' ? 'ended' : tuple.xmax_status === 'running' ? 'ending' : 'open';
    const words = tuple.attrs.map((a) => shown(a.value)).join(' ');
    return html`<button class="v m xmin-${tuple.xmin_status} ${ended} ${tuple.dead_to_all ? 'dead' : ''} ${marks(this.state, id)}" data-thing=${id}
      style="--xmin:${sessionColour(tuple.xmin_letter)};--xmax:${sessionColour(tuple.xmax_letter)}">${words}</button>
      <span class="x">xmin ${tuple.t_xmin} ${t(`status.${tuple.xmin_status}`)}${tuple.xmax_status === 'none' ? nothing : html` · xmax ${tuple.t_xmax} ${t(`status.${tuple.xmax_status}`)}`}</span>`;
  }

  #sees(tuple: TupleView, letter: string | null) {
    const sees = tuple.sees.find((s) => s.letter === letter);
    if (!sees) return html`<td></td>`;
    return html`<td data-who=${letter ?? 'none'}>${sees.visible ? html`<span class="y">${t('p.versions.yes')}</span>` : html`<span class="n">– ${t('p.versions.no')}</span>`}
      <span class="why">${why(sees)}</span></td>`;
  }

  // --- snapshots on the line of transaction ids -----------------------------------------------------------------

  #lines(sessions: SessionView[]) {
    const { xact } = this.host;
    const with_ = sessions.filter((s) => s.snapshot);
    if (with_.length === 0) return nothing;
    const to = xact.next_xid;
    const from = Math.max(3, Math.min(to - 12, ...with_.map((s) => s.snapshot!.xmin)), to - 40);
    const xids = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    return html`<div class="lines">
      <span class="tiny">xid</span><span class="line m">${xids.map((x) => this.#tick(x, xids.length))}</span><span class="tiny m words"></span>
      ${with_.map((s) => html`<span>${chip(s.letter)}</span>
        <span class="line" role="img" aria-label="${s.letter}: ${snapshot(s.snapshot!)}" data-who=${s.letter}>${xids.map((x) => html`<i class="xid ${x >= s.snapshot!.xmax ? 'future' : s.snapshot!.xip.includes(x) ? 'run' : ''}"></i>`)}</span>
        <span class="tiny words"><span class="m">${snapshot(s.snapshot!)}</span> ${s.snapshot!.xip.length ? t('p.versions.running', { xids: s.snapshot!.xip.join(', ') }) : t('p.versions.running.none')}</span>`)}
    </div>`;
  }

  /** A transaction on the line; its number where there is room. */
  #tick(xid: number, of: number) {
    const entry = this.host.xact.entries.find((e) => e.xid === xid);
    const id = thing.xact(xid);
    const label = of <= 18 || xid % 5 === 0 ? String(xid).slice(-3) : '';
    return html`<button class="xid ${entry?.running ? 'run' : xid >= this.host.xact.next_xid ? 'future' : ''} ${marks(this.state, id)}" data-thing=${id} data-who=${entry?.letter ?? nothing}
      tabindex="-1" aria-label="xid ${xid}">${label}</button>`;
  }

  protected twins(): TableTwin[] {
    const { host } = this;
    const image = host.page?.memory ?? host.page?.disk;
    const sessions = sessionsOf(this.state.view, host.host);
    const letters = [...sessions.map((s) => s.letter), null];
    return [
      { name: t('p.versions'), columns: ['lp', 't_xmin', 't_xmax', 'row', ...letters.map((l) => l ?? t('p.versions.new'))],
        rows: (image?.items ?? []).map(({ lp, tuple }) => [String(lp), String(tuple?.t_xmin ?? ''), String(tuple?.t_xmax ?? ''), tuple?.attrs.map((a) => shown(a.value)).join(' ') ?? '',
          ...letters.map((l) => { const s = tuple?.sees.find((x) => x.letter === l); return s ? `${t(s.visible ? 'p.versions.yes' : 'p.versions.no')}: ${why(s)}` : ''; })]) },
      { name: 'pg_current_snapshot', columns: ['session', 'isolation', 'backend_xid', 'backend_xmin', 'snapshot'],
        rows: sessions.map((s) => [s.letter, s.isolation, String(s.backend_xid ?? ''), String(s.backend_xmin ?? ''), s.snapshot ? snapshot(s.snapshot) : '']) },
    ];
  }
}

customElements.define('vt-p-versions', Versions);
