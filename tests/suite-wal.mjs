/**
 * A real server's pg_waldump reads every log that the tests of the engine have written, to its very end.
 *
 * The tests leave a folder for each server (`engine/tests/common/keep.rs`): its segments, and a file `end` with the
 * position behind the last record. pg_waldump stops where something does not fit; it must be there, and for one of the
 * reasons that zeros give.
 */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { which } from '../web/tool/sh.mjs';

/** Where `xlp_seg_size` lies in the first page of a segment. */
const SEG_SIZE_AT = 32;

/** The position of a byte in a segment, as PostgreSQL prints it. */
function position(segment, offset, size) {
  const high = Number.parseInt(segment.slice(8, 16), 16);
  const low = Number.parseInt(segment.slice(16, 24), 16) * size + offset;
  return `${high.toString(16).toUpperCase()}/${low.toString(16).toUpperCase()}`;
}

/** Where pg_waldump stopped, if it was at zeros, or at a page that was never begun. */
function stop(said, size) {
  const zeros = /invalid record length at (\S+): wanted 24, got 0/.exec(said);
  if (zeros) return zeros[1];
  const page = /invalid magic number 0000 in log segment (\w+), offset (\d+)/.exec(said);
  return page ? position(page[1], Number(page[2]), size) : undefined;
}

/** What is wrong with the log in a folder; nothing if it is read to its end. */
function flaw(waldump, folder) {
  const segments = fs.readdirSync(folder).filter((name) => name !== 'end').sort();
  const end = fs.readFileSync(path.join(folder, 'end'), 'utf8');
  const first = fs.readFileSync(path.join(folder, segments[0]));
  const size = first.readUInt32LE(SEG_SIZE_AT);
  const start = position(segments[0], 0, size);
  const { stderr } = spawnSync(waldump, ['-q', '-p', folder, '-s', start], { encoding: 'utf8', env: { LC_ALL: 'C' } });
  return stop(stderr, size) === end ? undefined : `it ends at ${end}: ${stderr.trim()}`;
}

/** Reads all logs below a folder; prints how many, throws if one is flawed. */
export function judgeWal(folder) {
  const waldump = which(process.env.PGBIN && path.join(process.env.PGBIN, 'pg_waldump'), '/usr/lib/postgresql/15/bin/pg_waldump');
  const logs = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  if (!waldump) return console.log(`skipped ${logs.length} logs: no PostgreSQL 15 here`);
  if (logs.length === 0) throw new Error(`the tests have left no log in ${folder}`);
  const flaws = logs.map((log) => [log, flaw(waldump, path.join(folder, log))]).filter(([, what]) => what !== undefined);
  flaws.slice(0, 20).forEach(([log, what]) => console.error(`${log}: ${what}`));
  if (flaws.length > 0) throw new Error(`pg_waldump does not read ${flaws.length} of ${logs.length} logs to their ends`);
  console.log(`pg_waldump reads ${logs.length} logs to their ends`);
}
