#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What is in use, not clean or not understood is refused with status 4, the reason and what helps,
# in every method, and not a byte of it is changed.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need mkfs.ext4 debugfs e2fsck qemu-io jq
need_ntfs
mkdir mnt

new_ext4() {
	rm -f disk.img
	noise disk.img 33554432
	mkfs.ext4 -q -F -E nodiscard "$@" disk.img
}

new_ntfs() {
	rm -f disk.img
	noise disk.img 33554432
	mkfs.ntfs --fast --force disk.img >log 2>&1 || fail "mkfs.ntfs: $(cat log)"
}

# refused CODE REMEDY [TARGET]: in all ways to write; REMEDY is a piece of what helps.
refused() {
	target=${3-disk.img}
	state disk.img >before
	for method in auto punch write; do
		ends 4 --zero --yes --method=$method -- "$target"
		grep -q "^achica: .*${target##*/}: ." "$work/err" || fail "no reason: $(cat "$work/err")"
		[ -z "$2" ] || grep "what helps: " "$work/err" | grep -qF -- "$2" ||
			fail "no remedy \"$2\" in: $(cat "$work/err")"
	done
	ends 4 --zero --dry-run --json -- "$target"
	code=$(jq -r '[.. | .refusal? | .code?] | map(select(.)) | first' "$work/out")
	[ "$code" = "$1" ] || fail "refused for $code, not for $1"
	state disk.img >after
	same "the image" before after
}

proves "an image copied while it was mounted: its journal is not replayed"
new_ext4
mount -o loop disk.img mnt
write_files mnt 4 100000
cp disk.img copy.img
umount mnt
mv copy.img disk.img
refused journal 'e2fsck -f'
e2fsck -fy disk.img >log 2>&1 || [ $? -le 2 ] || fail "e2fsck: $(cat log)"
zeroes disk.img

proves "one with the error flag"
new_ext4
debugfs -w -R 'ssv state 3' disk.img 2>/dev/null
refused errors 'e2fsck -f'

proves "one in use by qemu-io, who is named"
new_ext4
mkfifo stay
qemu-io -f raw disk.img <stay >log 2>&1 &
qemu=$!
pids="$pids $qemu"
exec 3>stay
echo 'write 0 512' >&3
wait_for "qemu-io to write" grep -q wrote log
refused locked-qemu 'shut the virtual machine down'
grep -q "qemu-io.*$qemu" "$work/out" || fail "who has it: $(cat "$work/out")"
exec 3>&-
wait "$qemu"
new_ext4
zeroes disk.img

proves "one that another process writes to"
exec 3>>disk.img
refused image-open fuser
grep -q "process $$" "$work/out" || fail "who has it: $(cat "$work/out")"
exec 3>&-

proves "one attached to a loop device that is mounted"
new_ext4
attach disk.img
# The kernel itself writes nothing more: no tables to make, no commit before the comparison.
mount -o noinit_itable,commit=600 "$loop" mnt
sync -f mnt
refused loop 'umount'

proves "the same, mounted read-only, by the name of the file and of the device"
mount -o remount,ro mnt
refused loop 'umount'
ends 4 --zero --yes --method=fill "$loop"
grep -q 'mounted read-only' err || fail "$(cat err)"
umount mnt
detach "$loop"

proves "a dirty NTFS"
new_ntfs
python3 "$top_srcdir/tests/fs/ntfs.py" dirty disk.img
refused dirty ''
ntfsfix -d disk.img >/dev/null
zeroes disk.img

proves "a hibernated NTFS"
new_ntfs
printf hibr >hiberfil.sys
truncate -s 8192 hiberfil.sys
ntfscp -f disk.img hiberfil.sys /hiberfil.sys >/dev/null 2>&1 || fail "ntfscp"
refused hibernated ''

proves "an NTFS that Windows has left for a fast start"
new_ntfs
python3 "$top_srcdir/tests/fs/ntfs.py" log-cached disk.img
refused hibernated ''

proves "an image that may only be read"
new_ext4
if chattr +i disk.img 2>/dev/null; then
	ends 4 --zero --yes --method=punch disk.img
	grep -q 'read-only' err || fail "$(cat err)"
	chattr -i disk.img
fi
attach -r disk.img
ends 4 --zero --yes --method=write "$loop"
grep -q 'read-only' err || fail "$(cat err)"
detach "$loop"

proves "a superblock that contradicts itself"
new_ext4
debugfs -w -R 'ssv free_blocks_count 7' disk.img 2>/dev/null
refused map-total 'e2fsck -f'
new_ext4
printf '\377' | dd of=disk.img bs=1 seek=$((1024 + 0x78)) conv=notrunc status=none
refused corrupt 'e2fsck'

proves "an image that is cut off"
new_ext4
truncate -s 31M disk.img
refused outside ''

proves "garbage and zeros"
noise disk.img 1048576
refused unknown-fs 'copied as it is'
truncate -s 0 disk.img
truncate -s 1M disk.img
refused all-zero 'its copy is small as it is'
head -c 1M /dev/zero >disk.img
refused all-zero 'its copy is small as it is'

proves "an empty file is refused, and stays empty"
truncate -s 0 disk.img
ends 4 --zero --yes disk.img
[ -s "$work/err" ] || fail "no reason"
[ ! -s disk.img ] || fail "it is not empty"
