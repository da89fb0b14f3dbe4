#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The map of a mounted ext4 or XFS (FS_IOC_GETFSMAP) is the one which the filesystem has unmounted.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.ext4 mkfs.xfs xfs_db
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

# What xfs_db finds in the roots of the trees of free space, in bytes.
xfs_map() {
	blocks=$(xfs_db -r -c 'sb 0' -c 'p agblocks' "$image" | sed 's/.*= //')
	for ag in 0 1 2 3; do
		xfs_db -r -c "agf $ag" -c 'addr bnoroot' -c p "$image" |
			grep -o '[0-9]*:\[[0-9]*,[0-9]*\]' | tr -c '0-9\n' ' ' |
			awk -v at=$((ag * blocks)) '{ printf "%.0f %.0f\n", ($2 + at) * 4096, $3 * 4096 }'
	done | join_extents
}

for options in "-b 1024" "-b 4096" "-b 4096 -O bigalloc -C 16384"; do
	rm -f "$image"
	truncate -s 64M "$image"
	# shellcheck disable=SC2086
	mkfs.ext4 -q -F $options "$image" >/dev/null 2>&1
	mounted_map
	"$freemap" ext4 "$image" >"$dir/theirs" || fail "$options: refused when unmounted"
	same_map "ext4 $options" "$dir/theirs" "$dir/ours"
done

rm -f "$image"
truncate -s 400M "$image"
mkfs.xfs -q -f "$image"
mounted_map
xfs_map >"$dir/theirs"
same_map xfs "$dir/theirs" "$dir/ours"

# No map there: said as such, and nothing else.
status=0
"$freemap" mounted /proc "$image" 2>"$dir/log" || status=$?
[ "$status" = 1 ] && grep -q '^system /proc' "$dir/log" || fail "/proc: $(cat "$dir/log")"
