/**
 * psql's manners: when a statement is complete, what the prompt says, and which lines a terminal shows.
 */
import { isPast, type Cursor } from './cursor.ts';
import { expand } from './expanded.ts';

/** Where text stands after being read so far: inside what, if anything. */
interface Lexer { at: 'code' | 'quote' | 'name' | 'dollar' | 'comment' | 'line'; tag: string; parens: number }

/**
 * Splits typed text into statements that are complete (each with its semicolon) and the rest that is not.
 * Semicolons in quotes, comments, dollar quotes and parentheses do not count, as in psql.
 */
export function splitStatements(text: string): { complete: string[]; rest: string } {
  const complete: string[] = [];
  const lexer: Lexer = { at: 'code', tag: '', parens: 0 };
  let from = 0;
  for (let i = 0; i < text.length; ) {
    if (lexer.at === 'code' && text[i] === ';' && lexer.parens <= 0) {
      complete.push(text.slice(from, i + 1).trim());
      from = i + 1;
      lexer.parens = 0;
    }
    i += advance(lexer, text, i);
  }
  return { complete, rest: text.slice(from).trim() };
}

/** The commands that end a statement, in place of its semicolon. */
export const ending = /^([^\\]*)\\(gx?|watch)(?:\s+([^\s;]+))?\s*;?\s*$/;

/** Whether the text is a backslash command, or ends in one: then it is complete. */
export function isMeta(text: string): boolean {
  return text.trimStart().startsWith('\\') || ending.test(text);
}

const closers = { quote: "'", name: '"', line: '\n', comment: '*/' } as const;

/** Reads one token's worth; returns how many characters it was. */
function advance(lexer: Lexer, text: string, i: number): number {
  if (lexer.at === 'dollar') return close(lexer, text, i, lexer.tag);
  if (lexer.at !== 'code') return close(lexer, text, i, closers[lexer.at]);
  const c = text[i]!;
  if (c === "'") lexer.at = 'quote';
  else if (c === '"') lexer.at = 'name';
  else if (c === '(') lexer.parens++;
  else if (c === ')') lexer.parens--;
  else if (text.startsWith('--', i)) lexer.at = 'line';
  else if (text.startsWith('/*', i)) { lexer.at = 'comment'; return 2; }
  else if (c === '$') {
    const tag = /^\$(?:[A-Za-z_]\w*)?\$/.exec(text.slice(i))?.[0];
    if (tag) { lexer.at = 'dollar'; lexer.tag = tag; return tag.length; }
  }
  return 1;
}

function close(lexer: Lexer, text: string, i: number, closer: string): number {
  if (!text.startsWith(closer, i)) return 1;
  lexer.at = 'code';
  return closer.length;
}

/** What the session is in, as ReadyForQuery says it: idle, in a transaction, in a failed one. */
export type Tx = 'I' | 'T' | 'E';

/** psql's default prompt, `%/%R%x%# `: the first line with `=`, further ones with `-`. */
export function prompt(database: string, tx: string, superuser: boolean, continued: boolean): string {
  const mark = tx === 'T' ? '*' : tx === 'E' ? '!' : '';
  return `${database}${continued ? '-' : '='}${mark}${superuser ? '#' : '>'}`;
}

/** One line of a terminal. */
export interface Line { prompt?: string; text: string; error?: boolean; strong?: boolean }

/** What came back, in which step and when. */
export interface Answered { step: number; time: number; text: string; failed: boolean }

/** How an exchange is shown: what the client alone knows of it. */
export interface Shown {
  /** Typed by the scene before its opening: shown nowhere. */
  hidden?: boolean;
  /** \timing was on: the time that it took is said. */
  timed?: boolean;
  /** \x was on: rows are laid out as blocks. */
  expanded?: boolean;
  /** What was typed where it was not the statement: a backslash command; empty where nothing was. */
  as?: string;
  /** A heading over the table, and what is said instead of an empty one. */
  title?: string;
  none?: string;
  /** The answer describes a table: its columns, then its indexes and constraints. */
  describes?: boolean;
  /** A line of its own before the answer: \watch says when. */
  head?: string;
}

