/** The newest lines of a server's log, in PostgreSQL's words: what one reads first after a crash. */
import { css, html, LitElement, nothing } from 'lit';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import type { HostView } from './types.ts';

/** `<vt-log>` */
export class ServerLog extends LitElement {
  static override properties = { host: { attribute: false } };
  declare host: HostView;

  static override styles = [shared, css`
    :host { display: flex; flex-direction: column; min-height: 0; }
    pre { background: var(--vt-sunk); border-radius: 4px; padding: 6px 10px; margin-top: 4px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere;
      line-height: 16px; min-height: 0; scrollbar-width: thin; }
    .bad { color: var(--vt-error); }
    @container (max-width: 767px) { pre { max-height: 30vh; } }
  `];

  override render() {
    if (!this.host) return nothing;
    return html`<h2 id="title">${t('log', { host: this.host.name })}</h2>
      <pre tabindex="0" role="log" aria-labelledby="title">${this.host.log.map(({ level, text }) =>
        html`<span class=${level === 'LOG' ? 's' : 'bad'}>${level}:</span>  ${text}\n`)}</pre>`;
  }

  protected override updated(): void {
    const out = this.renderRoot.querySelector('pre');
    if (out) out.scrollTop = out.scrollHeight;
  }
}

customElements.define('vt-log', ServerLog);
