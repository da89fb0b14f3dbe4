#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Filesystems that the kernel of the tests cannot mount, mounted by Debian's in a virtual machine:
# by trim, which where the kernel has none is refused, or goes on to fill when the method is left to
# achica; and by fill, also where files without a name and claims of space are unknown. Files stay,
# no file is added, even by kill -9, the filesystem's own fsck finds no fault, and what is free is
# zero but for what the filesystem hands out to nobody. NTFS is there by ntfs-3g.
set -eu
. "$top_srcdir/tests/lib/img.sh"
. "$top_srcdir/tests/lib/boot.sh"
need mkfs.fat fsck.fat mkfs.exfat fsck.exfat mkfs.f2fs fsck.f2fs mkfs.ntfs ntfs-3g ntfsresize jq
need_boot
need_hfsprogs
SIZE=67108864

# The disks: NAME TYPE-OF-MOUNT METHOD MAKER.
disks() {
	for method in trim fill; do
		cat <<-END
			fat32-$method vfat $method mkfs.fat -F 32 -s 1
			fat16-$method vfat $method mkfs.fat -F 16 -s 4
			exfat-$method exfat $method mkfs.exfat
			f2fs-$method f2fs $method mkfs.f2fs -f -t 0
			hfsplus-$method hfsplus $method mkfs.hfsplus
			ntfs-$method ntfs-3g $method mkfs.ntfs --fast --force
		END
	done
}

disks >disks
noise noise $SIZE
drives=
while read -r name type method maker; do
	cp noise "$name"
	$maker "$name" >log 2>&1 || fail "$maker: $(cat log)"
	drives="$drives -drive file=$name,format=raw,if=virtio,discard=unmap,cache=unsafe"
	# Slow enough for somebody to come in the middle.
	case $name in
	fat16-fill | hfsplus-fill | ntfs-fill) drives="$drives,throttling.bps-write=90000000" ;;
	esac
done <disks

boot_begin
boot_modules vfat nls_cp437 nls_ascii nls_utf8 exfat f2fs hfsplus fuse
boot_program ntfs-3g "$ACHICA"
boot_file "$ACHICA" /bin/achica
boot_file disks /disks
boot_init <<'END'
dmesg -n 1
export LC_ALL=C
mkdir -p /etc
ln -s /proc/self/mounts /etc/mtab
head -c 700000 /dev/urandom >/tmp/random
# Nobody writes long before the disk does.
echo 4194304 >/proc/sys/vm/dirty_bytes
letters=abcdefghijkl
say() {
	echo "@ $name $1"
	shift
	"$@" </dev/null 2>&1
	echo "@ ended $?"
}
mount_disk() {
	case $type in
	ntfs-3g) ntfs-3g -o "$1" "$disk" /mnt ;;
	*) mount -t "$type" -o "$1" "$disk" /mnt ;;
	esac
}
# ntfs-3g still writes when umount has come back.
unmount_disk() {
	umount /mnt
	while pidof ntfs-3g >/dev/null; do usleep 20000; done
}
files() {
	mkdir /mnt/folder
	for i in $(seq 14); do
		head -c $((i * 44444)) /tmp/random >/mnt/file$i
	done
	for i in 1 2 3; do
		head -c $((i * 333)) /tmp/random >/mnt/folder/small$i
	done
	sync
	rm /mnt/file*[13579] /mnt/folder/small2
	sync
}
sums() {
	(cd /mnt && find . | sort && find . -type f -exec sha256sum {} + | sort -k 2)
}
same_files() {
	sums >/tmp/now
	diff /tmp/before /tmp/now
}
left() {
	stat -f -c %f /mnt
}
zero() {
	achica --zero --yes --progress=line "$@" "$disk"
}
kill_it() {
	before=$(left)
	achica --zero --yes --progress=none --method=fill "$disk" >/tmp/log 2>&1 &
	pid=$!
	while [ $(left) -gt $((before / 2)) ] && kill -0 $pid; do usleep 20000; done
	kill -9 $pid
	wait $pid
	[ $? = 137 ] || { cat /tmp/log; return 1; }
	# What is open no more may go a moment later.
	for i in $(seq 100); do
		[ $(left) -lt $((before - before / 100)) ] || ! same_files >/dev/null || break
		usleep 50000
	done
	echo "blocks free before $before and now $(left)"
	same_files && [ $(left) -ge $((before - before / 100)) ]
}
while read -r name type method maker; do
	disk=/dev/vd${letters%"${letters#?}"}
	letters=${letters#?}
	mount_disk rw || continue
	files
	sums >/tmp/before
	case $name in
	hfsplus-trim) say auto zero --json ;;
	fat16-fill | hfsplus-fill | ntfs-fill) say kill kill_it ;;
	esac
	say free stat -f -c '%f %S' /mnt
	say $method zero --method=$method
	unmount_disk
	mount_disk ro
	say files same_files
	unmount_disk