/** One exchange: what was typed at which step, and, once it is there, what came back. */
export interface Exchange extends Shown {
  letter: string;
  /** The step at which it was typed, and the virtual time then. */
  step: number;
  time: number;
  prompts: [first: string, next: string];
  sql: string;
  answer: Answered | null;
  /** A command of the terminal itself: the engine never heard of it. */
  aside?: boolean;
}

/** The exchanges of a session that lie behind the cursor, each without its answer if that is still to come. */
export function heard(history: readonly Exchange[], letter: string, cursor: Cursor): Exchange[] {
  return history
    .filter((x) => x.letter === letter && !x.hidden && (x.aside ? x.step <= cursor.step : isPast(x.step, cursor)))
    .map((x) => (x.aside || !x.answer || isPast(x.answer.step, cursor) ? x : { ...x, answer: null }));
}

/** The terminal of one session: a function of the history and the cursor. */
export function terminal(history: readonly Exchange[], letter: string, cursor: Cursor): Line[] {
  return heard(history, letter, cursor).flatMap((x) => [
    ...(x.as === '' ? [] : (x.as ?? x.sql).split('\n').map((text, i) => ({ prompt: x.prompts[i === 0 ? 0 : 1], text }))),
    ...(x.head ? [{ text: x.head }, { text: '' }] : []),
    ...(x.answer ? answerLines(laidOut(x, x.answer)) : []),
    ...(x.answer && x.timed ? [{ text: `Time: ${((x.answer.time - x.time) / 1000).toFixed(3)} ms` }] : []),
  ]);
}

/** An answer as this terminal lays it out. */
function laidOut(x: Shown, answer: Answered): Answered {
  let { text } = answer;
  if (answer.failed) return answer;
  if (x.describes) text = describedTable(text);
  if (x.none && (text === '' || text.includes('\n(0 rows)\n'))) return { ...answer, text: x.none };
  if (x.title) {
    const width = text.indexOf('\n');
    text = `${x.title.padStart(Math.floor((width + x.title.length) / 2))}\n${text}`;
  }
  return { ...answer, text: x.expanded ? expand(text) : text };
}

/** Two tables as the one that `\\d` shows: columns without their number, and what belongs to them below, part by part. Empty for no columns. */
function describedTable(text: string): string {
  const [columns = '', below = ''] = text.split(/\(\d+ rows?\)\n+/);
  if (columns.split('\n').length < 4) return '';
  const parts = new Map<string, string[]>();
  for (const row of below.split('\n').slice(2)) {
    const [part = '', line] = row.split(/\s+\| /);
    if (line !== undefined) parts.set(part.trim(), [...(parts.get(part.trim()) ?? []), `    ${line.trimEnd()}`]);
  }
  return columns + [...parts].map(([part, lines]) => `${part}:\n${lines.join('\n')}\n`).join('');
}

/** The lines of an answer; a value that stands alone in its column is what the eye looks for. */
export function answerLines(answer: { text: string; failed: boolean }): Line[] {
  const lines = answer.text.replace(/\n+$/, '').split('\n');
  if (lines.length === 1 && lines[0] === '') return [];
  const single = lines.length >= 4 && /^-+$/.test(lines[1]!) && /^\(1 row\)$/.test(lines[3]!);
  return lines.map((text, i) => ({ text, error: answer.failed && /^(ERROR|FATAL|PANIC):/.test(text), strong: single && i === 2 }));
}

/** What an answer says in a word: the first value of its first row, or its tag. */
export function valueOf(text: string): string {
  const lines = text.trim().split('\n');
  const rule = lines.findIndex((line) => /^-[-+]*$/.test(line.trim()));
  return rule < 0 ? lines.at(-1)! : (lines[rule + 1] ?? '').split('|')[0]!.trim();
}

/** The short form for a narrow card: the last answer, at most three lines. */
export function lastAnswer(history: readonly Exchange[], letter: string, cursor: Cursor): Line[] {
  const last = heard(history, letter, cursor).findLast((x) => x.answer);
  return last ? answerLines(laidOut(last, last.answer!)).slice(0, 3) : [];
}
