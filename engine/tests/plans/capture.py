#!/usr/bin/env python3
"""What a real PostgreSQL 15 plans for the statements of plans.sql.

    PGHOST=... PGPORT=... engine/tests/plans/capture.py

Runs setup.sql and then each line of plans.sql in one session of psql as the user postgres, in an empty database, and
writes plans.golden: a line `> ` with the statement, then the lines of its answer. The server has encoding UTF8, locale C
and no autovacuum. What only it can do is switched off before: parallel plans, Memoize, sorting in parts; and the pages
that planning has read are left out.
"""

import pathlib, subprocess

HERE = pathlib.Path(__file__).parent
OFF = "set max_parallel_workers_per_gather = 0; set enable_memoize = off; set enable_incremental_sort = off;\n"

statements = [line for line in (HERE / "plans.sql").read_text().splitlines() if line]
script = OFF + (HERE / "setup.sql").read_text()
script += "".join(f"\\echo @@@\n{statement};\n" for statement in statements)
psql = ["psql", "-X", "-q", "-At", "-U", "postgres", "-d", "postgres", "-v", "VERBOSITY=terse"]
done = subprocess.run(psql, input=script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
answers = done.stdout.split("@@@\n")[1:]
version = subprocess.run(psql + ["-c", "show server_version"], stdout=subprocess.PIPE, text=True).stdout.strip()

out = [f"# PostgreSQL {version}"]
for statement, answer in zip(statements, answers, strict=True):
    out.append(f"> {statement}")
    planning = False
    for line in answer.splitlines():
        planning = line == "Planning:" or planning and line.startswith("  Buffers")
        if not planning:
            out.append(line)
(HERE / "plans.golden").write_text("\n".join(out) + "\n")
