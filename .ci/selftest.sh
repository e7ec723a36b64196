#!/usr/bin/env bash
# The torture that operators run with `zest selftest`, in its full form: on
# SQLite, and on a Postgres of its own that is restarted in the middle of a send.
set -euo pipefail
cd "$(dirname "$0")/.."
make --no-print-directory build
bin/zest selftest --full

pg=$(dirname "$(ls /usr/lib/postgresql/*/bin/pg_ctl | tail -1)")
dir=$(mktemp -d)
as=
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
  chown nobody "$dir"
  as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
fi
trap '$as "$pg/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null || true; rm -rf "$dir"' EXIT
port=$((20000 + RANDOM % 20000))
$as "$pg/initdb" -D "$dir/data" -U zest -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
cat >>"$dir/data/postgresql.conf" <<END
port = $port
unix_socket_directories = '$dir'
listen_addresses = '127.0.0.1'
END
$as "$pg/pg_ctl" -D "$dir/data" -w -l "$dir/log" start >/dev/null
bin/zest selftest --full --store "postgres://zest@127.0.0.1:$port/postgres?sslmode=disable" \
  --restart "$as $pg/pg_ctl -D $dir/data -m immediate -w -l $dir/log restart >/dev/null"
