/**
 * The processes of a server in one line: who runs, who waits for what. Sessions stand with their letters, sleepers
 * are soft. A process is stepped, frozen or killed from the inspector once it is chosen.
 */
import { css, html, nothing, svg } from 'lit';
import { t, type MessageKey } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import { hero, inLine, marks, sessionsOf } from '../model/state.ts';
import * as thing from '../model/thing.ts';
import { Panel } from './panel.ts';
import type { ProcessView } from './types.ts';

/** Waits in which a process has nothing to do. */
const asleep = new Set(['Activity', 'Client', 'Timeout']);

/** `<vt-processes>` */
export class Processes extends Panel {
  static override styles = [shared, css`
    .procs { display: flex; gap: 3px; align-items: center; white-space: nowrap; overflow: hidden; height: 20px; }
    .host { font-weight: 600; margin-right: 4px; }
    button {
      display: inline-flex; gap: 5px; align-items: center; min-height: 20px; height: 20px; padding: 0 4px; font-size: 12px;
      border-color: transparent; color: var(--vt-soft);
    }
    svg { color: var(--vt-edge); }
    .awake svg { color: inherit; }
    button.awake, button.who { color: var(--vt-ink); }
    button.sel { border-color: var(--vt-ink); }
    svg { width: 9px; height: 9px; flex: none; }
    .crowded .session .wait { display: none; }
    @container (max-width: 1279px) { .session .wait { display: none; } }
  `];

  override render() {
    const host = hero(this.state);
    return html`<div class="procs ${sessionsOf(this.state.view, host.host).length > 2 ? 'crowded' : ''}" role="group" aria-label=${t('processes', { host: host.name })}>
      <span class="host">${this.leadsTo('processes-map', t(host.role))}</span>
      ${inLine(host).map((p) => this.#process(host.host, p))}
    </div>`;
  }

  #process(host: number, p: ProcessView) {
    const id = thing.process(host, p.pid);
    const idle = p.state === 'waiting' && asleep.has(p.wait_event_type ?? '');
    const state = t(`process.${p.state}` as MessageKey);
    const label = `${p.letter ?? p.backend_type}: ${state}${p.wait_event ? `, ${p.wait_event}` : ''}, ${t('session.pid', { pid: p.pid })}`;
    return html`<button class="${marks(this.state, id)} ${idle && !p.letter ? '' : 'awake'} ${p.letter ? 'session' : ''}"
        data-thing=${id} data-who=${p.letter ?? nothing} title=${label} aria-label=${label}>
      ${p.letter ? html`<span class="key">${p.letter}</span>` : processShape(p)}
      ${p.letter && p.state !== 'waiting' ? processShape(p) : nothing}
      <span class="wait">${p.letter ? (p.wait_event ?? state) : p.backend_type}</span>
      ${!p.letter && !idle && p.wait_event ? html`<span class="s not390">${p.wait_event}</span>` : nothing}
    </button>`;
  }
}

/** Running: filled dot; runnable: ring with dot; waiting: ring; frozen: square; gone: cross. */
export function processShape(p: Pick<ProcessView, 'state'>) {
  return html`<svg viewBox="0 0 10 10" aria-hidden="true">${shapeOf(p.state)}</svg>`;
}

function shapeOf(state: ProcessView['state']) {
  switch (state) {
    case 'running': return svg`<circle cx="5" cy="5" r="4.5" fill="currentColor" />`;
    case 'runnable': return svg`<circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" stroke-width="1.5" /><circle cx="5" cy="5" r="1.7" fill="currentColor" />`;
    case 'waiting': return svg`<circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" stroke-width="1.5" />`;
    case 'frozen': return svg`<rect x="1" y="1" width="8" height="8" fill="currentColor" />`;
    case 'gone': return svg`<path d="M1 1 L9 9 M9 1 L1 9" stroke="currentColor" stroke-width="1.8" />`;
  }
}

customElements.define('vt-processes', Processes);
