/** The looks of the heap page; the shapes are those of the legend, the sizes depend on the width of the lab. */
import { css } from 'lit';

export const heapPageStyles = css`
  :host {
    --row: 43px; --bar: 34px; --lp: 52px; --ct: 62px; --eye: 156px; --chip: 40px; --head: 24px;
    display: flex; flex-direction: column; min-height: 0;
  }
  .page {
    background: var(--vt-panel); border: 1.5px solid var(--vt-ink); border-radius: 4px; display: flex;
    flex-direction: column; min-height: 0;
  }
  .none { padding: 24px; min-height: 270px; color: var(--vt-soft); }
  .scroll { overflow: auto; min-height: 0; }
  .hd { display: flex; justify-content: space-between; align-items: center; gap: 12px; padding: 8px 14px 6px; white-space: nowrap; }
  .hd button { min-height: 18px; height: 18px; padding: 0 4px; margin-right: -4px; font-size: 12px; }
  .hd .sel { border-color: var(--vt-ink); color: var(--vt-ink); }

  .vt {
    display: grid; grid-template-columns: var(--lp) minmax(0, 1fr) var(--ct) repeat(var(--sessions), var(--eye));
    grid-template-rows: var(--head); grid-auto-rows: var(--row); align-items: center; position: relative; padding: 0 14px 6px 0;
  }
  .vt.many { --eye: 54px; }
  .vt.many :is(.words, .why) { display: none; }
  .vt.nobody { grid-template-columns: var(--lp) minmax(0, 1fr) var(--ct); }
  .vt.dense { --row: 30px; --bar: 25px; }
  .vt.dense .why { display: none; }
  .vt.dense .y { height: 22px; line-height: 22px; }
  .h { font-size: 12px; color: var(--vt-soft); line-height: 16px; white-space: nowrap; }
  .both { display: flex; justify-content: space-between; padding-right: 8px; }
  .r { display: flex; align-items: center; min-width: 0; }
  .lp { padding-left: 32px; color: var(--vt-soft); }
  .r.ct { padding-left: 7px; }
  .chosen { background: var(--vt-ink); color: var(--vt-on-ink); border-radius: 3px; padding: 0 5px; margin-left: -5px; font-weight: 600; }

  /* A version. The ends are elements of their own, so that each can be dashed in the colour of its transaction. */
  .ver {
    position: relative; height: var(--bar); flex: 1; min-width: 0; display: flex; align-items: center; gap: 10px;
    padding: 0 12px 0 13px; white-space: nowrap; background: var(--vt-bg); cursor: pointer;
    border: 1.5px solid var(--vt-edge); border-left: 0; border-right: 0;
  }
  .ver .x { font-size: 12px; color: var(--who, var(--vt-soft)); }
  .ver .v { flex: 1; font-size: 15px; overflow: hidden; text-overflow: ellipsis; }
  .ver .word { font-size: 11px; color: var(--vt-soft); }
  .end { position: absolute; top: -1.5px; bottom: -1.5px; width: 5px; background: var(--who, var(--vt-edge)); }
  .end.left { left: 0; }
  .end.right { right: 0; }
  .xmin-running { border-style: dashed; border-color: var(--outline, var(--vt-edge)); }
  .xmin-running .end.left, .xmax-running .end.right {
    background: repeating-linear-gradient(to bottom, var(--who, var(--vt-edge)) 0 9px, transparent 9px 12px);
  }
  .xmin-aborted { background: linear-gradient(to top right, transparent calc(50% - 0.8px), var(--vt-edge) calc(50% - 0.8px) calc(50% + 0.8px), transparent calc(50% + 0.8px)); }
  .xmax-aborted .x2 { text-decoration: line-through; }
  .ver.plain { border-width: 1px 0; background: none; }
  .ver.plain .v { color: var(--vt-soft); font-size: 13px; }
  .ver.dead { border-style: dotted; background: none; }
  .ver.dead .v { text-decoration: line-through; }
  .ver.bare { border: 1.5px dotted var(--vt-edge); background: none; padding-left: 12px; }
  .ver.sel.pinned { outline: 2px solid var(--vt-ink); outline-offset: 1px; }
  .ver.lit { box-shadow: 0 0 0 1.5px var(--vt-ink); }
  .ver.tick::before { left: -5px; top: 0; bottom: 0; }

  .eye { font-size: 12px; line-height: 15px; gap: 8px; color: var(--vt-soft); padding-left: 4px; }
  .eye .y, .eye .n { flex: none; min-width: var(--chip); text-align: center; font-size: 15px; }
  .eye .y {
    height: 26px; line-height: 26px; border-radius: 3px; font-weight: 600; background: var(--fill); color: var(--on-fill);
    font-family: var(--vt-mono, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace); padding: 0 2px;
  }
  .many .why { display: none; }

  .arc {
    position: absolute; left: 6px; width: 26px; pointer-events: none; overflow: visible;
    top: calc(var(--head) + (var(--top) + 0.5) * var(--row)); height: calc(var(--span) * var(--row));
  }
  .arc path { fill: none; stroke: var(--who, var(--vt-edge)); stroke-width: 1.5; }
  .arc.running path { stroke-dasharray: 4 3; }
  .head {
    position: absolute; left: 19px; top: calc(var(--head) + (var(--at) + 0.5) * var(--row) - 5px); pointer-events: none;
    border: 5px solid transparent; border-right: 0; border-left: 8px solid var(--who, var(--vt-edge));
  }

  .strip {
    display: flex; height: 20px; margin: 2px 14px 10px; gap: 2px; text-align: center; white-space: nowrap; color: var(--vt-soft);
    font: 11px/20px var(--vt-mono, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace);
  }
  .strip.disk { margin-top: -6px; }
  .strip .name { font: 12px/20px var(--vt-font, system-ui, sans-serif); width: 54px; flex: none; text-align: left; }
  .strip i { font-style: normal; background: var(--vt-sunk); border-radius: 2px; padding: 0 4px; overflow: hidden; cursor: pointer; min-width: 8px; }
  .strip.disk i:not(.hole) { background: none; border: 1px solid var(--vt-line); line-height: 18px; }
  .strip .hole { flex: 1 0 80px; background: none; border: 1px dashed var(--vt-line); line-height: 18px; cursor: default; }
  .strip .sel { outline: 2px solid var(--vt-ink); color: var(--vt-ink); outline-offset: -1px; }

  @container (max-width: 1279px) {
    .vt.dense { --row: 24px; --bar: 20px; }
    .vt.dense .y { height: 19px; line-height: 19px; }
    :host { --row: 34px; --bar: 28px; --lp: 46px; --ct: 54px; --eye: 132px; --chip: 34px; }
    .vt { padding-right: 10px; padding-bottom: 0; }
    .hd { padding: 6px 10px 2px; }
    .strip { margin: 0 10px 8px; }
    .eye { font-size: 11px; line-height: 13px; gap: 5px; }
    .lp { padding-left: 29px; }
  }
  @container (max-width: 767px) {
    :host { --row: 40px; --bar: 32px; --lp: 40px; --eye: 46px; --chip: 38px; }
    .vt { grid-template-columns: var(--lp) minmax(0, 1fr) repeat(var(--sessions), var(--eye)); padding-right: 8px; }
    .vt.nobody { grid-template-columns: var(--lp) minmax(0, 1fr); }
    .vt.many { --eye: 44px; }
    .vt.many .ver .v { font-size: 13px; }
    .ct, .why { display: none; }
    .lp { padding-left: 26px; }
    .ver { gap: 6px; padding-left: 10px; }
    .eye { justify-content: center; padding: 0; }
    .h.sees { text-align: center; }
    .arc { left: 4px; width: 22px; }
    .head { left: 15px; }
  }
`;
