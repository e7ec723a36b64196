#!/bin/bash
# Looks at the golden messages in Chromium: every theme and language at 320, 390,
# 600 and 1000 pixels, by day and by night, with pictures and without. Fails when
# one is wider than its window or when axe-core finds fault. Photographs go to
# bin/shots, a contact sheet of each theme to docs/img.
set -euo pipefail
cd "$(dirname "$0")/.."
npm=$(.ci/npm.sh)
go run ./digest/internal/shots -out bin/shots -sheets docs/img -axe "$npm/axe-core/axe.min.js" \
  -font "$npm/@fontsource/gelasio/files" "$@" digest/render/testdata/*/*.html
