#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What only a kernel makes of an XFS: shared blocks, free space in single blocks, no free space,
# a filesystem that has grown, another name and UUID. The free map is xfs_db's after each.
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.xfs xfs_db xfs_repair xfs_growfs xfs_admin python3
need_mounts
xfs="python3 $top_srcdir/tests/fs/xfs.py"
image=$dir/image

new() {
	rm -f "$image"
	truncate -s 320M "$image"
	mkfs.xfs -q -f "$@" "$image" || fail "mkfs.xfs $*"
}

enter() {
	mount -o loop,nouuid "$image" "$dir/mnt"
}

check() {
	"$freemap" xfs "$image" >"$dir/ours" || fail "refused"
	$xfs map "$image" | join_extents >"$dir/theirs"
	same_map "$fact" "$dir/theirs" "$dir/ours"
	xfs_repair -n "$image" >"$dir/log" 2>&1 || fail "xfs_repair -n: $(cat "$dir/log")"
}

proves "empty"
new -m rmapbt=1
check
[ -s "$dir/ours" ] || fail "an empty map"
[ "$(tail -1 "$dir/ours" | awk '{ print $1 + $2 }')" = 335544320 ] || fail "its end is not free"

proves "shared blocks, some of them copied on write"
enter
head -c 40M /dev/urandom >"$dir/mnt/a"
cp --reflink=always "$dir/mnt/a" "$dir/mnt/b"
cp --reflink=always "$dir/mnt/a" "$dir/mnt/c"
head -c 4M /dev/urandom | dd of="$dir/mnt/b" bs=100k seek=10 conv=notrunc status=none
rm "$dir/mnt/c"
unmount "$image"
check

proves "free space in single blocks, thousands of them"
enter
python3 - "$dir/mnt/comb" <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.posix_fallocate(file, 0, 64 << 20)
for block in range(0, 64 << 8, 2):
    if libc.fallocate64(file, 3, ctypes.c_long(block << 12), ctypes.c_long(4096)):
        sys.exit(os.strerror(ctypes.get_errno()))
END
unmount "$image"
check
[ "$(grep -c ' 4096$' "$dir/ours")" -gt 5000 ] || fail "$(wc -l <"$dir/ours") free runs"

proves "no room left"
enter
! cat /dev/zero >"$dir/mnt/full" 2>/dev/null || fail "it has no end"
unmount "$image"
check
[ "$(awk '{ n += $2 } END { printf "%d", n }' "$dir/ours")" -lt 41943040 ] || fail "there is room"

proves "grown, by whole groups and a part of one"
new
truncate -s 1000000512 "$image"
enter
xfs_growfs "$dir/mnt" >/dev/null
head -c 40M /dev/urandom >"$dir/mnt/a"
unmount "$image"
check
[ "$(tail -1 "$dir/ours" | cut -d ' ' -f 1)" -gt 900000000 ] || fail "it has not grown"

proves "another label and UUID"
xfs_admin -L another -U generate "$image" >/dev/null
check
enter
rm "$dir/mnt/a"
unmount "$image"
check
ACHICA_FREEMAP=facts "$freemap" xfs "$image" >"$dir/facts"
grep -qx "label another" "$dir/facts" || fail "the label"
grep -qx "uuid $(blkid -p -s UUID -o value "$image")" "$dir/facts" || fail "the UUID"

# Each write to this log takes 256 KiB at least, and it has 24 MiB.
proves "unmounted anywhere in a log, and over its end"
rm -f "$image"
truncate -s 100M "$image"
mkfs.xfs --unsupported -q -f -l su=256k,size=24m "$image" >"$dir/log" 2>&1 ||
	fail "mkfs.xfs: $(head -1 "$dir/log")"
for i in $(seq 100); do
	enter
	echo "$i" >"$dir/mnt/file$i"
	sync "$dir/mnt/file$i"
	unmount "$image"
	"$freemap" xfs "$image" >/dev/null || fail "refused the ${i}th time"
done
check
[ "$($xfs cycle "$image")" -gt 3 ] || fail "the log has not been over its end"
