/**
 * The plan that EXPLAIN printed last: its tree, and beside each node the rows that were expected over those that came, and
 * the pages that it touched itself. Bars of rows grow with the logarithm: what matters is how many times the planner was
 * off.
 */
import { css, html, nothing, type TemplateResult } from 'lit';
import { t } from '../../base/messages.ts';
import { nodesOf, offBy, ownPages, parsePlan, type PageCounts, type Plan, type PlanNode, type Plans } from '../../model/plan.ts';
import type { TableTwin } from '../../model/tables.ts';
import { BigPanel, bigStyles, chip } from './big-panel.ts';

/** An estimate that is off by more than this is said in words. */
const FAR_OFF = 3;

/** `<vt-p-plan>` */
export class PlanPanel extends BigPanel {
  protected readonly heading = 'p.plan';
  protected readonly hint = 'p.plan.hint';
  protected override readonly ofHost = false;

  static override styles = [...BigPanel.styles, bigStyles, css`
    .of { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: baseline; padding-bottom: 10px; }
    .of code { font: 12px/18px var(--vt-mono, ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace); white-space: pre-wrap; overflow-wrap: anywhere; }
    table.plan { width: 100%; table-layout: fixed; }
    .plan td, .plan th { white-space: normal; padding: 4px 12px 4px 0; vertical-align: top; }
    .plan td { border-top: 1px solid var(--vt-line); }
    .plan .node { width: 48%; }
    .step { border-left: 1px solid var(--vt-edge); padding-left: 9px; margin-left: calc(var(--depth) * 14px + 2px); }
    .step b { font-size: 13px; }
    .step .m { display: block; color: var(--vt-soft); overflow-wrap: anywhere; font-size: 11px; line-height: 16px; }
    .never { color: var(--vt-soft); }
    .rows { display: grid; grid-template-columns: minmax(40px, 1fr) 8ch; gap: 2px 8px; align-items: center; }
    .rows .m { text-align: right; font-size: 12px; }
    .rows i { height: 9px; min-width: 2px; border: 1px solid var(--vt-edge); border-radius: 1px; }
    .rows i.actual { background: var(--vt-ink); border-color: var(--vt-ink); }
    .rows i.none { border-style: dotted; width: 2px; }
    .legend i { display: inline-block; width: 14px; height: 9px; border: 1px solid var(--vt-edge); vertical-align: -1px; margin: 0 3px 0 8px; }
    .legend i.actual, .pages i.read { background: var(--vt-ink); border-color: var(--vt-ink); }
    .legend i.hit, .pages i.hit { background: var(--vt-edge); }
    .off { font-size: 11px; line-height: 14px; grid-column: 1 / -1; }
    .pages .bar { display: flex; height: 9px; gap: 1px; margin-bottom: 2px; }
    .pages .bar i { min-width: 2px; }
    @container (max-width: 767px) {
      .plan, .plan tbody, .plan tr, .plan td { display: block; width: auto; }
      .plan thead { display: none; }
      .plan td { border-top: 0; padding: 2px 0 2px calc(var(--depth) * 14px + 14px); }
      .plan td.node { border-top: 1px solid var(--vt-line); padding: 6px 0 2px; width: auto; }
    }
  `];

  protected override controls() {
    const { ask } = this.#plans;
    if (!ask || this.state.readonly) return nothing;
    const sql = `EXPLAIN (ANALYZE, BUFFERS) ${ask.sql.trim()}`;
    return html`<div class="controls"><button @click=${() => this.go({ act: 'submit', letter: ask.letter, text: sql })}>${ask.letter}: <span class="m">${short(sql)}</span></button></div>`;
  }

