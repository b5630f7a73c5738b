/**
 * Tab in the prompt, as in psql: a word is completed from its place in the statement.
 *
 * What can be named (tables, columns, functions, settings) is the engine's answer at this moment; keywords are those of
 * the SQL that the engine speaks.
 */
import type { NamesView } from '../engine/api.ts';
import { commands } from './meta.ts';

/** A way to go on: the word from `from` up to the caret becomes `text`; what else it could have become. */
export interface Completion { from: number; text: string; options: readonly string[] }

const beginnings = 'ABORT BEGIN CHECKPOINT COMMIT CREATE DELETE DROP END INSERT RESET ROLLBACK SELECT SET SHOW START TABLE UPDATE VACUUM VALUES';
const words = `ALL AND AS ASC AVG BETWEEN BY CASE CAST COMMITTED COUNT CROSS DESC DISTINCT ELSE END FALSE FROM GROUP HAVING ILIKE IN INNER INTO IS
ISOLATION JOIN LEFT LEVEL LIKE LIMIT MAX MIN NOT NULL OFFSET ON ONLY OR ORDER READ REPEATABLE RETURNING RIGHT SELECT SET SUM TABLE THEN
TRANSACTION TRUE UPDATE VALUES WHEN WHERE bigint boolean integer numeric text timestamptz`;
const list = (text: string) => [...new Set(text.split(/\s+/))];

/** Completes the word before the caret; `null` where there is nothing to go on with. */
export function complete(text: string, caret: number, names: NamesView, scripts: readonly string[]): Completion | null {
  const before = text.slice(0, caret);
  const word = /[\w$.\\?]*$/.exec(before)![0];
  const from = caret - word.length;
  const statement = before.slice(before.lastIndexOf(';', from - 1) + 1, from);
  const lower = word.toLowerCase();
  const fitting = candidates(statement, word, names, scripts).filter((x) => x.toLowerCase().startsWith(lower));
  const options = [...new Set(fitting.map((x) => cased(x, word)))].sort();
  if (options.length === 0) return null;
  const shared = common(options);
  if (options.length > 1 && shared.length <= word.length) return { from, text: word, options };
  return { from, text: options.length === 1 ? `${shared} ` : shared, options };
}

/** What may stand here. */
function candidates(statement: string, word: string, names: NamesView, scripts: readonly string[]): readonly string[] {
  const relations = names.relations.map((r) => r.name);
  const command = /^\s*\\(\w+)\s+$/.exec(statement)?.[1];
  if (command) return command.startsWith('d') ? relations : command === 'i' ? scripts : ['on', 'off'];
  if (word.startsWith('\\')) return commands;
  if (/^\s*$/.test(statement)) return list(beginnings);
  const previous = /(\w+)[\s(]*$/.exec(statement)?.[1]?.toUpperCase() ?? '';
  if (/^\s*(SET|SHOW|RESET)\s+$/i.test(statement)) return [...names.settings, 'TRANSACTION'];
  if (['FROM', 'JOIN'].includes(previous)) return [...relations, ...names.functions];
  if (['INTO', 'UPDATE', 'TABLE', 'VACUUM'].includes(previous)) return relations;
  return [...columnsOf(statement, names), ...list(words), ...relations, ...names.functions];
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
