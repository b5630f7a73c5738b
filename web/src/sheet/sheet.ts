/**
 * The visual language on one sheet: colours, type, and every mark of every panel in each of its states, drawn by the very
 * styles and functions that the panels use. It is part of the repository and of its tests, and of no page.
 *
 *     colour belongs to sessions │ state has a shape │ values stand as PostgreSQL prints them │ one selection
 */
import { css, html, LitElement, nothing } from 'lit';
import { learn } from '../base/messages.ts';
import { panelsEn } from '../base/en-panels.ts';
import { shared } from '../base/styles.ts';
import { tokens } from '../base/tokens.ts';
import { heapPageStyles } from '../views/heap-page.styles.ts';
import { pointers, tapeStyles } from '../views/tape-drawing.ts';
import { processShape } from '../views/processes.ts';
import { Dead } from '../views/panels/dead.ts';
import { Locks } from '../views/panels/locks.ts';
import { Memory } from '../views/panels/memory.ts';
import { Tree } from '../views/panels/tree.ts';
import { Versions } from '../views/panels/versions.ts';
import { Bytes } from '../views/panels/bytes.ts';
import '../views/pool-canvas.ts';
import '../views/panels/plan.ts';
import type { LabState } from '../model/state.ts';
import { plans, pool } from './samples.ts';

learn(panelsEn);

const SESSIONS = ['A', 'B', 'C', 'D', 'E', 'F'];
const COLOURS = ['bg', 'panel', 'sunk', 'line', 'edge', 'soft', 'ink', 'on-ink', 'error', 'hatch'];
const PROCESS = ['running', 'runnable', 'waiting', 'frozen', 'gone'] as const;

/** A row version as the page draws it: name, the class of its outline, that of its right end. */
const VERSIONS: [string, string, string][] = [
  ['xmin running', 'xmin-running open', ''], ['xmin committed', 'xmin-committed open', ''], ['xmin aborted', 'xmin-aborted open', ''],
  ['xmax running', 'xmin-committed xmax-running', 'right'], ['xmax committed', 'xmin-committed xmax-committed', 'right'], ['xmax aborted', 'xmin-committed xmax-aborted', ''],
  ['dead to all', 'xmin-committed xmax-committed dead', 'right'],
];

/** `<vt-sheet>` */
class Sheet extends LitElement {
  static override styles = [tokens, shared, css`
    :host { container-type: inline-size; background: var(--vt-bg); padding: 20px; min-height: 100vh; }
    h1 { font-size: 20px; line-height: 28px; margin: 0 0 4px; }
    h2 { font-size: 13px; margin: 26px 0 10px; border-bottom: 1px solid var(--vt-line); padding-bottom: 4px; }
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 10px 18px; align-items: center; }
    .one { display: grid; gap: 4px; font-size: 12px; }
    .one > span:last-child { color: var(--vt-soft); }
    .swatch { height: 34px; border: 1px solid var(--vt-line); border-radius: 4px; }
    .type { display: grid; grid-template-columns: 130px 1fr; gap: 6px 14px; align-items: baseline; }
    svg { width: 14px; height: 14px; }
    .states { display: flex; flex-wrap: wrap; gap: 12px; }
    .states button.sel { outline: 2px solid var(--vt-ink); }
  `];

  override render() {
    return html`<main>
      <h1>The visual language</h1>
      <p class="tiny">Colour belongs to sessions; the interface is ink. State has a shape as well as a colour. Values stand as PostgreSQL prints them.</p>
      ${this.#colours()}${this.#type()}${this.#selection()}
      <h2>Row versions</h2><vt-sheet-versions></vt-sheet-versions>
      <h2>Who sees what</h2><vt-sheet-sees></vt-sheet-sees>
      <h2>Processes</h2><div class="states">${PROCESS.map((state) => html`<span class="tiny">${processShape({ state })} ${state}</span>`)}</div>
      <h2>Shared buffers: 22, 9, 4 and 1 pixels to a cell</h2>${[32, 600, 4096, 16384].map((n) => html`<vt-pool-canvas .pool=${pool(n)} .hand=${Math.floor(n / 3)} .selected=${4} .room=${n === 32 ? 30 : 70}></vt-pool-canvas>`)}
      <h2>The log: in memory, written, flushed; pointers</h2><vt-sheet-tape></vt-sheet-tape>
      <h2>Locks</h2><vt-sheet-locks></vt-sheet-locks>
      <h2>Bytes</h2><vt-sheet-bytes></vt-sheet-bytes>
      <h2>A tree's pages</h2><vt-sheet-tree></vt-sheet-tree>
      <h2>A plan: estimated, actual, own pages</h2><vt-p-plan .state=${{ plans: () => plans, readonly: true } as unknown as LabState}></vt-p-plan>
      <h2>Dead rows, and VACUUM's phases</h2><vt-sheet-dead></vt-sheet-dead>
      <h2>Memory against its limit</h2><vt-sheet-memory></vt-sheet-memory>
    </main>`;
  }