  get #plans(): Plans {
    return this.state.plans();
  }

  protected drawing() {
    const { shown } = this.#plans;
    if (!shown) return html`<p class="empty">${t('p.plan.none')}</p>`;
    const plan = parsePlan(shown.lines);
    return html`<div class="of">${chip(shown.letter)} <code>${shown.sql.trim()}</code></div>
      ${plan ? this.#tree(plan) : html`<p class="empty">${t('p.plan.format')}</p><pre class="m">${shown.lines.join('\n')}</pre>`}`;
  }

  #tree({ root, below }: Plan) {
    const all = nodesOf(root);
    const most = Math.max(2, ...all.flatMap(({ node }) => [node.estimate?.rows ?? 0, node.actual?.rows ?? 0]));
    const pages = Math.max(1, ...all.map(({ node }) => { const own = ownPages(node); return own ? own.hit + own.read : 0; }));
    return html`<p class="tiny legend"><i></i>${t('p.plan.estimated')} <i class="actual"></i>${t('p.plan.actual')} · ${t('p.plan.pages')}: <i class="hit"></i>hit <i class="actual"></i>read</p>
      <table class="plan"><caption class="sr">${t('p.plan')}</caption>
        <thead><tr><th scope="col" class="node">${t('p.plan.node')}</th><th scope="col">${t('p.plan.rows')}</th><th scope="col">${t('p.plan.pages.own')}</th></tr></thead>
        <tbody>${all.map(({ node, depth }) => html`<tr style="--depth:${depth}"><td class="node">${step(node)}</td><td>${rows(node, most)}</td><td class="pages">${touched(ownPages(node), pages)}</td></tr>`)}</tbody></table>
      ${below.length ? html`<dl class="facts m" style="margin-top:10px">${below.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>` : nothing}`;
  }

  protected twins(): TableTwin[] {
    const { shown } = this.#plans;
    const plan = shown && parsePlan(shown.lines);
    const number = (n: number | null | undefined) => (n === null || n === undefined ? '' : String(n));
    return [
      { name: t('p.plan'), columns: ['depth', 'node', 'startup_cost', 'total_cost', 'plan_rows', 'actual_rows', 'loops', 'actual_total_time', 'own_hit', 'own_read', 'properties'],
        rows: plan ? nodesOf(plan.root).map(({ node, depth }) => {
          const own = ownPages(node);
          return [String(depth), node.label ? `${node.label}: ${node.title}` : node.title, number(node.estimate?.startup), number(node.estimate?.total), number(node.estimate?.rows),
            node.neverExecuted ? t('p.plan.never') : number(node.actual?.rows), number(node.actual?.loops), number(node.actual?.total), number(own?.hit), number(own?.read),
            node.properties.map((p) => p.join(': ')).join('; ')];
        }) : [] },
      { name: 'QUERY PLAN', columns: ['QUERY PLAN'], rows: (shown?.lines ?? []).map((line) => [line]) },
    ];
  }
}

const short = (sql: string) => (sql.length > 60 ? `${sql.slice(0, 58).replace(/\s+/g, ' ')} …` : sql.replace(/\s+/g, ' '));

/** The node in words: for whom it works, what it is, what it costs, and what else EXPLAIN says of it. */
function step(node: PlanNode): TemplateResult {
  const { estimate, actual } = node;
  return html`<div class="step ${node.neverExecuted ? 'never' : ''}">${node.label ? html`<span class="m">${node.label}</span>` : nothing}<b>${node.title}</b>
    ${estimate ? html`<span class="m">cost ${estimate.startup.toFixed(2)}..${estimate.total.toFixed(2)} width ${estimate.width}${typeof actual?.total === 'number' ? html` · actual time ${actual.startup?.toFixed(3)}..${actual.total.toFixed(3)}${actual.loops > 1 ? html` loops ${actual.loops}` : nothing}` : nothing}</span>` : nothing}
    ${node.properties.filter(([name]) => name !== 'Buffers').map(([name, value]) => html`<span class="m">${name}: ${value}</span>`)}</div>`;
}

/** Rows expected over rows that came; how far off, where that is far. */
function rows(node: PlanNode, most: number): TemplateResult {
  const width = (n: number) => `${(Math.log(1 + n) / Math.log(1 + most)) * 100}%`;
  const bar = (kind: string, n: number) => html`<i class="${kind} ${n === 0 ? 'none' : ''}" style="width:${width(n)}"></i><span class="m">${n}</span>`;
  const off = offBy(node);
  const times = off === null ? 1 : Math.max(off, 1 / off);
  return html`<div class="rows">${node.estimate ? bar('estimated', node.estimate.rows) : nothing}
    ${node.actual ? bar('actual', node.actual.rows) : node.neverExecuted ? html`<span class="off">${t('p.plan.never')}</span>` : nothing}
    ${off !== null && times > FAR_OFF ? html`<span class="off">${t(off > 1 ? 'p.plan.more' : 'p.plan.fewer', { times: Math.round(times) })}</span>` : nothing}</div>`;
}

/** The pages of the node itself: found in shared buffers, read; and what else happened to them, in numbers. */
function touched(own: PageCounts | null, most: number): TemplateResult | typeof nothing {
  if (!own) return nothing;
  const part = (kind: string, n: number) => (n ? html`<i class=${kind} style="flex:0 1 ${(n / most) * 100}%"></i>` : nothing);
  const said = (Object.keys(own) as (keyof PageCounts)[]).filter((key) => own[key] > 0).map((key) => `${key.replace('_', ' ')} ${own[key]}`);
  return html`<div class="bar">${part('hit', own.hit)}${part('read', own.read)}</div><span class="m tiny">${said.join(', ') || '0'}</span>`;
}

customElements.define('vt-p-plan', PlanPanel);
