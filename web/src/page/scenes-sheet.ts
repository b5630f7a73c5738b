/** `<vt-scenes>`: all scenes with what each is about, and a way to open one's own. */
import { css, html } from 'lit';
import { t, told } from '../base/messages.ts';
import { allScenes, ownScene } from '../scenes/index.ts';
import type { Scene } from '../scenes/scene.ts';
import type { Lab } from './lab.ts';
import { Sheet } from './sheet.ts';

class Scenes extends Sheet {
  static override properties = { scenes: { state: true }, problem: { state: true } };
  declare scenes: Scene[];
  declare problem: string;

  static override styles = [...Sheet.styles, css`
    ol { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(380px, 100%), 1fr)); gap: 0 24px; margin-top: 12px; }
    li { border-top: 1px solid var(--vt-line); display: grid; }
    li button { border: 0; border-radius: 0; text-align: left; padding: 10px 4px; display: block; width: 100%; height: 100%; }
    li button:hover b { text-decoration: underline; }
    li p { color: var(--vt-soft); margin-top: 2px; text-wrap: pretty; }
    .n { float: right; margin-left: 12px; }
    [aria-current="true"] b::after { content: ' · ' attr(data-here); font-weight: 400; color: var(--vt-soft); }
    .problem { color: var(--vt-error); margin-top: 12px; white-space: pre-wrap; }
  `];

  constructor() {
    super();
    this.scenes = [];
    this.problem = '';
    void allScenes().then((scenes) => { this.scenes = scenes; });
  }

  protected override heading = () => t('scenes');

  protected override content() {
    return html`<p class="tiny">${t('scenes.hint')}</p>
      <ol>${this.scenes.map((s) => this.#item(s))}</ol>
      ${this.problem ? html`<p class="problem" role="alert">${this.problem}</p>` : ''}`;
  }

  #item(s: Scene) {
    const here = this.lab.controller?.scene.id === s.id;
    const asks = s.beats.filter((b) => b.guess).length;
    return html`<li><button aria-current=${here ? 'true' : 'false'} @click=${() => this.#choose(s)}>
      <span class="tiny n">${t(asks ? 'scenes.asks' : 'scenes.beats', { n: s.beats.length, asks })}</span>
      <b data-here=${t('scenes.here')}>${told(s.title)}</b><p>${told(s.about)}</p></button></li>`;
  }

  protected override more() {
    return html`<button class="plain" @click=${() => this.file('.scene,text/plain', (file) => void this.#own(file))}>${t('scenes.own')}</button>`;
  }

  #choose(scene: Scene): void {
    this.close();
    void this.lab.tell(scene);
  }

  async #own(file: File): Promise<void> {
    try {
      this.#choose(await ownScene(await file.text(), file.name.replace(/\.[^.]*$/, '')));
    } catch (problem) {
      this.problem = (problem as Error).message;
    }
  }
}

customElements.define('vt-scenes', Scenes);

/** Opens the list over a lab. */
export const openScenes = (lab: Lab) => Sheet.open('vt-scenes', lab);
