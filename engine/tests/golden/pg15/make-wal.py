#!/usr/bin/env python3
"""Writes the wal-* files of this folder: see README.md. usage: make-wal.py OUT SCRATCH (run as the user of the server)

Makes a cluster of 1 MB segments in SCRATCH, runs SQL until every kind of record that the engine knows has been
written, and keeps some of each with the words of pg_waldump and pg_get_wal_record_info. PGBIN is the directory of
PostgreSQL 15's programs; the server listens on a socket in SCRATCH only.
"""
import os, re, shutil, subprocess, sys, time

OUT, SCRATCH = sys.argv[1:3]
BIN = os.environ.get("PGBIN", "/usr/lib/postgresql/15/bin")
DATA, SEG = f"{SCRATCH}/data", 1 << 20
CONF = """
listen_addresses = ''
unix_socket_directories = '%s'
autovacuum = off
fsync = off
checkpoint_timeout = 1h
bgwriter_lru_maxpages = 0
wal_keep_size = '2GB'
max_wal_size = '4GB'
timezone = 'UTC'
log_timezone = 'UTC'
track_commit_timestamp = off
""" % SCRATCH


def run(*args, **kw):
    return subprocess.run(args, capture_output=True, text=True, **kw)


def must(*args):
    r = run(*args)
    if r.returncode:
        sys.exit(f"{args}: {r.stdout}{r.stderr}")
    return r.stdout


class Session:
    """A psql that stays connected."""

    def __init__(self):
        command = [f"{BIN}/psql", "-XqAt", "-h", SCRATCH, "-U", "postgres", "postgres"]
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, sql):
        self.p.stdin.write(sql + ";\n\\echo ~done\n")
        self.p.stdin.flush()

    def wait(self):
        lines = []
        while (line := self.p.stdout.readline().rstrip("\n")) != "~done":
            lines.append(line)
        return "\n".join(lines)

    def __call__(self, *sqls):
        for sql in sqls:
            self.send(sql)
            out = self.wait()
        return out

    def end(self):
        self.p.stdin.close()
        self.p.wait()


def control(verb, data=DATA):
    wait = ["-l", f"{SCRATCH}/log", "-w"] if verb in ("start", "restart") else ["-w"]
    fast = [] if verb in ("start", "promote") else ["-m", "fast"]
    # A server that inherits a captured stdout keeps it open.
    subprocess.run([f"{BIN}/pg_ctl", "-D", data, *wait, *fast, verb], stdout=subprocess.DEVNULL, check=True)


def number(lsn):
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


def text(n):
    return f"{n >> 32:X}/{n & 0xFFFFFFFF:X}"


def raw(start, end, data=DATA, tli=1):
    out = b""
    while start < end:
        with open(f"{data}/pg_wal/{tli:08X}{start // SEG // 4096:08X}{start // SEG % 4096:08X}", "rb") as f:
            f.seek(start % SEG)
            out += f.read(min(end - start, SEG - start % SEG))
        start += min(end - start, SEG - start % SEG)
    return out


def dump(f, start, bytes):
    """Lines of 64 bytes, but for those that are all zero."""
    for at in range(0, len(bytes), 64):
        line = bytes[at:at + 64]
        if any(line):
            f.write(f"{text(start + at)} {line.hex()}\n")


def story(s):
    """What the opening scene does, and what else a table without an index goes through."""
    s("create table accounts(id int, owner text, balance numeric)")
    start = number(s("select pg_current_wal_insert_lsn()"))
    s("insert into accounts values (1,'Alice',100)", "insert into accounts values (2,'Bob',50),(3,'Carol',75)")
    s("checkpoint")
    s("begin", "update accounts set balance = balance - 10 where id = 1", "commit")
    s("update accounts set balance = balance - 10 where id = 1")
    s("checkpoint", "vacuum accounts")
    s("update accounts set balance = balance + 1 where id = 2")
    s("begin", "select * from accounts where id = 3 for update", "commit")
    s("delete from accounts where id = 2")
    s("begin", "insert into accounts values (9,'Zoe',1)", "rollback")
    s("vacuum accounts", "vacuum (freeze) accounts")
    return start, number(s("select pg_current_wal_insert_lsn()"))


