#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# XFS as partition 2 of a disk image, GPT and MBR, on old data, with files written and half of them
# deleted: the free map is xfs_db's, of the whole disk nothing but those bytes is changed, and
# xfs_repair and the kernel find the files as they were.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need mkfs.xfs xfs_db xfs_repair sfdisk python3
need_mounts
mkdir mnt
SIZE=100663296

# Two mounts of one UUID would meet where the first is not gone yet.
new_disk() {
	offset=$(($2 * 512))
	noise disk.img 134217728
	printf 'label: %s\nstart=2048, size=4096\nstart=%s, size=%s\nstart=%s, size=8192\n' \
		"$1" "$2" $((SIZE / 512)) $(($2 + SIZE / 512)) | sfdisk -q --wipe never disk.img
	shift 2
	attach -o $offset --sizelimit $SIZE disk.img
	mkfs.xfs --unsupported -q -f -K "$@" "$loop" >log 2>&1 ||
		mkfs.xfs -q -f -K "$@" "$loop" >log 2>&1 || fail "mkfs.xfs $*: $(cat log)"
	mount -o nouuid "$loop" mnt
	write_files mnt 40 33333
	python3 "$top_srcdir/tests/fs/xfs.py" age mnt 900 4096
	delete_half mnt
	sums mnt >kept
	umount mnt
	wait_for "the filesystem is let go" blkid -p "$loop" -o value
	python3 "$top_srcdir/tests/fs/xfs.py" map "$loop" | join_extents >map
	detach "$loop"
	[ -s map ] || fail "xfs_db has no map"
	cp disk.img before.img
}

has_its_files() {
	attach -o $offset --sizelimit $SIZE disk.img
	xfs_repair -n "$loop" >log 2>&1 || fail "xfs_repair -n: $(cat log)"
	mount -o nouuid "$loop" mnt
	sums mnt >now
	umount mnt
	detach "$loop"
	same "the files" kept now
}

while read -r table sector method options; do
	proves "$options in $table from sector $sector, by $method"
	# shellcheck disable=SC2086
	new_disk $table $sector $options
	ends 0 --free-map disk.img#2
	join_extents <"$work/out" >ours
	same "the free map" map ours
	zeroes disk.img#2 --method=$method
	only_free_zeroed map $offset before.img disk.img
	cp disk.img once.img
	ends 3 --zero --yes --method=write disk.img#2
	cmp -s once.img disk.img || fail "a second run has changed something"
	has_its_files
done <<END
gpt 10240 punch -m crc=1
dos 9999 write -m crc=1 -b size=1024
gpt 9999 punch -m rmapbt=1,reflink=1 -b size=2048 -d agcount=3
dos 10240 write -m finobt=0,reflink=0 -i sparse=0
END
