#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The article, step by step: an NTFS without partitions on 10,240,000 random bytes becomes a qcow2
# of at most 3,014,656 bytes, by the commands as they are printed; without achica it has 10,420,224.
# As a file, as a loop device, mounted through ntfs-3g, and by the keys of the wizard.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need qemu-img
need_ntfs
limit=3014656
mkdir mnt

new_disk() {
	rm -f disk.img ./*.qcow2
	noise disk.img 10240000
	mkfs.ntfs --fast --force disk.img >log 2>&1 || fail "mkfs.ntfs: $(cat log)"
	cp disk.img before.img
	ntfs_map disk.img >map
}

# Twenty files, every second one deleted: their sums are in "kept".
add_files() {
	mount_ntfs disk.img mnt
	write_files mnt 20 9000
	delete_half mnt
	sums mnt >kept
	umount_ntfs mnt
	[ "$(wc -l <kept)" = 10 ] || fail "there are not ten files"
	cp disk.img before.img
	ntfs_map disk.img >map
}

has_its_files() {
	ntfsfix -n disk.img >log 2>&1 || fail "ntfsfix -n: $(cat log)"
	mount_ntfs disk.img mnt
	sums mnt >now
	echo written >mnt/after
	[ "$(cat mnt/after)" = written ] || fail "it cannot be written to"
	umount_ntfs mnt
	same "the files" kept now
}

# Whoever looks at all disks just now keeps a detached loop device for a moment.
is_detached() {
	[ -z "$(losetup -j disk.img)" ]
}

# small LIMIT: the printed commands run as they stand, and make a copy of at most so many bytes.
small() {
	printed_commands >commands
	grep -q '^qemu-img convert ' commands || fail "no command: $(cat "$work/out")"
	sh -e commands >log 2>&1 || fail "the commands: $(cat commands log)"
	grep -q 'Images are identical' log || fail "the copy was not compared"
	size=$(stat -c %s disk.qcow2)
	[ "$size" -le "$1" ] || fail "the copy has $size bytes"
}

proves "without achica the copy has 10,420,224 bytes"
new_disk
qemu-img convert -f raw -O qcow2 disk.img disk.qcow2
[ "$(stat -c %s disk.qcow2)" = 10420224 ] || fail "$(stat -c %s disk.qcow2)"

for method in auto punch write; do
	proves "a file, by $method: every free byte is zero, no other is changed, the copy is small"
	new_disk
	zeroes disk.img --method=$method
	only_free_zeroed map 0 before.img disk.img
	small $limit
done

for method in auto punch write; do
	proves "a loop device, by $method: the same, and the commands detach it"
	new_disk
	attach disk.img
	zeroes "$loop" --method=$method
	only_free_zeroed map 0 before.img disk.img
	small $limit
	wait_for "$loop to be detached" is_detached
	loops=
done

proves "mounted through ntfs-3g, by fill: the copy is small, nothing stays in the filesystem"
new_disk
attach disk.img
mount_ntfs "$loop" mnt
free=$(df --output=avail mnt | tail -n 1)
zeroes mnt --method=fill
# ntfs-3g adds 64 records to the MFT for its first file, and keeps them.
gone=$((free - $(df --output=avail mnt | tail -n 1)))
[ $gone -le 64 ] || fail "$gone KiB of free space are gone"
[ -z "$(ls -A mnt)" ] || fail "left behind: $(ls -A mnt)"
small $limit
! mountpoint -q mnt || fail "the commands have not unmounted it"
loops=
ntfsfix -n disk.img >log 2>&1 || fail "ntfsfix -n: $(cat log)"

# Another has it open as well, for as long as it takes to see that the commands wait.
proves "the file itself mounted through ntfs-3g: it is copied when nobody has it open"
new_disk
mount_ntfs disk.img mnt
zeroes mnt --method=fill
printed_commands >commands
sleep 600 <disk.img &
other=$!
pids="$pids $other"
sh -e commands >log 2>&1 &
commands=$!
pids="$pids $commands"
waits() {
	pgrep -x sleep -P "$(pgrep -P "$commands")"
}
wait_for "the commands to wait" waits
! mountpoint -q mnt || fail "they have not unmounted it"
[ ! -e disk.qcow2 ] || fail "they copy what is not complete"
kill "$other"
wait "$commands" || fail "the commands: $(cat commands log)"
wait "$ntfs" || fail "ntfs-3g ended with $?"
[ "$(stat -c %s disk.qcow2)" -le $limit ] || fail "the copy has $(stat -c %s disk.qcow2) bytes"

proves "a mounted loop device, by auto: the commands unmount, detach and make a small copy"
new_disk
attach disk.img
mount_ntfs "$loop" mnt
zeroes mnt
small $limit
! mountpoint -q mnt || fail "the commands have not unmounted it"
wait_for "$loop to be detached" is_detached
loops=

for method in punch write fill; do
	proves "with twenty files written and ten deleted, by $method: the other ten are intact"
	new_disk
	add_files
	if [ $method = fill ]; then
		mount_ntfs disk.img mnt
		zeroes mnt --method=fill
		umount_ntfs mnt
		ntfs_map disk.img >map
		[ "$(stale_bytes map 0 disk.img)" -lt 65536 ] || fail "$(stale_bytes map 0 disk.img) bytes stay"
	else
		zeroes disk.img --method=$method
		only_free_zeroed map 0 before.img disk.img
	fi
	has_its_files
done
