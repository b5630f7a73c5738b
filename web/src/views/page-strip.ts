/**
 * Where the bytes of a page lie, in physical order: header, line pointers, the hole, and the tuples, which grow from
 * the end. One strip shows the buffer, one the file; they are not to scale.
 */
import { html } from 'lit';
import { t } from '../base/messages.ts';
import { marks, type LabState } from '../model/state.ts';
import * as thing from '../model/thing.ts';
import type { HostView, ItemView, PageView } from './types.ts';

/** More tuples than this are summed up: so many are shown, and one cell for the others. */
const MOST = 8;
const SHOWN = 4;

/** One strip. */
export function strip(state: LabState, host: HostView, page: PageView, which: 'memory' | 'disk') {
  const image = page[which];
  const name = html`<span class="name">${t(`strip.${which}`)}</span>`;
  if (!image) return html`<div class="strip ${which}">${name}<i class="hole">${t(`strip.absent.${which}`)}</i></div>`;
  const tuples = image.items.filter((i) => i.tuple).sort((a, b) => a.lp_off - b.lp_off);
  const shown = tuples.length > MOST ? tuples.slice(0, SHOWN) : tuples;
  const pointers = image.items.length > MOST ? `1 … ${image.items.length}` : image.items.map((i) => i.lp).join(' ');
  const free = image.pd_upper - image.pd_lower;
  return html`<div class="strip ${which}" role="img" aria-label="${t(`strip.${which}`)}: ${t('strip.free', { n: free })}">
    ${name}
    <i data-thing=${thing.header(host.host, page.relname, page.block)}>${t('strip.header')}</i>
    <i>${t('strip.lp', { list: pointers })}</i>
    <i class="hole">${t(which === 'memory' ? 'strip.free' : 'strip.free.disk', { n: free })}</i>
    ${shown.map((i) => cell(state, host, page, i, which))}
    ${shown.length < tuples.length ? html`<i>… ${tuples.length - shown.length}</i>` : ''}
  </div>`;
}

function cell(state: LabState, host: HostView, page: PageView, item: ItemView, which: 'memory' | 'disk') {
  const id = thing.version(host.host, page.relname, page.block, item.lp);
  const on = which === 'memory' ? marks(state, id) : state.lit.has(id) ? 'lit' : '';
  return html`<i class=${on} data-thing=${id}>${item.lp} @${item.lp_off}</i>`;
}
