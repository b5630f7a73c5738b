/**
 * Values of PostgreSQL as JavaScript expects them, and back.
 *
 *     bool boolean · int2 int4 oid float4 float8 number · int8 number, or bigint beyond 2^53 · numeric string
 *     timestamp timestamptz date Date · bytea Uint8Array · json jsonb parsed · arrays of these · all else string
 */

/** Reads a value from its text. */
export type Parser = (text: string) => unknown;
/** Parsers by `pg_type.oid`. */
export type Parsers = Readonly<Record<number, Parser>>;

/** The object ids of the types that are more than text here. */
export const types = {
  bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, oid: 26, json: 114, float4: 700, float8: 701, date: 1082, timestamp: 1114, timestamptz: 1184, jsonb: 3802,
} as const;

/** The arrays of types: array to element, of pg_type. */
const ELEMENTS: Readonly<Record<number, number>> = {
  1000: 16, 1001: 17, 1002: 18, 1003: 19, 1005: 21, 1007: 23, 1009: 25, 1010: 27, 1011: 28, 1012: 29, 1014: 1042, 1015: 1043, 1016: 20, 1021: 700, 1022: 701, 1028: 26,
  1115: 1114, 1182: 1082, 1183: 1083, 1185: 1184, 1187: 1186, 1231: 1700, 199: 114, 2951: 2950, 3221: 3220, 3807: 3802, 2210: 2205,
};

const whole = (text: string) => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
};

const PARSERS: Parsers = {
  [types.bool]: (text) => text === 't',
  [types.bytea]: bytes,
  [types.int8]: whole,
  [types.int2]: Number,
  [types.int4]: Number,
  [types.oid]: Number,
  [types.float4]: Number,
  [types.float8]: Number,
  [types.json]: (text) => JSON.parse(text) as unknown,
  [types.jsonb]: (text) => JSON.parse(text) as unknown,
  [types.date]: moment,
  [types.timestamp]: moment,
  [types.timestamptz]: moment,
};

const asIs: Parser = (text) => text;

/** The parser of a type. */
export function reader(type: number, parsers: Parsers = {}): Parser {
  const known = parsers[type] ?? PARSERS[type];
  if (known) return known;
  const element = ELEMENTS[type];
  if (element === undefined) return asIs;
  const each = reader(element, parsers);
  return (text) => array(text, each);
}

/** `2026-01-31 12:00:00.5+01`; without a zone it is taken as UTC. What JavaScript cannot hold stays text. */
function moment(text: string): Date | string | number {
  if (text === 'infinity') return Infinity;
  if (text === '-infinity') return -Infinity;
  const parts = /^(\d{4,6})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d+))?)?([+-]\d\d)?(?::(\d\d))?(?::(\d\d))?( BC)?$/.exec(text);
  if (!parts) return text;
  const number = (n: number) => Number(parts[n] ?? 0);
  const year = parts[11] ? 1 - number(1) : number(1);
  const date = new Date(0);
  date.setUTCFullYear(year, number(2) - 1, number(3));
  date.setUTCHours(number(4), number(5), number(6), Math.floor(Number(`0.${parts[7] ?? 0}`) * 1000));
  const sign = parts[8]?.startsWith('-') ? -1 : 1;
  const zone = (Math.abs(number(8)) * 60 + number(9)) * 60 + number(10);
  return new Date(date.getTime() - sign * zone * 1000);
}

/** `\x00ff` */
function bytes(text: string): Uint8Array {
  const out = new Uint8Array((text.length - 2) / 2);
  for (let n = 0; n < out.length; n++) out[n] = Number.parseInt(text.slice(2 + 2 * n, 4 + 2 * n), 16);
  return out;
}

/** `{1,NULL,{"a \"b\""}}`, perhaps with bounds before it. */
function array(text: string, each: Parser): unknown[] {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const level = (): unknown[] => {
    const items: unknown[] = [];
    for (at++; text[at] !== '}'; ) {
      if (text[at] === '{') items.push(level());
      else items.push(item());
      if (text[at] === ',') at++;
    }
    at++;
    return items;
  };
  const item = (): unknown => {
    let value = '';
    if (text[at] !== '"') {
      while (text[at] !== ',' && text[at] !== '}') {
        if (text[at] === '\\') at++;
        value += text[at++];
      }
      return value === 'NULL' ? null : each(value);
    }
    for (at++; text[at] !== '"'; at++) {
      if (text[at] === '\\') at++;
      value += text[at];
    }
    at++;
    return each(value);
  };
  return level();
}

/** A value for a parameter, as text that the parameter's type reads. */
export function write(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (Array.isArray(value)) return `{${value.map(element).join(',')}}`;
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

function hex(bytes: Uint8Array): string {
  return `\\x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function element(value: unknown): string {
  if (Array.isArray(value)) return write(value)!;
  const text = write(value);
  return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
