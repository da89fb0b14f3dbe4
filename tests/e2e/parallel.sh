#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Targets on different disks at the same time, those on one disk one after another: images in two
# filesystems in memory, which count as two disks, and one on a real disk.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need mkfs.ext4 mount jq
need_mounts

for i in 1 2; do
	mkdir mem$i
	mount -t tmpfs -o size=64M achica-test mem$i
done

# image NAME: 24 MiB of ext4, all its free space full of old data.
image() {
	noise "$1" 25165824
	mkfs.ext4 -qF -E nodiscard "$1"
}

# run OPTION... IMAGE...: with its log in ./log, its progress in ./progress. At this rate nothing
# ends before the others have begun.
run() {
	rm -f log progress
	status=0
	"$ACHICA" --zero --yes -q -j --method=write --log=log --progress=json "$@" >result 2>progress ||
		status=$?
}

# begun NAME, done NAME: the line of the log.
begun() {
	grep -n "$1: method: write zeros" log | cut -d: -f1
}
ended() {
	grep -n "$1: done" log | cut -d: -f1
}

# was_zeroed NAME: nothing stale is left.
was_zeroed() {
	jq -e --arg name "$1" '[.. | objects | select(.name? == $name)][0] |
		.stale == null and .reclaimed > 20000000' result >/dev/null ||
		fail "$1 was not reclaimed: $(cat result)"
}

image mem1/a.img
image mem1/b.img
image mem2/c.img
image d.img
a=$work/mem1/a.img b=$work/mem1/b.img c=$work/mem2/c.img d=$work/d.img

proves "three disks are worked on at the same time, two images on one disk in turn"
run --max-rate=40M "$a" "$b" "$c" "$d"
[ $status = 0 ] || fail "it ended with $status: $(cat log progress)"
for name in "$c" "$d"; do
	[ "$(begun "$name")" -lt "$(ended "$a")" ] || fail "$name waited: $(cat log)"
	[ "$(begun "$a")" -lt "$(ended "$name")" ] || fail "$a waited: $(cat log)"
done
[ "$(begun "$b")" -gt "$(ended "$a")" ] || fail "$b did not wait: $(cat log)"

proves "progress tells of each that is at work"
for name in "$a" "$c" "$d"; do
	jq -e -s --arg name "$name" 'any(.target == $name and .phase == "working")' progress \
		>/dev/null || fail "nothing of $name: $(cat progress)"
done

proves "the results are in the order of the list, and complete"
[ "$(jq -r '.targets[].name' result | tr '\n' ' ')" = "$a $b $c $d " ] || fail "$(cat result)"
for name in "$a" "$b" "$c" "$d"; do
	was_zeroed "$name"
	e2fsck -fn "$name" >/dev/null 2>&1 || fail "$name is damaged"
done

proves "the rate is of all together"
image "$a"
image "$c"
start=$(date +%s%N)
run --max-rate=24M "$a" "$c"
ms=$((($(date +%s%N) - start) / 1000000))
# All that was read and written, but for the burst at the start; each at a rate of its own would
# take half of that time.
due=$(jq -s 'map(select(.phase == "done") | .read + .reclaimed) | add / 25165.824 * 0.85 | floor' \
	progress)
[ "$due" -gt 1000 ] && [ $ms -gt "$due" ] || fail "it took $ms ms only, not $due: $(cat progress)"

proves "one that is refused holds up no other"
image "$a"
image "$c"
debugfs -w -R "feature needs_recovery" "$a" >/dev/null 2>&1
run "$a" "$c"
[ $status = 4 ] || fail "it ended with $status: $(cat log)"
was_zeroed "$c"

proves "a signal stops all"
image "$b"
image "$c"
rm -f log
"$ACHICA" --zero --yes -q --method=write --log=log --max-rate=4M "$b" "$c" >/dev/null 2>&1 &
pids=$!
for i in $(seq 100); do
	[ "$(grep -c "method: write zeros" log 2>/dev/null)" != 2 ] || break
	sleep 0.05
done
[ "$(grep -c "method: write zeros" log)" = 2 ] || fail "they did not begin: $(cat log)"
start=$(date +%s%N)
kill -TERM $pids
wait $pids || :
ms=$((($(date +%s%N) - start) / 1000000))
[ "$(grep -c "stopped" log)" = 2 ] || fail "not both were stopped: $(cat log)"
[ $ms -lt 1000 ] || fail "it took $ms ms to stop"
