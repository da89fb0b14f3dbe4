#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tree: which rows there are, what they know, and why some cannot be reclaimed.
set -eu
. "$top_srcdir/tests/lib/disk.sh"

gpt_image gpt.img
make_fs gpt.img 1048576 8
dos_image dos.img
make_fs dos.img 11534336 8

# Partitions by their offset, in the order of their start, logical ones too.
probe gpt.img dos.img
is "$dir/gpt.img" table gpt
is "$dir/gpt.img" format raw
is "$dir/gpt.img" verdict none
is "$dir/gpt.img#1" path "$dir/gpt.img"
is "$dir/gpt.img#1" base 1048576
is "$dir/gpt.img#1" size 8388608
is "$dir/gpt.img#1" fstype ext4
is "$dir/gpt.img#1" label "fs at 1048576"
is "$dir/gpt.img#1" verdict none
is "$dir/gpt.img#2" verdict all-zero
is "$dir/dos.img" table dos
is "$dir/dos.img#5" start 11534336
is "$dir/dos.img#5" verdict none
is "$dir/dos.img#6" start 22020096
is "$dir/dos.img#2" kind ""
[ "$(cut -d'|' -f3 rows | sed 's/.*#//' | tr '\n' ' ')" = "$dir/gpt.img 1 2 10 3 gap1 $dir/dos.img 1 gap1 5 gap2 6 gap3 " ] ||
	fail "order: $(cut -d'|' -f3 rows)"

# One partition alone; one that is not there; names that are two names of one.
probe 'dos.img#5'
is "$dir/dos.img#5" verdict none
[ "$(wc -l <rows)" = 2 ] || fail "only what was named: $(cat rows)"
probe "dos.img#gap2"
is "$dir/dos.img#gap2" size 1048576
[ "$(wc -l <rows)" = 2 ] || fail "only what was named: $(cat rows)"
probe 'dos.img#9'
is "$dir/dos.img#9" verdict not-found
ln -s dos.img link.img
ln dos.img hard.img
probe dos.img link.img hard.img ./dos.img 'link.img#5'
[ "$(grep -c '^0' rows)" = 1 ] || fail "one file, one row: $(cat rows)"
[ "$(grep -c '|part|' rows)" = 3 ] || fail "the whole counts more than a part: $(cat rows)"

# A file whose name looks like a partition of another; bytes of all kinds.
cp gpt.img 'dos.img#1'
probe 'dos.img#1'
is "$dir/dos.img#1" kind image
rm 'dos.img#1'
odd=$(printf -- '-a b\t:,\047"$(x)\\\377')
cp gpt.img "./$odd"
probe "./$odd"
is "$dir/$odd" verdict none
is "$dir/$odd#1" fstype ext4

# What is no target says so.
cp gpt.img 1
: >empty
mkfifo pipe
rejects not-target 1
rejects empty empty
rejects not-target pipe
rejects not-target "$dir"
rejects not-target /dev/null
rejects not-target 'gpt.img#1' ''
rejects not-found nothing
rejects not-found 'nothing#1'
rejects not-found 'gpt.img#x'
rejects not-found gpt.img/x
probe ./1
is "$dir/1" kind image

# A filesystem without a table; nothing; several signatures; other formats.
truncate -s 16M ext.img zero.img
mkfs.ext4 -q -F -L bare ext.img
mkfs.ntfs -q -F -f ext.img >/dev/null 2>&1 && cp ext.img ntfs.img
mkfs.ext4 -q -F -L bare ext.img
probe ext.img ntfs.img zero.img
is "$dir/ext.img" fstype ext4
is "$dir/ext.img" label bare
is "$dir/ext.img" table ""
is "$dir/ext.img" verdict none
is "$dir/ntfs.img" fstype ntfs
is "$dir/ntfs.img" table ""
is "$dir/zero.img" verdict all-zero
is "$dir/zero.img" what ""
probe 'ext.img#1'
is "$dir/ext.img#1" verdict not-found
is "$dir/ext.img" verdict none

# An ext4 made over a disk that had a GPT: the second GPT is still there.
gpt_image both.img
dd if=ext.img of=both.img bs=1M conv=notrunc status=none
probe both.img
is "$dir/both.img" fstype ext4
is "$dir/both.img#1" kind ""