  #colours() {
    return html`<h2>Colours</h2><div class="grid">${COLOURS.map((name) => html`<div class="one"><span class="swatch" style="background:var(--vt-${name})"></span><span>${name}</span></div>`)}</div>
      <h2>Sessions: text, chip, outline</h2><div class="grid">${SESSIONS.map((who) => html`<div class="one" data-who=${who}><span><span class="key">${who}</span> <b class="who">session ${who}</b></span>
        <span style="border:1.5px dashed var(--who);padding:2px 8px;border-radius:3px">in progress</span></div>`)}</div>`;
  }

  #type() {
    const line = (name: string, style: string, text: string) => html`<span class="tiny">${name}</span><span style=${style}>${text}</span>`;
    return html`<h2>Type</h2><div class="type">
      ${line('sentence 20/28', 'font-size:20px;line-height:28px', 'Two versions of Alice’s row lie on this page.')}
      ${line('row value 15', 'font-size:15px', '1 Alice 90')}${line('body 13/18', '', 'A reader and a writer of one row never wait for each other.')}
      ${line('label 12', 'font-size:12px', 'Shared buffers · the digit is the usage count')}
      <span class="tiny">value, mono 12</span><span class="m">0/10B8C90 · 739:741:739 · (0,4) · 2802</span>
      <span class="tiny">in a record, mono 11</span><span class="m" style="font-size:11px">HOT_UPDATE, xid 739</span></div>`;
  }

  #selection() {
    return html`<h2>Selected, lit, changed, focused, disabled, pressed</h2><div class="states">
      <button class="sel">selected</button><button class="lit">lit with it</button><button class="tick">changed in this step</button><button id="focus">focus</button>
      <button disabled>disabled</button><button aria-pressed="true" style="background:var(--vt-ink);color:var(--vt-on-ink)">pressed</button><button class="go">→ Next</button><button class="plain">plain</button></div>`;
  }
}

/** A part of the sheet that wears the styles of a panel. */
function wearing(name: string, styles: unknown, drawing: () => unknown): void {
  customElements.define(name, class extends LitElement {
    static override styles = styles as never;
    override render() {
      return drawing();
    }
  });
}

const left = (who: string) => html`<span class="end left" data-who=${who}></span>`;
wearing('vt-sheet-versions', [shared, heapPageStyles, css`.g { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 10px 18px; } .g > div { display: grid; gap: 3px; font-size: 12px; } .ver { position: relative; height: 34px; }`], () => html`<div class="g">
  ${VERSIONS.map(([name, classes, right]) => html`<div><div class="ver m ${classes}" style="--outline:${classes.includes('running') && !right ? 'var(--vt-a)' : 'var(--vt-edge)'}">${left(right ? '' : 'A')}<span class="x">739</span><span class="v">1 Alice <b>90</b></span>
    ${classes.includes('dead') ? html`<span class="word">dead</span>` : nothing}${right ? html`<span class="x x2" data-who="B">740</span><span class="end right" data-who="B"></span>` : nothing}</div><span class="s">${name}</span></div>`)}
  ${['redirect to lp 4', 'dead line pointer', 'unused'].map((name) => html`<div><div class="ver bare"><span class="s">${name}</span></div><span class="s">${name}</span></div>`)}</div>`);

wearing('vt-sheet-sees', Versions.styles, () => html`<div style="display:flex;gap:18px;flex-wrap:wrap">${['A', 'B', 'C'].map((who) => html`<span data-who=${who}><span class="y">sees it</span><span class="why">${who} wrote it</span></span>`)}<span><span class="n">– does not</span><span class="why">739 is still running</span></span></div>`);

