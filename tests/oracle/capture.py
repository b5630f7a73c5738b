#!/usr/bin/env python3
"""Captures the story from a real PostgreSQL 15 primary with a streaming standby, as text files.

    tests/oracle/capture.py [OUTDIR]

Needs the server's and client's programs of version 15 (PGBIN, by default Debian's place) with the contrib modules
pageinspect, pg_buffercache, pg_visibility and pg_walinspect, two free ports (PORT and PORT + 1, by default 55104), and
an account other than root to run them (`postgres` when started as root). Everything lives in a scratch directory
(SCRATCH, by default below the system's temporary directory) that is deleted at the start.

What comes out, in OUTDIR (by default tests/golden/pg<version>/story), one file per step:

    == sql         who said what
    == output      what psql printed
    == wal         every record of the step: pg_waldump's line, then the record's bytes in hexadecimal; of a record
                   of more than 512 bytes only the first 96, followed by `..`
    == page        block 0 of accounts in shared buffers: offset and 32 bytes a line, lines of zeros left out
    == header      page_header(), one `name=value` per column
    == items       heap_page_items(), likewise
    == forks       the sizes of the relation's forks
    == class       its row of pg_class, as far as it changes
    == buffers     its rows of pg_buffercache, asked before the page was looked at
    == standby     the same page in the standby's shared buffers, or `same`
"""

import os, pathlib, re, shutil, signal, struct, subprocess, sys, tempfile, time

BIN = os.environ.get("PGBIN", "/usr/lib/postgresql/15/bin")
PORT = int(os.environ.get("PORT", "55104"))
SCRATCH = pathlib.Path(os.environ.get("SCRATCH", os.path.join(tempfile.gettempdir(), "pg15-oracle")))
PRIMARY, STANDBY = SCRATCH / "primary", SCRATCH / "standby"
SEGMENT, BLCKSZ, HEX_LIMIT, HEX_HEAD = 1 << 20, 8192, 512, 96
ENV = {**os.environ, "LC_ALL": "C", "TZ": "UTC", "PGTZ": "UTC"}
CONF = f"""
port = {PORT}
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
autovacuum = off
wal_keep_size = '64MB'
timezone = 'UTC'
log_timezone = 'UTC'
"""


def program(name, *args, check=True, **more):
    """Runs one of PostgreSQL's programs, as an account that the server accepts."""
    command = [f"{BIN}/{name}", *map(str, args)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, **more)
    if check and done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done


