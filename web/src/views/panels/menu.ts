/** The menu of all panels, in groups, each with a line of what it shows. */
import { css, html, LitElement } from 'lit';
import { panelsEn } from '../../base/en-panels.ts';
import { learn, t } from '../../base/messages.ts';
import { shared } from '../../base/styles.ts';
import type { BigPanelName } from '../../model/wants.ts';
import { groups, panels } from './registry.ts';

learn(panelsEn);

/** `<vt-panel-menu>` */
export class PanelMenu extends LitElement {
  static override properties = { name: {} };
  declare name: BigPanelName | '';

  static override styles = [shared, css`
    dialog { color: inherit; background: var(--vt-panel); border: 1px solid var(--vt-edge); border-radius: 6px; padding: 18px 22px; width: min(920px, 94vw); max-height: 88vh; overflow: auto; }
    dialog::backdrop { background: rgb(0 0 0 / 0.5); }
    .groups { display: grid; grid-template-columns: repeat(2, 1fr); gap: 14px 28px; margin-top: 12px; }
    h3 { font-size: 12px; font-weight: 400; color: var(--vt-soft); margin: 0 0 4px; border-bottom: 1px solid var(--vt-line); padding-bottom: 3px; }
    button.one { display: block; width: 100%; text-align: left; border-color: transparent; padding: 4px 8px; min-height: 44px; line-height: 17px; }
    button.one:hover { background: var(--vt-sunk); }
    button.one[aria-current='true'] { border-color: var(--vt-ink); }
    .one b { display: block; }
    .one span { color: var(--vt-soft); font-size: 12px; }
    footer { margin-top: 12px; }
    @media (max-width: 700px) { .groups { grid-template-columns: 1fr; } }
  `];

  open(): void {
    void this.updateComplete.then(() => this.renderRoot.querySelector('dialog')?.showModal());
  }

  override render() {
    const one = (name: BigPanelName | '', title: string, about: string) => html`<button class="one" aria-current=${this.name === name} ?autofocus=${this.name === name} @click=${() => this.#choose(name)}>
      <b>${title}</b><span>${about}</span></button>`;
    return html`<dialog aria-labelledby="title" @keydown=${this.#key}>
      <h2 id="title">${t('panels')}</h2>
      ${one('', t('panels.picture'), t('panels.picture.about'))}
      <div class="groups">${groups.map((g) => html`<div><h3>${t(g.title)}</h3>${g.panels.map((name) => one(name, t(panels[name].title), t(panels[name].about)))}</div>`)}</div>
      <footer><button @click=${this.#close}>${t('close')}</button></footer>
    </dialog>`;
  }

  /** Arrows walk; everything else stays in the dialog. */
  #key = (e: KeyboardEvent): void => {
    e.stopPropagation();
    const all = [...this.renderRoot.querySelectorAll<HTMLElement>('button')];
    const by = e.key === 'ArrowDown' || e.key === 'ArrowRight' ? 1 : e.key === 'ArrowUp' || e.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    e.preventDefault();
    all[(all.indexOf(e.target as HTMLElement) + by + all.length) % all.length]?.focus();
  };

  #choose(value: BigPanelName | ''): void {
    this.#close();
    this.dispatchEvent(new CustomEvent('vt-go', { detail: { act: 'panel', value }, bubbles: true, composed: true }));
  }

  #close = () => { this.renderRoot.querySelector('dialog')?.close(); };
}

customElements.define('vt-panel-menu', PanelMenu);
