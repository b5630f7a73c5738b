/** Plans as PostgreSQL 15.18 printed them, read into trees. */
import { expect, it } from 'vitest';
import { nodesOf, offBy, ownPages, parsePlan, planLines, plansOf, type PlanNode } from './plan.ts';

const JOIN = `                                                       QUERY PLAN                                                       
------------------------------------------------------------------------------------------------------------------------
 Sort  (cost=147.91..147.94 rows=10 width=12) (actual time=1.219..1.221 rows=3 loops=1)
   Sort Key: (count(*)) DESC
   Sort Method: quicksort  Memory: 25kB
   Buffers: shared hit=32
   ->  HashAggregate  (cost=147.65..147.75 rows=10 width=12) (actual time=1.211..1.213 rows=3 loops=1)
         Group Key: a.n
         Batches: 1  Memory Usage: 24kB
         Buffers: shared hit=32
         ->  Hash Join  (cost=41.50..140.15 rows=1500 width=4) (actual time=0.180..1.057 rows=1490 loops=1)
               Hash Cond: (b.aid = a.id)
               Buffers: shared hit=32
               ->  Seq Scan on b  (cost=0.00..85.50 rows=5000 width=4) (actual time=0.009..0.408 rows=5000 loops=1)
                     Filter: (t = 'x'::text)
                     Buffers: shared hit=23
               ->  Hash  (cost=34.00..34.00 rows=600 width=8) (actual time=0.167..0.168 rows=600 loops=1)
                     Buckets: 1024  Batches: 1  Memory Usage: 32kB
                     Buffers: shared hit=9
                     ->  Seq Scan on a  (cost=0.00..34.00 rows=600 width=8) (actual time=0.004..0.116 rows=600 loops=1)
                           Filter: (n < 3)
                           Rows Removed by Filter: 1400
                           Buffers: shared hit=9
 Planning:
   Buffers: shared hit=63
 Planning Time: 0.265 ms
 Execution Time: 1.248 ms
(25 rows)`;

const INIT_PLAN = `                                                   QUERY PLAN                                                   
----------------------------------------------------------------------------------------------------------------
 Index Scan using a_pkey on a  (cost=85.79..93.81 rows=1 width=8) (actual time=0.491..0.492 rows=1 loops=1)
   Index Cond: (id = $0)
   Buffers: shared hit=26
   InitPlan 1 (returns $0)
     ->  Aggregate  (cost=85.50..85.51 rows=1 width=4) (actual time=0.484..0.485 rows=1 loops=1)
           Buffers: shared hit=23
           ->  Seq Scan on b  (cost=0.00..73.00 rows=5000 width=4) (actual time=0.005..0.249 rows=5000 loops=1)
                 Buffers: shared hit=23
 Planning:
   Buffers: shared hit=7
 Planning Time: 0.073 ms
 Execution Time: 0.504 ms
(12 rows)`;

const ESTIMATE = `                           QUERY PLAN                           
----------------------------------------------------------------
 Index Scan using a_pkey on a  (cost=0.28..8.29 rows=1 width=8)
   Index Cond: (id = 5)
(2 rows)`;

const NO_COSTS = `           QUERY PLAN           
--------------------------------
 CTE Scan on c
   Filter: (SubPlan 2)
   CTE c
     ->  Limit
           ->  Seq Scan on a
   SubPlan 2
     ->  Seq Scan on b
           Filter: (aid = c.id)
(8 rows)`;

const NEVER = `                                                     QUERY PLAN                                                      
---------------------------------------------------------------------------------------------------------------------
 Nested Loop  (cost=0.28..93.89 rows=10 width=6) (actual time=0.005..0.005 rows=0 loops=1)
   Buffers: shared hit=2
   ->  Index Only Scan using a_pkey on a  (cost=0.28..8.29 rows=1 width=4) (actual time=0.005..0.005 rows=0 loops=1)
         Index Cond: (id = '-1'::integer)
         Heap Fetches: 0
         Buffers: shared hit=2
   ->  Seq Scan on b  (cost=0.00..85.50 rows=10 width=6) (never executed)
         Filter: (aid = '-1'::integer)
 Planning Time: 0.033 ms
 Execution Time: 0.012 ms
(10 rows)`;

