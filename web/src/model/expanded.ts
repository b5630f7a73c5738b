/**
 * `\x`: a block for each row, a line for each column. The engine prints tables; laid out anew they need no asking again,
 * and the display stays what it is for psql: the client's own affair.
 */

/** A row: for each column its lines. */
type Row = string[][];

/** Lays every table of an answer out by rows. */
export function expand(text: string): string {
  const lines = text.split('\n');
  const out: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const rule = lines[i + 1];
    if (rule === undefined || !/^-+(\+-+)*$/.test(rule)) { out.push(lines[i]!); continue; }
    const end = lines.findIndex((line, n) => n > i + 1 && /^\(\d+ rows?\)$/.test(line));
    const widths = rule.split('+').map((dashes) => dashes.length - 2);
    const names = cells(lines[i]!, widths).map((cell) => cell.trim());
    const rows = rowsOf(lines.slice(i + 2, end), widths);
    out.push(...(rows.length ? blocks(names, rows) : ['(0 rows)']));
    i = end;
  }
  return out.join('\n');
}

/** The cells of a line, each with the space before it and the mark behind it. */
function cells(line: string, widths: readonly number[]): string[] {
  let at = 0;
  return widths.map((width) => {
    const cell = line.slice(at, at + width + 2);
    at += width + 3;
    return cell;
  });
}

/** A cell that ends in `+` goes on in the next line. */
function rowsOf(lines: readonly string[], widths: readonly number[]): Row[] {
  const rows: Row[] = [];
  let more = false;
  for (const line of lines) {
    const now = cells(line, widths);
    const texts = now.map((cell, n) => value(cell.slice(1, widths[n]! + 1)));
    if (more) texts.forEach((text, n) => { if (text) rows.at(-1)![n]!.push(text); });
    else rows.push(texts.map((text) => [text]));
    more = now.some((cell, n) => cell[widths[n]! + 1] === '+');
  }
  return rows;
}

/** Without what fills the column: at the left of numbers, at the right of everything else. */
function value(cell: string): string {
  return /^ *-?[\d.]+$/.test(cell) ? cell.trim() : cell.trimEnd();
}

function blocks(names: readonly string[], rows: readonly Row[]): string[] {
  const longest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => [...text].length));
  const [head, body] = [longest(names), longest(rows.flat(2))];
  const rule = (n: number) => {
    const label = `-[ RECORD ${n} ]`;
    const line = label.padEnd(head + 3 + body, '-');
    return head + 1 < label.length ? line : `${line.slice(0, head + 1)}+${line.slice(head + 2)}`;
  };
  const field = (name: string, lines: readonly string[]) => lines.map((line, n) => {
    const more = n + 1 < lines.length ? `${line.padEnd(body)}+` : line;
    return `${(n ? '' : name).padEnd(head)} | ${more}`;
  });
  return rows.flatMap((row, n) => [rule(n + 1), ...row.flatMap((lines, column) => field(names[column]!, lines))]);
}
