#!/usr/bin/env python3
"""Writes the btree-* files of this folder: see README.md. usage: make-btree.py OUT SCRATCH (run as the user of the server)

Makes a cluster in SCRATCH and in it a few indexes, by inserts one by one, by CREATE INDEX, and by VACUUM after deletes.
Then it does to other indexes whatever it takes to have WAL records of every kind, and keeps some of each.
"""
import os, re, subprocess, sys

OUT, SCRATCH = sys.argv[1:3]
BIN = os.environ.get("PGBIN", "/usr/lib/postgresql/15/bin")
DATA = f"{SCRATCH}/data"
CONF = f"""
listen_addresses = ''
unix_socket_directories = '{SCRATCH}'
autovacuum = off
fsync = off
bgwriter_lru_maxpages = 0
max_parallel_maintenance_workers = 0
wal_keep_size = '2GB'
max_wal_size = '4GB'
"""
SEG = 1 << 20

# Each tree: its table, its index, what is done before and after the index is made. A '#' in a query is the number that
# the generator below gives; each number is inserted in a transaction of its own.
ROWS = 3000
TREES = {
    "ascending": ("id int4", "unique index", "id", "", "insert #"),
    "built": ("id int4", "unique index", "id", "insert #", ""),
    "shuffled": ("id int4", "unique index", "id", "", "insert # * 1999 % 3001"),
    "descending": ("id int8", "unique index", "id desc", "", "insert 3000 - #"),
    "pairs": ("a int4, b int4", "unique index", "a, b", "", "insert # % 4, #"),
    "words": ("a int4, b text", "unique index", "b, a desc", "", "insert # % 50, 'word ' || (# * 37 % 101)"),
    "wordsbuilt": ("a int4, b text", "unique index", "b, a desc", "insert # % 50, 'word ' || (# * 37 % 101)", ""),
    "same": ("n numeric", "index", "n", "", "insert 42"),
    "few": ("n numeric", "index", "n", "", "insert # % 5"),
    "fewbuilt": ("n numeric", "index", "n", "insert # % 5", ""),
    "lists": ("a int4", "index", "a", "", "insert # % 5"),
    "listsbuilt": ("a int4", "index", "a", "insert # % 5", ""),
    "nulls": ("a float8, b int2", "index", "a nulls first, b desc nulls last",
              "", "insert case when # % 3 > 0 then # * 0.5 end, case when # % 4 > 0 then # % 7 end"),
    "vacuumed": ("id int4", "unique index", "id", "", "insert #; delete from t where id between 500 and 2500; vacuum t"),
    "emptied": ("id int4", "unique index", "id", "insert #", "delete from t; vacuum t"),
    "holes": ("id int4", "unique index", "id", "insert #", "delete from t where id % 3 = 0; vacuum t"),
}


def must(*args, **kw):
    r = subprocess.run(args, capture_output=True, text=True, **kw)
    if r.returncode:
        sys.exit(f"{args}: {r.stdout}{r.stderr}")
    return r.stdout


def psql(sql):
    return must(f"{BIN}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", SCRATCH, "-U", "postgres", "postgres", input=sql)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(page):
    """Without LSN, checksum, hints, what lies in the hole, and since when a page is deleted."""
    if page[8188] & 4:
        page = page[:24] + bytes(8) + page[32:]
    lower, upper = (int.from_bytes(page[at:at + 2], "little") for at in (12, 14))
    flags = int.from_bytes(page[8188:8190], "little") & ~(1 << 6)
    return bytes(10) + page[10:lower] + bytes(upper - lower) + page[upper:8188] + flags.to_bytes(2, "little") + page[8190:]


def statements(text):
    """The statements of a step: an insert becomes as many as there are rows."""
    for part in filter(None, (part.strip() for part in text.split(";"))):
        if part.startswith("insert "):
            for n in range(ROWS):
                yield f"insert into t values ({part[7:].replace('#', str(n))});"
        else:
            yield part + ";"


def page(name, block):
    return bytes.fromhex(psql(f"select encode(get_raw_page('{name}', {block}), 'hex')").strip())


