/**
 * The page in Firefox: First light told by keys, a statement typed, an embed in somebody's page, a world kept and recovered.
 * A smoke test; the rest is tested in Chromium.
 */

import fs from 'node:fs';
import path from 'node:path';

import { Firefox } from '../web/tool/bidi.mjs';
import { serve } from '../web/tool/serve.mjs';
import { ensureFirefox } from '../web/tool/setup.mjs';
import { WEB } from '../web/tool/sh.mjs';

const LAB = "document.querySelector('vt-lab, pg-vitrine')";
const INSIDE = (selector) => `${LAB}.shadowRoot.querySelector(${JSON.stringify(selector)})`;
const SENTENCE = `${INSIDE('vt-sentence')}.shadowRoot.querySelector('[role=status]').textContent`;
const TOLD = `${LAB}.controller.told().length`;
const REST = `${LAB}.controller.phase === 'ready' && !${LAB}.controller.busy`;

/** The sentences that the goldens have, without their markup and their numbers that may differ. */
const golden = fs.readFileSync(path.join(WEB, 'src/scenes/golden/first-light.txt'), 'utf8').split('\n\n')[0].split('\n').filter((line) => /^(-|\d+) /.test(line));
const plain = (text) => text.replaceAll(/\[[A-Z]\|([^\]]*)\]|\*\*|`/g, '$1').replaceAll(/\b7\d\d\b/g, 'XID').replaceAll(/\bbuffer \d+/g, 'buffer N');

const tests = {
  'First light is told by keys': async (firefox, address) => {
    await firefox.goTo(`${address}#v1&scene=first-light`);
    await firefox.until(`${REST} && ${TOLD} === 0`);
    for (const [n, line] of golden.entries()) {
      if (n > 0) await firefox.press('ArrowRight');
      await firefox.until(`${REST} && ${TOLD} === ${n}`);
      const [heard, wanted] = [plain(await firefox.value(SENTENCE)), plain(line.replace(/^\S+ (\S+: )?/, '').replace(/^opening: /, ''))];
      if (heard !== wanted) throw new Error(`beat ${n}: ${heard}\n   instead of: ${wanted}`);
    }
    await firefox.press('Home');
    await firefox.until(`${REST} && ${TOLD} === 0`);
  },
  'a statement is typed and answered': async (firefox) => {
    await firefox.press('/');
    await firefox.until(`${LAB}.shadowRoot.activeElement?.localName === 'vt-terminal'`);
    await firefox.press('SELECT 6 * 7 AS answer;', 'Enter');
    await firefox.until(`[...${LAB}.shadowRoot.querySelectorAll('vt-terminal')].some((t) => t.shadowRoot.textContent.includes('42'))`);
  },
  'a world is kept, and recovers': async (firefox, address) => {
    await firefox.value(`${LAB}.controller.keep('smoke')`);
    await firefox.until(`${LAB}.controller.stored.kind === 'saved'`);
    await firefox.goTo('about:blank');
    await firefox.goTo(`${address}#v1&store=smoke`);
    await firefox.until(`${REST} && ${LAB}.controller.kept`);
    await firefox.value(`${LAB}.controller.end()`);
    await firefox.until(`${REST} && ${LAB}.controller.view.sessions.length === 2`);
  },
  'an element in a plain page': async (firefox, address) => {
    await firefox.goTo(`${address}examples.html`);
    await firefox.until(`${REST} && ${TOLD} === 0 && ${LAB}.localName === 'pg-vitrine'`);
    await firefox.value(`${LAB}.controller.next()`);
    await firefox.until(`${REST} && ${TOLD} === 1`);
  },
};

/** Runs them all; throws if one fails. */
export async function inFirefox(executable) {
  if (!executable) return console.log('skipped: no Firefox here');
  const { server, address } = await serve(path.join(WEB, 'dist'), 0);
  const firefox = await Firefox.start(executable);
  const failed = [];
  try {
    for (const [name, test] of Object.entries(tests)) {
      const begin = performance.now();
      try {
        await test(firefox, address);
        console.log(`ok  ${name} (${Math.round(performance.now() - begin)} ms)`);
      } catch (failure) {
        failed.push(name);
        console.log(`FAILED  ${name}: ${failure.message}`);
      }
    }
  } finally {
    await firefox.close();
    server.close();
  }
  if (failed.length > 0) throw new Error(`in Firefox fail: ${failed.join(', ')}`);
  console.log(`  ${Object.keys(tests).length} passed (in Firefox)`);
}

if (process.argv[1] === import.meta.filename) await inFirefox(await ensureFirefox());
