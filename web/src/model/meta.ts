/**
 * psql's backslash commands, as far as the page answers them itself. Those that ask the catalog become SQL that the
 * engine runs; the rest are settings and doings of the terminal.
 */
import { ending, type Shown } from './psql.ts';

/** What a terminal remembers between commands. */
export interface TerminalSettings { timing: boolean; expanded: boolean }

/** What a backslash command leads to. */
export type Meta =
  /** Text to show. */
  | { text: string; settings?: Partial<TerminalSettings>; failed?: boolean }
  /** A statement to run; without one, the last again. */
  | { sql: string | null; how: Shown; every?: number }
  /** A file of statements. */
  | { script: string }
  /** The end of the session. */
  | { quit: true };

const help = `General
  \\?                show help on backslash commands
  \\echo TEXT        write text
  \\conninfo         what this session is connected to
  \\q                end the session
Query
  \\g, \\gx           run the statement again; with x, a block for each row
  \\watch [SEC]      run the statement every SEC seconds, until Ctrl+C
  \\x [on|off]       a block for each row
  \\timing [on|off]  show the time of each statement: simulated time
Files
  \\i FILE           run a file; these are here: {scripts}
Information
  \\d [NAME]         describe a table, or list tables, views and sequences
  \\dt \\di \\ds \\dv   list tables, indexes, sequences, views
  \\dn               list schemas
Keys
  Enter runs a complete statement, Tab completes, Up and Down recall,
  Ctrl+C cancels, Ctrl+L clears, Esc leaves.`;

/** Relations of these kinds, outside of the catalogs: as psql asks for them. */
const list = (kinds: string) => `SELECT n.nspname AS "Schema", c.relname AS "Name",
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' END AS "Type",
  pg_get_userbyid(c.relowner) AS "Owner"${kinds.includes('i') ? ', t.relname AS "Table"' : ''}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace${kinds.includes('i') ? ' JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = i.indrelid' : ''}
WHERE c.relkind IN (${[...kinds].map((kind) => `'${kind}'`).join(', ')}) AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema'
  AND pg_table_is_visible(c.oid) ORDER BY 1, 2;`;

const listSchemas = `SELECT nspname AS "Name", pg_get_userbyid(nspowner) AS "Owner"
FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1;`;

/** What each listing command lists: kinds of relations. */
const LISTS: Readonly<Record<string, string>> = { d: 'rvS', dt: 'r', di: 'i', dv: 'v', ds: 'S' };

function describeTable(name: string): string {
  return `SELECT attname AS "Column", format_type(atttypid, atttypmod) AS "Type", '' AS "Collation",
  CASE WHEN attnotnull THEN 'not null' ELSE '' END AS "Nullable", '' AS "Default"
FROM pg_attribute, pg_class c
WHERE attrelid = c.oid AND relname = '${name.replace(/'/g, "''")}' AND attnum > 0 AND NOT attisdropped ORDER BY attnum;`;
}

function indexesOf(name: string): string {
  return `SELECT c.relname, i.indisprimary, i.indisunique, pg_get_indexdef(i.indexrelid), k.contype
FROM pg_class c, pg_class t, pg_index i LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'u'
WHERE c.oid = i.indexrelid AND t.oid = i.indrelid AND t.relname = '${name.replace(/'/g, "''")}' ORDER BY i.indisprimary DESC, c.relname;`;
}

/** The names of the commands, for completion. */
export const commands = ['\\?', '\\conninfo', '\\d', '\\di', '\\dn', '\\ds', '\\dt', '\\dv', '\\echo', '\\g', '\\gx', '\\i', '\\q', '\\timing', '\\watch', '\\x'];

/** Understands one backslash command, or a statement that ends in one; `null` for anything else. */
export function metaCommand(text: string, settings: TerminalSettings, where: string, scripts: readonly string[]): Meta | null {
  const end = ending.exec(text);
  if (end) return runAgain(text.trim(), end[1]!.trim(), end[2]!, end[3], settings);
  const [, name, argument = ''] = /^\s*\\(\S+)\s*([^;]*?)\s*;?\s*$/.exec(text) ?? [];
  if (name === undefined) return null;
  const as = text.trim();
  const shown = { as, timed: settings.timing, expanded: settings.expanded };
  switch (name) {
    case '?': return { text: help.replace('{scripts}', scripts.join(', ')) };
    case 'conninfo': return { text: where };
    case 'q': return { quit: true };
    case 'timing': return timing(settings, argument);
    case 'x': return expanded(settings, argument);
    case 'i': return script(argument, scripts);
    case 'dn': return { sql: listSchemas, how: { ...shown, title: 'List of schemas' } };
    case 'echo': return { text: argument };
    case 'd': case 'di': case 'ds': case 'dt': case 'dv':
      if (name === 'd' && argument) return described(argument.replace(/^public\./, ''), as);
      return { sql: list(LISTS[name]!), how: { ...shown, title: 'List of relations', none: 'Did not find any relations.' } };
    default: return { text: `invalid command \\${name}\nTry \\? for help.`, failed: true };
  }
}

function runAgain(as: string, sql: string, command: string, argument: string | undefined, settings: TerminalSettings): Meta {
  const statement = sql === '' ? null : `${sql.replace(/;\s*$/, '')};`;
  const how = { as, timed: settings.timing, expanded: settings.expanded || command === 'gx' };
  if (command !== 'watch') return { sql: statement, how };
  const every = Number(argument ?? 2);
  // psql takes what is no number as 2 seconds, and less than a thousandth as none.
  return { sql: statement, how, every: Number.isFinite(every) && every >= 0 ? every : 2 };
}

function described(name: string, as: string): Meta {
  const folded = name.startsWith('"') ? name.slice(1, -1) : name.toLowerCase();
  return { sql: `${describeTable(folded)}\n${indexesOf(folded)}`, how: { as, describes: true, title: `Table "public.${folded}"`, none: `Did not find any relation named "${name}".` } };
}

function script(name: string, scripts: readonly string[]): Meta {
  if (name === '') return { text: '\\i: missing required argument', failed: true };
  if (!scripts.includes(name)) return { text: `${name}: No such file or directory\nThese are here: ${scripts.join(', ')}`, failed: true };
  return { script: name };
}

function expanded(settings: TerminalSettings, argument: string): Meta {
  const on = toggled(settings.expanded, argument);
  return { text: `Expanded display is ${on ? 'on' : 'off'}.`, settings: { expanded: on } };
}

function timing(settings: TerminalSettings, argument: string): Meta {
  const on = toggled(settings.timing, argument);
  return { text: `Timing is ${on ? 'on' : 'off'}.`, settings: { timing: on } };
}

const toggled = (now: boolean, argument: string) => (argument === 'on' ? true : argument === 'off' ? false : !now);
