#!/bin/bash
# Photographs the golden messages in Chromium into bin/shots: every theme and
# language at 320, 390, 600 and 1000 pixels, by day and by night, and fails when
# one is wider than its window. Pictures do not load: their addresses lead nowhere.
set -euo pipefail
cd "$(dirname "$0")/.."
chromium=${CHROMIUM:-chromium}
out=$PWD/bin/shots
mkdir -p "$out"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
flags=(--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
  --disable-component-update --disable-sync --hide-scrollbars --allow-file-access-from-files
  --host-resolver-rules="MAP * ~NOTFOUND" --user-data-dir="$profile")

# Frames, because a window of Chromium is never narrower than about 500 pixels.
wide=$out/wide.html
echo '<!doctype html><meta charset="utf-8"><pre id="wide">checking</pre>' > "$wide"
for file in "$PWD"/digest/render/testdata/*/*.html; do
  for width in 320 390 600 1000; do
    echo "<iframe title='$file at $width' src='file://$file' width='$width' height='200'></iframe>" >> "$wide"
  done
done
cat >> "$wide" <<'JS'
<script>onload = () => {
  let wide = [];
  for (const f of document.querySelectorAll("iframe")) {
    const d = f.contentDocument.documentElement;
    if (d.scrollWidth > d.clientWidth) wide.push(f.title + ": " + d.scrollWidth);
  }
  document.getElementById("wide").textContent = wide.length ? "too wide\n" + wide.join("\n") : "all fit";
}</script>
JS
dom=$("$chromium" "${flags[@]}" --virtual-time-budget=20000 --dump-dom "file://$wide" 2>/dev/null)
if ! grep -q '<pre id="wide">all fit' <<< "$dom"; then
  sed -n '/<pre id="wide">/,/<\/pre>/p' <<< "$dom" >&2
  exit 1
fi

for file in digest/render/testdata/*/*-many.html; do
  name=$(basename "$(dirname "$file")")-$(basename "$file" -many.html)
  for width in 320 390 600 1000; do
    for scheme in 0-dark 1-light; do
      frame=$out/frame.html
      echo "<!doctype html><body style='margin:0'><iframe src='file://$PWD/$file' style='border:0' width='$width' height='2400'></iframe>" > "$frame"
      "$chromium" "${flags[@]}" --blink-settings=preferredColorScheme="${scheme%-*}" --window-size="$((width < 500 ? 500 : width)),2400" \
        --screenshot="$out/$name-$width-${scheme#*-}.png" "file://$frame" > /dev/null 2>&1
    done
  done
done
rm -f "$out/frame.html"
echo "every message fits; pictures in $out"
