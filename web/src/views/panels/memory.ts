/**
 * Memory: what all share, and what each process works with; every sort, hash table and list that is under way against its
 * own limit, and the temporary files to which goes what does not fit.
 */
import { css, html, nothing } from 'lit';
import { size } from '../../base/format.ts';
import { t, type MessageKey } from '../../base/messages.ts';
import type { MemoryUseView } from '../../engine/generated/MemoryUseView.ts';
import type { MemoryView } from '../../engine/generated/MemoryView.ts';
import type { WorkerMemory } from '../../engine/generated/WorkerMemory.ts';
import { marks } from '../../model/state.ts';
import type { TableTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import { answer } from '../../model/wants.ts';
import { BigPanel, bigStyles, chip } from './big-panel.ts';

/** `<vt-p-memory>` */
export class Memory extends BigPanel {
  protected readonly heading = 'p.memory';
  protected readonly hint = 'p.memory.hint';

  static override styles = [...BigPanel.styles, bigStyles, css`
    .shared { display: grid; grid-template-columns: max-content minmax(0, 1fr) max-content; gap: 4px 12px; align-items: center; font-size: 12px; }
    .shared i { height: 12px; background: var(--vt-edge); border-radius: 1px; min-width: 2px; }
    .who { padding: 8px 0; border-bottom: 1px solid var(--vt-line); }
    .who > button { min-height: 24px; padding: 0 5px; border-color: transparent; display: inline-flex; gap: 6px; align-items: center; font-size: 12px; }
    .who > button.sel, .who > button.lit { border-color: var(--vt-ink); }
    .use { display: grid; grid-template-columns: 110px minmax(0, 1fr) max-content; gap: 3px 12px; align-items: center; font-size: 12px; margin: 6px 0 0 6px; }
    .limit { position: relative; height: 14px; border: 1.5px solid var(--vt-edge); border-radius: 2px; overflow: hidden; }
    .limit i { position: absolute; inset: 0 auto 0 0; background: var(--vt-ink); transition: width var(--vt-move, 0s) ease-out; }
    .limit u { position: absolute; top: 0; bottom: 0; border-left: 2px dotted var(--vt-ink); }
    .spilt { grid-column: 2 / -1; color: var(--vt-soft); }
    .file { display: inline-flex; gap: 8px; border: 1px dashed var(--vt-ink); border-radius: 2px; padding: 0 8px; font-size: 12px; margin: 6px 6px 0; }
    @container (max-width: 767px) { .use { grid-template-columns: minmax(0, 1fr) max-content; } .use .limit { grid-column: 1 / -1; grid-row: 2; } .spilt { grid-column: 1 / -1; } .who > button { min-height: 44px; } }
  `];

  protected drawing() {
    const memory = answer(this.state.view, 'memory');
    if (!memory) return html`<p class="empty">${t('panel.off', { host: this.host.name })}</p>`;
    const sessions = memory.processes.filter((p) => p.letter !== null || p.uses.length > 0 || p.files.length > 0);
    return html`<h3>${t('p.memory.shared')}</h3>${shared(memory)}
      <h3>${t('p.memory.own')} <span class="s">· ${t('p.memory.own.hint')}</span></h3>
      ${sessions.map((p) => this.#process(p))}
      ${sessions.every((p) => p.uses.length === 0) ? html`<p class="empty">${t('p.memory.none')}</p>` : nothing}`;
  }

  #process(p: WorkerMemory) {
    const id = thing.process(this.host.host, p.pid);
    return html`<div class="who"><button class=${marks(this.state, id)} data-thing=${id} aria-label="pid ${p.pid}">${chip(p.letter, `pid ${p.pid}`)}</button> <span class="tiny m">work_mem ${size(p.work_mem)}</span>
      ${p.uses.map((u) => use(u))}
      <div>${p.files.map((f) => html`<span class="file m">${f.path.split('/').at(-1)} <span class="s">${size(f.len)}</span></span>`)}</div></div>`;
  }

  protected twins(): TableTwin[] {
    const memory = answer(this.state.view, 'memory');
    return [
      { name: t('p.memory.own'), columns: ['pid', 'session', 'purpose', 'used', 'peak', 'budget', 'on disk', 'rounds'],
        rows: (memory?.processes ?? []).flatMap((p) => p.uses.map((u) => [p.pid, p.letter ?? '', u.purpose, u.used, u.peak, u.budget, u.disk, u.rounds].map(String))) },
      { name: 'pg_ls_tmpdir', columns: ['pid', 'name', 'size'], rows: (memory?.processes ?? []).flatMap((p) => p.files.map((f) => [String(p.pid), f.path, String(f.len)])) },
      { name: t('p.memory.shared'), columns: ['name', 'bytes'], rows: memory ? [['shared_buffers', String(memory.shared_buffers)], ['wal_buffers', String(memory.wal_buffers)], ['maintenance_work_mem', String(memory.maintenance_work_mem)]] : [] },
    ];
  }
}

function shared(m: MemoryView) {
  const all: [string, number][] = [['shared_buffers', m.shared_buffers], ['wal_buffers', m.wal_buffers], ['maintenance_work_mem', m.maintenance_work_mem]];
  const most = Math.max(...all.map(([, n]) => n));
  return html`<div class="shared m">${all.map(([name, n]) => html`<span>${name}</span><i style="width:${(n / most) * 100}%"></i><span>${size(n)}</span>`)}</div>`;
}

/** One use of memory: how full it is, how full it was, and what went to disk. */
function use(u: MemoryUseView) {
  const share = (n: number) => `${Math.min(100, u.budget ? (n / u.budget) * 100 : 0)}%`;
  const name = t(`p.memory.${u.purpose}` as MessageKey);
  return html`<div class="use"><span>${name}</span>
    <span class="limit" role="meter" aria-label=${name} aria-valuemin="0" aria-valuemax=${u.budget} aria-valuenow=${Math.min(u.used, u.budget)}><i style="width:${share(u.used)}"></i>${u.peak > u.used ? html`<u style="left:${share(u.peak)}"></u>` : nothing}</span>
    <span class="m">${size(u.used)} / ${size(u.budget)}</span>
    ${u.disk ? html`<span class="spilt">${t('p.memory.spilt', { bytes: size(u.disk), n: u.rounds })}</span>` : nothing}</div>`;
}

customElements.define('vt-p-memory', Memory);
