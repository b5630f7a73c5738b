/**
 * The heap page, the hero of the picture: a bar per line pointer (left end xmin, right end xmax, each in the colour of
 * its transaction), beside it what each session would see if it asked now, and why; below it where the bytes lie, in
 * memory and on disk. The difference of the two strips is the work that the checkpointer has before it.
 */
import { html, nothing } from 'lit';
import { lsn } from '../base/format.ts';
import { t, type MessageKey } from '../base/messages.ts';
import { sessionColour, shared } from '../base/styles.ts';
import { hero, marks, sessionsOf, type LabState } from '../model/state.ts';
import * as thing from '../model/thing.ts';
import { chains, plainVersion, seenBy, tellingColumn, values, why, type Chain } from '../model/versions.ts';
import { heapPageStyles } from './heap-page.styles.ts';
import { strip } from './page-strip.ts';
import { Panel } from './panel.ts';
import type { HostView, ItemView, PageImage, PageView, SessionView, TupleView } from './types.ts';

/** `<vt-heap-page>` */
export class HeapPage extends Panel {
  static override styles = [shared, heapPageStyles];

  override render() {
    const host = hero(this.state);
    const page = host.page;
    const image = page?.memory ?? page?.disk;
    if (!page || !image) return html`<div class="page none">${host.state === 'off' ? t('page.off', { host: host.name }) : t('page.none', { relation: page?.relname ?? '', block: page?.block ?? 0 })}</div>`;
    const sessions = sessionsOf(this.state.view, host.host);
    return html`<section class="page" aria-labelledby="title">
      ${this.#head(host, page, image)}
      <div class="scroll">${this.#versions(host, page, image, sessions)}</div>
      <div class="not390">${strip(this.state, host, page, 'memory')}${strip(this.state, host, page, 'disk')}</div>
    </section>`;
  }

  #head(host: HostView, page: PageView, image: PageImage) {
    const id = thing.header(host.host, page.relname, page.block);
    return html`<div class="hd">
      <h2 id="title">${this.leadsTo('bytes', t('page', { relation: page.relname, block: page.block }), { bytes: { relation: page.relname, fork: 'main', block: page.block, disk: false } })}
        <span class="s not390">· ${t(host.state === 'off' ? 'page.unpowered' : standing(page))}${page.all_visible ? html` · <span class="mark">✓ ${t('page.visible')}</span>` : nothing}</span></h2>
      <button class="plain m not390 ${marks(this.state, id)}" data-thing=${id}>pd_lsn ${lsn(image.pd_lsn)}${page.disk && page.memory
        ? html`<span class="at1440"> · ${t('page.ondisk', { lsn: lsn(page.disk.pd_lsn) })}</span>` : nothing}</button>
    </div>`;
  }

  #versions(host: HostView, page: PageView, image: PageImage, sessions: SessionView[]) {
    const links = chains(page, image);
    const linked = new Set(links.flatMap((c) => [c.from, c.to]));
    const telling = tellingColumn(image);
    const columns = sessions.length > 2 ? 'many' : sessions.length === 0 ? 'nobody' : '';
    return html`<div class="vt ${columns} ${image.items.length > 4 ? 'dense' : ''}" style="--sessions:${sessions.length};--rows:${image.items.length}"
        data-grid tabindex="0" role="listbox" aria-labelledby="title">
      <span class="h lp" role="presentation">${t('col.lp')}</span>
      <span class="h both" role="presentation"><span>xmin&ensp;${t('col.version')}</span><span>xmax</span></span>
      <span class="h ct" role="presentation">t_ctid</span>
      ${sessions.map((s) => sessionHead(s))}
      ${image.items.map((item) => this.#row(host, page, item, sessions, linked, telling))}
      ${links.map((c) => arc(c, image))}
    </div>`;
  }

  #row(host: HostView, page: PageView, item: ItemView, sessions: SessionView[], linked: ReadonlySet<number>, telling: number) {
    const id = thing.version(host.host, page.relname, page.block, item.lp);
    const plain = plainVersion(item, linked);
    const selected = this.state.selection === id;
    return html`
      <span class="r lp m"><span class=${selected ? 'chosen' : ''}>${item.lp}</span></span>
      <span class="r">${this.#bar(id, item, plain, telling)}</span>
      <span class="r ct m ${plain ? 's' : ''}">${item.tuple?.t_ctid ?? ''}</span>
      ${sessions.map((s) => eye(this.state, id, item, s, plain, telling))}`;
  }

  #bar(id: thing.Thing, item: ItemView, plain: boolean, telling: number) {
    const lit = `${marks(this.state, id)} ${this.state.pinned ? 'pinned' : ''}`;
    const selected = this.state.selection === id;
    const words = describe(item, telling);
    const base = { id, lit, selected, words };
    if (!item.tuple) return bare(base, item);
    return full(base, item.tuple, plain, telling);
  }
}

interface Bar { id: thing.Thing; lit: string; selected: boolean; words: string }

/** A line pointer without a tuple: a redirect, a dead one, or one that is free for use. */
function bare(b: Bar, item: ItemView) {
  const words = item.redirect !== null ? t('redirect', { lp: item.redirect }) : item.lp_flags === 3 ? t('lp.dead') : t('unused');
  return html`<div class="ver bare ${b.lit}" data-thing=${b.id} tabindex="-1" role="option" aria-selected=${b.selected}
    aria-label=${b.words}><span class="s">${words}</span></div>`;
}

