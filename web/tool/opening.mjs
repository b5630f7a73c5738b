/**
 * `node opening.mjs MARKED.wasm SEEN`: lives through the opening in a module that reports each function as it begins, and
 * writes down which did. They are what a page fetches before its first answer (`vitrine-split`).
 *
 * What is missing here is not missing in the page: it comes with the rest, sooner than it was meant to, and the check of
 * the page's size says so.
 */

import fs from 'node:fs';
import path from 'node:path';

import { WEB } from './sh.mjs';

const [marked, output] = process.argv.slice(2);
const { instantiate } = await import(path.join(WEB, 'pkg/vitrine.js'));
const module = new WebAssembly.Module(fs.readFileSync(marked));
const seen = new Set();

/** A new world with two sessions, and how to ask in them. */
function world(spec) {
  const engine = instantiate(module, () => ({ seen: (number) => void seen.add(number) }));
  engine.start();
  engine.open({ seed: 1, settings: [], ...spec }, undefined);
  const settle = () => engine.run(Number.MAX_SAFE_INTEGER, Number.NaN, -1);
  const connect = () => engine.input({ kind: 'connect', host: 0, parameters: [['user', 'postgres'], ['database', 'postgres'], ['application_name', 'psql']] });
  const ask = (session, text) => {
    engine.input({ kind: 'query', session, text });
    engine.run(Number.MAX_SAFE_INTEGER, Number.NaN, session);
    engine.answers();
  };
  const look = () => {
    engine.view({ relation: 'accounts', fork: 'main', block: 0, wal_records: 64, xacts: 16, panels: [] });
    engine.events(engine.events_from(), engine.steps());
    engine.names(0);
    engine.synced();
    for (const plain of ['steps', 'now', 'hash', 'next_deadline', 'synced_count', 'last_panic']) engine[plain]();
  };
  connect();
  connect();
  settle();
  engine.answers();
  return { engine, settle, ask, look };
}

// As the page's opening scene does, to its first beats (`src/scenes/first-light.scene`).
const lab = world({});
lab.look();
lab.ask(0, 'SELECT 1;');
lab.ask(0, 'CREATE TABLE accounts (id int, owner text, balance numeric);');
lab.ask(0, "INSERT INTO accounts VALUES (1, 'Alice', 100), (2, 'Bob', 50), (3, 'Carol', 75);");
lab.ask(1, 'SELECT count(*) FROM accounts;');
lab.ask(0, 'CHECKPOINT;');
lab.settle();
lab.ask(0, 'BEGIN;');
lab.ask(0, 'UPDATE accounts\nSET balance = 90\nWHERE id = 1;');
for (const session of [0, 1]) lab.ask(session, 'SELECT balance\nFROM accounts\nWHERE id = 1;');
lab.look();
lab.engine.input({ kind: 'query', session: 0, text: 'COMMIT;' });
const [runnable] = lab.engine.view({ relation: 'accounts', fork: 'main', block: 0, wal_records: 64, xacts: 16, panels: [] }).processes ?? [];
if (runnable) lab.engine.step(runnable.pid);
for (let step = 0; step < 40; step++) lab.engine.run(lab.engine.steps() + 1, Number.NaN, -1);
lab.look();

// As somebody who wants a database.
const plain = world({ plain: true, epoch: 1.7e12 });
plain.engine.keep_synced();
plain.ask(0, 'SELECT 1');
plain.look();
plain.engine.image();

fs.writeFileSync(output, [...seen].sort((a, b) => a - b).join('\n'));
console.log(`${seen.size} functions ran`);
