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

# check TABLE METHOD TYPE MKE2FS-OPTION...
check() {
	table=$1
	method=$2
	type=$3
	shift 3
	what="$table, $type $*, $method"
	random_image disk.img $SIZE_MIB
	"${table}_table" disk.img || fail "$what: no table"
	mke2fs -q -F -t "$type" -E nodiscard,offset=$PART "$@" disk.img ${PART_MIB}M >mke2fs.log 2>&1 ||
		fail "$what: $(cat mke2fs.log)"
	attach disk.img -o $PART --sizelimit $((PART_MIB << 20))
	mount "$loop" mnt
	write_files mnt 120 300
	delete_half mnt
	sums mnt >before.sums
	umount mnt
	detach "$loop"

	dumpe2fs_map disk.img $PART >want.map
	run 0 --free-map 'disk.img#2'
	cp out got.map
	join_extents <got.map | same_map "$what" want.map /dev/stdin
	cp disk.img before.img
	run 0 --zero --yes --method="$method" 'disk.img#2'
	only_free_changed got.map before.img disk.img $PART
	cp disk.img before.img
	run 3 --zero --yes --method="$method" 'disk.img#2'
	cmp -s before.img disk.img || fail "$what: a second run changed something"
	attach disk.img -o $PART --sizelimit $((PART_MIB << 20))
	e2fsck -fn "$loop" >e2fsck.log 2>&1 || fail "$what: e2fsck: $(cat e2fsck.log)"
	mount "$loop" mnt
	sums mnt >after.sums
	umount mnt
	detach "$loop"
	cmp -s before.sums after.sums || fail "$what: files changed"
	proves "$what"
}

check gpt punch ext4 -b 4096
check gpt write ext4 -b 4096 -O bigalloc -C 16384
check gpt punch ext4 -b 1024 -O '^flex_bg,^metadata_csum'
check gpt write ext3 -b 4096
check gpt write ext2 -b 1024
check mbr write ext4 -b 1024
check mbr punch ext4 -b 4096 -O bigalloc -C 65536
check mbr punch ext3 -b 1024
check mbr punch ext2 -b 4096

# The whole disk in one run: the other partitions are no filesystems, and said so.
random_image disk.img $SIZE_MIB
gpt_table disk.img
mke2fs -q -F -t ext4 -b 4096 -E nodiscard,offset=$PART disk.img ${PART_MIB}M
run 0 --list --json disk.img
[ "$(jq '.targets[0].children | length' out)" = 3 ] || fail "three partitions: $(cat out)"
run 0 --zero --yes disk.img
run 3 --zero --yes 'disk.img#2'
proves "the whole disk in one run"
