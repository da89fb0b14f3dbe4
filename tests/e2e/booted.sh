#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What was reclaimed is mounted for writing by Debian's kernel, in a virtual machine: it finds every
# file as it was, and its log names no fault. Above all for what the kernel of the tests has no
# driver for.
set -eu
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/boot.sh"
need mkfs.ext4
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
ext4
END
