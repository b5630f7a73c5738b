/** Running other programs: loudly, with their output shown, and an exception when they fail. */

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const WEB = path.join(ROOT, 'web');

/** Says what begins now. */
export function heading(text) {
  console.log(`\n\x1b[1m── ${text}\x1b[0m`);
}

/**
 * Runs a program in the root of the project and resolves with all that it printed, which is also shown meanwhile.
 * Rejects if it fails; the error carries the output.
 */
export function run(command, args, { cwd = ROOT, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of ['stdout', 'stderr']) {
      child[stream].on('data', (data) => {
        output += data;
        process[stream].write(data);
      });
    }
    child.on('error', (cause) => reject(Object.assign(new Error(`${command}: ${cause.message}`), { output })));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(Object.assign(new Error(`${command} ${args.join(' ')}: ${signal ?? `exit ${code}`}`), { output }));
    });
  });
}

/** What a program prints, or undefined if it cannot be run or fails. */
export function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The first of these that is a program: a path, or a name to look up in PATH. */
export function which(...names) {
  for (const name of names) {
    if (!name) continue;
    const places = name.includes('/') ? [name] : (process.env.PATH ?? '').split(path.delimiter).map((d) => path.join(d, name));
    for (const place of places) {
      try {
        fs.accessSync(place, fs.constants.X_OK);
        if (fs.statSync(place).isFile()) return place;
      } catch {
        // Not here.
      }
    }
  }
  return undefined;
}
