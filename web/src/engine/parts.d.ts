/** What a build provides; `web/tool/parts.ts` writes it. */
declare module 'virtual:vitrine-parts' {
  /** Fetches or unpacks the engine's module and compiles it. */
  export const loadModule: () => Promise<WebAssembly.Module>;
  /** The address of the worker's script, where it is a file of its own. */
  export const workerUrl: string | undefined;
  /** The text of the worker's script, for a blob. */
  export const workerCode: () => Promise<string>;
}
