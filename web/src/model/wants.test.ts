/** What open panels ask of the engine. */
import { expect, test } from 'vitest';
import type { LabView } from '../views/types.ts';
import { answer, firstWants, PANEL_NAMES, requestsOf, systemView } from './wants.ts';

test('each thing is asked for once, of the server that is shown', () => {
  const wants = { ...firstWants('accounts'), host: 1 };
  expect(requestsOf(['statistics', 'checkpoint'], wants).filter((r) => r.panel === 'table' && r.name === 'pg_stat_bgwriter')).toEqual([{ panel: 'table', host: 1, name: 'pg_stat_bgwriter' }]);
  expect(requestsOf(['bytes'], wants)).toEqual([{ panel: 'bytes', host: 1, relation: 'accounts', fork: 'main', block: 0, disk: false }]);
  expect(requestsOf([], wants)).toEqual([]);
  for (const name of PANEL_NAMES) expect(() => requestsOf([name], wants)).not.toThrow();
});

test('answers are found by their kind, rows by the names of their columns', () => {
  const view = { panels: [{ panel: 'nothing' }, { panel: 'files', files: [] }, { panel: 'table', name: 'pg_stat_wal', columns: ['wal_records', 'wal_fpi'], rows: [['7', null]] }] } as unknown as LabView;
  expect(answer(view, 'files')).toEqual({ panel: 'files', files: [] });
  expect(answer(view, 'locks')).toBeNull();
  expect(systemView(view, 'pg_stat_wal')).toEqual([{ wal_records: '7', wal_fpi: null }]);
  expect(systemView(view, 'pg_locks')).toEqual([]);
});
