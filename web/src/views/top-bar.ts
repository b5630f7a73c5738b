/** The top bar: what this is, what is scaled down, the clock, and what concerns the whole lab. */
import { css, html, LitElement, nothing } from 'lit';
import { bytes, clock } from '../base/format.ts';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import type { StoreStatus } from '../engine/api.ts';
import type { LabView } from './types.ts';

/** `<vt-top-bar>` */
export class TopBar extends LitElement {
  static override properties = { view: { attribute: false }, scene: {}, live: { type: Boolean }, powered: { type: Boolean }, note: {}, stored: { attribute: false }, kept: { attribute: false } };
  declare view: LabView;
  declare scene: string;
  declare live: boolean;
  declare powered: boolean;
  /** A passing remark, such as 'address copied'. */
  declare note: string;
  /** What is kept of this world, and where. */
  declare stored: StoreStatus;
  /** The name of a world that this browser keeps and that could be continued. */
  declare kept: string | null;

  static override styles = [shared, css`
    .top { display: flex; align-items: center; gap: 8px; white-space: nowrap; height: 100%; }
    .brand { margin: 0; font-weight: 600; font-size: 15px; margin-right: 8px; }
    .scale { border: 1px solid var(--vt-line); border-radius: 3px; padding: 1px 8px; color: var(--vt-soft); font-size: 12px; }
    .scene { color: var(--vt-soft); margin-right: 8px; }
    .time { margin-right: 8px; }
    button { border-color: transparent; color: var(--vt-soft); }
    button:hover { color: var(--vt-ink); }
    .panels { border-color: var(--vt-edge); color: var(--vt-ink); }
    button[aria-pressed='true'] { color: var(--vt-on-ink); background: var(--vt-ink); }
    @container (max-width: 767px) { .at1440 { display: none !important; } }
  `];

  override render() {
    const { shared_buffers, wal_segment_size } = this.view.scale;
    return html`<div class="top">
      <h1 class="brand">${t('brand')}</h1><span class="scene">${this.scene}</span>
      <span class="scale not390">${t('scaled', { buffers: shared_buffers, segments: bytes(wal_segment_size) })}</span>
      <button class="panels" aria-haspopup="dialog" @click=${this.#ask('panels')}>${t('panels.open')}</button>
      <span class="grow"></span>
      <span class="tiny" role="status">${this.note}</span>
      <span class="m s not390 time">${clock(this.view.now)}</span>
      <button class="not390" aria-pressed=${this.live} @click=${this.#ask('live')}>▷ ${t('live', { speed: '0.01' })}</button>
      <button class="at1440" @click=${this.#ask('plug')}>${t(this.powered ? 'plug' : 'power.on')}</button>
      ${this.#keep()}
      <button class="at1440" @click=${this.#ask('share')}>${t('share')}</button>
      <button class="at1440" @click=${this.#ask('embed')}>${t('embed')}</button>
      <button class="not390" @click=${this.#ask('theme')}>${t('theme')}</button>
      <button aria-label=${t('help')} title=${t('help')} @click=${this.#ask('help')}>?</button>
    </div>`;
  }

  #keep() {
    const { stored } = this;
    if (stored.kind === 'saved') return html`<span class="tiny at1440">${t('kept', { name: stored.name })}</span>`;
    if (stored.kind === 'branch') return html`<span class="tiny at1440">${t('kept.branch', { name: stored.name })}</span>`;
    if (stored.kind === 'failed') return html`<span class="tiny" title=${stored.message}>${t('kept.failed', { why: stored.why })}</span>`;
    return html`${this.kept ? html`<button class="at1440" @click=${this.#ask('continue')}>${t('stored.continue')}</button>` : nothing}
      <button class="at1440" title=${t('keep.title')} @click=${this.#ask('keep')}>${t('keep')}</button>`;
  }

  #ask(act: string) {
    return () => this.dispatchEvent(new CustomEvent('vt-go', { detail: { act }, bubbles: true, composed: true }));
  }
}

customElements.define('vt-top-bar', TopBar);
