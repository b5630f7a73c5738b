/**
 * The page's entry: the whole lab, or as few panels as the address names, opened where it says.
 *
 * In a frame it tells the page around it how high it is, in two ways: for pages that know this lab, and for learning
 * platforms (LTI), which know `lti.frameResize`.
 */
import { openEngine } from '../engine/connect';
import { readAddress } from './address.ts';
import { Lab } from './lab.ts';
import './page.css';

Lab.open = openEngine;
customElements.define('vt-lab', class extends Lab {});

const lab = document.createElement('vt-lab') as Lab;
const address = readAddress(location.hash);
lab.panels = address.panels ?? '';
lab.whole = !address.panels;
lab.scene = address.scene ?? 'first-light';
lab.theme = address.theme ?? 'auto';
lab.at = address;
if (address.lang) document.documentElement.lang = address.lang;
lab.persist = address.store ?? null;
document.body.append(lab);
addEventListener('hashchange', () => { if (Object.keys(readAddress(location.hash)).length > 0) location.reload(); });
addEventListener('popstate', () => { if (location.hash === '') location.reload(); });

if (parent !== window) {
  new ResizeObserver(() => {
    const height = Math.ceil(lab.getBoundingClientRect().height);
    parent.postMessage({ type: 'pg-vitrine:height', height }, '*');
    parent.postMessage(JSON.stringify({ subject: 'lti.frameResize', height }), '*');
  }).observe(lab);
}
