/**
 * Time as a place: the sessions' statements as bars and the beats as ticks on one axis.
 *
 * Virtual time is uneven: a statement takes microseconds, a reader's pause none, a timer may take a second. So the
 * axis is linear inside what happens and squeezes the gaps in which nothing does, and it says its instants. The
 * cursor stands where its step stands; to its right lies only what is already known.
 */
import type { Entry } from '../engine/api.ts';
import type { Exchange } from './psql.ts';

/** A statement on a lane. */
export interface Bar { from: number; to: number; open: boolean; label: string; letter: string | null }
/** An event on a lane. */
export interface Tick { time: number; step: number; label: string; letter: string | null; /** It has a sentence in the story. */ beat: boolean }
/** A lane. */
export interface Lane { name: string; letter: string | null; bars: Bar[]; ticks: Tick[] }

/** The axis: a piecewise linear map from virtual time to 0..1. */
export interface Axis { at(time: number): number; /** The instant at a place. */ time(at: number): number; marks: { time: number; at: number }[] }

/** Every gap longer than this share of the active time is squeezed to it. */
const GAP = 0.1;

/** Builds the axis over all instants that matter. */
export function axis(instants: readonly number[], now: number): Axis {
  const times = [...new Set([...instants, now])].sort((a, b) => a - b);
  const steps = times.slice(1).map((time, i) => time - times[i]!);
  const typical = steps.length ? [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)]! : 1;
  const cap = Math.max(typical * 3, 1);
  const widths = steps.map((s) => Math.min(s, cap) + cap * GAP);
  const total = widths.reduce((a, b) => a + b, 0) || 1;
  const places = new Map<number, number>();
  let sum = 0;
  times.forEach((time, i) => { places.set(time, sum / total); sum += widths[i] ?? 0; });
  const at = (time: number) => between(times, places, time);
  const marks = times.map((time) => ({ time, at: at(time) }));
  const time = (place: number) => {
    const next = marks.findIndex((m) => m.at >= place);
    if (next <= 0) return marks[next === 0 ? 0 : marks.length - 1]!.time;
    const [a, b] = [marks[next - 1]!, marks[next]!];
    return a.time + ((place - a.at) / (b.at - a.at)) * (b.time - a.time);
  };
  return { at, time, marks };
}

function between(times: readonly number[], places: ReadonlyMap<number, number>, time: number): number {
  const known = places.get(time);
  if (known !== undefined) return known;
  const next = times.findIndex((x) => x > time);
  if (next <= 0) return next === 0 ? 0 : 1;
  const [a, b] = [times[next - 1]!, times[next]!];
  const [x, y] = [places.get(a)!, places.get(b)!];
  return x + ((time - a) / (b - a)) * (y - x);
}

/** The lane of one session, from what lies behind the cursor: what it asked, from the Query to the answer, with the tag or the value it got. */
export function sessionLane(history: readonly Exchange[], letter: string, now: number): Lane {
  const bars = history
    .filter((x) => !x.aside)
    .map((x) => ({ from: x.time, to: x.answer ? x.answer.time : now, open: !x.answer, label: outcome(x), letter }));
  return { name: letter, letter, bars, ticks: [] };
}

/** The lane of the log: each record from where it was put into the buffers to where it was safe. */
export function walLane(events: readonly Entry[], letters: (entry: Entry) => string | null, now: number): Lane {
  const flushes = events.flatMap((e) => (e.event.kind === 'WalFlush' ? [{ at: e.at, upto: e.event.upto }] : []));
  const bars = events.flatMap((e): Bar[] => {
    if (e.event.kind !== 'WalInsert' || e.at > now) return [];
    const { end, start, rmgr } = e.event;
    const safe = flushes.find((f) => f.upto >= end && f.at <= now);
    return [{ from: e.at, to: safe?.at ?? now, open: !safe, label: `${rmgr}, ${end - start} B`, letter: letters(e) }];
  });
  return { name: 'WAL', letter: null, bars, ticks: [] };
}

/** The part of the lanes around an instant: a half of the instants that matter for each level. */
export function around(lanes: readonly Lane[], now: number, level: number): Lane[] {
  if (level === 0) return [...lanes];
  const instants = [...new Set(lanes.flatMap(instantsOf))].sort((a, b) => a - b);
  const count = Math.max(4, Math.round(instants.length / 2 ** level));
  const here = instants.findIndex((x) => x >= now);
  const last = Math.min(instants.length, Math.max(count, (here < 0 ? instants.length : here) + Math.ceil(count / 2)));
  const [from, to] = [instants[Math.max(0, last - count)] ?? now, instants[last - 1] ?? now];
  return lanes.map((lane) => ({
    ...lane,
    bars: lane.bars.filter((b) => b.to >= from && b.from <= to).map((b) => ({ ...b, from: Math.max(b.from, from), to: Math.min(b.to, to) })),
    ticks: lane.ticks.filter((k) => k.time >= from && k.time <= to),
  }));
}

/** All instants of a lane. */
export const instantsOf = (lane: Lane): number[] => [...lane.bars.flatMap((b) => [b.from, b.to]), ...lane.ticks.map((k) => k.time)];

/** `SELECT 90`, `UPDATE 1`, `COMMIT`: the command with what it brought. */
export function outcome(x: Exchange): string {
  const command = x.as || (/^\s*([A-Za-z]+)/.exec(x.sql)?.[1]?.toUpperCase() ?? '…');
  if (!x.answer) return command;
  if (x.answer.failed) return `${command} ✗`;
  const lines = x.answer.text.trim().split('\n');
  if (lines.length === 1 && lines[0]!.length < 24 && lines[0]!.startsWith(command)) return lines[0]!;
  const value = lines.length >= 4 && /^-+$/.test(lines[1]!) ? lines[2]!.trim() : '';
  return value ? `${command} ${value}` : command;
}
