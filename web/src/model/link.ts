/** The link between the servers: what can be done to it, as it is. */
import type { LinkView } from '../views/types.ts';

/** What can be done to a link. */
export type LinkAct = 'cut' | 'slow' | 'heal';

/** One way, in microseconds: as a lab begins, and across an ocean. */
export const QUICK = 400;
export const SLOW = 50_000;

/** Whether it is slower than a lab's. */
export const isSlow = (link: LinkView) => link.latency > QUICK;

/** What can be done to a link in this state. */
export function linkActs(link: LinkView | undefined): LinkAct[] {
  if (!link) return [];
  if (link.cut) return ['heal'];
  return isSlow(link) ? ['cut', 'heal'] : ['cut', 'slow'];
}
