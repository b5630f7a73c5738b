/**
 * Tab in the prompt, as in psql: a word is completed from its place in the statement.
 *
 * What can be named (tables, columns, functions, settings) is the engine's answer at this moment; keywords are those of
 * the SQL that the engine speaks.
 */
import type { NamesView } from '../engine/api.ts';
import { scripts } from '../scripts/index.ts';
import { commands } from './meta.ts';

/** A way to go on: the word from `from` up to the caret becomes `text`; what else it could have become. */
export interface Completion { from: number; text: string; options: readonly string[] }

/** How statements begin. */
export const beginnings = `ABORT ALTER ANALYZE BEGIN CHECKPOINT COMMIT CREATE DELETE DISCARD DROP END INSERT LOCK REINDEX RELEASE RESET ROLLBACK SAVEPOINT
SELECT SET SHOW START TABLE TRUNCATE UPDATE VACUUM VALUES WITH`.split(/\s+/);
const words = `ACCESS ADD ALL ALTER ANALYZE AND ANY ARRAY AS ASC AVG BETWEEN BY CASCADE CASE CAST CHECK COALESCE COLUMN COMMITTED CONFLICT CONSTRAINT COUNT CROSS
CURRENT_DATE CURRENT_TIMESTAMP DEFAULT DESC DISTINCT DO DROP ELSE END EXCEPT EXCLUSIVE EXISTS EXTRACT FALSE FILTER FOR FOREIGN FREEZE FROM FULL GROUP
HAVING IF ILIKE IN INDEX INNER INTERSECT INTERVAL INTO IS ISOLATION JOIN KEY LATERAL LEFT LEVEL LIKE LIMIT LOCAL LOCKED MAX MIN MODE NOT NOTHING NOWAIT NULL
NULLIF OFFSET ON ONLY OR ORDER OVER PARTITION PRIMARY READ RECURSIVE REFERENCES RENAME REPEATABLE RETURNING RIGHT ROW SAVEPOINT SELECT SEQUENCE SET SHARE
SKIP SUM SYSTEM TABLE TEMPORARY THEN TO TRANSACTION TRUE UNION UNIQUE UPDATE USING VALUES VERBOSE WHEN WHERE WINDOW bigint boolean bytea date integer
interval jsonb numeric serial smallint text timestamp timestamptz uuid varchar`.split(/\s+/);

/** Completes the word before the caret; `null` where there is nothing to go on with. */
export function complete(text: string, caret: number, names: NamesView): Completion | null {
  const before = text.slice(0, caret);
  const word = /[\w$.\\?]*$/.exec(before)![0];
  const from = caret - word.length;
  const statement = before.slice(before.lastIndexOf(';', from - 1) + 1, from);
  const lower = word.toLowerCase();
  const fitting = candidates(statement, word, names).filter((x) => x.toLowerCase().startsWith(lower));
  const options = [...new Set(fitting.map((x) => cased(x, word)))].sort();
  if (options.length === 0) return null;
  const shared = common(options);
  if (options.length > 1 && shared.length <= word.length) return { from, text: word, options };
  return { from, text: options.length === 1 ? `${shared} ` : shared, options };
}

/** What may stand here. */
function candidates(statement: string, word: string, names: NamesView): readonly string[] {
  const relations = names.relations.map((r) => r.name);
  const command = /^\s*\\(\w+)\s+$/.exec(statement)?.[1];
  if (command) return command.startsWith('d') ? relations : command === 'i' ? Object.keys(scripts) : ['on', 'off'];
  if (word.startsWith('\\')) return commands;
  if (/^\s*$/.test(statement)) return beginnings;
  const previous = /(\w+)[\s(]*$/.exec(statement)?.[1]?.toUpperCase() ?? '';
  if (/^\s*(SET|SHOW|RESET)\s+$/i.test(statement)) return [...names.settings, 'TRANSACTION'];
  if (['FROM', 'JOIN'].includes(previous)) return [...relations, ...names.functions];
  if (['ANALYZE', 'INTO', 'LOCK', 'REFERENCES', 'TABLE', 'TRUNCATE', 'UPDATE', 'VACUUM'].includes(previous)) return relations;
  return [...columnsOf(statement, names), ...words, ...relations, ...names.functions];
}

/** The columns of the tables that the statement has named; of all of the user's when it has named none. */
function columnsOf(statement: string, names: NamesView): string[] {
  const said = new Set(statement.toLowerCase().match(/\w+/g));
  const named = names.relations.filter((r) => said.has(r.name));
  const meant = named.length ? named : names.relations.filter((r) => !r.name.startsWith('pg_'));
  return meant.flatMap((r) => r.columns);
}

/** Keywords are completed in the case that was begun in. */
function cased(option: string, word: string): string {
  return option === option.toUpperCase() && /^[a-z]/.test(word) ? option.toLowerCase() : option;
}

function common(options: readonly string[]): string {
  const [first = ''] = options;
  let length = first.length;
  for (const option of options) while (option.slice(0, length) !== first.slice(0, length)) length--;
  return first.slice(0, length);
}
