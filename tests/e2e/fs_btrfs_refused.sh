#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A btrfs that is not clean, not alone, not understood or not plausible is refused with its reason,
# and served again after the remedy, which is to mount it once.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.btrfs btrfs python3
need_mounts
image=$dir/image
copy=$dir/copy
achica=$top_builddir/achica

oracle() {
	python3 "$top_srcdir/tests/fs/btrfs.py" "$@"
}

new() {
	rm -f "$image"
	truncate -s 300M "$image"
	mkfs.btrfs -q -f "$@" "$image" >/dev/null 2>&1 || fail "mkfs.btrfs $*"
	"$freemap" btrfs "$image" >/dev/null || fail "mkfs.btrfs $*: a fresh one is refused"
}

served() {
	"$freemap" btrfs "$image" >/dev/null || fail "$1"
}

mend() {
	mount -o loop "$image" "$dir/mnt" || fail "cannot mount it"
	touch "$dir/mnt/mended"
	umount "$dir/mnt"
	served "refused after it was mounted"
}

# A crashed machine: the image is copied while it is mounted, after an fsync.
new
mount -o loop "$image" "$dir/mnt"
head -c 2M /dev/urandom >"$dir/mnt/kept"
sync -f "$dir/mnt"
head -c 1M /dev/urandom >>"$dir/mnt/kept"
sync "$dir/mnt/kept"
sync "$image"
cp --sparse=always "$image" "$copy"
umount "$dir/mnt"
refused journal btrfs "$copy"
served "refused after a clean umount"
mv "$copy" "$image"
mend

# Between the first superblock and its copy: an earlier generation in that.
new
mount -o loop "$image" "$dir/mnt"
umount "$dir/mnt"
dd if="$image" of="$copy" bs=4096 skip=16384 count=1 status=none
mend
dd if="$copy" of="$image" bs=4096 seek=16384 conv=notrunc status=none
refused unclean btrfs "$image"
mend

# remedy WHY BYTE: the refusal names the byte; the remedy which is printed, run as it stands (but for
# the folder to mount on), brings it back with its files.
remedied() {
	refused "$1" btrfs "$image"
	"$achica" --list --json "$image" >"$dir/json" || fail "--list"
	python3 - "$dir/json" "$1" "$2" "$dir/mnt" >"$dir/remedy" <<-'END' || fail "$1: the refusal"
		import json, sys
		_, name, why, at, folder = sys.argv
		refusal = json.load(open(name))["targets"][0]["refusal"]
		assert refusal["code"] == why, refusal
		assert at in refusal["reason"], refusal
		print(refusal["remedy"].replace("/mnt", folder))
	END
	yes 2>/dev/null | sh -e "$dir/remedy" >"$dir/log" 2>&1 || [ $? = 2 ] || fail "$(cat "$dir/log")"
	served "refused after: $(cat "$dir/remedy")"
}

# The first superblock or its copy damaged, or the copy newer: no mount is as safe as the remedy.
head -c 4096 /dev/zero | dd of="$image" bs=4096 seek=16384 conv=notrunc status=none
remedied mirror 67108864
printf x | dd of="$image" bs=1 seek=$((65536 + 0x200)) conv=notrunc status=none
remedied mirror 65536
dd if="$image" of="$copy" bs=4096 skip=16 count=1 status=none
mend
dd if="$copy" of="$image" bs=4096 seek=16 conv=notrunc status=none
remedied corrupt older

# One copy of a tree block damaged: the other is sound, and scrub mends it. Both: nothing does.
for tree in extent chunk dev root; do
	new -m dup
	oracle damage "$image" $tree 0
	remedied mirror checksum
	btrfs check "$image" >"$dir/log" 2>&1 || fail "after the scrub: $(cat "$dir/log")"
	oracle damage "$image" $tree all
	refused corrupt btrfs "$image"
done

