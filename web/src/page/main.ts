/** The page's entry: the whole lab, opened where the address says. */
import { openEngine } from '../engine/connect';
import { readAddress } from './address.ts';
import { Lab } from './lab.ts';
import './page.css';

Lab.open = openEngine;
customElements.define('vt-lab', class extends Lab {});

const lab = document.createElement('vt-lab') as Lab;
const address = readAddress(location.hash);
lab.whole = true;
lab.scene = address.scene ?? 'first-light';
lab.theme = address.theme ?? 'auto';
lab.step = address.beat ?? null;
lab.at = address;
if (address.lang) document.documentElement.lang = address.lang;
lab.persist = address.store ?? null;
document.body.append(lab);
addEventListener('hashchange', () => { if (Object.keys(readAddress(location.hash)).length > 0) location.reload(); });
