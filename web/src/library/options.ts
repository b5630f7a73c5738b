/** How a database is opened, in Node and in pages. */
export interface OpenOptions {
  /** In memory alone (the default), or in IndexedDB under a name: then what a COMMIT has promised outlives the page. */
  storage?: 'memory' | `idb://${string}`;
  /** A database that `dump()` has written. */
  load?: Uint8Array<ArrayBuffer>;
}
