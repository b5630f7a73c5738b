/**
 * The text of a scene as lines in blocks, before anything is made of them.
 *
 *     title: First light              a head line: no indentation
 *     beat insert after query:        begins a block
 *       when WalInsert by A           a line of the block
 *       say A long sentence goes on
 *         in a line that is indented  ... and this one continues it
 *         more.
 *
 * `#` begins a comment line. A line that goes on keeps its breaks in SQL, and is one sentence in prose.
 */

/** Something is wrong in a scene's file. */
export class SceneError extends Error {
  constructor(readonly line: number, readonly what: string, readonly file: string) {
    super(`${file}, line ${line}: ${what}`);
    this.name = 'SceneError';
  }
}

/** A line with what continues it. */
export interface Line { line: number; text: string }

/** A head line, and the lines of its block. */
export interface Block { line: number; head: string; lines: Line[] }

/** Splits a scene's text into its blocks. */
export function blocks(text: string, file: string): Block[] {
  const found: Block[] = [];
  let indent = 0;
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = i + 1;
    const content = raw.trimEnd();
    if (/\t/.test(/^\s*/.exec(content)![0])) throw new SceneError(line, 'indent with spaces, not with tabs', file);
    if (content.trim() === '' || content.trimStart().startsWith('#')) continue;
    const depth = content.length - content.trimStart().length;
    const block = found.at(-1);
    if (depth === 0) found.push({ line, head: content, lines: [] });
    else if (!block) throw new SceneError(line, 'a block must begin with a line that is not indented', file);
    else if (block.lines.length === 0 || depth <= indent) {
      if (block.lines.length > 0 && depth < indent) throw new SceneError(line, `indented less than the lines before it (${depth} spaces, they have ${indent})`, file);
      indent = depth;
      block.lines.push({ line, text: content.trim() });
    } else {
      block.lines.at(-1)!.text += `\n${content.slice(Math.min(depth, indent + 3))}`;
    }
  }
  return found;
}

/** One sentence of several lines. */
export const prose = (text: string) => text.replace(/\s*\n\s*/g, ' ').trim();
