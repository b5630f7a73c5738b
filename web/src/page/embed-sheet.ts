/** `<vt-embed>`: what an author copies to have this moment in a page of their own. */
import { css, html } from 'lit';
import { t, told } from '../base/messages.ts';
import { writeAddress } from './address.ts';
import { addressOf } from './here.ts';
import { PANELS, type Lab } from './lab.ts';
import { Sheet } from './sheet.ts';

/** How high a frame is until it says more. */
const HEIGHT = 640;

/** Makes every frame on a page as high as what is in it. */
const HEIGHTS = `<script>
addEventListener('message', ({ data, source }) => {
  if (data?.type !== 'pg-vitrine:height') return;
  for (const frame of document.querySelectorAll('iframe')) if (frame.contentWindow === source) frame.style.height = data.height + 'px';
});
</script>`;

class Embed extends Sheet {
  static override properties = { panels: { state: true }, theme: { state: true }, here: { state: true }, copied: { state: true } };
  declare panels: ReadonlySet<string>;
  declare theme: string;
  declare here: string;
  declare copied: string;

  static override styles = [...Sheet.styles, css`
    textarea { display: block; width: 100%; font-family: var(--vt-mono, ui-monospace, monospace); font-size: 12px; line-height: 18px; resize: vertical; }
    fieldset { border: 0; padding: 0; margin: 12px 0 0; display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; }
    label { display: inline-flex; gap: 6px; align-items: center; min-height: 28px; }
    .row { display: flex; gap: 12px; align-items: baseline; margin-top: 4px; }
  `];

  constructor() {
    super();
    this.panels = new Set();
    this.theme = 'auto';
    this.here = '';
    this.copied = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { panels } = this.lab.controller!.scene;
    this.panels = new Set(panels.filter((p) => (PANELS as readonly string[]).includes(p)));
    void addressOf(this.lab.controller!).then(({ store: _, ...address }) => { this.here = writeAddress(address); });
  }

  protected override heading = () => t('embed.title');

  protected override content() {
    return html`<fieldset><legend class="tiny">${t('embed.panels')}</legend>
        ${PANELS.map((p) => html`<label><input type="checkbox" .checked=${this.panels.has(p)} @change=${() => this.#toggle(p)}>${p}</label>`)}
        <label>${t('theme')} <select @change=${(e: Event) => { this.theme = (e.target as HTMLSelectElement).value; }}>${['auto', 'dark', 'light'].map((x) => html`<option ?selected=${x === this.theme}>${x}</option>`)}</select></label>
      </fieldset>
      ${this.#snippet('embed.element', 'embed.element.hint', this.#element(), '<pg-vitrine>')}
      ${this.#snippet('embed.frame', 'embed.frame.hint', this.#frame(), '<iframe>')}
      ${this.#snippet('embed.height', null, HEIGHTS, '<script>')}`;
  }

  #toggle(panel: string): void {
    const panels = new Set(this.panels);
    if (!panels.delete(panel)) panels.add(panel);
    this.panels = new Set(PANELS.filter((p) => panels.has(p)));
  }

  #snippet(title: 'embed.element' | 'embed.frame' | 'embed.height', hint: 'embed.element.hint' | 'embed.frame.hint' | null, text: string, what: string) {
    return html`<h2 id=${title}>${t(title)}</h2>
      <textarea readonly wrap="off" rows=${text.split('\n').length} aria-labelledby=${title} .value=${text} @focus=${(e: Event) => (e.target as HTMLTextAreaElement).select()}></textarea>
      <div class="row"><button @click=${() => void this.#copy(text, what)}>${t('embed.copy', { what })}</button>
        <span class="tiny" role="status">${this.copied === what ? t('copied') : ''}</span>${hint ? html`<span class="tiny">${t(hint)}</span>` : ''}</div>`;
  }

  async #copy(text: string, what: string): Promise<void> {
    await navigator.clipboard.writeText(text).catch(() => {});
    this.copied = what;
  }

  #element(): string {
    const { scene, told: beats } = this.#moment();
    const panels = this.panels.size ? ` panels="${[...this.panels].join(' ')}"` : '';
    const theme = this.theme === 'auto' ? '' : ` theme="${this.theme}"`;
    const at = /[&]did=/.test(this.here) ? ` at="${this.here.replaceAll('&', '&amp;')}"` : beats ? ` step="${beats}"` : '';
    return `<script type="module" src="pg-vitrine.js"></script>\n<pg-vitrine scene="${scene}"${panels}${at}${theme}>\n  <p>${this.#title()}: ${told(this.lab.controller!.scene.about)}</p>\n</pg-vitrine>`;
  }

  #frame(): string {
    const panels = `&panels=${[...(this.panels.size ? this.panels : PANELS)].join(',')}`;
    const theme = this.theme === 'auto' ? '' : `&theme=${this.theme}`;
    const src = `vitrine.html${this.here}${panels}${theme}`.replaceAll('&', '&amp;');
    return `<iframe src="${src}"\n  title="${this.#title()}" sandbox="allow-scripts" loading="lazy" style="width: 100%; height: ${HEIGHT}px; border: 0"></iframe>`;
  }

  #moment() {
    const c = this.lab.controller!;
    return { scene: c.scene.id, told: c.told().length };
  }

  #title = () => `Vitrine, ${told(this.lab.controller!.scene.title)}`.replaceAll('"', '&quot;');
}

customElements.define('vt-embed', Embed);

/** Opens the dialog over a lab. */
export const openEmbed = (lab: Lab) => Sheet.open('vt-embed', lab);
