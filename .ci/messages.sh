#!/bin/bash
# Has others judge the golden messages: SpamAssassin (no rule may cost anything)
# and the W3C's HTML checker (nothing beyond .ci/w3c-allowed.txt).
set -euo pipefail
cd "$(dirname "$0")/.."
perl .ci/spam.pl digest/render/testdata/*/*.eml
allowed=$(mktemp)
trap 'rm -f "$allowed"' EXIT
grep -v '^#' .ci/w3c-allowed.txt > "$allowed"
java -jar "$(.ci/npm.sh)/vnu-jar/build/dist/vnu.jar" --Werror --filterfile "$allowed" digest/render/testdata/*/*.html
echo "the W3C checker finds nothing in $(ls digest/render/testdata/*/*.html | wc -l) messages"
