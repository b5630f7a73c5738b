#!/usr/bin/env bash
# Records what a real PostgreSQL 15 answers to the two client scripts.
#
#     tests/server/clients/record.sh CONNINFO PYTHON
#
# CONNINFO is that of an empty database of a scratch cluster (superuser, extension pageinspect, locale C, UTF8), PYTHON one
# that has psycopg 3. Source lines of errors (psql's LOCATION) are left out: they are no part of the answer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=$(psql -X -At "$1" -c "select split_part(current_setting('server_version'), ' ', 1)")
out=$here/../../golden/pg$version/clients
mkdir -p "$out"
psql -X -a "$1" < "$here/story.psql" 2>&1 | grep -v '^LOCATION: ' > "$out/story.txt"
"$2" "$here/story.py" "$1" 2>/dev/null > "$out/story-psycopg.txt"
