"""What psycopg 3 is asked to do; the answers of a real server are in tests/golden/pg15.*/clients/story-psycopg.txt.

    story.py CONNINFO
"""

import decimal, sys, threading, time

import psycopg
from psycopg.pq import TransactionStatus

CONNINFO = sys.argv[1]


def connect(**options):
    return psycopg.connect(CONNINFO, connect_timeout=10, **options)


def failed(action):
    """The SQLSTATE and the first line of the message with which something fails."""
    try:
        action()
    except psycopg.Error as error:
        return error.sqlstate, str(error).splitlines()[0]
    return "did not fail"


def tables_and_types(a):
    a.execute("CREATE TABLE accounts(id int, owner text, balance numeric)")
    with a.cursor() as cursor:
        cursor.executemany("INSERT INTO accounts VALUES (%s, %s, %s)", [(1, "Alice", 100), (2, "Bob", 50), (3, "Carol", None)])
        print("rows of executemany:", cursor.rowcount)
    cursor = a.execute("SELECT * FROM accounts WHERE id = %s", (1,))
    print([(c.name, c.type_code, c.internal_size) for c in cursor.description], cursor.fetchall(), cursor.statusmessage)
    print("null:", a.execute("SELECT balance FROM accounts WHERE owner = %s", ("Carol",)).fetchone())
    values = a.execute("SELECT %s::int8, %s::bool, %s::text, %s::numeric", (2**40, True, "Zoë", decimal.Decimal("12.50"))).fetchone()
    print(values, [type(value).__name__ for value in values])


def binary(a):
    with a.cursor(binary=True) as cursor:
        print("binary:", cursor.execute("SELECT id, owner, balance FROM accounts ORDER BY id").fetchall())
        print("binary:", cursor.execute("SELECT 1::int2, 2::int8, true, 'x'::text, -1234.5678::numeric").fetchone())


def prepared(a):
    # From the sixth time on psycopg names its statement.
    owners = [a.execute("SELECT owner FROM accounts WHERE id = %s", (n % 3 + 1,)).fetchone()[0] for n in range(12)]
    print("prepared:", owners)
    print("forced:", [a.execute("SELECT id + %s FROM accounts WHERE id = 1", (n,), prepare=True).fetchone() for n in (1, 2)])


def pipeline(a):
    with a.pipeline():
        first = a.execute("SELECT 1")
        a.execute("UPDATE accounts SET balance = balance + 1 WHERE id = %s", (1,))
        last = a.execute("SELECT balance FROM accounts WHERE id = 1")
        print("pipeline:", first.fetchone(), last.fetchone())

    def broken():
        with a.pipeline():
            a.execute("SELECT 1")
            a.execute("SELECT 1 / 0")
            a.execute("SELECT 2")

    print("broken pipeline:", failed(broken))


def transactions():
    with connect() as a, connect(autocommit=True) as b:
        print(a.info.transaction_status.name)
        a.execute("UPDATE accounts SET balance = 90 WHERE id = 1")
        print(a.info.transaction_status.name, "A:", balance(a), "B:", balance(b))
        a.commit()
        print(a.info.transaction_status.name, "B:", balance(b))
        print(failed(lambda: a.execute("SELECT * FROM nosuch")), a.info.transaction_status.name)
        print(failed(lambda: a.execute("SELECT 1")))
        a.rollback()
        print(a.info.transaction_status == TransactionStatus.IDLE)


def balance(connection):
    return connection.execute("SELECT balance FROM accounts WHERE id = 1").fetchone()[0]


def second_writer():
    """B waits for A's transaction, and goes on when it commits."""
    with connect() as a, connect(autocommit=True) as b, connect(autocommit=True) as c:
        a.execute("UPDATE accounts SET balance = balance - 10 WHERE id = 2")
        waiting = threading.Thread(target=lambda: b.execute("UPDATE accounts SET balance = balance - 5 WHERE id = 2"))
        waiting.start()
        time.sleep(0.3)
        waits = "SELECT wait_event_type, wait_event, pg_blocking_pids(pid) FROM pg_stat_activity WHERE pid = %s"
        kind, event, blockers = c.execute(waits, (b.info.backend_pid,)).fetchone()
        print(waiting.is_alive(), kind, event, blockers == [a.info.backend_pid])
        a.commit()
        waiting.join()
        print("after both:", c.execute("SELECT balance FROM accounts WHERE id = 2").fetchone())


def cancel():
    with connect() as a, connect(autocommit=True) as b:
        a.execute("UPDATE accounts SET balance = 0 WHERE id = 3")
        threading.Timer(0.3, b.cancel).start()
        print("cancelled:", failed(lambda: b.execute("UPDATE accounts SET balance = 1 WHERE id = 3")))
        print("and lives:", b.execute("SELECT 1").fetchone())
        a.rollback()


def serialization():
    with connect() as a, connect(autocommit=True) as b:
        a.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        print(balance(a))
        b.execute("UPDATE accounts SET balance = 1 WHERE id = 1")
        print(balance(a), failed(lambda: a.execute("UPDATE accounts SET balance = 2 WHERE id = 1")))


def many():
    """Several at once, each its own backend."""
    sessions = [connect(autocommit=True) for _ in range(8)]
    print("pids:", len({session.info.backend_pid for session in sessions}))

    def work(session, n):
        for i in range(20):
            session.execute("INSERT INTO accounts VALUES (%s, %s, %s)", (100 * n + i, f"s{n}", i))

    threads = [threading.Thread(target=work, args=(session, n)) for n, session in enumerate(sessions, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("written:", sessions[0].execute("SELECT count(*), sum(balance) FROM accounts WHERE id >= 100").fetchone())
    for session in sessions:
        session.close()


def main():
    with connect(autocommit=True) as a:
        print(a.info.server_version // 10000, a.info.encoding, a.info.parameter_status("standard_conforming_strings"))
        for part in (tables_and_types, binary, prepared, pipeline):
            part(a)
    for part in (transactions, second_writer, cancel, serialization, many):
        part()
    with connect(autocommit=True) as a:
        a.execute("DROP TABLE accounts")
        print(failed(lambda: a.execute("SELECT * FROM accounts")))


if __name__ == "__main__":
    main()
