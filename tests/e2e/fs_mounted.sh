#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The map of a mounted ext4 or XFS (FS_IOC_GETFSMAP) is the one which the filesystem has unmounted.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.ext4 mkfs.xfs
need_mounts
image=$dir/image

age() {
	head -c 4M /dev/urandom >"$dir/random"
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		head -c $((i * i * 3333)) "$dir/random" >"$dir/mnt/file$i"
	done
	rm "$dir"/mnt/file*[13579]
	sync -f "$dir/mnt/file2"
}

# Leaves the map as the kernel tells it. Mounted once more after writing, because what the kernel
# holds in reserve for files that grow is not free as long as it runs.
mounted_map() {
	loop=$(losetup -f --show "$image")
	loops=$loop
	mount "$loop" "$dir/mnt"
	age
	umount "$dir/mnt"
	mount "$loop" "$dir/mnt"
	"$freemap" mounted "$dir/mnt" "$loop" | join_extents >"$dir/ours"
	umount "$dir/mnt"
	losetup -d "$loop"
	loops=
	[ -s "$dir/ours" ] || fail "an empty map"
}

while read -r type mib options; do
	rm -f "$image"
	truncate -s "${mib}M" "$image"
	# shellcheck disable=SC2086
	"mkfs.$type" -q $options "$image" >/dev/null 2>&1
	mounted_map
	"$freemap" "$type" "$image" >"$dir/theirs" || fail "$type $options: refused when unmounted"
	same_map "$type $options" "$dir/theirs" "$dir/ours"
done <<END
ext4 64 -F -b 1024
ext4 64 -F -b 4096
ext4 64 -F -b 4096 -O bigalloc -C 16384
xfs 400 -f
xfs 400 -f -m rmapbt=1 -b size=1024
END

# No map there: said as such, and nothing else.
status=0
"$freemap" mounted /proc "$image" 2>"$dir/log" || status=$?
[ "$status" = 1 ] && grep -q '^system /proc' "$dir/log" || fail "/proc: $(cat "$dir/log")"
