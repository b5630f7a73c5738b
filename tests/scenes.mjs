/**
 * `node tests/scenes.mjs [SCENE ...]`: plays the SQL of every scene on a real PostgreSQL 15, and holds what its sessions are
 * told, and the rows of its checks, against what the engine says (`web/src/scenes/golden/`, `check:` blocks).
 *
 *     psql A ──▶ ┌─────────┐              ┌─────────┐ ◀── psql C          a server of 32 buffers, and a standby of it
 *     psql B ──▶ │ primary │ ── stream ─▶ │ standby │                     where the scene has to do with one
 *                └─────────┘              └─────────┘
 *
 * A real server cannot be stopped between two events. So acts are done one beat after the other, and after each
 * everything comes to rest: whoever has been asked something has answered, or waits for a lock or for the standby.
 */

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ensureNodeModules, ensurePostgres } from '../web/tool/setup.mjs';
import { ROOT, heading } from '../web/tool/sh.mjs';

const GOLDEN = path.join(ROOT, 'web/src/scenes/golden');
/** As the lab has it: few buffers, no visits of autovacuum. */
const CONFIGURATION = `
shared_buffers = 256kB
max_connections = 20
autovacuum = off
fsync = off
full_page_writes = on
wal_retrieve_retry_interval = 100ms
listen_addresses = '127.0.0.1'
`;
const ROOT_USER = process.getuid?.() === 0;
const PATIENCE_MS = 15_000;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits until something is so. */
async function until(what, holds) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(20)) if (await holds()) return;
  throw new Error(`waited in vain until ${what}`);
}

/** Runs one of PostgreSQL's programs, as a user that may be one's own server's. */
function program(bin, name, args, { input } = {}) {
  const command = path.join(bin, name);
  const [run, all] = ROOT_USER ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, args];
  // A server that is started inherits what it is given, and keeps it open.
  const stdio = name === 'pg_ctl' ? ['ignore', 'ignore', 'ignore'] : 'pipe';
  const { status, stdout, stderr } = spawnSync(run, all, { encoding: 'utf8', input, stdio, cwd: os.tmpdir() });
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** A server with its files. */
class Server {
  constructor(bin, folder, port) {
    Object.assign(this, { bin, folder, port });
  }

  ctl(...args) {
    program(this.bin, 'pg_ctl', ['-D', this.folder, '-l', path.join(this.folder, 'log'), '-w', ...args]);
  }

  /** The rows of a query, asked by a client of its own. */
  rows(sql) {
    return program(this.bin, 'psql', ['-XAt', '-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres', '-c', sql]).trimEnd().split('\n').filter((row) => row !== '');
  }

  configure(text) {
    fs.appendFileSync(path.join(this.folder, 'postgresql.conf'), `\nport = ${this.port}\nunix_socket_directories = '${path.dirname(this.folder)}'\n${CONFIGURATION}${text}\n`);
  }
}

/** A session: psql, with its answers one by one. */
class Session {
  answers = [];
  #said = '';
  #waiting = false;

