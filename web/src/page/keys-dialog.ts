/** Two dialogs of the lab: the keys with the legend of shapes, and all panels as tables. */
import { css, html, LitElement, nothing, svg } from 'lit';
import { NAMES } from '../base/languages.ts';
import { t, type MessageKey } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import { tables, type TableTwin } from '../model/tables.ts';
import type { LabView } from '../views/types.ts';

const keys: [string, MessageKey][] = [
  ['→ ←', 'keys.next'], ['. ,', 'keys.event'], ['Shift →', 'keys.end'], ['n', 'keys.change'], ['Space', 'keys.live'], ['Home End', 'keys.ends'],
  ['/', 'keys.prompt'], ['1 … 9', 'keys.process'], ['s', 'keys.step'], ['p', 'keys.panels'], ['Enter', 'keys.grid'], ['Esc', 'keys.esc'], ['?', 'keys.help'],
];


const bar = (outline: string, more: unknown = nothing) => svg`<rect x="1" y="2" width="42" height="14" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray=${outline} />${more}`;
const left = svg`<rect x="0" y="2" width="4" height="14" fill="currentColor" />`;
const right = svg`<rect x="40" y="2" width="4" height="14" fill="currentColor" />`;
const rightDashed = svg`<path d="M42 2 V16" stroke="currentColor" stroke-width="4" stroke-dasharray="5 3" />`;

const shapes: [unknown, MessageKey][] = [
  [bar('4 3', left), 'legend.running'], [bar('none', left), 'legend.committed'], [bar('none', svg`${left}${rightDashed}`), 'legend.ending'],
  [bar('none', svg`${left}${right}`), 'legend.ended'], [bar('1 3', svg`<path d="M6 9 H38" stroke="currentColor" />`), 'legend.dead'],
  [bar('1 3'), 'legend.redirect'], [svg`<rect x="6" y="1" width="32" height="16" rx="3" fill="currentColor" />`, 'legend.seen'],
  [svg`<path d="M2 2 H14 V14 H2 Z" fill="none" stroke="currentColor" /><path d="M7 2 H14 V9 Z" fill="currentColor" /><circle cx="23" cy="8" r="3" fill="currentColor" /><path d="M32 13 L36 5 L40 13 Z" fill="currentColor" />`, 'legend.dirty'],
  [svg`<rect x="1" y="3" width="12" height="12" fill="none" stroke="currentColor" stroke-dasharray="3 2" /><path d="M2 14 L12 4 M2 9 L7 4 M7 14 L12 9" stroke="currentColor" stroke-width=".7" /><rect x="16" y="3" width="12" height="12" fill="none" stroke="currentColor" stroke-dasharray="3 2" /><rect x="31" y="3" width="12" height="12" fill="none" stroke="currentColor" />`, 'legend.wal'],
  [svg`<circle cx="5" cy="9" r="4" fill="currentColor" /><circle cx="14" cy="9" r="3.5" fill="none" stroke="currentColor" /><circle cx="14" cy="9" r="1.3" fill="currentColor" /><circle cx="23" cy="9" r="3.5" fill="none" stroke="currentColor" /><rect x="29" y="6" width="7" height="7" fill="currentColor" /><path d="M39 6 L44 12 M44 6 L39 12" stroke="currentColor" stroke-width="1.5" />`, 'legend.process'],
  [svg`<path d="M6 3 L10 11 H2 Z M6 11 V17" fill="currentColor" stroke="currentColor" /><path d="M24 3 L28 11 H20 Z M24 11 V17" fill="none" stroke="currentColor" stroke-dasharray="2 1.5" />`, 'legend.heard'],
];

/** `<vt-dialog>` */
export class Dialog extends LitElement {
  static override properties = { view: { attribute: false }, kept: { type: Boolean }, languages: { type: Boolean }, kind: { state: true } };
  declare view: LabView;
  /** This browser keeps a world that could be continued. */
  declare kept: boolean;
  /** On the page of its own, the reader may choose the language. */
  declare languages: boolean;
  declare kind: 'keys' | 'tables';

  constructor() {
    super();
    this.kind = 'keys';
    this.kept = this.languages = false;
  }

