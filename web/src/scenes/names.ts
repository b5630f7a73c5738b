/** The scenes in the order in which they are offered: each needs no more than those before it. */
export const SCENES = [
  'first-light', 'two-readers', 'lost-update', 'hot', 'long-transaction', 'checkpoint', 'torn-page', 'crash', 'big-scan', 'commits', 'standby', 'deadlock',
] as const;
