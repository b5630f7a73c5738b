/** What a map says, a square for each page or transaction: the free space map, the visibility map, pg_xact. */
import { css, html, nothing } from 'lit';
import { t, type MessageKey } from '../../base/messages.ts';
import type { BytesView } from '../../engine/generated/BytesView.ts';
import type { GridView } from '../../engine/generated/GridView.ts';

/** Squares that are drawn; of more the newest. */
const MOST = 1024;

export const gridStyles = css`
  .map { display: grid; grid-template-columns: repeat(auto-fill, 15px); gap: 1px; margin: 4px 0 12px; }
  .map button { width: 15px; height: 15px; min-height: 0; padding: 0; border: 1px solid var(--vt-edge); border-radius: 2px; font: 9px/12px var(--vt-mono, ui-monospace, monospace); color: var(--vt-soft); overflow: hidden; }
  .map button.v1 { background: var(--vt-edge); border-color: var(--vt-edge); color: var(--vt-on-ink); }
  .map button.v2 { background: linear-gradient(to top right, transparent 46%, var(--vt-ink) 46% 54%, transparent 54%); }
  .map button.v3 { background: var(--vt-ink); border-color: var(--vt-ink); color: var(--vt-on-ink); }
  .map button.v0 { border-style: dashed; }
  .map button.at { outline: 2px solid var(--vt-ink); outline-offset: 1px; }
`;

/** The squares of a map; choosing one shows its bits in the bytes. */
export function gridDrawing(page: BytesView, grid: GridView, chosen: number, choose: (cell: number) => void) {
  const first = Math.max(0, grid.values.length - MOST);
  const words = (i: number) => describe(page, grid, i);
  return html`<p class="tiny">${t(`p.bytes.grid.${page.kind}` as MessageKey)}${chosen >= 0 ? html` · <b>${words(chosen)}</b>` : nothing}</p>
    <div class="map" role="listbox" aria-label=${t('p.bytes.map')} tabindex="0" data-grid>${[...grid.values.subarray(first)].map((value, n) => {
      const i = first + n;
      const look = grid.bits === 2 ? `v${value}` : '';
      const fill = grid.bits === 8 ? `background:color-mix(in srgb, var(--vt-ink) ${Math.round((value / 255) * 100)}%, transparent)` : '';
      return html`<button class="${look} ${i === chosen ? 'at' : ''}" style=${fill} role="option" tabindex="-1" data-thing="cell:${i}" aria-selected=${i === chosen} aria-label=${words(i)} title=${words(i)} @click=${(e: Event) => { e.stopPropagation(); choose(i === chosen ? -1 : i); }}></button>`;
    })}</div>`;
}

function describe(page: BytesView, grid: GridView, i: number): string {
  const value = grid.values[i] ?? 0;
  const n = grid.first + i;
  if (page.kind === 'fsm') return t('p.bytes.cell.fsm', { n, free: value * 32 });
  if (page.kind === 'clog') return t('p.bytes.cell.clog', { n, what: `${value.toString(2).padStart(2, '0')} ${t(`xact.${value}` as MessageKey)}` });
  return t('p.bytes.cell.vm', { n, what: `${value.toString(2).padStart(2, '0')} ${t(`p.bytes.vm.${value === 3 ? 3 : value & 1}` as MessageKey)}` });
}
