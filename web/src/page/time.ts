/** What the timeline draws: who did what when, on which line of history, as far as it is known. */
import { heard } from '../model/psql.ts';
import { cursorOf } from '../model/story.ts';
import { sessionLane, walLane, type Lane, type Tick } from '../model/timeline.ts';
import type { Entry } from '../engine/api.ts';
import type { TimelineState } from '../views/timeline.ts';
import type { SessionView } from '../views/types.ts';
import type { Controller } from './controller.ts';
import { terminalsOf } from './screen.ts';

/** Beats of the far processes, by the lane they are marked on while there is room for two of these only. */
const MARKS: Readonly<Record<string, readonly [lane: 'walsender' | 'standby', label: string]>> = {
  WalSend: ['walsender', 'send'], StandbyReplyReceived: ['walsender', 'reply'],
  StandbyWrite: ['standby', 'write'], StandbyFlush: ['standby', 'flush'], RedoApply: ['standby', 'redo'],
};

/** What happens all the time and tells nothing on a lane. */
const QUIET: ReadonlySet<string> = new Set(['WaitStart', 'WaitEnd', 'LatchSet', 'BufferHit', 'LinkSend', 'LockGranted', 'StatementStart']);

/** The timeline at the cursor. */
export function timelineState(c: Controller): TimelineState {
  const view = c.view!;
  const lane = ({ letter }: SessionView) => sessionLane(heard(c.history.exchanges, letter, c.cursor), letter, view.now);
  const far = (name: 'walsender' | 'standby'): Lane => ({ name, letter: null, bars: [], ticks: told(c, name) });
  return {
    lanes: [...terminalsOf(view).slice(-2).map(lane), far('walsender'), far('standby')],
    all: () => [...view.sessions.map(lane), walLane(c.history.events, c.lettersOf(), view.now), ...processes(c)],
    now: view.now, step: view.step, first: c.opening, last: c.lastKnown, branches: c.branches, branch: c.branch, speed: c.speed,
    stepAt: (time) => stepAt(c.history.events, time, c.opening),
  };
}

function told(c: Controller, lane: string): Tick[] {
  return (c.story?.told ?? []).flatMap(({ event }) => {
    const [on, label = ''] = MARKS[event.event.kind] ?? [];
    return on === lane ? [tick(event, label, true)] : [];
  });
}

const tick = (event: Entry, label: string, beat: boolean): Tick => ({ time: event.at, step: cursorOf(event), label, letter: null, beat });

/** A lane for each process that serves no session, with what it did. */
function processes(c: Controller): Lane[] {
  const beats = new Set((c.story?.told ?? []).map((x) => x.event));
  const by = new Map<string, Entry[]>();
  for (const e of c.history.events) {
    if (!beats.has(e) && QUIET.has(e.event.kind)) continue;
    const key = `${e.host} ${e.pid}`;
    const mine = by.get(key);
    if (mine) mine.push(e);
    else by.set(key, [e]);
  }
  return c.view!.hosts.flatMap((host) => host.processes.filter((p) => !p.letter).flatMap((p): Lane[] => {
    const events = by.get(`${host.host} ${p.pid}`) ?? [];
    if (events.length === 0) return [];
    const name = host.host > 0 ? `${p.backend_type}, ${host.name}` : p.backend_type;
    return [{ name, letter: null, bars: [], ticks: events.map((e) => tick(e, e.event.kind, beats.has(e))) }];
  }));
}

/** The step at which the cursor shows what had happened by an instant. */
function stepAt(events: readonly Entry[], time: number, first: number): number {
  const last = events.findLast((e) => e.at <= time);
  return last ? cursorOf(last) : first;
}
