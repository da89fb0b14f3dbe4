#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ext2, ext3 and ext4 as partition 2 of 3 of a disk image with gaps, GPT and MBR, on old data, with
# files written and half of them deleted: the free map is dumpe2fs's, and of the whole disk nothing
# but those bytes is changed.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need mkfs.ext4 dumpe2fs e2fsck sfdisk
need_mounts
mkdir mnt

# new_disk LABEL SECTOR MKFS-OPTION...: 64 MiB of noise; partition 2 has 48 MiB from SECTOR on.
new_disk() {
	label=$1
	offset=$(($2 * 512))
	noise disk.img 67108864
	# What was a table is noise too. Where the third partition is next to the second, one byte too
	# far is seen.
	printf 'label: %s\nstart=2048, size=4096\nstart=%s, size=98304\nstart=%s, size=8192\n' \
		"$label" "$2" $(($2 + 98304)) | sfdisk -q --wipe never disk.img
	shift 2
	mke2fs -q -F -E "nodiscard,offset=$offset" "$@" disk.img 48M >log 2>&1 ||
		fail "mke2fs $*: $(cat log)"
	mount -o "loop,offset=$offset,sizelimit=50331648" disk.img mnt
	write_files mnt 30 33333
	delete_half mnt
	sums mnt >kept
	umount mnt
	cp disk.img before.img
}

has_its_files() {
	e2fsck -fn "disk.img?offset=$offset" >log 2>&1 || fail "e2fsck -fn: $(cat log)"
	mount -o "ro,loop,offset=$offset,sizelimit=50331648" disk.img mnt
	sums mnt >now
	umount mnt
	same "the files" kept now
}

# check METHOD
check() {
	ends 0 --free-map disk.img#2
	join_extents <"$work/out" >ours
	dumpe2fs_map disk.img $offset >map
	[ -s map ] || fail "dumpe2fs has no map"
	same "the free map" map ours
	zeroes disk.img#2 --method=$1
	only_free_zeroed map $offset before.img disk.img
	has_its_files
	cp disk.img once.img
	ends 3 --zero --yes --method=write disk.img#2
	cmp -s once.img disk.img || fail "a second run has changed something"
}

# MBR cannot have its partitions anywhere but on whole sectors; 9999 is as odd as can be.
while read -r table sector method options; do
	proves "$options in $table from sector $sector, by $method"
	# shellcheck disable=SC2086
	new_disk $table $sector $options
	check $method
done <<END
gpt 10240 punch -t ext2 -b 1024
dos 9999 punch -t ext2 -b 4096
dos 10240 write -t ext3 -b 1024
gpt 9999 write -t ext3 -b 4096
gpt 9999 punch -t ext4 -b 1024
dos 10240 write -t ext4 -b 4096
dos 9999 punch -t ext4 -b 1024 -g 1024 -G 16 -O flex_bg
gpt 10240 write -t ext4 -b 4096 -g 1024 -G 4 -O flex_bg
gpt 10240 punch -t ext4 -b 4096 -O bigalloc -C 16384
dos 9999 write -t ext4 -b 1024 -O bigalloc -C 8192
END

# The whole disk by its name: the partitions which hold a filesystem, and nothing else.
proves "without a number all that can be reclaimed on the disk is, and the other partitions are not"
new_disk gpt 9999 -t ext4 -b 4096
dumpe2fs_map disk.img $offset >map
ended=0
"$ACHICA" --zero --yes --progress=none disk.img >out 2>err </dev/null || ended=$?
[ $ended = 0 ] || fail "ended with $ended: $(cat err)"
only_free_zeroed map $offset before.img disk.img
has_its_files
