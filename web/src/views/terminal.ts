/**
 * A session as psql: its letter and state, the transcript, and the prompt pinned below a hairline. The next statement
 * of a scene stands typed in the prompt. Enter runs what is complete, otherwise it goes on to the next line; Tab
 * completes the word, or goes on to the next control where there is none. While a statement runs, what is typed waits
 * for its turn, and Ctrl+C cancels.
 */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { t, type MessageKey } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import type { NamesView } from '../engine/api.ts';
import { isMeta, prompt, splitStatements, type Line } from '../model/psql.ts';
import type { SessionView } from './types.ts';

/** A statement was typed and is complete. */
export type SubmitEvent = CustomEvent<{ letter: string; text: string }>;

/** `<vt-terminal>` */
export class Terminal extends LitElement {
  static override properties = {
    session: { attribute: false }, lines: { attribute: false }, last: { attribute: false }, draft: {}, readonly: { type: Boolean },
    watched: { type: Boolean }, names: { attribute: false }, typed: { state: true }, options: { state: true }, opened: { type: Boolean, reflect: true },
  };
  declare session: SessionView;
  declare lines: Line[];
  declare last: Line[];
  /** What a scene would type next. */
  declare draft: string;
  declare readonly: boolean;
  /** \watch runs its statement again and again. */
  declare watched: boolean;
  /** What can be named here, for Tab. */
  declare names: () => Promise<NamesView>;
  declare typed: string | null;
  /** What the word before the caret could go on with. */
  declare options: readonly string[];
  declare opened: boolean;
  #history: string[] = [];
  #recalled = 0;
  /** Lines that Ctrl+L has taken from view. */
  #cleared = 0;

  constructor() {
    super();
    this.lines = [];
    this.last = [];
    this.draft = '';
    this.typed = null;
    this.watched = false;
    this.options = [];
  }

  /** What was printed last. */
  #bottom = '';

  static override styles = [shared, css`
    :host { display: flex; flex-direction: column; min-height: 84px; flex: 0 1 auto; }
    .term {
      background: var(--vt-panel); border: 1px solid var(--vt-line); border-left: 4px solid var(--who); border-radius: 4px;
      padding: 8px 10px 0 12px; display: flex; flex-direction: column; min-height: 0;
    }
    header { display: flex; gap: 8px; align-items: baseline; margin-bottom: 6px; white-space: nowrap; position: relative; }
    header b, header .tiny { overflow: hidden; text-overflow: ellipsis; min-width: 0; }
    header b { flex: 0 1 auto; }
    header .tiny { flex: 1 1000 0; }
    header button {
      position: absolute; right: -6px; top: -3px; min-height: 24px; padding: 0 6px; font-size: 12px; background: var(--vt-panel); border-color: var(--vt-line); opacity: 0;
    }
    header button:has(+ .close) { right: 22px; }
    .term:hover header button, header button:focus-visible { opacity: 1; }
    @media (hover: none) { header button { opacity: 1; } }
    pre { line-height: 18px; white-space: pre-wrap; overflow-wrap: anywhere; }
    .out { overflow: auto; min-height: 0; flex: 0 1 auto; scrollbar-width: thin; }
    .p { color: var(--who); }
    .e { color: var(--vt-error); }
    .ready { border-top: 1px solid var(--vt-line); margin: 8px -10px 0 -12px; padding: 6px 10px 7px 12px; display: flex; gap: 7px; flex: none; }
    .ready pre { flex: none; }
    .ready pre.closed { flex: 1; }
    .ready > button { flex: none; min-height: 20px; padding: 0 6px; font-size: 12px; align-self: start; margin: -1px -4px -1px 0; }
    .options { flex: none; color: var(--vt-soft); margin: 0 -10px 0 -12px; padding: 4px 10px 0 12px; max-height: 76px; overflow: auto; }
    textarea {
      flex: 1; min-width: 0; border: 0; background: none; color: inherit; resize: none; padding: 0; margin: 0; outline: 0;
      font: 12px/18px var(--vt-mono, ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace); caret-color: var(--who); overflow: hidden;
    }
    textarea:focus-visible { outline: 0; }
    .ready:focus-within { box-shadow: inset 0 0 0 2px var(--vt-ink); border-radius: 0 0 3px 0; }
    .caret { display: inline-block; width: 7px; height: 15px; background: var(--who); vertical-align: -3px; pointer-events: none; position: absolute; }
    .typing { position: relative; flex: 1; min-width: 0; display: flex; }
    .ghost { position: absolute; inset: 0; visibility: hidden; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
    .ghost .caret { visibility: visible; position: static; }
    .ready:focus-within .caret { display: none; }
    .last { display: none; }
    .open { display: none; }
    @container (max-width: 1279px) { pre, textarea { line-height: 16px; } header { margin-bottom: 3px; } header .tiny { display: none; } }
    @container (max-width: 767px) {
      :host { flex: 1 1 0; min-width: 0; }
      .term { padding: 8px 8px 0 10px; }
      .ready { margin: 6px -8px 0 -10px; padding: 6px 8px 7px 10px; }
      :host(:not([opened])) :is(.out, header button) { display: none; }
      :host(:not([opened])) .ready:not(:focus-within) { max-height: 30px; overflow: hidden; }
      :host(:not([opened])) :is(.ready:not(:focus-within)) :is(.ghost, textarea) { white-space: pre; }
      .last { display: block; height: 48px; overflow: hidden; }
      pre.last, .ready pre.closed { white-space: pre; overflow: hidden; text-overflow: ellipsis; }
      .open { display: block; position: absolute; inset: 0; border: 0; background: none; opacity: 0; min-height: 0; }
      .glance { position: relative; }
      :host([opened]) .glance { display: none; }
      :host([opened]) { flex-basis: 100%; }
      :host([opened]) .out { max-height: 40vh; }
    }
  `];

