#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A filesystem of 15 TiB is opened and walked twice in less than 32 MiB of memory.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.ext4 mkfs.ntfs mkfs.xfs xfs_db dumpe2fs ntfsinfo python3
image=$dir/image

# measure TYPE: the facts, and the most memory it took, in KiB.
measure() {
	ACHICA_FREEMAP=facts python3 - "$freemap" "$1" "$image" >"$dir/facts" <<-'EOF' || fail "$1"
		import resource, subprocess, sys
		subprocess.run(sys.argv[1:], check=True)
		print("memory", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
	EOF
	memory=$(sed -n 's/^memory //p' "$dir/facts")
	[ "$memory" -lt 32768 ] || fail "$1 took $memory KiB"
	sum=$(sed -n 's/^sum //p' "$dir/facts")
}

truncate -s 15T "$image" || skip "the host's filesystem has no files of 15 TiB"
mkfs.ext4 -q -F -E lazy_itable_init=1,nodiscard -J size=4 "$image"
measure ext4
free=$(dumpe2fs -h "$image" 2>/dev/null | sed -n 's/^Free blocks: *//p')
[ "$sum" = $((free * 4096)) ] || fail "ext4: $sum bytes, $free blocks by dumpe2fs"
echo "ext4: $memory KiB"

rm "$image"
truncate -s 15T "$image"
mkfs.ntfs -q -Q -F "$image" >/dev/null 2>&1
measure ntfs
free=$(ntfsinfo -m "$image" 2>/dev/null | sed -n 's/.*Free Clusters: \([0-9]*\).*/\1/p')
[ "$sum" = $((free * 4096)) ] || fail "ntfs: $sum bytes, $free clusters by ntfsinfo"
echo "ntfs: $memory KiB"

rm "$image"
truncate -s 15T "$image"
mkfs.xfs -q -l size=64m "$image"
measure xfs
free=$(python3 "$top_srcdir/tests/fs/xfs.py" map "$image" | awk '{ n += $2 } END { printf "%.0f", n }')
[ "$sum" = "$free" ] || fail "xfs: $sum bytes, $free by xfs_db"
echo "xfs: $memory KiB"
