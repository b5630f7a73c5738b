/**
 * The standby, directly below the primary's WAL and on the same scale: the records that have arrived, how far it has
 * written, flushed and replayed them, what the primary has last heard of that (hollow), and its own copy of the page.
 */
import { css, html, nothing } from 'lit';
import { span } from '../base/format.ts';
import { t } from '../base/messages.ts';
import { sessionColour, shared } from '../base/styles.ts';
import { isSlow, linkActs, type LinkAct } from '../model/link.ts';
import { layPointers, layTape, type Pointer } from '../model/tape.ts';
import { hero, isPromoted, marks, other, type LabState } from '../model/state.ts';
import * as thing from '../model/thing.ts';
import { seenBy, tellingColumn, values } from '../model/versions.ts';
import { measure, pointers, scaleFor, tapeRecords, tapeStyles } from './tape-drawing.ts';
import { TapePanel } from './tape-panel.ts';
import type { HostView, ItemView, ReplicationView } from './types.ts';

/** More versions than this are counted, not shown. */
const MOST = 5;

/** `<vt-standby>` */
export class Standby extends TapePanel {
  static override styles = [shared, tapeStyles, css`
    .tape { height: 22px; }
    .rec { line-height: 15px; }
    .ptr { height: 31px; }
    .ptr .p::after { height: 10px; }
    .ptr .p.row1::after { height: 24px; }
    h2 { overflow: hidden; text-overflow: ellipsis; min-width: 0; }
    .rows { display: flex; gap: 6px; align-items: center; flex: none; }
    .v {
      border: 1.5px solid var(--vt-edge); border-right: 0; border-left-width: 4px; padding: 0 5px; font-size: 12px; line-height: 17px; height: 20px;
      cursor: pointer;
    }
    .v.running { border-style: dashed; border-color: var(--outline); }
    .v.ended { border-right: 4px solid var(--vt-edge); }
    .v.ending { border-right: 4px dashed var(--ender); }
    .v.hidden { color: var(--vt-soft); }
    .v.dead { border-style: dotted; text-decoration: line-through; }
    .v.tick::before { left: -8px; top: 0; bottom: 0; }
    .v.sel { outline: 2px solid var(--vt-ink); }
    .acts { display: flex; gap: 4px; }
    .acts button { min-height: 18px; height: 18px; padding: 0 4px; font-size: 12px; line-height: 16px; text-decoration: underline; }
    .row { margin-bottom: 4px; min-height: 20px; align-items: center; }
    @container (max-width: 1279px) { .row { margin-bottom: 3px; } }
  `];

  override render() {
    const standby = other(this.state);
    if (!standby) return nothing;
    const primary = hero(this.state);
    const heard = primary.replication[0] ?? null;
    const tape = layTape(primary.wal.records, scaleFor(this.room));
    const has = standby.wal.received ?? standby.wal.write;
    const records = tape.records.filter((r) => r.record.end_lsn <= has).map((r) => ({ ...r, flag: false }));
    const laid = this.room && standby.wal.flush > 0 ? layPointers(positions(standby, heard), tape, this.room, measure, ['line', 'name']) : null;
    return html`<section class="wal" aria-labelledby="title">
      <div class="row"><h2 id="title">${this.leadsTo('replication', t('standby'))} <span class="s">· ${this.#standing(standby, heard)}</span></h2>
        <span class="acts not390">${this.#acts(standby)}</span><span class="grow"></span>
        ${this.#page(standby)}</div>
      <div class="tape" data-grid tabindex="0" role="listbox" aria-labelledby="title">
        ${this.room ? tapeRecords(this.state, records, standby.wal, true) : ''}</div>
      <div class="ptr">${laid ? pointers(laid) : ''}</div>
    </section>`;
  }

