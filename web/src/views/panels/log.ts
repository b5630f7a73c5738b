/** The server log: the newest lines, in PostgreSQL's words, with who says them. */
import { css, html } from 'lit';
import { t } from '../../base/messages.ts';
import { marks } from '../../model/state.ts';
import type { TableTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import { BigPanel, bigStyles, chip } from './big-panel.ts';

/** `<vt-p-log>` */
export class LogPanel extends BigPanel {
  protected readonly heading = 'p.log';
  protected readonly hint = 'p.log.hint';

  static override styles = [...BigPanel.styles, bigStyles, css`
    ol { font-size: 12px; line-height: 18px; }
    li { display: grid; grid-template-columns: 64px 60px minmax(0, 1fr); gap: 0 10px; padding: 2px 4px; border-radius: 3px; }
    li:nth-child(odd) { background: var(--vt-panel); }
    .text { white-space: pre-wrap; overflow-wrap: anywhere; }
    .bad { color: var(--vt-error); font-weight: 600; }
    button { min-height: 20px; padding: 0 4px; border-color: transparent; font-size: 12px; justify-self: start; }
    button:hover { border-color: var(--vt-edge); }
    @container (max-width: 767px) { li { grid-template-columns: 64px minmax(0, 1fr); } .text { grid-column: 1 / -1; } button { min-height: 44px; } }
  `];

  protected drawing() {
    const { host } = this;
    if (host.log.length === 0) return html`<p class="empty">${t('p.log.none')}</p>`;
    const letter = (pid: number) => host.processes.find((p) => p.pid === pid)?.letter ?? null;
    return html`<ol class="m">${host.log.map((line) => {
      const id = thing.process(host.host, line.pid);
      return html`<li><button class=${marks(this.state, id)} data-thing=${id} aria-label="pid ${line.pid}">${chip(letter(line.pid), line.pid)}</button>
        <span class=${line.level === 'LOG' ? 's' : 'bad'}>${line.level}</span><span class="text">${line.text}</span></li>`;
    })}</ol>`;
  }

  protected override updated(): void {
    const body = this.renderRoot.querySelector('.body');
    if (body) body.scrollTop = body.scrollHeight;
  }

  protected twins(): TableTwin[] {
    return [{ name: t('p.log'), columns: ['pid', 'level', 'message'], rows: this.host.log.map((l) => [String(l.pid), l.level, l.text]) }];
  }
}

customElements.define('vt-p-log', LogPanel);
