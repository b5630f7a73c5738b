/**
 * What the panels of the middle share: a heading, the choice of a server where there are two, and the twin of the picture
 * as tables, named and shaped as what a real server answers.
 */
import { css, html, nothing } from 'lit';
import { panelsEn } from '../../base/en-panels.ts';
import { learn, t, type MessageKey } from '../../base/messages.ts';
import { shared } from '../../base/styles.ts';
import type { TableTwin } from '../../model/tables.ts';
import type { Wants } from '../../model/wants.ts';
import { Panel } from '../panel.ts';
import type { HostView } from '../types.ts';

learn(panelsEn);

/** The look that all of them share. */
export const bigStyles = css`
  :host { display: flex; flex-direction: column; min-height: 0; }
  section { display: flex; flex-direction: column; min-height: 0; flex: 1; }
  header { display: flex; gap: 4px 8px; align-items: flex-start; padding-bottom: 8px; white-space: nowrap; }
  header h2 { white-space: normal; flex: 1; padding-top: 4px; }
  header select, header input, .controls select, .controls input {
    font: inherit; color: inherit; background: var(--vt-panel); border: 1px solid var(--vt-edge); border-radius: 4px; height: 24px; padding: 0 6px; max-width: 100%;
  }
  header button, .controls button { min-height: 24px; font-size: 12px; }
  button[aria-pressed='true'] { background: var(--vt-ink); color: var(--vt-on-ink); border-color: var(--vt-ink); }
  .controls { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; padding-bottom: 10px; }
  .controls label { display: inline-flex; gap: 6px; align-items: center; font-size: 12px; color: var(--vt-soft); }
  .body { flex: 1; min-height: 0; overflow: auto; scrollbar-width: thin; padding: 2px; }
  .body:focus-visible { outline-offset: -2px; }
  h3 { font-size: 12px; line-height: 16px; font-weight: 600; margin: 14px 0 6px; }
  h3:first-child { margin-top: 0; }
  h3 .s { font-weight: 400; }
  .empty { color: var(--vt-soft); padding: 8px 0; }
  table { border-collapse: collapse; font-size: 12px; line-height: 18px; }
  th, td { text-align: left; padding: 1px 14px 1px 0; font-weight: 400; white-space: nowrap; vertical-align: baseline; }
  th { color: var(--vt-soft); border-bottom: 1px solid var(--vt-line); position: sticky; top: -2px; background: var(--vt-bg); }
  td.n, th.n { text-align: right; }
  .twin { margin-bottom: 16px; }
  .sel { outline: 2px solid var(--vt-ink); }
  [data-thing] { cursor: pointer; }
  i { font-style: normal; }
  dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0; }
  dl.facts dt { color: var(--vt-soft); }
  dl.facts dd { margin: 0; }
  @container (max-width: 767px) {
    :host { display: block; }
    header { flex-wrap: wrap; }
    header h2 { flex: 1 0 100%; }
    .body { overflow: auto hidden; }
    header select, header input, .controls select, .controls input, header button, .controls button { min-height: 44px; }
  }
`;

/** The base of a panel of the middle. */
export abstract class BigPanel extends Panel {
  static override properties = { ...Panel.properties, tables: { state: true } };
  /** Its tables are shown in place of its picture. */
  declare tables: boolean;

  static override styles = [shared, bigStyles];

  constructor() {
    super();
    this.tables = false;
  }

  /** Its heading. */
  protected abstract readonly heading: MessageKey;
  /** What to know to read it, beside the heading. */
  protected abstract readonly hint: MessageKey;
  /** Whether it shows one server of several. */
  protected readonly ofHost: boolean = true;
  /** The picture. */
  protected abstract drawing(): unknown;
  /** The same as tables. */
  protected abstract twins(): TableTwin[];
  /** Choices above the picture. */
  protected controls(): unknown {
    return nothing;
  }

  /** The server that is shown. */
  protected get host(): HostView {
    const { view, wants } = this.state;
    return view.hosts.find((h) => h.host === wants.host) ?? view.hosts[0]!;
  }

  /** Asks for another thing to be looked at. */
  protected want(change: Partial<Wants>): void {
    this.send('vt-want', change);
  }

  /** Asks the lab for something. */
  protected go(detail: object): void {
    this.send('vt-go', detail);
  }

  override render() {
    return html`<section aria-labelledby="title">
      <header><h2 id="title">${t(this.heading)} <span class="s">· ${t(this.hint)}</span></h2>
        ${this.ofHost ? this.#hosts() : nothing}
        <button aria-pressed=${this.tables} @click=${() => { this.tables = !this.tables; }}>${t('panel.tables')}</button></header>
      ${this.tables ? nothing : this.controls()}
      <div class="body" tabindex="0" role="group" aria-labelledby="title">${this.tables ? this.twins().map(twin) : this.drawing()}</div>
    </section>`;
  }

  #hosts() {
    const { hosts } = this.state.view;
    if (hosts.length < 2) return nothing;
    return html`<span role="group" aria-label=${t('panel.host')}>${hosts.map((h) => html`<button aria-pressed=${h.host === this.host.host}
      @click=${() => this.want({ host: h.host })}>${h.name}</button> `)}</span>`;
  }
}

/** A table with a caption, for whoever reads rather than looks. */
export function twin(table: TableTwin) {
  return html`<div class="twin"><table><caption class="sr">${table.name}</caption>
    <thead><tr><th colspan=${table.columns.length} scope="colgroup"><b>${table.name}</b></th></tr><tr>${table.columns.map((c) => html`<th scope="col">${c}</th>`)}</tr></thead>
    <tbody class="m">${table.rows.length ? table.rows.map((r) => html`<tr>${r.map((v) => html`<td>${v}</td>`)}</tr>`)
      : html`<tr><td colspan=${table.columns.length}>${t('panel.norows')}</td></tr>`}</tbody></table></div>`;
}

/** Rows of a system view as a table. */
export function systemTwin(name: string, rows: Record<string, string | null>[], columns = Object.keys(rows[0] ?? {})): TableTwin {
  return { name, columns, rows: rows.map((r) => columns.map((c) => r[c] ?? '')) };
}

/** A session's letter as a chip, or what stands for a process that serves none. */
export function chip(letter: string | null, otherwise: string | number = '') {
  return letter ? html`<span class="key" data-who=${letter}>${letter}</span>` : html`<span class="m">${otherwise}</span>`;
}
