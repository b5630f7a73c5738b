/** What opens over the lab: a modal dialog with a heading and a way out. It is made when it is asked for. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import type { Lab } from './lab.ts';

/** The base of the sheets. */
export abstract class Sheet extends LitElement {
  /** The lab that it stands over. */
  lab!: Lab;

  static override styles = [shared, css`
    dialog {
      color: inherit; background: var(--vt-panel); border: 1px solid var(--vt-edge); border-radius: 6px; padding: 20px 24px;
      width: min(900px, 94vw); max-width: none; max-height: 88vh; overflow: auto;
    }
    dialog::backdrop { background: rgb(0 0 0 / 0.5); }
    h1 { font-size: 15px; line-height: 20px; font-weight: 600; margin: 0 0 4px; }
    h1:focus { outline: 0; }
    h2 { margin: 18px 0 4px; white-space: normal; }
    footer { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; margin-top: 20px; }
    input, select, textarea { font: inherit; color: inherit; background: var(--vt-sunk); border: 1px solid var(--vt-edge); border-radius: 4px; min-height: 28px; padding: 2px 8px; }
    @media (max-width: 700px) { button, input, select { min-height: 44px; } }
  `];

  /** Opens a sheet of this kind over a lab. */
  static open<S extends Sheet>(tag: string, lab: Lab): S {
    const sheet = document.createElement(tag) as S;
    sheet.lab = lab;
    lab.renderRoot.append(sheet);
    void sheet.updateComplete.then(() => sheet.renderRoot.querySelector('dialog')!.showModal());
    return sheet;
  }

  /** Its heading. */
  protected abstract heading(): string;
  /** What stands in it. */
  protected abstract content(): TemplateResult;
  /** What stands beside Close. */
  protected more(): TemplateResult | typeof nothing {
    return nothing;
  }

  override render() {
    return html`<dialog aria-label=${this.heading()} @keydown=${(e: Event) => e.stopPropagation()} @close=${() => this.remove()}>
      <h1 tabindex="-1" autofocus>${this.heading()}</h1>
      ${this.content()}
      <footer><button @click=${this.close}>${t('close')}</button>${this.more()}</footer>
    </dialog>`;
  }

  protected close = (): void => { this.renderRoot.querySelector('dialog')?.close(); };

  /** Asks the reader for a file. */
  protected file(accept: string, then: (file: File) => void): void {
    const input = document.createElement('input');
    Object.assign(input, { type: 'file', accept, onchange: () => { const [file] = input.files ?? []; if (file) then(file); } });
    input.click();
  }
}
