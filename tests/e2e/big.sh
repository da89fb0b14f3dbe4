#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# 15 TiB, the largest file that an ext4 host holds, sparse: estimated exactly and zeroed in less than
# 64 MiB of memory.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need mkfs.ext4 dumpe2fs debugfs jq
[ -x /usr/bin/time ] || skip "GNU time is not installed"
limit=65536

# within ARGUMENT...: runs achica, whose peak of memory is below the limit, in KiB.
within() {
	rm -f peak
	/usr/bin/time -q -f %M -o peak "$ACHICA" "$@" >"$work/out" 2>"$work/err" </dev/null ||
		fail "achica $*: $? $(cat "$work/err")"
	echo "  $(cat peak) KiB: achica $*"
	[ "$(cat peak)" -lt $limit ] || fail "$(cat peak) KiB of memory"
}

field() {
	jq "[.. | objects | select(.free != null)] | first | .$1" "$work/out"
}

truncate -s 15T disk.img || skip "the host's filesystem has no files of 15 TiB"
mkfs.ext4 -q -F -E lazy_itable_init=1,nodiscard -J size=4 disk.img
noise data 20000000
for i in 1 2 3 4 5; do
	echo "write data file$i"
done >commands
printf 'rm file2\nrm file4\n' >>commands
debugfs -w -f commands disk.img >log 2>&1 || fail "debugfs: $(cat log)"
debugfs -R 'cat file3' disk.img 2>/dev/null >kept
cmp -s data kept || fail "debugfs has not written file3"

proves "--estimate --exact of 15 TiB counts all that is stale, in less than 64 MiB"
within --estimate --exact --json disk.img
free=$(dumpe2fs -h disk.img 2>/dev/null | awk '/^Free blocks:/ { printf "%.0f", $3 * 4096 }')
[ "$(field free)" = "$free" ] || fail "$(field free) bytes free, $free by dumpe2fs"
[ "$(field stale)" -ge 39000000 ] || fail "$(field stale) bytes stale"
[ "$(field stale)" -le 41000000 ] || fail "$(field stale) bytes stale"
[ "$(field exact)" = true ] || fail "it is not exact"

proves "the sampled estimate and the free map of it, in less than 64 MiB"
within --estimate --json disk.img
within --free-map disk.img
[ "$(awk '{ sum += $2 } END { printf "%.0f", sum }' "$work/out")" = "$free" ] || fail "its sum"

for method in write punch; do
	proves "--zero of 15 TiB by $method, in less than 64 MiB; the image does not grow"
	cp --sparse=always disk.img copy.img
	before=$(allocated copy.img)
	within --zero --yes --method=$method --progress=none copy.img
	# The host's own list of the extents may take another block.
	[ "$(allocated copy.img)" -le $((before + 65536)) ] || fail "it grew from $before bytes"
	within --estimate --exact --json copy.img
	[ "$(field stale)" = 0 ] || fail "$(field stale) bytes stay"
	debugfs -R 'cat file3' copy.img 2>/dev/null | cmp -s - data || fail "file3 is not intact"
done
