/** The settings of a server: their values, where those come from, and when a change takes effect. */
import { css, html, nothing } from 'lit';
import { t, type MessageKey } from '../../base/messages.ts';
import type { TableTwin } from '../../model/tables.ts';
import { systemView } from '../../model/wants.ts';
import { BigPanel, bigStyles, systemTwin } from './big-panel.ts';

type Row = Record<string, string | null>;

/** When a change takes effect, by `pg_settings.context`. */
const EFFECT: Record<string, MessageKey> = {
  internal: 'p.settings.internal', postmaster: 'p.settings.postmaster', sighup: 'p.settings.sighup', superuser: 'p.settings.superuser', user: 'p.settings.user',
  'superuser-backend': 'p.settings.backend', backend: 'p.settings.backend',
};

/** `<vt-p-settings>` */
export class SettingsPanel extends BigPanel {
  static override properties = { ...BigPanel.properties, sought: { state: true }, changed: { state: true }, chosen: { state: true } };
  declare sought: string;
  /** Only those that are not the default. */
  declare changed: boolean;
  declare chosen: string;
  protected readonly heading = 'p.settings';
  protected readonly hint = 'p.settings.hint';

  constructor() {
    super();
    this.sought = '';
    this.changed = true;
    this.chosen = '';
  }

  static override styles = [...BigPanel.styles, bigStyles, css`
    table.list { width: 100%; }
    button.name { min-height: 22px; border-color: transparent; padding: 0 4px; font-size: 12px; text-align: left; }
    button.name:hover { border-color: var(--vt-edge); }
    .value { font-weight: 600; }
    .other .value { border-left: 3px solid var(--vt-ink); padding-left: 6px; }
    .pending { border: 1px solid var(--vt-ink); border-radius: 3px; padding: 0 5px; font-size: 11px; }
    .more td { white-space: normal; padding: 4px 0 10px 8px; border-left: 3px solid var(--vt-edge); }
    .more pre { background: var(--vt-sunk); padding: 6px 10px; border-radius: 4px; margin-top: 6px; white-space: pre-wrap; }
    @container (max-width: 767px) { button.name { min-height: 44px; } td, th { padding-right: 8px; } .wide { display: none; } td { white-space: normal; overflow-wrap: anywhere; } }
  `];

  protected override controls() {
    return html`<div class="controls"><label>${t('p.settings.find')} <input type="search" .value=${this.sought} @input=${(e: Event) => { this.sought = (e.target as HTMLInputElement).value; }}></label>
      <label><input type="checkbox" .checked=${this.changed} @change=${(e: Event) => { this.changed = (e.target as HTMLInputElement).checked; }}> ${t('p.settings.changed')}</label>
      <span class="tiny">${t('p.settings.count', { n: this.#rows().length, total: systemView(this.state.view, 'pg_settings').length })}</span></div>`;
  }

  #rows(): Row[] {
    const words = this.sought.toLowerCase();
    const differs = (r: Row) => r['setting'] !== r['boot_val'] || r['pending_restart'] === 't' || (r['source'] !== 'default' && r['source'] !== 'override');
    return systemView(this.state.view, 'pg_settings').filter((r) => (words !== '' || !this.changed || differs(r)) && `${r['name']} ${r['category']} ${r['short_desc']}`.toLowerCase().includes(words));
  }

  protected drawing() {
    const rows = this.#rows();
    if (rows.length === 0) return html`<p class="empty">${systemView(this.state.view, 'pg_settings').length ? t('panel.norows') : t('panel.off', { host: this.host.name })}</p>`;
    return html`<table class="list"><caption class="sr">${t('p.settings')}</caption><thead><tr><th scope="col">name</th><th scope="col">setting</th><th scope="col" class="wide">unit</th><th scope="col">context</th><th scope="col" class="wide">source</th></tr></thead>
      <tbody>${rows.map((r) => this.#row(r))}</tbody></table>`;
  }

  #row(r: Row) {
    const name = r['name']!;
    const open = this.chosen === name;
    const pending = r['pending_restart'] === 't';
    return html`<tr class=${r['setting'] === r['boot_val'] ? '' : 'other'}><td><button class="name m" aria-expanded=${open} @click=${() => { this.chosen = open ? '' : name; }}>${name}</button></td>
        <td class="m value">${r['setting'] === '' ? html`<span class="s">''</span>` : r['setting']}${pending ? html` <span class="pending">${t('p.settings.pending')}</span>` : nothing}</td>
        <td class="m s wide">${r['unit']}</td><td>${effect(r)}</td><td class="m s wide">${r['source']}</td></tr>
      ${open ? html`<tr class="more"><td colspan="5">${r['short_desc']}. <span class="s">${r['category']}; ${t('p.settings.default', { value: `${r['boot_val']}${r['unit'] ? ` × ${r['unit']}` : ''}` })}${r['min_val'] === null ? '' : `, ${r['min_val']} … ${r['max_val']}`}${r['enumvals'] ? `, ${r['enumvals']}` : ''}</span>
        <pre>${how(r)}</pre></td></tr>` : nothing}`;
  }

  protected twins(): TableTwin[] {
    const columns = ['name', 'setting', 'unit', 'category', 'context', 'vartype', 'source', 'min_val', 'max_val', 'boot_val', 'reset_val', 'sourcefile', 'sourceline', 'pending_restart'];
    return [systemTwin('pg_settings', systemView(this.state.view, 'pg_settings'), columns), systemTwin('pg_file_settings', systemView(this.state.view, 'pg_file_settings'))];
  }
}

function effect(r: Row) {
  const key = EFFECT[r['context'] ?? ''];
  return html`<span class="m">${r['context']}</span> ${key ? html`<span class="tiny">· ${t(key)}</span>` : nothing}`;
}

/** How it is changed on a real server. */
function how(r: Row): string {
  if (r['context'] === 'internal') return `SHOW ${r['name']};`;
  if (r['context'] === 'user' || r['context'] === 'superuser') return `SET ${r['name']} = …;`;
  return t('p.settings.how', { name: r['name'], then: t(r['context'] === 'postmaster' ? 'p.settings.then.restart' : 'p.settings.then.reload') });
}

customElements.define('vt-p-settings', SettingsPanel);
