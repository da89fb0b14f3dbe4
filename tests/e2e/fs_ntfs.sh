#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The free map of NTFS is that of an independent reader of $Bitmap and has ntfsinfo's total, for all
# cluster sizes, fresh and aged, at an offset in a disk.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.ntfs ntfsinfo ntfs-3g python3
need_mounts
[ -e /dev/fuse ] || skip "there is no FUSE"
image=$dir/image
disk=$dir/disk
offset=1048576

check() {
	truncate -s 0 "$disk"
	dd if="$image" of="$disk" bs=1M seek=1 conv=sparse,notrunc status=none
	"$freemap" ntfs "$disk" $offset "$(stat -c %s "$image")" >"$dir/ours" || fail "$1: refused"
	python3 "$top_srcdir/tests/fs/ntfs.py" map "$image" >"$dir/theirs"
	same_map "$1" "$dir/theirs" "$dir/ours"
	[ -s "$dir/ours" ] || fail "$1: an empty map"
	ours=$(awk '{ n += $2 } END { printf "%.0f", n }' "$dir/ours")
	theirs=$(ntfsinfo -m "$image" 2>/dev/null | awk '
		/Cluster Size:/ { size = $3 }
		/Free Clusters:/ { printf "%.0f", $3 * size }')
	[ "$ours" = "$theirs" ] || fail "$1: $ours bytes free, $theirs by ntfsinfo"
}

# Twenty files written, every second one deleted. In the foreground, because umount comes back
# before ntfs-3g has written all.
age() {
	ntfs-3g -o no_detach "$image" "$dir/mnt" >/dev/null 2>&1 &
	pid=$!
	tries=0
	until mountpoint -q "$dir/mnt"; do
		tries=$((tries + 1))
		kill -0 $pid 2>/dev/null && [ $tries -lt 10000 ] || fail "ntfs-3g does not mount"
	done
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		head -c $((i * i * 3333)) "$dir/random" >"$dir/mnt/file$i"
	done
	for i in 1 3 5 7 9 11 13 15 17 19; do
		rm "$dir/mnt/file$i"
	done
	umount "$dir/mnt"
	wait $pid
}

random_image "$image" 1
while read -r mib cluster sector; do
	name="$mib MiB, clusters of $cluster, sectors of $sector"
	rm -f "$image"
	truncate -s $((mib * 1048576 + 512 * 9)) "$image"
	head -c 20M "$dir/random" | dd of="$image" conv=notrunc status=none
	mkfs.ntfs -q -Q -F -c "$cluster" -s "$sector" "$image" >"$dir/log" 2>&1 ||
		fail "$name: $(tail -1 "$dir/log")"
	check "fresh, $name"
	cp "$dir/ours" "$dir/fresh"
	age
	check "aged, $name"
	! cmp -s "$dir/ours" "$dir/fresh" || fail "$name: ntfs-3g wrote nothing"
done <<EOF
40 512 512
40 1024 512
40 2048 512
40 4096 512
40 4096 4096
40 8192 512
40 16384 512
40 32768 512
64 65536 512
64 65536 4096
64 131072 512
64 262144 512
128 524288 512
256 1048576 512
700 2097152 512
700 2097152 4096
EOF