  override render() {
    const s = this.session;
    const state = s.wait_event_type === 'Lock' ? t('session.waits', { what: s.wait_event }) : t(`session.${s.state}` as MessageKey);
    return html`<section class="term" data-who=${s.letter} aria-label=${t('session.label', { letter: s.letter })}>
      <header><span class="key">${s.letter}</span><b>${state}</b><span class="tiny">${t('session.pid', { pid: s.pid })}${
        s.tx === 'I' ? ` · ${s.isolation}` : nothing}</span>
        <button class="plain" aria-label=${t('session.copy', { letter: s.letter })} @click=${this.#copy}>${t('copy')}</button>${this.readonly || s.state === 'gone' ? nothing
          : html`<button class="plain close" aria-label=${t('session.close', { letter: s.letter })} title=${t('session.close', { letter: s.letter })} @click=${this.#close}>×</button>`}</header>
      <pre class="out" tabindex="0" role="log" aria-label=${t('session.output', { letter: s.letter })}>${this.lines.slice(this.lines.length < this.#cleared ? 0 : this.#cleared).map(line)}</pre>
      <div class="glance"><pre class="last" aria-hidden="true">${this.last.map(line)}</pre>
        <button class="open" aria-label=${t('session.output', { letter: s.letter })} @click=${() => { this.opened = true; }}></button></div>
      ${this.options.length ? html`<pre class="options" role="status" aria-label=${t('session.options')}>${this.options.join('  ')}</pre>` : nothing}
      ${this.#prompt(s)}
    </section>`;
  }

  #prompt(s: SessionView) {
    if (s.state === 'gone') return html`<div class="ready"><pre class="e closed">${t('session.closed')}</pre></div>`;
    const busy = s.state === 'active';
    const text = this.typed ?? (busy ? '' : this.draft);
    const prompts = busy ? '…' : text.split('\n').map((_, i) => prompt(s.database, s.tx, s.superuser, i > 0)).join('\n');
    return html`<div class="ready"><pre class="p">${prompts}</pre><div class="typing m">
      <pre class="ghost" aria-hidden="true">${text}<span class="caret"></span></pre>
      <textarea rows=${text.split('\n').length} spellcheck="false" autocapitalize="off" autocomplete="off" ?readonly=${this.readonly}
        aria-label=${t('session.prompt', { letter: s.letter })} .value=${text}
        @input=${(e: InputEvent) => { this.typed = (e.target as HTMLTextAreaElement).value; this.options = []; }} @keydown=${this.#key}></textarea></div>
      ${this.#stop(s, busy)}</div>`;
  }

  #close = (): void => {
    this.dispatchEvent(new CustomEvent('vt-go', { detail: { act: 'quit', letter: this.session.letter }, bubbles: true, composed: true }));
  };

  /** A way out for those who have no Ctrl key. */
  #stop(s: SessionView, busy: boolean) {
    if (this.readonly || !(busy || this.watched)) return nothing;
    return html`${this.watched ? html`<span class="tiny">${t('session.watched')}</span>` : nothing}
      <button title=${t('session.cancel.title', { letter: s.letter })} @click=${() => this.#say('vt-cancel', null)}>${t('session.cancel')}</button>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('draft') && changed.get('draft') !== undefined && !this.#focused()) this.typed = null;
  }

  override updated(changed: PropertyValues): void {
    if (!changed.has('lines')) return;
    // Asking how high it is has the page laid out: only when something was printed.
    const bottom = `${this.lines.length} ${JSON.stringify(this.lines.at(-1))}`;
    if (bottom === this.#bottom) return;
    this.#bottom = bottom;
    const out = this.renderRoot.querySelector('.out');
    if (out) out.scrollTop = out.scrollHeight;
  }

  /** Puts the cursor into the prompt. */
  focusPrompt(): void {
    this.renderRoot.querySelector('textarea')?.focus();
  }

  #focused(): boolean {
    return (this.renderRoot as ShadowRoot).activeElement instanceof HTMLTextAreaElement;
  }

  #key = (e: KeyboardEvent): void => {
    const area = e.target as HTMLTextAreaElement;
    if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) this.#enter(e, area);
    else if (e.ctrlKey && e.key === 'c' && area.selectionStart === area.selectionEnd) this.#cancel(e);
    else if (e.key === 'Tab' && !e.shiftKey && this.typed) this.#tab(e, area);
    else if (e.ctrlKey && e.key === 'l') { e.preventDefault(); this.#cleared = this.lines.length; this.requestUpdate(); }
    else if (e.key === 'ArrowUp' && !area.value.slice(0, area.selectionStart).includes('\n')) this.#recall(e, -1);
    else if (e.key === 'ArrowDown' && !area.value.slice(area.selectionEnd).includes('\n')) this.#recall(e, 1);
    else if (e.key === 'Escape') { area.blur(); this.opened = false; }
    if (e.key !== 'Tab') e.stopPropagation();
  };

  #enter(e: KeyboardEvent, area: HTMLTextAreaElement): void {
    const text = area.value;
    const meta = isMeta(text);
    if (!meta && splitStatements(text).complete.length === 0 && text.trim() !== '') return;
    e.preventDefault();
    this.options = [];
    if (text.trim() === '' || this.readonly) return;
    this.#history.push(text);
    this.#recalled = this.#history.length;
    this.typed = meta ? '' : splitStatements(text).rest;
    this.#say('vt-submit', text.trim());
  }

  /** Completes the word before the caret; where there is nothing to complete, Tab goes on as everywhere. */
  #tab(e: KeyboardEvent, area: HTMLTextAreaElement): void {
    const caret = area.selectionStart;
    if (/(^|;)\s*$/.test(area.value.slice(0, caret))) return;
    e.preventDefault();
    void this.#complete(area.value, caret);
  }

  async #complete(text: string, caret: number): Promise<void> {
    const [{ complete }, names] = await Promise.all([import('../model/complete.ts'), this.names()]);
    const found = complete(text, caret, names);
    const area = this.renderRoot.querySelector('textarea');
    if (!area || area.value !== text) return;
    this.options = found && found.options.length > 1 ? found.options : [];
    if (!found) return;
    this.typed = text.slice(0, found.from) + found.text + text.slice(caret);
    await this.updateComplete;
    area.setSelectionRange(found.from + found.text.length, found.from + found.text.length);
  }

  /** Copies the transcript, prompts and all. */
  #copy = (): void => {
    const text = this.lines.map((l) => (l.prompt ? `${l.prompt} ${l.text}` : l.text)).join('\n');
    this.dispatchEvent(new CustomEvent('vt-go', { detail: { act: 'copy', text }, bubbles: true, composed: true }));
  };

  #cancel(e: KeyboardEvent): void {
    e.preventDefault();
    this.typed = '';
    this.options = [];
    this.#say('vt-cancel', null);
  }

  #recall(e: KeyboardEvent, by: number): void {
    const to = this.#recalled + by;
    if (to < 0 || to > this.#history.length || this.#history.length === 0) return;
    e.preventDefault();
    this.#recalled = to;
    this.typed = this.#history[to] ?? '';
  }

  #say(name: string, text: string | null): void {
    const detail = { letter: this.session.letter, text };
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

function line(l: Line) {
  const text = l.strong ? html`<b>${l.text}</b>` : l.error ? html`<span class="e">${l.text}</span>` : l.text;
  return html`${l.prompt ? html`<span class="p">${l.prompt}</span> ` : nothing}${text}\n`;
}

customElements.define('vt-terminal', Terminal);