class Session:
    """A psql that stays open, fed line by line."""

    MARK = "~~end~~"

    def __init__(self, port, *flags):
        self.psql = subprocess.Popen(
            [f"{BIN}/psql", "-X", *flags, "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "postgres"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1, env=ENV)

    def start(self, sql):
        """Sends without waiting for the answer."""
        end = "" if sql.startswith("\\") or sql.endswith(";") else ";"
        self.psql.stdin.write(f"{sql}{end}\n\\echo {self.MARK}\n")
        self.psql.stdin.flush()

    def finish(self):
        """Everything printed since."""
        lines = []
        for line in self.psql.stdout:
            if line.strip() == self.MARK:
                break
            lines.append(line.rstrip("\n"))
        return "\n".join(lines).strip("\n")

    def say(self, sql):
        self.start(sql)
        return self.finish()


def expanded(text):
    """`psql -At -x -F =` output as one line per row."""
    rows = [" ".join(block.split("\n")) for block in text.split("\n\n") if block.strip()]
    return "\n".join(rows)


def hex_rows(page):
    """32 bytes a line with their offset; lines of zeros are left out."""
    lines = []
    for at in range(0, len(page), 32):
        row = page[at:at + 32]
        if any(row):
            lines.append(f"{at:04x} {row.hex()}")
    return "\n".join(lines)


def read_wal(data, lsn, length):
    """`length` bytes of WAL from `lsn` on, page headers left out."""
    out = b""
    while len(out) < length:
        name = data / "pg_wal" / f"00000001{lsn >> 32:08X}{(lsn & 0xFFFFFFFF) // SEGMENT:08X}"
        if lsn % BLCKSZ == 0:
            lsn += 40 if lsn % SEGMENT == 0 else 24
        take = min(length - len(out), BLCKSZ - lsn % BLCKSZ)
        with open(name, "rb") as f:
            f.seek(lsn % SEGMENT)
            out += f.read(take)
        lsn += take
    return out


def parse_lsn(text):
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def wal_between(data, start, end):
    """pg_waldump's lines of a range of WAL, each followed by the record's bytes."""
    if start == end:
        return ""
    dump = program("pg_waldump", "-p", data / "pg_wal", "-s", start, "-e", end)
    lines = []
    for line in dump.stdout.splitlines():
        lines.append(re.sub(r" +", " ", line).strip())
        total = int(re.search(r"len \(rec/tot\): +\d+/ *(\d+)", line).group(1))
        lsn = parse_lsn(re.search(r"lsn: ([0-9A-F/]+)", line).group(1))
        whole = total <= HEX_LIMIT
        lines.append("  " + read_wal(data, lsn, total if whole else HEX_HEAD).hex() + ("" if whole else ".."))
    return "\n".join(lines)


class Story:
    """The servers, the sessions, and the steps noted so far."""

    def __init__(self, out):
        self.out, self.steps, self.peeking, self.standby, self.table = out, [], False, None, "accounts"
        self.a, self.b, self.m = Session(PORT), Session(PORT), Session(PORT, "-At", "-q")
        self.m.say("\\pset fieldsep =")

    def lsn(self):
        return self.m.say("select pg_current_wal_insert_lsn()")

    def rows(self, sql, session=None):
        session = session or self.m
        session.say("\\x on")
        text = session.say(sql)
        session.say("\\x off")
        return expanded(text)

    def note(self, name, said, output, before, sections=None):
        """Writes down a step; its WAL is fetched at the end, when all of it has reached the files."""
        step = {"sql": said, "output": output, "wal": (before, self.lsn()), **(sections or self.look())}
        self.steps.append((name, step))

    def step(self, name, *lines):
        """`A: sql` or `B: sql`, one after the other."""
        before = self.lsn()
        output = []
        for line in lines:
            who, sql = line.split(": ", 1)
            output.append((self.a if who == "A" else self.b).say(sql))
        self.note(name, "\n".join(lines), "\n".join(output), before)

    def look(self):
        """What can be seen of the table now."""
        seen = {"positions": self.m.say("select 'insert='||pg_current_wal_insert_lsn()||' write='||pg_current_wal_lsn()||' flush='||pg_current_wal_flush_lsn()")}
        seen["forks"] = self.rows(f"select pg_relation_size('{self.table}','main') main, pg_relation_size('{self.table}','fsm') fsm, pg_relation_size('{self.table}','vm') vm")
        seen["class"] = self.rows(f"select oid, relfilenode, reltype, reltoastrelid, relpages, reltuples, relallvisible, relfrozenxid, relminmxid from pg_class where relname = '{self.table}'")
        if not self.peeking or seen["forks"].startswith("main=0"):
            return seen
        seen["buffers"] = self.rows(f"select bufferid, relforknumber fork, relblocknumber block, isdirty, usagecount, pinning_backends pins from pg_buffercache where relfilenode = pg_relation_filenode('{self.table}') and reldatabase in (select oid from pg_database where datname = current_database()) order by 2, 3")
        page = bytes.fromhex(self.m.say(f"select encode(get_raw_page('{self.table}', 0), 'hex')").replace("\n", ""))
        seen["page"] = hex_rows(page)
        seen["header"] = self.rows(f"select * from page_header(get_raw_page('{self.table}', 0))")
        seen["items"] = self.rows(f"select lp, lp_off, lp_flags, lp_len, t_xmin, t_xmax, t_field3, t_ctid, to_hex(t_infomask2) infomask2, to_hex(t_infomask) infomask, t_hoff, t_bits, t_data, (heap_tuple_infomask_flags(t_infomask, t_infomask2)).* from heap_page_items(get_raw_page('{self.table}', 0))")
        disk = (PRIMARY / self.m.say(f"select pg_relation_filepath('{self.table}')")).read_bytes()[:BLCKSZ]
        seen["disk"] = "same" if disk == page else hex_rows(disk)
        for fork in ("fsm", "vm"):
            if f"{fork}=0" not in seen["forks"]:
                seen[fork] = self.fork(fork)
        if self.standby:
            time.sleep(0.3)
            other = bytes.fromhex(self.standby.say(f"select encode(get_raw_page('{self.table}', 0), 'hex')").replace("\n", ""))
            seen["standby"] = "same" if other == page else hex_rows(other)
            seen["replication"] = self.rows("select * from pg_stat_replication")
        return seen

    def fork(self, fork):
        """All pages of a map fork as they are in shared buffers."""
        pages = int(self.m.say(f"select pg_relation_size('{self.table}', '{fork}') / 8192"))
        out = []
        for block in range(pages):
            page = bytes.fromhex(self.m.say(f"select encode(get_raw_page('{self.table}', '{fork}', {block}), 'hex')").replace("\n", ""))
            out.append(f"block {block}\n{hex_rows(page)}".strip())
        return "\n".join(out)

    def write(self):
        """All steps as files. The last WAL must have been flushed."""
        for number, (name, step) in enumerate(self.steps):
            start, end = step["wal"]
            text = [f"# {name}: PostgreSQL {VERSION}"]
            for section, content in step.items():
                if section == "wal":
                    content = f"{start} .. {end}\n{wal_between(PRIMARY, start, end)}".strip()
                text.append(f"== {section}\n{content}")
            (self.out / f"{number:02}-{name}.txt").write_text("\n".join(text) + "\n")


def pids(postmaster):
    """The postmaster's children."""
    done = subprocess.run(["ps", "--ppid", str(postmaster), "-o", "pid="], capture_output=True, text=True)
    return [int(p) for p in done.stdout.split()]


def wait_until_up(port):
    for _ in range(200):
        if program("pg_isready", "-q", "-h", "127.0.0.1", "-p", port, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit("the server did not come up")


def controldata(data):
    return program("pg_controldata", data).stdout.strip()


def control_page(data):
    return hex_rows((data / "global/pg_control").read_bytes())


def start_primary():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(SCRATCH, "postgres")
    program("initdb", "-D", PRIMARY, "-A", "trust", "-U", "postgres", "--no-locale", "-E", "UTF8", "--wal-segsize=1")
    initial = {"controldata": controldata(PRIMARY), "pg_control": control_page(PRIMARY)}
    with open(PRIMARY / "postgresql.conf", "a") as f:
        f.write(CONF)
    start(PRIMARY, "primary.log")
    return initial


def start(data, log):
    command = [f"{BIN}/pg_ctl", "-D", str(data), "-l", str(SCRATCH / log), "-w", "start"]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(command, env=ENV, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start_standby():
    program("pg_basebackup", "-h", "127.0.0.1", "-p", PORT, "-U", "postgres", "-D", STANDBY, "-R", "-X", "stream", "-c", "fast")
    with open(STANDBY / "postgresql.conf", "a") as f:
        f.write(f"port = {PORT + 1}\n")
    label = (STANDBY / "backup_label").read_text()
    start(STANDBY, "standby.log")
    return label


VERSION = re.search(r"\d+\.\d+", subprocess.run([f"{BIN}/postgres", "--version"], capture_output=True, text=True).stdout).group(0)


def main():
    here = pathlib.Path(__file__).resolve().parent
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "golden" / f"pg{VERSION}" / "story"
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.txt"):
        old.unlink()
    initial = start_primary()
    s = Story(out)
    s.note("initdb", "", "", s.lsn(), {**initial, "controldata-running": controldata(PRIMARY)})
    tell(s, out)
    s.write()
    for server in (STANDBY, PRIMARY):
        program("pg_ctl", "-D", server, "-m", "immediate", "stop", check=False)


def tell(s, out):
    s.step("create-table", "A: CREATE TABLE accounts(id int, owner text, balance numeric);")
    s.step("insert", "A: INSERT INTO accounts VALUES (1, 'Alice', 100), (2, 'Bob', 50), (3, 'Carol', 75);")
    for extension in ("pageinspect", "pg_buffercache", "pg_visibility", "pg_walinspect"):
        s.m.say(f"create extension {extension}")
    s.peeking = True
    s.step("inspect")
    s.step("first-select", "B: SELECT balance FROM accounts WHERE id = 1;")
    before = s.lsn()
    label = start_standby()
    wait_until_up(PORT + 1)
    s.standby = Session(PORT + 1, "-At", "-q")
    s.standby.say("\\pset fieldsep =")
    time.sleep(1)
    s.note("base-backup", "", "", before, {"backup_label": label, "controldata-standby": controldata(STANDBY), **s.look()})
    s.step("checkpoint", "A: CHECKPOINT;")
    s.steps[-1][1]["controldata"] = controldata(PRIMARY)
    s.step("begin", "A: BEGIN;")
    s.step("update", "A: UPDATE accounts SET balance = 90 WHERE id = 1;")
    s.step("a-select", "A: SELECT balance FROM accounts WHERE id = 1;")
    s.step("b-select-before", "B: SELECT balance FROM accounts WHERE id = 1;", "B: SELECT pg_current_snapshot();")
    s.steps[-1][1]["activity"] = activity(s)
    s.steps[-1][1]["activity-standby"] = activity(s, s.standby)
    s.steps[-1][1]["wal-receiver"] = s.rows("select * from pg_stat_wal_receiver", s.standby)
    s.step("commit", "A: COMMIT;")
    s.step("b-select-after", "B: SELECT pg_current_snapshot();", "B: SELECT balance FROM accounts WHERE id = 1;")
    s.step("checkpoint-2", "A: CHECKPOINT;")
    s.steps[-1][1]["controldata"] = controldata(PRIMARY)
    s.steps[-1][1]["pg_control"] = control_page(PRIMARY)
    s.steps[-1][1]["pg_xact"] = hex_rows((PRIMARY / "pg_xact/0000").read_bytes())
    s.step("vacuum", "A: VACUUM (VERBOSE) accounts;")
    s.step("vacuum-again", "A: VACUUM accounts;")
    second_writer(s)
    conflict(s)
    s.step("delete", "A: DELETE FROM accounts WHERE id = 3;")
    s.step("rollback", "A: BEGIN;", "A: INSERT INTO accounts VALUES (4, 'Dave', 12.5);", "A: ROLLBACK;")
    s.step("insert-one", "A: INSERT INTO accounts VALUES (5, 'Eve', NULL);")
    s.step("vacuum-2", "A: VACUUM accounts;")
    s.step("checkpoint-3", "A: CHECKPOINT;")
    backend_killed(s)
    plug_pulled(s)
    every_type(s)


def activity(s, session=None):
    return s.rows("select pid, backend_type, state, wait_event_type, wait_event, backend_xid, backend_xmin, application_name, query from pg_stat_activity where pid <> pg_backend_pid() order by backend_type, pid", session)


def second_writer(s):
    s.step("first-writer", "A: BEGIN;", "A: UPDATE accounts SET balance = balance - 10 WHERE id = 2;")
    before = s.lsn()
    s.b.start("UPDATE accounts SET balance = balance - 5 WHERE id = 2;")
    time.sleep(0.5)
    waiting = {
        "activity": activity(s),
        "locks": s.rows("select pid, locktype, relation::regclass, page, tuple, virtualxid, transactionid, virtualtransaction, mode, granted, fastpath from pg_locks where pid <> pg_backend_pid() order by pid, locktype, mode"),
        "blocking": s.rows("select pid, pg_blocking_pids(pid) from pg_stat_activity where backend_type = 'client backend' order by pid"),
    }
    s.note("second-writer-waits", "B: UPDATE accounts SET balance = balance - 5 WHERE id = 2;", "", before, {**waiting, **s.look()})
    before = s.lsn()
    said = s.a.say("COMMIT;") + "\n" + s.b.finish()
    s.note("second-writer-goes-on", "A: COMMIT;", said, before)
    s.step("both-written", "B: SELECT * FROM accounts;")


def conflict(s):
    s.step("repeatable-read", "B: BEGIN ISOLATION LEVEL REPEATABLE READ;", "B: SELECT balance FROM accounts WHERE id = 2;",
           "A: UPDATE accounts SET balance = 1 WHERE id = 2;", "B: \\set VERBOSITY verbose", "B: UPDATE accounts SET balance = 2 WHERE id = 2;", "B: SELECT 1;", "B: COMMIT;", "B: \\set VERBOSITY default")


def log_since(name, mark):
    return (SCRATCH / name).read_text()[mark:].strip()


def size(name):
    return (SCRATCH / name).stat().st_size


def backend_killed(s):
    """kill -9 of one backend: the postmaster lives on."""
    s.step("before-kill", "B: BEGIN;", "B: UPDATE accounts SET balance = 1000 WHERE id = 1;", "A: UPDATE accounts SET balance = 2000 WHERE id = 2;")
    before, mark, standby_mark = s.lsn(), size("primary.log"), size("standby.log")
    victim = int(s.b.say("\\t on\nselect pg_backend_pid();").split()[-1])
    os.kill(victim, signal.SIGKILL)
    time.sleep(0.5)
    said = s.a.say("SELECT 1;")
    time.sleep(2)
    wait_until_up(PORT)
    reconnect(s)
    sections = {"log": log_since("primary.log", mark), "log-standby": log_since("standby.log", standby_mark), "controldata": controldata(PRIMARY), **s.look()}
    s.note("backend-killed", "kill -9 of B's backend; A: SELECT 1;", said, before, sections)
    s.step("after-kill", "A: SELECT * FROM accounts;")


def reconnect(s):
    for session in (s.a, s.b, s.m):
        session.psql.kill()
    s.a, s.b, s.m = Session(PORT), Session(PORT), Session(PORT, "-At", "-q")
    s.m.say("\\pset fieldsep =")


def plug_pulled(s):
    """kill -9 of everything: memory gone, files as they are."""
    s.step("before-plug", "B: BEGIN;", "B: UPDATE accounts SET balance = 1001 WHERE id = 1;", "A: UPDATE accounts SET balance = 2001 WHERE id = 2;")
    before, mark = s.lsn(), size("primary.log")
    postmaster = int((PRIMARY / "postmaster.pid").read_text().split()[0])
    for pid in [postmaster, *pids(postmaster)]:
        os.kill(pid, signal.SIGKILL)
    time.sleep(1)
    crashed = {"controldata-crashed": controldata(PRIMARY)}
    # A new kernel knows nothing of the old processes; this one may keep the dead postmaster as a zombie.
    (PRIMARY / "postmaster.pid").unlink()
    start(PRIMARY, "primary.log")
    wait_until_up(PORT)
    reconnect(s)
    sections = {**crashed, "log": log_since("primary.log", mark), "controldata": controldata(PRIMARY), **s.look()}
    s.note("plug-pulled", "kill -9 of every process", "", before, sections)
    s.step("after-plug", "A: SELECT * FROM accounts;")
    s.step("last-checkpoint", "A: CHECKPOINT;")
    s.steps[-1][1]["pg_xact"] = hex_rows((PRIMARY / "pg_xact/0000").read_bytes())


def every_type(s):
    """A row version of every type that the engine knows, and CREATE and DROP of a table without TOAST."""
    s.table = "types"
    s.step("create-types", "A: CREATE TABLE types(b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, t text, z timestamptz);")
    s.step("insert-types",
           "A: INSERT INTO types VALUES (true, 1, 2, 3, 1.5, 2.5, 1.5, 'one', '2024-02-29 12:34:56.789+00');",
           "A: INSERT INTO types VALUES (false, -32768, -2147483648, -9223372036854775808, -0.0, 1e300, -12345678901234567890.123456789, '', '1999-12-31 23:59:59+00');",
           "A: INSERT INTO types VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);",
           "A: INSERT INTO types (n) VALUES (0), (0.0001), (10000), (99999999), (-0.5), (1e20), ('NaN'), ('Infinity'), (0.00), (100.10);",
           "A: INSERT INTO types (t) VALUES (repeat('s', 126)), (repeat('l', 127)), ('Zoë'), (E'a\\tb');",
           "A: SELECT * FROM types;")
    s.table = "plain"
    s.step("create-plain", "A: CREATE TABLE plain(id int, v int8);")
    s.step("insert-plain", "A: INSERT INTO plain VALUES (1, 10);", "A: INSERT INTO plain VALUES (2, 20);", "A: INSERT INTO plain VALUES (3, 30);")
    s.step("delete-plain", "A: BEGIN;", "A: DELETE FROM plain;", "A: INSERT INTO plain VALUES (4, 40);", "A: COMMIT;")
    s.step("vacuum-plain", "A: VACUUM plain;")
    s.table = "accounts"
    s.step("drop-plain", "A: DROP TABLE plain;")


if __name__ == "__main__":
    main()
