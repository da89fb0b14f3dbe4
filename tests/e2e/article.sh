#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The article, step by step: a disk of 10,240,000 random bytes with an NTFS on it, which qemu-img
# makes into 10,420,224 bytes of qcow2. With achica, and the command that it prints, it must be no
# more than the article's 3,014,656; reclaimed as a file, by its loop device, and mounted. The
# fourth way, through the wizard, is in wizard.sh.
set -eu
. "$top_srcdir/tests/lib/reclaim.sh"
need mkfs.ntfs ntfs-3g ntfsfix qemu-img fuser sha256sum python3
need_mounts

ARTICLE=3014656
WITHOUT=10420224

make_disk() {
	head -c 10240000 /dev/urandom >"$1"
	mkfs.ntfs --fast --force "$1" >mkfs.log 2>&1 || fail "mkfs.ntfs: $(cat mkfs.log)"
}

# convert COPY TARGET...: runs what achica advises, as printed.
convert() {
	convert_copy=$1
	shift
	run 0 --suggest "$@"
	cp out commands
	sh -eu commands >convert.log 2>&1 || fail "the commands for $*: $(cat commands convert.log)"
	[ -f "$convert_copy" ] || fail "no $convert_copy after: $(cat commands)"
	size=$(stat -c %s "$convert_copy")
}

small_enough() {
	[ "$size" -le "$ARTICLE" ] || fail "$1: the qcow2 has $size bytes, more than $ARTICLE"
	proves "$1: $size bytes of qcow2"
}

make_disk plain.img
qemu-img convert -f raw -O qcow2 plain.img plain.qcow2
[ "$(stat -c %s plain.qcow2)" = $WITHOUT ] || fail "without achica: $(stat -c %s plain.qcow2)"
rm plain.qcow2
proves "without achica: $WITHOUT bytes of qcow2"

for method in punch write; do
	make_disk file.img
	"$ACHICA" --free-map file.img >map
	cp file.img before.img
	run 0 --zero --yes --method=$method file.img
	only_free_changed map before.img file.img
	convert "$dir/file.qcow2" file.img
	small_enough "as a file, $method"
	rm file.qcow2
done

make_disk loop.img
attach loop.img
run 0 --zero --yes "$loop"
convert "$dir/loop.qcow2" "$loop"
small_enough "by its loop device"

make_disk mounted.img
attach mounted.img
ntfs-3g "$loop" mnt
run 0 --zero --yes --method=fill mnt
[ -z "$(ls -A mnt)" ] || fail "a file was left in the mounted filesystem: $(ls -A mnt)"
convert "$dir/mounted.qcow2" mnt
small_enough "mounted through ntfs-3g, fill"

# With files: twenty are written and ten deleted before.
for way in punch write fill; do
	make_disk files.img
	attach files.img
	ntfs-3g "$loop" mnt
	write_files mnt 20 200
	delete_half mnt
	sums mnt >before.sums
	if [ $way = fill ]; then
		run 0 --zero --yes --method=fill mnt
		umount mnt
	else
		umount mnt
		until_unused files.img
		run 0 --zero --yes --method=$way "$loop"
	fi
	until_unused files.img
	ntfsfix -n "$loop" >ntfsfix.log 2>&1 || fail "ntfsfix after $way: $(cat ntfsfix.log)"
	ntfs-3g "$loop" mnt
	sums mnt >after.sums
	echo more >mnt/written
	umount mnt
	until_unused files.img
	cmp -s before.sums after.sums || fail "$way: files changed: $(diff before.sums after.sums)"
	[ "$(wc -l <after.sums)" = 11 ] || fail "$way: $(wc -l <after.sums) files are left, not 11"
	detach "$loop"
	if [ $way != fill ]; then
		run 3 --zero --yes --method=$way files.img
		run 0 --estimate --exact --json files.img
		[ "$(jq '.targets[0].stale' out)" = 0 ] || fail "stale after $way: $(cat out)"
	fi
	proves "with files, $way: each has its checksum, ntfsfix and a mount are content"
done
