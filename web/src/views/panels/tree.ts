/**
 * An index as the tree of its real pages: each box is a page with its first and last keys, lines are downlinks, and the
 * way that a search takes is drawn in ink. A page that a split has just made is marked.
 */
import { css, html, nothing, svg } from 'lit';
import { t } from '../../base/messages.ts';
import type { TreeItem } from '../../engine/generated/TreeItem.ts';
import type { TreePage } from '../../engine/generated/TreePage.ts';
import type { TreeView } from '../../engine/generated/TreeView.ts';
import { marks } from '../../model/state.ts';
import type { TableTwin } from '../../model/tables.ts';
import * as thing from '../../model/thing.ts';
import { BOX, splitOff, treePicture, type Placed, type TreePicture } from '../../model/tree.ts';
import { answer } from '../../model/wants.ts';
import { BigPanel, bigStyles } from './big-panel.ts';

/** Keys that a box shows: so many of the first, and the last. */
const KEYS = 5;

/** `<vt-p-tree>` */
export class Tree extends BigPanel {
  protected readonly heading = 'p.tree';
  protected readonly hint = 'p.tree.hint';

  static override styles = [...BigPanel.styles, bigStyles, css`
    .field { position: relative; margin-top: 4px; }
    .field > svg { position: absolute; left: 0; top: 0; pointer-events: none; overflow: visible; }
    .field path { fill: none; stroke: var(--vt-edge); stroke-width: 1; }
    .field path.followed { stroke: var(--vt-ink); stroke-width: 2.5; }
    .field path.side { stroke-dasharray: 2 3; }
    .box { position: absolute; width: ${BOX.width}px; border: 1px solid var(--vt-edge); border-radius: 4px; background: var(--vt-panel); font-size: 11px; line-height: 15px; }
    .box.way { border: 2px solid var(--vt-ink); }
    .box.new { box-shadow: -4px 0 0 var(--vt-ink); }
    .box.gone { border-style: dotted; }
    .box > button { width: 100%; min-height: 20px; border: 0; border-bottom: 1px solid var(--vt-line); border-radius: 0; padding: 1px 6px; font-size: 11px; line-height: 17px; text-align: left; display: flex; justify-content: space-between; }
    .box > button.sel { background: var(--vt-ink); color: var(--vt-on-ink); }
    .box > button.lit { outline: 1.5px solid var(--vt-ink); }
    .dirty { width: 9px; height: 9px; align-self: flex-start; background: linear-gradient(45deg, transparent 50%, currentColor 50%); margin: -1px -6px 0 4px; }
    .keys { padding: 2px 6px 3px; }
    .keys div { display: flex; justify-content: space-between; gap: 6px; white-space: nowrap; overflow: hidden; }
    .keys span:first-child { overflow: hidden; text-overflow: ellipsis; }
    .keys .hit { background: var(--vt-ink); color: var(--vt-on-ink); margin: 0 -4px; padding: 0 4px; border-radius: 2px; }
    .keys .deadkey { text-decoration: line-through; color: var(--vt-soft); }
    .foot { border-top: 1px dotted var(--vt-line); padding: 0 6px; color: var(--vt-soft); }
    .said { min-height: 18px; margin-bottom: 6px; }
    .bad { color: var(--vt-error); }
    form { display: inline-flex; gap: 6px; align-items: center; }
    .controls input { width: 110px; }
  `];

  protected override controls() {
    const tree = answer(this.state.view, 'tree');
    if (!tree) return nothing;
    return html`<div class="controls">
      <label>${t('p.tree.index')} <select @change=${(e: Event) => this.want({ tree: { index: (e.target as HTMLSelectElement).value, search: '' } })}>
        ${tree.indexes.map((name) => html`<option ?selected=${name === tree.index}>${name}</option>`)}</select></label>
      <form @submit=${this.#search}><label>${t('p.tree.search', { column: tree.columns[0] ?? '' })} <input name="value" autocomplete="off" .value=${this.state.wants.tree.search}></label><button>${t('p.tree.go')}</button></form>
      <span class="tiny">${t('p.tree.meta', { root: tree.root, level: tree.level, blocks: tree.blocks })}</span></div>`;
  }

