/**
 * The middle while it shows a panel in place of the picture: a tab for each panel, the first of them back to the picture,
 * and below them the panel that is open.
 */
import { css, html, LitElement } from 'lit';
import { panelsEn } from '../../base/en-panels.ts';
import { learn, t } from '../../base/messages.ts';
import { shared } from '../../base/styles.ts';
import type { LabState } from '../../model/state.ts';
import type { BigPanelName } from '../../model/wants.ts';
import { groups, panels } from './registry.ts';

learn(panelsEn);

/** `<vt-panel-frame>` */
export class PanelFrame extends LitElement {
  static override properties = { state: { attribute: false }, name: {}, ready: { state: true } };
  declare state: LabState;
  declare name: BigPanelName;
  /** The panel whose code is here. */
  declare ready: BigPanelName | null;

  constructor() {
    super();
    this.ready = null;
  }

  static override styles = [shared, css`
    :host { display: flex; flex-direction: column; min-height: 0; }
    .tabs { display: flex; flex-wrap: wrap; gap: 0 2px; border-bottom: 1px solid var(--vt-line); flex: none; margin-bottom: 8px; }
    .tabs button { border: 0; border-bottom: 2px solid transparent; border-radius: 0; min-height: 24px; padding: 0 7px; white-space: nowrap; font-size: 12px; color: var(--vt-soft); }
    .tabs button:hover { color: var(--vt-ink); }
    .tabs button[aria-selected='true'] { color: var(--vt-ink); border-bottom-color: var(--vt-ink); font-weight: 600; }
    .tabs button:focus-visible { outline-offset: -2px; }
    .tabs i { border-left: 1px solid var(--vt-line); margin: 6px 3px; }
    .open { flex: 1; min-height: 0; display: flex; flex-direction: column; }
    .open > * { flex: 1; }
    @container (max-width: 767px) { .open { display: block; } .tabs { flex-wrap: nowrap; overflow-x: auto; scrollbar-width: none; } .tabs button { min-height: 44px; } }
  `];

  protected override willUpdate(): void {
    const { name } = this;
    if (this.ready !== name) void panels[name].load().then(() => { if (this.name === name) this.ready = name; });
  }

  protected override updated(changed: Map<string, unknown>): void {
    if (changed.has('name')) this.renderRoot.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  override render() {
    const tab = (name: BigPanelName) => html`<button role="tab" id="tab-${name}" aria-selected=${name === this.name} aria-controls="open" tabindex=${name === this.name ? 0 : -1}
      @click=${() => this.#open(name)}>${t(panels[name].title)}</button>`;
    return html`<div class="tabs" role="tablist" aria-label=${t('panels')} @keydown=${this.#key}>
        <button role="tab" aria-selected="false" tabindex="-1" aria-controls="open" @click=${() => this.#open('')}>← ${t('panels.picture')}</button>
        ${groups.map((g) => html`<i role="presentation"></i>${g.panels.map(tab)}`)}
      </div>
      <div class="open" id="open" role="tabpanel" aria-labelledby="tab-${this.name}">${
        this.ready === this.name ? panels[this.name].draw(this.state) : html`<p class="tiny" role="status">${t('panel.fetching')}</p>`}</div>`;
  }

  #open(name: BigPanelName | ''): void {
    this.dispatchEvent(new CustomEvent('vt-go', { detail: { act: 'panel', value: name }, bubbles: true, composed: true }));
  }

  /** Arrows, Home and End walk along the tabs; the one that is reached opens. */
  #key = (e: KeyboardEvent): void => {
    const all = [...this.renderRoot.querySelectorAll<HTMLElement>('[role=tab]')];
    const at = all.indexOf(e.target as HTMLElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 1, End: all.length - 1 }[e.key];
    if (to === undefined || at < 0) return;
    e.preventDefault();
    e.stopPropagation();
    const next = all[(to + all.length) % all.length]!;
    next.focus();
    if (next !== all[0]) next.click();
  };
}

customElements.define('vt-panel-frame', PanelFrame);
