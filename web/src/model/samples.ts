/**
 * What the statistics panel draws: numbers of each moment that was looked at, in the order of time. Going back cuts off
 * nothing: what lies behind the cursor is drawn, and a moment that is seen again is the same again.
 */
import type { LabView } from '../views/types.ts';
import { shares } from './pool.ts';
import { systemView } from './wants.ts';

/** The numbers of a moment. */
export interface Sample {
  step: number;
  /** Virtual seconds. */
  time: number;
  hit: number; read: number; committed: number; rolledBack: number; wal: number; dirty: number; inserted: number; updated: number; deleted: number; lag: number;
}

/** Moments kept. */
const MOST = 2000;

/** The numbers of this moment; nothing while no server answers. */
export function sampleOf(view: LabView, host: number): Sample | null {
  const database = systemView(view, 'pg_stat_database').find((r) => r['datname'] === 'postgres');
  if (!database) return null;
  const n = (name: string) => Number(database[name] ?? 0);
  const shown = view.hosts.find((h) => h.host === host) ?? view.hosts[0]!;
  const standby = view.hosts.find((h) => h.role === 'standby');
  const replayed = standby?.wal.replay ?? standby?.wal.flush ?? 0;
  return {
    step: view.step, time: view.now / 1e6, hit: n('blks_hit'), read: n('blks_read'), committed: n('xact_commit'), rolledBack: n('xact_rollback'),
    wal: shown.wal.insert, dirty: shares(shown.buffers).reduce((sum, s) => sum + s.dirty, 0), inserted: n('tup_inserted'), updated: n('tup_updated'), deleted: n('tup_deleted'),
    lag: standby && replayed ? Math.max(0, view.hosts[0]!.wal.insert - replayed) : 0,
  };
}

/** Puts a moment in its place; what was known of a step from another line of history is replaced. */
export function keep(samples: readonly Sample[], now: Sample): Sample[] {
  const before = samples.filter((s) => s.step < now.step);
  const after = samples.filter((s) => s.step > now.step);
  // A line of history that went another way from here on is not this one's future.
  const same = after.every((s) => s.time >= now.time);
  return [...before, now, ...(same ? after : [])].slice(-MOST);
}
