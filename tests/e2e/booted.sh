#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What was reclaimed is mounted for writing by Debian's kernel, in a virtual machine: it finds every
# file as it was, and its log names no fault. Above all for what the kernel of the tests has no
# driver for.
set -eu
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/boot.sh"
need mkfs.ext4 mkfs.fat mcopy mkfs.exfat mount.exfat-fuse fuser
need_mounts
need_boot

SIZE=67108864
mkdir mnt
drives=
n=0
noise noise "$SIZE"

# has_kept TYPE [OPTIONS]: image.TYPE is reclaimed, and the machine is to find the files of sums in it.
has_kept() {
	zeroes "image.$1"
	boot_file sums "/kept/$n"
	echo "$1 ${2-}" >"$work/.type"
	boot_file .type "/types/$n"
	drives="$drives -drive file=image.$1,format=raw,if=virtio"
	n=$((n + 1))
}

boot_begin

boot_modules ext4
cp noise image.ext4
mkfs.ext4 -q -F -E nodiscard image.ext4
mount -o loop image.ext4 mnt
write_files mnt 20 33333
delete_half mnt
sums mnt >sums
umount mnt
has_kept ext4

boot_modules vfat nls_cp437 nls_ascii
cp noise image.vfat
mkfs.fat -F 32 -s 1 image.vfat >log
mkdir files
write_files files 20 33333
mcopy -i image.vfat files/* ::
mdel -i image.vfat '::/file*[13579]'
delete_half files
sums files >sums
has_kept vfat

boot_modules exfat nls_utf8
cp noise image.exfat
mkfs.exfat image.exfat >log
attach image.exfat
mount.exfat-fuse "$loop" mnt >log 2>&1 || fail "exfat-fuse: $(cat log)"
write_files mnt 20 33333
delete_half mnt
sums mnt >sums
umount mnt
wait_for "exfat-fuse lets go of $loop" sh -c "! fuser -s $loop"
detach "$loop"
has_kept exfat

boot_init <<'END'
dmesg -n 1
for disk in /dev/vd?; do
	i=$((${i:--1} + 1))
	read -r type options <"/types/$i"
	mount -t "$type" -o "rw,${options:-sync}" "$disk" /mnt || continue
	(cd /mnt && sha256sum -c -s "/kept/$i") && echo "$type kept"
	(cd /mnt && head -c 1000000 /dev/urandom >new && cp new again && cmp new again) &&
		echo "$type writes"
	umount /mnt && mount -t "$type" -o ro "$disk" /mnt && cmp /mnt/new /mnt/again &&
		echo "$type reads"
	umount /mnt
done
dmesg | grep -iE 'corrupt|error|inconsisten|mark volume as dirty' | grep -v 'RAS:'
echo 'the end'
poweroff -f
END
boot_end initrd
# shellcheck disable=SC2086
boot initrd $drives </dev/null
cat boot.out
while read -r type; do
	proves "$type"
	for what in kept writes reads; do
		grep -q "^$type $what\$" boot.out || fail "not: $what"
	done
done <<END
exfat
ext4
vfat
END
