/** The grid of the lab at its three widths, and the simple column of an embed. */
import { css } from 'lit';

export const labStyles = css`
  :host { display: block; container-type: inline-size; background: var(--vt-bg); color: var(--vt-ink); --vt-move: 0.25s; }
  :host([still]) { --vt-move: 0s; }
  @media (prefers-reduced-motion: reduce) { :host { --vt-move: 0s; } }
  :host([whole]) { height: 100dvh; }
  .waiting { padding: 24px; font-size: 15px; }

  .app {
    height: 100%; display: grid; gap: 0 16px; padding: 0 16px;
    grid-template: 40px auto minmax(0, 1fr) 118px / 292px minmax(0, 1fr) 312px;
    grid-template-areas: 'top top top' 'say say say' 'ses main insp' 'time time time';
  }
  .top { grid-area: top; }
  .say { grid-area: say; margin-bottom: 12px; }
  .ses { grid-area: ses; display: flex; flex-direction: column; gap: 12px; min-height: 0; }
  .ses > vt-log { flex: 1 0 150px; min-height: 0; }
  .adds { display: flex; flex-wrap: wrap; gap: 4px 8px; flex: none; margin-top: -6px; align-items: center; }
  .adds .other { padding: 0 2px; border-color: transparent; text-decoration: none; }
  .adds button { min-height: 24px; font-size: 12px; padding: 0 4px; text-decoration: underline; }
  .main { grid-area: main; display: flex; flex-direction: column; min-height: 0; gap: 10px; overflow: hidden auto; scrollbar-width: thin; }
  .main > * { flex: none; }
  .main > vt-panel-frame { flex: 1; }
  .main > vt-heap-page { flex: 0 1 auto; margin-top: -10px; }
  .insp { grid-area: insp; min-height: 0; overflow: hidden; }
  .insp > vt-inspector { height: 100%; }
  .time { grid-area: time; margin-top: 12px; min-height: 0; }
  .thumb { display: none; }

  .embed { display: flex; flex-direction: column; gap: 10px; padding: 12px; }
  .embed > vt-heap-page { margin-top: -10px; }
  .embed > vt-heap-page.alone { margin-top: 0; }
  .embed .big { display: flex; max-height: 640px; }
  .embed .big > * { flex: 1; }
  .embed .ses { flex-direction: row; flex-wrap: wrap; align-items: stretch; }
  .embed .ses > * { flex: 1 1 260px; max-height: 320px; }

  @container (max-width: 1279px) {
    .app {
      grid-template: 40px auto minmax(0, 1fr) 88px / 264px minmax(0, 1fr); gap: 0 12px; padding: 0 12px;
      grid-template-areas: 'top top' 'say say' 'ses main' 'time time';
    }
    .insp { display: none; }
    .inspecting .insp { display: block; grid-area: ses; background: var(--vt-bg); z-index: 2; }
    .inspecting .ses { visibility: hidden; }
    .say { margin-bottom: 10px; }
    .main { gap: 8px; }
    .main > vt-heap-page { margin-top: -8px; }
    .ses { gap: 8px; }
    .time { margin-top: 8px; }
  }
  @container (max-width: 767px) {
    .app { display: flex; flex-direction: column; height: auto; min-height: 100dvh; padding: 0 12px; }
    .main { overflow: visible; flex: 1; }
    .top { height: 44px; }
    .app > .say { position: sticky; top: 0; z-index: 3; margin: 0 0 10px; background: var(--vt-bg); }
    .ses { flex-direction: row; flex-wrap: wrap; gap: 8px; margin-bottom: 10px; }
    .ses > vt-log, .adds { flex: 1 0 100%; }
    .adds { margin: 0; }
    .adds button { min-height: 44px; }
    .inspecting .ses { visibility: visible; }
    .inspecting .insp {
      position: fixed; left: 0; right: 0; bottom: 76px; max-height: 60vh; overflow: auto; z-index: 4; padding: 14px;
      background: var(--vt-panel); border-top: 1px solid var(--vt-edge);
    }
    .thumb {
      display: flex; position: sticky; bottom: 0; margin: 10px -12px 0; background: var(--vt-panel); border-top: 1px solid var(--vt-line);
      padding: 10px 12px 18px; gap: 8px; z-index: 5;
    }
    .thumb .go { flex: 1; height: 48px; }
    .thumb button { height: 48px; min-width: 48px; }
  }
  @media (max-width: 767px) { :host([whole]) { height: auto; } }
`;
