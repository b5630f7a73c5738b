/**
 * The library: a database, its sessions, transactions.
 *
 *     const database = await open({ storage: 'idb://notes' });
 *     await database.exec('CREATE TABLE notes (id int PRIMARY KEY, words text)');
 *     await database.query('INSERT INTO notes VALUES ($1, $2)', [1, 'hello']);
 *     const { rows } = await database.query('SELECT * FROM notes');        // [{ id: 1, words: 'hello' }]
 *     await database.transaction(async (t) => { await t.query(...); });     // all of it, or an error and nothing
 *     const second = await database.session();                              // a connection of its own
 */

import type { DatabaseError } from './error';
import { write } from './values';
import { extended, hear, query as simple, type Heard, type Reading, type Result } from './wire';

/** How to talk to a database's core, here or in a worker. */
export interface Line {
  connect(): number | Promise<number>;
  send(session: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  disconnect(session: number): void | Promise<void>;
  cancel(session: number): void | Promise<void>;
  image(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** What can be asked in a session and in a transaction. */
export interface Queryable {
  /** Runs statements, separated by semicolons, and gives the result of each. */
  exec(text: string, reading?: Reading): Promise<Result[]>;
  /** Runs one statement, with values for `$1`, `$2` ... */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[], reading?: Reading): Promise<Result<Row>>;
  /** The same, with the values where they stand: sql`SELECT ${1} + 1`. */
  sql<Row = Record<string, unknown>>(texts: TemplateStringsArray, ...values: unknown[]): Promise<Result<Row>>;
}

/** A transaction that is open. */
export interface Transaction extends Queryable {
  /** Ends it: nothing of it stays. */
  rollback(): Promise<void>;
}

/** Told of notices and warnings. */
export type NoticeListener = (notice: DatabaseError) => void;

/** A connection. Its requests are answered one after the other. */
export class Session implements Queryable {
  private last: Promise<unknown> | undefined;
  private readonly listeners = new Set<NoticeListener>();
  private ended = false;

  constructor(
    protected readonly line: Line,
    private readonly number: number,
  ) {}

  exec(text: string, reading: Reading = {}): Promise<Result[]> {
    return this.turn(() => this.run(text, undefined, reading));
  }

  async query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[], reading: Reading = {}): Promise<Result<Row>> {
    return lastOf(await this.turn(() => this.run<Row>(text, values, reading)));
  }

  sql<Row = Record<string, unknown>>(texts: TemplateStringsArray, ...values: unknown[]): Promise<Result<Row>> {
    return this.query<Row>(numbered(texts), values);
  }

  /** Runs `body` in a transaction: committed when it resolves, rolled back when it rejects. Others of this session wait. */
  transaction<T>(body: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.turn(async () => {
      await this.run('BEGIN');
      let open = true;
      const ask = <Row>(text: string, values?: readonly unknown[], reading: Reading = {}) => {
        if (!open) throw new Error('The transaction is closed.');
        return this.run<Row>(text, values, reading);
      };
      const end = async (text: string) => {
        if (!open) return;
        open = false;
        await this.run(text);
      };
      const inside: Transaction = {
        exec: async (text, reading) => ask(text, undefined, reading),
        query: async <Row>(text: string, values?: readonly unknown[], reading?: Reading) => lastOf(await ask<Row>(text, values, reading)),
        sql: async <Row>(texts: TemplateStringsArray, ...values: unknown[]) => lastOf(await ask<Row>(numbered(texts), values)),
        rollback: () => end('ROLLBACK'),
      };
      try {
        const result = await body(inside);
        await end('COMMIT');
        return result;
      } catch (cause) {
        await end('ROLLBACK');
        throw cause;
      }
    });
  }

  /** Cancels what this session is doing: it fails with 57014. */
  async cancel(): Promise<void> {
    await this.line.cancel(this.number);
  }

  /** Tells of notices; returns how to stop it. */
  onNotice(listener: NoticeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends the connection; an open transaction is rolled back. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.line.disconnect(this.number);
  }

  /** One after the other. */
  private async turn<T>(work: () => T | Promise<T>): Promise<T> {
    while (this.last !== undefined) await this.last.catch(() => {});
    const result = work();
    if (!(result instanceof Promise)) return result;
    const mine = (this.last = result);
    try {
      return await result;
    } finally {
      if (this.last === mine) this.last = undefined;
    }
  }

  private run<Row = Record<string, unknown>>(text: string, values?: readonly unknown[], reading: Reading = {}): Result<Row>[] | Promise<Result<Row>[]> {
    if (this.ended) throw new Error('The session is closed.');
    const bytes = values === undefined || values.length === 0 ? simple(text) : extended(text, values.map(write));
    const answer = this.line.send(this.number, bytes);
    const read = (said: Uint8Array<ArrayBuffer>) => this.results(hear<Row>(said, reading, text));
    return answer instanceof Promise ? answer.then(read) : read(answer);
  }

  private results<Row>({ results, error, notices }: Heard<Row>): Result<Row>[] {
    for (const notice of notices) this.listeners.forEach((listener) => listener(notice));
    if (error) throw error;
    return results;
  }
}

/** A database; it is its own first session. */
export class Database extends Session {
  static async on(line: Line): Promise<Database> {
    return new Database(line, await line.connect());
  }

  /** A further connection. */
  async session(): Promise<Session> {
    return new Session(this.line, await this.line.connect());
  }

  /** The database as a file: what a power failure would leave of it. `open({ load })` recovers it. */
  async dump(): Promise<Uint8Array<ArrayBuffer>> {
    return this.line.image();
  }

  override async close(): Promise<void> {
    await super.close();
    await this.line.close();
  }
}

/** The last result; of an empty text an empty one. */
function lastOf<Row>(results: Result<Row>[]): Result<Row> {
  return results.at(-1) ?? { rows: [], fields: [], command: '' };
}

function numbered(texts: TemplateStringsArray): string {
  return texts.reduce((text, part, n) => `${text}$${n}${part}`);
}

