/**
 * PostgreSQL's protocol, version 3, from the client's side: messages to bytes, and bytes to results.
 *
 *     query(text)                         Q                    several statements, values as text
 *     extended(text, values)              P B D E S            one statement with $1, $2 ...
 *
 * Chapter 55.7 of PostgreSQL's manual lists the formats. Values come as text; `values.ts` reads them by their types.
 */

import { DatabaseError } from './error';
import { reader, type Parsers } from './values';

/** A column of a result. */
export interface Field {
  readonly name: string;
  /** `pg_type.oid` */
  readonly dataTypeID: number;
}

/** What a statement gave. */
export interface Result<Row = Record<string, unknown>> {
  rows: Row[];
  fields: Field[];
  /** Of INSERT, UPDATE, DELETE and their like. */
  affectedRows?: number;
  /** The command tag, such as `INSERT 0 1`. */
  command: string;
}

/** How rows are made. */
export interface Reading {
  /** As objects by column name, or as arrays. */
  readonly rowMode?: 'object' | 'array';
  /** Over those of the types: from the text of a value. */
  readonly parsers?: Parsers;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const PREPARED = '';

// --- to the server -----------------------------------------------------------------------------------------------

/** Gathers messages. */
class Writer {
  private bytes = new Uint8Array(256);
  private view = new DataView(this.bytes.buffer);
  private end = 0;
  private begin = 0;

  message(kind: string, body?: () => void): this {
    this.room(5);
    this.bytes[this.end] = kind.charCodeAt(0);
    this.begin = this.end + 1;
    this.end += 5;
    body?.();
    this.view.setUint32(this.begin, this.end - this.begin);
    return this;
  }

  byte(value: number): this {
    this.room(1);
    this.bytes[this.end++] = value;
    return this;
  }

  short(value: number): this {
    this.room(2);
    this.view.setInt16(this.end, value);
    this.end += 2;
    return this;
  }

  int(value: number): this {
    this.room(4);
    this.view.setInt32(this.end, value);
    this.end += 4;
    return this;
  }

  /** A string that ends with a zero. */
  text(value: string): this {
    this.put(value);
    return this.byte(0);
  }

  /** A value behind its length; null is the length -1. */
  value(value: string | null): this {
    if (value === null) return this.int(-1);
    this.int(0);
    const begin = this.end;
    this.put(value);
    this.view.setInt32(begin - 4, this.end - begin);
    return this;
  }

  done(): Uint8Array {
    return this.bytes.slice(0, this.end);
  }

  private put(value: string): void {
    // A UTF-16 unit takes three bytes at most.
    this.room(value.length * 3);
    this.end += encoder.encodeInto(value, this.bytes.subarray(this.end)).written;
  }

  private room(wanted: number): void {
    if (this.end + wanted <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.end + wanted));
    bytes.set(this.bytes.subarray(0, this.end));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/** One or more statements. */
export function query(text: string): Uint8Array {
  const out = new Writer();
  return out.message('Q', () => out.text(text)).done();
}

/** One statement with values for its parameters, in PostgreSQL's text form. */
export function extended(text: string, values: readonly (string | null)[]): Uint8Array {
  const out = new Writer();
  out.message('P', () => out.text(PREPARED).text(text).short(0));
  out.message('B', () => {
    out.text('').text(PREPARED).short(0).short(values.length);
    for (const value of values) out.value(value);
    out.short(0);
  });
  out.message('D', () => out.byte('P'.charCodeAt(0)).text(''));
  out.message('E', () => out.text('').int(0));
  return out.message('S').done();
}

// --- from the server -----------------------------------------------------------------------------------------------

/** What a server has said to a request. */
export interface Heard<Row> {
  readonly results: Result<Row>[];
  readonly error: DatabaseError | undefined;
  readonly notices: DatabaseError[];
  /** 'I' outside a transaction, 'T' in one, 'E' in a failed one. */
  readonly status: string;
}

/** Reads all messages of an answer. */
export function hear<Row>(bytes: Uint8Array<ArrayBuffer>, reading: Reading, query: string): Heard<Row> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const results: Result<Row>[] = [];
  const notices: DatabaseError[] = [];
  let error: DatabaseError | undefined;
  let status = 'I';
  let row: ((at: number) => Row) | undefined;
  let open: { rows: Row[]; fields: Field[] } = { rows: [], fields: [] };
  for (let at = 0; at < bytes.length; at += 1 + view.getInt32(at + 1)) {
    const body = at + 5;
    switch (String.fromCharCode(bytes[at]!)) {
      case 'T':
        open = { rows: [], fields: fieldsAt(bytes, view, body) };
        row = rowReader<Row>(bytes, view, open.fields, reading);
        break;
      case 'D':
        open.rows.push(row!(body));
        break;
      case 'C': {
        const command = textAt(bytes, body);
        results.push({ ...open, ...affected(command), command });
        open = { rows: [], fields: [] };
        break;
      }
      case 'E':
        error ??= errorAt(bytes, body, query);
        break;
      case 'N':
        notices.push(errorAt(bytes, body, query));
        break;
      case 'Z':
        status = String.fromCharCode(bytes[body]!);
        break;
    }
  }
  return { results, error, notices, status };
}

function affected(command: string): { affectedRows?: number } {
  const counted = /^(?:INSERT \d+|UPDATE|DELETE|MERGE|COPY|MOVE|FETCH) (\d+)$/.exec(command);
  return counted ? { affectedRows: Number(counted[1]) } : {};
}

function textAt(bytes: Uint8Array, at: number): string {
  return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
}

function fieldsAt(bytes: Uint8Array, view: DataView, at: number): Field[] {
  const fields: Field[] = [];
  let next = at + 2;
  for (let count = view.getInt16(at); count > 0; count--) {
    const end = bytes.indexOf(0, next);
    fields.push({ name: decoder.decode(bytes.subarray(next, end)), dataTypeID: view.getUint32(end + 7) });
    next = end + 19;
  }
  return fields;
}

/** What makes a row of the values at a place. */
function rowReader<Row>(bytes: Uint8Array, view: DataView, fields: readonly Field[], reading: Reading): (at: number) => Row {
  const readers = fields.map(({ dataTypeID }) => reader(dataTypeID, reading.parsers));
  const names = fields.map(({ name }) => name);
  const asArray = reading.rowMode === 'array';
  return (at) => {
    const row: Record<string | number, unknown> | unknown[] = asArray ? [] : {};
    let next = at + 2;
    for (let n = 0; n < readers.length; n++) {
      const length = view.getInt32(next);
      next += 4;
      (row as Record<string | number, unknown>)[asArray ? n : names[n]!] = length < 0 ? null : readers[n]!(letters(bytes, next, length));
      if (length > 0) next += length;
    }
    return row as Row;
  };
}

/** Short plain text is read by hand: a decoder's call costs more than it does. */
function letters(bytes: Uint8Array, at: number, length: number): string {
  if (length > 24) return decoder.decode(bytes.subarray(at, at + length));
  let text = '';
  for (let n = at; n < at + length; n++) {
    const letter = bytes[n]!;
    if (letter > 127) return decoder.decode(bytes.subarray(at, at + length));
    text += String.fromCharCode(letter);
  }
  return text;
}

function errorAt(bytes: Uint8Array, at: number, query: string): DatabaseError {
  const fields: Record<string, string> = {};
  for (let next = at; bytes[next] !== 0; ) {
    const text = textAt(bytes, next + 1);
    fields[String.fromCharCode(bytes[next]!)] = text;
    next = bytes.indexOf(0, next + 1) + 1;
  }
  return new DatabaseError(fields, query);
}