  static override styles = [shared, css`
    dialog {
      color: inherit; background: var(--vt-panel); border: 1px solid var(--vt-edge); border-radius: 6px; padding: 20px 24px; max-width: min(860px, 94vw);
      max-height: 88vh; overflow: auto;
    }
    dialog[open] { display: flex; flex-direction: column; }
    dialog::backdrop { background: rgb(0 0 0 / 0.5); }
    .two { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 32px; }
    dl { display: grid; grid-template-columns: auto 1fr; gap: 6px 16px; align-items: center; margin-top: 10px; }
    dt svg { width: 46px; height: 18px; display: block; }
    kbd { border: 1px solid var(--vt-edge); border-radius: 3px; padding: 1px 5px; white-space: nowrap; }
    .acts { display: flex; gap: 8px; flex-wrap: wrap; margin-top: 16px; }
    .acts button { min-height: 44px; }
    footer { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; margin-top: 16px; }
    h2:focus { outline: 0; }
    table { border-collapse: collapse; margin: 6px 0 18px; display: block; overflow-x: auto; }
    th, td { text-align: left; padding: 1px 10px 1px 0; font-weight: 400; white-space: nowrap; vertical-align: top; }
    th { color: var(--vt-soft); border-bottom: 1px solid var(--vt-line); }
    /* A phone has no keys, and no room for these anywhere else. */
    @media (max-width: 700px) { .two { grid-template-columns: 1fr; } .acts { order: -1; margin: 0 0 16px; } }
  `];

  /** Opens one of the two. */
  open(kind: 'keys' | 'tables'): void {
    this.kind = kind;
    void this.updateComplete.then(() => this.renderRoot.querySelector('dialog')?.showModal());
  }

  override render() {
    return html`<dialog aria-label=${t(this.kind === 'keys' ? 'help' : 'tables')} @keydown=${(e: Event) => e.stopPropagation()}>
      ${this.kind === 'keys' ? this.#keys() : tables(this.view).map(twin)}
      ${this.kind === 'keys' ? html`<div class="acts">${[['plug', this.view.hosts[0]?.state === 'off' ? 'power.on' : 'plug'], ['keep', this.kept ? 'stored.continue' : 'keep'], ['scenes', 'scenes'], ['panels', 'panels.open'], ['share', 'share'], ['embed', 'embed'], ['theme', 'theme']].map(([name, key]) =>
        html`<button @click=${() => this.#ask(name!)}>${t(key as MessageKey)}</button>`)}</div>` : nothing}
      <footer><button @click=${this.#close}>${t('close')}</button>${this.kind === 'keys'
        ? html`<button class="plain" @click=${() => { this.kind = 'tables'; }}>${t('tables')}</button>${this.#languages()}<span class="tiny grow">${t('disclaimer')} ${t('draft')}</span>` : nothing}</footer>
    </dialog>`;
  }

  #keys() {
    return html`<div class="two">
      <div><h2 tabindex="-1" autofocus>${t('keys.title')}</h2><dl>${keys.map(([k, what]) => html`<dt><kbd>${k}</kbd></dt><dd>${t(what)}</dd>`)}</dl></div>
      <div><h2>${t('legend')}</h2><dl>${shapes.map(([drawn, what]) => html`<dt><svg viewBox="0 0 46 18" aria-hidden="true">${drawn}</svg></dt><dd>${t(what)}</dd>`)}</dl></div>
    </div>`;
  }

  /** On the page of its own: each language that is known, in its own words. */
  #languages() {
    if (!this.languages) return nothing;
    const spoken = document.documentElement.lang;
    return html`<span role="group" aria-label=${t('language')}>${Object.entries(NAMES).map(([tag, name]) => html`<button class="plain" lang=${tag} aria-pressed=${tag === spoken}
      @click=${() => this.#ask('language', tag)}>${name}</button>`)}</span>`;
  }

  /** What the top bar has no room for on a narrow page. */
  #ask(act: string, value?: string): void {
    this.#close();
    this.dispatchEvent(new CustomEvent('vt-go', { detail: { act, value }, bubbles: true, composed: true }));
  }

  #close = () => { this.renderRoot.querySelector('dialog')?.close(); };
}

function twin(table: TableTwin) {
  return html`<h2>${table.name}</h2><table class="m"><thead><tr>${table.columns.map((c) => html`<th scope="col">${c}</th>`)}</tr></thead>
    <tbody>${table.rows.map((r) => html`<tr>${r.map((v) => html`<td>${v}</td>`)}</tr>`)}</tbody></table>`;
}

customElements.define('vt-dialog', Dialog);