# An ext4 over all of a disk that also has an MBR with partitions.
rm both.img
dos_image both.img
dd if=ext.img of=both.img bs=1024 skip=1 seek=1 count=63 conv=notrunc status=none
make_fs both.img 11534336 8
probe both.img
is "$dir/both.img" verdict ambiguous
is "$dir/both.img" what "dos, ext4"
is "$dir/both.img#5" verdict ambiguous

# A table cut off or left alone.
cp gpt.img cut.img
truncate -s 32M cut.img
cp gpt.img headless.img
dd if=/dev/zero of=headless.img bs=512 seek=1 count=1 conv=notrunc status=none
probe cut.img headless.img
is "$dir/cut.img" verdict corrupt
is "$dir/cut.img" table gpt
is "$dir/headless.img" verdict corrupt

if command -v qemu-img >/dev/null; then
	for format in qcow2 vmdk vdi vhdx vpc qed parallels; do
		qemu-img create -q -f "$format" "i.$format" 80M >/dev/null 2>&1 || continue
		probe "i.$format"
		is "$dir/i.$format" verdict format
		is "$dir/i.$format" what "$format"
	done
fi

# A loop device: without nodes by offset, with nodes by those.
attach loop dos.img
probe "$loop" dos.img
is "$loop" kind disk
is "$loop" backing "$dir/dos.img"
is "$loop#5" path "$loop"
is "$loop#5" base 11534336
is "$dir/dos.img#5" verdict loop
is "$dir/dos.img#5" what "$loop"
partx -a "$loop"
probe "$loop"
is "${loop}p5" path "${loop}p5"
is "${loop}p5" base 0
is "${loop}p5" start 11534336
is "${loop}p5" verdict none
is "${loop}p2" kind ""
probe "${loop}p5"
[ "$(wc -l <rows)" = 2 ] || fail "only what was named: $(cat rows)"
is "${loop}p5" depth 1

# Mounted: a target by any of its names, and not through the file.
mkdir mnt mnt2
mount "${loop}p5" mnt
mount --bind mnt mnt2
probe mnt
is "${loop}p5" mounts "$dir/mnt,$dir/mnt2"
is "${loop}p5" verdict none
probe dos.img
is "$dir/dos.img#5" verdict loop
is "$dir/dos.img#5" mounts "$dir/mnt,$dir/mnt2"
is "$dir/dos.img#1" mounts ""
umount mnt2

# Who is not root sees what is mounted, and why no more.
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}
if as_nobody "$disktool" tree "${loop}p5" >/dev/null 2>&1; then
	as_nobody "$disktool" probe "${loop}p5" >rows
	is "${loop}p5" verdict open
	is "${loop}p5" mounts "$dir/mnt"
fi
mount -o remount,ro mnt
probe "${loop}p5"
is "${loop}p5" verdict none
is "${loop}p5" mounts "$dir/mnt"
umount mnt

# Mounted in another namespace alone.
if unshare -m true 2>/dev/null; then
	hold unshare -m sh -c "mount ${loop}p5 '$dir/mnt' && echo mounted && read -r x"
	said
	probe "${loop}p5"
	is "${loop}p5" verdict mounted
	let_go
	probe "${loop}p5"
	is "${loop}p5" verdict none
fi

# Swap.
mkswap -q "${loop}p6" >/dev/null
probe "${loop}p6"
is "${loop}p6" fstype swap
is "${loop}p6" verdict none
if swapon "${loop}p6" 2>/dev/null; then
	probe "${loop}p6"
	is "${loop}p6" verdict swap-active
	swapoff "${loop}p6"
fi

# The kernel's partitions and the table differ: nobody knows which is right.
sfdisk -q --no-reread --no-tell-kernel -N 1 dos.img <<-'END'
	start=2048, size=8192
END
probe "$loop"
is "${loop}p1" verdict corrupt
is "$loop#gap1" verdict doubtful-table
is "${loop}p5" verdict none
partx -d "$loop"
detach "$loop"

