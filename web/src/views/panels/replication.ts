/**
 * The standby: the log as one scale, and on it how far everybody has come (what the primary has inserted and flushed, what
 * was sent, what the standby has written, flushed, replayed, and what the primary has heard of that); its own buffers; and
 * the link, which can be slowed, cut and healed.
 */
import { css, html, nothing } from 'lit';
import { bytes, lsn, span } from '../../base/format.ts';
import { t } from '../../base/messages.ts';
import { linkActs } from '../../model/link.ts';
import { hero, isPromoted, other } from '../../model/state.ts';
import type { TableTwin } from '../../model/tables.ts';
import { systemView } from '../../model/wants.ts';
import '../pool-canvas.ts';
import type { HostView, ReplicationView } from '../types.ts';
import { BigPanel, bigStyles, systemTwin } from './big-panel.ts';

/** A lane of the scale: how far somebody has come. */
interface Lane { name: string; position: number; heard: number | null; whose: 'primary' | 'standby' }

/** `<vt-p-replication>` */
export class Replication extends BigPanel {
  protected readonly heading = 'p.replication';
  protected readonly hint = 'p.replication.hint';
  protected override readonly ofHost = false;

  static override styles = [...BigPanel.styles, bigStyles, css`
    .lanes { display: grid; grid-template-columns: max-content minmax(0, 1fr) max-content max-content; gap: 4px 10px; align-items: center; font-size: 12px; margin: 6px 0 12px; }
    .lanes .group { grid-column: 1 / -1; border-top: 1px solid var(--vt-line); padding-top: 3px; color: var(--vt-soft); }
    .track { position: relative; height: 14px; border-bottom: 1px solid var(--vt-line); }
    .track i { position: absolute; left: 0; top: 3px; height: 8px; background: var(--vt-edge); border-radius: 1px 0 0 1px; transition: width var(--vt-move, 0s) ease-out; min-width: 2px; }
    .track i::after { content: ''; position: absolute; right: -5px; top: -2px; border: 6px solid transparent; border-left: 7px solid var(--vt-ink); border-right: 0; }
    .track .heard { position: absolute; top: -1px; height: 15px; border-left: 1.5px dotted var(--vt-ink); }
    .behind { color: var(--vt-soft); text-align: right; }
    .link { display: flex; flex-wrap: wrap; gap: 6px 12px; align-items: center; padding: 8px 0; }
    .wire { flex: 0 0 120px; height: 0; border-top: 2px solid var(--vt-ink); position: relative; }
    .wire.cut { border-top-style: dotted; border-color: var(--vt-edge); }
    .wire.slow { border-top-style: dashed; }
    .wire b { position: absolute; top: -11px; left: 50%; transform: translateX(-50%); background: var(--vt-bg); padding: 0 6px; font-weight: 400; font-size: 12px; white-space: nowrap; }
    .link button { min-height: 26px; font-size: 12px; }
    @container (max-width: 767px) { .lanes { grid-template-columns: max-content minmax(0, 1fr) max-content; } .behind { display: none; } .link button { min-height: 44px; } }
  `];

  protected drawing() {
    const standby = other(this.state);
    if (!standby) return html`<p class="empty">${t('p.replication.none')}</p>`;
    const primary = hero(this.state);
    const heard = primary.replication[0] ?? null;
    const lanes = lanesOf(primary, standby, heard);
    const to = Math.max(...lanes.map((l) => l.position));
    const from = Math.min(to, ...lanes.map((l) => l.position).filter((p) => p > 0), ...[...primary.wal.records].slice(-8, -7).map((r) => r.start_lsn));
    const { sync_state = 'async' } = heard ?? {};
    return html`${this.#link(standby)}
      <p>${isPromoted(standby) ? t('p.replication.promoted', { old: primary.timeline, timeline: standby.timeline })
        : t('p.replication.sync', { sync: sync_state, what: t(sync_state === 'async' ? 'p.replication.sync.async' : 'p.replication.sync.sync') })}</p>
      <p class="tiny">${t('p.replication.scale', { from: lsn(from), to: lsn(to) })} · ${t('p.replication.told')}: ┊</p>
      <div class="lanes">${(['primary', 'standby'] as const).map((whose) => html`<span class="group">${t(whose)} <span class="m">· timeline ${(whose === 'primary' ? primary : standby).timeline}</span></span>${lanes.filter((l) => l.whose === whose).map((l) => lane(l, from, to))}`)}</div>
      <h3>${t('p.replication.buffers')}</h3>
      ${standby.buffers.count ? html`<vt-pool-canvas .lit=${this.state.lit} .pool=${standby.buffers} .host=${standby.host} .hand=${standby.next_victim} .selected=${-1} .room=${90}></vt-pool-canvas>` : html`<p class="empty">${t('panel.off', { host: standby.name })}</p>`}
      <h3>pg_replication_slots</h3>
      ${systemView(this.state.view, 'pg_replication_slots').length === 0 ? html`<p class="tiny">${t('panel.norows')}</p>`
        : systemView(this.state.view, 'pg_replication_slots').map((s) => html`<p class="m">${s['slot_name']} · restart_lsn ${s['restart_lsn']} · ${s['wal_status']} · ${s['active'] === 't' ? 'active' : 'inactive'}</p>`)}`;
  }