done </disks
dmesg | grep -iE 'corrupt|error|inconsisten' | grep -v 'RAS:' | sed 's/^/fault /'
echo '@ the end'
poweroff -f
END
boot_end initrd
# shellcheck disable=SC2086
boot initrd $drives </dev/null
grep -q '^@ the end' boot.out || fail "$(tail -n 40 boot.out)"
! grep '^fault' boot.out || fail "the kernel complains"

# heard NAME: what was said under that name, in the file heard, and in $ended its status.
heard() {
	sed -n "/^@ $1\$/,/^@ ended/p" boot.out | sed 1d >heard
	ended=$(sed -n 's/^@ ended //p' heard)
	[ -n "$ended" ] || fail "$1 was not tried: $(cat boot.out)"
	sed -i '$d' heard
}

heard_well() {
	heard "$1"
	[ "$ended" = 0 ] || fail "$1 ended with $ended: $(cat heard)"
}

# Linux leaves what was in a node of a tree that is no longer used: fs_kernel.sh has it too.
forgiven() {
	case $name in hfsplus*) ;; *) return 1 ;; esac
	! grep -v '^\*\* \|^   Executing fsck_hfs\|^   The volume name is\|^   Unused node is not erased' log
}

# $name, in the words of those who made it.
clean() {
	case $name in
	fat*) fsck.fat -n "$name" ;;
	exfat*) fsck.exfat -n "$name" ;;
	f2fs*) fsck.f2fs --dry-run "$name" ;;
	hfsplus*) fsck.hfsplus -n -f "$name" ;;
	ntfs*) ntfsresize --info --force "$name" ;;
	esac >log 2>&1 && ! grep -qF '[Fail]' log || forgiven || fail "its fsck: $(cat log)"
}

# Free bytes of $name that may still hold old data.
unreached() {
	case $name in
	f2fs-fill)
		# What F2FS keeps to move its data, nobody can have a file in.
		heard "$name free"
		read -r blocks size <heard
		echo $((free - blocks * size))
		;;
	# ntfs-3g takes a moment to free what was deleted.
	ntfs-trim) echo 65536 ;;
	*) echo 0 ;;
	esac
}

while read -r name type method maker; do
	proves "$name: files stay, none is added, it is clean, and what is free is zero"
	case $name in
	hfsplus-trim)
		heard "$name trim"
		[ "$ended" = 4 ] || fail "trim without FITRIM ended with $ended: $(cat heard)"
		grep -q 'take --method=fill' heard || fail "no remedy: $(cat heard)"
		heard_well "$name auto"
		grep -qx ' *"taken": "fill",' heard || fail "auto: $(cat heard)"
		;;
	fat16-fill | hfsplus-fill | ntfs-fill)
		heard_well "$name kill"
		heard_well "$name fill"
		;;
	*) heard_well "$name $method" ;;
	esac
	[ "$name" != f2fs-trim ] || grep -q 'once it is unmounted' heard ||
		fail "it is not told that F2FS discards later: $(cat heard)"
	heard_well "$name files"
	clean
	ends 0 --estimate --exact --json "$name"
	read -r free stale <<-END
		$(jq -r '.targets[0] | "\(.free) \(.stale)"' out)
	END
	[ "$free" -gt 40000000 ] || fail "free: $free"
	[ "$stale" -le "$(unreached)" ] || fail "stale: $stale of $free bytes"
done <disks
