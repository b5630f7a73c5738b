/**
 * What a scene did to make its table is nobody's: only what happens before the reader's eyes carries a letter.
 */
import type { LabView } from '../views/types.ts';

/** Takes the letter from every transaction before this one; the view is the caller's own, and is changed in place. */
export function withoutLetters(view: LabView, before: number): LabView {
  for (const { page, wal, xact } of view.hosts) {
    for (const r of wal.records) if (r.xid < before) r.letter = null;
    for (const e of xact.entries) if (e.xid < before) e.letter = null;
    for (const image of [page?.memory, page?.disk]) {
      for (const { tuple } of image?.items ?? []) {
        if (!tuple) continue;
        if (tuple.t_xmin < before) tuple.xmin_letter = null;
        if (tuple.t_xmax < before) tuple.xmax_letter = null;
      }
    }
  }
  return view;
}
