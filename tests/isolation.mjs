/**
 * PostgreSQL's own isolation tests: `node tests/isolation.mjs [spec ...]`.
 *
 * Its `isolationtester` (Debian's postgresql-server-dev-15 has it) plays the sessions of each spec against
 * vitrine-server, over the wire, and what it prints must be what the source has as expected. The specs are no part of
 * this repository: they are fetched as Debian's source package into `target/`, once.
 */

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { ROOT, run } from '../web/tool/sh.mjs';

const TARGET = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
const SOURCE = path.join(TARGET, 'postgresql-15-source');
const TESTER = '/usr/lib/postgresql/15/lib/pgxs/src/test/isolation/isolationtester';
const VERSION = '15.18-0+deb12u1';

/** By what they ask for: row locks, advisory locks, table locks and timeouts, foreign keys, ON CONFLICT. */
const GROUPS = {
  A: 'aborted-keyrevoke delete-abort-savept delete-abort-savept-2 lock-update-traversal multixact-no-deadlock multixact-no-forget nowait nowait-2 nowait-3 skip-locked skip-locked-2 skip-locked-3 tuplelock-conflict tuplelock-upgrade-no-deadlock',
  B: 'lock-committed-update lock-committed-keyupdate lock-update-delete nowait-4 nowait-5 skip-locked-4 tuplelock-update',
  C: 'deadlock-simple deadlock-hard deadlock-soft deadlock-soft-2 timeouts',
  E: 'fk-contention fk-deadlock fk-deadlock2 propagate-lock-delete update-locked-tuple',
  F: 'insert-conflict-do-nothing insert-conflict-do-nothing-2 insert-conflict-do-update insert-conflict-do-update-2 insert-conflict-do-update-3',
};

/** What is not built yet: an index on an expression. */
const KNOWN_TO_FAIL = new Set(['insert-conflict-do-update-2']);

/** The folder with the specs; fetched by apt, from where its packages come from, if it is not there. */
function specs() {
  const folder = path.join(SOURCE, 'src/test/isolation');
  if (fs.existsSync(folder)) return folder;
  const lists = path.join(SOURCE, 'apt');
  const parts = path.join(lists, 'sources');
  fs.mkdirSync(path.join(lists, 'partial'), { recursive: true });
  fs.mkdirSync(parts, { recursive: true });
  const known = fs.readFileSync('/etc/apt/sources.list.d/debian.sources', 'utf8');
  fs.writeFileSync(path.join(parts, 'debian.sources'), known.replace(/^Types: deb$/gm, 'Types: deb-src'));
  const options = ['-q', '-o', 'Dir::Etc::SourceList=/dev/null', '-o', `Dir::Etc::SourceParts=${parts}`, '-o', `Dir::State::lists=${lists}`];
  const apt = (...what) => must('apt-get', [...options, ...what]);
  apt('update');
  apt('source', '--download-only', '--tar-only', `postgresql-15=${VERSION}`);
  const archive = fs.readdirSync(SOURCE).find((name) => name.endsWith('.orig.tar.bz2'));
  must('tar', ['xjf', archive, '--strip-components=1', '--wildcards', '*/src/test/isolation/*']);
  return folder;
}

function must(program, args) {
  const { status, stderr } = spawnSync(program, args, { cwd: SOURCE, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.at(-1)}: ${stderr}`);
}

/** A server of its own, and the port that it listens on. */
function serve() {
  const server = spawn(path.join(TARGET, 'debug/vitrine-server'), ['--port', '0', '--seed', '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.stdout.once('data', (line) => resolve([server, /:(\d+)\s*$/.exec(line)[1]]));
  });
}

/** What isolationtester prints of a spec; nothing if it finds no end. */
function play(folder, spec, port) {
  const input = fs.readFileSync(path.join(folder, 'specs', `${spec}.spec`));
  const where = `host=127.0.0.1 port=${port} dbname=postgres user=postgres`;
  const { stdout, stderr, error } = spawnSync(TESTER, [where], { input, encoding: 'utf8', timeout: 120_000 });
  if (error || stderr) console.error(`${spec}: ${error?.message ?? stderr.trim().split('\n')[0]}`);
  return stdout;
}

/** Some specs have several right answers: `spec.out`, `spec_1.out` ... */
function expected(folder, spec) {
  const is = (name) => name === `${spec}.out` || new RegExp(`^${spec}_\\d\\.out$`).test(name);
  const files = fs.readdirSync(path.join(folder, 'expected')).filter(is);
  return files.map((name) => fs.readFileSync(path.join(folder, 'expected', name), 'utf8'));
}

/** An answer as its permutations. */
const permutations = (text) => text.split(/^(?=starting permutation: )/m).slice(1);

/** The permutations of a spec that come out otherwise than expected; those that ask for SERIALIZABLE are not counted. */
function flaws(said, answers) {
  if (answers.includes(said)) return [];
  const right = answers.map(permutations);
  const serializable = (text) => text.includes('SERIALIZABLE is not supported') || /\bs\d?[a-z]*ser|beginser/.test(text.split('\n')[0]);
  const wrong = permutations(said).filter((text, at) => !right.some((answer) => answer[at] === text) && !serializable(text));
  const missing = right[0].length - permutations(said).length;
  return missing > 0 ? [...wrong, `${missing} permutations were not played`] : wrong;
}

/** Plays specs; says of each how it went. Returns what `npm test` counts. */
export async function isolationTests(wanted = Object.values(GROUPS).join(' ').split(' ')) {
  if (!fs.existsSync(TESTER)) throw new Error(`there is no ${TESTER}: install postgresql-server-dev-15`);
  const folder = specs();
  await run('cargo', ['build', '-q', '-p', 'vitrine-server']);
  const [server, port] = await serve();
  let failed = 0;
  for (const spec of wanted) {
    const found = flaws(play(folder, spec, port), expected(folder, spec));
    const known = KNOWN_TO_FAIL.has(spec);
    if (found.length > 0 && !known) failed += 1;
    const why = `${known ? 'known' : 'FAIL '} ${spec}: ${found.length} permutations, the first:\n${found[0]}`;
    console.log(found.length === 0 ? `ok    ${spec}` : why);
  }
  server.kill();
  const left = wanted.filter((spec) => KNOWN_TO_FAIL.has(spec)).length;
  const sum = `test result: ${wanted.length - left - failed} passed; ${failed} failed; ${left} ignored`;
  console.log(sum);
  if (failed > 0) throw Object.assign(new Error(`${failed} of ${wanted.length} specs`), { output: sum });
  return sum;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const named = process.argv.slice(2);
  await (named.length > 0 ? isolationTests(named) : isolationTests()).catch(() => (process.exitCode = 1));
}