/** A row version: the outline says xmin's state, the right end xmax's. */
function full(b: Bar, tuple: TupleView, plain: boolean, telling: number) {
  const ended = tuple.xmax_status !== 'none' && tuple.xmax_status !== 'locked';
  const classes = [`xmin-${tuple.xmin_status}`, ended ? `xmax-${tuple.xmax_status}` : 'open', plain ? 'plain' : '',
    tuple.dead_to_all ? 'dead' : '', b.lit];
  const v = values(tuple, telling);
  return html`<div class="ver m ${classes.join(' ')}" data-thing=${b.id} tabindex="-1" role="option"
      style="--outline:${sessionColour(tuple.xmin_letter)}" aria-selected=${b.selected} aria-label=${b.words}>
    <span class="end left" data-who=${tuple.xmin_letter ?? nothing}></span>
    <span class="x" data-who=${colour(tuple.xmin_letter, tuple.xmin_status)}>${tuple.t_xmin}</span>
    <span class="v">${v.before} ${plain ? v.telling : html`<b>${v.telling}</b>`} ${v.after}</span>
    ${tuple.dead_to_all ? html`<span class="word">${t('dead')}</span>` : nothing}
    ${tuple.t_xmax && tuple.xmax_status !== 'none' ? html`<span class="x x2" data-who=${colour(tuple.xmax_letter, tuple.xmax_status)}>${tuple.t_xmax}</span>` : nothing}
    ${ended && tuple.xmax_status !== 'aborted' ? html`<span class="end right" data-who=${tuple.xmax_letter ?? nothing}></span>` : nothing}
  </div>`;
}

/** Only what a session has a hand in is in its colour; what is long settled is soft. */
function colour(letter: string | null, status: string) {
  return letter && status !== 'frozen' ? letter : nothing;
}

/** The whole version in words, for those who hear it. */
function describe(item: ItemView, telling: number): string {
  const tuple = item.tuple;
  if (!tuple) return `lp ${item.lp}: ${item.redirect !== null ? t('redirect', { lp: item.redirect }) : t('unused')}`;
  const v = values(tuple, telling);
  const words = [`lp ${item.lp}`, `${v.before} ${v.telling} ${v.after}`.trim(), `xmin ${tuple.t_xmin} ${tuple.xmin_status}`];
  if (tuple.xmax_status !== 'none') words.push(`xmax ${tuple.t_xmax} ${tuple.xmax_status}`);
  words.push(`t_ctid ${tuple.t_ctid}`);
  if (tuple.dead_to_all) words.push(t('dead'));
  for (const s of tuple.sees) if (s.letter) words.push(`${s.letter} ${s.visible ? '✓' : '–'} ${why(s)}`);
  return words.join(', ');
}

function sessionHead(s: SessionView) {
  const title = t('sees.title', { letter: s.letter, which: s.snapshot_held ? t('sees.kept') : t('sees.new') });
  return html`<span class="h sees" role="presentation" data-who=${s.letter} title=${title}><span class="key">${s.letter}</span>
    <span class="not390 words">${t(s.snapshot_held ? 'sees.held' : 'sees')}</span></span>`;
}

/** What one session would see of this line pointer. */
function eye(state: LabState, id: thing.Thing, item: ItemView, s: SessionView, plain: boolean, telling: number) {
  const sees = item.tuple ? seenBy(item.tuple, s.letter) : null;
  if (!item.tuple || !sees) return html`<span class="r eye"></span>`;
  const value = values(item.tuple, telling).telling;
  const changed = state.changed.has(id) ? 'tick' : '';
  if (!sees.visible) return html`<span class="r eye" data-who=${s.letter}><span class="n ${changed}">–</span><span class="why">${why(sees)}</span></span>`;
  if (plain) return html`<span class="r eye"><span class="n m">${value}</span></span>`;
  return html`<span class="r eye" data-who=${s.letter}><span class="y ${changed}">${value}</span><span class="why">${why(sees)}</span></span>`;
}

/** A chain as an arc at the left, from the old version's line pointer to the new one's. */
function arc(c: Chain, image: PageImage) {
  const from = image.items.findIndex((i) => i.lp === c.from);
  const to = image.items.findIndex((i) => i.lp === c.to);
  if (from < 0 || to < 0) return nothing;
  const top = Math.min(from, to);
  const rows = Math.abs(to - from);
  const down = to > from;
  return html`<svg class="arc ${c.running ? 'running' : ''}" data-who=${c.letter ?? nothing} style="--top:${top};--span:${rows}"
      viewBox="0 0 20 100" preserveAspectRatio="none" aria-hidden="true">
      <path d="M18 0 C-3 4 -3 96 12 100" vector-effect="non-scaling-stroke" transform=${down ? '' : 'matrix(1 0 0 -1 0 100)'} /></svg>
    <span class="head" data-who=${c.letter ?? nothing} style="--at:${to}" aria-hidden="true"></span>`;
}

/** How memory and disk stand to each other, in words. */
function standing(page: PageView): MessageKey {
  if (!page.memory) return 'page.only.disk';
  if (!page.disk) return 'page.only.memory';
  return page.memory.pd_lsn === page.disk.pd_lsn && sameBytes(page.memory.bytes, page.disk.bytes) ? 'page.same' : 'page.newer';
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

customElements.define('vt-heap-page', HeapPage);
