#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ext2, ext3 and ext4 as partition 2 of 3 in GPT and MBR disk images with gaps and a random
# background, files written and deleted: the free map is dumpe2fs's, nothing outside it changes, all
# inside becomes zero, e2fsck is content, and a second run finds nothing to do.
set -eu
. "$top_srcdir/tests/lib/reclaim.sh"
need mke2fs dumpe2fs e2fsck sgdisk sfdisk python3 sha256sum jq
need_mounts

SIZE_MIB=64
PART=18874368 # 18 MiB: there is a gap before it
PART_MIB=33

gpt_table() {
	sgdisk -n 1:2048:+8M -n 2:36864:+${PART_MIB}M -n 3:0:+4M "$1" >/dev/null 2>&1
}

mbr_table() {
	sfdisk -q "$1" <<-END
		start=2048, size=16384, type=83
		start=36864, size=$((PART_MIB * 2048)), type=83
		start=$((36864 + PART_MIB * 2048 + 2048)), size=8192, type=83
	END
}

# dumpe2fs's free blocks as bytes; with bigalloc it prints clusters' first and last blocks too.
foreign_map() {
	dumpe2fs -o superblock=0 "$1" 2>/dev/null >dump || dumpe2fs "$1" 2>/dev/null >dump
	block=$(awk '/^Block size:/ { print $3 }' dump)
	awk -v block="$block" '/^  Free blocks: / {
		sub(/^  Free blocks: /, ""); n = split($0, runs, ", ")
		for (i = 1; i <= n; i++) {
			if (runs[i] == "") continue
			split(runs[i], ends, "-")
			if (ends[2] == "") ends[2] = ends[1]
			print ends[1] * block, (ends[2] - ends[1] + 1) * block
		}
	}' dump | join_extents
}

# check TABLE METHOD TYPE MKE2FS-OPTION...
check() {
	table=$1
	method=$2
	type=$3
	shift 3
	what="$table, $type $*, $method"
	random_image disk.img $SIZE_MIB
	"${table}_table" disk.img || fail "$what: no table"
	mke2fs -q -F -t "$type" -E offset=$PART "$@" disk.img ${PART_MIB}M >mke2fs.log 2>&1 ||
		fail "$what: $(cat mke2fs.log)"
	attach disk.img -o $PART --sizelimit $((PART_MIB << 20))
	mount "$loop" mnt
	write_files mnt 120 300
	delete_half mnt
	sums mnt >before.sums
	umount mnt
	foreign_map "$loop" >want.map
	detach "$loop"

	run 0 --free-map 'disk.img#2'
	cp out got.map
	join_extents <got.map | same_map "$what" want.map /dev/stdin
	cp disk.img before.img
	run 0 --zero --yes --method="$method" 'disk.img#2'
	only_free_changed got.map before.img disk.img $PART
	attach disk.img -o $PART --sizelimit $((PART_MIB << 20))
	e2fsck -fn "$loop" >e2fsck.log 2>&1 || fail "$what: e2fsck: $(cat e2fsck.log)"
	mount "$loop" mnt
	sums mnt >after.sums
	umount mnt
	detach "$loop"
	cmp -s before.sums after.sums || fail "$what: files changed"
	cp disk.img before.img
	[ "$method" = write ] || cp --sparse=always disk.img before.img
	run 3 --zero --yes --method="$method" 'disk.img#2'
	proves "$what"
}

for table in gpt mbr; do
	check $table punch ext4 -b 4096
	check $table write ext4 -b 1024
	check $table write ext4 -b 4096 -O bigalloc -C 16384
	check $table punch ext4 -b 1024 -O '^flex_bg,^metadata_csum'
	check $table punch ext3 -b 1024
	check $table write ext3 -b 4096
	check $table punch ext2 -b 4096
	check $table write ext2 -b 1024
done

# The whole disk in one run: the other partitions are no filesystems, and said so.
random_image disk.img $SIZE_MIB
gpt_table disk.img
mke2fs -q -F -t ext4 -E offset=$PART disk.img ${PART_MIB}M
run 0 --list --json disk.img
[ "$(jq '.targets[0].children | length' out)" = 3 ] || fail "three partitions: $(cat out)"
run 0 --zero --yes disk.img
run 3 --zero --yes 'disk.img#2'
proves "the whole disk in one run"
