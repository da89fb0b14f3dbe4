#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A mounted btrfs is trimmed through the kernel: the image below shrinks to what is in use, files
# stay as they were, and the map which the driver has after unmounting is all hole.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.btrfs btrfs python3
need_mounts
image=$dir/image
achica=$top_builddir/achica

kib() {
	du -k "$image" | cut -f1
}

for options in "" compress-force=zstd; do
	rm -f "$image"
	truncate -s 400M "$image"
	mkfs.btrfs -q -f "$image" >/dev/null 2>&1
	loop=$(losetup -f --show "$image")
	loops=$loop
	mount ${options:+-o "$options"} "$loop" "$dir/mnt"
	head -c 20M /dev/urandom >"$dir/mnt/kept"
	head -c 150M /dev/urandom >"$dir/mnt/gone"
	sync -f "$dir/mnt"
	rm "$dir/mnt/gone"
	sync -f "$dir/mnt"
	sha256sum "$dir/mnt/kept" >"$dir/sum"
	before=$(kib)
	[ "$before" -gt 150000 ] || fail "nothing stale: $before KiB"
	if [ -n "$options" ]; then
		status=0
		"$achica" --zero --yes --method=fill "$dir/mnt" >"$dir/log" 2>&1 || status=$?
		[ $status = 4 ] && grep -q 'would not help: btrfs compress' "$dir/log" ||
			fail "fill ended with $status: $(cat "$dir/log")"
		[ "$(kib)" -ge "$before" ] || fail "fill wrote all the same"
	fi
	"$achica" --zero --yes -q "$dir/mnt" >"$dir/log" 2>&1 || fail "--zero: $(cat "$dir/log")"
	after=$(kib)
	[ "$after" -lt 40000 ] || fail "$before KiB before, $after KiB after the trim"
	sha256sum --check --quiet "$dir/sum" || fail "the file differs"
	umount "$dir/mnt"
	losetup -d "$loop"
	loops=
	"$freemap" btrfs "$image" >"$dir/free" || fail "refused after the trim"
	python3 "$top_srcdir/tests/fs/btrfs.py" zero "$image" "$dir/free" || fail "not all trimmed"
	btrfs check --check-data-csum "$image" >"$dir/log" 2>&1 || fail "$(cat "$dir/log")"
done
