/**
 * The words of row versions: which are chained, which value stands for a row, and why a session sees it or not.
 */
import { t, type MessageKey } from '../base/messages.ts';
import type { ItemView, PageImage, PageView, SeesView, TupleView } from '../views/types.ts';

/** An arrow from one line pointer to another: an update's t_ctid, or a redirect. */
export interface Chain { from: number; to: number; letter: string | null; running: boolean; redirect: boolean }

/** The chains within this block. */
export function chains(page: PageView, image: PageImage): Chain[] {
  const found: Chain[] = [];
  for (const { lp, redirect, tuple } of image.items) {
    if (redirect !== null) found.push({ from: lp, to: redirect, letter: null, running: false, redirect: true });
    if (!tuple || tuple.ctid_block !== page.block || tuple.ctid_lp === lp || tuple.xmax_status === 'none') continue;
    const running = tuple.xmax_status === 'running';
    found.push({ from: lp, to: tuple.ctid_lp, letter: tuple.xmax_letter, running, redirect: false });
  }
  return found;
}

/** Whether there is nothing to tell about a version: committed, not ended, part of no chain. */
export function plainVersion(item: ItemView, linked: ReadonlySet<number>): boolean {
  const tuple = item.tuple;
  if (!tuple || linked.has(item.lp)) return false;
  return tuple.xmax_status === 'none' && (tuple.xmin_status === 'committed' || tuple.xmin_status === 'frozen');
}

/** The column in which the versions of one row differ; the last one when they do not. */
export function tellingColumn(image: PageImage): number {
  const tuples = image.items.flatMap((i) => (i.tuple ? [i] : []));
  for (const { tuple } of tuples) {
    const next = tuples.find((i) => i.lp === tuple!.ctid_lp && i.tuple !== tuple)?.tuple;
    const differs = next?.attrs.findIndex((a, n) => a.value !== tuple!.attrs[n]?.value) ?? -1;
    if (differs >= 0) return differs;
  }
  return Math.max(0, (tuples[0]?.tuple?.attrs.length ?? 1) - 1);
}

/** A value as psql shows it. */
export function shown(value: string | null | undefined): string {
  return value ?? '∅';
}

/** What the version holds, column by column, with the telling one apart. */
export function values(tuple: TupleView, telling: number): { before: string; telling: string; after: string } {
  const all = tuple.attrs.map((a) => shown(a.value));
  return { before: all.slice(0, telling).join(' '), telling: all[telling] ?? '', after: all.slice(telling + 1).join(' ') };
}

/** Why this session sees the version or does not, in words. */
export function why(sees: SeesView): string {
  const key = `rule.${sees.rule}` as MessageKey;
  return t(key, { who: sees.letter ?? t('who.new'), xid: sees.xid ?? '' });
}

/** The view of one session, by its letter; `null` asks for any new snapshot. */
export function seenBy(tuple: TupleView, letter: string | null): SeesView | null {
  return tuple.sees.find((s) => s.letter === letter) ?? null;
}