def tree(name, columns, kind, keys, before, after):
    psql(f"create table t ({columns}) with (autovacuum_enabled = off);" + "\n".join(statements(before)))
    psql(f"create {kind} {name} on t ({keys});" + "\n".join(statements(after)))
    blocks = int(psql(f"select pg_relation_size('{name}') / 8192"))
    lines = [f"= {name} {blocks}"]
    for block in range(blocks):
        bytes_ = page(name, block)
        what = "meta"
        if block:
            what = psql(f"select type, live_items, dead_items, page_size, free_size, btpo_prev, btpo_next, btpo_level,"
                        f" btpo_flags from bt_page_stats('{name}', {block})").strip().replace("|", " ")
        lines.append(f"{block} {crc32c(masked(bytes_)):08x} {what}")
    # Those that are kept whole.
    if name in ("words", "same", "nulls", "listsbuilt"):
        for block in (0, 1, 3):
            write(f"btree-{name}-{block}.page", page(name, block))
            if block:
                rows = psql("select itemoffset, ctid, itemlen, nulls, vars, data, dead, htid, tids[0:9] "
                            f"from bt_page_items('{name}', {block})")
                write(f"btree-{name}-{block}.items", rows.encode())
        meta = psql(f"select * from bt_metap('{name}')")
        write(f"btree-{name}-0.items", meta.encode())
    psql("drop table t")
    return lines


# One after the other, on tables p and q.
LOGGED = """
create table p(id int primary key) with (autovacuum_enabled = off); create table q(a int) with (autovacuum_enabled = off);
create index on q(a)
insert into p select generate_series(1, 150000); checkpoint
insert into p values (200000); insert into p values (-1); insert into p select generate_series(300000, 301000)
insert into q select g % 5 from generate_series(1, 4000) g; checkpoint
delete from q where ctid < '(3,0)'; vacuum q
insert into q select g % 5 from generate_series(1, 2000) g; delete from q where a < 3 or ctid < '(9,0)'; vacuum q
delete from p where id between 400 and 149000; vacuum p
set enable_seqscan = off; set enable_bitmapscan = off; delete from p where id between 10 and 340
select count(*) from p where id < 400; insert into p select generate_series(10, 340); select pg_current_xact_id()
vacuum p; vacuum p; insert into p select generate_series(400, 9000)
delete from p; vacuum p; checkpoint
insert into p select generate_series(1, 1000); insert into p select -g from generate_series(1, 1000) g
"""


def wal_records():
    """As make-wal.py keeps them: position and bytes, the line of pg_waldump, pg_get_wal_record_info."""
    here = lambda: psql("select pg_current_wal_insert_lsn()").strip()
    psql("create extension pg_walinspect")
    start = here()
    for line in LOGGED.strip().splitlines():
        # VACUUM wants to be alone, settings want a session.
        must(f"{BIN}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", SCRATCH, "-U", "postgres", "postgres", input=line + ";")
    dump = must(f"{BIN}/pg_waldump", "-p", f"{DATA}/pg_wal", "-s", start, "-e", here(), "-r", "Btree")
    seen, out = {}, []
    for line in dump.splitlines():
        m = re.match(r"rmgr: \S+ +len \(rec/tot\): +\d+/ *(\d+), tx: +\d+, lsn: (\S+), prev \S+, desc: (\S+) (.*)", line)
        length, lsn, kind, rest = int(m[1]), m[2], m[3], m[4]
        high, low = (int(half, 16) for half in lsn.split("/"))
        at = high << 32 | low
        crosses = at // 8192 != (at + length - 1) // 8192
        features = kind, "FPW" in rest, rest.count("blkref"), "nupdated 0" in rest, "level 0" in rest, "postingoff 0" in rest
        if length > 5000 or crosses or seen.setdefault(features, 0) >= 1:
            continue
        seen[features] += 1
        with open(f"{DATA}/pg_wal/00000001{at // SEG // 4096:08X}{at // SEG % 4096:08X}", "rb") as file:
            file.seek(at % SEG)
            bytes_ = file.read(length)
        info = psql(f"select * from pg_get_wal_record_info('{lsn}')").strip()
        out.append(f"{high:X}/{low:X} {bytes_.hex()}\nwaldump|{line}\nserver|{info}\n")
    write("wal-btree.txt", "".join(out).encode())


def write(name, data):
    with open(f"{OUT}/{name}", "wb") as file:
        file.write(data)


must(f"{BIN}/initdb", "-D", DATA, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8", "--no-sync", "--wal-segsize=1")
with open(f"{DATA}/postgresql.conf", "a") as file:
    file.write(CONF)
subprocess.run([f"{BIN}/pg_ctl", "-D", DATA, "-l", f"{SCRATCH}/log", "-w", "-s", "start"], stdout=subprocess.DEVNULL, check=True)
try:
    psql("create extension pageinspect")
    out = [line for name, how in TREES.items() for line in tree(name, *how)]
    write("btree-trees.txt", ("\n".join(out) + "\n").encode())
    wal_records()
finally:
    subprocess.run([f"{BIN}/pg_ctl", "-D", DATA, "-m", "fast", "-w", "-s", "stop"], check=True)
