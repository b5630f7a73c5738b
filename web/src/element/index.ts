/** The library's entry: defines `<pg-vitrine>` and hands out the engine's client. */

export { openEngine } from '../engine/connect';
export type * from '../engine/api';
