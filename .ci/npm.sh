#!/bin/bash
# Fetches what judges the messages and is not Go, once, into bin/npm: axe-core,
# the W3C checker, and a typeface with the measures of Georgia.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -d bin/npm/node_modules/axe-core ]; then
  mkdir -p bin/npm
  npm install --silent --no-save --no-audit --no-fund --prefix bin/npm axe-core@4.14.1 vnu-jar@26.9.27 @fontsource/gelasio@5.3.0 >&2
fi
echo "$PWD/bin/npm/node_modules"
