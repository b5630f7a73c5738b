/**
 * Query results as psql prints them: aligned (numbers to the right, the heading centred), or expanded with `\x`.
 * Widths count characters as a terminal shows them, so that Hangul and other wide letters take two columns.
 */

/** A result: what RowDescription and DataRow carry. */
export interface ResultTable { columns: { name: string; numeric: boolean }[]; rows: (string | null)[][] }

/** How many columns of a terminal a text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const c of text) width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(c) ? 2 : 1;
  return width;
}

const left = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - displayWidth(text)));
const right = (text: string, width: number) => ' '.repeat(Math.max(0, width - displayWidth(text))) + text;

function centre(text: string, width: number): string {
  const free = Math.max(0, width - displayWidth(text));
  return ' '.repeat(Math.floor(free / 2)) + text + ' '.repeat(Math.ceil(free / 2));
}

function rowCount(n: number): string {
  return n === 1 ? '(1 row)' : `(${n} rows)`;
}

/** The aligned form. A value with line breaks goes on in the next line, marked by `+` as psql does. */
export function aligned(table: ResultTable): string {
  if (table.columns.length === 0) return `--\n${rowCount(table.rows.length)}`;
  const cells = table.rows.map((row) => row.map((v) => (v ?? '').split('\n')));
  const widths = table.columns.map((c, i) => Math.max(displayWidth(c.name), ...cells.flatMap((row) => row[i]!.map(displayWidth))));
  const heading = ` ${table.columns.map((c, i) => centre(c.name, widths[i]!)).join(' | ')} `;
  const rule = widths.map((w) => '-'.repeat(w + 2)).join('+');
  const lines = cells.flatMap((row) => rowLines(row, table, widths));
  return [heading, rule, ...lines, rowCount(table.rows.length)].join('\n');
}

function rowLines(row: string[][], table: ResultTable, widths: number[]): string[] {
  const height = Math.max(1, ...row.map((v) => v.length));
  const last = table.columns.length - 1;
  return Array.from({ length: height }, (_, line) => {
    const parts = row.map((value, i) => {
      const text = value[line] ?? '';
      const more = line < value.length - 1;
      if (i === last && line >= value.length) return ' ';
      const cell = table.columns[i]!.numeric ? right(text, widths[i]!) : i === last && !more ? text : left(text, widths[i]!);
      return ` ${cell}${more ? '+' : i === last ? '' : ' '}`;
    });
    return parts.join('|');
  });
}

/** The expanded form of `\x`. */
export function expanded(table: ResultTable): string {
  if (table.rows.length === 0) return '(0 rows)';
  const names = Math.max(...table.columns.map((c) => displayWidth(c.name)));
  const values = Math.max(...table.rows.flatMap((row) => row.map((v) => displayWidth(v ?? ''))));
  return table.rows.map((row, n) => {
    const head = `-[ RECORD ${n + 1} ]`;
    const total = names + values + 3;
    const rule = head.length > names ? head.padEnd(total, '-') : `${head.padEnd(names + 1, '-')}+${'-'.repeat(values + 1)}`;
    return [rule, ...row.map((v, i) => `${left(table.columns[i]!.name, names)} | ${v ?? ''}`)].join('\n');
  }).join('\n');
}

/** An error as psql shows it, with the line and a caret under the place that the server points at. */
export function errorText(e: { severity: string; message: string; detail?: string | null; hint?: string | null; position?: number | null }, sql: string): string {
  const lines = [`${e.severity}:  ${e.message}`];
  if (e.position) lines.push(...pointAt(sql, e.position));
  if (e.detail) lines.push(`DETAIL:  ${e.detail}`);
  if (e.hint) lines.push(`HINT:  ${e.hint}`);
  return lines.join('\n');
}

/** `LINE 1: SELECT x` and the caret below, by the position in characters from 1. */
function pointAt(sql: string, position: number): string[] {
  const before = [...sql].slice(0, position - 1).join('');
  const number = before.split('\n').length;
  const line = sql.split('\n')[number - 1] ?? '';
  const head = `LINE ${number}: `;
  const column = displayWidth(before.slice(before.lastIndexOf('\n') + 1));
  return [head + line, `${' '.repeat(head.length + column)}^`];
}
