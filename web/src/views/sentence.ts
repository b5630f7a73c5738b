/**
 * The sentence: what just happened, at a fixed height so that the picture below never jumps, with the way back and on
 * beside it. It is what a screen reader hears at each step.
 */
import { css, html, LitElement, nothing } from 'lit';
import { plain, rich, t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';

/** What the bar shows. */
export interface SentenceState {
  /** The sentence, filled in, with its markup. */
  text: string;
  /** Beats told and beats there are; `null` where there is no scene. */
  told: number | null;
  total: number;
  /** The statement that Next would type, or, without a letter, what else it would do. */
  submits: { letter: string | null; sql: string } | null;
  /** The cursor is off the story. */
  free: boolean;
  step: number;
  /** Nothing can run: the offer to let time pass. */
  stuck: boolean;
  /** A question with its answers, or the answer given and the truth. */
  guess: { options: { key: string; label: string }[]; said: string | null; truth: string | null } | null;
  canBack: boolean;
  busy: boolean;
  done: boolean;
  /** The scene that follows when this one is told; offered on a page of its own. */
  after?: string | null;
  /** A kept world is on its way up. */
  recovering: boolean;
}

/** How long Next is held before it offers more ways to go on. */
const HOLD_MS = 450;

/** `<vt-sentence>` */
export class Sentence extends LitElement {
  static override properties = { state: { attribute: false }, menu: { state: true } };
  declare state: SentenceState;
  declare menu: boolean;
  #held = 0;

  static override styles = [shared, css`
    .say {
      background: var(--vt-panel); border: 1px solid var(--vt-line); border-radius: 6px; display: grid;
      grid-template-columns: auto 1fr auto; gap: 20px; align-items: center; padding: 14px 20px 14px 16px; position: relative;
    }
    p { font-size: 20px; line-height: 28px; min-height: 56px; display: grid; align-items: center; text-wrap: pretty; }
    .keys { display: flex; gap: 8px; }
    .keys button { height: 44px; min-width: 44px; }
    .keys .go { padding: 0 18px; }
    .side { font-size: 12px; color: var(--vt-soft); text-align: right; line-height: 18px; white-space: nowrap; max-width: 230px; }
    .side b { color: var(--vt-ink); }
    .side .m { display: inline-block; max-width: 130px; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
    .side .guess { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 4px; max-width: 300px; white-space: normal; }
    .side .guess button { margin: 0; }
    .side button { min-height: 24px; padding: 0 8px; font-size: 12px; color: var(--vt-ink); margin-left: 4px; }
    .side button.plain { text-decoration: underline; padding: 0; }
    .menu {
      position: absolute; left: 68px; top: 64px; z-index: 5; background: var(--vt-panel); border: 1px solid var(--vt-edge);
      border-radius: 4px; padding: 4px; display: grid;
    }
    .menu button { border: 0; text-align: left; min-height: 32px; }
    @container (max-width: 1279px) {
      .say { padding: 10px 16px 10px 12px; }
      p { font-size: 18px; line-height: 25px; min-height: 50px; }
    }
    @container (max-width: 767px) {
      .say { display: block; padding: 12px 14px; }
      p { font-size: 17px; line-height: 24px; min-height: 96px; align-items: start; }
      .keys { display: none; }
      .side { text-align: left; margin-top: 2px; max-width: none; display: flex; gap: 8px; align-items: center; min-height: 24px; }
      .side br { display: none; }
    }
    @container (min-width: 560px) and (max-width: 767px) { p { min-height: 72px; } }
  `];

  override render() {
    const s = this.state;
    if (!s) return nothing;
    return html`<section class="say">
      <div class="keys">
        <button aria-label=${t('back')} title=${t('back')} ?disabled=${!s.canBack} @click=${() => this.#do('back')}>←</button>
        <button class="go" aria-haspopup="menu" title=${t('next.hold')} @click=${this.#next} @pointerdown=${this.#press} @pointerup=${this.#release}
          @pointerleave=${this.#release} @contextmenu=${this.#open}>→ &nbsp;${t('next')}</button>
      </div>
      <p><span aria-hidden="true">${rich(s.text)}</span></p>
      <span class="sr" role="status" aria-live="polite">${plain(s.text)}</span>
      <div class="side">${this.#side(s)}</div>
      ${this.menu ? this.#more() : nothing}
    </section>`;
  }

  #side(s: SentenceState) {
    const count = s.free
      ? html`${t('free', { step: s.step })}${s.told === null ? nothing : html`<br><button class="plain" @click=${() => this.#do('story')}>${t('free.back')}</button>`}`
      : s.told === null ? t('free', { step: s.step }) : html`<b>${s.told}</b> ${t('of', { total: s.total })}`;
    if (s.stuck) return html`${s.free && s.told !== null ? html`<button class="plain" @click=${() => this.#do('story')}>${t('free.back')}</button>` : count}<br><button @click=${() => this.#do('pass')}>${t('pass.time')}</button>`;
    if (s.guess) return html`${count}${s.guess.said === null ? nothing : html`<br>`}${this.#guess(s.guess)}`;
    if (s.recovering) return html`${count}<br><button @click=${() => this.#do('end')}>${t('stored.skip')}</button>`;
    if (s.free) return count;
    if (s.done) return html`${count}<br>${s.after ? html`<button @click=${() => this.#do('scene', s.after!)}>${t('scenes.next')}</button>` : html`<span class="not390">${t('story.done')}</span>`}`;
    return html`${count}<br>${s.submits ? html`<span class="not390">${s.submits.letter ? t('next.submits', { letter: s.submits.letter }) : t('next.does')} <span class="m">${s.submits.sql}</span></span>` : nothing}`;
  }

  #guess(g: NonNullable<SentenceState['guess']>) {
    if (g.said !== null && g.truth !== null) {
      return html`<span>${t(g.said === g.truth ? 'guess.right' : 'guess.was', { guess: g.said, truth: g.truth })}</span>`;
    }
    return html`<span class="guess">${g.options.map((o) => html`<button aria-pressed=${g.said === o.key} @click=${() => this.#do('guess', o.key)}>${o.label}</button>`)}</span>`;
  }

  #more() {
    const item = (what: string, label: string) => html`<button role="menuitem" @click=${() => { this.menu = false; this.#do(what); }}>${label}</button>`;
    return html`<div class="menu" role="menu" @keydown=${(e: KeyboardEvent) => { if (e.key === 'Escape') this.menu = false; }}
      @focusout=${(e: FocusEvent) => { if (!(e.currentTarget as Element).contains(e.relatedTarget as Node)) this.menu = false; }}>
      ${item('event', t('go.event'))}${item('end', t('go.end'))}${item('change', t('go.change'))}</div>`;
  }

  #press = () => { this.#held = window.setTimeout(() => this.#openMenu(), HOLD_MS); };
  #release = () => { window.clearTimeout(this.#held); };
  #open = (e: Event) => { e.preventDefault(); this.#openMenu(); };
  #next = () => { if (!this.menu) this.#do('next'); };

  #openMenu(): void {
    this.menu = true;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('.menu button')?.focus());
  }

  #do(act: string, value?: string): void {
    this.dispatchEvent(new CustomEvent('vt-go', { detail: { act, value }, bubbles: true, composed: true }));
  }
}

customElements.define('vt-sentence', Sentence);
