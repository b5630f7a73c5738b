/** The top bar: what this is, what is scaled down, the clock, and what concerns the whole lab. */
import { css, html, LitElement, nothing } from 'lit';
import { bytes, clock } from '../base/format.ts';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import type { StoreStatus } from '../engine/api.ts';
import type { LabView } from './types.ts';

/** `<vt-top-bar>` */
export class TopBar extends LitElement {
  static override properties = { view: { attribute: false }, scene: {}, live: { type: Boolean }, speed: {}, powered: { type: Boolean }, note: {}, stored: { attribute: false }, kept: { attribute: false } };
  declare view: LabView;
  declare scene: string;
  declare live: boolean;
  declare speed: number;
  declare powered: boolean;
  /** A passing remark, such as 'address copied'. */
  declare note: string;
  /** What is kept of this world, and where. */
  declare stored: StoreStatus;
  /** This browser keeps worlds that could be continued. */
  declare kept: boolean;

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
      <h1 class="brand">${t('brand')}</h1><button class="scene" aria-haspopup="dialog" title=${t('scenes.choose')} @click=${this.#ask('scenes')}>${this.scene} ▾</button>
      <span class="scale not390">${t('scaled', { buffers: shared_buffers, segments: bytes(wal_segment_size) })}</span>
      <button class="panels" aria-haspopup="dialog" @click=${this.#ask('panels')}>${t('panels.open')}</button>
      <span class="grow"></span>
      <span class="tiny" role="status">${this.note}</span>
      <span class="m s not390 time">${clock(this.view.now)}</span>
      <button class="not390" aria-pressed=${this.live} @click=${this.#ask('live')}>▷ ${t('live', { speed: this.speed })}</button>
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
    const worlds = (says: string, title: string) => html`<button class="at1440" aria-haspopup="dialog" title=${title} @click=${this.#ask('keep')}>${says}</button>`;
    if (stored.kind === 'saved') return worlds(t('kept', { name: stored.name }), t('worlds'));
    if (stored.kind === 'branch') return worlds(t('kept.branch', { name: stored.name }), t('worlds'));
    if (stored.kind === 'failed') return worlds(t('kept.failed', { why: stored.why }), stored.message);
    return html`${this.kept ? worlds(t('stored.continue'), t('worlds')) : nothing}${worlds(t('keep'), t('keep.title'))}`;
  }

  #ask(act: string) {
    return () => this.dispatchEvent(new CustomEvent('vt-go', { detail: { act }, bubbles: true, composed: true }));
  }
}

customElements.define('vt-top-bar', TopBar);
