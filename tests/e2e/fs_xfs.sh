#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The free map of XFS is xfs_db's, for every layout: fresh, with every second file gone by
# xfs_repair (which needs no kernel that can mount it), and aged by the kernel where it can.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.xfs xfs_db xfs_repair python3
xfs="python3 $top_srcdir/tests/fs/xfs.py"
image=$dir/image

check() {
	"$freemap" xfs "$image" >"$dir/ours" || fail "$1: refused"
	$xfs map "$image" | join_extents >"$dir/theirs"
	same_map "$1" "$dir/theirs" "$dir/ours"
	[ -s "$dir/ours" ] || fail "$1: an empty map"
}

# For images smaller than 300 MiB, mkfs.xfs since 5.19 wants to be told.
mkfs_xfs() {
	mkfs.xfs --unsupported "$@" >"$dir/log" 2>&1 || mkfs.xfs "$@" >"$dir/log" 2>&1
}

mounted=0
age_mounted() {
	[ "$(id -u)" = 0 ] && mount -o loop "$image" "$dir/mnt" 2>/dev/null || return 0
	mounted=$((mounted + 1))
	$xfs age "$dir/mnt" 1500 "$1"
	unmount "$image"
	check "aged by the kernel, $2"
}

knows() {
	mkfs.xfs 2>&1 | grep -q "$1="
}

while read -r mib unit options; do
	case $options in
	*parent=1*)
		if ! knows parent || ! knows exchange; then
			echo "left out, unknown to this mkfs.xfs: $options"
			continue
		fi
		;;
	esac
	random_image "$image" 64
	truncate -s "${mib}M" "$image"
	head -c "$unit" "$dir/random" >"$dir/file"
	$xfs tree "$dir/proto" "$dir/file" 1500
	# shellcheck disable=SC2086
	mkfs_xfs -q -f -K -p "$dir/proto" $options "$image" ||
		fail "mkfs.xfs $options: $(head -3 "$dir/log")"
	check "fresh $options"
	cp "$dir/ours" "$dir/fresh"
	$xfs drop "$image"
	xfs_repair -o force_geometry "$image" >"$dir/log" 2>&1 || fail "$options: $(tail -1 "$dir/log")"
	check "aged $options"
	[ "$(wc -l <"$dir/ours")" -gt 400 ] || fail "$options: few free runs"
	age_mounted "$unit" "$options"
done <<END
64 512 -m crc=0 -b size=512
64 512 -m crc=0 -b size=512 -l lazy-count=0,version=1 -i attr=1,projid32bit=0 -n ftype=0
64 1024 -m crc=0 -b size=1024 -n version=ci
64 4096 -m crc=0 -b size=4096
64 4096 -m crc=0 -b size=4096 -s size=4096 -d agcount=3
64 1024 -m crc=1 -b size=1024
64 1024 -m crc=1,rmapbt=1 -b size=1024
64 1024 -m crc=1,finobt=0,reflink=0,bigtime=0,inobtcount=0 -b size=1024 -i sparse=0
64 2048 -m rmapbt=1,reflink=1 -b size=2048 -d agcount=2
100 4096 -m crc=1 -d agsize=40m
68 4096 -m crc=1 -d agsize=32m
64 4096 -m crc=1 -s size=4096 -d agcount=1
260 4096 -m finobt=1 -d agcount=16
64 4096 -m rmapbt=1 -i exchange=1 -n parent=1
64 4096 -m rmapbt=1 -d agcount=4 -i sparse=1,size=1024
64 4096 -m bigtime=1,inobtcount=1,finobt=1 -i nrext64=1
64 4096 -m crc=1 -l su=32k -n size=16384
160 4096 -m crc=1 -l su=256k,size=32m
160 8192 -m crc=1 -b size=8192
300 16384 -m reflink=1 -b size=16384 -s size=4096
220 16384 -m rmapbt=1 -b size=16384
400 32768 -m crc=1 -b size=32768 -s size=32768
300 32768 -m crc=0 -b size=32768 -s size=16384
320 65536 -m rmapbt=1 -b size=65536 -d agcount=2
END
[ "$(id -u)" != 0 ] || [ $mounted -gt 10 ] || fail "only $mounted could be mounted"
