/**
 * psql's backslash commands, as far as the page answers them itself. Those that ask the catalog become SQL that the
 * engine runs; the rest are settings of the terminal.
 */

/** What a terminal remembers between commands. */
export interface TerminalSettings { timing: boolean }

/** What a backslash command leads to: text to show, or a statement to run. */
export type Meta = { text: string; settings?: Partial<TerminalSettings>; failed?: boolean } | { sql: string };

const help = `General
  \\?              show help on backslash commands
  \\conninfo       what this session is connected to
Query
  \\timing         show the time of each statement: simulated time
Information
  \\d [NAME]       describe a table, or list them
  \\dt             list tables
Keys
  Enter runs a complete statement, Up and Down recall, Ctrl+C cancels, Ctrl+L clears, Esc leaves.`;

/** The tables of the user, in the columns that \dt has first. */
const listTables = `SELECT relname AS "Name", relkind AS "Type" FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200 ORDER BY relname;`;

function describeTable(name: string): string {
  const quoted = name.replace(/'/g, "''").toLowerCase();
  return `SELECT attname AS "Column", atttypid::regtype AS "Type" FROM pg_attribute WHERE attrelid = '${quoted}'::regclass AND attnum > 0 ORDER BY attnum;`;
}

/** Understands one backslash command; `null` for anything else. */
export function metaCommand(text: string, settings: TerminalSettings, where: string): Meta | null {
  const [, name, argument = ''] = /^\s*\\(\S+)\s*([^;]*?)\s*;?\s*$/.exec(text) ?? [];
  if (name === undefined) return null;
  switch (name) {
    case '?': return { text: help };
    case 'conninfo': return { text: where };
    case 'timing': return timing(settings, argument);
    case 'dt': return { sql: listTables };
    case 'd': return { sql: argument ? describeTable(argument) : listTables };
    default: return { text: `invalid command \\${name}\nTry \\? for help.`, failed: true };
  }
}

function timing(settings: TerminalSettings, argument: string): Meta {
  const on = argument === 'on' ? true : argument === 'off' ? false : !settings.timing;
  return { text: `Timing is ${on ? 'on' : 'off'}.`, settings: { timing: on } };
}
