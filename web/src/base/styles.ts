/**
 * The styles that every panel shares: type, session colours, the letter chip, buttons, focus.
 *
 * The width that counts is the width of the lab, not of the window (an embed may be narrow on a wide screen), so the
 * breakpoints are container queries; the lab's root is the only size container.
 */
import { css } from 'lit';

/** The text colour of a session, as a CSS value. */
export function sessionColour(letter: string | null): string {
  if (letter === null) return 'var(--vt-edge)';
  return 'ABCDE'.includes(letter) ? `var(--vt-${letter.toLowerCase()})` : 'var(--vt-ink)';
}

export const shared = css`
  :host {
    display: block;
    font: 13px/18px var(--vt-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
    font-variant-numeric: tabular-nums;
    color: var(--vt-ink);
  }
  :host([hidden]) { display: none; }
  *, *::before, *::after { box-sizing: border-box; }
  h2, p, pre, dl, dd, ol, ul, figure { margin: 0; padding: 0; }
  ol, ul { list-style: none; }
  .m, code, pre, kbd {
    font-family: var(--vt-mono, ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace);
    font-size: 12px;
  }
  .s { color: var(--vt-soft); }
  .tiny { font-size: 12px; color: var(--vt-soft); }
  b, .w { font-weight: 600; }
  h2 { font-size: 12px; line-height: 16px; font-weight: 600; white-space: nowrap; }
  h2 .s { font-weight: 400; }
  .grow { flex: 1; }

  [data-who] { --who: var(--vt-ink); --fill: var(--vt-ink); --on-fill: var(--vt-on-ink); }
  [data-who='A'] { --who: var(--vt-a); --fill: var(--vt-a-fill); --on-fill: #14161a; }
  [data-who='B'] { --who: var(--vt-b); --fill: var(--vt-b-fill); --on-fill: #14161a; }
  [data-who='C'] { --who: var(--vt-c); --fill: var(--vt-c-fill); --on-fill: #14161a; }
  [data-who='D'] { --who: var(--vt-d); --fill: var(--vt-d-fill); --on-fill: #14161a; }
  [data-who='E'] { --who: var(--vt-e); --fill: var(--vt-e-fill); --on-fill: #14161a; }
  .who { color: var(--who); }
  .key {
    display: inline-block; min-width: 18px; height: 18px; border-radius: 3px; text-align: center;
    font: 600 12px/18px var(--vt-font, system-ui, sans-serif); background: var(--fill); color: var(--on-fill);
  }

  button {
    font: inherit; color: inherit; background: none; border: 1px solid var(--vt-edge); border-radius: 4px;
    min-height: 28px; padding: 0 8px; cursor: pointer;
  }
  button:disabled { color: var(--vt-edge); border-color: var(--vt-line); cursor: default; }
  button.plain { border-color: transparent; color: var(--vt-soft); }
  button.plain:hover { color: var(--vt-ink); }
  :is(h2, span) > button.leads { border: 0; padding: 4px 0; margin: -4px 0; min-height: 24px; font-weight: inherit; }
  button.leads::after { content: ' ›'; color: var(--vt-soft); }
  button.leads:hover { text-decoration: underline; }
  button.go {
    background: var(--vt-ink); color: var(--vt-on-ink); border-color: var(--vt-ink); font-weight: 600; font-size: 15px;
  }
  :focus-visible { outline: 2px solid var(--vt-ink); outline-offset: 2px; }
  .lit { box-shadow: 0 0 0 1.5px var(--vt-ink); }
  .tick { position: relative; }
  .tick::before {
    content: ''; position: absolute; left: -3px; top: 4px; bottom: 4px; width: 3px; background: var(--vt-ink);
  }
  .sr {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
  }
  @container (max-width: 1279px) { .at1440 { display: none !important; } }
  @container (max-width: 767px) { .not390 { display: none !important; } }
  @container (min-width: 768px) { .at390 { display: none !important; } }
`;