def crossing(s):
    """Rows until the log is in the next segment, then an early switch to the one after."""
    here = lambda: number(s("select pg_current_wal_insert_lsn()"))
    s("create table filler(a text)")
    segment = here() // SEG
    while SEG - here() % SEG > 2000:
        s("insert into filler select repeat('f', 1000) from generate_series(1, %d)" % max(1, (SEG - here() % SEG) // 4000))
    start = here()
    while here() // SEG == segment:
        s("insert into filler values (repeat('g', 1000))")
    s("insert into filler values ('after')", "select pg_switch_wal()", "insert into filler values ('switched')")
    return start, here()


def kinds(s):
    """Records of every kind."""
    a, b = Session(), Session()
    s("create extension pg_walinspect", "create table t(id int primary key, v text)", "checkpoint")
    s("insert into t values (1,'one'),(2,'two'),(3,null)", "insert into t values (1,'uno') on conflict do nothing")
    s("insert into t values (7,'seven') on conflict do nothing", "update t set id = 20 where id = 2")
    s("update t set v = 'eine Eins' where id = 1", "update t set v = null where id = 1", "update t set v = 'x' where id = 3")
    a("begin", "select * from t where id = 1 for key share")
    b("begin", "select * from t where id = 1 for share")
    a("commit"), b("commit")
    b("begin", "select * from t where id = 1 for key share")
    s("update t set v = 'eins' where id = 1")
    b("commit")
    a("begin", "update t set v = 'zwei' where id = 20")
    b("begin transaction isolation level repeatable read", "select * from t where id = 20 for key share")
    s("begin", "insert into t values (30,'open')", "savepoint x", "insert into t values (31,'sub')", "checkpoint", "commit")
    a("commit"), b("commit")
    s("begin", "savepoint x", "create table gone(a int)", "release x", "create table kept(a int)", "rollback")
    s("create table d(a int)", "begin", "savepoint x", "drop table d", "release x", "savepoint y")
    s("insert into t values (40,'sub')", "release y", "commit")
    s("begin", "do $$ begin for i in 1..70 loop begin insert into kept2 values (i); exception when others then null; "
      "end; end loop; end $$", "commit")
    s("create table subs(a int)", "do $$ begin for i in 1..70 loop begin insert into subs values (i); exception when "
      "others then null; end; end loop; end $$")
    s("set synchronous_commit = remote_apply", "insert into t values (50,'remote')", "reset synchronous_commit")
    s("select pg_replication_origin_create('o')", "select pg_replication_origin_session_setup('o')", "begin",
      "select pg_replication_origin_xact_setup('0/AABBCC', '2001-02-03 04:05:06.7+00')", "insert into t values (51,'o')",
      "commit", "select pg_replication_origin_session_reset()")
    s("create database sync", "reindex table pg_class")
    s("insert into t select g, repeat('f', 20) from generate_series(100,230) g", "delete from t where id between 100 and 150")
    s("select count(*) from t", "vacuum t", "vacuum (freeze) t")
    s("begin", "insert into subs values (1)", "rollback", "vacuum subs")
    s("create table e(a int)", "insert into e select generate_series(1,300)", "delete from e", "vacuum e")
    s("create table c(a int, b text)", "copy c from program 'seq 1 8 | sed s/$/,row/' with (format csv)")
    s("copy c from program 'seq 1 5 | sed s/$/,/' with (format csv)", "select pg_create_restore_point('before lunch')")
    s("do $$ begin for i in 1..33000 loop perform pg_current_xact_id(); commit; end loop; end $$")
    a.end(), b.end(), s.end()
    for setting in ("wal_log_hints = on", "wal_level = logical", "wal_level = replica"):
        with open(f"{DATA}/postgresql.conf", "a") as f:
            f.write(setting + "\n")
        control("restart")
        s = Session()
        s("select count(*) from c", "insert into c values (1,'a')", "delete from c where a = 1", "checkpoint")
        s("insert into c values (2,'b')", "checkpoint", "select count(*) from c", "truncate c, e restart identity cascade")
        s("alter system set full_page_writes = off", "select pg_reload_conf(), pg_sleep(1)", "alter system reset all",
          "select pg_reload_conf(), pg_sleep(1)")
        s.end()


def records(data, tli, start):
    """Every record: where it is, its length, resource manager, kind, line of pg_waldump."""
    lines = run(f"{BIN}/pg_waldump", "-p", f"{data}/pg_wal", "-t", str(tli), "-s", text(start)).stdout.splitlines()
    for line in lines:
        m = re.match(r"rmgr: (\S+) +len \(rec/tot\): +\d+/ *(\d+), tx: +\d+, lsn: (\S+), prev \S+, desc: (\S+)", line)
        yield number(m[3]), int(m[2]), m[1], m[4], line


# What makes two records of one kind worth keeping.
FEATURES = ["rels:", "subxacts:", "dropped stats", "relcache init", "; sync", "origin:", "inval msgs", "xacts:", "FPW",
            "fork vm", "MULTI", "LOCK_ONLY", "KEYSHR", "KEYS_UPD", "blkref #1", "nredirected 0", "ndead 0", "flags 0x0",
            "flags 0x2", "flags 0x4", "flags 0x6", "flags 0x1", "snapshot", "catalog", "relmap", "smgr", "online", "shutdown"]
KNOWN = {"XLOG", "Transaction", "Storage", "CLOG", "Standby", "Heap2", "Heap"}
LOGICAL = {"NEW_CID", "INVALIDATION"}  # written for logical decoding only


def chosen(data, tli, start):
    seen = {}
    for lsn, length, rmgr, kind, line in records(data, tli, start):
        features = (rmgr, kind, tuple(f for f in FEATURES if f in line))
        crosses = lsn // 8192 != (lsn + length - 1) // 8192
        if rmgr not in KNOWN or kind in LOGICAL or length > 1200 or crosses or seen.setdefault(features, 0) >= 2:
            continue
        seen[features] += 1
        yield lsn, length, line


def write_ranges(ranges):
    with open(f"{OUT}/wal-pages.txt", "w") as f:
        for title, (start, end) in ranges:
            f.write(f"= {title} {text(start)} {text(end)}\n")
            for page in range(start // 8192, (end - 1) // 8192 + 1):
                header = 40 if page * 8192 % SEG == 0 else 24
                if page * 8192 < start:
                    dump(f, page * 8192, raw(page * 8192, page * 8192 + header))
                at = max(start, page * 8192)
                dump(f, at, raw(at, min(end, page * 8192 + 8192)))
            out = run(f"{BIN}/pg_waldump", "-p", f"{DATA}/pg_wal", "-s", text(start), "-e", text(end)).stdout
            f.write("".join(f"> {line}\n" for line in out.splitlines()))


def write_records(picked, info):
    with open(f"{OUT}/wal-records.txt", "w") as f:
        for lsn, bytes, line in picked:
            f.write(f"{text(lsn)} {bytes.hex()}\nwaldump|{line}\n")
            if lsn in info:
                f.write(f"server|{info[lsn]}\n")


def write_damage(start, end):
    """One flaw at a time, and what pg_waldump says of it."""
    segment, name = start // SEG, f"00000001{start // SEG // 4096:08X}{start // SEG % 4096:08X}"
    good = bytearray(open(f"{DATA}/pg_wal/{name}", "rb").read())
    page = (start // 8192 + 1) * 8192
    # The second record is damaged, since of a flawed first one the tool says only that it is not there.
    first = int.from_bytes(good[start % SEG:start % SEG + 4], "little")
    second = start + (first + 7) // 8 * 8
    flaws = [(second, 0xFF), (second + 4, 1), (second + 8, 8), (second + 17, 0x77), (second + 20, 1), (second + 30, 1)]
    flaws += [(page, 1), (page + 2, 1), (page + 3, 0x80), (page + 4, 1), (page + 9, 1), (page + 16, 3), (page + 40, 1)]
    os.makedirs(f"{SCRATCH}/damaged", exist_ok=True)
    with open(f"{OUT}/wal-damage.txt", "w") as f:
        for at, flip in flaws:
            bad = good.copy()
            bad[at % SEG] ^= flip
            open(f"{SCRATCH}/damaged/{name}", "wb").write(bad)
            r = run(f"{BIN}/pg_waldump", "-p", f"{SCRATCH}/damaged", "-s", text(start), "-e", text(end))
            error = re.search(r"error in WAL record at \S+: (.*)", r.stderr)
            f.write(f"{text(at)} {flip:02x} {error[1] if error else 'no error'}\n")


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    os.makedirs(OUT, exist_ok=True)
    must(f"{BIN}/initdb", "-D", DATA, "-A", "trust", "-U", "postgres", "--no-locale", "-E", "UTF8", "--wal-segsize=1")
    with open(f"{DATA}/postgresql.conf", "a") as f:
        f.write(CONF)
    control("start")
    s = Session()
    first = number(s("select pg_current_wal_insert_lsn()"))
    s("create table warm(a int)", "drop table warm", "checkpoint", "create table warm(a int)")
    ranges = [("story", story(s)), ("crossing", crossing(s))]
    kinds(s)
    # A standby, promoted, has records that a primary never writes.
    must(f"{BIN}/pg_basebackup", "-h", SCRATCH, "-U", "postgres", "-D", f"{SCRATCH}/standby", "-X", "stream", "-R", "-c", "fast")
    s = Session()
    picked = list(chosen(DATA, 1, first))
    info = {}
    for lsn, length, line in picked:
        info[lsn] = s(f"select * from pg_get_wal_record_info('{text(lsn)}')")
    picked = [(lsn, raw(lsn, lsn + length), line) for lsn, length, line in picked]
    with open(f"{SCRATCH}/standby/postgresql.conf", "a") as f:
        f.write("port = 5433\n")
    control("start", f"{SCRATCH}/standby")
    control("promote", f"{SCRATCH}/standby")
    time.sleep(2)
    control("stop", f"{SCRATCH}/standby")
    name = min(n for n in os.listdir(f"{SCRATCH}/standby/pg_wal") if re.fullmatch("00000002[0-9A-F]{16}", n))
    begin = (int(name[8:16], 16) * 4096 + int(name[16:], 16)) * SEG
    for lsn, length, line in chosen(f"{SCRATCH}/standby", 2, begin):
        if "END_OF_RECOVERY" in line:
            picked.append((lsn, raw(lsn, lsn + length, f"{SCRATCH}/standby", 2), line))
    write_ranges(ranges)
    write_records(picked, info)
    write_damage(*ranges[0][1])
    s.end()
    control("stop")


main()
