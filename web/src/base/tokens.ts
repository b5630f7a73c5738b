/**
 * The colours of both themes, as custom properties on the outermost element of the lab.
 *
 * Colour belongs to sessions; the interface is ink. Each session has a text colour (`--vt-a`, differs by theme) and a
 * fill (`--vt-a-fill`, the same in both, always under dark text). All text pairs hold 4.5:1 on `panel` and `sunk`,
 * and the five sessions stay apart under simulated protanopia, deuteranopia and tritanopia. From the sixth session on
 * there is ink and the letter, and the letter is always there.
 *
 * Custom properties inherit through shadow roots, so every panel sees them, and a host page may override them.
 */
import { css, unsafeCSS } from 'lit';

const fills = { a: '#f0a53a', b: '#8ec9ff', c: '#3fe0a6', d: '#f26bb2', e: '#fbe83a' };

const dark = {
  bg: '#0f1114', panel: '#16191e', sunk: '#1e2228', line: '#2f353d', edge: '#77808c', soft: '#a7adb6',
  ink: '#eceae4', 'on-ink': '#14161a', error: '#ff8f85', hatch: '#3b434d', ...fills,
};

const light = {
  bg: '#f4f3ef', panel: '#fbfaf7', sunk: '#eeece6', line: '#d6d2c8', edge: '#7d786d', soft: '#565b63',
  ink: '#1b1d21', 'on-ink': '#fbfaf7', error: '#b3261e', hatch: '#d6d2c8',
  a: '#9a4b00', b: '#0a5fa5', c: '#0d362f', d: '#c51965', e: '#3d3a00',
};

function declare(theme: Record<string, string>, scheme: string) {
  const colours = Object.entries(theme).map(([name, value]) => `--vt-${name}:${value};`);
  const filled = Object.entries(fills).map(([name, value]) => `--vt-${name}-fill:${value};`);
  return unsafeCSS(`${colours.join('')}${filled.join('')}color-scheme:${scheme};`);
}

/** For the root element only: follows the system unless `theme="dark"` or `theme="light"` says otherwise. */
export const tokens = css`
  :host { ${declare(light, 'light')} }
  @media (prefers-color-scheme: dark) { :host { ${declare(dark, 'dark')} } }
  :host([theme='dark']) { ${declare(dark, 'dark')} }
  :host([theme='light']) { ${declare(light, 'light')} }
`;