# Several devices, one of them missing, one removed properly; a seed and what grows from it.
truncate -s 300M "$dir/second"
attach() {
	loop=$(losetup -f --show "$1") || fail "losetup"
	loops="$loops $loop"
}
new
attach "$image"
first=$loop
attach "$dir/second"
second=$loop
mkfs.btrfs -q -f -d raid0 -m raid1 "$first" "$second" >/dev/null 2>&1 || fail "two devices"
refused multi-device btrfs "$image"
refused multi-device btrfs "$dir/second"
mkfs.btrfs -q -f "$first" >/dev/null 2>&1
mount "$first" "$dir/mnt"
btrfs -q device add -f "$second" "$dir/mnt" >/dev/null
umount "$dir/mnt"
refused multi-device btrfs "$image"
btrfs -q device scan "$first" "$second" >/dev/null 2>&1 || :
mount "$first" "$dir/mnt"
btrfs -q device remove "$first" "$dir/mnt"
umount "$dir/mnt"
"$freemap" btrfs "$dir/second" >/dev/null || fail "refused after the other device is removed"
btrfs -q device scan --forget >/dev/null 2>&1 || :
new
btrfstune -S 1 "$image" || fail "btrfstune -S"
refused multi-device btrfs "$image"
mkfs.btrfs -q -f "$second" >/dev/null 2>&1

# A balance that was paused.
new -d single -m single
mount -o loop "$image" "$dir/mnt"
head -c 100M /dev/urandom >"$dir/mnt/file"
sync -f "$dir/mnt"
# Asked to pause before it has started or after it is done, it says so: then again.
pause() {
	btrfs balance start --full-balance "$dir/mnt" >/dev/null 2>&1 &
	while kill -0 $! 2>/dev/null; do
		if btrfs balance pause "$dir/mnt" >/dev/null 2>&1; then
			wait $! || :
			return 0
		fi
	done
	return 1
}
tries=0
until pause; do
	tries=$((tries + 1))
	[ $tries -lt 50 ] || fail "the balance is always done before it can be paused"
done
umount "$dir/mnt"
refused unclean btrfs "$image"
mount -o loop,skip_balance "$image" "$dir/mnt"
btrfs balance cancel "$dir/mnt" >/dev/null
umount "$dir/mnt"
served "refused after the balance was canceled"

# Not understood.
while read -r at size value why; do
	new
	oracle poke "$image" "$at" "$size" "$value"
	refused "$why" btrfs "$image"
done <<EOF
0xbc 8 0x1361 feature
0xbc 8 0x40000341 feature
0xbc 8 0x2341 feature
0xbc 8 0x4341 feature
0xbc 8 0x20341 feature
0xb4 8 0x13 feature
0xc4 2 4 feature
0x38 8 0x200000001 feature
0x38 8 0x1000000001 feature
0x38 8 5 errors
0x88 8 2 multi-device
0x60 8 0x1d10000 journal
EOF

# Not plausible.
new
truncate -s 299M "$image"
refused outside btrfs "$image"
while read -r at size value why; do
	new
	oracle poke "$image" "$at" "$size" "$value"
	refused "$why" btrfs "$image"
done <<EOF
0x30 8 0 corrupt
0x48 8 1 corrupt
0x50 8 12345 corrupt
0x50 8 0x7fffffff0000 corrupt
0x58 8 0x1000000 corrupt
0x78 8 0x21000 map-total
0x90 4 512 corrupt
0x94 4 0x20000 corrupt
0xa0 4 2049 corrupt
0xc6 1 8 corrupt
0xd9 8 0x1000000 corrupt
EOF
# In the blocks of trees, with their checksums right: count, level, owner, generation, an item.
for tree in extent chunk dev root; do
	while read -r at size value; do
		new
		oracle block "$image" $tree "$at" "$size" "$value"
		refused corrupt btrfs "$image"
	done <<-EOF
		0x20 8 1
		0x30 8 0x1000
		0x38 1 0
		0x50 8 99
		0x58 8 77
		0x60 4 0
		0x60 4 0xffffffff
		0x64 1 1
		0x76 4 0xfffffff0
	EOF
done
new
for at in 65536 67108864; do
	printf x | dd of="$image" bs=1 seek=$((at + 0x200)) conv=notrunc status=none
done
refused corrupt btrfs "$image"

# Nothing was written by all of that reading.
new
sha256sum <"$image" >"$dir/before"
served "refused"
sha256sum <"$image" | cmp -s - "$dir/before" || fail "reading has written"