  #link(standby: HostView) {
    const [link] = this.state.view.links;
    if (!link) return nothing;
    const acts = this.state.readonly ? [] : linkActs(link);
    return html`<div class="link"><span>${t('primary')}</span><span class="wire ${link.cut ? 'cut' : acts.includes('slow') ? '' : 'slow'}"><b>${link.cut ? t('p.replication.cut') : span(link.latency)}</b></span><span>${t('standby')}</span>
      <span class="tiny" role="status">${link.cut ? '' : t('p.replication.flight', { n: link.in_flight, latency: span(link.latency) })}</span>
      ${acts.map((value) => html`<button @click=${() => this.go({ act: 'link', value })}>${t(`link.${value}`)}</button>`)}
      ${this.state.readonly ? nothing : html`<button @click=${() => this.go({ act: 'plug', host: standby.host })}>${t(standby.state === 'off' ? 'power.on' : 'plug.standby')}</button>
        ${standby.state === 'running' && !isPromoted(standby) ? html`<button title="pg_ctl promote" @click=${() => this.go({ act: 'promote', host: standby.host })}>${t('promote')}</button>` : nothing}`}</div>`;
  }

  protected twins(): TableTwin[] {
    return ['pg_stat_replication', 'pg_stat_wal_receiver', 'pg_replication_slots'].map((name) => systemTwin(name, systemView(this.state.view, name)));
  }
}

function lanesOf(primary: HostView, standby: HostView, heard: ReplicationView | null): Lane[] {
  const own = standby.wal;
  const inserted: Lane[] = isPromoted(standby) ? [{ name: 'insert', position: own.insert, heard: null, whose: 'standby' }] : [];
  const replayed: Lane[] = isPromoted(standby) ? [] : [{ name: 'replay', position: own.replay ?? own.flush, heard: heard?.replay_lsn ?? null, whose: 'standby' }];
  return [
    { name: 'insert', position: primary.wal.insert, heard: null, whose: 'primary' },
    { name: 'write', position: primary.wal.write, heard: null, whose: 'primary' },
    { name: 'flush', position: primary.wal.flush, heard: null, whose: 'primary' },
    { name: 'sent', position: heard?.sent_lsn ?? 0, heard: null, whose: 'primary' },
    ...inserted,
    { name: 'write', position: own.write, heard: heard?.write_lsn ?? null, whose: 'standby' },
    { name: 'flush', position: own.flush, heard: heard?.flush_lsn ?? null, whose: 'standby' },
    ...replayed,
  ];
}

function lane(l: Lane, from: number, to: number) {
  const at = (position: number) => `${Math.max(0, Math.min(1, to > from ? (position - from) / (to - from) : 1)) * 98}%`;
  const behind = to - l.position;
  return html`<span>${l.name}</span>
    <span class="track"><i style="width:${at(l.position)}"></i>${l.heard !== null && l.heard !== l.position ? html`<span class="heard" style="left:${at(l.heard)}"></span>` : nothing}</span>
    <span class="m">${l.position ? lsn(l.position) : '—'}</span><span class="behind m" title=${t('p.replication.lag')}>${l.position && behind ? `−${bytes(behind)}` : ''}</span>`;
}

customElements.define('vt-p-replication', Replication);