const INSERT = `                                                     QUERY PLAN                                                      
---------------------------------------------------------------------------------------------------------------------
 Insert on b  (cost=0.00..0.03 rows=0 width=0) (actual time=0.029..0.029 rows=0 loops=1)
   Buffers: shared hit=4
   ->  Function Scan on generate_series  (cost=0.00..0.03 rows=3 width=36) (actual time=0.003..0.004 rows=3 loops=1)
 Planning Time: 0.014 ms
 Execution Time: 0.037 ms
(5 rows)`;

const read = (text: string) => parsePlan(planLines(text)!)!;
/** The tree in short: titles, each as deep as it lies. */
const outline = (root: PlanNode) => nodesOf(root).map(({ node, depth }) => `${'  '.repeat(depth)}${node.label ? `${node.label}: ` : ''}${node.title}`);

it('reads the tree, and whose property is whose', () => {
  const { root, below } = read(JOIN);
  expect(outline(root)).toEqual(['Sort', '  HashAggregate', '    Hash Join', '      Seq Scan on b', '      Hash', '        Seq Scan on a']);
  expect(nodesOf(root).map(({ node }) => node.properties.map(([name]) => name))).toEqual([
    ['Sort Key', 'Sort Method', 'Buffers'], ['Group Key', 'Batches', 'Buffers'], ['Hash Cond', 'Buffers'], ['Filter', 'Buffers'], ['Buckets', 'Buffers'],
    ['Filter', 'Rows Removed by Filter', 'Buffers']]);
  expect(below.map(([name]) => name)).toEqual(['Planning', 'Buffers', 'Planning Time', 'Execution Time']);
  expect(root.estimate).toEqual({ startup: 147.91, total: 147.94, rows: 10, width: 12 });
  expect(root.actual).toMatchObject({ rows: 3, loops: 1 });
});

it('gives each node its own pages', () => {
  const own = nodesOf(read(JOIN).root).map(({ node }) => ownPages(node)!.hit);
  expect(own).toEqual([0, 0, 0, 23, 0, 9]);
  expect(own.reduce((sum, n) => sum + n, 0)).toBe(read(JOIN).root.buffers!.hit);
  expect(ownPages(read(ESTIMATE).root)).toBeNull();
});

it('says for whom a part works that is no input of the node above', () => {
  expect(outline(read(INIT_PLAN).root)).toEqual(['Index Scan using a_pkey on a', '  InitPlan 1 (returns $0): Aggregate', '    Seq Scan on b']);
  expect(outline(read(NO_COSTS).root)).toEqual(['CTE Scan on c', '  CTE c: Limit', '    Seq Scan on a', '  SubPlan 2: Seq Scan on b']);
  expect(nodesOf(read(NO_COSTS).root).map(({ node }) => node.properties)).toEqual([[['Filter', '(SubPlan 2)']], [], [], [['Filter', '(aid = c.id)']]]);
});

it('knows what was not measured, and what never ran', () => {
  expect(read(ESTIMATE).root).toMatchObject({ actual: null, neverExecuted: false, properties: [['Index Cond', '(id = 5)']] });
  const [, scan, never] = nodesOf(read(NEVER).root).map(({ node }) => node);
  expect(scan).toMatchObject({ title: 'Index Only Scan using a_pkey on a', actual: { rows: 0, loops: 1 } });
  expect(never).toMatchObject({ title: 'Seq Scan on b', actual: null, neverExecuted: true });
  expect(outline(read(INSERT).root)).toEqual(['Insert on b', '  Function Scan on generate_series']);
});

it('says how far off the planner was', () => {
  expect(nodesOf(read(JOIN).root).map(({ node }) => offBy(node))).toEqual([0.3, 0.3, 1490 / 1500, 1, 1, 1]);
  expect(offBy(read(ESTIMATE).root)).toBeNull();
});

it('finds the newest plan, and what could be explained', () => {
  const said = (sql: string, text: string, failed = false) => ({ letter: 'A', step: 1, time: 0, prompts: ['', ''] as [string, string], sql, answer: { step: 2, time: 1, text, failed } });
  const history = [said('SELECT 1', ' ?column? \n----------\n        1\n(1 row)\n'), said('EXPLAIN SELECT 1', NEVER), said('EXPLAIN SELECT * FROM a', ESTIMATE), said('SELECT x', 'ERROR:  no', true)];
  expect(plansOf(history)).toMatchObject({ shown: { sql: 'EXPLAIN SELECT * FROM a' }, ask: { sql: 'SELECT 1' } });
  expect(plansOf([])).toEqual({ shown: null, ask: null });
  expect(planLines('ERROR:  no')).toBeNull();
  expect(parsePlan(['[', '  {', '    "Plan": {'])).toBeNull();
});
