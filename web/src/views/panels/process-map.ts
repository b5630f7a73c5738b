/**
 * The processes of a server: the postmaster, and all that it has started. Each says whether it runs and what it waits
 * for; and each can be stepped, frozen or killed, which is what this page is for and no real server lets one do.
 */
import { css, html, nothing } from 'lit';
import { clock, span } from '../../base/format.ts';
import { t, type MessageKey } from '../../base/messages.ts';
import { inLine, marks } from '../../model/state.ts';
import type { TableTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import { systemView } from '../../model/wants.ts';
import { processShape } from '../processes.ts';
import type { ProcessView } from '../types.ts';
import { BigPanel, bigStyles, chip, systemTwin } from './big-panel.ts';

/** Waits in which a process has nothing to do. */
const asleep = new Set(['Activity', 'Client', 'Timeout']);

/** `<vt-p-processes>` */
export class ProcessMap extends BigPanel {
  protected readonly heading = 'p.processes';
  protected readonly hint = 'p.processes.hint';

  static override styles = [...BigPanel.styles, bigStyles, css`
    .tree { border-left: 1px solid var(--vt-edge); margin-left: 14px; padding-left: 0; }
    .p { display: grid; grid-template-columns: 14px minmax(150px, 1.1fr) minmax(0, 1.6fr) max-content; gap: 4px 10px; align-items: center; min-height: 34px; padding: 2px 6px 2px 0; position: relative; }
    .p::before { content: ''; border-top: 1px solid var(--vt-edge); width: 12px; }
    .root { grid-template-columns: minmax(164px, 1.1fr) minmax(0, 1.6fr) max-content; padding-left: 0; }
    .root::before { display: none; }
    .p.selrow { background: var(--vt-panel); box-shadow: inset 0 0 0 1.5px var(--vt-ink); border-radius: 4px; }
    button.name { display: inline-flex; gap: 7px; align-items: center; min-height: 26px; padding: 0 6px; border-color: transparent; text-align: left; justify-self: start; }
    button.name:hover { border-color: var(--vt-edge); }
    button.name.lit { border-color: var(--vt-ink); }
    button.name svg { width: 10px; height: 10px; flex: none; color: var(--who, var(--vt-edge)); }
    .awake button.name svg { color: var(--who, var(--vt-ink)); }
    .asleep { color: var(--vt-soft); }
    .wait { min-width: 0; font-size: 12px; }
    .wait .m { overflow-wrap: anywhere; }
    .query { display: block; color: var(--vt-soft); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .acts { display: flex; gap: 4px; }
    .acts button { min-height: 24px; font-size: 12px; padding: 0 7px; color: var(--vt-soft); border-color: var(--vt-line); }
    .acts button:hover, .acts button:focus-visible { color: var(--vt-ink); border-color: var(--vt-edge); }
    .changed::after { content: ''; position: absolute; left: -2px; top: 6px; bottom: 6px; width: 3px; background: var(--vt-ink); }
    h3 { margin: 8px 0 0 14px; padding-left: 12px; border-left: 1px solid var(--vt-edge); margin-bottom: 0; padding-top: 8px; margin-top: 0; }
    @container (max-width: 767px) {
      .p, .root { grid-template-columns: 14px minmax(0, 1fr) max-content; }
      .root { grid-template-columns: minmax(0, 1fr) max-content; }
      .p .wait { grid-column: 2 / -1; grid-row: 2; padding-left: 6px; }
      .root .wait { grid-column: 1 / -1; }
      .acts button, button.name { min-height: 44px; min-width: 44px; }
    }
  `];

  protected drawing() {
    const all = inLine(this.host);
    const [root, ...others] = all;
    if (!root) return html`<p class="empty">${t('p.processes.none')}</p>`;
    const sessions = others.filter((p) => p.letter);
    const background = others.filter((p) => !p.letter);
    const activity = new Map(systemView(this.state.view, 'pg_stat_activity').map((r) => [Number(r['pid']), r]));
    const query = (p: ProcessView) => activity.get(p.pid)?.['query'] || null;
    return html`${this.#one(root, null, true)}
      ${sessions.length ? html`<h3>${t('p.processes.clients')}</h3>` : nothing}<div class="tree">${sessions.map((p) => this.#one(p, query(p), false))}</div>
      <h3>${t('p.processes.background')}</h3><div class="tree">${background.map((p) => this.#one(p, null, false))}</div>`;
  }

  #one(p: ProcessView, query: string | null, root: boolean) {
    const id = thing.process(this.host.host, p.pid);
    const sleeps = p.state === 'waiting' && asleep.has(p.wait_event_type ?? '');
    const state = t(`process.${p.state}` as MessageKey);
    const on = marks(this.state, id);
    const wait = p.wait_event ? `${p.wait_event_type}: ${p.wait_event}` : '';
    return html`<div class="p ${root ? 'root' : ''} ${on.includes('sel') ? 'selrow' : ''} ${on.includes('tick') ? 'changed' : ''} ${sleeps ? '' : 'awake'}">
      <button class="name ${on.includes('lit') ? 'lit' : ''}" data-thing=${id} data-who=${p.letter ?? nothing} aria-pressed=${on.includes('sel')}
        aria-label=${t('p.processes.label', { name: p.letter ?? p.backend_type, state, wait: wait || `pid ${p.pid}` })}>
        ${processShape(p)} ${p.letter ? chip(p.letter) : nothing} <span class=${sleeps ? 'asleep' : ''}>${p.backend_type}</span> <span class="m s">${p.pid}</span></button>
      <div class="wait">${this.#words(p, sleeps, state, wait)}${query ? html`<span class="query m" title=${query}>${query.replace(/\s+/g, ' ')}</span>` : nothing}</div>
      ${this.state.readonly ? nothing : this.#acts(p)}</div>`;
  }

  #words(p: ProcessView, sleeps: boolean, state: string, wait: string) {
    const until = p.wakes_at === null ? '' : t('p.processes.in', { span: span(Math.max(0, p.wakes_at - this.state.view.now)) });
    return html`<span class=${sleeps ? 'asleep' : ''}>${p.state === 'waiting' ? html`<span class="m">${wait}</span>` : html`<b>${state}</b>`}
      ${until && p.state === 'waiting' ? html`<span class="s" title=${p.wakes_at === null ? '' : clock(p.wakes_at)}>· ${until}</span>` : nothing}</span>`;
  }

  #acts(p: ProcessView) {
    const act = (what: string) => () => this.send('vt-process', { host: this.host.host, pid: p.pid, act: what });
    const frozen = p.state === 'frozen';
    const name = p.letter ?? p.backend_type;
    return html`<span class="acts" role="group" aria-label=${t('p.processes.acts', { pid: p.pid })}>
      <button @click=${act('step')} aria-label="${t('process.step')} ${name}">${t('process.step')}</button>
      <button @click=${act(frozen ? 'thaw' : 'freeze')} aria-label="${t(frozen ? 'process.thaw' : 'process.freeze')} ${name}">${t(frozen ? 'process.thaw' : 'process.freeze')}</button>
      <button @click=${act('kill')} aria-label="${t('process.kill')} ${name}">${t('process.kill')}</button></span>`;
  }

  protected twins(): TableTwin[] {
    const columns = ['pid', 'usename', 'application_name', 'backend_type', 'state', 'wait_event_type', 'wait_event', 'backend_xid', 'backend_xmin', 'query'];
    return [
      systemTwin('pg_stat_activity', systemView(this.state.view, 'pg_stat_activity'), columns),
      { name: t('processes', { host: this.host.name }), columns: ['pid', 'backend_type', 'session', 'process', 'wait_event_type', 'wait_event', 'wakes_at'],
        rows: inLine(this.host).map((p) => [String(p.pid), p.backend_type, p.letter ?? '', p.state, p.wait_event_type ?? '', p.wait_event ?? '', p.wakes_at === null ? '' : clock(p.wakes_at)]) },
    ];
  }
}

customElements.define('vt-p-processes', ProcessMap);
