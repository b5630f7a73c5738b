/** Backslash commands that ask the catalog: what psql 15.18 prints for the same tables on a real server. */
import { expect, it } from 'vitest';
import { builtEngine } from '../engine/testing.ts';
import { metaCommand } from './meta.ts';
import { terminal } from './psql.ts';

const SETUP = `create table u (id int primary key, name text not null);
create table t (id serial primary key, uid int references u(id), n numeric(8,2) unique);
create sequence sq;`;
const ONE = 'create table one (id int primary key, name text not null, n int unique); create unique index ui on one (name)';

const REAL: Record<string, string> = {
  '\\d': `            List of relations
 Schema |   Name   |   Type   |  Owner   
--------+----------+----------+----------
 public | sq       | sequence | postgres
 public | t        | table    | postgres
 public | t_id_seq | sequence | postgres
 public | u        | table    | postgres
(4 rows)`,
  '\\dt': `        List of relations
 Schema | Name | Type  |  Owner   
--------+------+-------+----------
 public | t    | table | postgres
 public | u    | table | postgres
(2 rows)`,
  '\\di': `              List of relations
 Schema |  Name   | Type  |  Owner   | Table 
--------+---------+-------+----------+-------
 public | t_n_key | index | postgres | t
 public | t_pkey  | index | postgres | t
 public | u_pkey  | index | postgres | u
(3 rows)`,
  '\\ds': `            List of relations
 Schema |   Name   |   Type   |  Owner   
--------+----------+----------+----------
 public | sq       | sequence | postgres
 public | t_id_seq | sequence | postgres
(2 rows)`,
  '\\dv': 'Did not find any relations.',
  '\\d t': `                               Table "public.t"
 Column |     Type     | Collation | Nullable |            Default            
--------+--------------+-----------+----------+-------------------------------
 id     | integer      |           | not null | nextval('t_id_seq'::regclass)
 uid    | integer      |           |          | 
 n      | numeric(8,2) |           |          | 
Indexes:
    "t_pkey" PRIMARY KEY, btree (id)
    "t_n_key" UNIQUE CONSTRAINT, btree (n)
Foreign-key constraints:
    "t_uid_fkey" FOREIGN KEY (uid) REFERENCES u(id)`,
  '\\d u': `                 Table "public.u"
 Column |  Type   | Collation | Nullable | Default 
--------+---------+-----------+----------+---------
 id     | integer |           | not null | 
 name   | text    |           | not null | 
Indexes:
    "u_pkey" PRIMARY KEY, btree (id)
Referenced by:
    TABLE "t" CONSTRAINT "t_uid_fkey" FOREIGN KEY (uid) REFERENCES u(id)`,
  '\\d one': `                Table "public.one"
 Column |  Type   | Collation | Nullable | Default 
--------+---------+-----------+----------+---------
 id     | integer |           | not null | 
 name   | text    |           | not null | 
 n      | integer |           |          | 
Indexes:
    "one_pkey" PRIMARY KEY, btree (id)
    "one_n_key" UNIQUE CONSTRAINT, btree (n)
    "ui" UNIQUE, btree (name)`,
};

it.each(Object.entries(REAL))('%s', (command, real) => {
  const world = builtEngine()();
  world.open({});
  world.input({ kind: 'connect', host: 0, parameters: [['user', 'postgres'], ['database', 'postgres'], ['application_name', 'psql']] });
  world.run({ step: Infinity });
  const say = (text: string) => {
    world.answers();
    world.input({ kind: 'query', session: 0, text });
    world.run({ step: Infinity });
    return world.answers().at(-1)!;
  };
  say(command === '\\d one' ? ONE : SETUP);
  const meta = metaCommand(command, { timing: false, expanded: false }, '', []);
  if (!meta || !('sql' in meta)) throw new Error('asks nothing');
  const { text } = say(meta.sql!);
  const exchange = { letter: 'A', step: 0, time: 0, prompts: ['', ''] as [string, string], sql: meta.sql!, answer: { step: 1, time: 0, text, failed: false }, ...meta.how };
  const [, ...lines] = terminal([exchange], 'A', { step: 2, atEnd: true });
  expect(lines.map((line) => line.text).join('\n')).toBe(real);
});
