#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Filling and trimming what is mounted: nothing but free space changes, the image never grows, the
# reserve stays free, others get the space they need, no file is left.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need mke2fs e2fsck mkfs.xfs xfs_repair fstrim
need_mounts
tool=$top_builddir/tests/e2e/enginetool
mkdir mnt
MIB=1048576

# make FS old|sparse: an image on $loop at mnt, with files, half of them deleted.
make() {
	rm -f disk.img
	if [ "$2" = old ]; then
		noise disk.img $((320 * MIB))
	else
		noise noise 1
		truncate -s 320M disk.img
	fi
	case $1 in
	xfs) mkfs.xfs -q -f -K disk.img ;;
	*) mke2fs -q -F -t "$1" -b 4096 -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 disk.img ;;
	esac
	attach disk.img
	mount "$loop" mnt
	write_files mnt 20 300000
	delete_half mnt
	sums mnt >before
}

unmake() {
	sums mnt >after
	ls -A mnt >names
	umount mnt
	case $1 in
	xfs) xfs_repair -n "$loop" >log 2>&1 || fail "xfs_repair: $(cat log)" ;;
	*) e2fsck -fn "$loop" >log 2>&1 || fail "e2fsck: $(cat log)" ;;
	esac
	detach "$loop"
	same "the files" before after
	! grep achica names || fail "a file is left"
}

# run ARGUMENT...: the figures are in the file "out".
run() {
	"$tool" "$@" >out 2>err || fail "$*: $(cat out err)"
}

figure() {
	awk -v name="$1" '{ for (i = 1; i < NF; i += 2) if ($i == name) print $(i + 1) }' out
}

# at_most NAME LIMIT, at_least NAME LIMIT
at_most() {
	[ "$(figure "$1")" -le "$2" ] || fail "$1 is $(figure "$1"), more than $2: $(cat out)"
}

at_least() {
	[ "$(figure "$1")" -ge "$2" ] || fail "$1 is $(figure "$1"), less than $2: $(cat out)"
}

allocated() {
	sync -f disk.img
	echo $(($(stat -c %b disk.img) * 512))
}

for fs in ext4 xfs; do
	proves "a fill of $fs leaves nothing stale but what it tells as kept"
	make $fs old
	run fill $fs "$work/mnt" "$loop" $((64 * MIB))
	at_least zeroed $((140 * MIB))
	at_most gave-back 0
	# ext4 exchanges the reserve for what was zeroed; XFS does so at times.
	[ $fs != ext4 ] || at_most kept $MIB
	kept=$(figure kept)
	[ "${kept:=0}" -lt $((66 * MIB)) ] || fail "$(cat out)"
	run fill $fs "$work/mnt" "$loop" 0
	at_most zeroed $((kept + 256 * 1024))
	unmake $fs

	proves "a fill of a sparse $fs makes no hole solid"
	make $fs sparse
	host=$(allocated)
	run fill $fs "$work/mnt" "$loop" 0
	# Of 30 MB that are stale XFS keeps some for itself: it hands out all but 18 MiB here.
	at_least zeroed $((10 * MIB))
	at_least zero $((150 * MIB))
	now=$(allocated)
	# The fill file's own extents, and the log.
	[ "$now" -le $((host + MIB)) ] || fail "from $host to $now bytes"
	unmake $fs

	proves "a fill of $fs hardly reads what is all stale, where there is no hole"
	make $fs old
	BACKING=$work/disk.img run fill $fs "$work/mnt" "$loop" 0
	at_least zeroed $((180 * MIB))
	at_most read $((100 * MIB))
	run fill $fs "$work/mnt" "$loop" 0
	at_most zeroed $((256 * 1024))
	unmake $fs

	proves "who needs space while $fs is filled gets it"
	make $fs old
	TAKE=$work/mnt/taken TAKE_BYTES=$((60 * MIB)) "$tool" fill $fs "$work/mnt" "$loop" \
		$((64 * MIB)) >out 2>err || fail "$(cat out err)"
	grep -q "others took space" err || fail "$(cat out err)"
	at_least gave-back 1
	[ "$(stat -c %s mnt/taken)" = $((60 * MIB)) ] || fail "$(ls -l mnt)"
	rm mnt/taken
	unmake $fs

	proves "trim of $fs gives back all that is free"
	make $fs old
	free=$(($(stat -f -c '%f * %S' mnt)))
	host=$(allocated)
	BACKING=$work/disk.img run trim $fs "$work/mnt" "$loop"
	now=$(allocated)
	at_least zeroed $((free - free / 20))
	[ $((host - now)) -ge $((free - free / 20)) ] || fail "from $host to $now bytes"
	unmake $fs
	rm disk.img
done

proves "a fill of ext3, which cannot claim without writing, writes all of it"
make ext3 old
run fill ext3 "$work/mnt" "$loop" $((16 * MIB))
at_least zeroed $((150 * MIB))
at_least kept $((16 * MIB))
unmake ext3
run scan ext3 disk.img
# The reserve, and what is kept for root.
awk '/^free/ { exit !($8 < 36 * 1048576) }' out || fail "$(cat out)"

proves "dry runs change nothing"
make ext4 old
umount mnt
mount -o noatime "$loop" mnt
sync -f mnt
run fill- ext4 "$work/mnt" "$loop" $((16 * MIB))
at_most zeroed 0
at_least kept $((16 * MIB))
host=$(allocated)
run trim- ext4 "$work/mnt" "$loop"
[ "$(allocated)" = "$host" ] || fail "a dry trim gave space back"
unmake ext4

proves "where zeros would not reach the disk, filling is refused"
mkdir ram
mount -t tmpfs none ram
status=0
"$tool" fill tmpfs "$work/ram" >out 2>&1 || status=$?
umount ram
[ $status = 4 ] || fail "exit status $status: $(cat out)"
grep -q '^no-fill tmpfs' out || fail "$(cat out)"
