/**
 * What can be selected, hovered or pointed at; `related.ts` says which other things belong to it.
 *
 * One selection serves all panels. A thing is named by a short string (`version:0:accounts:0:4`), so that equality is
 * string equality and the address of a moment can carry it.
 */
import type { LabView, RecordView } from '../views/types.ts';

/** The name of a thing; make one with the functions below. */
export type Thing = string & { readonly thing: unique symbol };

const name = (...parts: (string | number)[]) => parts.join(':') as Thing;

/** A row version or line pointer of a page. */
export const version = (host: number, relname: string, block: number, lp: number) => name('version', host, relname, block, lp);
/** The header of a page. */
export const header = (host: number, relname: string, block: number) => name('header', host, relname, block);
/** A page of any table or index. */
export const page = (host: number, relname: string, fork: string, block: number) => name('page', host, relname, fork, block);
/** A shared buffer, by its number from 1. */
export const buffer = (host: number, bufferid: number) => name('buffer', host, bufferid);
/** A WAL record, by where it starts; the same one on every server. */
export const record = (start: number) => name('record', start);
/** A transaction. */
export const xact = (xid: number) => name('xid', xid);
/** A process. */
export const process = (host: number, pid: number) => name('process', host, pid);

/** What kind of thing it is, and the parts of its name. */
export function parts(thing: Thing): { kind: string; args: string[] } {
  const [kind = '', ...args] = thing.split(':');
  return { kind, args };
}

/** Finds the row version that a name speaks of, if it exists at this moment. */
export function findVersion(view: LabView, thing: Thing) {
  const { kind, args } = parts(thing);
  if (kind !== 'version') return null;
  const host = view.hosts.find((h) => h.host === Number(args[0]));
  const page = host?.page;
  if (!host || !page || page.relname !== args[1] || page.block !== Number(args[2])) return null;
  const image = page.memory ?? page.disk;
  const item = image?.items.find((i) => i.lp === Number(args[3]));
  return image && item ? { host, page, image, item } : null;
}

/** Finds a WAL record: on any server, or the one that ends there too, first where it happened. */
export function findRecord(view: LabView, start: number, of?: { host: number; end: number }): RecordView | null {
  const hosts = of ? [...view.hosts].sort((a, b) => Number(b.host === of.host) - Number(a.host === of.host)) : view.hosts;
  for (const host of hosts) {
    const found = host.wal.records.find((r) => r.start_lsn === start && (!of || r.end_lsn === of.end));
    if (found) return found;
  }
  return null;
}
