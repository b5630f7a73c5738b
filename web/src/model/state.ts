/**
 * What every panel is given: one moment, the one before it, and what the reader is looking at. A panel is a function
 * of this and of nothing else; it changes nothing itself but sends an event that says what the reader wants.
 */
import type { HostView, LabView, ProcessView, SessionView } from '../views/types.ts';
import type { Plans } from './plan.ts';
import type { Thing } from './thing.ts';
import type { Wants } from './wants.ts';

/** One moment as the panels see it. */
export interface LabState {
  view: LabView;
  before: LabView | null;
  /** What differs from `before`. */
  changed: ReadonlySet<Thing>;
  /** What the inspector shows. */
  selection: Thing | null;
  /** The reader chose it; it stays through steps. */
  pinned: boolean;
  /** What lights up: the hovered or focused thing and all that belongs to it. */
  lit: ReadonlySet<Thing>;
  /** The server whose buffers and page are shown large. */
  host: number;
  /** Nothing may be typed. */
  readonly: boolean;
  /** There is a middle into which other panels can be put. */
  whole: boolean;
  /** What the open panels look at. */
  wants: Wants;
  /** The plans that were printed up to here. */
  plans(): Plans;
}

/** The server whose page is the hero. */
export function hero(state: LabState): HostView {
  return state.view.hosts.find((h) => h.host === state.host) ?? state.view.hosts[0]!;
}

/** The other server, when there is one. */
export function other(state: LabState): HostView | null {
  return state.view.hosts.find((h) => h.host !== state.host) ?? null;
}

/** Whether a server that was a standby is a primary now. */
export const isPromoted = (server: HostView): boolean => server.host > 0 && server.role === 'primary';

/** The sessions connected to a server. */
export function sessionsOf(view: LabView, host: number): SessionView[] {
  return view.sessions.filter((s) => s.host === host && s.state !== 'gone');
}

/** The processes of a server as they stand in line: the postmaster, those that serve sessions, and the others. */
export function inLine(host: HostView): ProcessView[] {
  const rank = (p: ProcessView) => (p.backend_type === 'postmaster' ? 0 : p.letter ? 1 : 2);
  return [...host.processes].sort((a, b) => rank(a) - rank(b) || a.pid - b.pid);
}

/** The classes of an element that stands for a thing: `sel`, `lit`, `tick`. */
export function marks(state: LabState, thing: Thing): string {
  const on = [];
  if (state.selection === thing) on.push('sel');
  if (state.lit.has(thing)) on.push('lit');
  if (state.changed.has(thing)) on.push('tick');
  return on.join(' ');
}
