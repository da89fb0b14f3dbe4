#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The free map of ext2, ext3 and ext4 is dumpe2fs's, for every layout, fresh and aged, at an offset.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.ext4 dumpe2fs debugfs
offset=1048576

check() {
	"$freemap" ext4 "$image" $offset >"$dir/ours" || fail "$1: refused"
	dumpe2fs_map "$image" $offset >"$dir/theirs"
	same_map "$1" "$dir/theirs" "$dir/ours"
	[ -s "$dir/ours" ] || fail "$1: an empty map"
}

# Files of all sizes, written and every second one deleted, by debugfs: it needs no mount and no
# page as large as the block.
age() {
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		head -c $((i * i * 7777)) "$dir/random" >"$dir/file$i"
		echo "write $dir/file$i file$i"
	done >"$dir/commands"
	for i in 1 3 5 7 9 11; do
		echo "rm file$i"
	done >>"$dir/commands"
	debugfs -w -f "$dir/commands" "$image?offset=$offset" >/dev/null 2>&1
}

# The same by the kernel, which writes the bitmaps of groups that had none; where it can mount it.
mounted=0
age_mounted() {
	mount -o "loop,offset=$offset" "$image" "$dir/mnt" 2>/dev/null || return 0
	mounted=$((mounted + 1))
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		head -c $((i * i * 3333)) "$dir/random" >"$dir/mnt/by_kernel$i"
	done
	rm "$dir"/mnt/by_kernel*[13579]
	umount "$dir/mnt"
	check "aged by the kernel $1"
}

image=$dir/image
while read -r mib options; do
	random_image "$image" $((mib + 2))
	# The size in KiB, odd on purpose. shellcheck disable=SC2086
	mke2fs -q -F -E "nodiscard,offset=$offset" $options "$image" $((mib * 1024 - 3))k \
		>"$dir/log" 2>&1 || fail "mke2fs $options: $(cat "$dir/log")"
	check "fresh $options"
	cp "$dir/ours" "$dir/fresh"
	age
	check "aged $options"
	! cmp -s "$dir/ours" "$dir/fresh" || fail "$options: debugfs wrote nothing"
	age_mounted "$options"
done <<EOF
20 -t ext2 -b 1024
20 -t ext2 -b 2048
20 -t ext2 -b 4096
60 -t ext2 -b 65536
20 -t ext2 -r 0
20 -t ext2 -b 1024 -g 256
20 -t ext3 -b 1024
20 -t ext3 -b 2048
20 -t ext3 -b 4096
60 -t ext3 -b 65536
60 -t ext4 -b 1024
60 -t ext4 -b 2048
60 -t ext4 -b 4096
60 -t ext4 -b 8192
60 -t ext4 -b 16384
60 -t ext4 -b 32768
60 -t ext4 -b 65536
60 -t ext4 -b 1024 -g 1024
60 -t ext4 -b 4096 -g 512 -G 4
60 -t ext4 -b 4096 -g 512 -G 64
20 -t ext4 -O ^has_journal
20 -t ext4 -b 1024 -O ^has_journal,^resize_inode
60 -t ext4 -b 4096 -g 1024 -O ^flex_bg
60 -t ext4 -b 1024 -O ^64bit
60 -t ext4 -b 1024 -g 2048 -O meta_bg,^resize_inode
60 -t ext4 -b 4096 -g 512 -O meta_bg,^resize_inode,^flex_bg,^64bit
60 -t ext4 -b 1024 -g 1024 -O sparse_super2,^sparse_super,^resize_inode
60 -t ext4 -b 1024 -g 1024 -O sparse_super2,^resize_inode
60 -t ext4 -b 1024 -g 1024 -O ^sparse_super,^resize_inode
60 -t ext4 -b 1024 -g 1024 -O ^metadata_csum,uninit_bg
60 -t ext4 -b 1024 -g 1024 -O ^metadata_csum,^uninit_bg
60 -t ext4 -b 4096 -g 1024 -O metadata_csum_seed,orphan_file,quota,project
60 -t ext4 -b 4096 -O inline_data,large_dir,ea_inode,encrypt,casefold,verity
60 -t ext4 -b 4096 -O bigalloc -C 16384
60 -t ext4 -b 4096 -O bigalloc -C 65536
60 -t ext4 -b 1024 -O bigalloc -C 4096
60 -t ext4 -b 1024 -O bigalloc,^has_journal,^resize_inode -C 16384 -g 8192
60 -t ext4 -b 2048 -O bigalloc,^metadata_csum,uninit_bg,^flex_bg -C 32768
EOF
[ "$(id -u)" != 0 ] || [ $mounted -gt 20 ] || fail "only $mounted could be mounted"
