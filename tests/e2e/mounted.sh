#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Mounted filesystems, by trim and by fill: what is free becomes zero or a hole, files stay, and
# nobody who works there runs out of space.
set -eu
. "$top_srcdir/tests/lib/img.sh"
need mkfs.ext4 dumpe2fs e2fsck jq python3
need_mounts
mkdir mnt

# new_disk FSTYPE BYTES: attached and mounted, aged.
new_disk() {
	fs=$1
	noise disk.img "$2"
	case $fs in
	ext4) mkfs.ext4 -q -F -m 0 -E nodiscard disk.img ;;
	xfs) mkfs.xfs -q -f -K disk.img ;;
	btrfs) mkfs.btrfs -q -f -K -m single disk.img 2>log ;;
	esac || fail "mkfs.$fs"
	attach disk.img
	mount "$loop" mnt
	write_files mnt 30 33333
	delete_half mnt
	sums mnt >kept
	sync -f mnt
}

end_disk() {
	sums mnt >now
	umount mnt
	detach "$loop"
	same "the files" kept now
	case $fs in
	ext4) e2fsck -fn disk.img >log 2>&1 || fail "e2fsck: $(cat log)" ;;
	xfs) xfs_repair -n disk.img >log 2>&1 || fail "xfs_repair: $(cat log)" ;;
	btrfs) btrfs check disk.img >log 2>&1 || fail "btrfs check: $(cat log)" ;;
	esac
}

can_mount() {
	command -v "mkfs.$1" >/dev/null && grep -qw "$1" /proc/filesystems
}

free_bytes() {
	sync -f mnt
	echo $(($(stat -f -c '%f * %S' mnt)))
}

# watch_free: until "ended" is there, looks how much is free; "least" has the least of it.
watch_free() {
	rm -f ended least
	python3 - mnt ended least <<-'END' &
		import os, sys, time
		least = 1 << 62
		while not os.path.exists(sys.argv[2]):
		    s = os.statvfs(sys.argv[1])
		    least = min(least, s.f_bavail * s.f_frsize)
		    open("watching", "w")
		    time.sleep(0.001)
		print(least, file=open(sys.argv[3], "w"))
	END
	watcher=$!
	pids="$pids $watcher"
	wait_for "somebody to look" test -e watching
}

watched() {
	: >ended
	wait "$watcher"
	rm watching
	least=$(cat least)
}

for fs in ext4 xfs btrfs; do
	can_mount $fs || { echo "- $fs cannot be mounted here: left out" && continue; }
	proves "trim on $fs: the image shrinks, fstrim finds no more, files stay, it is clean"
	new_disk $fs 402653184
	zeroes mnt --method=trim
	after=$(allocated disk.img)
	[ "$after" -lt 100663296 ] || fail "it has still $after bytes"
	fstrim mnt
	fstrim mnt
	[ "$(allocated disk.img)" -ge $((after - 65536)) ] || fail "fstrim found more"
	end_disk
done

# ext4 remembers which groups it has trimmed: what comes into their free space behind its back stays.
proves "what a trim cannot reach is told, and only then"
tell_trim() {
	trim_status=0
	"$ACHICA" --zero --yes --method=trim --progress="$1" --json "$loop" >out 2>err || trim_status=$?
	[ $trim_status = 0 ] || [ $trim_status = 3 ] || fail "$(cat out err)"
}
new_disk ext4 134217728
tell_trim line
! grep -q 'could not be reached' err || fail "nothing was left: $(cat err)"
"$ACHICA" --free-map "$loop" | sort -n -k 2 | tail -n 1 >largest
read -r at bytes <largest
head -c "$bytes" /dev/urandom | dd of=disk.img bs=1M oflag=seek_bytes seek="$at" conv=notrunc status=none
tell_trim none
grep -q 'could not be reached' err || fail "not a word about $bytes bytes: $(cat out err)"
# How much it is comes from a sample.
jq -e --argjson stale "$bytes" '[.. | objects | select(has("reclaimed"))] | length == 1 and
	(.[0] | .reclaimed + .skipped + $stale * 0.6 < .free)' out >/dev/null ||
	fail "$bytes bytes are told as zero: $(cat out)"
end_disk

