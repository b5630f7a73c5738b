/** What a build provides; `web/tool/parts.ts` writes it. */
declare module 'virtual:vitrine-parts' {
  /** Fetches or unpacks the first half of the engine's code, compiles it, and says where the rest is. */
  export const loadHalves: () => Promise<import('./code').Halves>;
  /** The address of the worker's script, where it is a file of its own. */
  export const workerUrl: string | undefined;
  /** The text of the worker's script, for a blob. */
  export const workerCode: () => Promise<string>;
}
