/**
 * The library for pages: the engine in a worker, and a second worker for the store if the database is kept.
 *
 *     import { open } from './vitrine.js';
 */

import * as Comlink from 'comlink';

import { openRooms } from '../engine/connect';
import { Database, type Line } from './database';
import type { OpenOptions } from './options';
import type { DatabaseRoom } from './room';

export { Database, Session, type NoticeListener, type Queryable, type Transaction } from './database';
export { DatabaseError } from './error';
export type { OpenOptions } from './options';
export { types, type Parser, type Parsers } from './values';
export type { Field, Reading, Result } from './wire';

const IDB = 'idb://';

/** Opens a database. */
export async function open({ storage = 'memory', load }: OpenOptions = {}): Promise<Database> {
  if (storage !== 'memory' && !storage.startsWith(IDB)) throw new TypeError(`storage ${storage}: 'memory' or '${IDB}name'`);
  const { port, makeStore, end } = await openRooms('database');
  const room = Comlink.wrap<DatabaseRoom>(port);
  try {
    if (storage === 'memory') {
      await room.open(load);
    } else {
      const store = await makeStore();
      await room.open(load, Comlink.transfer({ name: storage.slice(IDB.length), store }, [store]));
    }
    return await Database.on(lineTo(room, end));
  } catch (cause) {
    end();
    throw cause;
  }
}

/** The room's own methods, as if it were here. */
function lineTo(room: Comlink.Remote<DatabaseRoom>, end: () => void): Line {
  return {
    connect: () => room.connect(),
    send: (session, bytes) => room.send(session, Comlink.transfer(bytes, [bytes.buffer])),
    disconnect: (session) => room.disconnect(session),
    cancel: (session) => room.cancel(session),
    image: () => room.image(),
    close: async () => {
      await room.close();
      end();
    },
  };
}
