/**
 * The newest entries of pg_xact with their two bits, what a transaction that is not over looks like, the sessions'
 * snapshots, and who waits for whom.
 */
import { css, html, nothing } from 'lit';
import { snapshot } from '../base/format.ts';
import { t, type MessageKey } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import { hero, marks, sessionsOf } from '../model/state.ts';
import * as thing from '../model/thing.ts';
import { Panel } from './panel.ts';
import type { HostView, SessionView, XactEntry } from './types.ts';

const signs = ['…', '✓', '✗', '↑'];

/** `<vt-transactions>` */
export class Transactions extends Panel {
  static override styles = [shared, css`
    .tx { display: flex; gap: 18px; align-items: center; white-space: nowrap; overflow: hidden; min-height: 24px; }
    .bits { display: inline-flex; gap: 3px; padding: 1px 4px; }
    .bit {
      border: 1.5px solid var(--vt-edge); border-radius: 3px; padding: 0 6px; font-size: 12px; line-height: 20px; cursor: pointer;
      color: var(--who, inherit);
    }
    .bit.running { border-style: dashed; border-color: var(--who, var(--vt-edge)); }
    .bit.listed { border-color: var(--who, var(--vt-edge)); }
    .bit.aborted { text-decoration: line-through; }
    .bit.sel { background: var(--vt-ink); color: var(--vt-on-ink); }
    .wait { color: var(--vt-ink); }
    @container (max-width: 767px) { .tx { flex-wrap: wrap; gap: 4px 12px; } }
  `];

  override render() {
    const host = hero(this.state);
    return html`<section class="tx" aria-labelledby="title">
      <h2 id="title">${this.leadsTo('versions', t('transactions'))} <span class="s">pg_xact</span></h2>
      <span class="bits m" data-grid tabindex="0" role="listbox" aria-labelledby="title">
        ${host.xact.entries.slice(-3).map((e) => this.#entry(e))}
      </span>
      ${this.#snapshots(host)}
      ${this.#locks(host)}
    </section>`;
  }

  #entry(e: XactEntry) {
    const id = thing.xact(e.xid);
    const bits = e.bits.toString(2).padStart(2, '0');
    const classes = [e.bits === 0 && e.running ? 'running' : e.running ? 'listed' : '', e.bits === 2 ? 'aborted' : '', marks(this.state, id)];
    const words = `${e.xid}: ${t(`xact.${e.bits}` as MessageKey)}${e.running && e.bits ? `, ${t('xact.listed')}` : ''}`;
    return html`<span class="bit ${classes.join(' ')}" data-thing=${id} data-who=${e.running ? (e.letter ?? nothing) : nothing}
      tabindex="-1" role="option" aria-selected=${this.state.selection === id} aria-label=${words} title=${words}
      >${e.xid} ${bits} ${signs[e.bits]}${e.running && e.letter ? ` ${e.letter}` : ''}</span>`;
  }

  /** The snapshots held, else the last one taken by a session that is not inside a transaction of its own. */
  #telling(host: HostView): SessionView[] {
    const sessions = sessionsOf(this.state.view, host.host).filter((s) => s.snapshot);
    return sessions.filter((s) => s.snapshot_held || s.backend_xid === null).slice(-2);
  }

  /** Where somebody waits, that is what there is to see. */
  #snapshots(host: HostView) {
    if (host.lock_waits.length > 1) return nothing;
    return this.#telling(host).map((s, i, shown) => html`<span class="tiny ${i < shown.length - 1 ? 'at1440' : ''}">${t(s.snapshot_held ? 'snapshot.held' : 'snapshot.last', { letter: s.letter })}
      <span class="m">${snapshot(s.snapshot!)}</span></span>`);
  }

  #locks(host: HostView) {
    const waits = host.lock_waits;
    if (waits.length === 0) return this.#telling(host).length > 1 ? nothing : html`<span class="tiny at1440">${this.leadsTo('locks', t('locks.none'))}</span>`;
    return waits.map((w) => {
      const who = w.letter ?? w.pid;
      const holder = w.blocked_by.map((b) => b.letter ?? b.pid).join(', ');
      return html`<span class="tiny wait" title=${t('locks.what', { who, mode: w.mode, what: w.what })}>${this.leadsTo('locks', t('locks.wait', { who, holder }))}</span>`;
    });
  }
}

customElements.define('vt-transactions', Transactions);
