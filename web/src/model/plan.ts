/**
 * A plan out of what EXPLAIN printed: the tree, each node's estimate beside what it really did, and its buffers.
 *
 *     Sort  (cost=147.91..147.94 rows=10 width=12) (actual time=4.1..4.1 rows=3 loops=1)      a node: what stands first, or
 *       Sort Key: (count(*)) DESC                                                             behind an arrow
 *       Buffers: shared hit=32                                                                its properties, deeper
 *       ->  HashAggregate  (cost=...) ...                                                     its children
 *
 * The text is the terminal's own: what a session was told is what is drawn. Its form is that of PostgreSQL's
 * `explain.c`, FORMAT TEXT.
 */
import type { Exchange } from './psql.ts';

/** Pages that a node and all below it have touched, by what happened to them. */
export interface PageCounts { hit: number; read: number; dirtied: number; written: number; temp_read: number; temp_written: number }

/** A node of a plan. */
export interface PlanNode {
  /** `Seq Scan on accounts`. */
  title: string;
  /** `InitPlan 1 (returns $0)`, `SubPlan 2`, `CTE c`: for whom it works, if not for the node above. */
  label: string | null;
  estimate: { startup: number; total: number; rows: number; width: number } | null;
  /** Each of so many loops; null if it was not measured. */
  actual: { startup: number | null; total: number | null; rows: number; loops: number } | null;
  neverExecuted: boolean;
  properties: [name: string, value: string][];
  buffers: PageCounts | null;
  children: PlanNode[];
}

/** A plan with what is said below it. */
export interface Plan { root: PlanNode; below: [name: string, value: string][] }

const NODE = /^(\s*)(?:->\s+)?(\S.*?)(?:\s\s\(cost=([\d.]+)\.\.([\d.]+) rows=(\d+) width=(\d+)\))?(?:\s\((?:actual (?:time=([\d.]+)\.\.([\d.]+) )?rows=([\d.]+) loops=(\d+)|(never executed))\))?$/;

/** The lines below the heading of an answer that is a plan; null for any other. */
export function planLines(text: string): string[] | null {
  const [heading = '', rule = '', ...lines] = text.split('\n');
  if (heading.trim() !== 'QUERY PLAN' || !/^-+$/.test(rule)) return null;
  const end = lines.findIndex((line) => /^\(\d+ rows?\)$/.test(line));
  return lines.slice(0, end < 0 ? undefined : end).map((line) => line.slice(1).trimEnd());
}

/** The tree of these lines; null if they are none: EXPLAIN in another format. */
export function parsePlan(lines: readonly string[]): Plan | null {
  const [first = '', ...rest] = lines;
  if (!/^[A-Z]/.test(first)) return null;
  const root = node(first, null);
  const plan: Plan = { root, below: [] };
  // The way from the root to the last node, each with how far its name is indented.
  const way = [{ indent: -1, node: root }];
  let label: { indent: number; text: string } | null = null;
  for (const line of rest) {
    const indent = line.search(/\S/);
    const text = line.trim();
    const [, name = text, value = ''] = /^([^:]+):\s*(.*)$/.exec(text) ?? [];
    if (indent === 0 || (plan.below.length > 0 && !text.startsWith('->'))) plan.below.push([name, value]);
    else if (text.startsWith('->')) {
      while (way.at(-1)!.indent >= indent) way.pop();
      const child = node(line, label && label.indent < indent ? label.text : null);
      way.at(-1)!.node.children.push(child);
      way.push({ indent, node: child });
      label = null;
    } else if (/^(InitPlan|SubPlan|CTE) /.test(text)) {
      while (way.at(-1)!.indent >= indent) way.pop();
      label = { indent, text };
    } else {
      const { node: of } = way.findLast((step) => step.indent < indent)!;
      of.properties.push([name, value]);
      if (name === 'Buffers') of.buffers = pageCounts(value);
    }
  }
  return plan;
}

function node(line: string, label: string | null): PlanNode {
  const [, , title = line.trim(), startup, total, rows, width, from, to, gave, loops, never] = NODE.exec(line) ?? [];
  const number = (text: string | undefined) => (text === undefined ? null : Number(text));
  return {
    title, label,
    estimate: total === undefined ? null : { startup: Number(startup), total: Number(total), rows: Number(rows), width: Number(width) },
    actual: loops === undefined ? null : { startup: number(from), total: number(to), rows: Number(gave), loops: Number(loops) },
    neverExecuted: never !== undefined, properties: [], buffers: null, children: [],
  };
}

/** `shared hit=3 read=1, temp read=2 written=2`; what is local counts with what is shared. */
function pageCounts(text: string): PageCounts {
  const counts: PageCounts = { hit: 0, read: 0, dirtied: 0, written: 0, temp_read: 0, temp_written: 0 };
  for (const part of text.split(', ')) {
    const [kind = '', ...said] = part.split(' ');
    for (const one of said) {
      const [what = '', n = '0'] = one.split('=');
      const key = (kind === 'temp' ? `temp_${what}` : what) as keyof PageCounts;
      if (key in counts) counts[key] += Number(n);
    }
  }
  return counts;
}

/** What a node itself has touched: EXPLAIN counts in each node what is below it too. */
export function ownPages(of: PlanNode): PageCounts | null {
  if (!of.buffers) return null;
  const own = { ...of.buffers };
  for (const child of of.children) for (const key of Object.keys(own) as (keyof PageCounts)[]) own[key] = Math.max(0, own[key] - (child.buffers?.[key] ?? 0));
  return own;
}

/** All nodes from the root on, each with its depth. */
export function nodesOf(root: PlanNode, depth = 0): { node: PlanNode; depth: number }[] {
  return [{ node: root, depth }, ...root.children.flatMap((child) => nodesOf(child, depth + 1))];
}

/** By how much the planner was wrong about a node's rows, all loops averaged as EXPLAIN does: 1 is right, 10 and 0.1 are ten times off. */
export function offBy({ estimate, actual }: PlanNode): number | null {
  return estimate && actual ? Math.max(1, actual.rows) / Math.max(1, estimate.rows) : null;
}

/** What there is to show of plans at a moment: the newest one that was printed, and a query that could be explained. */
export interface Plans { shown: { letter: string; sql: string; lines: string[] } | null; ask: { letter: string; sql: string } | null }

/** Finds them in what lies behind the cursor, of all sessions. */
export function plansOf(heard: readonly Exchange[]): Plans {
  let shown: Plans['shown'] = null;
  let ask: Plans['ask'] = null;
  for (const { letter, sql, answer, as } of [...heard].reverse()) {
    const lines = answer && !answer.failed ? planLines(answer.text) : null;
    if (lines) shown ??= { letter, sql, lines };
    else if (answer && !answer.failed && as === undefined && /^\s*(SELECT|WITH|VALUES|TABLE)\b/i.test(sql)) ask ??= { letter, sql };
    if (shown && ask) break;
  }
  return { shown, ask };
}
