/**
 * The worlds that this browser keeps, as a shelf: which there are, and what can be done to one that nobody has open.
 * What lies in one is the store's business (`wasm/src/store/record.rs`); here records are moved as they are, so that a
 * world of another version can be downloaded, renamed and deleted too.
 *
 *     pg-vitrine:NAME    a database of IndexedDB, and the name of the Web Lock of whoever has it open
 *
 * As a file a world is lines of JSON: `["pg-vitrine",1]`, then `[object store, key, value]`, bytes as hexadecimal.
 */

const PREFIX = 'pg-vitrine:';
/** The shape and the object stores that the store's own code makes. */
const SHAPE = 1;
const STORES = ['meta', 'files', 'extents', 'log'];
/** The form that this version reads. */
const FORMAT = 1;

/** A kept world. */
export interface KeptWorld {
  name: string;
  /** Some tab has it open. */
  held: boolean;
  /** Of a form that this version can open. */
  readable: boolean;
}

/** All of them by name; none where this page may keep nothing. */
export async function worlds(): Promise<KeptWorld[]> {
  try {
    const names = (await indexedDB.databases()).flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
    const held = new Set((await navigator.locks.query()).held?.map((lock) => lock.name));
    return await Promise.all(names.sort().map(async (name) => ({ name, held: held.has(PREFIX + name), readable: await isReadable(name) })));
  } catch {
    return [];
  }
}

/** Whether this page may keep anything. */
export async function canKeep(): Promise<boolean> {
  return indexedDBWorks().catch(() => false);
}

async function indexedDBWorks(): Promise<boolean> {
  await indexedDB.databases();
  return navigator.locks !== undefined;
}

/** How much this site uses, and may use, in bytes. */
export async function quota(): Promise<{ used: number; all: number } | null> {
  const { usage, quota: all } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
  return usage === undefined || all === undefined ? null : { used: usage, all };
}

/** Deletes one for good. */
export function remove(name: string): Promise<unknown> {
  return done(indexedDB.deleteDatabase(PREFIX + name));
}

/** Gives one another name: IndexedDB knows no renaming, so it is copied first. */
export async function rename(from: string, to: string): Promise<void> {
  await put(to, await records(from));
  await remove(from);
}

/** One as a file. */
export async function download(name: string): Promise<Blob> {
  const lines = (await records(name)).map(([store, key, value]) => JSON.stringify([store, key, value instanceof Uint8Array ? toHex(value) : value]));
  return new Blob([JSON.stringify(['pg-vitrine', 1]), '\n', lines.join('\n'), '\n'], { type: 'application/jsonl' });
}

/** Keeps what is in such a file under a name. */
export async function upload(name: string, text: string): Promise<void> {
  const lines = text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown[]);
  const rows = lines.filter((line) => line.length === 3) as [string, IDBValidKey, unknown][];
  if (!rows.some(([store, key]) => store === 'meta' && key === 'header')) throw new TypeError('this is no kept world');
  await put(name, rows.map(([store, key, value]) => [store, key, typeof value === 'string' ? fromHex(value) : value]));
}

type Row = [store: string, key: IDBValidKey, value: unknown];

/** Opens a database that is there, or, if it may, makes it. */
async function database(name: string, make = false): Promise<IDBDatabase> {
  const request = make ? indexedDB.open(PREFIX + name, SHAPE) : indexedDB.open(PREFIX + name);
  request.onupgradeneeded = () => {
    if (make) for (const store of STORES) request.result.createObjectStore(store);
    else request.transaction!.abort();
  };
  return done(request);
}

async function records(name: string): Promise<Row[]> {
  const from = await database(name);
  try {
    const rows: Row[] = [];
    for (const store of from.objectStoreNames) {
      const reading = from.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([done(reading.getAllKeys()), done(reading.getAll())]);
      keys.forEach((key, n) => rows.push([store, key, values[n]]));
    }
    return rows;
  } finally {
    from.close();
  }
}

/** All of it, or nothing. */
async function put(name: string, rows: readonly Row[]): Promise<void> {
  if ((await worlds()).some((world) => world.name === name)) throw new TypeError('there is one of that name');
  const to = await database(name, true);
  try {
    const transaction = to.transaction([...to.objectStoreNames], 'readwrite', { durability: 'strict' });
    for (const [store, key, value] of rows) transaction.objectStore(store).put(value, key);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('it was given up'));
    });
  } catch (failure) {
    to.close();
    await remove(name);
    throw failure;
  }
  to.close();
}

async function isReadable(name: string): Promise<boolean> {
  const found = await database(name).catch(() => null);
  if (!found) return false;
  try {
    const header = (await done(found.transaction('meta').objectStore('meta').get('header'))) as { format?: number } | undefined;
    return header?.format === FORMAT;
  } catch {
    return false;
  } finally {
    found.close();
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB refuses'));
  });
}

const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const fromHex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
