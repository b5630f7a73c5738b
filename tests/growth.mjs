/**
 * `node tests/growth.mjs [rows ...]`: how time and memory grow with the number of rows, in the wasm that
 * `npm run build` has made, on Node. `tests/server/examples/growth.rs` asks the same natively.
 */

import fs from 'node:fs';
import path from 'node:path';

import { WEB } from '../web/tool/sh.mjs';

const PKG = path.join(WEB, 'pkg');
const asked = process.argv.slice(2).map(Number).filter((rows) => rows > 0);
const { instantiate } = await import(path.join(PKG, 'vitrine.js'));
const module = new WebAssembly.Module(fs.readFileSync(path.join(PKG, 'vitrine_bg.wasm')));
const table = [];

for (const rows of asked.length > 0 ? asked : [10_000, 100_000, 1_000_000]) {
  const engine = instantiate(module);
  engine.start();
  engine.open({ seed: 1, plain: true, settings: [] }, undefined);
  let sessions = 0;
  const connect = () => {
    engine.input({ kind: 'connect', host: 0, parameters: [['user', 'postgres']] });
    engine.run(Number.MAX_SAFE_INTEGER, Number.NaN, sessions);
    engine.answers();
    return sessions++;
  };
  const ask = (session, text) => {
    engine.input({ kind: 'query', session, text });
    engine.run(Number.MAX_SAFE_INTEGER, Number.NaN, session);
    const failed = engine.answers().find(({ sqlstate }) => sqlstate);
    if (failed) throw new Error(`${text}: ${failed.text}`);
  };
  const stage = (name, work) => {
    const begin = performance.now();
    work();
    const ms = performance.now() - begin;
    const bytes = engine.wasm.memory.buffer.byteLength / rows;
    table.push({ rows, stage: name, ms: Math.round(ms), 'µs a row': +((ms * 1000) / rows).toFixed(3), 'bytes a row': Math.round(bytes) });
  };
  const session = connect();
  ask(session, 'create table t(id int, v int, w text)');
  stage('load', () => ask(session, `insert into t select g, g * 1009 % 1000003, 'row ' || g from generate_series(1, ${rows}) g`));
  stage('index', () => ask(session, 'create unique index on t(id); create index on t(v)'));
  ask(session, 'delete from t where v % 2 = 0');
  stage('vacuum', () => ask(session, 'vacuum t'));
  stage('recovery', () => {
    engine.input({ kind: 'power_fail', host: 0 });
    engine.input({ kind: 'power_on', host: 0 });
    engine.run(Number.MAX_SAFE_INTEGER, Number.NaN, -1);
  });
  ask(connect(), 'select count(*) from t');
}
console.table(table);
