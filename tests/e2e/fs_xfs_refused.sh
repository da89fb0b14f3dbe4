#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An XFS that is not clean, not understood or not plausible is refused with its reason, and served
# again after the remedy (a mount, or xfs_repair).
set -eu
. "$top_srcdir/tests/fs/lib.sh"
need mkfs.xfs xfs_db xfs_repair xfs_io xfs_freeze xfs_logprint python3
need_mounts
image=$dir/image
copy=$dir/copy

new() {
	rm -f "$image"
	truncate -s 320M "$image"
	mkfs.xfs -q -f "$@" "$image" 2>"$dir/log" || fail "mkfs.xfs $*: $(cat "$dir/log")"
	"$freemap" xfs "$image" >/dev/null || fail "mkfs.xfs $*: a fresh one is refused"
}

# poke BYTE HEXADECIMAL: with the checksum mended.
poke() {
	python3 "$top_srcdir/tests/fs/xfs.py" poke "$image" "$@"
}

# What a field of the superblock says.
field() {
	xfs_db -r -c "sb 0" -c "p $1" "$image" | sed 's/.* = //'
}

enter() {
	mount -o loop,nouuid "$1" "$dir/mnt"
}

served() {
	"$freemap" xfs "$1" >/dev/null || fail "refused afterwards"
}

# It is not for nothing: the log says so to others too.
waits() {
	xfs_logprint -t "$1" 2>&1 | grep -q '<DIRTY>' || fail "xfs_logprint calls it clean"
	refused journal xfs "$1"
}

replayed() {
	enter "$1"
	unmount "$1"
	served "$1"
}

mended() {
	xfs_repair "$image" >"$dir/log" 2>&1 || fail "xfs_repair: $(tail -1 "$dir/log")"
	served "$image"
}

proves "a log that waits, after a crash"
new
enter "$image"
head -c 3M /dev/urandom >"$dir/mnt/kept"
echo gone >"$dir/mnt/gone"
exec 3<"$dir/mnt/gone"
rm "$dir/mnt/gone"
sync -f "$dir/mnt/kept"
cp "$image" "$copy"
exec 3<&-
waits "$copy"
replayed "$copy"

proves "a log that waits, of a frozen filesystem"
xfs_freeze -f "$dir/mnt"
cp "$image" "$copy"
xfs_freeze -u "$dir/mnt"
waits "$copy"
replayed "$copy"

proves "a log that waits, after a shutdown"
head -c 3M /dev/urandom >"$dir/mnt/more"
sync "$dir/mnt/more"
xfs_io -x -c shutdown "$dir/mnt"
unmount "$image"
waits "$image"
cp "$image" "$copy"
replayed "$copy"
xfs_repair -L "$image" >"$dir/log" 2>&1 || fail "xfs_repair -L"
served "$image"

proves "a log that is empty, or another filesystem's"
log=$(($(xfs_db -r -c "convert fsblock $(field logstart) byte" "$image" | sed 's/.*(\(.*\))/\1/')))
dd if=/dev/zero of="$image" bs=4096 seek=$((log / 4096)) count="$(field logblocks)" conv=notrunc \
	status=none
refused journal xfs "$image"
mv "$image" "$copy"
new
dd if="$image" of="$copy" bs=4096 skip=$((log / 4096)) seek=$((log / 4096)) \
	count="$(field logblocks)" conv=notrunc status=none
refused journal xfs "$copy"

proves "a log or files elsewhere"
truncate -s 80M "$dir/other"
attach "$dir/other"
rm -f "$image"
truncate -s 320M "$image"
mkfs.xfs -q -f -l "logdev=$loop" "$image" >"$dir/log" 2>&1 || fail "mkfs.xfs: $(cat "$dir/log")"
refused journal-device xfs "$image"
mkfs.xfs -q -f -r "rtdev=$loop" -m reflink=0 "$image" >"$dir/log" 2>&1 ||
	fail "mkfs.xfs: $(cat "$dir/log")"
refused feature xfs "$image"
detach "$loop"

proves "features that are not known, and states that are not clean"
new
poke 216 8000000b
refused feature xfs "$image"
poke 216 0000000b
poke 212 00000100
refused feature xfs "$image"
new
incompat=$(($(field features_incompat) | 0x10)) # needsrepair
xfs_db -x -c "sb 0" -c "write features_incompat $incompat" "$image" >"$dir/log" ||
	fail "xfs_db: $(cat "$dir/log")"
refused errors xfs "$image"
mended
xfs_db -x -c "sb 0" -c "write inprogress 1" "$image" >"$dir/log" || fail "xfs_db: $(cat "$dir/log")"
refused corrupt xfs "$image"

proves "what contradicts itself"
new
truncate -s 319M "$image"
refused outside xfs "$image"
new
poke 144 0000000000000007
refused map-total xfs "$image"
mended
new -s size=512
poke $((512 + 52)) 00000100
refused corrupt xfs "$image"
mended
agf=$(($(field agblocks) * 4096 + 512))
poke $((agf + 56)) 00000001
refused corrupt xfs "$image"
mended
root=$((agf - 512 + $(xfs_db -r -c "agf 1" -c "p bnoroot" "$image" | sed 's/.* = //') * 4096))
poke $((root + 60)) 00000001
refused corrupt xfs "$image"
mended
printf X | dd of="$image" bs=1 seek=$((agf + 300)) conv=notrunc status=none
refused corrupt xfs "$image"
mended
printf X | dd of="$image" bs=1 seek=1 conv=notrunc status=none
refused corrupt xfs "$image"

proves "nothing was written by all of that reading"
new
state "$image" >"$dir/before"
served "$image"
state "$image" | cmp -s - "$dir/before" || fail "reading has written"
