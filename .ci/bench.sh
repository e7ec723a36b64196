#!/usr/bin/env bash
# Measures what zest sends beside Postfix's C load generator and go-mail, in one
# run. smtp-source and smtp-sink come from the Debian package postfix; where it is
# not installed it is unpacked, which is enough. ZEST_BENCH=quick takes a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
tools=()
if ! command -v smtp-source >/dev/null; then
	(cd "$out" && apt-get download postfix >/dev/null && dpkg -x postfix_*.deb postfix)
	export LD_LIBRARY_PATH="$out/postfix/usr/lib/postfix"
	tools=(-postfix "$out/postfix/usr/sbin")
fi
make -s build
go build -o "$out/bench" ./digest/internal/bench
"$out/bench" -zest bin/zest "${tools[@]}" "$@"
