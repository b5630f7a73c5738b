/**
 * `node web/tool/scene.mjs FILE.scene [--events] [--to BEAT]`: plays a scene as a reader does who only presses Next, and
 * prints what it says; with the events between its beats, for whoever writes one and looks for the right event.
 *
 * Needs what `npm run build` leaves in web/pkg/.
 */

import fs from 'node:fs';
import path from 'node:path';

import { withSource } from './source.mjs';

/** Too many of them, and nothing to tell. */
const QUIET = new Set(['WaitStart', 'WaitEnd', 'LatchSet', 'BufferHit', 'LinkSend', 'LockGranted']);

const [file, ...flags] = process.argv.slice(2);
const events = flags.includes('--events');
const last = flags.includes('--to') ? flags[flags.indexOf('--to') + 1] : null;

await withSource(async (load) => {
  const [{ parseScene }, { kinds }, { checked, play }, { builtEngine }] = [await load('scenes/parse.ts'), await load('scenes/kinds.ts'), await load('scenes/playing.ts'), await load('engine/testing.ts')];
  const id = path.basename(file, '.scene');
  const parsed = parseScene(fs.readFileSync(file, 'utf8'), id, kinds());
  const scene = last ? { ...parsed, beats: parsed.beats.slice(0, parsed.beats.findIndex((b) => b.id === last) + 1) } : parsed;
  let known = 0;
  const watch = (c) => {
    if (!events) return;
    for (const { step, host, pid, event } of c.history.events.slice(known)) {
      const { kind, ...fields } = event;
      if (!QUIET.has(kind)) console.log(`    ${step} ${c.view.hosts[host]?.name ?? host} ${c.story.found.letter(host, pid) ?? c.view.hosts[host]?.processes.find((p) => p.pid === pid)?.backend_type ?? pid} ${kind} ${JSON.stringify(fields)}`);
    }
    known = c.history.events.length;
    const { beat } = c.told().at(-1) ?? {};
    console.log(`== ${beat?.id ?? 'opening'}`);
  };
  const { sentences, terminals, stuck } = await play(builtEngine(), scene, watch);
  console.log(`${sentences.join('\n')}\n\n${terminals}`);
  for (const { check, rows } of await checked(builtEngine(), scene)) {
    const right = JSON.stringify(rows) === JSON.stringify(check.rows);
    console.log(`${right ? 'holds' : 'DOES NOT HOLD'}: line ${check.line}: ${check.sql}${right ? '' : `\n  ${rows.join('\n  ')}`}`);
  }
  if (stuck) console.log(`STUCK at ${stuck}`);
}).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
