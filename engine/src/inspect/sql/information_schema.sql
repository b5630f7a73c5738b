-- schemata
SELECT 'postgres'::name AS catalog_name, n.nspname AS schema_name, u.rolname AS schema_owner,
  NULL::name AS default_character_set_catalog, NULL::name AS default_character_set_schema,
  NULL::name AS default_character_set_name, NULL::text AS sql_path
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_authid u ON n.nspowner = u.oid
-- tables
SELECT 'postgres'::name AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
  CASE WHEN c.relpersistence = 't' THEN 'LOCAL TEMPORARY' WHEN c.relkind = 'r' THEN 'BASE TABLE' ELSE 'VIEW' END AS table_type,
  NULL::name AS self_referencing_column_name, NULL::text AS reference_generation,
  NULL::name AS user_defined_type_catalog, NULL::name AS user_defined_type_schema,
  NULL::name AS user_defined_type_name, CASE WHEN c.relkind = 'r' THEN 'YES' ELSE 'NO' END AS is_insertable_into,
  'NO' AS is_typed, NULL::text AS commit_action
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v') AND (n.nspname !~ '^pg_temp_' OR n.oid = pg_catalog.pg_my_temp_schema())
-- columns
SELECT 'postgres'::name AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name,
  a.attnum::int4 AS ordinal_position,
  CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS column_default,
  CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END AS is_nullable,
  CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN t.typnamespace = 11 THEN pg_catalog.format_type(a.atttypid, NULL)
    ELSE 'USER-DEFINED' END AS data_type,
  CASE WHEN a.atttypid IN (1042, 1043) AND a.atttypmod > 0 THEN a.atttypmod - 4 END AS character_maximum_length,
  CASE WHEN a.atttypid IN (25, 1042, 1043) AND a.atttypmod > 0 THEN 4 * (a.atttypmod - 4)
    WHEN a.atttypid IN (25, 1042, 1043) THEN 1073741824 END AS character_octet_length,
  CASE a.atttypid WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53
    WHEN 1700 THEN CASE WHEN a.atttypmod > 0 THEN (a.atttypmod - 4) / 65536 END END AS numeric_precision,
  CASE WHEN a.atttypid IN (20, 21, 23, 700, 701) THEN 2 WHEN a.atttypid = 1700 THEN 10 END AS numeric_precision_radix,
  CASE WHEN a.atttypid IN (20, 21, 23) THEN 0
    WHEN a.atttypid = 1700 AND a.atttypmod > 0 THEN (a.atttypmod - 4) % 65536 END AS numeric_scale,
  CASE WHEN a.atttypid = 1082 THEN 0
    WHEN a.atttypid IN (1083, 1114, 1184, 1266) THEN CASE WHEN a.atttypmod < 0 THEN 6 ELSE a.atttypmod END
    WHEN a.atttypid = 1186 THEN CASE WHEN a.atttypmod < 0 OR a.atttypmod % 65536 = 65535 THEN 6
      ELSE a.atttypmod % 65536 END END AS datetime_precision,
  NULL::text AS interval_type, NULL::int4 AS interval_precision, NULL::name AS character_set_catalog,
  NULL::name AS character_set_schema, NULL::name AS character_set_name,
  CASE WHEN co.oid IS NOT NULL THEN 'postgres'::name END AS collation_catalog,
  CASE WHEN co.oid IS NOT NULL THEN 'pg_catalog'::name END AS collation_schema, co.collname AS collation_name,
  NULL::name AS domain_catalog, NULL::name AS domain_schema, NULL::name AS domain_name,
  'postgres'::name AS udt_catalog, nt.nspname AS udt_schema, t.typname AS udt_name,
  NULL::name AS scope_catalog, NULL::name AS scope_schema, NULL::name AS scope_name, NULL::int4 AS maximum_cardinality,
  a.attnum::text AS dtd_identifier, 'NO' AS is_self_referencing,
  CASE WHEN a.attidentity IN ('a', 'd') THEN 'YES' ELSE 'NO' END AS is_identity,
  CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END AS identity_generation,
  s.seqstart::text AS identity_start, s.seqincrement::text AS identity_increment, s.seqmax::text AS identity_maximum,
  s.seqmin::text AS identity_minimum, CASE WHEN s.seqcycle THEN 'YES' ELSE 'NO' END AS identity_cycle,
  'NEVER' AS is_generated, NULL::text AS generation_expression, CASE WHEN c.relkind = 'r' THEN 'YES' ELSE 'NO' END AS is_updatable
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  JOIN pg_catalog.pg_namespace nt ON nt.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation AND co.collname <> 'default'
  LEFT JOIN (pg_catalog.pg_depend dep JOIN pg_catalog.pg_sequence s
    ON dep.classid = 1259 AND dep.objid = s.seqrelid AND dep.deptype = 'i')
    ON dep.refclassid = 1259 AND dep.refobjid = a.attrelid AND dep.refobjsubid = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v')
  AND (n.nspname !~ '^pg_temp_' OR n.oid = pg_catalog.pg_my_temp_schema())
