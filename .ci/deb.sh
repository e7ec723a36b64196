#!/usr/bin/env bash
# Installs the .deb on a clean Debian root, has systemd judge its units, runs what
# they start as the service's user until a reader has a newsletter, and purges it
# again: then nothing may be left but what the operator made. Needs root,
# debootstrap, systemd-analyze and smtp-sink (postfix). The mirror is the one that
# this machine's apt uses.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in debootstrap smtp-sink chroot; do
	command -v "$tool" >/dev/null || { echo "deb.sh: $tool is missing"; exit 1; }
done
make --no-print-directory package >/dev/null
deb=$(ls -t bin/zest_*.deb | head -1)
work=$(mktemp -d)
root=$work/root
sink=
clean() {
	[ -z "$sink" ] || kill "$sink" 2>/dev/null || true
	umount "$root/proc" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT
fail() { echo "deb.sh: $*"; exit 1; }

codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $codename" | head -1)
echo "a clean $codename"
debootstrap --variant=minbase --include=systemd,adduser "$codename" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
	{ tail -20 "$work/debootstrap.log"; fail "debootstrap"; }
mount -t proc proc "$root/proc"
everything() { (cd "$root" && find . -xdev -path ./proc -prune -o -path ./tmp -prune -o -path ./run -prune -o -path ./var/lib/dpkg -prune -o -path ./var/cache -prune -o -path ./var/log -prune -o -print | sort); }
accounts() { cut -d: -f1 "$root/etc/passwd" "$root/etc/group" | sort -u; }
everything >"$work/before"
accounts >"$work/accounts.before"

echo "installing $deb"
cp "$deb" "$root/tmp/zest.deb"
chroot "$root" dpkg -i /tmp/zest.deb >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "installing"; }
chroot "$root" zest version

units=(zest.service zest.socket zest-send.service zest-send.timer)
chroot "$root" systemd-analyze verify --man=no "${units[@]/#//usr/lib/systemd/system/}" >"$work/verify" 2>&1 || { cat "$work/verify"; fail "verify"; }
[ ! -s "$work/verify" ] || { cat "$work/verify"; fail "verify has something to say"; }
for u in zest.service zest-send.service; do
	chroot "$root" systemd-analyze security --no-pager --offline=true --threshold=20 "/usr/lib/systemd/system/$u" | tail -1
done

# What an operator does: a configuration, a feed, a reader.
chroot "$root" zest init /etc/zest/zest.yaml >/dev/null
grep -q '^store: /var/lib/zest/zest.db' "$root/etc/zest/zest.yaml" || fail "init keeps the store among settings"
cat >"$root/etc/zest/feed.xml" <<'FEED'
<rss version="2.0"><channel><title>Blog</title><item><guid>1</guid><title>The bridge is open again</title>
<link>https://blog.example/1</link><description>Two years of works and eleven millions later, the bridge opens on Monday.</description></item></channel></rss>
FEED
chmod 640 "$root/etc/zest/feed.xml"
mkdir "$work/inbox"
chmod 777 "$work/inbox"
port=$((20000 + $$ % 20000))
(cd "$work/inbox" && exec smtp-sink -u nobody -d "%S." "127.0.0.1:$port" 100) &
sink=$!
sed -i -e "s#^  host: localhost#  host: 127.0.0.1#" -e "s#^  port: 25#  port: $port#" -e "s#url: https://blog.example.org/feed.xml#url: feed.xml#" \
	-e "s@^    #schedule: \[\].*@    schedule: [every day at $(date -u +%H:%M)]@" "$root/etc/zest/zest.yaml"

# started FILE runs what a unit starts, as the user and with the environment that
# it names; systemd would make its state folder first.
started() {
	local unit=$root/usr/lib/systemd/system/$1 user command
	user=$(sed -n 's/^User=//p' "$unit")
	command=$(sed -n 's/^ExecStart=//p' "$unit")
	chroot "$root" install -d -o "$user" -g "$user" -m "$(sed -n 's/^StateDirectoryMode=//p' "$unit")" /var/lib/zest
	chroot "$root" setpriv --reuid "$user" --regid "$user" --init-groups env -i PATH=/usr/bin:/bin \
		STATE_DIRECTORY=/var/lib/zest $(sed -n 's/^Environment=//p' "$unit") sh -c "umask 077; cd /var/lib/zest; exec ${2:-$command}"
}
started zest-send.service "zest subscribers add weekly camille@example.org" >/dev/null
started zest-send.service
for _ in $(seq 50); do [ -z "$(ls "$work/inbox")" ] || break; sleep 0.1; done
[ "$(cat "$work"/inbox/* | grep -ac '^To: .*camille@example.org')" = 1 ] || fail "the reader has no newsletter"
started zest-send.service
[ "$(ls "$work/inbox" | wc -l)" = 1 ] || fail "the reader has it twice"
started zest-send.service "zest verify" | tail -1
started zest.service "timeout --preserve-status 3 zest serve --quiet" || fail "the daemon does not end well"

echo "purging"
chroot "$root" dpkg --purge zest >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "purging"; }
everything >"$work/after"
left=$(comm -13 "$work/before" "$work/after")
expected='./etc/zest
./etc/zest/feed.xml
./etc/zest/zest.yaml
./var/lib/zest
./var/lib/zest/zest.db'
[ "$(grep -v -e '^./var/lib/zest/zest.db-' <<<"$left")" = "$expected" ] || { echo "$left"; fail "purging left more than the operator made"; }

# An operator who made nothing, or took it away, finds nothing of it.
rm -r "$root/etc/zest" "$root/var/lib/zest"
chroot "$root" dpkg -i /tmp/zest.deb >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "installing again"; }
chroot "$root" dpkg --purge zest >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; fail "purging again"; }
everything >"$work/after"
left=$(comm -13 "$work/before" "$work/after")
[ -z "$left" ] || { echo "$left"; fail "purging left something"; }
accounts >"$work/accounts.after"
cmp -s "$work/accounts.before" "$work/accounts.after" || { diff "$work/accounts.before" "$work/accounts.after"; fail "purging left an account"; }
echo "the package installs, sends, and leaves nothing behind."
