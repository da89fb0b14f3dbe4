#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An F2FS that is not clean, not alone, not understood or not plausible is refused with its reason,
# and served again after the remedy. What a stopped machine leaves is in fs_kernel.sh.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.f2fs sload.f2fs fsck.f2fs resize.f2fs python3
image=$dir/image
f2fs="python3 $top_srcdir/tests/fs/f2fs.py"
mkdir "$dir/files"
noise "$dir/noise" 10000
write_files "$dir/files" 9 54321

# Each layout is made once.
new() {
	made="$dir/made$(echo "$*" | tr -d ' ')"
	if [ ! -e "$made" ]; then
		rm -f "$image"
		truncate -s 100M "$image"
		mkfs.f2fs -q -f "$@" "$image" >"$dir/log" 2>&1 ||
			fail "mkfs.f2fs $*: $(cat "$dir/log")"
		sload.f2fs -f "$dir/files" "$image" >"$dir/log" 2>&1 ||
			fail "sload.f2fs: $(cat "$dir/log")"
		served
		cp --sparse=always "$image" "$made"
	fi
	cp --sparse=always "$made" "$image"
}

served() {
	"$freemap" f2fs "$image" >"$dir/ours" || fail "refused"
	$f2fs nodes "$image" | join_extents >"$dir/theirs"
	same_map nodes "$dir/theirs" "$dir/ours"
}

repair() {
	fsck.f2fs -f "$image" >"$dir/log" 2>&1 || :
	served
}

proves "one of two devices"
truncate -s 100M "$image" "$dir/second"
mkfs.f2fs -q -f -c "$dir/second" "$image" >"$dir/log" 2>&1 || fail "mkfs.f2fs -c: $(cat "$dir/log")"
refused multi-device f2fs "$image"

proves "marked for fsck, which mends it"
flags=0xc1
for flag in 0x8 0x10 0x800; do
	new
	$f2fs cp "$image" 132 4 $((flags | flag))
	refused errors f2fs "$image"
	repair
done

proves "features, errors and places in the superblock"
while read -r at size value why; do
	new -O extra_attr,sb_checksum
	$f2fs super "$image" "$at" "$size" "$value"
	refused "$why" f2fs "$image"
done <<END
2180 4 0x80a feature
2180 4 0x8808 feature
2180 4 0x20808 feature
2794 1 2 errors
72 4 0 corrupt
68 4 0x7fffff corrupt
36 8 0x10000000 outside
END
new -O extra_attr,sb_checksum
$f2fs super "$image" 48 4 7 1
refused corrupt f2fs "$image"

proves "states in the checkpoint"
while read -r at size value why; do
	new
	$f2fs cp "$image" "$at" "$size" "$value"
	refused "$why" f2fs "$image"
done <<END
132 4 0xc0 unclean
132 4 0x40c1 unclean
132 4 0xc3 orphans
132 4 0x10c1 feature
132 4 0x100c1 feature
144 4 999 map-total
16 8 3 map-total
END

proves "another checkpoint was begun"
new
head -c 4096 "$dir/noise" | dd of="$image" bs=4096 seek=1024 conv=notrunc status=none
refused unclean f2fs "$image"

proves "a node after the checkpoint"
new
$f2fs later "$image"
refused journal f2fs "$image"

proves "a segment whose counter is not that of its bits"
new
$f2fs entry "$image" 0 2 1 0xf0
refused corrupt f2fs "$image"

proves "cut off"
new
truncate -s 99M "$image"
refused outside f2fs "$image"

proves "served after it has grown, and shrunk"
new
truncate -s 300M "$image"
resize.f2fs "$image" >"$dir/log" 2>&1 || fail "resize.f2fs: $(cat "$dir/log")"
served
resize.f2fs -s -t 409600 "$image" >"$dir/log" 2>&1 || fail "resize.f2fs -s: $(cat "$dir/log")"
served

proves "made for reading only, and entries of the segment table in its journal"
new -O ro
new
$f2fs journal "$image" 5
served

proves "reading has not written"
sha256sum <"$image" >"$dir/before"
served
sha256sum <"$image" | cmp -s - "$dir/before" || fail "it has"
