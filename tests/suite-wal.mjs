/**
 * A real server's pg_waldump reads every log that the tests of the engine have written, to its very end.
 *
 * The tests leave a folder for each server (`engine/tests/common/keep.rs`): its segments, and a file `end` with the
 * position behind the last record. A server that was promoted has left one timeline for another; each is read to where it
 * ends. pg_waldump stops where something does not fit; it must be there, and for one of the reasons that zeros give.
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

/** The timelines of a log, the last of which goes on: for each its segments, and where it ends. */
function timelines(folder) {
  const names = fs.readdirSync(folder).sort();
  const numbers = [...new Set(names.filter((name) => /^[0-9A-F]{24}$/.test(name)).map((name) => name.slice(0, 8)))];
  return numbers.map((timeline, n) => {
    const segments = names.filter((name) => name.length === 24 && name.startsWith(timeline));
    if (n === numbers.length - 1) return { timeline, segments, end: fs.readFileSync(path.join(folder, 'end'), 'utf8') };
    const history = fs.readFileSync(path.join(folder, `${numbers[n + 1]}.history`), 'utf8');
    return { timeline, segments, end: history.trimEnd().split('\n').at(-1).split('\t')[1] };
  });
}

/** What is wrong with the log in a folder; nothing if every timeline is read to its end. */
function flaw(waldump, folder) {
  for (const { timeline, segments, end } of timelines(folder)) {
    const size = fs.readFileSync(path.join(folder, segments[0])).readUInt32LE(SEG_SIZE_AT);
    const start = position(segments[0], 0, size);
    const options = ['-q', '-p', folder, '-t', String(Number.parseInt(timeline, 16)), '-s', start];
    const { stderr } = spawnSync(waldump, options, { encoding: 'utf8', env: { LC_ALL: 'C' } });
    if (stop(stderr, size) !== end) return `timeline ${timeline} ends at ${end}: ${stderr.trim()}`;
  }
  return undefined;
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
