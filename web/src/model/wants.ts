/**
 * What the open panels look at: a server, a page, an index. A panel draws what the engine answers to its requests, in the
 * same view as everything else, so that all of the page is one moment.
 */
import type { LabView, PanelRequest, PanelView } from '../views/types.ts';

/** What a reader has chosen in the panels. */
export interface Wants {
  /** The server. */
  host: number;
  /** The page that the page inspector shows. */
  bytes: { relation: string; fork: 'main' | 'fsm' | 'vm'; block: number; disk: boolean };
  /** The index, and a value to search for in it. */
  tree: { index: string; search: string };
}

/** Where panels begin. */
export function firstWants(relation: string): Wants {
  return { host: 0, bytes: { relation, fork: 'main', block: 0, disk: false }, tree: { index: '', search: '' } };
}

/** A panel of the middle, by its name in addresses and attributes. */
export const PANEL_NAMES = [
  'versions', 'bytes', 'tree', 'plan', 'dead', 'pool', 'tape', 'checkpoint', 'replication', 'processes-map', 'locks', 'memory', 'files', 'settings', 'statistics', 'server-log',
] as const;
export type BigPanelName = (typeof PANEL_NAMES)[number];

const table = (host: number, name: string): PanelRequest => ({ panel: 'table', host, name });

/** What each panel has to ask the engine. */
const requests: Record<BigPanelName, (w: Wants) => PanelRequest[]> = {
  'versions': () => [],
  'plan': () => [],
  'bytes': ({ host, bytes }) => [{ panel: 'bytes', host, ...bytes }],
  'tree': ({ host, tree }) => [{ panel: 'tree', host, index: tree.index, search: tree.search || null }],
  'dead': ({ host }) => [{ panel: 'dead', host }],
  'pool': () => [],
  'tape': () => [],
  'checkpoint': ({ host }) => [{ panel: 'checkpoint', host }, table(host, 'pg_stat_bgwriter'), table(host, 'pg_control_checkpoint')],
  'replication': () => [table(0, 'pg_stat_replication'), table(0, 'pg_replication_slots'), table(1, 'pg_stat_wal_receiver')],
  'processes-map': ({ host }) => [table(host, 'pg_stat_activity')],
  'locks': ({ host }) => [{ panel: 'locks', host }, table(host, 'pg_locks')],
  'memory': ({ host }) => [{ panel: 'memory', host }],
  'files': ({ host }) => [{ panel: 'files', host }],
  'settings': ({ host }) => [table(host, 'pg_settings'), table(host, 'pg_file_settings')],
  'statistics': ({ host }) => [table(host, 'pg_stat_database'), table(host, 'pg_stat_bgwriter'), table(host, 'pg_stat_wal')],
  'server-log': () => [],
};

/** What these panels ask for, each thing once. */
export function requestsOf(panels: readonly BigPanelName[], wants: Wants): PanelRequest[] {
  const all = panels.flatMap((name) => requests[name](wants));
  return all.filter((r, i) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(r)) === i);
}

/** The answer of a kind; nothing if there is none at this moment. */
export function answer<K extends PanelView['panel']>(view: LabView, panel: K): Extract<PanelView, { panel: K }> | null {
  return (view.panels.find((p) => p.panel === panel) ?? null) as Extract<PanelView, { panel: K }> | null;
}

/** A system view as it was answered, row by row, by the names of its columns. */
export function systemView(view: LabView, name: string): Record<string, string | null>[] {
  const found = view.panels.find((p) => p.panel === 'table' && p.name === name);
  if (found?.panel !== 'table') return [];
  return found.rows.map((row) => Object.fromEntries(found.columns.map((c, i) => [c, row[i] ?? null])));
}
