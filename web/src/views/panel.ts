/**
 * What all panels share: the state they draw, and how a thing in them is hovered, selected and reached by keys.
 *
 * An element that stands for a thing carries `data-thing`. Such elements may lie in a grid (`data-grid`, one tab
 * stop): Enter goes in, arrows walk by where things are on the screen, Enter selects, Esc leaves. A click selects but
 * does not go in, so that the arrows still step.
 */
import { html, LitElement } from 'lit';
import { t } from '../base/messages.ts';
import type { LabState } from '../model/state.ts';
import type { Thing } from '../model/thing.ts';
import type { BigPanelName, Wants } from '../model/wants.ts';

/** The base of every panel. */
export class Panel extends LitElement {
  static override properties = { state: { attribute: false } };
  declare state: LabState;

  constructor() {
    super();
    const root = this as HTMLElement;
    root.addEventListener('click', (e) => this.#point(e, (thing) => this.send('vt-select', thing)));
    for (const kind of ['pointerover', 'focusin']) root.addEventListener(kind, (e) => this.#light(e));
    for (const kind of ['pointerleave', 'focusout']) root.addEventListener(kind, () => this.send('vt-hover', null));
    root.addEventListener('keydown', (e) => this.#key(e));
  }

  protected override shouldUpdate(): boolean {
    return this.state !== undefined;
  }

  /** Tells the lab something; passes through all shadow roots up to it. */
  protected send(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /** A heading of the picture that leads to the panel which shows more of it. */
  protected leadsTo(panel: BigPanelName, words: string, wants: Partial<Wants> = {}): unknown {
    if (!this.state.whole) return words;
    const go = () => { this.send('vt-want', wants); this.send('vt-go', { act: 'panel', value: panel }); };
    return html`<button class="leads" title=${t('panels.more')} @click=${go}>${words}</button>`;
  }

  #point(e: Event, act: (thing: Thing) => void): void {
    const found = thingOf(e);
    if (found) act(found);
  }

  #light(e: Event): void {
    this.send('vt-hover', thingOf(e));
  }

  #key(e: KeyboardEvent): void {
    const target = e.composedPath()[0];
    if (!(target instanceof HTMLElement) || e.ctrlKey || e.metaKey || e.altKey) return;
    if (target.dataset['grid'] !== undefined && e.key === 'Enter') {
      enterGrid(target);
      swallow(e);
      return;
    }
    const grid = target.closest<HTMLElement>('[data-grid]');
    if (!grid || grid === target) return;
    if (e.key === 'Enter' || e.key === ' ') { target.click(); swallow(e); }
    else if (grid.dataset['entered'] === undefined) return;
    else if (e.key === 'Escape') { delete grid.dataset['entered']; grid.focus(); swallow(e); }
    else if (e.key.startsWith('Arrow')) { walk(grid, target, e.key); swallow(e); }
  }
}

function swallow(e: Event): void {
  e.preventDefault();
  e.stopPropagation();
}

/** The thing that an event happened on, if any. */
function thingOf(e: Event): Thing | null {
  for (const node of e.composedPath()) {
    if (node instanceof Element && node instanceof HTMLElement && node.dataset['thing']) return node.dataset['thing'] as Thing;
    if (node instanceof SVGElement && node.dataset['thing']) return node.dataset['thing'] as Thing;
    if (node instanceof ShadowRoot) break;
  }
  return null;
}

function things(grid: HTMLElement): HTMLElement[] {
  return [...grid.querySelectorAll<HTMLElement>('[data-thing][tabindex]')];
}

function enterGrid(grid: HTMLElement): void {
  const all = things(grid);
  grid.dataset['entered'] = '';
  grid.addEventListener('focusout', (e) => { if (!grid.contains(e.relatedTarget as Node | null)) delete grid.dataset['entered']; });
  (all.find((e) => e.getAttribute('aria-selected') === 'true') ?? all[0])?.focus();
}

/** Moves the focus to the nearest thing in the direction of the arrow. */
function walk(grid: HTMLElement, from: HTMLElement, key: string): void {
  const here = from.getBoundingClientRect();
  const across = key === 'ArrowLeft' || key === 'ArrowRight';
  const sign = key === 'ArrowLeft' || key === 'ArrowUp' ? -1 : 1;
  let best: { far: number; element: HTMLElement } | null = null;
  for (const element of things(grid)) {
    const there = element.getBoundingClientRect();
    const dx = there.left - here.left;
    const dy = there.top - here.top;
    const ahead = (across ? dx : dy) * sign;
    if (element === from || ahead <= 1) continue;
    const far = ahead + 4 * Math.abs(across ? dy : dx);
    if (!best || far < best.far) best = { far, element };
  }
  best?.element.focus();
}
