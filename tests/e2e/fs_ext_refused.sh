#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An ext filesystem that is not clean, not understood or not plausible is refused with its reason,
# and served again after the remedy (e2fsck).
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.ext4 dumpe2fs debugfs e2fsck tune2fs
need_mounts
image=$dir/image
copy=$dir/copy

new() {
	rm -f "$image"
	truncate -s 64M "$image"
	mke2fs -q -F "$@" "$image" >/dev/null 2>&1 || fail "mke2fs $*"
	"$freemap" ext4 "$image" >/dev/null || fail "mke2fs $*: a fresh one is refused"
}

edit() {
	printf '%s\n' "$@" >"$dir/commands"
	debugfs -w -f "$dir/commands" "$image" >"$dir/log" 2>&1 || fail "debugfs $*"
}

# What a field of dumpe2fs -h says.
field() {
	dumpe2fs -h "$image" 2>/dev/null | sed -n "s/^$1: *//p"
}

# poke OFFSET OCTAL...: bytes at an offset.
poke() {
	at=$1
	shift
	printf "$(printf '\\%s' "$@")" | dd of="$image" bs=1 seek="$at" conv=notrunc status=none
}

# What e2fsck mends is served afterwards.
mended() {
	e2fsck -fy "$1" >"$dir/log" 2>&1 || [ $? -le 2 ] || fail "e2fsck cannot mend it"
	"$freemap" ext4 "$1" >/dev/null || fail "refused after e2fsck"
}

# A crashed machine: the image is copied while it is mounted, after an fsync; a deleted file is
# still open.
crash() {
	mount -o loop "$image" "$dir/mnt"
	head -c 3M /dev/urandom >"$dir/mnt/kept"
	echo gone >"$dir/mnt/gone"
	exec 3<"$dir/mnt/gone"
	rm "$dir/mnt/gone"
	sync -f "$dir/mnt/kept"
	cp "$image" "$copy"
	exec 3<&-
	umount "$dir/mnt"
}

# Not clean.
new -t ext4
crash
refused journal ext4 "$copy"
# The journal replayed and nothing else: the counter in the superblock is out of date.
e2fsck -E journal_only -y "$copy" >/dev/null 2>&1 || [ $? -le 2 ]
refused map-total ext4 "$copy"
mended "$copy"
"$freemap" ext4 "$image" >/dev/null || fail "refused after a clean umount"

new -t ext3
crash
refused journal ext3 "$copy"
mended "$copy"

new -t ext4 -O orphan_file
edit "feature orphan_present"
refused orphans ext4 "$image"
mended "$image"

for type in ext2 "ext4 -O ^has_journal"; do
	# shellcheck disable=SC2086
	new -t $type
	crash
	refused unclean ext4 "$copy"
	mended "$copy"
done

# A journal that holds something, its flag cleared by hand: what it would show first, and then.
new -t ext4
crash
cp "$copy" "$image"
edit "feature -needs_recovery"
refused orphans ext4 "$image"
edit "ssv last_orphan 0"
refused journal ext4 "$image"

new -t ext4
edit "ssv state 3"
refused errors ext4 "$image"
mended "$image"

# In use by another machine: its MMP block counts.
new -t ext4 -O mmp
poke $(($(field "MMP block number") * $(field "Block size") + 4)) 001 000 000 000
refused busy ext4 "$image"

# Not understood.
new -t ext4
edit "feature FEATURE_I30"
refused feature ext4 "$image"
new -t ext4
edit "feature FEATURE_R30"
refused feature ext4 "$image"
new -t ext4
edit "feature shared_blocks"
refused feature ext4 "$image"
new -t ext4
edit "feature FEATURE_C30"
"$freemap" ext4 "$image" >/dev/null || fail "refused for a compatible feature"

truncate -s 8M "$dir/journal"
mke2fs -q -F -O journal_dev "$dir/journal"
refused feature ext4 "$dir/journal"
refused container jbd "$dir/journal"
loop=$(losetup -f --show "$dir/journal")
loops=$loop
rm -f "$image"
truncate -s 64M "$image"
mke2fs -q -F -t ext4 -b 1024 -J "device=$loop" "$image" 2>/dev/null ||
	mke2fs -q -F -t ext4 -b 4096 -J "device=$loop" "$image"
refused journal-device ext4 "$image"

# Not plausible.
new -t ext4
truncate -s 63M "$image"
refused outside ext4 "$image"
new -t ext4
poke $((1024 + 0x78)) 101
refused corrupt ext4 "$image"
new -t ext4
edit "ssv free_blocks_count 7"
refused map-total ext4 "$image"
mended "$image"
new -t ext4
edit "set_block_group 0 free_blocks_count 7"
refused corrupt ext4 "$image"
mended "$image"

bitmap() {
	echo $((($(dumpe2fs "$image" 2>/dev/null |
		sed -n 's/^  Block bitmap at \([0-9]*\).*/\1/p' | head -1)) * $(field "Block size")))
}
new -t ext4
poke "$(bitmap)" 000
refused corrupt ext4 "$image"
mended "$image"

# Without checksums: a group's counter, and metadata called free while the counter agrees.
new -t ext2 -b 1024
poke $(($(bitmap) + 900)) 377
refused corrupt ext2 "$image"
new -t ext2 -b 1024
poke "$(bitmap)" 376
poke $(($(bitmap) + 900)) 001
refused corrupt ext2 "$image"
mended "$image"

# Nothing was written by all of that reading.
sha256sum <"$image" >"$dir/before"
"$freemap" ext4 "$image" >/dev/null
sha256sum <"$image" | cmp -s - "$dir/before" || fail "reading has written"
