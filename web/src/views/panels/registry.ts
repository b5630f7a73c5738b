/**
 * The panels of the middle: how each is fetched when it is first opened, and the group under which it is offered. The page
 * opens without any of them.
 */
import { html } from 'lit';
import type { MessageKey } from '../../base/messages.ts';
import type { LabState } from '../../model/state.ts';
import type { BigPanelName } from '../../model/wants.ts';

/** A panel. */
interface Entry {
  title: MessageKey;
  /** One line of what it shows, for the menu. */
  about: MessageKey;
  load: () => Promise<unknown>;
  draw: (state: LabState) => unknown;
}

export const panels: Record<BigPanelName, Entry> = {
  'versions': { title: 'p.versions', about: 'p.versions.about', load: () => import('./versions.ts'), draw: (s) => html`<vt-p-versions .state=${s}></vt-p-versions>` },
  'bytes': { title: 'p.bytes', about: 'p.bytes.about', load: () => import('./bytes.ts'), draw: (s) => html`<vt-p-bytes .state=${s}></vt-p-bytes>` },
  'tree': { title: 'p.tree', about: 'p.tree.about', load: () => import('./tree.ts'), draw: (s) => html`<vt-p-tree .state=${s}></vt-p-tree>` },
  'plan': { title: 'p.plan', about: 'p.plan.about', load: () => import('./plan.ts'), draw: (s) => html`<vt-p-plan .state=${s}></vt-p-plan>` },
  'dead': { title: 'p.dead', about: 'p.dead.about', load: () => import('./dead.ts'), draw: (s) => html`<vt-p-dead .state=${s}></vt-p-dead>` },
  'pool': { title: 'p.pool', about: 'p.pool.about', load: () => import('./pool.ts'), draw: (s) => html`<vt-p-pool .state=${s}></vt-p-pool>` },
  'tape': { title: 'p.tape', about: 'p.tape.about', load: () => import('./tape.ts'), draw: (s) => html`<vt-p-tape .state=${s}></vt-p-tape>` },
  'checkpoint': { title: 'p.checkpoint', about: 'p.checkpoint.about', load: () => import('./checkpoint.ts'), draw: (s) => html`<vt-p-checkpoint .state=${s}></vt-p-checkpoint>` },
  'replication': { title: 'p.replication', about: 'p.replication.about', load: () => import('./replication.ts'), draw: (s) => html`<vt-p-replication .state=${s}></vt-p-replication>` },
  'processes-map': { title: 'p.processes', about: 'p.processes.about', load: () => import('./process-map.ts'), draw: (s) => html`<vt-p-processes .state=${s}></vt-p-processes>` },
  'locks': { title: 'p.locks', about: 'p.locks.about', load: () => import('./locks.ts'), draw: (s) => html`<vt-p-locks .state=${s}></vt-p-locks>` },
  'memory': { title: 'p.memory', about: 'p.memory.about', load: () => import('./memory.ts'), draw: (s) => html`<vt-p-memory .state=${s}></vt-p-memory>` },
  'files': { title: 'p.files', about: 'p.files.about', load: () => import('./files.ts'), draw: (s) => html`<vt-p-files .state=${s}></vt-p-files>` },
  'settings': { title: 'p.settings', about: 'p.settings.about', load: () => import('./settings.ts'), draw: (s) => html`<vt-p-settings .state=${s}></vt-p-settings>` },
  'statistics': { title: 'p.statistics', about: 'p.statistics.about', load: () => import('./statistics.ts'), draw: (s) => html`<vt-p-statistics .state=${s}></vt-p-statistics>` },
  'server-log': { title: 'p.log', about: 'p.log.about', load: () => import('./log.ts'), draw: (s) => html`<vt-p-log .state=${s}></vt-p-log>` },
};

/** Under which heading of the menu they stand, in the order of the tabs. */
export const groups: { title: MessageKey; panels: BigPanelName[] }[] = [
  { title: 'p.group.rows', panels: ['versions', 'bytes', 'tree', 'dead', 'plan'] },
  { title: 'p.group.work', panels: ['processes-map', 'locks', 'statistics', 'server-log'] },
  { title: 'p.group.log', panels: ['tape', 'checkpoint', 'replication'] },
  { title: 'p.group.server', panels: ['pool', 'memory', 'files', 'settings'] },
];