-- views
SELECT 'postgres'::name AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
  pg_catalog.pg_get_viewdef(c.oid) AS view_definition, 'NONE' AS check_option, 'NO' AS is_updatable,
  'NO' AS is_insertable_into, 'NO' AS is_trigger_updatable, 'NO' AS is_trigger_deletable, 'NO' AS is_trigger_insertable_into
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v'
-- sequences
SELECT 'postgres'::name AS sequence_catalog, n.nspname AS sequence_schema, c.relname AS sequence_name,
  pg_catalog.format_type(s.seqtypid, NULL) AS data_type,
  CASE s.seqtypid WHEN 21 THEN 16 WHEN 23 THEN 32 ELSE 64 END AS numeric_precision, 2 AS numeric_precision_radix,
  0 AS numeric_scale, s.seqstart::text AS start_value, s.seqmin::text AS minimum_value, s.seqmax::text AS maximum_value,
  s.seqincrement::text AS increment, CASE WHEN s.seqcycle THEN 'YES' ELSE 'NO' END AS cycle_option
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 1259 AND d.objid = c.oid AND d.deptype = 'i')
-- table_constraints
SELECT 'postgres'::name AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name,
  'postgres'::name AS table_catalog, nr.nspname AS table_schema, r.relname AS table_name,
  CASE k.contype WHEN 'c' THEN 'CHECK' WHEN 'f' THEN 'FOREIGN KEY' WHEN 'p' THEN 'PRIMARY KEY' ELSE 'UNIQUE' END AS constraint_type,
  CASE WHEN k.condeferrable THEN 'YES' ELSE 'NO' END AS is_deferrable,
  CASE WHEN k.condeferred THEN 'YES' ELSE 'NO' END AS initially_deferred, 'YES' AS enforced,
  CASE WHEN k.contype = 'u' THEN 'YES' END AS nulls_distinct
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
  JOIN pg_catalog.pg_class r ON r.oid = k.conrelid JOIN pg_catalog.pg_namespace nr ON nr.oid = r.relnamespace
UNION ALL
SELECT 'postgres', n.nspname, n.oid::text || '_' || r.oid::text || '_' || a.attnum::text || '_not_null', 'postgres',
  n.nspname, r.relname, 'CHECK', 'NO', 'NO', 'YES', NULL
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND r.relkind = 'r'
-- check_constraints
SELECT 'postgres'::name AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name,
  substring(pg_catalog.pg_get_constraintdef(k.oid) FROM 7) AS check_clause
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace WHERE k.contype = 'c'
UNION ALL
SELECT 'postgres', n.nspname, n.oid::text || '_' || r.oid::text || '_' || a.attnum::text || '_not_null',
  a.attname || ' IS NOT NULL'
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND r.relkind = 'r'
-- key_column_usage
SELECT 'postgres'::name AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name,
  'postgres'::name AS table_catalog, nr.nspname AS table_schema, r.relname AS table_name, a.attname AS column_name,
  p.place::int4 AS ordinal_position,
  CASE WHEN k.contype = 'f' THEN (SELECT q.place::int4 FROM pg_catalog.pg_constraint u,
      LATERAL unnest(u.conkey) WITH ORDINALITY q(att, place)
    WHERE u.conindid = k.conindid AND u.contype IN ('p', 'u') AND q.att = k.confkey[p.place]) END AS position_in_unique_constraint
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
  JOIN pg_catalog.pg_class r ON r.oid = k.conrelid JOIN pg_catalog.pg_namespace nr ON nr.oid = r.relnamespace
  CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY p(att, place)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = p.att
WHERE k.contype IN ('p', 'u', 'f')
-- referential_constraints
SELECT 'postgres'::name AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name,
  'postgres'::name AS unique_constraint_catalog, nu.nspname AS unique_constraint_schema, u.conname AS unique_constraint_name,
  CASE k.confmatchtype WHEN 'f' THEN 'FULL' WHEN 'p' THEN 'PARTIAL' ELSE 'NONE' END AS match_option,
  CASE k.confupdtype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT'
    ELSE 'NO ACTION' END AS update_rule,
  CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT'
    ELSE 'NO ACTION' END AS delete_rule
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
  LEFT JOIN pg_catalog.pg_constraint u ON u.conindid = k.conindid AND u.contype IN ('p', 'u')
  LEFT JOIN pg_catalog.pg_namespace nu ON nu.oid = u.connamespace
WHERE k.contype = 'f'
-- constraint_column_usage
SELECT DISTINCT 'postgres'::name AS table_catalog, nr.nspname AS table_schema, r.relname AS table_name, a.attname AS column_name,
  'postgres'::name AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
  JOIN pg_catalog.pg_class r ON r.oid = CASE WHEN k.contype = 'f' THEN k.confrelid ELSE k.conrelid END
  JOIN pg_catalog.pg_namespace nr ON nr.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
    AND a.attnum = ANY (CASE WHEN k.contype = 'f' THEN k.confkey ELSE k.conkey END)
