/** The data directory as it lies on the disk: folders, files, whose they are, and what a power cut could still take back. */
import { css, html, nothing } from 'lit';
import { size } from '../../base/format.ts';
import { t } from '../../base/messages.ts';
import type { FileView } from '../../engine/generated/FileView.ts';
import type { TableTwin } from '../../model/tables.ts';
import { answer, type Wants } from '../../model/wants.ts';
import { BigPanel, bigStyles } from './big-panel.ts';

/** `<vt-p-files>` */
export class Files extends BigPanel {
  static override properties = { ...BigPanel.properties, sought: { state: true }, open: { state: true } };
  declare sought: string;
  /** Folders that are open. */
  declare open: ReadonlySet<string>;
  protected readonly heading = 'p.files';
  protected readonly hint = 'p.files.hint.short';

  constructor() {
    super();
    this.sought = '';
    this.open = new Set(['', 'pg_wal', 'pg_xact']);
  }

  static override styles = [...BigPanel.styles, bigStyles, css`
    li { line-height: 22px; }
    ol ol { border-left: 1px solid var(--vt-line); margin-left: 8px; padding-left: 8px; }
    button { border-color: transparent; min-height: 22px; padding: 0 6px; font-size: 12px; text-align: left; }
    button:hover { border-color: var(--vt-edge); }
    .file { display: grid; grid-template-columns: minmax(0, 240px) 90px minmax(0, 1fr); gap: 0 12px; align-items: center; padding-left: 6px; font-size: 12px; }
    .size { text-align: right; color: var(--vt-soft); }
    .name { border-bottom: 1px solid transparent; justify-self: start; overflow-wrap: anywhere; }
    .unsynced .name { border-bottom: 1px dashed var(--vt-ink); }
    .whose button { padding: 0 4px; }
    .controls button { border-color: var(--vt-edge); }
    @container (max-width: 767px) { .file { grid-template-columns: minmax(0, 1fr) 80px; } .whose { grid-column: 1 / -1; } button { min-height: 44px; } }
  `];

  protected override controls() {
    return html`<div class="controls"><label>${t('p.files.find')} <input type="search" .value=${this.sought} @input=${(e: Event) => { this.sought = (e.target as HTMLInputElement).value; }}></label>
      <span class="tiny">${this.#sum()}</span></div>`;
  }

  #sum() {
    const files = answer(this.state.view, 'files')?.files ?? [];
    return t('p.files.sum', { n: files.length, bytes: size(files.reduce((n, f) => n + f.len, 0)) });
  }

  protected drawing() {
    const files = (answer(this.state.view, 'files')?.files ?? []).filter((f) => `${f.path} ${f.relname ?? ''}`.includes(this.sought));
    if (files.length === 0) return html`<p class="empty">${t('panel.norows')}</p>`;
    return this.#folder('', files);
  }

  /** A folder's files after its folders, as `ls` in a data directory would show them. */
  #folder(path: string, files: FileView[]): unknown {
    const prefix = path === '' ? '' : `${path}/`;
    const rest = (f: FileView) => f.path.slice(prefix.length);
    const folders = [...new Set(files.map(rest).filter((r) => r.includes('/')).map((r) => r.split('/')[0]!))];
    const own = files.filter((f) => !rest(f).includes('/'));
    return html`<ol>${folders.map((name) => {
      const below = files.filter((f) => rest(f).startsWith(`${name}/`));
      const whole = prefix + name;
      const open = this.open.has(whole) || this.sought !== '';
      return html`<li><button class="m" aria-expanded=${open} @click=${() => this.#toggle(whole)}>${open ? '▾' : '▸'} ${name}/ <span class="s">${below.length} · ${size(below.reduce((n, f) => n + f.len, 0))}</span></button>
        ${open ? this.#folder(whole, below) : nothing}</li>`;
    })}${own.map((f) => html`<li class="file m ${f.synced ? '' : 'unsynced'}"><span class="name">${rest(f)}</span><span class="size">${size(f.len)}</span>
      <span class="whose">${this.#whose(f)}${f.synced ? nothing : html` <span class="s">${t('p.files.unsynced')}</span>`}</span></li>`)}</ol>`;
  }

  /** The table or index, which can be looked into. */
  #whose(f: FileView) {
    if (f.relname === null && !f.path.startsWith('pg_xact/')) return nothing;
    const fork = f.path.endsWith('_fsm') ? 'fsm' : f.path.endsWith('_vm') ? 'vm' : 'main';
    const relation = f.relname ?? 'pg_xact';
    return html`<button class="m" ?disabled=${f.len === 0} @click=${() => this.#look({ relation, fork, block: 0, disk: true })}>${relation}${fork === 'main' ? '' : ` ${fork}`}</button>`;
  }

  #look(page: Wants['bytes']): void {
    this.want({ bytes: page });
    this.go({ act: 'panel', value: 'bytes' });
  }

  #toggle(folder: string): void {
    const open = new Set(this.open);
    if (!open.delete(folder)) open.add(folder);
    this.open = open;
  }

  protected twins(): TableTwin[] {
    const files = answer(this.state.view, 'files')?.files ?? [];
    return [{ name: this.host.name, columns: ['path', 'size', 'synced', 'relation'], rows: files.map((f) => [f.path, String(f.len), f.synced ? 't' : 'f', f.relname ?? '']) }];
  }
}

customElements.define('vt-p-files', Files);
