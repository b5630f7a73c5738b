/**
 * `node opening.mjs MARKED.wasm SEEN`: lives through the opening in a module that reports each place in its functions as it
 * comes there, and writes down which it saw. They are what a page fetches before its first answer (`vitrine-split`).
 *
 * The opening ends with the picture from which the reader takes the first step: the rest is sent for before that. What is
 * missing here is not missing in the page; it fetches the rest sooner than it was meant to, while its engine stands still,
 * and the check of the page's size says so.
 */

import fs from 'node:fs';
import path from 'node:path';

import { WEB } from './sh.mjs';

const [marked, output] = process.argv.slice(2);
const { instantiate } = await import(path.join(WEB, 'pkg/vitrine.js'));
const module = new WebAssembly.Module(fs.readFileSync(marked));
const seen = new Set();

/** A new world with two sessions, and what a page does with it: after whatever it runs, it looks. */
function world(spec) {
  const engine = instantiate(module, () => ({ seen: (number) => void seen.add(number) }));
  engine.start();
  engine.open(spec, undefined);
  const look = () => {
    engine.answers();
    engine.synced();
    engine.view({ relation: 'accounts', fork: 'main', block: 0, wal_records: 64, xacts: 16, panels: [] });
    for (const plain of ['steps', 'now', 'hash', 'next_deadline', 'synced_count', 'last_panic']) engine[plain]();
  };
  const run = (time = Number.NaN, session = -1) => {
    engine.run(Number.MAX_SAFE_INTEGER, time, session);
    look();
  };
  const pass = (micros) => run(engine.now() + micros);
  const ask = (session, text) => {
    engine.input({ kind: 'query', session, text });
    run(Number.NaN, session);
  };
  const parameters = [['user', 'postgres'], ['database', 'postgres'], ['application_name', 'psql']];
  for (const host of [0, 0]) engine.input({ kind: 'connect', host, parameters });
  run();
  return { engine, run, pass, ask };
}

// As the page's opening scene does, to its first question (`src/scenes/first-light.scene`).
const lab = world({});
lab.ask(0, 'CREATE TABLE accounts (id int, owner text, balance numeric);');
lab.ask(0, "INSERT INTO accounts VALUES (1, 'Alice', 100), (2, 'Bob', 50), (3, 'Carol', 75);");
lab.ask(1, 'SELECT count(*) FROM accounts;');
lab.ask(0, 'CHECKPOINT;');
lab.run();
lab.pass(200_000);
lab.ask(0, 'BEGIN;');
lab.pass(2_000);
lab.ask(0, 'UPDATE accounts\nSET balance = 90\nWHERE id = 1;');
for (const session of [0, 1]) {
  lab.pass(2_000);
  lab.ask(session, 'SELECT balance\nFROM accounts\nWHERE id = 1;');
}
lab.pass(2_000);
lab.run();

// As somebody who wants a database, kept in the browser.
const plain = world({ plain: true, seed: 1, epoch: 1.7e12 });
plain.engine.keep_synced();
plain.engine.image();
plain.ask(0, 'SELECT 1');

fs.writeFileSync(output, [...seen].sort((a, b) => a - b).join('\n'));
console.log(`${seen.size} places seen`);
