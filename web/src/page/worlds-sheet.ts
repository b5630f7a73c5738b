/** `<vt-worlds>`: the worlds that this browser keeps: keep this one, open, rename, delete, take away as a file. */
import { css, html, nothing } from 'lit';
import { bytes } from '../base/format.ts';
import { t } from '../base/messages.ts';
import { canKeep, download, quota, remove, rename, upload, worlds, type KeptWorld } from '../engine/kept-worlds.ts';
import { save } from './acts.ts';
import { readMomentFile, writeAddress } from './address.ts';
import type { Lab } from './lab.ts';
import { Sheet } from './sheet.ts';

/** The name that is offered first. */
const FIRST = 'lab';

class Worlds extends Sheet {
  static override properties = { worlds: { state: true }, used: { state: true }, doing: { state: true }, problem: { state: true }, able: { state: true } };
  declare worlds: KeptWorld[];
  declare used: string;
  /** What is being asked about one of them. */
  declare doing: { what: 'rename' | 'delete'; name: string } | null;
  declare problem: string;
  declare able: boolean;

  static override styles = [...Sheet.styles, css`
    form { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-top: 12px; }
    li { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; padding: 8px 0; border-top: 1px solid var(--vt-line); }
    li b { flex: 1 1 160px; overflow-wrap: anywhere; }
    ul { margin-top: 16px; }
    .problem { color: var(--vt-error); margin-top: 12px; }
  `];

  constructor() {
    super();
    this.worlds = [];
    this.used = this.problem = '';
    this.doing = null;
    this.able = true;
    void this.#look();
  }

  async #look(): Promise<void> {
    [this.able, this.worlds] = [await canKeep(), await worlds()];
    const room = await quota();
    this.used = room ? t('worlds.used', { used: bytes(Math.ceil(room.used / 1024) * 1024), quota: bytes(Math.floor(room.all / 1048576) * 1048576) }) : '';
  }

  protected override heading = () => t('worlds');

  protected override content() {
    if (!this.able) return html`<p>${t('worlds.unavailable')}</p>`;
    const { stored } = this.lab.controller!;
    const here = stored.kind === 'saved' ? stored.name : null;
    return html`<p class="tiny">${t('worlds.hint')}</p>
      ${here ? nothing : html`<form @submit=${this.#keep}><label>${t('worlds.name')} <input name="name" required maxlength="60" .value=${this.#free()}></label><button class="go">${t('worlds.keep')}</button></form>`}
      ${this.problem ? html`<p class="problem" role="alert">${this.problem}</p>` : nothing}
      <ul>${this.worlds.length ? this.worlds.map((world) => this.#item(world, here)) : html`<li class="tiny">${t('worlds.none')}</li>`}</ul>`;
  }

  #item({ name, held, readable }: KeptWorld, here: string | null) {
    if (this.doing?.name === name) return html`<li>${this.doing.what === 'rename' ? this.#renaming(name) : this.#deleting(name)}</li>`;
    const state = name === here ? t('worlds.here') : held ? t('worlds.held') : readable ? '' : t('worlds.older');
    const ask = (what: 'rename' | 'delete') => () => { this.doing = { what, name }; };
    return html`<li><b>${name}</b><span class="tiny">${state}</span>
      ${held || !readable ? nothing : html`<button @click=${() => this.#open(name)}>${t('worlds.open')}</button>`}
      <button @click=${() => void this.#do(t('worlds.download'), async () => save(`${name}.vitrine.jsonl`, await download(name)))}>${t('worlds.download')}</button>
      ${held ? nothing : html`<button @click=${ask('rename')}>${t('worlds.rename')}</button><button @click=${ask('delete')}>${t('worlds.delete')}</button>`}</li>`;
  }

  #renaming(name: string) {
    return html`<form @submit=${(e: SubmitEvent) => this.#submitted(e, t('worlds.rename'), (to) => rename(name, to))}>
      <label>${t('worlds.rename.to', { name })} <input name="name" required maxlength="60" .value=${name}></label><button>${t('worlds.rename')}</button>
      <button type="button" class="plain" @click=${() => { this.doing = null; }}>${t('cancel')}</button></form>`;
  }

  #deleting(name: string) {
    return html`<button @click=${() => void this.#do(t('worlds.delete'), () => remove(name))}>${t('worlds.delete.sure', { name })}</button>
      <button class="plain" @click=${() => { this.doing = null; }}>${t('cancel')}</button>`;
  }

  protected override more() {
    return html`<button class="plain" @click=${() => this.file('.jsonl,.json', (file) => void this.#file(file))}>${t('worlds.file')}</button><span class="tiny grow">${this.used}</span>`;
  }

  /** The first name that is not taken. */
  #free(): string {
    const taken = new Set(this.worlds.map((world) => world.name));
    for (let n = 1; ; n++) {
      const name = n === 1 ? FIRST : `${FIRST} ${n}`;
      if (!taken.has(name)) return name;
    }
  }

  #keep = (e: SubmitEvent): void => {
    this.#submitted(e, t('worlds.keep'), async (name) => {
      const c = this.lab.controller!;
      await c.keep(name);
      if (c.stored.kind === 'failed') throw new Error(c.stored.message);
      if (this.lab.whole) history.replaceState(null, '', `${location.pathname}${location.search}${writeAddress({ store: name })}`);
      this.close();
    });
  };

  #submitted(e: SubmitEvent, what: string, act: (name: string) => Promise<unknown>): void {
    e.preventDefault();
    const name = String(new FormData(e.target as HTMLFormElement).get('name')).trim();
    if (this.worlds.some((world) => world.name === name)) this.problem = t('worlds.taken', { name });
    else void this.#do(what, () => act(name));
  }

  /** Does it, and looks what there is then. */
  async #do(what: string, act: () => Promise<unknown>): Promise<void> {
    this.problem = '';
    try {
      await act();
      this.doing = null;
    } catch (failure) {
      this.problem = t('worlds.failed', { what, why: (failure as Error).message });
    }
    await this.#look();
  }

  #open(name: string): void {
    location.hash = writeAddress({ store: name });
    if (!this.lab.whole) location.reload();
  }

  /** A world becomes one that is kept here; a moment is opened. */
  async #file(file: File): Promise<void> {
    const text = await file.text();
    const moment = readMomentFile(text);
    if (moment) location.hash = writeAddress(moment);
    else await this.#do(t('worlds.file'), () => upload(this.#taken(file.name.replace(/(\.vitrine)?\.[^.]*$/, '')), text));
  }

  /** The name, with a number if there is one of that name. */
  #taken(name: string): string {
    const taken = new Set(this.worlds.map((world) => world.name));
    for (let n = 1; ; n++) if (!taken.has(n === 1 ? name : `${name} ${n}`)) return n === 1 ? name : `${name} ${n}`;
  }
}

customElements.define('vt-worlds', Worlds);

/** Opens the shelf over a lab. */
export const openWorlds = (lab: Lab) => Sheet.open('vt-worlds', lab);
