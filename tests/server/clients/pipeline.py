"""psycopg 3 in pipeline mode, with COPY and with cursors of the server. A real PostgreSQL 15 passes it too."""

from decimal import Decimal

import psycopg

with psycopg.connect("", autocommit=True) as conn:
    conn.execute("create table t (id int primary key, v text, n numeric)")
    # Many statements, one round trip; an error ends the pipeline up to its next sync.
    with conn.pipeline() as pipeline:
        cursors = [conn.execute("insert into t values (%s, %s, %s) returning id", (n, f"v{n}", n / 4)) for n in range(50)]
        pipeline.sync()
        assert [cursor.fetchone()[0] for cursor in cursors] == list(range(50))
    try:
        with conn.pipeline() as pipeline:
            conn.execute("insert into t values (100, 'a', 1)")
            conn.execute("insert into t values (0, 'again', 1)")
            conn.execute("insert into t values (101, 'b', 1)")
            pipeline.sync()
        raise AssertionError("no error")
    except psycopg.errors.UniqueViolation:
        pass
    assert conn.execute("select count(*) from t").fetchone()[0] == 50

    # COPY, as text, as rows, in binary.
    with conn.cursor() as cursor:
        with cursor.copy("copy t (id, v) from stdin") as copy:
            copy.write("200\tzweihundert\n20")
            copy.write("1\t\\N\n")
            copy.write_row((202, "a\tb"))
        with cursor.copy("copy t (id, v, n) from stdin (format binary)") as copy:
            copy.set_types(["int4", "text", "numeric"])
            copy.write_row((203, "binär", Decimal("1.25")))
            copy.write_row((204, None, None))
        with cursor.copy("copy (select id, v, n from t where id >= 200 order by id) to stdout (format binary)") as copy:
            copy.set_types(["int4", "text", "numeric"])
            rows = [tuple(map(str, row)) for row in copy.rows()]
        assert rows == [
            ("200", "zweihundert", "None"), ("201", "None", "None"), ("202", "a\tb", "None"),
            ("203", "binär", "1.25"), ("204", "None", "None"),
        ], rows
        try:
            with cursor.copy("copy t (id) from stdin") as copy:
                copy.write("300\nx\n")
            raise AssertionError("no error")
        except psycopg.errors.InvalidTextRepresentation as error:
            assert error.diag.context == 'COPY t, line 2, column id: "x"', error.diag.context
        try:
            with cursor.copy("copy t (id) from stdin") as copy:
                copy.write("300\n")
                raise ValueError("given up here")
        except ValueError:
            pass
        assert cursor.execute("select count(*) from t where id >= 300").fetchone()[0] == 0

    # A cursor of the server, which gives its rows by and by.
    with conn.transaction(), conn.cursor(name="rows", scrollable=True) as cursor:
        cursor.itersize = 7
        cursor.execute("select id from t order by id")
        assert len(list(cursor)) == 55
        cursor.scroll(0, mode="absolute")
        assert cursor.fetchmany(3) == [(0,), (1,), (2,)]

    # The same statement often enough that psycopg prepares it.
    for n in range(10):
        assert conn.execute("select v from t where id = %s", (n,)).fetchone()[0] == f"v{n}"
    assert conn.execute("select count(*) > 0 from pg_prepared_statements where not from_sql").fetchone()[0]