  constructor(server) {
    this.server = server;
    const psql = `exec ${path.join(server.bin, 'psql')} -X -h 127.0.0.1 -p ${server.port} -U postgres postgres 2>&1`;
    this.child = spawn('bash', ['-c', psql], { cwd: os.tmpdir(), stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout.on('data', (data) => this.#hear(String(data)));
    this.child.stdin.on('error', () => {});
  }

  async begin() {
    this.type('SELECT pg_backend_pid();');
    await until('a session is there', () => this.idle);
    this.pid = Number(/\d+/.exec(this.answers.pop().replace(/pg_backend_pid/, ''))[0]);
  }

  #hear(text) {
    this.#said += text;
    for (let end; (end = this.#said.indexOf('\u0001\n')) >= 0; this.#said = this.#said.slice(end + 2)) {
      this.answers.push(this.#said.slice(0, end));
      this.#waiting = false;
    }
  }

  type(sql) {
    this.#waiting = true;
    this.child.stdin.write(`${sql}\n\\echo '\\001'\n`);
  }

  /** The rows that a query has. */
  async ask(sql) {
    this.type(`${sql.replace(/;?\s*$/, '')};`);
    await until('a check is answered', () => this.idle);
    return this.answers.pop().trimEnd().split('\n').filter((row) => row !== '' && !/^(Output format|Tuples only) is/.test(row));
  }

  get alive() {
    return this.child.exitCode === null;
  }

  get idle() {
    return !this.#waiting;
  }

  end() {
    this.child.kill('SIGKILL');
  }
}

/** A scene on a real server. */
class Stage {
  sessions = new Map();
  linked = true;
  wrong = [];
  checks = 0;

  constructor(scene, servers) {
    this.scene = scene;
    this.servers = servers;
  }

  async play() {
    for (let n = 0; n < 2; n++) await this.connect(0);
    const { opening, beats } = this.scene;
    for (const act of opening.hidden) await this.do(act);
    for (const session of this.sessions.values()) session.answers.length = 0;
    for (const act of opening.shown) await this.do(act);
    await this.meetJudge();
    await this.check(opening.checks);
    for (const [n, beat] of beats.entries()) {
      const tears = beats[n + 1]?.acts.some((act) => act.words?.startsWith('power off primary'));
      for (const act of beat.acts) {
        if (tears && act.sql === 'CHECKPOINT;') this.torn = Buffer.from(this.servers[0].rows(`SELECT get_raw_page('${this.scene.relation}', 0)`)[0].slice(2), 'hex');
        else await this.do(act);
      }
      await this.check(beat.checks);
    }
    this.compare();
  }

  async connect(host) {
    const session = new Session(this.servers[host]);
    this.sessions.set(String.fromCharCode(65 + this.sessions.size), session);
    await session.begin();
  }

  async do(act) {
    if (act.kind === 'type') await this.type(act);
    else if (act.kind === 'connect') await this.connect(act.host);
    else if (act.kind === 'pass') await sleep(act.micros / 1000);
    else await this.input(act.words);
    await this.rest();
  }

  async type({ letter, sql }) {
    const session = this.sessions.get(letter);
    await until(`${letter} has its prompt`, () => session.idle);
    session.type(sql);
  }

  async input(words) {
    const [primary, standby] = this.servers;
    const [, stop, on, cancelled] = /^(?:stop primary (\w+)|power on (primary)|cancel (\w))$/.exec(words) ?? [];
    if (words.startsWith('power off primary')) await this.powerOff();
    else if (stop) primary.ctl('stop', '-m', stop);
    else if (on) primary.ctl('start');
    else if (cancelled) primary.rows(`SELECT pg_cancel_backend(${this.sessions.get(cancelled).pid})`);
    else if (words === 'cut link') {
      this.linked = false;
      this.standbyHears(`host=127.0.0.1 port=1`);
      await until('the standby is cut off', () => primary.rows('SELECT 1 FROM pg_stat_replication').length === 0);
    } else if (words === 'heal link') {
      this.linked = true;
      this.standbyHears(`host=127.0.0.1 port=${primary.port} user=postgres application_name=standby`);
    } else throw new Error(`'${words}' cannot be done to a real server here`);
    void standby;
  }

  standbyHears(conninfo) {
    const [, standby] = this.servers;
    standby.rows(`ALTER SYSTEM SET primary_conninfo = '${conninfo}'`);
    standby.rows('SELECT pg_reload_conf()');
  }

  /** Only what has been written to its files is left; of a page that was just being written, the first sector. */
  async powerOff() {
    const [primary] = this.servers;
    const file = this.torn && path.join(primary.folder, primary.rows(`SELECT pg_relation_filepath('${this.scene.relation}')`)[0]);
    this.judge?.end();
    this.judge = undefined;
    primary.ctl('stop', '-m', 'immediate');
    if (!file) return;
    const handle = fs.openSync(file, 'r+');
    fs.writeSync(handle, this.torn, 0, 512, 0);
    fs.closeSync(handle);
  }

  /** Until everybody has answered or waits, and the standby, if it can be reached, has replayed what there is. */
  async rest() {
    const [primary, standby] = this.servers;
    if (!fs.existsSync(path.join(primary.folder, 'postmaster.pid'))) return;
    await until('everything is at rest', async () => {
      for (const s of this.sessions.values()) {
        if (s.idle || !s.alive) continue;
        const rows = await this.asked(s.server, waits(s.pid));
        if (rows.length === 0) return false;
      }
      if (!standby || !this.linked) return true;
      return primary.rows('SELECT 1 FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_flush_lsn()').length > 0;
    });
  }

  /** Rows, from the judge if it may be. */
  async asked(server, sql) {
    return this.judge && server === this.servers[0] ? this.judge.ask(sql) : server.rows(sql);
  }

  /**
   * Checks are asked by a session that has been there for a while: one that has just come reads dozens of catalog pages
   * into the few buffers. So it has asked each of its questions once, that of `rest` among them.
   */
  async meetJudge() {
    this.judge = new Session(this.servers[0]);
    await this.judge.begin();
    for (const line of ['\\pset format unaligned', '\\pset tuples_only on']) this.judge.child.stdin.write(`${line}\n`);
    await this.judge.ask(waits(0));
    for (const { host, sql } of [this.scene.opening, ...this.scene.beats].flatMap((beat) => beat.checks)) if (host === 0) await this.judge.ask(sql);
  }

  async check(checks) {
    for (const { host, sql, rows, line } of checks) {
      const real = await this.asked(this.servers[host], sql);
      this.checks++;
      if (real.join('\n') !== rows.join('\n')) this.wrong.push(`${this.scene.id}.scene, line ${line}: ${sql}\n  a real server says\n    ${real.join('\n    ')}`);
    }
  }

  /** What each session was told, against what the engine told it. */
  compare() {
    const golden = fs.readFileSync(path.join(GOLDEN, `${this.scene.id}.txt`), 'utf8');
    for (const [, letter, text] of golden.matchAll(/^--- ([A-Z])\n([^]*?)(?=^--- |$(?![^]))/gm)) {
      const ours = told(text.replace(/^postgres[-=][*!]?# ?.*\n/gm, ''));
      const real = told((this.sessions.get(letter)?.answers ?? []).join(''));
      this.checks++;
      if (ours !== real) this.wrong.push(`${this.scene.id}: session ${letter}\n--- the engine\n${ours}\n--- a real server\n${real}`);
    }
  }
}

/** Has a row if a process waits for somebody else. */
function waits(pid) {
  return `SELECT 1 FROM pg_stat_activity WHERE pid = ${pid} AND (wait_event_type = 'Lock' OR wait_event = 'SyncRep')`;
}

/** What was said, without the numbers that differ from run to run. */
function told(text) {
  return text
    .split('\n')
    .map((line) => line.trimEnd().replace(/\b([Pp]rocess|transaction) (\d+|PID|XID)/g, '$1 N'))
    .filter((line) => line !== '')
    .join('\n');
}

/** Makes a cluster to be copied from, with the extensions that checks ask. */
function template(bin, folder, port) {
  fs.mkdirSync(folder, { recursive: true });
  if (ROOT_USER) spawnSync('chown', ['postgres', folder]);
  const data = path.join(folder, 'template');
  program(bin, 'initdb', ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-locale', '-E', 'UTF8', '--wal-segsize=1']);
  const server = new Server(bin, data, port);
  server.configure('');
  server.ctl('start');
  for (const extension of ['pageinspect', 'pg_buffercache']) server.rows(`CREATE EXTENSION ${extension}`);
  server.ctl('stop');
  return data;
}

/** A primary, and a standby if the scene has to do with one. */
function servers(bin, folder, data, scene, port) {
  const copy = path.join(folder, scene.id);
  fs.cpSync(data, copy, { recursive: true });
  if (ROOT_USER) spawnSync('chown', ['-R', 'postgres', copy]);
  const primary = new Server(bin, copy, port);
  primary.configure(scene.settings.map(([name, value]) => `${name} = '${value}'`).join('\n'));
  const all = JSON.stringify(scene, (_, value) => (typeof value === 'function' ? undefined : value));
  primary.ctl('start');
  if (!/link"|"host":1|synchronous_standby_names/.test(all)) return [primary];
  const standby = new Server(bin, `${copy}-standby`, port + 1);
  program(bin, 'pg_basebackup', ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-D', standby.folder, '-R', '-X', 'stream', '-c', 'fast']);
  standby.configure('hot_standby = on');
  standby.ctl('start');
  return [primary, standby];
}

/** Plays all scenes, or these; throws if something is not as a real server has it. */
export async function scenesOnARealServer(bin, wanted = []) {
  if (!bin) return console.log('skipped: no PostgreSQL 15 here');
  const { withSource } = await import('../web/tool/source.mjs');
  const scenes = await withSource(async (load) => {
    const { parseScene } = await load('scenes/parse.ts');
    const { SCENES } = await load('scenes/names.ts');
    const text = (id) => fs.readFileSync(path.join(ROOT, 'web/src/scenes', `${id}.scene`), 'utf8');
    return SCENES.filter((id) => wanted.length === 0 || wanted.includes(id)).map((id) => parseScene(text(id), id));
  });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-scenes-'));
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const wrong = [];
  let checks = 0;
  try {
    const data = template(bin, folder, port);
    for (const scene of scenes) {
      heading(`${scene.id}, on ${program(bin, 'postgres', ['--version']).trim()}`);
      const running = servers(bin, folder, data, scene, port);
      const stage = new Stage(scene, running);
      try {
        await stage.play();
      } catch (failure) {
        stage.wrong.push(`${scene.id}: ${failure.message}`);
      } finally {
        for (const session of stage.sessions.values()) session.end();
        stage.judge?.end();
        for (const server of running.reverse()) server.ctl('stop', '-m', 'immediate');
      }
      console.log(stage.wrong.join('\n\n') || `${stage.checks} claims hold`);
      wrong.push(...stage.wrong);
      checks += stage.checks;
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  console.log(`\n${scenes.length} scenes, ${checks} claims, ${wrong.length} of them wrong`);
  if (wrong.length > 0) throw new Error(`${wrong.length} claims of scenes do not hold on a real server`);
}

if (process.argv[1] === import.meta.filename) {
  await ensureNodeModules();
  await scenesOnARealServer(await ensurePostgres(), process.argv.slice(2));
}
