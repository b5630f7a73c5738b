/** Buffers in every state that the sheet has to show, always the same; and a plan whose statistics were old, as PostgreSQL 15.18 printed it. */
import { CELL } from '../model/pool.ts';
import type { Plans } from '../model/plan.ts';
import type { PoolView } from '../views/types.ts';

/** A pool of so many buffers: all usage counts, some empty, some dirty, some pinned. */
export function pool(count: number): PoolView {
  const cells = new Uint8Array(count * CELL);
  const view = new DataView(cells.buffer);
  for (let i = 0; i < count; i++) {
    if (i % 17 === 16) continue;
    view.setUint32(i * CELL, 16384 + (i % 5), true);
    view.setUint32(i * CELL + 4, i, true);
    view.setUint32(i * CELL + 8, i % 23 === 7 ? 1 : 0, true);
    cells.set([0, i % 6, (i % 4 === 1 ? 1 : 0) | (i % 12 === 5 ? 2 : 0)], i * CELL + 12);
  }
  return { count, cells, files: [{ relfilenode: 16384, relname: 'accounts' }] };
}

/** 400 rows came where one was expected, and what was planned for one ran 400 times. */
export const plans: Plans = {
  ask: null,
  shown: {
    letter: 'A',
    sql: 'EXPLAIN (ANALYZE, BUFFERS)\nSELECT c.t, count(*) FROM c JOIN a ON a.id = c.id - 5000\nWHERE c.n = 1 AND EXISTS (SELECT 1 FROM b WHERE b.aid = c.n) GROUP BY c.t ORDER BY 2;',
    lines: `Sort  (cost=321.34..321.34 rows=1 width=212) (actual time=2.837..2.839 rows=1 loops=1)
  Sort Key: (count(*))
  Sort Method: quicksort  Memory: 25kB
  Buffers: shared hit=1202 read=169 dirtied=13
  ->  GroupAggregate  (cost=321.31..321.33 rows=1 width=212) (actual time=2.814..2.815 rows=1 loops=1)
        Group Key: c.t
        Buffers: shared hit=1199 read=169 dirtied=13
        ->  Sort  (cost=321.31..321.31 rows=1 width=204) (actual time=2.764..2.778 rows=400 loops=1)
              Sort Key: c.t
              Sort Method: quicksort  Memory: 121kB
              Buffers: shared hit=1199 read=169 dirtied=13
              ->  Nested Loop Semi Join  (cost=0.28..321.30 rows=1 width=204) (actual time=1.647..2.571 rows=400 loops=1)
                    Buffers: shared hit=1196 read=169 dirtied=13
                    ->  Nested Loop  (cost=0.28..235.74 rows=1 width=208) (actual time=1.631..2.064 rows=400 loops=1)
                          Buffers: shared hit=797 read=168 dirtied=13
                          ->  Seq Scan on c  (cost=0.00..231.44 rows=1 width=212) (actual time=1.574..1.719 rows=400 loops=1)
                                Filter: (n = 1)
                                Rows Removed by Filter: 5000
                                Buffers: shared read=164 dirtied=13
                          ->  Index Only Scan using a_pkey on a  (cost=0.28..4.30 rows=1 width=4) (actual time=0.001..0.001 rows=1 loops=400)
                                Index Cond: (id = (c.id - 5000))
                                Heap Fetches: 0
                                Buffers: shared hit=797 read=4
                    ->  Seq Scan on b  (cost=0.00..85.54 rows=13 width=4) (actual time=0.001..0.001 rows=1 loops=400)
                          Filter: (aid = 1)
                          Buffers: shared hit=399 read=1
Planning:
  Buffers: shared hit=161 read=21 dirtied=2
Planning Time: 9.921 ms
Execution Time: 2.952 ms`.split('\n'),
  },
};
