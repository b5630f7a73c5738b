#!/usr/bin/env python3
"""What a real PostgreSQL 15 answers to the statements of the corpus.

    engine/tests/corpus/capture.py NAME...

For each NAME, runs every line of NAME.sql (or, if there is NAME.py, every line that it prints) as a simple query in one
session, and writes NAME.golden: a line `> ` with the statement, then the columns as name:type (a type's oid, and its
modifier if there is one), then the rows, columns parted by `|`, NULL as \\N, a newline as \\n; or `!` with SQLSTATE, the
place in the statement and the message, then detail and hint, alone. A statement without rows gives its tag.

The server is reached by PGHOST (an address) and PGPORT, as the user postgres without a password, and must be a fresh
one of encoding UTF8, locale C and time zone UTC, since oids are shown. `-- ` begins a comment.
"""

import os, pathlib, socket, struct, subprocess, sys

HERE = pathlib.Path(__file__).parent


class Session:
    """As little of the protocol, version 3, as simple queries need."""

    def __init__(self):
        self.socket = socket.create_connection((os.environ.get("PGHOST", "127.0.0.1"), int(os.environ["PGPORT"])))
        self.stream = self.socket.makefile("rb")
        body = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.parameters = {}
        for kind, body in self.messages():
            if kind == b"S":
                name, value = body[:-1].split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()

    def messages(self):
        while True:
            kind, length = struct.unpack("!ci", self.stream.read(5))
            body = self.stream.read(length - 4)
            if kind == b"Z":
                return
            yield kind, body

    def ask(self, statement):
        text = statement.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)
        lines = []
        for kind, body in self.messages():
            if kind == b"T":
                lines.append(columns(body))
            elif kind == b"D":
                lines.append(row(body))
            elif kind == b"E":
                lines = error(body)
            elif kind == b"C" and not lines:
                lines.append(body[:-1].decode())
        return lines


def columns(body):
    count, at, shown = struct.unpack("!h", body[:2])[0], 2, []
    for _ in range(count):
        end = body.index(b"\0", at)
        name = body[at:end].decode()
        _, _, oid, _, typmod, _ = struct.unpack("!ihihih", body[end + 1:end + 19])
        shown.append(f"{name}:{oid}" + (f":{typmod}" if typmod >= 0 else ""))
        at = end + 19
    return "|".join(shown)


def row(body):
    count, at, shown = struct.unpack("!h", body[:2])[0], 2, []
    for _ in range(count):
        length = struct.unpack("!i", body[at:at + 4])[0]
        at += 4
        if length < 0:
            shown.append("\\N")
        else:
            shown.append(body[at:at + length].decode().replace("\n", "\\n"))
            at += length
    return "|".join(shown)


def error(body):
    fields = {field[:1]: field[1:].decode() for field in body.split(b"\0") if field}
    place = f" @{fields[b'P']}" if b"P" in fields else ""
    lines = [f"! {fields[b'C']}{place} {fields[b'M']}"]
    for key, word in ((b"D", "detail"), (b"H", "hint")):
        if key in fields:
            lines.append(f"  {word}: {fields[key]}")
    return [line.replace("\n", "\\n") for line in lines]


def statements(name):
    generator = HERE / f"{name}.py"
    if generator.exists():
        text = subprocess.run([sys.executable, generator], check=True, capture_output=True, text=True).stdout
    else:
        text = (HERE / f"{name}.sql").read_text()
    seen = set()
    for line in text.splitlines():
        if line and not line.startswith("-- ") and line not in seen:
            # Twice the same question of one that changes nothing teaches nothing.
            if line.lower().startswith("select"):
                seen.add(line)
            yield line


def main():
    for name in sys.argv[1:]:
        session = Session()
        out = [f"PostgreSQL {session.parameters['server_version']}"]
        for statement in statements(name):
            out += [f"> {statement}", *session.ask(statement)]
        (HERE / f"{name}.golden").write_text("\n".join(out) + "\n")
        print(name, sum(line.startswith("> ") for line in out), "statements")


main()