  #search = (e: Event): void => {
    e.preventDefault();
    const search = String(new FormData(e.target as HTMLFormElement).get('value') ?? '');
    this.want({ tree: { index: answer(this.state.view, 'tree')?.index ?? '', search } });
  };

  protected drawing() {
    const tree = answer(this.state.view, 'tree');
    if (!tree) return html`<p class="empty">${t(this.host.state === 'off' ? 'panel.off' : 'p.tree.none', { host: this.host.name })}</p>`;
    if (tree.pages.length === 0) return html`<p class="empty">${t('p.tree.empty')}</p>`;
    const picture = treePicture(tree);
    const before = this.state.before ? answer(this.state.before, 'tree') : null;
    const made = splitOff(before, tree);
    return html`<p class="said" role="status">${this.#said(tree, made)}</p>
      <div class="field" style="width:${picture.width}px;height:${picture.height}px">
        <svg width=${picture.width} height=${picture.height} aria-hidden="true">${lines(picture)}</svg>
        ${picture.pages.map((p) => this.#box(tree, p, made.includes(p.page.block)))}</div>
      ${tree.more ? html`<p class="tiny">${t('p.tree.morepages')}</p>` : nothing}`;
  }

  #said(tree: TreeView, made: number[]) {
    if (tree.problem) return html`<span class="bad">ERROR: ${tree.problem}</span>`;
    if (made.length) return html`<b>${t('p.tree.split', { what: made.map((block) => t('p.tree.new', { block })).join(', ') })}</b>`;
    const last = tree.path.at(-1);
    if (!last) return nothing;
    return t(last.found ? 'p.tree.found' : 'p.tree.notfound', { n: tree.path.length, path: tree.path.map((s) => s.block).join(' → ') });
  }

  #box(tree: TreeView, { page, x, y }: Placed, made: boolean) {
    const id = thing.page(this.host.host, tree.index, 'main', page.block);
    const step = tree.path.find((s) => s.block === page.block);
    const label = t('p.tree.page', { block: page.block, level: page.level, items: page.items, free: page.free, flags: page.flags.length ? `, ${page.flags.join(', ')}` : '' });
    const gone = page.flags.some((f) => f === 'deleted' || f === 'half-dead');
    return html`<div class="box ${step ? 'way' : ''} ${made ? 'new' : ''} ${gone ? 'gone' : ''}" style="left:${x}px;top:${y}px">
      <button class=${marks(this.state, id)} data-thing=${id} aria-label=${label} title=${label}><b class="m">${page.block}</b><span>${page.flags.join(' ')}</span>${page.dirty ? html`<i class="dirty"></i>` : nothing}</button>
      <div class="keys m">${this.#keys(page, step?.offset ?? 0, step?.found ?? false)}</div>
      <div class="foot">${page.high_key === null ? '' : html`<span class="m">${t('p.tree.high', { key: page.high_key })}</span> · `}${t('p.tree.items', { n: page.items, free: page.free })}</div></div>`;
  }

  /** The first keys and the last, and in between the one that a search has come to. */
  #keys(page: TreePage, at: number, found: boolean) {
    const { shown } = page;
    const some = shown.length <= KEYS + 1 ? shown : [...shown.slice(0, KEYS - 1), ...shown.slice(-1)];
    const hit = shown.find((i) => i.offset === at);
    const all = hit && !some.includes(hit) ? [...some.slice(0, 2), hit, ...some.slice(-1)] : some;
    return all.map((item, i) => {
      const gap = i > 0 && item.offset - all[i - 1]!.offset > 1;
      const key = item.key === '' ? t('p.tree.infinity') : item.key;
      return html`${gap ? html`<div class="s">…</div>` : nothing}<div class="${item === hit && (found || item.child !== null) ? 'hit' : ''} ${item.dead ? 'deadkey' : ''}"><span>${key}</span><span>${leadsTo(item)}</span></div>`;
    });
  }

  protected twins(): TableTwin[] {
    const tree = answer(this.state.view, 'tree');
    const pages = tree?.pages ?? [];
    return [
      { name: `bt_page_stats('${tree?.index ?? ''}', …)`, columns: ['blkno', 'type', 'live_items', 'free_size', 'btpo_prev', 'btpo_next', 'btpo_level', 'high key'],
        rows: pages.map((p) => [p.block, p.flags.join(' '), p.items, p.free, p.prev, p.next, p.level, p.high_key ?? ''].map(String)) },
      { name: `bt_page_items('${tree?.index ?? ''}', …)`, columns: ['blkno', 'itemoffset', 'key', 'leads to', 'dead'],
        rows: pages.flatMap((p) => p.shown.map((i) => [String(p.block), String(i.offset), i.key === '' ? t('p.tree.infinity') : i.key, leadsTo(i), i.dead ? 't' : 'f'])) },
    ];
  }
}

function leadsTo(item: TreeItem): string {
  if (item.child !== null) return `→ ${item.child}`;
  return item.tids.length > 1 ? `${item.tids[0]} +${item.tids.length - 1}` : (item.tids[0] ?? '');
}

/** Downlinks as curves, and the links between neighbours as dots. */
function lines({ pages, links }: TreePicture) {
  const place = new Map(pages.map((p) => [p.page.block, p]));
  const height = (p: Placed) => 44 + Math.min(KEYS + 1, p.page.shown.length) * 15;
  return [
    ...links.map((l) => {
      const [a, b] = [place.get(l.from)!, place.get(l.to)!];
      const [x1, y1, x2, y2] = [a.x + BOX.width / 2, a.y + Math.min(BOX.row - 26, height(a)), b.x + BOX.width / 2, b.y];
      return svg`<path class=${l.followed ? 'followed' : ''} d="M${x1} ${y1} C${x1} ${(y1 + y2) / 2 + 8} ${x2} ${(y1 + y2) / 2 - 8} ${x2} ${y2}" />`;
    }),
    ...pages.flatMap((p) => {
      const next = place.get(p.page.next);
      return next && p.page.next !== 0 && next.y === p.y ? [svg`<path class="side" d="M${p.x + BOX.width} ${p.y + 10} H${next.x}" />`] : [];
    }),
  ];
}

customElements.define('vt-p-tree', Tree);
