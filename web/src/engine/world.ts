/**
 * One instance of the engine's module with a world in it, as the host sees it. Nothing here knows about time travel:
 * a world only goes forward.
 */

import type { Answer, Entry, Input, LabView, NamesView, Pid, SessionId, Stopped, ViewRequest, WorldSpec } from './api';
import type { Machine } from './keyframes';

/** How far to run: whichever comes first. */
export interface Goal {
  /** Not beyond this step. */
  readonly step: number;
  /** Timers ring up to this instant, in microseconds; without it none does, and an idle world stops. */
  readonly time?: number;
  /** To the next answer to this session. */
  readonly answer?: SessionId;
}

/** Batches that the disks have synced since the last time they were asked for; empty bytes are none. */
export interface Synced {
  /** How many there have been since the world began: the number of the last of these. */
  readonly upTo: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the host asks of a world. */
export interface World extends Machine {
  /** Builds the world; or gives power to its primary on the disks that were kept, and nothing more. */
  open(spec: Partial<WorldSpec>, disks?: Uint8Array): void;
  steps(): number;
  now(): number;
  hash(): string;
  /** Does something to it, now or at an instant that has come; returns the number of a query in its session. */
  input(input: Input, at?: number): number;
  run(goal: Goal): Stopped;
  /** One step of one process; false if it cannot run now. */
  step(pid: Pid): boolean;
  answers(): Answer[];
  synced(): Synced;
  /** When something would happen by itself. */
  nextDeadline(): number;
  /** Hands out from now on what is synced; a lab does so anyway. */
  keepSynced(): void;
  /** The disks, as batches that make them anew. */
  image(): Uint8Array<ArrayBuffer>;
  view(request: ViewRequest): LabView;
  /** What can be named in SQL on a host. */
  names(host: number): NamesView;
  /** The first step whose events are all still known. */
  eventsFrom(): number;
  /** Events with `from <= step < to` that are still known. */
  events(from: number, to: number): Entry[];
  /** What the engine said when it panicked; empty if it did not. */
  lastPanic(): string;
}