  #acts(standby: HostView) {
    if (this.state.readonly) return nothing;
    const act = (detail: object) => () => this.send('vt-go', detail);
    // There is room for it when it is wanted: the panel of the standby offers it always.
    const alone = hero(this.state).state === 'off' || this.state.view.links[0]?.cut === true;
    const link = (value: LinkAct) => html`<button class="plain" @click=${act({ act: 'link', value })}>${t(`link.${value}`)}</button>`;
    return html`${linkActs(this.state.view.links[0]).map(link)}
      <button class="plain" @click=${act({ act: 'plug', host: standby.host })}>${t(standby.state === 'off' ? 'power.on' : 'plug.standby')}</button>
      ${standby.state === 'running' && alone && !isPromoted(standby) ? html`<button class="plain" title="pg_ctl promote" @click=${act({ act: 'promote', host: standby.host })}>${t('promote')}</button>` : nothing}`;
  }

  #standing(standby: HostView, heard: ReplicationView | null): string {
    if (standby.state === 'off') return t('standby.off');
    if (isPromoted(standby)) return t('standby.promoted', { timeline: standby.timeline });
    const [link] = this.state.view.links;
    if (link?.cut) return t('standby.cut');
    if (!heard) return t('standby.alone');
    return t(link && isSlow(link) ? 'standby.slow' : 'standby.state', { sync: heard.sync_state, latency: span(link?.latency ?? 0) });
  }

  #page(standby: HostView) {
    const image = standby.page?.memory ?? standby.page?.disk;
    if (!standby.page || !image) return nothing;
    const telling = tellingColumn(image);
    const items = image.items.filter((i) => i.tuple);
    const { relname, block } = standby.page;
    return html`<span class="rows m">${items.length > 3 ? nothing : html`<span class="tiny not390">${t('standby.page')}</span>`}
      ${items.slice(0, MOST).map((i) => bar(this.state, thing.version(standby.host, relname, block, i.lp), i, telling))}
      ${items.length > MOST ? `… ${items.length}` : nothing}</span>`;
  }
}

/** One version as a small bar; dashed while its transaction runs as far as the standby knows. */
function bar(state: LabState, id: thing.Thing, item: ItemView, telling: number) {
  const tuple = item.tuple!;
  const visible = seenBy(tuple, null)?.visible ?? true;
  const ender = tuple.xmax_status === 'running' ? 'ending' : tuple.xmax_status === 'committed' ? 'ended' : '';
  const all = values(tuple, telling);
  const name = all.before.split(' ').slice(-1)[0];
  const classes = [tuple.xmin_status === 'running' ? 'running' : '', ender, visible ? '' : 'hidden', item.tuple!.xmax_status === 'none' && !item.tuple!.heap_only && item.lp > 1 ? 'not390' : '', tuple.dead_to_all ? 'dead' : '', marks(state, id)];
  return html`<span class="v ${classes.join(' ')}" data-thing=${id}
    style="--outline:${sessionColour(tuple.xmin_letter)};--ender:${sessionColour(tuple.xmax_letter)}"
    title=${visible ? '' : t('standby.hides')}>${name} ${all.telling}</span>`;
}

/** Its own positions, and what the primary has heard where that is behind. */
function positions(standby: HostView, heard: ReplicationView | null): Pointer[] {
  const { wal } = standby;
  const own: Pointer[] = [
    ...(heard ? [{ name: 'sent', position: heard.sent_lsn }] : []),
    { name: 'write', position: wal.write },
    { name: 'flush', position: wal.flush },
    { name: 'replay', position: wal.replay ?? wal.flush },
  ];
  if (!heard) return own;
  const said: Pointer[] = [['write', heard.write_lsn, wal.write], ['flush', heard.flush_lsn, wal.flush], ['replay', heard.replay_lsn, wal.replay ?? wal.flush]]
    .filter(([, told, is]) => told !== is)
    .map(([name, told]) => ({ name: name as string, position: told as number, hollow: true }));
  return [...own, ...said];
}

customElements.define('vt-standby', Standby);