wearing('vt-sheet-tape', [shared, tapeStyles], () => html`<div class="wal"><div class="tape">
    ${[['flushed', 0, 90], ['written', 94, 120], ['memory', 218, 80]].map(([how, x, width]) => html`<div class="rec ${how}" data-who="A" style="left:${x}px;width:${width}px"><span class="text"><b class="who">A</b> ${how}</span></div>`)}
    <div class="rec flushed torn" style="left:304px;width:130px"><span class="text">torn: 8256 B</span></div></div>
  <div class="ptr">${pointers({ wording: 'line', labels: [{ x: 92, text: 'flush', position: 0x10b8b80, side: 'left', row: 0 }, { x: 216, text: 'write', position: 0x10b8c00, side: 'right', row: 0 }, { x: 300, text: 'heard', position: 0x10b8c90, side: 'left', row: 1, hollow: true }] } as never)}</div></div>`);

wearing('vt-sheet-locks', Locks.styles, () => html`<div class="queue"><div><span class="m">transactionid 739</span></div><div class="who"><button class="t"><span class="key" data-who="A">A</span> <span class="m s">ExclusiveLock</span></button></div><div class="arrow" aria-hidden="true">◄</div>
    <div class="who">${[20, 60, 100].map((n, i) => html`<button class="t"><span class="key" data-who=${'BCD'[i]!}>${'BCD'[i]}</span> <span class="m">ShareLock</span><span class="bar"><i style="width:${n}%"></i></span></button>`)}</div></div>
  <div class="row"><div class="m">accounts (0,2)</div><div class="who"><button class="locker running" data-who="A"><span class="key">A</span><span class="m">739 FOR SHARE</span></button><button class="locker over"><span class="m">738 FOR KEY SHARE</span></button></div></div>`);

wearing('vt-sheet-bytes', Bytes.styles, () => html`<div class="hex"><div class="l"><span class="o">0010</span><span class="run">e3 02 00 00</span><span class="run odd">00 00 00 00</span><span class="run in">03 80</span><span class="run over">02 28</span><span class="run chosen">18</span><span class="run none">00 00</span></div><div class="zeros">7992 zero bytes</div></div>
  <div class="map">${[0, 1, 2, 3].map((v) => html`<button class="v${v}" aria-label=${v.toString(2).padStart(2, '0')}></button>`)}<button class="v1 at" aria-label="chosen"></button></div>`);

const box = (name: string, classes: string, rows: unknown) => html`<div class="box ${classes}" style="position:static"><button aria-label=${name}><b class="m">4</b><span>${name}</span><i class="dirty"></i></button><div class="keys m">${rows}</div><div class="foot">≤ 407 · 366 keys</div></div>`;
wearing('vt-sheet-tree', Tree.styles, () => html`<div style="display:flex;gap:16px;flex-wrap:wrap">${box('leaf', '', html`<div><span>1</span><span>(0,1)</span></div><div class="deadkey"><span>2</span><span>(0,2)</span></div>`)}${box('on the way', 'way', html`<div class="hit"><span>204</span><span>→ 2</span></div>`)}${box('just split', 'new', html`<div><span>−∞</span><span>→ 1</span></div>`)}${box('half-dead', 'gone', nothing)}</div>`);

wearing('vt-sheet-dead', Dead.styles, () => html`<div class="bar"><i class="part m live" style="flex:8">800</i><i class="part m recently_dead" style="flex:2">90</i><i class="part m dead" style="flex:2">70</i><i class="part m lp_dead" style="flex:1">12</i><i class="part m unused" style="flex:1">5</i></div>
  <ol class="phases"><li class="done">initializing</li><li class="done">scanning heap</li><li class="now">vacuuming indexes</li><li>vacuuming heap</li></ol>`);

wearing('vt-sheet-memory', Memory.styles, () => html`<div class="use"><span>Sort</span><span class="limit"><i style="width:62%"></i><u style="left:88%"></u></span><span class="m">40 kB / 64 kB</span></div><span class="file m">pgsql_tmp13943.0 <span class="s">216 kB</span></span>`);

customElements.define('vt-sheet', Sheet);
