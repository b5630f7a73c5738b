/**
 * The inspector: a thing's fields left, its bytes right (choosing either lights the other), who would see it and why,
 * the WAL record it came from, and the SQL that asks a real server for the same. It follows the step's subject until
 * the reader chooses something; that stays, and shows changes as `0102 → 0502`.
 */
import { css, html, nothing } from 'lit';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import { inspect, type Field, type Inspection } from '../model/inspect.ts';
import { why } from '../model/versions.ts';
import { Panel } from './panel.ts';

/** `<vt-inspector>` */
export class Inspector extends Panel {
  static override properties = { ...Panel.properties, field: { state: true } };
  declare field: string | null;

  constructor() {
    super();
    this.field = null;
  }

  static override styles = [shared, css`
    :host { min-height: 0; }
    .insp { display: flex; flex-direction: column; gap: 12px; height: 100%; min-height: 0; overflow: auto; scrollbar-width: thin; padding-left: 16px; border-left: 1px solid var(--vt-line); }
    table { border-collapse: collapse; width: 100%; }
    td { padding: 1px 0; vertical-align: top; line-height: 19px; }
    td:nth-child(2) { padding: 1px 8px; overflow-wrap: anywhere; }
    td:last-child { text-align: right; color: var(--vt-soft); white-space: nowrap; }
    tr { cursor: pointer; }
    tr.chosen td { background: var(--vt-sunk); color: var(--vt-ink); }
    tr.changed td:first-child { box-shadow: -3px 0 0 var(--vt-ink); }
    s { color: var(--vt-soft); text-decoration: none; }
    pre { background: var(--vt-sunk); border-radius: 4px; padding: 8px 10px; white-space: pre-wrap; line-height: 18px; }
    .flags { line-height: 17px; overflow-wrap: anywhere; }
    .under { line-height: 18px; }
    .lines { white-space: pre-line; line-height: 19px; }
    .lines button { min-height: 18px; padding: 0; color: var(--vt-ink); font-size: 12px; }
    h2 + pre { margin-top: 6px; }
    .acts { display: flex; gap: 6px; }
    .title { display: flex; gap: 8px; align-items: baseline; justify-content: space-between; }
    .title button { min-height: 16px; font-size: 12px; padding: 0; text-decoration: underline; }
    @container (max-width: 1279px) { .insp { border-left: 0; padding-left: 0; } }
  `];

  override render() {
    const { view, before, selection } = this.state;
    const found = selection ? inspect(view, before, selection) : null;
    return html`<div class="insp">${found ? this.#all(found) : html`<p class="tiny">${t(selection ? 'inspect.gone' : 'inspect.none')}</p>${this.#follow()}`}</div>`;
  }

  #follow() {
    if (!this.state.pinned) return nothing;
    return html`<button class="plain" @click=${() => this.send('vt-select', null)}>${t('inspect.follow')}</button>`;
  }

  #all(i: Inspection) {
    return html`
      <div><div class="title"><h2>${i.title}</h2>${this.#follow()}</div>${i.under ? html`<div class="tiny under">${under(i.under)}</div>` : nothing}</div>
      <table class="m"><thead class="sr"><tr><th>${t('field')}</th><th>${t('value')}</th><th>${t('bytes')}</th></tr></thead>
        <tbody>${i.fields.map((f) => this.#row(f))}</tbody></table>
      ${i.flags ? html`<div class="m s flags">${i.flags}</div>` : nothing}
      ${i.process && !this.state.readonly ? this.#acts(i.process) : nothing}
      ${i.page || i.bytes ? this.#pages(i) : nothing}
      ${i.from ? this.#from(i.from) : nothing}
      ${this.state.pinned && i.seen.length ? html`<div><h2>${t('inspect.seen')}</h2>${i.seen.map((s) => html`<div class="tiny" data-who=${s.letter ?? nothing}>${
        s.letter ? html`<span class="key">${s.letter}</span> ` : html`${t('who.new')}: `}${s.visible ? '✓' : '–'} ${why(s)}</div>`)}</div>` : nothing}
      ${i.sql ? html`<div><h2>${t('inspect.ask')}</h2><pre>${i.sql}</pre></div>` : nothing}`;
  }

  /** Where else the page can be looked at. */
  #pages(i: Inspection) {
    const look = () => {
      this.send('vt-want', { bytes: { ...i.bytes, disk: false } });
      this.send('vt-go', { act: 'panel', value: 'bytes' });
    };
    return html`<div class="acts">${i.page ? html`<button @click=${() => this.send('vt-go', { act: 'show', ...i.page })}>${t('inspect.show')}</button>` : nothing}
      ${i.bytes ? html`<button @click=${look}>${t('inspect.bytes')}</button>` : nothing}</div>`;
  }

  #row(f: Field) {
    const choose = () => { this.field = this.field === f.name ? null : f.name; };
    return html`<tr class="${this.field === f.name ? 'chosen' : ''} ${f.was !== null ? 'changed' : ''}" @click=${choose}>
      <td>${f.name}</td><td>${f.was !== null ? html`<s>${f.was} → </s>${f.value}` : f.value}</td><td>${f.bytes}</td></tr>`;
  }

  #from(from: NonNullable<Inspection['from']>) {
    const name = from.thing ? html`WAL <button class="plain m" @click=${() => this.send('vt-select', from.thing)}>${from.line}</button>` : from.line;
    return html`<div><h2>${t(from.thing || !from.more ? 'inspect.from' : 'inspect.blocks')}</h2><div class="tiny lines">${name}${from.more ? html`<br>${from.more}` : nothing}</div></div>`;
  }

  #acts(p: NonNullable<Inspection['process']>) {
    const act = (what: string) => () => this.send('vt-process', { ...p, act: what });
    return html`<div class="acts"><button @click=${act('step')}>${t('process.step')}</button>
      <button @click=${act(p.state === 'frozen' ? 'thaw' : 'freeze')}>${t(p.state === 'frozen' ? 'process.thaw' : 'process.freeze')}</button>
      <button @click=${act('kill')}>${t('process.kill')}</button></div>`;
  }
}

/** The line below the title; the session's letter stands as a chip where the sentence has `{who}`. */
function under(line: { text: string; letter: string | null }) {
  if (line.letter === null || !line.text.includes('{who}')) return line.text;
  const [before, after] = line.text.split('{who}');
  return html`${before}<span data-who=${line.letter}><span class="key">${line.letter}</span></span>${after}`;
}

customElements.define('vt-inspector', Inspector);