for fs in ext4 xfs; do
	can_mount $fs || continue
	proves "fill on $fs: to the end where nobody is, and all of it is given back"
	new_disk $fs 402653184
	free=$(free_bytes)
	watch_free
	zeroes mnt --method=fill
	watched
	[ "$least" -lt 8388608 ] || fail "$least bytes stayed free"
	gone=$((free - $(free_bytes)))
	[ $gone -lt 262144 ] || fail "$gone bytes are gone"
	ls -A mnt | grep -v lost+found | grep -vq '^file' && fail "left behind: $(ls -A mnt)"
	end_disk
	qemu-img convert -f raw -O qcow2 disk.img disk.qcow2
	[ "$(stat -c %s disk.qcow2)" -lt 41943040 ] || fail "the copy has $(stat -c %s disk.qcow2) bytes"
done

# A list of extents grows by a block when the file gets its space: the filesystem takes it too.
proves "fill keeps 64 MiB free while another process has a file open there"
new_disk ext4 402653184
exec 3>>mnt/file2
watch_free
zeroes mnt --method=fill
watched
[ "$least" -ge $((67108864 - 65536)) ] || fail "only $least bytes were free"
[ "$least" -lt 83886080 ] || fail "$least bytes stayed free"

proves "and what --reserve says"
watch_free
# There may be nothing left to do: the first fill reached its own reserve too.
fill_status=0
"$ACHICA" --zero --yes --progress=none --method=fill --reserve=128M mnt >log 2>&1 || fill_status=$?
[ $fill_status = 0 ] || [ $fill_status = 3 ] || fail "it ended with $fill_status: $(cat log)"
watched
[ "$least" -ge $((134217728 - 65536)) ] || fail "only $least bytes were free"

proves "what another process writes meanwhile has its room, at once"
size=209715200
head -c $size /dev/zero | tr '\0' x >data
"$ACHICA" --zero --yes --method=fill --max-rate=50M --progress=none mnt >out 2>err </dev/null &
achica=$!
pids="$pids $achica"
claimed() {
	[ $(($(stat -f -c '%a * %S' mnt))) -lt 83886080 ]
}
wait_for "fill to claim the space" claimed
kill -0 "$achica" || fail "fill has ended already"
dd if=data of=mnt/data bs=1M conv=fsync status=none || fail "no room for $size bytes"
fill_status=0
wait "$achica" || fill_status=$?
[ $fill_status = 0 ] || [ $fill_status = 3 ] || fail "achica ended with $fill_status: $(cat out err)"
cmp data mnt/data || fail "what was written is not what is there"
rm mnt/data
exec 3>&-
end_disk

proves "a sparse image never grows: fill and trim on ext4"
for method in fill trim; do
	truncate -s 0 disk.img
	truncate -s 1G disk.img
	mkfs.ext4 -q -F -m 0 disk.img
	fs=ext4
	attach disk.img
	mount "$loop" mnt
	write_files mnt 10 333333
	sums mnt >kept
	before=$(allocated disk.img)
	ended=0
	"$ACHICA" --zero --yes --verify --method=$method --progress=none mnt >out 2>err </dev/null ||
		ended=$?
	[ $ended = 0 ] || [ $ended = 3 ] || fail "$method ended with $ended: $(cat out err)"
	grep -q 'not verified, because it is mounted' out || fail "it is not told: $(cat out)"
	after=$(allocated disk.img)
	[ "$after" -le $((before + 1048576)) ] || fail "$method: from $before to $after bytes"
	end_disk
done

if command -v mkfs.ntfs >/dev/null && command -v ntfs-3g >/dev/null && [ -e /dev/fuse ]; then
	proves "where nothing tells its holes, fill of a sparse image is refused: NTFS by ntfs-3g"
	truncate -s 0 disk.img
	truncate -s 100M disk.img
	mkfs.ntfs --fast --force disk.img >log 2>&1 || fail "mkfs.ntfs: $(cat log)"
	mount_ntfs disk.img mnt
	before=$(allocated disk.img)
	for method in auto fill; do
		ends 4 --zero --yes --method=$method mnt
		grep -q 'sparse image' err || fail "no reason: $(cat err)"
		grep -q "umount $work/mnt" err || fail "no remedy: $(cat err)"
		ends 4 --zero --yes --dry-run --method=$method mnt
		grep -q 'sparse image' err || fail "not foreseen by a dry run: $(cat err)"
	done
	ends 0 --list mnt
	grep -q 'cannot be filled' out || fail "the row does not tell: $(cat out err)"
	[ "$(allocated disk.img)" -le $((before + 65536)) ] || fail "from $before bytes, it grew"
	umount_ntfs mnt
fi