# What the kernel has kept from a file that was there before is not of the filesystem that is there
# now; unless somebody uses it.
cp ext.img bare.img
attach loop bare.img
addpart "$loop" 5 16384 8192
probe "$loop"
is "$loop" fstype ext4
is "$loop" verdict none
is "${loop}p5" kind ""
mount "$loop" mnt
probe "$dir/mnt"
is "$loop" mounts "$dir/mnt"
is "$loop" verdict none
umount mnt
mkfs.ext4 -q -F "${loop}p5"
mount "${loop}p5" mnt
probe "$loop"
is "$loop" verdict ambiguous
umount mnt
delpart "$loop" 5
detach "$loop"

# A loop device whose file was deleted, and one over a part of a file.
cp ext.img gone.img
attach loop gone.img
rm gone.img
probe "$loop"
is "$loop" fstype ext4
is "$loop" verdict none
detach "$loop"
attach loop -o 11534336 --sizelimit 8388608 dos.img
probe "$loop" dos.img
is "$loop" fstype ext4
is "$loop" verdict none
is "$dir/dos.img#5" verdict loop
is "$dir/dos.img#6" verdict none
detach "$loop"

# Disks of 4096-byte sectors.
truncate -s 64M big.img
if attach loop -b 4096 big.img 2>/dev/null; then
	sgdisk -n 1:256:+8M "$loop" >/dev/null 2>&1
	probe "$loop"
	is "$loop" sector 4096
	is "$loop#1" start 1048576
	detach "$loop"
	probe big.img
	is "$dir/big.img" sector 4096
	is "$dir/big.img#1" start 1048576
fi

# Read-only.
attach loop -r ext.img
probe "$loop"
is "$loop" verdict none
detach "$loop"

# All disks: with the loop device, without what is excluded, the system's last.
attach loop ext.img
"$disktool" tree >rows
is "$loop" kind disk
system=$(awk -F'|' '$15 == "system" { print $3 }' rows)
[ -z "$system" ] || [ "$(tail -n 1 rows | cut -d'|' -f3)" = "$system" ] || fail "$system is not last"
"$disktool" tree -x "$loop" >rows
is "$loop" kind ""
"$disktool" tree -x /dev/disk/by-id/not-plugged-in >rows
rejects not-found -x "$dir/nothing"
mount "$loop" mnt
"$disktool" tree -x "$dir/mnt" >rows
is "$loop" kind ""
umount mnt

# Through FUSE, over the device and over a file.
if command -v ntfs-3g >/dev/null && [ -e /dev/fuse ] && ntfs-3g ntfs.img mnt 2>/dev/null; then
	probe ntfs.img
	is "$dir/ntfs.img" mounts "$dir/mnt"
	is "$dir/ntfs.img" verdict none
	probe mnt
	is "$dir/ntfs.img" verdict none
	umount mnt
fi

# A filesystem whose server hangs, and a loop device over a file in it, hold nobody else up.
if command -v ntfs-3g >/dev/null && [ -e /dev/fuse ]; then
	hold ntfs-3g -o no_detach ntfs.img mnt
	tries=0
	until mountpoint -q mnt; do
		tries=$((tries + 1))
		[ $tries -lt 10000 ] && kill -0 "$holder" || fail "ntfs-3g did not mount"
	done
	truncate -s 4M mnt/inner.img
	attach inner mnt/inner.img
	kill -STOP "$holder"
	timeout 10 "$disktool" tree >rows || fail "the list hangs"
	is "$inner" kind disk
	timeout 10 "$disktool" probe ext.img gpt.img >rows || fail "a probe hangs with another's disk"
	is "$dir/gpt.img#1" verdict none
	free_said=$(timeout 10 "$disktool" lock exclusive gpt.img </dev/null) || fail "a lock hangs"
	kill -CONT "$holder"
	detach "$inner"
	tries=0
	until umount mnt 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 10000 ] || fail "the loop device does not let go"
	done
	let_go
fi

# A program that writes to the image.
hold sh -c 'exec 5<>ext.img; echo open; read -r x'
said
detach "$loop"
probe ext.img
is "$dir/ext.img" verdict image-open
is "$dir/ext.img" pid "$holder"
let_go
